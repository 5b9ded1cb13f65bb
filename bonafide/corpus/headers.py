"""How long recordings are, and in what format, by their headers: hundreds a second, where decoding takes hours."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import soundfile

from bonafide.audio.decoding import UnusableError, decode
from bonafide.audio.opening import UNKNOWN_FRAMES
from bonafide.corpus.rows import Row, Rows
from bonafide.corpus.sounds import sound_file
from bonafide.pipeline.executors import run_all

FEW = 1000  # recordings, for which it does not pay to start processes
RECORDINGS_PER_TASK = 128
DECODED_SECONDS = 60  # of a recording, at most, that libsndfile cannot read


def headers(root: Path, rows: Rows) -> Iterator[Row]:
    """Yield, in no set order, what `header` makes of each of `rows`."""
    batches = [rows[start : start + RECORDINGS_PER_TASK] for start in range(0, len(rows), RECORDINGS_PER_TASK)]
    read = partial(_headers_of, root)
    for batch in map(read, batches) if len(rows) <= FEW else run_all(read, batches):
        yield from batch


def header(root: Path, row: Row) -> Row:
    """Return `row` with ``seconds``, ``native_rate`` and ``native_format``, or its path and the ``reason`` for none.

    What a row says of rate and format stays; what libsndfile cannot read, or tells no length of, is decoded, and is no
    longer than `DECODED_SECONDS` then.
    """
    try:
        with sound_file(root, row["path"]) as file:
            if not file.is_file():
                return {"path": row["path"], "reason": "it is named, but it is no file"}
            seconds, rate, coding = _facts(file)
    except UnusableError as error:
        return {"path": row["path"], "reason": str(error)}
    except OSError as error:
        return {"path": row["path"], "reason": f"the file cannot be read: {error.strerror}"}
    facts = {"native_rate": row["native_rate"] or rate, "native_format": row["native_format"] or coding}
    return {**row, "seconds": round(seconds, 4), **facts}


def _headers_of(root: Path, rows: Rows) -> Rows:
    return [header(root, row) for row in rows]


def _facts(file: Path) -> tuple[float, int, str]:
    try:
        info = soundfile.info(str(file))
    except soundfile.LibsndfileError:
        info = None
    if info is None or info.frames >= UNKNOWN_FRAMES:
        recording = decode(file, max_seconds=DECODED_SECONDS)  # which knows why, where it cannot
        return recording.samples.size / recording.rate, recording.rate, recording.format
    if not info.frames:
        raise UnusableError("the file holds no audio frames")
    return info.frames / info.samplerate, info.samplerate, f"{info.format}/{info.subtype}"
