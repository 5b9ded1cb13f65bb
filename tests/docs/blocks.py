"""What README and docs have their readers type: fenced blocks, and commands inside of sentences and tables."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
SHELL = ("sh", "bash", "console", "shell")


@dataclass(frozen=True)
class Block:
    """A fenced block: where it stands, its language and its text."""

    name: str
    language: str
    text: str

    @property
    def lines(self) -> list[str]:
        """Its commands, without comments; what goes on after a backslash is one line."""
        joined = self.text.replace("\\\n", " ").splitlines()
        return [line for line in map(without_comment, joined) if line]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks_of(page: Path) -> list[Block]:
    found = FENCE.findall(page.read_text(encoding="utf-8"))
    return [Block(f"{name_of(page)} {number}", *each) for number, each in enumerate(found, 1)]


def spans_of(page: Path) -> list[str]:
    """Return what stands between backticks outside of blocks."""
    prose = FENCE.sub("", page.read_text(encoding="utf-8"))
    return [" ".join(span.split()) for span in SPAN.findall(prose)]


def without_comment(line: str) -> str:
    """Return a line up to the `#` that begins a comment of the shell."""
    quote = ""
    for at, letter in enumerate(line):
        if letter in "'\"":
            quote = "" if letter == quote else quote or letter
        elif letter == "#" and not quote and line[at - 1 : at] in ("", " "):
            return line[:at].strip()
    return line.strip()


def simple_commands(line: str) -> list[list[str]]:
    """Return the words of each command of a line, without variables before them and without redirections."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    commands, redirected = [[]], False
    for word in lexer:
        if set(word) <= set("|&;"):
            commands.append([])
        elif set(word) <= set("<>"):
            redirected = True
        elif redirected:
            redirected = False
        elif commands[-1] or not re.match(r"[A-Z_]+=", word):
            commands[-1].append(word)
    return [words for words in commands if words]


def sh_blocks() -> list[Block]:
    return [block for page in PAGES for block in blocks_of(page) if block.language in SHELL]
