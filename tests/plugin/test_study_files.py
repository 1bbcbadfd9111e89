"""Studies that are written down in a file: what is asked, of whom, and that the record says so."""

from __future__ import annotations

import csv
import json
import sys

import cv2
import numpy as np
import pytest

from tests.plugin.test_plugin import evidence_of

EDITPROOF = (sys.executable, "-m", "editproof.cli")
TOP = 'schema = "editproof-study/1"\n'
STUDY = f"""{TOP}
name = "Blobs without their marker"
task = "artifact removal"
prompt = "Take the square away."
parameters = {{strength = 0.5}}
cohort = "blobs:30"
editors = ["tools.py:fill"]
repeats = 2

[quantities.bone_age]
range = [-50, 300]
cap = 14
"""
ECHO = """
from editproof import EditOutcome

def make(): return ask

def ask(request):
    image = request.image.copy(); image[request.edit_mask] = 10
    return EditOutcome.ok(image, prompt=request.prompt, parameters=dict(request.parameters))
"""


@pytest.fixture
def studied(lab: pytest.Pytester) -> pytest.Pytester:
    suite = (lab.path / "test_suite.py").read_text().replace("cap=15.0", "")
    lab.makepyfile(test_suite=suite, echo=ECHO)
    (lab.path / "study.toml").write_text(STUDY)
    return lab


def test_a_study_file_says_all_that_a_run_needs(studied):
    result = studied.runpytest_subprocess("--jobs", "1")
    assert result.ret == 0
    evidence = evidence_of(studied)
    protocol = evidence["protocol"]
    assert protocol["plan"]["prompt"] == "Take the square away."
    assert protocol["plan"]["parameters"] == {"strength": 0.5}
    assert protocol["plan"]["repeats"] == 2
    assert protocol["study"] == {
        "name": "Blobs without their marker", "task": "artifact removal",
        "quantities": {"bone_age": {"cap": 14, "range": [-50, 300]}},
    }  # fmt: skip
    assert protocol["claims"]["BA-1"]["specification"]["arguments"]["cap"] == 14
    [page] = (studied.path / "reports").glob("*/report.html")
    text = page.read_text()
    assert "Blobs without their marker" in text
    assert "<q>Take the square away.</q>" in text
    assert "a change counts up to 14" in text


def test_an_option_takes_the_place_of_the_file_and_is_part_of_the_protocol(studied):
    locked = studied.run(*EDITPROOF, "lock", "lock.json", "--jobs", "1")
    assert locked.ret == 0
    result = studied.runpytest_subprocess("--jobs", "1", "--lock", "lock.json", "--prompt", "Fill it.")
    assert result.ret == 9
    evidence = evidence_of(studied)
    assert evidence["protocol"]["plan"]["prompt"] == "Fill it."
    assert any("plan.prompt" in words for words in evidence["departures"])


def test_the_study_is_run_by_one_command(studied):
    assert studied.run(*EDITPROOF, "run", "--jobs", "1").ret == 0
    assert evidence_of(studied)["protocol"]["plan"]["prompt"] == "Take the square away."
    other = studied.path / "other.toml"
    other.write_text(STUDY.replace("Take the square away.", "Remove it."))
    assert studied.run(*EDITPROOF, "edit", "--study", "other.toml", "--dry-run").ret == 0


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (("prompt", "promt"), "an unknown field 'promt'. Did you mean 'prompt'?"),
        (("tools.py:fill", "opencv-tela"), "Did you mean opencv-telea"),
        (("blobs:30", "blob:30"), "blob"),
        (("range = [-50, 300]", "range = [100, 300]"), "the study declares a range from 100 to 300"),
        (("cap = 14", "cap = 1"), "Declare a cap above every limit"),
    ],
)
def test_what_is_wrong_in_a_study_file_is_one_usage_error(studied, change, found):
    (studied.path / "study.toml").write_text(STUDY.replace(*change))
    result = studied.runpytest_subprocess("--jobs", "1")
    assert result.ret == 4
    lines = [line for line in [*result.outlines, *result.errlines] if "editproof:" in line]
    assert len(lines) == 1, lines
    assert found in lines[0]
    assert not (studied.path / "reports").exists()
    assert not any("Traceback" in line for line in result.errlines)


def test_a_tool_that_takes_words_is_not_asked_without(studied):
    (studied.path / "study.toml").write_text(STUDY.replace('prompt = "Take the square away."', ""))
    tool = f"cmd:{sys.executable} -c pass --prompt {{prompt}} --in {{image}} --out {{output}}"
    for verb in ([sys.executable, "-m", "pytest"], [*EDITPROOF, "edit"]):
        result = studied.run(*verb, "--jobs", "1", "--editor", tool)
        assert result.ret == 4
        [line] = [line for line in [*result.outlines, *result.errlines] if "editproof:" in line]
        assert "no prompt for 30 cases" in line
    assert not (studied.path / ".editproof" / "sent.jsonl").exists()


def test_suites_of_other_studies_wait_until_they_are_asked_for(studied):
    inner = studied.mkdir("inner")
    (inner / "study.toml").write_text(STUDY.replace("Take the square away.", "Sharpen it."))
    (inner / "test_inner.py").write_text((studied.path / "test_suite.py").read_text().replace("BA-1", "IN-1"))
    listed = studied.runpytest_subprocess("--collect-only", "-q")
    assert not any("test_inner" in line for line in listed.outlines)
    result = studied.runpytest_subprocess("inner", "--jobs", "1")
    assert result.ret == 0
    evidence = evidence_of(studied)
    assert evidence["protocol"]["plan"]["prompt"] == "Sharpen it."
    assert "IN-1" in evidence["protocol"]["claims"]


