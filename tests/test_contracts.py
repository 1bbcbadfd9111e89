"""What users' own tests are offered: the contract of instruments notices each breach, and strategies draw what they say."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from editproof import testing
from editproof.criteria import at_most, bias, mae_drift, verdict_on
from editproof.criteria.criterion import Criterion
from editproof.criteria.estimand import Estimand
from editproof.criteria.factory import estimand, example_of
from editproof.criteria.registry import ESTIMANDS, estimand_from
from editproof.errors import EditproofError
from editproof.evidence.measurements import EDITED, ORIGINAL
from editproof.types import EditStatus, InstrumentCard, Outcome, Quantity
from hypothesis import given, settings

CARD = InstrumentCard("reader", "", (Quantity("age", "months"),), 2, {}, "none", "none", covariates=("sex",))


class Reader:
    """Reads the mean of an image; each way of being wrong is an option."""

    def __init__(self, wrong: str = "", card: InstrumentCard = CARD) -> None:
        self.wrong, self.card, self.calls = wrong, card, 0

    def predict(self, images, references):
        self.calls += 1
        assert all(set(told) == {"sex"} for told in references)
        means = np.array([image.mean() for image in images])
        if self.wrong == "changes":
            images[0][0, 0] += 1
        if self.wrong == "drifts":
            means += self.calls
        if self.wrong == "depends":
            means -= means.mean()
        if self.wrong == "undefined":
            means[-1] = np.nan
        return {"age": np.array([means, means + 1])[: 1 if self.wrong == "short" else 2]}


def test_a_sound_instrument_keeps_the_contract():
    readings = testing.check_instrument(Reader())
    assert len(readings) == 4, "two sizes, two types"
    assert all(len(reading["age"]) == 2 for reading in readings)
    [one] = testing.check_instrument(Reader(), [np.full((4, 4), 7, np.uint8)])
    assert one == {"age": [7.0, 8.0]}


@pytest.mark.parametrize(
    ("instrument", "words"),
    [
        (Reader("changes"), "the images were changed in place"),
        (Reader("drifts"), "read twice, an image gave"),
        (Reader("depends"), "alone, and"),
        (Reader("undefined"), "2 NaN or infinite values instead of 2 finite readings"),
        (Reader("short"), "an array of shape (1, 4) instead of 2 finite readings of 4 images"),
        (Reader(card=replace(CARD, quantities=())), "the card is blank"),
        (Reader(card=replace(CARD, preprocessing={"by": object()})), "the card is not plain JSON"),
    ],
    ids=lambda value: getattr(value, "wrong", ""),
)
def test_each_breach_by_an_instrument_is_noticed(instrument, words):
    with pytest.raises(AssertionError) as caught:
        testing.check_instrument(instrument)
    assert words in str(caught.value)


def test_every_registered_estimand_keeps_the_contract():
    for name in ESTIMANDS.names:
        made = estimand_from(example_of(ESTIMANDS[name]))
        estimates = testing.check_estimand(made)
        assert len(estimates) == 2


@estimand
def endless_change(quantity):
    """A change that is beyond all bounds."""
    return Estimand(
        name="endless change", quantity=quantity, needs={"original"}, ideal=0.0,
        statistic=lambda readings: readings.mean_of(readings.changes * np.inf),
    )  # fmt: skip


BARE = Estimand(name="bare", quantity="age", ideal=0.0, statistic=lambda readings: readings.mean_of(readings.values))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (endless_change("age"), "it comes to a number on drawn readings"),
        (BARE, "a factory marked by @estimand makes it"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_each_breach_by_an_estimand_is_noticed(made, words):
    with pytest.raises(AssertionError, match=words):
        testing.check_estimand(made)


@given(testing.pairs(dtype=np.uint16, shape=(6, 5)))
@settings(max_examples=20)
def test_pairs_are_of_the_type_and_shape_asked_for(pair):
    assert {(array.shape, array.dtype) for array in (pair.original, pair.edited)} == {((6, 5), np.dtype(np.uint16))}
    assert not (pair.edit_mask & pair.protected_mask).any()


def test_pairs_are_of_both_types_equal_and_changed_with_and_without_regions_and_spacing():
    seen = set()

    @given(testing.pairs(shape=(4, 4)))
    @settings(max_examples=200, database=None, derandomize=True)
    def draw(pair):
        seen.add(pair.original.dtype.name)
        seen.add("equal" if (pair.original == pair.edited).all() else "changed")
        seen.add("bare" if not pair.edit_mask.any() else "full" if pair.edit_mask.all() else "marked")
        seen.add("spaced" if pair.spacing_mm else "unspaced")

    draw()
    assert seen == {"uint8", "uint16", "equal", "changed", "bare", "full", "marked", "spaced", "unspaced"}


@given(testing.tables("length", "mm", low=5.0, high=9.0))
@settings(max_examples=50)
def test_a_drawn_table_can_be_judged(table):
    assert table.readings() in ({}, {"length": "mm"})
    assert ((table.matrix("length", ORIGINAL) >= 5) & (table.reference("length") <= 9)[:, None]).all()
    lost = np.isnan(table.matrix("length", EDITED)).sum()
    assert lost == table.n_missing == (table.edits["status"] == EditStatus.REFUSED.value).sum()
    for made in (mae_drift("length", unit="mm"), bias("length", unit="mm")):
        verdict = verdict_on(Criterion("T-1", made, at_most(1.0), source="placeholder: a test"), table)
        assert verdict.outcome in Outcome
        assert verdict.estimate.n_patients == len(set(table.patients))


@pytest.mark.parametrize("strategy", [testing.images, testing.masks, testing.pairs, testing.tables])
def test_without_hypothesis_a_strategy_is_one_line(monkeypatch, strategy):
    monkeypatch.setitem(sys.modules, "hypothesis.strategies", None)
    with pytest.raises(EditproofError) as caught:
        strategy()
    assert str(caught.value) == "a strategy of editproof.testing: hypothesis is not installed. pip install hypothesis"
