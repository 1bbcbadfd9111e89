"""The exit codes of a run, a merge and a comparison: the one contract that the plug-in and the command line keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from editproof.types import Outcome

if TYPE_CHECKING:
    from editproof.evidence.comparison import Comparison
    from editproof.evidence.record import Evidence

CONFORMS: Final = 0
"""Every primary criterion of every tool was shown to hold; with reservations too, unless they are not accepted."""

DOES_NOT_CONFORM: Final = 1
"""A primary criterion was not shown to hold (FAIL or INCONCLUSIVE), or the suite did not run completely."""

WRONG_USAGE: Final = 4
"""One line says what was asked, what was found and what to do."""

PROVES_NOTHING: Final = 9
"""INVALID: a control or a floor was missed. With ``--strict`` also a PASS with reservations."""


def exit_code(record: Evidence | Comparison, *, strict: bool = False) -> int:
    """The exit code that a record deserves.

    Parameters
    ----------
    strict : bool
        Whether a PASS with reservations is not accepted.
    """
    if record.outcome is Outcome.INVALID:
        return PROVES_NOTHING
    if record.outcome is not Outcome.PASS:
        return DOES_NOT_CONFORM
    return PROVES_NOTHING if strict and record.reservations else CONFORMS
