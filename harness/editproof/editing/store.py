"""The store: edits, readings and case records under digests, so that nothing is done or paid for twice."""

from __future__ import annotations

import errno
import hashlib
import math
import os
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Generic, TypeVar

from editproof.core.declared import Number, open_ended
from editproof.core.digests import canonical, digest_of, pixel_digest
from editproof.core.records import ABSENT, from_text, json_of_record
from editproof.editing.keeping import SUFFIXES, decoded, encoded
from editproof.editors.names import OWN_NAME
from editproof.errors import EvidenceError
from editproof.types import JSON, EditorCard, EditOutcome, EditRequest, EditStatus

if TYPE_CHECKING:
    from editproof.types import Image

Value = TypeVar("Value")


@dataclass(frozen=True)
class RecordKind(Generic[Value]):
    """A kind of record that a store keeps: the folder that it is in, and the type of each."""

    folder: str
    type: type[Value]


@open_ended
@dataclass(frozen=True, kw_only=True)
class StoredEdit:
    """How an edit ended; its pixels and the bytes that the tool answered are files of their own.

    Attributes
    ----------
    time : float
        Seconds of the epoch at which it was stored.
    provenance : mapping
        What the tool said of how it made the edit.
    raw : str or None
        sha256 (hex) of the bytes that the tool answered; None where it answered none.
    pixels : str or None
        Digest of the pixels; None where there is no image.
    """

    status: EditStatus
    time: Number
    message: str = ""
    provenance: Mapping[str, JSON]
    raw: Annotated[str | None, ABSENT] = None
    pixels: Annotated[str | None, ABSENT] = None


EDITS = RecordKind("edits", StoredEdit)

FAILURES = (EditStatus.FAILED, EditStatus.TIMED_OUT)
"""How an edit ends without an answer; a later run asks for it again."""


def request_keys(
    card: EditorCard, requests: Sequence[EditRequest], *, by_case: bool = False, alike: bool = False
) -> list[str]:
    """Store key of each requested edit; pixels that several of them share are read once.

    Everything that may change the pixels that come back is in it: the tool, its version and its source where it runs
    in Python, its parameters, the host, the pixels and mask sent, the prompt, the size asked for where it is not the
    image's, the repeat and seed unless a check has shown that repeats are ``alike``, and the case's id where that
    decides (``by_case``, as the tool's :class:`~editproof.editors.adapter.Service` says).
    """
    arrays = {id(array): array for request in requests for array in (request.image, request.edit_mask)}
    digests = {name: pixel_digest(array) for name, array in arrays.items()}
    return [
        digest_of(
            {
                "tool": identity_of(card),
                "image": digests[id(request.image)],
                "mask": digests[id(request.edit_mask)],
                "prompt": request.prompt,
                "parameters": dict(request.parameters),
                "repeat": None if alike else [request.repeat, request.seed],
                "case": request.case_id if by_case else None,
                **({"output": list(request.output)} if request.output else {}),
                **({"spacing_mm": list(request.spacing_mm)} if request.spacing_mm else {}),
            }
        )
        for request in requests
    ]


def identity_of(card: EditorCard) -> list[JSON]:
    """What makes a tool's edits, as far as it can be told: edits of tools that differ in it are never exchanged."""
    parameters = dict(card.parameters)
    own_name = parameters.pop(OWN_NAME, card.name)  # a tool that its user names is the same tool, and not paid twice
    told = [own_name, card.version, card.sends_data_to, parameters]
    return [*told, card.source] if card.source else told


