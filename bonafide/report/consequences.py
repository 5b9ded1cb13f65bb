"""What the error rates would mean for a thousand calls, of which some share comes from machines."""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from bonafide.report.run import Run
from bonafide.scoring.calibration import is_ai
from bonafide.scoring.operating_points import NAMES, measure_name

CALLS = 1000
SHARE = 0.05  # of machine voices, until the reader types in another
SCRIPT = Path(__file__).with_name("consequences.js")


@dataclass(frozen=True)
class Decision:
    """One way to decide.

    Attributes
    ----------
    name : str
    fpr, fnr : float
        Share of human clips called AI, and of AI clips called human.
    open_human, open_ai : float
        Share of each class of which it says that it cannot tell.
    """

    name: str
    fpr: float
    fnr: float
    open_human: float = 0.0
    open_ai: float = 0.0

    def counts(self, share: float) -> dict[str, str]:
        """Return the whole calls of each kind among `CALLS`, where `share` of them are from machines."""
        human, ai = CALLS * (1 - share), CALLS * share
        wrong, caught = human * self.fpr, ai * (1 - self.fnr - self.open_ai)
        return {
            "false_alarms": _whole(wrong),
            "misses": _whole(ai * self.fnr),
            "open": _whole(human * self.open_human + ai * self.open_ai),
            "right_flags": f"{_whole(100 * caught / (wrong + caught))}\N{NO-BREAK SPACE}%" if wrong + caught else "–",
        }


def decisions_of(run: Run) -> list[Decision]:
    """Return the decision at each threshold, and that with the band in which it says that it cannot tell."""
    low, high = run.band
    below, above = is_ai(run.llr, low), ~is_ai(run.llr, high)
    between = ~(below | above)
    at_thresholds = [
        Decision(name, run.metrics[measure_name(name, "fpr")], run.metrics[measure_name(name, "fnr")]) for name in NAMES
    ]
    wrong = (float(below[run.human].mean()), float(above[~run.human].mean()))
    left_open = (float(between[run.human].mean()), float(between[~run.human].mean()))
    return [*at_thresholds, Decision("three answers", *wrong, *left_open)]


def script() -> tuple[str, str]:
    """Return the page's own script, and the source of it that the page's policy allows, as it allows no other."""
    text = SCRIPT.read_text(encoding="utf-8")
    return text, f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _whole(count: float) -> str:
    return "<1" if 0 < count < 0.5 else str(int(count + 0.5))  # as the page's script rounds
