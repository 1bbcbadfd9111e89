"""How an estimand is written down: the name of a registered factory and all its arguments, as plain JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any

_BARE = frozenset({"quantity", "what", "feature", "estimand", "curve"})
"""Arguments that a reader needs no name for."""


@dataclass(frozen=True)
class EstimandSpec:
    """An estimand in full: which registered factory made it, and every argument.

    Attributes
    ----------
    name : str
        Of the factory, e.g. ``"mae_drift"``.
    arguments : mapping of str to JSON
        Every parameter in the order of the factory's signature. An estimand among them, as in ``recalibrated``, is a
        specification of its own; a sequence is a tuple here and an array on disk.

    Raises
    ------
    TypeError, ValueError
        Where an argument is not plain JSON: text, a finite number, true, false, nothing, or sequences and mappings of
        those.

    Examples
    --------
    >>> drift = EstimandSpec("mae_drift", {"quantity": "bone_age", "arm": "edited", "unit": None})
    >>> print(EstimandSpec("recalibrated", {"estimand": drift, "curve": "linear"}))
    recalibrated(mae_drift('bone_age', arm='edited'), 'linear')
    >>> EstimandSpec("recalibrated", {"estimand": drift.json, "curve": "linear"}).arguments["estimand"] == drift
    True
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Keep the arguments in one form, however they were given."""
        object.__setattr__(self, "arguments", {str(name): _kept(value) for name, value in self.arguments.items()})

    def __hash__(self) -> int:
        return hash((self.name, *self.arguments))

    def __str__(self) -> str:
        """The call that makes it, for people; arguments that are None are left out."""
        given, bare = [], True
        for name, value in self.arguments.items():
            if value is not None:
                bare = bare and name in _BARE
                text = str(value) if isinstance(value, EstimandSpec) else repr(value)
                given.append(text if bare else f"{name}={text}")
        return f"{self.name}({', '.join(given)})"

    @property
    def json(self) -> dict[str, Any]:
        """The specification as files hold it."""
        return {"name": self.name, "arguments": {name: _written(value) for name, value in self.arguments.items()}}

    @property
    def names(self) -> frozenset[str]:
        """Every factory that has a part in it."""
        inner = [value.names for value in self.arguments.values() if isinstance(value, EstimandSpec)]
        return frozenset({self.name}).union(*inner)


def _kept(value: object) -> Any:
    """An argument as plain JSON; an object of exactly ``name`` and ``arguments`` is a specification."""
    if value is None or isinstance(value, bool | EstimandSpec):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        if not math.isfinite(number := float(value)):
            raise ValueError(f"{number} is not a finite number")
        return number
    if isinstance(value, list | tuple):
        return tuple(map(_kept, value))
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        if set(value) == {"name", "arguments"} and isinstance(value["arguments"], Mapping):
            return EstimandSpec(str(value["name"]), value["arguments"])
        return {key: _kept(entry) for key, entry in value.items()}
    raise TypeError(f"{type(value).__name__} is not plain JSON")


def _written(value: Any) -> Any:
    if isinstance(value, EstimandSpec):
        return value.json
    if isinstance(value, tuple):
        return [_written(entry) for entry in value]
    return {key: _written(entry) for key, entry in value.items()} if isinstance(value, Mapping) else value
