"""What the figures say, in sentences that need no statistics."""

from collections.abc import Iterator

import numpy as np

from bonafide.report.evidence import FEW_CLUSTERS, SEEN, evidence, percent_interval, shortcuts
from bonafide.report.run import Run
from bonafide.scoring.adaptation import adaptation_text
from bonafide.scoring.calibration import is_ai
from bonafide.scoring.measures import answers
from bonafide.text import counted, listed, of_hundred, of_hundred_between, percent, printable

RARE = 0.05  # share of AI clips in the example of what a flag means where AI is rare
OFF = 0.1  # mean error of the probabilities from which they are not to be read as such
APART = " (apart)"  # what the name of a family ends in that is counted apart, among the slices
HARDER = 0.1  # by how much a condition must raise an error to be spoken of


def precision_where_rare(fpr: float, fnr: float, share: float = RARE) -> float | None:
    """Return which share of the flagged clips is ai where `share` of all clips is (Bayes' rule); None without any."""
    caught, wrong = share * (1 - fnr), (1 - share) * fpr
    return caught / (caught + wrong) if caught + wrong else None


def sentences(run: Run) -> Iterator[tuple[str, str]]:
    """Yield what each sentence is about, and the sentence."""
    yield "Errors", _errors(run)
    yield "A flag", _flag(run)
    yield "Ranking", _ranking(run)
    yield "Cannot tell", _cannot_tell(run)
    yield "Evidence", _evidence(run)
    yield "Unseen", _unseen(run)
    if run.packaged:
        yield "Adapted", f"{adaptation_text(run.packaged)}."
    if "fnr_over_generators" in run.metrics:
        yield "Each alike", _macro(run)
    if text := _families(run):
        yield "Families", text
    yield "Probability", _probability(run)
    yield "Conditions", _conditions(run)
    yield "Audit", _audit(run)


def _errors(run: Run) -> str:
    return (
        f"Of 100 human clips it wrongly flags {_of_hundred(run, 'fpr')}, and of 100 AI clips it misses"
        f" {_of_hundred(run, 'fnr')}, at the threshold that was chosen on the dev clips and carried over. So it"
        f" calls {_of_hundred(run, 'accuracy')} of 100 test clips rightly."
    )


def _flag(run: Run) -> str:
    share = precision_where_rare(run.metrics["fpr"], run.metrics["fnr"])
    if share is None:
        return "At that threshold it flags no clip at all."
    return (
        f"Where {of_hundred(RARE)} of 100 clips are AI, a flag from it is right about {of_hundred(share)} times in 100:"
        " the rarer AI is, the more of its flags are false alarms."
    )


def _ranking(run: Run) -> str:
    return (
        f"With a threshold chosen in hindsight, so that both errors are alike, each would be"
        f" {percent(run.metric('eer'))}{percent_interval(run, 'eer')}: the equal error rate, EER; guessing has 50 %."
        f" Of a human and an AI clip it finds the human one more human in {percent(run.metric('auc'))} of the"
        f" cases{percent_interval(run, 'auc')}."
    )


def _cannot_tell(run: Run) -> str:
    shares = answers(run.llr, run.human, *run.band)
    if shares["answered"] == 0:
        return "With the band in which it says that it cannot tell, it answers for none of the test clips."
    text = (
        f"With the band in which it says that it cannot tell, it answers for {percent(shares['answered'])} of the test"
        f" clips, and {percent(shares['right_of_answered'])} of these answers are right, where human and AI clips count"
        " alike."
    )
    if (wrong := wrong_if_called(run)) is None:
        return text
    return (
        f"{text} Of the clips that it leaves open, the threshold “balanced” calls {percent(wrong)} wrongly: so often"
        " “cannot tell” was the better answer."
    )


def wrong_if_called(run: Run) -> float | None:
    """Return the share of the clips left open that the balanced threshold calls wrongly, each class weighing half."""
    low, high = run.band
    left_open = ~is_ai(run.llr, low) & is_ai(run.llr, high)
    wrong = is_ai(run.llr, run.thresholds["balanced"]) == run.human
    weight = np.where(run.human, 0.5 / run.human.sum(), 0.5 / (~run.human).sum()) * left_open
    return float(weight[wrong].sum() / weight.sum()) if left_open.any() else None


def _evidence(run: Run) -> str:
    behind = evidence(run.scores)
    few = min(behind["speakers"], behind["generators"]) < FEW_CLUSTERS
    return (
        f"Behind this stand {counted(run.clips('human'), 'human test clip')} of"
        f" {counted(behind['speakers'], 'speaker')} from {counted(behind['sources'], 'source')}, and"
        f" {counted(run.clips('ai'), 'AI test clip')} of {counted(behind['generators'], 'generator')}"
        f" ({listed(sorted(set(run.scores['generator']) - {''}))}). The ranges in brackets are 95 % intervals over"
        " speakers and generators"
        + (f"; with fewer than {FEW_CLUSTERS} of either they are too narrow, so take them as hints." if few else ".")
    )


