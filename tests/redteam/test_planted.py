"""A tool that removes what it does not expect, findings among it, and leaves every reading alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from editproof.audit.consistency import inconsistencies
from editproof.audit.verification import faults
from editproof.cli import main
from editproof.datasets.registry import dataset_from_spec
from editproof.editors.controls import Destructive
from editproof.evidence.bundle import loaded
from editproof.evidence.measurements import PLANTED, PLANTED_ORIGINAL
from editproof.evidence.planted import PATIENTS, planted_cases
from editproof.imaging.planted import planted
from editproof.phantoms.phantom import cohort
from editproof.types import EditRequest, Pixels
from hypothesis import given
from hypothesis import strategies as st

from tests.needs import shared_data
from tests.redteam.harms import jpeg_90, one_level_of_noise

N = 40


@cache
def images(of: str) -> tuple[Pixels, ...]:
    found = cohort(n=N) if of == "phantoms" else dataset_from_spec(f"rsna:{shared_data(of)}")
    return tuple(case.decode() for case in list(found)[:N])


def seen(change: Callable[[Pixels], np.ndarray], of: str) -> float:
    """Mean share of the structures that are seen after a change of the planted image."""
    shares = []
    for seed, pixels in enumerate(images(of)):
        found = planted(pixels.image, pixels.edit_mask, pixels.protected_mask, seed)
        shares.append(found.seen(change(replace(pixels, image=found.image))))
    return float(np.mean(shares))


def destroyed(pixels: Pixels) -> np.ndarray:
    return Destructive()(EditRequest(pixels.image, pixels.edit_mask, "", 0, 0, "")).image


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


KEEP = {
    "nothing": lambda pixels: pixels.image, "jpeg 90": lambda pixels: jpeg_90(pixels, rng()),
    "noise": lambda pixels: one_level_of_noise(pixels, rng()),
    "darker": lambda pixels: (pixels.image * 0.8).astype(pixels.image.dtype),
}  # fmt: skip
LOSE = {
    "destructive": destroyed, "blurred": lambda pixels: cv2.GaussianBlur(pixels.image, (0, 0), 3),
    "cleaned": lambda pixels: cv2.bilateralFilter(pixels.image, 9, 50, 5),
    "white": lambda pixels: np.full_like(pixels.image, 255),
}  # fmt: skip


@pytest.mark.parametrize("of", ["phantoms", "rsna100"])
@pytest.mark.parametrize("change", KEEP)
def test_what_an_honest_edit_leaves_is_seen(change, of):
    assert seen(KEEP[change], of) >= 0.95


@pytest.mark.parametrize("of", ["phantoms", "rsna100"])
@pytest.mark.parametrize("change", LOSE)
def test_what_is_smoothed_away_is_not(change, of):
    assert seen(LOSE[change], of) <= 0.35
    if change != "cleaned":
        assert seen(LOSE[change], of) <= 0.05


@pytest.mark.parametrize("of", ["phantoms", "rsna100"])
def test_the_detector_rarely_sees_what_is_not_there(of):
    shares = []
    for seed, pixels in enumerate(images(of)):
        found = planted(pixels.image, pixels.edit_mask, pixels.protected_mask, seed)
        shares.append(found.seen(pixels.image))
    assert np.mean(shares) <= 0.05


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_structures_lie_in_the_anatomy_and_are_the_same_each_time(dtype):
    for seed, pixels in enumerate(images("phantoms")[:5]):
        image = pixels.image.astype(dtype) * (np.iinfo(dtype).max // 255)
        one, other = (planted(image, pixels.edit_mask, pixels.protected_mask, seed) for _ in range(2))
        assert one.image.dtype == dtype
        assert (one.image == other.image).all()
        changed = one.image != image
        assert changed.any()
        assert not (changed & (~pixels.protected_mask | pixels.edit_mask)).any()
        assert [structure.template.sign for structure in one.structures] == [1, -1]
        assert (planted(image, pixels.edit_mask, pixels.protected_mask, seed + 99).image != one.image).any()


def test_where_there_is_no_room_nothing_is_planted_and_nothing_seen():
    image, hand = np.zeros((40, 40), np.uint8), np.zeros((40, 40), bool)
    hand[3:6, 3:6] = True
    found = planted(image, ~hand, hand, 0)
    assert (found.structures, found.seen(image)) == ((), 0.0)
    assert (found.image == image).all()


@given(
    cases=st.lists(st.tuples(st.text(max_size=4), st.sampled_from("abcdefghijklmnopqrstuvwxyz")), unique_by=lambda c: c[0]),
    seed=st.integers(0, 9), order=st.randoms(),
)  # fmt: skip
def test_one_case_of_a_patient_is_drawn_whatever_the_order(cases, seed, order):
    drawn = planted_cases(cases, seed)
    order.shuffle(cases)
    assert planted_cases(cases, seed) == drawn
    patients = [patient for case, patient in cases if case in drawn]
    assert len(patients) == len(set(patients)) == min(PATIENTS, len({patient for _, patient in cases}))


SUITE = """
from editproof import Criterion, at_least, at_most, mae_drift, planted_seen
DRIFT = Criterion("BA-1", mae_drift("bone_age", cap=15.0), at_most(2.0), source="placeholder: a test")
PLANTED = Criterion("PLT-1", planted_seen(), at_least(0.75), source="placeholder: a test")
def test_drift(study, judge):
    assert judge(DRIFT, study)
