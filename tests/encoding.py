"""Files that PyAV writes."""

import numpy as np
import pytest


def av_encoded(path, samples, codec, container, *, rate=16000, tracks=1, bit_rate=None, **options):
    """Write `samples`, shape (n,) or (n, channels), by PyAV, as often as there are `tracks`; the file's bytes."""
    av = pytest.importorskip("av", reason="needs PyAV: pip install -e '.[media]'")
    all_tracks = samples if isinstance(samples, list) else [samples] * tracks
    try:
        av.Codec(codec, "w")
    except ValueError:
        pytest.skip(f"this FFmpeg has no encoder {codec}")
    with av.open(str(path), "w", format=container, options=options) as file:
        streams = [file.add_stream(codec, rate=rate) for _ in all_tracks]
        for stream, each in zip(streams, all_tracks, strict=True):
            stream.layout = "mono" if each.ndim == 1 else "stereo"
            if bit_rate:
                stream.bit_rate = bit_rate
        for stream, each in zip(streams, all_tracks, strict=True):
            layout = stream.layout.name
            interleaved = (each * 32767).astype(np.int16).reshape(1, -1)
            whole = av.AudioFrame.from_ndarray(interleaved, format="s16", layout=layout)
            whole.sample_rate = rate
            size = stream.codec_context.frame_size or 1024
            cutter = av.AudioResampler(stream.format, layout, rate, frame_size=size)
            for frame in [*cutter.resample(whole), *cutter.resample(None), None]:
                file.mux(stream.encode(frame))
    return path.read_bytes()
