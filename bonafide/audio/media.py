"""FFmpeg's containers through PyAV: opened here alone, as files from strangers may name others to be opened."""

from pathlib import Path
from typing import Any, BinaryIO

# What recordings come in. Not among them is whatever names other files, hosts or devices: playlists (HLS, DASH),
# lists (ffconcat), sessions (SDP), scripts.
CONTAINERS = (
    *("aac", "ac3", "aiff", "amr", "amrnb", "amrwb", "ape", "asf", "au", "avi", "caf", "dts", "eac3", "flac", "flv"),
    *("gsm", "latm", "loas", "matroska", "mov", "mp3", "mpeg", "mpegts", "nistsphere", "ogg", "sox", "tak", "tta"),
    *("voc", "w64", "wav", "webm", "wv"),
)
WHITELISTS = {"format_whitelist": ",".join(CONTAINERS), "protocol_whitelist": "file"}


def open_media(file: Path | BinaryIO) -> Any:  # noqa: ANN401 - PyAV, if there
    """Return PyAV's container of `file`, which opens no other file, no socket and no device.

    Raises
    ------
    ImportError
        Where PyAV is not installed.
    av.FFmpegError
        Where it is none of `CONTAINERS`, or damaged.
    """
    import av

    return av.open(str(file) if isinstance(file, Path) else file, "r", options=WHITELISTS)
