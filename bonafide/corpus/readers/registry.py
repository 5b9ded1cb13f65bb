"""The readers by name, as params.yaml names them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bonafide.corpus.readers import (
    asvspoof5,
    asvspoof2019,
    asvspoof2021,
    codecfake,
    common_voice,
    fake_or_real,
    folder,
    hf_audio,
    in_the_wild,
    librisevoc,
    librispeech,
    ljspeech,
    llamapartialspoof,
    mlaad,
    partialspoof,
    spoofceleb,
    table,
    vctk,
    wavefake,
    webdataset,
)
from bonafide.corpus.rows import Rows


@dataclass(frozen=True)
class Reader:
    """One way to lay out a corpus.

    Attributes
    ----------
    name : str
        As params.yaml has it.
    about : str
        The layout, in a line.
    read : callable
        From the corpus's folder (for a table from the file) to the rows of its clips, with paths relative to the
        folder, and of what cannot be used, with a ``reason``.
    marks : tuple of str
        Patterns of paths by which the layout is recognised.
    corpus : str
        The name of the one corpus that is laid out so; empty where people lay out their own.
    is_file : bool
        Whether it reads one file instead of a folder.
    has_words : bool
        Whether its columns and labels are called as people like, so that `columns` and `labels` say what they mean.
    """

    name: str
    about: str
    read: Callable[..., Rows]
    marks: tuple[str, ...]
    corpus: str = ""
    is_file: bool = False
    has_words: bool = False


READERS = {
    reader.name: reader
    for reader in (
        Reader("folder", "human/, ai/ and clips.csv", folder.read_folder, ("human", "ai", "clips.csv")),
        Reader(
            "table", "one file: CSV, TSV, Parquet or JSON lines", table.read, table.MARKS, is_file=True, has_words=True
        ),
        Reader(
            "hf-parquet",
            "SPLIT-00000-of-00001.parquet of a Hugging Face dataset with an Audio column",
            hf_audio.read_parquet,
            hf_audio.PARQUET_MARKS,
            has_words=True,
        ),
        Reader(
            "hf-disk",
            "state.json and data-00000-of-00001.arrow of a Hugging Face dataset that save_to_disk wrote",
            hf_audio.read_disk,
            hf_audio.DISK_MARKS,
            has_words=True,
        ),
        Reader(
            "webdataset",
            "tar shards of a recording and a .json or .cls of its name each",
            webdataset.read,
            webdataset.MARKS,
            has_words=True,
        ),
        Reader(
            "asvspoof2019-la",
            "ASVspoof2019_LA_{train,dev,eval}/flac and ASVspoof2019_LA_cm_protocols",
            asvspoof2019.read,
            ("ASVspoof2019_LA_cm_protocols", "*/ASVspoof2019_LA_cm_protocols"),
            "ASVspoof2019-LA",
        ),
        Reader(
            "asvspoof2021-la",
            "ASVspoof2021_LA_eval/flac and keys/LA/CM/trial_metadata.txt",
            partial(asvspoof2021.read, track="LA"),
            ("LA/CM/trial_metadata.txt", "*/LA/CM/trial_metadata.txt", "*/*/LA/CM/trial_metadata.txt"),
            "ASVspoof2021-LA",
        ),
        Reader(
            "asvspoof2021-df",
            "ASVspoof2021_DF_eval/flac and keys/DF/CM/trial_metadata.txt",
            partial(asvspoof2021.read, track="DF"),
            ("DF/CM/trial_metadata.txt", "*/DF/CM/trial_metadata.txt", "*/*/DF/CM/trial_metadata.txt"),
            "ASVspoof2021-DF",
        ),
        Reader(
            "asvspoof5",
            "flac_T, flac_D, flac_E_eval and ASVspoof5.{train,dev.track_1,eval.track_1}.tsv",
            asvspoof5.read,
            ("ASVspoof5.*.tsv", "*/ASVspoof5.*.tsv"),
            "ASVspoof5",
        ),
        Reader(
            "in-the-wild",
            "release_in_the_wild/N.wav and meta.csv",
            in_the_wild.read,
            ("release_in_the_wild/meta.csv", "meta.csv"),
            "In-the-Wild",
        ),
        Reader(
            "wavefake",
            "generated_audio/CORPUS_VOCODER, beside it LJSpeech-1.1 and jsut_ver1.1",
            wavefake.read,
            ("generated_audio", "ljspeech_*", "jsut_*gan"),
            "WaveFake",
        ),
        Reader("librisevoc", "gt and six folders of vocoders", librisevoc.read, ("gt", "*/gt"), "LibriSeVoc"),
        Reader(
            "mlaad",
            "fake/LANGUAGE/MODEL with meta.csv, beside it M-AILABS",
            mlaad.read,
            ("fake/*/*/meta.csv", "*/fake/*/*/meta.csv"),
            "MLAAD",
        ),
        Reader(
            "fake-or-real",
            "for-*/{training,validation,testing}/{real,fake}",
            fake_or_real.read,
            ("training/real", "*/training/real", "*/*/training/real"),
            "FakeOrReal",
        ),
        Reader(
            "spoofceleb",
            "flac/{train,development,evaluation} and metadata",
            spoofceleb.read,
            ("metadata/development.csv", "*/metadata/development.csv"),
            "SpoofCeleb",
        ),
        Reader(
            "codecfake",
            "train, dev, test and label/*.txt",
            codecfake.read,
            ("label/*.txt", "*/label/*.txt"),
            "Codecfake",
        ),
        Reader(
            "partialspoof",
            "{train,dev,eval}/con_wav, PartialSpoof_LA_cm_protocols and segment_labels",
            partialspoof.read,
            ("*/PartialSpoof_LA_cm_protocols", "*/*/PartialSpoof_LA_cm_protocols"),
            "PartialSpoof",
        ),
        Reader(
            "llamapartialspoof",
            "R01TTS.0.a, R01TTS.0.b and label_*.txt of each",
            llamapartialspoof.read,
            ("label_R01TTS*.txt", "*/label_R01TTS*.txt"),
            "LlamaPartialSpoof",
        ),
        Reader(
            "librispeech",
            "SUBSET/SPEAKER/CHAPTER and SPEAKERS.TXT",
            librispeech.read,
            ("SPEAKERS.TXT", "LibriSpeech/SPEAKERS.TXT"),
            "LibriSpeech",
        ),
        Reader(
            "common-voice",
            "LOCALE/clips and train.tsv, dev.tsv, test.tsv, validated.tsv",
            common_voice.read,
            ("validated.tsv", "*/validated.tsv", "*/*/validated.tsv"),
            "CommonVoice",
        ),
        Reader(
            "vctk",
            "wav48_silence_trimmed or wav48, and speaker-info.txt",
            vctk.read,
            ("wav48*", "*/wav48*"),
            "VCTK",
        ),
        Reader("ljspeech", "wavs and metadata.csv", ljspeech.read, ("wavs", "LJSpeech-1.1/wavs"), "LJSpeech"),
    )
}
