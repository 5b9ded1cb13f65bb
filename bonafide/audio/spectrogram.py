"""Log-mel and log-linear spectrograms: one implementation for the pipeline and the detector, in numpy alone."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt

from bonafide.audio.banding import Blocks, banded, in_blocks
from bonafide.audio.framing import frames_of, hann, mirrored
from bonafide.audio.halves import to_half
from bonafide.audio.phase import VALUES, phase_bands, phase_centres
from bonafide.audio.transforms import rfft

DECIBELS = np.float32(10 / np.log(10))  # of a natural logarithm of power
TOGETHER = 1 << 15  # samples of frames that are transformed: what is between the steps stays in the processor's cache
FLOOR = np.float32(1e-8)  # power; the rounding noise of 16 bits lies just above it, digital zeros below
MOST = np.float32(np.inf)


@dataclass(frozen=True)
class Layout:
    """What stands side by side in a frame: bands, bins of further transforms, and with `phase` last the bends of phase.

    `widths` says how many values each has, `steps` for every how manieth frame it is computed; the frames between
    repeat it.
    """

    widths: tuple[int, ...]
    steps: tuple[int, ...]
    phase: bool


@dataclass(frozen=True)
class SpectrogramSettings:
    """How a spectrogram is made; section `features` of params.yaml.

    Behind the bands stand, in every frame, the bins of a transform of each of `linear_n_ffts` samples, from 0 Hz to
    half the rate: a shorter window hears what a longer one blurs, and bins what bands do. One that is long beside
    `hop_length` says little new in the next frame, and may step over some: `linear_steps` has a number for each, or is
    empty where none does. Behind these stands how the phase bends in windows of `phase_n_fft` samples; see
    `bonafide.audio.phase`.
    """

    n_fft: Annotated[int, Gt(0)]
    hop_length: Annotated[int, Gt(0)]
    n_bands: Annotated[int, Gt(0)]
    f_min: Annotated[float, Ge(0)]
    f_max: Annotated[float, Gt(0)]
    scale: Literal["mel", "linear"] = "mel"
    linear_n_ffts: tuple[Annotated[int, Ge(4)], ...] = ()
    phase_n_fft: Annotated[int, Ge(0)] = 0
    linear_steps: tuple[Annotated[int, Gt(0)], ...] = ()

    def __post_init__(self) -> None:
        """Refuse steps that are not one for each transform."""
        if len(self.linear_steps) not in (0, len(self.linear_n_ffts)):
            raise ValueError("linear_steps needs a number for each of linear_n_ffts, or none")

    @property
    def layout(self) -> Layout:
        """What a frame holds."""
        phase = self.phase_n_fft > 0
        widths = self.n_bands, *(n_fft // 2 - 1 for n_fft in self.linear_n_ffts), *([VALUES] * phase)
        steps = 1, *(self.linear_steps or [1] * len(self.linear_n_ffts)), *([1] * phase)
        return Layout(widths, steps, phase)

    @property
    def width(self) -> int:
        """How many values a frame has."""
        return sum(self.layout.widths)

    @property
    def bands(self) -> "SpectrogramSettings":
        """The settings of the bands alone."""
        return replace(self, linear_n_ffts=(), linear_steps=(), phase_n_fft=0)

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
    bands, *others = log_spectrograms(samples, rate, settings)
    frames = np.arange(len(bands))
    steps = settings.layout.steps[1:]
    stretched = [part if step == 1 else part[frames // step] for part, step in zip(others, steps, strict=True)]
    return np.concatenate([bands, *stretched], axis=1)


def log_spectrograms(samples: np.ndarray, rate: int, settings: SpectrogramSettings) -> list[np.ndarray]:
    """Return what `log_spectrogram` has side by side: bands, the bins of each further transform, and bends of phase.

    Returns
    -------
    list of np.ndarray, each of shape (1 + n // (step * hop_length), ...), float16
    """
    samples = samples.astype(np.float32, copy=False)
    each = each_of(settings, rate)
    powers = {size: _power(samples, *size) for size in {(one.n_fft, one.hop_length) for one in each}}
    parts = [_decibels(powers[one.n_fft, one.hop_length], rate, one) for one in each]
    phase = [phase_bands(samples, settings.phase_n_fft, settings.hop_length)] if settings.phase_n_fft else []
    return [to_half(part) for part in (*parts, *phase)]


def each_of(settings: SpectrogramSettings, rate: int) -> list[SpectrogramSettings]:
    """Return the settings of each of the log spectrograms that stand side by side: of the bands, and of the bins."""
    layout, bins = settings.layout, []
    for n_fft, width, step in zip(settings.linear_n_ffts, layout.widths[1:], layout.steps[1:], strict=False):
        hop = step * settings.hop_length
        bins.append(SpectrogramSettings(n_fft, hop, n_bands=width, f_min=0, f_max=rate / 2, scale="linear"))
    return [settings.bands, *bins]


def _decibels(power: np.ndarray, rate: int, settings: SpectrogramSettings) -> np.ndarray:
    bands = _bands(power, rate, settings)
    np.clip(bands, FLOOR, MOST, out=bands)  # a maximum with a number is not vectorised
    decibels: np.ndarray = np.log(bands, out=bands)  # numpy has no vectorised log10
    decibels *= DECIBELS
    return decibels


def _power(samples: np.ndarray, n_fft: int, hop_length: int) -> np.ndarray:
    """Return the power spectra of the frames of `samples` through a Hann window; shape (frames, 1 + n_fft // 2)."""
    frames = frames_of(mirrored(samples, n_fft // 2), n_fft, hop_length)
    window = hann(n_fft)
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
    phase = [phase_centres(settings.phase_n_fft, rate)] if settings.phase_n_fft else []
    return np.concatenate([*(_edges(one, rate)[1:-1] for one in each_of(settings, rate)), *phase])


def crops(mel: np.ndarray, frames: int) -> np.ndarray:
    """Cut a spectrogram, shape (n, bands), into crops of `frames` that overlap by half or more and cover it all.

    A spectrogram that is shorter than one crop is repeated.

    Returns
    -------
    np.ndarray, shape=(crops, frames, bands)
    """
    return np.take(mel, crop_rows(len(mel), frames), axis=0)


def crop_rows(length: int, frames: int, step: int = 1) -> np.ndarray:
    """Return which rows of a spectrogram of `length` frames, of which every `step`-th has a row, each crop holds.

    Returns
    -------
    np.ndarray, shape=(crops, ceil(frames / step)), int
    """
    longer = max(length, frames)  # what is shorter than a crop is repeated
    starts = np.rint(np.linspace(0, longer - frames, crop_count(longer, frames))).astype(int)
    rows: np.ndarray = (starts[:, None] + np.arange(0, frames, step)) % length // step
    return rows


def crop_count(length: int, frames: int) -> int:
    """Return how many crops of `frames` a spectrogram of `length` frames is cut into by `crops`."""
    return 1 + -(-2 * max(0, length - frames) // frames)


def repeat_to(mel: np.ndarray, frames: int) -> np.ndarray:
    """Return `mel`, shape (n, bands), repeated until it has `frames` or more; a longer one as it is."""
    return mel if len(mel) >= frames else np.tile(mel, (-(-frames // len(mel)), 1))[:frames]


def _bands(power: np.ndarray, rate: int, settings: SpectrogramSettings) -> np.ndarray:
    """Return the power, shape (frames, 1 + n_fft // 2), in bands, shape (frames, n_bands)."""
    of_half_the_rate = settings.f_min == 0 and settings.f_max >= rate / 2
    if settings.scale == "linear" and of_half_the_rate and settings.n_bands == settings.n_fft // 2 - 1:
        bands: np.ndarray = power[:, 1:-1] * np.float32(settings.n_fft / rate)  # no triangle touches another's bin
    else:
        bands = banded(power, _filters(rate, settings))
    return bands


@lru_cache(maxsize=4)
def _filters(rate: int, settings: SpectrogramSettings) -> Blocks:
    """Return triangles of equal area."""
    edges = _edges(settings, rate)
    bins = np.fft.rfftfreq(settings.n_fft, 1 / rate)
    return in_blocks((triangles(edges, bins) * 2 / (edges[2:] - edges[:-2])).astype(np.float32))


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
