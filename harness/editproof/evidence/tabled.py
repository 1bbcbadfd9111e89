"""What a record says of a run that judged readings alone: no image was measured by it, and no edit made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from editproof.evidence.facts import Facts
from editproof.types import JSON

TERM: Final = "readings"
"""Under which of a protocol's terms it stands: the files, and the claims that were not asked of them."""


def term_of(digests: Mapping[str, str], unasked: Mapping[str, str], *, listed: bool, patients: bool) -> dict[str, JSON]:
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
    """
    return {TERM: {
        "sha256": dict(digests), "not_asked": dict(sorted(unasked.items())), "cohort_listed": listed,
        "patients_named": patients,
    }}  # fmt: skip


def is_of_readings_alone(facts: Facts) -> bool:
    """Whether a run judged a table of readings, and neither image nor tool."""
    return isinstance(facts.terms.get(TERM), Mapping)


def unasked_in(facts: Facts) -> dict[str, str]:
    """What each criterion of the suite that was not asked would have needed, by id; empty for a run on images."""
    told = facts.terms.get(TERM) or {}
    return {str(name): str(need) for name, need in (told.get("not_asked") or {}).items()}


def told_of_cohort(facts: Facts, what: str) -> bool:
    """Whether the tables said ``"cohort_listed"`` or ``"patients_named"``."""
    return bool((facts.terms.get(TERM) or {}).get(what))
