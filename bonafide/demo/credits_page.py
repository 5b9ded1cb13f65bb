"""The page that says whose voices and whose work the demo corpus is made of."""

from collections.abc import Sequence

from bonafide.demo.debian import Package
from bonafide.demo.engines import ENGINES
from bonafide.demo.settings import DemoSettings
from bonafide.demo.sources import SOURCES
from bonafide.demo.transcripts import PACKAGES
from bonafide.demo.units import Clip
from bonafide.demo.vocoders import GENERATORS

HEAD = """\
# Credits of the demo corpus

**This corpus is a demonstration, not a benchmark.** It shows that the pipeline works. It holds few voices,
telephone prompts for the most part, and generators of which most are old; a score on it says little about
today's deepfakes.

Human recordings were decoded, mixed to one channel, resampled to 16 kHz and cut at pauses; nothing else was
done to them. Generated speech was brought to one level and went through the same codecs as the human
recordings of its language. Each clip keeps the licence of its recording or is the output of the engine named;
`license` in clips.csv says which. Who passes a clip on must follow that licence.
"""


def page(
    clips: Sequence[Clip],
    settings: DemoSettings,
    packages: dict[str, Package],
    engines: dict[str, list[str]],
    libraries: Sequence[str],
) -> str:
    """Return the page, in Markdown.

    Parameters
    ----------
    clips : sequence of dict
    settings : DemoSettings
    packages : dict
        The Debian packages in use.
    engines : dict
        Name and version of what pip installed for each engine.
    libraries : sequence of str
        Name and version of what took part in all clips.
    """
    sections = (
        HEAD,
        _humans(clips, settings),
        _engines(clips, engines),
        _copies(clips, libraries),
        _sentences(settings),
        _packages(packages),
    )
    return "\n".join(sections)


def _humans(clips: Sequence[Clip], settings: DemoSettings) -> str:
    rows = []
    for name in sorted(settings.sources):
        source = SOURCES[name]
        ours = [clip for clip in clips if clip["source"] == name and clip["label"] == "human"]
        speakers = ", ".join(sorted({clip["speaker"] for clip in ours}))
        rows.append((name, source.package, source.license, source.credit, speakers, source.channel, _minutes(ours)))
    head = ("source", "Debian package", "licence", "who", "speaker ids", "channel", "minutes")
    return "## Human recordings\n\n" + _table(head, rows)


def _engines(clips: Sequence[Clip], engines: dict[str, list[str]]) -> str:
    rows = []
    for name, installed in sorted(engines.items()):
        ours = [clip for clip in clips if clip["source"] == f"engine-{name}"]
        from_where = ", ".join([*installed, *(f"Debian {package}" for package in ENGINES[name].packages)])
        rows.append((name, ENGINES[name].kind, from_where, ENGINES[name].license, _minutes(ours)))
    return "## Generators of speech\n\n" + _table(("engine", "kind", "from", "licence", "minutes"), rows)


def _copies(clips: Sequence[Clip], libraries: Sequence[str]) -> str:
    what = {
        "world": "pitch, spectral envelope and aperiodicity of WORLD (pyworld, MIT)",
        "griffinlim": "80 mel bands without phase, then 32 rounds of Griffin-Lim (own code)",
        "lpc": "pitch and an all-pole filter, excited by pulses or noise (own code)",
    }
    rows = []
    for vocoder, generator in GENERATORS.items():
        ours = [clip for clip in clips if clip["generator"] == generator]
        sources = ", ".join(sorted({clip["source"] for clip in ours}))
        rows.append((generator, what[vocoder], sources, _minutes(ours)))
    made_with = f"Made with {', '.join(libraries)}.\n"
    text = "Copies keep the licence and the speaker id of the human recording and share its `pair`.\n\n"
    return (
        "## Copy-synthesis\n\n"
        + text
        + _table(("generator", "what is kept", "sources", "minutes"), rows)
        + "\n"
        + made_with
    )


def _sentences(settings: DemoSettings) -> str:
    spoken = {SOURCES[name].language for name in settings.sources}
    theirs = ", ".join(f"{PACKAGES[language]} ({language})" for language in sorted(spoken & set(PACKAGES)))
    ours = ", ".join(sorted(spoken - set(PACKAGES)))
    lines = (
        [f"Transcripts of the prompts, which the engines speak: {theirs}; licence as the prompts."] if theirs else []
    )
    lines += [f"Written for this project, CC0: {ours}."] if ours else []
    return "## Sentences\n\n" + "\n".join(lines) + "\n"


def _packages(packages: dict[str, Package]) -> str:
    rows = [(package.name, package.version, package.sha256) for package in packages.values()]
    return "## Debian packages\n\n" + _table(("package", "version", "SHA-256"), rows)


def _minutes(clips: Sequence[Clip]) -> str:
    return f"{sum(clip['seconds'] for clip in clips) / 60:.1f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
