"""Puts the service under load and prints how it bears it: `python benchmarks/load.py --minutes 5`.

Clients on loopback send recordings of mixed size, one after another, as fast as they are answered; a client that is
told to come back (429) waits as long as it is told. Beside them, from addresses of their own, are slow clients, such
that leave before their answer, and hostile ones (bad_clients.py). Halfway one worker is killed with SIGKILL: it may
lose its own request and no other. Ends with exit code 1 where an honest client got anything beyond an answer or the
stated refusals (429, 413) and that one, waited longer than `MOST_SECONDS` or went longer than `MOST_GAP` without an
answer, or where memory grew.
"""

import argparse
import http.client
import io
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
from bad_clients import Hostile, Leaving, Slow

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "service"))

from serving import Service  # noqa: E402

SECONDS = (2, 4, 4, 4, 10, 30, 90)  # of the recordings that are sent
KINDS = ("WAV", "FLAC", "MP3", "OGG")
MAX_MB = 8
MEGABYTE = 2**20
MOST_SECONDS = 30.0  # of one answer, of 99 in 100
MOST_GAP = 120.0  # seconds from one answer of a client to its next, with all the times that it was told to come back
MOST_GROWTH = 48.0  # megabytes, of the server or of its largest worker, from the second quarter to the last
MOST_WORKER = 512.0  # megabytes


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="recordings, from which those of all sizes are made")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--queue", type=int, default=16)
    parser.add_argument("--slow", type=int, default=64, help="clients that upload a byte a second")
    parser.add_argument("--leaving", type=int, default=20, help="clients that leave before their answer")
    parser.add_argument("--hostile", type=int, default=10)
    options = parser.parse_args()
    bodies = recordings(options.folder)
    with Service("--workers", options.workers, "--queue", options.queue, "--max-mb", MAX_MB) as service:
        for body in bodies[:-1]:  # so that what is loaded once does not count as growth
            Client(service, 0).send(body)
        bad = bad_clients(service, bodies, 60 * options.minutes, options)
        figures = put_under_load(service, bodies, options.clients, 60 * options.minutes)
        for client in bad:
            client.join(130)
        figures["well"] = service.get("/v1/health")[0] == 200
    print(f"beside them {options.slow} slow, {options.leaving} leaving and {options.hostile} hostile clients")
    sys.exit(report(figures, options.clients, options.workers))


def bad_clients(
    service: Service, bodies: list[bytes], seconds: float, options: argparse.Namespace
) -> list[threading.Thread]:
    """Start the clients that are no honest ones."""
    end = time.monotonic() + seconds
    clients: list[threading.Thread] = [Slow(service.port, options.slow, end)]
    clients += [Leaving(service.port, bodies[:-1], end, number) for number in range(options.leaving)]
    clients += [Hostile(service.port, bodies[:-1], end, number) for number in range(options.hostile)]
    for client in clients:
        client.start()
    return clients


def recordings(folder: Path) -> list[bytes]:
    """Return bodies of all sizes and kinds; the last is beyond the service's limit."""
    rng = np.random.default_rng(1)
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".wav", ".flac"))
    speech = np.concatenate([soundfile.read(paths[i])[0] for i in rng.permutation(len(paths))[:60]])
    bodies = []
    for number, seconds in enumerate(SECONDS):
        samples = np.resize(np.roll(speech, -number * 16000), seconds * 16000)
        for kind in KINDS:
            buffer = io.BytesIO()
            soundfile.write(buffer, samples, 16000, format=kind)
            bodies.append(buffer.getvalue())
    return [*bodies, bytes((MAX_MB + 1) * MEGABYTE)]


class Client(threading.Thread):
    """Sends recordings until it is told to end."""

    def __init__(self, service: Service, number: int) -> None:
        super().__init__(daemon=True)
        self.service, self.random = service, random.Random(number)
        self.address = f"127.0.1.{number + 1}"  # each has its own, as clients have
        self.answers: list[tuple[float, float, int]] = []  # when it was sent, seconds it took, status
        self.bodies: list[bytes] = []
        self.end = 0.0

    def run(self) -> None:
        """Send."""
        while time.monotonic() < self.end:
            wait = self.send(self.random.choice(self.bodies))
            time.sleep(wait)

    def send(self, body: bytes) -> float:
        """Send one recording; return for how long to wait after it."""
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, 120, source_address=(self.address, 0))
        try:
            connection.request("POST", "/v1/detect", body, {"Content-Type": "audio/wav"})
            answer = connection.getresponse()
            answer.read()
            status, wait = answer.status, float(answer.headers.get("Retry-After", 0))
        except OSError:
            status, wait = 0, 0.0
        finally:
            connection.close()
        self.answers.append((began, time.monotonic() - began, status))
        return wait


