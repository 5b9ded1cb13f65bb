"""A file is opened once, and its blocks are what is read of it at once."""

import numpy as np
import pytest
import soundfile

from bonafide.audio import opening
from bonafide.audio.decoding import decode

RATE = 16000
NAMES = ["clip.wav", "clip.flac", "clip.mp3", "clip.ogg"]


@pytest.mark.parametrize("name", NAMES)
def test_blocks_are_what_is_read_at_once(tmp_path, voice, name):
    path = tmp_path / name
    stereo = np.stack((voice, -0.5 * voice), axis=1)
    soundfile.write(path, np.tile(stereo, (3, 1)), RATE)
    sound = opening.open_sound(path)
    blocks = list(sound.blocks)
    assert len(blocks) > 1
    assert all(len(block) >= RATE for block in blocks[:-1])
    assert max(map(len, blocks)) * 2 <= opening.BLOCK
    np.testing.assert_allclose(np.concatenate(blocks), soundfile.read(path, dtype="float32")[0], atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_opened_once(tmp_path, voice, monkeypatch, name):
    soundfile.write(path := tmp_path / name, voice, RATE)
    opened = []

    class Counted(opening._File):
        def __init__(self, file):
            opened.append(file)
            super().__init__(file)

    monkeypatch.setattr(opening, "_File", Counted)
    assert decode(path, max_seconds=600).samples.size == pytest.approx(voice.size, abs=0.15 * RATE)
    assert opened == [path]
