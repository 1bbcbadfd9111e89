"""Readings alone are judged: verdict, bundle and page from a table, and what it cannot answer is said, not passed."""

from __future__ import annotations

import json

import numpy as np
import pytest
from editproof.audit.verification import faults
from editproof.cli import main

SUITE = """
from editproof import Criterion, at_least, at_most, failure_rate, ks_distance, planted_seen, prediction_change

CHANGE = Criterion("BA-1", prediction_change("bone_age", cap=30.0), at_most(3.0), source="placeholder: a test")
PIXELS = Criterion("KS-1", ks_distance(region="protected", margin=0.05, per="edit"), at_least(0.9), source="s")
PLANTED = Criterion("PLT-1", planted_seen(), at_least(0.5), source="s")
FAILURES = Criterion("REL-1", failure_rate(), at_most(0.1), source="s")

def test_change(study, judge):
    assert judge(CHANGE, study)

def test_pixels(study, judge):
    assert judge(PIXELS, study)

def test_planted(study, judge):
    assert judge(PLANTED, study)

def test_failures(study, judge):
    assert judge(FAILURES, study)
"""
TABLE = ("-p", "editproof.pytest_plugin.short", "test_claims.py", "--readings=readings.csv", "-p", "no:cacheprovider")
COHORT = (*TABLE, "--cohort-table=cohort.csv")
N = 80


