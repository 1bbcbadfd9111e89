"""The card of an instrument: read, checked against itself and the files beside it, and written. No torch here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from editproof.core.declared import Count, Names, Wanted, closed, open_ended
from editproof.core.records import from_plain, json_of, json_of_record
from editproof.errors import InstrumentError
from editproof.instruments.files import PICKLE, SAFETENSORS, content_kind, file_sha256, verified
from editproof.instruments.soundness import check_card
from editproof.types import JSON, InstrumentCard

__all__ = ["CODE", "RUNTIMES", "file_sha256", "read_card", "verified_weights", "write_card"]

TIMM = "timm"
CODE = {"torchscript": "TorchScript", "python": "Python"}
"""Runtimes whose files are programs: they run only where the user, not the card, says that they are trusted."""
READS = {"bone_age": "months", "sex": "probability"}
"""What a timm network of this package can read, and in which unit."""

_ByCovariate = Annotated[
    Mapping[str, Mapping[str, Names]], Wanted('{"sex": {"0": ["female.onnx"], "1": ["male.onnx"]}}')
]
_Outputs = Annotated[
    Mapping[str, Mapping[str, JSON]], Wanted('a mapping by quantity, e.g. {"bone_age": {"output": "months"}}')
]


@open_ended
@dataclass(frozen=True, kw_only=True)
class TimmFile(InstrumentCard):
    """The card of networks of this package; what it holds beside these fields is for readers alone."""

    preprocessing: Mapping[str, JSON]
    runtime: Literal["timm"] = "timm"


@closed
@dataclass(frozen=True, kw_only=True)
class CardFile(InstrumentCard):
    """What a card of any other runtime may say; ``notes`` are for readers alone.

    ``training_cases`` are what :mod:`editproof.datasets.index.leakage` compares a cohort with.
    """

    members: Count = 1
    sha256: Mapping[str, str] = field(default_factory=dict)
    runtime: str
    training_cases: JSON = None
    notes: JSON = None


@closed
@dataclass(frozen=True, kw_only=True)
class ModelFile(CardFile):
    """A card of model files that are run here."""

    files: Names | None = None
    by_covariate: _ByCovariate | None = None
    inputs: Mapping[str, JSON] | None = None
    outputs: _Outputs | None = None
    options: Mapping[str, JSON] | None = None


@closed
@dataclass(frozen=True, kw_only=True)
class PythonFile(CardFile):
    """A card of an estimator that a function of the user's makes."""

    factory: str | None = None
    inputs: Mapping[str, JSON] | None = None
    outputs: _Outputs | None = None
    options: Mapping[str, JSON] | None = None


@closed
@dataclass(frozen=True, kw_only=True)
class HubFile(CardFile):
    """A card of a folder of Hugging Face, whose three files it names by their sha256."""

    outputs: _Outputs | None = None


@closed
@dataclass(frozen=True, kw_only=True)
class WebFile(CardFile):
    """A card of an instrument behind HTTP."""

    endpoint: Mapping[str, JSON] | None = None
    version: str | None = None
    options: Mapping[str, JSON] | None = None


@closed
@dataclass(frozen=True, kw_only=True)
class TableFile(CardFile):
    """A card of readings that were made elsewhere."""

    table: Mapping[str, JSON] | None = None


FILES: Mapping[str, type[InstrumentCard]] = {
    TIMM: TimmFile,
    "onnx": ModelFile,
    "torchscript": ModelFile,
    "python": PythonFile,
    "transformers": HubFile,
    "http": WebFile,
    "table": TableFile,
}
"""What a card may say, by its runtime."""
RUNTIMES = tuple(FILES)
DRAWS = ("onnx", "torchscript", "python", "transformers", "http")
"""Runtimes of which an instrument can draw masks."""
GIVES = ("python", "http", "onnx", "table")
"""Runtimes of which an instrument can give points, boxes and text."""


