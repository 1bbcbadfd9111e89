"""Published predictions of four models on the same 356 radiographs: the verdicts that real numbers come to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from editproof.criteria import Criterion, at_most, bias_interaction, mae, mae_drift, recalibrated, verdict_on
from editproof.criteria.criterion import overall
from editproof.evidence.measurements import Measurements
from editproof.types import Outcome

from tests.criteria.builders import table
from tests.needs import shared_data


@pytest.fixture(scope="module")
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    folder = shared_data("predictions")
    return tuple(pd.read_csv(folder / f"rsna_two_models_{name}.csv").set_index("id") for name in ("all", "500"))


def study(before: np.ndarray, after: np.ndarray, frame: pd.DataFrame) -> Measurements:
    """Models trained on all images stand for the originals, those trained on 500 for the edits."""
    return table(
        originals={"bone_age": before},
        edits={"bone_age": after if after.ndim == 2 else after[:, None]},
        references={"bone_age": frame["boneage"].to_numpy(float)},
        strata={"sex": ["M" if male else "F" for male in frame["male"]]},
    )


@pytest.mark.parametrize(
    ("model", "before", "after", "at_two"),
    [(0, 5.39, 7.09, Outcome.INCONCLUSIVE), (1, 5.68, 7.97, Outcome.INCONCLUSIVE)],
)
def test_published_errors_and_their_paired_verdict(tables, model, before, after, at_two):
    whole, part = tables
    part = part.loc[whole.index]
    m = study(whole.iloc[:, 2 + model].to_numpy(), part.iloc[:, 2 + model].to_numpy(), whole)
    drift = mae_drift("bone_age").estimate(m)
    assert drift.n_patients == 356
    assert (drift.notes["original"], drift.notes["edited"]) == pytest.approx((before, after), abs=0.006)
    assert drift.low > 1.0
    claims = {
        limit: Criterion("R", mae_drift("bone_age"), at_most(limit), source="a test") for limit in (1.0, 2.0, 3.5)
    }
    outcomes = [verdict_on(claim, m).outcome for claim in claims.values()]
    assert outcomes == [Outcome.FAIL, at_two, Outcome.PASS]


def test_both_models_as_two_repeats_stay_356_patients(tables):
    whole, part = tables
    part = part.loc[whole.index]
    m = study(whole.iloc[:, 2].to_numpy(), part.iloc[:, 2:4].to_numpy(), whole)
    found = mae("bone_age").estimate(m)
    assert (found.n_patients, found.n_edits) == (356, 712)
    assert found.value == pytest.approx((7.09 + 7.97) / 2, abs=0.006)


def test_real_losses_are_not_cured_by_a_straight_line(tables):
    whole, part = tables
    m = study(whole.iloc[:, 2].to_numpy(), part.loc[whole.index].iloc[:, 2].to_numpy(), whole)
    assert recalibrated(mae_drift("bone_age"), "linear").estimate(m).low > 0.5
    male, change = (
        whole["male"].to_numpy(bool),
        part.loc[whole.index].iloc[:, 2].to_numpy() - whole.iloc[:, 2].to_numpy(),
    )
    sexes = bias_interaction("bone_age", by="sex").estimate(m)
    assert sexes.value == pytest.approx(change[male].mean() - change[~male].mean())
    assert sexes.low < sexes.value < sexes.high
    kept = study(whole.iloc[:, 2].to_numpy(), whole.iloc[:, 2].to_numpy(), whole)
    same = verdict_on(Criterion("R", mae_drift("bone_age"), at_most(1.0), source="a test"), kept)
    assert overall([same])[0] is Outcome.PASS
