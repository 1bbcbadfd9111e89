"""Four raters of 185 head MRIs before and after defacing (shared data, S1): what `docs/readers.md` shows of them.

The published table of bias (S6) counts 225 rows a rater, in which subjects who were rated twice stand twice; here a
subject counts once.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from editproof.criteria import Criterion, at_least, at_most, verdict_on, within
from editproof.criteria.estimands.readers import reader_drift, reader_kappa, reader_limits_of_agreement
from editproof.evidence.measurements import Measurements, measurements_of
from editproof.evidence.readers import reader_instrument
from editproof.stats.kappa import weighted_kappa
from editproof.stats.repeated import bland_altman_repeated
from editproof.types import Outcome
from sklearn.metrics import cohen_kappa_score

from tests.needs import ROOT, shared_data

SOURCE = "placeholder: an example"
QUALITY = {"quantity": "quality", "unit": "points"}
CLAIMS = {
    "R-1": (reader_drift("quality", least=0, most=4, unit="points"), within(-0.25, 0.25)),
    "R-2": (reader_drift("quality", least=0, most=4, unit="points", readers="fixed"), within(-0.25, 0.25)),
    "R-3": (reader_kappa("quality", step=1), at_least(0.4)),
    "R-4": (reader_limits_of_agreement("quality", side="upper", unit="points"), at_most(1.0)),
    "R-5": (reader_limits_of_agreement("quality", side="lower", unit="points"), at_least(-1.0)),
}


@pytest.fixture(scope="module")
def ratings() -> pd.DataFrame:
    table = pd.read_csv(shared_data("defacing/S1_Data.tsv"), sep="\t", dtype={"subject": str})
    table = table.sort_values(["subject", "rater_id", "defaced", "randomized_id"])
    places = table.groupby(["subject", "rater_id", "defaced"])
    return table.assign(reading=places.cumcount() + 1, arm=np.where(table["defaced"] == 1, "edited", "original"))


@pytest.fixture(scope="module")
def measured(ratings) -> Measurements:
    rows = [
        (r.subject, r.arm, 0, reader_instrument(r.rater_id, r.reading), "quality", r.rating, "points")
        for r in ratings.itertuples()
    ]
    subjects = sorted(ratings["subject"].unique())
    cases = [{"case": subject, "patient": subject} for subject in subjects]
    return measurements_of("defacing", cases, rows, [(subject, 0, "ok", "") for subject in subjects])


def verdict(name: str, measured: Measurements):
    made, region = CLAIMS[name]
    return verdict_on(Criterion(name, made, region, source=SOURCE), measured)


def test_the_page_says_what_comes_out(measured):
    page = (ROOT / "docs" / "readers.md").read_text(encoding="utf-8")
    said = re.findall(r"^<(?:PASS|FAIL|INCONCLUSIVE) R-\d.*>$", page, re.MULTILINE)
    assert said == [repr(verdict(name, measured)) for name in CLAIMS]


def test_the_mean_change_is_that_of_subjects(ratings, measured):
    by = ratings.groupby(["rater_id", "subject", "arm"])["rating"].mean().unstack()
    change = (by["edited"] - by["original"]).groupby("rater_id").mean()
    found = verdict("R-1", measured)
    assert found.estimate.value == pytest.approx(change.mean())
    assert found.estimate.notes["by_reader"] == pytest.approx(change.to_dict(), abs=1e-6)
    assert found.outcome is Outcome.PASS
    assert (found.estimate.n_patients, found.estimate.n_missing) == (185, 0)


def test_the_published_bias_counts_rows(ratings):
    """S6: original less defaced over 225 rows a rater, -0.115, -0.012, -0.063, -0.016; of all raters -0.051."""
    means = ratings.groupby(["rater_id", "arm"])["rating"].mean().unstack()
    bias = means["original"] - means["edited"]
    assert bias.round(3).tolist() == [-0.115, -0.012, -0.063, -0.016]
    published = pd.read_csv(shared_data("defacing/S6_Data.tsv"), sep="\t").set_index("Statistic").loc["Bias"]
    assert [float(x) for x in published][1:] == bias.round(3).tolist()


def test_kappa_is_that_of_scikit_learn_on_rounded_ratings(ratings):
    """On the first readings, of which there is one of each arm."""
    first = ratings[ratings["reading"] == 1].pivot(index=["rater_id", "subject"], columns="arm", values="rating")
    for rater in first.index.levels[0]:
        one, other = (np.floor(first.loc[rater][arm] + 0.5).astype(int) for arm in ("edited", "original"))
        expected = cohen_kappa_score(one, other, weights="quadratic", labels=range(5))
        assert weighted_kappa(one, other) == pytest.approx(expected)


def test_limits_of_agreement_are_those_of_each_rater_with_repeated_ratings(ratings, measured):
    by = ratings.pivot(index=["rater_id", "subject"], columns=["arm", "reading"], values="rating")
    ends = {
        rater: bland_altman_repeated(by.loc[rater]["edited"].to_numpy(), by.loc[rater]["original"].to_numpy())
        for rater in by.index.levels[0]
    }
    for name, side in (("R-4", "upper"), ("R-5", "lower")):
        mine = verdict(name, measured).estimate.notes["by_reader"]
        assert mine == pytest.approx({rater: found[side].value for rater, found in ends.items()}, abs=1e-6)
        assert all(found[side].low < mine[rater] < found[side].high for rater, found in ends.items())
