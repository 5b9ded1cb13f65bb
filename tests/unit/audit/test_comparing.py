"""Waveforms are compared once: what one clip more costs, from real speech that comes back under other names."""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bonafide.audio.conditioning import to_flac
from bonafide.audit import comparing, fingerprints

RATE = 16000


@pytest.fixture(autouse=True)
def own_store(store, made):
    """Parts that are kept for one test, and made in this process."""


def folder_of(path, sounds, row_group_size=2):
    """Write `sounds` by clip to a part, and return the clips and the digests of their audio."""
    path.mkdir(exist_ok=True)
    flacs = {clip: to_flac(samples, RATE) for clip, samples in sorted(sounds.items())}
    audio = [{"bytes": flac, "path": clip} for clip, flac in flacs.items()]
    pq.write_table(
        pa.table({"clip": list(flacs), "audio": audio}), path / "part-0000.parquet", row_group_size=row_group_size
    )
    return list(flacs), [hashlib.sha256(flac).hexdigest() for flac in flacs.values()]


def compared(path, sounds):
    clips, digests = folder_of(path, sounds)
    prints = [fingerprints.hashes(fingerprints.narrow(sounds[clip], RATE)) for clip in clips]
    alike = fingerprints.candidates(prints, lambda first, second: np.ones(first.size, bool))
    return comparing.compared(clips, digests, alike, path, RATE)


def twice(voice, n):
    """`n` seconds of speech, each under two names, the second one quieter."""
    pieces = {f"{number}": voice[number * RATE : (number + 1) * RATE] for number in range(n)}
    return pieces | {f"{name}-again": samples / 2 for name, samples in pieces.items()}


def test_what_comes_back_under_another_name_is_the_same_sound(tmp_path, voice):
    likeness = compared(tmp_path / "clips", twice(voice, 6))
    same = {pair for pair, value in likeness.items() if value > 0.99}
    assert same == {(f"{number}", f"{number}-again") for number in range(6)}


def test_a_clip_more_or_less_has_only_those_compared_that_hang_together_with_it(tmp_path, voice, made, monkeypatch):
    monkeypatch.setattr(comparing, "PAIRS", 1)
    sounds = twice(voice, 8)
    whole = compared(tmp_path / "clips", sounds)
    assert made[-1] > 3
    few = {clip: samples for clip, samples in sounds.items() if clip != "5-again"}
    less = compared(tmp_path / "clips", few)
    assert less == {pair: value for pair, value in whole.items() if "5-again" not in pair}
    assert made[-1] <= 1
    assert compared(tmp_path / "clips", sounds) == whole
    assert made[-1] == 0


def test_another_sound_of_the_same_clip_is_compared_anew(tmp_path, voice, made):
    sounds = twice(voice, 2)
    before = compared(tmp_path / "clips", sounds)
    noise = np.random.default_rng(1).normal(0, 0.005, RATE).astype(np.float32)
    after = compared(tmp_path / "clips", sounds | {"1-again": sounds["1-again"] + noise})
    assert made[-1] == 1
    assert after["1", "1-again"] < before["1", "1-again"]


def test_no_candidates_read_nothing(tmp_path, made):
    nothing = fingerprints.Candidates(*(np.zeros(0, int) for _ in range(3)))
    assert comparing.compared([], [], nothing, tmp_path / "none", RATE) == {}
    assert made == []


def test_one_large_group_of_alike_clips_is_cut_into_tasks():
    n = 60
    first, second = np.triu_indices(n, 1)
    alike = fingerprints.Candidates(first, second, np.zeros(first.size, int))
    lists = list(comparing._together([f"clip{number}" for number in range(n)], alike))
    pairs = [pair for each in lists for pair in each]
    assert len(lists) > 1
    assert len(pairs) == len(set(pairs)) == first.size
    assert max(map(len, lists)) < 2 * comparing.PAIRS
