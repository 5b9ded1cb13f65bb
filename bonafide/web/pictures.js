// The pictures of a recording over one time axis.
import { make, mark } from "./dom.js";
import { drawChance, drawSpectrum, drawWave } from "./plots.js";
import { clock, decimal } from "./words.js";

/** The figures of `item`, heard in `windows`, and what draws them anew; `band` holds the probabilities between which there is no call. */
export function pictures(item, { seconds, windows }, band) {
  const wave = make("canvas", { class: "wave" }), spectrum = make("canvas", { class: "spectrum" });
  const chance = make("canvas", { class: "chance" }), captions = make("span", { class: "spoke" });
  const figures = [
    figure(["Waveform"], wave),
    figure(["Spectrogram", captions], spectrum),
    windows.length > 0 && figure(["Probability of AI over time", "grey band: cannot tell"], chance),
  ];
  function draw() {
    captions.replaceChildren(...(item.shown ? spokeFor(item.evidence, seconds) : []));
    drawWave(wave, item.samples, seconds);
    drawSpectrum(spectrum, item.samples, seconds, item.shown && item.evidence);
    if (windows.length) drawChance(chance, windows, seconds, band);
  }
  return { figures, draw };
}

const figure = (captions, canvas) =>
  make("figure", {}, make("figcaption", {}, ...captions.map((each) => make("span", {}, each))), canvas);

function spokeFor({ start, stop, base, llr }, seconds) {
  const where = stop - start < seconds - 0.5 ? ` (from ${clock(start)} to ${clock(stop)})` : "";
  const sum = `llr ${decimal(base)} as mere noise, ${decimal(llr)} with all parts`;
  return [make("span", {}, mark("ai"), `spoke for AI${where}`), make("span", {}, mark("human"), "for human"), make("span", {}, sum)];
}
