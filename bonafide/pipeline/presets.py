"""Presets: settings that belong together, as what they change of a params file."""

from dataclasses import dataclass
from pathlib import Path

from bonafide.errors import UserError
from bonafide.files import write_text
from bonafide.pipeline.editing import read_texts, with_texts


@dataclass(frozen=True)
class Preset:
    """A file of dotted keys and their values; its first line says in a comment what it is for."""

    path: Path

    @property
    def name(self) -> str:
        """What it is called by."""
        return self.path.stem

    @property
    def about(self) -> str:
        """What it is for."""
        return self.path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("#").strip()

    @property
    def texts(self) -> dict[str, str]:
        """The YAML text of each value, by dotted key."""
        return read_texts(self.path)


def presets(folder: Path) -> list[Preset]:
    """Return the presets in `folder`, by name."""
    return [Preset(path) for path in sorted(folder.glob("*.yaml"))]


def apply(name: str, folder: Path, params: Path) -> Preset:
    """Write what the preset `name` of `folder` says into the file `params`, and return it.

    Raises
    ------
    UserError
        When there is no such preset or file, or the preset has a key that the params have not.
    """
    chosen = {preset.name: preset for preset in presets(folder)}
    if name not in chosen:
        there = ", ".join(chosen) or f"none in {folder}: run in the project's top folder"
        raise UserError(f"there is no preset '{name}'; there is {there}")
    try:
        document = params.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"{params} does not exist: run in the project's top folder") from None
    preset = chosen[name]
    write_text(params, with_texts(document, preset.texts, str(preset.path)))
    return preset
