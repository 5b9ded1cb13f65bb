"""Where the numbers come from: the split, the files that were left out, versions."""

import platform
from importlib import metadata
from typing import Any

import pandas as pd
import yaml

from bonafide import __version__
from bonafide.report.run import Run
from bonafide.text import printable

LABELS = {"human": "human", "ai": "AI"}
SIDES = ("train", "dev", "test", "dropped", "apart")
PACKAGES = (
    "audiomentations",
    "dvc",
    "keras",
    "librosa",
    "numpy",
    "onnx",
    "onnxruntime",
    "pandas",
    "pyarrow",
    "scikit-learn",
    "scipy",
    "soundfile",
    "soxr",
    "tensorflow",
    "tensorflow-cpu",
)
MOST_REASONS = 20


def sides_of(split: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a row of counts for each side of the split and each class."""
    return [
        {"side": side, "label": LABELS[label], **_counts(split[(split["split"] == side) & (split["label"] == label)])}
        for side in SIDES
        if side not in ("dropped", "apart") or (split["split"] == side).any()
        for label in LABELS
    ]


def rejects_of(rejects: pd.DataFrame) -> dict[str, Any]:
    """Return how many files were left out, and for which reasons: (reason, count), the most frequent first."""
    out = rejects[rejects["used"] == "no"]
    reasons = [(printable(reason), int(count)) for reason, count in out["reason"].value_counts().items()]
    return {
        "files": len(out),
        "remarks": len(rejects) - len(out),
        "reasons": reasons[:MOST_REASONS],
        "others": sum(count for _, count in reasons[MOST_REASONS:]),
    }


def licenses_of(split: pd.DataFrame) -> list[str]:
    """Return the licenses of the clips in use, "not stated" for those without."""
    return sorted(set(split.loc[split["split"] != "dropped", "license"].replace("", "not stated")))


def settings_text(run: Run) -> dict[str, str]:
    """Return each section of the settings as YAML."""
    return {
        name: yaml.safe_dump(section, sort_keys=False, allow_unicode=False, width=100)
        for name, section in run.settings.items()
    }


def versions() -> dict[str, str]:
    """Return the versions of all that a result depends on, of packages as far as they are installed."""
    own = {"Python": platform.python_version(), "bonafide": __version__}
    return own | {name: version for name in PACKAGES if (version := _version(name))}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _counts(rows: pd.DataFrame) -> dict[str, Any]:
    named = {f"{name}s": len(set(rows[name]) - {""}) for name in ("source", "speaker", "generator", "language")}
    return {"clips": len(rows), "minutes": f"{rows['seconds'].sum() / 60:.1f}", **named}
