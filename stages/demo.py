"""Stage demo: a small corpus of human and machine voices, made from installable packages."""

from pathlib import Path

from bonafide.demo.build import build, describe
from bonafide.demo.settings import DemoSettings
from bonafide.pipeline.params import read_section
from bonafide.pipeline.paths import KEPT
from bonafide.pipeline.stage import run


def demo(params: Path, out: Path) -> None:
    """Build the demo corpus that `params` asks for in the folder `out`."""
    clips = build(out, read_section(params, "demo", DemoSettings), KEPT)
    print(describe(clips))


if __name__ == "__main__":
    run(demo)
