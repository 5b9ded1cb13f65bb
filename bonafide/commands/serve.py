"""`bonafide serve`: the detector as a service on this machine, with its page."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bonafide.errors import UserError

if TYPE_CHECKING:
    from bonafide.web.settings import Settings


def serve(
    *,
    host: Annotated[str, typer.Option(help="Where it listens; elsewhere than here it needs a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = 8000,
    workers: Annotated[int, typer.Option(min=0, help="Processes that score; 0: one a core.")] = 0,
    max_mb: Annotated[float, typer.Option(min=0.001, help="Size of a request, all its files together.")] = 64,
    max_seconds: Annotated[float, typer.Option(min=1, help="Length of a recording.")] = 3600,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that one recording may take to be scored.")] = 60,
    queue: Annotated[int, typer.Option(min=0, help="Requests that may wait; more are told to come back.")] = 16,
    live: Annotated[int, typer.Option(min=0, help="Live recordings (/v1/live) at a time; 0 offers none.")] = 4,
    model: Annotated[
        str | None, typer.Option(help="Another detector than the one in use: a file, or REPO@TAG (see `bonafide use`).")
    ] = None,
    collect: Annotated[
        Path | None, typer.Option(help="Folder that takes recordings made in the page, with consent.")
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate (PEM) to speak HTTPS with, and its chain.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="The certificate's key (PEM).")] = None,
) -> None:
    """Serve the detector and its page to browsers and programs on this machine.

    Elsewhere than here it needs a token, which clients must send. It stands in the environment, as BONAFIDE_TOKEN:
    a command line can be read by all who use the machine.
    """
    from bonafide.detection.registry import located
    from bonafide.web.settings import Settings

    _run(
        Settings(
            host=host,
            port=port,
            token=os.environ.get("BONAFIDE_TOKEN", ""),
            workers=workers or os.cpu_count() or 1,
            max_bytes=round(max_mb * 2**20),
            max_seconds=max_seconds,
            timeout=timeout,
            queue=queue,
            live=live,
            model=None if model is None else located(model),
            collect=collect,
            tls_cert=tls_cert,
            tls_key=tls_key,
        )
    )


def _run(settings: "Settings") -> None:
    from bonafide.web.serving import run
    from bonafide.web.settings import check

    try:
        check(settings)
    except UserError as error:
        raise typer.BadParameter(str(error)) from None
    run(settings)