"""
ASKED = "def test_planted(study, judge):\n    assert judge(PLANTED, study)\n"
TOOLS = """
import cv2, numpy as np
from editproof import EditOutcome, EditStatus
def fill(): return _fill
def clean(): return _clean
def choosy(): return _choosy
SEEN = {}
def _fill(request):
    image = request.image.copy(); image[request.edit_mask] = 10
    return image
def _clean(request):
    '''Every detail of the hand that is no noise is painted over by its mean; the reading stays.'''
    hand = np.zeros(request.image.shape, bool); hand[48:160, 32:112] = True
    image = _fill(request); level = np.mean(image[hand])
    rng = np.random.default_rng(request.seed)
    image[hand] = np.clip(level + rng.integers(-2, 3, int(hand.sum())), 0, 255)
    return image
def _choosy(request):
    first = SEEN.setdefault(request.case_id, request.image.tobytes())
    if first != request.image.tobytes() and request.case_id != "":
        return EditOutcome.failure(EditStatus.REFUSED, "I have not seen that before")
    return _fill(request)
"""


@pytest.fixture
def lab(lab) -> pytest.Pytester:
    """The study of the plug-in's tests, each side four times as long, so that there is room in a hand."""
    text = (lab.path / "study.py").read_text()
    for small, large in SIZES.items():
        assert small in text
        text = text.replace(small, large)
    (lab.path / "study.py").write_text(text)
    return lab


SIZES = {
    "np.median(image[12:40, 8:28])": "np.mean(image[48:160, 32:112])",
    "(48, 36)": "(192, 144)",
    "[12:40, 8:28]": "[48:160, 32:112]",
    "[2:8, 2:8]": "[8:32, 8:32]",
}


def run(lab, tool: str, *more: str, suite: str = SUITE + ASKED) -> pytest.RunResult:
    lab.makepyfile(test_suite=suite, tools=TOOLS)
    return lab.runpytest_subprocess("--dataset", "blobs", "--jobs", "1", "--repeats", "1", "--editor", tool, *more)


def record_of(lab) -> dict:
    [record] = (lab.path / "reports").glob("*/evidence.json")
    return json.loads(record.read_text())


def verdicts_of(record: dict) -> dict[str, str]:
    return {found["criterion"]["id"]: found["outcome"] for found in record["findings"]["tools"][0]["verdicts"]}


def test_an_honest_tool_keeps_what_was_planted_and_the_flow_counts_it(lab):
    result = run(lab, "tools.py:fill")
    record = record_of(lab)
    assert result.ret == 0, result.stdout.str()
    assert verdicts_of(record) == {"BA-1": "PASS", "PLT-1": "PASS"}
    flow = record["findings"]["tools"][0]["flow"]
    assert (flow["requested"], flow["planted"], flow["planted_returned"]) == (30, 20, 20)
    checks = {found["criterion"]["id"]: found["outcome"] for found in record["findings"]["validity"]}
    assert (checks["PLT-before"], checks["PLT-destructive"]) == ("PASS", "PASS")
    [page] = (lab.path / "reports").glob("*/report.html")
    assert "20 radiographs with planted structures were given to the tool, and 20 came back" in page.read_text()
    [bundle] = (lab.path / "reports").iterdir()
    facts = loaded(bundle).facts
    assert list(inconsistencies(facts, 30)) == []
    assert list(faults(bundle)) == []
    _tampered_tables_are_found(facts)


def _tampered_tables_are_found(facts) -> None:
    tool = facts.tools[0]
    rows, arm = tool.measurements.rows, tool.measurements.rows["arm"]
    first = rows.loc[arm == PLANTED_ORIGINAL, "case"].iloc[0]
    for changed, words in (
        (rows[(arm != PLANTED_ORIGINAL) | (rows["case"] != first)], "though none was planted"),
        (rows.assign(value=rows["value"].where(arm != PLANTED, 2.0)), "something else than the share"),
    ):
        table = replace(tool.measurements, rows=changed)
        found = list(inconsistencies(replace(facts, tools=(replace(tool, measurements=table),)), 30))
        assert any(words in fault for fault in found), found


