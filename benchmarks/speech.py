"""How often the VAD is wrong, beside a check of energy: ``python benchmarks/speech.py VOICES``.

VOICES is a corpus folder with clips.csv: clips that the pipeline accepts should not be refused, as they are, by
telephone and in noise. NOISE and MUSIC are folders of recordings without speech; tones, coloured noise, synthetic
music, babble and singing are made here. All of these should be refused, though singing and the babble of a few are
voices still. The threshold is chosen on the sources of one half, "chosen", and stated from the other, "stated".
"""

from __future__ import annotations

import argparse
import csv
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from energy_check import examine

from bonafide.audio.conditioning import check, condition, resample
from bonafide.audio.decoding import Recording, UnusableError, decode
from bonafide.clips.codecs import through_telephone
from bonafide.clips.effects import pink_noise
from bonafide.detection import silero, vad
from bonafide.detection.detector import Detector
from bonafide.detection.window_scores import MIN_SPEECH

SECONDS = 4.0
THRESHOLDS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)
SUFFIXES = (".flac", ".mp3", ".ogg", ".wav")
PIECES = 15  # of each recording of music
BABBLE = (6, 12, 24)  # voices
LINES: dict[str, Callable[[np.ndarray, int, np.random.Generator], np.ndarray]] = {
    "by telephone": lambda x, rate, rng: through_telephone(x, rate, subtype="ALAW"),
    "in noise, 20 dB": lambda x, rate, rng: pink_noise(x, 20, rng),
    "in noise, 10 dB": lambda x, rate, rng: pink_noise(x, 10, rng),
    "in noise, 0 dB": lambda x, rate, rng: pink_noise(x, 0, rng),
}


@dataclass(frozen=True)
class Heard:
    """What both make of a sound: whether it is refused, and how likely it is speech for the VAD."""

    by_energy: bool
    by_vad: bool
    likelihood: float
    stated: bool


