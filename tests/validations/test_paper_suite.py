"""The suite of arXiv 2511.23066 finds the study's harm, and lets an edit without harm pass; its table adds up."""

from __future__ import annotations

import numpy as np
import pytest
from editproof.criteria import Criterion, verdict_on
from editproof.suites import arxiv_2511_23066 as suite
from editproof.types import Outcome
from sklearn.metrics import mean_absolute_error

from docs import paper_table
from tests.criteria.builders import table
from tests.records import replace
from tests.report.gold import evidence

CLAIMS = [claim for claim in vars(suite).values() if isinstance(claim, Criterion)]
N, R = 200, 3


def cohort(rng: np.random.Generator, *, harm: float):
    """A study of the paper's size; ``harm`` 1 makes edits about as bad as its own, 0 hardly changes a reading."""
    age, male = np.clip(rng.normal(132, 43, N), 10, 228), np.arange(N) % 2
    before = age + rng.normal(0, 7.8, N)
    after = before[:, None] + rng.normal(0, 0.3, (N, R))
    after = after + harm * (30 + rng.normal(0, 20, (N, 1)) + rng.normal(0, 9, (N, R)))
    logit = 3.4 * (male - 0.5) + rng.normal(0, 1, N)
    blurred = logit[:, None] * (1 - 0.7 * harm) + harm * rng.normal(0, 1.0, (N, R)) + rng.normal(0, 0.001, (N, R))
    contrast = rng.normal(23, 6, N)
    m = table(
        originals={"bone_age": before, "sex": 1 / (1 + np.exp(-logit))},
        edits={"bone_age": after, "sex": 1 / (1 + np.exp(-blurred))},
        references={"bone_age": age, "sex": male.astype(float)},
        images={"sd:whole": contrast[:, None] + harm * 9 + rng.normal(0, 0.01, (N, R))},
    )
    spread = [(f"c{i:04d}", "original", 0, "image", "sd:whole", contrast[i], "") for i in range(N)]
    rows = m.rows
    return replace(m, rows=type(rows)([*rows.itertuples(index=False), *spread], columns=rows.columns))


def test_the_suite_has_a_claim_for_every_row_of_the_study():
    assert [claim.id for claim in CLAIMS] == [f"P-{number}" for number in range(1, 7)]
    assert all(claim.role == "primary" and "2511.23066" in claim.source for claim in CLAIMS)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_the_studys_harm_fails_and_none_passes(claim):
    harmless, harmful = (cohort(np.random.default_rng(3), harm=harm) for harm in (0.0, 1.0))
    assert verdict_on(claim, harmless).outcome is Outcome.PASS
    assert verdict_on(claim, harmful).outcome is Outcome.FAIL


def test_the_table_shows_the_papers_way_beside_ours():
    tool = replace(evidence(pictures=False).editors[-1], measurements=cohort(np.random.default_rng(3), harm=1.0))
    found = {name: (paper, theirs, ours) for name, paper, theirs, ours in paper_table.rows(tool)}
    m = tool.measurements
    age, months = m.reference("bone_age"), m.matrix("bone_age")
    expected = mean_absolute_error(np.repeat(age, R), months.ravel())
    assert found["bone-age MAE, edits, months"][:2] == ("30.11", f"{expected:.2f}")
    calibrated = found["bone-age MAE, edits, after linear calibration, months"]
    assert float(calibrated[1]) < float(calibrated[2].split(" [")[0]), "scored where it was fitted, it looks better"
    assert not any("paste-back" in name for name in found), "an arm that was not measured is no row"
