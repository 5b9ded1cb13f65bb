"""clips.csv as people and spreadsheets write it: every clip keeps its speaker, or the run stops and says why."""

import os
import shutil
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bonafide.corpus.catalog import examine, settle
from bonafide.corpus.clips_csv import append
from bonafide.corpus.clips_table import Dialect, read, write
from bonafide.corpus.readers.folder import read_folder, unused_columns
from bonafide.errors import UserError
from bonafide.gathering.joining import join, plan_join

PLAIN = [f"{('human', 'ai')[number % 2]}/clip{number}.wav" for number in range(8)]
NAMES = ["ann", "NA", "nan", "Zoë", "Doe, Jane", "null", "None", "of two\nlines"]
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


def table_of(path=str, *, header="path,speaker", delimiter=",", end="\n", between=""):
    lines = [header.replace(",", delimiter)]
    for clip, name in zip(PLAIN, NAMES, strict=True):
        lines += [f"{path(clip)}{delimiter}{quoted(name)}", *([between] if between else [])]
    return end.join(lines) + end


@pytest.fixture
def said(tiny_corpus, audio_settings):
    """The speaker of every clip that the catalog can use, by path, for a table of these bytes or this text."""

    def speakers(content):
        (tiny_corpus / "clips.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        rows = [examine(tiny_corpus, row, audio_settings) for row in read_folder(tiny_corpus)]
        clips, rejects = settle(rows)
        assert rejects == []
        return {row["path"]: row["speaker"] for row in clips}

    return speakers


@pytest.mark.parametrize(
    "content",
    [
        table_of(delimiter=";"),
        table_of(delimiter="\t", end="\r\n").encode("utf-16"),
        table_of(delimiter=";", end="\r\n").encode("utf-8-sig"),
        table_of().encode("utf-16-be").join([b"\xfe\xff", b""]),
        table_of(header=" Path , SPEAKER "),
        table_of(str.upper),
        table_of(lambda path: path.replace("/", "\\").capitalize()),
        table_of(lambda path: f" ./{path.replace('/', '//')} "),
        table_of(between=","),
        ",,\n\n" + table_of(),
        table_of().removesuffix("\n"),
    ],
)
def test_every_clip_keeps_its_speaker_however_the_table_is_written(said, content):
    assert said(content) == dict(zip(PLAIN, NAMES, strict=True))


def test_absolute_paths_inside_the_folder_are_those_of_its_clips(said, tiny_corpus, tmp_path):
    (tmp_path / "linked").symlink_to(tiny_corpus)
    expected = dict(zip(PLAIN, NAMES, strict=True))
    assert said(table_of(lambda path: str(tiny_corpus / path))) == expected
    assert said(table_of(lambda path: str(tmp_path / "linked" / path))) == expected
    with pytest.raises(UserError, match=r"line 2: path '/elsewhere/human/clip0\.wav' must lie in the folder"):
        said(table_of(lambda path: f"/elsewhere/{path}"))


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_name_of_another_unicode_form_is_the_file_and_the_row_has_it_as_on_disk(said, tiny_corpus, forms):
    on_disk, written = (unicodedata.normalize(form, "ai/Café/Zoë ü.wav") for form in forms)
    (tiny_corpus / on_disk).parent.mkdir()
    (tiny_corpus / PLAIN[1]).rename(tiny_corpus / on_disk)
    assert said(f"path,speaker\n{written},eve\n")[on_disk] == "eve"
    assert said(f"path,speaker\n{written.upper()},eve\n")[on_disk] == "eve"


def test_folders_of_labels_may_be_written_in_capitals(said, tiny_corpus):
    (tiny_corpus / "human").rename(tiny_corpus / "Human")
    speakers = said("path,speaker\nhuman/clip0.wav,ann\n")
    assert speakers["Human/clip0.wav"] == "ann"
    assert len(speakers) == 8


def test_two_files_that_differ_by_case_alone_stay_two(said, tiny_corpus):
    (tiny_corpus / PLAIN[2]).rename(tiny_corpus / "human/CLIP0.wav")
    speakers = said("path,speaker\nhuman/clip0.wav,ann\nhuman/CLIP0.wav,bob\n")
    assert (speakers["human/clip0.wav"], speakers["human/CLIP0.wav"]) == ("ann", "bob")
    with pytest.raises(UserError, match=r"line 2: .* may mean human/CLIP0\.wav or human/clip0\.wav"):
        said("path,speaker\nhuman/Clip0.wav,ann\n")


def test_a_name_that_holds_a_backslash_is_still_found(said, tiny_corpus):
    (tiny_corpus / PLAIN[0]).rename(tiny_corpus / "human" / "a\\b.wav")
    assert said("path,speaker\nhuman/a\\b.wav,ann\n")["human/a\\b.wav"] == "ann"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["clip0.wav,a"], r"line 2: 'clip0.wav' is not there \(is human/clip0.wav meant\?\): correct"),
        (["voices/human/clip0.wav,a", "ai/clip1.wav,b"], r"line 2: .* \(is human/clip0.wav meant"),
        (["ai/clip1.wav,b", "human/clip0.mp3,a"], r"line 3: .* \(is human/clip0.wav meant"),
        (["ai/clip1.wav,b", "human/clip0,a"], r"line 3: .* \(is human/clip0.wav meant"),
        (["ai/clip1.wav,b", "human/clpi0.wav,a"], r"line 3: .* \(is human/clip0.wav meant"),
        (["ai/clip1.wav,b", "human/ann/clip0.wav,a"], r"line 3: .* \(is human/clip0.wav meant"),
        ([f"set/{path},a" for path in PLAIN], r"lines 2, 3, 4 and 5 more: .* \(is human/clip0.wav meant"),
        (["ai/clip1.wav,b", "huamn/clip0.wav,a"], r"line 3: .* \(is human/clip0.wav meant"),
        (["x,a", "y,b"], "lines 2, 3: 'x' is not there: correct"),
        (["C:\\corpus\\human\\clip0.wav,a"], r"line 2: .* \(is human/clip0.wav meant"),
    ],
)
def test_lines_that_almost_name_a_file_stop_the_run(said, lines, message):
    with pytest.raises(UserError, match=message):
        said("path,speaker,label\n" + "\n".join(f"{line},{'ai' if 'ai/' in line else 'human'}" for line in lines))


