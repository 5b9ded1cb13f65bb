"""Augmentation of training crops as they are drawn: other voices and tempos, microphones, noise floors, and masks.

The pipeline's stage augment keeps copies that went through real codecs, lines and rooms. What can be done to a
spectrogram as well is done here, where it costs next to nothing and is new for every crop.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le

CURVE_POINTS = 9  # of a smooth curve over the frequencies
LEAST_NOISE = 1e-6  # of an exponential variable, so that its logarithm is finite

Share = Annotated[float, Ge(0), Le(1)]


@dataclass(frozen=True)
class SpecAugment:
    """Masks over training crops (Park et al. 2019, "SpecAugment"); part of section `train.cnn.augment`."""

    frequency_masks: Annotated[int, Ge(0)]
    frequency_share: Share
    time_masks: Annotated[int, Ge(0)]
    time_share: Share


@dataclass(frozen=True)
class CropAugmentation:
    """What happens to a training crop; section `train.cnn.augment`.

    Attributes
    ----------
    share : float
        Of the crops that meet each of what follows, drawn for each by itself; the masks are on all.
    pitch_shift : float
        Semitones by which the frequencies rise or fall at most, formants with them.
    time_stretch : float
        Share by which the speech becomes quicker or slower at most.
    colour_db : float
        How far a smooth curve over the bands, as a microphone or a room has it, goes up and down at most.
    noise_db : tuple of float
        Lowest and highest level of a noise floor, in decibels beside the loudest band of the crop.
    spec_augment : SpecAugment
    """

    share: Share
    pitch_shift: Annotated[float, Ge(0)]
    time_stretch: Annotated[float, Ge(0), Le(0.5)]
    colour_db: Annotated[float, Ge(0)]
    noise_db: tuple[float, float]
    spec_augment: SpecAugment


def augmented_crop(
    mel: np.ndarray, start: int, frames: int, hertz: np.ndarray, settings: CropAugmentation, rng: np.random.Generator
) -> np.ndarray:
    """Return a crop of a spectrogram, changed as `settings` say.

    Parameters
    ----------
    mel : np.ndarray, shape=(n, bands)
        Decibels; `frames` or more of them.
    start, frames : int
        Where the crop begins, and its length; a quicker one takes in some more, as far as they are there.
    hertz : np.ndarray, shape=(bands,)
        The frequency of each band.
    settings : CropAugmentation
    rng : np.random.Generator

    Returns
    -------
    np.ndarray, shape=(frames, bands), float32
    """
    time_stretch, pitch_shift, colour, noise = rng.uniform(size=4) < settings.share
    crop = stretched(mel, start, frames, settings.time_stretch, rng) if time_stretch else mel[start : start + frames]
    crop = crop.astype(np.float32)  # a copy of its own
    if pitch_shift:
        crop = shifted(crop, hertz, settings.pitch_shift, rng)
    if colour:
        crop += _curve(hertz, settings.colour_db, rng)
    if noise:
        crop = noisy(crop, hertz, settings.noise_db, settings.colour_db, rng)
    mask(crop, settings.spec_augment, rng)
    return crop


def stretched(mel: np.ndarray, start: int, frames: int, most: float, rng: np.random.Generator) -> np.ndarray:
    """Return `frames` frames from `start` on, at another tempo: frames are left out or stand twice."""
    step = rng.uniform(1 - most, 1 + most)
    places = start + np.floor(np.arange(frames) * step).astype(int)
    crop: np.ndarray = mel[np.minimum(places, len(mel) - 1)]
    return crop


def shifted(crop: np.ndarray, hertz: np.ndarray, most: float, rng: np.random.Generator) -> np.ndarray:
    """Return `crop` with its frequencies up or down by `most` semitones or less; the top band fills what is left."""
    factor = 2.0 ** (rng.uniform(-most, most) / 12)
    places = np.interp(hertz / factor, hertz, np.arange(hertz.size))
    below = np.floor(places).astype(int)
    above, share = np.minimum(below + 1, hertz.size - 1), (places - below).astype(np.float32)
    between: np.ndarray = crop[:, below] * (1 - share) + crop[:, above] * share
    return between


def noisy(
    crop: np.ndarray, hertz: np.ndarray, level_db: tuple[float, float], colour_db: float, rng: np.random.Generator
) -> np.ndarray:
    """Return `crop` with a coloured noise floor, whose power fluctuates as that of noise in a single bin does."""
    floor = crop.mean(axis=0).max() + rng.uniform(*level_db) + _curve(hertz, colour_db, rng)
    fluctuation = np.maximum(rng.standard_exponential(crop.shape, np.float32), LEAST_NOISE)
    power = 10 ** (crop / 10) + fluctuation * 10 ** (floor / 10)
    decibels: np.ndarray = (10 * np.log10(power)).astype(np.float32)
    return decibels


def mask(crop: np.ndarray, masks: SpecAugment, rng: np.random.Generator) -> None:
    """Overwrite random stretches of bands and of frames of `crop`, shape (frames, bands), with its mean."""
    mean = crop.mean()
    for _ in range(masks.frequency_masks):
        start, stop = _stretch(crop.shape[1], masks.frequency_share, rng)
        crop[:, start:stop] = mean
    for _ in range(masks.time_masks):
        start, stop = _stretch(len(crop), masks.time_share, rng)
        crop[start:stop] = mean


def _stretch(size: int, share: float, rng: np.random.Generator) -> tuple[int, int]:
    width = rng.integers(0, int(share * size) + 1)
    start = rng.integers(0, size - width + 1)
    return int(start), int(start + width)


def _curve(hertz: np.ndarray, most: float, rng: np.random.Generator) -> np.ndarray:
    """Return a smooth curve over the frequencies, shape (bands,), that goes `most` or less up and down around 0."""
    steps = np.cumsum(rng.standard_normal(CURVE_POINTS))
    steps -= steps.mean()
    steps *= rng.uniform(0, most) / np.abs(steps).max()
    curve: np.ndarray = np.interp(hertz, np.linspace(0, hertz.max(), CURVE_POINTS), steps).astype(np.float32)
    return curve
