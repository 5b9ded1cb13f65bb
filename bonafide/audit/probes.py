"""What can be told of a recording without hearing the voice: the measures that the audit's probes learn from."""

import hashlib
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import scipy.fft

from bonafide.audio.conditioning import AudioSettings, from_flac
from bonafide.audio.framing import frames_of, hann
from bonafide.audit.fingerprints import hashes, narrow
from bonafide.corpus.measuring import read_listed
from bonafide.pipeline.checked_parts import build
from bonafide.pipeline.parts import Task, part_files, tasks_from_parts
from bonafide.pipeline.tables import read_rows, read_table

VIEWS = ("files", "clips")
FRAME = 0.01  # seconds; of a reading of loudness
WINDOW = 0.032  # seconds; of a spectrum
NOTHING = 1e-14  # power, -140 dB: far below 24 bits; stands where there is none, so that its logarithm is finite
EDGE_DB = 60  # below the strongest frequency: where the band ends. Deeper, the window's own skirt counts
BLOCK = 256  # spectra at a time, so that memory does not grow with the length

# What each probe may look at. One family each, so that a finding says what to mend.
FAMILIES: dict[str, tuple[str, ...]] = {
    "length": ("seconds",),
    "edge silence": ("lead_30", "trail_30", "lead_50", "trail_50"),
    "digital zeros": ("zeros", "longest_zeros", "leading_zeros", "trailing_zeros"),
    "DC offset": ("dc", "dc_size"),
    "level": ("rms", "peak", "crest"),
    "noise floor": ("floor", "floor_depth"),
    "band energies": ("below_80", "above_4000", "above_6000", "above_7500"),
    "bandwidth": ("rolloff_99", "rolloff_9999", "band_edge"),
}
SIX = ("rms", "crest", "floor", "zeros", "dc_size", "rolloff_99")  # of the nearest neighbours
FACTS = tuple(dict.fromkeys(name for names in FAMILIES.values() for name in names))

MEASURED = pa.schema(
    [("clip", pa.string()), ("hashes", pa.binary()), ("audio_sha256", pa.string())]
    + [(f"{view}.{name}", pa.float64()) for view in VIEWS for name in FACTS]
)


def measure(root: Path, clips: Path, settings: AudioSettings) -> pd.DataFrame:
    """Return a row for each clip in the parts of `clips`: the facts of its file and of its clip, and its hashes.

    Parameters
    ----------
    root : Path
        Folder of the original files.
    clips : Path
        Folder of the parts that hold the conditioned audio.
    settings : AudioSettings
        How much of a file is decoded, and the rate of the clips.

    Returns
    -------
    pd.DataFrame
        Columns of `MEASURED`, sorted by clip.
    """
    tasks = [Task(task.part, task.inputs, (str(root), task.payload)) for task in tasks_from_parts(clips)]
    with tempfile.TemporaryDirectory() as folder:
        build(measure_part, settings, tasks, Path(folder), what="measuring parts")
        tables = [read_table(path) for path in part_files(Path(folder)).values()]
    return pa.concat_tables(tables).to_pandas().sort_values("clip", ignore_index=True)


def measure_part(payload: tuple[str, str], settings: AudioSettings) -> pa.Table:
    """Return the facts of one part's clips; `payload` is the corpus root and the part's path."""
    root, part = payload
    rows = (row for batch in read_rows([Path(part)], ["clip", "path", "sha256", "audio"]) for row in batch.to_pylist())
    return pa.Table.from_pylist([_measured(Path(root), row, settings) for row in rows], schema=MEASURED)


def facts(samples: np.ndarray, rate: int) -> dict[str, float]:
    """Return the measures of `FACTS` of one recording.

    Parameters
    ----------
    samples : np.ndarray, shape=(n,), float32
        Full scale is 1.
    rate : int
        In hertz.

    Returns
    -------
    dict
        Lengths in seconds, levels in dB of full scale, band energies in dB of the whole, frequencies in hertz, and
        shares from 0 to 1.
    """
    rms, peak = _db(_power(samples)), _db(float(np.square(samples).max(initial=0.0)))
    dc = float(samples.mean(dtype=np.float64))
    return {
        "seconds": samples.size / rate,
        "dc": dc,
        "dc_size": _db(dc**2),
        "rms": rms,
        "peak": peak,
        "crest": peak - rms,
        **_quiet_facts(samples, rate),
        **_zero_facts(samples, rate),
        **_spectral_facts(samples, rate),
    }


