"""The notebooks run as they are, on the small corpus and on a run with known errors, and git keeps no outputs."""

import json
from pathlib import Path

import nbformat
import pandas as pd
import pytest
import yaml
from nbclient import NotebookClient

from .left_run import FILES, known_scores, leave

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def run(name, **parameters):
    """Run the notebook `name` with other `parameters`, and return all that it shows, as one text."""
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    (cell,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assert all(f"{key} = " in cell.source for key in parameters)
    cell.source += "".join(
        f"\n{key} = {(str(value) if isinstance(value, Path) else value)!r}" for key, value in parameters.items()
    )
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(FOLDER)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "stream"]  # no warning either
    return "\n".join(output["data"].get("text/html", "") for output in outputs)


def test_a_corpus_can_be_seen_and_heard(small_corpus):
    shown = run("explore-a-corpus", CORPUS=small_corpus.resolve())
    sources = [len([each for each in (small_corpus / label).iterdir() if each.is_dir()]) for label in ("human", "ai")]
    chains = len(yaml.safe_load((FOLDER.parent / "params.yaml").read_text())["augment"]["chains"])
    assert shown.count("<img ") == shown.count("<audio ") == sum(min(4, each) for each in sources) + chains + 1
    assert "engine-espeak" in shown
    assert "Line" in shown


def test_a_run_can_be_read_and_its_errors_heard(tmp_path):
    leave(tmp_path, known_scores())
    assert {"scores.parquet", "details.json", "intervals.json", "slices.csv", "clips"} <= set(FILES)
    shown = run("read-a-run", METRICS=tmp_path, CLIPS=tmp_path / "clips")
    assert shown.count("<audio ") == 4 * 4
    assert "hifigan" in shown
    assert "0.250000" in shown  # fnr


@pytest.mark.slow  # two networks
def test_a_detector_can_be_adapted_to_own_clips_and_says_whether_that_helped(small_corpus, tmp_path):
    quick = {"augment.copies": 0, "train.cnn.epochs": 1, "evaluate.replicates": 50}
    shown = run("adapt-to-own-clips", CORPUS=small_corpus.resolve(), WORK=tmp_path, SETTINGS=quick)
    split = pd.read_parquet(tmp_path / "split.parquet")
    assert all(f"<td>{count}</td>" in shown for count in split.groupby(["split", "label"]).size())
    assert "of the packaged detector on the same clips: a difference of" in shown
    assert [shown.count(f">{name}</th>") >= 1 for name in ("packaged", "adapted", "from scratch")] == [True] * 3
    assert "human, put right" in shown and "ai, wrong" in shown


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_in_git_has_no_outputs(path):
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert cells
    assert not [cell["id"] for cell in cells if cell["outputs"] or cell["execution_count"] is not None]
