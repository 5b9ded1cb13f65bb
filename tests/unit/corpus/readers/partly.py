"""Corpora of partly synthetic audio in small as they are published; see `layouts`."""

import numpy as np

from .layouts import write


def partialspoof(root, record):
    protocols = "protocols/PartialSpoof_LA_cm_protocols/PartialSpoof.LA.cm"
    write(
        root,
        f"{protocols}.train.trl.txt",
        "LA_0079 LA_T_1138215 - - bonafide",
        "LA_0079 CON_T_0000029 - CON spoof",
        "LA_0080 CON_T_0000030 - CON spoof",
        "LA_0080 CON_T_0000031",
    )
    write(root, f"{protocols}.dev.trl.txt", "LA_0069 LA_D_9999999 - - bonafide")
    write(root, f"{protocols}.eval.trl.txt", "LA_0039 CON_E_0000001 - CON spoof")
    (root / "segment_labels").mkdir()
    labels = {"LA_T_1138215": "1" * 50, "CON_T_0000029": "1" * 10 + "0" * 20 + "1" * 10 + "0" * 10}
    for part, runs in (("train", labels), ("eval", {"CON_E_0000001": "0" * 50})):
        arrays = {clip: np.array(list(run), "<U21") for clip, run in runs.items()}
        np.save(root / f"segment_labels/{part}_seglab_0.02.npy", arrays)  # as its makers do
    human, spoof, test = "train/con_wav/LA_T_1138215.wav", "train/con_wav/CON_T_0000029.wav", "CON_E_0000001.wav"
    unlabelled = "train/con_wav/CON_T_0000030.wav"
    record(human, spoof, unlabelled, f"eval/con_wav/{test}")
    return {
        human: ("human", "LA_0079", "", "", "en", "", "train"),
        spoof: ("ai", "LA_0079", "PartialSpoof-CON", "", "en", "", "train"),
        f"eval/con_wav/{test}": ("ai", "LA_0039", "PartialSpoof-CON", "", "en", "", "test"),
    }, [
        (f"{protocols}.train.trl.txt", "line 3: no labels of 10 or 20 ms in segment_labels name the spoofed utterance"),
        (f"{protocols}.train.trl.txt", "line 4: 2 fields"),
        ("dev/con_wav/LA_D_9999999.wav", f"{protocols}.dev.trl.txt, line 1 names the file, but it is not there"),
        (unlabelled, "no line of a protocol names the file"),
    ]


def llamapartialspoof(root, record):
    human, partly = "dev-clean_1462_170145_000020_000002", "dev01_partial_000001"
    write(
        root,
        "label_R01TTS.0.a.txt",
        f"{human} 1.00 bonafide 0.000-1.000-bonafide",
        f"{partly} 1.00 spoof 0.000-0.250-bonafide 0.250-0.500-spoof 0.500-1.000-bonafide",
        "dev01_full_000001 1.00 spoof 0.000-1.000-spoof",
    )
    write(
        root,
        "label_R01TTS.0.b.txt",
        f"{partly} 1.00 spoof 0.000-0.500-bonafide 0.500-1.000-spoof",
        "dev01_partial_000002 1.00 spoof 0.000-0.750-bonafide 0.800-0.800-spoof",
        "dev01_partial_000003 1.00 spoof 0.000-0.500-bonafide 0.500-1.000-spoof",
    )
    names = [f"R01TTS.0.a/{name}.wav" for name in (human, partly, "dev01_full_000001")]
    other, broken = f"R01TTS.0.b/{partly}.wav", "R01TTS.0.b/dev01_partial_000002.wav"
    record(*names, other, broken)
    missing = "label_R01TTS.0.b.txt, line 3 names the file, but it is not there"
    return {
        names[0]: ("human", "librivox-1462", "", "", "en", "", "test"),
        names[1]: ("ai", "", "", "", "en", "", "test"),
        names[2]: ("ai", "", "", "", "en", "", "test"),
        other: ("ai", "", "", "", "en", "", "test"),
    }, [
        ("R01TTS.0.b/dev01_partial_000003.wav", missing),
        (broken, "no label_*.txt names the file"),
        ("label_R01TTS.0.b.txt", "line 2: segments: 0.8-0.8 does not start before it ends"),
    ]
