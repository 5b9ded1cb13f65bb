"""A .keras file outlives the place of the code that wrote it."""

import zipfile

import numpy as np

from bonafide.training.networks.statistics import statistics
from bonafide.training.saving import load_model, save_model

OLD_HOME, HOME = "bonafide.models.statistics", statistics.__module__  # of the layers, until the library had packages


def moved_back(path, target):
    """Copy a .keras file, with its layers where they were in version 0.1.0."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as old:
        for name in source.namelist():
            content = source.read(name)
            assert name != "config.json" or HOME.encode() in content
            old.writestr(name, content.replace(HOME.encode(), OLD_HOME.encode()))


def test_a_network_of_an_older_version_loads(tmp_path):
    model = statistics(64, 255, components=4, centres=3, experts=2, width=1.0)
    save_model(model, tmp_path / "new.keras")
    moved_back(tmp_path / "new.keras", tmp_path / "old.keras")
    crops = np.random.default_rng(1).normal(-40, 10, (2, 64, 255)).astype(np.float32)
    older = load_model(tmp_path / "old.keras")
    assert np.array_equal(older.predict(crops, verbose=0), model.predict(crops, verbose=0))
