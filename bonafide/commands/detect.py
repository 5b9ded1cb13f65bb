"""`bonafide detect`: human or AI-generated, for any number of recordings."""

import glob
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bonafide.audio.formats import SUFFIXES
from bonafide.errors import UserError
from bonafide.text import counted, listed

if TYPE_CHECKING:
    from bonafide.commands.progress import Line
    from bonafide.commands.writing import Writer
    from bonafide.detection.detector import Detector
    from bonafide.detection.many import Asked
    from bonafide.detection.results import Result

CHANNELS = "Where they carry different voices: `each` gives a verdict for each channel, `mix` one for their mean."
Threshold = Annotated[
    str,
    typer.Option(
        help="balanced leaves uncertain ones open; decisive calls at most 1 in 10 human ones AI, precision 1 in"
        " 100, recall misses at most 1 in 20 AI ones, each on the recordings that it was calibrated on;"
        " a number between 0 and 1 is the probability of AI from which one is called AI."
    ),
]


def detect(
    files: Annotated[list[str], typer.Argument(help="Recordings, folders, globs; `-` reads one from standard input.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON for each, with all windows.")] = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Columns path, verdict, p_ai, llr, seconds, reason, model, model_sha256.")
    ] = False,
    threshold: Threshold = "balanced",
    timeline: Annotated[bool, typer.Option("--timeline", help="Draw what each stretch of a recording says.")] = False,
    model: Annotated[
        str | None, typer.Option(help="Another detector than the one in use: a file, or REPO@TAG (see `bonafide use`).")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Recordings at a time.")] = 1,
    channels: Annotated[str, typer.Option(help=CHANNELS)] = "each",
) -> None:
    """Say whether voices are human or AI-generated.

    Exit code 0: all recordings were read, whatever the verdicts. 1: some could not be read. 2: wrong usage.
    """
    if as_json + as_csv + timeline > 1:
        raise typer.BadParameter("choose one of --json, --csv and --timeline")
    if "-" in files and len(files) > 1:
        raise typer.BadParameter("`-` stands alone: one recording comes from standard input")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: its threads cost more than such sums gain
    _hush_decoders()
    from bonafide.commands.writing import Answering, Csv, JsonLines, Table
    from bonafide.detection.detector import Detector
    from bonafide.detection.many import Asked
    from bonafide.detection.verdicts import cut_of
    from bonafide.detection.voices import check_channels

    detector = Detector(model)
    try:
        cut = cut_of(detector.facts.thresholds, detector.facts.cannot_tell, threshold)
        asked = Asked(threshold, check_channels(channels))
    except UserError as error:
        raise typer.BadParameter(str(error)) from None
    answered = Answering(detector.name, detector.sha256)
    writer = JsonLines(answered) if as_json else Csv(answered) if as_csv else Table(answered, cut, timeline=timeline)
    if _written(writer, detector, files, jobs, asked):
        raise typer.Exit(1)


def _written(writer: "Writer", detector: "Detector", files: list[str], jobs: int, asked: "Asked") -> int:
    """Write the results of `files` as they come, and return how many of these could not be read."""
    from bonafide.commands.progress import Line

    unread = 0
    passed_over: Counter[str] = Counter()
    paths = [] if files == ["-"] else list(_paths(files, passed_over))
    line = Line(len(paths))
    for name, result in _results(detector, paths, jobs, asked, line):
        line.clear()
        writer.write(name, result)
        unread += result.seconds == 0
        line.count()
    line.clear()
    writer.finish()
    if passed_over:
        kinds = listed(suffix or "no suffix" for suffix, _ in passed_over.most_common())
        typer.echo(
            f"{counted(passed_over.total(), 'file')} passed over by name: {kinds}; name a file to have it read",
            err=True,
        )
    return unread


def _results(
    detector: "Detector", paths: list[Path], jobs: int, asked: "Asked", line: "Line"
) -> Iterator[tuple[str, "Result"]]:
    """Yield each of `paths` with its result, or where there are none that of standard input."""
    from bonafide.detection.many import one_by_one

    if not paths:
        result = detector.predict(
            sys.stdin.buffer, threshold=asked.threshold, channels=asked.channels, heard=line.heard
        )
        yield "-", result
        return
    if jobs == 1:
        results = one_by_one(detector, paths, asked, line.heard)
    else:
        results = detector.predict_many(paths, jobs=jobs, threshold=asked.threshold, channels=asked.channels)
    for path, result in results:
        yield str(path), result


def _paths(names: list[str], passed_over: Counter[str]) -> Iterator[Path]:
    """Yield the files that `names` stand for, those of folders and globs in order of their names.

    The suffixes of files in folders that are no recordings by their names are counted in `passed_over`.
    """
    for name in names:
        path = Path(name)
        if path.is_dir():
            yield from _inside(path, passed_over)
        elif not os.path.lexists(path) and glob.has_magic(name):
            matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 - the pattern may be absolute
            if not matches:
                raise UserError(f"no file matches {name}")
            for match in map(Path, matches):
                yield from _inside(match, passed_over) if match.is_dir() else [match]
        else:
            yield path


def _inside(folder: Path, passed_over: Counter[str]) -> Iterator[Path]:
    some = False
    for home, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.startswith("."):
                continue
            if (suffix := Path(name).suffix.lower()) in SUFFIXES:
                some = True
                yield Path(home, name)
            else:
                passed_over[suffix] += 1
    if not some:
        raise UserError(f"the folder {folder} holds no recording that its name tells: name the files themselves")


def _hush_decoders() -> None:
    """Keep what decoders print about damaged files off the terminal; messages of ours still get there."""
    sys.stderr.flush()
    sys.stderr = os.fdopen(os.dup(2), "w", errors="backslashreplace", buffering=1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
