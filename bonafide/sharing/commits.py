"""What git has or is about to take and should not: recordings, which DVC keeps, and credentials."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bonafide.audio.formats import SUFFIXES
from bonafide.errors import UserError
from bonafide.text import counted, printable

CONFIG, LOCAL = ".dvc/config", ".dvc/config.local"
SECRET_OPTIONS = (
    "access_key_id", "secret_access_key", "session_token", "sse_customer_key", "password", "passphrase",
    "connection_string", "sas_token", "account_key", "client_secret", "token",
)  # fmt: skip
SECRET_VARIABLES = (
    "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_STORAGE_KEY", "AZURE_STORAGE_CONNECTION_STRING",
    "AZURE_STORAGE_SAS_TOKEN", "AZURE_CLIENT_SECRET",
)  # fmt: skip
OPTION = re.compile(rf"^\s*({'|'.join(SECRET_OPTIONS)})\s*=\s*(\S.*?)\s*$", re.MULTILINE)
WITH_PASSWORD = re.compile(r"\w+://[^/\s:@]*:[^/\s@]+@")
# What looks like a key, whoever's it is: of SSH and TLS, of Google's service accounts, of AWS.
KEYS = "-----BEGIN [A-Z ]*PRIVATE KEY-----|\\b(AKIA|ASIA)[0-9A-Z]{16}\\b"
SHORTEST = 8  # characters of a secret that is looked for; a shorter one would be found in innocent lines
SHOWN = 3


def refuse_recordings(folder: Path) -> None:
    """Refuse a corpus whose recordings git has, or would take with `git add .`.

    Raises
    ------
    UserError
        It names the first of them and the command that puts the folder under DVC.
    """
    there = recordings("--others", "--exclude-standard", "--", str(folder))
    if there:
        raise UserError(
            f"git would take {counted(len(there), 'recording')} of {folder}, {printable(there[0])} first:"
            f" `bonafide corpus track {folder}` puts them under DVC"
        )
    there = recordings("--", str(folder))
    if there:
        raise UserError(
            f"git has {counted(len(there), 'recording')} of {folder}, {printable(there[0])} first: `git rm -r --cached"
            f" {folder}` takes them out of git alone, then `bonafide corpus track {folder}` puts them under DVC"
        )


def recordings(*options: str) -> list[str]:
    """Return the recordings, by suffix, among what `git ls-files` names under `options`; none where there is no git."""
    listed = _git("ls-files", "-z", *options).split("\0")
    return [path for path in listed if Path(path).suffix.lower() in SUFFIXES]


def faults() -> Iterator[str]:
    """Yield a sentence for each thing among what git has or would commit next that must not leave this machine."""
    if there := recordings():
        shown = ", ".join(printable(path) for path in there[:SHOWN])
        yield (
            f"git has {counted(len(there), 'recording')}: {shown}{' and more' if len(there) > SHOWN else ''};"
            " `git rm --cached` takes one out of it, `bonafide corpus track` puts a folder under DVC"
        )
    if _git("ls-files", "--", LOCAL):
        yield f"git has {LOCAL}, where your credentials are: `git rm --cached {LOCAL}`"
    shared = _git("show", f":./{CONFIG}")
    for option, _ in OPTION.findall(shared):
        yield f"{CONFIG}, which git has, has a value of {option}: `dvc remote modify --local` keeps it in {LOCAL}"
    if WITH_PASSWORD.search(shared):
        yield f"{CONFIG} has a URL with a password in it, and git has that file"
    for path in _grep("-E", "-e", KEYS):
        yield f"{printable(path)} holds what looks like a private key, and git has that file"
    if values := secrets():
        for path in _grep("-F", "-f", "-", given="\n".join(values)):
            yield f"{printable(path)} holds one of your credentials, and git has that file"


def secrets() -> list[str]:
    """Return the secrets of this machine that are known: those of DVC's local config and of the environment."""
    local = Path(LOCAL)
    kept = OPTION.findall(local.read_text(encoding="utf-8", errors="replace")) if local.exists() else []
    values = [value for _, value in kept] + [os.environ.get(name, "") for name in SECRET_VARIABLES]
    return sorted({value for value in values if len(value) >= SHORTEST})


def _grep(*pattern: str, given: str = "") -> list[str]:
    """Return the files that hold `pattern` as git would commit them."""
    found = _git("grep", "--cached", "-l", "-z", "-I", *pattern, given=given)
    return [path for path in found.split("\0") if path]


def _git(*arguments: str, given: str = "") -> str:
    """Return what git prints; nothing where there is no git, no repository, or nothing of that kind."""
    try:
        done = subprocess.run(["git", *arguments], input=given.encode(), capture_output=True, check=False)
    except OSError:
        return ""
    return os.fsdecode(done.stdout) if done.returncode == 0 else ""
