"""Slices, against the plain bootstrap of the clips that each is measured on; points of the plots."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

from bonafide.evaluation import drawn_clips
from bonafide.evaluation.bootstrap import Draws
from bonafide.evaluation.curves import CURVE_POINTS, curve, histogram, reliability_points
from bonafide.evaluation.metrics import EvaluateSettings, intervals_of, metrics_of
from bonafide.evaluation.scored_clips import arrays, clusters
from bonafide.evaluation.slices import slices_apart, slices_of
from bonafide.report.run import read_slices
from bonafide.scoring.curve import det_curve
from bonafide.scoring.measures import auc, decisions, eer

SETTINGS = EvaluateSettings(replicates=40, seed=3, small_slice=20)
THRESHOLD = 0.2


@pytest.fixture(scope="module")
def scores():
    rng = np.random.default_rng(0)
    n = 400
    human = rng.random(n) < 0.45
    generator = np.where(human, "", rng.choice(["hifigan", "diffwave", "espeak"], n))
    effect = np.select([generator == "espeak", generator == "hifigan"], [-1.0, 0.6], 0.0)
    return pd.DataFrame(
        {
            "split": "test",
            "label": np.where(human, "human", "ai"),
            "speaker": np.where(rng.random(n) < 0.2, "", rng.choice([f"s{i}" for i in range(9)], n)),
            "generator": generator,
            "family": pd.Series(generator).map({"espeak": "classic", "": ""}).fillna("tts"),
            "source": np.where(human, rng.choice(["radio", "books"], n), "engines"),
            "language": rng.choice(["de", "en"], n),
            "gender": rng.choice(["female", "male", ""], n),
            "native_format": "WAV/PCM_16",
            "speaker_seen": rng.random(n) < 0.5,
            "source_seen": False,
            "generator_seen": False,
            "seconds": rng.uniform(0.5, 9, n),
            "level_dbfs": rng.normal(-28, 5, n),
            "snr_db": rng.normal(35, 10, n),
            "pitch_hz": np.where(rng.random(n) < 0.1, np.nan, rng.normal(160, 40, n)),
            "llr": np.round(rng.normal(np.where(human, 1, -1) + effect, 1.5), 1),
        }
    )


@pytest.fixture(params=[5, 2**10])
def sliced(scores, request, monkeypatch):
    monkeypatch.setattr(drawn_clips, "BLOCK", request.param)
    return slices_of(scores, THRESHOLD, SETTINGS)


def test_a_speaker_called_nan_or_na_is_one_in_the_table_and_in_the_report(scores, tmp_path):
    names = {"s1": "nan", "s2": "NA", "s3": "None", "s4": "null"}
    table = slices_of(scores.replace({"speaker": names}), THRESHOLD, SETTINGS)
    table.to_csv(tmp_path / "slices.csv", index=False)
    written = read_slices(tmp_path / "slices.csv")
    speakers = written[written["slice"] == "speaker"]
    assert set(speakers["value"]) == {*names.values(), "s0", "s5", "s6", "s7", "s8"}
    assert written["value"].notna().all()
    assert set(written[written["slice"] == "pitch_hz"]["value"]).isdisjoint({"nan", ""})
    pd.testing.assert_frame_equal(written, table, check_dtype=False)


def clips_of(scores, name, value):
    return scores[name].astype(str) == value


def test_a_slice_is_the_plain_bootstrap_of_its_clips(scores, sliced):
    checked = 0
    for row in sliced[~sliced["slice"].isin(["seconds", "level_dbfs", "snr_db", "pitch_hz"])].to_dict("records"):
        inside = scores[clips_of(scores, row["slice"], row["value"])]
        labels = set(inside["label"])
        others = scores[~scores["label"].isin(labels)]
        both = inside if row["against"] == "slice" else pd.concat([inside, others])
        assert (row["against"] == "slice") == (len(labels) == 2)
        llr, human = arrays(both)
        names = ["eer", "fpr", "fnr"]
        draws = Draws(clusters(both), human, replicates=SETTINGS.replicates, seed=SETTINGS.seed)
        plain = draws.intervals(llr, thresholds={"balanced": THRESHOLD}, metrics=names)
        values = {"eer": eer(llr, human), "auc": auc(llr, human), **decisions(llr, human, THRESHOLD)}
        for name, value in values.items():
            assert np.isnan(row[name]) or row[name] == pytest.approx(value, abs=1e-12), (row["value"], name)
        for name in names:
            assert np.isnan(row[name]) or (row[f"{name}_low"], row[f"{name}_high"]) == plain[name], (row["value"], name)
            checked += not np.isnan(row[name])
        assert (row["clips_human"], row["clips_ai"]) == (
            (inside["label"] == "human").sum(),
            (inside["label"] == "ai").sum(),
        )
    assert checked > 40


def test_a_slice_of_one_class_says_nothing_of_the_other(sliced):
    alone = sliced.set_index(["slice", "value"])
    espeak, radio = alone.loc[("generator", "espeak")], alone.loc[("source", "radio")]
    assert (espeak["against"], radio["against"]) == ("all human", "all ai")
    assert np.isnan(espeak["fpr"])
    assert np.isnan(radio["fnr"])
    assert np.isnan([espeak["accuracy"], radio["accuracy"]]).all()
    assert espeak["fnr"] < alone.loc[("generator", "hifigan"), "fnr"]


def test_every_value_has_a_row_and_the_unknown_has_none(scores, sliced):
    values = sliced.groupby("slice")["value"].apply(list)
    assert values["gender"] == ["female", "male"]
    assert values["family"] == ["classic", "tts"]
    assert values["speaker_seen"] == ["False", "True"]
    for name in ("seconds", "pitch_hz"):
        inside = sliced[sliced["slice"] == name]
        known = scores["label"][scores[name].notna()].value_counts()
        assert (inside["clips_human"].sum(), inside["clips_ai"].sum()) == (known["human"], known["ai"])


def test_what_is_counted_apart_is_one_slice_against_the_test_humans(scores):
    humans, codec = scores[scores["label"] == "human"], scores[scores["generator"] == "espeak"]
    codec = codec.assign(family="codec", split="apart", llr=codec["llr"] + 2)
    (row,) = slices_apart(pd.concat([scores, codec]), THRESHOLD, SETTINGS).to_dict("records")
    assert (row["slice"], row["value"], row["against"]) == ("family", "codec (apart)", "all human")
    assert (row["clips_human"], row["clips_ai"]) == (0, len(codec))
    assert row["fnr"] == pytest.approx((codec["llr"] >= THRESHOLD).mean())
    assert row["auc"] == pytest.approx(auc(*arrays(pd.concat([humans, codec]))))


def test_the_metrics_name_what_is_missed_of_each_family(scores):
    measured = metrics_of(scores, {"balanced": THRESHOLD}, (THRESHOLD, THRESHOLD))
    missed = {name: (own["llr"] >= THRESHOLD).mean() for name, own in scores.groupby("family") if name}
    assert {name: measured[f"fnr_of_{name}"] for name in missed} == pytest.approx(missed)
    assert missed.keys() == {"classic", "tts"}


def test_small_slices_say_so(scores, sliced):
    for row in sliced.to_dict("records"):
        held = [count for count in (row["clips_human"], row["clips_ai"]) if count]
        assert row["small"] == (min(held) < SETTINGS.small_slice)
    assert sliced["small"].any()
    assert not sliced["small"].all()


def test_macro_means_count_every_generator_alike(scores):
    found = metrics_of(scores, {"balanced": THRESHOLD}, (THRESHOLD, THRESHOLD))
    humans = scores[scores["label"] == "human"]
    parts = [pd.concat([inside, humans]) for name, inside in scores.groupby("generator") if name]
    assert found["auc_over_generators"] == pytest.approx(np.mean([auc(*arrays(part)) for part in parts]))
    missed = [decisions(*arrays(part), THRESHOLD)["fnr"] for part in parts]
    assert found["fnr_over_generators"] == pytest.approx(np.mean(missed))
    flagged = [(inside["llr"] < THRESHOLD).mean() for _, inside in humans.groupby("source")]
    assert found["fpr_over_human_sources"] == pytest.approx(np.mean(flagged))


def test_macro_means_lie_in_their_intervals_which_more_generators_narrow(scores):
    found = intervals_of(scores, {"balanced": THRESHOLD}, SETTINGS)
    means = metrics_of(scores, {"balanced": THRESHOLD}, (THRESHOLD, THRESHOLD))
    for name in ("auc_over_generators", "fnr_over_generators", "fpr_over_human_sources"):
        assert found[name]["low"] <= means[name] <= found[name]["high"]
    split_in_many = scores.assign(generator=np.where(scores["label"] == "ai", scores.index.astype(str), ""))
    many = intervals_of(split_in_many, {"balanced": THRESHOLD}, SETTINGS)["auc_over_generators"]
    few = found["auc_over_generators"]
    assert 0 < many["high"] - many["low"] < few["high"] - few["low"]


def test_the_mean_over_one_source_has_no_interval(scores):
    alone = intervals_of(scores.assign(source=""), {"balanced": THRESHOLD}, SETTINGS)
    assert "fpr_over_human_sources" not in alone and "fnr_over_generators" in alone


def draws_of(scores):
    return Draws(clusters(scores), arrays(scores)[1], replicates=SETTINGS.replicates, seed=SETTINGS.seed)


def test_points_of_histogram_and_reliability_hold_every_clip(scores):
    bars = histogram(scores)
    assert bars[["human", "ai"]].sum().tolist() == pytest.approx([1, 1])
    humans = scores["llr"][scores["label"] == "human"]
    assert (bars["llr"] * bars["human"]).sum() == pytest.approx(humans.mean(), abs=np.diff(bars["llr"]).max() / 2)
    points = reliability_points(scores, draws_of(scores))
    assert points["predicted"].is_monotonic_increasing
    assert len(points) > 5
    assert points["share"].sum() == pytest.approx(1)
    assert points.min(axis=None) >= 0
    assert points.max(axis=None) <= 1
    # These scores are not calibrated, but higher probabilities must still meet more ai clips.
    assert np.corrcoef(points["predicted"], points["observed"])[0, 1] > 0.8


def test_the_points_of_a_large_curve_follow_it_down_to_the_rarest_errors():
    rng = np.random.default_rng(1)
    human = rng.random(100_000) < 0.5
    scores = pd.DataFrame({"llr": rng.normal(np.where(human, 2, -2)), "label": np.where(human, "human", "ai")})
    points = curve(scores, Draws(np.arange(len(scores)) // 100, human, replicates=5, seed=1))
    assert len(points) <= CURVE_POINTS + 2
    assert points[["fpr", "tpr", "fnr"]].iloc[[0, -1]].to_numpy().tolist() == [[0, 0, 1], [1, 1, 0]]
    _, fpr, fnr = det_curve(*arrays(scores))
    for rate, own in ((fpr, points["fpr"]), (fnr, points["fnr"])):
        # On probit axes no two neighbours are far apart, but where the curve itself jumps: by the first clips.
        inside = np.sort(own[(own > 10 / 50_000) & (own < 1 - 10 / 50_000)])
        assert np.diff(ndtri(inside)).max() < 0.1
        assert set(own) <= set(rate)


def test_the_points_of_a_small_curve_are_all_of_it(scores):
    small = scores.head(60)
    _, fpr, fnr = det_curve(*arrays(small))
    assert curve(small, draws_of(small))[["fpr", "fnr"]].to_numpy().tolist() == np.c_[fpr, fnr].tolist()


def test_the_band_of_the_curve_is_that_of_the_replicates_written_out(scores):
    """Each replicate's clips are written out as often as they were drawn, and counted one by one."""
    small = scores.head(60)
    llr, human = arrays(small)
    draws = draws_of(small)
    points = curve(small, draws)
    reached = np.empty((draws.replicates, len(points)))
    for number in range(draws.replicates):
        drawn = [
            np.repeat(llr[human == label], draws._drawn[label][2][1 + number][draws._drawn[label][1]])
            for label in (True, False)
        ]
        _, fpr, fnr = det_curve(np.concatenate(drawn), np.repeat([True, False], [each.size for each in drawn]))
        reached[number] = [(1 - fnr)[fpr <= rate].max() for rate in points["fpr"]]
    low, high = np.quantile(reached, [0.025, 0.975], axis=0)
    assert points["tpr_low"].tolist() == pytest.approx(low.tolist())
    assert points["tpr_high"].tolist() == pytest.approx(high.tolist())
    assert (points["tpr_high"] - points["tpr_low"]).max() > 0.1


def test_bands_hold_the_points_and_narrow_where_more_people_speak(scores):
    """Points on the band's far side would say that the draws are of other clips than the curve."""
    wide = reliability_points(scores, draws_of(scores))
    alone = Draws(np.arange(len(scores)), arrays(scores)[1], replicates=200, seed=1)
    narrow = reliability_points(scores, alone)
    for points in (wide, narrow):
        assert (points["observed_low"] <= points["observed"]).all()
        assert (points["observed"] <= points["observed_high"]).all()
    assert (narrow["observed_high"] - narrow["observed_low"]).mean() < (
        wide["observed_high"] - wide["observed_low"]
    ).mean()
