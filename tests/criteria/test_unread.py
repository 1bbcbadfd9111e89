"""Readers who behave unequally: answers left out never make a claim pass, and arms alike settle none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from editproof import criteria as c
from editproof.criteria import Criterion, at_least, at_most, verdict_on, within
from editproof.evidence.measurements import EDITED, ORIGINAL, Measurements, measurements_of
from editproof.stats.areas import ONE_CLASS
from editproof.types import Outcome
from hypothesis import given, settings
from hypothesis import strategies as st

BOUNDED = {
    f"{name}, {readers}": made
    for readers in ("random", "fixed")
    for name, made in {
        "drift": c.reader_drift("x", least=0, most=100, readers=readers),
        "auc": c.reader_auc_drift("x", readers=readers),
        "calls": c.reader_call_drift("x", at=50, readers=readers),
        "calls of the sick": c.reader_call_drift("x", at=50, of="positive", readers=readers),
        "changed calls": c.reader_call_changes("x", at=50, readers=readers),
    }.items()
}
UNBOUNDED = {
    "drift": c.reader_drift("x"), "kappa": c.reader_kappa("x"),
    "limit of agreement": c.reader_limits_of_agreement("x", side="upper"),
}  # fmt: skip
STRICT = {
    name: within(-0.01, 0.01) if name.startswith(("drift", "calls", "auc")) else at_most(0.01) for name in BOUNDED
}


def study(before: np.ndarray, edited: np.ndarray, positives: int | None = None, each: int = 1) -> Measurements:
    """Ratings of shape (cases, readers), and of edits (cases, readers, repeats), ``each`` cases a patient."""
    edited = edited[..., None] if edited.ndim == 2 else edited
    n, repeats = edited.shape[0], edited.shape[2]
    positive = np.arange(n) % 2 if positives is None else np.arange(n) < positives
    cases = [{"case": f"c{i:03d}", "patient": f"p{i // each:03d}", "reference:x": float(positive[i])} for i in range(n)]
    rows = [
        (f"c{i:03d}", arm, k, f"reader:{'ABCDE'[j]}", "x", float(table[i, j, k]), "points")
        for arm, table in ((ORIGINAL, before[..., None]), (EDITED, edited))
        for i, j, k in np.ndindex(*table.shape)
    ]
    return measurements_of("tool", cases, rows, [(f"c{i:03d}", k, "ok", "") for i in range(n) for k in range(repeats)])


def careless(seed: int, n: int, readers: int, worst: float, repeats: int = 1, each: int = 1) -> Measurements:
    """Readers of whom one changes ``worst`` of the ratings and the others few, one way or both ways."""
    random = np.random.default_rng(seed)
    before = random.choice([20.0, 45.0, 55.0, 80.0], (n, readers))
    rates = np.where(np.arange(readers) == readers - 1, worst, random.uniform(0.0, 0.05, readers))
    changed = random.random((n, readers, repeats)) < rates[:, None]
    other = 100 - before if seed % 2 else np.full_like(before, 80.0)
    return study(before, np.where(changed, other[..., None], before[..., None]), each=each)


@pytest.mark.parametrize("name", BOUNDED)
@given(
    seed=st.integers(0, 2**16), n=st.integers(40, 70), readers=st.integers(2, 5), repeats=st.integers(1, 2),
    worst=st.sampled_from([0.0, 0.1, 0.5]), share=st.sampled_from([0.02, 0.2, 1.0]), each=st.integers(1, 2),
    how=st.sampled_from(["edits", "answers", "what changed", "what one changed", "originals"]),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_no_set_of_answers_left_out_makes_a_limit_better(name, seed, n, readers, repeats, worst, share, each, how):
    made, table = BOUNDED[name], careless(seed, n, readers, worst, repeats, each)
    rows, random = table.rows, np.random.default_rng(seed + 1)
    first = rows[rows["arm"] == ORIGINAL].set_index(["case", "instrument"])["value"]
    own = first.loc[list(zip(rows["case"], rows["instrument"], strict=True))].to_numpy()
    edits = (rows["arm"] == EDITED).to_numpy()
    changed = edits & (rows["value"].to_numpy() != own)
    some = random.random(len(rows)) < share
    if how == "edits":
        some = rows["case"].isin(rows["case"][changed & some]).to_numpy()
    gone = {
        "edits": edits & some, "answers": edits & some & (share < 1), "what changed": changed & some,
        "what one changed": changed & some & (rows["instrument"] == f"reader:{'ABCDE'[readers - 1]}").to_numpy(),
        "originals": some & (share < 1) & (random.random(len(rows)) < 0.5),
    }[how]  # fmt: skip
    whole, part = made.estimate(table), made.estimate(replace(table, rows=rows[~gone]))
    assert whole.exists
    assert part.exists or part.reason == ONE_CLASS
    assert not part.exists or (part.low <= whole.low + 1e-9 and part.high >= whole.high - 1e-9)


def test_a_failed_edit_that_one_reader_would_have_changed_is_no_help():
    """One of two readers changes 10 calls of 100: open. Refuse those 10 edits: still open."""
    before = np.full((100, 2), 20.0)
    edited = before.copy()
    edited[:10, 1] = 80.0
    claim = Criterion("H9", BOUNDED["changed calls, random"], at_most(0.25), source="an example")
    table = study(before, edited)
    assert verdict_on(claim, table).outcome is Outcome.INCONCLUSIVE
    refused = table.rows["case"].isin([f"c{i:03d}" for i in range(10)]) & (table.rows["arm"] == EDITED)
    without = verdict_on(claim, replace(table, rows=table.rows[~refused]))
    assert without.outcome is Outcome.INCONCLUSIVE
    assert without.estimate.high > verdict_on(claim, table).estimate.high


def test_worse_calls_of_one_reader_can_narrow_the_interval():
    """A known limit of variance components, told in docs/statistics.md: readers who are all as bad look alike."""
    before = np.full((100, 2), 20.0)
    one, both = before.copy(), before.copy()
    one[:10, 1], both[:10] = 80.0, 80.0
    made = BOUNDED["changed calls, random"]
    assert made.estimate(study(before, one)).high > made.estimate(study(before, both)).high
    fixed = BOUNDED["changed calls, fixed"]
    assert fixed.estimate(study(before, one)).high < fixed.estimate(study(before, both)).high


@given(
    seed=st.integers(0, 2**16), n=st.integers(40, 60), readers=st.integers(1, 4), first=st.floats(0, 0.5),
    more=st.floats(0.01, 1.0), each=st.integers(1, 2),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_more_changed_calls_never_better_a_limit_of_these_readers(seed, n, readers, first, more, each):
    random = np.random.default_rng(seed)
    before = random.choice([20.0, 80.0], (n, readers))
    some = random.random((n, readers)) < first
    all_ = some | (random.random((n, readers)) < more)
    made = BOUNDED["changed calls, fixed"]
    less, worse = (made.estimate(study(before, np.where(x, 100 - before, before), each=each)) for x in (some, all_))
    assert worse.high >= less.high - 1e-9
    assert worse.low >= less.low - 1e-9


@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.parametrize("readers", [1, 2, 5])
@pytest.mark.parametrize("limits", ["gaffke", "conventional"])
def test_arms_alike_settle_no_bounded_claim(name, readers, limits):
    made = BOUNDED[name]
    before = np.random.default_rng(0).uniform(0, 100, (40, readers))
    claim = Criterion("H9", made, STRICT[name], source="an example", limits=limits)
    found = verdict_on(claim, study(before, before))
    assert found.outcome is Outcome.INCONCLUSIVE
    if readers == 1 and "random" in name:
        assert found.estimate.reason == "1 reader cannot stand for others: at least 2 are needed"
    elif limits == "conventional":
        assert "nothing varies between readers or patients" in found.estimate.reason
    else:
        assert found.estimate.high - found.estimate.low > 0.05


def test_one_reader_of_whom_nothing_changes_has_the_exact_limit():
    before = np.random.default_rng(0).uniform(0, 100, (40, 1))
    found = BOUNDED["changed calls, fixed"].estimate(study(before, before))
    assert (found.low, found.high) == (0.0, pytest.approx(1 - 0.05 ** (1 / 40), abs=1e-6))


@pytest.mark.parametrize("readers", ["random", "fixed"])
def test_one_positive_patient_gives_no_interval_of_an_area(readers):
    before = np.random.default_rng(0).uniform(0, 100, (40, 5))
    claim = Criterion("H9", BOUNDED[f"auc, {readers}"], at_least(-0.001), source="an example")
    found = verdict_on(claim, study(before, before, positives=1))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.estimate.reason == "it hangs on one patient"


@pytest.mark.parametrize("name", UNBOUNDED)
def test_arms_alike_give_no_interval_where_nothing_bounds_it(name):
    before = np.random.default_rng(0).integers(0, 5, (40, 3)).astype(float)
    found = UNBOUNDED[name].estimate(study(before, before))
    assert "nothing varies between readers or patients" in found.reason
    moved = UNBOUNDED[name].estimate(study(before, before + np.random.default_rng(1).integers(0, 2, before.shape)))
    assert moved.low < moved.high
