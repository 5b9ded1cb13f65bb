"""What the tests of faults do to a project, and see of it."""

import shutil
import sys
import time
from pathlib import Path

COMMAND = "from bonafide.cli import main; main()"


def content(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("[!.]*.parquet"))}


def store_of(project):
    return project.root / ".bonafide" / "parts"


def damage(path):
    """Flip 64 bytes in the middle of a file, as a bad disk does."""
    path.chmod(0o644)
    whole = bytearray(path.read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 64] = bytes(255 - byte for byte in whole[middle : middle + 64])
    path.write_bytes(whole)
    path.chmod(0o444)


def wait_until(there, process, seconds=60):
    deadline = time.monotonic() + seconds
    while not there():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "nothing came in time"
        time.sleep(0.005)


def check(project, *arguments, code=0):
    done = project.run(sys.executable, "-c", COMMAND, "check", *arguments, code=code)
    return done.stdout + done.stderr


def workers_of(process):
    """Return the process ids of those that work for a stage."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def started_anew(project):
    """Return `dvc repro` at work on its first part, with nothing that it could take from DVC's cache."""
    shutil.rmtree(store_of(project))
    shutil.rmtree(project.root / ".dvc" / "cache")
    process = project.start(sys.executable, "-m", "dvc", "repro", "--force")
    wait_until(lambda: store_of(project).exists() and content(store_of(project)), process)
    return process


def objects_of(project):
    """Return the object of DVC's cache that holds each part."""
    folder = project.root / ".dvc" / "cache" / "files" / "md5"
    return [path for path in sorted(folder.glob("??/*")) if not path.name.endswith(".dir")]
