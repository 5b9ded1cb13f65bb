"""A clip's sound comes as a file, byte for byte, whether it lies beside others, in an archive or in a table."""

import io
import random
import tarfile
import tempfile
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bonafide.audio.decoding import UnusableError
from bonafide.corpus import archives, sound_tables
from bonafide.corpus.sounds import sound_file

SOUND = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
N_ROWS = 60
LONG = "very/" * 30 + "long"  # more than a header of a tar archive holds


def content(number):
    return random.Random(number).randbytes(200 + number)


def write_tar(path, names, kind=tarfile.GNU_FORMAT):
    with tarfile.open(path, "w", format=kind) as archive:
        for number, name in enumerate(names):
            info = tarfile.TarInfo(name)
            info.size = len(content(number))
            archive.addfile(info, io.BytesIO(content(number)))


def write_parquet(path, n_rows=N_ROWS, rows_of_a_group=17):
    pq.write_table(table(n_rows), path, row_group_size=rows_of_a_group)


def write_arrow(path, n_rows=N_ROWS, rows_of_a_batch=17):
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table(n_rows).schema) as stream:
        stream.write_table(table(n_rows), max_chunksize=rows_of_a_batch)


def table(n_rows):
    sounds = [{"bytes": content(number), "path": None} for number in range(n_rows)]
    return pa.table({"other": pa.array(sounds[::-1], SOUND), "audio": pa.array(sounds, SOUND)})


WRITERS = {"a.parquet": write_parquet, "a.arrow": write_arrow}


def read(root, path):
    with sound_file(root, path) as file:
        return file.read_bytes()


def test_a_file_of_its_own_is_given_as_it_is_whatever_its_folder_is_called(tmp_path):
    for path in ("a.wav", "b.tar/1.wav", "c.parquet/audio/1.wav"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
        with sound_file(tmp_path, path) as file:
            assert file == tmp_path / path


def test_what_lies_in_a_container_is_a_file_that_is_gone_afterwards_even_on_an_error(tmp_path):
    write_tar(tmp_path / "a.tar", ["1.wav"])
    with suppress(ZeroDivisionError), sound_file(tmp_path, "a.tar/1.wav") as file:
        assert file.read_bytes() == content(0)
        raise ZeroDivisionError
    assert not file.exists()


@pytest.mark.parametrize("kind", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_any_kind_of_archive_gives_each_of_its_files(tmp_path, kind):
    names = ["./1.wav", "a/1.wav", "a/ü.wav", "x.tar/2.wav", *([] if kind == tarfile.USTAR_FORMAT else [f"{LONG}.wav"])]
    (tmp_path / "in").mkdir()
    write_tar(tmp_path / "in" / "a.TAR", names, kind)
    for number, name in enumerate(names):
        assert read(tmp_path, f"in/a.TAR/{name.removeprefix('./')}") == content(number)


def test_the_first_file_of_a_name_is_the_one(tmp_path):
    write_tar(tmp_path / "a.tar", ["1.wav", "2.wav", "1.wav"])
    assert read(tmp_path, "a.tar/1.wav") == content(0)


def test_an_archive_is_walked_once_for_all_its_clips_and_again_when_it_has_changed(tmp_path, monkeypatch):
    walks = []
    members = archives.members
    monkeypatch.setattr(archives, "members", lambda path: walks.append(path) or members(path))
    names = [f"{number}.wav" for number in range(30)]
    write_tar(tmp_path / "a.tar", names)
    assert [read(tmp_path, f"a.tar/{name}") for name in names] == [content(number) for number in range(30)]
    assert len(walks) == 1
    write_tar(tmp_path / "a.tar", [*names[::-1], "more.wav"])
    assert read(tmp_path, "a.tar/29.wav") == content(0)
    assert len(walks) == 2


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=15)
@given(st.lists(st.integers(0, N_ROWS - 1), max_size=25), st.integers(1, 5000))
def test_rows_come_right_in_whatever_order_and_however_little_is_held_at_once(name, rows, size):
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sound_tables, "BATCH_BYTES", size)
        WRITERS[name](Path(home) / name)
        for row in rows:
            assert read(Path(home), f"{name}/audio/{row:06d}/x.flac") == content(row)
            assert read(Path(home), f"{name}/other/{row}") == content(N_ROWS - 1 - row)


def test_clips_in_their_order_are_read_once_and_a_batch_is_no_larger_than_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(sound_tables, "BATCH_BYTES", 5000)
    sizes = []
    whole = pq.ParquetFile.iter_batches

    def iter_batches(*arguments, **settings):
        for batch in whole(*arguments, **settings):
            sizes.append((batch.num_rows, batch.nbytes))
            yield batch

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", iter_batches)
    write_parquet(tmp_path / "a.parquet", rows_of_a_group=25)
    for row in range(N_ROWS):
        read(tmp_path, f"a.parquet/audio/{row}")
    assert sum(rows for rows, _ in sizes) == N_ROWS
    assert max(size for _, size in sizes) < 6000


@pytest.mark.parametrize("name", WRITERS)
def test_a_table_that_has_changed_is_read_anew(tmp_path, name):
    WRITERS[name](tmp_path / name)
    read(tmp_path, f"{name}/audio/3")
    WRITERS[name](tmp_path / name, 3)
    with pytest.raises(UnusableError, match="the file has no row 3"):
        read(tmp_path, f"{name}/audio/3")
    assert read(tmp_path, f"{name}/audio/2") == content(2)


def test_what_is_not_there_is_said(tmp_path):
    write_tar(tmp_path / "a.tar", ["1.wav"])
    write_parquet(tmp_path / "a.parquet")
    pq.write_table(
        pa.table({"audio": pa.array([{"bytes": None, "path": "1.wav"}, None], SOUND)}), tmp_path / "b.parquet"
    )
    for path, reason in {
        "a.tar/2.wav": "the archive holds no file of this name",
        "a.parquet/audio/60": "the file has no row 60",
        "a.parquet/sound/1": "row 1 cannot be read",
        "a.parquet/audio": "'audio' is no column and row",
        "b.parquet/audio/0": "row 0 holds no sound",
        "b.parquet/audio/1": "row 1 holds no sound",
    }.items():
        with pytest.raises(UnusableError, match=reason):
            read(tmp_path, path)
    for path in ("c.tar/1.wav", "c.parquet/audio/1", "c.wav"):
        with pytest.raises(OSError, match=r"c\.(tar|parquet|wav)"):
            read(tmp_path, path)


@pytest.mark.parametrize("name", ["a.tar", *WRITERS])
@settings(max_examples=30)
@given(st.integers(0, 20000))
def test_a_container_cut_anywhere_gives_what_is_whole_and_a_reason_for_the_rest(name, left):
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / name
        if name == "a.tar":
            write_tar(path, map(str, range(N_ROWS)))
        else:
            WRITERS[name](path)
        path.write_bytes(path.read_bytes()[:left])
        for row in range(0, N_ROWS, 7):
            with suppress(UnusableError):
                assert read(Path(home), f"{name}/{row}" if name == "a.tar" else f"{name}/audio/{row}") == content(row)
