"""Puts the page and the model card together from a run and the templates beside this module."""

from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from bonafide import text
from bonafide.report import charts, consequences, corpus_charts, provenance, slicing, tables, voices
from bonafide.report.examples import Example
from bonafide.report.revision import Revision, settings_hash
from bonafide.report.rows import Mark, dot_rows, track
from bonafide.report.run import Run
from bonafide.report.verdict import verdict_of
from bonafide.scoring.operating_points import DECISIVE_FPR, MAX_FNR, MAX_FPR, NAMES, RIGHT_ANSWERS, measure_name
from bonafide.text import NARROW

TEMPLATES = Path(__file__).parent
HISTORY = {"loss": {"loss": "train", "dev_loss": "main"}, "AUC and EER on dev": {"dev_auc": "main", "dev_eer": "train"}}
KEY_FIGURES = {
    "fpr": ("Human clips wrongly flagged", "human"),
    "fnr": ("AI clips missed", "ai"),
    "accuracy": ("Clips called rightly", "plain"),
    "eer": ("Equal error rate", "plain"),
}
PROMISES = {
    "balanced": "both errors alike on dev",
    "decisive": f"at most {DECISIVE_FPR:.0%} of human clips flagged on dev, and no more than at “balanced”",
    "precision": f"at most {MAX_FPR:.0%} of human clips flagged on dev",
    "recall": f"at most {MAX_FNR:.0%} of AI clips missed on dev",
}


def page(
    run: Run,
    examples: dict[str, dict[str, list[Example]]],
    spectra: tuple[np.ndarray, dict[str, np.ndarray]],
    revision: Revision,
) -> str:
    """Return the report as one HTML document that loads nothing from anywhere.

    Parameters
    ----------
    run : Run
    examples, spectra
        As of `bonafide.report.examples`.
    revision : Revision
        Of the code and the settings that made the run.
    """
    script, allowed = consequences.script()
    own = {  # our own files, not a run's
        "style": Markup((TEMPLATES / "page.css").read_text(encoding="utf-8")),
        "script": Markup(script),
        "allowed": Markup(allowed),
    }
    return template_of("page.html").render(
        **facts_of(run),
        **drawings_of(run),
        **own,
        examples=examples,
        spectra=corpus_charts.spectra(*spectra),
        revision=revision,
    )


def model_card(run: Run) -> str:
    """Return the model card as Markdown, from the same numbers."""
    template = template_of("card.md", escape=False)
    return template.render(**facts_of(run))


def facts_of(run: Run) -> dict[str, Any]:
    """Return what both the page and the card say."""
    slices, alone = slicing.slices_of(run.slices)
    return {
        "run": run,
        "verdict": verdict_of(run),
        "key_figures": [_key_figure(run, name, *figure) for name, figure in KEY_FIGURES.items()],
        "right_answers": f"{100 * RIGHT_ANSWERS:g}{NARROW}%",
        "presets": [_preset(run, name) for name in NAMES],
        "measures": _measures(run),
        "segments": [_segment(length, each) for length, each in run.segments.items()],
        "slices": slices,
        "alone": alone,
        "conditions": slicing.conditions_of(run.robustness),
        "differences": voices.differences(run),
        "gender": run.settings.get("split", {}).get("gender", "any"),
        "genders": voices.genders_text(run),
        "makers": tables.rates_by_maker(run.slices),
        "telephone": tables.telephone(run.robustness),
        "telephone_text": tables.telephone_text(run.robustness),
        "consequences": consequences.decisions_of(run),
        "share": consequences.SHARE,
        "fitted": run.history.iloc[-1].to_dict(),
        "epochs": len(run.history) > 1,
        "sides": provenance.sides_of(run.split),
        "rejects": provenance.rejects_of(run.rejects),
        "licenses": provenance.licenses_of(run.split),
        "settings": provenance.settings_text(run),
        "settings_hash": settings_hash(run.settings),
        "versions": provenance.versions(),
    }


