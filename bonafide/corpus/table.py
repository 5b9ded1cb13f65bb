"""The clip table: one schema from the catalog to the scores.

What nobody has said of a clip is an empty string, never a guess.
"""

import zlib

import pyarrow as pa

from bonafide.corpus.rows import Rows

SEGMENTS = pa.list_(pa.struct([("start", pa.float64()), ("end", pa.float64())]))  # see bonafide.corpus.segments

CLIP = pa.schema(
    [
        ("clip", pa.string()),  # content hash and path stem
        ("path", pa.string()),  # relative to the corpus root, and on into an archive or a table: see `sounds`
        ("sha256", pa.string()),
        ("label", pa.string()),  # "human" (bona fide) or "ai" (spoof)
        ("speaker", pa.string()),
        ("generator", pa.string()),  # "" for human
        ("family", pa.string()),  # of the generator, one of `bonafide.corpus.rows.FAMILIES` or ""; "" for human
        ("source", pa.string()),
        ("language", pa.string()),
        ("gender", pa.string()),  # "female", "male" or ""
        ("pair", pa.string()),  # shared by a recording and its copies
        ("seconds", pa.float64()),  # of the file as it was found
        ("level_dbfs", pa.float64()),  # RMS of the file as it was found
        ("native_rate", pa.int32()),  # hertz
        ("native_format", pa.string()),  # as libsndfile names it, "WAV/PCM_16"
        ("license", pa.string()),
        ("segments", SEGMENTS),  # seconds that are synthetic, where not all of a clip is what its label says
    ]
)

CATALOG = CLIP.append(  # the side that the corpus itself gives the clip: "train", "dev", "test", "dropped" or ""
    pa.field("official", pa.string())
)

SPLIT = (
    CLIP.append(pa.field("split", pa.string()))  # "train", "dev", "test", "dropped" or "apart"
    .append(pa.field("speaker_seen", pa.bool_()))  # in train, whatever the split of this clip
    .append(pa.field("source_seen", pa.bool_()))
    .append(pa.field("generator_seen", pa.bool_()))
)

AUDIO = CLIP.append(pa.field("copy", pa.int32())).append(  # 0: the recording itself; augmented copies count from 1
    pa.field("audio", pa.struct([("bytes", pa.binary()), ("path", pa.string())]))  # Hugging Face's Audio feature
)


def part_of(clip: str, n_parts: int) -> int:
    """Return the part that the clip with id `clip` belongs to: it depends on nothing but the id."""
    return zlib.crc32(clip.encode()) % n_parts


def as_table(rows: Rows, schema: pa.Schema) -> pa.Table:
    """Return `rows` as a table of `schema`, in the order given."""
    return pa.Table.from_pylist(rows, schema=schema)
