"""Stage report: one page for people and one model card, from the outputs of the run."""

from pathlib import Path

from bonafide.files import write_text
from bonafide.pipeline.params import read_section
from bonafide.pipeline.stage import run
from bonafide.report.examples import examples_of, spectra
from bonafide.report.page import model_card, page
from bonafide.report.revision import revision_of
from bonafide.report.run import Files, ReportSettings, read_run, used

# Sections of params.yaml that the page shows beside its own.
SECTIONS = ("corpus", "audio", "split", "prepare", "audit", "augment", "features", "train", "evaluate", "robustness")


def report(
    params: Path,
    split: Path,
    clips: Path,
    rejects: Path,
    history: Path,
    model: Path,
    scores: Path,
    details: Path,
    intervals: Path,
    slices: Path,
    plots: Path,
    robustness: Path,
    audit: Path,
    page_out: Path,
    card_out: Path,
) -> None:
    """Write what the run says of the detector to `page_out` (HTML) and `card_out` (Markdown)."""
    settings = read_section(params, "report", ReportSettings)
    sections = {name: read_section(params, name, dict) for name in SECTIONS} | {"report": vars(settings)}
    sections["train"] = used(sections["train"])
    files = Files(split, clips, rejects, history, model, scores, details, intervals, slices, plots, robustness, audit)
    contents = read_run(files, sections)
    heard = examples_of(contents, clips, settings), spectra(contents, clips)
    write_text(page_out, page(contents, *heard, revision_of(Path())))
    write_text(card_out, model_card(contents))
    print(f"{page_out}: {page_out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    run(report)
