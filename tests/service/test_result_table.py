"""`bonafide detect --out --resume`: killed in the middle and started again, nothing is judged twice or lost."""

import csv
import json
import signal
import subprocess
import sys
import time

import pytest
import soundfile

COMMAND = [sys.executable, "-c", "from bonafide.cli import main; main()", "detect"]
RATE = 16000
HEAD = "path,verdict,p_ai,llr,seconds,reason,model,model_sha256,threshold,channels"


def detect(*arguments, cwd):
    return subprocess.run([*COMMAND, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=120)


@pytest.fixture
def folder(speech, tmp_path):
    """Twenty recordings in folders, of which one cannot be read and one has a name that needs quotes."""
    for number in range(18):
        home = tmp_path / "recordings" / f"{number % 3}"
        home.mkdir(parents=True, exist_ok=True)
        soundfile.write(home / f"{number:02}.wav", speech[number * 3200 :][: 2 * RATE], RATE)
    (tmp_path / "recordings" / "broken.wav").write_text("no recording")
    soundfile.write(tmp_path / "recordings" / 'a "b",\nc.wav', speech[: 3 * RATE], RATE)
    return tmp_path


def rows_of(path):
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("suffix", "jobs"), [(".csv", 2), (".jsonl", 1)])
def test_killed_in_the_middle_it_goes_on_where_it_was(folder, suffix, jobs):
    whole, table = folder / f"whole{suffix}", folder / f"table{suffix}"
    assert detect("recordings", "--out", whole.name, cwd=folder).returncode == 1  # one cannot be read
    command = [*COMMAND, "recordings", "--out", table.name, "--resume", "--jobs", str(jobs)]
    for least in (3, 9):
        with subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL) as process:
            while not table.exists() or table.read_bytes().count(b"\n") < least:
                assert process.poll() is None
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
    before = table.read_bytes()
    there = before[: before.rindex(b"\n") + 1]
    table.write_bytes(there + {".csv": b'"recordings/a ""b"",\n', ".jsonl": b'{"path": "reco'}[suffix])  # cut short
    ran = detect("recordings", "--out", table.name, "--resume", "--jobs", jobs, cwd=folder)
    assert ran.returncode == 1, ran.stderr
    assert table.read_bytes().startswith(there)  # judged once
    assert rows_of(table) == rows_of(whole)
    assert len(rows_of(table)) == 20


def test_what_is_new_is_added_and_what_is_there_is_not_read(folder):
    assert detect("recordings/0", "--out", "t.csv", cwd=folder).returncode == 0
    before = (folder / "t.csv").read_text()
    assert before.startswith(HEAD + "\n")
    for path in (folder / "recordings" / "0").iterdir():
        path.write_text("not read again")
    (folder / "recordings" / "1" / "01.wav").rename(folder / "recordings" / "0" / "zz.wav")
    ran = detect("recordings/0", "--out", "t.csv", "--resume", cwd=folder)
    assert (ran.returncode, ran.stdout) == (0, "")
    after = (folder / "t.csv").read_text()
    assert after.startswith(before)
    assert [row["path"] for row in rows_of(folder / "t.csv")][-1] == "recordings/0/zz.wav"
    assert after.count("\n") == before.count("\n") + 1


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["--out", "t.csv"], 1, "--resume goes on with it"),
        (
            ["--out", "t.csv", "--resume", "--threshold", "0.5"],
            1,
            "another threshold ('balanced', not '0.5')",
        ),
        (["--out", "t.csv", "--resume", "--channels", "mix"], 1, "another channels"),
        (["--out", "t.txt"], 1, "ends in .csv or .jsonl"),
        (["--out", "none/t.csv"], 1, "cannot be written"),
        (["--out", "mine.csv", "--resume"], 1, "is no table that"),
        (["--out", "mine.jsonl", "--resume"], 1, "is no table that"),
        (["--resume"], 2, "--resume needs --out"),
        (["--out", "u.csv", "--json"], 2, "choose one of"),
    ],
)
def test_no_table_of_another_kind_is_touched(folder, arguments, code, why):
    detect("recordings/0", "--out", "t.csv", cwd=folder)
    (folder / "mine.csv").write_text("my,own,table")
    (folder / "mine.jsonl").write_text('{"my": "own"}\n')
    before = {path: path.read_bytes() for path in sorted(folder.glob("*.*"))}
    ran = detect("recordings/0", *arguments, cwd=folder)
    assert ran.returncode == code
    assert why in " ".join(ran.stderr.replace("│", " ").split())
    assert {path: path.read_bytes() for path in sorted(folder.glob("*.*"))} == before


def test_two_runs_do_not_write_to_one_table(folder):
    command = [*COMMAND, "-", "--out", "t.csv"]
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as first:
        while not (folder / "t.csv").exists():
            time.sleep(0.01)
        ran = detect("recordings/0", "--out", "t.csv", "--resume", cwd=folder)
        first.kill()
    assert (ran.returncode, "another run writes to t.csv" in ran.stderr) == (1, True)


def test_memory_does_not_grow_with_the_number_of_names(folder):
    """Of 20,000 recordings, nearly all of which have their row."""
    code = (
        "import resource, sys; from bonafide.cli import app; sys.argv[0] = 'bonafide'\n"
        "try: app()\n"
        "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    peaks = []
    for name, folders in (("few", 1), ("many", 100)):
        detect("recordings/0/00.wav", "--out", f"{name}.csv", cwd=folder)
        head, row = (folder / f"{name}.csv").read_text().splitlines()
        names = [f"{name}/{number // 200}/{number:05}.wav" for number in range(200 * folders)]
        for path in names:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).touch()
        rows = [row.replace("recordings/0/00.wav", path) for path in names[:-1]]
        (folder / f"{name}.csv").write_text("\n".join([head, *rows, ""]))
        line = [sys.executable, "-c", code, "detect", name, "--out", f"{name}.csv", "--resume"]
        ran = subprocess.run(line, cwd=folder, capture_output=True, text=True)
        assert len(rows_of(folder / f"{name}.csv")) == len(names), ran.stderr
        peaks.append(int(ran.stderr.split()[-1]) / 1024)
    assert peaks[1] - peaks[0] < 4  # MB
