"""Any format in, one rate and level out; and what cannot be used says why."""

import struct
import sys
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import soxr

from bonafide.audio import conditioning, mpeg
from bonafide.audio.conditioning import check, condition, from_flac, quantize, to_flac, trim
from bonafide.audio.decoding import Recording, UnusableError, decode

RATE = 16000
STEP = 1 / 32768
LOSSLESS = [
    ("WAV", "PCM_U8"),
    ("WAV", "PCM_16"),
    ("WAV", "PCM_24"),
    ("WAV", "PCM_32"),
    ("WAV", "FLOAT"),
    ("WAV", "DOUBLE"),
    ("WAV", "ULAW"),
    ("FLAC", "PCM_16"),
    ("FLAC", "PCM_24"),
    ("AIFF", "PCM_16"),
]
LOSSY = [("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS"), ("OGG", "OPUS")]
RATES = [8000, 16000, 22050, 24000, 44100, 48000]
OPUS_RATES = (8000, 12000, 16000, 24000, 48000)
CASES = [
    (*coding, rate, channels)
    for coding in LOSSLESS + LOSSY
    for rate in RATES
    for channels in (1, 2)
    if coding[1] != "OPUS" or rate in OPUS_RATES
]


def alikeness(one, other):
    """The highest normalised correlation of two signals at any shift."""
    size = len(one) + len(other)
    spectrum = np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size))
    return np.fft.irfft(spectrum).max() / np.sqrt(np.square(one).sum() * np.square(other).sum())


def write_av(path, samples, rate, codec, container, **options):
    av = pytest.importorskip("av", reason="needs PyAV: pip install -e '.[media]'")
    with av.open(str(path), "w", format=container, options=options) as file:
        stream = file.add_stream(codec, rate=rate)
        stream.layout = "mono"
        whole = av.AudioFrame.from_ndarray((samples * 32767).astype(np.int16)[None], format="s16", layout="mono")
        whole.sample_rate = rate
        cutter = av.AudioResampler(stream.format, "mono", rate, frame_size=stream.codec_context.frame_size or 1024)
        for frame in [*cutter.resample(whole), *cutter.resample(None), None]:
            file.mux(stream.encode(frame))


@pytest.mark.parametrize(("container", "coding", "rate", "channels"), CASES)
def test_every_format_decodes_to_what_was_written(tmp_path, voice, container, coding, rate, channels):
    spoken = soxr.resample(voice[: 3 * RATE], RATE, rate)
    written = spoken if channels == 1 else np.stack([spoken, 0.5 * spoken], axis=1)
    path = tmp_path / "clip.xyz"  # the name must not matter
    soundfile.write(path, written, rate, format=container, subtype=coding)
    recording = decode(path, max_seconds=60)
    assert recording.samples.dtype == np.float32
    assert recording.samples.ndim == 1
    assert recording.format == f"{container}/{coding}"
    assert recording.rate == rate
    expected = spoken if channels == 1 else 0.75 * spoken
    if (container, coding) in LOSSLESS:
        tolerance = {"PCM_U8": 0.02, "ULAW": 0.02}.get(coding, 1e-4)
        np.testing.assert_allclose(recording.samples, expected, atol=tolerance)
    else:
        assert recording.samples.size / recording.rate == pytest.approx(3, abs=0.1)
        assert alikeness(soxr.resample(recording.samples, recording.rate, rate), expected) > 0.95


@pytest.mark.parametrize(("codec", "container", "rate"), [("aac", "ipod", 16000), ("libopus", "webm", 48000)])
def test_what_libsndfile_cannot_read_is_read_by_pyav(tmp_path, voice, codec, container, rate):
    spoken = soxr.resample(voice, RATE, rate)
    write_av(tmp_path / "clip", spoken, rate, codec, container)
    recording = decode(tmp_path / "clip", max_seconds=60)
    assert recording.rate == rate
    assert recording.samples.size / rate == pytest.approx(10, abs=0.2)
    assert alikeness(recording.samples, spoken) > 0.95
    assert decode(tmp_path / "clip", max_seconds=2).samples.size == 2 * rate