def test_paths_that_start_below_the_labels_folder_are_known_before_a_label_is_missed(said):
    with pytest.raises(UserError, match=r"line 2: 'clip0.wav' is not there \(is human/clip0.wav meant"):
        said("path,speaker\nclip0.wav,ann\n")


def test_a_file_whose_name_is_in_no_encoding_is_named_in_a_message_that_can_be_printed(said, tiny_corpus):
    (tiny_corpus / PLAIN[0]).rename(tiny_corpus / "human" / os.fsdecode(b"caf\xe9.wav"))
    with pytest.raises(UserError, match=r"is human/caf\?.wav meant") as caught:
        said("path,speaker\nhuman/café.wav,ann\nai/clip1.wav,bob\n")
    assert str(caught.value).encode()


def test_a_line_whose_file_is_gone_is_a_reject_as_before(tiny_corpus, audio_settings):
    """Names that differ in a number or a word are other clips', and a file that has its line is not another's."""
    lines = ["ai/clip1.wav,b", "human/clip17.wav,a", "human/chat0.wav,e", "ai/clip01b.wav,c", "ai/clap1.wav,d"]
    (tiny_corpus / "clips.csv").write_text("path,speaker\n" + "\n".join(lines))
    clips, rejects = settle([examine(tiny_corpus, row, audio_settings) for row in read_folder(tiny_corpus)])
    assert len(clips) == 8
    assert {row["path"] for row in rejects} == {line.partition(",")[0] for line in lines[1:]}


