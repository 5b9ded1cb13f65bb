"""What tells a re-encoding from a vocoder's copy: ``python benchmarks/fingerprints.py CORPUS [CLIPS]``.

Every kind of copy of the same human recordings is searched for among all of them. Column "found" is the share that
the hashes propose, the others are percentiles of the waveforms' likeness where they do. Needs PyAV for the codecs.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
import pyworld
import soxr

from bonafide.audio.conditioning import AudioSettings, condition
from bonafide.audio.decoding import Recording, decode
from bonafide.audit import fingerprints
from bonafide.clips.codecs import through_ffmpeg

RATE = 16000
SETTINGS = AudioSettings(RATE, 40, 0.3, 8, 60, -26)
SEED = 1
LEAST_SECONDS = 1.5  # a shorter clip may have less than the pipeline's least once its start is cut

Samples = np.ndarray
COPIES: dict[str, Callable[[Samples], Samples]] = {
    "half the level": lambda x: x / 2,
    "upside down": lambda x: -x,
    "by 22.05 kHz": lambda x: soxr.resample(soxr.resample(x, RATE, 22050), 22050, RATE),
    "by 8 kHz": lambda x: soxr.resample(soxr.resample(x, RATE, 8000), 8000, RATE),
    "starts 0.3 s later": lambda x: x[4800:],
    "noise at 20 dB": lambda x: x + np.random.default_rng(SEED).normal(0, x.std() / 10, x.size).astype(np.float32),
    "MP3 64 kb/s": lambda x: through_ffmpeg(x, RATE, codec="libmp3lame", container="mp3", kbps=64),
    "MP3 32 kb/s": lambda x: through_ffmpeg(x, RATE, codec="libmp3lame", container="mp3", kbps=32),
    "Opus 24 kb/s": lambda x: through_ffmpeg(x, RATE, codec="libopus", container="ogg", kbps=24),
    "Opus 12 kb/s": lambda x: through_ffmpeg(x, RATE, codec="libopus", container="ogg", kbps=12),
    "WORLD": lambda x: _world(x),
    "Griffin-Lim, STFT": lambda x: librosa.griffinlim(
        np.abs(librosa.stft(x, n_fft=1024, hop_length=256)), n_iter=32, hop_length=256, n_fft=1024, random_state=SEED
    ),
    "Griffin-Lim, mel": lambda x: librosa.feature.inverse.mel_to_audio(
        librosa.feature.melspectrogram(y=x, sr=RATE, n_fft=1024, hop_length=256, n_mels=80),
        sr=RATE,
        n_fft=1024,
        hop_length=256,
    ),
}


def _world(samples: Samples) -> Samples:
    parameters = pyworld.wav2world(samples.astype(np.float64), RATE)
    return pyworld.synthesize(*parameters, RATE).astype(np.float32)


def _narrow(samples: Samples) -> Samples:
    return fingerprints.narrow(condition(Recording(samples.astype(np.float32), RATE, ""), SETTINGS), RATE)


def _row(name: str, originals: list[Samples], copies: list[Samples]) -> str:
    n = len(originals)
    narrow = originals + [_narrow(copy) for copy in copies]
    prints = [fingerprints.hashes(each) for each in narrow]
    pairs = fingerprints.candidates(prints, lambda first, second: second >= n)
    own = pairs.second == pairs.first + n
    like = [
        fingerprints.likeness(narrow[first], narrow[second], offset * fingerprints.HOP)
        for first, second, offset in zip(pairs.first, pairs.second, pairs.offset, strict=True)
    ]
    of_copies = np.array(like)[own] if own.any() else np.zeros(1)
    chance = np.array(like)[~own & (pairs.first < n)] if (~own).any() else np.zeros(1)
    values = np.quantile(of_copies, [0, 0.01, 0.05, 0.5, 0.95, 0.99, 1])
    percentiles = " ".join(f"{value:5.2f}" for value in values)
    return f"{name:20} {own.sum() / n:6.2f}  {percentiles}   {chance.max(initial=0):5.2f}"


def main(corpus: Path, clips: int) -> None:
    """Print a row for each kind of copy."""
    paths = sorted((corpus / "human").rglob("*.flac"))
    chosen = np.random.default_rng(SEED).choice(len(paths), min(clips, len(paths)), replace=False)
    sounds = [decode(paths[i], max_seconds=8).samples for i in sorted(chosen)]
    sounds = [sound for sound in sounds if sound.size > LEAST_SECONDS * RATE]
    originals = [_narrow(sound) for sound in sounds]
    print(f"{'copy':20} {'found':>6}    min    1%    5%   50%   95%   99%   max   others")
    for name, copy in COPIES.items():
        start = time.perf_counter()
        row = _row(name, originals, [copy(sound) for sound in sounds])
        print(f"{row} {time.perf_counter() - start:6.1f} s", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 150)
