"""Projects in folders of their own, whose stages run as dvc.yaml has them, and what a command costs."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bonafide.files import write_text
from bonafide.pipeline.editing import with_texts
from bonafide.pipeline.presets import apply

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = re.compile(r"\$\{([\w.]+)\}")  # of a stage's command to params.yaml


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds by the clock and of processors, gigabytes of its largest process at most."""

    seconds: float
    cpu: float
    peak: float


def make_project(project: Path, corpus: Path, preset: str = "", settings: Mapping[str, str] | None = None) -> None:
    """Make the empty folder `project` one with the corpus elsewhere, nothing kept from before, and other `settings`.

    Settings are YAML texts by dotted key, and come after those of the preset.
    """
    for each in ("stages", "bonafide"):
        (project / each).symlink_to(ROOT / each)
    params = project / "params.yaml"
    params.write_bytes((ROOT / "params.yaml").read_bytes())
    if preset:
        apply(preset, ROOT / "presets", params)
    texts = {"corpus.root": f"'{corpus.resolve()}'", **(settings or {})}
    write_text(params, with_texts(params.read_text(encoding="utf-8"), texts, str(params)))


def commands(project: Path) -> dict[str, list[str]]:
    """Return what DVC would run for each stage, by name."""
    sections = yaml.safe_load((project / "params.yaml").read_text(encoding="utf-8"))
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    words = {stage: facts["cmd"].split()[1:] for stage, facts in stages.items()}
    return {
        stage: [sys.executable, *(_filled(word.strip("'"), sections) for word in each)] for stage, each in words.items()
    }


def run(command: Sequence[str], project: Path) -> Cost:
    """Run `command` in the folder `project`, with a part store of its own there, and return what it took.

    Raises
    ------
    SystemExit
        When it does not end well.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BONAFIDE_STORE": str(project / "parts")}
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=project, env=environment, stdout=sys.stderr)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e6)


def _filled(word: str, sections: dict[str, Any]) -> str:
    """Return a word of a stage's command with what it takes from params.yaml."""

    def value(match: re.Match[str]) -> str:
        section: Any = sections
        for key in match[1].split("."):
            section = section[key]
        return str(section)

    return REFERENCE.sub(value, word)
