"""What the columns of a table of readings are called, as a user says it on a command line."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from editproof.core.nearest import did_you_mean
from editproof.datasets.tables.table import column_name
from editproof.errors import DatasetError
from editproof.evidence.measurements import EDITED, ORIGINAL
from editproof.types import JSON

REFERENCE: Final = "reference"
ARMS_OF_TABLES: Final = (ORIGINAL, EDITED, REFERENCE)
"""What a row of readings may be about."""

PLAIN: Final = (
    "case", "patient", "arm", "repeat", "reader", "reading", "member", "tool", "quantity", "value", "unit", "status",
    "message", ORIGINAL, EDITED, REFERENCE,
)  # fmt: skip
"""Columns by the names under which this package knows them."""

OF_QUANTITY: Final = (ORIGINAL, EDITED, REFERENCE)
"""Columns that may be about a named quantity: ``original:QUANTITY``."""

STRATUM: Final = "stratum"


@dataclass(frozen=True)
class Layout:
    """How to read a table of readings.

    Attributes
    ----------
    columns : mapping of str to str
        By name of a column as this package knows it, its name in the table, in lower case; of those that differ.
    arms : mapping of str to str
        Arm by the word that the table has for it, in lower case.
    quantities : tuple of str
        The quantities to judge; every one of a long table where none is named.
    units : mapping of str to str
        Unit by quantity.
    strata : tuple of str
        Further columns that subgroups may be formed on.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    arms: Mapping[str, str] = field(default_factory=dict)
    quantities: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    strata: tuple[str, ...] = ()

    @property
    def told(self) -> dict[str, JSON]:
        """The layout as a protocol fixes it."""
        return {
            "columns": dict(self.columns),
            "arms": dict(self.arms),
            "quantities": list(self.quantities),
            "units": dict(self.units),
            "strata": list(self.strata),
        }

    def column(self, name: str) -> str:
        """Name in the table of a column of this package."""
        return self.columns.get(name, name)


def layout_of(
    *,
    columns: Iterable[str] = (),
    arms: Iterable[str] = (),
    quantities: Iterable[str] = (),
    units: Iterable[str] = (),
    strata: Iterable[str] = (),
) -> Layout:
    """The layout that a user wrote; each text is one entry or several, separated by commas.

    Parameters
    ----------
    columns, arms : iterable of str
        ``"case=sub,arm=defaced"``, ``"original=pre,edited=post"``.
    quantities, strata : iterable of str
        ``"cjv,cnr"``.
    units : iterable of str
        ``"bone_age=months"``.

    Raises
    ------
    DatasetError
        Where an entry cannot be read, or names a column or an arm that there is not.

    Examples
    --------
    >>> layout_of(columns=["case=sub,arm=defaced"], quantities=["cjv,cnr"]).columns
    {'case': 'sub', 'arm': 'defaced'}
    >>> layout_of(columns=["csae=sub"])
    Traceback (most recent call last):
    editproof.errors.DatasetError: column csae=sub: there is no 'csae'. Did you mean case? Write one of case, patient...
    """
    named = _pairs(columns, "column", "OURS=THEIRS, e.g. case=sub")
    for ours, theirs in named.items():
        prefix, colon, name = ours.partition(":")
        known = (name and prefix in (*OF_QUANTITY, STRATUM)) if colon else ours in PLAIN
        if not known:
            listed = f"{', '.join(PLAIN)}, {':QUANTITY, '.join(OF_QUANTITY)}:QUANTITY or {STRATUM}:NAME"
            advice = f"{did_you_mean(ours, PLAIN)}Write one of {listed}."
            raise DatasetError(f"column {ours}={theirs}", f"there is no {ours!r}", advice)
    words = _pairs(arms, "arm", "ARM=WORD, e.g. edited=post")
    for arm, word in words.items():
        if arm not in ARMS_OF_TABLES:
            raise DatasetError(f"arm {arm}={word}", f"there is no {arm!r}", f"Arms are {', '.join(ARMS_OF_TABLES)}.")
    return Layout(
        columns={ours: column_name(theirs) for ours, theirs in named.items()},
        arms={word.lower(): arm for arm, word in words.items()},
        quantities=tuple(dict.fromkeys(_entries(quantities))),
        units=_pairs(units, "unit", "QUANTITY=UNIT, e.g. bone_age=months"),
        strata=tuple(dict.fromkeys(_entries(strata))),
    )


def _entries(texts: Iterable[str]) -> list[str]:
    return [entry.strip() for text in texts for line in csv.reader([text]) for entry in line if entry.strip()]


def _pairs(texts: Iterable[str], noun: str, form: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in _entries(texts):
        name, sign, value = (part.strip() for part in entry.partition("="))
        if not (name and sign and value):
            raise DatasetError(f"{noun} {entry!r}", "it is no NAME=VALUE", f"Write {form}.")
        if name in found:
            raise DatasetError(f"{noun} {entry!r}", f"{name} is said twice", "Say it once.")
        found[name] = value
    return found
