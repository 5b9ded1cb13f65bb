"""A corpus at a glance: what tells its classes apart besides the voice, from a sample of its clips."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bonafide.audit.asking import probes_of
from bonafide.audit.listening import Heard
from bonafide.audit.shortcuts import Sides, cross_validated, one_thread
from bonafide.corpus.groups import group_numbers
from bonafide.corpus.rows import LABELS
from bonafide.scoring.measures import auc

NEIGHBOURS, SEED = 7, 1
PERCENTILES = (10, 50, 90)
# What each fact is, for people: its name and its unit.
WORDS = {
    "seconds": ("length", "s"),
    "dc_size": ("size of the offset", "dB"),
    "rms": ("level", "dBFS"),
    "peak": ("peak", "dBFS"),
    "crest": ("peak above the level", "dB"),
    "floor": ("noise floor", "dBFS"),
    "floor_depth": ("loud above quiet", "dB"),
    "lead_30": ("silence before the voice, 30 dB below it", "s"),
    "trail_30": ("silence after the voice, 30 dB below it", "s"),
    "lead_50": ("silence before the voice, 50 dB below it", "s"),
    "trail_50": ("silence after the voice, 50 dB below it", "s"),
    "zeros": ("share of digital zeros", ""),
    "longest_zeros": ("longest run of digital zeros", "s"),
    "leading_zeros": ("digital zeros at the start", "s"),
    "trailing_zeros": ("digital zeros at the end", "s"),
    "below_80": ("energy below 80 Hz", "dB of all"),
    "above_4000": ("energy above 4 kHz", "dB of all"),
    "above_6000": ("energy above 6 kHz", "dB of all"),
    "above_7500": ("energy above 7.5 kHz", "dB of all"),
    "rolloff_99": ("frequency below which 99 % of the energy lies", "Hz"),
    "rolloff_9999": ("frequency below which 99.99 % of the energy lies", "Hz"),
    "band_edge": ("where the band ends", "Hz"),
}


@dataclass(frozen=True)
class Property:
    """One number of the files, alone: how well it tells the classes apart.

    Attributes
    ----------
    name, unit : str
    auc : float
        From 0.5 for not at all to 1, whichever class has more of it.
    human, ai : float
        The medians.
    """

    name: str
    unit: str
    auc: float
    human: float
    ai: float


def properties_of(table: pd.DataFrame) -> list[Property]:
    """Return what each of `WORDS` tells alone of the files in `table`, of `table_of`; the strongest first."""
    human = (table["label"] == "human").to_numpy()
    told = []
    for name in WORDS:
        values = table[f"files.{name}"].to_numpy(float)
        share = auc(values, human)
        medians = (float(np.median(values[human])), float(np.median(values[~human])))
        told.append(Property(*WORDS[name], max(share, 1 - share), *medians))
    return sorted(told, key=lambda each: -each.auc)


def probe_aucs(table: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return the AUC of each of the audit's probes by view, learned from some sources and asked of others.

    A probe that cannot be asked, as a class has but one source, is left out.
    """
    columns = table[["clip", "source", "speaker", "generator", "pair"]].to_dict("records")
    everyone = np.ones(len(table), bool)
    human = (table["label"] == "human").to_numpy()
    sides = Sides(everyone, everyone, human, group_numbers(columns, "source"))
    told: dict[str, dict[str, float]] = {"files": {}, "clips": {}}
    with one_thread():
        for probe in probes_of(table, NEIGHBOURS):
            if (share := cross_validated(probe, sides, SEED)) is not None:
                told[probe.view][probe.name] = share
    return told


def table_of(heard: Sequence[Heard]) -> pd.DataFrame:
    """Return the rows of `heard`, in the order of their paths."""
    ordered = sorted(heard, key=lambda one: str(one.row["path"]))
    table = pd.DataFrame([one.row for one in ordered])
    table["clip"] = table["path"]  # a corpus that has not been through the catalog has no ids
    return table


def spectra_of(heard: Sequence[Heard]) -> Mapping[str, np.ndarray]:
    """Return the 10th, 50th and 90th percentile of the clips' spectra in each class, shape (3, bands), in decibels."""
    return {
        label: np.percentile([one.spectrum for one in heard if one.row["label"] == label], PERCENTILES, axis=0)
        for label in LABELS
    }
