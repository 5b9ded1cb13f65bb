"""Decoding by PyAV, in this process: `bonafide.audio.apart` has it done in one that may die."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
import numpy as np
import soxr

from bonafide.audio.blocks import of_channels
from bonafide.audio.boxes import beginnings
from bonafide.audio.media import open_media
from bonafide.audio.recording import Sound, UnusableError, damage_at, refuse_cut
from bonafide.audio.tracks import side_by_side, voices_of

LISTENED_SECONDS = 60  # of each of several tracks, for those that are not silent and carry different voices
MOST_TRACKS = 8  # that are compared
SILENCE = 1e-4  # RMS, as in conditioning
MATROSKA_HEAD = 1 << 16  # bytes, in which its duration stands if it is known
MATROSKA_DURATION = (b"\x44\x89\x84", b"\x44\x89\x88")
BREAKS_OFF = "the file is damaged, and can be read no further"
FULL_SCALES = {"u8": 128.0, "s16": 2.0**15, "s32": 2.0**31, "s64": 2.0**63}


def av_sound(path: Path) -> Sound:
    """Open the file `path`: of several sound tracks the first that can be decoded and is not silent.

    Where such tracks carry different voices, each is a channel of one sound.

    Raises
    ------
    UnusableError
        Without a message where FFmpeg cannot read it: `bonafide.audio.opening` knows why.
    """
    try:
        known = _tracks(path)
    except (av.FFmpegError, ValueError):
        raise UnusableError("") from None
    if not known:
        raise UnusableError("it has no sound track")
    readable = [number for number, is_known in enumerate(known) if is_known]
    if not readable:
        raise UnusableError("its sound is in a codec that cannot be decoded here")
    if len(readable) > 1:
        readable = [number for number in readable if not _is_silent(path, number)] or readable[:1]
    if voices := _voices(path, readable[:MOST_TRACKS]):
        notes: list[str] = []
        sound = side_by_side([_track(path, number, notes) for number in voices])
        numbers = ", ".join(str(number + 1) for number in voices)
        sound.notes.append(f"{len(voices)} of {len(known)} sound tracks were heard as its channels: numbers {numbers}")
        return sound
    sound = _track(path, readable[0], [])
    if len(known) > 1:
        sound.notes.append(f"one of {len(known)} sound tracks was heard, number {readable[0] + 1}")
    return sound


def _tracks(path: Path) -> list[bool]:
    """Tell of each sound track whether it is in a codec that is known."""
    with open_media(path) as container:
        tracks = [stream.codec_context is not None for stream in container.streams.audio]
        if not tracks and not container.streams.video:
            raise ValueError("a header alone")
        return tracks


def _is_silent(path: Path, track: int) -> bool:
    try:
        sound = _track(path, track, [])
        size = LISTENED_SECONDS * sound.rate
        for block in sound.blocks:
            if float(np.square(block, dtype=np.float64).mean()) > SILENCE**2:
                return False
            size -= len(block)
            if size < 0:
                break
    except UnusableError:
        pass
    return True


def _voices(path: Path, tracks: list[int]) -> list[int]:
    """Return a track for each voice, in order, where `tracks` carry different ones."""
    if len(tracks) > 1:
        with suppress(UnusableError):  # the first track alone may be whole
            voices = voices_of([_track(path, number, []) for number in tracks], LISTENED_SECONDS)
            return [tracks[voice] for voice in voices]
    return []


def _track(path: Path, number: int, notes: list[str]) -> Sound:
    sound = Sound(0, 0, "", iter(()), notes)
    blocks = _blocks(path, number, sound)
    try:
        sound.format, sound.rate, first = next(blocks)
    except StopIteration:
        raise UnusableError("the file holds no audio frames, or is cut short before they end") from None
    sound.channels = first.shape[1]

    def all_blocks() -> Iterator[np.ndarray]:
        yield first
        for _, own_rate, block in blocks:
            if own_rate != sound.rate:  # as in files one behind another
                block = soxr.resample(block, own_rate, sound.rate, quality="HQ")
            yield of_channels(block, sound.channels)

    sound.blocks = all_blocks()
    return sound


def _blocks(path: Path, number: int, sound: Sound) -> Iterator[tuple[str, int, np.ndarray]]:
    """Yield the coding, the rate and the samples, shape (n, channels), of each frame of a sound track."""
    damaged: float | None = None
    taken = 0.0
    bad = good = 0
    with open_media(path) as container:
        stream = container.streams.audio[number]
        coding = f"{container.format.name.split(',')[0]}/{stream.codec_context.name}".upper()
        if container.format.name.startswith("mov") and beginnings(path) > 1:
            sound.notes.append("another file follows in it, which was not heard")
        for packet in _packets(container, stream, sound.notes):
            try:
                frames = packet.decode()
            except (av.FFmpegError, ValueError):
                bad, damaged = bad + 1, taken if damaged is None else damaged
                continue
            if packet.pts is not None and packet.duration:
                sound.until = max(sound.until, float((packet.pts + packet.duration) * packet.time_base))
            for frame in frames:
                good += 1
                if damaged is not None:
                    _note_damage(sound.notes, damaged)
                    damaged = None
                samples = _samples(frame)
                taken += len(samples) / frame.sample_rate
                yield coding, frame.sample_rate, samples
        if bad > good:
            raise UnusableError("most of its sound cannot be decoded: the file is damaged")
        _refuse_cut(sound.until or taken, _promised(path, container, stream), container)


def _packets(container: Any, stream: Any, notes: list[str]) -> Iterator[Any]:  # noqa: ANN401 - PyAV's
    try:
        yield from container.demux(stream)
    except (av.FFmpegError, ValueError):
        notes.append(BREAKS_OFF)


def _refuse_cut(heard: float, promised: float | None, container: Any) -> None:  # noqa: ANN401 - PyAV's
    try:
        refuse_cut(heard, promised or 0.0)
    except UnusableError as error:  # Matroska may end at its damage
        may_be = "is damaged or cut" if _is_matroska(container) else "is cut"
        raise UnusableError(str(error).replace("is cut", may_be)) from None


def _note_damage(notes: list[str], seconds: float) -> None:
    """Note where the file is damaged, the first time."""
    if not any("is damaged at" in note for note in notes):
        notes.append(damage_at(seconds))


def _promised(path: Path, container: Any, stream: Any) -> float | None:  # noqa: ANN401 - PyAV's
    """Return at which second the sound ends by a header that tells it exactly, None where none does.

    Of raw frames (ADTS, AMR, MP3) and of what was streamed FFmpeg only estimates it.
    """
    name = container.format.name
    if name.startswith("mov") and stream.duration is not None:
        return float((stream.duration + (stream.start_time or 0)) * stream.time_base)
    if _is_matroska(container) and len(container.streams) == 1 and container.duration:  # a picture may go on
        with path.open("rb") as file:
            head = file.read(MATROSKA_HEAD)
        if any(mark in head for mark in MATROSKA_DURATION):
            return float(container.duration) / 1e6
    return None


def _is_matroska(container: Any) -> bool:  # noqa: ANN401 - PyAV's
    return bool(container.format.name.startswith("matroska"))


def _samples(frame: Any) -> np.ndarray:  # noqa: ANN401 - PyAV's
    """Return the samples of a frame, shape (n, channels), float32 with a full scale of 1."""
    array = frame.to_ndarray()
    array = array.T if frame.format.is_planar else array.reshape(frame.samples, -1)
    kind = frame.format.name.removesuffix("p")
    if kind == "u8":
        array = array.astype(np.float32) - 128
    samples: np.ndarray = array.astype(np.float32)
    return samples / np.float32(FULL_SCALES[kind]) if kind in FULL_SCALES else samples
