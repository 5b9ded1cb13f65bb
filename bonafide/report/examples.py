"""Right and wrong verdicts, to look at and to listen to."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bonafide.audio.conditioning import from_flac
from bonafide.audio.spectrogram import band_centres, log_spectrogram
from bonafide.drawing.pictures import spectrogram_png
from bonafide.drawing.svg import data_url
from bonafide.pipeline.parts import part_files
from bonafide.pipeline.tables import rows_of
from bonafide.report.run import ReportSettings, Run
from bonafide.scoring.calibration import is_ai
from bonafide.scoring.exported import Facts
from bonafide.text import decimal, printable

MEDIA_BYTES = 4_300_000  # of all players and pictures together, as base64: keeps the page below 5 MB
LABELS = ("human", "ai")
SPECTRA = 100  # clips of each class that the spectra are of
PERCENTILES = (10, 50, 90)


@dataclass(frozen=True)
class Example:
    """One clip and what the detector makes of it.

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


def examples_of(run: Run, clips: Path, settings: ReportSettings) -> dict[str, dict[str, list[Example]]]:
    """Return the clips of which the detector was surest, by whether it was "wrong" or "right", then by class.

    The wrong ones come first where the page has no room for all players and pictures.
    """
    most = {"wrong": settings.worst, "right": settings.right}
    chosen = {
        kind: {label: surest(run.scores, label, run.thresholds["balanced"], kind, most[kind]) for label in LABELS}
        for kind in most
    }
    wanted = frozenset(clip for sides in chosen.values() for rows in sides.values() for clip in rows["clip"])
    flac = _flac_of(clips, wanted) if settings.players or settings.spectrograms else {}
    left = MEDIA_BYTES
    examples: dict[str, dict[str, list[Example]]] = {kind: {label: [] for label in LABELS} for kind in most}
    for kind, sides in chosen.items():
        for label, rows in sides.items():
            for row in rows.to_dict("records"):
                example = _example(row, flac.get(row["clip"], b""), run.facts, settings, left)
                left -= len(example.picture) + len(example.sound)
                examples[kind][label].append(example)
    return examples


def surest(scores: pd.DataFrame, label: str, threshold: float, kind: str, most: int) -> pd.DataFrame:
    """Return the clips of `label` that lie furthest on the "wrong" or the "right" side of `threshold`, so many."""
    own = scores[scores["label"] == label]
    low = (label == "human") == (kind == "wrong")  # the side of the threshold on which a clip is called ai
    there = own[is_ai(own["llr"], threshold) == low]
    return there.sort_values(["llr", "clip"], ascending=[low, True]).head(most)


def spectra(run: Run, clips: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the frequencies of the bands, shape (n,), and the 10th, 50th and 90th percentile of each class's spectra.

    In decibels, shape (3, n) by class, over at most `SPECTRA` test clips of each.
    """
    rate, settings = run.facts.audio.rate, run.facts.spectrogram.bands
    bands = {}
    for label in LABELS:
        chosen = run.scores.loc[run.scores["label"] == label, "clip"].sort_values().head(SPECTRA)  # ids are hashes
        heard = _flac_of(clips, frozenset(chosen)).values()
        power = [10 ** (log_spectrogram(from_flac(flac), rate, settings).astype(np.float64) / 10) for flac in heard]
        levels = [10 * np.log10(each.mean(axis=0)) for each in power]
        bands[label] = np.percentile(levels, PERCENTILES, axis=0)
    return band_centres(settings, rate), bands


def _flac_of(clips: Path, wanted: frozenset[str]) -> dict[str, bytes]:
    rows = rows_of(part_files(clips).values(), wanted, ["audio"])
    return {row["clip"]: row["audio"]["bytes"] for row in rows}


def _example(row: dict[str, Any], flac: bytes, facts: Facts, settings: ReportSettings, left: int) -> Example:
    """Picture and sound of a clip, each as far as the settings and what is `left` of the page's size let it in."""
    picture, sound = "", ""
    if settings.spectrograms:
        mel = log_spectrogram(from_flac(flac), facts.audio.rate, facts.spectrogram.bands)
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
