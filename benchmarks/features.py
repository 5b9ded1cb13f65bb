"""The log-mel spectrogram beside others, and the stage beside pictures: ``python benchmarks/features.py FOLDER``.

FOLDER holds real recordings, of which clips of 4 s are cut. Of each way the processor's time on one thread is taken, in
turn, and said as a ratio with its quartiles. Bare is scipy's transform of a clip's frames, without a window. Of
torchaudio, kaldi-native-fbank (80 bands, as it refuses 256) and matplotlib those are used that are installed. The exit
code is 1 where ours takes more than a third of librosa's time or 2.5 times the bare transform, where it differs by more
than 1e-3 dB from what is loud in librosa's, or where the stage takes more than a hundredth of a picture a clip.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import librosa
import numpy as np
import pyarrow.parquet as pq
import scipy.fft
from detect import cut
from side_by_side import in_turn, machine, ratio, verdict
from threadpoolctl import threadpool_limits

from bonafide.audio import spectrogram
from bonafide.audio.conditioning import AudioSettings, condition, to_flac
from bonafide.audio.decoding import decode
from bonafide.audio.framing import frames_of
from bonafide.audio.spectrogram import SpectrogramSettings, log_spectrogram
from bonafide.clips.features import FeatureSettings, feature_part, read_features
from bonafide.corpus.table import AUDIO, as_table
from bonafide.pipeline.params import read_section
from bonafide.pipeline.tables import write_table

PARAMS = Path(__file__).resolve().parents[1] / "params.yaml"
LEAST_BESIDE_LIBROSA, MOST_BESIDE_BARE, MOST_DB, LEAST_BESIDE_PICTURES = 3.0, 2.5, 1e-3, 100.0
BELOW_DB = 60  # at 60 dB, float16 holds steps of 0.03 dB
KALDI_BANDS = 80  # it refuses bands that hold none of the transform's bins
PICTURES = 8  # clips of which pictures are made: each takes its time
OURS, LIBROSA, BARE = "log_spectrogram, mel", "librosa", "bare rfft"
OURS_TWO, BARE_TWO = "log_spectrogram, all", "bare rffts of all"


def main() -> int:
    """Print all comparisons and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="of real recordings: WAV, FLAC, MP3 or Ogg")
    parser.add_argument("--clips", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    audio = read_section(PARAMS, "audio", AudioSettings)
    both = read_section(PARAMS, "features", SpectrogramSettings)
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        paths = cut(options.folder, Path(folder), options.clips)
        clips = [condition(decode(path, max_seconds=60), audio) for path in paths]
        seconds = sum(clip.size for clip in clips) / audio.rate
        print(f"{machine()}; {len(clips)} clips, {seconds / len(clips):.2f} s in the mean\n")
        kept = [
            values(clips, audio.rate, both.bands),
            *transforms(clips, audio.rate, both, options.rounds),
            stage(paths, clips, read_features(PARAMS), options.rounds),
        ]
    return int(not all(kept))


def values(clips: list[np.ndarray], rate: int, settings: SpectrogramSettings) -> bool:
    """Print by how much ours, before they are rounded to float16, differ from librosa's, which computes in doubles.

    Single precision leaves noise far below what is loud in a frame; only what is above that must agree.
    """
    ours = np.concatenate([log_bands(clip, rate, settings) for clip in clips])
    theirs = np.concatenate([by_librosa(clip, rate, settings) for clip in clips])
    off = np.abs(ours - theirs)
    audible = theirs > theirs.max(axis=1, keepdims=True) - BELOW_DB
    most = float(off[audible].max())
    print(
        f"largest difference from librosa: {most:.1e} dB in the {audible.mean():.1%} of the values that lie at most"
        f" {BELOW_DB} dB below their frame's loudest, {off.max():.1e} dB in the others"
    )
    print(f"the first is at most {MOST_DB:g} dB: {'kept' if most <= MOST_DB else 'MISSED'}")
    return most <= MOST_DB


def log_bands(clip: np.ndarray, rate: int, settings: SpectrogramSettings) -> np.ndarray:
    """Return what `log_spectrogram` does before it is rounded to float16."""
    power = spectrogram._power(clip, settings.n_fft, settings.hop_length)
    return spectrogram._decibels(power, rate, settings)


def transforms(clips: list[np.ndarray], rate: int, both: SpectrogramSettings, rounds: int) -> list[bool]:
    """Print what each way takes beside ours and beside the bare transform, and return which bounds were kept."""
    mel, *linear = spectrogram.each_of(both, rate)
    ways: dict[str, Callable[[np.ndarray], object]] = {
        OURS: lambda clip: log_spectrogram(clip, rate, mel),
        LIBROSA: lambda clip: by_librosa(clip, rate, mel),
        OURS_TWO: lambda clip: log_spectrogram(clip, rate, both),
        **others(rate, mel),
    }
    calls: dict[str, Callable[[], object]] = {
        name: (lambda way=way: [way(clip) for clip in clips])  # type: ignore[misc]
        for name, way in ways.items()
    }
    calls[BARE] = lambda: [bare(clip, mel) for clip in clips]
    calls[BARE_TWO] = lambda: [[bare(clip, one) for one in (mel, *linear)] for clip in clips]
    times = in_turn(calls, rounds)
    print(f"\n{'way':32} {'ms a clip':>9}  {'beside ' + OURS:>26}  {'beside the ' + BARE:>24}")
    for name, seconds in times.items():
        beside = ratio(seconds, times[OURS]), ratio(seconds, times[BARE])
        print(f"{name:32} {1000 * median(seconds) / len(clips):9.2f}  {beside[0]!s:>26}  {beside[1]!s:>24}")
    print()
    return [
        verdict("librosa beside ours", ratio(times[LIBROSA], times[OURS]).median, LEAST_BESIDE_LIBROSA, least=True),
        verdict("ours beside the bare rfft", ratio(times[OURS], times[BARE]).median, MOST_BESIDE_BARE),
        verdict("all beside their bare rffts", ratio(times[OURS_TWO], times[BARE_TWO]).median, MOST_BESIDE_BARE),
    ]


def by_librosa(clip: np.ndarray, rate: int, settings: SpectrogramSettings) -> np.ndarray:
    """Return librosa's log-mel spectrogram in decibels, shape (frames, bands), with the same floor."""
    power = librosa.feature.melspectrogram(
        y=clip,
        sr=rate,
        n_fft=settings.n_fft,
        hop_length=settings.hop_length,
        n_mels=settings.n_bands,
        fmin=settings.f_min,
        fmax=settings.f_max,
        pad_mode="reflect",
    )
    decibels: np.ndarray = librosa.power_to_db(power, ref=1.0, amin=float(spectrogram.FLOOR), top_db=None).T
    return decibels


def bare(clip: np.ndarray, settings: SpectrogramSettings) -> np.ndarray:
    """Return the transform of a clip's frames, shape (frames, 1 + n_fft // 2), through no window."""
    padded = np.pad(clip, settings.n_fft // 2, mode="reflect")
    spectra: np.ndarray = scipy.fft.rfft(frames_of(padded, settings.n_fft, settings.hop_length))
    return spectra


def others(rate: int, settings: SpectrogramSettings) -> dict[str, Callable[[np.ndarray], object]]:
    """Return the ways of other libraries that are installed; their windows and scales are their own."""
    ways: dict[str, Callable[[np.ndarray], object]] = {}
    if find_spec("torchaudio"):
        ways["torchaudio"] = by_torchaudio(rate, settings)
    if find_spec("kaldi_native_fbank"):
        ways["kaldi-native-fbank"] = by_kaldi(rate, settings)
    for name in {"torchaudio", "kaldi-native-fbank"} - ways.keys():
        print(f"{name} is not installed: left out")
    return ways


def by_torchaudio(rate: int, settings: SpectrogramSettings) -> Callable[[np.ndarray], object]:
    """Return what computes the log-mel spectrogram of a clip by torchaudio."""
    import torch
    from torchaudio.transforms import AmplitudeToDB, MelSpectrogram

    torch.set_num_threads(1)
    mel = MelSpectrogram(
        rate,
        settings.n_fft,
        hop_length=settings.hop_length,
        f_min=settings.f_min,
        f_max=settings.f_max,
        n_mels=settings.n_bands,
        norm="slaney",
        mel_scale="slaney",
    )
    decibels = AmplitudeToDB()
    return lambda clip: decibels(mel(torch.from_numpy(clip))).numpy()


def by_kaldi(rate: int, settings: SpectrogramSettings) -> Callable[[np.ndarray], object]:
    """Return what computes the log-mel spectrogram of a clip by kaldi-native-fbank."""
    import kaldi_native_fbank as knf

    options = knf.FbankOptions()
    options.frame_opts.samp_freq = rate
    options.frame_opts.frame_length_ms = 1000 * settings.n_fft / rate
    options.frame_opts.frame_shift_ms = 1000 * settings.hop_length / rate
    options.frame_opts.dither = 0.0
    options.frame_opts.snip_edges = False
    options.mel_opts.num_bins = KALDI_BANDS
    options.mel_opts.low_freq = settings.f_min
    options.mel_opts.high_freq = settings.f_max

    def way(clip: np.ndarray) -> np.ndarray:
        bank = knf.OnlineFbank(options)
        bank.accept_waveform(rate, clip)
        bank.input_finished()
        return np.stack([bank.get_frame(number) for number in range(bank.num_frames_ready)])

    return way


def stage(paths: list[Path], clips: list[np.ndarray], settings: FeatureSettings, rounds: int) -> bool:
    """Print what the stage takes for a clip beside a mel picture by librosa and matplotlib of its file."""
    if not find_spec("matplotlib"):
        print("matplotlib is not installed: no pictures to compare with")
        return True
    part, out = paths[0].with_name("clips.parquet"), paths[0].with_name("features.parquet")
    write_table(as_table([row_of(number, clip, settings.rate) for number, clip in enumerate(clips)], AUDIO), part)
    some = paths[:PICTURES]
    times = in_turn(
        {
            "features": lambda: write_table(feature_part([str(part)], settings), out),
            "pictures": lambda: [picture(path, path.with_suffix(".png")) for path in some],
        },
        max(3, rounds // 5),
    )
    features = [seconds / len(clips) for seconds in times["features"]]
    pictures = [seconds / len(some) for seconds in times["pictures"]]
    print(f"\n{'the stage features, a clip':32} {1000 * median(features):9.2f} ms, part to part, with statistics")
    print(f"{'a mel picture by matplotlib':32} {1000 * median(pictures):9.2f} ms, file to PNG, one spectrogram")
    print(f"ratio {ratio(pictures, features)}; {pq.read_metadata(out).num_rows} clips, {len(some)} pictures")
    return verdict("a picture beside the stage", ratio(pictures, features).median, LEAST_BESIDE_PICTURES, least=True)


def row_of(number: int, clip: np.ndarray, rate: int) -> dict[str, object]:
    """Return the row of a clip in a part of prepare, with what the stage features reads of it."""
    blank = {name: 0 if name in ("copy", "native_rate") else None for name in AUDIO.names}
    return {**blank, "clip": f"clip{number}", "audio": {"bytes": to_flac(clip, rate), "path": ""}}


def picture(path: Path, out: Path) -> Path:
    """Draw a mel spectrogram into `out` and return that: as the student project did it that Bonafide grew from."""
    import librosa.display
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    samples, rate = librosa.load(path, sr=None)
    power = librosa.feature.melspectrogram(y=samples, sr=rate)
    figure = pyplot.figure()
    librosa.display.specshow(librosa.power_to_db(power, ref=np.max), sr=rate, x_axis="time", y_axis="mel")
    pyplot.axis("off")
    figure.savefig(out)
    pyplot.close(figure)
    return out


if __name__ == "__main__":
    sys.exit(main())
