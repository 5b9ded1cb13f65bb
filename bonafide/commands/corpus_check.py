"""`bonafide corpus check`: what would become of a corpus, before anything runs."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bonafide.commands.columns import aligned
from bonafide.commands.corpus_settings import audio_settings, companion_settings, split_settings, start
from bonafide.errors import UserError
from bonafide.progress import track
from bonafide.text import counted, printable

if TYPE_CHECKING:
    from bonafide.corpus.checking import Fault
    from bonafide.corpus.opening import Place
    from bonafide.corpus.rows import Rows

SAMPLE = 200  # recordings whose headers are read
SHOWN = 15  # kinds of faults
SEED = 1

PARAMS = Path("params.yaml")


def check(
    path: Annotated[
        Path | None, typer.Argument(help="A corpus folder or a table of clips; without, the corpus of params.yaml.")
    ] = None,
    *,
    reader: Annotated[str, typer.Option(help="How it is laid out, where that is not recognised.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Decode every file, as the pipeline will.")] = False,
    params: Annotated[Path, typer.Option(help="Its split is tried, where the file is there.")] = PARAMS,
) -> None:
    """Say how a corpus is laid out, what of it can be used, what is wrong, and what the split could do with it."""
    from bonafide.corpus import checking, tree
    from bonafide.corpus.corpora import misspelt_columns
    from bonafide.corpus.opening import place_of, read

    place = place_of(path, reader, params)
    print(_recognised(place))
    name = printable(path or place.root)
    try:
        rows, rejects = read(place, params)
        for table, columns in misspelt_columns(place.root, place.readers):
            print(f"Columns of {table} that mean nothing here: {', '.join(columns)}. Is one misspelt?")
    except UserError as error:
        raise UserError(f"{name} cannot be used: {error}") from None
    faults = checking.all_faults(rejects, place.entries)
    bad = {fault["path"] for fault in faults}
    rows = [row for row in rows if tree.printable(row["path"]) not in bad]
    rows, unheard = _heard(place.root, rows, everything, params)
    faults += unheard
    _tell_clips(rows)
    _tell_faults(checking.kinds_of(faults), checking.remarks_on(rows, place.entries))
    if sides := checking.official_sides(rows):
        print(f"\nSides that the corpus itself gives: {sides}.\n(split.official: true of params.yaml uses them.)")
    _tell_split(name, rows, params, whole=everything)
    if path is not None:
        readers = [(one.reader, one.path) for one in place.readers]
        print(f"\nTo use it, put into params.yaml:\n\n{checking.params_lines(place.root, readers)}")
    print(f"\n{name} can be used.")


def _recognised(place: "Place") -> str:
    """Return how the corpus is read, by what it was recognised, and what else it may be."""
    if not place.chosen:
        return "\n".join(f"{one.path}: reader {one.reader}, as params.yaml says" for one in place.readers)
    lines = []
    for one in place.chosen:
        by = f", as it has {printable(one.sign)}" if one.sign else ", as you say"
        lines.append(f"{place.root / one.path}: reader {one.reader}{by}")
        others = [other for other in place.found if other.path == one.path and other != one]
        lines += [
            f"  it may be {other.reader} too, as it has {printable(other.sign)}: --reader {other.reader} reads it so"
            for other in others
        ]
    return "\n".join(lines)


def _heard(root: Path, rows: "Rows", everything: bool, params: Path) -> tuple["Rows", "Rows"]:
    """Return the rows that can be heard and the faults of the others; without `everything` of a sample alone."""
    from bonafide.corpus import checking
    from bonafide.corpus.headers import headers

    if everything:
        return _decoded(root, rows, params)
    sample = checking.sample_of(rows, SAMPLE, SEED)
    read, unheard = checking.with_reason(headers(root, sample))
    formats = _shares(row["native_format"] for row in read)
    rates = _shares(f"{row['native_rate']} Hz" for row in read)
    if read:
        print(f"Headers of {counted(len(sample), 'recording')}: {formats}; {rates}.")
    bad = {fault["path"] for fault in unheard}
    return [row for row in rows if row["path"] not in bad], unheard


def _decoded(root: Path, rows: "Rows", params: Path) -> tuple["Rows", "Rows"]:
    from bonafide.corpus.catalog import examine_all, settle

    examined = list(track(examine_all(root, rows, audio_settings(params)), total=len(rows), what="decoding recordings"))
    clips, faults = settle(examined)
    return clips, [fault for fault in faults if fault["used"] == "no"]


def _shares(values: Iterable[str]) -> str:
    return ", ".join(f"{value} {count}" for value, count in Counter(values).most_common(6))


def _tell_clips(rows: "Rows") -> None:
    from bonafide.corpus.tally import by_class

    counts = by_class(rows)
    names = [name for name in counts[0] if name != "hours" or any(row["hours"] for row in counts)]
    print(f"\n{aligned(names, [[row[name] for name in names] for row in counts])}")


def _tell_faults(faults: list["Fault"], remarks: list[str]) -> None:
    if faults:
        print("\nOf no use:")
        for fault in faults[:SHOWN]:
            print(f"  {fault.count} × {printable(fault.kind)}; the first: {printable(fault.first)}")
        if len(faults) > SHOWN:
            print(f"  and {counted(len(faults) - SHOWN, 'other kind')}")
    if remarks:
        print("\nTo look at:")
        for remark in remarks:
            print(f"  {remark}")


def _tell_split(name: str, rows: "Rows", params: Path, *, whole: bool) -> None:
    """Print what the split would do; refuse where it would."""
    from bonafide.corpus.checking import preview

    settings = split_settings(params)
    shown = preview(rows, settings, companion_settings(params), start(params))
    if shown.refusal:
        raise UserError(f"{name} cannot be used as it is: {shown.refusal}")
    how = "the corpus's own sides" if settings.official else f"{settings.group}, seed {settings.seed}"
    about = "" if whole or settings.official else ", about, as no file was read to its end"
    print(f"\nThe split by {how}{about}:\n{shown.sides}")
