"""A row of the clip table as plain data, before it is Parquet: what readers give and splits are made of."""

from typing import Any

LABELS = ("human", "ai")  # the field's bona fide and spoof, as numbers 0 and 1

Row = dict[str, Any]  # by the columns of `bonafide.corpus.table.CLIP`; what nobody has said is an empty string
Rows = list[Row]
