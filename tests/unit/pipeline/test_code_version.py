"""The code version of a function changes with all the code that it runs, and with no other."""

import ast
from pathlib import Path

import pytest

import bonafide
from bonafide.pipeline import code_version as module
from bonafide.pipeline.code_version import closure, code_version

PACKAGE = Path(bonafide.__file__).parent
COMMAND = PACKAGE / "cli.py"
MODULES = {
    "top.py": "from bonafide.middle import thing\nimport numpy\n",
    "middle.py": "def thing():\n    import bonafide.deep.low as low\n    return low\n",
    "deep/__init__.py": "",
    "deep/low.py": "from bonafide import side, top\n",  # and round again
    "side.py": "x = 1\n",
    "apart.py": "from bonafide import side\n",
    "__init__.py": "__version__ = '1'\n",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "bonafide"
    for name, source in MODULES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(source)
    monkeypatch.setattr(module, "PACKAGE", folder)
    return folder


def version(path):
    closure.cache_clear()
    code_version.cache_clear()
    return code_version(path)


def test_the_closure_goes_through_others_and_round(package):
    names = {path.relative_to(package).as_posix() for path in closure(package / "top.py")}
    assert names == {"middle.py", "deep/low.py", "side.py", "top.py"}
    assert {path.name for path in closure(package / "apart.py")} == {"side.py"}


@pytest.mark.parametrize(
    "block",
    [
        "if True:\n    {}\nelse:\n    pass",
        "if True:\n    pass\nelif 1:\n    {}",
        "for x in []:\n    pass\nelse:\n    {}",
        "try:\n    {}\nfinally:\n    pass",
        "try:\n    pass\nexcept OSError:\n    {}",
        "try:\n    pass\nfinally:\n    {}",
        "try:\n    pass\nexcept* OSError:\n    {}",
        "match 1:\n    case 1:\n        {}",
        "with open('x'):\n    {}",
        "class Thing:\n    async def there(self):\n        {}",
    ],
)
def test_an_import_counts_in_whatever_block_it_stands(package, block):
    (package / "inner.py").write_text(block.format("from bonafide import side"))
    assert {path.name for path in closure(package / "inner.py")} == {"side.py"}


@pytest.mark.parametrize("changed", ["top.py", "middle.py", "deep/low.py", "side.py"])
def test_a_change_to_any_module_in_use_changes_the_version(package, changed):
    before = version(package / "top.py")
    (package / changed).write_text(MODULES[changed] + "# changed\n")
    assert version(package / "top.py") != before


@pytest.mark.parametrize("changed", ["apart.py", "__init__.py", "deep/__init__.py"])
def test_a_change_to_anything_else_does_not(package, changed):
    before = version(package / "top.py")
    (package / changed).write_text(MODULES[changed] + "# changed\n")
    assert version(package / "top.py") == before


def test_a_script_outside_the_package_has_a_version_too(package, tmp_path):
    script = tmp_path / "stage.py"
    script.write_text("from bonafide.side import x\n")
    assert closure(script) == {package / "side.py"}
    before = version(script)
    (package / "side.py").write_text("x = 2\n")
    assert version(script) != before


# The command loads what it is asked for by name, and is no part of what makes a result.
@pytest.mark.parametrize(
    "path", sorted({*PACKAGE.rglob("*.py")} - {COMMAND}), ids=lambda path: path.relative_to(PACKAGE).as_posix()
)
def test_the_package_imports_in_no_way_that_the_closure_does_not_see(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        assert not (isinstance(node, ast.ImportFrom) and node.level), "a relative import"
        called = getattr(getattr(node, "func", None), "attr", getattr(getattr(node, "func", None), "id", ""))
        assert called not in ("import_module", "__import__"), "an import by name"


def test_no_stage_goes_by_the_command():
    assert not [stage for stage in (PACKAGE.parent / "stages").glob("*.py") if COMMAND in closure(stage)]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("__init__.py")), ids=lambda path: path.parent.name)
def test_init_files_hold_no_code_that_a_result_depends_on(path):
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if path.parent == PACKAGE and isinstance(node, ast.FunctionDef):
            assert node.name == "__getattr__"  # `from bonafide import Detector`, which no stage does
            continue
        assert isinstance(node, ast.Expr | ast.Assign)
        ast.literal_eval(node.value)


def test_a_change_to_the_training_recomputes_no_features():
    used = {path.relative_to(PACKAGE).as_posix() for path in closure(PACKAGE / "clips" / "features.py")}
    assert {"audio/conditioning.py", "audio/spectrogram.py", "pipeline/parts.py", "pipeline/tables.py"} <= used
    assert {name.partition("/")[0] for name in used if "/" in name} == {"audio", "corpus", "pipeline"}
    prepared = {path.relative_to(PACKAGE).as_posix() for path in closure(PACKAGE / "clips" / "preparation.py")}
    assert not {"audio/spectrogram.py", "clips/augmentation.py", "clips/features.py"} & prepared
