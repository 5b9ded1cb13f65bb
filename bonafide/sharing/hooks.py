"""What git runs by itself in a clone: a check before each commit."""

import subprocess
from pathlib import Path

from bonafide.errors import UserError

HOOK = """#!/bin/sh
# Of `bonafide remote hooks`: no recording and no credential goes into git.
exec '{command}' remote check
"""


def install(command: Path) -> Path:
    """Let git call `command`, the program `bonafide`, before each commit; return the hook.

    Raises
    ------
    UserError
        When there is no git, or another hook than this one.
    """
    hook = Path(_git("rev-parse", "--git-path", "hooks")) / "pre-commit"
    text = HOOK.format(command=command)
    if hook.exists() and "bonafide remote hooks" not in hook.read_text(encoding="utf-8", errors="replace"):
        raise UserError(f"{hook} is there already: add the line `{command} remote check` to it")
    hook.parent.mkdir(parents=True, exist_ok=True)
    hook.write_text(text, encoding="utf-8")
    hook.chmod(0o755)
    return hook


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    except OSError:
        raise UserError("there is no git here") from None
    except subprocess.CalledProcessError as error:
        raise UserError(f"git says: {error.stderr.strip().removeprefix('fatal: ')}") from None
    return done.stdout.strip()
