"""Female and male voices: how many clips say which, and how the errors differ."""

from collections.abc import Iterable

from bonafide.report.run import Run
from bonafide.text import counted, decimal, decimal_between, ends_of, known, listed

GENDERS = ("female", "male")
KINDS = {"human": "human", "ai": "AI"}
RATES = {
    "fpr": "human clips wrongly flagged",
    "fnr": "AI clips missed",
    "eer": "equal error rate",
}


def genders_text(run: Run) -> str:
    """Say how many test clips of each class, and how many human speakers, are labelled female or male."""
    clips = []
    for label, kind in KINDS.items():
        genders = run.scores.loc[run.scores["label"] == label, "gender"]
        female, male = (int((genders == gender).sum()) for gender in GENDERS)
        clips.append(f"{female + male} of {counted(len(genders), f'{kind} clip')} ({female} female, {male} male)")
    named = run.scores[(run.scores["label"] == "human") & (run.scores["speaker"] != "")]
    speakers = named["gender"].isin(GENDERS).groupby(named["speaker"]).any()
    clips.append(f"{int(speakers.sum())} of {counted(len(speakers), 'human speaker')}")
    return f"Labelled as female or male are {listed(clips)} of the test side."


def differences(run: Run) -> list[dict[str, str]]:
    """Return how the errors for female and male voices differ: a row of texts for each metric, none without labels."""
    genders = run.slices[run.slices["slice"] == "gender"].set_index("value")
    if not set(GENDERS) <= set(genders.index):
        return []
    rows = []
    for name, what in RATES.items():
        female, male = (known(genders.loc[gender].get(name)) for gender in GENDERS)
        if female is None or male is None:
            continue
        between = ends_of(run.intervals.get(f"female - male.{name}", {}))
        rows.append(
            {
                "what": what,
                "female": decimal(100 * female, 0),
                "male": decimal(100 * male, 0),
                "apart": decimal(100 * (female - male), 0),
                "between": decimal_between(_points(between), 0),
            }
        )
    return rows


def _points(ends: Iterable[float | None]) -> tuple[float | None, float | None]:
    low, high = (None if end is None else 100 * end for end in ends)
    return low, high
