"""Corpora in small as they are published: folders, names and lines, with one broken line and one missing file.

Each function lays a corpus out below `root`, where `record(path)` writes a recording, and returns what its reader must
make of it: by path the label, speaker, generator, gender, language, pair and official side of each clip, and by path
what is said of each that cannot be used.
"""

FACTS = ("label", "speaker", "generator", "gender", "language", "pair", "official")


def write(root, path, *lines):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def asvspoof2019_la(root, record):
    protocols = "LA/ASVspoof2019_LA_cm_protocols/ASVspoof2019.LA.cm"
    write(
        root,
        f"{protocols}.train.trn.txt",
        "LA_0079 LA_T_1138215 - - bonafide",
        "LA_0081 LA_T_1004644 - A01 spoof",
        "LA_0081 LA_T_1056709",
        "LA_0080 LA_T_9999999 - - bonafide",
        "LA_0079 LA_T_1138215 - - bonafide",
    )
    write(root, f"{protocols}.dev.trl.txt", "LA_0069 LA_D_1047731 - - bonafide")
    write(root, f"{protocols}.eval.trl.txt", "LA_0039 LA_E_2834763 - A11 spoof")
    place = "LA/ASVspoof2019_LA_{}/flac/LA_{}.flac"
    train, spoof = place.format("train", "T_1138215"), place.format("train", "T_1004644")
    dev, test = place.format("dev", "D_1047731"), place.format("eval", "E_2834763")
    extra = place.format("train", "T_0000001")
    record(train, spoof, dev, test, extra, "PA/ASVspoof2019_PA_train/flac/PA_T_0000001.flac")
    return {
        train: ("human", "LA_0079", "", "", "en", "", "train"),
        spoof: ("ai", "LA_0081", "ASVspoof2019-A01", "", "en", "", "train"),
        dev: ("human", "LA_0069", "", "", "en", "", "dev"),
        test: ("ai", "LA_0039", "ASVspoof2019-A11", "", "en", "", "test"),
    }, [
        (f"{protocols}.train.trn.txt", "line 3: 2 fields, where 5 are needed"),
        (f"{protocols}.train.trn.txt", f"line 5: {train} stands in {protocols}.train.trn.txt, line 1 already"),
        (extra, "no line of a protocol names the file"),
        (place.format("train", "T_9999999"), f"{protocols}.train.trn.txt, line 4 names the file, but it is not there"),
    ]


def asvspoof2021_la(root, record):
    keys = "keys/LA/CM/trial_metadata.txt"
    write(
        root,
        keys,
        "LA_0009 LA_E_9332881 alaw ita_tx A07 spoof notrim eval",
        "LA_0020 LA_E_6866159 gsm sin_tx - bonafide notrim progress",
        "LA_0020 LA_E_0000000 gsm sin_tx - bonafide notrim eval",
        "LA_0020 LA_E_6866160 gsm",
    )
    spoof, human = (f"ASVspoof2021_LA_eval/flac/LA_E_{number}.flac" for number in (9332881, 6866159))
    record(spoof, human)
    return {
        spoof: ("ai", "LA_0009", "ASVspoof2019-A07", "", "en", "", "test"),
        human: ("human", "LA_0020", "", "", "en", "", "dropped"),
    }, [
        (keys, "line 4: 3 fields"),
        ("ASVspoof2021_LA_eval/flac/LA_E_0000000.flac", f"{keys}, line 3 names the file, but it is not there"),
    ]


def asvspoof2021_df(root, record):
    keys = "keys/DF/CM/trial_metadata.txt"
    ending = "- - - -"
    write(
        root,
        keys,
        f"LA_0023 DF_E_2000011 nocodec asvspoof A14 spoof notrim progress traditional_vocoder {ending}",
        f"TEF2 DF_E_2000013 low_m4a vcc2020 Task1-team20 spoof notrim eval neural_vocoder_nonautoregressive {ending}",
        f"LA_0043 DF_E_2000026 mp3m4a asvspoof - bonafide notrim eval bonafide {ending}",
        f"LA_0043 DF_E_2000027 mp3m4a asvspoof - bonafide notrim eval bonafide {ending}",
        "TEF2 DF_E_2000028",
    )
    first, second = (f"ASVspoof2021_DF_eval_part00/flac/DF_E_{number}.flac" for number in (2000011, 2000013))
    third = "ASVspoof2021_DF_eval_part01/flac/DF_E_2000026.flac"
    record(first, second, third)
    return {
        first: ("ai", "LA_0023", "ASVspoof2019-A14", "", "en", "", "dropped"),
        second: ("ai", "TEF2", "vcc2020-Task1-team20", "", "", "", "test"),
        third: ("human", "LA_0043", "", "", "en", "", "test"),
    }, [
        (keys, "line 5: 2 fields"),
        ("ASVspoof2021_DF_eval/flac/DF_E_2000027.flac", f"{keys}, line 4 names the file, but it is not there"),
    ]


