"""Runs a stage as a command: paths in, exit codes out, no traceback for a user's mistake or a machine's fault."""

import argparse
import inspect
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from bonafide.errors import UserError
from bonafide.memory import keep_memory
from bonafide.pipeline.faults import sentence_of


def run(stage: Callable[..., None]) -> None:
    """Call `stage` with the paths of the command line, one for each of its parameters.

    DVC deletes the outs of a stage before it runs. Where it fails, those that git tracks are put back.

    Exit codes: 0 done, 1 the data, a setting or the machine is bad (said in one
    sentence), 2 wrong usage, 130 interrupted.
    """
    arguments = vars(_parser(stage).parse_args())
    keep_memory()
    try:
        _run(stage, arguments)
    except UserError as error:
        sys.exit(_say(stage, str(error), 1))
    except KeyboardInterrupt:
        sys.exit(_say(stage, "interrupted; a new run goes on from what is done", 130))
    except Exception as error:
        if not (sentence := sentence_of(error, arguments.values())):
            raise
        sys.exit(_say(stage, sentence, 1))


def _run(stage: Callable[..., None], arguments: dict[str, Path]) -> None:
    try:
        stage(**arguments)
    except BaseException:
        _put_back(arguments.values())
        raise


def _put_back(paths: Iterable[Path]) -> None:
    """Let git write those of its files at `paths` again that are gone."""
    try:
        gone = subprocess.run(
            ["git", "ls-files", "--deleted", "-z", "--", *map(str, paths)], capture_output=True, check=True
        ).stdout
        subprocess.run(["git", "checkout-index", "-z", "--stdin"], input=gone, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return  # no git, or a path outside its folder: then there is nothing to put back


def _parser(stage: Callable[..., None]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=inspect.getdoc(stage))
    for name in inspect.signature(stage).parameters:
        parser.add_argument(name, type=Path)
    return parser


def _say(stage: Callable[..., None], sentence: str, code: int) -> int:
    print(f"{stage.__name__}: {sentence}", file=sys.stderr, flush=True)
    return code
