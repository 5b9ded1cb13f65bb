"""Every format of the table is read from a real file, and comes as what was written."""

import numpy as np
import pytest
import soundfile
import soxr

from bonafide.audio.decoding import decode
from bonafide.audio.formats import FORMATS, SUFFIXES
from bonafide.commands.formats import table

from ...encoding import av_encoded

RATE = 16000
LIBSNDFILE = {
    "WAV, RF64": [
        *(("WAV", coding) for coding in ("PCM_16", "PCM_24", "FLOAT", "ALAW", "ULAW", "MS_ADPCM", "IMA_ADPCM")),
        ("RF64", "PCM_16"),
        ("WAV", "GSM610"),
    ],
    "FLAC": [("FLAC", "PCM_16"), ("FLAC", "PCM_24")],
    "MP3": [("MP3", "MPEG_LAYER_III")],
    "Ogg": [("OGG", "VORBIS"), ("OGG", "OPUS")],
    "AIFF": [("AIFF", coding) for coding in ("PCM_16", "FLOAT", "ALAW", "ULAW")],
    "AU": [("AU", coding) for coding in ("PCM_16", "FLOAT", "ALAW", "ULAW")],
    "CAF": [("CAF", coding) for coding in ("PCM_16", "FLOAT", "ALAC_16")],
    "Wave64": [("W64", "PCM_16"), ("W64", "FLOAT")],
    "NIST SPHERE": [("NIST", "PCM_16")],
    "VOC": [("VOC", coding) for coding in ("PCM_16", "ALAW", "ULAW")],
}
PYAV = {
    "WAV, RF64": [("libmp3lame", "wav", 16000)],  # written by PyAV, and read by libsndfile as the next
    "MP3": [("mp2", "mp2", 48000)],
    "M4A, MP4, MOV, 3GP": [
        ("aac", "ipod", 44100),
        ("aac", "mp4", 16000),
        ("alac", "ipod", 16000),
        ("pcm_s16le", "mov", 16000),
        ("aac", "3gp", 16000),
    ],
    "WebM, Matroska": [("libopus", "webm", 48000), ("aac", "matroska", 16000)],
    "AAC": [("aac", "adts", 16000), ("aac", "latm", 16000)],
    "AMR": [("libopencore_amrnb", "amr", 8000)],
    "WMA": [("wmav2", "asf", 44100)],
    "AC-3": [("ac3", "ac3", 48000), ("eac3", "eac3", 48000)],
    "AVI": [("libmp3lame", "avi", 16000), ("pcm_s16le", "avi", 16000)],
    "MPEG": [("aac", "mpegts", 16000), ("mp2", "mpeg", 48000)],
    "FLV": [("aac", "flv", 44100), ("libmp3lame", "flv", 44100)],
    "WavPack, TTA": [("wavpack", "wv", 16000), ("tta", "tta", 16000)],
}
LEAST = {"libopencore_amrnb": 0.4}  # alikeness: speech coded by its sound rather than its wave
BIT_RATES = {"wmav2": 96_000, "libopencore_amrnb": 12_200}


def alikeness(one, other):
    """The highest normalised correlation of two signals at any shift."""
    size = len(one) + len(other)
    spectrum = np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size))
    return np.fft.irfft(spectrum).max() / np.sqrt(np.square(one).sum() * np.square(other).sum())


def check(path, spoken, rate, least=0.9):
    recording = decode(path, max_seconds=60)
    assert recording.samples.size / recording.rate == pytest.approx(spoken.size / rate, abs=0.15)
    assert recording.note == ""
    assert alikeness(soxr.resample(recording.samples, recording.rate, rate), spoken) > least


def test_every_format_of_the_table_is_tested():
    assert {each.name for each in FORMATS} == LIBSNDFILE.keys() | PYAV.keys()
    assert {each.name for each in FORMATS if each.by_pyav} == PYAV.keys() - LIBSNDFILE.keys()
    assert len(SUFFIXES) == sum(len(each.suffixes) for each in FORMATS)


@pytest.mark.parametrize(
    ("container", "coding"), [pair for pairs in LIBSNDFILE.values() for pair in pairs], ids=lambda name: name
)
def test_libsndfile_reads_it(tmp_path, voice, container, coding):
    rate = 8000 if coding == "GSM610" else RATE
    spoken = soxr.resample(voice[: 4 * RATE], RATE, rate)
    soundfile.write(tmp_path / "clip", spoken, rate, format=container, subtype=coding)
    check(tmp_path / "clip", spoken, rate)


@pytest.mark.parametrize(
    ("codec", "container", "rate"), [triple for triples in PYAV.values() for triple in triples], ids=str
)
def test_pyav_reads_it(tmp_path, voice, codec, container, rate):
    spoken = soxr.resample(voice[: 4 * RATE], RATE, rate)
    av_encoded(tmp_path / "clip", spoken, codec, container, rate=rate, bit_rate=BIT_RATES.get(codec))
    check(tmp_path / "clip", spoken, rate, LEAST.get(codec, 0.9))


def test_the_command_prints_a_row_for_each_format():
    lines = table().splitlines()
    assert len(lines) == 2 + len(FORMATS)
    assert all(line.count("|") == 5 for line in lines)
