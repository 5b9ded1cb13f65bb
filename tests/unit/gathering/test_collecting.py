"""Recordings of people who agreed go into a corpus folder whole, once, and with their row."""

import csv
import io
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import soundfile

from bonafide.corpus.readers.folder import read_folder, unused_columns
from bonafide.errors import UserError
from bonafide.gathering.collecting import SameSoundError, save_clip, slug

RATE = 16000


def encoded(samples, kind="WAV"):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, RATE, format=kind, subtype="PCM_16")
    return buffer.getvalue()


@pytest.fixture(scope="session")
def pieces(voice):
    """Four recordings of two seconds, as the bytes of WAV files."""
    return [encoded(voice[start * RATE : (start + 2) * RATE]) for start in range(4)]


def lines(table):
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def command(*arguments, path=None):
    environment = {**os.environ, "PATH": path} if path else None
    line = [sys.executable, "-c", "from bonafide.cli import main; main()", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, env=environment)


def test_a_clip_is_read_back_with_all_that_was_said_of_it(tmp_path, pieces):
    clip = save_clip(tmp_path, pieces[0], speaker="Zoë B", language="EN", gender="f", license="CC0-1.0")
    assert clip.read_bytes() == pieces[0]
    (row,) = read_folder(tmp_path)
    assert tmp_path / row["path"] == clip
    said = {key: row[key] for key in ("label", "speaker", "generator", "source", "language", "gender", "license")}
    assert said == {
        "label": "human",
        "speaker": "Zoë B",
        "generator": "",
        "source": "collected",
        "language": "en",
        "gender": "female",
        "license": "CC0-1.0",
    }
    assert unused_columns(tmp_path) == []
    (agreed,) = lines(tmp_path / "consent.csv")
    assert (agreed["path"], agreed["speaker"]) == (row["path"], "Zoë B")
    assert agreed["agreed"].endswith("+00:00")


def test_the_same_sound_is_taken_once_whatever_its_format_and_name(tmp_path, pieces):
    save_clip(tmp_path, pieces[0], speaker="ann", language="en")
    samples, _ = soundfile.read(io.BytesIO(pieces[0]), dtype="int16")  # floats round differently for WAV and FLAC
    with pytest.raises(SameSoundError, match="human/collected/ann-"):
        save_clip(tmp_path, encoded(samples, "FLAC"), speaker="bob", language="en")
    assert len(read_folder(tmp_path)) == len(lines(tmp_path / "clips.csv")) == 1


def test_what_the_user_wrote_into_the_table_stays(tmp_path, pieces):
    (tmp_path / "ai").mkdir()
    (tmp_path / "ai" / "a.wav").write_bytes(pieces[1])
    (tmp_path / "clips.csv").write_bytes(
        b'\xef\xbb\xbfpath, mood, generator, speaker\r\nai/a.wav, "calm, low", vits, "Doe, J"\r\n'
    )
    save_clip(tmp_path, pieces[0], speaker="ann", language="en")
    old, new = lines(tmp_path / "clips.csv")
    assert (old["mood"], old["generator"], old["speaker"]) == ("calm, low", "vits", "Doe, J")
    assert (new["mood"], new["generator"], new["speaker"], new["language"]) == ("", "", "ann", "en")
    assert [row["speaker"] for row in read_folder(tmp_path)] == ["Doe, J", "ann"]


def test_a_table_that_cannot_be_read_is_left_alone_and_no_clip_is_written(tmp_path, pieces):
    (tmp_path / "clips.csv").write_text("path,speaker\nhuman/a.wav,ann,too much\n")
    with pytest.raises(UserError, match="line 2 has more fields"):
        save_clip(tmp_path, pieces[0], speaker="ann", language="en")
    assert (tmp_path / "clips.csv").read_text() == "path,speaker\nhuman/a.wav,ann,too much\n"
    assert [path for path in (tmp_path / "human").rglob("*") if path.is_file()] == []


