"""`bonafide corpus`: what can be done with a corpus folder before the pipeline runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bonafide.commands.corpus_check import check
from bonafide.commands.corpus_copies import export, sample
from bonafide.commands.corpus_stats import stats
from bonafide.commands.corpus_track import track
from bonafide.errors import UserError

if TYPE_CHECKING:
    from bonafide.gathering import fetching

SHOWN = 12  # reasons of loss that the summary names; lost.csv has all

app = typer.Typer(no_args_is_help=True, help="Fetch, look at and keep corpora.")


@app.command()
def fetch(
    manifest: Annotated[Path, typer.Argument(help="A CSV file such as corpora/public-voices.csv.")],
    out: Annotated[Path, typer.Argument(help="The corpus folder; a run that was interrupted goes on in it.")],
    *,
    mirror: Annotated[
        Path | None, typer.Option(help="Local git repositories, OWNER+NAME/repo, to read in place of the network.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, max=16, help="Repositories at a time.")] = 4,
    pause: Annotated[float, typer.Option(min=0, help="Seconds between two requests to one host.")] = 1.0,
    accept_licenses: Annotated[
        bool, typer.Option("--accept-licenses", help="Fetch what states no licence or forbids commercial use, too.")
    ] = False,
) -> None:
    """Rebuild a corpus from a manifest of public clips: each is taken only where its bytes are what they were."""
    from bonafide.corpus.manifest import licenses, read_manifest
    from bonafide.gathering import fetching
    from bonafide.progress import track

    entries = read_manifest(manifest)
    stated = licenses(entries)
    print(f"{'clips':>7} {'sources':>7}  licence")
    for one in stated:
        print(f"{one.clips:>7} {one.sources:>7}  {one.name}{f' ({one.asks})' if one.asks else ''}")
    asking = sum(one.clips for one in stated if one.asks)
    if asking and not accept_licenses:
        raise UserError(
            f"{asking} clips state no licence or forbid commercial use: --accept-licenses fetches them, for your own"
            " research; none may be passed on"
        )
    repos = len({entry.repo for entry in entries})
    coming = fetching.fetch(entries, out, mirror=mirror, jobs=jobs, pause=pause)
    fetched = list(track(coming, total=repos, what="fetching"))
    fetching.write_table(fetched, out)
    _tell(fetched, out, len(entries))


app.command()(check)
app.command()(stats)
app.command()(sample)
app.command()(export)
app.command()(track)


def _tell(fetched: list["fetching.Fetched"], out: Path, wanted: int) -> None:
    there, new = sum(len(one.there) for one in fetched), sum(one.new for one in fetched)
    print(f"{out}: {there} of {wanted} clips are there, {new} of them new")
    losing = sorted((one for one in fetched if one.lost), key=lambda one: -len(one.lost))
    for one in losing[:SHOWN]:
        reasons = sorted(set(one.lost.values()))
        print(f"  {one.repo}: {len(one.lost)} clips are not: {'; '.join(reasons)}")
    if losing:
        raise UserError(f"{wanted - there} clips are not there: {out / 'lost.csv'} says why; a new run tries again")