def asvspoof5(root, record):
    write(
        root,
        "ASVspoof5.train.tsv",
        "T_4850 T_0000000000 F - - - AC3 A05 spoof -",
        "T_3710 T_0000000024 M - - - - bonafide bonafide -",
        "T_3710 T_0000000025 M",
    )
    write(root, "ASVspoof5.dev.track_1.tsv", "D_0461 D_0000000190 M - - - - bonafide bonafide -")
    write(
        root,
        "ASVspoof5.eval.track_1.tsv",
        "E_1607 E_0009538969 M C08 3 E_0009538969 AC1 A20 spoof -",
        "E_1607 E_0000000001 M - - - - bonafide bonafide -",
    )
    record("flac_T/T_0000000000.flac", "flac_T/T_0000000024.flac", "flac_D/D_0000000190.flac")
    record("flac_E_eval/E_0009538969.flac")
    return {
        "flac_T/T_0000000000.flac": ("ai", "T_4850", "ASVspoof5-A05", "female", "en", "", "train"),
        "flac_T/T_0000000024.flac": ("human", "T_3710", "", "male", "en", "", "train"),
        "flac_D/D_0000000190.flac": ("human", "D_0461", "", "male", "en", "", "dev"),
        "flac_E_eval/E_0009538969.flac": ("ai", "E_1607", "ASVspoof5-A20", "male", "en", "", "test"),
    }, [
        ("ASVspoof5.train.tsv", "line 3: 3 fields"),
        ("flac_E_eval/E_0000000001.flac", "ASVspoof5.eval.track_1.tsv, line 2 names the file, but it is not there"),
    ]


def in_the_wild(root, record):
    write(
        root,
        "release_in_the_wild/meta.csv",
        "file,speaker,label",
        "0.wav,Alec Guinness,spoof",
        '1.wav,"King, Martin Luther",bona-fide',
        '2.wav,"Barack Obama,spoof',
        "3.wav,Barack Obama,spoof",
    )
    record("release_in_the_wild/0.wav", "release_in_the_wild/1.wav")
    return {
        "release_in_the_wild/0.wav": ("ai", "Alec Guinness", "", "", "en", "", ""),
        "release_in_the_wild/1.wav": ("human", "King, Martin Luther", "", "", "en", "", ""),
    }, [
        ("release_in_the_wild/3.wav", "release_in_the_wild/meta.csv, line 5 names the file, but it is not there"),
        ("release_in_the_wild/meta.csv", "line 4: 2 fields, where 3 are needed"),
    ]


def wavefake(root, record):
    made = "generated_audio"
    clips = {
        f"{made}/ljspeech_multi_band_melgan/LJ001-0001_gen.wav": ("ai", "LJSpeech", "multi_band_melgan"),
        f"{made}/ljspeech_hifiGAN/LJ001-0001_generated.wav": ("ai", "LJSpeech", "hifiGAN"),
        "LJSpeech-1.1/wavs/LJ001-0001.wav": ("human", "LJSpeech", ""),
        f"{made}/jsut_parallel_wavegan/BASIC5000_0001_gen.wav": ("ai", "JSUT", "parallel_wavegan"),
        "jsut_ver1.1/basic5000/wav/BASIC5000_0001.wav": ("human", "JSUT", ""),
    }
    spoken = "conformer_fastspeech2_pwg_ljspeech"
    new = f"{made}/common_voices_prompts_from_{spoken}/gen_0.wav"
    odd = f"{made}/vctk_melgan/p225_001_gen.wav"
    record(*clips, new, odd)
    pairs = {
        "LJSpeech": ("female", "en", "LJSpeech/LJ001-0001", ""),
        "JSUT": ("female", "ja", "JSUT/BASIC5000_0001", ""),
    }
    rows = {path: (*facts, *pairs[facts[1]]) for path, facts in clips.items()}
    rows[new] = ("ai", "LJSpeech", spoken, "female", "en", "", "")
    return rows, [(odd, "its folder is none that WaveFake, LJ Speech or JSUT has")]


