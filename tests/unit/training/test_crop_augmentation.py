"""What happens to a training crop as it is drawn is what its settings say, and no more."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonafide.training.crop_augmentation import (
    CropAugmentation,
    SpecAugment,
    augmented_crop,
    mask,
    noisy,
    shifted,
    stretched,
)

UNMASKED = SpecAugment(frequency_masks=0, frequency_share=0, time_masks=0, time_share=0)
NOTHING = CropAugmentation(0.0, 1.0, 0.1, 6.0, (-60.0, -20.0), UNMASKED)
ALL = CropAugmentation(1.0, 1.0, 0.1, 6.0, (-60.0, -20.0), SpecAugment(1, 0.2, 1, 0.2))
HERTZ = np.arange(1, 101) * 80.0


def rng(seed=1):
    return np.random.default_rng(seed)


@pytest.fixture
def mel():
    """A spectrogram in which a tone of band 40 comes and goes over a floor that falls."""
    spectrogram = np.linspace(-40, -80, 100)[None] + np.zeros((90, 1))
    spectrogram[20:60, 40] = -10
    return spectrogram.astype(np.float16)


def test_with_a_share_of_nothing_a_crop_is_as_it_was(mel):
    crop = augmented_crop(mel, 7, 50, HERTZ, NOTHING, rng())
    assert crop.dtype == np.float32
    np.testing.assert_array_equal(crop, mel[7:57])


def test_the_spectrogram_itself_stays_as_it_is(mel):
    before = mel.copy()
    for seed in range(20):
        assert augmented_crop(mel, 5, 50, HERTZ, ALL, rng(seed)).shape == (50, 100)
    np.testing.assert_array_equal(mel, before)


@given(start=st.integers(0, 40), frames=st.integers(1, 50), seed=st.integers(0, 99))
def test_every_crop_is_finite_and_of_its_size(start, frames, seed):
    mel = np.random.default_rng(3).normal(-50, 20, (90, 100)).astype(np.float16)
    crop = augmented_crop(mel, start, frames, HERTZ, ALL, rng(seed))
    assert crop.shape == (frames, 100) and np.isfinite(crop).all()


def test_pitch_moves_a_tone_by_semitones_at_most(mel):
    places = [
        int(shifted(mel[20:60].astype(np.float32), HERTZ, 2.0, rng(seed)).mean(axis=0).argmax()) for seed in range(60)
    ]
    semitones = 12 * np.log2(HERTZ[places] / HERTZ[40])
    assert np.abs(semitones).max() <= 2.2  # two, and what a band is wide
    assert semitones.min() < -1.5 and semitones.max() > 1.5


def test_tempo_changes_how_long_a_tone_is(mel):
    lengths = [int((stretched(mel, 0, 80, 0.2, rng(seed))[:, 40] > -20).sum()) for seed in range(60)]
    assert min(lengths) >= 40 / 1.2 - 1 and max(lengths) <= 40 / 0.8 + 1
    assert min(lengths) < 37 and max(lengths) > 44


def test_noise_fills_what_is_quiet_to_its_level_and_leaves_what_is_loud(mel):
    crop = noisy(mel[:50].astype(np.float32), HERTZ, (-30.0, -30.0), 0.0, rng())
    loudest = mel[:50].astype(np.float32).mean(axis=0).max()
    floor = 10 * np.log10((10 ** (crop[:, 80:] / 10)).mean())
    assert floor == pytest.approx(loudest - 30, abs=0.5)
    assert crop[25, 40] == pytest.approx(-10, abs=1)


@given(
    frames=st.integers(1, 40),
    bands=st.integers(1, 40),
    masks=st.builds(SpecAugment, st.integers(0, 3), st.floats(0, 1), st.integers(0, 3), st.floats(0, 1)),
    seed=st.integers(0, 99),
)
def test_masks_take_whole_bands_and_stretches_within_their_share(frames, bands, masks, seed):
    rng = np.random.default_rng(seed)
    crop = rng.standard_normal((frames, bands)).astype(np.float32)
    before, mean = crop.copy(), crop.mean()
    mask(crop, masks, rng)
    changed = crop != before
    assert (crop[changed] == mean).all()
    columns, lines = changed.all(axis=0), changed.all(axis=1)
    if frames > 1 and bands > 1:  # what is masked is whole columns and lines, so nothing else is
        assert np.array_equal(changed, columns[None] | lines[:, None])
    if not lines.all() and not columns.all():
        assert columns.sum() <= masks.frequency_masks * int(masks.frequency_share * bands)
        assert lines.sum() <= masks.time_masks * int(masks.time_share * frames)


def test_masks_take_what_they_may():
    masks = SpecAugment(frequency_masks=1, frequency_share=0.3, time_masks=0, time_share=0)
    widths = Counter()
    for seed in range(200):
        crop = np.random.default_rng(1).standard_normal((4, 20))
        before = crop.copy()
        mask(crop, masks, np.random.default_rng(seed))
        widths[int((crop != before).all(axis=0).sum())] += 1
    assert set(widths) == set(range(7))
