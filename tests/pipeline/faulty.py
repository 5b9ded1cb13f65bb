"""What the tests of faults do to a project, see of it, and hold docs/faults.md to."""

import re
import shutil
import sys
import time
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
COMMAND = "from bonafide.cli import main; main()"


def rows(section=""):
    """Return what docs/faults.md says of each fault, in its first table or that of a section, by its test's name."""
    text = PAGE.read_text(encoding="utf-8")
    text = text.partition(f"\n## {section}\n")[2] if section else text
    cells = [re.split(r" *\| *", line.strip("| ")) for line in text.partition("\n## ")[0].splitlines()]
    faults = [row for row in cells if len(row) == 3 and not row[0].startswith("---") and row[0] != "Fault"]
    return {f"test_fault_{fault.lower().replace(' ', '_')}": said for fault, said, _ in faults}


def fault_tests(file):
    """Return the names of a file's tests of faults, in their order."""
    return re.findall(r"^def (test_fault_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)


def documented(test, said):
    """Return a function that holds a text to the sentences, in backticks, of the row `said` has for `test`."""
    sentences = re.findall(r"`([^`]+)`", said[test])
    assert sentences, "the row must say it"

    def hold(text):
        for sentence in sentences:
            assert re.search(".*".join(map(re.escape, sentence.split("…"))), text), f"{sentence!r} not in {text!r}"
        assert "Traceback" not in text

    return hold


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
