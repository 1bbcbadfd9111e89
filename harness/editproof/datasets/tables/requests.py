"""What a table of cases asks of tools for each case: a prompt of its own, and parameters.

Columns ``prompt`` and ``parameter:NAME``. An empty cell leaves the study's words, or value, in place.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from editproof.core.digests import digest_of
from editproof.core.nearest import nearest
from editproof.errors import DatasetError

if TYPE_CHECKING:
    from editproof.datasets.tables.table import CaseTable
    from editproof.types import JSON

PROMPT, PREFIX = "prompt", "parameter:"
_DOUBT = "The column "
_READ = (PROMPT, "parameter", "edit_mask", "protected_mask", "patient_id", "spacing_mm", "bone_age", "target", "sex")


@dataclass(frozen=True)
class Wish:
    """What is asked for one case beside what the study asks for all.

    Attributes
    ----------
    prompt : str
        Empty where the case has none of its own.
    parameters : mapping of str to JSON
    """

    prompt: str = ""
    parameters: Mapping[str, JSON] = field(default_factory=dict)

    @property
    def digests(self) -> list[str]:
        """The sha256 (hex) of it, to be part of the digest of its case; none where nothing is asked."""
        return [digest_of([self.prompt, dict(self.parameters)])] if self.prompt or self.parameters else []


def request_columns(sheet: CaseTable) -> frozenset[str]:
    """The columns of a table that say what is asked.

    Raises
    ------
    DatasetError
        Where one is ``parameter:`` without a name.
    """
    found = frozenset(name for name in sheet.columns if name == PROMPT or name.startswith(PREFIX))
    if PREFIX in found:
        raise DatasetError(f"the columns of {sheet.entry.name}", "a parameter without a name", "Write parameter:NAME.")
    return found


def misspelt(strata: Collection[str]) -> list[str]:
    """A sentence for each column that becomes a stratum, and is called nearly as one that would be read.

    Examples
    --------
    >>> misspelt(["promt", "site"])
    ['The column promt is read as a stratum; is prompt meant?']
    """
    near = {name: nearest(name, _READ, 1, 0.8) for name in strata}
    return [f"{_DOUBT}{name} is read as a stratum; is {found[0]} meant?" for name, found in near.items() if found]


def doubts(warnings: Iterable[str]) -> list[str]:
    """Those sentences about a cohort that :func:`misspelt` made; each may change what a verdict is about.

    Examples
    --------
    >>> doubts(["2 files are left out.", *misspelt(["patientid"])])
    ['The column patientid is read as a stratum; is patient_id meant?']
    """
    return [said for said in warnings if said.startswith(_DOUBT) and said.endswith(" meant?")]


def wish_of(line: Mapping[str, str], columns: Collection[str]) -> Wish:
    """What a row asks for its case; a cell is a number, true, false or a text.

    Examples
    --------
    >>> row = {"prompt": "Remove the L.", "parameter:strength": "0.4", "parameter:mode": ""}
    >>> wish_of(row, set(row))
    Wish(prompt='Remove the L.', parameters={'strength': 0.4})
    """
    given = {name.removeprefix(PREFIX): line[name] for name in sorted(columns) if name != PROMPT and line.get(name)}
    return Wish(line.get(PROMPT, "") if PROMPT in columns else "", {n: _value(cell) for n, cell in given.items()})


def _value(cell: str) -> JSON:
    try:
        value = json.loads(cell.lower() if cell.lower() in ("true", "false") else cell, parse_constant=_refused)
    except ValueError:
        return cell
    return value if isinstance(value, bool | int | float) else cell


def _refused(constant: str) -> JSON:
    raise ValueError(f"{constant} is not a number of JSON")
