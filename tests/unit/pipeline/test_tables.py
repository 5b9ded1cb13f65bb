import pyarrow as pa

from bonafide.files import sha256
from bonafide.pipeline.tables import ROWS_PER_GROUP, read_rows, rows_of, write_table


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


def test_the_hash_of_a_file_is_that_of_its_bytes(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    # The example of FIPS 180-2, appendix B.1
    assert sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
