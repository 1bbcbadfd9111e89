"""A claim of a table is the claim that its twin in Python is, and what is wrong with one is one line."""

from __future__ import annotations

import pytest
from editproof import (
    at_least,
    at_most,
    claims_from,
    mae_drift,
    prediction_drift,
    recalibrated,
    share_changed,
    within,
)  # fmt: skip
from editproof.criteria import Criterion
from editproof.criteria.factory import example_of
from editproof.criteria.registry import ESTIMANDS, estimand_from
from editproof.errors import ProtocolError
from hypothesis import given
from hypothesis import strategies as st

TOML = """
[defaults]
source = "placeholder: protocol, section 5"
hazard = "H1"

[[claim]]
id = "BA-1"
estimand = "mae_drift('bone_age', cap=60)"
region = "at most 2"
requirement = "R1"
sentence = "Readings keep their accuracy."
confidence = 0.975
limits = "betting"

[[claim]]
id = "BA-2"
estimand = "prediction_drift"
arguments = {quantity = "bone_age"}
cap = 24
region = "within -2 and 2"
strata = ["all", "sex=F"]
hazard = "H2"

[[claim]]
id = "BA-3"
estimand = "share_changed"
arguments = {quantity = "bone_age", more_than = 12.0, per = "edit"}
region = "at_most(0.05)"
role = "secondary"
strata = ["sex=F", "sex=M"]
family = "holm"
min_patients = 30

[[claim]]
id = "BA-4"
estimand = "recalibrated"
arguments = {estimand = {estimand = "mae_drift", arguments = {quantity = "bone_age"}}, curve = "linear"}
region = "at most 2"
role = "secondary"

[[claim]]
id = "BA-5"
estimand = "recalibrated(mae_drift('bone_age'), 'linear')"
region = "at least -0.03"
rationale = "why"
limitation = "what not"
"""
SOURCE = "placeholder: protocol, section 5"
TWINS = [
    Criterion(
        "BA-1", mae_drift("bone_age", cap=60), at_most(2), 0.975, SOURCE, "H1", requirement="R1", limits="betting",
        sentence="Readings keep their accuracy.",
    ),
    Criterion("BA-2", prediction_drift("bone_age", cap=24.0), within(-2, 2), source=SOURCE, hazard="H2"),
    Criterion(
        "BA-3", share_changed("bone_age", more_than=12.0, per="edit"), at_most(0.05), source=SOURCE, hazard="H1",
        role="secondary", min_patients=30,
    ),
    Criterion(
        "BA-4", recalibrated(mae_drift("bone_age"), "linear"), at_most(2), source=SOURCE, hazard="H1", role="secondary",
    ),
    Criterion(
        "BA-5", recalibrated(mae_drift("bone_age"), "linear"), at_least(-0.03), source=SOURCE, hazard="H1",
        rationale="why", limitation="what not",
    ),
]  # fmt: skip
CSV = """id,estimand,arguments,region,role,strata,family,cap,min_patients,confidence,source
BA-1,"mae_drift('bone_age', cap=60)",,at most 2,,,,,,0.975,s
BA-2,prediction_drift,"quantity='bone_age'",within -2 and 2,,all; sex=F,,24,,,s
BA-3,share_changed,"quantity='bone_age', more_than=12.0, per='edit'",at most 0.05,secondary,sex=F;sex=M,holm,,30,,s
"""


def written(folder, text, name="claims.toml"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_a_claim_of_a_table_is_its_twin_in_python(tmp_path):
    claims = claims_from(written(tmp_path, TOML))
    cards = {claim.criterion.id: claim.criterion.card for claim in claims}
    assert list(cards.values()) == [twin.card for twin in TWINS]


def test_a_claim_is_a_case_in_each_stratum_and_a_family_is_one(tmp_path):
    for file in (written(tmp_path, TOML), written(tmp_path, CSV, "my.csv")):
        names = [claim.name for claim in claims_from(str(file))]
        assert names[:4] == ["BA-1", "BA-2", "BA-2 in sex=F", "BA-3 (holm)"]
        assert claims_from(file)[3].strata == ("sex=F", "sex=M")


def test_a_table_of_rows_holds_the_same_claims(tmp_path):
    toml, rows = (claims_from(written(tmp_path, text, name)) for text, name in ((TOML, "a.toml"), (CSV, "a.csv")))
    for claim, other in zip(toml, rows, strict=False):
        assert claim.criterion.estimand.spec == other.criterion.estimand.spec
        assert claim.criterion.region == other.criterion.region
        assert claim.criterion.min_patients == other.criterion.min_patients
        assert claim.criterion.confidence == other.criterion.confidence


@pytest.mark.parametrize("name", ESTIMANDS.names)
def test_every_estimand_can_be_claimed_by_the_words_that_print_it(tmp_path, name):
    estimand = estimand_from(example_of(ESTIMANDS[name]))
    text = (
        f'[[claim]]\nid = "X-1"\nsource = "s"\nregion = "at most {estimand.ideal + 1}"\nestimand = """{estimand!r}"""\n'
    )
    (claim,) = claims_from(written(tmp_path, text))
    direct = Criterion("X-1", estimand, at_most(estimand.ideal + 1), source="s")
    assert claim.criterion.card == direct.card


@given(limits=st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)).map(sorted))
def test_limits_are_read_to_the_last_digit(tmp_path_factory, limits):
    low, high = limits
    folder = tmp_path_factory.mktemp("claims")
    for region in (at_most(high), at_least(low), within(low, high)):
        text = f'[[claim]]\nid = "X"\nsource = "s"\nestimand = "auc_drift(\'sex\')"\nregion = "{region!r}"\n'
        assert claims_from(written(folder, text))[0].criterion.region == region


