"""The plots of dvc.yaml as `dvc plots show` draws them, in a browser that is offline."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from bonafide.evaluation.curves import points_of
from bonafide.evaluation.metrics import EvaluateSettings
from bonafide.files import write_text

from ..service.browser import CHROMIUM, Browser
from .conftest import Project

ROOT = Path(__file__).parents[2]
PLOTS = [next(iter(plot.items())) for plot in yaml.safe_load((ROOT / "dvc.yaml").read_text())["plots"]]
HEAD = "epoch,loss,dev_loss,dev_auc,dev_eer\n"
ONE, TWO = "1,0.6,0.7,0.6,0.4\n", "2,0.5,0.6,0.7,0.3\n"

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt-get install chromium")


def points():
    rng = np.random.default_rng(1)
    human = np.arange(200) < 100
    names = np.array([f"voice{n % 20}" for n in range(200)])
    scores = pd.DataFrame(
        {
            "llr": rng.normal(np.where(human, 1, -1)),
            "label": np.where(human, "human", "ai"),
            "speaker": np.where(human, names, ""),
            "generator": np.where(human, "", names),
        }
    )
    return points_of(scores, 0.0, EvaluateSettings(replicates=20, seed=1, small_slice=20))


def plotted(tmp_path, history):
    """Return a project with the data of all plots, where `history` is that of the training."""
    project = Project(tmp_path / "project", tmp_path / "site")
    project.root.mkdir()
    shutil.copy(ROOT / "dvc.yaml", project.root)
    shutil.copy(ROOT / "params.yaml", project.root)
    shutil.copytree(ROOT / ".dvc" / "plots", project.root / ".dvc" / "plots")
    for name in ("page.html", "config"):
        shutil.copy(ROOT / ".dvc" / name, project.root / ".dvc")
    for name, each in points().items():
        write_text(project.root / "metrics" / "plots" / f"{name}.csv", each.to_csv(index=False))
    (project.root / "metrics" / "history.csv").write_text(history)
    project.git("init", "--quiet", "--initial-branch", "main")
    return project


@needs_browser
@pytest.mark.parametrize(
    ("history", "drawn"),
    [
        pytest.param(HEAD + ONE, 5, id="no epochs"),
        pytest.param(HEAD + ONE + TWO, 7, id="epochs", marks=pytest.mark.slow),
    ],
)
def test_every_plot_is_drawn_and_none_is_empty(history, drawn, tmp_path):
    plotted(tmp_path, history).dvc("plots", "show", "--out", tmp_path / "shown")
    page = tmp_path / "shown" / "index.html"
    with Browser(tmp_path / "profile") as browser:
        browser.screen(1200, 900)
        browser.open(page.as_uri())
        browser.wait(f"document.querySelectorAll('canvas').length === {drawn}")
        heights = browser.js("[...document.querySelectorAll('canvas')].map(each => each.clientHeight)")
        assert min(heights) > 200
        assert not browser.complaints()


def test_the_curves_of_two_versions_lie_on_one_page(tmp_path):
    project = plotted(tmp_path, HEAD + ONE)
    project.commit("first")
    for path in (project.root / "metrics" / "plots").glob("*.csv"):
        path.write_text(path.read_text().replace("0.5", "0.6"))
    project.dvc("plots", "diff", "main", "--out", tmp_path / "both")
    page = (tmp_path / "both" / "index.html").read_text()
    assert {"main", "workspace"} <= set(re.findall(r'"rev": "(\w+)"', page))


@pytest.mark.parametrize(("name", "plot"), PLOTS, ids=[name for name, _ in PLOTS])
def test_a_plot_tells_revisions_apart_without_colour(name, plot):
    template = (ROOT / ".dvc" / "plots" / f"{plot['template']}.json").read_text()
    spec = json.loads(template)
    by_rev = [channel for channel, encoding in channels(spec) if encoding.get("field") == "rev"]
    assert {"strokeDash", "shape", "column"} & set(by_rev), name


@pytest.mark.parametrize(("name", "plot"), PLOTS, ids=[name for name, _ in PLOTS])
def test_what_a_plot_draws_is_in_its_file(name, plot):
    made = points() | {"history": pd.DataFrame(columns=HEAD.strip().split(","))}
    for file, fields in plot["y"].items():
        columns = set(made[Path(file).stem].columns)
        fields = [fields] if isinstance(fields, str) else fields
        template = (ROOT / ".dvc" / "plots" / f"{plot['template']}.json").read_text()
        beside = {each for each in ("tpr_low", "tpr_high", "observed_low", "observed_high") if each in template}
        assert {plot["x"], *fields, *beside} <= columns


def channels(spec):
    """Yield the encodings of a template, wherever in it, by channel."""
    if isinstance(spec, dict):
        for key, value in spec.items():
            if key in ("encoding", "facet"):
                yield from value.items()
            yield from channels(value)
    elif isinstance(spec, list):
        for each in spec:
            yield from channels(each)
