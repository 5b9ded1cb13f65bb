"""Stage prepare: every clip decoded, mono, at one rate and level, trimmed, in Parquet parts."""

from pathlib import Path

from bonafide.audio.conditioning import AudioSettings
from bonafide.clips.preparation import PrepareSettings, prepare_part, prepare_tasks
from bonafide.corpus.catalog import CorpusSettings
from bonafide.corpus.measuring import ChangedError
from bonafide.corpus.table import CLIP
from bonafide.pipeline.checked_parts import build
from bonafide.pipeline.params import read_section
from bonafide.pipeline.stage import run
from bonafide.pipeline.tables import read_table


def prepare(params: Path, catalog: Path, out: Path) -> None:
    """Write the conditioned audio of the clips in `catalog` to parts in `out`."""
    root = Path(read_section(params, "corpus", CorpusSettings).root)
    n_parts = read_section(params, "prepare", PrepareSettings).parts
    tasks = prepare_tasks(read_table(catalog, CLIP.names).to_pylist(), root, n_parts)
    try:
        build(prepare_part, read_section(params, "audio", AudioSettings), tasks, out, what="preparing parts")
    except ChangedError:
        catalog.unlink()  # or DVC, which hashed the corpus after the catalog was made, would hold it to be up to date
        raise


if __name__ == "__main__":
    run(prepare)
