"""Stage watch: what DVC cannot see of the corpus folder, or cannot take, before it looks there. It runs each time."""

from pathlib import Path

from bonafide.corpus.watch import keep_block, patterns, table, unwatched
from bonafide.files import write_text
from bonafide.pipeline.stage import run
from bonafide.sharing.commits import refuse_recordings


def watch(root: Path, ignore: Path, out: Path) -> None:
    """Have `ignore` name what DVC cannot read below `root`, and list in `out` what it does not see there.

    Where there is no corpus, as in a clone without data, both stay as they are. A corpus that git would take is
    refused: `dvc exp run` would commit its recordings.
    """
    if root.is_dir():
        refuse_recordings(root)
        there = unwatched(root)
        keep_block(ignore, patterns(root, there))
    elif out.exists():
        return
    else:
        there = []
    if not out.exists() or out.read_text(encoding="utf-8") != table(root, there):
        write_text(out, table(root, there))


if __name__ == "__main__":
    run(watch)
