"""A row of the clip table as plain data, before it is Parquet: what readers give and splits are made of."""

from typing import Any, Literal, get_args

LABELS = ("human", "ai")  # the field's bona fide and spoof, as numbers 0 and 1

# How a voice was made: from a text (tts), in a voice that the engine hears for the first time (zero-shot-tts), from a
# person's words in another voice (vc), from a person's speech taken apart and put together again by a vocoder or a
# neural codec, by a service that does not say how it speaks, or by formants, diphones or Markov models (classic).
Family = Literal["tts", "zero-shot-tts", "vc", "vocoder", "codec", "commercial", "classic"]
FAMILIES: tuple[Family, ...] = get_args(Family)

Row = dict[str, Any]  # by the columns of `bonafide.corpus.table.CLIP`; what nobody has said is an empty string
Rows = list[Row]


def clips_of(rows: Rows) -> int:
    """Return how many clips `rows` are: one each, but for those that stand for more, as of `bonafide.corpus.alike`."""
    return sum(row.get("clips", 1) for row in rows)
