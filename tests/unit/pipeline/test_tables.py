import pyarrow as pa
import pyarrow.parquet as pq

from bonafide.files import sha256
from bonafide.pipeline.tables import ROWS_PER_GROUP, read_clips, read_rows, rows_of, write_table


def test_the_rows_of_chosen_clips_come_in_the_order_of_the_parts(tmp_path):
    paths = [tmp_path / f"{number}.parquet" for number in range(2)]
    clips = [[f"{number}-{row}" for row in range(3 * ROWS_PER_GROUP)] for number in range(2)]
    for path, names in zip(paths, clips, strict=True):
        write_table(pa.table({"clip": names, "copy": list(range(len(names))), "other": names}), path)
    chosen = {"1-7", "0-130", "0-3", "in none of them"}
    rows = list(rows_of(paths, chosen, ["copy"]))
    assert rows == [{"clip": "0-3", "copy": 3}, {"clip": "0-130", "copy": 130}, {"clip": "1-7", "copy": 7}]
    assert list(rows_of(paths, set(), ["copy"])) == []
    assert list(rows_of(paths, {"0-3"}, ["other", "clip"])) == [{"clip": "0-3", "other": "0-3"}]
    assert max(batch.num_rows for batch in read_rows(paths)) == ROWS_PER_GROUP


def test_a_row_group_without_the_clips_is_not_read(tmp_path, monkeypatch):
    """As a part of features has them: copies behind the recordings."""
    names = [f"{number:03}" for number in range(2 * ROWS_PER_GROUP)]
    table = {"clip": names * 3, "copy": [copy for copy in range(3) for _ in names], "mel": names * 3}
    write_table(pa.table(table), tmp_path / "part.parquet")
    read, whole = [], pq.ParquetFile.read_row_group
    monkeypatch.setattr(
        pq.ParquetFile,
        "read_row_group",
        lambda file, group, columns: (read.append(group) if "mel" in columns else None, whole(file, group, columns))[1],
    )
    paths, chosen = [tmp_path / "part.parquet"], {"003", "070", "071"}
    recordings = [
        row for batch in read_clips(paths, chosen, ["clip", "mel"], copies=False) for row in batch.to_pylist()
    ]
    assert recordings == [{"clip": name, "mel": name} for name in sorted(chosen)]
    assert read == [0, 1]
    assert sum(batch.num_rows for batch in read_clips(paths, {"003"}, ["mel"])) == 3
    assert read[2:] == [0, 2, 4]


def test_the_hash_of_a_file_is_that_of_its_bytes(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    # The example of FIPS 180-2, appendix B.1
    assert sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