def test_a_foreign_study_toml_hides_no_test(pytester):
    folder = pytester.mkdir("sweeps")
    (folder / "study.toml").write_text('[study]\nname = "a sweep of somebody else"\n')
    (folder / "test_theirs.py").write_text("def test_theirs(): pass\n")
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_two_instruments_read_for_one_study(studied):
    more = """
import numpy as np
from editproof.types import InstrumentCard, Quantity

class Width:
    card = InstrumentCard("caliper", "width of the hand", (Quantity("NAME", "months"),), 1, {}, "none", "none")
    def predict(self, images, references):
        return {"NAME": np.array([[float(image[26].astype(int).mean()) for image in images]])}

def width(): return Width()
"""
    studied.makepyfile(caliper=more.replace("NAME", "width"), double=more.replace("NAME", "bone_age"))
    suite = (studied.path / "test_suite.py").read_text()
    suite += """
from editproof import prediction_change
WIDE = Criterion("W-2", prediction_change("width", cap=9.0, unit="months"), at_most(2.0), source="placeholder: a test")

def test_width(study, judge):
    assert judge(WIDE, study)
"""
    studied.makepyfile(test_suite=suite)
    cards = 'instruments = ["study.py:reader", "caliper.py:width"]\n'
    (studied.path / "study.toml").write_text(STUDY.replace("repeats = 2", f"repeats = 2\n{cards}"))
    assert studied.runpytest_subprocess("--jobs", "1").ret == 0
    evidence = evidence_of(studied)
    assert [card["name"] for card in evidence["instruments"]] == ["reader", "caliper"]
    assert {"reader", "caliper"} == set(evidence["protocol"]["instruments"])
    [run] = (studied.path / "reports").iterdir()
    assert studied.run(*EDITPROOF, "verify", str(run)).ret == 0
    result = studied.runpytest_subprocess(
        "--jobs", "1", "--instrument", "study.py:reader", "--instrument", "double.py:width"
    )
    assert result.ret == 4
    assert any("instruments reader and caliper: both read bone_age" in line for line in result.errlines)


def test_cases_have_words_and_values_of_their_own(studied):
    """The request of a case carries them, its edit is kept under them, and the cohort's digest changes with them."""
    folder = studied.mkdir("data")
    rng = np.random.default_rng(0)
    rows = [["case_id", "image", "edit_mask", "protected_mask", "prompt", "parameter:strength", "parameter:Mode"]]
    for index in range(3):
        image = rng.integers(0, 200, (40, 30)).astype(np.uint8)
        mask = np.zeros_like(image)
        mask[:5, :5] = 255
        cv2.imwrite(str(folder / f"{index}.png"), image)
        cv2.imwrite(str(folder / "mask.png"), mask)
        cv2.imwrite(str(folder / "hand.png"), 255 - mask)
        own = ["Only here.", "0.9", "fine"] if index == 1 else ["", "", ""]
        rows.append([str(index), f"{index}.png", "mask.png", "hand.png", *own])
    table = folder / "manifest.csv"

    def saved() -> None:
        with table.open("w", newline="") as file:
            csv.writer(file).writerows(rows)

    saved()
    (studied.path / "study.toml").write_text(
        STUDY.replace("blobs:30", "folder:data?masks=files").replace("tools.py:fill", "echo.py:make")
    )
    assert studied.run(*EDITPROOF, "edit").ret == 0
    kept = (studied.path / ".editproof" / "edits").rglob("*.json")
    asked = [json.loads(path.read_text())["value"]["provenance"] for path in kept]
    assert len(asked) == 6
    assert sorted({(one["prompt"], json.dumps(one["parameters"], sort_keys=True)) for one in asked}) == [
        ("Only here.", '{"Mode": "fine", "strength": 0.9}'),
        ("Take the square away.", '{"strength": 0.5}'),
    ]
    rows[2][4] = "Elsewhere."
    saved()
    again = studied.run(*EDITPROOF, "edit", "--dry-run")
    again.stdout.fnmatch_lines(["ask: 6 edits asked for, 2 to make*"])


def test_the_suite_of_the_study_file_is_run_where_no_path_is_given(studied):
    suite = studied.mkdir("suite")
    (studied.path / "test_suite.py").rename(suite / "test_suite.py")
    studied.makepyfile(test_other="def test_other(): assert False")
    (studied.path / "named.toml").write_text(STUDY.replace("repeats = 2", 'repeats = 2\nsuite = "suite"'))
    (studied.path / "study.toml").unlink()
    result = studied.runpytest_subprocess("--study", "named.toml", "--collect-only", "-q")
    assert any("suite/test_suite.py::test_drift" in line for line in result.outlines)
    assert not any("test_other" in line for line in result.outlines)
    twice = studied.runpytest_subprocess("--study", "named.toml", "--study", "other.toml")
    assert twice.ret == 4
    assert any("one run judges one study" in line for line in twice.errlines)


def test_a_study_without_its_schema_is_named_where_nothing_else_says_what_to_do(studied):
    (studied.path / "study.toml").write_text(STUDY.replace(TOP, ""))
    result = studied.runpytest_subprocess()
    assert result.ret == 4
    [line] = [line for line in [*result.outlines, *result.errlines] if "editproof:" in line]
    assert 'study.toml was left alone: it lacks the line schema = "editproof-study/1"' in line


def test_a_claim_that_cannot_fail_is_refused_before_the_first_edit(studied):
    suite = (studied.path / "test_suite.py").read_text().replace("at_most(0.2)", "at_most(1.0)")
    studied.makepyfile(test_suite=suite)
    result = studied.runpytest_subprocess("--jobs", "1")
    assert result.ret == 4
    assert any(
        "it cannot fail: every value lies between 0 and 1" in line for line in [*result.outlines, *result.errlines]
    )
