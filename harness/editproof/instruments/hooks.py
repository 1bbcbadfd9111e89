"""What an instrument may do beside reading images: optional methods, found by their names.

``check()``
    Refuse, before anything is done, a file, package or setting that the instrument lacks.
``covers(cases, tools)``
    Refuse a cohort or tools of which it has no readings, as an instrument can whose readings were made elsewhere.
``looked_up(case_id, tool, places, image)``
    Give readings by place in a study. Such an instrument is asked so in place of ``predict``, and its readings are not
    kept in the store.

Whoever uses an instrument calls the functions here and asks for no class.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from editproof.types import Case, Image, Instrument

    Readings: TypeAlias = Mapping[str, list[Any]]
    LookUp: TypeAlias = Callable[[str, str, Sequence[tuple[str, int]], Image], Readings | None]

HOOKS = ("check", "covers", "looked_up")
"""Names of the optional methods; an instrument that wraps another one passes them on."""


def check(instrument: Instrument) -> None:
    """Have an instrument check itself, where it can.

    Raises
    ------
    InstrumentError
        What it lacks.
    """
    _hook(instrument, "check", _nothing)()


def check_covers(instrument: Instrument, cases: Collection[Case], tools: Sequence[str]) -> None:
    """Have an instrument check that it has readings of the cases and tools, where it may lack some.

    Parameters
    ----------
    instrument : Instrument
    cases : collection of Case
    tools : sequence of str
        Names of the tools that are judged, as on their cards.

    Raises
    ------
    InstrumentError
        What it has no reading of.
    """
    _hook(instrument, "covers", _nothing)(cases, tools)


def look_up_of(instrument: Instrument) -> LookUp | None:
    """The way to look readings up by case, tool, places (arm, repeat) and image; None where images are read.

    What is looked up are members' readings by quantity, and by the name of an output that is kept as it came a list of
    one; or None where the instrument is known not to have any.
    """
    found: LookUp | None = _hook(instrument, "looked_up", None)
    return found


def _hook(instrument: Instrument, name: str, default: Any) -> Any:
    return getattr(instrument, name, default)


def _nothing(*_: object) -> None:
    """Nothing to check."""
