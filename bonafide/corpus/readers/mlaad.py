"""MLAAD: ``fake/LANGUAGE/MODEL/*.wav`` with a meta.csv each; M-AILABS beside it has the people."""

import re
from pathlib import Path, PurePosixPath

from bonafide.corpus.readers.listing import Line, files_below, in_columns, is_audio, matched, ordered, row
from bonafide.corpus.rows import Row, Rows

TABLE = re.compile(r"(.*/)?fake/[^/]+/[^/]+/meta\.csv")
RECORDED = re.compile(r"(?:.*/)?(?P<locale>[a-z]{2}_[A-Z]{2})/by_book/(?P<gender>\w+)/(?P<speaker>[^/]+)/.*")


def read(root: Path) -> Rows:
    """Return the generated clips, by the lines of each meta.csv, and the recordings of M-AILABS that are there.

    Those are ``en_US/by_book/female/SPEAKER/BOOK/wavs/*.wav``. The books of speaker ``mix`` have many readers.
    """
    files = files_below(root)
    recordings = [_recorded(path) for path in files if is_audio(path) and RECORDED.fullmatch(path)]
    generated = [path for path in files if is_audio(path) and not RECORDED.fullmatch(path)]
    tables = [path for path in files if TABLE.fullmatch(path)]
    rows = [line for table in tables for line in in_columns(root, table, ("path", "model_name"), _generated, "|")]
    return ordered([*recordings, *matched(rows, generated, unnamed="no meta.csv beside the file names it")])


def _generated(line: Line, cells: dict[str, str]) -> Row:
    folder = PurePosixPath(line.file).parent  # the paths of the table begin elsewhere in each release
    return line.row(
        (folder / PurePosixPath(cells["path"]).name).as_posix(),
        "fake",
        generator=cells["model_name"] or folder.name,
        family="tts",
        language=cells.get("language") or folder.parent.name,
        license="CC-BY-NC-4.0",
    )


def _recorded(path: str) -> Row:
    match = RECORDED.fullmatch(path)
    assert match
    speaker = "" if match["gender"] == "mix" else f"m-ailabs-{match['speaker']}"
    language = match["locale"].partition("_")[0]
    return row(path, "human", speaker=speaker, gender=match["gender"], language=language, source="M-AILABS")
