"""The family of a generator by its name, where nobody has said it."""

from pathlib import Path

import pytest

from bonafide.corpus.catalog import CorpusSettings
from bonafide.corpus.families import with_families
from bonafide.errors import UserError
from bonafide.pipeline.params import read_section

ROOT = Path(__file__).parents[3]


def clip(generator, family=""):
    return {"path": "a.wav", "label": "ai" if generator else "human", "generator": generator, "family": family}


@pytest.mark.parametrize(
    ("generator", "family"),
    [
        ("hn-nsf-copy-syn", "vocoder"),
        ("griffinlim-mel80", "vocoder"),
        ("diffwave-gt-mel", "vocoder"),
        ("grad-tts-hifigan", "tts"),  # the vocoder behind it is not what makes its words
        ("tacotron2-wavegrad", "tts"),
        ("glow-tts-vc-waveglow", "vc"),
        ("espeak", "classic"),
        ("nobody-knows", ""),
    ],
)
def test_the_patterns_of_params_yaml_give_a_generator_its_family(generator, family):
    patterns = read_section(ROOT / "params.yaml", "corpus", CorpusSettings).families
    (row,) = with_families([clip(generator)], patterns)
    assert row["family"] == family


def test_what_is_said_stays_and_a_person_has_no_family():
    rows = [clip("hifigan", "codec"), clip(""), {"path": "b.wav", "reason": "it is not there"}]
    assert with_families(rows, {"vocoder": ""}) == rows


def test_a_pattern_that_is_none_is_named():
    with pytest.raises(UserError, match=r"corpus\.families\.vc: '\(' is no regular expression"):
        with_families([clip("x")], {"vc": "("})


def test_a_family_that_is_none_is_no_setting(tmp_path):
    params = tmp_path / "params.yaml"
    params.write_text("corpus: {root: x, families: {clone: x}}")
    with pytest.raises(UserError, match=r"corpus\.families\.clone"):
        read_section(params, "corpus", CorpusSettings)
