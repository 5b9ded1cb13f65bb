"""Plans the demo corpus, has its units made, and puts the corpus together from them."""

import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from bonafide.corpus import clips_csv
from bonafide.demo import credits_page, transcripts
from bonafide.demo.debian import Package, fetch
from bonafide.demo.engines import ENGINES
from bonafide.demo.settings import DemoSettings, check
from bonafide.demo.sources import SOURCES
from bonafide.demo.units import LIBRARIES, Clip, Copies, Human, Spoken, Unit, folder_of, installed, made, make
from bonafide.files import write_text
from bonafide.pipeline.executors import run_all
from bonafide.progress import track

COLUMNS = ("path", "label", "speaker", "generator", "family", "source", "language", "gender", "pair", "license")

Texts = dict[str, dict[str, str]]


def build(out: Path, settings: DemoSettings, work: Path) -> list[Clip]:
    """Write the demo corpus to the folder `out` and return its clips.

    What is written depends on the packages and `settings` alone, not on the number of workers nor on what an
    interrupted build has left in `work`.

    Parameters
    ----------
    out : Path
        Replaced as a whole at the end.
    settings : DemoSettings
    work : Path
        Keeps downloads and finished units, so that a repeated or interrupted build takes what is there.

    Raises
    ------
    UserError
        When an engine is not installed, a package cannot be had, or the settings name what there is not.
    """
    check(settings)
    work = work.resolve()  # workers may have another folder of their own
    libraries = [installed(name) for name in LIBRARIES]
    engines = {name: [installed(part) for part in ENGINES[name].distributions] for name in settings.engines}
    packages = fetch(needed_packages(settings), work / "downloads", work / "demo" / "packages")
    texts = {
        language: transcripts.read(packages[transcripts.PACKAGES[language]].root)
        for language in languages(settings)
        if language in transcripts.PACKAGES
    }
    units = work / "demo" / "units"
    humans = _made(plan_humans(settings, packages, texts), units, "taking human recordings")
    generated = _made(
        [*plan_spoken(settings, humans, packages, texts), *plan_copies(settings, humans)],
        units,
        "generating speech",
    )
    clips = listed({**humans, **generated})
    page = credits_page.page(clips, settings, packages, engines, libraries)
    _assemble(out, clips, page)
    _forget_others(units, {folder.name for folder in (*humans, *generated)})
    return clips


def languages(settings: DemoSettings) -> list[str]:
    """Return the languages of the sources in use, sorted."""
    return sorted({SOURCES[name].language for name in settings.sources})


def needed_packages(settings: DemoSettings) -> list[str]:
    """Return the names of the Debian packages that `settings` need, sorted."""
    spoken = languages(settings)
    named = {SOURCES[name].package for name in settings.sources}
    named |= {package for name in settings.engines for package in ENGINES[name].packages}
    return sorted(named | {transcripts.PACKAGES[language] for language in spoken if language in transcripts.PACKAGES})


def plan_humans(settings: DemoSettings, packages: dict[str, Package], texts: Texts) -> list[Human]:
    """Return a unit for each source, its share of the minutes long."""
    whole = sum(settings.sources.values())
    return [
        Human(
            source=name,
            root=packages[SOURCES[name].package].root,
            version=packages[SOURCES[name].package].sha256,
            transcripts=tuple(sorted(texts.get(SOURCES[name].language, {}).items())),
            seconds=settings.minutes * 60 * share / whole,
            min_seconds=settings.min_seconds,
            max_seconds=settings.max_seconds,
            seed=settings.seed,
        )
        for name, share in sorted(settings.sources.items())
    ]


def plan_copies(settings: DemoSettings, humans: dict[Path, list[Clip]]) -> list[Copies]:
    """Return a unit for each source, `copy_share` of its recordings long."""
    return [
        Copies(clips[0]["source"], folder, settings.copy_share * sum(clip["seconds"] for clip in clips))
        for folder, clips in humans.items()
        if clips and settings.copy_share
    ]


