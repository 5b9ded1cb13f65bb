"""The report tells how well synthetic stretches are found where test clips have some; else it is silent."""

import json
from html.parser import HTMLParser

import yaml

from bonafide.report.examples import spectra
from bonafide.report.page import page
from bonafide.report.revision import Revision
from bonafide.report.run import Files, read_run

from .left_run import FILES, ROOT, known_scores, leave


class Rows(HTMLParser):
    """Collects the texts of the cells of section "segments", row by row."""

    def __init__(self):
        super().__init__()
        self.rows, self.inside, self.cell = [], False, False

    def handle_starttag(self, tag, attrs):
        if tag == "section":
            self.inside = dict(attrs).get("id") == "segments"
        if self.inside and tag == "tr":
            self.rows.append([])
        self.cell = self.inside and tag in ("th", "td")

    def handle_data(self, data):
        if self.cell:
            self.rows[-1].append(data)
            self.cell = False


def page_of(folder, segments):
    leave(folder, known_scores())
    details = json.loads((folder / "details.json").read_text())
    (folder / "details.json").write_text(json.dumps(details | segments))
    settings = yaml.safe_load((ROOT / "params.yaml").read_text())
    run = read_run(Files(*(folder / name for name in FILES)), settings)
    none = {"human": [], "ai": []}
    return page(run, {"wrong": none, "right": none}, spectra(run, folder / "clips"), Revision())


def test_segment_rates_are_a_table_where_test_clips_are_partly_synthetic(tmp_path):
    measures = {"eer": 0.2668, "eer_partly": 0.2801, "segments_human": 26060.0, "segments_ai": 5100.0}
    alone = {"segments_human": 838.0, "segments_ai": 0.0}  # no rate without both classes
    made = page_of(tmp_path, {"segments": {"20 ms": measures, "640 ms": alone}})
    reader = Rows()
    reader.feed(made)
    head, first, second = reader.rows
    assert head == ["segment", "EER", "EER within partly synthetic clips", "human", "synthetic"]
    assert first == ["20 ms", "27\N{NO-BREAK SPACE}%", "28\N{NO-BREAK SPACE}%", "26,060", "5,100"]
    assert (second[0], second[3:]) == ("640 ms", ["838", "0"])
    assert "%" not in second[1] + second[2]
    assert '<a href="#segments">' in made


def test_a_report_of_whole_clips_does_not_speak_of_segments(tmp_path):
    made = page_of(tmp_path, {})
    assert "#segments" not in made and 'id="segments"' not in made
