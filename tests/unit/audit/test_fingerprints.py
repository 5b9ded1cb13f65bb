import numpy as np
import pytest

from bonafide.audit.fingerprints import HOP, RATE, Candidates, candidates, hashes, likeness, narrow

NATIVE = 16000
SECONDS = 3


def sound(seed):
    """Noise whose colour changes four times a second, as speech does; another for each seed."""
    rng = np.random.default_rng(seed)
    pieces = [np.convolve(rng.normal(0, 0.1, 4000), rng.normal(0, 1, 40), "same") for _ in range(4 * SECONDS)]
    return np.concatenate(pieces).astype(np.float32)


def prints(sounds):
    return [hashes(narrow(each, NATIVE)) for each in sounds]


def everything(first, second):
    return np.ones(first.size, bool)


def pairs(found: Candidates):
    return set(zip(found.first.tolist(), found.second.tolist(), strict=True))


def test_hashes_do_not_depend_on_level():
    first = narrow(sound(1), NATIVE)
    assert (hashes(first) == hashes(first / 2)).mean() > 0.99


def test_a_clip_shorter_than_a_window_has_a_hash():
    assert hashes(np.ones(10, np.float32)).size == 1


def test_copies_are_found_among_others_whatever_the_order():
    sounds = [sound(seed) for seed in range(20)] + [sound(7) / 3]
    assert pairs(candidates(prints(sounds), everything)) == {(7, 20)}
    assert pairs(candidates(prints(sounds[::-1]), everything)) == {(0, 13)}


@pytest.mark.parametrize("cut", [0.1, 0.5, 1.2])
def test_a_copy_cut_at_the_start_is_found_at_its_offset(cut):
    whole = sound(1)
    found = candidates(prints([whole, whole[round(cut * NATIVE) :]]), everything)
    assert pairs(found) == {(0, 1)}
    assert found.offset[0] * HOP / RATE == pytest.approx(cut, abs=0.03)


def test_only_relevant_pairs_are_proposed():
    sounds = [sound(1), sound(1), sound(1)]
    found = candidates(prints(sounds), lambda first, second: second == 2)
    assert pairs(found) == {(0, 2), (1, 2)}


@pytest.mark.parametrize("clips", [[], [np.zeros(0, np.uint32)], [np.arange(9, dtype=np.uint32)]])
def test_no_clips_have_no_candidates(clips):
    assert candidates(clips, everything).first.size == 0


@pytest.mark.parametrize("gain", [1, -1, 0.2])
def test_likeness_of_a_copy_is_1_at_its_offset(gain):
    whole = narrow(sound(1), NATIVE)
    assert likeness(whole, whole[1000:] * gain, 1000) == pytest.approx(1, abs=1e-4)
    assert likeness(whole[1000:] * gain, whole, -1000 + HOP) == pytest.approx(1, abs=1e-4)


def test_likeness_falls_with_noise_and_is_low_for_other_sounds():
    first, second = narrow(sound(1), NATIVE), narrow(sound(2), NATIVE)
    assert likeness(first, second, 0) < 0.2
    assert likeness(first, first + second * first.std() / second.std(), 0) == pytest.approx(0.707, abs=0.05)


def test_likeness_of_clips_that_hardly_overlap_is_0():
    whole = narrow(sound(1), NATIVE)
    assert likeness(whole, whole, whole.size) == 0


def test_the_same_energies_with_other_phases_are_no_copy():
    """What a vocoder does: the spectrogram stays, the waveform is new."""
    librosa = pytest.importorskip("librosa")
    first = sound(1)
    made = librosa.griffinlim(np.abs(librosa.stft(first, n_fft=1024)), n_iter=16, n_fft=1024, random_state=1)
    found = candidates(prints([first, made]), everything)
    assert pairs(found) == {(0, 1)}
    assert likeness(narrow(first, NATIVE), narrow(made, NATIVE), found.offset[0] * HOP) < 0.75
