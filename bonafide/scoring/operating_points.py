"""The thresholds that a detector carries, by name: what each promises, and the band between them."""

from collections.abc import Mapping

# As `bonafide.scoring.thresholds.thresholds` chooses them on dev, and as `bonafide detect --threshold` takes them.
NAMES = ("balanced", "decisive", "precision", "recall")
# What they promise there: share of human clips flagged, share of ai clips missed.
DECISIVE_FPR, MAX_FPR, MAX_FNR = 0.1, 0.01, 0.05


def measure_name(threshold: str, measure: str) -> str:
    """Return what `measure` of the decisions at the named threshold is called wherever measures are written down.

    Examples
    --------
    >>> measure_name("balanced", "recall"), measure_name("precision", "recall")
    ('recall', 'at_precision_threshold.recall')
    """
    return measure if threshold == "balanced" else f"at_{threshold}_threshold.{measure}"


def cannot_tell_band(thresholds: Mapping[str, float]) -> tuple[float, float]:
    """Return the band (low, high) of llrs in which the detector had better say that it cannot tell.

    Below ``low`` a clip is called ai (few human clips lie there), from ``high`` on it is called human (few ai
    clips lie there). Where the detector is so good that the two thresholds cross, either of them and all
    between keep both promises: then there is nothing that it cannot tell, and the band shrinks to the
    balanced threshold, moved between the two if it lies outside.

    Parameters
    ----------
    thresholds : mapping
        "balanced", "precision" and "recall", llrs in nats, as `bonafide.scoring.thresholds.thresholds` chooses them.

    Returns
    -------
    tuple of float
        ``low <= high``, llrs in nats.
    """
    low, high = float(thresholds["precision"]), float(thresholds["recall"])
    if low <= high:
        return low, high
    middle = min(max(float(thresholds["balanced"]), high), low)
    return middle, middle
