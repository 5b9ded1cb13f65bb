"""Files as people have them, from public bug reports: each is heard whole, or says what was not heard."""

import csv
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from bonafide.audio.conditioning import AudioSettings
from bonafide.corpus.measuring import measured
from bonafide.detection.detector import Detector
from bonafide.pipeline.params import read_section

pytest.importorskip("av", reason="needs PyAV: pip install -e '.[media]'")
ROOT = Path(__file__).parents[2]
CASES = ROOT.parent / "shared" / "cases"
OTHERS = ("e_concat_tts.mp3", "f_chained.ogg")  # beside the crashing one in a run
FRAME = 0.15  # seconds: an encoder's padding, and a packet that is cut

SAME_SCORE = ("01_recordrtc_riffsize_plus8.wav", "04_zero_sizes_riff36.wav")
SECONDS = {
    "base.wav": (4.0,),
    "01_recordrtc_riffsize_plus8.wav": (4.0,),
    "04_zero_sizes_riff36.wav": (4.0,),
    "08b_streamed_long.flac": (12.0,),
    "e_concat_tts.mp3": (12.0,),
    "o_human_then_ai.mp3": (16.0,),
    "e_vbr_noxing.mp3": (4.0,),
    "f_chained.ogg": (12.0,),
    "g_adts_long.aac": (12.0,),
    "g_adts_partial_last.aac": (4.0,),
    "h_apac_first.mp4": (4.0,),
    "h_two_human_ai.mp4": (4.0,),
    "i_antiphase.wav": (4.0,),
    "i_call_human_left_ai_right.wav": (12.0,),
    "j_sil5min.flac": (312.0,),
    "n_gap.m4a": (4.0, 7.0),
    "n_xing_plus1.mp3": (4.0,),
    "e_midcorrupt.mp3": (4.0,),
}


@pytest.fixture(scope="module")
def audio_settings():
    return read_section(ROOT / "params.yaml", "audio", AudioSettings)


@pytest.fixture(scope="module")
def cases():
    if not CASES.is_dir():
        pytest.skip(f"the recordings in {CASES} are not on this machine")
    return CASES


@pytest.fixture(scope="module")
def results(cases):
    files = [cases / row["file"] for row in csv.DictReader((cases / "cases.csv").open())]
    return {path.name: result for path, result in Detector().predict_many(files)}


def test_every_case_has_its_expectation(cases):
    names = {path.name for path in cases.iterdir()} - {"cases.csv"}
    assert names == {*SECONDS, "g_noaudio.mp4", "i_8ch.mov", "l_concat.wav"}


@pytest.mark.parametrize("name", SECONDS)
def test_it_is_heard_whole_by_the_detector(results, name):
    result = results[name]
    assert any(abs(result.seconds - seconds) <= FRAME for seconds in SECONDS[name])
    assert result.llr is not None
    assert "cut short" not in result.reason + result.note


@pytest.mark.parametrize("name", SECONDS)
def test_it_is_heard_whole_by_the_pipeline(cases, audio_settings, name):
    _, facts = measured(cases, name, audio_settings)
    if name == "j_sil5min.flac":
        assert facts.reason == "the recording is silent in its first 60 s"
        return
    assert facts.reason == ""
    assert any(abs(facts.seconds - seconds) <= FRAME for seconds in SECONDS[name])


@pytest.mark.parametrize("name", SAME_SCORE)
def test_a_wrong_size_changes_no_score(results, name):
    assert results[name].llr == results["base.wav"].llr


def test_human_and_then_ai_is_not_human(results):
    assert results["o_human_then_ai.mp3"].verdict in ("mixed", "ai")


def test_what_was_not_heard_is_told(results):
    assert results["h_apac_first.mp4"].note == "one of 2 sound tracks was heard, number 2"
    assert results["h_two_human_ai.mp4"].note == "2 of 2 sound tracks were heard as its channels: numbers 1, 2"
    assert results["e_midcorrupt.mp3"].note == "the file is damaged at 1.5 s"
    assert results["i_antiphase.wav"].note == "its channels cancel out: number 1 was heard alone"
    assert results["i_antiphase.wav"].llr == results["base.wav"].llr


@pytest.mark.parametrize("name", ["i_call_human_left_ai_right.wav", "h_two_human_ai.mp4"])
def test_each_person_of_a_call_has_a_verdict(results, name):
    call = results[name]
    assert [(channel.number, channel.verdict) for channel in call.channels] == [(1, "human"), (2, "ai")]
    assert call.verdict == "mixed"
    assert call.reason == "channel 1: human; channel 2: ai"


def test_a_call_may_be_mixed_and_says_so(cases):
    call = Detector().predict(cases / "i_call_human_left_ai_right.wav", channels="mix")
    assert call.note == "its channels carry different voices, which were mixed"
    assert not call.channels


def test_true_reasons(results):
    assert results["g_noaudio.mp4"].reason == "it has no sound track"
    assert results["l_concat.wav"].reason.startswith("not audio")


def test_a_file_that_crashes_the_decoder_is_a_reject_of_the_catalog(cases, audio_settings):
    stamp, facts = measured(cases, "i_8ch.mov", audio_settings)
    assert facts.reason or facts.seconds == pytest.approx(4, abs=FRAME)
    assert stamp is not None
    assert measured(cases, "base.wav", audio_settings)[1].reason == ""


def test_a_file_that_crashes_the_decoder_costs_itself_alone(cases):
    names = [OTHERS[0], "i_8ch.mov", OTHERS[1]]
    code = "import sys; from bonafide.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "detect", "--json", *(str(cases / name) for name in names)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    said = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [Path(each["path"]).name for each in said] == names
    assert said[0]["llr"] is not None
    assert said[2]["llr"] is not None
    assert said[1]["reason"] or math.isfinite(said[1]["llr"])
    assert ran.returncode in (0, 1)