def plan_spoken(
    settings: DemoSettings, humans: dict[Path, list[Clip]], packages: dict[str, Package], texts: Texts
) -> list[Spoken]:
    """Return a unit for each voice of each engine: with the copies, each language gets the humans' minutes.

    The slowest engines come first, so that no worker is left alone with one at the end.
    """
    clips = [clip for inside in humans.values() for clip in inside]
    units = []
    for name, voice, language, part in voice_shares(settings, languages(settings)):
        ours = [clip for clip in clips if clip["language"] == language]
        seconds = part * (1 - settings.copy_share) * sum(clip["seconds"] for clip in ours)
        engine = ENGINES[name]
        units.append(
            Spoken(
                engine=name,
                voice=voice,
                language=language,
                version=" ".join(
                    [*map(installed, engine.distributions), *(packages[p].sha256 for p in engine.packages)]
                ),
                packages=tuple((package, packages[package].root) for package in engine.packages),
                sentences=tuple(transcripts.to_speak(language, texts.get(language, {}))),
                channels=channel_shares(ours),
                seconds=seconds,
                min_seconds=settings.min_seconds,
                max_seconds=settings.max_seconds,
                seed=settings.seed,
            )
        )
    order = list(ENGINES)
    return sorted(units, key=lambda unit: order.index(unit.engine))


def voice_shares(settings: DemoSettings, spoken: Sequence[str]) -> list[tuple[str, str, str, float]]:
    """Return engine, voice, language and its share of what is spoken in that language, for each voice."""
    shares = []
    for language in spoken:
        able = {name: share for name, share in settings.engines.items() if language in ENGINES[name].voices}
        for name, share in able.items():
            voices = ENGINES[name].voices[language]
            shares += [(name, voice, language, share / sum(able.values()) / len(voices)) for voice in voices]
    return shares


def channel_shares(clips: Sequence[Clip]) -> tuple[tuple[str, float], ...]:
    """Return the share of each channel in the seconds of `clips`; all ``"plain"`` where there are none."""
    seconds: dict[str, float] = defaultdict(float)
    for clip in clips:
        seconds[clip["channel"]] += clip["seconds"]
    whole = sum(seconds.values())
    return tuple((channel, part / whole) for channel, part in sorted(seconds.items())) or (("plain", 1.0),)


def listed(made_in: dict[Path, list[Clip]]) -> list[Clip]:
    """Return all clips sorted by `path` in the corpus, with `origin` on disk both of a pair named."""
    clips = [
        {**clip, "path": f"{clip['label']}/{clip['source']}/{clip['file']}", "origin": folder / clip["file"]}
        for folder, inside in made_in.items()
        for clip in inside
    ]
    copied = {clip["pair"] for clip in clips}
    for clip in clips:
        own = f"{clip['source']}/{Path(clip['file']).stem}"
        if clip["label"] == "human" and own in copied:
            clip["pair"] = own
    return sorted(clips, key=lambda clip: clip["path"])


def describe(clips: Sequence[Clip]) -> str:
    """Return how long each class is, and how many languages, sources, speakers and generators it has."""
    lines = []
    for label in ("human", "ai"):
        ours = [clip for clip in clips if clip["label"] == label]
        facts = [f"{sum(clip['seconds'] for clip in ours) / 60:.1f} minutes in {len(ours)} clips"]
        for what in ("language", "source", "speaker", "generator"):
            if count := len({clip[what] for clip in ours} - {""}):
                facts.append(f"{count} {what}{'s' if count > 1 else ''}")
        lines.append(f"{label}: {', '.join(facts)}")
    return "\n".join(lines)


def _made(units: Sequence[Unit], work: Path, what: str) -> dict[Path, list[Clip]]:
    folders = [folder_of(unit, work) for unit in units]
    missing = [task for task in zip(units, folders, strict=True) if not task[1].exists()]
    if missing:
        for _ in track(run_all(make, missing), total=len(missing), what=what):
            pass
    return {folder: made(folder) for folder in folders}


def _assemble(out: Path, clips: Sequence[Clip], page: str) -> None:
    temporary = out.with_name(f".{out.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    for clip in clips:
        target = temporary / clip["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(clip["origin"], target)
    clips_csv.append(temporary / "clips.csv", clips, COLUMNS)
    write_text(temporary / "CREDITS.md", page)
    if out.exists():
        shutil.rmtree(out)
    temporary.rename(out)


def _forget_others(units: Path, used: set[str]) -> None:
    for folder in units.iterdir():
        if folder.name not in used:
            shutil.rmtree(folder, ignore_errors=True)
