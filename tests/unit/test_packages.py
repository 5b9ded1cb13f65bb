"""Which package of the library may use which: two towers, the light and the heavy one, on one ground."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import bonafide

PACKAGE = Path(bonafide.__file__).parent
GROUND = {"errors", "files", "memory", "processes", "progress", "text"}
# The light tower, which needs neither pandas, librosa nor TensorFlow, then the heavy one, from the bottom up.
LIGHT = {
    "audio": set(),
    "scoring": {"audio"},
    "detection": {"audio", "scoring"},
    "drawing": set(),
    "explain": {"audio", "scoring", "detection", "drawing"},
}
HEAVY = {
    "pipeline": set(),
    "corpus": {"audio", "pipeline"},
    "clips": {"audio", "corpus", "pipeline"},
    "training": {"audio", "scoring", "clips", "corpus", "pipeline"},
    "evaluation": {"audio", "scoring", "clips", "corpus", "pipeline"},
    "audit": {"audio", "scoring", "clips", "corpus", "evaluation", "pipeline"},
    "protocol": {"audio", "scoring", "clips", "corpus", "evaluation", "pipeline", "training"},
    "report": {"audio", "scoring", "drawing", "pipeline"},
    "demo": {"audio", "clips", "corpus", "pipeline"},
    "gathering": {"audio", "corpus", "demo"},
    "sharing": {"audio", "pipeline"},
}
DOORS = {
    "web": {"detection", "explain", "gathering", "scoring", "audio"},
    "commands": {*LIGHT, *HEAVY, "web"} - {"demo", "drawing"},
    "cli": {"commands"},
    "datasets": {"clips", "corpus", "pipeline"},
    "__init__": {"detection"},
    "weights": set(),
}
ALLOWED = {**{name: set() for name in GROUND}, **LIGHT, **HEAVY, **DOORS}
MODULES = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path for path in PACKAGE.rglob("*.py")}


def imports_of(path):
    """Names of the package's modules that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield from [name for name in (inner, node.module) if name in MODULES][:1]


def room(module):
    return module.split(".")[1]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_uses_the_packages_below_its_own_alone(module):
    used = {room(name) for name in imports_of(MODULES[module])} - {room(module)} - GROUND
    assert used <= ALLOWED[room(module)]


def test_the_heavy_tower_never_uses_what_users_see():
    users = {"detection", "explain", "web", "commands"}
    assert not [name for name, used in HEAVY.items() if used & users]


def test_no_modules_import_each_other_in_a_circle():
    TopologicalSorter({name: set(imports_of(path)) - {name} for name, path in MODULES.items()}).prepare()


@pytest.mark.parametrize("module", MODULES)
def test_the_library_never_imports_the_stages(module):
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not [name for name in names if name.partition(".")[0] == "stages"]


def test_the_picture_of_the_packages_is_drawn_from_the_code():
    tool = PACKAGE.parent / "tools" / "draw-architecture"
    checked = subprocess.run([sys.executable, tool, "--check"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


def test_every_package_has_its_paragraph():
    text = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert {name for name in packages if f"**{name}**" not in text and f"`{name}`" not in text} == set()
