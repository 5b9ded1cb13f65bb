// Draws a recording: its waveform, its spectrogram with the evidence, the probability over time.
import { RATE, spectra } from "./sound.js";
import { edgesOf } from "./timeline.js";

const TOP = RATE / 2;
const mel = (hertz) => 2595 * Math.log10(1 + hertz / 700);
const hertz = (height) => 700 * (10 ** (height / 2595) - 1);

/** A canvas's context, its size that of the screen's pixels, and the page's colours. */
function ready(canvas) {
  const ratio = window.devicePixelRatio || 1, box = canvas.getBoundingClientRect();
  canvas.width = Math.max(1, Math.round(box.width * ratio));
  canvas.height = Math.max(1, Math.round(box.height * ratio));
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue("--" + name).trim();
  return { pen: canvas.getContext("2d"), width: canvas.width, height: canvas.height, ratio, colour };
}

export function drawWave(canvas, samples, seconds) {
  const { pen, width, height, colour } = ready(canvas);
  if (!samples) return;
  const loudest = samples.reduce((most, each) => Math.max(most, Math.abs(each)), 1e-4);
  pen.fillStyle = colour("soft");
  const step = (seconds * RATE) / width;
  for (let x = 0; x < width; x++) {
    let low = 0, high = 0;
    const end = Math.min(samples.length, Math.ceil((x + 1) * step));
    for (let i = Math.floor(x * step); i < end; i++) {
      if (samples[i] < low) low = samples[i];
      if (samples[i] > high) high = samples[i];
    }
    const up = (high / loudest) * height * 0.47, down = (low / loudest) * height * 0.47;
    pen.fillRect(x, height / 2 - up, 1, Math.max(1, up - down));
  }
}

export function drawSpectrum(canvas, samples, seconds, evidence) {
  const { pen, width, height, ratio, colour } = ready(canvas);
  if (samples) {
    const columns = Math.min(width, 1400);
    const image = shades(spectra(samples, columns), columns, height, rgb(colour("panel")), rgb(colour("ink")));
    pen.imageSmoothingEnabled = true;
    pen.drawImage(image, 0, 0, width, height);
  }
  if (evidence) drawEvidence(pen, evidence, seconds, width, height, rgb(colour("ai")), rgb(colour("human")));
  pen.font = `${11 * ratio}px system-ui, sans-serif`;
  for (const each of [500, 2000, 4000]) {
    const y = height * (1 - mel(each) / mel(TOP));
    label(pen, each < 1000 ? `${each} Hz` : `${each / 1000} kHz`, 4 * ratio, y, colour, ratio);
  }
}

/** Grey levels on a mel axis, 65 dB from paper to ink: colour is left to the evidence. */
function shades({ levels, bins }, columns, height, paper, ink) {
  const sorted = Float32Array.from(levels.filter((_, i) => i % 37 === 0)).sort();
  const high = sorted[Math.floor(0.995 * (sorted.length - 1))], low = high - 65;
  const image = new OffscreenCanvas(columns, height), pen = image.getContext("2d");
  const pixels = pen.createImageData(columns, height);
  const rows = Array.from({ length: height }, (_, y) => (hertz(mel(TOP) * (1 - (y + 0.5) / height)) / TOP) * (bins - 1));
  for (let x = 0; x < columns; x++) {
    for (let y = 0; y < height; y++) {
      const bin = Math.floor(rows[y]), part = rows[y] - bin, at = x * bins + bin;
      const level = levels[at] * (1 - part) + (bin + 1 < bins ? levels[at + 1] : levels[at]) * part;
      const dark = Math.max(0, Math.min(1, (level - low) / (high - low))) ** 1.4;
      const to = 4 * (y * columns + x);
      for (let c = 0; c < 3; c++) pixels.data[to + c] = paper[c] + (ink[c] - paper[c]) * dark;
      pixels.data[to + 3] = 255;
    }
  }
  pen.putImageData(pixels, 0, 0);
  return image;
}

/** What spoke for ai (above 0) and for human (below), cells of even time and of the bands' own edges in hertz. */
function drawEvidence(pen, { map, hertz: edges, start, stop }, seconds, width, height, ai, human) {
  const most = Math.max(1e-9, ...map.map((row) => Math.max(...row.map(Math.abs))));
  const left = (start / seconds) * width, wide = ((stop - start) / seconds) * width / map.length;
  map.forEach((row, i) => row.forEach((value, band) => {
    const strength = Math.abs(value) / most;
    if (strength < 0.08) return;
    const bottom = height * (1 - mel(edges[band]) / mel(TOP)), top = height * (1 - mel(edges[band + 1]) / mel(TOP));
    pen.fillStyle = `rgb(${(value > 0 ? ai : human).join(" ")} / ${0.75 * strength})`;
    pen.fillRect(left + i * wide, top, wide + 0.5, bottom - top + 0.5);
  }));
}

/** Probability of ai over time, away from 50 %: up is ai, down is human; the hatched band is where it cannot tell. */
export function drawChance(canvas, windows, seconds, band) {
  const { pen, width, height, ratio, colour } = ready(canvas);
  const y = (p) => height * (1 - p);
  pen.fillStyle = colour("line");
  pen.globalAlpha = 0.55;
  pen.fillRect(0, y(band[1]), width, y(band[0]) - y(band[1]));
  pen.globalAlpha = 1;
  const chances = overTime(windows, seconds, width);
  chances.forEach((p, x) => {
    if (p === null) return;
    pen.fillStyle = colour(p > band[1] ? "ai" : p < band[0] ? "human" : "unsure");
    pen.globalAlpha = 0.35;
    pen.fillRect(x, Math.min(y(p), height / 2), 1, Math.abs(y(p) - height / 2));
    pen.globalAlpha = 1;
    const before = chances[x - 1] ?? p;
    const thick = 2.5 * ratio, from = Math.min(y(p), y(before)) - thick / 2;
    pen.fillRect(x, Math.max(0, Math.min(height - thick, from)), 1.2, Math.abs(y(p) - y(before)) + thick);
  });
  pen.font = `${11 * ratio}px system-ui, sans-serif`;
  label(pen, "100 %", 4 * ratio, 8 * ratio, colour, ratio);
  label(pen, "50 %", 4 * ratio, height / 2, colour, ratio);
  label(pen, "0 %", 4 * ratio, height - 8 * ratio, colour, ratio);
}

/** One probability a column: that of the window that speaks for its time, as in the parts below; null in silence. */
function overTime(windows, seconds, columns) {
  const chances = Array.from({ length: columns }, () => null);
  edgesOf(windows).forEach(([start, stop], i) => {
    const from = Math.max(0, Math.floor((start / seconds) * columns));
    const to = Math.max(from + 1, Math.min(columns, Math.ceil((stop / seconds) * columns)));
    chances.fill(windows[i].p_ai, from, to);
  });
  return chances;
}

function label(pen, text, x, y, colour, ratio) {
  pen.textBaseline = "middle";
  pen.globalAlpha = 0.75;
  pen.fillStyle = colour("paper");
  pen.fillRect(x - 2 * ratio, y - 7 * ratio, pen.measureText(text).width + 4 * ratio, 14 * ratio);
  pen.globalAlpha = 1;
  pen.fillStyle = colour("ink");
  pen.fillText(text, x, y);
}

function rgb(hex) {
  const long = hex.length === 4 ? hex.replace(/[^#]/g, "$&$&") : hex;
  return [1, 3, 5].map((at) => parseInt(long.slice(at, at + 2), 16));
}
