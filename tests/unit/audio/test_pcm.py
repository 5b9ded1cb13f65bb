"""Samples in a stream of bytes: nothing is lost between chunks, and what is no such stream is said."""

import io
import struct

import numpy as np
import pytest
import soundfile

from bonafide.audio.pcm import Pcm, encoding_of, head_of
from bonafide.errors import UserError


@pytest.mark.parametrize(("encoding", "dtype"), [("s16le", "<i2"), ("f32le", "<f4")])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("size", [1, 3, 100, 5000])
def test_chunks_may_end_anywhere(encoding, dtype, channels, size):
    whole = (np.arange(600) - 300).astype(dtype).reshape(-1, channels)
    content = whole.tobytes()
    chunks = [content[at : at + size] for at in range(0, len(content), size)]
    heard = np.concatenate(list(Pcm(8000, encoding, channels).samples([*chunks, b"\1"])))
    assert np.array_equal(heard, whole)


@pytest.mark.parametrize("format_", ["WAV", "WAVEX", "RF64"])
@pytest.mark.parametrize(("subtype", "encoding"), [("PCM_16", "s16le"), ("FLOAT", "f32le")])
def test_the_head_of_a_wav_says_how_its_samples_lie(voice, format_, subtype, encoding):
    file = io.BytesIO()
    stereo = np.stack([voice[:1000], -voice[:1000]], axis=1)
    soundfile.write(file, stereo, 22050, format=format_, subtype=subtype)
    file.seek(0)
    pcm, size, first = head_of(file.read, Pcm(16000))
    assert (pcm, first) == (Pcm(22050, encoding, 2), b"")
    assert size is None or size == 1000 * 2 * (2 if subtype == "PCM_16" else 4)
    heard = np.concatenate(list(pcm.samples([file.read()])))[:1000]
    scale = 32768 if subtype == "PCM_16" else 1
    np.testing.assert_allclose(heard / scale, stereo, atol=1 / 32768)


def test_what_is_no_wav_is_as_it_was_said_to_be():
    raw = Pcm(8000, "f32le")
    assert head_of(io.BytesIO(b"abcdefgh").read, raw) == (raw, None, b"abcd")
    assert head_of(io.BytesIO(b"").read, raw) == (raw, None, b"")


def fmt(kind, channels, bits):
    return b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<IHHIIHH", 16, kind, channels, 8000, 1, 1, bits) + b"data\0\0\0\0"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"fLaC....", "this is FLAC"),
        (b"OggS....", "this is Ogg"),
        (b"\x1aE\xdf\xa3....", "this is WebM"),
        (b"RIFF", "head of this WAV is damaged"),
        (b"RIFF\0\0\0\0WAVEdata\1\0\0\0", "damaged"),
        (b"RIFF\0\0\0\0WAVELIST\xff\xff\xff\x7f", "damaged"),
        (b"RIFF\0\0\0\0WAVEfmt \2\0\0\0\1\0", "damaged"),
        (fmt(1, 1, 24), "1 channels of 24 bits"),
        (fmt(7, 1, 8), "format 7"),
        (fmt(1, 0, 16), "0 channels"),
        (fmt(1, 65, 16), "65 channels"),
    ],
)
def test_what_is_no_stream_of_samples_gets_a_sentence(content, why):
    with pytest.raises(UserError, match=why):
        head_of(io.BytesIO(content).read, Pcm(16000))


def test_an_encoding_that_is_none_is_refused():
    with pytest.raises(UserError, match="s16le or f32le, not 'mp3'"):
        encoding_of("mp3")
