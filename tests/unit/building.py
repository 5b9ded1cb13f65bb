"""Parts of a small corpus, built."""

import pyarrow.parquet as pq

from bonafide.audio.spectrogram import SpectrogramSettings
from bonafide.clips.augmentation import AugmentSettings
from bonafide.clips.preparation import prepare_part, prepare_tasks
from bonafide.corpus.catalog import examine, settle
from bonafide.corpus.readers.folder import read_folder
from bonafide.pipeline.parts import build, part_files

PARTS = 5


MEL = SpectrogramSettings(n_fft=512, hop_length=160, n_bands=64, f_min=20, f_max=8000)


NOISE = AugmentSettings(
    copies=2,
    seed=1,
    chains=(({"AddGaussianSNR": {"min_snr_db": 5.0, "max_snr_db": 30.0, "p": 0.8}}, {"SevenBandParametricEQ": {}}),),
)


def prepare(root, out, settings):
    clips, _ = settle([examine(root, known, settings) for known in read_folder(root)])
    build(prepare_part, settings, prepare_tasks(clips, root, PARTS), out, what="preparing")
    return content(out)


def content(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def clips_in(folder):
    return {clip for path in part_files(folder).values() for clip in pq.read_table(path)["clip"].to_pylist()}
