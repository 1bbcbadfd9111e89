"""A fingertip amputated and a fracture drawn in every patient: small in the frame, and of no mean effect on bone age."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
import pytest
from editproof.criteria import Criterion, at_most, verdict_on
from editproof.criteria.estimands.local import DAMAGED, local_change
from editproof.datasets.registry import dataset_from_spec
from editproof.evidence.measurements import Measurements, measurements_of
from editproof.metrics import Metric, Pair, measured
from editproof.metrics.intensity import pixel_changes
from editproof.metrics.local import worst_patch
from editproof.phantoms.phantom import cohort
from editproof.suites.removal.test_pixels import LOCAL, OUTSIDE
from editproof.types import Outcome, Pixels
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.needs import shared_data
from tests.redteam.harms import HARMFUL, HARMLESS, Change, both

N = 60
"""Patients: with fewer than 59, no share of 0 of n is shown to be below 5 %."""
QUANTITY = {"worst_patch": "worst_patch:protected", "pixel_changes": OUTSIDE.estimand.quantity}
SEEN = Criterion("LH", local_change(), at_most(0.15), source="placeholder: for a small cohort")


@cache
def images(of: str) -> tuple[Pixels, ...]:
    if of == "phantoms":
        return tuple(case.decode() for case in cohort(n=N))
    found = dataset_from_spec(f"rsna:{shared_data(of)}")
    return tuple(case.decode() for case in list(found)[:N])


def shares(change: Change, of: Sequence[Pixels], metric: Metric = worst_patch) -> list[float]:
    """A metric of one edit of each image: its share of changed pixels."""
    values = []
    for index, pixels in enumerate(of):
        edited = change(pixels, np.random.default_rng(index))
        pair = Pair.of(pixels.image, edited, pixels.edit_mask, pixels.protected_mask)
        values.append(metric(pair)[QUANTITY[metric.name]][0])
    return values


def table(values: Sequence[float], quantity: str = QUANTITY["worst_patch"], lost: int = 0) -> Measurements:
    names = [f"c{index:03d}" for index in range(len(values))]
    ends = [(name, 0, "failed" if index < lost else "ok", "") for index, name in enumerate(names)]
    rows = [(name, "edited", 0, "image", quantity, value, "") for name, value in zip(names, values, strict=True)]
    return measurements_of("tool", [{"case": name, "patient": name} for name in names], rows[lost:], ends)


@pytest.mark.parametrize("of", ["phantoms", "rsna100"])
@pytest.mark.parametrize("change", HARMFUL)
def test_harm_in_one_place_of_every_patient_fails(change, of):
    verdict = verdict_on(LOCAL, table(shares(change, images(of))))
    assert verdict.outcome is Outcome.FAIL
    assert verdict.estimate.value > 0.5, "most patients, though a pixel of rsna100 is 2 mm"


@pytest.mark.parametrize("of", ["phantoms", "rsna100"])
@pytest.mark.parametrize("change", HARMLESS)
def test_its_honest_twin_passes(change, of):
    verdict = verdict_on(LOCAL, table(shares(change, images(of))))
    assert (verdict.outcome, verdict.estimate.value) == (Outcome.PASS, 0.0)


def test_radiographs_of_full_size_are_told_apart_as_well():
    found = images("rsna_fullres")
    assert len(found) > 9
    for change in HARMLESS:
        assert max(shares(change, found)) <= DAMAGED, change.__name__
    for change in HARMFUL:
        assert min(shares(change, found)) > DAMAGED, change.__name__


def test_the_mean_over_the_frame_passes_the_same_harm():
    """Why the suite needs a local claim at all."""
    values = shares(both, images("phantoms"), pixel_changes)
    assert verdict_on(OUTSIDE, table(values, OUTSIDE.estimand.quantity)).outcome is Outcome.PASS


def test_a_missing_edit_is_a_damaged_patch():
    assert verdict_on(SEEN, table([0.0] * N)).outcome is Outcome.PASS
    lost = verdict_on(SEEN, table([0.0] * N, lost=12))
    assert lost.outcome is not Outcome.PASS
    assert lost.estimate.n_missing == 12
    assert lost.estimate.low == 0.0, "it may be that none of them was damaged"
    assert lost.estimate.high > 12 / N, "or all of them"


@st.composite
def scenes(draw: st.DrawFn) -> Pair:
    shape = draw(st.tuples(st.integers(4, 24), st.integers(4, 24)))
    before, after = (draw(arrays(np.uint8, shape, elements=st.sampled_from([0, 12, 13, 200]))) for _ in range(2))
    edit, hand = (draw(arrays(bool, shape)) for _ in range(2))
    spacing = draw(st.sampled_from([None, (0.4, 0.3), (0.2, 9.0)]))
    return Pair.of(before, after, edit, hand, spacing)


@given(pair=scenes())
@settings(max_examples=60)
def test_it_is_what_counting_by_hand_gives(pair):
    anatomy = pair.protected_mask & ~pair.edit_mask
    found = measured(pair).get("worst_patch:protected")
    if not anatomy.any():
        assert found is None
        return
    changed = anatomy & (np.abs(pair.original.astype(int) - pair.edited) > 0.05 * 255)
    high, wide = (max(8, round(4 / of)) for of in pair.spacing_mm or (9, 9))
    worst = 0.0
    for row, column in zip(*np.nonzero(anatomy), strict=True):
        top, left = row - high // 2, column - wide // 2
        patch = np.s_[max(0, top) : top + high, max(0, left) : left + wide]
        worst = max(worst, changed[patch].sum() / max(anatomy[patch].sum(), high * wide / 2))
    assert found[0] == pytest.approx(min(1.0, worst))


@given(pair=scenes())
@settings(max_examples=60)
def test_what_may_change_and_what_is_no_anatomy_does_not_count(pair):
    kept = np.where(pair.protected_mask & ~pair.edit_mask, pair.original, pair.edited)
    found = measured(Pair.of(pair.original, kept, pair.edit_mask, pair.protected_mask))
    assert found.get("worst_patch:protected", (0.0, ""))[0] == 0.0


def test_a_known_spacing_makes_the_patch_four_millimetres():
    image, hand = np.zeros((100, 100), np.uint8), np.ones((100, 100), bool)
    edited = cv2.rectangle(image.copy(), (40, 40), (49, 49), 255, -1)
    pairs = [Pair.of(image, edited, ~hand, hand, spacing) for spacing in ((0.4, 0.4), (0.2, 0.2), (0.1, 0.1))]
    assert [round(measured(pair)["worst_patch:protected"][0], 4) for pair in pairs] == [1.0, 0.25, 0.0625]


SUITE = """
from editproof import Criterion, at_most, local_change
LOCAL = Criterion("LH-1", local_change(), at_most(0.15), source="placeholder: for thirty patients")
def test_local(study, judge):
    assert judge(LOCAL, study)
"""
TOOLS = """
import numpy as np
def fill(): return _fill
def cut(): return _cut
def _fill(request):
    image = request.image.copy(); image[request.edit_mask] = 10
    return image
def _cut(request):
    image = _fill(request); image[12:15, 12:15] = 10
    return image
"""


@pytest.mark.parametrize(("tool", "code"), [("fill", 0), ("cut", 1)])
def test_a_run_says_so(lab, tool, code):
    lab.makepyfile(test_suite=SUITE, tools=TOOLS)
    result = lab.runpytest_subprocess("--dataset", "blobs", "--jobs", "1", "--editor", f"tools.py:{tool}")
    assert result.ret == code
    if code:
        result.stdout.fnmatch_lines(
            ["*<FAIL LH-1: share of patients with a patch of anatomy changed by more than 8 %*"]
        )
