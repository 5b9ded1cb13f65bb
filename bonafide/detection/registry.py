"""Detectors of other repositories: ``REPO@TAG`` is what the pipeline in the git repository REPO had made at TAG.

DVC fetches it, from the remote of that repository, once: a tag is taken to stay where it is, and what was fetched
answers without a network. The tags of GTO (``detector@v1.2.0``), by which DVC Studio names versions, are tags as well.
"""

import hashlib
import os
import re
import subprocess
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from bonafide.errors import UserError
from bonafide.files import write_whole

# The name before the version is GTO's; a tag has no colon, so that git@host:team/repository alone is none.
WRITTEN = re.compile(r"(?P<repository>[^-].*?)@(?P<tag>(?:[\w-]+@)?[^@:\s]+)")
MODEL = "models/bonafide.onnx"  # where the pipeline has it
INSTALL = "pip install dvc (with dvc-s3, dvc-ssh, dvc-gs or dvc-azure, as its remote needs)"


def located(model: str) -> Path:
    """Return the path of the detector `model`: itself, or where that of ``REPO@TAG`` is kept, which may fetch it.

    Raises
    ------
    UserError
        When it cannot be fetched.
    """
    written = WRITTEN.fullmatch(model)
    if written is None or os.path.lexists(model):
        return Path(model)
    repository, tag = written["repository"], written["tag"]
    if Path(repository).is_dir():
        repository = str(Path(repository).absolute())
    try:
        place = _kept() / _name(repository, tag)
        if not place.exists():
            write_whole(place, partial(_fetch, model, repository, tag))
    except (OSError, RuntimeError) as error:  # a service has no home
        raise UserError(f"{model} cannot be kept: {error}; name a folder for it in XDG_CACHE_HOME") from None
    return place


def _fetch(model: str, repository: str, tag: str, out: Path) -> None:
    if find_spec("dvc") is None:
        raise UserError(f"{model} is fetched by DVC, which is not installed: {INSTALL}")
    command = [sys.executable, "-m", "dvc", "get", "--rev", tag, "--out", str(out), repository, MODEL]
    done = subprocess.run(command, capture_output=True, text=True, cwd=out.parent, check=False)
    if done.returncode or not out.is_file():
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["it said nothing"]
        reason = next((line for line in lines if line.startswith("ERROR: ")), lines[-1]).removeprefix("ERROR: ")
        raise UserError(f"{model} cannot be fetched: {reason}")


def _kept() -> Path:
    home = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(home) if home else Path.home() / ".cache") / "bonafide" / "detectors"


def _name(repository: str, tag: str) -> str:
    """Return a file name that people can read and that no other repository or tag has."""
    short = re.sub(r"[^\w.@-]+", "-", f"{repository.rstrip('/').rpartition('/')[2].removesuffix('.git')}@{tag}")
    return f"{short}-{hashlib.sha256(f'{repository} {tag}'.encode()).hexdigest()[:8]}.onnx"
