"""Corpora whose sound lies in tables and archives, as the real tools write them; see `layouts`."""

import io
import json
import tarfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

AUDIO = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
COLUMNS = ("audio", "label", "speaker", "generator", "gender", "language")


def sound(root, record, path="recorded.wav"):
    """Return a recording as bytes."""
    record(path)
    content = (root / path).read_bytes()
    (root / path).unlink()
    return content


def table(rows):
    """Return `rows` of `COLUMNS` with what Hugging Face notes of them: labels and genders are numbers of classes."""
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    features = datasets.Features(
        {
            "audio": datasets.Audio(),
            "label": datasets.ClassLabel(names=["bonafide", "spoof"]),
            **dict.fromkeys(("speaker", "generator"), datasets.Value("string")),
            "gender": datasets.ClassLabel(names=["male", "female"]),
            "language": datasets.Value("string"),
        }
    )
    records = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    return pa.Table.from_pylist(records, schema=features.arrow_schema)


def dataset(rows):
    held = table(rows)
    return pytest.importorskip("datasets").Dataset(held)


def rows_of(root, record):
    """Return rows of every kind: two that hold their sound, one with it beside, one without, two with none there."""
    hold = [sound(root, record) for _ in range(3)]
    return [
        ({"bytes": hold[0], "path": "utt1.flac"}, 0, "Ann", None, 1, "en"),
        ({"bytes": hold[1], "path": None}, 1, "Ann", "vits", 1, "en"),
        ({"bytes": None, "path": "more/beside.wav"}, 0, "Bob", "", 0, "de"),
        (None, 0, "Bob", "", 0, "de"),
        ({"bytes": None, "path": "gone.wav"}, 1, "Bob", "vits", 0, "de"),
        ({"bytes": None, "path": "/etc/../gone.wav"}, 1, "Bob", "vits", 0, "de"),
        ({"bytes": hold[2], "path": "utt7.flac"}, None, "Bob", "vits", 0, "de"),
    ]


def hf_parquet(root, record):
    rows = rows_of(root, record)
    (root / "data").mkdir(parents=True)
    train, test = "data/train-00000-of-00002-d2121f11b45386ac.parquet", "data/test-00000-of-00001.parquet"
    pq.write_table(table(rows), root / train)  # Hugging Face's own writer stops where a file is missing
    dataset(
        ({"bytes": sound(root, record), "path": "C:\\voices\\utt1.flac"}, *row[1:]) for row in rows[1:2]
    ).to_parquet(root / test)
    cut = "data/validation-00000-of-00001.parquet"
    (root / cut).write_bytes((root / train).read_bytes()[:-99])
    record("data/more/beside.wav", "data/stray.wav")
    return {
        f"{train}/audio/000000/utt1.flac": ("human", "Ann", "", "female", "en", "", "train"),
        f"{train}/audio/000001": ("ai", "Ann", "vits", "female", "en", "", "train"),
        "data/more/beside.wav": ("human", "Bob", "", "male", "de", "", "train"),
        f"{test}/audio/000000/utt1.flac": ("ai", "Ann", "vits", "female", "en", "", "test"),
    }, [
        ("data/stray.wav", "no row names the file"),
        *((train, reason) for reason in FAULTS),
        ("data/train-00001-of-00002.parquet", "the file is not there: 1 of 2 such are"),
        (cut, "it cannot be read, the file is damaged or cut short"),
    ]


FAULTS = (
    "row 3: it holds no sound",
    "row 4: it holds no sound, and 'gone.wav' is no file",
    "row 5: it holds no sound, and '/etc/../gone.wav' is no file",
    "row 6: the clip has no label",
)


