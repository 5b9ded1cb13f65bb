"""The command `bonafide`."""

import sys
from importlib import import_module

import typer

from bonafide.errors import UserError, how_to_install
from bonafide.memory import keep_memory
from bonafide.text import printable

# Each is a module of bonafide.commands with a function of its name, or with an `app` where it is a group of them.
COMMANDS = (
    *("check", "collect", "corpus", "detect", "explain", "folds", "formats", "generate", "info", "join", "preset"),
    *("release", "remote", "search", "serve", "use"),
)
# What pip installs beside the light detector for these commands.
EXTRAS = {
    "check": "pipeline",
    "corpus check": "pipeline",
    "corpus export": "pipeline",
    "corpus sample": "pipeline",
    "corpus stats": "pipeline",
    "corpus track": "pipeline",
    "detect": "pipeline,cluster",  # where BONAFIDE_EXECUTOR names a cluster
    "folds": "pipeline",
    "preset": "pipeline",
    "release": "pipeline",
    "remote": "pipeline",
    "search": "pipeline,search",
    "serve": "service",
}
INTERRUPTED, GOES_ON = 130, "interrupted; a new run goes on from what is done"


def app_of(name: str = "") -> typer.Typer:
    """Return the command with all that it can do, or with the one of `COMMANDS` that is asked for, which takes less."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(bonafide)
    for each in [name] if name in COMMANDS else COMMANDS:
        module = import_module(f"bonafide.commands.{each}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=each)
        else:
            app.command()(getattr(module, each))
    return app


def bonafide() -> None:
    """Tell human voices from AI-generated ones."""


def main() -> None:
    """Run the command: exit code 1 and one sentence for what the user can mend, 2 for wrong usage."""
    keep_memory()
    try:
        app_of(*sys.argv[1:2])()
    except UserError as error:
        sys.exit(_say(str(error), 1))
    except ModuleNotFoundError as error:
        module = str(error.name).partition(".")[0]
        command = next((name for name in (sys.argv[1], " ".join(sys.argv[1:3])) if name in EXTRAS), "")
        if not command or module == "bonafide":
            raise
        sys.exit(_say(f"'{command}' needs {module}: {how_to_install(EXTRAS[command])}", 1))
    except SystemExit as end:
        if end.code == INTERRUPTED:  # typer turns Ctrl-C into this and says nothing
            _say(GOES_ON, INTERRUPTED)
        raise
    except KeyboardInterrupt:
        sys.exit(_say(GOES_ON, INTERRUPTED))


def _say(sentence: str, code: int) -> int:
    # A file, a name in it or a library's error may be part of it: nothing reaches the terminal that it would act on.
    lines = [printable(line) for line in f"bonafide: {sentence}".split("\n")]
    print(*lines, sep="\n", file=sys.stderr, flush=True)
    return code
