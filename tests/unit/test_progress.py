"""A long job says how far it is and what time is left, in a log as well."""

import pytest

from bonafide import progress
from bonafide.commands.progress import Line


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand."""
    seconds = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: seconds[0])
    return seconds


def test_a_log_says_now_and_then_what_time_is_left(clock, capsys):
    for _ in progress.track(range(4), total=4, what="preparing parts"):
        clock[0] += 20
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "preparing parts: 1 of 4, 20 s, about 1:00 left",
        "preparing parts: 2 of 4, 40 s, about 40 s left",
        "preparing parts: 3 of 4, 1:00, about 20 s left",
        "preparing parts: 4 of 4, 1:20",
        "preparing parts: 4 done in 1:20",
    ]


def test_the_line_of_detect_says_what_time_is_left(clock, capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    line = Line(500)
    for _ in range(3):
        clock[0] += 10
        line.count()
    said = capsys.readouterr().err.split("\r\033[K")
    assert said[-1] == "3 of 500 recordings done, 30 s, about 1:22:50 left"
