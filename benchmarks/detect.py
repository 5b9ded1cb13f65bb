"""Cold start, throughput and live listening beside their bare cost: ``python benchmarks/detect.py FOLDER``.

FOLDER holds real recordings; 1,000 clips of 4 s are cut of them. Bare means what no detector could do without: read,
decode, resample, one FFT pass and the network's own run. Rounds of both are taken in turn, so that a busy machine
disturbs both, and a ratio is the median of theirs with the least and the greatest. On a machine with other work the
time of the processors is what holds; the bounds are of it. ``--check`` fails beyond them.
"""

from __future__ import annotations

import argparse
import compileall
import multiprocessing
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as `bonafide detect` has it

import numpy as np
import soundfile
import soxr

import bonafide
from bonafide.audio.spectrogram import crops
from bonafide.detection.choice import packaged_model
from bonafide.detection.detector import Detector
from bonafide.detection.live import LiveDetector
from bonafide.memory import keep_memory
from bonafide.scoring.exported import Scorer

BARE_START = "import onnxruntime, soundfile, soxr, numpy"
SECONDS, CLIP_RATE, MOST_AUDIO = 4.0, 22050, 300
LIVE_SECONDS = 120
MOST_START, MOST_START_RATIO, MOST_RATIO = 0.30, 1.6, 1.25  # seconds, of the bare imports, of the bare cost on one core
_BARE: list[Scorer] = []


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="of real recordings: WAV, FLAC, MP3 or Ogg")
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--jobs", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--check", action="store_true", help="exit with 1 beyond the bounds")
    options = parser.parse_args()
    keep_memory()  # as `bonafide detect` does
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as home:
        clips = cut(options.folder, Path(home), options.clips)
        good = [cold_start(clips[0])]
        good.append(one_core(clips, options.rounds))
        for jobs in options.jobs:
            throughput(clips, jobs, options.rounds)
        live(clips)
    sys.exit(int(options.check and not all(good)))


