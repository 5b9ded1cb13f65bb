"""The command `bonafide`."""

import sys

import typer

from bonafide.commands import corpus, remote
from bonafide.commands.check import check
from bonafide.commands.collect import collect
from bonafide.commands.detect import detect
from bonafide.commands.explain import explain
from bonafide.commands.folds import folds
from bonafide.commands.formats import formats
from bonafide.commands.generate import generate
from bonafide.commands.info import info
from bonafide.commands.join import join
from bonafide.commands.preset import preset
from bonafide.commands.release import release
from bonafide.commands.search import search
from bonafide.commands.serve import serve
from bonafide.commands.use import use
from bonafide.errors import UserError, how_to_install
from bonafide.text import printable

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

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def bonafide() -> None:
    """Tell human voices from AI-generated ones."""


app.command()(check)
app.command()(collect)
app.add_typer(corpus.app, name="corpus")
app.command()(detect)
app.command()(explain)
app.command()(folds)
app.command()(formats)
app.command()(generate)
app.command()(info)
app.command()(join)
app.command()(preset)
app.command()(release)
app.add_typer(remote.app, name="remote")
app.command()(search)
app.command()(serve)
app.command()(use)


def main() -> None:
    """Run the command: exit code 1 and one sentence for what the user can mend, 2 for wrong usage."""
    try:
        app()
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
