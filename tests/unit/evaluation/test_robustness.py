"""What services' codecs do to a clip, and what the table of the sweep says of the scores."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from bonafide.audio.conditioning import quantize, to_flac
from bonafide.clips.delivery import DELIVERIES, M4A, MP3, OPUS, Delivery, through_delivery
from bonafide.detection.choice import packaged_model
from bonafide.evaluation.robustness import RobustnessSettings, codec_of, conditions, sweep, sweep_codecs, table
from bonafide.pipeline.tables import write_table

RATE = 16000
SETTINGS = RobustnessSettings(clips=10, replicates=20, seed=1)


@pytest.mark.parametrize("delivery", [*DELIVERIES.values(), Delivery(OPUS, 24000, 12), Delivery(M4A, 48000, 32)])
def test_what_a_service_delivers_is_the_same_voice_and_not_the_same_sound(voice, delivery):
    samples = voice[: 3 * RATE].astype(np.float32)
    heard = through_delivery(samples, RATE, delivery)
    assert heard.dtype == np.float32 and 0 <= heard.size - samples.size < 2 * 1024 / 44100 * RATE
    assert not np.array_equal(heard[: samples.size], samples)
    loud = [np.convolve(np.square(one), np.ones(RATE // 10), "same") for one in (heard[: samples.size], samples)]
    assert np.corrcoef(loud)[0, 1] > 0.9


def test_a_delivery_is_coded_at_its_own_rate(voice):
    """At 8 kHz nothing above 4 kHz is carried; at 24 kHz all is that a clip of 16 kHz has."""
    samples = voice[: 3 * RATE].astype(np.float32)
    high = []
    for rate in (8000, 24000):
        spectrum = np.abs(np.fft.rfft(through_delivery(samples, RATE, Delivery(MP3, rate, 48)))) ** 2
        high.append(spectrum[np.fft.rfftfreq(2 * spectrum.size - 2, 1 / RATE)[: spectrum.size] > 4500].sum())
    assert high[0] < 0.01 * high[1]


def test_the_sweep_has_what_services_deliver():
    codecs = [name for name, (group, _) in conditions().items() if group == "codec"]
    assert {"MP3 24 kHz 48 kbit/s", "Opus 24 kbit/s", "Opus 32 kbit/s", "AAC 64 kbit/s in M4A"} <= set(codecs)


def test_each_row_says_how_far_the_condition_moves_each_class():
    clips = [f"{label}{number}" for label in ("human", "ai") for number in range(4)]
    labels = [clip.rstrip("0123") for clip in clips]
    rows = pd.DataFrame({"clip": clips, "label": labels, "speaker": clips, "generator": clips})
    clean = np.array([1.0, 2.0, 3.0, 4.0, -1.0, -2.0, -3.0, -4.0])
    moved = np.where(rows["label"] == "human", clean + 0.5, clean + 3.0)
    moved[0] = np.nan  # refused in this condition: it counts in neither
    scored = pd.concat(
        [rows[["clip"]].assign(condition=name, llr=llr) for name, llr in (("clean", clean), ("GSM", moved))]
    )
    by_name = table(scored, rows, 0.0, SETTINGS).set_index("condition")
    assert by_name.loc["clean", ["shift_human", "shift_ai"]].tolist() == [0.0, 0.0]
    assert by_name.loc["GSM", ["shift_human", "shift_ai"]].tolist() == pytest.approx([0.5, 3.0])


def test_a_clip_goes_through_the_codec_that_its_name_and_the_seed_draw():
    names = [f"clip{number}" for number in range(400)]
    drawn = [codec_of(name, 1) for name in names]
    assert drawn == [codec_of(name, 1) for name in names] != [codec_of(name, 2) for name in names]
    counts = pd.Series(drawn).value_counts()
    assert set(counts.index) == {name for name, (group, _) in conditions().items() if group == "codec"}
    assert counts.min() > 20


def test_each_clip_is_scored_through_its_codec_alone(tmp_path, voice):
    model = tmp_path / "model.onnx"
    model.write_bytes(packaged_model())
    samples = [voice[start * RATE : (start + 3) * RATE] for start in (0, 1)]
    audio = [{"bytes": to_flac(quantize(each), RATE), "path": ""} for each in samples]
    write_table(pa.table({"clip": ["a", "b"], "audio": audio}), tmp_path / "clips" / "part-0000.parquet")
    scored = sweep_codecs(model, tmp_path / "clips", pd.DataFrame({"clip": ["a", "b"]}), 3)
    assert dict(zip(scored["clip"], scored["condition"], strict=True)) == {name: codec_of(name, 3) for name in "ab"}
    everything = sweep(model, tmp_path / "clips", pd.DataFrame({"clip": ["a"]})).set_index("condition")["llr"]
    assert scored["llr"][0] == everything[codec_of("a", 3)] != everything["clean"]
    assert everything.index.tolist() == list(conditions())
