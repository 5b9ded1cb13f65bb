"""Where commands find what the pipeline made, as dvc.yaml has it, and where things are kept between runs."""

from pathlib import Path

CATALOG = Path("data/catalog.parquet")
SPLIT = Path("data/split.parquet")
CLIPS = Path("data/clips")
FEATURES = Path("data/features")

KEPT = Path(".bonafide")  # outside the outs, which DVC deletes when a stage starts
PARTS = KEPT / "parts"
MEMO = KEPT / "catalog.sqlite"
CHECKPOINTS = KEPT / "train"
FOLDS = KEPT / "folds"
SEARCHES = KEPT / "search"
PEERS = KEPT / "peers"
