"""Reads and writes .keras files: the same network, the same bytes."""

import json
import re
import zipfile
from pathlib import Path

import bonafide.training.networks.registry  # noqa: F401 - Keras looks the layers of all networks up by their names
from bonafide.files import write_whole
from bonafide.training.backend import keras

SHARED = re.compile(r'("shared_object_id": )(\d+)')
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def load_model(path: Path) -> keras.Model:
    """Return the network in the .keras file `path`, of whichever kind it is."""
    return keras.saving.load_model(path)


def save_model(model: keras.Model, path: Path) -> None:
    """Write `model` to `path` as a .keras archive whose bytes depend on nothing but the model."""
    write_whole(path, lambda temporary: _save_timeless(model, temporary))


def _save_timeless(model: keras.Model, path: Path) -> None:
    """Save without what differs between runs: the clock, in entries and metadata, and addresses in memory."""
    saved = path.with_suffix(".saved.keras")
    try:
        model.save(saved)
        with zipfile.ZipFile(saved) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as target:
            for name in sorted(source.namelist()):
                content = source.read(name)
                if name == "metadata.json":
                    content = json.dumps({**json.loads(content), "date_saved": ""}).encode()
                if name == "config.json":
                    content = _number_shared(content.decode()).encode()
                target.writestr(zipfile.ZipInfo(name, ZIP_EPOCH), content)
    finally:
        saved.unlink(missing_ok=True)


def _number_shared(config: str) -> str:
    """Return the configuration with its shared objects numbered; Keras tells them apart by their address."""
    numbers: dict[str, int] = {}
    return SHARED.sub(lambda match: f"{match[1]}{numbers.setdefault(match[2], len(numbers))}", config)
