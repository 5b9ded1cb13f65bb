import random

import numpy as np
import pytest

from bonafide.clips import transforms
from bonafide.clips.delivery import DELIVERIES, Delivery, through_delivery
from bonafide.clips.transforms import DRAWS, Codec, Line, Room

RATE = 16000


@pytest.fixture
def drawn(monkeypatch):
    def start(seed):
        monkeypatch.setattr(transforms, "random", random.Random(seed))

    return start


@pytest.mark.parametrize("transform", [Codec(), Line(), Room()])
def test_length_is_kept_the_sound_is_changed_and_the_seed_decides(voice, drawn, transform):
    samples = voice[: 2 * RATE].astype(np.float32)
    for seed in range(6):
        drawn(seed)
        first = transform(samples, RATE)
        drawn(seed)
        assert np.array_equal(transform(samples, RATE), first)
        assert first.shape == samples.shape
        assert first.dtype == np.float32
        assert not np.array_equal(first, samples)
        loud = [np.convolve(np.square(one), np.ones(RATE // 10), "same") for one in (first, samples)]
        assert np.corrcoef(loud)[0, 1] > 0.5, "no longer the same voice"


def test_the_codec_draws_what_services_deliver(voice, drawn, monkeypatch):
    deliveries = set()

    def note(samples, rate, delivery, quick):
        assert quick
        deliveries.add(delivery)
        return samples

    monkeypatch.setattr(transforms, "through_delivery", note)
    drawn(1)
    for _ in range(600):
        Codec()(voice[:RATE], RATE)
    assert set(DELIVERIES.values()) <= deliveries
    assert {delivery.rate for delivery in deliveries} == {16000, 24000, 44100, 48000}


EVERY = sorted({(codec, rate, kbps) for codec, rates in DRAWS for rate, some in rates.items() for kbps in some})


@pytest.mark.parametrize(("codec", "rate", "kbps"), EVERY)
def test_every_draw_can_be_coded(voice, codec, rate, kbps):
    samples = voice[:RATE].astype(np.float32)
    assert np.isfinite(through_delivery(samples, RATE, Delivery(codec, rate, kbps))).all()


def test_a_line_carries_recordings_of_a_telephones_rate(voice, drawn):
    samples = voice[: 2 * RATE : 2].astype(np.float32)
    for seed in range(60):
        drawn(seed)
        assert np.isfinite(Line()(samples, RATE // 2)).all()


@pytest.mark.parametrize("transform", [Codec(p=0.0), Line(p=0.0), Room(p=0.0)])
def test_with_probability_0_nothing_happens(voice, transform):
    assert transform(voice, RATE) is voice


def test_a_room_keeps_the_level(voice, drawn):
    drawn(1)
    samples = voice[:RATE].astype(np.float32)
    assert np.std(Room()(samples, RATE)) == pytest.approx(np.std(samples), rel=0.05)
