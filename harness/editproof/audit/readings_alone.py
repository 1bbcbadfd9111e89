"""What limits a verdict on readings alone: nothing shows where they come from, or that they would have shown harm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from editproof.evidence.facts import Facts
from editproof.evidence.measurements import EDITED, POOLED, Measurements
from editproof.evidence.record import CONTROLS
from editproof.evidence.reservations import Reservation
from editproof.evidence.tabled import is_of_readings_alone, told_of_cohort, unasked_in
from editproof.report.text.wording import counted, listed

NAMED: Final = 12
"""Ids that a sentence names."""


def readings_alone(facts: Facts) -> Iterator[Reservation]:
    """No image was seen and no edit was made by the run."""
    if is_of_readings_alone(facts):
        yield Reservation(
            "readings alone",
            "A table of readings was judged, and no image: this run made no edit, and nothing shows that the readings "
            "come from these images, when the edits were made, or how often a tool was asked until they were good.",
        )


def claims_not_asked(facts: Facts) -> Iterator[Reservation]:
    """Claims of the suite that readings cannot answer."""
    by_need: dict[str, list[str]] = {}
    for name, need in unasked_in(facts).items():
        by_need.setdefault(need, []).append(name)
    if by_need:
        said = "; ".join(f"for want of {need}: {_some(names)}" for need, names in by_need.items())
        yield Reservation("claims not asked", f"Claims of the suite that were not asked, {said}.")


def without_destructive_control(facts: Facts) -> Iterator[Reservation]:
    """Nothing shows that harm would have been noticed."""
    if is_of_readings_alone(facts) and CONTROLS[1] not in facts.controls:
        yield Reservation(
            "sensitivity not shown",
            "The table has no readings of a destructive control (tool=destructive), so nothing shows that these "
            "readings would have noticed harm.",
        )


def unlisted_cohort(facts: Facts) -> Iterator[Reservation]:
    """Cases that were left out altogether would not be missed; cases of one patient would be taken for several."""
    if not is_of_readings_alone(facts):
        return
    if not told_of_cohort(facts, "cohort_listed"):
        yield Reservation(
            "cohort not listed",
            "No table of the cohort was given, so nothing shows that no case was left out of the readings.",
        )
    if not told_of_cohort(facts, "patients_named"):
        yield Reservation(
            "patients not named",
            "No column names the patient, so every case was taken for a patient of its own; limits are too narrow "
            "where a patient has several.",
        )


def equal_repeats(facts: Facts) -> Iterator[Reservation]:
    """Repeats that may be copies of one edit: no digest of pixels tells."""
    for tool in facts.tools if is_of_readings_alone(facts) else ():
        if n := alike_in_readings(tool.measurements):
            yield Reservation(
                "equal repeats",
                f"In {counted(n, 'case')} of {tool.card.name} two repeats read exactly alike, and nothing shows that "
                "the tool was asked again: they may be copies of one edit.",
                tool.card.name,
            )


def alike_in_readings(measured: Measurements) -> int:
    """Cases in which two repeats that came back have the same pooled reading of every quantity."""
    rows = measured.rows
    wide = rows[(rows["arm"] == EDITED) & (rows["instrument"] == POOLED)].pivot_table(
        index=["case", "repeat"], columns="quantity", values="value"
    )
    if wide.empty:
        return 0
    again = wide.assign(case=wide.index.get_level_values("case")).duplicated()
    return int(wide[again.to_numpy()].index.get_level_values("case").nunique())


KINDS_OF_READINGS: Final = (
    readings_alone,
    claims_not_asked,
    without_destructive_control,
    unlisted_cohort,
    equal_repeats,
)
"""Every kind that a run on readings alone may have."""


def _some(names: list[str]) -> str:
    return listed([*names[:NAMED], f"{len(names) - NAMED} more"] if len(names) > NAMED else names)
