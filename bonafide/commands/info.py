"""`bonafide info`: what a detector knows and was trained on, from the file that it is."""

import json
import sys
import textwrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bonafide.text import printable

if TYPE_CHECKING:
    from bonafide.scoring.exported import Facts

WIDTH = 100  # characters


def info(
    model: Annotated[
        str | None, typer.Argument(help="An ONNX file of stage export, or REPO@TAG; without it the one in use.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="All of it as JSON.")] = False,
) -> None:
    """Print a detector's model card: what it was trained on, its thresholds, its figures."""
    from bonafide.detection.choice import model_text
    from bonafide.detection.detector import Detector
    from bonafide.scoring.exported import facts_as_json

    detector = Detector(model)
    if as_json:
        print(json.dumps(facts_as_json(detector.facts), indent=2, sort_keys=True))
        return
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    print(card(model_text(detector.name), detector.facts))


def card(name: str, facts: "Facts") -> str:
    """Return the model card as text."""
    from bonafide.scoring.calibration import p_ai
    from bonafide.scoring.operating_points import answers_text
    from bonafide.text import sentence

    audio = facts.audio
    lines = [
        f"Detector: {name}",
        f"Hears: {audio.rate} Hz, mono; clips of up to {audio.max_seconds:g} s as a whole, longer ones in windows",
        "",
        "Thresholds, as llr and as probability of AI (a recording below the llr is called AI):",
    ]
    for threshold, llr in sorted(facts.thresholds.items()):
        lines.append(f"  {threshold:<10} llr {llr:+.3f}, p(ai) {float(p_ai(llr)):.3f}")
    low, high = facts.cannot_tell
    probabilities = f"p(ai) {float(p_ai(high)):.3f} to {float(p_ai(low)):.3f}"
    lines += ["", f"Cannot tell, at the threshold balanced: llr {low:+.3f} to {high:+.3f}, {probabilities}"]
    lines.append(sentence(answers_text(facts.card)))
    lines += ["", "From its card:"]
    for key in sorted(facts.card):
        lines += _entry(key, facts.card[key])
    return "\n".join(map(printable, lines))  # whoever made the file wrote its card


def _entry(key: str, value: Any) -> list[str]:  # noqa: ANN401 - a card holds whatever JSON can say
    if isinstance(value, dict):
        value = ", ".join(f"{name} {_short(each)}" for name, each in sorted(value.items()))
    elif isinstance(value, list):
        value = f"{len(value)}: " + ", ".join(map(str, value))
    return textwrap.wrap(f"{key}: {_short(value)}", WIDTH, initial_indent="  ", subsequent_indent="      ") or [key]


def _short(value: Any) -> str:  # noqa: ANN401
    return f"{value:.4g}" if isinstance(value, float) else str(value)
