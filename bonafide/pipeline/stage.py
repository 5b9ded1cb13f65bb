"""Runs a stage as a command: paths in, exit codes out, no traceback for a user's mistake."""

import argparse
import inspect
import sys
from collections.abc import Callable
from pathlib import Path

from bonafide.errors import UserError


def run(stage: Callable[..., None]) -> None:
    """Call `stage` with the paths of the command line, one for each of its parameters.

    Exit codes: 0 done, 1 the data or a setting is bad (said in one sentence), 2 wrong usage, 130 interrupted.
    """
    arguments = _parser(stage).parse_args()
    try:
        stage(**vars(arguments))
    except UserError as error:
        sys.exit(_say(stage, str(error), 1))
    except KeyboardInterrupt:
        sys.exit(_say(stage, "interrupted; a new run goes on from what is done", 130))


def _parser(stage: Callable[..., None]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=inspect.getdoc(stage))
    for name in inspect.signature(stage).parameters:
        parser.add_argument(name, type=Path)
    return parser


def _say(stage: Callable[..., None], sentence: str, code: int) -> int:
    print(f"{stage.__name__}: {sentence}", file=sys.stderr, flush=True)
    return code
