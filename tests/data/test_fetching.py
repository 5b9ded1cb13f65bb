"""A corpus is rebuilt from a manifest: over real HTTP, from git's own backend, with what goes wrong there."""

import csv
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import soundfile

from bonafide.corpus.manifest import read_manifest
from bonafide.corpus.readers.folder import read_folder
from bonafide.gathering import downloads, fetching
from bonafide.gathering.git_clips import AwayError

from .public import Public, git, repository

ROOT = Path(__file__).parents[2]
RATE = 16000
COLUMNS = [
    "repo",
    "ref",
    "path",
    "sha256",
    "label",
    "family",
    "generator",
    "speaker",
    "language",
    "gender",
    "license",
    "seconds",
    "rate",
]


@pytest.fixture(scope="module")
def clips(small_corpus):
    """Four short files of real speech, as bytes."""
    return [path.read_bytes() for path in sorted((small_corpus / "human").rglob("*.flac"))[:4]]


@pytest.fixture
def public(tmp_path):
    (tmp_path / "public").mkdir()
    with Public(tmp_path / "public") as server:
        yield server


def row(repo, path, content, label="human", **known):
    facts = {"repo": repo, "ref": "HEAD", "path": path, "sha256": hashlib.sha256(content).hexdigest(), "label": label}
    return {**dict.fromkeys(COLUMNS, ""), **facts, "license": "MIT", **known}


def manifest(tmp_path, rows):
    path = tmp_path / "manifest.csv"
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows(rows)
    return path


def fetched(tmp_path, rows, **options):
    out = tmp_path / "corpus"
    found = list(fetching.fetch(read_manifest(manifest(tmp_path, rows)), out, pause=0, **options))
    fetching.write_table(found, out)
    return out, {one.repo: one for one in found}


def test_listed_blobs_come_out_of_a_repository_and_nothing_else(tmp_path, public, clips):
    heavy = os.urandom(3_000_000)
    repository(public.root, "demo", {"wavs/a.flac": clips[0], "wavs/b ü.flac": clips[1], "model.bin": heavy})
    url = f"{public.url}/demo.git"
    rows = [row(url, "wavs/a.flac", clips[0], speaker="ann"), row(url, "wavs/b ü.flac", clips[1], "ai", generator="x")]
    out, _ = fetched(tmp_path, rows)
    known = {entry["label"]: entry for entry in read_folder(out)}
    assert (out / known["human"]["path"]).read_bytes() == clips[0]
    assert (out / known["ai"]["path"]).read_bytes() == clips[1]
    assert (known["human"]["speaker"], known["ai"]["generator"]) == ("ann", "x")
    assert public.sent < len(heavy)
    assert not (out / fetching.WORK).exists()


def test_every_ref_is_looked_up_where_it_says(tmp_path, public, clips):
    bare = repository(public.root, "demo", {"a.flac": clips[0]})
    work = public.root / "demo.work"
    git(work, "checkout", "--quiet", "-b", "other")
    (work / "a.flac").write_bytes(clips[1])
    git(work, "commit", "--quiet", "--all", "-m", "another")
    git(work, "push", "--quiet", str(bare), "other", "other:refs/pull/6/head")
    commit = git(work, "rev-parse", "main")
    url = f"{public.url}/demo.git"
    rows = [row(url, "a.flac", clips[0], ref=ref) for ref in ("main", commit)]
    rows += [row(url, "a.flac", clips[1], ref="refs/pull/6/head"), row(url, "a.flac", clips[1], ref="no/such/ref")]
    _, results = fetched(tmp_path, rows)
    assert [entry.ref for entry in results[url].there] == ["main", commit, "refs/pull/6/head"]
    assert [(entry.ref, why) for entry, why in results[url].lost.items()] == [("no/such/ref", "the path is gone")]


def test_what_is_gone_or_has_changed_is_named_and_the_rest_is_there(tmp_path, public, clips):
    repository(public.root, "demo", {"a.flac": clips[0], "b.flac": clips[1]})
    url, away = f"{public.url}/demo.git", f"{public.url}/away.git"
    rows = [row(url, "a.flac", clips[0]), row(url, "b.flac", clips[2]), row(url, "c.flac", clips[3])]
    out, results = fetched(tmp_path, [*rows, row(away, "a.flac", clips[3])])
    assert [entry.path for entry in results[url].there] == ["a.flac"]
    with (out / "lost.csv").open() as file:
        lost = {(line["repo"], line["path"]): line["reason"] for line in csv.DictReader(file)}
    assert lost[url, "b.flac"] == "the file has changed"
    assert lost[url, "c.flac"] == "the path is gone"
    assert "not found" in lost[away, "a.flac"]


def test_a_second_run_asks_for_nothing_and_a_damaged_clip_is_fetched_again(tmp_path, public, clips):
    repository(public.root, "demo", {"a.flac": clips[0], "b.flac": clips[1]})
    url = f"{public.url}/demo.git"
    rows = [row(url, "a.flac", clips[0]), row(url, "b.flac", clips[1])]
    out, _ = fetched(tmp_path, rows)
    asked = len(public.asked)
    _, results = fetched(tmp_path, rows)
    assert (len(public.asked), results[url].new) == (asked, 0)
    first = out / results[url].there[0].target
    first.write_bytes(b"damaged")
    _, results = fetched(tmp_path, rows)
    assert (results[url].new, first.read_bytes()) == (1, clips[0])


