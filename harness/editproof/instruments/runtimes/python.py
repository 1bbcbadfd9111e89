"""Python objects with ``predict`` and ``predict_proba``, made by a factory in a file beside the card."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.core.callables import callable_from_file
from editproof.core.guarding import one_error
from editproof.errors import InstrumentError
from editproof.instruments.files import verified, with_source
from editproof.instruments.outputs import Output, outputs_of, with_classes
from editproof.instruments.preparation import Preparation
from editproof.instruments.reading import unmasked
from editproof.instruments.runtimes.modelled import covariates_of, over_members

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.types import Image, InstrumentCard

GIVEN = ("features", "pixels", "images")
METHODS = ("predict", "predict_proba", "decision_function")
DRAWS = "draw_masks"
"""Method that is given the radiographs as they are and returns, by the name of each mask, a label map of each."""
GIVES = "read_outputs"
"""Method that is given the radiographs as they are and returns, by the name of each raw output, a list of them."""


class Scikit:
    """Objects as scikit-learn makes them, one a member.

    Parameters
    ----------
    card : InstrumentCard
        ``inputs.as`` says what their methods are given: ``features``, one row of prepared pixels and covariates an
        image; ``pixels``, the prepared batch; ``images``, the list of radiographs as they are. Outputs are methods.
    folder : Path
        Where the file of the factory is.
    """

    def __init__(self, card: InstrumentCard, folder: Path) -> None:
        self._stated, self._folder = card, folder
        self._asked = f"instrument {card.name}"
        file, _, self._factory = str(card.reading.get("factory", "")).partition(":")
        self._file = file
        self.card = with_source(card, folder / file)
        if not file.endswith(".py") or not self._factory:
            found = f"factory {card.reading.get('factory')!r}"
            raise InstrumentError(self._asked, found, 'Write "factory": "FILE.py:NAME", a function without arguments.')
        inputs = dict(card.reading.get("inputs", {}))
        self._given = inputs.pop("as", GIVEN[0])
        if self._given not in GIVEN or inputs:
            raise InstrumentError(
                self._asked, f"inputs {card.reading['inputs']!r}", f'"as" is one of {", ".join(GIVEN)}.'
            )
        if card.covariates and self._given != "features":
            found = f"covariates {', '.join(card.covariates)}, and methods that are given {self._given}"
            raise InstrumentError(self._asked, found, 'Covariates are columns of "features".')
        self._outputs = self._by_method()
        self._prepared = Preparation.from_card(card.preprocessing, self._asked) if self._given != "images" else None
        if self._prepared:
            self._prepared.check_takes(card.axes, self._asked)

    def __getstate__(self) -> dict[str, object]:
        """Everything but the loaded objects; each process makes its own."""
        return {name: value for name, value in vars(self).items() if name not in ("_objects", "_made")}

    def check(self) -> None:
        """Refuse a file that is not what the card says."""
        verified(self._stated, self._folder, self._file)
        for name in self._stated.sha256:
            verified(self._stated, self._folder, name)
        _ = self._made  # a package that the file imports and that is not there is met before the first edit

    def predict(
        self, images: Sequence[Image], references: Sequence[Mapping[str, float]]
    ) -> Mapping[str, NDArray[np.float64]]:
        """Readings of every member; see :class:`editproof.types.Instrument`."""
        told = covariates_of(self.card, images, references)
        readings = {name: np.zeros((self.card.members, len(images))) for name in self._outputs}
        if not images:
            return readings
        given = self._ready(images, told)
        for member, made in enumerate(self._objects):
            raw = {method: self._asked_of(made, method, given) for method in self._methods if method in METHODS}
            for name, output in self._outputs.items():
                readings[name][member] = output.of(raw, len(images), f"{name} of {self._asked}")
        return over_members(readings) | self._drawn(images)

    def _drawn(self, images: Sequence[Image]) -> dict[str, Any]:
        """Label maps and raw outputs by their names, of the one member that a card with those has."""
        found: dict[str, Any] = {}
        for method in (method for method in self._methods if method not in METHODS):
            with one_error(f"{method} of {self._asked}", "Mend the model."):
                found |= dict(getattr(self._objects[0], method)(list(images)))
        return found

    def _ready(self, images: Sequence[Image], told: Mapping[str, list[float]]) -> Any:
        if self._prepared is None:
            return list(images)
        batch = self._prepared(images)
        if self._given == "pixels":
            return batch
        columns = [np.asarray(values)[:, None] for values in told.values()]
        return np.concatenate([batch.reshape(len(images), -1), *columns], axis=1)

    def _asked_of(self, made: Any, method: str, given: Any) -> NDArray[Any]:
        with one_error(f"{method} of {self._asked}", "Mend the model."):
            return unmasked(getattr(made, method)(given))

    @property
    def _methods(self) -> list[str]:
        drawing = [*([DRAWS] if self.card.masks else []), *([GIVES] if self.card.kept_outputs else [])]
        return [*dict.fromkeys(str(output.output) for output in self._outputs.values()), *drawing]

    def _by_method(self) -> dict[str, Output]:
        told = with_classes(self.card, self.card.reading.get("outputs", {}))
        for quantity in self.card.quantities:
            if quantity.kind == "probability":
                default: dict[str, Any] = {"output": "predict_proba", "index": 1}
            else:
                default = {"output": "predict"}
            told[quantity.name] = {**default, **told.get(quantity.name, {})}
        made = outputs_of(replace(self.card, reading={**self.card.reading, "outputs": told}), self._asked)
        if wrong := sorted({str(output.output) for output in made.values()} - set(METHODS)):
            raise InstrumentError(self._asked, f"output {wrong[0]!r}", f"Name a method: {', '.join(METHODS)}.")
        return made

    @cached_property
    def _made(self) -> Callable[[], Any]:
        """The factory, once its file is imported."""
        return callable_from_file(self._folder / self._file, self._factory, self._asked, InstrumentError)

    @cached_property
    def _objects(self) -> list[Any]:
        self.check()
        with one_error(f"{self._factory} of {self._asked}", "Mend it."):
            made = self._made()
        objects = list(made) if isinstance(made, list | tuple) else [made]
        if len(objects) != self.card.members:
            found = f"it makes {len(objects)} objects, the card declares {self.card.members} members"
            raise InstrumentError(f"{self._factory} of {self._asked}", found, 'Write "members" on the card.')
        for method in self._methods:
            if not all(callable(getattr(one, method, None)) for one in objects):
                found = f"what it makes has no method {method}"
                raise InstrumentError(f"{self._factory} of {self._asked}", found, "Name another output on the card.")
        return objects
