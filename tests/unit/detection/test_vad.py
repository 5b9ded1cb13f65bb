"""Speech is heard in noise and by telephone, and what is none is refused for its reason."""

from importlib.resources import files

import numpy as np
import onnx
import pytest

from bonafide.audio.conditioning import level, resample
from bonafide.clips.codecs import through_telephone
from bonafide.clips.effects import pink_noise, room_tail
from bonafide.detection import vad
from bonafide.detection.silero import PIECE, spectra, speech_probabilities
from bonafide.detection.vad import BABBLE, NARROW, NO_SPEECH, detect_speech, likelihood

RATE = 16000
RNG = np.random.default_rng(1)
TIME = np.arange(4 * RATE) / RATE


def heard(samples, rate=RATE):
    return detect_speech(level(samples.astype(np.float32), -26), rate, seconds=samples.size / rate)


def chords():
    """Four seconds of plucked chords, two a second: their level moves as that of speech."""
    notes = [220 * 2 ** (np.array(chord) / 12) for chord in ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7))]
    plucked = [
        sum(np.sin(2 * np.pi * k * hertz * TIME[: RATE // 2]) / k for hertz in notes[beat % 4] for k in range(1, 9))
        * np.exp(-4 * TIME[: RATE // 2])
        for beat in range(8)
    ]
    return np.concatenate(plucked)


@pytest.mark.parametrize(
    "line",
    [
        lambda voice: voice,
        lambda voice: through_telephone(voice, RATE, subtype="ALAW"),
        lambda voice: pink_noise(voice, 10, RNG),
        lambda voice: pink_noise(voice, 0, RNG),
    ],
    ids=["clean", "telephone", "noise at 10 dB", "noise at 0 dB"],
)
def test_a_voice_is_speech_on_every_line(voice, line):
    for start in range(0, 8 * RATE, 2 * RATE):
        speech = heard(line(voice[start : start + 4 * RATE]))
        assert speech.reason == ""
        assert speech.seconds > 2


@pytest.mark.parametrize(
    ("sound", "reason"),
    [
        (RNG.standard_normal(4 * RATE), NO_SPEECH),
        (np.cumsum(RNG.standard_normal(4 * RATE)) - np.linspace(-1, 1, 4 * RATE), NO_SPEECH),
        (RNG.standard_normal(4 * RATE) * (1 + np.sin(2 * np.pi * 4 * TIME)), NO_SPEECH),  # in the beat of syllables
        (np.sin(2 * np.pi * 3000 * TIME), NO_SPEECH),
        (np.sin(2 * np.pi * 440 * TIME), NARROW),
        (chords(), NO_SPEECH),
        (np.resize(room_tail(0.5, RATE, RNG), 4 * RATE), NO_SPEECH),  # claps
    ],
    ids=["white noise", "brown noise", "beating noise", "high tone", "tone", "music", "claps"],
)
def test_what_is_no_speech_is_refused_for_its_reason(sound, reason):
    assert heard(sound).reason == reason


def test_a_voice_without_anything_above_2_khz_is_narrow_band(voice):
    assert heard(resample(resample(voice[: 4 * RATE], RATE, 4000), 4000, RATE)).reason == NARROW


def test_many_voices_at_once_are_not_one(voice):
    turns = [np.roll(voice, RNG.integers(voice.size))[: 4 * RATE] for _ in range(24)]
    assert heard(sum(turns)).reason == BABBLE
    assert heard(turns[0]).reason == ""


def test_a_word_between_pauses_is_speech_and_as_long_as_it_is(voice):
    power = np.convolve(np.square(voice), np.ones(RATE // 2), "valid")
    word = voice[int(power.argmax()) :][: RATE // 2]
    quiet = 1e-4 * RNG.standard_normal(RATE)
    speech = heard(np.concatenate((quiet, word, quiet, quiet)))
    assert speech.reason == ""
    assert 0.5 < speech.seconds < 1.3  # with its pauses on both sides


@pytest.mark.parametrize("rate", [8000, 22050])
def test_other_rates_are_heard_alike(voice, rate):
    assert heard(resample(voice[: 4 * RATE], RATE, rate), rate).reason == ""
    assert heard(resample(RNG.standard_normal(4 * RATE).astype(np.float32), RATE, rate), rate).reason == NO_SPEECH


def test_every_piece_has_a_probability_that_only_the_past_decides(voice):
    whole = speech_probabilities(spectra(voice))
    assert whole.shape == (-(-voice.size // PIECE),)
    assert ((whole >= 0) & (whole <= 1)).all()
    assert whole.max() > 0.99
    first = speech_probabilities(spectra(voice[: 40 * PIECE]))
    np.testing.assert_allclose(whole[:40], first, atol=1e-4)
    assert likelihood(whole) >= whole.mean()


def test_speech_at_the_beginning_is_enough(voice, monkeypatch):
    sizes = []

    def counted(magnitudes):
        sizes.append(len(magnitudes))
        return speech_probabilities(magnitudes)

    monkeypatch.setattr(vad, "speech_probabilities", counted)
    assert heard(voice[: 8 * RATE]).reason == ""
    assert sizes == [8 * RATE // PIECE // vad.FIRST]
    sizes.clear()
    late = np.concatenate((1e-3 * RNG.standard_normal(2 * RATE), voice[: 6 * RATE]))  # none in its first pieces
    assert heard(late).reason == ""
    assert sizes == [8 * RATE // PIECE // vad.FIRST, 8 * RATE // PIECE]


@pytest.mark.parametrize("size", [1, 2, 21, 125])
@pytest.mark.parametrize("percent", [0.0, 50.0, 95.0, 100.0])
def test_a_percentile_is_numpys(size, percent):
    values = RNG.normal(-30, 10, size).astype(np.float32)
    assert vad.percentile(values, percent) == pytest.approx(np.percentile(values, percent), abs=1e-5)


@pytest.mark.parametrize("size", [1, 7, 8, 40, 250])
def test_the_first_pieces_never_make_a_recording_likelier(size):
    whole = RNG.random(size).astype(np.float32)
    for first in range(1, size):
        assert likelihood(whole[:first], size) <= likelihood(whole) + 1e-6


def test_the_file_says_whose_network_it_is():
    weights = files("bonafide") / "weights"
    facts = {prop.key: prop.value for prop in onnx.load_from_string((weights / "vad.onnx").read_bytes()).metadata_props}
    assert "silero-vad" in facts["source"]
    assert facts["license"].startswith("MIT")
    assert "Silero Team" in (weights / "silero_vad.LICENSE").read_text(encoding="utf-8")
