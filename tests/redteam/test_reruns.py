"""A run cannot be repeated until it passes: first attempts count, earlier judgements are told, money is counted."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from editproof.cli import main
from editproof.editing.edits import Edits, Terms
from editproof.editing.ledger import ENDED, Ended, Ledger, is_attempt
from editproof.editors.adapter import Service, checked
from editproof.editors.pace import Patience
from editproof.errors import EditorError
from editproof.types import EditorCard, EditOutcome, EditRequest, EditStatus

from tests.plugin.test_plugin import ARGUMENTS
from tests.redteam.test_identity import judged

TOOL = """
import json, pathlib
import numpy as np
from editproof.types import EditOutcome, EditStatus

LOG = pathlib.Path("tries")

def shaky():
    return _shaky

def _shaky(request):
    # fails in BROKEN of 10 first calls, and every later call for the same edit works
    LOG.mkdir(exist_ok=True)
    mark = LOG / f"{request.case_id}-{request.repeat}-{request.seed}"
    again = mark.exists()
    mark.touch()
    if not again and request.seed % 10 < BROKEN and not request.case_id.startswith("probe"):
        return EditOutcome.failure(EditStatus.FAILED, "out of memory")
    image = request.image.copy(); image[request.edit_mask] = 10
    return EditOutcome.ok(image)
