"""The statistics of a corpus and the page that shows them, from real speech with a shortcut put in."""

import csv
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import soundfile

from bonafide.audit import glance, listening
from bonafide.commands.corpus_stats import stats
from bonafide.corpus.readers.folder import read_folder
from bonafide.corpus.tally import by_class, by_value
from bonafide.errors import UserError
from bonafide.report.corpus_charts import histogram
from bonafide.report.corpus_page import Pictures, finding_of

RATE = 16000
HOSTILE = "<script>alert(1)</script>&\u202e"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory, voice):
    """Ten sources, each with a human and an ai clip of real speech; what is ai is 12 dB louder and at another rate."""
    root = tmp_path_factory.mktemp("corpus")
    rows = []
    for number in range(20):
        label = ("human", "ai")[number % 2]
        piece = voice[number * 6000 : number * 6000 + RATE]
        piece = piece * np.float32((0.05 if label == "human" else 0.2) / np.sqrt(np.square(piece).mean()))
        path = f"{label}/{number}.wav"
        (root / label).mkdir(exist_ok=True)
        soundfile.write(root / path, np.clip(piece, -1, 1), RATE if label == "human" else 22050)
        rows.append({"path": path, "source": f"{HOSTILE}{number // 2}", "speaker": f"s{number}"})
    with (root / "clips.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["path", "source", "speaker"])
        writer.writeheader()
        writer.writerows(rows)
    return root


@pytest.fixture(scope="module")
def heard(corpus, audio_settings):
    return list(listening.listen(corpus, read_folder(corpus), audio_settings))


def options(tmp_path, **more):
    return {"params": tmp_path / "none.yaml", **more}


def test_a_shortcut_that_is_in_the_files_is_found_and_conditioning_takes_it_away(heard):
    table = glance.table_of(heard)
    strongest = {each.name for each in glance.properties_of(table)[:3]}
    assert "level" in strongest
    level = next(each for each in glance.properties_of(table) if each.name == "level")
    assert (level.auc, level.human, level.ai) == (1.0, pytest.approx(-26, abs=0.2), pytest.approx(-14, abs=0.8))
    aucs = glance.probe_aucs(table)
    assert aucs["files"]["native rate"] == 1.0
    assert aucs["clips"]["level"] < 0.8 < aucs["files"]["level"]


def test_spectra_of_one_speech_in_both_classes_are_alike_below_the_band_limit(heard, audio_settings):
    spectra = glance.spectra_of(heard)
    hertz = listening.hertz(audio_settings)
    assert spectra["human"].shape == (3, hertz.size)
    assert (np.diff(spectra["human"], axis=0) >= 0).all()
    speech = (hertz > 200) & (hertz < 4000)
    assert np.abs(spectra["human"][1] - spectra["ai"][1])[speech].mean() < 8


def test_a_clip_that_cannot_be_used_is_left_out(corpus, audio_settings, tmp_path):
    (tmp_path / "a.wav").write_text("no sound")
    row = {**read_folder(corpus)[0], "path": "a.wav"}
    assert list(listening.listen(tmp_path, [row], audio_settings)) == [None]


def test_clips_hours_and_groups_are_counted_by_class_and_value():
    row = {"label": "human", "seconds": 1800.0, "source": "a", "speaker": "x", "generator": "", "language": "en"}
    rows = [row, {**row, "speaker": "y", "language": ""}, {**row, "label": "ai", "generator": "g", "seconds": 900.0}]
    human, ai = by_class(rows)
    assert (human["clips"], human["hours"], human["speakers"], human["languages"]) == (2, 1.0, 2, 1)
    assert (ai["clips"], ai["hours"], ai["generators"]) == (1, 0.25, 1)
    assert [list(each.values()) for each in by_value(rows, "language")] == [
        ["en", 1, 0.5, 1, 0.25],
        ["", 1, 0.5, 0, 0.0],
    ]
    assert [each["value"] for each in by_value(rows, "generator")] == ["g"]


def test_tables_json_and_csv_say_the_same(corpus, tmp_path, capsys):
    stats(corpus, **options(tmp_path))
    text = capsys.readouterr().out
    assert re.search(r"^human +10 +\d\.\d\d +10 +10", text, re.MULTILINE)
    stats(corpus, **options(tmp_path, as_json=True))
    told = json.loads(capsys.readouterr().out)
    assert [row["clips"] for row in told["classes"]] == [10, 10]
    assert {row["value"] for row in told["columns"]["native_rate"]} == {"16000", "22050"}
    stats(corpus, **options(tmp_path, as_csv=True))
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert sum(int(row["human_clips"]) for row in rows if row["column"] == "source") == 10


class Seen(HTMLParser):
    """What a page holds: its elements and, of pictures, where they come from."""

    def __init__(self):
        super().__init__()
        self.tags, self.pictures = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "img":
            self.pictures.append(dict(attrs)["src"])


def test_the_page_shows_both_classes_and_lets_no_name_act(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(listening, "FEW", 100)  # in this process
    stats(corpus, **options(tmp_path, page=tmp_path / "page.html"))
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    seen = Seen()
    seen.feed(page)
    assert "script" not in seen.tags
    assert "&lt;script&gt;alert(1)" in page
    assert "\u202e" not in page
    assert len(seen.pictures) == 12
    assert all(source.startswith("data:image/png;base64,") for source in seen.pictures)
    assert not re.search(r"""(src|href)=["']?(http|//|file)""", page)
    assert "10 human clips and 10 AI clips" in page.replace("\N{NO-BREAK SPACE}", " ")
    assert "native rate, in the files: AUC 1.00" in page


def test_a_page_of_one_class_is_refused_in_a_sentence(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(listening, "FEW", 100)
    table = tmp_path / "corpus" / "clips.csv"
    table.parent.mkdir()
    (table.parent / "human").symlink_to(corpus / "human")
    with pytest.raises(UserError, match="the page compares two classes, and no clip labelled 'ai' can be used"):
        stats(table.parent, **options(tmp_path, page=tmp_path / "page.html"))


@pytest.mark.parametrize(
    ("probes", "level", "answer"),
    [
        ({"files": {"level": 0.6}, "clips": {"level": 0.5}}, "care", "No probe reaches"),
        ({"files": {"level": 0.9}, "clips": {"level": 0.5}}, "hint", "conditioning takes it away"),
        ({"files": {"level": 0.9}, "clips": {"bandwidth": 0.8}}, "no", "Yes: 1 trivial property that"),
        ({"files": {}, "clips": {}}, "hint", "too few sources"),
    ],
)
def test_the_page_says_what_the_probes_found(probes, level, answer):
    finding = finding_of(Pictures("a", [], {}, 0, np.zeros(0), {}, {}, {}, probes, [], []))
    assert finding["level"] == level
    assert answer in finding["answer"].replace("\N{NO-BREAK SPACE}", " ")


def test_a_histogram_of_one_value_alone_is_drawn():
    assert "steps human" in histogram({"human": [4.0, 4.0], "ai": [4.0]}, "length", "s")
