"""Stage evaluate: the exported detector on the test clips, all thresholds carried over from dev."""

import json
from math import nan
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bonafide.corpus.heard import StartSettings
from bonafide.evaluation.adapted import beside_packaged
from bonafide.evaluation.curves import points_of
from bonafide.evaluation.metrics import EvaluateSettings, headline_of, intervals_of, metrics_of
from bonafide.evaluation.scored_clips import score_clips, tested
from bonafide.evaluation.segments import segment_measures
from bonafide.evaluation.slices import slices_apart, slices_of
from bonafide.files import write_text
from bonafide.pipeline.params import read_section
from bonafide.pipeline.stage import run
from bonafide.pipeline.tables import write_table
from bonafide.scoring.adaptation import adaptation_text
from bonafide.scoring.exported import Scorer


def evaluate(
    params: Path,
    split: Path,
    clips: Path,
    model: Path,
    scores: Path,
    metrics: Path,
    details: Path,
    intervals: Path,
    slices: Path,
    plots: Path,
) -> None:
    """Score the test side of `split`, and what is counted apart, with `model`; write what follows from the scores."""
    settings = read_section(params, "evaluate", EvaluateSettings)
    facts = Scorer(model).facts
    thresholds = dict(facts.thresholds)
    rows = pq.read_table(split, filters=[("split", "in", ["test", "apart"])])
    every = score_clips(model, clips, rows.drop_columns("segments").to_pandas())  # the parts have them in clips' time
    scored = tested(every)
    measured = metrics_of(scored, thresholds, facts.cannot_tell)
    segments = segment_measures(model, clips, scored)
    write_table(pa.Table.from_pandas(every, preserve_index=False), scores)
    ends = intervals_of(scored, thresholds, settings)
    detailed = measured | ({"segments": segments} if segments else {})
    if read_section(params, "start", StartSettings).weights == "packaged":
        detailed["packaged"] = beside_packaged(scored, clips, settings)
    for path, values in ((metrics, headline_of(measured)), (details, detailed), (intervals, ends)):
        write_text(path, json.dumps(values, indent=2) + "\n")
    parts = [slices_of(scored, thresholds["balanced"], settings)]
    if len(every) > len(scored):
        parts.append(slices_apart(every, thresholds["balanced"], settings))
    write_text(slices, pd.concat(parts).to_csv(index=False))
    for name, points in points_of(scored, thresholds["balanced"], settings).items():
        write_text(plots / f"{name}.csv", points.to_csv(index=False))
    print(
        f"EER {measured['eer']:.3f}, AUC {measured['auc']:.3f}, accuracy {measured['accuracy']:.3f}"
        f" at the dev threshold, on {len(scored)} clips of the test side"
    )
    if measured["answered"]:
        print(f"answers: {measured['answered']:.3f}, of these right: {measured['right_of_answered']:.3f}")
    else:
        print('answers: none, as every clip lies in the band of "cannot tell"')
    if "packaged" in detailed:
        print(adaptation_text(detailed["packaged"]))
    if segments:
        print(
            "EER of segments: " + ", ".join(f"{each.get('eer', nan):.3f} at {size}" for size, each in segments.items())
        )
    print(f"`bonafide use {model}` has it answer; `bonafide detect --model {model} FILE` asks it once")


if __name__ == "__main__":
    run(evaluate)
