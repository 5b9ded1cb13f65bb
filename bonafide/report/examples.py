"""The worst errors, to look at and to listen to."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bonafide.audio.conditioning import from_flac
from bonafide.audio.spectrogram import log_spectrogram
from bonafide.drawing.pictures import spectrogram_png
from bonafide.drawing.svg import data_url
from bonafide.pipeline.parts import part_files
from bonafide.pipeline.tables import rows_of
from bonafide.report.run import ReportSettings, Run
from bonafide.scoring.calibration import is_ai
from bonafide.scoring.exported import Facts
from bonafide.text import decimal, printable

MEDIA_BYTES = 4_300_000  # of all players and pictures together, as base64: keeps the page below 5 MB


@dataclass(frozen=True)
class Example:
    """One clip on the wrong side of the threshold.

    Attributes
    ----------
    path : str
        As in the catalog, printable.
    facts : str
        What is known of the clip, in a row.
    p_ai : float
    sound, picture : str
        As data URLs; empty where the settings or the page's size leave them out.
    """

    path: str
    facts: str
    p_ai: float
    sound: str
    picture: str


def worst_errors(run: Run, clips: Path, settings: ReportSettings) -> dict[str, list[Example]]:
    """Return the human clips that were flagged most surely, and the ai clips that passed most surely."""
    chosen = {
        label: worst_of(run.scores, label, run.thresholds["balanced"], settings.worst) for label in ("human", "ai")
    }
    wanted = frozenset(clip for rows in chosen.values() for clip in rows["clip"])
    flac = _flac_of(clips, wanted) if settings.players or settings.spectrograms else {}
    left = MEDIA_BYTES
    examples: dict[str, list[Example]] = {label: [] for label in chosen}
    for label, rows in chosen.items():
        for row in rows.to_dict("records"):
            example = _example(row, flac.get(row["clip"], b""), run.facts, settings, left)
            left -= len(example.picture) + len(example.sound)
            examples[label].append(example)
    return examples


def worst_of(scores: pd.DataFrame, label: str, threshold: float, most: int) -> pd.DataFrame:
    """Return the clips of `label` that lie furthest on the wrong side of `threshold`, at most so many."""
    own = scores[scores["label"] == label]
    wrong = own[is_ai(own["llr"], threshold) == (label == "human")]
    return wrong.sort_values(["llr", "clip"], ascending=[label == "human", True]).head(most)


def _flac_of(clips: Path, wanted: frozenset[str]) -> dict[str, bytes]:
    rows = rows_of(part_files(clips).values(), wanted, ["audio"])
    return {row["clip"]: row["audio"]["bytes"] for row in rows}


def _example(row: dict[str, Any], flac: bytes, facts: Facts, settings: ReportSettings, left: int) -> Example:
    """Picture and sound of a clip, each as far as the settings and what is `left` of the page's size let it in."""
    picture, sound = "", ""
    if settings.spectrograms:
        mel = log_spectrogram(from_flac(flac), facts.audio.rate, facts.spectrogram)
        picture = _within(data_url("image/png", spectrogram_png(mel)), left)
    if settings.players:
        sound = _within(data_url("audio/flac", flac), left - len(picture))
    return Example(printable(row["path"]), _facts(row), row["p_ai"], sound, picture)


def _within(url: str, left: int) -> str:
    return url if len(url) <= left else ""


def _facts(row: dict[str, Any]) -> str:
    facts = [f"{name} {row[name]}" for name in ("speaker", "generator", "source", "language", "gender") if row[name]]
    facts.append(f"{decimal(row['seconds'], 1)} s")
    if row["license"]:
        facts.append(f"license {row['license']}")
    return printable(", ".join(facts))
