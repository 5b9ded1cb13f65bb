"""Which time each of several overlapping windows speaks for, where a recording is heard a window at a time."""

from collections.abc import Sequence

Span = tuple[float, float]  # seconds, start and stop


def edges_of(windows: Sequence[Span], hop: float) -> list[Span]:
    """Return the stretch that each window speaks for: half a hop around its middle, or up to the edge of its run.

    Parameters
    ----------
    windows : sequence of (float, float)
        In time order; a run of them starts at most every `hop` seconds.
    hop : float

    Examples
    --------
    >>> edges_of([(0.0, 4.0), (1.0, 5.0), (2.0, 6.0)], hop=1.0)
    [(0.0, 2.5), (2.5, 3.5), (3.5, 6.0)]
    """
    edges: list[Span] = []
    for i, (first, last) in enumerate(windows):
        middle = (first + last) / 2
        before = i > 0 and first - windows[i - 1][0] <= hop + 1e-6
        after = i + 1 < len(windows) and windows[i + 1][0] - first <= hop + 1e-6
        previous = sum(windows[i - 1]) / 2 if before else 0.0
        following = sum(windows[i + 1]) / 2 if after else 0.0
        start = (previous + middle) / 2 if before else first
        stop = (following + middle) / 2 if after else last
        # A run may begin inside of what the last one's final window covers: no time belongs to two.
        edges.append((max(start, edges[-1][1]) if edges else start, stop))
    return [(round(start, 3), round(stop, 3)) for start, stop in edges]
