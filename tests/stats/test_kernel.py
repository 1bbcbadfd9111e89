"""Both kernels of an AUC are one: the table, and the order of scores that takes its place in large studies."""

from __future__ import annotations

import numpy as np
import pytest
from editproof.stats import kernel as kernels
from editproof.stats.areas import Area, mean_of_pairs, pairs_of
from editproof.stats.auc import auc_statistic
from editproof.stats.auc_interval import auc_difference_interval
from editproof.stats.kernel import OrderedKernel, TableKernel, mean_kernel
from hypothesis import given, settings
from hypothesis import strategies as st


def study(seed: int, n: int = 60, repeats: int = 3, lost: float = 0.15, cases: int = 2):
    """Scores with ties, lost repeats and patients of several cases, some of both classes."""
    rng = np.random.default_rng(seed)
    patients = np.sort(rng.integers(0, max(2, n // cases), n)).astype(str)
    positive = rng.random(n) < 0.45
    positive[:2] = True, False
    scores = np.round(rng.normal(size=(n, repeats)) + positive[:, None], 1)
    scores[rng.random(scores.shape) < lost] = np.nan
    scores[:2, 0] = 0.5
    return scores, positive, patients


def made(monkeypatch, ordered: bool, *args):
    monkeypatch.setattr(kernels, "LARGEST_TABLE", -1 if ordered else 10**9)
    return auc_statistic(*args)


@pytest.mark.parametrize("seed", range(8))
def test_every_product_of_the_order_is_that_of_the_table(seed, monkeypatch):
    args = study(seed)
    table, order = made(monkeypatch, False, *args).kernel, made(monkeypatch, True, *args).kernel
    assert (type(table), type(order)) == (TableKernel, OrderedKernel)
    assert table.shape == order.shape
    rng = np.random.default_rng(seed)
    up, down = (rng.exponential(size=(5, n)) for n in table.shape)
    assert order.over_rows(up) == pytest.approx(table.over_rows(up), abs=1e-12)
    assert order.over_columns(down) == pytest.approx(table.over_columns(down), abs=1e-12)
    assert order.both(up, down) == pytest.approx(table.both(up, down), rel=1e-12)
    assert order.row_sums == pytest.approx(table.row_sums, abs=1e-12)
    assert order.column_sums == pytest.approx(table.column_sums, abs=1e-12)
    assert (order.total, order.mean) == pytest.approx((table.total, table.mean), rel=1e-12)
    rows, columns = rng.integers(0, table.shape[0], 9), rng.integers(0, table.shape[1], 9)
    assert order.at(rows, columns) == pytest.approx(table.at(rows, columns), abs=1e-12)
    for one, other in ((rows, columns), (rng.random(table.shape[0]) < 0.5, rng.random(table.shape[1]) < 0.5)):
        chosen = np.concatenate(list(table.only(one, other).blocks()))
        assert np.concatenate(list(order.only(one, other).blocks())) == pytest.approx(chosen, abs=1e-12)
    assert order.divided(up[0], down[0]).total == pytest.approx(table.divided(up[0], down[0]).total, rel=1e-12)


def test_an_unchanged_arm_moves_no_pair_though_thirds_do_not_add_up_to_one(monkeypatch):
    scores, positive, patients = study(3, lost=0.0)
    single = scores[:, :1]
    for ordered in (False, True):
        repeated = made(monkeypatch, ordered, np.repeat(single, 3, axis=1), positive, patients)
        change = repeated - made(monkeypatch, ordered, single, positive, patients)
        assert change.kernel.moved(10**6) == 0
        worse = made(monkeypatch, ordered, scores, positive, patients) - made(
            monkeypatch, ordered, single, positive, patients
        )
        assert worse.kernel.moved(10**6) == sum(worse.kernel.shape)


@settings(max_examples=12)
@given(st.integers(0, 10**6), st.integers(1, 3), st.integers(1, 3))
def test_what_is_decided_is_the_same_by_either(seed, repeats, cases):
    scores, positive, patients = study(seed, 40, repeats, 0.2, cases)
    missing = np.isnan(scores)
    before = np.nanmax(np.where(np.isnan(scores), -1, scores), axis=1, keepdims=True)
    found = []
    with pytest.MonkeyPatch.context() as patch:
        for ordered in (False, True):
            edited = made(patch, ordered, scores, positive, patients)
            original = made(patch, ordered, before, positive, patients)
            pairs = pairs_of(scores, positive, missing, patients)
            change = pairs - pairs_of(before, positive, np.zeros_like(positive)[:, None], patients)
            n = len(np.unique(patients))
            kept = np.isin(np.unique(patients), np.unique(patients)[::2])
            found.append(
                [
                    *(edited.value, edited.standard_error, mean_of_pairs(edited)),
                    *pairs.limits(n, 0.9), *change.limits(n, 0.9), edited.only(kept).kernel.total,
                    *edited.influence, edited.with_another(0).standard_error,
                    edited.with_another(len(edited.rows)).standard_error,
                    mean_kernel([edited.kernel, edited.kernel]).total,
                ]
            )  # fmt: skip
            if edited.pairs_with(original):
                found[-1] += (edited - original).influence.tolist()
    assert found[1] == pytest.approx(found[0], abs=1e-9)


def test_intervals_of_a_difference_are_the_same_by_either(monkeypatch):
    scores, positive, patients = study(11, 200, 3, 0.0, 1)
    intervals = []
    for ordered in (False, True):
        arms = [made(monkeypatch, ordered, one, positive, patients) for one in (scores, scores[:, :1])]
        intervals.append(auc_difference_interval(*arms))
    one, other = intervals
    assert (one.low, one.high, one.method) == pytest.approx((other.low, other.high, other.method), abs=1e-12)


def test_a_large_study_keeps_no_table():
    scores, positive, patients = study(5, 4000, 1, 0.0, 1)
    statistic = auc_statistic(scores, positive, patients)
    assert isinstance(statistic.kernel, OrderedKernel)
    area = Area(
        area=statistic,
        pairs=pairs_of(scores, positive, np.zeros(scores.shape, dtype=bool), patients),
        patients=np.unique(patients),
    )
    found = area.conventional(0.9)
    assert found.low < statistic.value < found.high
