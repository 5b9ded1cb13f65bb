"""People of a team, each with a clone, a home and a cache of their own, and the server that they share."""

import os

import pytest

from ..pipeline.conftest import Project, fresh  # noqa: F401 - a fixture
from .servers import KINDS


@pytest.fixture
def server(request, tmp_path):
    """The server that the test is marked by, for as long as it runs."""
    with KINDS[request.param](tmp_path / "server") as one:
        yield one


@pytest.fixture
def person(tmp_path):
    """Return a function that makes a member of the team: a clone of `origin` in an empty home."""

    def make(name, origin, **environment):
        home = tmp_path / name
        home.mkdir()
        own = Project(home / "clone", home / "dvc", HOME=str(home), BONAFIDE_WORKERS="2", **environment)
        Project(home, home / "dvc").git("clone", "--quiet", origin, own.root)
        return own

    return make


def of(*kinds):
    """Mark a test by the servers that it runs on, one after another."""
    marks = [pytest.param(kind, marks=getattr(pytest.mark, kind)) for kind in kinds]
    return pytest.mark.parametrize("server", marks, indirect=True)


def size_of(folder):
    """Return the bytes of all files in `folder`."""
    return sum((os.stat(os.path.join(place, name)).st_size) for place, _, names in os.walk(folder) for name in names)
