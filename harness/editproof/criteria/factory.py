"""The mark of an estimand's factory: what it makes carries the factory's name and every argument.

Built-in estimands and a user's own are written in one way::

    from editproof import Estimand, Readings, estimand

    @estimand
    def square_change(quantity: str, *, unit: str | None = None, missing: str = "worst_case") -> Estimand:
        \"\"\"Mean squared change of the reading.\"\"\"
        return Estimand(
            name="squared change", quantity=quantity, unit=unit, missing=missing,
            needs={"original"}, ideal=0.0, statistic=_squares,
        )

    def _squares(readings: Readings):
        return readings.mean_of(readings.changes**2)

A user's own has to be known before it can be claimed: return it from ``pytest_editproof_estimands`` in the root
``conftest.py``, or declare it as an entry point of the group ``editproof.estimands``.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ParamSpec, overload

from editproof.core.nearest import did_you_mean
from editproof.criteria.estimand import Estimand
from editproof.errors import ProtocolError
from editproof.types import JSON, EstimandSpec

P = ParamSpec("P")
Factory = Callable[..., Estimand]

UNITS = {"bone_age": "months"}
"""Units of quantities that need not be named in every criterion."""

_MARK = "editproof_estimand"


@overload
def estimand(factory: Callable[P, Estimand], /) -> Callable[P, Estimand]: ...


@overload
def estimand(*, example: Mapping[str, JSON]) -> Callable[[Callable[P, Estimand]], Callable[P, Estimand]]: ...


def estimand(factory: Any = None, /, *, example: Mapping[str, JSON] | None = None) -> Any:
    """Mark a function that makes an :class:`~editproof.criteria.Estimand` as its factory.

    The estimand carries the function's name and all its arguments, from which it can be made again. A parameter called
    ``unit`` that is None becomes the known unit of the parameter called ``quantity``, if there is one.

    Parameters
    ----------
    example : mapping, optional
        Arguments with which the factory is tried and described; needed for parameters without a default other than
        ``quantity``.

    Raises
    ------
    ProtocolError
        When the factory is called: where an argument is not plain JSON, so that no file could hold it.
    TypeError
        Where a parameter cannot be given by name.
    """
    if factory is None:
        return lambda function: _marked(function, example or {})
    return _marked(factory, example or {})


def _marked(function: Callable[P, Estimand], example: Mapping[str, JSON]) -> Callable[P, Estimand]:
    signature = inspect.signature(function)
    loose = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    if any(parameter.kind in loose for parameter in signature.parameters.values()):
        raise TypeError(f"estimand {function.__name__}: every parameter needs a name by which it can be given")

    @functools.wraps(function)
    def factory(*args: P.args, **kwargs: P.kwargs) -> Estimand:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            takes = ", ".join(signature.parameters)
            unknown = next((name for name in kwargs if name not in signature.parameters), "")
            advice = f"{did_you_mean(unknown, signature.parameters)}It takes {takes}."
            raise ProtocolError(f"estimand {function.__name__}", str(error), advice) from error
        bound.apply_defaults()
        given: dict[str, Any] = dict(bound.arguments)
        if "unit" in given and given["unit"] is None:
            given["unit"] = UNITS.get(str(given.get("quantity")))
        spec = _spec(function.__name__, given)
        made: object = function(**given)  # type: ignore[call-arg]
        if not isinstance(made, Estimand):
            found = f"its factory returned a {type(made).__name__}"
            raise ProtocolError(f"estimand {function.__name__}", found, "Return an Estimand.")
        inner = [origin for value in given.values() if isinstance(value, Estimand) for origin in value.origins]
        maker = functools.partial(factory, **given)
        return replace(made, spec=spec, origins=frozenset({origin_of(factory), *inner}), maker=maker)

    setattr(factory, _MARK, {"quantity": "bone_age", **example})
    return factory


def reach_of(cap: float | None, *, signed: bool = False) -> tuple[float, float]:
    """The interval of one patient's value that a cap declares; the whole line where there is no cap yet.

    Examples
    --------
    >>> reach_of(60.0), reach_of(60.0, signed=True), reach_of(None)
    ((0.0, 60.0), (-60.0, 60.0), (-inf, inf))
    """
    if cap is None:
        return -math.inf, math.inf
    if not 0 < cap < math.inf:
        raise ProtocolError(f"a cap of {cap}", "it is no positive number", "Write e.g. cap=60.")
    return (-cap if signed else 0.0), cap


def known_unit(per: str, of: str) -> str:
    """What a share of changes, or of images, is a share of.

    Raises
    ------
    ProtocolError
        Where it is neither patients nor edits.
    """
    if per not in ("patient", "edit"):
        raise ProtocolError(f"share of {of} per {per!r}", "it is per 'patient' or 'edit'", "Choose one of those.")
    return per


def _spec(name: str, given: Mapping[str, Any]) -> EstimandSpec:
    arguments = {key: value.spec or value if isinstance(value, Estimand) else value for key, value in given.items()}
    try:
        return EstimandSpec(name, arguments)
    except (TypeError, ValueError) as error:
        call = ", ".join(f"{key}={value!r}" for key, value in given.items())
        raise ProtocolError(
            f"estimand {name}({call})", str(error), "Take text, finite numbers, True, False, None and lists of those."
        ) from error


def is_factory(value: object) -> bool:
    """Whether a value is a function that :func:`estimand` marked."""
    return callable(value) and hasattr(value, _MARK)


def name_of(value: Any) -> str:
    """The name of a factory.

    Raises
    ------
    TypeError
        Where it is none.
    """
    if not is_factory(value):
        raise TypeError(f"{value!r} is not a factory marked by @estimand")
    return str(value.__name__)


def code_of(factory: Factory) -> Factory:
    """The function that a factory marks."""
    marked: Any = factory
    function: Factory = marked.__wrapped__
    return function


def origin_of(factory: Factory) -> str:
    """Module and name of a factory.

    Examples
    --------
    >>> from editproof.criteria import mae
    >>> origin_of(mae)
    'editproof.criteria.estimands.accuracy:mae'
    """
    return f"{factory.__module__}:{factory.__qualname__}"


def example_of(factory: Factory) -> EstimandSpec:
    """The arguments with which a factory is tried and described."""
    parameters = inspect.signature(factory).parameters
    given: Mapping[str, JSON] = getattr(factory, _MARK)
    return EstimandSpec(factory.__name__, {name: value for name, value in given.items() if name in parameters})
