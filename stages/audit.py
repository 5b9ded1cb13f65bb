"""Stage audit: what a detector could cheat with, and sounds that occur on two sides."""

import json
from pathlib import Path

import pyarrow.parquet as pq

from bonafide.audio.conditioning import AudioSettings
from bonafide.audit.asking import ask_all
from bonafide.audit.duplicates import duplicates
from bonafide.audit.findings import AuditSettings, refuse, report_of, table_of
from bonafide.audit.probes import measure
from bonafide.corpus.catalog import CorpusSettings
from bonafide.corpus.splits import SplitSettings
from bonafide.files import write_text
from bonafide.pipeline.params import read_section
from bonafide.pipeline.stage import run


def audit(params: Path, split: Path, clips: Path, report: Path, table: Path, passed: Path) -> None:
    """Probe the files and the conditioned `clips` of `split`; write `report` and the probes alone to `table`.

    Training waits for `passed`, which always says the same: other settings of the audit train nothing anew.
    """
    settings = read_section(params, "audit", AuditSettings)
    audio = read_section(params, "audio", AudioSettings)
    root = Path(read_section(params, "corpus", CorpusSettings).root)
    rows = pq.read_table(split).to_pandas().merge(measure(root, clips, audio), on="clip", validate="one_to_one")
    outcomes = ask_all(rows, read_section(params, "split", SplitSettings).group, settings)
    same = duplicates(rows, clips, audio.rate, same_above=settings.same_above)
    found = report_of(outcomes, same, settings)
    write_text(report, json.dumps(found, indent=2, sort_keys=True) + "\n")
    write_text(table, table_of(outcomes).to_csv(index=False))
    print("\n".join(found["findings"]) or f"no probe reaches AUC {settings.warn_above}, and no sound occurs twice")
    refuse(outcomes, same, settings)
    write_text(passed, "passed\n")


if __name__ == "__main__":
    run(audit)
