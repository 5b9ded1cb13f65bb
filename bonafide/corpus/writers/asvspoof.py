"""A corpus as ASVspoof 2019 LA is laid out, for code that was written for that: FLAC and a protocol for each side.

The protocols have the speaker, the attack and the label. What else is known of a clip is in clips.csv beside them, by
the name that the clip has here.
"""

import csv
import io
import re
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import soundfile

from bonafide.audio.conditioning import quantize, to_flac
from bonafide.audio.decoding import decode
from bonafide.corpus.readers.folder import TEXT_COLUMNS
from bonafide.corpus.rows import Row, Rows
from bonafide.corpus.segments import as_text
from bonafide.corpus.sounds import sound_file
from bonafide.corpus.writers.growing import fill
from bonafide.files import write_text

SIDES = {"train": ("train", "trn"), "dev": ("dev", "trl"), "test": ("eval", "trl")}
SIDES |= {"apart": SIDES["test"], "": SIDES["train"]}  # apart: scored, and counted by itself
KEYS = {"human": "bonafide", "ai": "spoof"}
FINE = ("PCM_24", "PCM_32", "FLOAT", "DOUBLE")  # codings of which 24 bits are kept; FLAC has no more
REAL = ("FLOAT", "DOUBLE", "VORBIS", "OPUS", "MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III")  # no whole numbers
COLUMNS = ("utterance", "path", "label", "family", "gender", "native_rate", *TEXT_COLUMNS, "segments")
BLOCK = 65536  # frames read at a time
WHOLE_SECONDS = 600  # of what libsndfile cannot read, which is held in memory


def write(root: Path, rows: Rows, folder: Path) -> Iterator[Row]:
    """Write the sound of `rows` as FLAC at its own rate and the protocols of their column ``side``, yielding each row.

    Sides are train, dev and eval; a clip of no side is of train.
    """
    lines: dict[str, list[str]] = {name: [] for name, _ in SIDES.values()}
    table: Rows = []
    for row in rows:
        part, _ = SIDES[row["side"]]
        utterance = f"LA_{part[0].upper()}_{len(lines[part]) + 1:07d}"
        with sound_file(root, row["path"]) as file:
            fill(folder / "LA" / f"ASVspoof2019_LA_{part}" / "flac" / f"{utterance}.flac", partial(_to_flac, file))
        attack = _word(row["generator"]) if row["label"] == "ai" else "-"
        lines[part].append(f"{_word(row['speaker'])} {utterance} - {attack} {KEYS[row['label']]}\n")
        table.append({**row, "utterance": utterance, "segments": as_text(row.get("segments") or [])})
        yield row
    for part, kind in dict.fromkeys(SIDES.values()):
        if lines[part]:
            name = f"ASVspoof2019.LA.cm.{part}.{kind}.txt"
            write_text(folder / "LA" / "ASVspoof2019_LA_cm_protocols" / name, "".join(lines[part]))
    write_text(folder / "LA" / "clips.csv", _csv(table))


def _to_flac(file: Path, target: Path) -> None:
    """Write the sound of `file` to `target`, bit for bit where FLAC can hold it."""
    try:
        about = soundfile.info(str(file))
    except soundfile.LibsndfileError:
        recording = decode(file, max_seconds=WHOLE_SECONDS)
        target.write_bytes(to_flac(quantize(recording.samples), recording.rate))
        return
    if about.format == "FLAC":
        shutil.copyfile(file, target)
        return
    coding = "PCM_24" if about.subtype in FINE else "PCM_16"
    with (
        soundfile.SoundFile(file) as source,
        soundfile.SoundFile(target, "w", about.samplerate, about.channels, coding, format="FLAC") as copy,
    ):
        kind = "float64" if about.subtype in REAL else "int32" if coding == "PCM_24" else "int16"
        for block in source.blocks(BLOCK, dtype=kind):
            copy.write(block)


def _word(text: str) -> str:
    """Return `text` as one word of a protocol."""
    return re.sub(r"\s+", "_", text.strip()) or "-"


def _csv(rows: Rows) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()
