"""Claims on what several human readers find, and on ratings that nobody gave."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from editproof import criteria as c
from editproof.criteria import Criterion, at_least, at_most, verdict_on, within
from editproof.criteria.planning import power_by_pilot
from editproof.errors import ProtocolError
from editproof.evidence.measurements import Measurements, measurements_of
from editproof.types import Outcome
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

READERS = ("Ana", "Ben", "Cyd")


def study(
    n: int = 80, *, shift: float = 0.0, noise: float = 0.3, again: int = 0, step: float = 0.0, seed: int = 0
) -> Measurements:
    """Ratings from 0 to 10 of cases half of which are positive; the first ``again`` cases were rated twice."""
    random = np.random.default_rng(seed)
    positive = np.arange(n) % 2
    truth = 3 + 4 * positive + random.normal(0, 1.2, n)
    cases = [{"case": f"c{i:03d}", "patient": f"p{i:03d}", "reference:nodule": float(positive[i])} for i in range(n)]
    rows = []
    for reader in READERS:
        bias = random.normal(0, 0.3)
        for arm, moved in (("original", 0.0), ("edited", shift)):
            for session in (1, 2):
                values = np.clip(truth + bias + moved + random.normal(0, noise, n), 0, 10)
                values = np.round(values / step) * step if step else values
                name = f"reader:{reader}" + ("" if session == 1 else "#2")
                last = n if session == 1 else again
                rows += [(f"c{i:03d}", arm, 0, name, "nodule", float(values[i]), "points") for i in range(last)]
    return measurements_of("tool", cases, rows, [(f"c{i:03d}", 0, "ok", "") for i in range(n)])


def without(table: Measurements, *, case: str, arm: str = "edited", reader: str = "") -> Measurements:
    """The same, had a reader, or none of them, rated that image."""
    rows = table.rows
    gone = (rows["case"] == case) & (rows["arm"] == arm) & rows["instrument"].str.startswith(f"reader:{reader}")
    return replace(table, rows=rows[~gone])


def claim(made, region, **more):
    return Criterion("H9", made, region, source="an example", **more)


def test_a_tool_that_moves_no_rating_passes_and_one_that_does_fails():
    made = c.reader_drift("nodule", least=0, most=10)
    assert verdict_on(claim(made, within(-0.5, 0.5)), study())
    harmed = verdict_on(claim(made, within(-0.5, 0.5)), study(shift=2.0))
    assert harmed.outcome is Outcome.FAIL
    assert harmed.estimate.notes["by_reader"].keys() == set(READERS)


def test_the_mean_change_is_that_of_readers_means():
    table = study(shift=1.0, again=20)
    rows = table.rows.assign(reader=table.rows["instrument"].str.extract("reader:([^#]+)")[0])
    mean = rows.groupby(["reader", "case", "arm"])["value"].mean().unstack("arm")
    expected = (mean["edited"] - mean["original"]).groupby("reader").mean()
    found = c.reader_drift("nodule").estimate(table)
    assert found.value == pytest.approx(expected.mean())
    assert found.notes["by_reader"] == pytest.approx(expected.to_dict(), abs=1e-6)


def test_areas_and_calls_are_those_of_each_reader():
    table = study(shift=0.4)
    areas, hits = [], []
    for reader in READERS:
        scores = {arm: table.matrix("nodule", arm, f"reader:{reader}")[:, 0] for arm in ("original", "edited")}
        positive = table.reference("nodule")
        areas.append(roc_auc_score(positive, scores["edited"]) - roc_auc_score(positive, scores["original"]))
        hits.append(((scores["edited"] >= 5) * 1.0 - (scores["original"] >= 5))[positive == 1].mean())
    assert c.reader_auc_drift("nodule").estimate(table).value == pytest.approx(np.mean(areas))
    assert c.reader_call_drift("nodule", at=5, of="positive").estimate(table).value == pytest.approx(np.mean(hits))


BOUNDED = {
    "drift": c.reader_drift("nodule", least=0, most=10), "auc": c.reader_auc_drift("nodule"),
    "calls": c.reader_call_drift("nodule", at=5), "changed calls": c.reader_call_changes("nodule", at=5),
}  # fmt: skip


@pytest.mark.parametrize("name", BOUNDED)
def test_a_rating_that_nobody_gave_is_at_its_worst(name):
    made, table = BOUNDED[name], study()
    whole, part = (made.estimate(x) for x in (table, without(table, case="c007", reader="Ben")))
    assert part.n_missing == 1
    assert part.low <= whole.low
    assert part.high - part.low > whole.high - whole.low
    lost = made.estimate(without(table, case="c007"))
    assert lost.n_missing == len(READERS)
    assert lost.high - lost.low > part.high - part.low


@pytest.mark.parametrize("name", BOUNDED)
@given(
    seed=st.integers(0, 2**16), n=st.integers(40, 80), share=st.sampled_from([0.01, 0.1, 0.5]),
    shift=st.sampled_from([-1.0, 0.0, 1.0]), arms=st.sampled_from([("edited",), ("original", "edited")]),
)  # fmt: skip
@settings(max_examples=12, deadline=None)
def test_leaving_answers_out_never_makes_a_limit_better(name, seed, n, share, shift, arms):
    made, table = BOUNDED[name], study(n, shift=shift, seed=seed)
    rows, random = table.rows, np.random.default_rng(seed)
    gone = rows["arm"].isin(arms) & (random.random(len(rows)) < share)
    before, after = made.estimate(table), made.estimate(replace(table, rows=rows[~gone]))
    assert not after.exists or (after.low <= before.low + 1e-9 and after.high >= before.high - 1e-9)
    assert after.exists


@pytest.mark.parametrize("name", BOUNDED)
def test_an_original_that_a_reader_did_not_answer_is_at_its_worst_too(name):
    made, table = BOUNDED[name], study()
    whole, one = (made.estimate(x) for x in (table, without(table, case="c007", arm="original", reader="Ben")))
    everybody = made.estimate(without(table, case="c007", arm="original"))
    assert everybody.low <= one.low <= whole.low
    assert everybody.high >= one.high >= whole.high
    assert everybody.high - everybody.low > one.high - one.low > whole.high - whole.low


@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.parametrize(("session", "arm"), [("", "edited"), ("#2", "edited"), ("", "original"), ("#2", "original")])
def test_one_of_two_readings_left_out_is_missing(name, session, arm):
    made, table = BOUNDED[name], study(again=20)
    rows = table.rows
    gone = (rows["case"] == "c007") & (rows["arm"] == arm) & (rows["instrument"] == f"reader:Ben{session}")
    assert gone.sum() == 1
    whole, part = made.estimate(table), made.estimate(replace(table, rows=rows[~gone]))
    assert (whole.n_missing, part.n_missing) == (0, arm == "edited")
    assert part.low <= whole.low
    assert part.high - part.low > whole.high - whole.low


def test_originals_alone_may_be_read_twice():
    table = study(again=20)
    once = table.rows[~(table.rows["instrument"].str.endswith("#2") & (table.rows["arm"] == "edited"))]
    for made in BOUNDED.values():
        assert made.estimate(replace(table, rows=once)).n_missing == 0


def test_without_a_scale_a_missing_rating_leaves_the_claim_open():
    found = c.reader_drift("nodule").estimate(without(study(), case="c007", reader="Ben"))
    assert "1 reading is missing, and nothing bounds" in found.reason
    original = c.reader_drift("nodule").estimate(without(study(), case="c007", arm="original", reader="Ben"))
    assert "of 1 originals a reader gave no rating" in original.reason
    bounded = BOUNDED["drift"].estimate(without(study(), case="c007", arm="original", reader="Ben"))
    assert bounded.low < BOUNDED["drift"].estimate(study()).low


def test_no_changed_call_in_few_patients_proves_little():
    calm = study(40, noise=0.0, step=1.0)
    made = c.reader_call_changes("nodule", at=5)
    found = verdict_on(claim(made, at_most(0.05)), calm)
    assert (found.estimate.value, found.outcome) == (0.0, Outcome.INCONCLUSIVE)
    assert found.estimate.high == pytest.approx(1 - 0.05 ** (1 / 40), abs=1e-6)
    assert verdict_on(claim(made, at_most(0.05)), study(60, noise=0.0, step=1.0))


def test_one_disaster_is_not_averaged_away_by_many_readers():
    calm = study(60, noise=0.0)
    rows = calm.rows.copy()
    hit = (rows["case"] == "c001") & (rows["arm"] == "edited")
    rows.loc[hit, "value"] = 0.0
    harmed = BOUNDED["drift"].estimate(replace(calm, rows=rows))
    assert harmed.low < -10 * (1 - 0.05 ** (1 / 60)), "no higher than what 60 patients without one show"


def test_readers_agree_with_themselves_as_kappa_says():
    coarse = study(step=1.0)
    same = c.reader_kappa("nodule").estimate(study(noise=0.0, step=1.0))
    assert "nothing varies between readers or patients" in same.reason
    assert same.notes["point"] == 1.0
    low = c.reader_kappa("nodule").estimate(study(noise=2.0, step=1.0))
    high = c.reader_kappa("nodule").estimate(coarse)
    assert low.value < high.value < 1
    assert c.reader_kappa("nodule", step=1.0).estimate(study()).value == pytest.approx(
        c.reader_kappa("nodule").estimate(coarse).value, abs=0.05
    )


def test_originals_that_were_read_twice_tell_how_many_calls_change_by_themselves():
    found = c.reader_call_changes("nodule", at=5).estimate(study(noise=1.5, again=40))
    assert 0 < found.notes["originals_read_again"] < 0.5


def test_readers_and_their_readings_are_told_apart_by_name_and_number():
    table = study(again=10)
    names = {"reader:Ana": "reader:A#na", "reader:Ana#2": "reader:A#na#7"}
    renamed = replace(table, rows=table.rows.assign(instrument=table.rows["instrument"].replace(names)))
    one, other = (c.reader_drift("nodule").raw(x) for x in (table, renamed))
    assert other.readers.tolist() == ["A#na", "Ben", "Cyd"]
    assert np.array_equal(one.edited, other.edited, equal_nan=True)
    assert one.edited.shape == (80, 3, 1, 2)


def test_readers_fixed_and_one_reader():
    table = study()
    alone = replace(table, rows=table.rows[table.rows["instrument"].str.startswith("reader:Ana")])
    made = c.reader_drift("nodule")
    assert "1 reader cannot stand for others" in made.estimate(alone).reason
    assert c.reader_drift("nodule", readers="fixed").estimate(alone).exists
    rows = table.rows.copy()
    rows.loc[rows["instrument"].str.contains("Ben") & (rows["arm"] == "edited"), "value"] += 1.0
    table = replace(table, rows=rows)
    others, these = made.estimate(table), c.reader_drift("nodule", readers="fixed").estimate(table)
    assert others.high - others.low > these.high - these.low


def test_limits_of_agreement_hold_most_ratings():
    table = study(200, noise=0.5)
    ends = [c.reader_limits_of_agreement("nodule", side=side).estimate(table).value for side in ("lower", "upper")]
    changes = np.concatenate([
        (table.matrix("nodule", "edited", f"reader:{r}") - table.matrix("nodule", "original", f"reader:{r}"))[:, 0]
        for r in READERS
    ])  # fmt: skip
    assert ((changes > ends[0]) & (changes < ends[1])).mean() == pytest.approx(0.95, abs=0.02)


def test_a_pilot_of_readers_says_what_a_larger_study_shows():
    wanted = claim(c.reader_drift("nodule", least=0, most=10), within(-0.9, 0.9))
    pilot = study(30)
    powers = [power_by_pilot([(wanted, "all")], pilot, n, draws=20).of_suite for n in (20, 120)]
    assert powers == [0.0, 1.0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: c.reader_drift("x", least=0), "a rating scale from 0 to None"),
        (lambda: c.reader_drift("x", least=4, most=0), "a rating scale from 4 to 0"),
        (lambda: c.reader_drift("x", arm="original"), "edits are held against the originals"),
        (lambda: c.reader_drift("x", readers="some"), "they are 'random' or 'fixed'"),
        (lambda: c.reader_call_drift("x", at=1, of="both"), "there are all, positive, negative"),
        (lambda: c.reader_kappa("x", weights="none"), "there are linear, quadratic"),
        (lambda: c.reader_kappa("x", step=0.0), "it is no positive number"),
        (lambda: c.reader_limits_of_agreement("x", side="left"), "it is 'upper' or 'lower'"),
        (lambda: c.reader_drift("nodule", least=0, most=5).estimate(study()), "there are ratings outside of it"),
        (lambda: c.reader_drift("mass").estimate(study()), "it was read by nobody"),
        (lambda: c.recalibrated(c.reader_auc_drift("nodule"), "linear").estimate(study()), "a reader has no curve"),
    ],
)
def test_what_cannot_be_claimed_is_refused_in_one_line(call, words):
    with pytest.raises(ProtocolError, match=words) as found:
        call()
    assert "\n" not in str(found.value)


def test_a_claim_on_readers_says_that_its_level_is_approximate():
    assert claim(BOUNDED["auc"], at_least(-0.1)).is_approximate
    assert BOUNDED["auc"].estimate(study()).notes["level"] == "approximate for other readers"
    by_field = BOUNDED["auc"].estimate(study(), limits="conventional")
    assert by_field.method == "Obuchowski-Rockette, Hillis"
    assert by_field.notes["level"] == "approximate"
