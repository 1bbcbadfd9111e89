"""Harm below scan-rescan variability: computed by hand, and tried in both directions."""

from __future__ import annotations

import numpy as np
import pytest
from editproof import Criterion, at_most, change_beyond_rescan, measurements_of, verdict_on
from editproof.errors import ProtocolError
from editproof.types import Outcome


def table(change: float, rescan: float, patients: int = 60, groups: str = "own"):
    """Two acquisitions a patient that read ``rescan`` apart, each edited twice, the edits ``change`` away."""
    cases, rows, edits = [], [], []
    for p in range(patients):
        group = {"own": f"A{p}", "shared": f"A{p // 2}", "none": ""}[groups]
        for k in range(2):
            case, original = f"C{p}-{k}", 100.0 + p + k * rescan
            cases.append({"case": case, "patient": f"P{p}", "stratum:acquired": group})
            rows.append((case, "original", 0, "pooled", "volume", original, "ml"))
            for r in range(2):
                rows.append((case, "edited", r, "pooled", "volume", original + change * (-1) ** r, "ml"))
                edits.append((case, r, "ok", ""))
    return measurements_of("tool", cases, rows, edits)


CLAIM = Criterion(
    "V-1", change_beyond_rescan("volume", by="acquired", cap=20.0), at_most(0.0), source="placeholder: a test"
)


def test_the_value_is_the_mean_change_less_the_mean_rescan_difference():
    estimate = change_beyond_rescan("volume", by="acquired", cap=20.0).estimate(table(1.5, 4.0))
    assert estimate.value == pytest.approx(1.5 - 4.0)
    assert estimate.notes["rescan"] == pytest.approx(4.0)
    assert estimate.notes["edit"] == pytest.approx(1.5)
    half = change_beyond_rescan("volume", by="acquired", cap=20.0, times=0.5).estimate(table(1.5, 4.0))
    assert half.value == pytest.approx(1.5 - 2.0)


def test_three_acquisitions_are_compared_pair_by_pair():
    cases = [{"case": f"C{k}", "patient": "P", "stratum:acquired": "A"} for k in range(3)]
    values = [10.0, 12.0, 17.0]
    rows = [(f"C{k}", arm, 0, "pooled", "v", values[k], "ml") for k in range(3) for arm in ("original", "edited")]
    measured = measurements_of("tool", cases, rows, [(f"C{k}", 0, "ok", "") for k in range(3)])
    estimate = change_beyond_rescan("v", by="acquired", cap=50.0).estimate(measured)
    assert estimate.value == pytest.approx(-np.mean([(2 + 7) / 2, (2 + 5) / 2, (7 + 5) / 2]))


@pytest.mark.parametrize(
    ("change", "outcome"), [(0.0, Outcome.PASS), (1.0, Outcome.PASS), (4.0, Outcome.INCONCLUSIVE), (9.0, Outcome.FAIL)]
)
def test_an_edit_passes_that_changes_less_than_a_rescan_does(change, outcome):
    assert verdict_on(CLAIM, table(change, 4.0, patients=120)).outcome is outcome


def test_a_cohort_that_acquired_nothing_twice_decides_nothing():
    verdict = verdict_on(CLAIM, table(0.0, 4.0, groups="none"))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "no two cases have the same 'acquired'" in verdict.because


def test_two_patients_are_no_rescan_of_one_another():
    with pytest.raises(ProtocolError, match="patients P0 and P1 have one value"):
        verdict_on(CLAIM, table(0.0, 4.0, groups="shared"))


def test_a_multiple_of_nothing_is_refused():
    with pytest.raises(ProtocolError, match="it is not above 0"):
        change_beyond_rescan("volume", by="acquired", cap=20.0, times=0.0)


def test_a_cap_within_what_rescans_differ_by_decides_nothing():
    """Under a cap of 4 a patient who is changed by 40 would count as one who is rescanned does."""
    low = Criterion(
        "V-1", change_beyond_rescan("volume", by="acquired", cap=4.0), at_most(0.0), source="placeholder: a"
    )
    verdict = verdict_on(low, table(1.0, 4.0, patients=120))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "is less than 5 times what a rescan changes" in verdict.because