@pytest.mark.parametrize(
    ("header", "meant"),
    [
        ("path,speker", r"unknown column 'speker' \(is 'speaker' meant"),
        ("path, Generator_ID", r"unknown column 'Generator_ID' \(is 'generator' meant"),
        ("path,sources", "is 'source' meant"),
        ("path,lable", "is 'label' meant"),
        ("path,Speaker,speaker", "names the column 'speaker' twice"),
        ("path,PATH", "names the column 'path' twice"),
    ],
)
def test_a_column_that_is_misspelt_stops_the_run(tiny_corpus, header, meant):
    (tiny_corpus / "clips.csv").write_text(f"{header}\nhuman/clip0.wav,ann\n")
    with pytest.raises(UserError, match=meant) as caught:
        read_folder(tiny_corpus)
    assert f"{tiny_corpus / 'clips.csv'}, line 1" in str(caught.value)


def test_a_column_like_one_that_is_there_too_is_the_users_own(tiny_corpus):
    (tiny_corpus / "clips.csv").write_text("Path;Speaker;speaker_id; Mood ;\nhuman/clip0.wav;ann;7;calm;\n")
    assert {row["path"]: row["speaker"] for row in read_folder(tiny_corpus)}["human/clip0.wav"] == "ann"
    assert unused_columns(tiny_corpus) == ["speaker_id", "Mood"]


@pytest.mark.parametrize(("text", "rate"), [("16000.0", 16000), ("22050,00", 22050), ("0", 0), ("8000", 8000)])
def test_a_rate_may_be_written_as_a_spreadsheet_does(tiny_corpus, text, rate):
    (tiny_corpus / "clips.csv").write_text(f"path;native rate\nhuman/clip0.wav;{text}\n")
    assert {row["path"]: row["native_rate"] for row in read_folder(tiny_corpus)}["human/clip0.wav"] == rate


@pytest.mark.parametrize("text", ["16.000", "16,000", "16000.5", "1e4", "16000.", "١٦٠٠٠"])
def test_a_rate_that_may_be_another_is_refused(tiny_corpus, text):
    (tiny_corpus / "clips.csv").write_text(f"path;native_rate\nhuman/clip0.wav;{text}\n")
    with pytest.raises(UserError, match="line 2: native_rate must be a whole number of hertz"):
        read_folder(tiny_corpus)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("path,speaker,generator\nhuman/clip0.wav,Ann,,,\nai/clip1.wav,Doe, Jane,vits\n", "line 3 has more fields"),
        ('path,speaker\nhuman/clip0.wav,"ann\nai/clip1.wav,bob\n', "line 2: a quote is opened and never closed"),
        ('path,speaker\nhuman/clip0.wav,"a\nb"\n../x,c\n', "line 4: path '../x' must lie"),
    ],
)
def test_a_broken_line_is_named_by_where_it_begins(tiny_corpus, content, message):
    (tiny_corpus / "clips.csv").write_text(content)
    with pytest.raises(UserError, match=message):
        read_folder(tiny_corpus)


def test_linked_folders_are_read_once_and_loops_end(said, tiny_corpus, tmp_path):
    (tiny_corpus / "human").rename(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "more").mkdir()
    (tmp_path / "elsewhere" / "clip0.wav").rename(tmp_path / "elsewhere" / "more" / "clip0.wav")
    (tiny_corpus / "human").mkdir()
    for link in ("desk", "z"):
        (tiny_corpus / "human" / link).symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "more" / "loop").symlink_to("..")
    (tmp_path / "elsewhere" / "again").symlink_to("more")
    (tiny_corpus / "ai" / "self").symlink_to(".")
    # The line names the file by a link that was not followed: the speaker is that of the one clip there is.
    speakers = said("path,speaker\nhuman/z/again/clip0.wav,ann\nai/self/self/clip1.wav,bob\n")
    assert {path: name for path, name in speakers.items() if name} == {
        "human/desk/more/clip0.wav": "ann",
        "ai/clip1.wav": "bob",
    }
    assert len(speakers) == 8


