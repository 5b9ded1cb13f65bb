"""The pipeline's clips and features as pandas, as Hugging Face datasets and as tf.data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bonafide.corpus.rows import LABELS
from bonafide.errors import UserError, how_to_install
from bonafide.pipeline.paths import CLIPS, FEATURES, SPLIT

if TYPE_CHECKING:
    import datasets
    import pandas as pd
    import pyarrow as pa
    import tensorflow as tf

SIDES = ("train", "dev", "test")


def load_clips(
    folder: str | Path = CLIPS, *, split: str | None = None, table: str | Path = SPLIT, audio: bool = False
) -> pd.DataFrame:
    """Return what is known of the prepared clips, one row a clip.

    Parameters
    ----------
    folder : str or Path
        Of the Parquet parts that stage prepare (or augment) wrote.
    split : {"train", "dev", "test"}, optional
        Only the clips of one side.
    table : str or Path
        What stage split wrote; read where `split` is given.
    audio : bool
        With a column ``audio``: dicts of ``bytes``, a FLAC file, and ``path``. All of it is then held in memory.

    Returns
    -------
    pd.DataFrame
        With the columns of `bonafide.corpus.table.CLIP` and ``copy``.

    Raises
    ------
    UserError
        When a package is missing or there are no parts.
    """
    _need("pandas", "pipeline")
    import pyarrow as pa

    wanted = _side(split, table)
    paths = _parts(Path(folder))
    schema = _schema(paths[0])
    columns = [name for name in schema.names if audio or name != "audio"]
    batches = [_only(batch, wanted) for batch in _batches(paths, columns)]
    return pa.Table.from_batches(batches).to_pandas()


def load_audio(
    folder: str | Path = CLIPS,
    *,
    split: str | None = None,
    table: str | Path = SPLIT,
    streaming: bool = False,
    decode: bool = False,
) -> datasets.Dataset | datasets.IterableDataset:
    """Return the prepared clips as a Hugging Face dataset with an ``audio`` column that plays in its viewer.

    Parameters
    ----------
    folder, split, table
        See `load_clips`.
    streaming : bool
        Read a piece at a time, and keep no copy in the cache of Hugging Face.
    decode : bool
        Hand audio over as the library decodes it, which takes its package torchcodec; else as dicts of ``bytes``, a
        FLAC file, and ``path``.

    Returns
    -------
    datasets.Dataset or datasets.IterableDataset
        ``label`` is a class label (0 is human, 1 is ai), ``audio`` an `Audio` feature.

    Raises
    ------
    UserError
        When a package is missing or there are no parts.
    """
    _need("datasets", "datasets")
    import datasets as library

    wanted = _side(split, table)
    paths = _parts(Path(folder))
    features = library.Features.from_arrow_schema(_schema(paths[0]).remove_metadata())
    features["audio"] = library.Audio(decode=decode)
    features["label"] = library.ClassLabel(names=list(LABELS))
    found = library.Dataset.from_parquet([str(path) for path in paths], features=features, streaming=streaming)
    if wanted is None:
        return found
    return found.filter(lambda clips: [clip in wanted for clip in clips], input_columns="clip", batched=True)


def load_features(
    folder: str | Path = FEATURES, *, split: str | None = None, table: str | Path = SPLIT
) -> tf.data.Dataset:
    """Return the spectrograms with their labels as a `tf.data.Dataset` that streams from the Parquet parts.

    Parameters
    ----------
    folder : str or Path
        Of the parts that stage features wrote.
    split : {"train", "dev", "test"}, optional
        Only one side; augmented copies are there in train alone.
    table : str or Path
        What stage split wrote: the labels come from there.

    Returns
    -------
    tf.data.Dataset
        Of pairs: a float16 spectrogram in decibels, shape (frames, bands), and an int32 label, 0 for human and 1 for
        ai. Clips differ in length: ``padded_batch``, or cut them.

    Raises
    ------
    UserError
        When a package is missing or there are no parts.
    """
    _need("tensorflow", "pipeline")
    import tensorflow as tf

    from bonafide.clips.features import spectrograms_of

    paths = _parts(Path(folder))
    labels = _labels(split, table)

    def examples() -> Iterator[tuple[np.ndarray, int]]:
        for batch in _batches(paths, ["clip", "frames", "mel"]):
            some = _only(batch, labels)
            if some.num_rows:
                clips = some.column("clip").to_pylist()
                yield from ((mel, labels[clip]) for clip, mel in zip(clips, spectrograms_of(some), strict=True))

    signature = (tf.TensorSpec((None, _width(paths[0])), tf.float16), tf.TensorSpec((), tf.int32))
    return tf.data.Dataset.from_generator(examples, output_signature=signature)


def _batches(paths: list[Path], columns: list[str] | None) -> Iterator[pa.RecordBatch]:
    from bonafide.pipeline.tables import read_rows

    return read_rows(paths, columns)


def _only(batch: pa.RecordBatch, wanted: Any) -> pa.RecordBatch:  # noqa: ANN401 - a set or the keys of a mapping
    import pyarrow as pa

    if wanted is None:
        return batch
    return batch.filter(pa.array([clip in wanted for clip in batch.column("clip").to_pylist()], pa.bool_()))


def _width(path: Path) -> int:
    """Return how many bands a frame has in the features of `path`; their settings are in its metadata."""
    return int(_schema(path).metadata[b"n_bands"])


def _schema(path: Path) -> pa.Schema:
    import pyarrow.parquet as pq

    return pq.read_schema(path)


def _parts(folder: Path) -> list[Path]:
    found = sorted(folder.glob("part-*.parquet"))
    if not found:
        raise UserError(f"{folder} holds no parts: run 'dvc repro', or 'dvc pull' where they are in a remote")
    return found


def _side(split: str | None, table: str | Path) -> set[str] | None:
    return None if split is None else set(_labels(split, table))


def _labels(split: str | None, table: str | Path) -> Mapping[str, int]:
    """Return the label, as a number, of every clip, or of those on one side."""
    if split is not None and split not in SIDES:
        raise UserError(f"there is no split '{split}', only {', '.join(SIDES)}")
    if not Path(table).is_file():
        raise UserError(f"{table} is not there: run 'dvc repro split', or say where it is")
    import pyarrow.parquet as pq

    rows = pq.read_table(table, columns=["clip", "label", "split"]).to_pylist()
    sides = SIDES if split is None else (split,)
    return {row["clip"]: LABELS.index(row["label"]) for row in rows if row["split"] in sides}


def _need(module: str, extra: str) -> None:
    if find_spec(module) is None:
        raise UserError(f"this needs {module}: {how_to_install(extra)}")
