"""`bonafide collect`: recordings of people who agreed to it go into a corpus folder."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from bonafide.errors import UserError
from bonafide.text import printable

RECORD_RATE = 48000  # hertz: what sound cards do by themselves; the pipeline brings every clip to its own rate
MOST_BYTES = 500_000_000  # of one file, which is held in memory


def collect(
    folder: Annotated[Path, typer.Argument(help="The corpus folder; made where it is not there.")],
    files: Annotated[list[Path] | None, typer.Argument(help="Recordings of one speaker.")] = None,
    *,
    speaker: Annotated[str, typer.Option(help="The same name for the same person, always.")],
    language: Annotated[str, typer.Option(help="Its code: en, de, pt-br.")],
    consent: Annotated[
        bool, typer.Option("--consent", help="The speaker agreed that these recordings train a detector.")
    ] = False,
    gender: Annotated[str, typer.Option(help="female or male, if you want to say it.")] = "",
    license: Annotated[str, typer.Option(help="Under which the recordings may be used.")] = "",  # noqa: A002
    source: Annotated[str, typer.Option(help="Where they come from: a device, a project.")] = "collected",
    record: Annotated[int, typer.Option(min=0, max=600, help="Record so many seconds from the microphone.")] = 0,
) -> None:
    """Put recordings of a person who agreed into a corpus folder, with their rows in clips.csv."""
    from bonafide.gathering.collecting import SameSoundError, save_clip

    if not consent:
        raise typer.BadParameter("a voice is taken with its owner's consent alone: ask, and say --consent")
    if bool(files) == bool(record):
        raise typer.BadParameter("name recordings, or record one with --record SECONDS")
    facts = {"speaker": speaker, "language": language, "gender": gender, "license": license, "source": source}
    refused = 0
    for name, content in _recorded(record) if record else _read(files or []):
        try:
            if isinstance(content, UserError):
                raise content
            print(f"{save_clip(folder, content, **facts)}  from {printable(name)}", flush=True)
        except SameSoundError as error:
            print(f"{printable(name)}: {error}", flush=True)
        except UserError as error:
            refused += 1
            print(f"{printable(name)}: {error}", file=sys.stderr, flush=True)
    if refused:
        raise UserError(f"{refused} of {len(files or [0])} recordings were not taken, for the reasons above")


def _read(files: list[Path]) -> Iterator[tuple[str, bytes | UserError]]:
    for path in files:
        try:
            if not path.is_file():  # a pipe would be waited for
                yield str(path), UserError("there is no such file")
            elif path.stat().st_size > MOST_BYTES:
                yield str(path), UserError(f"it is larger than {MOST_BYTES // 10**6} MB: cut it")
            else:
                yield str(path), path.read_bytes()
        except OSError as error:
            yield str(path), UserError(f"it cannot be read: {error.strerror}")


def _recorded(seconds: int) -> Iterator[tuple[str, bytes]]:
    program = shutil.which("arecord")
    if program is None:
        raise UserError("no program that records is here: apt-get install alsa-utils, or name files")
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "recording.wav"
        command = [program, "--quiet", "--file-type=wav", "--format=S16_LE", f"--rate={RECORD_RATE}", "--channels=1"]
        print(f"recording {seconds} s: speak now", file=sys.stderr, flush=True)
        done = subprocess.run(
            [*command, f"--duration={seconds}", str(out)], capture_output=True, text=True, check=False
        )
        if done.returncode or not out.exists():
            why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise UserError(f"arecord could not record ({why}): see 'arecord --list-devices'")
        yield "the microphone", out.read_bytes()
