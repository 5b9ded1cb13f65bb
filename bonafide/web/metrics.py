"""What /metrics tells Prometheus."""

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from bonafide.web.pool import Pool
from bonafide.web.slots import Slots

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)  # seconds
CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

disable_created_metrics()  # type: ignore[no-untyped-call] # a series more for each counter, of no use here


class Metrics:
    """Counters, one histogram and, of a pool, gauges, in a registry of their own: the library's default adds more."""

    def __init__(self) -> None:
        self._registry = own = CollectorRegistry()
        self.requests = Counter(
            "bonafide_requests", "Requests by route and HTTP status.", ("route", "status"), registry=own
        )
        self.request_seconds = Histogram(
            "bonafide_request_seconds",
            "Time from a request's first line to the end of its answer, by route.",
            ("route",),
            buckets=BUCKETS,
            registry=own,
        )
        self.files = Counter(
            "bonafide_files", "Recordings by verdict; 'refused' where there was none.", ("verdict",), registry=own
        )
        self.audio_seconds = Counter(
            "bonafide_audio_seconds", "Length of all recordings that were answered.", registry=own
        )
        self.received_bytes = Counter("bonafide_received_bytes", "Bytes of request bodies.", registry=own)
        self.worker_restarts = Counter(
            "bonafide_worker_restarts", "Workers that were replaced, by cause.", ("cause",), registry=own
        )
        memory = "Memory of the serving process, without its workers."
        Gauge("process_resident_memory_bytes", memory, registry=own).set_function(_resident_bytes)

    def watch(self, pool: Pool, slots: Slots) -> None:
        """Tell of `pool` and `slots` what they are at when it is asked."""
        tickets = pool.tickets
        for name, text, value in (
            ("bonafide_requests_in_flight", "Requests that are worked on or wait for a worker.", lambda: tickets.held),
            ("bonafide_recordings_waiting", "Of these, those that wait.", lambda: tickets.waiting),
            ("bonafide_workers_idle", "Workers that wait for a recording.", lambda: pool.idle),
            ("bonafide_live", "Recordings that are listened to.", lambda: slots.held),
        ):
            Gauge(name, text, registry=self._registry).set_function(value)

    def text(self) -> str:
        """Return all series in the format of `CONTENT_TYPE`."""
        return generate_latest(self._registry).decode()


def _resident_bytes() -> float:
    """Return the resident memory of this process; 0 where the system has no /proc."""
    try:
        return float(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0.0
