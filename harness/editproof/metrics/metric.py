"""A metric: a function of a pair of images, or of one image, to named numbers with units.

Built-in metrics and a user's own are written in the same way::

    @metric(MetricOutput("lost_edges", unit="of edges", unchanged=0.0))
    def lost_edges(pair: Pair) -> dict[str, float]:
        return {f"lost_edges:{region}": ... for region in pair.regions}

A number that is not defined (an empty region, an image without contrast) is left out, never 0 and never NaN.
"""

from __future__ import annotations

import importlib
import inspect
import math
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from numbers import Real
from pathlib import Path
from typing import Any

from editproof.core.callables import module_from_file
from editproof.core.digests import digest_of
from editproof.core.sources import source_digest
from editproof.errors import MetricError
from editproof.imaging.axes import KINDS_OF_AXES, YX
from editproof.imaging.region import REGIONS
from editproof.metrics.pair import Pair, Picture

OF_PAIR, OF_IMAGE, OF_TARGET, OF_MASKS = "pair", "image", "target", "masks"
OF_OUTPUTS = ("classes", "ordinal", "points", "boxes", "text")
"""Of one kind of output that an instrument gives (:mod:`editproof.metrics.outputs`)."""
_NAME = re.compile(r"[A-Za-z_]\w*")
_WORDS = 200


@dataclass(frozen=True)
class MetricOutput:
    """One number that a metric gives, by region.

    Attributes
    ----------
    name : str
        Together with a region it names the measured quantity: ``"<name>:<region>"``.
    unit : str
        ``""`` for a number without one.
    unchanged : float or None
        Its value where the edit equals the original; None where that depends on the image.
    regions : tuple of str
        Of ``"whole"``, ``"protected"``, ``"outside_mask"`` and ``"inside_mask"``: where it may be given. None of a
        metric of masks or of outputs, which is measured by structure or subject.
    """

    name: str
    unit: str | None = None
    unchanged: float | None = None
    regions: tuple[str, ...] = REGIONS

    @property
    def quantities(self) -> tuple[str, ...]:
        """Every name under which it may be given."""
        return tuple(f"{self.name}:{region}" for region in self.regions) or (self.name,)


@dataclass(frozen=True)
class Metric:
    """A function of a pair or an image, with what it declares; made by :func:`metric` or :func:`feature`.

    Attributes
    ----------
    name : str
    compute : callable
        From a :class:`Pair`, a :class:`Picture`, a :class:`~editproof.metrics.masks.MaskPair` or an
        :class:`~editproof.metrics.outputs.OutputPair` to numbers by quantity.
    outputs : tuple of MetricOutput
    of : {"pair", "image", "target", "masks", "classes", "ordinal", "points", "boxes", "text"}
        Whether it compares an edit with its original, describes any one image of the two, compares either with the
        case's target, compares a mask with another one of the same structure, or compares two outputs of a kind.
    version : str
        To be raised where something changed that its source does not show, e.g. an installed package that it uses.
    axes : tuple of str
        Images that it is measured on: ``"YX"`` (gray), ``"YXC"`` (colour), ``"ZYX"`` (volumes); of others it gives
        nothing, and a claim on it is refused. Masks of colour images are ``"YX"``.
    """

    name: str
    compute: Callable[[Any], Mapping[str, float]]
    outputs: tuple[MetricOutput, ...]
    of: str = OF_PAIR
    version: str = ""
    axes: tuple[str, ...] = (YX,)

    def __call__(self, of: Any) -> dict[str, tuple[float, str]]:
        """The numbers as ``{"<output>:<region>": (value, unit)}``, checked to be what is declared.

        Raises
        ------
        MetricError
            Where the function raises, or gives a name that is not declared or anything but a finite number.
        """
        try:
            found = self.compute(of)
        except (Exception, SystemExit) as error:
            words = " ".join(f"{type(error).__name__}: {error}".split())[:_WORDS]
            raise self._wrong(f"it raised {words}", "Mend the metric.") from error
        if not isinstance(found, Mapping):
            raise self._wrong(
                f"it gave {type(found).__name__}, not a mapping of quantities to numbers",
                f"Give numbers by name, e.g. {{{next(iter(self.units))!r}: 0.5}}.",
            )
        return {quantity: (self._number(quantity, value), self.units[quantity]) for quantity, value in found.items()}

    @property
    def of_readings(self) -> bool:
        """Whether it is of what instruments give, and measured by structure or subject, not by region."""
        return self.of == OF_MASKS or self.of in OF_OUTPUTS

    @cached_property
    def units(self) -> dict[str, str]:
        """Unit of every quantity that it may give."""
        return {name: output.unit or "" for output in self.outputs for name in output.quantities}

    @cached_property
    def digest(self) -> str:
        """The sha256 (hex) over its source and everything that it declares.

        Raises
        ------
        MetricError
            Where its source cannot be found, so that nobody could tell whether it changed.
        """
        try:
            source = source_digest(self.compute)
        except (OSError, TypeError) as error:
            raise self._wrong(f"its source cannot be found ({error})", "Keep it in a file.") from error
        outputs = [[output.name, output.unit, output.unchanged, *output.regions] for output in self.outputs]
        axes = [] if self.axes == (YX,) else [list(self.axes)]
        return digest_of([self.name, self.of, self.version, outputs, source, *axes])

    def check(self) -> None:
        """Refuse a declaration that says too little or something impossible.

        Raises
        ------
        MetricError
        """
        if not _NAME.fullmatch(self.name):
            raise self._wrong("its name is not an identifier", "Use letters, digits and underscores.")
        if not callable(self.compute):
            raise self._wrong(f"what computes it is {type(self.compute).__name__}, not a function")
        if not self.axes or set(self.axes) - set(KINDS_OF_AXES):
            raise self._wrong(f"its axes are {self.axes!r}", f"Name some of {', '.join(KINDS_OF_AXES)}.")
        if not self.outputs:
            raise self._wrong("it declares no output", 'E.g. @metric(MetricOutput("blur", unit="mm")).')
        for output in self.outputs:
            if (
                not isinstance(output, MetricOutput)
                or not isinstance(output.name, str)
                or not _NAME.fullmatch(output.name)
            ):
                raise self._wrong(
                    f"{output!r} is not an output with a name", 'Declare it as MetricOutput("blur", unit="mm").'
                )
            if not isinstance(output.unit, str):
                raise self._wrong(f"{output.name} has no unit", 'Say unit="mm", or unit="" for a number without one.')
            if self.of_readings == bool(output.regions):
                found = f"{output.name} has regions {', '.join(output.regions) or 'none'}"
                raise self._wrong(found, "Metrics of masks and outputs declare regions=(), all others at least one.")
            if strange := [region for region in output.regions if region not in REGIONS]:
                raise self._wrong(f"{output.name} names region {strange[0]!r}", f"There are {', '.join(REGIONS)}.")
            if output.unchanged is not None and not _is_finite(output.unchanged):
                raise self._wrong(f"{output.name} is {output.unchanged!r} where nothing changed", "Give a number.")
        if len(self.units) < sum(len(output.quantities) for output in self.outputs):
            raise self._wrong("it declares a quantity twice", "Name each once.")

    def __reduce__(self) -> tuple[Any, ...]:
        """How it reaches a worker process: by the place where it is defined, since its function is not plain data."""
        module = sys.modules.get(str(getattr(_function_in(self.compute), "__module__", "")))
        names = [name for name, value in vars(module).items() if value is self] if module else []
        if module is None or not names:
            found = "it is not defined at the top level of a module, so that worker processes cannot find it"
            raise self._wrong(found, "Define it in a file, outside any function.")
        return _defined_at, (module.__name__, names[0], getattr(module, "__file__", None))

    def _number(self, quantity: str, value: object) -> float:
        if quantity not in self.units:
            known = ", ".join(self.units)
            raise self._wrong(f"it gave {quantity!r}, which it does not declare", f"It declares {known}.")
        if not _is_finite(value):
            found = f"{quantity} is {' '.join(repr(value).split())[:_WORDS]}, which is not a finite number"
            raise self._wrong(found, "Leave out what is not defined.")
        return float(value)  # type: ignore[arg-type]

    def _wrong(self, found: str, advice: str = "") -> MetricError:
        return MetricError(f"metric {self.name!r}", found, advice)


