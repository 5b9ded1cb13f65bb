"""`bonafide detect`: human or AI-generated, for any number of recordings."""

import glob
import os
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from bonafide.audio.formats import SUFFIXES
from bonafide.errors import UserError
from bonafide.text import counted, listed

if TYPE_CHECKING:
    from bonafide.audio.pcm import Pcm
    from bonafide.commands.progress import Line
    from bonafide.commands.result_table import ResultTable
    from bonafide.commands.writing import Writer
    from bonafide.detection.detector import Detector
    from bonafide.detection.many import Asked
    from bonafide.detection.results import Result
    from bonafide.detection.verdicts import Cut

Results: TypeAlias = "Generator[tuple[str, Result], None, None]"
Judge: TypeAlias = "Callable[[Iterable[Path], int, Line], Results]"  # of so many paths
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
    out: Annotated[Path | None, typer.Option(help="Write a table, .csv or .jsonl, a row as each is judged.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with --out: judge what has no row there.")] = False,
    live: Annotated[bool, typer.Option("--live", help="A verdict each second, while sound comes by `-`.")] = False,
    rate: Annotated[int, typer.Option(min=1, help="Of raw samples of --live, in hertz.")] = 16000,
    encoding: Annotated[str, typer.Option(help="Of raw samples of --live: s16le or f32le, one channel.")] = "s16le",
) -> None:
    """Say whether voices are human or AI-generated.

    Exit code 0: all recordings were read, whatever the verdicts. 1: some could not be read. 2: wrong usage.
    """
    _check_choice({"--json": as_json, "--csv": as_csv, "--timeline": timeline, "--out": out is not None})
    _check_choice({"--live": live, "--csv": as_csv, "--timeline": timeline, "--out": out is not None})
    if "-" in files and len(files) > 1:
        raise typer.BadParameter("`-` stands alone: one recording comes from standard input")
    if live and (files != ["-"] or jobs > 1):
        raise typer.BadParameter("--live hears one recording, by standard input: `-`")
    if resume and out is None:
        raise typer.BadParameter("--resume needs --out, the table to go on with")
    if jobs > 1 and out is not None and _cluster():
        raise typer.BadParameter("--jobs is of this machine, and BONAFIDE_EXECUTOR has a cluster judge: leave one out")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: its threads cost more than such sums gain
    _hush_decoders()
    from bonafide.detection.detector import Detector

    detector = Detector(model)
    cut, asked = _asked(detector, threshold, channels)
    if live:
        unread = _heard_live(detector, asked, _raw(rate, encoding), as_json=as_json)
    elif out is not None:
        unread = _added(out, detector, files, jobs, asked, resume=resume)
    else:
        writer = _writer(detector, cut, as_json, as_csv, timeline)
        unread = _written(writer, files, _judge(detector, files, jobs, asked))
    if unread:
        raise typer.Exit(1)


def _check_choice(options: dict[str, bool]) -> None:
    if sum(options.values()) > 1:
        raise typer.BadParameter(f"choose one of {listed(options)}")


def _asked(detector: "Detector", threshold: str, channels: str) -> tuple["Cut", "Asked"]:
    from bonafide.detection.many import Asked
    from bonafide.detection.verdicts import cut_of
    from bonafide.detection.voices import check_channels

    try:
        cut = cut_of(detector.facts.thresholds, detector.facts.cannot_tell, threshold)
        return cut, Asked(threshold, check_channels(channels))
    except UserError as error:
        raise typer.BadParameter(str(error)) from None


def _raw(rate: int, encoding: str) -> "Pcm":
    from bonafide.audio.pcm import Pcm, encoding_of

    try:
        return Pcm(rate, encoding_of(encoding))
    except UserError as error:
        raise typer.BadParameter(str(error)) from None


def _writer(detector: "Detector", cut: "Cut", as_json: bool, as_csv: bool, timeline: bool) -> "Writer":
    from bonafide.commands.writing import Answering, Csv, JsonLines, Table

    answering = Answering(detector.name, detector.sha256)
    if as_csv:
        sys.stdout.reconfigure(errors="backslashreplace", newline="")  # type: ignore[union-attr]
        return Csv(answering, sys.stdout)
    return JsonLines(answering, sys.stdout) if as_json else Table(answering, cut, timeline=timeline)


def _heard_live(detector: "Detector", asked: "Asked", raw: "Pcm", *, as_json: bool) -> int:
    """Write a verdict each second on what comes by standard input, and return 1 where nothing did."""
    from bonafide.commands.live import LiveJson, LiveTable, listen
    from bonafide.commands.writing import Answering

    answering = Answering(detector.name, detector.sha256)
    writer = LiveJson(answering) if as_json else LiveTable(answering)
    return int(not listen(detector, sys.stdin.buffer, raw, asked.threshold, writer).seconds)


def _added(out: Path, detector: "Detector", files: list[str], jobs: int, asked: "Asked", *, resume: bool) -> int:
    """Add the results of `files` that the table `out` lacks, and return how many in it could not be read."""
    from bonafide.commands.result_table import Answered, ResultTable

    answered = Answered(detector.name, detector.sha256, str(asked.threshold), asked.channels)
    table = ResultTable(out, answered, resume=resume)
    here = files == ["-"] or not _cluster()
    judge = _judge(detector, files, jobs, asked) if here else partial(_of_cluster, detector, asked)
    return table.unread + _written(table, files, judge, table.holds)


def _written(
    writer: "Writer | ResultTable",
    files: list[str],
    judge: Judge,
    has_row: Callable[[str], bool] = lambda name: False,
) -> int:
    """Write the results of `files` that have no row yet as they come; return how many of these could not be read."""
    from bonafide.commands.progress import Line

    unread = 0
    passed_over: Counter[str] = Counter()
    # Twice: so that no list of them is held, and a name that is no file's is told before the first is read.
    total = 1 if files == ["-"] else sum(not has_row(str(path)) for path in _paths(files, Counter()))
    paths = (path for path in _paths(files, passed_over) if not has_row(str(path)))
    line = Line(total)
    with closing(judge(paths, total, line)) as results:  # a cluster is let go before the process ends
        for name, result in results:
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


def _cluster() -> str:
    """Return the cluster that judges what goes to a table; without one it is this machine."""
    return os.environ.get("BONAFIDE_EXECUTOR", "")


def _judge(detector: "Detector", files: list[str], jobs: int, asked: "Asked") -> Judge:
    return partial(_of_input, detector, asked) if files == ["-"] else partial(_results, detector, asked, jobs)


def _of_input(detector: "Detector", asked: "Asked", _paths: Iterable[Path], _total: int, line: "Line") -> Results:
    """Yield the result of standard input, once."""
    source, heard = sys.stdin.buffer, line.heard
    yield "-", detector.predict(source, threshold=asked.threshold, channels=asked.channels, heard=heard)


def _of_cluster(detector: "Detector", asked: "Asked", paths: Iterable[Path], total: int, line: "Line") -> Results:
    """Yield each of `paths` with its result, as a cluster has judged it."""
    from bonafide.commands.cluster_detection import on_cluster

    for path, result in on_cluster(detector, paths, total, asked, line.clear):
        yield str(path), result


def _results(
    detector: "Detector", asked: "Asked", jobs: int, paths: Iterable[Path], _total: int, line: "Line"
) -> Results:
    """Yield each of `paths` with its result."""
    from bonafide.detection.many import one_by_one

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
