"""One page that shows a corpus: what it holds, what its classes look like, what tells them apart besides the voice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import markupsafe
import numpy as np

from bonafide.drawing.pictures import spectrogram_png
from bonafide.drawing.svg import Markup, data_url
from bonafide.report import corpus_charts
from bonafide.report.page import TEMPLATES, template_of
from bonafide.report.rows import dot_rows
from bonafide.text import counted, printable

VIEWS = {"files": "The files as they were found", "clips": "The clips as a network would get them"}
SHARES = {"native_rate": "Rate in hertz", "native_format": "Format", "gender": "Gender"}
STRONG = 0.7  # AUC from which a shortcut is one; as audit.warn_above
SHOWN = 8  # single properties


@dataclass(frozen=True)
class Example:
    """A clip whose spectrogram, in decibels, shape (frames, bands), the page shows."""

    label: str
    source: str
    facts: str
    mel: np.ndarray


@dataclass(frozen=True)
class Pictures:
    """What the page draws.

    Attributes
    ----------
    name : str
        Of the corpus.
    classes : sequence of mapping
        Counts of each class, of `bonafide.corpus.tally.by_class`.
    columns : mapping
        By column the counts of its values, of `bonafide.corpus.tally.by_value`.
    heard : int
        Clips that the pictures and the shortcuts come from.
    hertz : np.ndarray, shape=(n,)
    spectra : mapping of str to np.ndarray, shape=(3, n)
        By class, the percentiles of its spectra.
    seconds, levels : mapping of str to sequence of float
        By class.
    probes : mapping
        AUC by view and name.
    properties : sequence
        With name, unit, auc, human and ai; the strongest first.
    examples : sequence of Example
    """

    name: str
    classes: Sequence[Mapping[str, Any]]
    columns: Mapping[str, Sequence[Mapping[str, Any]]]
    heard: int
    hertz: np.ndarray
    spectra: Mapping[str, np.ndarray]
    seconds: Mapping[str, Sequence[float]]
    levels: Mapping[str, Sequence[float]]
    probes: Mapping[str, Mapping[str, float]]
    properties: Sequence[Any]
    examples: Sequence[Example]


def page(pictures: Pictures) -> str:
    """Return the page as one HTML document that loads nothing from anywhere."""
    style = markupsafe.Markup((TEMPLATES / "page.css").read_text(encoding="utf-8"))  # our own file
    return template_of("corpus.html").render(
        pictures=pictures,
        style=style,
        headline=_headline(pictures),
        finding=finding_of(pictures),
        strong=STRONG,
        properties=pictures.properties[:SHOWN],
        spectra=corpus_charts.spectra(pictures.hertz, pictures.spectra),
        seconds=corpus_charts.histogram(pictures.seconds, "length", "s"),
        levels=corpus_charts.histogram(pictures.levels, "level", "dBFS"),
        probes={VIEWS[view]: _probe_chart(view, aucs) for view, aucs in pictures.probes.items() if aucs},
        shares={
            SHARES[name]: _share_chart(name, pictures.columns[name]) for name in SHARES if name in pictures.columns
        },
        tables={name: rows for name, rows in pictures.columns.items() if name not in SHARES},
        examples=[(each, data_url("image/png", spectrogram_png(each.mel))) for each in pictures.examples],
    )


def finding_of(pictures: Pictures) -> dict[str, Any]:
    """Return what tells the classes apart besides the voice: a level of alarm, a sentence and its reasons."""
    found = {
        (view, name): share for view, aucs in pictures.probes.items() for name, share in aucs.items() if share >= STRONG
    }
    if not any(pictures.probes.values()):
        answer = "Each class has too few sources to tell whether something besides the voice tells them apart."
        return {"level": "hint", "answer": answer, "reasons": []}
    heard = [name for view, name in found if view == "clips"]
    reasons = [
        f"{name}, {'after conditioning' if view == 'clips' else 'in the files'}: AUC {share:.2f}"
        for (view, name), share in sorted(found.items(), key=lambda item: -item[1])
    ]
    if heard:
        answer = f"Yes: {counted(len(heard), 'trivial property', 'trivial properties')} that a network can still see."
        return {"level": "no", "answer": answer, "reasons": reasons}
    if found:
        answer = "In the files, yes; conditioning takes it away from what a network sees."
        return {"level": "hint", "answer": answer, "reasons": reasons}
    return {"level": "care", "answer": f"No probe reaches an AUC of {STRONG}.", "reasons": []}


def _headline(pictures: Pictures) -> str:
    counts = {row["class"]: row for row in pictures.classes}
    hours = sum(row["hours"] or 0 for row in pictures.classes)
    return (
        f"{printable(pictures.name)}: {counted(counts['human']['clips'], 'human clip')} and"
        f" {counted(counts['ai']['clips'], 'AI clip')}, {hours:.1f} hours"
    )


def _probe_chart(view: str, aucs: Mapping[str, float]) -> Markup:
    lines = corpus_charts.probe_lines(aucs)
    return dot_rows(lines, name=f"Probes: {VIEWS[view]}", reference=0.5, ticks="number")


def _share_chart(name: str, counts: Sequence[Mapping[str, Any]]) -> Markup:
    return dot_rows(corpus_charts.share_lines(counts), name=SHARES[name])