def metric(
    *outputs: MetricOutput, name: str = "", version: str = "", axes: tuple[str, ...] = (YX,)
) -> Callable[[Callable[[Pair], Mapping[str, float]]], Metric]:
    """Make a function of a pair a metric: how an edit differs from its original.

    Parameters
    ----------
    outputs : MetricOutput
        Every number that it may give.
    name : str
        The function's own without it.
    axes : tuple of str
        Images that it is measured on; see :class:`Metric`.

    Examples
    --------
    >>> import numpy as np
    >>> @metric(MetricOutput("brightening", unit="levels", unchanged=0.0, regions=("whole",)))
    ... def brightening(pair):
    ...     return {"brightening:whole": pair.edited.mean() - pair.original.mean()}
    >>> image, nothing = np.zeros((4, 4), np.uint8), np.zeros((4, 4), bool)
    >>> brightening(Pair.of(image, image + 3, nothing, nothing))
    {'brightening:whole': (3.0, 'levels')}
    """
    return lambda function: Metric(name or named_after(function), function, outputs, OF_PAIR, version, tuple(axes))


def feature(
    *outputs: MetricOutput, name: str = "", version: str = "", axes: tuple[str, ...] = (YX,)
) -> Callable[[Callable[[Picture], Mapping[str, float]]], Metric]:
    """Make a function of one image a metric, which is then measured on originals and on edits; see :func:`metric`."""
    return lambda function: Metric(name or named_after(function), function, outputs, OF_IMAGE, version, tuple(axes))


def target_metric(
    *outputs: MetricOutput, name: str = "", version: str = "", axes: tuple[str, ...] = (YX,)
) -> Callable[[Callable[[Pair], Mapping[str, float]]], Metric]:
    """Make a function of a pair a metric of closeness to a target, the pair's original; see :func:`metric`.

    It is measured on originals, edits and targets, of the cases that bring a target, in the target's frame.
    """
    return lambda function: Metric(name or named_after(function), function, outputs, OF_TARGET, version, tuple(axes))


def named_after(function: Callable[..., object]) -> str:
    """The name that a metric has where it is given none: that of its function."""
    return str(getattr(function, "__name__", ""))


def _function_in(compute: Any) -> Any:
    """What a function wraps, or binds to arguments."""
    plain = inspect.unwrap(compute)
    while isinstance(plain, partial):
        plain = plain.func
    return plain


def _is_finite(value: object) -> bool:
    return type(value) is not bool and isinstance(value, Real) and math.isfinite(value)


def _defined_at(module: str, name: str, file: str | None) -> Metric:
    """The metric of a name in a module, which is loaded from its file where no import leads to that."""
    try:
        found = importlib.import_module(module)
        elsewhere = bool(file) and getattr(found, "__file__", None) != file
    except ImportError:
        elsewhere = True
    if elsewhere:
        found = module_from_file(Path(str(file)), f"metric {name!r} of {module}", MetricError)
    made: Metric = getattr(found, name)
    return made
