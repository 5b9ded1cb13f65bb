"""What a worker does for /v1/live: it listens to several recordings, each in its slot, a message at a time."""

from collections.abc import Mapping
from typing import Any, BinaryIO

from bonafide.audio.pcm import Pcm
from bonafide.detection.detector import Detector
from bonafide.detection.live import LiveDetector
from bonafide.detection.results import as_json

_SLOTS: dict[int, LiveDetector] = {}


def heard(detector: Detector, file: BinaryIO, order: Mapping[str, Any]) -> dict[str, Any]:
    """Return the verdicts at the seconds that the samples in `file` complete.

    Parameters
    ----------
    detector : Detector
    file : file opened in binary mode
        A message: whole samples of one channel.
    order : mapping
        As `bonafide.web.live.Order` has it. A recording that begins takes the place of the one in its slot.

    Returns
    -------
    dict
        ``seconds`` heard so far, ``updates``, and ``final``, which is None before the end; nothing where the slot is
        empty, as it is in a process that was just started.
    """
    slot = order["slot"]
    if order["begins"]:
        _SLOTS[slot] = LiveDetector(detector, rate=order["rate"], threshold=order["threshold"])
    live = _SLOTS.get(slot)
    if live is None:
        return {}
    samples = next(Pcm(order["rate"], order["encoding"]).samples([file.read()]))
    updates = [as_json(update) for update in live.feed(samples)]
    seconds = live.seconds
    return {"seconds": seconds, "updates": updates, "final": as_json(live.finish()) if order["ends"] else None}
