"""Four raters of 185 head MRIs before and after defacing (shared data, S1): what `docs/readers.md` shows of them.

The published table of bias (S6) counts 225 rows a rater, in which subjects who were rated twice stand twice; here a
subject counts once.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from editproof.criteria import verdict_on
from editproof.criteria.claim_tables import claims_from
from editproof.datasets.tables.layout import layout_of
from editproof.datasets.tables.readings import readings_in
from editproof.stats.kappa import weighted_kappa
from editproof.stats.repeated import bland_altman_repeated
from editproof.study.of_readings import ReadingsOfCohort
from editproof.types import Outcome, Verdict
from sklearn.metrics import cohen_kappa_score

from tests.needs import ROOT, shared_data

PAGE = (ROOT / "docs" / "readers.md").read_text(encoding="utf-8")
(SUITE,) = re.findall(r"^```toml raters.toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
(COLUMNS,) = re.findall(r"--columns (case=subject\S+)$", PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def ratings() -> pd.DataFrame:
    table = pd.read_csv(shared_data("defacing/S1_Data.tsv"), sep="\t", dtype={"subject": str})
    table = table.sort_values(["subject", "rater_id", "defaced", "randomized_id"])
    places = table.groupby(["subject", "rater_id", "defaced"])
    return table.assign(reading=places.cumcount() + 1, arm=np.where(table["defaced"] == 1, "edited", "original"))


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory) -> dict[str, Verdict]:
    """What `editproof judge` decides of the table as it was published, by the suite of the page."""
    suite = tmp_path_factory.mktemp("suite") / "raters.toml"
    suite.write_text(SUITE, encoding="utf-8")
    layout = layout_of(columns=[COLUMNS], quantities=["rating"], units=["rating=points"])
    measured = ReadingsOfCohort(readings_in(shared_data("defacing/S1_Data.tsv"), layout), "defacing").measurements(
        "defacing"
    )
    return {claim.name: verdict_on(claim.criterion, measured) for claim in claims_from(suite)}


def test_the_page_says_what_comes_out(verdicts):
    said = re.findall(r"^<(?:PASS|FAIL|INCONCLUSIVE) R-\d.*>$", PAGE, re.MULTILINE)
    assert said == [repr(verdict) for verdict in verdicts.values()]


def test_the_mean_change_is_that_of_subjects(ratings, verdicts):
    by = ratings.groupby(["rater_id", "subject", "arm"])["rating"].mean().unstack()
    change = (by["edited"] - by["original"]).groupby("rater_id").mean()
    found = verdicts["R-1"]
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


def test_limits_of_agreement_are_those_of_each_rater_with_repeated_ratings(ratings, verdicts):
    by = ratings.pivot(index=["rater_id", "subject"], columns=["arm", "reading"], values="rating")
    ends = {
        rater: bland_altman_repeated(by.loc[rater]["edited"].to_numpy(), by.loc[rater]["original"].to_numpy())
        for rater in by.index.levels[0]
    }
    for name, side in (("R-4", "upper"), ("R-5", "lower")):
        mine = verdicts[name].estimate.notes["by_reader"]
        assert mine == pytest.approx({rater: found[side].value for rater, found in ends.items()}, abs=1e-6)
        assert all(found[side].low < mine[rater] < found[side].high for rater, found in ends.items())
