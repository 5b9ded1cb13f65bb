// The parts of a recording and the ticks of its time axis.
import { make } from "./dom.js";
import { NAMES, clock } from "./words.js";

const HOP = 1; // seconds from one window to the next
const MOST_PARTS = 400; // buttons
const WIDE = 14; // percent of the width: a part that is wider has room for its name
const STEPS = [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600]; // seconds between ticks

/** The stretch that each window speaks for, as bonafide/scoring/windows.py has it: no moment belongs to two. */
export function edgesOf(windows, hop = HOP) {
  const middle = (i) => (windows[i].start + windows[i].stop) / 2, near = (i) => windows[i + 1].start - windows[i].start <= hop + 1e-6;
  let last = -Infinity;
  return windows.map(({ start, stop }, i) => {
    const from = i > 0 && near(i - 1) ? (middle(i - 1) + middle(i)) / 2 : start;
    const to = i + 1 < windows.length && near(i) ? (middle(i + 1) + middle(i)) / 2 : stop;
    const edge = [Math.max(from, last), to];
    last = to;
    return edge;
  });
}

/** A bar of the parts; `jump(seconds)` is called with the start of the one that is pressed. */
export function parts(segments, seconds, jump) {
  const bar = make("div", { class: "segments", role: "group", "aria-label": "Parts; each plays from its start" });
  if (!segments.length) bar.hidden = true;
  for (const { start, stop, verdict } of segments.slice(0, MOST_PARTS)) {
    const text = `${clock(start)} to ${clock(stop)}: ${NAMES[verdict]}`;
    const width = ((stop - start) / seconds) * 100;
    const button = make("button", {
      type: "button", class: verdict === "cannot tell" ? "unsure" : verdict, "data-start": start, title: text,
      "aria-label": `Play from ${text}`, onclick: () => jump(start),
    }, width > WIDE ? NAMES[verdict] : "");
    Object.assign(button.style, { left: `${(100 * start) / seconds}%`, width: `${width}%` });
    bar.append(button);
  }
  return bar;
}

export function ticks(seconds) {
  const step = STEPS.find((each) => seconds / each <= 6) || 7200;
  const times = Array.from({ length: Math.floor(seconds / step) + 1 }, (_, i) => i * step).filter((at) => at < seconds * 0.93);
  const labels = [...times, seconds].map((at) => {
    const label = make("span", { class: at === seconds && "end" }, step < 1 && at < seconds ? `${at} s` : clock(at));
    label.style.left = `${(100 * at) / seconds}%`;
    return label;
  });
  return make("div", { class: "ticks", "aria-hidden": "true" }, ...labels);
}
