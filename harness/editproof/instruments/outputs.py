"""From what a model returns to a reading in the declared unit, as the card's ``outputs`` say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from scipy.special import expit, softmax

from editproof.core.declared import Number, Scale, Wanted, Whole, closed, is_count, is_text
from editproof.core.records import from_plain
from editproof.errors import InstrumentError
from editproof.evidence.measurements import UNCERTAINTY
from editproof.types import InstrumentCard
from editproof.types.instruments import CLASSES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Raw = Mapping[str, NDArray[Any]]

FILED = ("onnx", "torchscript", "transformers")
"""Runtimes of model files, whose cards say which of their outputs draws a mask (:mod:`~.drawing`)."""
ARGMAX = "argmax"
_ACTIVATIONS = {
    "none": lambda values: values,
    "sigmoid": expit,
    "softmax": lambda values: softmax(values, axis=1),
    "softplus": lambda values: np.logaddexp(0.0, values),
    "exp": np.exp,
    ARGMAX: lambda values: values.argmax(axis=1)[:, None],
}


_Place = Annotated[
    str | int, Wanted("its name, or its place from 0", lambda it: is_text(it) or is_count(it, 0), as_written=True)
]
_Activation = Annotated[str, Wanted(f"one of {', '.join(_ACTIVATIONS)}", _ACTIVATIONS.__contains__)]


@closed
@dataclass(frozen=True)
class Output:
    """Which of a model's outputs a reading is made of, and how.

    Attributes
    ----------
    output : str or int
        Name of the output, or its place among them.
    index : int, optional
        Column of an output of several; needed where there is more than one.
    activation : str
        ``none``, ``sigmoid``, ``softmax`` over the columns, ``softplus`` or ``exp``; or ``argmax``, the place of the
        largest column, which is a grade.
    scale, offset : float
        The reading is ``scale * activated + offset``, in the unit of the quantity.
    """

    output: _Place = 0
    index: Whole | None = None
    activation: _Activation = "none"
    scale: Scale = 1.0
    offset: Number = 0.0

    def of(self, raw: Raw, n: int, asked: str) -> NDArray[np.float64]:
        """The reading of each of ``n`` images, shape (n,).

        Raises
        ------
        InstrumentError
            The model has no such output, or one of another shape.
        """
        columns = self._columns(raw, n, asked)
        activated = np.asarray(_ACTIVATIONS[self.activation](columns), np.float64)
        column = 0 if self.index is None else self.index
        return np.asarray(activated[:, column] * self.scale + self.offset)

    def _columns(self, raw: Raw, n: int, asked: str) -> NDArray[np.float64]:
        names = list(raw)
        name = self.output if isinstance(self.output, str) else names[self.output] if self.output < len(names) else None
        if name not in raw:
            raise InstrumentError(asked, f"the model has no output {self.output!r}", f"It has {', '.join(names)}.")
        values = np.asarray(raw[str(name)])
        if values.dtype.kind not in "fiub":
            raise InstrumentError(asked, f"output {name!r} holds {values.dtype}", "Have it hold numbers.")
        shape = values.shape
        if values.size and n and shape[:1] == (n,):
            values = values.reshape(n, -1) if max((1, *shape[2:])) == 1 else values
        elif shape == () and n == 1:
            values = values.reshape(1, 1)
        column = 0 if self.index is None else self.index
        if values.ndim != 2 or len(values) != n or not 0 <= column < values.shape[1]:
            wanted = f"({n},) or ({n}, columns)" if self.index is None else f"({n}, more than {self.index})"
            advice = "Choose another output or index on the card, or mend the model."
            raise InstrumentError(asked, f"output {name!r} has shape {shape}, not {wanted}", advice)
        if self.index is None and values.shape[1] > 1 and self.activation != ARGMAX:
            found = f"output {name!r} has {values.shape[1]} columns and the card names none"
            raise InstrumentError(asked, found, f'Write "index": 0 to {values.shape[1] - 1}.')
        if self.activation in ("softmax", ARGMAX) and values.shape[1] < 2:
            found = f"{self.activation} over one column of output {name!r}"
            raise InstrumentError(asked, found, "Write sigmoid or none.")
        if self.activation == ARGMAX and self.index is not None:
            raise InstrumentError(asked, f"argmax and the column {self.index}", "Leave the index out.")
        return np.asarray(values, np.float64)


def outputs_of(card: InstrumentCard, asked: str) -> dict[str, Output]:
    """By quantity, and by ``<quantity>:uncertainty`` where the card names one: what reads it.

    Raises
    ------
    InstrumentError
        The card names an output for something that it does not read, or not as :class:`Output` says.
    """
    told = with_classes(card, card.reading.get("outputs", {}))
    names = [quantity.name for quantity in card.quantities]
    if card.reading.get("runtime") in FILED:
        known = [*names, *(mask.name for mask in card.masks), *(output.name for output in card.kept_outputs)]
    else:
        known = names
    if stray := sorted(set(told) - set(known)):
        raise InstrumentError(asked, f"outputs for {stray[0]!r}", f"Give outputs for {', '.join(known) or 'nothing'}.")
    made: dict[str, Output] = {}
    for name in names:
        described = dict(told.get(name, {}))
        further = described.pop(UNCERTAINTY, None)
        made[name] = from_plain(Output, described, f"{asked}, output of {name}", error=InstrumentError)
        if further is not None:
            of_spread = from_plain(Output, further, f"{asked}, uncertainty of {name}", error=InstrumentError)
            made[f"{name}:{UNCERTAINTY}"] = of_spread
    if len(names) > 1 and len({(o.output, o.index) for key, o in made.items() if ":" not in key}) < len(names):
        raise InstrumentError(asked, "two quantities are read off the same output", "Give each output and index.")
    return made


def with_classes(card: InstrumentCard, told: Mapping[str, Any]) -> dict[str, Any]:
    """What a card says of outputs, with one entry for each class in place of one for all: its column is its place.

    Examples
    --------
    >>> from editproof.types import RawOutput
    >>> finding = RawOutput("finding", "classes", ("effusion", "none"))
    >>> card = InstrumentCard("x", "x", (), 1, {}, "", "", raw_outputs=(finding,))
    >>> with_classes(card, {"finding": {"activation": "softmax"}})["finding=none"]
    {'index': 1, 'activation': 'softmax'}
    """
    found = dict(told)
    for output in card.raw_outputs:
        if output.kind == CLASSES:
            whole = found.pop(output.name, {})
            for place, quantity in enumerate(output.quantities):
                found.setdefault(quantity.name, {"index": place, **whole})
    return found
