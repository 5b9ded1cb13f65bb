"""Which detector answers: the one that is named, else BONAFIDE_MODEL's, else that of `bonafide use`, else the packaged.

`bonafide use` keeps a path in a file of the user's, not of a folder: a recording gets the same answer wherever one
stands. It is the path and not a copy, so that a detector that was trained anew answers at once.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bonafide.detection.registry import located
from bonafide.errors import UserError
from bonafide.files import DETECTOR, write_text

PACKAGED = "packaged"  # instead of a path
VARIABLE = "BONAFIDE_MODEL"
COMMAND = "`bonafide use`"
REMEDIES = {
    VARIABLE: f"set {VARIABLE} to another detector's file, or unset it",
    COMMAND: "make it again, or choose by `bonafide use MODEL`; `bonafide use --packaged` goes back",
}


@dataclass(frozen=True)
class Choice:
    """A detector, and what chose it.

    Attributes
    ----------
    model : Path or bytes or None
        Its ONNX file, or the content of one; None is the packaged one.
    by : str
        ``BONAFIDE_MODEL`` or ```bonafide use```; empty where it was named itself, or where nothing was chosen.
    """

    model: Path | bytes | None
    by: str = ""

    @property
    def name(self) -> str:
        """What it is called in results: its path, or ``packaged``, or nothing where it has no name."""
        return PACKAGED if self.model is None else "" if isinstance(self.model, bytes) else str(self.model)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Let a `UserError` of what is done with the detector say what chose it and what can be done."""
        try:
            yield
        except UserError as error:
            if not self.by:
                raise
            raise UserError(f"{error}; {self.by} chose this detector: {REMEDIES[self.by]}") from None


def choice_of(model: Path | str | bytes | None = None) -> Choice:
    """Return the detector that answers where `model` is given, or nothing is.

    Parameters
    ----------
    model : Path or str or bytes, optional
        The path of an ONNX file, the content of one, ``"packaged"``, or ``"REPO@TAG"``, which is fetched.
    """
    if isinstance(model, bytes):
        return Choice(model)
    given, by = ("" if model is None else str(model)), ""
    if not given and (given := os.environ.get(VARIABLE, "")):
        by = VARIABLE
    if not given and (given := chosen()):
        by = COMMAND
    return Choice(None if given in ("", PACKAGED) else located(given), by)


def model_text(name: str) -> str:
    """Return what a detector of this name is called in sentences."""
    return "the packaged detector" if name == PACKAGED else name


def chosen() -> str:
    """Return the path that `bonafide use` keeps, empty where it keeps none."""
    try:
        return _place().read_text(encoding="utf-8").strip()
    except (OSError, RuntimeError):  # no such file, or a service that has no home or may not look into it
        return ""


def choose(model: str) -> None:
    """Keep the absolute path of `model`, which `choice_of` takes as well, as that of the user's detector."""
    whole = located(model).absolute()
    try:
        write_text(_place(), f"{whole}\n")
    except (OSError, RuntimeError) as error:
        raise UserError(f"the choice cannot be kept ({error}): set {VARIABLE}={whole} instead") from None


def choose_packaged() -> None:
    """Forget what `bonafide use` keeps."""
    try:
        _place().unlink(missing_ok=True)
    except (OSError, RuntimeError) as error:
        raise UserError(f"the choice cannot be taken back ({error}): set {VARIABLE}={PACKAGED} instead") from None


def packaged_model() -> bytes:
    """Return the weights that come with the package."""
    try:
        return DETECTOR.read_bytes()
    except FileNotFoundError:
        raise UserError("this installation has no packaged weights: name a model, as models/bonafide.onnx") from None


def _place() -> Path:
    home = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(home) if home else Path.home() / ".config") / "bonafide" / "model"
