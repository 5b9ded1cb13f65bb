"""Log-mel and log-linear spectrograms: one implementation for the pipeline and the detector, in numpy alone."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt

from bonafide.audio.framing import frames_of, hann
from bonafide.audio.halves import to_half
from bonafide.audio.transforms import rfft

DECIBELS = np.float32(10 / np.log(10))  # of a natural logarithm of power
BLOCK = 16  # bands that are summed up together
TOGETHER = 1 << 15  # samples of frames that are transformed: what is between the steps stays in the processor's cache
FLOOR = np.float32(1e-8)  # power; the rounding noise of 16 bits lies just above it, digital zeros below
MOST = np.float32(np.inf)


@dataclass(frozen=True)
class SpectrogramSettings:
    """How a spectrogram is made; section `features` of params.yaml.

    With `linear_n_fft`, the bins of a second transform of so many samples, from 0 Hz to half the rate, stand behind the
    bands in every frame: a shorter window hears what a longer one blurs.
    """

    n_fft: Annotated[int, Gt(0)]
    hop_length: Annotated[int, Gt(0)]
    n_bands: Annotated[int, Gt(0)]
    f_min: Annotated[float, Ge(0)]
    f_max: Annotated[float, Gt(0)]
    scale: Literal["mel", "linear"] = "mel"
    linear_n_fft: Annotated[int, Ge(0)] = 0

    @property
    def linear_bins(self) -> int:
        """How many bins stand behind the bands."""
        return max(0, self.linear_n_fft // 2 - 1)

    @property
    def width(self) -> int:
        """How many values a frame has."""
        return self.n_bands + self.linear_bins

    def frames(self, seconds: float, rate: int) -> int:
        """Return how many frames the spectrogram of `seconds` of audio at `rate` hertz has."""
        return 1 + round(seconds * rate) // self.hop_length


def log_spectrogram(samples: np.ndarray, rate: int, settings: SpectrogramSettings) -> np.ndarray:
    """Return the log power spectrogram of `samples`, shape (n,), in decibels, on the scale of `settings`.

    Frames are centred, the edges mirrored, the window is Hann, the mel scale Slaney's with bands of equal area: what
    ``librosa.feature.melspectrogram(..., pad_mode="reflect")`` computes. On the linear scale the bands are spaced
    evenly: ``n_fft // 2 - 1`` of them from 0 Hz to half the rate are the bins of the transform themselves.

    Returns
    -------
    np.ndarray, shape=(1 + n // hop_length, width), float16
        float16 is how features are stored; rounding here keeps the detector on the pipeline's numbers.
    """
    return np.concatenate(log_spectrograms(samples, rate, settings), axis=1)


def log_spectrograms(samples: np.ndarray, rate: int, settings: SpectrogramSettings) -> list[np.ndarray]:
    """Return what `log_spectrogram` has side by side: the bands, and the bins of the second transform if there is one.

    Returns
    -------
    list of np.ndarray, each of shape (1 + n // hop_length, ...), float16
    """
    each = [settings, linear_of(settings, rate)] if settings.linear_bins else [settings]
    return [to_half(_decibels(samples, rate, one)) for one in each]


def linear_of(settings: SpectrogramSettings, rate: int) -> SpectrogramSettings:
    """Return the settings of the linear spectrogram alone that stands behind the bands of `settings`."""
    return SpectrogramSettings(
        n_fft=settings.linear_n_fft,
        hop_length=settings.hop_length,
        n_bands=settings.linear_bins,
        f_min=0.0,
        f_max=rate / 2,
        scale="linear",
    )


def _decibels(samples: np.ndarray, rate: int, settings: SpectrogramSettings) -> np.ndarray:
    padded = _mirrored(samples.astype(np.float32, copy=False), settings.n_fft // 2)
    bands = _bands(_power(frames_of(padded, settings.n_fft, settings.hop_length)), rate, settings)
    np.clip(bands, FLOOR, MOST, out=bands)  # a maximum with a number is not vectorised
    decibels: np.ndarray = np.log(bands, out=bands)  # numpy has no vectorised log10
    decibels *= DECIBELS
    return decibels


def _mirrored(samples: np.ndarray, edge: int) -> np.ndarray:
    """Return `samples`, shape (n,), with `edge` more on both sides: mirrored, or repeated where they are too few."""
    if samples.size <= edge:
        return np.pad(samples, edge, mode="wrap")
    return np.concatenate((samples[edge:0:-1], samples, samples[-2 : -edge - 2 : -1]))


def _power(frames: np.ndarray) -> np.ndarray:
    """Return the power spectra of `frames`, shape (n, n_fft), through a Hann window; shape (n, 1 + n_fft // 2)."""
    window = hann(frames.shape[1])
    power = np.empty((len(frames), 1 + window.size // 2), np.float32)
    count = max(1, TOGETHER // window.size)
    windowed = np.empty((min(count, len(frames)), window.size), np.float32)
    for start in range(0, len(frames), count):
        some = frames[start : start + count]
        spectra = rfft(np.multiply(some, window, out=windowed[: len(some)]))
        squares = spectra.view(np.float32)  # real and imaginary parts in turn
        np.square(squares, out=squares)
        np.add(squares[:, ::2], squares[:, 1::2], out=power[start : start + count])
    return power


def band_centres(settings: SpectrogramSettings, rate: int) -> np.ndarray:
    """Return the frequency that each value of a frame at `rate` hertz hears best, in hertz, shape (width,)."""
    centres = _edges(settings, rate)[1:-1]
    if settings.linear_bins:
        centres = np.concatenate([centres, _edges(linear_of(settings, rate), rate)[1:-1]])
    return centres


def crops(mel: np.ndarray, frames: int) -> np.ndarray:
    """Cut a spectrogram, shape (n, bands), into crops of `frames` that overlap by half or more and cover it all.

    A spectrogram that is shorter than one crop is repeated.

    Returns
    -------
    np.ndarray, shape=(crops, frames, bands)
    """
    mel = repeat_to(mel, frames)
    count = 1 + -(-2 * (len(mel) - frames) // frames)
    starts = np.rint(np.linspace(0, len(mel) - frames, count)).astype(int)
    return np.stack([mel[start : start + frames] for start in starts])


def repeat_to(mel: np.ndarray, frames: int) -> np.ndarray:
    """Return `mel`, shape (n, bands), repeated until it has `frames` or more; a longer one as it is."""
    return mel if len(mel) >= frames else np.tile(mel, (-(-frames // len(mel)), 1))[:frames]


def _bands(power: np.ndarray, rate: int, settings: SpectrogramSettings) -> np.ndarray:
    """Return the power, shape (frames, 1 + n_fft // 2), in bands, shape (frames, n_bands)."""
    of_half_the_rate = settings.f_min == 0 and settings.f_max >= rate / 2
    if settings.scale == "linear" and of_half_the_rate and settings.n_bands == settings.n_fft // 2 - 1:
        bands: np.ndarray = power[:, 1:-1] * np.float32(settings.n_fft / rate)  # no triangle touches another's bin
    else:
        blocks = _filters(rate, settings)
        bands = np.concatenate([power[:, first : first + len(block)] @ block for first, block in blocks], axis=1)
    return bands


@lru_cache(maxsize=4)
def _filters(rate: int, settings: SpectrogramSettings) -> list[tuple[int, np.ndarray]]:
    """Return triangles of equal area, `BLOCK` bands at a time: the first bin that they touch, and what they weigh.

    A band touches few of the bins; in blocks, most of the others are left out.
    """
    edges = _edges(settings, rate)
    bins = np.fft.rfftfreq(settings.n_fft, 1 / rate)
    filters = (triangles(edges, bins) * 2 / (edges[2:] - edges[:-2])).astype(np.float32)
    blocks = []
    for start in range(0, settings.n_bands, BLOCK):
        block = filters[:, start : start + BLOCK]
        touched = np.flatnonzero(block.any(axis=1))
        first, last = (touched[0], touched[-1]) if touched.size else (0, 0)
        blocks.append((int(first), np.ascontiguousarray(block[first : last + 1])))
    return blocks


def triangles(edges: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """Return triangular filters that rise from 0 at one edge to 1 at the next and fall to 0 at the one after.

    Parameters
    ----------
    edges : np.ndarray, shape=(n_bands + 2,)
        In hertz, rising.
    frequencies : np.ndarray, shape=(n_bins,)
        In hertz.

    Returns
    -------
    np.ndarray, shape=(n_bins, n_bands), float64
    """
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    bins = frequencies[:, None]
    rising, falling = (bins - lower) / (centre - lower), (upper - bins) / (upper - centre)
    filters: np.ndarray = np.maximum(0, np.minimum(rising, falling))
    return filters


def _edges(settings: SpectrogramSettings, rate: int) -> np.ndarray:
    """Return where the bands begin, culminate and end, in hertz, shape (n_bands + 2,); mel is Slaney's (1998)."""
    f_max = min(settings.f_max, rate / 2)
    if settings.scale == "linear":
        return np.linspace(settings.f_min, f_max, settings.n_bands + 2)
    return _mel_to_hz(np.linspace(_hz_to_mel(settings.f_min), _hz_to_mel(f_max), settings.n_bands + 2))


BREAK_HZ = 1000.0  # Slaney's scale is linear below and logarithmic above
LINEAR_HZ = 200.0 / 3  # hertz a mel below
LOG_STEP = np.log(6.4) / 27  # per mel above


def _hz_to_mel(hertz: float) -> float:
    if hertz < BREAK_HZ:
        return hertz / LINEAR_HZ
    return float(BREAK_HZ / LINEAR_HZ + np.log(hertz / BREAK_HZ) / LOG_STEP)


def _mel_to_hz(mel: np.ndarray) -> np.ndarray:
    above = mel - BREAK_HZ / LINEAR_HZ
    return np.where(above < 0, mel * LINEAR_HZ, BREAK_HZ * np.exp(LOG_STEP * above))
