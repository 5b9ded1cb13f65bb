"""Which state of the code and of the settings a report was made with."""

import hashlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CODE = ("bonafide", "stages", "dvc.yaml", "params.yaml")  # results change with these, and with no other file of git's


@dataclass(frozen=True)
class Revision:
    """The last commit that changed the code or the settings.

    Attributes
    ----------
    commit : str
        Its hash; empty where git does not know the folder.
    date : str
        Of the commit, such as "2026-11-26".
    changed : bool
        Whether there were changes that are not in it.
    """

    commit: str = ""
    date: str = ""
    changed: bool = False

    @property
    def text(self) -> str:
        """The revision in words."""
        if not self.commit:
            return "not known: the folder is not under git"
        return f"{self.commit} of {self.date}" + (", with changes that are not in it" if self.changed else "")


def revision_of(folder: Path) -> Revision:
    """Return the revision of the project in `folder`.

    It is that of the code and not of the moment, so that a clone makes the same page, byte for byte, when it runs.
    """
    last = _git(folder, "log", "-1", "--format=%H %cs", "--", *CODE).split()
    if not last:
        return Revision()
    commit, date = last
    return Revision(commit, date, bool(_git(folder, "status", "--porcelain", "--", *CODE)))


def settings_hash(settings: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the sections of params.yaml that a report shows, however the file is written."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def _git(folder: Path, *arguments: str) -> str:
    try:
        return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
