"""The files of a card: known by their digest, told apart by their content whatever they are called, never unpickled."""

from __future__ import annotations

import hashlib
import io
import json
import pickletools
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from editproof.core.digests import digest_of
from editproof.core.pointers import check_content
from editproof.core.sources import imports_digest
from editproof.errors import InstrumentError

if TYPE_CHECKING:
    from editproof.types import InstrumentCard

SAFETENSORS, TORCHSCRIPT, PICKLE, OTHER = "safetensors", "TorchScript", "pickle", "other"
_LONGEST_HEADER = 100_000_000
_COMPRESSED = (b"\x1f\x8b", b"\x78\x01", b"\x78\x9c", b"\x78\xda", b"BZh", b"\xfd7zXZ", b"(\xb5/\xfd", b"\x04\x22M\x18")


def file_sha256(path: Path) -> str:
    """sha256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def with_source(card: InstrumentCard, path: Path, *also: str) -> InstrumentCard:
    """A card with a digest of a Python file and the user's own files that it imports and names; nothing of it runs.

    A file that is not there changes nothing: whoever opens it says so.

    Parameters
    ----------
    also : str
        What else tells the instrument, as digests.
    """
    if not path.is_file():
        return card
    source = digest_of([imports_digest(path), *also])
    return replace(card, sha256={**card.sha256, f"source of {path.name}": source})


def verified(card: InstrumentCard, folder: Path, name: str, noun: str = "file") -> bytes:
    """The content of a file of a card, found to be what the card says.

    What is returned is what was checked; the file is not opened again.

    Raises
    ------
    InstrumentError
        The file is missing, lies elsewhere, or has another sha256 than the card says, or the card says none.
    """
    asked = f"{noun} {name} of instrument {card.name}"
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise InstrumentError(asked, "it does not lie beside its card, or below", "Put it into the card's folder.")
    if not path.is_file():
        raise InstrumentError(asked, f"there is no such file in {folder}", "Fetch it again beside its card.")
    content = check_content(path.read_bytes(), asked, InstrumentError)
    found = hashlib.sha256(content).hexdigest()
    if name not in card.sha256:
        advice = f'If it is the one you mean, write "sha256": {{"{name}": "{found}"}}.'
        raise InstrumentError(asked, "the card does not say its sha256", advice)
    if found != card.sha256[name]:
        advice = "The file is damaged or belongs to another card; fetch both again."
        raise InstrumentError(asked, f"its sha256 is {found}, the card says {card.sha256[name]}", advice)
    return content


def content_kind(content: bytes) -> str:
    """What a model file is, by its content: safetensors, TorchScript, pickle, or something else; nothing is loaded.

    Examples
    --------
    >>> import pickle
    >>> content_kind(pickle.dumps([1], protocol=0)), content_kind(pickle.dumps([1])), content_kind(b"ONNX")
    ('pickle', 'pickle', 'other')
    """
    if _is_safetensors(content):
        return SAFETENSORS
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
        parts = {part for name in names for part in Path(name).parts[:-1]}
        if "code" in parts and any(name.endswith("constants.pkl") for name in names):
            return TORCHSCRIPT
        return PICKLE if any(name.endswith((".pkl", ".pickle")) for name in names) else OTHER
    return PICKLE if _is_pickle(content) else OTHER


def refuse_pickle(content: bytes, asked: str, wanted: str) -> None:
    """Refuse a pickle, whatever it is called.

    Raises
    ------
    InstrumentError
    """
    if content_kind(content) == PICKLE:
        raise InstrumentError(asked, "it is a pickle, which can run code when it is opened", f"Save it as {wanted}.")


def _is_safetensors(content: bytes) -> bool:
    size = int.from_bytes(content[:8], "little")
    if not 2 <= size <= min(_LONGEST_HEADER, len(content) - 8) or content[8:9] != b"{":
        return False
    try:
        return isinstance(json.loads(content[8 : 8 + size]), dict)
    except ValueError:
        return False


def _is_pickle(content: bytes) -> bool:
    if content.startswith(_COMPRESSED):  # joblib compresses; no model format read here starts like that
        return True
    if content[:1] == b"\x80" and content[1:2] <= b"\x05":
        return True
    try:
        for number, (operation, _, _) in enumerate(pickletools.genops(content[:65536])):
            if operation.name == "STOP":
                return number > 0
    except Exception:  # pickletools raises what it meets: ValueError, UnicodeError, OverflowError, struct.error
        return False
    return False
