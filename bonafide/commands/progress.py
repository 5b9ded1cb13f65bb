"""One line on the terminal that says how far a long job is."""

import sys
import time

from bonafide.progress import time_left
from bonafide.text import clock

QUIET_SECONDS = 2.0  # a job that is done by then needs no such line
EVERY_SECONDS = 0.2


class Line:
    """A line on stderr that is written over; nothing where stderr is no terminal.

    Parameters
    ----------
    total : int
        How many recordings there are.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._watched = sys.stderr.isatty()
        self._started = self._said = time.monotonic()
        self._done = 0
        self._shown = False

    def count(self) -> None:
        """One more recording is done."""
        self._done += 1
        if not sys.stdout.isatty():  # else the results themselves show how far it is
            self._say(f"{self._done} of {self._total} recordings done")

    def heard(self, seconds: float) -> None:
        """So many seconds of a recording were heard."""
        self._say(f"{self._done} of {self._total} recordings done; heard {clock(seconds)} of this one")

    def clear(self) -> None:
        """Make room for a result."""
        if self._shown:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
            self._shown = False

    def _say(self, text: str) -> None:
        now = time.monotonic()
        if self._watched and now - self._started >= QUIET_SECONDS and now - self._said >= EVERY_SECONDS:
            sys.stderr.write(f"\r\033[K{text}, {time_left(now - self._started, self._done, self._total)}")
            sys.stderr.flush()
            self._said, self._shown = now, True
