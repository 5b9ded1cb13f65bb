"""Time and peak memory of the cluster bootstrap: ``python benchmarks/scoring.py [clips replicates]``."""

from __future__ import annotations

import resource
import subprocess
import sys
import time

import numpy as np

from bonafide.bootstrap import cluster_bootstrap
from bonafide.scoring import summary, thresholds

SIZES = ((10_000, 1_000), (1_000_000, 200))


def measure(clips: int, replicates: int, *, iid: bool) -> str:
    """Run summary and bootstrap once and say what they took; peak memory is the whole process's."""
    rng = np.random.default_rng(0)
    human = rng.random(clips) < 0.5
    llr = rng.normal(np.where(human, 2.0, -2.0), 2.0)
    clusters = (
        np.arange(clips) if iid else np.where(human, rng.integers(1000, size=clips), rng.integers(50, size=clips))
    )
    chosen = thresholds(llr, human)
    start = time.perf_counter()
    summary(llr, human, chosen)
    middle = time.perf_counter()
    cluster_bootstrap(llr, human, clusters, thresholds=chosen, replicates=replicates)
    end = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    kind = "one clip a cluster" if iid else "1,000 speakers, 50 generators"
    return (
        f"{clips:>9,} clips ({kind}): summary {middle - start:.2f} s, "
        f"{replicates:,} replicates {end - middle:.1f} s, peak {peak:.0f} MB"
    )


if __name__ == "__main__":
    if len(sys.argv) == 4:
        print(measure(int(sys.argv[1]), int(sys.argv[2]), iid=sys.argv[3] == "iid"))
    else:
        # A process each, because peak memory never goes down within one.
        for size in SIZES:
            for kind in ("clusters", "iid"):
                subprocess.run([sys.executable, __file__, *map(str, size), kind], check=True)
