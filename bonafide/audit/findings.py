"""What a detector could cheat with: probes that never hear the voice, and sounds that occur twice.

Each probe is asked of the files as they were found and, where conditioning can change the answer, of the clips as
the network gets them. The first says what to mend in the corpus, the second what the network can still see.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

import pandas as pd
from annotated_types import Ge, Gt, Le, Lt

from bonafide.audit.duplicates import Duplicate
from bonafide.audit.probes import VIEWS
from bonafide.audit.shortcuts import Outcome
from bonafide.errors import UserError

WHERE = {"files": "in the files", "clips": "after conditioning"}
LISTED = 1000  # duplicates in the report; nobody reads more
NAMED = 3  # paths in an error message


@dataclass(frozen=True)
class AuditSettings:
    """What is reported and what stops the pipeline; section `audit` of params.yaml."""

    warn_above: Annotated[float, Gt(0.5), Le(1)]
    fail_above: Annotated[float, Gt(0.5), Lt(1)] | None
    fail_on: Literal["files", "clips"]
    on_duplicates: Literal["fail", "warn"]
    same_above: Annotated[float, Gt(0), Lt(1)]
    k: Annotated[int, Gt(0)]
    replicates: Annotated[int, Gt(0)]
    seed: Annotated[int, Ge(0)]


def report_of(outcomes: list[Outcome], same: list[Duplicate], settings: AuditSettings) -> dict[str, Any]:
    """Return everything found, ready for JSON: ``duplicates``, ``findings`` in sentences, and ``probes`` by view."""
    probes: dict[str, dict[str, Any]] = {view: {} for view in sorted(VIEWS)}
    for each in outcomes:
        numbers = {name: value for name, value in asdict(each).items() if name not in ("view", "name")}
        probes[each.view][each.name] = {name: _rounded(value) for name, value in sorted(numbers.items())}
    return {
        "duplicates": {
            "across_splits": sum(each.across for each in same),
            "across_labels": sum(each.contrary for each in same),
            "clips": [asdict(each) for each in same[:LISTED]],
        },
        "findings": [*sentences(outcomes, settings), *duplicate_sentences(same)],
        "probes": probes,
    }


def table_of(outcomes: list[Outcome]) -> pd.DataFrame:
    """Return a row for each probe."""
    return pd.DataFrame([asdict(each) for each in outcomes]).round(4)


def sentences(outcomes: list[Outcome], settings: AuditSettings) -> list[str]:
    """Return a sentence for each probe that found something, those that the network can see first."""
    strong = [each for each in outcomes if strength(each) >= settings.warn_above]
    weak = {each.name: strength(each) for each in outcomes if each.view == "clips" and each not in strong}
    ordered = sorted(strong, key=lambda each: (each.view, -strength(each), each.name))
    return [_sentence(each, settings.warn_above, weak.get(each.name)) for each in ordered]


def duplicate_sentences(same: list[Duplicate]) -> list[str]:
    """Return a sentence for each kind of duplicate, the first of them named."""
    across = [each for each in same if each.across]
    contrary = [each for each in same if each.contrary]
    return [
        f"{len(these)} pair(s) of clips with the same sound lie {how}: {_named(these)}"
        for these, how in ((across, "on different sides of the split"), (contrary, "under both labels"))
        if these
    ]


def strength(outcome: Outcome) -> float:
    """Return how strong a shortcut is, from 0.5 to 1: on test either way round, or inside train."""
    return max(outcome.auc, 1 - outcome.auc, outcome.train_auc or 0.0)


def refuse(outcomes: list[Outcome], same: list[Duplicate], settings: AuditSettings) -> None:
    """Raise `UserError` when what was found must stop the pipeline.

    A shortcut whose interval on test holds 0.5 may be chance, and stops nothing unless train has it too.
    """
    reasons = duplicate_sentences(same) if settings.on_duplicates == "fail" else []
    if reasons:
        reasons.append("remove one of each, or give both the same source, speaker or pair in clips.csv")
    limit = settings.fail_above
    bad = [] if limit is None else [each for each in outcomes if each.view == settings.fail_on and _fails(each, limit)]
    if bad:
        named = ", ".join(f"{each.name} (AUC {strength(each):.2f})" for each in bad)
        reasons.append(f"above audit.fail_above {limit} {WHERE[settings.fail_on]}: {named}")
    if reasons:
        raise UserError("; ".join(reasons))


def _fails(outcome: Outcome, limit: float) -> bool:
    on_test = max(outcome.auc, 1 - outcome.auc) > limit and not outcome.low <= 0.5 <= outcome.high
    return on_test or (outcome.train_auc or 0.0) > limit


def _sentence(outcome: Outcome, warn_above: float, left: float | None) -> str:
    alone, where = f"from {outcome.name} alone", WHERE[outcome.view]
    interval = f"AUC {outcome.auc:.2f} on test (95 %: {outcome.low:.2f} to {outcome.high:.2f})"
    inside = "" if outcome.train_auc is None else f", {outcome.train_auc:.2f} inside train"
    if outcome.auc >= warn_above:
        text = f"{alone} a detector can tell the classes apart {where}, {interval}{inside}: it is right in"
        text += f" {outcome.accuracy:.0%} of the cases without listening"
    elif outcome.auc <= 1 - warn_above:
        text = f"{alone} the classes are told apart the wrong way round {where}, {interval}{inside}: an inverted"
        text += " shortcut, what train teaches of it is wrong on test"
    else:
        text = f"{alone} the classes can be told apart {where} inside train, but not on test, {interval}{inside}: a"
        text += " detector may learn it in place of the voice"
    if outcome.low <= 0.5 <= outcome.high and (outcome.train_auc or 0.0) < warn_above:
        text += "; with so few speakers and generators it may be chance"
    if outcome.view == "files" and left is not None:
        text += f"; conditioning brings it down to {left:.2f}"
    return text


def _named(these: list[Duplicate]) -> str:
    shown = [" = ".join(f"{path} ({split}, {label})" for path, split, label in _ends(each)) for each in these[:NAMED]]
    more = f", and {len(these) - NAMED} more" if len(these) > NAMED else ""
    return ", ".join(shown) + more


def _ends(each: Duplicate) -> Iterable[tuple[str, str, str]]:
    return zip(each.paths, each.splits, each.labels, strict=True)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
