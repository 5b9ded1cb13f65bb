"""Every command that README and docs name exists, with its options: in blocks, sentences and tables."""

import re

import pytest
import typer
from dvc.cli.parser import DvcParserError, get_main_parser

from bonafide.cli import app_of

from .blocks import PAGES, ROOT, name_of, sh_blocks, simple_commands, spans_of

TARGETS = set(re.findall(r"^([\w./-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
LINES = {line: block.name for block in sh_blocks() for line in block.lines}
# Words that begin a command inside of a sentence; other spans are names of things.
PROGRAMS = ("bonafide", "dvc", "make", "python", "tools", "pip")


def wrong_bonafide(words):
    """Return what `bonafide` would say of a command line, or nothing; arguments may be missing or not there."""
    command, name = typer.main.get_command(app_of()), "bonafide"
    while words and hasattr(command, "commands"):
        if words[0] not in command.commands:
            return None if words[0] == "--help" else f"no command {words[0]}"
        name, command, words = f"{name} {words[0]}", command.commands[words[0]], words[1:]
    if hasattr(command, "commands"):
        return None
    try:
        command.make_context(name, list(words), resilient_parsing=False)
    except Exception as error:  # the library's own classes are not typer's public ones
        said = error.format_message() if hasattr(error, "format_message") else repr(error)
        return None if "Missing" in said or "does not exist" in said or "requires an argument" in said else said
    return None


def wrong_dvc(words):
    try:
        get_main_parser().parse_args(words)
    except (DvcParserError, SystemExit) as error:
        return f"dvc does not understand {words}: {error!r}"
    return None


def wrong_script(words):
    """Return which option a script of this repository does not have: they are named in its source."""
    path = ROOT / words[0]
    if not path.is_file():
        return f"no file {words[0]}"
    source = path.read_text(encoding="utf-8")
    lacking = [word for word in words[1:] if word.startswith("--") and f'"{word.partition("=")[0]}"' not in source]
    return f"{words[0]} has no {lacking}" if lacking else None


def wrong_pip(words):
    extras = {extra for word in words for names in re.findall(r"\[([\w,]+)\]", word) for extra in names.split(",")}
    known = set(re.findall(r"^(\w+) = \[", (ROOT / "pyproject.toml").read_text(), re.MULTILINE))
    return f"no extra {extras - known}" if extras - known else None


def wrong(words):
    """Return what is wrong with the words of a command, or nothing."""
    program, rest = words[0], words[1:]
    if program == "bonafide":
        return wrong_bonafide(rest)
    if program == "dvc":
        return wrong_dvc(rest)
    if program == "make":
        lacking = [word for word in rest if "=" not in word and word not in TARGETS]
        return f"no target {lacking}" if lacking else None
    if program in ("python", "python3", "sh") and rest and rest[0].startswith(("benchmarks/", "tools/", "stages/")):
        return wrong_script(rest)
    if program.startswith("tools/"):
        return wrong_script(words)
    return wrong_pip(rest) if program in ("pip", "pip3") else None


@pytest.mark.parametrize("line", LINES)
def test_a_command_in_a_block_exists_with_its_options(line):
    assert [each for each in map(wrong, simple_commands(line)) if each] == [], LINES[line]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_in_sentences_exist_with_their_options(page):
    commands = [
        words
        for span in spans_of(page)
        if span.partition(" ")[0].partition("/")[0] in PROGRAMS and " " in span.strip()
        for words in simple_commands(span)
    ]
    assert [each for each in map(wrong, commands) if each] == []


@pytest.mark.parametrize(
    "line",
    ["bonafide detekt a.wav", "bonafide detect a.wav --jsn", "bonafide folds --by colour", "bonafide corpus chek",
     "dvc reprod", "dvc repro --pulll", "make tea", "python benchmarks/nothing.py", "tools/nothing",
     "python benchmarks/load.py FOLDER --hours 5", "pip install '.[servce]'"],
)  # fmt: skip
def test_what_is_misspelt_is_seen(line):
    (words,) = simple_commands(line)
    assert wrong(words)
