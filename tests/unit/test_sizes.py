"""What a person can read in one sitting: modules of at most 300 lines, functions of at most 40."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("bonafide", "stages", "benchmarks", "tools", "tests")
MOST_LINES = 300  # of a module
MOST_OF_A_FUNCTION = 40  # lines below its signature and docstring
REASON = "# long:"  # on the line above a function that is longer: why it is not cut


def is_code(path):
    return path.suffix in (".py", ".js") or (path.parent.name == "tools" and path.is_file() and not path.suffix)


MODULES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if is_code(path))
PYTHON = [path for path in MODULES if path.suffix == ".py" or "python" in path.read_text().partition("\n")[0]]


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def long_functions(source):
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[min(len(node.body) - 1, ast.get_docstring(node, clean=False) is not None)]
            start = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            excused = lines[start - 2].strip().startswith(REASON)
            if node.end_lineno - first.lineno + 1 > MOST_OF_A_FUNCTION and not excused:
                yield node.name


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_is_longer_than_a_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_no_function_is_longer_than_a_page_without_a_reason(path):
    assert list(long_functions(path.read_text(encoding="utf-8"))) == []


def test_a_long_function_is_seen_and_a_reason_excuses_it():
    source = "def f():\n" + "    x = 1\n" * (MOST_OF_A_FUNCTION + 1)
    assert list(long_functions(source)) == ["f"]
    assert list(long_functions(f"{REASON} a table\n{source}")) == []