def _unseen(run: Run) -> str:
    shares = []
    for name, many in SEEN.items():
        share = float(run.scores[f"{name}_seen"].mean())
        if share:
            shares.append(f"{percent(share)} of the test clips come from {many} heard in training")
    if shares:
        text = f"{'; '.join(shares)}: the slices show the rest apart."
    else:
        text = "No known speaker, source or generator of the test clips was heard in training: the figures are for new"
        text += " ones."
    unknown = int(((run.scores["label"] == "human") & (run.scores["speaker"] == "")).sum())
    if unknown:
        text += f" {counted(unknown, 'human test clip')} name no speaker, so theirs may have been heard."
    languages = set(run.scores["language"]) - {""} - set(run.facts.card.get("languages", []))
    return text + (f" Languages tested but never trained on: {listed(sorted(languages))}." if languages else "")


def _macro(run: Run) -> str:
    return (
        "If every generator and every human source counts alike, however many clips it has, it misses"
        f" {of_hundred(run.metric('fnr_over_generators'))} of 100 AI clips"
        f"{percent_interval(run, 'fnr_over_generators')} and wrongly flags"
        f" {of_hundred(run.metric('fpr_over_human_sources'))} of 100 human clips"
        f"{percent_interval(run, 'fpr_over_human_sources')}."
    )


def _families(run: Run) -> str:
    """Say what it misses by family; empty where no family is known."""
    rows = run.slices[(run.slices["slice"] == "family") & run.slices["fnr"].notna()]
    is_apart = rows["value"].str.endswith(APART)
    text = ""
    if not rows[~is_apart].empty:
        missed = [f"{of_hundred(row['fnr'])} of 100 {row['value']}" for row in rows[~is_apart].to_dict("records")]
        text = f"By how the voice was made it misses {listed(missed)} clips."
    for row in rows[is_apart].to_dict("records"):
        text += (
            f" Counted apart, neither as human nor as AI: of 100 {row['value'].removesuffix(APART)} clips it calls"
            f" {of_hundred(1 - row['fnr'])} AI ({counted(row['clips_ai'], 'clip')})."
        )
    return text.strip()


def _probability(run: Run) -> str:
    off = run.metric("ece")
    text = f"The probabilities that it gives are off by {percent(off)} on average{percent_interval(run, 'ece')}"
    return text + (": do not read them as such." if off is None or off > OFF else ".")


def _conditions(run: Run) -> str:
    table = run.robustness.dropna(subset=["fpr", "fnr"])
    clean, others = table.iloc[0], table.iloc[1:]
    if others.empty:
        return "No other recording condition was measured."
    text = f"In {counted(len(others), 'other condition')} such as codecs, noise and rooms, "
    worst = {rate: others.loc[others[rate].idxmax()] for rate in ("fpr", "fnr")}
    if all(row[rate] < clean[rate] + HARDER for rate, row in worst.items()):
        return f"{text}neither error grows by {of_hundred(HARDER)} points."
    kinds = {"fpr": ("wrongly flags", "human"), "fnr": ("misses", "AI")}
    clauses = [
        f"{does} up to {of_hundred(worst[rate][rate])} of 100 {what} clips ({printable(worst[rate]['condition'])};"
        f" {of_hundred(clean[rate])} as they are)"
        if worst[rate][rate] > clean[rate]
        else f"{does} no more {what} clips than as they are"
        for rate, (does, what) in kinds.items()
    ]
    return f"{text}it {' and '.join(clauses)}."


def _audit(run: Run) -> str:
    findings, same = run.audit["findings"], run.audit["duplicates"]
    if not findings:
        return "The audit found no shortcut and no sound that occurs on two sides of the split."
    text = f"The audit has {counted(len(findings), 'finding')}."
    if inside := shortcuts(run, "train_auc"):
        text += (
            f" From {listed(inside)} alone, and without the voice, the classes can be told apart in the clips that it"
            " learnt from: it may have learnt that in place of the voice."
        )
    if on_test := shortcuts(run, "auc"):
        text += f" On the test clips they can be told apart from {listed(on_test)} alone."
    if same["across_splits"] or same["across_labels"]:
        text += (
            f" Pairs of clips with one sound: {same['across_splits']} across the sides of the split,"
            f" {same['across_labels']} across the classes."
        )
    return text


def _of_hundred(run: Run, name: str) -> str:
    return of_hundred(run.metric(name)) + of_hundred_between(run.ends(name))
