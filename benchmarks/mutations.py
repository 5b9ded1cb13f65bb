"""Damaged recordings through the detector: ``python benchmarks/mutations.py FOLDER [--count 2000]``.

Real files of FOLDER are damaged in their headers, lengths and data, cut, doubled, joined with others. Prints what they
were answered, the slowest and the memory; exit code 1 where one crashed, hung, raised, or took too much memory.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from bonafide.detection.detector import Detector
from bonafide.processes import spawned_pool

MOST_SECONDS, MOST_MEGABYTES = 20.0, 512
SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".webm")
EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\x01\0\0\0")
_DETECTOR: list[Detector] = []


def mutate(content: bytes, other: bytes, random_: random.Random) -> bytes:
    """Return `content` with one to three kinds of damage."""
    data = bytearray(content)
    for _ in range(random_.randint(1, 3)):
        head = min(len(data), 512)
        kind = random_.randrange(8)
        if not data:
            break
        if kind == 0:  # bytes of the header
            for _ in range(random_.randint(1, 8)):
                data[random_.randrange(head)] = random_.randrange(256)
        elif kind == 1:  # a number in the header, made extreme
            at = random_.randrange(head)
            data[at : at + 4] = random_.choice(EXTREMES)
        elif kind == 2:  # bits anywhere
            for _ in range(random_.randint(1, 64)):
                data[random_.randrange(len(data))] ^= 1 << random_.randrange(8)
        elif kind == 3:
            del data[random_.randrange(len(data)) :]
        elif kind == 4:  # a piece is missing
            at = random_.randrange(len(data))
            del data[at : at + random_.randint(1, 4096)]
        elif kind == 5:  # a piece of another file
            at, of = random_.randrange(len(data)), random_.randrange(max(1, len(other)))
            data[at : at + 2048] = other[of : of + 2048]
        elif kind == 6:  # one header, the other's data
            data[head:] = other[head:]
        else:
            data += data[: random_.randrange(len(data))]
    return bytes(data)


def main() -> int:
    """Damage, judge and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    files = sorted(path for path in options.folder.rglob("*") if path.suffix in SUFFIXES and path.stat().st_size)
    random_ = random.Random(options.seed)
    answers: Counter[str] = Counter()
    slowest, memory, bad = 0.0, 0.0, 0
    with tempfile.TemporaryDirectory() as home:
        pool = _pool()
        for number in range(options.count):
            content, other = (random_.choice(files).read_bytes()[: 1 << 20] for _ in range(2))
            path = Path(home, "mutant.wav")
            path.write_bytes(mutate(content, other, random_))
            try:
                verdict, reason, seconds, megabytes = pool.submit(_judge, path).result(timeout=60)
            except BrokenProcessPool:
                verdict, reason, seconds, megabytes = "crashed", "", 0.0, 0.0
                pool = _pool()
            except TimeoutError:
                print(f"mutant {number} hangs")
                return 1
            answers[f"{verdict}: {reason.split(':')[0].strip('0123456789. %')}" if reason else verdict] += 1
            slowest, memory = max(slowest, seconds), max(memory, megabytes)
            bad += verdict in ("crashed", "raised")
            if verdict in ("crashed", "raised"):
                print(f"mutant {number} {verdict}: {reason}")
        pool.shutdown()
    for answer, count in answers.most_common():
        print(f"{count:6} {answer}")
    print(f"{options.count} files, slowest {slowest:.2f} s, most memory {memory:.0f} MB, crashed or raised {bad}")
    return int(bool(bad) or slowest > MOST_SECONDS or memory > MOST_MEGABYTES)


def _pool() -> ProcessPoolExecutor:
    return spawned_pool(1, _start)


def _start() -> None:
    _DETECTOR.append(Detector())


def _judge(path: Path) -> tuple[str, str, float, float]:
    start = time.perf_counter()
    try:
        result = _DETECTOR[0].predict(path)
    except Exception as error:
        return "raised", f"{type(error).__name__}: {error}", 0.0, 0.0
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return result.verdict, result.reason, time.perf_counter() - start, memory


if __name__ == "__main__":
    sys.exit(main())