def put_under_load(service: Service, bodies: list[bytes], n_clients: int, seconds: float) -> dict[str, object]:
    """Let the clients work, kill one worker halfway, and watch memory."""
    memory = [(0.0, *resident(service))]
    clients = [Client(service, number) for number in range(n_clients)]
    began = time.monotonic()
    for client in clients:
        client.bodies, client.end = bodies, began + seconds
        client.start()
    killed = False
    while (passed := time.monotonic() - began) < seconds:
        time.sleep(min(2.0, seconds / 20))
        if not killed and passed > seconds / 2:
            os.kill(service.workers()[0], signal.SIGKILL)
            killed = True
        memory.append((passed, *resident(service)))
    for client in clients:
        client.join(130)
    memory.append((time.monotonic() - began, *resident(service)))
    answers = [each for client in clients for each in client.answers]
    gaps = [gap for client in clients for gap in gaps_of(client.answers, began, began + seconds)]
    return {"answers": answers, "memory": memory, "seconds": seconds, "gap": max(gaps)}


def gaps_of(answers: list[tuple[float, float, int]], began: float, ended: float) -> list[float]:
    """Return how long a client was without an answer, each time."""
    times = [began, *(at + took for at, took, status in answers if status in (200, 413)), ended]
    return [later - earlier for earlier, later in pairwise(times)]


def resident(service: Service) -> tuple[float, float]:
    """Return the memory of the server and of its largest worker, in MB."""
    sizes = []
    for pid in (service.process.pid, *service.workers()):
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except OSError:  # it has just ended
            pages = 0
        sizes.append(pages * os.sysconf("SC_PAGE_SIZE") / MEGABYTE)
    return sizes[0], max(sizes[1:], default=0.0)


def report(figures: dict[str, object], n_clients: int, n_workers: int) -> int:
    """Print the figures; return the exit code."""
    answers, memory, seconds = figures["answers"], figures["memory"], figures["seconds"]
    statuses = Counter(status for _, _, status in answers)
    good = np.array([took for _, took, status in answers if status == 200])
    print(f"{n_clients} clients, {n_workers} workers, {seconds:.0f} s: {len(answers)} requests")
    print("  by status: " + ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items())))
    p50, p95, p99 = np.percentile(good, [50, 95, 99])
    print(f"  answered (200): {len(good) / seconds:.1f} a second; p50 {p50:.2f} s, p95 {p95:.2f} s, p99 {p99:.2f} s")
    print(f"  longest time of a client without an answer: {figures['gap']:.1f} s")
    growth = [grown(memory, column, name) for column, name in ((1, "server"), (2, "largest worker"))]
    lost = statuses[500]
    others = sum(count for status, count in statuses.items() if status not in (200, 413, 429, 500))
    print(f"  lost with the killed worker: {lost} (1 at most); other errors: {others}")
    bounds = {
        f"at most 1 answer lost and no other errors, and it is well: {figures['well']}": lost <= 1
        and not others
        and figures["well"],
        f"99 of 100 answers within {MOST_SECONDS:.0f} s": p99 <= MOST_SECONDS,
        f"no client without an answer for {MOST_GAP:.0f} s": figures["gap"] <= MOST_GAP,
        f"memory grew by less than {MOST_GROWTH:.0f} MB": max(growth) < MOST_GROWTH,
        f"no worker above {MOST_WORKER:.0f} MB": max(row[2] for row in memory) <= MOST_WORKER,
    }
    for bound, holds in bounds.items():
        print(f"  {'holds' if holds else 'FAILS'}: {bound}")
    return 0 if all(bounds.values()) else 1


def grown(memory: list[tuple[float, float, float]], column: int, name: str) -> float:
    """Print the memory in `column` and return by how much its median grew from the second quarter to the last."""
    values = [row[column] for row in memory]
    quarter = max(1, len(values) // 4)
    early, late = float(np.median(values[quarter : 2 * quarter])), float(np.median(values[-quarter:]))
    print(
        f"  memory of the {name}: {values[0]:.0f} MB at the start, {early:.0f} in the second quarter, {late:.0f} in "
        f"the last, {max(values):.0f} at most"
    )
    return late - early


if __name__ == "__main__":
    main()