def test_a_folder_linked_under_both_labels_is_no_ones(tiny_corpus, audio_settings):
    (tiny_corpus / "human" / "link").symlink_to("../ai")
    with pytest.raises(UserError, match="labelled both human and ai"):
        settle([examine(tiny_corpus, row, audio_settings) for row in read_folder(tiny_corpus)])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_an_added_row_leaves_the_table_in_its_dialect(tiny_corpus, encoding, delimiter):
    text = table_of(lambda path: path.replace("/", "\\"), delimiter=delimiter, end="\r\n")
    table = tiny_corpus / "clips.csv"
    table.write_bytes(text.replace("speaker", "Speaker").encode(encoding))
    shutil.copy(tiny_corpus / PLAIN[0], tiny_corpus / "human" / "new.wav")
    append(
        table, [{"path": "human/new.wav", "speaker": "eve"}, {"path": PLAIN[0], "speaker": "x"}], ["path", "speaker"]
    )
    written = table.read_bytes().decode(encoding)
    assert written.endswith(f"human/new.wav{delimiter}eve\r\n")
    assert read(table).header == ["path", "Speaker"]
    assert read(table).dialect == Dialect(delimiter, encoding, "\r\n")
    expected = {**dict(zip(PLAIN, NAMES, strict=True)), "human/new.wav": "eve"}
    assert {row["path"]: row["speaker"] for row in read_folder(tiny_corpus)} == expected


def test_a_joined_corpus_has_what_a_spreadsheets_table_says(tiny_corpus, tmp_path):
    (tiny_corpus / "clips.csv").write_bytes(table_of(str.upper, delimiter=";", end="\r\n").encode("utf-16"))
    out = tmp_path / "joined"
    list(join(plan_join([tiny_corpus], out), out))
    assert {row["path"]: row["speaker"] for row in read_folder(out)} == {
        f"corpus/{path}": name for path, name in zip(PLAIN, NAMES, strict=True)
    }


@settings(max_examples=300)
@given(
    st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=6),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\n", "\r\n"]),
    st.permutations(["path", "Speaker", "my own"]),
)
def test_any_table_reads_back_the_same_in_any_dialect(tmp_path_factory, lines, delimiter, encoding, end, header):
    table = tmp_path_factory.getbasetemp() / "any.csv"
    write(table, [header, *lines], Dialect(delimiter, encoding, end))
    there = read(table)
    assert there.header == list(header)
    assert (there.dialect.delimiter, there.dialect.encoding) == (delimiter, encoding)
    stripped = [[cell.strip() for cell in cells] for _, cells in there.lines()]
    expected = [[cell.strip() for cell in cells] for cells in lines]
    assert stripped == [cells for cells in expected if any(cells)]


@settings(max_examples=100)
@given(st.lists(st.sampled_from(["upper", "nfd", "slashes", "dots", "blanks", "title"]), unique=True))
def test_any_way_to_write_a_path_means_the_file(tmp_path_factory, ways):
    root = tmp_path_factory.mktemp("corpus")
    name = "human/Größe/Zoë 1.wav"
    (root / name).parent.mkdir(parents=True)
    (root / name).write_bytes(b"")
    change = {
        "upper": str.upper,
        "title": str.title,
        "nfd": lambda text: unicodedata.normalize("NFD", text),
        "slashes": lambda text: text.replace("/", "\\"),
        "dots": lambda text: f"./{text}",
        "blanks": lambda text: f" {text}\t",
    }
    written = name
    for way in ways:
        written = change[way](written)
    write(root / "clips.csv", [["path", "speaker"], [written, "ann"]], Dialect())
    assert [(row["path"], row["speaker"]) for row in read_folder(root)] == [(name, "ann")]