@pytest.fixture
def clinic(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with a suite, a table of readings and a table of the cohort."""
    pytester.makepyfile(test_claims=SUITE)
    table(pytester, changes())
    cohort = "case,patient\n" + "".join(f"P{index:02d},P{index:02d}\n" for index in range(N))
    (pytester.path / "cohort.csv").write_text(cohort)
    return pytester


def changes(harm=0.0, harmed=0):
    """A change for each patient, in months; the first so many are harmed."""
    small = np.random.default_rng(0).normal(0, 0.5, N)
    return [float(change) + (harm if index < harmed else 0.0) for index, change in enumerate(small)]


def table(folder, moved, *, without=(), name="readings.csv", more=()):
    rows = ["case,arm,quantity,value,unit,tool"]
    for index, change in enumerate(moved):
        case, before = f"P{index:02d}", 60.0 + index
        rows.append(f"{case},original,bone_age,{before},months,")
        if index not in without:
            rows.append(f"{case},edited,bone_age,{before + change},months,filler")
    (folder.path / name).write_text("\n".join([*rows, *more]) + "\n")


def the_run(folder):
    return max(folder.path.glob("reports/*"), key=lambda run: run.stat().st_mtime_ns)


def record(folder):
    return json.loads((the_run(folder) / "evidence.json").read_text())


def kinds(folder):
    return [found["kind"] for found in record(folder)["findings"]["reservations"]]


def test_a_table_gives_verdict_bundle_and_page(clinic):
    done = clinic.runpytest_subprocess(*TABLE)
    found = record(clinic)["findings"]
    assert (done.ret, found["outcome"], found["label"]) == (0, "PASS", "EXPLORATORY")
    assert [verdict["criterion"]["id"] for verdict in found["tools"][0]["verdicts"]] == ["BA-1"]
    assert list(faults(the_run(clinic))) == []
    done.stdout.fnmatch_lines(["*for want of images: KS-1 and PLT-1;*", "+ filler: Conforms, with reservations*"])
    page = (the_run(clinic) / "report.html").read_text()
    assert "no image: this run made no edit" in page
    assert "no image was seen" in page
    assert "Each claim was fixed before" not in page
    assert "for want of images: KS-1 and PLT-1" in page


def test_what_nothing_shows_is_a_reservation_each(clinic):
    clinic.runpytest_subprocess(*TABLE)
    wanted = ["readings alone", "claims not asked", "sensitivity not shown", "cohort not listed", "patients not named"]
    assert kinds(clinic)[-5:] == wanted
    assert clinic.runpytest_subprocess(*TABLE, "--strict").ret == 9


def test_a_cohort_that_is_listed_lets_failures_be_asked(clinic):
    assert clinic.runpytest_subprocess(*COHORT).ret == 0
    assert not {"cohort not listed", "patients not named"} & set(kinds(clinic))
    assert record(clinic)["findings"]["protocol"]["readings"]["not_asked"] == {"KS-1": "images", "PLT-1": "images"}


def test_the_worst_patients_left_out_of_the_edits_is_no_pass(clinic):
    table(clinic, changes(harm=40.0, harmed=10))
    assert clinic.runpytest_subprocess(*TABLE).ret == 1
    table(clinic, changes(harm=40.0, harmed=10), without=range(10))
    done = clinic.runpytest_subprocess(*TABLE)
    assert (done.ret, record(clinic)["findings"]["outcome"]) == (1, "INCONCLUSIVE")
    assert record(clinic)["findings"]["tools"][0]["flow"]["failed"] == 10


def test_the_worst_patients_left_out_altogether_are_missed_by_the_list(clinic):
    table(clinic, changes())
    text = (clinic.path / "readings.csv").read_text().splitlines()
    (clinic.path / "readings.csv").write_text("\n".join(line for line in text if not line.startswith("P07")) + "\n")
    done = clinic.runpytest_subprocess(*COHORT)
    assert done.ret == 4
    done.stderr.fnmatch_lines(["*editproof: table readings.csv: no reading of bone_age of the original of case P07*"])


def test_originals_that_were_swapped_are_no_pass(clinic):
    header, *rows = (clinic.path / "readings.csv").read_text().splitlines()
    originals = [row.split(",") for row in rows if ",original," in row]
    values = [cells[3] for cells in originals]
    swapped = [",".join([*cells[:3], value, *cells[4:]]) for cells, value in zip(originals, values[::-1], strict=True)]
    edits = [row for row in rows if ",edited," in row]
    (clinic.path / "readings.csv").write_text("\n".join([header, *swapped, *edits]) + "\n")
    assert clinic.runpytest_subprocess(*TABLE).ret == 1


@pytest.mark.parametrize(("value", "code", "outcome"), [(900, 0, "PASS"), (None, 9, "INVALID")])
def test_a_destructive_control_in_the_table_is_held_against_the_suite(clinic, value, code, outcome):
    """One that reads like its original shows that the suite is blind."""
    readings = [60.0 + index if value is None else value for index in range(N)]
    control = [f"P{i:02d},edited,bone_age,{reading},months,destructive" for i, reading in enumerate(readings)]
    table(clinic, changes(), more=control)
    assert clinic.runpytest_subprocess(*TABLE).ret == code
    assert record(clinic)["findings"]["outcome"] == outcome
    assert "sensitivity not shown" not in kinds(clinic)
    assert list(faults(the_run(clinic))) == []


def test_workers_ask_what_one_process_asks(clinic):
    pytest.importorskip("xdist", reason="needs pytest-xdist")
    assert clinic.runpytest_subprocess(*TABLE, "-n", "2").ret == 0
    assert set(record(clinic)["findings"]["protocol"]["readings"]["not_asked"]) == {"KS-1", "PLT-1", "REL-1"}
    assert record(clinic)["findings"]["incomplete"] == []


def test_a_claim_that_was_deselected_is_still_missed(clinic):
    assert clinic.runpytest_subprocess(*COHORT, "-k", "change or pixels").ret == 1
    assert record(clinic)["findings"]["incomplete"][0] == "1 claims were deselected"


def test_a_suite_of_pixels_alone_is_refused(clinic):
    clinic.makepyfile(test_claims=SUITE.replace("def test_change", "def no_change").replace("def test_fail", "def no"))
    done = clinic.runpytest_subprocess(*TABLE)
    assert done.ret == 4
    done.stderr.fnmatch_lines(["*no claim of this suite can be asked of readings alone: KS-1 needs images.*"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--editor=identity",), "editproof: --editor: a table of readings has neither"),
        (("--shard=1/2",), "editproof: --shard: a table of readings has neither"),
        (("--readings-tool=other",), "editproof: tool 'other' of table readings.csv: it has filler"),
        (("--readings-unit=bone_age=years",), "in months, and in years elsewhere"),
        (("--readings=none.csv",), "editproof: table none.csv: there is no such file"),
    ],
)
def test_what_does_not_fit_is_one_line(clinic, options, said):
    done = clinic.runpytest_subprocess(*TABLE, *options)
    assert done.ret == 4
    assert [line for line in done.errlines if said in line], done.errlines


def test_a_lock_is_kept_and_says_that_the_edits_were_there(clinic, monkeypatch):
    monkeypatch.chdir(clinic.path)
    locking = clinic.runpytest_subprocess(*COHORT, "--write-lock=lock.json")
    assert locking.ret == 0
    assert "were there already, so that it stays EXPLORATORY" in locking.outlines[-2]
    assert json.loads((clinic.path / "lock.json").read_text())["standing"] == {"filler": N}
    assert clinic.runpytest_subprocess(*COHORT, "--lock=lock.json").ret == 0
    found = record(clinic)["findings"]
    assert found["label"] == "EXPLORATORY"
    assert "the readings of the table were made elsewhere" in found["reservations"][0]["sentence"]
    assert clinic.runpytest_subprocess(*COHORT, "--lock=lock.json", "--strict").ret == 9
    table(clinic, changes(harm=0.1, harmed=N))
    assert clinic.runpytest_subprocess(*COHORT, "--lock=lock.json").ret == 9
    assert any(
        words.startswith("readings.sha256.readings: locked") for words in record(clinic)["findings"]["departures"]
    )


def test_two_versions_read_in_two_tables_are_compared(clinic, monkeypatch, capsys):
    monkeypatch.chdir(clinic.path)
    clinic.runpytest_subprocess(*COHORT)
    old = the_run(clinic)
    table(clinic, changes(harm=8.0, harmed=N), name="newer.csv")
    clinic.runpytest_subprocess(
        "-p", "editproof.pytest_plugin.short", "test_claims.py", "--readings=newer.csv", "--cohort-table=cohort.csv"
    )
    new = the_run(clinic)
    assert main(["verify", str(new)]) == 0
    assert main(["compare", str(old), str(new), "--margin", "BA-1=1.0"]) == 1
    assert "FAIL BA-1" in capsys.readouterr().out


def test_the_card_of_an_instrument_brings_its_floors(clinic):
    card = {
        "name": "reader", "description": "d", "runtime": "table", "licence": "l", "training_data": "t",
        "quantities": [{"name": "bone_age", "unit": "months"}], "table": {"file": "readings.csv"},
        "floors": {"bone_age": {"mae_at_most": 1.0}}, "sha256": {"readings.csv": "0" * 64},
    }  # fmt: skip
    (clinic.path / "card.json").write_text(json.dumps(card))
    done = clinic.runpytest_subprocess(*TABLE, "--instrument=card.json")
    assert [line for line in done.errlines if "needs the reference standard" in line], done.errlines
    lines = [f"P{index:02d},reference,bone_age,{90.0 + index},months," for index in range(N)]
    table(clinic, changes(), more=lines)
    assert clinic.runpytest_subprocess(*TABLE, "--instrument=card.json").ret == 9
    assert record(clinic)["findings"]["outcome"] == "INVALID"
    assert "no floor" not in kinds(clinic)


def test_the_command_says_it_in_a_users_words(clinic, monkeypatch):
    """A wide table with a flag and other names of columns, from a folder of its own."""
    rows = ["sub,defaced,site,cjv"]
    rows += [f"{index},{arm},{index % 2},{0.5 + index / 1000}" for index in range(N) for arm in (0, 1)]
    (clinic.path / "wide.csv").write_text("\n".join(rows) + "\n")
    suite = SUITE.replace('prediction_change("bone_age", cap=30.0)', 'prediction_change("cjv", cap=30.0)')
    clinic.makepyfile(test_claims=suite)
    monkeypatch.chdir(clinic.path)
    words = ["--suite", "test_claims.py", "--columns", "case=sub,arm=defaced", "--quantity", "cjv"]
    assert main(["judge", "wide.csv", *words, "--strata", "site", "--tool", "mask", "-p", "no:cacheprovider"]) == 0
    (tool,) = record(clinic)["facts"]["tools"]
    assert tool["card"]["name"] == "mask"
