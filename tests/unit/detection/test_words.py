"""One word for each class on every surface: human, and AI."""

import re
from pathlib import Path

import pytest

import bonafide
from bonafide.detection.results import TITLES

PACKAGE = Path(bonafide.__file__).parent
TEXTS = sorted(path for path in PACKAGE.rglob("*") if path.suffix in (".py", ".js", ".html", ".md"))


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_nothing_calls_ai_by_another_name(path):
    others = r"machine-(made|generated)|(sounds like|probability of|spoke for|partly) a machine|synthetic voice"
    assert not re.findall(others, path.read_text(encoding="utf-8"), re.IGNORECASE)


def test_the_page_calls_verdicts_as_python_does():
    script = (PACKAGE / "web" / "words.js").read_text(encoding="utf-8")
    titles = re.search(r"TITLES = \{(.*?)\}", script, re.DOTALL)[1]
    pairs = re.findall(r'"?(\w[\w ]*)"?: "([^"]+)"', titles)
    assert dict(pairs) == dict(TITLES)
