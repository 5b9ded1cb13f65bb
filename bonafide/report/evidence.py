"""What stands behind the figures of a run: how many voices, which shortcuts, how wide an interval."""

import pandas as pd

from bonafide.report.run import Run
from bonafide.text import decimal, decimal_between, percent_between

FEW_CLUSTERS = 20  # speakers or generators; with fewer the intervals are too narrow (see bonafide.evaluation.bootstrap)
SEEN = {"speaker": "speakers", "source": "sources", "generator": "generators"}


def evidence(scores: pd.DataFrame) -> dict[str, int]:
    """Return how many named speakers and sources of human clips, and generators of ai clips, were tested."""
    human = scores["label"] == "human"
    return {
        "speakers": len(set(scores.loc[human, "speaker"]) - {""}),
        "sources": len(set(scores.loc[human, "source"]) - {""}),
        "generators": len(set(scores.loc[~human, "generator"]) - {""}),
    }


def shortcuts(run: Run, side: str) -> list[str]:
    """Return the probes of the conditioned clips that are reported for their AUC on one side (a key of a probe)."""
    limit = run.settings["audit"]["warn_above"]
    probes = run.audit["probes"].get("clips", {})
    return sorted(name for name, probe in probes.items() if (probe.get(side) or 0.0) >= limit)


def with_interval(run: Run, name: str) -> str:
    """Return a metric as a plain number, with its interval after a comma."""
    between = decimal_between(run.ends(name))
    return decimal(run.metric(name)) + (f", {between}" if between else "")


def percent_interval(run: Run, name: str) -> str:
    """Return the interval of a metric in brackets, as percentages."""
    between = percent_between(run.ends(name))
    return f" ({between})" if between else ""