"""


@pytest.fixture
def bay(lab):
    suite = (lab.path / "test_suite.py").read_text().replace("at_most(0.2)", "at_most(0.25)")
    lab.makepyfile(test_suite=suite.replace("placeholder: a test", "protocol 4.1"))
    return lab


def failure_rate(found):
    [verdict] = [v for v in found["editors"][0]["verdicts"] if v["criterion"]["id"] == "REL-1"]
    return verdict["outcome"], verdict["estimate"]["value"]


def test_plain_re_runs_do_not_wash_failures(bay):
    bay.makepyfile(shaky=TOOL.replace("BROKEN", "4"))
    rates = []
    for _ in range(3):
        result, found = judged(bay, "shaky.py:shaky")
        assert result.ret == 1
        rates.append(failure_rate(found))
    assert len(set(rates)) == 1, "the re-runs change nothing"
    assert rates[0][0] != "PASS"
    assert rates[0][1] > 0.3
    assert found["editors"][0]["flow"]["ok"] == 90, "every edit came back at last"
    assert "first attempt" in found["editors"][0]["verdicts"][1]["criterion"]["estimand"]
    result.stdout.fnmatch_lines(["*ended otherwise than at their first attempt, which counts as a*"])
    runs = list((bay.path / "reports").iterdir())
    assert [main(["verify", str(run)]) for run in runs] == [0] * len(runs)


def test_the_honest_twin_fails_now_and_then_and_passes(bay):
    bay.makepyfile(shaky=TOOL.replace("BROKEN", "1").replace("% 10", "% 30"))
    for _ in range(2):
        result, found = judged(bay, "shaky.py:shaky")
    assert (result.ret, failure_rate(found)[0]) == (0, "PASS")
    assert 0 < failure_rate(found)[1] < 0.1


def test_first_ends_cannot_be_struck_from_a_record(bay, capsys):
    import pandas as pd
    from editproof.evidence.bundle import seal

    bay.makepyfile(shaky=TOOL.replace("BROKEN", "4"))
    for _ in range(2):
        judged(bay, "shaky.py:shaky")
    run = max((bay.path / "reports").iterdir(), key=lambda run: (run / "evidence.json").stat().st_mtime_ns)
    table = run / "measurements" / "0-edits.csv"
    edits = pd.read_csv(table, keep_default_na=False)
    edits.assign(first="ok").to_csv(table, index=False, lineterminator="\n")
    seal(run, ["measurements/0-edits.csv"])
    assert main(["verify", str(run)]) != 0
    assert "REL-1" in capsys.readouterr().out


def test_earlier_judgements_and_replayed_edits_are_reservations_and_a_first_run_has_neither(bay):
    lock = ("--lock", "lock.json")
    bay.runpytest_subprocess(*ARGUMENTS, "--editor", "tools.py:fill", "--write-lock", "lock.json")
    result, found = judged(bay, "tools.py:fill", *lock, "--strict")
    assert result.ret == 0, "the honest twin: locked, and judged once"
    assert found["reservations"] == []
    result, found = judged(bay, "tools.py:fill", *lock)
    assert result.ret == 0
    assert [entry["kind"] for entry in found["reservations"]] == ["replayed edits", "earlier judgements"]
    assert found["editors"][0]["origins"]["replayed"] == 90
    assert found["reservations"][1]["sentence"] == (
        "This cohort was judged 1 time before in this store, under 1 protocol: 1 PASS."
    )
    assert judged(bay, "tools.py:fill", *lock, "--strict")[0].ret == 9
    result, found = judged(bay, "tools.py:fill", *lock, "--store", "elsewhere")
    assert [entry["kind"] for entry in found["reservations"]] == ["another store"]
    assert judged(bay, "tools.py:fill", *lock, "--store", "another", "--strict")[0].ret == 9


def line(status="failed", message="", http_status=None):
    return Ended(id="a", tool="t", keys=("k",), status=(status,), time=1.0, message=message, http_status=http_status)


@pytest.mark.parametrize(
    ("ended", "attempt"),
    [
        (line(), True), (line("ok"), True), (line("refused"), True), (line("timed_out"), True), (line("malformed"), True),
        (line(message="HTTP 500: no", http_status=500), True), (line("stopped", "no quota is left"), False),
        (line("not_sent"), False), (line(message="not reached (ConnectionRefusedError)"), False),
        (line(message="not reached (Name or service not known)"), False), (line(http_status=429), False),
    ],
)  # fmt: skip
def test_what_never_reached_the_tool_is_no_attempt(ended, attempt):
    assert is_attempt(ended) is attempt


class Paid:
    """Says its price for some answers, and nothing or nonsense for others."""

    card = EditorCard("paid", "1", "for tests", sends_data_to="example.org")
    service = Service(metered=True, expected_usd=1.0)

    def __init__(self, **told):
        self.told, self.asked = told, []

    def __call__(self, request):
        self.asked.append(request.repeat)
        return EditOutcome(EditStatus.OK, request.image.copy(), "", self.told)


def spend(root, tool, n=30):
    edits = Edits(root, Terms(since=0.0, max_cost=5.0), Patience(tries=1, first_s=0.0, longest_s=0.0))
    editor, image = checked(tool), np.zeros((4, 4), np.uint8)
    requests = [EditRequest(image, image > 0, "p", repeat, repeat, "c") for repeat in range(n)]
    with pytest.raises(EditorError, match="--max-cost"):
        edits.outcomes(editor, requests)
    return len(editor.tool.asked)


@pytest.mark.parametrize("told", [{}, {"cost_usd": None}, {"cost_usd": -1.0}, {"cost_usd": "free"}])
def test_a_cap_holds_over_a_tool_that_does_not_say_what_it_cost(tmp_path, told):
    assert spend(tmp_path, Paid(**told)) == 5
    assert Ledger(tmp_path).totals().committed_usd == 5.0, "at the expected cost"
    assert b"cost_usd" not in (tmp_path / ENDED).read_bytes()


def test_a_cap_counts_what_a_tool_says(tmp_path):
    assert spend(tmp_path, Paid(cost_usd=0.5), 100) == 10


@pytest.mark.parametrize("price", [math.nan, -1.0, math.inf, "1"])
def test_a_price_that_is_none_is_refused(price):
    with pytest.raises(EditorError, match="expected to cost"):
        Service(expected_usd=price)


def test_stores_have_names_of_their_own(tmp_path):
    from editproof.editing.store import Store

    names = [Store(tmp_path / name).name() for name in ("a", "b", "a")]
    assert names[0] == names[2] != names[1]
    assert json.dumps(names[0])