def read_card(path: Path) -> InstrumentCard:
    """The card at ``path``; the files beside it are not touched yet.

    Keys that a card of another runtime than timm may have are listed in ``docs/instruments.md``; one that it does not
    know is an error, since a misspelt one would be silently ignored.

    Raises
    ------
    InstrumentError
        No such file, not a card, or a card that contradicts itself.
    """
    asked = f"instrument {path}"
    try:
        told = json_of(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        advice = "Name the card.json of an instrument, or train one: python -m models.train."
        raise InstrumentError(asked, f"it cannot be read ({error.strerror})", advice) from error
    except (ValueError, RecursionError) as error:
        advice = "Name the card, not the weights; a number is finite."
        raise InstrumentError(asked, f"it is not JSON ({error})", advice) from error
    runtime = told.get("runtime", TIMM) if isinstance(told, dict) else TIMM
    if runtime not in RUNTIMES:
        raise InstrumentError(asked, f"runtime {runtime!r}", f"Write one of {', '.join(RUNTIMES)}.")
    if isinstance(told, dict) and told.get("members", 0) is None:
        del told["members"]
    file = from_plain(FILES[runtime], told, asked, "See docs/instruments.md.", InstrumentError)
    facts: dict[str, Any] = {entry.name: getattr(file, entry.name) for entry in fields(InstrumentCard)}
    if runtime != TIMM:
        facts |= _opened(file, told, runtime, asked)
    card = InstrumentCard(**facts)
    check_card(card, asked, apart=runtime == TIMM or _shows_what_it_is_told(card))
    if runtime == TIMM:
        _check_timm(card, asked)
    if card.masks and runtime not in DRAWS:
        found = f"the mask {card.masks[0].name} by runtime {runtime}"
        raise InstrumentError(asked, found, f"Masks are drawn by runtime {' or '.join(DRAWS)}.")
    if card.kept_outputs and runtime not in GIVES:
        found = f"the output {card.kept_outputs[0].name} ({card.kept_outputs[0].kind}) by runtime {runtime}"
        raise InstrumentError(asked, found, f"Points, boxes and text are given by runtime {' or '.join(GIVES)}.")
    return card


def _opened(file: InstrumentCard, told: Mapping[str, JSON], runtime: str, asked: str) -> dict[str, Any]:
    """What a card of another runtime than timm says by its own fields, gathered under ``reading`` as it is written."""
    own = {entry.name for entry in fields(file)} - {entry.name for entry in fields(CardFile)}
    reading: dict[str, JSON] = {
        "runtime": runtime,
        **{key: told[key] for key in sorted(own) if told.get(key) is not None},
    }
    facts = {"reading": reading, "sends_data_to": None, "absent_arms": ()}
    return facts | (_members(file, reading, told.get("members"), asked) if isinstance(file, ModelFile) else {})


def _members(file: ModelFile, reading: dict[str, JSON], declared: int | None, asked: str) -> dict[str, Any]:
    """Number of members, and their files in order: one list, or one for each value of a covariate."""
    groups = [reading.get("files") or sorted(file.sha256)]
    if choice := reading.get("by_covariate"):
        try:
            ((covariate, by_value),) = choice.items()
            groups = [list(names) for names in by_value.values()]
            values = [float(value) for value in by_value]
        except (AttributeError, ValueError, TypeError) as error:
            advice = 'Write {"sex": {"0": ["female.onnx"], "1": ["male.onnx"]}}.'
            raise InstrumentError(asked, f"by_covariate is {choice!r}", advice) from error
        if covariate not in file.covariates or reading.get("files") or len(set(values)) < 2:
            found = f"by_covariate chooses by {covariate!r} among {len(set(values))} values"
            advice = f'List {covariate!r} under covariates, two values or more, and no "files".'
            raise InstrumentError(asked, found, advice)
    else:
        reading["files"] = groups[0]
    sizes = {len(group) for group in groups}
    if len(sizes) > 1 or 0 in sizes:
        words = " or ".join(map(str, sorted(sizes)))
        advice = 'Write "files": ["model.onnx"], or as many files for each value of the covariate.'
        raise InstrumentError(asked, f"it names {words} model files", advice)
    size = sizes.pop()
    if declared not in (None, size):
        advice = "Leave members out, or list as many files."
        raise InstrumentError(asked, f"it declares {declared} members and {size} model files", advice)
    if idle := sorted(set(file.sha256) - {name for group in groups for name in group}):
        found_idle = f"sha256 names {idle[0]}, which is not a model of the card"
        raise InstrumentError(asked, found_idle, 'List it under "files" or by_covariate, or leave it out.')
    return {"members": size}


def _shows_what_it_is_told(card: InstrumentCard) -> bool:
    """Whether the graph of each model file tells which outputs depend on a covariate that the card reads too.

    :class:`~editproof.instruments.runtimes.modelled.Modelled` looks there when it opens the files.
    """
    inputs = card.reading.get("inputs") or {}
    told = inputs.get("covariates") if isinstance(inputs, Mapping) else None
    return card.reading.get("runtime") == "onnx" and isinstance(told, Mapping) and set(told) == set(card.covariates)


def _check_timm(card: InstrumentCard, asked: str) -> None:
    units = {quantity.name: quantity.unit for quantity in card.quantities}
    if units != READS:
        advice = f"timm networks of this package read {READS}; for others name a runtime, see docs/instruments.md."
        raise InstrumentError(asked, f"it declares {units}", advice)
    if card.members != len(card.sha256) or card.members < 1:
        found = f"it declares {card.members} members and {len(card.sha256)} weights files"
        raise InstrumentError(asked, found, "List one safetensors file and its sha256 for each member.")


def verified_weights(card: InstrumentCard, folder: Path) -> tuple[Path, ...]:
    """The weights files of a card, in the order of their names, each found to be what the card says.

    Raises
    ------
    InstrumentError
        A file is missing, has another sha256, lies elsewhere, or is not safetensors: a pickle can run code.
    """
    paths = []
    for name in sorted(card.sha256):
        path = folder / name
        asked = f"weights {name} of instrument {card.name}"
        if path.suffix != ".safetensors" or path.parent != folder:
            advice = "Only .safetensors beside the card are loaded; a pickle can run code."
            raise InstrumentError(asked, "it is not a safetensors file beside its card", advice)
        content = verified(card, folder, name, "weights")
        if (kind := content_kind(content)) != SAFETENSORS:
            found = "it is a pickle" if kind == PICKLE else "its content is not safetensors"
            raise InstrumentError(asked, found, "Save the weights with safetensors; a pickle can run code.")
        paths.append(path)
    return tuple(paths)


def write_card(path: Path, card: InstrumentCard, for_readers: Mapping[str, JSON]) -> None:
    """Write a card, with further keys that only human readers need."""
    path.write_text(
        json.dumps({**json_of_record(card), **for_readers}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
