"""What the fields of a record may hold, declared once beside their type; standard library only until one is read.

A field is annotated with one of these, ``name: Line``, and :mod:`editproof.core.records` holds every value that is
read to it and names it in its errors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeGuard, TypeVar

Kind = TypeVar("Kind", bound=type[Any])

CLOSED: Any = {"extra": "forbid", "strict": True}
_OPEN = {**CLOSED, "extra": "ignore"}


def closed(kind: Kind) -> Kind:
    """Declare a dataclass to be a record that takes no field but its own, and no text where a number is wanted."""
    kind.__pydantic_config__ = CLOSED
    return kind


def open_ended(kind: Kind) -> Kind:
    """Declare a dataclass to be a record whose text may hold further fields, of other versions; they are skipped."""
    kind.__pydantic_config__ = _OPEN
    return kind


@dataclass(frozen=True)
class Wanted:
    """What a value has to be beyond its type.

    Attributes
    ----------
    words : str
        As an error names it after "Write".
    holds : callable
        Whether a value of the type is one.
    as_written : bool
        Whether a value stays as it is in the text, 8 and not 8.0, so that its digest does; then ``holds`` alone says
        what it may be.
    bounds : tuple of (str, object)
        What pydantic checks by itself, in place of ``holds``: in long records that takes a tenth of the time.
    """

    words: str
    holds: Callable[[Any], bool] = lambda _: True
    as_written: bool = False
    bounds: tuple[tuple[str, object], ...] = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        """The type as pydantic reads it, followed by this check."""
        from pydantic_core import PydanticCustomError, core_schema

        def checked(value: Any) -> Any:
            if not self.holds(value):
                raise PydanticCustomError("wanted", "another value is wanted")
            return value

        if self.bounds:
            return {**handler(source), **dict(self.bounds)}
        if self.as_written:
            return core_schema.no_info_plain_validator_function(checked)
        return core_schema.no_info_after_validator_function(checked, handler(source))


def is_text(value: object) -> TypeGuard[str]:
    """Whether it is text; a number is not."""
    return isinstance(value, str)


def is_line(value: object) -> bool:
    r"""Whether it is text of one line, and not blank.

    Examples
    --------
    >>> is_line("a b"), is_line(" "), is_line("a\nb"), is_line(5)
    (True, False, False, False)
    """
    return isinstance(value, str) and value.isprintable() and bool(value.strip())


def is_number(value: object) -> bool:
    """Whether it is a finite number; neither text nor True is.

    Examples
    --------
    >>> is_number(0.5), is_number("0.5"), is_number(True), is_number(float("nan"))
    (True, False, False, False)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond any float
        return False


def is_amount(value: object) -> bool:
    """Whether it is a finite number from 0 on."""
    return is_number(value) and value >= 0  # type: ignore[operator]


def is_count(value: object, least: int = 1) -> TypeGuard[int]:
    """Whether it is a whole number from ``least`` on."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def is_mapping(value: object, holds: Callable[[Any], bool] = lambda _: True) -> bool:
    """Whether it maps text to values that hold."""
    return isinstance(value, Mapping) and all(map(is_text, value)) and all(map(holds, value.values()))


def is_list(value: object, holds: Callable[[Any], bool] = is_text) -> bool:
    """Whether it is a list of values that hold; text is not a list of letters."""
    return isinstance(value, list | tuple) and all(map(holds, value))


def is_unique(values: tuple[Any, ...]) -> bool:
    """Whether nothing is in it twice."""
    return len(set(values)) == len(values)


Line = Annotated[str, Wanted("one line of text, in quotes", is_line)]
Count = Annotated[int, Wanted("a whole number from 1 on", is_count)]
Whole = Annotated[int, Wanted("a whole number from 0 on", bounds=(("ge", 0),))]
Number = Annotated[float, Wanted("a finite number", bounds=(("allow_inf_nan", False),))]
Amount = Annotated[float, Wanted("a finite number from 0 on", bounds=(("ge", 0), ("allow_inf_nan", False)))]
Scale = Annotated[float, Wanted("a finite number other than 0", lambda value: is_number(value) and value != 0)]
Names = Annotated[tuple[Line, ...], Wanted('a list of names, none twice, e.g. ["sex"]', is_unique)]
