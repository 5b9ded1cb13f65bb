"""Listens to some clips of a corpus: what each is like as it was found and as the network would get it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from bonafide.audio.conditioning import AudioSettings, check, condition
from bonafide.audio.decoding import UnusableError, decode
from bonafide.audio.spectrogram import SpectrogramSettings, band_centres, log_spectrogram
from bonafide.audit.probes import facts
from bonafide.corpus.rows import Row, Rows
from bonafide.corpus.sounds import sound_file
from bonafide.pipeline.executors import run_all

FEW = 24  # clips, for which it does not pay to start processes
CLIPS_PER_TASK = 8
LINEAR = SpectrogramSettings(n_fft=512, hop_length=160, n_bands=255, f_min=0, f_max=8000, scale="linear")
MEL = SpectrogramSettings(n_fft=512, hop_length=160, n_bands=80, f_min=0, f_max=8000)
PICTURE_SECONDS = 4.0  # of a clip whose spectrogram is drawn


@dataclass(frozen=True)
class Heard:
    """A clip that was listened to.

    Attributes
    ----------
    row : dict
        Of the clip, with ``files.`` and ``clips.`` before the names of what `bonafide.audit.probes.facts` measures.
    spectrum : np.ndarray, shape=(255,), float32
        Mean power of the conditioned clip in linear bands, in decibels.
    """

    row: Row
    spectrum: np.ndarray


def listen(root: Path, rows: Rows, settings: AudioSettings) -> Iterator[Heard | None]:
    """Yield, in no set order, what is heard of each of `rows`; None for one that cannot be used."""
    batches = [rows[start : start + CLIPS_PER_TASK] for start in range(0, len(rows), CLIPS_PER_TASK)]
    hear = partial(_hear_all, root, settings)
    for batch in map(hear, batches) if len(rows) <= FEW else run_all(hear, batches):
        yield from batch


def mel_of(root: Path, row: Row, settings: AudioSettings) -> np.ndarray:
    """Return the log-mel spectrogram of a clip's first seconds as the network would get them, shape (frames, 80)."""
    with sound_file(root, row["path"]) as file:
        samples = condition(decode(file, max_seconds=settings.read_seconds), settings)
    return log_spectrogram(samples[: round(PICTURE_SECONDS * settings.rate)], settings.rate, MEL)


def hertz(settings: AudioSettings) -> np.ndarray:
    """Return the frequencies of a `Heard` spectrum, shape (255,)."""
    return band_centres(LINEAR, settings.rate)


def _hear_all(root: Path, settings: AudioSettings, rows: Rows) -> list[Heard | None]:
    return [_hear(root, settings, row) for row in rows]


def _hear(root: Path, settings: AudioSettings, row: Row) -> Heard | None:
    try:
        with sound_file(root, row["path"]) as file:
            recording = decode(file, max_seconds=settings.read_seconds)
        check(recording.samples)
        samples = condition(recording, settings)
    except (OSError, UnusableError):
        return None
    views = {"files": facts(recording.samples, recording.rate), "clips": facts(samples, settings.rate)}
    measured = {f"{view}.{name}": value for view, each in views.items() for name, value in each.items()}
    power = 10 ** (log_spectrogram(samples, settings.rate, LINEAR).astype(np.float64) / 10)
    known = {"native_rate": row.get("native_rate") or recording.rate}
    known |= {"native_format": row.get("native_format") or recording.format}
    return Heard({**row, **known, **measured}, (10 * np.log10(power.mean(axis=0))).astype(np.float32))
