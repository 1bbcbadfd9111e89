"""Repeats are made, not claimed: copies of one edit support no claim on repeats, whoever made them."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pandas as pd
import pytest
from editproof import (
    Criterion,
    at_least,
    at_most,
    icc,
    label_flip_rate,
    recalibrated,
    repeat_difference,
    repeat_sd,
    verdict_on,
)
from editproof.cli import main
from editproof.editing.edits import Edits, Terms
from editproof.editors.adapter import checked
from editproof.evidence.bundle import seal
from editproof.evidence.measurements import measurements_of
from editproof.types import EditorCard, EditOutcome, EditRequest, Outcome

from tests.redteam.test_identity import judged

SUITE = """
from editproof import Criterion, at_most, mae_drift, repeat_difference

DRIFT = Criterion("BA-1", mae_drift("bone_age", cap=15.0), at_most(2.0), source="a test")
SPREAD = Criterion("REP-1", repeat_difference("bone_age", cap=15.0), at_most(3.0), source="a test")

def test_drift(study, judge):
    assert judge(DRIFT, study)

def test_spread(study, judge):
    assert judge(SPREAD, study)
"""

TOOLS = """
import numpy as np
from editproof.types import EditorCard, EditOutcome

CALLS = "/dev/null"

class Tool:
    def __init__(self, name, claims, answer):
        self.card = EditorCard(name, "1", "a tool", deterministic=claims)
        self.answer = answer
    def __call__(self, request):
        image = request.image.astype(int)
        image[request.edit_mask] = 10
        return EditOutcome.ok(np.clip(image + self.answer(request), 0, 255).astype(np.uint8))

def nothing(request): return 0
def noise(request): return np.random.default_rng(request.seed).integers(-1, 2, request.image.shape)
def late(request): return request.seed % 3 if request.case_id == "B7" else 0

