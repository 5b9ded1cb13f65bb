"""Results as people and programs read them: a table, a timeline, JSON lines, CSV. Each result shows as it comes."""

import csv
import json
import os
import shutil
import sys
from bisect import bisect_right
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TextIO

import typer

from bonafide.detection.choice import model_text
from bonafide.detection.results import Channel, Result, as_json, confidence
from bonafide.detection.verdicts import Cut, call
from bonafide.detection.window_scores import HOP_SECONDS
from bonafide.scoring.windows import Span, edges_of
from bonafide.text import clock, duration, printable

COLOURS = {"human": "green", "ai": "red", "mixed": "magenta", "cannot tell": "yellow"}
MARKS = {"human": "▁", "ai": "█", "cannot tell": "▄", "": " "}
ASCII_MARKS = {"human": "_", "ai": "#", "cannot tell": "=", "": " "}
HEAD = f"{'verdict':<11}  {'p(ai)':>5}  {'confidence':<11}  {'length':>7}  file"
COLUMNS = ("path", "verdict", "p_ai", "llr", "seconds", "reason")  # of CSV; what answered stands behind them
LINE_WIDTH = 100  # characters of a timeline, at most


@dataclass(frozen=True)
class Answering:
    """The detector that answers: its name, and the SHA-256 of its file, for a name may stand for another one later."""

    model: str
    model_sha256: str


class JsonLines:
    """A line of JSON for each result: its path, all that `Result` holds, its confidence, and what answered."""

    def __init__(self, answering: Answering, file: TextIO) -> None:
        self._answering, self._file = asdict(answering), file

    def write(self, path: str, result: Result) -> None:
        """Show one result."""
        self._file.write(json.dumps({"path": path, **as_json(result), **self._answering}) + "\n")
        self._file.flush()

    def finish(self) -> None:
        """Nothing comes after the last."""


class Csv:
    """A table for programs: columns path, verdict, p_ai, llr, seconds, reason, and what answered."""

    def __init__(self, answering: Answering, file: TextIO, *, head: bool = True) -> None:
        self._answering, self._file = asdict(answering), file
        self._writer = csv.writer(file, lineterminator="\n")
        if head:
            self._writer.writerow([*COLUMNS, *self._answering])

    def write(self, path: str, result: Result) -> None:
        """Show one result."""
        numbers = ["" if each is None else f"{each:.6f}" for each in (result.p_ai, result.llr)]
        self._writer.writerow([path, result.verdict, *numbers, result.seconds, _why(result), *self._answering.values()])
        self._file.flush()

    def finish(self) -> None:
        """Nothing comes after the last."""
        self._file.flush()


class Table:
    """A table for people.

    Parameters
    ----------
    answering : Answering
    cut : Cut
        What the windows of a timeline are called by.
    timeline : bool
        Draw a line below each result.
    """

    def __init__(self, answering: Answering, cut: Cut, *, timeline: bool) -> None:
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        self._model, self._cut, self._timeline = answering.model, cut, timeline
        self._counted: Counter[str] = Counter()

    def write(self, path: str, result: Result) -> None:
        """Show one result."""
        if not self._counted:
            out(styled(HEAD, bold=True) + "\n")
        self._counted[result.verdict] += 1
        probability = "-" if result.p_ai is None else f"{result.p_ai:.2f}"
        length = _length(result.seconds)
        verdict = styled(f"{result.verdict:<11}", fg=COLOURS[result.verdict])
        reason = f": {why}" if (why := _why(result)) else ""
        name = printable(path) if path != "-" else "standard input"
        out(f"{verdict}  {probability:>5}  {confidence(result) or '-':<11}  {length:>7}  {name}{reason}\n")
        for one in (result.channels or [result]) if self._timeline else []:
            if one.windows:
                out(f"  channel {one.number}\n" if isinstance(one, Channel) else "")
                out(timeline(one, result.seconds, self._cut))

    def finish(self) -> None:
        """Count the verdicts where there are several, and say on stderr what answered."""
        if self._counted.total() > 1:
            counts = ", ".join(f"{self._counted[verdict]} {verdict}" for verdict in COLOURS if self._counted[verdict])
            out(f"{self._counted.total()} recordings: {counts}\n")
        if self._counted:
            say_who_answered(self._model)


Writer = JsonLines | Csv | Table


def _why(result: Result) -> str:
    return "; ".join(filter(None, (result.reason, result.note)))


def timeline(result: Result | Channel, seconds: float, cut: Cut) -> str:
    """Return a line of marks, one for each stretch of the recording, with the times below it."""
    width = max(20, min(LINE_WIDTH, shutil.get_terminal_size((80, 24)).columns - 4))
    marks = MARKS if (sys.stdout.encoding or "").lower().startswith("utf") else ASCII_MARKS
    edges = edges_of([(window.start, window.stop) for window in result.windows], HOP_SECONDS)
    calls = [_call_at(result, edges, (column + 0.5) / width * seconds, cut) for column in range(width)]
    drawn = "".join(styled(marks[each], fg=COLOURS.get(each)) for each in calls)
    end = clock(seconds)
    legend = ", ".join(f"{marks[each]} {each}" for each in ("human", "cannot tell", "ai")) + ", blank: not scored"
    return f"  {drawn}\n  {'0:00':<{width - len(end)}}{end}\n  {legend}\n"


def _call_at(result: Result | Channel, edges: list[Span], seconds: float, cut: Cut) -> str:
    """Return what the window says that speaks for this moment; `edges` are in time order."""
    at = bisect_right(edges, seconds, key=lambda edge: edge[0]) - 1
    if at < 0 or seconds > edges[at][1]:
        return ""
    return call(result.windows[at].llr, cut)


def _length(seconds: float) -> str:
    if not seconds:
        return "-"
    return duration(seconds)


def say_who_answered(model: str) -> None:
    """Say on stderr which detector did."""
    print(f"answered by {printable(model_text(model))}", file=sys.stderr, flush=True)


def styled(text: str, *, fg: str | None = None, bold: bool = False) -> str:
    """Return `text` in a colour or bold where a terminal shows it."""
    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ
    return text if plain else typer.style(text, fg=fg, bold=bold)


def out(text: str) -> None:
    """Write to standard output at once."""
    sys.stdout.write(text)
    sys.stdout.flush()
