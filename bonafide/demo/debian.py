"""Files of Debian packages without root and without a trace on the system.

apt downloads and verifies as always, only that its state, lists and cache lie in a folder of ours. The
system's own sources say where packages come from.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bonafide.errors import UserError
from bonafide.files import sha256, write_text
from bonafide.progress import track

# What a system may have hung onto updates (caches to clean, catalogues to refresh) is none of ours. As root,
# apt would also drop to a user of its own, who cannot write into our folder.
CONFIGURATION = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Sandbox::User "root";
Acquire::Retries "3";
Acquire::Languages "none";
"""
OFFER = re.compile(r"^'[^']*' (?P<file>\S+) (?P<bytes>\d+)", re.MULTILINE)
MEGABYTE = 1e6


@dataclass(frozen=True)
class Package:
    """A package on disk: name, version, the SHA-256 of its file and the folder that it is unpacked in."""

    name: str
    version: str
    sha256: str
    root: Path


def fetch(names: Sequence[str], downloads: Path, unpacked: Path) -> dict[str, Package]:
    """Return the packages `names` unpacked under `unpacked`; `downloads` keeps what was got before.

    Raises
    ------
    UserError
        Where there is no apt, and when a package cannot be had; it names the package.
    """
    missing = [name for name in names if _file(downloads, name) is None]
    if missing:
        _need("apt-get")
        _download(missing, downloads)
    _need("dpkg-deb")
    return {name: _unpack(name, downloads, unpacked) for name in names}


def offers(listing: str) -> dict[str, int]:
    """Return the size in bytes of each package that the output of ``apt-get download --print-uris`` lists."""
    return {match["file"].partition("_")[0]: int(match["bytes"]) for match in OFFER.finditer(listing)}


def _need(command: str) -> None:
    if shutil.which(command) is None:
        raise UserError(
            f"the demo corpus needs {command}, which Debian and Ubuntu have: build it there or in a Debian"
            " container, or put recordings of your own into data/raw"
        )


def _download(names: Sequence[str], downloads: Path) -> None:
    partial = (downloads / "partial").resolve()
    partial.mkdir(parents=True, exist_ok=True)
    apt = _apt(downloads.resolve())
    updated = _run([*apt, "update"], partial)
    listing = _run([*apt, "download", "--print-uris", *names], partial)
    sizes = offers(listing.stdout)
    if absent := [name for name in names if name not in sizes]:
        why = _last_line(updated.stderr + listing.stderr)
        raise UserError(
            f"apt knows no package {', '.join(absent)} ({why}): the demo corpus is made of packages of"
            " Debian 12; check the network and apt's sources, then run again"
        )
    total = sum(sizes.values()) / MEGABYTE
    sys.stderr.write(f"{total:.0f} MB in {len(names)} Debian packages are to be downloaded to {downloads}\n")
    for name in track(names, total=len(names), what="downloading packages"):
        _download_one(name, apt, partial, downloads)


def _download_one(name: str, apt: list[str], partial: Path, downloads: Path) -> None:
    done = _run([*apt, "download", name], partial)
    package = _file(partial, name)
    if done.returncode or package is None:
        raise UserError(
            f"package {name} cannot be downloaded ({_last_line(done.stderr)}): check the network and run"
            " again, what is already there is kept"
        )
    package.replace(downloads / package.name)


def _apt(home: Path) -> list[str]:
    write_text(home / "apt" / "apt.conf", CONFIGURATION)
    places = {"Dir::State": "state", "Dir::State::Lists": "lists", "Dir::Cache": "cache", "Dir::Log": "log"}
    for place in places.values():
        (home / "apt" / place / "partial").mkdir(parents=True, exist_ok=True)
    (home / "apt" / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    options = [part for key, place in places.items() for part in ("-o", f"{key}={home / 'apt' / place}")]
    return ["apt-get", "-q", "-c", str(home / "apt" / "apt.conf"), *options]


def _file(folder: Path, name: str) -> Path | None:
    """Return the newest of the files of package `name` in `folder`; none where there is no such file."""
    return max(folder.glob(f"{name}_*.deb"), key=lambda file: file.stat().st_mtime_ns, default=None)


def _unpack(name: str, downloads: Path, unpacked: Path) -> Package:
    file = _file(downloads, name)
    assert file is not None
    root = unpacked / file.stem
    if not root.exists():
        temporary = unpacked / f".{file.stem}.{os.getpid()}"
        temporary.mkdir(parents=True, exist_ok=True)
        done = _run(["dpkg-deb", "-x", str(file), str(temporary)], downloads.parent)
        if done.returncode:
            shutil.rmtree(temporary)
            raise UserError(f"{file} is no whole Debian package ({_last_line(done.stderr)}): delete it and run again")
        temporary.rename(root)
    return Package(name, _version(file), sha256(file), root)


def _version(file: Path) -> str:
    return file.stem.split("_")[1].replace("%3a", ":")


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "apt says nothing more")
