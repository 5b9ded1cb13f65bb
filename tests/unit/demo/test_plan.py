from collections import Counter
from pathlib import Path

import pytest
import yaml

from bonafide.corpus.heard import read_heard
from bonafide.demo.build import channel_shares, listed, needed_packages, plan_copies, voice_shares
from bonafide.demo.engines import ENGINES
from bonafide.demo.settings import DemoSettings, check
from bonafide.demo.sources import SOURCES
from bonafide.demo.units import Spoken, folder_of, pick, shuffled
from bonafide.errors import UserError
from bonafide.files import HEARD
from bonafide.pipeline.editing import read_settings, with_values

ROOT = Path(__file__).parents[3]
SETTINGS = DemoSettings(
    minutes=2,
    sources={"codec2": 1, "prompts-es-co": 1},
    engines={"pico": 1, "espeak": 3},
    copy_share=0.5,
    min_seconds=1.5,
    max_seconds=10,
    seed=1,
)


def clip(**known):
    return {
        "file": "a.flac", "label": "human", "speaker": "s", "generator": "", "source": "codec2", "language": "en",
        "gender": "", "pair": "", "license": "", "channel": "narrow", "seconds": 3.0, **known,
    }  # fmt: skip


@pytest.mark.parametrize("changed", [{"sources": {"nobody": 1}}, {"engines": {"nothing": 1}}, {"max_seconds": 2}])
def test_settings_that_cannot_be_met_are_refused(changed):
    with pytest.raises(UserError, match="demo"):
        check(DemoSettings(**{**vars(SETTINGS), **changed}))


def test_the_preset_packages_builds_what_the_packaged_network_has_heard_and_the_rest_of_the_demo_is_unheard():
    changed = with_values(
        yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8")),
        read_settings(ROOT / "presets" / "packages.yaml"),
    )
    settings = DemoSettings(**changed["demo"])
    check(settings)
    heard = read_heard(HEARD)
    empty = dict.fromkeys(("speaker", "source", "generator"), "")
    assert {name for name in SOURCES if heard.holds({**empty, "source": name})} == set(settings.sources)
    assert {name for name in ENGINES if heard.holds({**empty, "generator": name})} == set(settings.engines)
    for name in set(SOURCES) - set(settings.sources):
        assert not heard.holds({**empty, "speaker": SOURCES[name].speaker}), f"who speaks in {name} was heard elsewhere"


def test_only_what_is_used_is_downloaded():
    wanted = {"codec2-examples", "asterisk-prompt-es-co", "asterisk-core-sounds-en", "asterisk-core-sounds-es"}
    assert set(needed_packages(SETTINGS)) == wanted


def test_voices_share_each_language():
    shares = voice_shares(SETTINGS, ["en", "es", "nl"])
    for language in ("en", "es", "nl"):
        assert sum(share for *_, spoken, share in shares if spoken == language) == pytest.approx(1)
    assert sum(share for engine, _, language, share in shares if (engine, language) == ("espeak", "en")) == 0.75


def test_speech_takes_the_channels_of_the_humans_in_proportion():
    shares = channel_shares([clip(seconds=3), clip(seconds=1, channel="gsm")])
    assert shares == (("gsm", 0.25), ("narrow", 0.75))
    taken = Counter(pick(shares, number) for number in range(20))
    assert 4 <= taken["gsm"] <= 6
    assert channel_shares([]) == (("plain", 1.0),)


def test_copies_are_planned_for_their_share():
    (unit,) = plan_copies(SETTINGS, {Path("x"): [clip(), clip()]})
    assert (unit.source, unit.seconds) == ("codec2", 3.0)


def test_both_sides_of_a_pair_are_named():
    copied = clip(file="a-lpc.flac", label="ai", generator="lpc-pulse", pair="codec2/a")
    clips = listed({Path("h"): [clip(), clip(file="b.flac")], Path("c"): [copied]})
    assert [(row["path"], row["pair"]) for row in clips] == [
        ("ai/codec2/a-lpc.flac", "codec2/a"),
        ("human/codec2/a.flac", "codec2/a"),
        ("human/codec2/b.flac", ""),
    ]


def spoken(**changed):
    facts = {
        "engine": "espeak", "voice": "zle/ru", "language": "ru", "version": "1", "packages": (), "sentences": ("a",),
        "channels": (("g722", 1.0),), "seconds": 5.0, "min_seconds": 1.5, "max_seconds": 10.0, "seed": 1,
    }  # fmt: skip
    return Spoken(**{**facts, **changed})


def test_what_changes_the_clips_changes_their_folder():
    pytest.importorskip("pyworld")
    pytest.importorskip("G722")
    work = Path("work")
    assert folder_of(spoken(), work) == folder_of(spoken(), work)
    changes = [{"seed": 2}, {"version": "2"}, {"sentences": ("b",)}, {"channels": (("gsm", 1.0),)}, {"seconds": 6.0}]
    assert len({folder_of(spoken(**change), work) for change in [{}, *changes]}) == len(changes) + 1


def test_each_voice_is_a_speaker_of_one_engine():
    speakers = [
        spoken(engine=name, voice=voice).speaker
        for name, engine in ENGINES.items()
        for voices in engine.voices.values()
        for voice in voices
    ]
    assert len(set(speakers)) == len(speakers)
    assert "espeak-ru" in speakers


def test_whole_groups_are_tied_by_one_vocoder_and_share_no_speaker():
    for vocoder in {source.copy for source in SOURCES.values()}:
        ours = {source.speaker for source in SOURCES.values() if source.copy == vocoder}
        others = {source.speaker for source in SOURCES.values() if source.copy != vocoder}
        assert not ours & others
        assert len({source.language for source in SOURCES.values() if source.copy == vocoder}) >= 2


def test_the_order_depends_on_names_and_seed_alone():
    assert shuffled(1, "a", "b") == shuffled(1, "a", "b")
    assert len({shuffled(1, "a", "b"), shuffled(2, "a", "b"), shuffled(1, "b", "a")}) == 3
