"""`bonafide corpus stats`: what a corpus holds, in tables and on a page with pictures."""

import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bonafide.commands.columns import aligned
from bonafide.commands.corpus_settings import audio_settings
from bonafide.errors import UserError
from bonafide.progress import track
from bonafide.text import counted, printable

if TYPE_CHECKING:
    from bonafide.audio.conditioning import AudioSettings
    from bonafide.corpus.opening import Opened
    from bonafide.corpus.rows import Rows
    from bonafide.report.corpus_page import Example, Pictures

Counts = tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]]]  # by class, and by column and value

SHOWN = 10  # values of a column on the terminal
HEARD = 480  # clips that the page's pictures come from
EXAMPLES = 6  # of a class
SEED = 1


def stats(
    path: Annotated[
        Path | None,
        typer.Argument(help="A catalog, a split or a corpus; without, data/split.parquet or data/catalog.parquet."),
    ] = None,
    *,
    reader: Annotated[str, typer.Option(help="How a corpus is laid out, where that is not recognised.")] = "",
    page: Annotated[Path | None, typer.Option(help="An HTML file, for pictures and shortcuts.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="All of it as JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A line for each value of each column.")] = False,
    params: Annotated[Path, typer.Option(help="Names the root of a catalog's paths.")] = Path("params.yaml"),
) -> None:
    """Count a corpus: hours, speakers, generators, languages, rates and formats by class and source."""
    from bonafide.corpus.opening import opened
    from bonafide.corpus.tally import COLUMNS, by_class, by_value

    if as_json and as_csv:
        raise typer.BadParameter("choose one of --json and --csv")
    corpus = opened(path, reader, params)
    rows = corpus.rows if corpus.complete else _measured(corpus)
    if not rows:
        raise UserError(f"{path or corpus.root} has no clip that can be read")
    classes = by_class(rows)
    columns = {name: by_value(rows, name) for name in COLUMNS if any(row.get(name) for row in rows)}
    if as_json:
        print(json.dumps({"classes": classes, "columns": columns}, indent=2))
    elif as_csv:
        _print_csv(columns)
    else:
        _print_tables(classes, columns)
    if page is not None:
        from bonafide.files import write_text
        from bonafide.report.corpus_page import page as drawn

        name = str((path or corpus.root).resolve().name)
        write_text(page, drawn(_pictures(name, corpus, rows, (classes, columns), params)))
        print(f"{page} is written", file=sys.stderr)


def _measured(corpus: "Opened") -> "Rows":
    """Return the rows of a corpus that no catalog lists, with what the headers of its files say."""
    from bonafide.corpus.checking import with_reason
    from bonafide.corpus.headers import headers

    read = track(headers(corpus.root, corpus.rows), total=len(corpus.rows), what="reading headers")
    rows, rejects = with_reason(read)
    rejects = [*corpus.rejects, *rejects]
    if rejects:
        first = f"{rejects[0]['path']}: {rejects[0]['reason']}"
        count = counted(len(rejects), "file or line", "files and lines")
        print(f"{count} of no use, the first: {printable(first)}; see bonafide corpus check", file=sys.stderr)
    return sorted(rows, key=lambda row: str(row["path"]))


def _print_tables(classes: list[dict[str, Any]], columns: dict[str, list[dict[str, Any]]]) -> None:
    print(aligned(list(classes[0]), [list(row.values()) for row in classes]))
    for name, rows in columns.items():
        head = [name, *(key for key in rows[0] if key != "value")]
        shown = [[row["value"] or "(not said)", *list(row.values())[1:]] for row in rows[:SHOWN]]
        print(f"\n{aligned(head, shown)}")
        if len(rows) > SHOWN:
            print(f"and {counted(len(rows) - SHOWN, 'other')}")


def _print_csv(columns: dict[str, list[dict[str, Any]]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["column", "value", "human_clips", "human_hours", "ai_clips", "ai_hours"])
    writer.writerows([name, *row.values()] for name, rows in columns.items() for row in rows)


def _pictures(name: str, corpus: "Opened", rows: "Rows", counts: "Counts", params: Path) -> "Pictures":
    from bonafide.audit import glance, listening
    from bonafide.corpus.sampling import sampled
    from bonafide.report.corpus_page import Pictures

    classes, columns = counts
    settings = audio_settings(params)
    sample = sampled(rows, HEARD, "source", SEED)
    coming = listening.listen(corpus.root, sample, settings)
    heard = [one for one in track(coming, total=len(sample), what="listening to clips") if one is not None]
    labels = {one.row["label"] for one in heard}
    if labels != {"human", "ai"}:
        missing = ({"human", "ai"} - labels).pop()
        raise UserError(f"the page compares two classes, and no clip labelled '{missing}' can be used")
    table = glance.table_of(heard)
    return Pictures(
        name=name,
        classes=classes,
        columns=columns,
        heard=len(heard),
        hertz=listening.hertz(settings),
        spectra=glance.spectra_of(heard),
        seconds={label: [row["seconds"] for row in rows if row["label"] == label] for label in ("human", "ai")},
        levels={label: table.loc[table["label"] == label, "files.rms"].tolist() for label in ("human", "ai")},
        probes=glance.probe_aucs(table),
        properties=glance.properties_of(table),
        examples=_examples(corpus.root, [one.row for one in heard], columns.get("source", []), settings),
    )


def _examples(root: Path, rows: "Rows", sources: list[dict[str, Any]], settings: "AudioSettings") -> list["Example"]:
    """Return a clip of each of the sources with most clips, by class."""
    from bonafide.audit.listening import mel_of
    from bonafide.report.corpus_page import Example

    shown = []
    for label in ("human", "ai"):
        ordered = sorted(sources, key=lambda each: -int(each[f"{label} clips"]))
        for source in [each["value"] for each in ordered if each[f"{label} clips"]][:EXAMPLES]:
            row = next((row for row in rows if row["label"] == label and row.get("source", "") == source), None)
            if row is not None:
                facts = [row.get(name) for name in ("generator", "speaker", "language")]
                facts += [f"{row['native_rate']} Hz", row["native_format"]]
                text = ", ".join(str(fact) for fact in facts if fact)
                shown.append(Example(label, source or "not said", text, mel_of(root, row, settings)))
    return shown
