// Sound as numbers: decoding, WAV, spectra.

export const RATE = 16000; // of what is drawn; the detector does its own decoding
const SIZE = 512;
const MOST_DRAWN = 40e6; // bytes of a file: decoded, it is some ten times as much

/** Resolves to mono samples at RATE, or null where the browser cannot read the file. */
export async function decode(blob) {
  if (blob.size > MOST_DRAWN) return null;
  try {
    const sound = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await blob.arrayBuffer());
    const mono = sound.getChannelData(0);
    for (let channel = 1; channel < sound.numberOfChannels; channel++) {
      const other = sound.getChannelData(channel);
      for (let i = 0; i < mono.length; i++) mono[i] += (other[i] - mono[i]) / (channel + 1);
    }
    return mono;
  } catch {
    return null;
  }
}

/** A WAV blob of 16-bit samples from arrays of floats, `size` samples in all. */
export function wav(parts, size, rate) {
  const view = new DataView(new ArrayBuffer(44 + 2 * size));
  const text = (at, word) => [...word].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF"); view.setUint32(4, 36 + 2 * size, true); text(8, "WAVEfmt ");
  view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 1, true);
  view.setUint32(24, rate, true); view.setUint32(28, 2 * rate, true); view.setUint16(32, 2, true);
  view.setUint16(34, 16, true); text(36, "data"); view.setUint32(40, 2 * size, true);
  let at = 44;
  for (const part of parts) {
    for (const sample of part) {
      view.setInt16(at, Math.max(-32768, Math.min(32767, Math.round(sample * 32768))), true);
      at += 2;
    }
  }
  return new Blob([view], { type: "audio/wav" });
}

/** Levels in decibels, `columns` spectra of SIZE/2 bins each, of samples at RATE. */
export function spectra(samples, columns) {
  const levels = new Float32Array(columns * (SIZE / 2)).fill(-200);
  const hann = Float32Array.from({ length: SIZE }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / SIZE));
  const step = samples.length / columns;
  const looks = Math.max(1, Math.min(4, Math.round(step / 160)));
  const re = new Float32Array(SIZE), im = new Float32Array(SIZE);
  for (let column = 0; column < columns; column++) {
    for (let look = 0; look < looks; look++) {
      const from = Math.round((column + (look + 0.5) / looks) * step) - SIZE / 2;
      for (let i = 0; i < SIZE; i++) re[i] = (samples[from + i] || 0) * hann[i];
      im.fill(0);
      fourier(re, im);
      for (let bin = 0; bin < SIZE / 2; bin++) {
        const level = 10 * Math.log10(re[bin] * re[bin] + im[bin] * im[bin] + 1e-12);
        const at = column * (SIZE / 2) + bin;
        if (level > levels[at]) levels[at] = level;
      }
    }
  }
  return { levels, bins: SIZE / 2 };
}

function fourier(re, im) {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) { [re[i], re[j]] = [re[j], re[i]]; }
  }
  for (let size = 2; size <= n; size <<= 1) {
    for (let k = 0; k < size / 2; k++) {
      const angle = (-2 * Math.PI * k) / size, cos = Math.cos(angle), sin = Math.sin(angle);
      for (let a = k; a < n; a += size) {
        const b = a + size / 2;
        const x = re[b] * cos - im[b] * sin, y = re[b] * sin + im[b] * cos;
        re[b] = re[a] - x; im[b] = im[a] - y; re[a] += x; im[a] += y;
      }
    }
  }
}
