// Plays a recording along its pictures.
import { make } from "./dom.js";
import { NAMES, clock } from "./words.js";

const UNREADABLE = "This browser cannot draw or play this file; the service has read it.";

/** Controls of `audio` over `figures`; `jump(seconds)` goes to a place and plays from there. */
export function player(audio, { seconds, segments }, figures) {
  const play = make("button", { type: "button", class: "play primary", onclick: toggle }, "Play");
  const time = make("output", { class: "time", "aria-live": "off" }, `0:00 / ${clock(seconds)}`);
  const head = make("div", { class: "head", hidden: true });
  const note = make("p", { class: "note", hidden: true }, UNREADABLE);
  const stack = make("div", {
    class: "stack", id: "plots", role: "slider", tabindex: 0, "aria-label": "Place in the recording",
    "aria-valuemin": 0, "aria-valuemax": seconds.toFixed(1), "aria-valuenow": 0, onkeydown: keys, onclick: clicked,
  }, ...figures, head);
  const start = () => audio.play().catch(() => { note.hidden = false; });

  function toggle() { if (audio.paused) start(); else audio.pause(); }
  function go(to) {
    const at = Math.max(0, Math.min(seconds, to));
    audio.currentTime = at;
    moved(at);
  }
  function jump(to) {
    go(to);
    start();
  }
  function clicked(event) {
    const box = stack.getBoundingClientRect();
    jump(((event.clientX - box.left) / box.width) * seconds);
  }
  function keys(event) {
    const at = audio.currentTime, step = Math.max(1, seconds / 60);
    const to = { ArrowLeft: at - step, ArrowDown: at - step, ArrowRight: at + step, ArrowUp: at + step, Home: 0, End: seconds }[event.key];
    if (to !== undefined) go(to);
    else if (event.key === " " || event.key === "Enter") toggle();
    else return;
    event.preventDefault();
  }
  function moved(at = audio.currentTime) {
    const here = segments.find(({ start: from, stop }) => from <= at && at < stop);
    time.textContent = `${clock(at)} / ${clock(seconds)}`;
    head.hidden = false;
    head.style.left = `${(100 * Math.min(at, seconds)) / seconds}%`;
    stack.setAttribute("aria-valuenow", at.toFixed(1));
    stack.setAttribute("aria-valuetext", `${clock(at)} of ${clock(seconds)}${here ? ", " + NAMES[here.verdict] : ""}`);
  }
  function tick() {
    moved();
    if (!audio.paused) requestAnimationFrame(tick);
  }
  Object.assign(audio, {
    onplay: () => { play.textContent = "Pause"; tick(); },
    onpause: () => { play.textContent = "Play"; },
    ontimeupdate: () => moved(),
    onerror: () => { note.hidden = false; },
  });
  return { play, time, stack, note, jump };
}
