// The verdict on a recording: in words, as a probability, and on a scale.
import { make, mark } from "./dom.js";
import { TITLES, decimal, duration, ofHundred, percent, sentence } from "./words.js";

/** The verdict, with the probabilities `band` between which none is given. */
export function verdictPart(result, band, file) {
  const { verdict, reason, note, p_ai: p, llr, seconds, speech_seconds: speech, channels = [] } = result;
  const windows = channels.length ? channels.flatMap((each) => each.windows) : result.windows;
  const likely = verdict === "mixed" ? "likely AI, over the whole" : "likely AI"; // a chance, not a share
  const part = make("div", { class: `verdict ${verdict}` }, make("div", { class: "top" },
    make("div", {}, file, make("p", { class: "word" }, mark(verdict), TITLES[verdict])),
    p !== null && make("p", { class: "share" }, make("b", {}, percent(p)), make("span", {}, likely))));
  for (const text of [reason, note]) if (text) part.append(make("p", { class: "sure" }, sentence(text)));
  if (p !== null) {
    part.append(make("p", { class: "sure" }, sureness(result)), gauge(p, windows, band));
    part.append(make("dl", { class: "figures" },
      figure("length", duration(seconds)), figure("of it speech", duration(speech)),
      figure("log likelihood ratio", decimal(llr)), figure("windows", String(windows.length))));
  }
  return part;
}

const figure = (name, value) => make("div", {}, make("dt", {}, name), make("dd", {}, value));

/** The service's own word for how sure it is, and what the probability means. */
function sureness({ verdict, confidence, p_ai: p }) {
  const [n, kind] = p >= 0.5 ? [ofHundred(p), "AI-generated"] : [ofHundred(1 - p), "human"];
  const odds = `of 100 recordings with such a score, ${n} are ${kind} where both are equally common.`;
  const lead = verdict === "mixed" ? "over the whole" : confidence;
  return sentence(lead ? `${lead}: ${odds}` : odds);
}

function gauge(p, windows, band) {
  const parts = windows.map((each) => each.p_ai).sort((a, b) => a - b);
  const low = parts[Math.floor(0.1 * (parts.length - 1))] ?? p, high = parts[Math.ceil(0.9 * (parts.length - 1))] ?? p;
  const place = (element, from, to) => Object.assign(element.style, { left: `${100 * from}%`, width: `${100 * (to - from)}%` });
  const hatched = make("i", { class: "band" }), spread = make("i", { class: "spread" }), needle = make("i", { class: "needle" });
  place(hatched, ...band);
  place(spread, Math.min(low, p), Math.max(high, p));
  needle.style.left = `${100 * p}%`;
  hatched.hidden = band[1] - band[0] < 0.005;
  const range = `${percent(low)} to ${percent(high)}`, several = parts.length > 1;
  const text = `Probability that the voice is AI-generated: ${percent(p)}${several ? `, its parts from ${range}` : ""};`
    + ` no call between ${percent(band[0])} and ${percent(band[1])}`;
  const legend = [hatched.hidden ? "" : "hatched: cannot tell", several ? `bar: its parts, ${range}` : ""];
  return make("div", { class: "gauge" },
    make("div", { class: "track", role: "img", "aria-label": text }, hatched, spread, needle),
    make("div", { class: "ends" }, make("span", {}, "human"),
      make("span", {}, legend.filter(Boolean).join(" · ")), make("span", {}, "AI")));
}
