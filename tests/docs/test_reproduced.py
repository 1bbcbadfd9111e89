"""Published tables come out of ``editproof judge``, sign and digits; the page shows what its script makes of them."""

from __future__ import annotations

import re

import numpy as np
import pytest
from editproof.datasets.tables.layout import layout_of
from editproof.datasets.tables.readings import readings_in
from editproof.evidence.measurements import ORIGINAL
from editproof.stats.agreement import bland_altman
from editproof.study.of_readings import ReadingsOfCohort

from docs import reproduced_tables as pages
from tests.needs import ROOT, shared_data

PAGE = (ROOT / "docs" / "reproduced-tables.md").read_text(encoding="utf-8")
SOME = ("cjv", "efc", "summary_bg_n")


@pytest.fixture(scope="module")
def data():
    return shared_data("defacing").parent


def test_all_58_metrics_of_s7_are_in_the_table_to_the_last_digits(data):
    published = pages.published_metrics(data)
    layout = layout_of(columns=pages.DEFACING, quantities=list(published))
    table = ReadingsOfCohort(readings_in(data / "defacing" / "S2_Data.csv", layout), "defacing").measurements(
        "defacing"
    )
    assert len(published) == 58
    for name, row in published.items():
        ours = pages.agreement(table.matrix(name, ORIGINAL)[:, 0] - table.matrix(name)[:, 0])
        assert (ours.n, ours.bias, ours.low, ours.high) == (
            579, pytest.approx(row.bias, rel=1e-9), pytest.approx(row.low, rel=1e-9), pytest.approx(row.high, rel=1e-9),
        )  # fmt: skip


@pytest.mark.slow
def test_judge_gives_the_published_bias_and_limits(data, tmp_path):
    """Every bias, and of some metrics the limits of agreement: these take most of the time of the whole table."""
    published = pages.published_metrics(data)
    claims = [
        claim for claim in pages.metric_claims(data, published)
        if " " not in claim["id"] or claim["id"].split()[0] in SOME
    ]  # fmt: skip
    words = ["--columns", *pages.DEFACING, "--quantity", ",".join(published), "--tool", "defacing"]
    tool = pages.judged(tmp_path, data / "defacing" / "S2_Data.csv", claims, words)
    verdicts = pages.estimates_of(tool)
    for name, row in published.items():
        drift = verdicts[name].estimate
        assert -drift.notes.get("uncapped", drift.value) == pytest.approx(row.bias, rel=1e-9), name
    for name in SOME:
        ours, row = pages.metrics_of(verdicts, name), published[name]
        assert (ours.n, ours.low, ours.high) == (
            row.n, pytest.approx(row.low, rel=1e-6), pytest.approx(row.high, rel=1e-6),
        )  # fmt: skip


@pytest.mark.slow
def test_the_raters_bias_and_limits_come_out_by_rows(data, tmp_path):
    words = ["--columns", f"{pages.RATINGS[0]},reading=reading", "--quantity", "rating"]
    tool = pages.judged(tmp_path, pages.numbered(data, tmp_path), pages.RATING_CLAIMS, words)
    by_rater = pages.differences_by_rater(tool.measurements)
    for name, row in pages.published_ratings(data).items():
        values = np.vstack(list(by_rater.values())) if name == "all" else by_rater[name]
        ours = pages.agreement(values[~np.isnan(values)], times=2.0, ddof=1)
        assert ours.n == row.n
        assert np.allclose([ours.bias, ours.low, ours.high], [row.bias, row.low, row.high], atol=5.1e-4), name
    assert tool.measurements.cases["case"].nunique() == 185
    assert bland_altman(by_rater["rater_01"][:, 0])["bias"].n_patients == 185


@pytest.mark.slow
@pytest.mark.parametrize(("name", "known"), list(zip(pages.MODELS, [(5.39, 5.68), (7.09, 7.97)], strict=True)))
def test_two_models_on_one_cohort_are_judged(data, tmp_path, name, known):
    verdicts = pages.estimates_of(pages.models(data, tmp_path, name))
    values = tuple(round(verdicts[key].estimate.value, 2) for key in ("MAE-A", "MAE-B"))
    assert values == known
    assert verdicts["BA-1"].estimate.n_patients == 356


def test_the_page_has_each_figure_of_the_papers_twice():
    rows = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")]
    metrics = [row for row in rows if row[0].startswith("`") and len(row) == 7]
    raters = [row for row in rows if row[0].startswith(("all", "rater "))]
    models = [row for row in rows if "rsna_two_models" in row[0]]
    assert (len(metrics), len(raters), len(models)) == (58, 5, 2)
    for row in metrics:
        assert (row[1], row[3]) == (row[2], row[4]), row
    for row in raters:
        assert (row[2], row[4]) == (row[3], row[5]), row
    for row in models:
        assert row[1] == row[2], row
    passed = sum(row[6] == "PASS" for row in metrics)
    assert re.search(r"^(\d+) of 58 metrics", PAGE, re.MULTILINE)[1] == str(passed)
