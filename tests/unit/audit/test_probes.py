import numpy as np
import pytest

from bonafide.audit.probes import FACTS, facts

RATE = 16000


@pytest.fixture
def noise():
    """Two seconds of white noise at -20 dB."""
    return np.random.default_rng(1).normal(0, 0.1, 2 * RATE).astype(np.float32)


def test_every_fact_is_measured_and_finite(noise):
    found = facts(noise, RATE)
    assert set(found) == set(FACTS)
    assert np.isfinite(list(found.values())).all()


@pytest.mark.parametrize("samples", [np.zeros(RATE, np.float32), np.zeros(3, np.float32), np.ones(1, np.float32)])
def test_silence_and_single_samples_have_finite_facts(samples):
    assert np.isfinite(list(facts(samples, RATE).values())).all()


def test_level_is_in_decibels_of_full_scale(noise):
    found, louder = facts(noise, RATE), facts(noise * 2, RATE)
    assert found["rms"] == pytest.approx(-20, abs=0.1)
    assert louder["rms"] - found["rms"] == pytest.approx(6.02, abs=0.01)
    assert louder["crest"] == pytest.approx(found["crest"], abs=0.01)


def test_offset_is_measured(noise):
    assert facts(noise + np.float32(0.25), RATE)["dc"] == pytest.approx(0.25, abs=0.01)


def test_zeros_are_counted_where_they_are(noise):
    silence = np.zeros(RATE // 2, np.float32)
    found = facts(np.concatenate([silence, noise, silence[: RATE // 4]]), RATE)
    assert found["zeros"] == pytest.approx(0.75 / 2.75, abs=1e-3)
    assert (found["leading_zeros"], found["trailing_zeros"]) == (0.5, 0.25)
    assert found["longest_zeros"] == 0.5


def test_edges_count_as_silent_by_depth(noise):
    quiet = noise[: RATE // 2] / 100  # 40 dB below
    found = facts(np.concatenate([quiet, noise, quiet, quiet]), RATE)
    assert found["lead_30"] == pytest.approx(0.5, abs=0.011)
    assert found["trail_30"] == pytest.approx(1.0, abs=0.011)
    assert found["lead_50"] == found["trail_50"] == 0


def test_floor_is_the_level_of_the_pauses(noise):
    found = facts(np.concatenate([noise, noise[: RATE // 2] / 100]), RATE)
    assert found["floor"] == pytest.approx(-60, abs=1)
    assert found["floor_depth"] == pytest.approx(40, abs=2)


@pytest.mark.parametrize("cutoff", [3000, 5000, 7000])
@pytest.mark.parametrize("rate", [16000, 44100])
def test_bandwidth_is_found_at_any_rate(cutoff, rate):
    spectrum = np.fft.rfft(np.random.default_rng(1).normal(0, 0.1, 2 * rate))
    spectrum[np.fft.rfftfreq(2 * rate, 1 / rate) > cutoff] = 0
    found = facts(np.fft.irfft(spectrum).astype(np.float32), rate)
    assert found["rolloff_99"] == pytest.approx(cutoff, rel=0.03)
    assert found["band_edge"] == pytest.approx(cutoff, abs=250)
    assert (found["above_6000"] < -60) == (cutoff < 6000)