def cut(folder: Path, home: Path, count: int) -> list[Path]:
    """Write `count` clips as 16-bit WAV of 22.05 kHz, so that each must be resampled."""
    some = sorted(path for path in folder.rglob("*") if path.suffix in (".wav", ".flac", ".mp3", ".ogg"))
    pieces = []
    for path in some[:: max(1, len(some) // MOST_AUDIO)]:
        try:
            samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            continue
        pieces.append(soxr.resample(samples.mean(axis=1), rate, CLIP_RATE))
    speech, size = np.concatenate(pieces), round(SECONDS * CLIP_RATE)
    starts = np.linspace(0, speech.size - size, count).astype(int)
    paths = [home / f"clip-{number:04}.wav" for number in range(count)]
    for path, start in zip(paths, starts, strict=True):
        soundfile.write(path, speech[start : start + size], CLIP_RATE, subtype="PCM_16")
    return paths


def cold_start(clip: Path) -> bool:
    """Print several starts of each, taken in turn, and return whether they are within the bounds."""
    compileall.compile_dir(Path(bonafide.__file__).parent, quiet=1)  # as pip does
    own = [str(Path(sys.executable).with_name("bonafide")), "detect", str(clip)]
    times: dict[str, list[float]] = {"bonafide detect one.wav": [], f'python -c "{BARE_START}"': []}
    clock: dict[str, list[float]] = {name: [] for name in times}
    for _ in range(7):
        for name, argv in zip(times, (own, [sys.executable, "-c", BARE_START]), strict=True):
            start, spent = time.perf_counter(), _children()
            subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            clock[name].append(time.perf_counter() - start)
            times[name].append(_children() - spent)
    for name, taken in times.items():
        print(f"cold start, {name}: {spread(taken)} s of processors, by the clock {spread(clock[name])} s")
    ours, bare_start = times.values()
    ratios = [one / other for one, other in zip(ours, bare_start, strict=True)]
    print(f"cold start, ratio {spread(ratios)} of processors' time")
    return median(ours) <= MOST_START or median(ratios) <= MOST_START_RATIO


def one_core(clips: list[Path], rounds: int) -> bool:
    """Print the time of a clip beside its bare time, both in turn on one thread; return whether the bound is kept."""
    model = packaged_model()
    detector, ratios, times = Detector(model), [], []
    _start(model)
    for some in (clips[:4], *(clips[number::rounds] for number in range(rounds))):
        spent = own = 0.0
        for clip in some:
            spent += bare(clip)
            started = time.thread_time()
            detector.predict(clip)
            own += time.thread_time() - started
        ratios.append(own / spent)
        times.append(1000 * own / len(some))
    print(f"one core, a clip of {SECONDS:g} s: {spread(times[1:], 1)} ms, of the bare time {spread(ratios[1:])}")
    return median(ratios[1:]) <= MOST_RATIO


def throughput(clips: list[Path], jobs: int, rounds: int) -> None:
    """Print the time by the clock of all clips through `predict_many`, and bare in as many processes, started before.

    With several processes the detector's start is in the ratio.
    """
    model = packaged_model()
    detector, ratios, rates = Detector(model), [], []
    with multiprocessing.get_context("spawn").Pool(jobs, _start, (model,)) as pool:
        pool.map(bare, clips[: jobs * 8])
        list(detector.predict_many(clips[:8]))
        for some in (clips[number::rounds] for number in range(rounds)):
            start = time.perf_counter()
            pool.map(bare, some, chunksize=8)
            between = time.perf_counter()
            done = sum(1 for _ in detector.predict_many(some, jobs=jobs))
            seconds = time.perf_counter() - between
            ratios.append(seconds / (between - start))
            rates.append(done / seconds)
    print(
        f"{len(clips)} clips of {SECONDS:g} s, {jobs} process(es): {spread(rates, 0)} files a second,"
        f" {median(rates) * SECONDS:.0f} hours of audio an hour, of the bare time {spread(ratios)}"
    )


def live(clips: list[Path]) -> None:
    """Print how much of its second a second costs that is heard live."""
    samples = [soundfile.read(clip, dtype="int16")[0] for clip in clips[: round(LIVE_SECONDS / SECONDS)]]
    sound = np.concatenate(samples)
    listening, costs = LiveDetector(Detector(packaged_model()), rate=CLIP_RATE), []
    for at in range(0, sound.size, CLIP_RATE):
        start = time.perf_counter()
        listening.feed(sound[at : at + CLIP_RATE])
        costs.append(time.perf_counter() - start)
    start = time.perf_counter()
    listening.finish()
    early, late = costs[1:9], costs[9:]
    print(
        f"live, of a second's time: {spread(early, 4)} while less than 9 s were heard, then {spread(late, 4)};"
        f" the last verdict on {sound.size / CLIP_RATE:.0f} s in {time.perf_counter() - start:.4f} s"
    )


def spread(numbers: list[float], digits: int = 2) -> str:
    """Return the median of `numbers` and between which they lie."""
    return f"{median(numbers):.{digits}f} ({min(numbers):.{digits}f} to {max(numbers):.{digits}f})"


def _start(model: bytes) -> None:
    _BARE.append(Scorer(model))


def bare(path: Path) -> float:
    """Read, decode, resample, one FFT pass, the network's run on crops of the right shape; return the seconds spent."""
    started, scorer = time.thread_time(), _BARE[0]
    rate, mel = scorer.facts.audio.rate, scorer.facts.spectrogram
    samples, native = soundfile.read(path, dtype="float32")
    samples = soxr.resample(samples, native, rate, quality="HQ")
    frames = np.lib.stride_tricks.sliding_window_view(samples, mel.n_fft)[:: mel.hop_length]
    np.abs(np.fft.rfft(frames))
    # As many crops as the detector cuts, of numbers that cost nothing to make.
    shape = (1 + samples.size // mel.hop_length, mel.width)
    batch = crops(np.zeros(shape, np.float32), scorer.crop_frames).astype(np.float32)
    session = scorer._session
    session.run(None, {session.get_inputs()[0].name: batch})
    return time.thread_time() - started


def _children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


if __name__ == "__main__":
    main()
