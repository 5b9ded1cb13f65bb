"""Puts the service under load and prints how it bears it: `python benchmarks/load.py --minutes 5`.

Clients on loopback send recordings of mixed size, one after another, as fast as they are answered; a client that is
told to come back (429) waits as long as it is told. Halfway one worker is killed with SIGKILL: it may lose its own
request and no other. Ends with exit code 1 where anything failed beyond the stated refusals (429, 413) and that one.
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
from pathlib import Path

import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "service"))

from serving import Service  # noqa: E402

SECONDS = (2, 4, 4, 4, 10, 30, 90)  # of the recordings that are sent
KINDS = ("WAV", "FLAC", "MP3", "OGG")
MAX_MB = 8
MEGABYTE = 2**20


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="recordings, from which those of all sizes are made")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--queue", type=int, default=16)
    options = parser.parse_args()
    bodies = recordings(options.folder)
    with Service("--workers", options.workers, "--queue", options.queue, "--max-mb", MAX_MB) as service:
        for body in bodies[:-1]:  # so that what is loaded once does not count as growth
            Client(service, 0).send(body)
        figures = put_under_load(service, bodies, options.clients, 60 * options.minutes)
    sys.exit(report(figures, options.clients, options.workers))


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
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=120)
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
    return {"answers": [each for client in clients for each in client.answers], "memory": memory, "seconds": seconds}


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
    middle = memory[len(memory) // 2]
    for name, column in (("server", 1), ("largest worker", 2)):
        top = max(row[column] for row in memory)
        print(
            f"  memory of the {name}: {memory[0][column]:.0f} MB at the start, {middle[column]:.0f} in the middle, "
            f"{memory[-1][column]:.0f} at the end, {top:.0f} at most"
        )
    lost = statuses[500]
    others = sum(count for status, count in statuses.items() if status not in (200, 413, 429, 500))
    print(f"  lost with the killed worker: {lost} (1 at most); other errors: {others}")
    return 0 if lost <= 1 and not others else 1


if __name__ == "__main__":
    main()
