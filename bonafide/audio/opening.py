"""A file opened as sound, by whoever reads it to its end: libsndfile, and PyAV where that cannot or stops early.

What a header counts is believed only where it is exact by its format; all that is there is read.
"""

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile

from bonafide.audio import mpeg
from bonafide.audio.apart import av_is_there, av_sound_apart
from bonafide.audio.blocks import of_channels, resampled, without
from bonafide.audio.ogg import OPUS_RATE, flac_links, walk
from bonafide.audio.pieces import Piece, Pieces
from bonafide.audio.recording import SLACK, Sound, UnusableError, damage_at, refuse_cut
from bonafide.audio.riff import waves
from bonafide.errors import how_to_install
from bonafide.text import clock

WAVE_SLACK = 0.05  # seconds: samples have no frames, but sizes are often a header too large
DAMAGED = "the file is damaged"
EXACT = ("PCM", "FLOAT", "DOUBLE", "ALAW", "ULAW")  # subtypes that no block of samples depends on another in
BLOCK = 1 << 17  # samples that are read at a time of such a file
UNKNOWN_FRAMES = 1 << 60  # from here on a length is what libsndfile puts where there is none
HEADS: dict[str, bytes | tuple[bytes, ...]] = {
    "WAV": (b"RIFF", b"RF64"),
    "FLAC": b"fLaC",
    "Ogg": b"OggS",
    "MP3": (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xfa"),
}


class _File(soundfile.SoundFile):  # type: ignore[misc] # soundfile has no types
    """A file that is read from its beginning to its end."""

    @property
    def is_exact(self) -> bool:
        """Whether its samples are the same however many are read at a time."""
        return bool(self.subtype.startswith(EXACT))

    def seekable(self) -> bool:
        """Tell whether soundfile is to wind it after each block, to where it is.

        In FLAC that takes long, and in a file of unknown length it cannot be done.
        """
        return bool(super().seekable()) and not self.is_exact and self.frames < UNKNOWN_FRAMES


@dataclass(frozen=True)
class Part:
    """What one decoder reads of a file: nearly always all of it.

    Attributes
    ----------
    pieces : list of Piece or None
        What it reads in place of the file; None where that is the file as it is.
    promised : float or None
        Seconds that it holds, exactly; None where nothing tells.
    file : _File or None
        Where it was opened already.
    """

    pieces: list[Piece] | None
    promised: float | None
    file: _File | None = None


def open_sound(path: Path, most_seconds: float | None = None) -> Sound:
    """Open the file `path`, of any format; where only its first `most_seconds` are wanted that may be said.

    Raises
    ------
    UnusableError
        When the file is empty, no audio, or cut short; its blocks raise it where that shows only later.
    """
    if path.stat().st_size == 0:
        raise UnusableError("the file is empty")
    wave_parts = _wave_parts(path)
    try:
        file = _opened(path, wave_parts[0].pieces if wave_parts else None)
    except soundfile.LibsndfileError:
        return _through_av(path, most_seconds)
    sound = Sound(file.samplerate, file.channels, f"{file.format}/{file.subtype}", iter(()), [])
    parts = wave_parts or _parts(path, file, sound)
    if wave_parts or (parts and parts[0].pieces is None):
        parts[0] = replace(parts[0], file=file)
    else:
        file.close()
    if not parts:
        return _through_av(path, most_seconds)
    sound.blocks = _all_blocks(path, parts, sound)
    return sound


def _wave_parts(path: Path) -> list[Part]:
    """Return the parts of a WAV file; one that is cut short libsndfile would read as a shorter one."""
    parts = []
    for wave in waves(path):
        if math.isinf(wave.promised):
            raise UnusableError("the file is cut short before its sound begins")
        refuse_cut(wave.heard, wave.promised, WAVE_SLACK)
        parts.append(Part(wave.pieces, None))
    return parts


def _parts(path: Path, file: _File, sound: Sound) -> list[Part]:
    """Return the parts of another file that libsndfile has opened; none where PyAV is to read it."""
    whole = Part(None, file.frames / file.samplerate)
    if file.frames >= UNKNOWN_FRAMES:
        return [Part(None, None)]
    if file.format == "OGG":
        pages = walk(path)
        if pages.damaged is not None:
            sound.notes.append(damage_at(pages.damaged / (OPUS_RATE if file.subtype == "OPUS" else file.samplerate)))
        return [Part([link], None) for link in pages.links] if len(pages.links) > 1 else [whole]
    if file.format == "FLAC" and len(ends := flac_links(path)) > 1:
        return [Part([link], None) for link in ends]
    if file.format == "MP3":
        return _mp3_parts(path, file, sound)
    return [whole]


def _mp3_parts(path: Path, file: _File, sound: Sound) -> list[Part]:
    frames = mpeg.walk(path)
    if frames.damaged:
        sound.notes.append(damage_at(frames.damaged[0]))
    else:
        for stretch in frames.stretches:
            refuse_cut(stretch.seconds, stretch.promised or 0.0)
    told = file.frames / file.samplerate
    if not frames.stretches or (len(frames.stretches) == 1 and not frames.damaged and frames.seconds - told <= SLACK):
        # What counts no frames has a length that libsndfile guesses, and often too high.
        return [Part(None, min(told, frames.seconds) if frames.stretches else None)]
    return [Part(mpeg.readable(stretch), stretch.seconds) for stretch in frames.stretches]


def _opened(path: Path, pieces: list[Piece] | None) -> _File:
    return _File(path if pieces is None else Pieces(path, pieces))


def _all_blocks(path: Path, parts: list[Part], sound: Sound) -> Iterator[np.ndarray]:
    heard = 0
    for part in parts:
        try:
            file = _opened(path, part.pieces) if part.file is None else part.file
        except soundfile.LibsndfileError:
            note = damage_at(heard / sound.rate)
            sound.notes += [note] if note not in sound.notes else []  # its checksums may have told
            continue
        with file:
            blocks = _sndfile_blocks(path, file, part, sound, alone=len(parts) == 1)
            for block in resampled(blocks, file.samplerate, sound.rate, file.channels):
                heard += len(block)
                yield of_channels(block, sound.channels)


def _sndfile_blocks(path: Path, file: _File, part: Part, sound: Sound, *, alone: bool) -> Iterator[np.ndarray]:
    taken, failed = 0, False
    size = max(file.samplerate, BLOCK // file.channels) if file.is_exact else file.samplerate
    while True:
        try:
            block = file.read(size, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            failed = True
            break
        if not len(block):
            break
        taken += len(block)
        yield block
    seconds = taken / file.samplerate
    if failed or (part.promised is not None and part.promised - seconds > SLACK):
        if alone:
            yield from _going_on(path, taken, part.promised, sound)
        else:
            sound.notes.append(DAMAGED)


def _going_on(path: Path, taken: int, promised: float | None, sound: Sound) -> Iterator[np.ndarray]:
    """Yield by PyAV what libsndfile left after `taken` samples."""
    heard = taken / sound.rate
    rest = Sound(sound.rate, sound.channels, "", iter(()))
    with suppress(UnusableError):
        rest = av_sound_apart(path) if av_is_there() else rest
        for block in without(resampled(rest.blocks, rest.rate, sound.rate, rest.channels), taken):
            heard += len(block) / sound.rate
            yield of_channels(block, sound.channels)
    if promised is None and heard == taken / sound.rate:
        raise UnusableError(f"the data cannot be decoded after {clock(heard)}")
    if promised is not None and not sound.format.startswith("OGG"):  # whose length is that of what is there
        refuse_cut(max(heard, rest.until), promised)
    lost = (promised or heard) - heard
    sound.notes += rest.notes or [DAMAGED if lost < SLACK else f"{DAMAGED}: {lost:.1f} s cannot be heard"]


def _through_av(path: Path, most_seconds: float | None) -> Sound:
    if not av_is_there():
        raise UnusableError(_why_undecodable(path))
    try:
        return av_sound_apart(path, most_seconds)
    except UnusableError as error:
        raise UnusableError(str(error) or _why_undecodable(path)) from None


def _why_undecodable(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(12)
    container = next((name for name, starts in HEADS.items() if head.startswith(starts)), None)
    if container is not None:
        return f"the {container} data cannot be decoded: the file is damaged or cut short"
    if head[4:8] == b"ftyp" or head.startswith(b"\x1aE\xdf\xa3"):
        damaged = "the MP4 or WebM data cannot be decoded: the file is damaged or cut short"
        return damaged if av_is_there() else f"MP4, M4A and WebM need PyAV: {how_to_install('media')}"
    return "not audio: the content is of no known format"
