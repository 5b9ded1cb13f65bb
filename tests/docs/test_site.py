"""The pages of README and docs: their links and anchors, and the site that is made of them."""

import os
import re
import subprocess
import sys

import pytest

from .blocks import FENCE, PAGES, ROOT, name_of

LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
MOST_LINES = 135  # of the README: what a first hour needs


def dead_links(page):
    """Return the relative links of a page that lead nowhere, in a checkout as on the web."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = [first or second for first, second in LINK.findall(text)]
    files = {each.partition("#")[0] for each in targets if not re.match(r"\w+:|#", each)}
    return [file for file in files if not (page.parent / file).exists()]


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=name_of)
def test_every_relative_link_leads_to_a_file(page):
    assert dead_links(page) == []


def test_a_dead_link_is_seen(tmp_path):
    page = tmp_path / "page.md"
    page.write_text('[a](page.md#top) [b](gone.md) <img src="gone.png"> [c](https://example.org)\n```\n[d](e)\n```\n')
    assert sorted(dead_links(page)) == ["gone.md", "gone.png"]


def test_the_readme_is_what_a_first_hour_needs():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def built(config, site):
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", config, "--site-dir", site],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )


def test_the_site_is_built_without_a_warning_and_asks_nothing_of_others(tmp_path):
    pytest.importorskip("material", reason="needs the extra docs")
    done = built(ROOT / "mkdocs.yml", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.html")}
    assert {f"{page.stem}.html" for page in PAGES if page.name != "README.md"} | {"index.html"} <= pages.keys()
    loaded = [
        (name, url)
        for name, page in pages.items()
        for url in re.findall(r"<(?:script|img|iframe)\b[^>]*\bsrc=\"?(https?:[^\s\">]+)", page)
        + re.findall(r"<link\b[^>]*\brel=\"?stylesheet[^>]*\bhref=\"?(https?:[^\s\">]+)", page)
    ]
    assert loaded == []


def test_a_dead_anchor_ends_the_build(tmp_path):
    pytest.importorskip("material", reason="needs the extra docs")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# Top\n\n[there](index.md#nowhere)\n")
    checks = re.search(r"^validation:\n(?: .*\n)+", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)[0]
    (tmp_path / "mkdocs.yml").write_text(f"site_name: x\n{checks}")
    done = built(tmp_path / "mkdocs.yml", tmp_path / "site")
    assert done.returncode == 1 and "#nowhere" in done.stdout + done.stderr
