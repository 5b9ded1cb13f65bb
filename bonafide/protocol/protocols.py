"""What a leave-one-out protocol holds out of which clips, and the folder of all that is computed for it."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq
import yaml

from bonafide.corpus.apart import set_apart, with_apart
from bonafide.corpus.companions import CompanionSettings, parted
from bonafide.corpus.genders import of_gender
from bonafide.corpus.groups import fold_groups
from bonafide.corpus.heard import start_heard
from bonafide.corpus.rows import Rows
from bonafide.corpus.splits import SplitSettings, assign, split, with_companions
from bonafide.errors import UserError
from bonafide.pipeline.params import read_section
from bonafide.pipeline.paths import CATALOG, CLIPS, FOLDS
from bonafide.protocol.fold import Fold

By = Literal["source", "generator", "speaker"]


@dataclass(frozen=True)
class Protocol:
    """What is held out of which clips, and where the folds are kept.

    Attributes
    ----------
    sections : dict
        Of the params file; `split.group` is what is held out.
    rows : list of dict
        Of the catalog, the clips that count: the corpus's own and its companions.
    own, companions : list of dict
        The clips that are divided into folds, and those that train beside them in every one.
    apart : list of dict
        Those that are scored only, in the folds that train on nothing like them.
    settings : SplitSettings
        As in `sections`.
    home : Path
        The folder of all that is computed with these params and clips.
    """

    sections: dict[str, Any]
    rows: Rows
    own: Rows
    companions: Rows
    apart: Rows
    settings: SplitSettings
    home: Path

    @property
    def params(self) -> Path:
        """The params file, as the protocol sets it."""
        return self.home / "params.yaml"

    @property
    def everything(self) -> Path:
        """A split table in which every clip trains."""
        return self.home / "all.parquet"

    @property
    def features(self) -> Path:
        """The features of all clips and copies."""
        return self.home / "features"

    @property
    def cross_fitted(self) -> Path:
        """The folder of the folds that are calibrated by the others."""
        return self.home / "cross-fitted"

    def sides(self, fold: Fold) -> Rows:
        """Return the rows of a split table: what `fold` holds out is tested, all else trains."""
        return self._with_others(assign(self.own, self.settings, self._groups(fold.held, fold.of)))

    def sides_with_dev(self, fold: Fold) -> Rows:
        """Return the rows of a split table: what `fold` holds out is tested, all else trains or judges."""
        return self._with_others(split(self.own, self.settings, self._groups(fold.held, fold.of)))

    def judges(self, fold: Fold, other: int) -> Rows:
        """Return the clips of the part `other` that share nothing with what `fold` tests."""
        rows = assign(self.own, self.settings, self._groups(fold.held, fold.of), self._groups([other], fold.of))
        return [row for row in rows if row["split"] == "dev"]

    def _with_others(self, rows: Rows) -> Rows:
        return with_apart(with_companions(rows, self.companions, self.settings), self.apart, self.settings)

    def _groups(self, held: Iterable[int], of: int) -> frozenset[int]:
        parts = fold_groups(self.own, self.settings.group, of)
        return frozenset[int]().union(*(parts[number - 1] for number in held))


def read_protocol(params: Path, by: By, work: Path = FOLDS) -> Protocol:
    """Return the protocol for what `params` say and what was prepared, kept in a folder of its own in `work`.

    What `by` names is held out, whatever official sides the corpora have: `split.official` counts nothing here.

    Raises
    ------
    UserError
        When the corpus was not prepared yet.
    """
    if not CLIPS.is_dir():
        raise UserError(f"{CLIPS} is not there: run `dvc repro prepare` first")
    settings = replace(read_section(params, "split", SplitSettings), group=by, official=False)
    sections = yaml.safe_load(params.read_text(encoding="utf-8"))
    sections["split"]["group"] = by
    rows = pq.read_table(CATALOG).to_pylist()
    counted, apart = set_apart(of_gender(rows, settings.gender)[0], settings.apart)
    own, companions = parted(counted, read_section(params, "companions", CompanionSettings), start_heard(params))
    facts = json.dumps([sections, rows], sort_keys=True)
    home = work / hashlib.sha256(facts.encode()).hexdigest()[:16]
    return Protocol(sections, counted, own, companions, apart, settings, home)