def test_a_save_that_was_killed_between_row_and_clip_is_mended_by_the_next(tmp_path, pieces):
    clip = save_clip(tmp_path, pieces[0], speaker="ann", language="en")
    clip.unlink()  # as if the process had ended before the last step
    assert save_clip(tmp_path, pieces[0], speaker="ann", language="en") == clip
    assert clip.exists()
    assert len(lines(tmp_path / "clips.csv")) == len(lines(tmp_path / "consent.csv")) == 1


def test_savers_at_the_same_time_lose_no_row(tmp_path, voice):
    """Threads of the service and a command beside it, some with the same sound."""
    clips = [encoded(voice[start * 4000 : start * 4000 + 2 * RATE]) for start in range(20)]
    for number, clip in enumerate(clips[:6]):
        (tmp_path / f"{number}.wav").write_bytes(clip)
    corpus = tmp_path / "corpus"
    words = ["--speaker", "ann", "--language", "en", "--consent"]
    code = "from bonafide.cli import main; main()"
    files = sorted(tmp_path.glob("*.wav"))
    others = [
        subprocess.Popen([sys.executable, "-c", code, "collect", corpus, *files, *words], stdout=subprocess.DEVNULL)
        for _ in range(2)
    ]

    def save(clip):
        try:
            save_clip(corpus, clip, speaker="ann", language="en")
        except SameSoundError:
            return 1
        return 0

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(save, clips * 2))
    assert [other.wait(60) for other in others] == [0, 0]
    assert len(lines(corpus / "clips.csv")) == len(lines(corpus / "consent.csv")) == len(read_folder(corpus)) == 20
    assert not [path for path in corpus.rglob(".*") if path.name != ".lock"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"speaker": " "}, "the speaker is missing"),
        ({"speaker": "a\nb"}, "one line of text"),
        ({"speaker": "=1+1"}, "would be run by a spreadsheet"),
        ({"speaker": "ann;@SUM(A1)"}, "would be run by a spreadsheet"),
        ({"source": " +1"}, "would be run by a spreadsheet"),
        ({"license": "-1"}, "would be run by a spreadsheet"),
        ({"license": '=HYPERLINK("http://a.test")'}, "would be run by a spreadsheet"),
        ({"language": "English"}, "is no language"),
        ({"language": ""}, "is no language"),
        ({"gender": "x"}, "unknown gender 'x'"),
        ({"wav_bytes": b"no sound"}, "cannot be used: not audio"),
        ({"wav_bytes": b""}, "cannot be used: the file is empty"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_stays(tmp_path, pieces, change, said):
    facts = {"wav_bytes": pieces[0], "speaker": "ann", "language": "en", **change}
    with pytest.raises(UserError, match=said):
        save_clip(tmp_path, facts.pop("wav_bytes"), **facts)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("link", ["human", "human/collected", "clips.csv", "consent.csv", ".lock"])
def test_a_link_in_the_folder_is_not_followed(tmp_path, pieces, link):
    corpus, elsewhere = tmp_path / "corpus", tmp_path / "elsewhere"
    place = corpus / link
    place.parent.mkdir(parents=True)
    if link.startswith("human"):
        elsewhere.mkdir()
    else:
        elsewhere.write_text("path,speaker\n")
    place.symlink_to(elsewhere)
    with pytest.raises(UserError, match="is a link"):
        save_clip(corpus, pieces[0], speaker="ann", language="en")
    if link.startswith("human"):
        assert list(elsewhere.rglob("*")) == []
    else:
        assert elsewhere.read_text() == "path,speaker\n"
    assert not list(corpus.rglob("*.wav"))


def test_a_save_that_is_killed_leaves_no_file(tmp_path, pieces):
    """Killed at its last step, when all of the clip is on the disk."""
    code = (
        "import os, signal, sys; from bonafide.corpus import clips_csv; from bonafide.gathering import collecting\n"
        "clips_csv.append = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from pathlib import Path; content = sys.stdin.buffer.read()\n"
        "collecting.save_clip(Path(sys.argv[1]), content, speaker='a', language='en')"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], input=pieces[0], check=False)
    assert done.returncode == -9
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [".lock"]


