"""A file from a stranger is opened alone: what it names is neither looked for nor called."""

import socket
from pathlib import Path

import pytest
import soundfile

from bonafide.audio.decoding import UnusableError, decode
from bonafide.audio.media import open_media

av = pytest.importorskip("av", reason="needs PyAV: pip install -e '.[media]'")
RATE = 16000
NAMES_OTHERS = {
    "list.wav": "ffconcat version 1.0\nfile 'other.wav'\n",
    "list.txt": "ffconcat version 1.0\nfile other.wav\n",
    "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nother.wav\n#EXT-X-ENDLIST\n",
    "session.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 50004 RTP/AVP 0\n",
}


@pytest.mark.parametrize("name", NAMES_OTHERS)
def test_a_text_that_names_others_opens_none_of_them(tmp_path, voice, monkeypatch, name):
    soundfile.write(tmp_path / "other.wav", voice[: 4 * RATE], RATE)
    (tmp_path / name).write_text(NAMES_OTHERS[name])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(av.FFmpegError):
        open_media(tmp_path / name)
    with (tmp_path / name).open("rb") as file, pytest.raises(av.FFmpegError):
        open_media(file)
    with pytest.raises(UnusableError, match="not audio"):
        decode(tmp_path / name, max_seconds=10)


@pytest.mark.parametrize("name", ["concat:other.wav", "cache:other.wav", "subfile,,start,0,end,0,,:other.wav"])
def test_a_name_is_a_files_and_no_protocol_of_ffmpeg(tmp_path, voice, monkeypatch, name):
    soundfile.write(tmp_path / "other.wav", voice[: 4 * RATE], RATE)
    monkeypatch.chdir(tmp_path)
    with av.open(name) as other:  # which FFmpeg would open, if it were let
        assert other.streams.audio
    with pytest.raises(av.FFmpegError):
        open_media(Path(name))


def test_a_session_description_binds_no_port(tmp_path):
    (tmp_path / "session").write_text(NAMES_OTHERS["session.sdp"])
    with pytest.raises(av.FFmpegError):
        open_media(tmp_path / "session")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.bind(("127.0.0.1", 50004))  # free: nothing else holds it
