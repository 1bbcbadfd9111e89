"""A requirement or hazard that the register has not is said before the first edit, and words are none."""

import pytest
from editproof.criteria import Criterion, at_most, mae_drift
from editproof.study.register import unknown_entries

REGISTER = {"requirements": {"R1": "readings keep their accuracy"}, "hazards": {"H1": "harm", "H2": "delay"}}


def claim(**told):
    return Criterion("A", mae_drift("age", cap=60.0), at_most(2.0), source="s", **told)


@pytest.mark.parametrize(
    ("told", "register", "said"),
    [
        ({"hazard": "H1", "requirement": "R1"}, REGISTER, []),
        ({"hazard": "H3"}, REGISTER, ["A: the hazard 'H3' is not in the register. It has H1, H2."]),
        ({"requirement": "r1"}, REGISTER, ["A: the requirement 'r1' is not in the register. Did you mean R1?"]),
        ({"hazard": "a wrong age is read"}, REGISTER, []),
        ({"hazard": "H3"}, {"requirements": {"R1": "x"}, "hazards": {}}, []),
        ({"hazard": "H3"}, {}, []),
        ({}, REGISTER, []),
    ],
)
def test_what_is_named_in_vain(told, register, said):
    found = list(unknown_entries([(claim(**told), "all"), (claim(**told), "sex=F")], register))
    assert found == said
