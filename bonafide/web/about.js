// What the page says of the service and of its detector.
import { $, make } from "./dom.js";
import { NAMES, percent } from "./words.js";

/** Shows what /v1/model has told. */
export function about({ card, constants, cannot_tell: bands, formats, limits, name: model, sha256, thresholds }) {
  const { max_bytes: bytes, max_seconds: seconds } = limits;
  const length = seconds >= 120 ? `${Math.floor(seconds / 60)} minutes` : `${seconds} s`;
  $("limits").textContent =
    `WAV, FLAC, MP3, Ogg, Opus and more; from one second of speech to ${length}, up to ${megabytes(bytes)} MB`;
  for (const option of [...$("threshold").options]) option.hidden = option.disabled = !(option.value in thresholds);
  const size = card.parameters ? `${count(card.parameters)} parameters` : `${count(constants)} numbers, learnt and fixed`;
  $("files").accept = ["audio/*", "video/*", ...formats.flatMap(({ suffixes }) => suffixes)].join(",");
  const rows = { detector: `${model} (SHA-256 ${sha256.slice(0, 12)})`, network: [card.network, size].filter(Boolean).join(", "), errors: errors(card.held_out) };
  const clips = Object.entries(card.clips || {}).map(([label, n]) => `${count(n)} ${NAMES[label]} clips`);
  rows["trained on"] = clips.join(", ");
  for (const name of ["languages", "generators", "sources"]) rows[name] = card[name]?.join(", ");
  const [low, high] = bands.balanced;
  rows["cannot tell"] = `probabilities between ${percent(low)} and ${percent(high)}, chosen on recordings it was not trained on`;
  const { answered, right_of_answered: right } = card.held_out || {};
  rows.answers = right === undefined
    ? "how often it answers on sources that it has not heard, and how often rightly, was not measured"
    : `for ${percent(answered)} of clips of sources that it has not heard, and ${percent(right)} of the answers are right`;
  rows.reads = formats.map(({ name, codings }) => (name === codings ? name : `${name} (${codings})`)).join("; ");
  $("card").replaceChildren();
  for (const [name, text] of Object.entries(rows)) if (text) $("card").append(make("dt", {}, name), make("dd", {}, text));
}

/** How often it erred on clips of sources that it had never heard, at the balanced threshold and without doubt. */
function errors(rates) {
  if (!rates) return "not measured on sources that it has not heard, or its file does not say";
  const { fpr, fnr, clips } = rates;
  return `of ${count(clips)} clips from sources that it had never heard, where it had to decide: ${percent(fpr)} of the `
    + `human ones were called AI, ${percent(fnr)} of the AI ones human`;
}

const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");
export const megabytes = (bytes) => Math.floor(bytes / 2 ** 20);
