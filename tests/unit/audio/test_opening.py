"""All sound of a file is heard, whatever its headers count, and 'cut short' is said of what is cut short alone."""

import re
import struct

import numpy as np
import pytest
import soundfile
import soxr

from bonafide.audio import opening
from bonafide.audio.decoding import decode
from bonafide.audio.recording import UnusableError

from ...encoding import av_encoded

RATE = 16000
FRAME = 0.15  # seconds: priming and padding of an encoder
PCM = 44  # bytes of a plain WAV header


def seconds_of(path):
    recording = decode(path, max_seconds=600)
    return recording.samples.size / recording.rate


def encoded(path, samples, rate=RATE, **options):
    soundfile.write(path, samples, rate, **options)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("riff", "data"),
    [(8, 0), (-8, 0), (36, 0), (None, 0), (None, None), (0, None), (0, 36), (0, -100_000), (-100_000, -100_000)],
)
def test_a_wav_is_heard_whole_whatever_its_sizes_say(tmp_path, voice, riff, data):
    path = tmp_path / "clip.wav"
    wav = bytearray(encoded(path, voice, subtype="PCM_16"))
    for place, off in ((4, riff), (40, data)):
        told = struct.unpack("<I", wav[place : place + 4])[0]
        wav[place : place + 4] = struct.pack("<I", 0 if off is None else told + off)
    path.write_bytes(wav)
    plain = soundfile.read(tmp_path / "clip.wav", frames=voice.size, dtype="float32")[0] if not data else None
    heard = decode(path, max_seconds=60).samples
    assert heard.size == voice.size
    assert plain is None or plain.size < voice.size or np.array_equal(heard, plain)
    np.testing.assert_allclose(heard, voice, atol=1e-4)


@pytest.mark.parametrize("head", [b"LIST" + struct.pack("<I", 9000), b"ID3\x03\0\0\0\0\x46\x28"])
def test_chunks_and_tags_behind_the_sound_are_no_sound(tmp_path, voice, head):
    path = tmp_path / "clip.wav"
    wav = encoded(path, voice, subtype="PCM_16")
    path.write_bytes(wav + head + bytes(9000))
    assert decode(path, max_seconds=60).samples.size == voice.size


def test_an_empty_wav_stays_empty(tmp_path, voice):
    path = tmp_path / "clip.wav"
    wav = encoded(path, voice[:0], subtype="PCM_16")
    path.write_bytes(wav[:PCM] + b"LIST" + struct.pack("<I", 26) + bytes(26))
    with pytest.raises(UnusableError, match="no audio frames"):
        decode(path, max_seconds=60)


@pytest.mark.parametrize("container", ["WAV", "RF64"])
def test_a_wav_that_is_cut_says_how_much_is_there(tmp_path, voice, container):
    path = tmp_path / "clip.wav"
    wav = encoded(path, voice, format=container, subtype="PCM_16")
    assert seconds_of(path) == 10
    path.write_bytes(wav[: -5 * 2 * RATE])
    with pytest.raises(UnusableError, match=r"cut short: 5\.00 of 10\.00 s are there"):
        decode(path, max_seconds=60)


def test_wavs_one_behind_another_are_heard_all(tmp_path, voice):
    path = tmp_path / "clip.wav"
    one, two = (encoded(path, voice[: n * RATE], subtype="PCM_16") for n in (3, 4))
    path.write_bytes(one + two)
    heard = decode(path, max_seconds=60).samples
    np.testing.assert_allclose(heard, np.concatenate((voice[: 3 * RATE], voice[: 4 * RATE])), atol=1e-4)


@pytest.mark.parametrize("tag", [b"", b"TAG" + bytes(125), b"ID3\x03\0\0\0\0\0\x14" + bytes(20)])
def test_mp3s_one_behind_another_are_heard_all(tmp_path, voice, tag):
    path = tmp_path / "clip.mp3"
    mp3s = [encoded(path, voice[: n * RATE]) for n in (3, 4, 5)]
    alone = [seconds_of_bytes(path, mp3) for mp3 in mp3s]
    path.write_bytes(tag.join(mp3s))
    assert seconds_of(path) == pytest.approx(sum(alone), abs=1e-3)


def seconds_of_bytes(path, content):
    path.write_bytes(content)
    return seconds_of(path)