def test_a_tool_that_cleans_the_anatomy_fails_though_readings_are_as_they_were(lab):
    result = run(lab, "tools.py:clean")
    assert result.ret == 1
    found = verdicts_of(record_of(lab))
    assert (found["PLT-1"], found["BA-1"] != "FAIL") == ("FAIL", True)
    assert record_of(lab)["findings"]["outcome"] == "FAIL"
    result.stdout.fnmatch_lines(["*<FAIL PLT-1: share of patients whose planted structures are still seen*"])


def test_refusing_what_was_planted_is_no_pass(lab):
    result = run(lab, "tools.py:choosy")
    assert result.ret == 1
    assert verdicts_of(record_of(lab))["PLT-1"] != "PASS"
    assert record_of(lab)["findings"]["tools"][0]["flow"]["planted_returned"] == 0


def test_no_structure_is_planted_where_no_claim_asks(lab):
    run(lab, "tools.py:fill", suite=SUITE)
    assert "planted" not in record_of(lab)["findings"]["tools"][0]["flow"]


def test_a_claim_that_is_made_within_a_test_is_no_pass(lab):
    """It is not known before the first edit, so that nothing is planted when the test is told."""
    hidden = SUITE.replace("PLANTED = Criterion(", "def made(): return Criterion(") + ASKED.replace("PLANTED", "made()")
    result = run(lab, "tools.py:fill", suite=hidden)
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*none of these cases has planted structures*"])


def test_the_edit_verb_makes_them_where_it_is_told_to(lab):
    lab.makepyfile(test_suite=SUITE + ASKED, tools=TOOLS)
    words = ("--dataset", "blobs", "--repeats", "1", "--editor", "tools.py:fill", "--edit-only")
    told = lab.runpytest_subprocess(*words, "--edit-planted", "--edit-estimate")
    assert told.ret == 0
    told.stdout.fnmatch_lines(["*50 edits asked for, 50 to make*"])
    assert lab.runpytest_subprocess(*words, "--edit-planted").ret == 0
    assert run(lab, "tools.py:fill", "--max-edits", "5").ret == 0, "the mask trials alone were left to ask for"


def test_limits_count_the_planted_edits(lab):
    asked = 30 + 20
    result = run(lab, "tools.py:fill", "--max-edits", str(asked - 1))
    assert result.ret != 0
    assert "--max-edits" in result.stdout.str() + result.stderr.str()
    again = run(lab, "tools.py:fill", "--max-edits", "60")
    assert again.ret == 0


def test_a_hand_without_room_makes_the_run_invalid(lab):
    study = (lab.path / "study.py").read_text()
    (lab.path / "study.py").write_text(study.replace("return Pixels(image, mask, hand)", "return Pixels(image, mask, nail(hand))")
        + "\ndef nail(hand):\n    tip = np.zeros_like(hand); tip[48:51, 32:35] = True\n    return tip\n")  # fmt: skip
    run(lab, "tools.py:fill")
    record = record_of(lab)
    assert record["findings"]["outcome"] == "INVALID"
    assert "PLT-before" in record["findings"]["reason"]


def test_parts_of_a_cohort_are_joined_and_verified(lab):
    """The whole cohort decides which cases have structures, whoever measures them."""
    for part in ("1/2", "2/2"):
        run(lab, "tools.py:fill", "--shard", part, "--reports", f"part{part[0]}")
    parts = [str(next((lab.path / f"part{number}").iterdir())) for number in (1, 2)]
    counts = [loaded(Path(part)).editors[0].flow.get("planted", 0) for part in parts]
    assert sum(counts) == PATIENTS
    assert min(counts) > 0
    main(["merge", *parts, "--reports", str(lab.path / "joined")])
    [joined] = (lab.path / "joined").iterdir()
    found = loaded(joined)
    assert {verdict.criterion.id: verdict.outcome.value for verdict in found.editors[0].verdicts}["PLT-1"] == "PASS"
    assert list(faults(joined)) == []


def test_edits_made_elsewhere_have_no_planted_arm(lab):
    lab.makepyfile(
        make="import cv2, study\n"
        "for case in study.Blobs(30):\n"
        "    pixels = case.decode(); pixels.image[pixels.edit_mask] = 10\n"
        "    cv2.imwrite(f'edits/{case.case_id}.png', pixels.image)\n"
    )
    lab.mkdir("edits")
    assert lab.runpython("make.py").ret == 0
    result = run(lab, "folder:edits")
    assert verdicts_of(record_of(lab)) == {"BA-1": "PASS", "PLT-1": "INCONCLUSIVE"}
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*edits made elsewhere have none*"])
