"""What the readers of partly synthetic corpora make of segment labels, and what a stranger's file may not do."""

import os

import numpy as np
import pytest

from bonafide.corpus.readers import llamapartialspoof, partialspoof
from bonafide.corpus.readers.pickled import arrays_in

from . import partly


def segments(rows):
    return {row["path"]: row.get("segments") for row in rows if "reason" not in row}


def test_runs_of_zeros_are_the_synthetic_segments_of_partialspoof(tmp_path, record):
    partly.partialspoof(tmp_path, record)
    assert segments(partialspoof.read(tmp_path)) == {
        "train/con_wav/LA_T_1138215.wav": None,
        "train/con_wav/CON_T_0000029.wav": [{"start": 0.2, "end": 0.6}, {"start": 0.8, "end": 1.0}],
        "eval/con_wav/CON_E_0000001.wav": [],  # spoof throughout, as its label says
    }


def test_spoofed_pieces_are_the_synthetic_segments_of_llamapartialspoof(tmp_path, record):
    partly.llamapartialspoof(tmp_path, record)
    assert segments(llamapartialspoof.read(tmp_path)) == {
        "R01TTS.0.a/dev-clean_1462_170145_000020_000002.wav": [],
        "R01TTS.0.a/dev01_partial_000001.wav": [{"start": 0.25, "end": 0.5}],
        "R01TTS.0.a/dev01_full_000001.wav": [],
        "R01TTS.0.b/dev01_partial_000001.wav": [{"start": 0.5, "end": 1.0}],
    }


class Command:
    """What is pickled as a call of a function, as a stranger's file may be."""

    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call[0], self.call[1:]


@pytest.mark.parametrize("wrap", [lambda it: it, lambda it: {"a": it}, lambda it: {"a": np.array([it], object)}])
def test_a_labels_file_runs_nothing(tmp_path, wrap):
    mark = tmp_path / "mark"
    path = tmp_path / "train_seglab_0.02.npy"
    np.save(path, wrap(Command(os.mkdir, str(mark))), allow_pickle=True)
    with pytest.raises(ValueError, match=r"it would run posix\.mkdir, which no array needs"):
        arrays_in(path)
    assert not mark.exists()
    np.load(path, allow_pickle=True)
    assert mark.exists()  # it would have


@pytest.mark.parametrize("content", [[1, 2], {"a": "10"}, {1: np.array(["1"])}, {"a": np.zeros((2, 2))}, np.zeros(3)])
def test_a_file_of_anything_but_labels_is_refused(tmp_path, content):
    path = tmp_path / "labels.npy"
    np.save(path, np.array(content, object) if isinstance(content, list) else content, allow_pickle=True)
    with pytest.raises(ValueError, match="it is no NumPy file of segment labels"):
        arrays_in(path)


def test_labels_that_cannot_be_read_are_listed_and_the_spoofed_clips_that_lack_them(tmp_path, record):
    partly.partialspoof(tmp_path, record)
    path = tmp_path / "segment_labels" / "train_seglab_0.02.npy"
    path.write_bytes(path.read_bytes()[:-20])
    rows = partialspoof.read(tmp_path)
    assert segments(rows).keys() == {"train/con_wav/LA_T_1138215.wav", "eval/con_wav/CON_E_0000001.wav"}
    reasons = {row["path"]: row["reason"] for row in rows if "reason" in row}
    assert reasons["segment_labels/train_seglab_0.02.npy"].startswith("it is no NumPy file of segment labels: ")
    np.save(tmp_path / "segment_labels" / "train_seglab_0.01.npy", {"CON_T_0000029": np.array([1, 0, 0, 1])})
    again = segments(partialspoof.read(tmp_path))
    assert again["train/con_wav/CON_T_0000029.wav"] == [{"start": 0.01, "end": 0.03}]
