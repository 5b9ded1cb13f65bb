// What can be seen and heard of a recording: its player, its pictures, the evidence on them, its parts.
import { complain, make } from "./dom.js";
import { download } from "./download.js";
import { pictures } from "./pictures.js";
import { Player } from "./player.js";
import { detect } from "./service.js";
import { RATE, decode } from "./sound.js";
import { parts, ticks } from "./timeline.js";

/** The part of the page on what `result` says of `item`, and what draws its pictures anew. */
export function lookPart(item, result, audio, band) {
  const { seconds, segments, p_ai: p } = result;
  const { figures, draw } = pictures(item, result, band);
  const player = new Player(audio, result, figures);
  const why = make("button", { type: "button", class: "quiet", onclick: toggleEvidence });
  const get = make("button", { type: "button", class: "quiet", id: "download", onclick: () => download(item.name, [item]) }, "Download JSON");
  why.hidden = p === null;

  async function toggleEvidence() {
    if (!item.evidence) await getEvidence(item, why);
    item.shown = Boolean(item.evidence) && !item.shown;
    redraw();
  }
  function redraw() {
    why.textContent = item.shown ? "Hide evidence" : "Show evidence";
    why.setAttribute("aria-pressed", String(Boolean(item.shown)));
    if (part.isConnected) draw();
  }
  const part = make("div", { class: "look" }, make("div", { class: "tools" }, player.button, player.time, why, get),
    player.stack, parts(segments, seconds, (at) => player.jump(at)), ticks(seconds), player.note);
  if (item.samples === undefined) {
    decode(item.blob).then((samples) => {
      item.samples = samples && samples.length > RATE / 20 ? samples : null;
      player.note.hidden = item.samples !== null;
      redraw();
    });
  }
  return { part, redraw };
}

async function getEvidence(item, button) {
  button.disabled = true;
  button.textContent = "Looking …";
  try {
    item.evidence = (await detect(item.blob, { threshold: item.threshold, evidence: true })).evidence;
  } catch (error) {
    complain(`What spoke for it cannot be shown: ${error.message}`);
  }
  button.disabled = false;
}
