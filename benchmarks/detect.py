"""Cold start and throughput of the detector beside their bare cost: ``python benchmarks/detect.py [FOLDER]``.

FOLDER holds real recordings; 1,000 clips of 4 s are cut of them. Bare means what no detector could do without: read,
decode, resample, one FFT pass and the network's own run.
"""

from __future__ import annotations

import argparse
import multiprocessing
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import soundfile
import soxr

from bonafide.audio.spectrogram import crops
from bonafide.detection.choice import packaged_model
from bonafide.detection.detector import Detector
from bonafide.scoring.exported import Scorer

BARE_START = "import onnxruntime, soundfile, soxr, numpy"
SECONDS, CLIP_RATE, MOST_AUDIO = 4.0, 22050, 300
_BARE: list[Scorer] = []


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="of real recordings: WAV, FLAC, MP3 or Ogg")
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--jobs", type=int, nargs="*", default=[1, 2])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        clips = cut(options.folder, Path(home), options.clips)
        cold_start(clips[0])
        for jobs in options.jobs:
            throughput(clips, jobs)


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


def cold_start(clip: Path) -> None:
    """Print the median of several starts of each, taken in turn so that a busy machine disturbs both."""
    command = [str(Path(sys.executable).with_name("bonafide")), "detect", str(clip)]
    times: dict[str, list[float]] = {"bonafide detect one.wav": [], f'python -c "{BARE_START}"': []}
    for _ in range(7):
        for name, argv in zip(times, (command, [sys.executable, "-c", BARE_START]), strict=True):
            start = time.perf_counter()
            subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
            times[name].append(time.perf_counter() - start)
    for name, taken in times.items():
        print(f"cold start, {name}: median {median(taken):.2f} s, least {min(taken):.2f} s")


def throughput(clips: list[Path], jobs: int) -> None:
    """Print the time of all clips through `predict_many`, and bare in as many processes, both started before."""
    model = packaged_model()
    with multiprocessing.get_context("spawn").Pool(jobs, _start, (model,)) as pool:
        pool.map(bare, clips[: jobs * 8])
        start = time.perf_counter()
        pool.map(bare, clips, chunksize=8)
        bare_seconds = time.perf_counter() - start
    detector = Detector(model)
    start = time.perf_counter()
    done = sum(1 for _ in detector.predict_many(clips, jobs=jobs))
    seconds = time.perf_counter() - start
    print(
        f"{done} clips of {SECONDS:g} s, {jobs} process(es): detector {seconds:.1f} s (with its start), bare"
        f" {bare_seconds:.1f} s, ratio {seconds / bare_seconds:.2f}"
    )


def _start(model: bytes) -> None:
    _BARE.append(Scorer(model))


def bare(path: Path) -> float:
    """Read, decode, resample, one FFT pass, the network's run on crops of the right shape."""
    scorer = _BARE[0]
    rate, mel = scorer.facts.audio.rate, scorer.facts.spectrogram
    samples, native = soundfile.read(path, dtype="float32")
    samples = soxr.resample(samples, native, rate, quality="HQ")
    frames = np.lib.stride_tricks.sliding_window_view(samples, mel.n_fft)[:: mel.hop_length]
    spectrum = np.abs(np.fft.rfft(frames))
    # As many crops as the detector cuts, of numbers that cost nothing to make.
    shape = (1 + samples.size // mel.hop_length, mel.n_bands)
    batch = crops(np.zeros(shape, np.float32), scorer.crop_frames).astype(np.float32)
    session = scorer._session
    return float(session.run(None, {session.get_inputs()[0].name: batch})[0].mean() + spectrum[0, 0])


if __name__ == "__main__":
    main()
