"""Copies of clips depend on the seed, the clip and the copy's number, and on nothing else."""

import random
import sys
import threading
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from bonafide.clips.augmentation import AugmentedAudio, augment_part, augment_tasks
from bonafide.corpus.table import AUDIO, as_table
from bonafide.pipeline.parts import part_files, tasks_from_parts
from bonafide.pipeline.tables import write_table

from ..building import NOISE, clips_in, prepare

pytestmark = pytest.mark.usefixtures("store")


def test_copies_depend_on_seed_clip_and_number_alone(tiny_corpus, tmp_path, audio_settings, made):
    prepare(tiny_corpus, tmp_path / "clips", audio_settings)
    task = max(tasks_from_parts(tmp_path / "clips"), key=lambda task: pq.read_metadata(task.payload).num_rows)
    clips = pq.read_table(task.payload)["clip"].to_pylist()

    def sounds(chosen, **changes):
        table = augment_part((task.payload, chosen), AugmentedAudio(replace(NOISE, **changes), audio_settings))
        return {(row["clip"], row["copy"]): row["audio"]["bytes"] for row in table.to_pylist()}

    together = sounds(clips)
    assert len(set(together.values())) == 2 * len(clips)
    np.random.seed(7)  # noqa: NPY002 - the generator that must not matter
    for clip in clips[::-1]:
        assert sounds([clip], copies=1) == {(clip, 1): together[clip, 1]}
    assert not set(sounds(clips, seed=2).values()) & set(together.values())


def test_two_clips_that_sound_alike_get_copies_of_their_own(tiny_corpus, tmp_path, audio_settings, made):
    prepare(tiny_corpus, tmp_path / "clips", audio_settings)
    row = pq.read_table(part_files(tmp_path / "clips").popitem()[1]).to_pylist()[0]
    write_table(as_table([row, row | {"clip": "another"}], AUDIO), tmp_path / "alike.parquet")
    copies = augment_part(
        (str(tmp_path / "alike.parquet"), [row["clip"], "another"]), AugmentedAudio(NOISE, audio_settings)
    )
    assert len({copy["audio"]["bytes"] for copy in copies.to_pylist()}) == 4


def test_copies_do_not_depend_on_what_other_threads_draw(tiny_corpus, tmp_path, audio_settings, made):
    between = sys.getswitchinterval()
    prepare(tiny_corpus, tmp_path / "clips", audio_settings)
    tasks = augment_tasks(tmp_path / "clips", clips_in(tmp_path / "clips"))
    settings = AugmentedAudio(NOISE, audio_settings)
    alone = [augment_part(task.payload, settings) for task in tasks]
    stop = threading.Event()

    def draw():
        while not stop.is_set():
            random.random()

    other = threading.Thread(target=draw)
    other.start()
    sys.setswitchinterval(1e-6)
    try:
        beside = [augment_part(task.payload, settings) for task in tasks]
    finally:
        sys.setswitchinterval(between)
        stop.set()
        other.join()
    assert alone == beside
