"""Evidence to its folder, and every face of it beside it."""

from __future__ import annotations

from pathlib import Path

from harness.evidence import Evidence, saved, seal
from harness.report.html import render

PAGE = "report.html"


def delivered(evidence: Evidence, reports: Path, *, images: bool = True) -> Path:
    """Write the evidence and its page to ``reports/RUN`` and return the path of the page."""
    folder = reports / evidence.run
    saved(evidence, folder)
    return rendered(evidence, folder, images=images)


def rendered(evidence: Evidence, folder: Path, *, images: bool = True) -> Path:
    """Write the page of saved evidence into its folder, seal it, and return its path."""
    page = folder / PAGE
    page.write_text(render(evidence, images=images), encoding="utf-8")
    seal(folder, [PAGE])
    return page