def _measured(root: Path, row: dict[str, Any], settings: AudioSettings) -> dict[str, Any]:
    recording = read_listed(root, row["path"], row["sha256"], settings.read_seconds)
    flac = row["audio"]["bytes"]
    samples, digest = from_flac(flac), hashlib.sha256(flac).hexdigest()
    views = {"files": facts(recording.samples, recording.rate), "clips": facts(samples, settings.rate)}
    flat = {f"{view}.{name}": value for view, measures in views.items() for name, value in measures.items()}
    prints = hashes(narrow(samples, settings.rate))
    return {"clip": row["clip"], "hashes": prints.astype("<u4").tobytes(), "audio_sha256": digest, **flat}


def _quiet_facts(samples: np.ndarray, rate: int) -> dict[str, float]:
    """Silence at both edges, and how quiet it gets between words."""
    size = round(FRAME * rate)
    filled = np.pad(samples, (0, -samples.size % size)).reshape(-1, size)
    levels = 10 * np.log10(np.square(filled, dtype=np.float64).mean(axis=1) + NOTHING)
    low, high = np.percentile(levels, [5, 95])
    measures = {"floor": float(low), "floor_depth": float(high - low)}
    for depth in (30, 50):
        loud = np.flatnonzero(levels > levels.max() - depth)
        first, last = (int(loud[0]), int(loud[-1])) if loud.size else (0, len(levels) - 1)
        measures |= {f"lead_{depth}": first * FRAME, f"trail_{depth}": (len(levels) - 1 - last) * FRAME}
    return measures


def _zero_facts(samples: np.ndarray, rate: int) -> dict[str, float]:
    """Where samples are exactly 0, as a microphone gives few of them."""
    sounding = np.flatnonzero(np.concatenate(([True], samples != 0, [True]))) - 1
    runs = np.diff(sounding) - 1
    return {
        "zeros": float(runs.sum() / max(1, samples.size)),
        "longest_zeros": float(runs.max() / rate),
        "leading_zeros": float(runs[0] / rate),
        "trailing_zeros": float(runs[-1] / rate),
    }


def _spectral_facts(samples: np.ndarray, rate: int) -> dict[str, float]:
    """Where in frequency the energy lies, and where it ends."""
    power = _mean_spectrum(samples, rate)
    hertz = np.arange(power.size) * rate / (2 * (power.size - 1))
    total = max(float(power.sum()), NOTHING)
    share = np.cumsum(power)
    measures = {f"above_{edge}": _db(float(power[hertz > edge].sum()) / total) for edge in (4000, 6000, 7500)}
    levels = 10 * np.log10(power / total + NOTHING)
    return {
        **measures,
        "below_80": _db(float(power[hertz < 80].sum()) / total),
        "rolloff_99": float(hertz[np.searchsorted(share, 0.99 * share[-1])]),
        "rolloff_9999": float(hertz[np.searchsorted(share, 0.9999 * share[-1])]),
        "band_edge": float(hertz[np.flatnonzero(levels > levels.max() - EDGE_DB)[-1]]),
    }


def _mean_spectrum(samples: np.ndarray, rate: int) -> np.ndarray:
    size = 2 * round(WINDOW * rate / 2)
    padded = np.pad(samples, (0, max(0, size - samples.size))) - samples.mean(dtype=np.float64).astype(np.float32)
    cut = frames_of(padded, size, size // 2)
    total = np.zeros(size // 2 + 1)
    for start in range(0, len(cut), BLOCK):
        spectra = np.abs(scipy.fft.rfft(cut[start : start + BLOCK] * hann(size)))
        total += np.square(spectra).sum(axis=0, dtype=np.float64)
    return total / len(cut)


def _power(samples: np.ndarray) -> float:
    return float(np.square(samples, dtype=np.float64).mean())


def _db(power: float) -> float:
    return float(10 * np.log10(power + NOTHING))
