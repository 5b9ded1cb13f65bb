"""What several tests share: a small real corpus, and the folders of recordings beside the project where it has them."""

import hashlib
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bonafide.demo.build import build
from bonafide.demo.settings import DemoSettings
from bonafide.errors import UserError
from bonafide.pipeline.code_version import code_version

ROOT = Path(__file__).parents[1]
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # as it may be busy
settings.load_profile("any machine")
os.environ["BONAFIDE_MODEL"] = "packaged"  # whatever the user who runs the tests has chosen
SHARED = ROOT.parent / "shared"
KEPT = ROOT / ".bonafide" / "test-corpus"  # built once, as it takes downloads of some 14 MB
MOST_KEPT = 3  # versions: another test run may still read the last one

# Three languages, three channels, three vocoders: what the default split needs to leave no side without a class.
SMALL_CORPUS = DemoSettings(
    minutes=1.8,
    sources={"codec2": 2, "prompts-es-co": 2, "prompts-fr-armelle": 2},
    engines={"pico": 2, "espeak": 1},
    copy_share=0.5,
    min_seconds=1.5,
    max_seconds=5,
    seed=1,
)


@pytest.fixture(scope="session")
def small_corpus():
    """A corpus of some 60 clips (human/, ai/, clips.csv) that the default split can divide; read it, never write."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        pytest.skip("the small corpus needs apt-get and dpkg-deb")
    facts = [asdict(SMALL_CORPUS), code_version(ROOT / "bonafide" / "demo" / "build.py")]
    name = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
    kept = KEPT / name
    if not kept.exists():
        _build(kept)
    return kept


@pytest.fixture(scope="session")
def voices():
    return _beside("voices")


@pytest.fixture(scope="session")
def formats_dir():
    return _beside("formats")


@pytest.fixture(scope="session")
def noise_dir():
    return _beside("noise")


def _beside(name):
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"the recordings in {folder} are not on this machine")
    return folder


def _build(kept):
    """Build in folders of our own, so that two test runs at once do not meet, over the project's downloads."""
    home = KEPT / f".{os.getpid()}"
    downloads = ROOT / ".bonafide" / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    (home / "work").mkdir(parents=True)
    (home / "work" / "downloads").symlink_to(downloads)
    try:
        build(home / "corpus", SMALL_CORPUS, home / "work")
        if not kept.exists():
            (home / "corpus").rename(kept)
        for old in sorted(KEPT.glob("[!.]*"), key=lambda folder: folder.stat().st_mtime)[:-MOST_KEPT]:
            shutil.rmtree(old, ignore_errors=True)
    except UserError as error:
        if "network" in str(error) or "not installed" in str(error):
            pytest.skip(f"the small corpus cannot be built: {error}")
        raise
    finally:
        shutil.rmtree(home, ignore_errors=True)
