"""People of a team, each with a clone, a home and a cache of their own, and the server that they share."""

import shutil

import pytest

from ..pipeline.conftest import ROOT, Project, fresh, laid_out, reproduced, shared_folder  # noqa: F401 - fixtures
from .servers import KINDS


@pytest.fixture
def server(request, tmp_path):
    """The server that the test is marked by, for as long as it runs."""
    with KINDS[request.param](tmp_path / "server") as one:
        yield one


@pytest.fixture(scope="session")
def first(fresh):  # noqa: F811 - a fixture
    """The project of who begins: a corpus of their own under DVC, its clips prepared; copy it, never change it."""
    project = fresh("first", BONAFIDE_WORKERS="1")
    shutil.move(project.root / "data" / "raw", project.root / "my-corpus")
    said = project.run("bonafide", "corpus", "track", "my-corpus", "--use").stdout
    assert "next: git add my-corpus.dvc .gitignore params.yaml" in said
    assert project.repro("prepare") == ["catalog", "prepare"]
    project.commit("my corpus")
    return project


@pytest.fixture
def ann(first, server, tmp_path):
    """Who has begun: the project is copied, its remote named and committed, and all of it pushed."""
    own = first.copy(tmp_path / "ann", **server.environment)
    assert "is new" in own.run("bonafide", "remote", "set", server.url, *server.options).stdout
    own.commit("a remote")
    assert own.run("bonafide", "remote", "push").stdout.endswith("4 parts newly shared\n")
    return own


@pytest.fixture
def person(tmp_path):
    """Return a function that makes a member of the team: a clone of `origin` in an empty home, with its remote."""

    def make(name, origin, server):
        home = tmp_path / name
        home.mkdir()
        own = Project(home / "clone", home / "dvc", HOME=str(home), BONAFIDE_WORKERS="1", **server.environment)
        Project(home, home / "dvc").git("clone", "--quiet", origin, own.root)
        if "--keyfile" in server.options:  # what is one's own does not come with the clone
            own.run("bonafide", "remote", "set", server.url, *server.options)
        return own

    return make


@pytest.fixture
def ben(ann, person, server):
    """A colleague of Ann's, who has pulled nothing yet."""
    return person("ben", ann.root, server)


@pytest.fixture
def bare(tmp_path):
    """A project of git and DVC with nothing in it."""
    (tmp_path / "bare").mkdir()
    project = Project(tmp_path / "bare", tmp_path / "dvc", HOME=str(tmp_path), PYTHONPATH=str(ROOT))
    project.git("init", "--quiet")
    project.dvc("init", "--quiet")
    return project


def of(*kinds, slow=()):
    """Mark a test by the servers that it runs on, one after another; `slow` ones are left to `make test-slow`."""
    marks = [pytest.param(kind, marks=getattr(pytest.mark, kind)) for kind in kinds]
    marks += [pytest.param(kind, marks=[getattr(pytest.mark, kind), pytest.mark.slow]) for kind in slow]
    return pytest.mark.parametrize("server", marks, indirect=True)


def size_of(folder):
    """Return the bytes of all files in `folder`."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def add_clip(corpus, name, sibling="human"):
    """Put a new clip into `corpus`, whose sound is the end of another's, and what is known of it into clips.csv."""
    import soundfile

    source = max((corpus / sibling).rglob("*.flac"), key=lambda path: (path.stat().st_size, path.name))
    samples, rate = soundfile.read(source)
    new = source.with_name(f"{name}.flac")
    soundfile.write(new, samples[len(samples) // 4 :], rate)
    table = corpus / "clips.csv"
    old = source.relative_to(corpus).as_posix()
    line = next(line for line in table.read_text().splitlines() if line.startswith(f"{old},"))
    pair = line.replace(old, new.relative_to(corpus).as_posix())
    with table.open("a") as file:
        file.write(f"{pair}\n")
    return new