@pytest.mark.parametrize("rate", [16000, 44100])
def test_a_vbr_mp3_that_counts_nothing_is_heard_whole(tmp_path, voice, rate):
    path = tmp_path / "clip.mp3"
    quiet_first = np.concatenate((0.0 * voice[: 2 * RATE], voice))
    spoken = soxr.resample(quiet_first, RATE, rate)
    av_encoded(path, spoken, "libmp3lame", "mp3", rate=rate, write_xing="0", id3v2_version="0")
    cbr = path.read_bytes()
    soundfile.write(path, spoken, rate, bitrate_mode="VARIABLE", compression_level=0.5)
    vbr = path.read_bytes()
    frames = opening.mpeg.walk(path).stretches[0]
    assert frames.counted
    for content in (cbr, vbr[frames.pieces[1][0] :]):
        path.write_bytes(content)
        assert seconds_of(path) == pytest.approx(12, abs=FRAME)


@pytest.mark.parametrize("off", [1, -1, 2, "zero", "half"])
def test_an_mp3_is_heard_whole_whatever_it_counts(tmp_path, voice, off):
    path = tmp_path / "clip.mp3"
    mp3 = bytearray(encoded(path, voice))
    place = max(mp3.find(b"Xing"), mp3.find(b"Info")) + 8
    told = struct.unpack(">I", mp3[place : place + 4])[0]
    count = {"zero": 0, "half": told // 2}.get(off, told + off if isinstance(off, int) else 0)
    mp3[place : place + 4] = struct.pack(">I", count)
    path.write_bytes(mp3)
    assert seconds_of(path) == pytest.approx(10, abs=FRAME)


@pytest.mark.parametrize("size", [300, 5000])
def test_a_damaged_mp3_is_heard_on_both_sides_and_says_where(tmp_path, voice, size):
    path = tmp_path / "clip.mp3"
    mp3 = bytearray(encoded(path, voice))
    middle = len(mp3) // 2
    mp3[middle : middle + size] = b"\xaa" * size
    path.write_bytes(mp3)
    recording = decode(path, max_seconds=60)
    lost = size / len(mp3) * 10
    assert recording.samples.size / RATE == pytest.approx(10 - lost, abs=0.2)
    assert recording.note.startswith("the file is damaged at ")
    assert float(recording.note.split()[-2]) == pytest.approx(5, abs=0.3)


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_chained_ogg_is_heard_to_its_end(tmp_path, voice, subtype):
    path = tmp_path / "clip.ogg"
    links = [encoded(path, voice[: n * RATE], format="OGG", subtype=subtype) for n in (3, 4, 5)]
    narrow = encoded(path, soxr.resample(voice[: 2 * RATE], RATE, 8000), 8000, format="OGG", subtype=subtype)
    path.write_bytes(b"".join((*links, narrow)))
    assert seconds_of(path) == pytest.approx(14, abs=FRAME)


def test_flacs_one_behind_another_are_heard_all(tmp_path, voice):
    path = tmp_path / "clip.flac"
    path.write_bytes(b"".join(encoded(path, voice[: n * RATE]) for n in (3, 4)))
    heard = decode(path, max_seconds=60).samples
    np.testing.assert_allclose(heard, np.concatenate((voice[: 3 * RATE], voice[: 4 * RATE])), atol=1e-4)


@pytest.mark.parametrize(("container", "subtype"), [("OGG", "VORBIS"), ("OGG", "OPUS"), ("FLAC", "PCM_16")])
def test_damage_is_not_called_cut_short(tmp_path, voice, container, subtype):
    path = tmp_path / "clip"
    content = bytearray(encoded(path, voice, format=container, subtype=subtype))
    middle = len(content) // 2
    content[middle : middle + 300] = b"\xaa" * 300
    path.write_bytes(content)
    recording = decode(path, max_seconds=60)
    assert recording.samples.size / RATE > 8
    assert recording.note.startswith("the file is damaged") or container == "OGG"  # whose length may stay the same


def test_what_follows_an_mp4_is_told(tmp_path, voice):
    path = tmp_path / "clip.m4a"
    path.write_bytes(2 * av_encoded(path, voice, "aac", "ipod"))
    assert decode(path, max_seconds=60).note == "another file follows in it, which was not heard"


def test_the_head_of_a_film_alone_is_not_without_a_sound_track(tmp_path, voice):
    path = tmp_path / "clip.mp4"
    mp4 = av_encoded(path, voice, "aac", "mp4", movflags="frag_keyframe+empty_moov")
    path.write_bytes(mp4[:300])
    with pytest.raises(UnusableError, match="damaged or cut short"):
        decode(path, max_seconds=60)


def test_a_link_that_cannot_be_read_stops_none_of_the_others(tmp_path, voice):
    path = tmp_path / "clip.ogg"
    links = [bytearray(encoded(path, voice[: n * RATE], format="OGG")) for n in (3, 4, 5)]
    links[1][28:34] = b"xxxxxx"  # of the header
    path.write_bytes(b"".join(links))
    recording = decode(path, max_seconds=60)
    assert recording.samples.size / RATE == pytest.approx(8, abs=FRAME)
    assert recording.note == "the file is damaged at 3.0 s"


@pytest.mark.parametrize("seconds", [4, 12])
def test_a_flac_of_unknown_length_is_heard_whole(tmp_path, voice, seconds):
    path = tmp_path / "clip.flac"
    spoken = np.concatenate((voice, voice))[: seconds * RATE]
    flac = bytearray(encoded(path, spoken))
    flac[21] &= 0xF0
    flac[22:26] = bytes(4)
    path.write_bytes(flac)
    recording = decode(path, max_seconds=60)
    assert recording.format == "FLAC/PCM_16"
    np.testing.assert_allclose(recording.samples, spoken, atol=1e-4)


def test_a_damaged_flac_is_heard_on_both_sides(tmp_path, voice):
    pytest.importorskip("av")
    path = tmp_path / "clip.flac"
    flac = bytearray(encoded(path, voice))
    middle = len(flac) // 2
    flac[middle : middle + 200] = b"\xaa" * 200
    path.write_bytes(flac)
    recording = decode(path, max_seconds=60)
    assert recording.samples.size / RATE > 9
    assert recording.note.startswith("the file is damaged")


@pytest.mark.parametrize(
    ("codec", "container"),
    [
        ("aac", "adts"),
        ("libmp3lame", "wav"),
        ("ac3", "ac3"),
        ("pcm_alaw", "mov"),
        ("alac", "ipod"),
        ("libopus", "matroska"),
    ],
)
def test_an_estimated_length_is_no_promise(tmp_path, voice, codec, container):
    rate = 48000 if codec in ("libopus", "ac3") else RATE
    path = tmp_path / "clip"
    av_encoded(path, soxr.resample(voice, RATE, rate), codec, container, rate=rate)
    assert seconds_of(path) == pytest.approx(10, abs=FRAME)


def test_adts_of_other_rates_one_behind_another_is_heard_all(tmp_path, voice):
    path = tmp_path / "clip.aac"
    wide = av_encoded(path, soxr.resample(voice[: 4 * RATE], RATE, 32000), "aac", "adts", rate=32000)
    path.write_bytes(av_encoded(path, voice[: 3 * RATE], "aac", "adts") + wide)
    assert seconds_of(path) == pytest.approx(7, abs=2 * FRAME)


def test_adts_without_its_last_bytes_is_heard_to_there(tmp_path, voice):
    path = tmp_path / "clip.aac"
    aac = av_encoded(path, voice, "aac", "adts")
    path.write_bytes(aac[:-100])
    assert seconds_of(path) == pytest.approx(10, abs=FRAME)


def test_a_gap_in_the_time_stamps_is_not_cut_short(tmp_path, voice):
    av = pytest.importorskip("av")
    path = tmp_path / "clip.m4a"
    av_encoded(path, voice, "aac", "ipod")
    with av.open(str(path)) as source, av.open(str(tmp_path / "gap.m4a"), "w", format="ipod") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for number, packet in enumerate(source.demux(source.streams.audio[0])):
            if packet.dts is not None:
                late = 3 * RATE if number > 60 else 0
                packet.pts, packet.dts, packet.stream = packet.pts + late, packet.dts + late, stream
                target.mux(packet)
    assert seconds_of(tmp_path / "gap.m4a") == pytest.approx(10, abs=FRAME)


@pytest.mark.parametrize("coding", ["VORBIS", "OPUS"])
def test_damage_in_ogg_is_told_where_it_keeps_the_length(tmp_path, voice, coding):
    path = tmp_path / "clip.ogg"
    soundfile.write(path, voice, RATE, format="OGG", subtype=coding)
    content = bytearray(path.read_bytes())
    path.write_bytes(content + b"TAG" + bytes(125))  # what is behind the sound is no part of it
    assert decode(path, max_seconds=60).note == ""
    at = len(content) * 3 // 10
    content[at] ^= 1
    path.write_bytes(content)
    second = float(re.match(r"the file is damaged at ([\d.]+) s", decode(path, max_seconds=60).note)[1])
    assert 1.0 <= second <= 3.5  # a page, of a second or so, is lost as a whole


def test_a_film_without_sound_says_so(tmp_path):
    av = pytest.importorskip("av")
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w", format="mp4") as file:
        stream = file.add_stream("mpeg4", rate=5)
        stream.width = stream.height = 32
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    with pytest.raises(UnusableError, match="it has no sound track"):
        decode(path, max_seconds=60)
