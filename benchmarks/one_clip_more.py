"""What one clip more costs a colleague: ``python benchmarks/one_clip_more.py CORPUS [PARTS]``.

Runs the stages before training by `dvc repro` in an empty clone of the last commit, on the folder CORPUS (human/, ai/
and perhaps clips.csv) less one clip, and shares what they made through a remote. A fresh clone, which has computed
nothing, pulls it, gets the clip and runs them again. Prints the seconds of both, by stage, and how much was done; PARTS
is prepare.parts, else that of params.yaml. Give it a machine of its own: BONAFIDE_WORKERS sets how many processes work
at a time.
"""

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from bonafide.audio.formats import SUFFIXES
from bonafide.files import write_text
from bonafide.pipeline.editing import with_texts

ROOT = Path(__file__).resolve().parents[1]
TARGETS = ("audit", "features")
CORPUS, TABLE = "my-corpus", "clips.csv"
STAGE = re.compile(r"Running stage '([^']+)'")
DONE = re.compile(r"^([^:(]+?)(?: \(\d+ of \d+ parts were known\))?: (\d+) done in")


class Run(NamedTuple):
    """What a run took: seconds of each stage, of all with DVC itself, of computing in all processes; what was done."""

    stages: dict[str, float]
    seconds: float
    computing: float
    done: dict[str, int]


def main(corpus: Path, parts: str) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        cold, warm = measured(Path(folder), corpus, parts)
    print(f"| | cold run | one clip more | ratio |\n|---|{'---:|' * 3}")
    for stage in cold.stages:
        print(row(stage, cold.stages[stage], warm.stages.get(stage, 0.0)))
    print(row("`dvc repro` in all, s", cold.seconds, warm.seconds))
    print(row("computing in all processes, s", cold.computing, warm.computing))
    for what in cold.done:
        print(f"| {what} | {cold.done[what]} | {warm.done.get(what, 0)} | |")


def measured(folder: Path, corpus: Path, parts: str) -> tuple[Run, Run]:
    """Return what the cold run and that of one clip more took, in clones in the empty `folder`."""
    first, second = folder / "first", folder / "second"
    call(folder, "git", "clone", "--quiet", ROOT, first)
    shutil.copytree(corpus, first / CORPUS)
    clip = min(path for path in (first / CORPUS / "human").rglob("*") if path.suffix.lower() in SUFFIXES)
    name = clip.relative_to(first / CORPUS)
    clip.unlink()
    table = first / CORPUS / TABLE
    if table.exists():
        lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
        table.write_text(
            "".join(line for line in lines if not line.startswith(f"{name.as_posix()},")), encoding="utf-8"
        )
    params = first / "params.yaml"
    # Any corpus will do: copies of one sound, and what the packaged network has heard.
    texts = {"audit.on_duplicates": "warn", "start.weights": "none"} | ({"prepare.parts": parts} if parts else {})
    write_text(params, with_texts(params.read_text(), texts, str(params)))
    call(first, "bonafide", "corpus", "track", CORPUS, "--use")
    cold = timed(first)
    call(first, "bonafide", "remote", "set", folder / "remote")
    call(first, "git", "add", "--all")
    call(first, "git", "commit", "--quiet", "--message", "the first run")
    call(first, "bonafide", "remote", "push")

    call(folder, "git", "clone", "--quiet", first, second)
    call(second, "bonafide", "remote", "pull", check=False)  # it names what the stages not run here would have made
    for added in (name, Path(TABLE)):
        if (corpus / added).exists():
            (second / CORPUS / added).unlink(missing_ok=True)
            shutil.copy(corpus / added, second / CORPUS / added)
    call(second, "bonafide", "corpus", "track", CORPUS)
    return cold, timed(second)


def timed(project: Path) -> Run:
    """Run the stages up to `TARGETS` in `project`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    begun: dict[str, float] = {}
    done: dict[str, int] = {}
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "dvc", "repro", *TARGETS], cwd=project, env=environment(project),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            sys.stderr.write(line)
            if stage := STAGE.search(line):
                begun[stage[1]] = time.perf_counter()
            if count := DONE.search(line):
                done[count[1]] = done.get(count[1], 0) + int(count[2])
    if process.returncode:
        sys.exit(f"dvc repro ended with {process.returncode}")
    ended = time.perf_counter()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    ends = [*list(begun.values())[1:], ended]
    stages = {name: end - start for (name, start), end in zip(begun.items(), ends, strict=True)}
    computing = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(stages, ended - started, computing, done)


def call(folder: Path, *command: object, check: bool = True) -> None:
    """Run a command that is not timed."""
    words = [str(word) for word in command]
    if words[0] == "bonafide":
        words[:1] = [sys.executable, "-c", "from bonafide.cli import main; main()"]
    subprocess.run(words, cwd=folder, env=environment(folder), check=check, stdout=sys.stderr)


def environment(project: Path) -> dict[str, str]:
    """Return the environment of somebody who works in the clone `project` and has nothing else."""
    people = {f"GIT_{who}_{what}": "t@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    kept = {name: value for name, value in os.environ.items() if name != "BONAFIDE_STORE"}
    own = {"PYTHONPATH": str(project), "DVC_SITE_CACHE_DIR": f"{project}-dvc", "DVC_NO_ANALYTICS": "1"}
    return {**kept, **people, **own, "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))}


def row(name: str, cold: float, warm: float) -> str:
    """Return a line of the table."""
    return f"| {name} | {cold:.1f} | {warm:.1f} | {warm / cold:.3f} |"


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) == 3 else "")
