"""How often the check for speech is wrong: ``python benchmarks/speech.py VOICES [--noise FOLDER]``.

VOICES is a corpus folder with clips.csv: clips that the pipeline accepts should not be refused. NOISE holds noise;
tones, coloured noise and synthetic music are made here, and all of them should be refused.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path

import numpy as np

from bonafide.audio.conditioning import check, condition, resample
from bonafide.audio.decoding import Recording, UnusableError, decode
from bonafide.detection.detector import MIN_SPEECH, Detector
from bonafide.detection.speech import examine

SECONDS = 4.0


def main() -> None:
    """Print the share of refusals of each kind of sound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("voices", type=Path)
    parser.add_argument("--noise", type=Path)
    options = parser.parse_args()
    detector = Detector()
    with (options.voices / "clips.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for label in ("human", "ai"):
        clips = [options.voices / row["path"] for row in rows if row["label"] == label]
        show(f"{label} voices", [judge(detector, recording) for path in clips if (recording := read(path))])
    if options.noise:
        for kind in ("noise", "room"):
            pieces = [piece for path in sorted(options.noise.glob(f"{kind}_*")) for piece in pieces_of(read(path))]
            show(kind, [judge(detector, piece) for piece in pieces])
    rng, rate = np.random.default_rng(1), detector.facts.audio.rate
    for name, sounds in made(rng, rate).items():
        show(name, [judge(detector, Recording(sound.astype(np.float32), rate, "")) for sound in sounds])


def read(path: Path) -> Recording | None:
    """Return a recording that decodes, or None."""
    try:
        recording = decode(path, max_seconds=60)
        check(recording.samples)
        return recording
    except UnusableError:
        return None


def judge(detector: Detector, recording: Recording) -> str | None:
    """Return why there is no speech, "" where there is, None where the pipeline itself refuses it."""
    settings = detector.facts.audio
    try:
        samples = condition(recording, settings)
    except UnusableError:
        return None
    speech = examine(samples, settings.rate, seconds=recording.samples.size / recording.rate)
    return speech.reason or ("too little speech" if speech.seconds < MIN_SPEECH else "")


def show(kind: str, reasons: list[str | None]) -> None:
    """Print a line."""
    known = [reason for reason in reasons if reason is not None]
    counted = Counter(reason.partition(":")[0] for reason in known if reason)
    why = ", ".join(f"{reason} {count}" for reason, count in counted.most_common()) or "-"
    print(f"{kind}: {len(known)} accepted by the pipeline, refused {counted.total() / max(1, len(known)):.2%} ({why})")


def pieces_of(recording: Recording | None) -> list[Recording]:
    """Cut a recording into pieces of a clip's length."""
    if recording is None:
        return []
    size = round(SECONDS * recording.rate)
    starts = range(0, max(1, recording.samples.size - recording.rate // 2), size)
    return [Recording(recording.samples[at : at + size], recording.rate, "") for at in starts]


def made(rng: np.random.Generator, rate: int) -> dict[str, list[np.ndarray]]:
    """Return tones, noises and music that are made of formulas."""
    n = round(SECONDS * rate)
    t = np.arange(n) / rate
    spectrum = [np.fft.rfft(rng.normal(size=n)) for _ in range(20)]
    slopes = {"white noise": 0.0, "pink noise": 0.5, "brown noise": 1.0}
    noises = {
        name: [0.1 * normal(np.fft.irfft(each / np.arange(1, each.size + 1) ** slope)) for each in spectrum]
        for name, slope in slopes.items()
    }
    tones = [0.3 * np.sin(2 * np.pi * hertz * t) for hertz in (60, 100, 220, 440, 1000, 3000, 6000)]
    hum = [0.1 * sum(np.sin(2 * np.pi * 50 * k * t) / k for k in range(1, 20)) + 0.01 * rng.normal(size=n)]
    melodies = [0.5 * normal(melody(rng, t, rate)) for _ in range(60)]
    narrow = [resample(resample(0.1 * normal(np.fft.irfft(each)), rate, 4000), 4000, rate) for each in spectrum[:3]]
    return {**noises, "tones": tones, "mains hum": hum, "synthetic music": melodies, "narrow band": narrow}


def normal(samples: np.ndarray) -> np.ndarray:
    """Scale to a peak of 1."""
    return samples / np.abs(samples).max()


def melody(rng: np.random.Generator, t: np.ndarray, rate: int) -> np.ndarray:
    """Play chords of decaying harmonics in a beat, half of the time with a drum."""
    sound = np.zeros_like(t)
    beat, decay, harmonics = 60 / rng.uniform(60, 180), rng.uniform(1, 10), rng.integers(1, 12)
    step = beat / rng.choice([1, 2, 4])
    for start in np.arange(0, t[-1], step):
        at = int(start * rate)
        since = t[: t.size - at]
        for note in rng.choice(np.arange(36, 84), rng.integers(1, 4)):
            hertz = 440 * 2 ** ((note - 69) / 12)
            for k in range(1, harmonics + 1):
                if k * hertz < rate / 2:
                    sound[at:] += np.sin(2 * np.pi * k * hertz * since) / k * np.exp(-decay * since)
    if rng.random() < 0.5:
        for start in np.arange(0, t[-1], beat):
            at = int(start * rate)
            sound[at:] += rng.normal(size=t.size - at) * np.exp(-20 * t[: t.size - at])
    return sound + 1e-3 * rng.normal(size=t.size)


if __name__ == "__main__":
    main()
