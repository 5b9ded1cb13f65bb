"""Training and export as programs: what they print are our own lines, and none of the libraries' below."""

import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("keras", reason="needs Keras: pip install -e '.[pipeline]'")

from bonafide.audio.conditioning import AudioSettings
from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.clips.features import FeatureSettings, feature_part
from bonafide.clips.preparation import prepare_part
from bonafide.corpus.catalog import examine, settle
from bonafide.corpus.readers.folder import read_folder
from bonafide.corpus.table import SPLIT, as_table
from bonafide.pipeline.params import read_section
from bonafide.pipeline.tables import write_table
from bonafide.training.backend import quiet

ROOT = Path(__file__).parents[2]
PARAMS = ROOT / "params.yaml"
TRAINED = r"""(train\.\w+ is not used by the network statistics
)*\d+ crops of 16 clips; \d+ statistics of each
copies that the experts hear \(0: the recordings\): 0
"""
PROGRESS = r"""(taking statistics.*: \d+ of 16, .*\n)*taking statistics of clips and copies: 16 done in .* s
(fitting kernel machines: .*\n)*fitting kernel machines: 1 done in .* s
"""
EXPORTED = r"""\d\.\d+ MB; Keras and ONNX agree to \S+ on 16 dev clips
"""
COMPARED = r"(comparing .*\n)*comparing with Keras on dev clips: 16 done in .* s\n"


@pytest.fixture(scope="module")
def features(small_corpus, tmp_path_factory):
    """A split table of 16 clips that train and 16 that judge, and the features of them all."""
    folder = tmp_path_factory.mktemp("quiet")
    audio = read_section(PARAMS, "audio", AudioSettings)
    rows, _ = settle([examine(small_corpus, row, audio) for row in read_folder(small_corpus)])
    chosen = [row for label in ("human", "ai") for row in [row for row in rows if row["label"] == label][:16]]
    for number, row in enumerate(chosen):
        row["split"] = ("train", "dev")[number % 2]
    write_table(prepare_part((str(small_corpus), chosen), audio), folder / "clips.parquet")
    spectrogram = read_section(PARAMS, "features", SpectrogramSettings)
    part = feature_part([str(folder / "clips.parquet")], FeatureSettings(spectrogram, audio.rate))
    write_table(part, folder / "features" / "part-0000.parquet")
    write_table(as_table(chosen, SPLIT), folder / "split.parquet")
    return folder


def run(stage, *paths, cwd):
    """Run a stage as DVC does, whatever the user's environment says of logs."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    command = [sys.executable, ROOT / "stages" / f"{stage}.py", PARAMS, "split.parquet", "features", *paths]
    environment["PYTHONPATH"] = str(ROOT)
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)


def test_training_and_export_print_our_own_lines_alone(features):
    trained = run("train", "network.keras", "history.csv", cwd=features)
    assert trained.returncode == 0, trained.stderr
    assert re.fullmatch(TRAINED, trained.stdout), trained.stdout
    assert re.fullmatch(PROGRESS, trained.stderr), trained.stderr
    exported = run("export", "network.keras", "network.onnx", cwd=features)
    assert re.fullmatch(EXPORTED, exported.stdout), exported.stderr
    assert re.fullmatch(COMPARED, exported.stderr), exported.stderr


def test_errors_of_libraries_are_shown_all_the_same(caplog):
    with quiet():
        logging.warning("passed over")
        logging.error("broken")
    logging.warning("afterwards")
    assert caplog.messages == ["broken", "afterwards"]