@pytest.mark.parametrize(("codec", "container", "rate"), [("aac", "ipod", 16000), ("libopus", "webm", 48000)])
def test_a_cut_video_file_says_so(tmp_path, voice, codec, container, rate):
    write_av(tmp_path / "clip", soxr.resample(voice, RATE, rate), rate, codec, container)
    whole = (tmp_path / "clip").read_bytes()
    (tmp_path / "clip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnusableError, match="cut short"):
        decode(tmp_path / "clip", max_seconds=60)


@pytest.mark.parametrize(("codec", "container"), [("aac", "ipod"), ("libopus", "webm")])
def test_without_pyav_the_reason_says_what_to_install(tmp_path, voice, monkeypatch, codec, container):
    write_av(tmp_path / "clip", voice, 48000, codec, container)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(UnusableError, match="pip install"):
        decode(tmp_path / "clip", max_seconds=60)


def test_an_mp3_that_tells_no_length_is_used(tmp_path, voice):
    write_av(tmp_path / "clip.mp3", voice, RATE, "libmp3lame", "mp3", write_xing="0")
    assert decode(tmp_path / "clip.mp3", max_seconds=60).samples.size / RATE == pytest.approx(10, abs=0.2)


def test_the_length_is_found_behind_a_tag(tmp_path, voice):
    soundfile.write(tmp_path / "clip.mp3", voice, RATE)
    mp3 = (tmp_path / "clip.mp3").read_bytes()
    tag = b"ID3\x04\0\0" + bytes([0, 0, 40, 0]) + bytes(40 << 7)
    assert not any(name in tag + b"\xff\xfb" for name in mpeg.COUNTED)
    (tmp_path / "clip.mp3").write_bytes(tag + mp3[: len(mp3) // 2])
    with pytest.raises(UnusableError, match="cut short"):
        decode(tmp_path / "clip.mp3", max_seconds=60)


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF024])  # of FFmpeg, and of espeak-ng and SoX
def test_a_wav_written_to_a_pipe_is_used(tmp_path, voice, size):
    soundfile.write(tmp_path / "clip.wav", voice, RATE, subtype="PCM_16")
    wav = bytearray((tmp_path / "clip.wav").read_bytes())
    wav[4:8], wav[40:44] = struct.pack("<I", size), struct.pack("<I", size - 36)
    (tmp_path / "clip.wav").write_bytes(wav)
    assert decode(tmp_path / "clip.wav", max_seconds=60).samples.size == voice.size


@pytest.mark.parametrize("name", ["clip.wav", "clip.flac", "clip.mp3"])  # an Ogg stream tells no length
def test_a_cut_file_says_so(tmp_path, voice, name):
    soundfile.write(tmp_path / name, voice, RATE)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnusableError, match="cut short"):
        decode(tmp_path / name, max_seconds=60)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"this is no sound at all, but a text of some length", "not audio"),
        (b"RIFF\x04\0\0\0WAVE", "damaged"),
    ],
)
def test_what_is_no_audio_says_why(tmp_path, content, reason):
    (tmp_path / "clip.wav").write_bytes(content)
    with pytest.raises(UnusableError, match=reason):
        decode(tmp_path / "clip.wav", max_seconds=60)


@pytest.mark.parametrize("name", ["long.wav", "long.flac"])
def test_memory_is_bounded_by_what_is_asked_for(tmp_path, voice, name):
    rate, seconds = 48000, 100
    noisy = np.tile(voice, 30)[: rate * seconds]
    soundfile.write(tmp_path / name, np.stack([noisy, noisy], axis=1), rate)
    tracemalloc.start()
    try:
        recording = decode(tmp_path / name, max_seconds=2)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert recording.samples.size == 2 * rate
    assert peak < 4e6  # all of it would take 19 MB as mono and 38 MB as read


def test_memory_is_bounded_through_pyav_too(tmp_path, voice):
    write_av(tmp_path / "long.m4a", np.tile(voice, 12), RATE, "aac", "ipod")
    decode(tmp_path / "long.m4a", max_seconds=0.1)  # imports
    tracemalloc.start()
    try:
        decode(tmp_path / "long.m4a", max_seconds=2)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1.5e6  # all of it would take 7.7 MB


def test_a_sound_recording_passes(voice):
    check(voice)
    check(voice * np.float32(1.99))  # as loud as can be, but not clipped
    check(voice + np.float32(0.5 * np.sqrt(np.square(voice).mean())))  # an offset that leaves the voice room


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda voice: np.where(np.arange(voice.size) == 5, np.float32(np.nan), voice), "NaN"),
        (lambda voice: np.where(np.arange(voice.size) == 5, np.float32(np.inf), voice), "infinite"),
        (lambda voice: voice * 0, "silent"),
        (lambda voice: np.sign(voice) * np.float32(STEP), "silent"),
        (lambda voice: voice * 0 + np.float32(0.3), "offset of 0.30"),
        (lambda voice: voice * np.float32(0.1) - np.float32(0.5), "offset of -0.50"),
        (lambda voice: np.clip(voice * 20, -1, 1), "clipped"),
        (lambda voice: 0.3 * np.clip(voice * 20, -1, 1), "clipped"),  # and turned down afterwards
    ],
)
def test_a_spoiled_recording_says_how(voice, spoil, reason):
    with pytest.raises(UnusableError, match=reason):
        check(spoil(voice))


def test_one_crest_alone_is_not_clipping():
    assert conditioning.clipped_share(np.array([0.1, 1, 1, 0.1, -1, 0.2])) == 0
    assert conditioning.clipped_share(np.array([0.1, 1, 1, -1, 0.2, 0.1, 0.1, 0.1])) == 3 / 8