class Store:
    """A folder of results that can be killed at any moment and read by many processes at once.

    Every file is written beside its place and moved there in one step; its name is the digest of what it
    answers. An edit is a PNG, or of a volume a compressed array, the bytes that the tool answered (``raw/``), and a
    record that carries the digests of both; every record is sealed by a digest of its own text.

    Parameters
    ----------
    root : Path
        Made on first use.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def name(self) -> str:
        """The store's own id, made at random when it is first asked for; a copy of the store has the same."""
        path = self.root / "id"
        if not path.exists():
            self.root.mkdir(parents=True, exist_ok=True)
            draft = self.root / f".id-{uuid.uuid4().hex}"
            draft.write_text(f"{uuid.uuid4().hex}\n", encoding="ascii")
            try:
                os.link(draft, path)
            except FileExistsError:  # another process was first
                pass
            finally:
                draft.unlink()
        return path.read_text(encoding="ascii").strip()

    def edit(self, key: str, *, answered_since: float = 0.0, failed_since: float = math.inf) -> EditOutcome | None:
        """The outcome that is stored under ``key`` and still counts, or None.

        Parameters
        ----------
        key : str
        answered_since, failed_since : float
            Seconds of the epoch. A refusal or a malformed image is an answer, as an edit is, and is kept; a failed
            or timed-out edit is asked for again by a later run, and counts only in the run that met it.

        Raises
        ------
        EvidenceError
            Where the stored edit is damaged.
        """
        stored = self.record(EDITS, key)
        if stored is None:
            return None
        status = stored.status
        since = failed_since if status in FAILURES else answered_since
        if stored.time < since:
            return None
        if status is not EditStatus.OK:
            return EditOutcome(status, None, stored.message, stored.provenance)
        return EditOutcome(status, self._image(key, stored.pixels), provenance=stored.provenance)

    def keep_edit(self, key: str, outcome: EditOutcome) -> None:
        """Store how an edit ended: the answered bytes first, then the image, then the record that vouches for both.

        Raises
        ------
        EvidenceError
            Where the disk is full or cannot be written.
        """
        answered = hashlib.sha256(outcome.raw).hexdigest() if outcome.raw else None
        if answered is not None:
            raw = self._path("raw", answered, ".bin")
            if not raw.exists():
                _written(raw, outcome.raw)
        pixels = None
        if outcome.image is not None:
            pixels = pixel_digest(outcome.image)
            suffix, content = encoded(outcome.image)
            _written(self._path(EDITS.folder, key, suffix), content)
        now = round(time.time(), 3)
        stored = StoredEdit(
            status=outcome.status,
            time=now,
            message=outcome.message,
            provenance=dict(outcome.provenance),
            raw=answered,
            pixels=pixels,
        )
        self.keep_record(EDITS, key, stored)

    def raw(self, key: str) -> bytes | None:
        """The bytes that the tool answered for an edit, or None where it answered none."""
        stored = self.record(EDITS, key)
        return self._path("raw", stored.raw, ".bin").read_bytes() if stored and stored.raw else None

    def record(self, kind: RecordKind[Value], key: str) -> Value | None:
        """The record of a kind under ``key``, or None.

        Raises
        ------
        EvidenceError
            Where its text is not the one that was stored, or not of that kind.
        """
        path = self._path(kind.folder, key, ".json")
        text = _sealed_text(path)
        return None if text is None else from_text(kind.type, text, f"stored record {path}", _AGAIN)

    def records(self, kind: RecordKind[Value]) -> Iterator[Value]:
        """Every record of a kind, in the order of their keys."""
        for path in sorted(self.root.glob(f"{kind.folder}/??/*.json")):
            if (record := self.record(kind, path.stem)) is not None:
                yield record

    def keep_record(self, kind: RecordKind[Value], key: str, value: Value) -> None:
        """Store a record, sealed."""
        _written(self._path(kind.folder, key, ".json"), _sealed(json_of_record(value)))

    def faults(self) -> Iterator[str]:
        """Everything in the store that is not as it was written, each named by its path."""
        for path in sorted(self.root.glob("*/??/*")):
            folder, name = path.parent.parent.name, path.name
            try:
                if path.suffix == ".bin" and hashlib.sha256(path.read_bytes()).hexdigest() != path.stem:
                    yield f"{path}: its bytes are not those that were stored"
                elif path.suffix == ".json" and not name.startswith("."):
                    _sealed_text(path)
                    if folder == EDITS.folder:
                        yield from self._faults_of_edit(path)
            except EvidenceError as error:
                yield f"{error.asked}: {error.found}"

    def _faults_of_edit(self, path: Path) -> Iterator[str]:
        stored = self.record(EDITS, path.stem)
        if stored and stored.pixels:
            self._image(path.stem, stored.pixels)
        if stored and stored.raw and not self._path("raw", stored.raw, ".bin").exists():
            yield f"{path}: the bytes it was made from are missing"

    def _image(self, key: str, digest: str | None) -> Image:
        found = (self._path(EDITS.folder, key, suffix) for suffix in SUFFIXES)
        path = next((path for path in found if path.exists()), self._path(EDITS.folder, key, SUFFIXES[0]))
        advice = "Remove that file and its .json to have the edit made again."
        try:
            image = decoded(path.suffix, path.read_bytes())
        except (OSError, ValueError) as error:
            raise EvidenceError(f"stored edit {path}", f"it cannot be read ({error})", advice) from error
        if image is None or pixel_digest(image) != digest:
            raise EvidenceError(f"stored edit {path}", "its pixels are not those that were stored", advice)
        return image

    def _path(self, folder: str, key: str, suffix: str) -> Path:
        return self.root / folder / key[:2] / f"{key}{suffix}"


_PAUSES_S = (0.01, 0.05, 0.25, 1.0)
_AGAIN = "Remove it to have it made again."
_SEAL = len('{"sha256":"","value":') + 64


def _sealed(value: JSON) -> bytes:
    text = canonical(value)
    return f'{{"sha256":"{hashlib.sha256(text.encode()).hexdigest()}","value":{text}}}'.encode()


def _sealed_text(path: Path) -> bytes | None:
    """The text of a stored record, found to be the one that was sealed; None where there is no such file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    text, found = content[_SEAL:-1], ""
    if content[: len('{"sha256":"')] + content[_SEAL - len('","value":') : _SEAL] + content[-1:] != (
        b'{"sha256":"' + b'","value":' + b"}"
    ):
        found = "it carries no seal"
    elif content[len('{"sha256":"') :][:64].decode(errors="replace") != hashlib.sha256(text).hexdigest():
        found = "its text is not the one that was sealed"
    if found:
        raise EvidenceError(f"stored record {path}", f"it is damaged ({found})", _AGAIN)
    return text


def _moved(temporary: str, path: Path) -> None:
    """Put a file in its place; a file there that another process reads is waited for, as Windows asks for."""
    for pause_s in _PAUSES_S:
        try:
            os.replace(temporary, path)
            return
        except PermissionError:
            if not path.exists():
                raise
            time.sleep(pause_s)
    os.replace(temporary, path)


def _written(path: Path, content: bytes) -> None:
    temporary = None
    try:
        try:
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        _moved(temporary, path)
    except BaseException as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            advice = "Free space and run again" if full else "Name a folder that can be written to: --store DIR"
            found = f"it cannot be written ({error.strerror})"
            raise EvidenceError(f"store file {path}", found, f"{advice}; what is stored is kept.") from error
        raise
