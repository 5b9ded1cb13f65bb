"""Damaged recordings through the service's own workers: ``python benchmarks/mutations.py FOLDER [--count 2000]``.

Real files of FOLDER, and MP3, Ogg, Opus, MP4 and Matroska made of one of them, are damaged (see damage.py) and sent to
a running service. Prints what they were answered, the slowest and the workers' memory and, where strace is there,
what a worker opened beside the recording that it was given. Exit code 1 where one crashed a worker or the service,
raised, took too long or too much memory, or where a worker opened a socket or another file than its own.
"""

from __future__ import annotations

import argparse
import io
import random
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import soundfile
from damage import damaged

import bonafide

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "service"))

from serving import Service  # noqa: E402

MOST_SECONDS, MOST_MEGABYTES = 20.0, 512
SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".webm")
MADE = (("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("MP3", None), ("OGG", "VORBIS"), ("OGG", "OPUS"))
MADE_BY_AV = (("mp4", "aac"), ("matroska", "libopus"), ("matroska", "aac"), ("mp4", "libmp3lame"))
SECONDS = 4
TRACED = "open,openat,openat2,socket,socketpair,connect,bind,execve,execveat"
CODE = tuple(str(Path(each)) for each in (sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), "/usr/lib"))
OWN = ("/dev/fd/", "/proc/self/", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu", "/etc/localtime")
NAMES = re.compile(r'(?:open|openat|openat2)\((?:AT_FDCWD, |\d+, )?"([^"]*)"')


def main() -> int:
    """Damage, send and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    files = [path.read_bytes()[: 1 << 20] for path in sorted(options.folder.rglob("*")) if path.suffix in SUFFIXES]
    made = of_all_kinds(next(path for path in sorted(options.folder.rglob("*")) if path.suffix in (".wav", ".flac")))
    rng = random.Random(options.seed)
    with Service("--workers", 1) as service, tempfile.TemporaryDirectory() as scratch:
        for content in made:  # so that what is loaded once is there
            service.detect(content)
        trace = Trace(service.workers()[0], Path(scratch, "trace"))
        figures = Figures(service)
        for _ in range(options.count):
            content = rng.choice(made if rng.random() < 0.7 else files)
            figures.send(damaged(content, rng.choice(made), rng))
        figures.alive = service.detect(made[0])[0] == 200 and service.process.poll() is None
        opened = trace.end()
    return figures.report(opened)


def of_all_kinds(path: Path) -> list[bytes]:
    """Return some seconds of the recording `path` in every kind that is damaged part by part."""
    samples, rate = soundfile.read(path, frames=SECONDS * soundfile.info(path).samplerate, dtype="float32")
    mono = samples if samples.ndim == 1 else samples.mean(axis=1)
    contents = []
    for kind, coding in MADE:
        buffer = io.BytesIO()
        soundfile.write(buffer, mono, 16000 if coding == "OPUS" else rate, format=kind, subtype=coding)
        contents.append(buffer.getvalue())
    with suppress(ImportError):
        contents += [by_av(contents[0], *each) for each in MADE_BY_AV]
    return contents


def by_av(wav: bytes, container: str, codec: str) -> bytes:
    """Return a WAV in another container, through PyAV."""
    import av

    buffer = io.BytesIO()
    with av.open(io.BytesIO(wav)) as source, av.open(buffer, "w", format=container) as target:
        stream = target.add_stream(codec, rate=48000 if codec == "libopus" else 44100)
        resampler = av.AudioResampler(stream.format, "mono", stream.rate)
        for frame in source.decode(audio=0):
            for part in resampler.resample(frame):
                target.mux(stream.encode(part))
        target.mux(stream.encode(None))
    return buffer.getvalue()


class Figures:
    """What damaged recordings were answered by `service`, and what they cost."""

    def __init__(self, service: Service) -> None:
        self.service, self.alive = service, False
        self.answers: Counter[str] = Counter()
        self.count, self.bad, self.slowest, self.memory = 0, 0, 0.0, 0.0

    def send(self, content: bytes) -> None:
        """Send one."""
        began = time.monotonic()
        status, _, said = self.service.detect(content or b"\0")
        self.slowest = max(self.slowest, time.monotonic() - began)
        self.count += 1
        text = said["error"]["message"] if status >= 400 else f"{said['verdict']}: {said['reason']}"
        self.answers[f"{status} {re.sub(r'[0-9][0-9.:]*', 'N', text)}"[:100]] += 1
        if status >= 500:
            self.bad += 1
            print(f"recording {self.count}: {status} {text}")
        for pid in self.service.workers():
            self.memory = max(self.memory, most_megabytes(pid))

    def report(self, opened: list[str] | None) -> int:
        """Print the figures; return the exit code."""
        for answer, count in self.answers.most_common():
            print(f"{count:6} {answer}")
        print(f"{self.count} files, slowest {self.slowest:.2f} s, most memory of a worker {self.memory:.0f} MB")
        print(f"crashed or raised {self.bad}; the service is {'well' if self.alive else 'gone'}")
        if opened is None:
            print("what a worker opens was not watched: strace is not here, or may not look")
        else:
            print(f"opened by the worker beside its recordings and code: {', '.join(opened[:10]) or 'nothing'}")
        bad = self.bad or opened or not self.alive
        return int(bool(bad) or self.slowest > MOST_SECONDS or self.memory > MOST_MEGABYTES)


class Trace:
    """Strace on the process `pid`, if it is there."""

    def __init__(self, pid: int, out: Path) -> None:
        self.out, self.process = out, None
        if program := shutil.which("strace"):
            command = [program, "-f", "-p", str(pid), "-e", f"trace={TRACED}", "-o", str(out)]
            self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
            first = self.process.stderr.readline()
            if "attached" not in first:
                self.process.wait()
                self.process = None

    def end(self) -> list[str] | None:
        """Return what was opened that is neither code nor the recording, None where nobody looked."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGINT)
        self.process.communicate()
        lines = self.out.read_text(errors="replace").splitlines()
        if not any('"/dev/fd/' in line for line in lines):  # it saw nothing at all
            return None
        return sorted({each for each in map(foreign, lines) if each})


def foreign(line: str) -> str:
    """Return what a line of a trace opens beside code and the recording; "" for nothing."""
    if re.match(r"\d+ +(socket|socketpair|connect|bind|execve|execveat)\(", line):
        return line.partition(" ")[2].strip()
    name = NAMES.search(line)
    if name is None or line.rstrip().endswith(("ENOENT (No such file or directory)", "+++")):
        return ""
    return "" if name[1].startswith((*OWN, *CODE, str(Path(bonafide.__file__).parent))) else name[1]


def most_megabytes(pid: int) -> float:
    """Return the most memory that the process `pid` ever had."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:  # it has just ended
        return 0.0
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


if __name__ == "__main__":
    sys.exit(main())