def test_a_connection_to_git_that_breaks_is_tried_again(tmp_path, public, clips, monkeypatch):
    monkeypatch.setattr(fetching.time, "sleep", lambda seconds: None)
    repository(public.root, "demo", {"a.flac": clips[0]})
    public.cut["/demo.git/git-upload-pack"] = 200
    url = f"{public.url}/demo.git"
    _, results = fetched(tmp_path, [row(url, "a.flac", clips[0])])
    assert results[url].lost == {}


def test_a_download_that_breaks_goes_on_where_it_was(tmp_path, public, monkeypatch):
    monkeypatch.setattr(downloads.time, "sleep", lambda seconds: None)
    content = os.urandom(400_000)
    (public.root / "a.wav").write_bytes(content)
    public.cut["/a.wav"] = 300_000
    downloads.download(f"{public.url}/a.wav", tmp_path / "a.wav")
    assert (tmp_path / "a.wav").read_bytes() == content
    assert public.sent == len(content)


def test_what_is_not_there_is_asked_for_once(tmp_path, public):
    with pytest.raises(AwayError, match="404"):
        downloads.download(f"{public.url}/none.wav", tmp_path / "none.wav")
    assert public.asked == ["/none.wav"]


@pytest.mark.parametrize("name", ["clips.zip", "clips.tar", "clips.tar.gz"])
def test_members_come_out_of_an_archive(tmp_path, public, clips, name):
    if name.endswith("zip"):
        with zipfile.ZipFile(public.root / name, "w") as archive:
            archive.writestr("in/a.flac", clips[0])
            archive.writestr("../evil.flac", clips[1])
    else:
        with tarfile.open(public.root / name, "w:gz" if name.endswith("gz") else "w") as archive:
            member = tarfile.TarInfo("./in/a.flac")
            member.size = len(clips[0])
            archive.addfile(member, io.BytesIO(clips[0]))
    url = f"{public.url}/{name}"
    out, results = fetched(tmp_path, [row(url, "in/a.flac", clips[0]), row(url, "in/b.flac", clips[1])])
    assert (out / results[url].there[0].target).read_bytes() == clips[0]
    assert list(results[url].lost.values()) == ["the path is gone"]
    assert sorted(path.name for path in out.rglob("*.flac")) == [Path(results[url].there[0].target).name]


def test_a_file_of_its_own_address_is_a_clip(tmp_path, public, clips):
    (public.root / "call.flac").write_bytes(clips[0])
    url = f"{public.url}/call.flac"
    out, results = fetched(tmp_path, [row(url, "call.flac", clips[0])])
    assert soundfile.info(out / results[url].there[0].target).frames > 0


def test_a_mirror_serves_without_a_network(tmp_path, clips):
    mirror = tmp_path / "mirror"
    bare = repository(tmp_path, "demo", {"a.flac": clips[0]})
    (mirror / "ann+demo").mkdir(parents=True)
    bare.rename(mirror / "ann+demo" / "repo")
    rows = [row("ann/demo", "a.flac", clips[0]), row("bob/gone", "a.flac", clips[1])]
    _, results = fetched(tmp_path, rows, mirror=mirror)
    assert len(results["ann/demo"].there) == 1
    assert "is no git repository" in next(iter(results["bob/gone"].lost.values()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"repo": "ext::sh -c id"}, "neither owner/name nor a URL"),
        ({"repo": "--upload-pack=id/x"}, "neither owner/name nor a URL"),
        ({"ref": "--output=x"}, "no branch, tag or commit"),
        ({"path": "../../etc/passwd"}, "must name a file in its repository"),
        ({"path": "/etc/passwd"}, "must name a file in its repository"),
        ({"sha256": "12ab"}, "64 hexadecimal digits"),
        ({"label": "real"}, "human or ai, not 'real'"),
        ({"generator": "x"}, "a human clip has no generator"),
        ({"family": "vc"}, "unknown family 'vc', a human clip has none"),
        ({"label": "ai", "family": "clone"}, "unknown family 'clone', known are: tts, zero-shot-tts, vc, vocoder"),
    ],
)
def test_a_line_that_cannot_be_meant_is_named(tmp_path, change, message):
    rows = [row("a/b", "a.wav", b"x"), {**row("a/b", "b.wav", b"y"), **change}]
    with pytest.raises(Exception, match=f"manifest.csv, line 3: .*{message}"):
        read_manifest(manifest(tmp_path, rows))


def command(*arguments):
    line = [sys.executable, "-c", "from bonafide.cli import main; main()", "corpus", "fetch", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, cwd=ROOT, check=False)


def test_the_command_shows_licences_first_and_asks(tmp_path, public, clips):
    repository(public.root, "demo", {"a.flac": clips[0], "b.flac": clips[1]})
    url = f"{public.url}/demo.git"
    rows = [row(url, "a.flac", clips[0]), row(url, "b.flac", clips[1], license="CC BY-NC 4.0")]
    listed, out = manifest(tmp_path, rows), tmp_path / "corpus"
    refused = command(listed, out)
    assert refused.returncode == 1
    assert "CC BY-NC 4.0 (non-commercial)" in refused.stdout
    assert "--accept-licenses" in refused.stderr
    assert (public.asked, out.exists()) == ([], False)
    done = command(listed, out, "--accept-licenses", "--pause", 0)
    assert done.returncode == 0, done.stderr
    assert "2 of 2 clips are there, 2 of them new" in done.stdout
