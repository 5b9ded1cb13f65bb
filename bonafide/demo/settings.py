"""What the demo corpus is made of; section `demo` of params.yaml."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Lt, MinLen

from bonafide.demo.engines import ENGINES
from bonafide.demo.sources import SOURCES
from bonafide.errors import UserError

Share = Annotated[float, Gt(0)]


@dataclass(frozen=True)
class DemoSettings:
    """Size and ingredients of the demo corpus; a source or an engine not listed is left out."""

    minutes: Annotated[float, Gt(0)]
    sources: Annotated[dict[str, Share], MinLen(1)]
    engines: dict[str, Share]
    copy_share: Annotated[float, Ge(0), Lt(1)]
    min_seconds: Annotated[float, Gt(0)]
    max_seconds: Annotated[float, Gt(0)]
    seed: Annotated[int, Ge(0)]


def check(settings: DemoSettings) -> None:
    """Raise `UserError` when `settings` name what there is not or cannot be met together."""
    for what, named, choices in (
        ("sources", settings.sources, SOURCES),
        ("engines", settings.engines, ENGINES),
    ):
        if unknown := sorted(set(named) - set(choices)):
            raise UserError(f"demo.{what}: unknown {', '.join(unknown)}; known are: {', '.join(sorted(choices))}")
    if settings.max_seconds < 2 * settings.min_seconds:
        raise UserError("demo.max_seconds must be at least twice demo.min_seconds, or nothing can be cut in two")
