"""What limits a result that holds, and how an outcome is headed wherever it is shown.

The page, the terminal, Markdown, JUnit, the certificate, the attestation and the exit code read this, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from editproof.types import Outcome


@dataclass(frozen=True)
class Reservation:
    """A circumstance that limits what a run shows.

    Attributes
    ----------
    kind : str
        In two or three words, for the heading: ``"placeholder limits"``.
    sentence : str
        The circumstance, and what follows from it.
    tool : str
        Name of the tool that it concerns; empty where it concerns the whole run.
    """

    kind: str
    sentence: str
    tool: str = ""


CONFORMITY: Final = {
    Outcome.PASS: "Conforms",
    Outcome.FAIL: "Does not conform",
    Outcome.INCONCLUSIVE: "Not shown",
    Outcome.INVALID: "Invalid run",
}
"""What an outcome says of a tool."""

NON_INFERIORITY: Final = {
    Outcome.PASS: "Not worse",
    Outcome.FAIL: "Worse",
    Outcome.INCONCLUSIVE: "Not shown",
    Outcome.INVALID: "Invalid",
}
"""What an outcome says of a new version beside the old one."""


def heading(
    outcome: Outcome, reservations: Iterable[Reservation] = (), titles: Mapping[Outcome, str] = CONFORMITY
) -> str:
    """An outcome in words; a PASS with reservations never without them.

    Examples
    --------
    >>> drawn = Reservation("drawn phantoms", "The images were drawn.")
    >>> heading(Outcome.PASS), heading(Outcome.PASS, [drawn]), heading(Outcome.FAIL, [drawn])
    ('Conforms', 'Conforms, with reservations: drawn phantoms', 'Does not conform')
    """
    kinds = dict.fromkeys(reservation.kind for reservation in reservations)
    if outcome is not Outcome.PASS or not kinds:
        return titles[outcome]
    return f"{titles[outcome]}, with reservations: {', '.join(kinds)}"


def concerning(reservations: Iterable[Reservation], tool: str) -> tuple[Reservation, ...]:
    """Those that concern a tool: its own, and those of the whole run."""
    return tuple(found for found in reservations if found.tool in ("", tool))