def drawings_of(run: Run) -> dict[str, Any]:
    """Return the charts of the page by name."""
    points = {name: (run.metrics[measure_name(name, "fpr")], run.metrics[measure_name(name, "fnr")]) for name in NAMES}
    clips = max(run.clips("human"), run.clips("ai"))
    return {
        "roc": charts.roc(run.curve, points),
        "det": charts.det(run.curve, points, run.metrics["eer"], clips),
        "histogram": charts.histogram(run.histogram, run.thresholds, run.band),
        "reliability": charts.reliability(run.reliability),
        "history": [
            charts.lines(run.history, kinds, label) for label, kinds in HISTORY.items() if len(run.history) > 1
        ],
        "confusion": confusion(run),
        "slice_charts": {
            each.title: dot_rows(each.lines, name=each.title) for each in slicing.slices_of(run.slices)[0]
        },
        "condition_charts": {
            group: dot_rows(lines, name=f"Robustness: {group}", ticks="none" if number else "percent")
            for number, (group, lines) in enumerate(slicing.conditions_of(run.robustness))
        },
        "probe_charts": {
            view: dot_rows(lines, name=f"Probes: {view}", reference=0.5, ticks="number")
            for view, lines in slicing.probes_of(run.audit).items()
        },
    }


def confusion(run: Run) -> dict[str, dict[str, tuple[int, float]]]:
    """Return, for each class, how many of its clips are called what, and which share of the class that is."""
    counts = run.confusion.value_counts().to_dict()
    cells = {}
    for actual, label in provenance.LABELS.items():
        row = {called: counts.get((actual, name), 0) for name, called in provenance.LABELS.items()}
        cells[label] = {called: (count, count / sum(row.values())) for called, count in row.items()}
    return cells


def template_of(name: str, *, escape: bool = True) -> Template:
    """Return a template beside this module, with the ways in which numbers and names are written."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    for function in (
        text.sentence,
        text.percent,
        text.percent_between,
        text.decimal,
        text.printable,
        in_markdown,
    ):
        environment.filters[function.__name__] = function
    return environment.get_template(name)


def in_markdown(value: object) -> str:
    r"""Return `value`, a text from the corpus or the settings, so that Markdown shows it and does not act on it.

    Examples
    --------
    >>> in_markdown("a|b <c> _d_")
    'a\\|b &lt;c&gt; \\_d\\_'
    """
    plain = text.printable(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{letter}" if letter in "\\`*_[]|~" else letter for letter in plain)


def _key_figure(run: Run, name: str, title: str, kind: str) -> dict[str, Any]:
    value, ends = run.metric(name), run.ends(name)
    mark = Mark(kind, title, value or 0.0, ends)
    return {
        "name": title,
        "value": text.percent(value),
        "between": text.percent_between(ends),
        "track": track([mark], reference=0.5),
    }


def _preset(run: Run, name: str) -> dict[str, str]:
    names = {rate: measure_name(name, rate) for rate in ("fpr", "fnr", "accuracy", "hter")}
    rates = {rate: text.percent(run.metric(written)) for rate, written in names.items()}
    ends = {f"{rate}_between": text.percent_between(run.ends(written)) for rate, written in names.items()}
    return {"name": name, "promise": PROMISES[name], "llr": text.decimal(run.thresholds[name]), **rates, **ends}


def _segment(length: str, measures: dict[str, float]) -> dict[str, str]:
    """Return the line of the table of segments for those of one length."""
    eers = {name: text.percent(measures.get(name)) for name in ("eer", "eer_partly")}
    counts = {name: f"{measures[name]:,.0f}" for name in ("segments_human", "segments_ai")}
    return {"length": length, **eers, **counts}


def _measures(run: Run) -> list[tuple[str, str, str]]:
    """Name, value and interval of the measures that people of the field ask for."""
    names = {
        "eer": "EER",
        "auc": "AUC",
        "min_dcf": "minDCF",
        "act_dcf": "actDCF",
        "cllr": "Cllr (bits)",
        "min_cllr": "minCllr (bits)",
        "ece": "ECE",
        "brier": "Brier score",
        "accuracy": "accuracy",
        "precision": "precision (AI)",
        "recall": "recall (AI)",
        "f1": "F1 (AI)",
        "hter": "HTER",
    }
    return [
        (title, text.decimal(run.metric(name), 3), text.decimal_between(run.ends(name), 3))
        for name, title in names.items()
    ]
