"""What holds of every registered estimand, a new one included, and what the registry says of names."""

from __future__ import annotations

import json
import math
import pickle
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
from editproof import criteria as c
from editproof.core import registry
from editproof.criteria import Criterion, Estimand, at_least, at_most, estimand
from editproof.criteria.catalogue import page
from editproof.criteria.controls import control_verdicts, verdict_on_control
from editproof.criteria.factory import example_of, is_factory
from editproof.criteria.registry import ESTIMANDS, check_registered, estimand_digests, estimand_from, foreign
from editproof.criteria.rehearsal import drawn, rehearse
from editproof.criteria.versions import difference
from editproof.errors import EvidenceError, ProtocolError
from editproof.evidence.plain import plain, typed
from editproof.stats.interval import ALIKE
from editproof.types import CriterionCard, EstimandSpec
from hypothesis import given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
EVERY = {name: estimand_from(example_of(ESTIMANDS[name])) for name in ESTIMANDS.names}
EVERY |= {
    "ks within": c.ks_distance(margin=0.05), "share of edits": c.share_changed("bone_age", more_than=3.0, per="edit"),
    "mae of originals": c.mae("bone_age", arm="original"), "complete": c.mae_drift("bone_age", missing="complete_case"),
    "recalibrated repeats": c.recalibrated(c.repeat_sd("bone_age"), "isotonic"),
}  # fmt: skip

EVERY |= {f"{name}, capped": made.capped(50.0) for name, made in EVERY.items() if made.wants_cap}

OF_SPREAD = {"reader_kappa", "reader_limits_of_agreement"}
"""Of readers who never differ these have no interval: it would have no width, and says nothing of what was not seen."""
RELATIVE = {"mae of originals", "change_beyond_rescan"}
"""Of these the value of an untouched edit is that of the cohort: its MAE, its rescans' difference with a minus sign."""
OF_THE_READING = frozenset(
    "mae rmse bias auc brier sensitivity specificity calibration_slope calibration_intercept probability_slope "
    "probability_intercept marks_kept mark_error macro_auc froc_sensitivity average_precision".split()
)
"""Estimands of how well an instrument reads, which no edit makes ideal."""
EFFICACY = frozenset(["identifiers_left", "marker_residual", "target_gain"])
"""Estimands of what an edit is for, which an untouched radiograph misses by their nature."""

tables = {
    "seed": st.integers(0, 2**16),
    "patients": st.integers(20, 120),
    "cases_each": st.integers(1, 3),
    "repeats": st.integers(1, 4),
    "lost": st.sampled_from([0.0, 0.05, 0.4]),
}
few = settings(max_examples=4, deadline=None)


def through_a_file(spec: EstimandSpec) -> EstimandSpec:
    """The specification as a record's reader would give it back."""
    card = CriterionCard("A", "s", "e", "u", 0.0, 1.0, "r", 0.95, "primary", "s", specification=spec)
    again: CriterionCard = typed(CriterionCard, json.loads(json.dumps(plain(card), allow_nan=False)))
    assert again.specification is not None
    return again.specification


@pytest.mark.parametrize("name", EVERY)
@given(**tables)
@few
def test_an_estimand_made_again_from_its_card_comes_to_the_same(name, **shape):
    made = EVERY[name]
    again = estimand_from(through_a_file(made.spec))
    assert again.spec == made.spec
    assert hash(again.spec) == hash(made.spec)
    table = drawn(made, **shape)
    assert plain(again.estimate(table)) == plain(made.estimate(table))


@pytest.mark.parametrize("name", EVERY)
@given(**tables)
@few
def test_the_order_of_cases_decides_nothing(name, **shape):
    made, table = EVERY[name], drawn(EVERY[name], **shape)
    order = np.random.default_rng(shape["seed"]).permutation(len(table.cases))
    shuffled = replace(table, cases=table.cases.iloc[order].reset_index(drop=True))
    assert plain(made.estimate(shuffled)) == plain(made.estimate(table))


@pytest.mark.parametrize("name", EVERY)
@given(**tables)
@few
def test_a_version_does_not_differ_from_itself(name, **shape):
    made, table = EVERY[name], drawn(EVERY[name], **shape)
    found, _, _ = difference(Criterion("A", made, at_most(1.0), source="s"), 1.0, table, table)
    if found.reason is None:
        assert found.value == 0.0
        assert found.low <= 0.0 <= found.high
        assert found.low < found.high or found.method == "identical arms"
    else:
        assert (found.value, found.low, found.high) == (None, None, None)


@pytest.mark.parametrize("name", EVERY)
def test_versions_are_compared_by_it_or_it_says_why_not(name):
    made = EVERY[name]
    new, old = drawn(made, 1, harm=2.0, lost=0.0), drawn(made, 1, lost=0.0)
    found, _, _ = difference(Criterion("A", made, at_most(1.0), source="s"), 1.0, new, old)
    assert bool(made.incomparable) is (found.reason is not None), found.reason


