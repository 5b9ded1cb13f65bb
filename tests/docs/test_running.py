"""Every command in the blocks of README and docs runs, here or in the test that the table names.

What is light runs for real, block by block, in a folder that has what the reader would have. A command that is new in
docs runs here by itself, or is put into the table with what runs it.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
import yaml

from bonafide.cli import main
from bonafide.corpus.catalog import CorpusSettings
from bonafide.detection.choice import packaged_model
from bonafide.pipeline.params import read_section

from ..service.serving import Service
from .blocks import PAGES, ROOT, blocks_of, sh_blocks

RUN_HERE = ("bonafide", "curl", "git", "sed")
FOLDS, REPRO = "tests/pipeline/test_folds.py", "tests/pipeline/test_repro.py"
CLUSTER, CLUSTER_FILES = "tests/dask_cluster.py", "tests/unit/pipeline/test_cluster_files.py"
ELSEWHERE = {  # a command, or how it begins: the file and what stands in it
    "make demo": (REPRO, "def test_the_first_run_runs_every_stage"),
    "make test": (".ci/run", "make test"),
    "pip install .": ("Makefile", '$(PIP_INSTALL) -e ".[pipeline,demo]"'),
    "pip install '.[service]'": ("Makefile", '".[pipeline,demo,service,dev]"'),
    "pip install -e '.[search]'": ("pyproject.toml", '    "optuna",'),
    ". .venv/bin/activate": ("tools/make-venv", "-m venv .venv"),
    "dvc repro": (REPRO, "def test_the_first_run_runs_every_stage"),
    "dvc metrics diff main": ("tests/pipeline/test_metrics_diff.py", '"metrics", "diff", "main"'),
    "dvc plots diff main": ("tests/pipeline/test_plots.py", '"plots", "diff", "main"'),
    "python stages/demo.py params.yaml data/corpus/packages": ("tests/unit/demo/test_plan.py", '"presets" / "packages'),
    "bonafide corpus track": ("tests/team/conftest.py", '"corpus", "track"'),
    "pip install -e '.[pipeline,cluster]'": ("pyproject.toml", 'cluster = ["distributed"]'),
    "pip install asyncssh && python docs/clusters/ssh.py node1 node2 node3": (CLUSTER_FILES, "ssh.py"),
    "pip install dask-jobqueue && python docs/clusters/slurm.py": (CLUSTER_FILES, "slurm.py"),
    "kubectl apply -f docs/clusters/kubernetes.yaml": (CLUSTER_FILES, "kubernetes.yaml"),
    "dask scheduler": (CLUSTER, '"scheduler", *options'),
    "dask worker": (CLUSTER, '"worker", self.place'),
    "BONAFIDE_EXECUTOR=dask://HOST:8786 dvc repro": (CLUSTER, "dask://"),
    "BONAFIDE_EXECUTOR=dask+tls://HOST:8786 dvc repro": (CLUSTER, "dask+tls"),
    "BONAFIDE_EXECUTOR=dask://HOST:8786 bonafide detect /mnt/recordings --out results.csv --resume": (
        "tests/service/test_cluster_detection.py",
        "executor=one.address",
    ),
    "ffmpeg": ("tests/service/test_live_command.py", "def test_raw_floats_and_wav_from_a_pipe_are_heard_alike"),
    "bonafide serve": ("tests/service/serving.py", '"serve", "--port"'),
    "bonafide corpus stats FOLDER --page c.html": ("tests/unit/audit/test_glance.py", 'page=tmp_path / "page.html"'),
    "bonafide corpus sample OUT --clips 200 --from FOLDER": ("tests/unit/corpus/test_writers.py", "sample("),
    "bonafide corpus export OUT --as hf --from FOLDER": ("tests/unit/corpus/test_writers.py", "export("),
    "bonafide corpus fetch MANIFEST OUT": ("tests/data/test_fetching.py", "def test_the_command_shows_licences"),
    "bonafide generate": ("tests/unit/test_cli.py", "def test_generate_needs_nothing_but_an_engine"),
    "bonafide folds": (FOLDS, "def test_every_source_and_every_clip_is_tested_once"),
    "bonafide search": ("tests/pipeline/test_search.py", "def test_the_trials_are_listed_and_none_is_done_twice"),
}
OPEN_ENDED = (  # with whatever options
    "dask scheduler", "dask worker", "ffmpeg", "bonafide corpus track", "bonafide folds", "bonafide generate",
    "bonafide search",
)  # fmt: skip
TEAM = "tests/team/test_documented.py"
WHOLE = {  # blocks that a test takes out of docs and runs, by their first line
    "git checkout --ours -- my-corpus.dvc dvc.lock && bonafide remote pull": (
        "tests/team/test_remotes.py",
        "merge_by_the_documented_steps",
    ),
    "bonafide corpus track my-corpus --use": (TEAM, 'block_with("# Ben\\n")'),
    "dvc import-url /mnt/corpus my-corpus": (TEAM, 'block_with("dvc import-url /mnt/corpus")'),
    "dvc remote add corpora s3://corpora": (TEAM, 'block_with("remote://")'),
    "dvc update my-corpus.dvc": (TEAM, 'block_with("dvc update")'),
    "dvc exp run --name more-dropout -S train.cnn.dropout=0.5": (TEAM, 'block_with("dvc exp show")'),
}
BLOCKS = [block for block in sh_blocks() if next(iter(block.lines), "") not in WHOLE]


def elsewhere(line):
    """Return the key of the table that a command falls under, or nothing."""
    return line if line in ELSEWHERE else next((start for start in OPEN_ENDED if line.startswith(f"{start} ")), None)


@pytest.fixture
def reader(tmp_path, small_corpus, monkeypatch):
    """The folder of somebody who follows the docs: recordings, a corpus, a trained detector, settings under git."""
    (tmp_path / "recordings").mkdir()
    clip = sorted((small_corpus / "human").rglob("*.*"))[0]
    samples, rate = soundfile.read(clip)
    for name in ("call.mp3", "a.wav", "b.flac", "recordings/a.flac"):
        soundfile.write(tmp_path / name, samples, rate)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "bonafide.onnx").write_bytes(packaged_model())
    shutil.copy2(ROOT / "params.yaml", tmp_path)
    shutil.copytree(ROOT / "presets", tmp_path / "presets")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.delenv("BONAFIDE_MODEL")
    monkeypatch.chdir(tmp_path)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "reader")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "reader@example.org")
    bash("git init --quiet && git add params.yaml && git commit --quiet --message first")
    return tmp_path


@pytest.fixture
def corpora(reader, small_corpus):
    """Corpora where the docs have them; copies, as some commands write into them."""
    for name in ("my-corpus", "FOLDER", "data/demo"):
        shutil.copytree(small_corpus, reader / name)


def bash(line):
    """Run a line by bash, with a `bonafide` that is this checkout's, and return what it printed."""
    shim = f"bonafide() {{ '{sys.executable}' -c 'from bonafide.cli import main; main()' \"$@\"; }}; export -f bonafide"
    done = subprocess.run(
        ["bash", "-ec", f"{shim}\n{line}"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, f"{line}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def inside(line, monkeypatch):
    """Run a plain `bonafide` command in this process, which has loaded all that it needs."""
    words = subprocess.run(["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, text=True).stdout
    monkeypatch.setattr(sys, "argv", words.split("\0")[:-1])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code in (0, None), line


def run(line, monkeypatch, service):
    """Run a line, and hold it to what it writes; `service` starts one where it is asked."""
    assert line.split()[0] in RUN_HERE, f"{line!r} is new in docs: name in ELSEWHERE what runs it"
    settings = Path("params.yaml").read_text()
    if line.startswith("bonafide ") and not set(line) & set("<>|&"):
        inside(line, monkeypatch)
    elif line.startswith("curl "):
        answer = json.loads(bash(line.replace("http://127.0.0.1:8000/", service().url)))
        results = [each["result"] for each in answer["results"]] if "results" in answer else [answer]
        assert len(results) == max(1, line.count("-F ")) and all(each["verdict"] for each in results)
    else:
        bash(line)
    words = line.split()
    written = [words[at + 1] for at, word in enumerate(words) if word in ("-o", "--out")]
    assert all(Path(each).exists() for each in written)
    if words[0] == "sed":
        assert Path("params.yaml").read_text() != settings, f"{line} changes nothing"


@pytest.fixture(scope="module")
def serving():
    with Service("--workers", 1) as service:
        yield service


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_a_block_runs(block, reader, request, monkeypatch):
    lines = [line for line in block.lines if not elsewhere(line)]
    if any(name in line for line in lines for name in ("my-corpus", "FOLDER", "data/demo")):
        request.getfixturevalue("corpora")
    for line in lines:
        run(line, monkeypatch, lambda: request.getfixturevalue("serving"))


@pytest.mark.parametrize("line", [*ELSEWHERE, *WHOLE])
def test_what_runs_elsewhere_is_run_there(line):
    file, words = {**ELSEWHERE, **WHOLE}[line]
    assert words in (ROOT / file).read_text(encoding="utf-8")
    in_docs = [each for block in sh_blocks() for each in block.lines]
    assert any(each == line or elsewhere(each) == line for each in in_docs), "no longer in docs"


def test_a_command_that_nobody_runs_is_seen(reader, monkeypatch):
    with pytest.raises(AssertionError, match="is new in docs"):
        run("docker run bonafide", monkeypatch, None)
    with pytest.raises(AssertionError, match="changes nothing"):
        run("sed -i 's/no such setting/x/' params.yaml", monkeypatch, None)


@pytest.mark.parametrize(
    "block",
    [block for page in PAGES for block in blocks_of(page) if block.language == "python"],
    ids=lambda block: block.name,
)
def test_python_in_docs_runs(block, reader):
    exec(compile(block.text, block.name, "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize(
    "block",
    [block for page in PAGES for block in blocks_of(page) if block.language in ("yaml", "yml")],
    ids=lambda block: block.name,
)
def test_settings_in_docs_are_settings(block, reader):
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    for section, values in yaml.safe_load(block.text).items():
        Path("params.yaml").write_text(yaml.safe_dump({**params, section: {**params[section], **values}}))
        read_section(Path("params.yaml"), section, {"corpus": CorpusSettings}[section])
