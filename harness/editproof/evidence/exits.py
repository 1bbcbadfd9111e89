"""The exit codes of a run, a merge and a comparison: the one contract that the plug-in and the command line keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editproof.evidence.reservations import heading
from editproof.types import Outcome

if TYPE_CHECKING:
    from editproof.evidence.comparison import Comparison
    from editproof.evidence.record import Evidence

CONFORMS: Final = 0
"""Every primary criterion of every tool was shown to hold, and no secondary one to be broken; with reservations too,
unless they are not accepted."""

DOES_NOT_CONFORM: Final = 1
"""A primary criterion was not shown to hold (FAIL or INCONCLUSIVE), a secondary one was shown to be broken (FAIL), or
the suite did not run completely."""

WRONG_USAGE: Final = 4
"""One line says what was asked, what was found and what to do."""

PROVES_NOTHING: Final = 9
"""INVALID: a control or a floor was missed. A lock was given, and the run departs from it or is not all of it. With
``--strict`` also a PASS with reservations."""


def exit_code(record: Evidence | Comparison, *, strict: bool = False, allow_departures: bool = False) -> int:
    """The exit code that a record deserves.

    Parameters
    ----------
    strict : bool
        Whether a PASS with reservations is not accepted.
    allow_departures : bool
        Whether a run may depart from the lock that it was given, as one that was given none.
    """
    if objection(record, strict=strict, allow_departures=allow_departures):
        return PROVES_NOTHING
    return CONFORMS if record.outcome is Outcome.PASS else DOES_NOT_CONFORM


def objection(record: Evidence | Comparison, *, strict: bool = False, allow_departures: bool = False) -> str:
    """Why a record proves nothing, whatever it found, in words; empty where there is no objection.

    A shard of a cohort is a part of what was locked, and no departure from it.
    """
    if record.outcome is Outcome.INVALID:
        return record.reason or "the run is invalid"
    lock, shard = getattr(record, "lock", None), getattr(record, "shard", "")
    if lock is not None and not allow_departures:
        if departed := getattr(record, "departures_from_lock", ()):
            return f"the run departs from its lock ({'; '.join(departed)}); see --allow-departures"
        if len(record.incomplete) > bool(shard):
            return f"the run is not all that was locked ({'; '.join(record.incomplete)})"
    if strict and record.outcome is Outcome.PASS and record.reservations:
        return f"{heading(record.outcome, record.reservations)}; this is not accepted (--strict)"
    return ""
