"""Tables made to pass: columns taken twice, copies, chosen tools, numbers that overflow; each with its honest twin."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest
from editproof import prediction_change
from editproof.audit.copied_readings import copied_edits, repeated_patients
from editproof.audit.findings import evidence_of
from editproof.criteria import Criterion, at_most
from editproof.criteria.claim_tables import claims_from
from editproof.criteria.families import decided
from editproof.datasets.tables.layout import layout_of
from editproof.errors import EditproofError, ProtocolError
from editproof.evidence.measurements import measurements_of
from editproof.study.judging import Judge
from editproof.study.study_file import study_from
from editproof.study.tabled import TabledRun

from tests.study.tables_of_readings import written

BONE_AGE = {"quantities": ["bone_age"], "units": ["bone_age=months"]}
CHANGE = Criterion("BA-1", prediction_change("bone_age", cap=30.0), at_most(3.0), source="placeholder: a test")


def rows_of(n=40, *, decimals=2, seed=0, change=1.0):
    """Case, original and edit of so many patients."""
    random = np.random.default_rng(seed)
    before = random.uniform(20, 220, n).round(decimals)
    after = (before + random.normal(0, change, n)).round(decimals)
    return [(f"C{i:03d}", float(b), float(a)) for i, (b, a) in enumerate(zip(before, after, strict=True))]


def run_on(folder, lines, *, tool="tool", study=None, cohort=None, **layout):
    people = None if cohort is None else written(folder, cohort, "cohort.csv")
    return TabledRun(
        written(folder, lines), folder / "store", layout_of(**(layout or BONE_AGE)), people, tool=tool,
        study_file=study_from(study or {}),
    )  # fmt: skip


def in_pairs(rows):
    return ["case,original,edited", *(f"{case},{before},{after}" for case, before, after in rows)]


def reservations(run):
    """The kinds of reservations of a run with one claim, by sentence."""
    run.check([CHANGE])
    found = []
    for name in run.editors:
        Judge("a test", decided, found.append, nullcontext, run.under)(CHANGE, run.study(name))
    evidence = evidence_of(run.facts(found, [], "a test"))
    return {entry.kind: entry.sentence for entry in evidence.reservations}


def refused(run):
    with pytest.raises(EditproofError) as caught:
        run.check()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("columns", "quantities"),
    [
        ("original=original,edited=original", "bone_age"), ("edited=original", "bone_age"),
        ("original:bone_age=original,edited:bone_age=original", "bone_age"),
        ("reference=edited", "bone_age"), ("reference:bone_age=original", "bone_age"),
        ("original:a=original,edited:a=edited,original:b=original,edited:b=edited", "a,b"),
    ],
)  # fmt: skip
def test_one_column_is_not_two_readings(tmp_path, columns, quantities):
    run = run_on(tmp_path, in_pairs(rows_of()), columns=[columns], quantities=[quantities])
    assert "is taken for" in refused(run)


def test_one_column_by_arm_is_not_its_own_reference(tmp_path):
    lines = ["case,arm,bone_age", *(f"{c},{n},{v}" for c, *values in rows_of() for n, v in enumerate(values))]
    assert "is taken for" in refused(run_on(tmp_path, lines, columns=["reference=bone_age"], quantities=["bone_age"]))
    run_on(tmp_path, lines, **BONE_AGE).check()


def test_a_column_named_twice_for_one_reading_or_a_subgroup_is_honest(tmp_path):
    lines = ["case,original,edited,reference", *(f"{c},{b},{a},{b + 1}" for c, b, a in rows_of())]
    named = ["original:bone_age=original,edited:bone_age=edited"]
    run_on(tmp_path, lines, columns=named, strata=["reference"], **BONE_AGE).check()


def test_the_layout_is_part_of_the_protocol(tmp_path):
    lines = ["case,before,after,other", *(f"{c},{b},{a},{a}" for c, b, a in rows_of())]
    terms = []
    for after in ("after", "other"):
        run = run_on(tmp_path, lines, columns=[f"original=before,edited={after}"], **BONE_AGE)
        terms.append(run.facts([], [], "a test").terms["readings"])
    assert terms[0]["layout"]["columns"] == {"original": "before", "edited": "after"}
    assert terms[0]["sha256"] == terms[1]["sha256"]
    assert terms[0] != terms[1]


def test_one_tool_chosen_of_several_is_a_reservation(tmp_path):
    lines = ["case,arm,tool,bone_age"]
    for case, before, after in rows_of():
        lines += [f"{case},original,,{before}", *(f"{case},edited,v{n},{after + n}" for n in range(12))]
    sentence = reservations(run_on(tmp_path, lines, tool="v0"))["some tools of the table"]
    assert sentence.startswith("1 of 12 tools of the table was judged")
    assert "some tools of the table" not in reservations(run_on(tmp_path, lines, tool=""))


def test_patients_are_tidied_as_cases_are(tmp_path):
    ids = ("1", "1.0", "01", "P1")
    rows = [f"{c},{ids[i % 4]},{b},{a}" for i, (c, b, a) in enumerate(rows_of())]
    run = run_on(tmp_path, ["case,patient,original,edited", *rows])
    assert {case.patient for case in run.of_cohort.cases} == {"1", "01", "P1"}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([(c, b, b) for c, b, _ in rows_of(5)], True),
        ([(c, b, b) for c, b, _ in rows_of(40, decimals=0)], True),
        ([(c, b, b) for c, b, _ in rows_of(8, decimals=0)], False),
        ([(c, b, b if i else a) for i, (c, b, a) in enumerate(rows_of())], True),
        ([(c, b, b if i % 4 == 0 else a) for i, (c, b, a) in enumerate(rows_of(change=9))], False),
        (rows_of(), False),
    ],
    ids=["readings", "ratings", "few ratings", "all but one", "some", "honest"],
)
def test_edits_that_read_as_originals_are_a_reservation(tmp_path, values, told):
    run = run_on(tmp_path, in_pairs(values))
    assert ("edits read as originals" in reservations(run)) == told
    assert (copied_edits(run.measured("tool"))[0] > 0) == told


def test_patients_under_several_names_are_an_error(tmp_path):
    rows = rows_of(20)
    copies = [(f"{case}x{n}", before, after) for case, before, after in rows for n in range(4)]
    said = refused(run_on(tmp_path, in_pairs(copies)))
    assert "60 cases have all readings of a case of another patient" in said
    assert "C000x1 of patient C000x1 those of C000x0 of C000x0" in said
    few = run_on(tmp_path, in_pairs([*rows, *((f"again{c}", b, a) for c, b, a in rows[:3])]))
    assert "3 cases" in reservations(few)["equal patients"]


def test_acquisitions_of_one_patient_and_ratings_may_read_alike(tmp_path):
    lines = ["case,patient,original,edited"]
    lines += [f"{case}x{n},{case},{b},{a}" for case, b, a in rows_of(20) for n in range(4)]
    assert "equal patients" not in reservations(run_on(tmp_path, lines))
    ratings = [(f"C{n}", n % 3, n % 3) for n in range(60)]
    assert "equal patients" not in reservations(run_on(tmp_path, in_pairs(ratings)))


def test_coarse_readings_of_many_patients_are_no_error(tmp_path):
    """With one decimal, and changes of a few tenths, some of many patients read alike by chance."""
    rows = rows_of(2500, decimals=1, change=0.3)
    twice = repeated_patients(run_on(tmp_path, in_pairs(rows)).measured("tool"))
    assert twice is not None
    assert twice.n > 50
    assert not twice.beyond_chance


def test_an_assumed_unit_is_a_reservation(tmp_path):
    lines = in_pairs(rows_of())
    assert "bone_age in months" in reservations(run_on(tmp_path, lines, quantities=["bone_age"]))["unit assumed"]
    assert "unit assumed" not in reservations(run_on(tmp_path, lines))


def test_a_table_has_the_edits_that_its_study_asks_for(tmp_path):
    lines = in_pairs(rows_of())
    said = refused(run_on(tmp_path, lines, study={"repeats": 3}))
    assert "the study asks for 3 edits of each case, the table has 1" in said
    run_on(tmp_path, lines, study={"repeats": 1}).check()


def test_references_lie_in_the_range_of_the_study(tmp_path):
    lines = ["case,original,edited,reference", *(f"{c},{b},{a},{b}" for c, b, a in rows_of())]
    assert "declares a range" in refused(
        run_on(tmp_path, lines, study={"quantities": {"bone_age": {"range": [0, 50]}}})
    )
    run_on(tmp_path, lines, study={"quantities": {"bone_age": {"range": [0, 300]}}}).check()


@pytest.mark.parametrize("column", [1, 2, 3])
def test_numbers_that_overflow_are_refused(tmp_path, column):
    rows = [[c, b, a, b] for c, b, a in rows_of()]
    run_on(tmp_path, ["case,original,edited,reference", *(",".join(map(str, row)) for row in rows)]).check()
    rows[0][column] = -1.7e308
    lines = ["case,original,edited,reference", *(",".join(map(str, row)) for row in rows)]
    assert "beyond 1e+100" in refused(run_on(tmp_path, lines))


def test_numbers_that_overflow_are_refused_of_plain_records():
    def made(value, reference):
        cases = [{"case": "a", "patient": "a", "reference:x": reference}]
        rows = [("a", arm, 0, "pooled", "x", value, "1") for arm in ("original", "edited")]
        return measurements_of("t", cases, rows, [("a", 0, "ok", "")])

    assert made(1e99, -1e99).reference("x")[0] == -1e99
    for value, reference in ((1e101, 1.0), (1.0, -1e101)):
        with pytest.raises(ProtocolError, match=r"1e\+10"):
            made(value, reference)


def test_two_equal_columns_of_a_suite_are_refused(tmp_path):
    row = "BA-1,\"mae_drift('bone_age', cap=15)\",at most 2,s"
    honest = written(tmp_path, ["id,estimand,region,source", row], "a.claims.csv")
    assert len(claims_from(honest)) == 1
    twice = written(tmp_path, ["id,estimand,region,source,Region", f"{row},at most 20"], "b.claims.csv")
    with pytest.raises(ProtocolError, match="two columns 'region'"):
        claims_from(twice)


def test_copies_among_the_edits_of_another_tool_are_not_held_against_one(tmp_path):
    lines = ["case,arm,tool,bone_age"]
    for case, before, after in rows_of():
        lines += [f"{case},original,,{before}", f"{case},edited,a,{after}", f"{case},edited,b,{before}"]
    assert "edits read as originals" not in reservations(run_on(tmp_path, lines, tool="a"))
    assert "edits read as originals" in reservations(run_on(tmp_path, lines, tool="b"))
