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
from bonafide.clips.features import feature_part, read_features
from bonafide.clips.preparation import prepare_part
from bonafide.corpus.catalog import examine, settle
from bonafide.corpus.readers.folder import read_folder
from bonafide.corpus.table import SPLIT, as_table
from bonafide.pipeline.editing import with_texts
from bonafide.pipeline.params import read_section
from bonafide.pipeline.tables import write_table
from bonafide.training.backend import quiet

ROOT = Path(__file__).parents[2]
PARAMS = ROOT / "params.yaml"
SAID = (
    r"train\.\w+ is not used by the network \w+",
    r"cnn '\w+': [\d,]+ parameters",
    r"epoch \d+ of \d+: loss .*",
    r"\d+ crops( of \d+ clips)?; \d+ statistics of each",
    r"copies that the experts hear .*",
    r"\d\.\d+ MB; Keras and ONNX agree to \S+ on 16 dev clips",
)
SHOWN = (  # on stderr: how far it is
    r"(taking statistics of clips and copies|fitting kernel machines|fitting dense layers, epochs"
    r"|epoch \d+ of \d+, batches|asking Keras of dev clips|comparing with Keras on dev clips)"
    r": (\d+ of \d+, .*|\d+ done in .*)",
)


@pytest.fixture(scope="module")
def features(small_corpus, tmp_path_factory):
    """A split table of 16 clips that train and 16 that judge, and the features of them all."""
    folder = tmp_path_factory.mktemp("quiet")
    audio = read_section(PARAMS, "audio", AudioSettings)
    rows, _ = settle([examine(small_corpus, row, audio) for row in read_folder(small_corpus)])
    chosen = [row for label in ("human", "ai") for row in [row for row in rows if row["label"] == label][:16]]
    for number, row in enumerate(chosen):
        row["split"] = ("train", "dev")[number % 2]
    write_table(prepare_part((str(small_corpus), chosen), audio), folder / "clips" / "part-0000.parquet")
    part = feature_part([str(folder / "clips" / "part-0000.parquet")], read_features(PARAMS))
    write_table(part, folder / "features" / "part-0000.parquet")
    write_table(as_table(chosen, SPLIT), folder / "split.parquet")
    small = with_texts(
        PARAMS.read_text(encoding="utf-8"), {"train.cnn.batch_size": "8", "train.cnn.epochs": "2"}, "this test"
    )
    (folder / "params.yaml").write_text(small, encoding="utf-8")
    return folder


def run(stage, *paths, cwd):
    """Run a stage as DVC does, whatever the user's environment says of logs."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    command = [sys.executable, ROOT / "stages" / f"{stage}.py", "params.yaml", "split.parquet", *paths]
    environment["PYTHONPATH"] = str(ROOT)
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)


def others(text, patterns):
    """Return the lines of a text that are none of ours."""
    return [line for line in text.splitlines() if not any(re.fullmatch(pattern, line) for pattern in patterns)]


@pytest.mark.slow  # two programs that start TensorFlow
def test_training_and_export_print_our_own_lines_alone(features):
    train, export = ["features", "network.keras", "history.csv"], ["clips", "network.keras", "network.onnx"]
    for stage, paths in (("train", train), ("export", export)):
        done = run(stage, *paths, cwd=features)
        assert done.returncode == 0, done.stderr
        assert done.stdout and done.stderr
        assert (others(done.stdout, SAID), others(done.stderr, SHOWN)) == ([], [])


def test_errors_of_libraries_are_shown_all_the_same(caplog):
    with quiet():
        logging.warning("passed over")
        logging.error("broken")
    logging.warning("afterwards")
    assert caplog.messages == ["broken", "afterwards"]
