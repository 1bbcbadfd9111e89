"""The bones keep their place and their outline, as an instrument that draws carpals and finger bones sees them.

Runs only when it is named, since it needs that instrument beside the one that reads bone age and sex::

    pytest validations/removal validations/bones.py --instrument phantom --instrument bones
"""

import pytest
from editproof import Criterion, at_least, at_most, mask_dice

REQUIREMENT, HAZARD = "R7", "H5"  # see register.toml
BONES = {"carpals": "carpal bones", "finger bones": "bones of the fingers"}

OVERLAP = {
    bones: Criterion(
        f"SEG-{number}",
        mask_dice(bones),
        at_least(0.95),
        source="placeholder for your protocol: about what the shipped instrument reaches against the exact bones",
        requirement=REQUIREMENT,
        hazard=HAZARD,
        rationale="Held against what the instrument draws on the original; its floor says that this is where they are.",
        sentence=f"On average the {words} are drawn on the edit where they are drawn on the original: Dice of 0.95.",
    )
    for number, (bones, words) in enumerate(BONES.items(), start=1)
}
LOST = {
    bones: Criterion(
        f"SEG-{number}",
        mask_dice(bones, margin=0.9),
        at_most(0.05),
        source="placeholder for your protocol",
        requirement=REQUIREMENT,
        hazard=HAZARD,
        rationale="A mean forgives one hand whose bones are elsewhere; this share does not.",
        sentence=f"In fewer than one patient in twenty an edit moves or reshapes the {words}: Dice below 0.9.",
    )
    for number, (bones, words) in enumerate(BONES.items(), start=3)
}


@pytest.mark.parametrize("bones", OVERLAP)
def test_overlap(study, judge, bones):
    assert judge(OVERLAP[bones], study)


@pytest.mark.parametrize("bones", LOST)
def test_no_hand_with_other_bones(study, judge, bones):
    assert judge(LOST[bones], study)
