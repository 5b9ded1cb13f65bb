"""Stage split: train, dev and test that share no source, speaker or generator."""

from pathlib import Path

from bonafide.corpus.alike import alike, with_sides
from bonafide.corpus.apart import APART
from bonafide.corpus.companions import CompanionSettings, parted
from bonafide.corpus.genders import left_out_text
from bonafide.corpus.heard import start_heard
from bonafide.corpus.rows import clips_of
from bonafide.corpus.sides import divided
from bonafide.corpus.splits import SplitSettings, describe, unknown_groups
from bonafide.pipeline.params import read_section
from bonafide.pipeline.stage import run
from bonafide.pipeline.tables import CLIPS_PER_GROUP, read_table, write_table


def split(params: Path, catalog: Path, out: Path) -> None:
    """Give every clip of `catalog` its side."""
    settings = read_section(params, "split", SplitSettings)
    beside = read_section(params, "companions", CompanionSettings)
    heard = start_heard(params)
    table = read_table(catalog)
    kinds = alike(table, beside, settings, heard)
    rows = divided(kinds, settings, beside, heard=heard)
    write_table(with_sides(table, rows), out, CLIPS_PER_GROUP)
    if text := left_out_text(kinds, settings.gender):
        print(text)
    if unknown := unknown_groups(rows, settings.group):
        print(f"{unknown} clips name no {settings.group}: if they share one, the split leaks. Say it in clips.csv.")
    if companions := [row for row in parted(rows, beside)[1] if row["split"] != APART]:
        print(f"{clips_of(companions)} of the clips are companions: they train and are never tested")
    if count := clips_of([row for row in rows if heard.holds(row)]):
        print(
            f"the packaged network, from which the training starts, has heard {count} of the clips, or their speakers,"
            " sources or generators: they train and are never tested"
        )
    print(describe(rows))


if __name__ == "__main__":
    run(split)
