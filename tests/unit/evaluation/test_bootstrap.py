"""The bootstrap, against a plain loop that builds each resample and measures it."""

import json

import numpy as np
import pytest

from bonafide.evaluation import drawn_clips
from bonafide.evaluation.bootstrap import Draws, percentiles
from bonafide.scoring import measures

THRESHOLDS = {"balanced": 0.1, "strict": -1.0}


def clustered(n_clusters=12, clips=10, *, seed=0, between=1.0, within=1.0):
    """Scores rounded to make ties, clusters "0", "1", … of which the even ones are human."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(n_clusters), clips)
    human = cluster % 2 == 0
    effect = rng.normal(scale=between, size=n_clusters)[cluster]
    llr = np.where(human, 1.0, -1.0) + effect + rng.normal(scale=within, size=cluster.size)
    return np.round(llr, 1), human, cluster.astype(str)


def measured(summary):
    """What of a `summary` the bootstrap measures: thresholds and numbers of clips are given."""
    given = [name for name in summary if name.startswith("clips_") or name.endswith("threshold")]
    return {name: value for name, value in summary.items() if name not in given}


def replicates_of(draws, llr, **asked):
    """The measures without those of the clips as they are."""
    return {name: values[1:] for name, values in draws.measure(llr, **asked).items()}


def brute_force(llr, human, clusters, replicates, seed, keep=None):
    """Draw the same clusters, write out their clips one by one, measure the list."""
    found, sides = [], []
    for label in (True, False):
        side = np.flatnonzero(human == label)
        cluster, _ = drawn_clips.draw_clusters(drawn_clips.cluster_codes(clusters)[side], label, 1, seed)
        members = [side[cluster == number] for number in range(cluster.max() + 1)]
        sides.append((members, np.random.default_rng([seed, int(label)])))
    for _ in range(replicates):
        drawn = [
            members[number]
            for members, generator in sides
            for number in generator.integers(len(members), size=len(members))
        ]
        rows = np.concatenate(drawn)
        rows = rows if keep is None else rows[keep[rows]]
        found.append(measured(measures.summary(llr[rows], human[rows], THRESHOLDS)))
    return {name: np.array([each[name] for each in found]) for name in found[0]}


@pytest.mark.parametrize(("chunk", "block"), [(1, 2**10), (1000, 1), (2**20, 7)])
def test_every_measure_equals_a_plain_loop(chunk, block, monkeypatch):
    monkeypatch.setattr(drawn_clips, "CHUNK", chunk)
    monkeypatch.setattr(drawn_clips, "BLOCK", block)
    llr, human, clusters = clustered()
    fast = replicates_of(Draws(clusters, human, replicates=40, seed=3), llr, thresholds=THRESHOLDS)
    slow = brute_force(llr, human, clusters, replicates=40, seed=3)
    assert fast.keys() == slow.keys()
    for name, values in slow.items():
        np.testing.assert_allclose(fast[name], values, atol=1e-12, err_msg=name)
        assert np.ptp(values) > 0, name


@pytest.mark.parametrize("block", [3, 2**10])
def test_subset_equals_a_plain_loop(block, monkeypatch):
    monkeypatch.setattr(drawn_clips, "BLOCK", block)
    llr, human, clusters = clustered()
    keep = np.random.default_rng(1).random(llr.size) < 0.5
    draws = Draws(clusters, human, replicates=30, seed=4)
    fast = replicates_of(draws, llr, subset=keep, thresholds=THRESHOLDS)
    slow = brute_force(llr, human, clusters, replicates=30, seed=4, keep=keep)
    for name, values in slow.items():
        np.testing.assert_allclose(fast[name], values, atol=1e-12, err_msg=name)


def test_same_seed_same_intervals_and_another_seed_others():
    llr, human, clusters = clustered()
    first, again, other = (
        Draws(clusters, human, replicates=50, seed=seed).intervals(llr, thresholds=THRESHOLDS) for seed in (5, 5, 6)
    )
    assert first == again
    assert first != other


def test_intervals_hold_the_measure_and_are_ready_for_json():
    llr, human, clusters = clustered(60)
    found = Draws(clusters, human, replicates=200, seed=0).intervals(llr, thresholds=THRESHOLDS)
    point = measured(measures.summary(llr, human, THRESHOLDS))
    assert list(found) == sorted(point)
    assert json.dumps(found, allow_nan=False)
    # Resampling adds a bias to what is taken as a least or as a distance; it is small beside the interval.
    for name in set(point) - {"ece", "min_dcf", "min_cllr"}:
        assert found[name][0] <= point[name] <= found[name][1], name


def test_an_interval_holds_the_middle_95_percent():
    values = {"x": np.arange(1001.0), "y": np.append(np.arange(1001.0), np.nan)}
    assert percentiles(values) == {"x": pytest.approx((25, 975)), "y": pytest.approx((25, 975))}


def test_draws_are_asked_twice_and_say_the_same():
    llr, human, clusters = clustered()
    draws = Draws(clusters, human, replicates=30, seed=1)
    first = draws.intervals(llr, thresholds=THRESHOLDS)
    draws.paired_difference(-llr, llr)
    assert draws.intervals(llr, thresholds=THRESHOLDS) == first


def test_draws_among_some_clips_are_those_of_the_clips_alone():
    llr, human, clusters = clustered()
    clusters[::7] = ""  # each for itself
    chosen = np.flatnonzero(np.random.default_rng(2).random(llr.size) < 0.6)
    alone = Draws(clusters[chosen], human[chosen], replicates=30, seed=1)
    among = Draws(clusters, human, replicates=30, seed=1).among(chosen)
    assert among.intervals(llr[chosen]) == alone.intervals(llr[chosen])


def width(interval):
    return interval[1] - interval[0]


def test_clusters_that_resemble_themselves_widen_the_interval():
    llr, human, clusters = clustered(40, 25, between=1.5)
    own = np.arange(llr.size)
    by_cluster, by_clip = (
        Draws(each, human, replicates=200, seed=0).intervals(llr, metrics=["eer", "auc", "cllr"])
        for each in (clusters, own)
    )
    for name in by_cluster:
        assert width(by_cluster[name]) > 1.8 * width(by_clip[name])


def test_clusters_that_mean_nothing_do_not():
    llr, human, clusters = clustered(200, 5, between=0.0)
    by_cluster, by_clip = (
        Draws(each, human, replicates=400, seed=0).intervals(llr, metrics=["auc"])
        for each in (clusters, np.arange(llr.size))
    )
    assert 0.75 < width(by_cluster["auc"]) / width(by_clip["auc"]) < 1.33


def test_coverage_is_near_the_level():
    # True fpr at threshold 0: normal of mean 1 and variance 1 + 1 below 0.
    truth = 0.23975
    hits = 0
    for seed in range(120):
        llr, human, clusters = clustered(80, 4, seed=seed)
        draws = Draws(clusters, human, replicates=200, seed=seed)
        low, high = draws.intervals(llr + 1e-3, thresholds={"balanced": 0.0}, metrics=["fpr"])["fpr"]
        hits += low <= truth <= high
    assert 0.86 <= hits / 120 <= 0.99


def test_a_system_differs_from_itself_in_nothing():
    llr, human, clusters = clustered()
    draws = Draws(clusters, human, replicates=20, seed=0)
    for metric in ("eer", "auc", "cllr"):
        assert draws.paired_difference(llr, llr, metric=metric) == (0, 0, 0)


def test_paired_difference_has_the_sign_of_a_less_b_and_a_narrow_interval():
    llr, human, clusters = clustered(40, 10, between=2.0)
    better = llr + np.where(human, 0.4, -0.4)
    draws = Draws(clusters, human, replicates=200, seed=0)
    eer, low, high = draws.paired_difference(better, llr)
    assert eer == measures.eer(better, human) - measures.eer(llr, human)
    assert low < eer < high < 0
    auc = draws.paired_difference(better, llr, metric="auc")
    assert 0 < auc.low < auc.difference < auc.high
    assert high - low < 0.7 * width(draws.intervals(llr, metrics=["eer"])["eer"])


def test_paired_difference_is_the_loop_over_shared_draws():
    llr, human, clusters = clustered()
    other = np.random.default_rng(9).permutation(llr)
    slow = [brute_force(each, human, clusters, replicates=40, seed=2) for each in (llr, other)]
    draws = Draws(clusters, human, replicates=40, seed=2)
    for metric in ("eer", "auc"):
        found = draws.paired_difference(llr, other, metric=metric)
        expected = np.quantile(slow[0][metric] - slow[1][metric], [0.025, 0.975])
        np.testing.assert_allclose(found[1:], expected, atol=1e-12)
        back = draws.paired_difference(other, llr, metric=metric)
        assert (back.low, back.high) == pytest.approx((-found.high, -found.low))


def test_two_systems_that_differ_by_chance_alone_are_not_told_apart():
    llr, human, clusters = clustered(40, 10, seed=1)
    noise = np.random.default_rng(4).normal(scale=0.3, size=(2, llr.size))
    draws = Draws(clusters, human, replicates=200, seed=0)
    _, low, high = draws.paired_difference(llr + noise[0], llr + noise[1])
    assert low < 0 < high


def test_group_interval_has_the_sign_of_a_less_b():
    llr, human, clusters = clustered(60, 20, between=0.2)
    group = np.arange(llr.size) % 2 == 0
    shifted = np.where(group & human, llr - 2, llr)
    draws = Draws(clusters, human, replicates=100, seed=0)
    asked = {"thresholds": {"balanced": 0.0}, "metrics": ["eer", "fpr", "fnr"]}
    found = draws.group_difference(shifted, group, ~group, **asked)
    assert found["eer"][0] > 0.1
    assert found["fpr"][0] > 0.3
    assert found["fnr"][0] < 0 < found["fnr"][1]
    equal = draws.group_difference(llr, group, ~group, **asked)
    assert equal["fpr"][0] < 0 < equal["fpr"][1]


def test_replicate_that_loses_a_class_is_left_out():
    llr, human, clusters = clustered(8, 5)
    rare = (clusters == "0") | ~human
    draws = Draws(clusters, human, replicates=60, seed=0)
    values = replicates_of(draws, llr, subset=rare, thresholds=THRESHOLDS)
    lost = np.isnan(values["eer"])
    assert 0 < lost.sum() < 60
    assert all((np.isnan(each) == lost).all() for each in values.values())
    assert np.isfinite(list(percentiles(values).values())).all()
    assert all(np.isnan(percentiles({"x": np.array([np.nan])})["x"]))


def test_codes_keep_unnamed_clips_apart():
    names = ["a", "b", "a", "", "z", ""]
    codes = drawn_clips.cluster_codes(names)
    assert codes[0] == codes[2]
    assert len(set(codes.tolist())) == 5
    missing = np.array([name or None for name in names], dtype=object)
    alike = [np.equal.outer(each, each) for each in (drawn_clips.cluster_codes(missing), codes)]
    np.testing.assert_array_equal(*alike)


def test_no_cluster_is_empty_and_the_first_row_is_the_clips_as_they_are():
    cluster, drawn = drawn_clips.draw_clusters(np.array([7, 3, 7, 90]), True, 50, 1)
    assert sorted(set(cluster.tolist())) == [0, 1, 2]
    assert cluster[0] == cluster[2]
    assert (drawn[0] == 1).all()
    assert drawn.shape == (51, 3)
    assert (drawn.sum(axis=1) == 3).all()


def test_one_name_in_both_classes_is_two_clusters():
    llr, human, _ = clustered(2, 10)
    own = np.where(np.arange(llr.size) % 2, "a", "b")
    marked = np.char.add(own, np.where(human, "h", "s"))
    found, same = (Draws(each, human, replicates=30, seed=0).intervals(llr) for each in (own, marked))
    assert found == same


def test_lone_cluster_of_a_class_is_taken_apart():
    cluster, drawn = drawn_clips.draw_clusters(np.array([9, 9, 9]), False, 5, 1)
    assert cluster.tolist() == [0, 1, 2]
    assert drawn.shape == (6, 3)


def test_wrong_use_is_refused():
    llr, human, clusters = clustered()
    draws = Draws(clusters, human, replicates=30, seed=0)
    with pytest.raises(ValueError, match="no measure named fpr"):
        draws.intervals(llr, metrics=["fpr"])
    with pytest.raises(ValueError, match="at least one"):
        Draws(clusters, human, replicates=0, seed=0)
    with pytest.raises(ValueError, match="cluster"):
        Draws(clusters[1:], human, replicates=30, seed=0)
    with pytest.raises(ValueError, match="one length"):
        draws.intervals(llr[1:])
    with pytest.raises(ValueError, match="no ai clip"):
        draws.measure(llr, subset=human)
    with pytest.raises(ValueError, match="one boolean a clip"):
        draws.measure(llr, subset=human[1:])


def test_metrics_pick_what_is_measured():
    llr, human, clusters = clustered()
    draws = Draws(clusters, human, replicates=30, seed=0)
    everything = draws.intervals(llr, thresholds=THRESHOLDS)
    for names in (["eer"], ["cllr", "fpr", "at_strict_threshold.fnr"], ["min_cllr", "ece"]):
        some = draws.intervals(llr, thresholds=THRESHOLDS, metrics=names)
        assert some == {name: everything[name] for name in sorted(names)}
