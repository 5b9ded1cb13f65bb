"""Counters of the service in Prometheus' text format, version 0.0.4: too short to need a library."""

import os
from bisect import bisect_left
from collections.abc import Mapping
from pathlib import Path

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)  # seconds
HELP = {
    "bonafide_requests_total": "Requests by route and HTTP status.",
    "bonafide_request_seconds": "Time from a request's first line to the end of its answer, by route.",
    "bonafide_files_total": "Recordings by verdict; 'refused' where there was none.",
    "bonafide_audio_seconds_total": "Length of all recordings that were answered.",
    "bonafide_received_bytes_total": "Bytes of request bodies.",
    "bonafide_worker_restarts_total": "Workers that were replaced, by cause.",
    "bonafide_requests_in_flight": "Requests that are being answered.",
    "bonafide_workers_idle": "Workers that wait for a recording.",
    "bonafide_recordings_waiting": "Admitted requests that wait for a worker.",
    "process_resident_memory_bytes": "Memory of the serving process, without its workers.",
}

Labels = tuple[tuple[str, str], ...]


class Metrics:
    """Counters and one histogram; used from one event loop, so that nothing is locked."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[Labels, float]] = {}
        self._times: dict[str, tuple[list[int], float]] = {}

    def add(self, name: str, value: float = 1.0, **labels: str) -> None:
        """Raise the counter `name` with `labels` by `value`."""
        series = self._counts.setdefault(name, {})
        key = tuple(sorted(labels.items()))
        series[key] = series.get(key, 0.0) + value

    def observe(self, route: str, seconds: float) -> None:
        """Note that a request to `route` took `seconds`."""
        counts, total = self._times.get(route, ([0] * (len(BUCKETS) + 1), 0.0))
        counts[bisect_left(BUCKETS, seconds)] += 1
        self._times[route] = counts, total + seconds

    def text(self, gauges: Mapping[str, float]) -> str:
        """Return all series, with `gauges` by name, as Prometheus reads them."""
        lines: list[str] = []
        for name, series in sorted(self._counts.items()):
            lines += _head(name, "counter")
            lines += [f"{name}{_braces(key)} {value:.17g}" for key, value in sorted(series.items())]
        lines += _head("bonafide_request_seconds", "histogram")
        for route, (counts, total) in sorted(self._times.items()):
            lines += _histogram("bonafide_request_seconds", route, counts, total)
        for name, value in {**gauges, "process_resident_memory_bytes": resident_bytes(os.getpid())}.items():
            lines += [*_head(name, "gauge"), f"{name} {value:.17g}"]
        return "\n".join(lines) + "\n"


def resident_bytes(pid: int) -> int:
    """Return the resident memory of process `pid`; 0 where the system has no /proc."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _head(name: str, kind: str) -> list[str]:
    return [f"# HELP {name} {HELP[name]}", f"# TYPE {name} {kind}"]


def _histogram(name: str, route: str, counts: list[int], total: float) -> list[str]:
    ends = [*(f"{bucket:g}" for bucket in BUCKETS), "+Inf"]
    lines, so_far = [], 0
    for end, count in zip(ends, counts, strict=True):
        so_far += count
        lines.append(f"{name}_bucket{_braces((('route', route), ('le', end)))} {so_far}")
    label = _braces((("route", route),))
    return [*lines, f"{name}_sum{label} {total:.17g}", f"{name}_count{label} {so_far}"]


def _braces(labels: Labels) -> str:
    quoted = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)
    return f"{{{quoted}}}" if quoted else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
