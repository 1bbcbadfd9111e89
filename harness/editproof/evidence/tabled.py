"""What a record says of a run that judged readings alone: no image was measured by it, and no edit made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from editproof.evidence.facts import Facts
from editproof.types import JSON

TERM: Final = "readings"
"""Under which of a protocol's terms it stands: the files, and the claims that were not asked of them."""


def term_of(
    digests: Mapping[str, str],
    unasked: Mapping[str, str],
    *,
    listed: bool,
    patients: bool,
    layout: Mapping[str, JSON],
    tools: int,
    assumed: Mapping[str, str],
) -> dict[str, JSON]:
    """What the protocol of such a run fixes beyond that of any.

    Parameters
    ----------
    digests : mapping of str to str
        sha256 (hex) of the table of readings, and of that of the cohort where there was one.
    unasked : mapping of str to str
        What each criterion that was not asked would have needed, by id.
    listed : bool
        Whether a table of the cohort said which cases there are.
    patients : bool
        Whether a column said which cases are of one patient.
    layout : mapping
        Which column was taken for what, as it was asked for: columns, arms, quantities, units, strata.
    tools : int
        Number of tools whose edits the table has readings of.
    assumed : mapping of str to str
        Unit by quantity where nobody said one and the usual one was taken.
    """
    return {TERM: {
        "sha256": dict(digests), "not_asked": dict(sorted(unasked.items())), "cohort_listed": listed,
        "patients_named": patients, "layout": dict(layout), "tools": tools,
        "units_assumed": dict(sorted(assumed.items())),
    }}  # fmt: skip


def is_of_readings_alone(facts: Facts) -> bool:
    """Whether a run judged a table of readings, and neither image nor tool."""
    return isinstance(facts.terms.get(TERM), Mapping)


def unasked_in(facts: Facts) -> dict[str, str]:
    """What each criterion of the suite that was not asked would have needed, by id; empty for a run on images."""
    told = facts.terms.get(TERM) or {}
    return {str(name): str(need) for name, need in (told.get("not_asked") or {}).items()}


def tools_of_table(facts: Facts) -> int:
    """Number of tools whose edits the table has readings of; 0 for a run on images."""
    return int((facts.terms.get(TERM) or {}).get("tools") or 0)


def units_assumed(facts: Facts) -> dict[str, str]:
    """Unit by quantity where nobody said one and the usual one was taken; empty for a run on images."""
    told = facts.terms.get(TERM) or {}
    return {str(name): str(unit) for name, unit in (told.get("units_assumed") or {}).items()}


def told_of_cohort(facts: Facts, what: str) -> bool:
    """Whether the tables said ``"cohort_listed"`` or ``"patients_named"``."""
    return bool((facts.terms.get(TERM) or {}).get(what))
