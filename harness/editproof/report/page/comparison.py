"""The page of a comparison of two versions, made from its record alone."""

from __future__ import annotations

from editproof.evidence.comparison import Comparison
from editproof.report.page import views
from editproof.report.page.html import page_of


def render_comparison(comparison: Comparison) -> str:
    """One HTML file that opens offline, byte for byte equal for equal comparisons."""
    return page_of(
        "comparison.html.j2",
        comparison=comparison,
        groups=views.groups(comparison.verdicts),
        own=[
            (v, len(v.measurements.edits), v.measurements.n_missing)
            for v in (comparison.facts.old, comparison.facts.new)
        ],
    )
