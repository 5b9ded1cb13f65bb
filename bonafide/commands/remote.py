"""`bonafide remote`: storage that a team shares."""

from typing import Annotated

import typer

from bonafide.errors import UserError
from bonafide.text import counted, listed, printable

app = typer.Typer(no_args_is_help=True, help="Share data, models and computed parts through a remote of DVC's.")
SHOWN = 12

Name = Annotated[str, typer.Option("--remote", help="Which remote; without it the default one.")]


@app.command("set")
def set_(
    url: Annotated[str, typer.Argument(help="A folder, s3://, ssh://, gs://, azure://, or http:// to read alone.")],
    *,
    name: Annotated[str, typer.Option(help="What DVC calls it.")] = "storage",
    endpoint: Annotated[str, typer.Option(help="Of S3 or GS elsewhere than at Amazon or Google.")] = "",
    region: Annotated[str, typer.Option(help="Of S3.")] = "",
    profile: Annotated[str, typer.Option(help="Of ~/.aws, yours.")] = "",
    user: Annotated[str, typer.Option(help="Of SSH, yours.")] = "",
    keyfile: Annotated[str, typer.Option(help="Of SSH or GS, yours.")] = "",
    keep_keys: Annotated[
        bool, typer.Option("--keep-keys", help="Keep the keys of the environment in .dvc/config.local.")
    ] = False,
) -> None:
    """Make a remote the default one: its folder or bucket is made where there is none, and tried.

    What is yours (keys, key file, user) goes into .dvc/config.local, which git never has, or stays in the environment.
    """
    from bonafide.sharing.remotes import planned, reach, save
    from bonafide.sharing.store import repository

    given = {"endpoint": endpoint, "region": region, "profile": profile, "user": user, "keyfile": keyfile}
    remote = planned(url, name, given, keep_keys=keep_keys)
    with repository() as repo:
        if made := reach(remote):
            print(f"{made} is new")
        save(repo, remote)
    print(f"{name} is {remote.shared['url']} now; it answers")
    own = f", .dvc/config.local has {', '.join(sorted(remote.own))}, and git never" if remote.own else ""
    print(f".dvc/config has {', '.join(sorted(remote.shared))}: git add .dvc/config{own}")


@app.command()
def status(remote: Name = "") -> None:
    """Say what of this state is not pushed."""
    from bonafide.pipeline.checked_parts import store_folder
    from bonafide.sharing import parts
    from bonafide.sharing.store import missing_files, remote_of, repository

    with repository() as repo:
        there = remote_of(repo, remote)
        config = repo.config["remote"][there.name]
        print(f"{there.name}: {printable(config['url'])}")
        missing = missing_files(repo, remote)
        unshared = parts.unshared(there, store_folder())
    print(f"{counted(len(missing), 'file')} of this state not pushed{':' if missing else ''}")
    for path in missing[:SHOWN]:
        print(f"  {printable(path)}")
    if len(missing) > SHOWN:
        print(f"  and {len(missing) - SHOWN} more")
    print(f"{counted(unshared, 'part')} not shared")
    if missing or unshared:
        print("next: bonafide remote push")


@app.command()
def check() -> None:
    """Refuse recordings and credentials among what git has or would commit next: a hook for `git commit`."""
    from bonafide.sharing.commits import faults

    if there := list(faults()):
        raise UserError("; ".join(there))


@app.command()
def hooks() -> None:
    """Have git call `bonafide remote check` before each commit, in this clone."""
    import sys
    from pathlib import Path

    from bonafide.sharing.hooks import install

    hook = install(Path(sys.executable).with_name("bonafide"))
    print(f"{hook} looks for recordings and credentials from now on")


@app.command()
def verify(
    *,
    mend: Annotated[
        bool, typer.Option("--mend", help="Replace what is damaged from DVC's cache here; remove the rest.")
    ] = False,
    remote: Name = "",
) -> None:
    """Read every object of the remote and say which are damaged: neither DVC nor the server does. Exit code 1 then."""
    from bonafide.sharing import objects
    from bonafide.sharing.store import remote_of, repository

    with repository() as repo:
        there = remote_of(repo, remote)
        damaged = objects.damaged(there)
        for name in damaged:
            print(f"{name} is damaged: its MD5 is not its name")
        gone = objects.mend(repo, there, damaged) if mend and damaged else []
    if not damaged:
        print("whole: every object of the remote")
    elif not mend:
        raise UserError("there is damage: `bonafide remote verify --mend` replaces or removes what is damaged")
    else:
        print(f"{counted(len(damaged) - len(gone), 'object')} replaced from the cache here")
    if gone:
        raise UserError(
            f"{counted(len(gone), 'object')} removed, which the cache here does not have whole: `bonafide remote push`"
            " by whoever has, or `dvc repro` and a push"
        )


@app.command()
def push(remote: Name = "") -> None:
    """Push what DVC keeps, its run cache, and which parts are made: `dvc push` and the part store."""
    from bonafide.pipeline.checked_parts import store_folder
    from bonafide.sharing import parts
    from bonafide.sharing.store import dvc, remote_of, repository

    check()
    options = ["--remote", remote] if remote else []
    dvc(["push", "--run-cache", *options], "what arrived stays, a new push goes on from there")
    with repository() as repo:
        new = parts.push(repo, remote_of(repo, remote), store_folder())
    print(f"{counted(new, 'part')} newly shared")


@app.command()
def pull(remote: Name = "") -> None:
    """Pull what DVC keeps, its run cache, and fill the part store: one clip more then costs one part."""
    from bonafide.pipeline.checked_parts import store_folder
    from bonafide.sharing import parts
    from bonafide.sharing.remotes import READ_ONLY
    from bonafide.sharing.store import dvc, not_pulled, remote_of, repository

    with repository() as repo:
        name = remote_of(repo, remote).name
        kind = repo.config["remote"][name]["url"].partition("://")[0]
    caches = [] if kind in READ_ONLY else ["--run-cache"]  # DVC cannot list a web server
    # With deps: the corpus in use, and not the demo's, which a team with one of its own has never built. And without
    # what stages make that have not run yet.
    command = ["pull", *caches, "--allow-missing", "--remote", name, "--with-deps", "dvc.yaml"]
    dvc(command, "what arrived stays, a new pull goes on from there")
    with repository() as repo:
        taken, damaged = parts.pull(repo, remote_of(repo, name), store_folder())
        not_pushed, broken = not_pulled(repo, name)
    print(f"{counted(taken, 'part')} newly known")
    if damaged:
        print(f"{counted(damaged, 'part')} gone or damaged, to be made anew where they are needed")
    if broken:
        raise UserError(
            f"the remote has {listed(broken)} damaged: `bonafide remote verify --mend` by somebody who has it whole,"
            " then pull again"
        )
    if not_pushed:
        raise UserError(f"not in the remote: {listed(not_pushed)}; whoever made them has to push")
