"""Stage catalog: one row a clip; every file that cannot be used is listed with its reason."""

import csv
import io
from pathlib import Path

from bonafide.audio.conditioning import AudioSettings
from bonafide.corpus.catalog import CorpusSettings, examine_all, settle
from bonafide.corpus.corpora import misspelt_columns, read_corpora
from bonafide.corpus.families import with_families
from bonafide.corpus.table import CATALOG
from bonafide.files import write_text
from bonafide.pipeline.checked_parts import store_folder
from bonafide.pipeline.params import read_section
from bonafide.pipeline.paths import MEMO
from bonafide.pipeline.stage import run
from bonafide.pipeline.tables import write_facts
from bonafide.progress import track


def catalog(params: Path, out: Path, rejects: Path) -> None:
    """List the clips of the corpus that `params` names in `out`, and the files with a fault in `rejects`."""
    corpus = read_section(params, "corpus", CorpusSettings)
    root = Path(corpus.root)
    rows = with_families(read_corpora(root, corpus.readers), corpus.families)
    for table, columns in misspelt_columns(root, corpus.readers):
        print(f"columns of {table} that mean nothing here: {', '.join(columns)}. Is one misspelt?")
    examined = examine_all(root, rows, read_section(params, "audio", AudioSettings), MEMO, store_folder())
    clips, bad = settle(track(examined, total=len(rows), what="looking into files"))
    write_facts(clips, CATALOG, out)
    text = io.StringIO()
    lines = csv.DictWriter(text, ["path", "used", "reason"], extrasaction="ignore", lineterminator="\n")
    lines.writeheader()
    lines.writerows(bad)
    write_text(rejects, text.getvalue())
    print(f"{len(clips)} clips can be used, {sum(row['used'] == 'no' for row in bad)} files cannot: see {rejects}")


if __name__ == "__main__":
    run(catalog)