def main() -> None:
    """Print the share of refusals of each kind of sound, by both, and by each threshold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("voices", type=Path)
    parser.add_argument("--noise", type=Path)
    parser.add_argument("--music", type=Path)
    parser.add_argument("--every", type=int, default=1, help="take one voice of so many")
    options = parser.parse_args()
    detector = Detector()
    rng = np.random.default_rng(1)
    with (options.voices / "clips.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[:: options.every]
    heard: dict[str, list[Heard]] = defaultdict(list)
    people = []
    for row in rows:
        recording = read(options.voices / row["path"])
        if recording is None or (samples := conditioned(detector, recording)) is None:
            continue
        heard[f"{row['label']} voices as they are"] += judged(detector, recording, row["source"])
        seconds = recording.samples.size / recording.rate
        if row["label"] == "human" and samples.size > SECONDS / 2 * silero.RATE:
            people.append(samples)
        for line, through in LINES.items():
            sound = Recording(through(samples, silero.RATE, rng), silero.RATE, "")
            heard[f"{row['label']} voices {line}"] += judged(detector, sound, row["source"], seconds)
    for kind, source, sound in sounds(options, people, rng):
        heard[kind] += judged(detector, sound, source)
    show(heard)
    clock(people[0])


def read(path: Path) -> Recording | None:
    """Return a recording that decodes, or None."""
    try:
        recording = decode(path, max_seconds=60)
        check(recording.samples)
        return recording
    except UnusableError:
        return None


def conditioned(detector: Detector, recording: Recording) -> np.ndarray | None:
    """Return what the detector hears of a recording, or None where the pipeline itself refuses it."""
    try:
        return condition(recording, detector.facts.audio)
    except UnusableError:
        return None


def judged(detector: Detector, sound: Recording, source: str, seconds: float = 0.0) -> Iterator[Heard]:
    """Yield what both make of a sound, `seconds` long with its silent edges; nothing where the pipeline refuses it."""
    if (samples := conditioned(detector, sound)) is None:
        return
    rate, seconds = detector.facts.audio.rate, seconds or sound.samples.size / sound.rate
    old, new = examine(samples, rate, seconds=seconds), vad.detect_speech(samples, rate, seconds=seconds)
    yield Heard(
        by_energy=bool(old.reason) or old.seconds < MIN_SPEECH,
        by_vad=bool(new.reason) or new.seconds < MIN_SPEECH,
        likelihood=vad.likelihood(silero.speech_probabilities(silero.spectra(samples))),
        stated=bool(zlib.crc32(source.encode()) % 2),
    )


def show(heard: dict[str, list[Heard]]) -> None:
    """Print a line for each kind and what other thresholds would refuse."""
    print(f"{'refused':40} {'sounds':>7} {'energy':>8} {'VAD':>8}")
    for kind, each in heard.items():
        shares = [np.mean([getattr(one, name) for one in each]) for name in ("by_energy", "by_vad")]
        print(f"{kind:40} {len(each):7} {shares[0]:8.1%} {shares[1]:8.1%}")
    print(f"\n{'unlikelier than':40} " + " ".join(f"{threshold:7.2f}" for threshold in THRESHOLDS))
    groups = {"voices": [], "other sounds": []}
    for kind, each in heard.items():
        groups["voices" if " voices " in kind else "other sounds"] += each
    for name, each in groups.items():
        for half in (False, True):
            likely = np.array([one.likelihood for one in each if one.stated == half])
            shares = " ".join(f"{np.mean(likely < threshold):7.1%}" for threshold in THRESHOLDS)
            print(f"{name + (', stated' if half else ', chosen'):40} {shares}")


def clock(samples: np.ndarray) -> None:
    """Print how long both take for a clip."""
    clip = np.resize(samples, round(SECONDS * silero.RATE))
    for name, function in (("energy", examine), ("VAD", vad.detect_speech)):
        taken = []
        for _ in range(50):
            start = time.perf_counter()
            function(clip, silero.RATE, seconds=SECONDS)
            taken.append(1000 * (time.perf_counter() - start))
        print(f"{name}: {median(taken):.1f} ms for {SECONDS:g} s, {min(taken):.1f} ms at best")


def sounds(
    options: argparse.Namespace, people: list[np.ndarray], rng: np.random.Generator
) -> Iterator[tuple[str, str, Recording]]:
    """Yield kind, source and sound of all that is no speech."""
    size = round(SECONDS * silero.RATE)
    for kind in ("noise", "room") if options.noise else ():
        for path in sorted(options.noise.glob(f"{kind}_*")):
            yield from ((kind, path.name, piece) for piece in pieces_of(read(path)))
    for path in sorted(options.music.rglob("*")) if options.music else ():
        pieces = pieces_of(read(path)) if path.suffix in SUFFIXES else []
        yield from (("music", path.name, piece) for piece in pieces[:: max(1, len(pieces) // PIECES)])
    for kind, many in made(rng, silero.RATE).items():
        for number, samples in enumerate(many):
            yield kind, f"{kind} {number}", Recording(samples.astype(np.float32), silero.RATE, "")
    for voices in BABBLE:
        for number in range(100):
            chosen = [people[i] for i in rng.choice(len(people), voices)]
            mixed = sum(np.resize(np.roll(one, rng.integers(one.size)), size) for one in chosen)
            yield f"babble of {voices}", f"babble {number}", Recording(0.5 * normal(mixed), silero.RATE, "")
    for number, samples in enumerate(people[:: max(1, len(people) // 40)]):
        yield "singing", f"singing {number}", Recording(sung(samples, rng)[:size], silero.RATE, "")


def pieces_of(recording: Recording | None) -> list[Recording]:
    """Cut a recording into pieces of a clip's length."""
    if recording is None:
        return []
    size = round(SECONDS * recording.rate)
    starts = range(0, max(1, recording.samples.size - recording.rate // 2), size)
    return [Recording(recording.samples[at : at + size], recording.rate, "") for at in starts]


def sung(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Sing what was said: half as fast, on notes of a major scale with vibrato (by WORLD)."""
    import pyworld

    voice = samples[: 2 * silero.RATE].astype(np.float64)
    pitch, times = pyworld.harvest(voice, silero.RATE)
    envelope = pyworld.cheaptrick(voice, pitch, times, silero.RATE)
    noise = pyworld.d4c(voice, pitch, times, silero.RATE)
    slow = np.repeat(np.arange(pitch.size), 2)  # a reading every 5 ms
    since = 0.005 * np.arange(slow.size)
    notes = 2 ** (rng.choice([0, 2, 4, 5, 7, 9, 12], 1 + int(since[-1] / 0.4)) / 12)
    melody = np.median(pitch[pitch > 0]) if (pitch > 0).any() else 150.0
    melody = melody * notes[(since / 0.4).astype(int)] * (1 + 0.02 * np.sin(2 * np.pi * 5.5 * since))
    song = pyworld.synthesize(np.where(pitch[slow] > 0, melody, 0.0), envelope[slow], noise[slow], silero.RATE)
    return 0.5 * normal(song).astype(np.float32)


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