@pytest.mark.parametrize(
    "name", [n for n in sorted(EVERY) if n.partition(",")[0] not in OF_THE_READING | EFFICACY | RELATIVE]
)
@given(seed=st.integers(0, 2**16), patients=st.integers(20, 120), repeats=st.integers(2, 4))
@few
def test_an_untouched_edit_is_ideal(name, **shape):
    made = EVERY[name]
    found = made.estimate(drawn(made, **shape, lost=0.0, harm=0.0))
    if name in OF_SPREAD:
        assert "nothing varies" in found.reason
        return
    point = found.notes["point"] if (found.reason or "").startswith(ALIKE) else found.value
    assert point == pytest.approx(made.ideal, abs=1e-9)


@pytest.mark.parametrize("name", sorted(EFFICACY))
def test_an_untouched_edit_is_far_from_the_ideal_of_efficacy(name):
    made = EVERY[name]
    assert made.estimate(drawn(made, lost=0.0, harm=0.0)).value == made.unchanged != made.ideal


@pytest.mark.parametrize("name", EVERY)
def test_an_estimand_travels_to_a_worker(name):
    made = EVERY[name]
    sent = pickle.loads(pickle.dumps(made))
    assert sent.spec == made.spec
    assert plain(sent.estimate(drawn(made))) == plain(made.estimate(drawn(made)))


def test_every_factory_at_the_front_door_is_registered_and_the_other_way_round():
    public = {name for name in c.__all__ if is_factory(getattr(c, name))}
    assert public == set(ESTIMANDS.built_in)


def test_the_page_of_estimands_is_what_the_registry_makes():
    assert (ROOT / "docs" / "estimands.md").read_text(encoding="utf-8") == page()
    assert all(f"| `{name}` |" in page() for name in ESTIMANDS.built_in)


def test_a_claim_on_recalibrated_repeats_does_not_ask_the_controls_for_readings():
    def controls(made: Estimand):
        claim = Criterion("A", made, at_most(1e9), source="s")
        harmless, harmful = (drawn(made, harm=harm, lost=0.0) for harm in (0.0, 50.0))
        alike = harmful.rows["arm"] == "edited"  # the destructive control makes the same of every repeat
        harmful.rows.loc[alike, "value"] = harmful.rows[alike].groupby("case")["value"].transform("first")
        pair = (("identity", harmless), ("destructive", harmful))
        return {v.criterion.id for v in control_verdicts([{n: verdict_on_control(claim, m) for n, m in pair}])}

    assert controls(c.recalibrated(c.repeat_sd("bone_age"))) == {"CTRL-identity", "CTRL-destructive"}
    assert controls(c.recalibrated(c.mae_drift("bone_age"))) == {"CTRL-identity", "CTRL-destructive", "CTRL-readings"}


def _halved(readings):
    return readings.mean_of(readings.changes / 2, readings.unmoved)


@estimand(example={"quantity": "bone_age"})
def half_drift(quantity: str, *, unit: str | None = None, weights: tuple[float, ...] = ()) -> Estimand:
    """Half of the mean signed change of the reading."""
    return Estimand(name="half drift", quantity=quantity, unit=unit, statistic=_halved, needs={"original"}, ideal=0.0)


def test_an_own_estimand_is_known_for_a_while_and_its_source_is_digested():
    made = half_drift("bone_age")
    card = Criterion("A", made, at_most(1.0), source="s").card
    with pytest.raises(ProtocolError, match=r"no estimand of that name is known here\. .*pytest_editproof_estimands"):
        rehearse(made)
    assert [*foreign([card], {})] == [
        "estimand 'half_drift' is not known here, so that nothing was decided again; if you trust its author, "
        "give its file: --trust FILE.py"
    ]
    with ESTIMANDS.also([half_drift], "a test"):
        rehearse(made)
        rehearse(c.recalibrated(c.mae_drift("bone_age")))
        digests = estimand_digests([card, Criterion("B", c.mae("bone_age"), at_most(1.0), source="s").card])
        assert list(digests) == ["half_drift"]
        assert not [*foreign([card], digests)]
        assert "says nothing" in next(foreign([card], {}))
        assert estimand_from(through_a_file(made.spec)).estimate(drawn(made)) == made.estimate(drawn(made))
    assert "half_drift" not in ESTIMANDS
    with pytest.raises(EvidenceError, match="half_drift"):
        estimand_from(made.spec)


def test_the_unit_of_a_known_quantity_is_entered():
    assert half_drift("bone_age").spec.arguments == {"quantity": "bone_age", "unit": "months", "weights": ()}
    assert half_drift("lesions").spec.arguments["unit"] is None
    assert str(half_drift("lesions", weights=[1, 2.5])) == "half_drift('lesions', weights=(1, 2.5))"