def test_what_a_killed_writer_of_the_table_left_is_swept_by_the_next(tmp_path, pieces):
    (tmp_path / ".123.clips.csv").write_text("path,spea")
    save_clip(tmp_path, pieces[0], speaker="ann", language="en")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "clips.csv", "consent.csv", "human"]


def test_silence_and_a_recording_cut_off_are_refused(tmp_path, voice, pieces):
    for content, said in [
        (encoded(0 * voice[: 2 * RATE]), "silent"),
        (encoded(voice[: RATE // 2]), "0.50 s long"),
        (pieces[0][:-5000], "cut short"),
    ]:
        with pytest.raises(UserError, match=said):
            save_clip(tmp_path, content, speaker="ann", language="en")


@pytest.mark.parametrize("name", ["../../etc", "a/b\\c", "..", "ж" * 300, "1+1=", "CON"])
def test_a_speakers_name_never_leaves_the_folder(tmp_path, pieces, name):
    clip = save_clip(tmp_path, pieces[0], speaker=name, language="en")
    assert clip.parent == tmp_path / "human" / "collected"
    assert read_folder(tmp_path)[0]["speaker"] == name


def test_names_of_files_are_plain():
    assert [slug(name) for name in ("Zoë / 2", "...", "a" * 99)] == ["zoë-2", "x", "a" * 40]


def test_the_command_asks_for_consent(tmp_path, pieces):
    (tmp_path / "a.wav").write_bytes(pieces[0])
    done = command("collect", tmp_path / "corpus", tmp_path / "a.wav", "--speaker", "ann", "--language", "en")
    assert done.returncode == 2
    assert "consent" in done.stderr
    assert not (tmp_path / "corpus").exists()


def test_the_command_takes_what_it_can_and_names_the_rest(tmp_path, pieces):
    (tmp_path / "a.wav").write_bytes(pieces[0])
    (tmp_path / "b.wav").write_bytes(b"RIFF, but no more")
    os.mkfifo(tmp_path / "pipe.wav")
    words = ["--speaker", "ann", "--language", "en", "--consent"]
    files = [tmp_path / name for name in ("a.wav", "b.wav", "pipe.wav", "none.wav")]
    done = command("collect", tmp_path / "corpus", *files, *words)
    assert done.returncode == 1
    assert "3 of 4 recordings were not taken" in done.stderr
    assert all(str(path) in done.stderr for path in files[1:])
    assert "Traceback" not in done.stderr
    assert len(read_folder(tmp_path / "corpus")) == 1
    again = command("collect", tmp_path / "corpus", files[0], *words)
    assert again.returncode == 0
    assert "there already" in again.stdout


def test_the_microphone_is_read_by_arecord(tmp_path, pieces):
    """A stand-in for the program, which gives a real recording, as no machine that tests has a microphone."""
    (tmp_path / "said.wav").write_bytes(pieces[0])
    program = tmp_path / "bin" / "arecord"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\nfor out; do :; done\ncp {tmp_path}/said.wav "$out"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    words = ["--speaker", "ann", "--language", "en", "--consent", "--record", "2"]
    done = command("collect", tmp_path / "corpus", *words, path=f"{program.parent}:/usr/bin:/bin")
    assert done.returncode == 0, done.stderr
    assert "--duration=2" in (tmp_path / "asked").read_text()
    assert (tmp_path / "corpus" / read_folder(tmp_path / "corpus")[0]["path"]).read_bytes() == pieces[0]
    without = command("collect", tmp_path / "corpus", *words, path=str(tmp_path))
    assert without.returncode == 1
    assert "apt-get install alsa-utils" in without.stderr
