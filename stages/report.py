"""Stage report: one page for people and one model card, from the outputs of the run."""

from pathlib import Path

from bonafide.files import write_text
from bonafide.pipeline.params import read_section
from bonafide.pipeline.stage import run
from bonafide.report.examples import worst_errors
from bonafide.report.page import model_card, page
from bonafide.report.run import Files, ReportSettings, read_run, used


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
    sections = {
        "corpus": read_section(params, "corpus", dict),
        "audio": read_section(params, "audio", dict),
        "split": read_section(params, "split", dict),
        "prepare": read_section(params, "prepare", dict),
        "audit": read_section(params, "audit", dict),
        "augment": read_section(params, "augment", dict),
        "features": read_section(params, "features", dict),
        "train": used(read_section(params, "train", dict)),
        "evaluate": read_section(params, "evaluate", dict),
        "robustness": read_section(params, "robustness", dict),
        "report": vars(settings),
    }
    files = Files(split, clips, rejects, history, model, scores, details, intervals, slices, plots, robustness, audit)
    found = read_run(files, sections)
    write_text(page_out, page(found, worst_errors(found, clips, settings)))
    write_text(card_out, model_card(found))
    print(f"{page_out}: {page_out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    run(report)