@pytest.mark.parametrize("weights", [np.ones(2), {1, 2}, (math.nan,), (math.inf,), (b"x",), ({1: 2},), (object(),)])
def test_an_argument_that_is_not_plain_json_is_refused(weights):
    with pytest.raises(ProtocolError, match=r"estimand half_drift\(quantity='bone_age', unit='months', weights="):
        half_drift("bone_age", weights=weights)


def test_another_factory_of_a_registered_name_is_no_substitute():
    def mae(quantity: str) -> Estimand:
        return half_drift(quantity)

    with pytest.raises(ProtocolError, match="estimand 'mae': claimed by this package and by a test"):
        ESTIMANDS.also([estimand(mae)], "a test").__enter__()
    for own in (estimand(mae)("bone_age"), c.recalibrated(replace(estimand(mae)("bone_age"), needs={"reference"}))):
        with pytest.raises(ProtocolError, match="the registered one is another than that of tests"):
            check_registered(own)
    bare = Estimand(name="bare", quantity="bone_age", statistic=_halved, ideal=0.0)
    with pytest.raises(ProtocolError, match="no factory made it"):
        check_registered(bare)
    with pytest.raises(ProtocolError, match="is not plain JSON"):
        c.recalibrated(replace(bare, needs={"reference"}))


def test_a_misspelled_name_is_told_what_is_near():
    with pytest.raises(ProtocolError, match="Did you mean mae_drift or"):
        ESTIMANDS["mae_drifd"]
    with pytest.raises(
        EvidenceError, match=r"estimand mae: got an unexpected keyword argument 'at'. It takes quantity, "
    ):
        estimand_from(EstimandSpec("mae", {"quantity": "bone_age", "at": 7}))
    with pytest.raises(
        ProtocolError, match=r"missing a required argument: 'quantity'. Did you mean quantity\? It takes "
    ):
        c.mae(quantiy="bone_age")
    with pytest.raises(ProtocolError, match=r"missing a required argument: 'worst'. It takes quantity, worst, "):
        c.image_metric("ssim:whole")


def test_a_factory_takes_its_parameters_by_name():
    with pytest.raises(TypeError, match="every parameter needs a name"):
        estimand(lambda *quantities: half_drift(*quantities))
    with pytest.raises(ProtocolError, match="its factory returned a float"):
        estimand(lambda quantity: 1.0)("bone_age")


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([("half_drift", "tests.criteria.test_registry:half_drift")], None),
        ([("mae", "tests.criteria.test_registry:half_drift")], "claimed by this package and by entry point"),
        ([("half", "tests.criteria.test_registry:half_drift")], "is of 'half_drift'. Give both one name."),
        ([("half_drift", "tests.nowhere:x")], "its entry point tests.nowhere:x does not load"),
        ([("half_drift", "tests.criteria.test_registry:ROOT")], "is not a factory marked by @estimand"),
        ([("half_drift", "a:b"), ("half_drift", "c:d")], "claimed by a:b and by c:d"),
    ],
)
def test_an_installed_package_brings_estimands(monkeypatch, points, words):
    monkeypatch.setattr(
        registry, "entry_points", lambda group: [EntryPoint(name, value, group) for name, value in points]
    )
    known = registry.Registry(
        "estimand",
        group="g",
        hook="h",
        built_in=lambda: [c.mae],
        name_of=ESTIMANDS._name_of,
        code_of=ESTIMANDS._code_of,
    )
    if words is None:
        assert known.names == ("half_drift", "mae")
        assert known["half_drift"].__name__ == "half_drift"
        assert len(known.digest("half_drift")) == 64
        assert known.digest("mae") is None
        return
    with pytest.raises(ProtocolError, match=words):
        known[points[0][0]] if points[0][0] != "mae" else known.names


def test_an_estimand_of_what_does_not_exist_is_refused_when_it_is_made():
    for wrong in ({"scope": "pixels"}, {"kind": "text"}, {"missing": "ignore"}, {"needs": {"mask"}}):
        with pytest.raises(ProtocolError, match="Choose one of those"):
            Estimand(name="x", quantity="x", statistic=_halved, ideal=0.0, **wrong)


@pytest.mark.parametrize("region", [at_most(1.0), at_least(-1.0)])
def test_verdicts_print_the_sign_of_signed_differences_alone(region):
    from editproof.criteria import verdict_on

    for made in EVERY.values():
        verdict = verdict_on(Criterion("A", made, region, source="s"), drawn(made, harm=1.0))
        if verdict.estimate.value is not None and verdict.estimate.value > 0:
            assert (f"{verdict.criterion.estimand} = +" in repr(verdict)) is made.signed