@pytest.mark.parametrize("rate", RATES)
def test_conditioning_gives_one_rate_level_and_resolution(voice, audio_settings, rate):
    spoken = 0.03 * soxr.resample(voice, RATE, rate)
    done = condition(Recording(spoken, rate, ""), audio_settings)
    assert done.dtype == np.float32
    assert conditioning.level_dbfs(done) == pytest.approx(audio_settings.level_dbfs, abs=0.01)
    assert done.mean() == pytest.approx(0, abs=STEP)
    assert np.array_equal(done, np.rint(done / STEP) * np.float32(STEP))
    assert done.size <= audio_settings.max_seconds * audio_settings.rate
    at_16_khz = condition(Recording(voice, RATE, ""), audio_settings)
    assert alikeness(done, at_16_khz) > (0.9 if rate < RATE else 0.99)


def test_neither_gain_nor_offset_leaves_a_trace(voice, audio_settings):
    plain = condition(Recording(voice, RATE, ""), audio_settings)
    for gain, offset in [(0.05, 0), (1.9, 0), (0.5, 0.2), (0.05, -0.01)]:
        changed = condition(Recording((gain * voice + offset).astype(np.float32), RATE, ""), audio_settings)
        np.testing.assert_allclose(changed, plain, atol=1.01 * STEP)


@pytest.mark.parametrize("offset", [0, 0.01, -0.2])
@pytest.mark.parametrize(("before", "after"), [(320, 0), (0, 320), (32000, 3200), (16000 * 5, 16000 * 9)])
def test_silence_at_the_edges_leaves_no_trace(voice, audio_settings, before, after, offset):
    short = trim(voice[: 4 * RATE], RATE, trim_db=audio_settings.trim_db)
    plain = condition(Recording(short + np.float32(offset), RATE, ""), audio_settings)
    padded = np.pad(short + np.float32(offset), (before, after))
    np.testing.assert_allclose(
        condition(Recording(padded, RATE, ""), audio_settings), plain, atol=(1 if offset == 0 else 3) * STEP
    )


def test_silence_that_is_no_whole_number_of_frames_moves_an_edge_by_one_at_most(voice, audio_settings):
    short = trim(voice[: 4 * RATE], RATE, trim_db=audio_settings.trim_db)
    for padding in (1, 77, 319, 12345):
        left = trim(np.pad(short, padding), RATE, trim_db=audio_settings.trim_db)
        assert abs(left.size - short.size) <= 2 * 320
        assert alikeness(left, short) > 0.999


def test_trimming_takes_what_is_quiet_and_nothing_inside():
    tone = np.sin(np.arange(RATE) / 3).astype(np.float32)
    quiet = np.concatenate([0.005 * tone, tone, 0 * tone, tone, 0.005 * tone])
    assert trim(quiet, RATE, trim_db=40).size == pytest.approx(3 * RATE, abs=640)
    assert trim(quiet, RATE, trim_db=60).size == quiet.size
    assert trim(0 * tone, RATE, trim_db=40).size == 0
    assert trim(tone[:0], RATE, trim_db=40).size == 0


def test_a_clip_with_too_little_sound_says_how_much_it_has(voice, audio_settings):
    word = trim(voice, RATE, trim_db=audio_settings.trim_db)[:3200]
    with pytest.raises(UnusableError, match=r"too short: 0\.\d\d s between silent edges, 0\.3 s are needed"):
        condition(Recording(np.pad(word, RATE), RATE, ""), audio_settings)


def test_the_length_is_capped(voice, audio_settings):
    done = condition(Recording(voice, RATE, ""), replace(audio_settings, max_seconds=1.5))
    assert done.size == 1.5 * RATE


def test_a_spike_lowers_the_level_and_is_not_clipped(audio_settings):
    spiky = np.full(RATE, 1e-3, np.float32) * np.sign(np.sin(np.arange(RATE)))
    spiky[::4000] = 1
    done = condition(Recording(spiky.astype(np.float32), RATE, ""), replace(audio_settings, level_dbfs=-3))
    assert np.abs(done).max() == pytest.approx(0.99, abs=0.01)


def test_storing_changes_nothing_and_conditioning_twice_next_to_nothing(voice, audio_settings):
    done = condition(Recording(voice[: 4 * RATE], RATE, ""), audio_settings)
    stored = from_flac(to_flac(done, RATE))
    assert np.array_equal(stored, done)
    np.testing.assert_allclose(condition(Recording(stored, RATE, ""), audio_settings), done, atol=1.01 * STEP)


def test_quantized_samples_stay_in_the_range_of_16_bits():
    extreme = quantize(np.array([-2, -1, 1, 2], np.float32))
    assert extreme.tolist() == [-1, -1, 1 - STEP, 1 - STEP]
    assert np.array_equal(from_flac(to_flac(extreme, RATE)), extreme)
