"""Attack: to have a PASS on placeholders or drawings counted as a PASS. Its honest twin has neither, and is one."""

from __future__ import annotations

import json

import pytest
from editproof.cli import main

from tests.plugin.test_plugin import ARGUMENTS

FILL = (*ARGUMENTS, "--editor", "tools.py:fill")


def honest(lab: pytest.Pytester) -> tuple[str, ...]:
    """Limits with a source, patients, a lock before the first edit; returns the arguments of the run."""
    suite = (lab.path / "test_suite.py").read_text()
    lab.makepyfile(test_suite=suite.replace("placeholder: a test", "protocol 4.1"))
    assert lab.runpytest_subprocess(*FILL, "--write-lock", "lock.json").ret == 0
    return (*FILL, "--lock", "lock.json")


def drawn(lab: pytest.Pytester) -> None:
    study = (lab.path / "study.py").read_text()
    lab.makepyfile(study=study.replace('f"blobs-{n}", n, n)', 'f"blobs-{n}", n, n, drawn=True)'))


def result_in(lab: pytest.Pytester) -> tuple[str, str]:
    """The outcome of the one run there is, and the result in its attestation."""
    import base64

    (run,) = (lab.path / "reports").iterdir()
    outcome = json.loads((run / "evidence.json").read_text())["findings"]["outcome"]
    sealed = json.loads((run / "attestation.intoto.json").read_text())
    assert main(["verify", str(run)]) == 0
    return outcome, json.loads(base64.b64decode(sealed["payload"]))["predicate"]["result"]


def test_a_pass_without_reservations_is_one_in_strict_mode_too(lab):
    result = lab.runpytest_subprocess(*honest(lab), "--strict")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["+ *fill: Conforms (PASS)"])
    assert result_in(lab) == ("PASS", "PASSED")


@pytest.mark.parametrize("strict", [False, True])
def test_a_pass_on_placeholders_without_a_lock_says_so(lab, strict):
    result = lab.runpytest_subprocess(*FILL, *(["--strict"] if strict else []))
    assert result.ret == (9 if strict else 0)
    result.stdout.fnmatch_lines([
        "EXPLORATORY: The result cannot prove conformance: no protocol was locked before the edits were made.",
        "PLACEHOLDER LIMITS: No source is given for the limits of BA-1 and REL-1: verdicts on them support no*",
        "+ *fill: Conforms, with reservations: exploratory, placeholder limits (PASS)",
    ])  # fmt: skip
    assert result_in(lab) == ("PASS", "WARNED")


@pytest.mark.parametrize("strict", [False, True])
def test_a_pass_on_drawings_says_so(lab, strict):
    drawn(lab)
    result = lab.runpytest_subprocess(*honest(lab), *(["--strict"] if strict else []))
    assert result.ret == (9 if strict else 0)
    result.stdout.fnmatch_lines(["+ *fill: Conforms, with reservations: drawn phantoms (PASS)"])
    assert result_in(lab) == ("PASS", "WARNED")


def test_strict_mode_changes_nothing_for_a_tool_that_does_not_conform(lab):
    assert lab.runpytest_subprocess(*ARGUMENTS, "--editor", "destructive", "--strict").ret == 1
