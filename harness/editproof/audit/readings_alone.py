"""What limits a verdict on readings alone: nothing shows where they come from, or that they would have shown harm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from editproof.audit.copied_readings import copied_edits, repeated_patients
from editproof.audit.readers_apart import readers_apart
from editproof.evidence.facts import Facts
from editproof.evidence.measurements import EDITED, POOLED, Measurements
from editproof.evidence.record import CONTROLS
from editproof.evidence.reservations import Reservation
from editproof.evidence.tabled import (
    is_of_readings_alone,
    told_of_cohort,
    tools_of_table,
    unasked_in,
    units_assumed,
)
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


def some_of_the_tools(facts: Facts) -> Iterator[Reservation]:
    """One chosen of several passes by chance sooner than one that was alone."""
    if (among := tools_of_table(facts)) > (judged := len(facts.tools)):
        were = "was" if judged == 1 else "were"
        yield Reservation(
            "some tools of the table",
            f"{judged} of {among} tools of the table {were} judged; the best of several looks good by chance.",
        )


def assumed_units(facts: Facts) -> Iterator[Reservation]:
    """A margin in months means nothing for readings in years."""
    if units := units_assumed(facts):
        said = listed([f"{name} in {unit}" for name, unit in units.items()])
        yield Reservation("unit assumed", f"Unit assumed: {said}; neither the table nor the call says it.")


def edits_that_read_as_originals(facts: Facts) -> Iterator[Reservation]:
    """A column of originals that was copied makes a tool that changes nothing."""
    for tool in facts.tools if is_of_readings_alone(facts) else ():
        equal, n = copied_edits(tool.measurements)
        if equal:
            yield Reservation(
                "edits read as originals",
                f"In {equal} of {counted(n, 'case')} of {tool.card.name} edits read exactly as their originals, and "
                "nothing shows that they are not copies of these.",
                tool.card.name,
            )


def patients_who_read_alike(facts: Facts) -> Iterator[Reservation]:
    """One patient under several names is one observation."""
    for tool in facts.tools if is_of_readings_alone(facts) else ():
        if twice := repeated_patients(tool.measurements):
            yield Reservation(
                "equal patients",
                f"{counted(twice.n, 'case')} of {tool.card.name} read exactly as a case of another patient, e.g. "
                f"{twice.other} as {twice.one}: one patient may have several names.",
                tool.card.name,
            )


def readers_who_show_no_look(facts: Facts) -> Iterator[Reservation]:
    """Readers of whom nothing shows that they looked: claims on them hold whatever an edit does."""
    for tool in facts.tools if is_of_readings_alone(facts) else ():
        by_reason: dict[str, list[str]] = {}
        for apart in readers_apart(tool.measurements):
            by_reason.setdefault(apart.because, []).append(f"{apart.reader} ({apart.quantity})")
        if by_reason:
            said = "; ".join(f"{listed(names)} {because}" for because, names in by_reason.items())
            yield Reservation(
                "readers unrelated to images",
                f"Of {tool.card.name}, {said}: such answers would not show a change, and a claim on them may hold "
                "whatever the edit does.",
                tool.card.name,
            )


KINDS_OF_READINGS: Final = (
    readings_alone,
    claims_not_asked,
    without_destructive_control,
    unlisted_cohort,
    equal_repeats,
    some_of_the_tools,
    assumed_units,
    edits_that_read_as_originals,
    patients_who_read_alike,
    readers_who_show_no_look,
)
"""Every kind that a run on readings alone may have."""


def _some(names: list[str]) -> str:
    return listed([*names[:NAMED], f"{len(names) - NAMED} more"] if len(names) > NAMED else names)
