"""What adapting the packaged network to a corpus was worth, in words."""

from collections.abc import Mapping


def adaptation_text(packaged: Mapping[str, float]) -> str:
    """Return the sentence that compares an adapted detector with the packaged one on the same test clips.

    Parameters
    ----------
    packaged : mapping
        ``eer`` of the packaged detector, and ``difference``, ``low`` and ``high``: by how much that of the adapted one
        is higher, with its 95 % interval.
    """
    adapted = packaged["eer"] + packaged["difference"]
    if packaged["high"] < 0:
        verdict = "adapting it to this corpus has helped"
    elif packaged["low"] > 0:
        verdict = "adapting it to this corpus has made it worse: use the packaged one, or add recordings"
    else:
        verdict = "whether adapting it has helped cannot be told from these clips"
    return (
        f"EER {adapted:.3f}, and {packaged['eer']:.3f} of the packaged detector on the same clips: a difference of"
        f" {packaged['difference']:+.3f} ({packaged['low']:+.3f} to {packaged['high']:+.3f}): {verdict}"
    )
