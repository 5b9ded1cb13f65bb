// How verdicts and numbers are written, as in bonafide/detection/results.py and bonafide/text.py.

export const TITLES = {
  human: "A human voice", ai: "An AI voice", mixed: "Partly an AI voice", "cannot tell": "Cannot tell",
};
export const NAMES = { human: "human", ai: "AI", mixed: "mixed", "cannot tell": "cannot tell" };

export const clock = (seconds) => {
  const whole = Math.floor(seconds), rest = String(whole % 60).padStart(2, "0"), hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
};
export const duration = (seconds) => (Math.round(10 * seconds) < 600 ? `${seconds.toFixed(1)} s` : clock(Math.round(seconds)));
export const percent = (p) => (p > 0.995 ? ">99\u00a0%" : p < 0.005 ? "<1\u00a0%" : `${Math.round(100 * p)}\u00a0%`);
export const decimal = (value) => value.toFixed(2).replace("-", "\u2212");
export const ofHundred = (p) => Math.min(99, Math.max(1, Math.round(100 * p)));
export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
