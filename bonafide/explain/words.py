"""What an explanation says in words, on the page and in the picture."""

from bonafide.detection.results import Result, confidence
from bonafide.drawing.axes import hertz_text
from bonafide.explain.evidence import Explanation, Place, side_of
from bonafide.scoring.operating_points import answers_text
from bonafide.text import decimal, duration, listed, percent, printable, sentence


def lengths(explanation: Explanation) -> str:
    """Return the file's name, and how long it is."""
    result = explanation.result
    name = printable(explanation.name)
    return f"{name}, {duration(result.seconds)} long, {duration(result.speech_seconds)} of it speech"


def summary(result: Result) -> list[str]:
    """Return why the verdict is what it is, and how sure."""
    texts = [sentence(result.reason)] if result.reason else []
    if result.p_ai is not None:
        how_sure = f"{confidence(result)}: " if confidence(result) else ""
        texts.append(
            sentence(
                f"{how_sure}the probability that the voice is AI-generated is {percent(result.p_ai)}, where half of all"
                f" recordings are (llr {decimal(result.llr)}; higher is more human)"
            )
        )
    return texts


def is_part(explanation: Explanation) -> bool:
    """Whether the excerpt is less than the recording."""
    return explanation.result.seconds > explanation.stop - explanation.start + 0.1


def excerpt(explanation: Explanation) -> str:
    """Return the heading over the excerpt."""
    times = f" from {duration(explanation.start)} to {duration(explanation.stop)}" if is_part(explanation) else ""
    return f"What it heard{times}"


def strongest(place: Place) -> str:
    """Return where a place lies and how much it counts."""
    moves = "rises" if place.evidence > 0 else "falls"
    return (
        f"{place.start:.1f} to {place.stop:.1f} s, {hertz_text(place.low)} to {hertz_text(place.high)}:"
        f" covered, the llr {moves} by about {decimal(abs(place.evidence))}"
    )


def spoke_most(explanation: Explanation) -> str:
    """Return the heading over the strongest places."""
    return "What spoke most for AI:" if side_of(explanation) > 0 else "What spoke most for a human voice:"


def sums(explanation: Explanation) -> str:
    """Return how the parts of the map add up to the llr; empty where there is no map."""
    if explanation.evidence is None:
        return ""
    for_ai = float(explanation.evidence[explanation.evidence > 0].sum())
    for_human = -float(explanation.evidence[explanation.evidence < 0].sum())
    return (
        f"It adds up: steady noise of the same average spectrum has an llr of {decimal(explanation.base)}; what spoke"
        f" for a human voice raises that by {decimal(for_human)}, what spoke for AI lowers it by {decimal(for_ai)}:"
        f" {decimal(explanation.llr)}."
    )


def about_sound(explanation: Explanation) -> str:
    """Return how to read the panels of the excerpt; empty where no evidence is among them."""
    if explanation.evidence is None:
        return ""
    alone = f" This part alone has an llr of {decimal(explanation.llr)}." if is_part(explanation) else ""
    return (
        "From top to bottom: the waveform; the spectrogram; where it spoke for AI or human; the same summed over the"
        f" frequencies.{alone} One place after another was covered with noise and the score was watched: the map shows"
        f" what this detector listens to, which is not proof of how the sound was made. {sums(explanation)}"
    )


def about_timeline(explanation: Explanation) -> str:
    """Return how to read the panels over the whole recording."""
    window = explanation.result.windows[0]
    framed = " The frame is the part shown above." if is_part(explanation) else ""
    return (
        "How probable it is, window by window, that the voice is AI-generated. A window is"
        f" {duration(window.stop - window.start)} long; where there is no speech there is no bar. Below: the parts"
        f" that the windows make up.{framed}"
    )


def about_curve(explanation: Explanation) -> str:
    """Return how to read the curve and the thresholds on it."""
    thresholds = sorted(explanation.facts.thresholds.items(), key=lambda item: item[1])
    names = listed(f"{name} ({decimal(at)})" for name, at in thresholds)
    low, high = explanation.cut.low, explanation.cut.high
    band = (
        f"Here a recording is called AI below {decimal(low)}."
        if low == high
        else f"From {decimal(low)} to {decimal(high)}, the shaded band, it says that it cannot tell."
    )
    return (
        f"The curve is the probability of AI, where half of all recordings are. Dashed: the thresholds {names}. {band}"
    )


def footer(explanation: Explanation) -> str:
    """Return who made it, from what it has learnt, and what to beware of."""
    clips = explanation.facts.card.get("clips", {})
    counts = ", ".join(f"{count} {'AI' if label == 'ai' else printable(label)}" for label, count in clips.items())
    learnt = f" It has learnt from {counts} clips." if counts else ""
    answers = sentence(answers_text(explanation.facts.card))
    return (
        f"Made by Bonafide.{learnt} {answers} A detector errs, above all on voices, devices and generators"
        " that it has never met: let no verdict on a person rest on it alone."
    )