WRONG = {
    "estimand": ('estimand = "mae_drifd(\'bone_age\')"\nregion = "at most 2"', "Did you mean mae_drift"),
    "argument": ('estimand = "mae_drift(\'bone_age\', cup=3)"\nregion = "at most 2"', "Did you mean cap"),
    "field": ('estimand = "failure_rate"\nregion = "at most 2"\nhazzard = "H1"', "Did you mean hazard"),
    "family": ('estimand = "failure_rate"\nregion = "at most 2"\nrole = "secondary"\nfamily = "hom"', "mean holm"),
    "primary family": ('estimand = "failure_rate"\nregion = "at most 2"\nfamily = "holm"', "write role secondary"),
    "role": ('estimand = "failure_rate"\nregion = "at most 2"\nrole = "main"', "role 'main'"),
    "no region": ('estimand = "failure_rate"', "no region"),
    "no estimand": ('region = "at most 2"', "no estimand"),
    "no such region": ('estimand = "failure_rate"\nregion = "below 2"', "Write 'at most 2'"),
    "one limit of two": ('estimand = "failure_rate"\nregion = "within 2"', "Write 'at most 2'"),
    "order of limits": ('estimand = "failure_rate"\nregion = "within 2 and 1"', "Order the limits"),
    "code": ("estimand = \"__import__('os').system('true')\"\nregion = \"at most 2\"", "is no call"),
    "a name": ('estimand = "mae_drift(quantity)"\nregion = "at most 2"', "no estimand of that name"),
    "twice": ('estimand = "mae_drift(\'bone_age\', cap=3)"\ncap = 4\nregion = "at most 2"', "cap is said twice"),
    "confidence": ('estimand = "failure_rate"\nregion = "at most 2"\nconfidence = "high"', "confidence 'high'"),
    "strata": ('estimand = "failure_rate"\nregion = "at most 2"\nstrata = 3', "strata 3"),
    "no strata": ('estimand = "failure_rate"\nregion = "at most 2"\nstrata = []', "no stratum"),
    "same id": ('estimand = "failure_rate"\nregion = "at most 2"\n[[claim]]\nid = "A"', "claims 1 and 2 have one id"),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG)
def test_what_is_no_claim_is_one_line_that_names_it(tmp_path, text, said):
    with pytest.raises(ProtocolError) as caught:
        claims_from(written(tmp_path, f'[[claim]]\nid = "A"\nsource = "s"\n{text}\n'))
    assert said in str(caught.value)
    assert "A" in caught.value.asked
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("[[claims]]\n", "a.toml", "Did you mean claim"), ("[claim]\nid='a'\n", "a.toml", "two brackets"),
        ("id = ", "a.toml", "not TOML"), ("", "a.toml", "no claim in it"), ("", "a.csv", "no claim in it"),
        ('id,"a\n', "a.csv", "not CSV"), ("id,region\na,b,c\n", "a.csv", "3 cells in row 2"),
        ("id,estimand,region\nA,failure_rate,at most 1\n", "a.csv", "no source"),
    ],
)  # fmt: skip
def test_what_is_no_table_of_claims_is_one_line(tmp_path, text, name, said):
    with pytest.raises(ProtocolError, match=said):
        claims_from(written(tmp_path, text, name))


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(ProtocolError, match="cannot be read"):
        claims_from(tmp_path / "none.toml")


def test_a_table_with_semicolons_is_the_same_suite(tmp_path):
    rows = [
        "id,estimand,region,source,cap,role,strata",
        "A,prediction_change('x'),at most 2,s,12.5,secondary,sex=F; sex=M",
    ]
    commas = tmp_path / "a.csv"
    commas.write_text("\n".join(rows))
    other = tmp_path / "b.csv"
    other.write_text(
        "\n".join([rows[0].replace(",", ";"), "A;prediction_change('x');at most 2;s;12,5;secondary;\"sex=F; sex=M\""])
    )
    assert claims_from(other) == claims_from(commas)


def test_a_stratum_without_a_comparison_is_one_line(tmp_path):
    table = tmp_path / "claims.toml"
    table.write_text(
        '[[claim]]\nid="A"\nestimand="prediction_change(\'x\', cap=9)"\nregion="at most 2"\nsource="s"\nstrata=["F"]\n'
    )
    with pytest.raises(ProtocolError, match=r"claim A of claims\.toml, stratum 'F': no comparison"):
        claims_from(table)
