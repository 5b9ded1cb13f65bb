"""Which of the package's modules a module uses, read from its imports without running it."""

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
BLOCKS = ("body", "orelse", "handlers", "finalbody", "cases")  # where statements hold others


@cache
def closure(path: Path) -> frozenset[Path]:
    """Return the modules of this package that the module at `path` imports, directly or through others.

    `__init__` files are left out: they hold no code that a result depends on, and a new version number must not
    recompute everything.
    """
    modules: set[Path] = set()
    waiting = [path]
    while waiting:
        new = _imported(waiting.pop()) - modules
        modules |= new
        waiting += new
    return frozenset(modules)


@cache
def code_version(path: Path) -> str:
    """Return a hash of the source of the module at `path` and of all that it uses."""
    sources = sorted(closure(path) | {path}, key=lambda module: module.as_posix())
    return hashlib.sha256(b"\0".join(source.read_bytes() for source in sources)).hexdigest()


def _imported(path: Path) -> set[Path]:
    names: set[str] = set()
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        else:  # expressions, most of a module, hold no imports
            waiting += [inner for block in BLOCKS for inner in getattr(node, block, ())]
    return {file for name in names if (file := _file_of(name)) is not None}


def _file_of(name: str) -> Path | None:
    package, *inner = name.split(".")
    if package != PACKAGE.name or not inner:
        return None
    file = PACKAGE.joinpath(*inner).with_suffix(".py")
    return file if file.exists() else None
