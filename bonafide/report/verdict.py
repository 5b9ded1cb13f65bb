"""The verdict on the detector itself: whether it may be used, and why it is no better."""

from collections.abc import Iterator
from dataclasses import dataclass

from bonafide.report.evidence import FEW_CLUSTERS, SEEN, evidence, percent_interval, shortcuts, with_interval
from bonafide.report.run import Run
from bonafide.report.words import sentences
from bonafide.text import counted, decimal, known, listed, of_hundred, percent, printable

SELDOM_FLAGGED, SELDOM_MISSED = 0.05, 0.2  # upper ends of the intervals up to which errors are called seldom


@dataclass(frozen=True)
class Verdict:
    """What the report says first.

    Attributes
    ----------
    level : {"no", "hint", "care"}
        Not to be used; a hint to look closer; to be used with care.
    headline, answer : str
        The verdict, and whether the detector may be used.
    reasons : list of str
        Why the answer is no better.
    sentences : list of (str, str)
        What each sentence is about, and the sentence.
    """

    level: str
    headline: str
    answer: str
    reasons: list[str]
    sentences: list[tuple[str, str]]


HEADLINES = {
    "inverted": "On voices that it has not heard, this detector gets it the wrong way round.",
    "no": "This detector is not shown to tell human from AI voices.",
    "hint": "This detector tells human from AI voices better than chance, but is not good enough to rely on.",
    "care": "On recordings like those tested, this detector seldom errs.",
}
ANSWERS = {
    "no": "No. Use it to learn how such detectors fail, and judge no recording and no person by it.",
    "hint": "Only as a hint to listen more closely. It is no proof, and no ground for a decision about a person.",
    "care": "Yes, as one piece of evidence among others, for recordings like those tested. Never as the only ground"
    " for a decision about a person.",
}


def verdict_of(run: Run) -> Verdict:
    """Return the verdict on the detector of `run`."""
    level, reasons = judge(run)
    high = run.ends("auc")[1]
    headline = HEADLINES["inverted" if high is not None and high < 0.5 else level]
    return Verdict(level, headline, ANSWERS[level], reasons, list(sentences(run)))


def judge(run: Run) -> tuple[str, list[str]]:
    """Return the level of the verdict and the reasons why it is no better."""
    if reasons := list(_against_any_use(run)):
        return "no", reasons
    if reasons := list(_against_relying(run)):
        return "hint", reasons
    return "care", []


def _against_any_use(run: Run) -> Iterator[str]:
    auc_low, hter_high = run.ends("auc")[0], run.ends("hter")[1]
    if auc_low is None or auc_low <= 0.5:
        auc = with_interval(run, "auc")
        yield (
            f"How well it ranks voices (AUC {auc}) cannot be told from guessing, which reaches 0.5."
            if run.metrics["auc"] > 0.5
            else f"It ranks voices no better than guessing: AUC {auc}, where guessing reaches 0.5."
        )
    if hter_high is None or hter_high >= 0.5:
        hter = f"{percent(run.metric('hter'))}{percent_interval(run, 'hter')}"
        yield f"Its mean error at the chosen threshold, {hter}, cannot be told from the 50 % of a coin."
    if probe := better_probe(run):
        name, of_probe = probe
        yield (
            f"A probe that never hears the voice, '{printable(name)}', tells the same test clips apart as well or"
            f" better (AUC {decimal(of_probe)} against {decimal(run.metric('auc'))})."
        )


def _against_relying(run: Run) -> Iterator[str]:
    fpr_high, fnr_high = run.ends("fpr")[1], run.ends("fnr")[1]
    if fpr_high is None or fpr_high > SELDOM_FLAGGED:
        yield f"It may wrongly flag {_up_to(fpr_high)} of 100 human clips."
    if fnr_high is None or fnr_high > SELDOM_MISSED:
        yield f"It may miss {_up_to(fnr_high)} of 100 AI clips."
    if probes := sorted({*shortcuts(run, "auc"), *shortcuts(run, "train_auc")}):
        yield f"What it goes by may not be the voice: {listed(probes)} alone can tell the classes apart."
    speakers, generators = evidence(run.scores)["speakers"], evidence(run.scores)["generators"]
    if min(speakers, generators) < FEW_CLUSTERS:
        yield (
            f"It was tested on {counted(speakers, 'human speaker')} and {counted(generators, 'generator')} only;"
            f" {FEW_CLUSTERS} of each are the least that such intervals need."
        )
    if twice := run.audit["duplicates"]["across_splits"]:
        yield f"{counted(twice, 'pair')} of clips with one sound lie on two sides of the split."
    if known_here := [many for name, many in SEEN.items() if run.scores[f"{name}_seen"].any()]:
        yield f"Some test clips share {listed(known_here)} with training, which flatters the figures."


def better_probe(run: Run) -> tuple[str, float] | None:
    """Return the strongest probe of the conditioned clips, where it does as well on test as the detector."""
    probes = {name: float(probe["auc"]) for name, probe in run.audit["probes"].get("clips", {}).items()}
    if not probes:
        return None
    name = max(probes, key=lambda each: (probes[each], each))
    return (name, probes[name]) if probes[name] > 0.5 and probes[name] >= run.metrics["auc"] else None


def _up_to(high: float | None) -> str:
    return "an unknown number" if known(high) is None else f"up to {of_hundred(high)}"
