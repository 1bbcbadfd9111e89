"""A model of the user's as an instrument: prepared images and covariates in, readings in the declared unit out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from editproof.core.declared import Number, Scale, Wanted, closed
from editproof.core.extras import need
from editproof.core.numbers import brief
from editproof.core.records import section_from_plain
from editproof.errors import InstrumentError
from editproof.imaging.axes import axes_in_words, axes_of
from editproof.imaging.framing import ModelFrame
from editproof.instruments.bundles import check_bundle
from editproof.instruments.card import CODE
from editproof.instruments.drawing import drawings_of
from editproof.instruments.files import refuse_pickle, verified
from editproof.instruments.located import located_of
from editproof.instruments.outputs import outputs_of
from editproof.instruments.preparation import Preparation
from editproof.instruments.runtimes.onnx_graph import check_untold
from editproof.instruments.runtimes.onnx_parts import check_whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.instruments.masks import LabelMap
    from editproof.types import JSON, Image, InstrumentCard

    Batch = NDArray[Any]
    Network = Callable[[Batch, Mapping[str, NDArray[np.float64]], Sequence[str | int]], Mapping[str, NDArray[Any]]]

NEEDS = {"onnx": ("onnx", ()), "torchscript": ("torch", ("torch",))}
"""The extra of each runtime, and what of it is needed where not all is."""
HOMES = {"onnx": "editproof.instruments.runtimes.onnx", "torchscript": "editproof.instruments.runtimes.torchscript"}

_Input = Annotated[str, Wanted("the name of an input, in quotes")]


@dataclass(frozen=True)
class CovariateInput:
    """A covariate as a model takes it: the name of its input, and ``scale * value + offset``."""

    input: _Input = ""
    scale: Scale = 1.0
    offset: Number = 0.0


@closed
@dataclass(frozen=True)
class Inputs:
    """What a model takes beside the pixels.

    Attributes
    ----------
    image : str
        Name of the image's input; empty for the first.
    covariates : mapping of str to CovariateInput
        In the order in which a model without names takes them.
    """

    image: _Input = ""
    covariates: Mapping[str, CovariateInput] = field(default_factory=dict)


class Modelled:
    """The members of a card behind one :meth:`predict`; nothing is loaded before it is first called.

    Parameters
    ----------
    card : InstrumentCard
        Of runtime ``onnx`` or ``torchscript``.
    folder : Path
        Where its files are.

    Raises
    ------
    InstrumentError
        The card contradicts itself.
    """

    def __init__(self, card: InstrumentCard, folder: Path) -> None:
        self.card, self._folder = card, folder
        self._asked = f"instrument {card.name}"
        self._prepared = Preparation.from_card(card.preprocessing, self._asked)
        self._prepared.check_takes(card.axes, self._asked)
        self._outputs = outputs_of(card, self._asked)
        self._drawings = drawings_of(card, self._asked)
        self._located = located_of(card, self._asked)
        self._inputs = inputs_of(card, self._asked)
        self._choice: Mapping[str, Mapping[str, Sequence[str]]] = card.reading.get("by_covariate", {})

    def __getstate__(self) -> dict[str, object]:
        """Everything but the loaded networks; each process loads its own."""
        return {name: value for name, value in vars(self).items() if name != "_networks"}

    def check(self) -> None:
        """Refuse a missing package, and a file that is not what the card says, before anything is done.

        Raises
        ------
        InstrumentError
        """
        extra, packages = NEEDS[str(self.card.reading["runtime"])]
        need(extra, self._asked, InstrumentError, packages=packages)
        check_bundle(self.card, self._folder, self._asked)
        for name in self._files:
            self._content(name)

    def predict(self, images: Sequence[Image], references: Sequence[Mapping[str, float]]) -> Mapping[str, Any]:
        """Readings of every member, label maps, boxes and points; see :class:`editproof.types.Instrument`."""
        told = covariates_of(self.card, images, references)
        self.check_taken(images)
        readings = {name: np.zeros((self.card.members, len(images))) for name in self._outputs}
        frame = ModelFrame(self._prepared.height, self._prepared.width, self._prepared.fit)
        maps: dict[str, dict[int, LabelMap]] = {mask.name: {} for mask in self.card.masks}
        given: dict[str, dict[int, JSON]] = {name: {} for name in self._located}
        for files, rows in self._groups(told, len(images)):
            batch = self._prepared([images[row] for row in rows])
            inputs = {
                name: np.array([told[name][row] for row in rows]) * how.scale + how.offset
                for name, how in self._inputs.covariates.items()
            }
            for member, file in enumerate(files):
                raw = self._networks[file](batch, inputs, [output.output for output in self._outputs.values()])
                for name, output in self._outputs.items():
                    readings[name][member, rows] = output.of(raw, len(rows), f"{name} by {file} of {self._asked}")
                for mask in self.card.masks:
                    drawn = self._drawings[mask.name].of(
                        raw, mask, [images[row] for row in rows], frame, f"{mask.name} by {file} of {self._asked}"
                    )
                    maps[mask.name] |= dict(zip(rows, drawn, strict=True))
                for kept in self.card.kept_outputs:
                    asked, shape = f"{kept.name} by {file} of {self._asked}", images[rows[0]].shape
                    given[kept.name][rows[0]] = self._located[kept.name].of(raw, kept, shape, frame, asked)
        of_images: dict[str, Any] = {**maps, **given}
        return over_members(readings) | {
            name: [by_row[row] for row in sorted(by_row)] for name, by_row in of_images.items()
        }

    def check_taken(self, images: Sequence[Image]) -> None:
        """Refuse an image of other axes than the card says."""
        for index, image in enumerate(images):
            if axes_of(image.shape) not in self.card.axes:
                found = f"image {index} has shape {image.shape}"
                advice = f"Give {axes_in_words(self.card.axes)}."
                raise InstrumentError(f"readings by {self.card.name}", found, advice)

    @property
    def _files(self) -> list[str]:
        if not self._choice:
            return list(self.card.reading["files"])
        return list(dict.fromkeys(name for by in self._choice.values() for names in by.values() for name in names))

    def _groups(self, told: Mapping[str, Sequence[float]], n: int) -> list[tuple[Sequence[str], list[int]]]:
        if not n:
            return []
        if not self._choice:
            files_of_all, rows_of_all = self.card.reading["files"], list(range(n))
            return [(files_of_all, part) for part in self._together(rows_of_all)]
        ((covariate, by_value),) = self._choice.items()
        files = {float(value): names for value, names in by_value.items()}
        rows: dict[float, list[int]] = {}
        for row, value in enumerate(told[covariate]):
            if value not in files:
                found = f"{covariate} is {brief(value)}"
                known = ", ".join(map(brief, files))
                raise InstrumentError(f"a model of {self._asked}", found, f"It has models for {known}.")
            rows.setdefault(value, []).append(row)
        return [(files[value], part) for value, found in rows.items() for part in self._together(found)]

    def _together(self, rows: list[int]) -> list[list[int]]:
        """Images that a model reads at once: one alone where it gives boxes or points, whose number differs."""
        return [[row] for row in rows] if self._located else [rows]

    @cached_property
    def _networks(self) -> dict[str, Network]:
        home = import_module(HOMES[str(self.card.reading["runtime"])])
        return {
            name: home.network(self._content(name), f"file {name} of {self._asked}", self._inputs, self._prepared)
            for name in self._files
        }

    def _content(self, name: str) -> bytes:
        content = verified(self.card, self._folder, name)
        asked, onnx = f"file {name} of {self._asked}", self.card.reading["runtime"] == "onnx"
        refuse_pickle(content, asked, "ONNX" if onnx else "TorchScript (torch.jit.save)")
        if onnx:
            check_whole(content, asked)
            for output, told in self._told_what_it_reads:
                check_untold(content, output, told, asked)
        return content

    @property
    def _told_what_it_reads(self) -> list[tuple[str | int, str]]:
        """Outputs of quantities that are covariates too, each with the input that tells it."""
        return [
            (output.output, self._inputs.covariates[quantity].input or quantity)
            for name, output in self._outputs.items()
            if (quantity := name.partition(":")[0]) in self.card.covariates
        ]


def inputs_of(card: InstrumentCard, asked: str) -> Inputs:
    """What the card says of a model's inputs; a covariate that nothing uses is an error.

    Raises
    ------
    InstrumentError
    """
    told = card.reading.get("inputs", {})
    inputs = section_from_plain(Inputs, "inputs", told, asked, "See docs/instruments.md.", InstrumentError)
    used = set(inputs.covariates) | set(card.reading.get("by_covariate", {}))
    if used != set(card.covariates):
        found = (
            f"covariates {', '.join(card.covariates) or 'none'}, of which {', '.join(sorted(used)) or 'none'} are used"
        )
        advice = "Give every covariate an input, or have it choose the model, and no other."
        raise InstrumentError(asked, found, advice)
    return inputs


def covariates_of(
    card: InstrumentCard, images: Sequence[Image], references: Sequence[Mapping[str, float]]
) -> dict[str, list[float]]:
    """By covariate of the card, its value for each image.

    Raises
    ------
    InstrumentError
        The counts differ, or a reference lacks a covariate.
    """
    if len(images) != len(references):
        found = f"{len(images)} images and {len(references)} references"
        raise InstrumentError(f"readings by {card.name}", found, "Give one reference for each image.")
    told: dict[str, list[float]] = {name: [] for name in card.covariates}
    for reference in references:
        for name, values in told.items():
            value = reference.get(name)
            if value is None or not np.isfinite(value):
                found = f"the reference {name} is {value}"
                advice = f"Choose a cohort that carries {name}, or an instrument that is not told it."
                raise InstrumentError(f"a reading by {card.name}", found, advice)
            values.append(float(value))
    return told


def over_members(readings: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Readings with each uncertainty averaged over members, shape (1, n)."""
    return {name: values.mean(axis=0, keepdims=True) if ":" in name else values for name, values in readings.items()}


def check_trusted(card: InstrumentCard, *, trusted: bool) -> None:
    """Refuse to run the code that a card brings unless the user said that it is trusted.

    Raises
    ------
    InstrumentError
    """
    words = CODE.get(str(card.reading.get("runtime", "")))
    if words and not trusted:
        raise InstrumentError(
            f"instrument {card.name}",
            f"it runs code of its own ({words}: {', '.join(sorted(card.sha256)) or 'no file named'})",
            "If you trust where it comes from, add --trust-instrument; ONNX needs no trust.",
        )