def hf_disk(root, record):
    datasets = pytest.importorskip("datasets")
    rows = rows_of(root, record)
    held = [({"bytes": sound(root, record), "path": f"utt{n}.flac"}, *rows[1][1:]) for n in range(4)]
    splits = {"train": dataset(held), "test": dataset([rows[0], rows[3], rows[6]]), "dev": dataset(held[:1])}
    home = root / "voices"
    datasets.DatasetDict(splits).save_to_disk(home, num_shards={"train": 4, "test": 1, "dev": 1})
    shard = "voices/train/data-{:05d}-of-00004.arrow"
    (root / shard.format(1)).unlink()
    for name, left in ((shard.format(2), -5000), (shard.format(3), 20)):
        (root / name).write_bytes((root / name).read_bytes()[:left])
    (home / "dev" / "state.json").write_text("{")
    splits = json.loads((home / "dataset_dict.json").read_text())["splits"]
    (home / "dataset_dict.json").write_text(json.dumps({"splits": [*splits, "extra"]}))
    (home / "train" / "cache-1f14f9f.arrow").write_bytes(b"what map() keeps")
    test = "voices/test/data-00000-of-00001.arrow"
    return {
        f"{shard.format(0)}/audio/000000/utt0.flac": ("ai", "Ann", "vits", "female", "en", "", "train"),
        f"{test}/audio/000000/utt1.flac": ("human", "Ann", "", "female", "en", "", "test"),
    }, [
        ("voices/dev/state.json", "it names no files of a dataset"),
        ("voices/extra", "voices/dataset_dict.json names it, but it is not there"),
        *((test, f"row {n}: {reason}") for n, reason in enumerate(("it holds no sound", "the clip has no label"), 1)),
        (shard.format(1), "voices/train/state.json names it, but it is not there"),
        (shard.format(2), "what follows its row 0 cannot be read, the file is damaged or cut short"),
        (shard.format(3), "it cannot be read, the file is damaged or cut short"),
    ]


def shard(path, members):
    """Write `members`, bytes by name, as a tar archive."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def facts(label="bonafide", **others):
    return json.dumps({"label": label, "speaker": 7, "words": ["so", "on"], **others}).encode()


def webdataset(root, record):
    first, second = "shards/train-000000.tar", "shards/eval/000001.tar"
    shard(
        root / first,
        [
            ("./a/utt1.flac", sound(root, record)),
            ("./a/utt1.json", facts(Generator="-", gender="F", language="en")),
            ("./a/utt1.txt", b"fake"),
            ("a/utt2.mic1.wav", sound(root, record)),
            ("a/utt2.mic2.wav", sound(root, record)),
            ("a/utt2.cls", b"spoof\n"),
            ("a/utt2.mic2.json", facts("fake", generator="vits")),
            ("b/utt1.wav", sound(root, record)),
            ("b/utt1.txt", b"genuine"),
            ("b/utt3.wav", sound(root, record)),
            ("b/utt3.txt", b"hello there"),
            ("b/utt4.wav", sound(root, record)),
            ("b/utt4.json", b"{"),
            ("b/utt5.json", facts()),
            ("b/utt1.wav", sound(root, record)),
            ("b/._utt1.wav", b"what macOS puts beside a file"),
            ("README.txt", b"made by hand"),
        ],
    )
    shard(root / second, [(f"utt{n}.{kind}", data) for n in (1, 2) for kind, data in clip(root, record)])
    (root / second).write_bytes((root / second).read_bytes()[:-12000])
    (root / "shards" / "notes.tar").write_bytes(b"no archive")
    record("shards/stray.wav")
    return {
        f"{first}/a/utt1.flac": ("human", "7", "", "female", "en", "", "train"),
        f"{first}/a/utt2.mic1.wav": ("ai", "", "", "", "", f"{first}/a/utt2", "train"),
        f"{first}/a/utt2.mic2.wav": ("ai", "7", "vits", "", "", f"{first}/a/utt2", "train"),
        f"{first}/b/utt1.wav": ("human", "", "", "", "", f"{first}/b/utt1", "train"),
        f"{second}/utt1.wav": ("human", "7", "", "", "", "", "test"),
    }, [
        (second, "the archive is damaged"),
        (f"{second}/utt2.wav", "the archive is cut short within the file"),
        ("shards/notes.tar", "the archive is damaged or cut short"),
        ("shards/stray.wav", "it lies beside the shards, in none of them"),
        (f"{first}/b/utt1.txt", f"line 1: {first}/b/utt1.wav stands in {first}/b/utt1.txt, line 1 already"),
        (f"{first}/b/utt3.txt", "line 1: the clip has no label"),
        (f"{first}/b/utt4.wav", "b/utt4.json beside it is no JSON object"),
        (f"{first}/b/utt5.json", "the shard holds no recording of its name"),
    ]


def clip(root, record):
    return ("json", facts()), ("wav", sound(root, record))
