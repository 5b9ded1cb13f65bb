"""What a detector carries to decide by: thresholds by name, what each promises, and the band in which it does not."""

from collections.abc import Mapping
from typing import Any

from bonafide.text import percent

# As `bonafide.scoring.thresholds.thresholds` chooses them on dev, and as `bonafide detect --threshold` takes them.
NAMES = ("balanced", "decisive", "precision", "recall")
# What they promise there: share of human clips flagged, share of ai clips missed.
DECISIVE_FPR, MAX_FPR, MAX_FNR = 0.1, 0.01, 0.05
# Share of the answers of each kind, ai or human, that are right on the clips that chose the band, where both classes
# weigh alike. A little more than what is wanted: carried over to other sources, 0.93 is left of it, and more than 0.7
# of the clips are answered (the card of `bonafide release` has both).
RIGHT_ANSWERS = 0.937


def measure_name(threshold: str, measure: str) -> str:
    """Return what `measure` of the decisions at the named threshold is called wherever measures are written down.

    Examples
    --------
    >>> measure_name("balanced", "recall"), measure_name("precision", "recall")
    ('recall', 'at_precision_threshold.recall')
    """
    return measure if threshold == "balanced" else f"at_{threshold}_threshold.{measure}"


def ordered_band(low: float, balanced: float, high: float) -> tuple[float, float]:
    """Return the band (low, high) of llrs in which a detector says that it cannot tell.

    Below ``low`` a clip is called ai, from ``high`` on it is called human. Where the detector is so good that the two
    cross, either of them and all between keep both promises: then there is nothing that it cannot tell, and the band
    shrinks to the ``balanced`` threshold, moved between the two if it lies outside.
    """
    if low <= high:
        return low, high
    middle = min(max(balanced, high), low)
    return middle, middle


def band_between(thresholds: Mapping[str, float]) -> tuple[float, float]:
    """Return the band (low, high) of a detector whose file is older and carries none: from "precision" to "recall"."""
    return ordered_band(*(float(thresholds[name]) for name in ("precision", "balanced", "recall")))


def answers_text(card: Mapping[str, Any]) -> str:
    """Return for how many clips of unheard sources a detector with this `card` answers, and how often rightly.

    Examples
    --------
    >>> answers_text({})
    'how often it answers on sources that it has not heard, and how often rightly, was not measured'
    """
    shares = card.get("held_out", {})
    if "answered" not in shares:
        return "how often it answers on sources that it has not heard, and how often rightly, was not measured"
    answered, right = percent(shares["answered"]), percent(shares.get("right_of_answered"))
    return f"on sources that it has not heard it answers for {answered} of clips, and {right} of the answers are right"
