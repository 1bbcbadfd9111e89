"""A tool that fails alike at every edit is asked no more after a handful; one that may depend on the image is."""

from __future__ import annotations

import numpy as np
import pytest
from editproof.editing.edits import Edits, Terms
from editproof.editing.failures import FailuresInARow, cause_of
from editproof.editors.adapter import checked
from editproof.errors import EditorError
from editproof.types import EditOutcome, EditStatus

from tests.editing.work import PLAN, Cohort


def ends(*statuses, words="no such module"):
    return [EditOutcome.failure(status, words) for status in statuses]


FAILED, MALFORMED, REFUSED, LATE = EditStatus.FAILED, EditStatus.MALFORMED, EditStatus.REFUSED, EditStatus.TIMED_OUT


@pytest.mark.parametrize("status", [FAILED, MALFORMED])
def test_some_of_one_cause_in_a_row_end_the_run_with_the_cause(status):
    row = FailuresInARow(5)
    row.note("tool", ends(*[status] * 4))
    with pytest.raises(EditorError, match=r"the first 5 edits in a row failed of one cause \(no such module\)"):
        row.note("tool", ends(status))


@pytest.mark.parametrize(
    "before",
    [
        ends(REFUSED),
        [EditOutcome.ok(np.zeros((2, 2), np.uint8))],
        ends(*[FAILED] * 4, LATE),
        ends(*[FAILED] * 4, MALFORMED),
    ],
    ids=["a refusal is an answer", "an edit came back", "a time-out between", "another end between"],
)
def test_otherwise_the_tool_is_asked_on(before):
    row = FailuresInARow(5)
    row.note("tool", before)
    row.note("tool", ends(*[FAILED] * 4))


def test_refusals_and_time_outs_end_nothing():
    FailuresInARow(1).note("tool", ends(*[REFUSED] * 9))
    FailuresInARow(1).note("tool", ends(*[LATE] * 9))


def test_each_tool_has_its_own_row_and_none_is_counted_with_0():
    row = FailuresInARow(2)
    for tool in ("a", "b", "c"):
        row.note(tool, ends(FAILED))
    FailuresInARow(0).note("tool", ends(*[FAILED] * 99))


def test_messages_that_differ_in_numbers_have_one_cause_and_others_not():
    assert cause_of("/tmp/a1b2/out.png is missing") == cause_of("/tmp/c3d4/out.png is missing")
    assert cause_of("no file") != cause_of("no memory")


def test_a_tool_that_always_fails_is_not_asked_again(tmp_path):
    asked = []

    def broken(request):
        asked.append(request.case_id)
        raise RuntimeError(f"cannot load weights for {request.case_id}")

    requests = [PLAN.request(case, case.decode(), 0) for case in Cohort(10)]
    edits, editor = Edits(tmp_path, Terms(same_failures=3)), checked(broken)
    for request in requests[:2]:
        edits.outcomes(editor, [request])
    for request in requests[2:4]:
        with pytest.raises(EditorError, match="cannot load weights"):
            edits.outcomes(editor, [request])
    assert asked == ["c0", "c1", "c2"]