def honest(): return Tool("honest", False, noise)
def same(): return Tool("same", False, nothing)
def kept(): return Tool("kept", True, nothing)
def broken(): return Tool("broken", True, noise)
"""


@pytest.fixture
def bay(lab):
    lab.makepyfile(test_suite=SUITE, painters=TOOLS)
    return lab


def asked(lab) -> int:
    return len((lab.path / ".editproof" / "attempts.jsonl").read_text().splitlines())


def claim_on_repeats(found: dict) -> tuple[str, str]:
    [verdict] = [v for v in found["editors"][0]["verdicts"] if v["criterion"]["id"] == "REP-1"]
    return verdict["outcome"], verdict["because"]


def test_repeats_that_were_made_pass(bay):
    result, found = judged(bay, "painters.py:honest")
    assert (result.ret, *claim_on_repeats(found)[:1]) == (0, "PASS")


def test_a_tool_that_answers_each_repeat_with_one_image_has_no_repeats(bay):
    result, found = judged(bay, "painters.py:same")
    assert result.ret == 1
    assert claim_on_repeats(found) == (
        "INCONCLUSIVE",
        "There is no estimate: the repeats are copies: in 30 of 30 cases two edits are equal byte for byte, and no check "
        "shows that the tool is deterministic.",
    )
    [run] = (bay.path / "reports").iterdir()
    assert main(["verify", str(run)]) == 0, "verify comes to the same"


def test_a_claim_of_determinism_that_was_checked_stands_for_the_repeats(bay):
    result, found = judged(bay, "painters.py:kept")
    assert (result.ret, *claim_on_repeats(found)[:1]) == (0, "PASS")
    [run] = (bay.path / "reports").iterdir()
    assert main(["verify", str(run)]) == 0


def test_a_claim_of_determinism_that_is_not_true_stops_the_run(bay):
    result, found = judged(bay, "painters.py:broken")
    assert (result.ret, found) == (4, {})
    result.stdout.fnmatch_lines(
        ["*came back with other pixels when it was asked twice. Say deterministic=False on its card.*"]
    )


def test_copies_in_a_folder_are_no_repeats(bay):
    """Edits made elsewhere: one file three times, against three files that differ."""
    import sys

    sys.path.insert(0, str(bay.path))
    import study

    for name, spread in (("copies", 0), ("repeats", 1)):
        folder = bay.path / name
        folder.mkdir()
        for case in study.blobs(""):
            pixels = case.decode()
            for number in (1, 2, 3):
                noise = np.random.default_rng([number * spread, int(case.case_id[1:])]).integers(
                    -1, 2, pixels.image.shape
                )
                image = np.where(pixels.edit_mask, 10, np.clip(pixels.image + noise, 0, 255)).astype(np.uint8)
                cv2.imwrite(str(folder / f"{case.case_id}_{number}.png"), image)
    sys.path.remove(str(bay.path))
    sys.modules.pop("study")
    result, found = judged(bay, "folder:copies")
    assert (result.ret, claim_on_repeats(found)[0]) == (1, "INCONCLUSIVE")
    assert "the repeats are copies" in claim_on_repeats(found)[1]
    result, found = judged(bay, "folder:repeats")
    assert (result.ret, claim_on_repeats(found)[0]) == (0, "PASS"), "the honest twin"


@pytest.mark.parametrize("attack", ["no digests", "other digests", "a check that was never made"])
def test_a_record_cannot_be_rid_of_its_copies(bay, attack, capsys):
    judged(bay, "painters.py:same")
    [run] = (bay.path / "reports").iterdir()
    table = run / "measurements" / "0-edits.csv"
    edits = pd.read_csv(table, keep_default_na=False)
    record = json.loads((run / "evidence.json").read_text())
    if attack == "no digests":
        edits["digest"] = ""
    elif attack == "other digests":
        edits["digest"] = [f"{index:064x}" for index in range(len(edits))]
    else:
        record["facts"]["tools"][0]["measurements"]["deterministic"] = "2026-01-01T00:00:00+00:00"
    edits.to_csv(table, index=False, lineterminator="\n")
    (run / "evidence.json").write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    seal(run, ["evidence.json", "measurements/0-edits.csv"])
    assert main(["verify", str(run)]) != 0
    said = capsys.readouterr().out
    assert {
        "no digests": "digest of case B0",
        "other digests": "verdicts",
        "a check that was never made": "makes no such claim",
    }[attack] in said


class Fickle:
    """Deterministic until it was checked."""

    card = EditorCard("fickle", "1", "adds a level once it was checked", deterministic=True)
    calls = 0

    def __call__(self, request):
        Fickle.calls += 1
        return EditOutcome.ok(request.image + np.uint8(Fickle.calls > 100))


def requests(n=6):
    image, mask = np.arange(64, dtype=np.uint8).reshape(8, 8), np.zeros((8, 8), bool)
    for case in range(n):
        yield tuple(
            EditRequest(image + np.uint8(case), mask, "p", repeat, 10 * case + repeat, f"c{case}") for repeat in (0, 1)
        )


def test_stored_edits_are_asked_for_again_by_a_later_run_and_a_difference_stops_it(tmp_path):
    from editproof.editing.determinism import hold_to_claim
    from editproof.errors import EditorError

    Fickle.calls = 0
    tool = checked(Fickle())
    first = Edits(tmp_path, Terms())
    hold_to_claim(first, tool, requests)
    assert Fickle.calls == 10, "five cases, twice each"
    for pair in requests():
        first.outcomes(tool, pair)
    assert Fickle.calls == 16, "one edit serves both repeats now"
    later = Edits(tmp_path, Terms(since=4e9))
    hold_to_claim(later, tool, requests)
    hold_to_claim(later, tool, requests)
    assert Fickle.calls == 19, "three of them again, once in a run"
    reuse = Edits(tmp_path, Terms(mode="reuse", since=4e9))
    hold_to_claim(reuse, tool, requests)
    assert [outcome.status.value for pair in requests() for outcome in reuse.outcomes(tool, pair)] == ["ok"] * 12
    assert Fickle.calls == 19, "nothing is asked for, and the check serves"
    poor = Edits(tmp_path, Terms(since=4e9, max_edits=2))
    hold_to_claim(poor, tool, requests)
    assert Fickle.calls == 19, "within the limits of the run"
    Fickle.calls = 100
    with pytest.raises(EditorError, match=r"asked again for case c\d, it gave other pixels than those stored on 20"):
        hold_to_claim(Edits(tmp_path, Terms(since=4e9 + 1)), tool, requests)


def test_without_a_check_every_repeat_is_asked_for(tmp_path):
    Fickle.calls = 0
    edits = Edits(tmp_path, Terms())
    for pair in requests():
        edits.outcomes(checked(Fickle()), pair)
    assert Fickle.calls == 12


def table(digests, deterministic=""):
    from dataclasses import replace

    cases = [
        {"case": f"c{i}", "patient": f"c{i}", "reference:age": 100.0 + i, "reference:sex": float(i % 2)}
        for i in range(40)
    ]
    draw, rows, edits = np.random.default_rng(1), [], []
    for i, case in enumerate(cases):
        for name, unit, level in (("age", "months", 100.0 + i), ("sex", "probability", 0.1 + 0.8 * (i % 2))):
            rows.append((case["case"], "original", 0, "pooled", name, level, unit))
            rows += [(case["case"], "edited", k, "pooled", name, level + 0.01 * draw.normal(), unit) for k in range(3)]
        edits += [(case["case"], k, "ok", "", "ok", digests(i, k), "") for k in range(3)]
    return replace(measurements_of("t", cases, rows, edits), deterministic=deterministic)


CLAIMS = [
    (repeat_difference("age", cap=10.0, unit="months"), at_most(1.0)), (icc("age"), at_least(0.5)), (label_flip_rate("sex"), at_most(0.2)),
    (recalibrated(repeat_sd("age", unit="months"), "linear"), at_most(1.0)),
]  # fmt: skip


@pytest.mark.parametrize(("estimand", "region"), CLAIMS, ids=lambda value: getattr(value, "name", ""))
def test_every_estimand_of_repeats_minds_copies(estimand, region):
    claim = Criterion("R", estimand, region, source="a test")
    made = verdict_on(claim, table(lambda case, repeat: f"{case}.{repeat}"))
    assert made.outcome is Outcome.PASS
    for copied in (lambda case, repeat: f"{case}", lambda case, repeat: f"{case}.{repeat if case else min(repeat, 1)}"):
        verdict = verdict_on(claim, table(copied))
        assert verdict.outcome is Outcome.INCONCLUSIVE
        assert "the repeats are copies" in verdict.because
    assert verdict_on(claim, table(lambda case, repeat: f"{case}", "2026-01-01T00:00:00+00:00")).outcome is Outcome.PASS