def librisevoc(root, record):
    stem = "103_1240_000001_000001"
    folders = ("diffwave", "melgan", "parallel_wave_gan", "wavegrad", "wavenet", "wavernn")
    clips = {f"LibriSeVoc/{folder}/{stem}_gen.wav": ("ai", folder) for folder in folders}
    clips[f"LibriSeVoc/gt/{stem}.wav"] = ("human", "")
    record(*clips, "LibriSeVoc/gt/noise.wav", "LibriSeVoc/world/103_1240_000001_000001_gen.wav")
    write(root, "test.txt", f"{stem}.wav", "all others")
    return {
        path: (label, "librivox-103", generator, "", "en", f"LibriSeVoc/{stem}", "test")
        for path, (label, generator) in clips.items()
    }, [
        ("LibriSeVoc/gt/noise.wav", "its name is not SPEAKER_CHAPTER_PARAGRAPH_SENTENCE"),
        ("LibriSeVoc/world/103_1240_000001_000001_gen.wav", "its folder is none that LibriSeVoc has"),
        ("test.txt", "line 2: it is not SPEAKER_CHAPTER_PARAGRAPH_SENTENCE.wav"),
    ]


def mlaad(root, record):
    folder = "fake/de/tts_models_de_thorsten_vits"
    header = (
        "path|original_file|language|is_original_language|duration|training_data|model_name|architecture|transcript"
    )
    original = "de_DE/by_book/female/eva_k/grune_haus/wavs/grune_haus_01_f000001.wav"
    end = f'{original}|de|True|3.1|thorsten|tts_models/de/thorsten/vits|VITS|Sie sagte: "Ja.'
    write(
        root,
        f"{folder}/meta.csv",
        header,
        f"./fake/de/tts_models_de_thorsten_vits/grune_haus_01_f000001.wav|{end}",
        "./fake/de/tts_models_de_thorsten_vits/grune_haus_01_f000002.wav|de",
        f"./fake/de/tts_models_de_thorsten_vits/grune_haus_01_f000003.wav|{end}",
    )
    mixed = "en_US/by_book/mix/mix/book/wavs/book_01_f000001.wav"
    record(f"{folder}/grune_haus_01_f000001.wav", original, mixed)
    return {
        f"{folder}/grune_haus_01_f000001.wav": ("ai", "", "tts_models/de/thorsten/vits", "", "de", "", ""),
        original: ("human", "m-ailabs-eva_k", "", "female", "de", "", ""),
        mixed: ("human", "", "", "", "en", "", ""),
    }, [
        (f"{folder}/grune_haus_01_f000003.wav", f"{folder}/meta.csv, line 4 names the file, but it is not there"),
        (f"{folder}/meta.csv", "line 3: 2 fields, where 9 are needed"),
    ]


def spoofceleb(root, record):
    table = "spoofceleb/metadata/{}.csv"
    clips = ("a00/id10270/x6uYqmx31kE-00001-000.flac", "a07/id10270/1zcIwhmdeo4-00002-000.flac")
    write(
        root,
        table.format("train"),
        "file,speaker,attack",
        f"{clips[0]},id10270,a00",
        f"{clips[1]},id10270,a07",
        "a07/id10270/none.flac,id10270",
    )
    write(root, table.format("evaluation"), "file,speaker,attack", f"{clips[0]},id10270,a00")
    write(root, table.format("development"), "file,speaker,attack", "a01/id1/none.flac,id1,a01")
    place = "spoofceleb/flac/{}/{}"
    human, spoof, test = (
        place.format(*at) for at in (("train", clips[0]), ("train", clips[1]), ("evaluation", clips[0]))
    )
    record(human, spoof, test)
    return {
        human: ("human", "voxceleb-id10270", "", "", "", "", "train"),
        spoof: ("ai", "voxceleb-id10270", "SpoofCeleb-a07", "", "", "", "train"),
        test: ("human", "voxceleb-id10270", "", "", "", "", "test"),
    }, [
        (table.format("train"), "line 4: 2 fields, where 3 are needed"),
        (place.format("development", "a01/id1/none.flac"), f"{table.format('development')}, line 2 names the file"),
    ]


def codecfake(root, record):
    write(root, "Codecfake/label/train.txt", "SSB0393.wav real 0", "F01_SSB0393.wav fake 1", "F02_SSB0393.wav")
    write(root, "Codecfake/label/C1.txt", "SSB0393.wav real 0", "F09_none.wav fake 1")
    place = "Codecfake/{}.wav"
    record(*(place.format(name) for name in ("train/SSB0393", "train/F01_SSB0393", "test/C1/SSB0393", "dev/SSB1")))
    return {
        place.format("train/SSB0393"): ("human", "", "", "", "", "", "train"),
        place.format("train/F01_SSB0393"): ("ai", "", "Codecfake-1", "", "", "", "train"),
        place.format("test/C1/SSB0393"): ("human", "", "", "", "", "", "test"),
    }, [
        ("Codecfake/label/train.txt", "line 3: 1 fields, where 2 are needed"),
        (place.format("dev/SSB1"), "no list in label names the file"),
        ("test/C1/F09_none.wav", "Codecfake/label/C1.txt, line 2 names the file, but it is not there"),
    ]
