"""The digests of a card's files, written into the card."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from editproof.core.pointers import check_content
from editproof.core.records import json_of
from editproof.errors import InstrumentError
from editproof.instruments.files import file_sha256
from editproof.types import JSON

MODELS = (".onnx", ".safetensors", ".pt", ".pth", ".ts")
"""Endings of model files, which are those of a card that names none."""

_ADVICE = "Name a card.json with its files beside it."


def write_digests(path: Path) -> dict[str, tuple[str, str]]:
    """Enter the sha256 of each file of a card in it, and leave all else as it is.

    The files are those that the card names (``sha256``, ``files``, ``by_covariate``), or else the models beside it.

    Parameters
    ----------
    path : Path
        Of the card.

    Returns
    -------
    dict of str to (str, str)
        By file: the digest that the card had, empty where it had none, and the one that it has now.

    Raises
    ------
    InstrumentError
        Where the card is no JSON mapping, or a file does not lie beside it.
    """
    asked = f"digests of {path}"
    try:
        told = json_of(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InstrumentError(asked, f"the card cannot be read ({error})", _ADVICE) from error
    if not isinstance(told, dict) or not isinstance(before := told.get("sha256") or {}, dict):
        raise InstrumentError(asked, "it is no card", _ADVICE)
    beside = sorted(file.name for file in path.parent.iterdir() if file.suffix in MODELS)
    names = list(dict.fromkeys(_named(told))) or beside
    if not names:
        raise InstrumentError(asked, "it names no file, and no model lies beside it", _ADVICE)
    for name in names:
        file = path.parent / name
        if not file.is_file() or file.resolve().parent != path.parent.resolve():
            raise InstrumentError(asked, f"there is no {name} beside it", _ADVICE)
        with file.open("rb") as opened:
            check_content(opened.read(64), f"{name} beside {path}", InstrumentError)
    found = {name: file_sha256(path.parent / name) for name in names}
    if found != before:
        text = json.dumps({**told, "sha256": found}, indent=2, ensure_ascii=False)
        path.write_text(f"{text}\n", encoding="utf-8")
    return {name: (str(before.get(name, "")), digest) for name, digest in found.items()}


def _named(told: Mapping[str, JSON]) -> Iterator[str]:
    yield from map(str, told.get("sha256") or ())
    yield from map(str, told.get("files") or ())
    chosen = told.get("by_covariate")
    for by_value in chosen.values() if isinstance(chosen, dict) else ():
        for names in by_value.values() if isinstance(by_value, dict) else ():
            yield from map(str, names)
