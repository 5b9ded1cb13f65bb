"""A table of clips as people and spreadsheets write it: commas, semicolons or tabs, in UTF-8 or UTF-16."""

import csv
import io
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from bonafide.errors import UserError
from bonafide.files import write_bytes

DELIMITERS = (",", ";", "\t")
ENCODINGS = {BOM_UTF8: "utf-8-sig", BOM_UTF16_LE: "utf-16", BOM_UTF16_BE: "utf-16"}  # by what a file begins with
END = "\x00end of the table"  # put after the last line: a quote that is never closed swallows it


@dataclass(frozen=True)
class Dialect:
    """How a table is written."""

    delimiter: str = ","
    encoding: str = "utf-8"
    line_end: str = "\n"


@dataclass(frozen=True)
class ClipsTable:
    """A table with its first line read.

    Attributes
    ----------
    path : Path
    text : str
        All of it.
    header : list of str
        The columns as the table names them.
    start : int
        Number of the line that names them.
    dialect : Dialect
    """

    path: Path
    text: str
    header: list[str]
    start: int
    dialect: Dialect

    @property
    def columns(self) -> list[str]:
        """The columns by the names they have here: ``Native Rate`` is ``native_rate``."""
        return columns_of(self.header)

    def lines(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the number of each line below the first and its cells as they stand; lines of blank cells are skipped.

        Raises
        ------
        UserError
            When a line has more fields than there are columns, a quote is left open, or the text is no CSV.
        """
        for number, cells in _records(self.path, self.text, self.dialect.delimiter):
            if number > self.start:
                if any(cell.strip() for cell in cells[len(self.header) :]):
                    first = f"line {self.start} names columns"
                    raise UserError(f"{self.path}, line {number} has more fields than {first}: is a quote missing?")
                yield number, cells[: len(self.header)]


def read(path: Path) -> ClipsTable:
    """Return the table `path`; its delimiter is that beside the column ``path`` of its first line.

    Raises
    ------
    UserError
        When it is no text in UTF-8 or UTF-16, or its first line names no column ``path``.
    """
    content = path.read_bytes()
    encoding = next((name for mark, name in ENCODINGS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not a CSV file in {encoding[:6].upper()}: {error}") from None
    line_end = "\r\n" if "\r\n" in text else "\n"
    for delimiter in DELIMITERS:
        start, header = next(_records(path, text, delimiter), (1, []))
        if "path" in columns_of(header):
            return ClipsTable(path, text, header, start, Dialect(delimiter, encoding, line_end))
    raise UserError(f"{path} needs a first line that names its columns, 'path' among them")


def write(path: Path, lines: Iterable[Sequence[object]], dialect: Dialect) -> None:
    """Write `lines` of cells, the columns first, to `path`, whole or not at all."""
    write_bytes(path, "".join(_line(cells, dialect) for cells in lines).encode(dialect.encoding))


def _line(cells: Sequence[object], dialect: Dialect) -> str:
    buffer = io.StringIO()
    # csv quotes the line breaks within cells that its own line ends hold, so it must end lines with both of them.
    csv.writer(buffer, delimiter=dialect.delimiter, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue().removesuffix("\r\n") + dialect.line_end


def _records(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each record that is not blank, with the number of the line that it begins in."""
    lines = chain(io.StringIO(text, newline=""), [END])
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    number = 1
    try:
        for cells in reader:
            if cells == [END]:
                return
            if cells and cells[-1].endswith(END):
                raise UserError(f"{path}, line {number}: a quote is opened and never closed")
            if any(cell.strip() for cell in cells):
                yield number, cells
            number = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"{path}, line {number} is not CSV: {error}") from None


def columns_of(header: Iterable[str]) -> list[str]:
    """Return the names that columns have here: of ``Native Rate``, ``native_rate``."""
    return [re.sub(r"[\s-]+", "_", name.strip().casefold()) for name in header]
