import numpy as np
import pytest

from bonafide.clips.effects import band, clipped, pink_noise, reverberant, room_tail

RATE = 16000


def power_between(samples, low, high):
    spectrum = np.square(np.abs(np.fft.rfft(samples * np.hanning(samples.size))))
    hertz = np.fft.rfftfreq(samples.size, 1 / RATE)
    return spectrum[(hertz >= low) & (hertz < high)].sum()


@pytest.mark.parametrize("snr_db", [20, 0])
def test_pink_noise_has_its_level_and_as_much_power_in_every_octave(voice, snr_db):
    noise = pink_noise(voice, snr_db, np.random.default_rng(1)).astype(float) - voice
    assert 10 * np.log10(np.mean(np.square(voice, dtype=float)) / np.mean(noise**2)) == pytest.approx(snr_db, abs=0.1)
    octaves = [power_between(noise, low, 2 * low) for low in (125, 250, 500, 1000, 2000, 4000)]
    assert max(octaves) < 1.2 * min(octaves)


def test_a_band_is_all_that_is_left(voice):
    telephone, low = band(voice, RATE, low=300, high=3400), band(voice, RATE, high=4000)
    for edges in ((0, 150), (6800, 8000)):
        assert power_between(telephone, *edges) < 1e-4 * power_between(voice, *edges)
    assert power_between(low, 0, 3000) == pytest.approx(power_between(voice, 0, 3000), rel=0.01)
    assert power_between(low, 6000, 8000) < 1e-4 * power_between(voice, 6000, 8000)


def test_a_room_answers_a_click_with_noise_of_the_energy_that_dies_in_its_time():
    click = np.zeros(RATE, np.float32)
    click[0] = 1.0
    heard = reverberant(click, room_tail(0.5, RATE, np.random.default_rng(1)), 0.25)
    assert heard[0] == pytest.approx(1.0)
    assert np.square(heard[1:]).sum() == pytest.approx(0.25, rel=0.05)
    early, late = (np.square(heard[start : start + 800]).sum() for start in (100, 4100))
    assert 10 * np.log10(early / late) == pytest.approx(30, abs=2)  # a quarter of a second later, half of 60 dB
    assert np.abs(heard[RATE // 2 :]).max() < 1e-6


def test_a_share_of_the_samples_is_clipped(voice):
    heard = clipped(voice, 0.05)
    assert np.mean(np.abs(heard) == np.abs(heard).max()) == pytest.approx(0.05, abs=0.001)
    assert np.array_equal(np.sign(heard), np.sign(voice))
