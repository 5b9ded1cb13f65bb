"""Corpora of people alone, and those whose folders say it all, in small as they are published; see `layouts`."""

from .layouts import write


def fake_or_real(root, record):
    place = "for-norm/{}/file1.wav_16k.wav_norm.wav_mono.wav_silence.wav"
    sides = {"training/real": "train", "validation/fake": "dev", "testing/fake": "test", "testing/real": "test"}
    record(*(place.format(part) for part in sides), "for-norm/file9.wav")
    rows = {}
    for part, side in sides.items():
        label = "human" if part.endswith("real") else "ai"
        rows[place.format(part)] = (label, "", "", "", "en", f"FakeOrReal/{part}/file1", side)
    return rows, [("for-norm/file9.wav", "it does not lie in training, validation or testing, real or fake")]


def librispeech(root, record):
    write(
        root,
        "LibriSpeech/SPEAKERS.TXT",
        "; Some pieces of information about the speakers",
        ";ID  |SEX| SUBSET           |MINUTES| NAME",
        "14   | F | train-clean-360  | 25.03 | Kristin LeMoine",
        "84   | ? | dev-clean",
        '1272 | M | dev-clean        | 8.12  | "J. Doe',
    )
    clips = {
        "LibriSpeech/train-clean-360/14/208/14-208-0000.flac": ("14", "female", "train"),
        "LibriSpeech/dev-clean/84/121123/84-121123-0000.flac": ("84", "", "dev"),
        "LibriSpeech/dev-clean/1272/128104/1272-128104-0000.flac": ("1272", "male", "dev"),
        "LibriSpeech/test-other/367/130732/367-130732-0000.flac": ("367", "", "test"),
    }
    odd = "LibriSpeech/dev-clean/84/121123/85-121123-0000.flac"
    record(*clips, odd)
    return {
        path: ("human", f"librivox-{speaker}", "", gender, "en", "", side)
        for path, (speaker, gender, side) in clips.items()
    }, [
        ("LibriSpeech/SPEAKERS.TXT", "line 4: it is not SPEAKER | SEX | SUBSET | MINUTES | NAME"),
        (odd, "it is not SUBSET/SPEAKER/CHAPTER/SPEAKER-CHAPTER-UTTERANCE"),
    ]


def common_voice(root, record):
    header = "client_id\tpath\tsentence\tup_votes\tdown_votes\tage\tgender\taccents\tlocale\tsegment"
    line = '{}\tcommon_voice_nl_{}.mp3\tHij zei: "ja.\t2\t0\tfourties\t{}\t\tnl\t'
    one, two, three = line.format("a1", 1, "male_masculine"), line.format("b2", 2, "female"), line.format("c3", 3, "")
    write(root, "cv/nl/train.tsv", header, one)
    write(root, "cv/nl/test.tsv", header, two)
    validated = (header, one, two, three, "d4\tcommon_voice_nl_4.mp3", line.format("e5", 5, "other"))
    write(root, "cv/nl/validated.tsv", *validated)
    write(root, "cv/nl/invalidated.tsv", header, line.format("f6", 6, ""))
    clip = "cv/nl/clips/common_voice_nl_{}.mp3"
    record(*(clip.format(number) for number in (1, 2, 3, 6, 7)))
    return {
        clip.format(1): ("human", "a1", "", "male", "nl", "", "train"),
        clip.format(2): ("human", "b2", "", "female", "nl", "", "test"),
        clip.format(3): ("human", "c3", "", "", "nl", "", ""),
    }, [
        (clip.format(5), "cv/nl/validated.tsv, line 6 names the file, but it is not there"),
        (clip.format(7), "no table of its locale names the file"),
        ("cv/nl/validated.tsv", "line 5: 2 fields, where 10 are needed"),
    ]


def vctk(root, record):
    write(
        root,
        "speaker-info.txt",
        "ID  AGE  GENDER  ACCENTS  REGION COMMENTS",
        "p225  23  F    English    Southern  England",
        "226  22  M    English    Surrey",
        "p227  38",
    )
    place = "wav48_silence_trimmed"
    clips = {
        f"{place}/p225/p225_001_mic1.flac": ("p225", "female", "p225_001"),
        f"{place}/p225/p225_001_mic2.flac": ("p225", "female", "p225_001"),
        "wav48/p226/p226_002.wav": ("p226", "male", "p226_002"),
        f"{place}/p227/p227_003_mic1.flac": ("p227", "", "p227_003"),
        f"{place}/s5/s5_001_mic1.flac": ("s5", "", "s5_001"),
    }
    odd = f"{place}/p225/p226_001_mic1.flac"
    record(*clips, odd)
    return {
        path: ("human", f"vctk-{speaker}", "", gender, "en", f"VCTK/{clip}", "")
        for path, (speaker, gender, clip) in clips.items()
    }, [
        ("speaker-info.txt", "line 4: it is not ID, AGE and GENDER"),
        (odd, "it is not SPEAKER/SPEAKER_UTTERANCE below wav48 or wav48_silence_trimmed"),
    ]


def ljspeech(root, record):
    write(
        root,
        "LJSpeech-1.1/metadata.csv",
        'LJ001-0001|Printing, in "the only sense|Printing, in the only sense',
        "LJ001-0002 in being",
        "LJ001-0003|For although|For although",
    )
    clip = "LJSpeech-1.1/wavs/LJ001-0001.wav"
    record(clip)
    return {clip: ("human", "LJSpeech", "", "female", "en", "LJSpeech/LJ001-0001", "")}, [
        ("LJSpeech-1.1/metadata.csv", "line 2: it is not ID|TEXT"),
        ("LJSpeech-1.1/wavs/LJ001-0003.wav", "LJSpeech-1.1/metadata.csv, line 3 names the file, but it is not there"),
    ]
