"""The store: edits, readings and case records under digests, so that nothing is done or paid for twice."""

from __future__ import annotations

import hashlib
import math
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Generic, TypeVar

from editproof.core.declared import Number, open_ended
from editproof.core.digests import canonical, digest_of, pixel_digest
from editproof.core.files import Place, files_at, is_url
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
    """Results in one place, which can be killed at any moment and read by many processes at once.

    Every file is written beside its place and moved there in one step; its name is the digest of what it
    answers. An edit is a PNG, or of a volume a compressed array, the bytes that the tool answered (``raw/``), and a
    record that carries the digests of both; every record is sealed by a digest of its own text.

    Parameters
    ----------
    root : Path or str
        A folder, or a URL (:mod:`editproof.core.files`); made on first use.
    """

    def __init__(self, root: Place) -> None:
        self.root, self.files = root if is_url(root) else Path(root), files_at(root)

    def name(self) -> str:
        """The store's own id, made at random when it is first asked for; a copy of the store has the same."""
        if (known := self.files.read("id")) is None:
            fresh = f"{uuid.uuid4().hex}\n".encode("ascii")
            known = fresh if self.files.create("id", fresh) else self.files.read("id") or b""
        return known.decode("ascii").strip()

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
            raw = _name("raw", answered, ".bin")
            if not self.files.exists(raw):
                self.files.write(raw, outcome.raw)
        pixels = None
        if outcome.image is not None:
            pixels = pixel_digest(outcome.image)
            suffix, content = encoded(outcome.image)
            self.files.write(_name(EDITS.folder, key, suffix), content)
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
        return self.files.read(_name("raw", stored.raw, ".bin")) if stored and stored.raw else None

    def record(self, kind: RecordKind[Value], key: str) -> Value | None:
        """The record of a kind under ``key``, or None.

        Raises
        ------
        EvidenceError
            Where its text is not the one that was stored, or not of that kind.
        """
        name = _name(kind.folder, key, ".json")
        text = self._sealed_text(name)
        return None if text is None else from_text(kind.type, text, f"stored record {self.files.place(name)}", _AGAIN)

    def records(self, kind: RecordKind[Value]) -> Iterator[Value]:
        """Every record of a kind, in the order of their keys."""
        for name in self.files.names(f"{kind.folder}/??/*.json"):
            if (record := self.record(kind, PurePosixPath(name).stem)) is not None:
                yield record

    def keep_record(self, kind: RecordKind[Value], key: str, value: Value) -> None:
        """Store a record, sealed."""
        self.files.write(_name(kind.folder, key, ".json"), _sealed(json_of_record(value)))

    def faults(self) -> Iterator[str]:
        """Everything in the store that is not as it was written, each named by its path."""
        for name in self.files.names("*/??/*"):
            path = PurePosixPath(name)
            try:
                if path.suffix == ".bin" and hashlib.sha256(self.files.read(name) or b"").hexdigest() != path.stem:
                    yield f"{self.files.place(name)}: its bytes are not those that were stored"
                elif path.suffix == ".json" and not path.name.startswith("."):
                    self._sealed_text(name)
                    if path.parts[0] == EDITS.folder:
                        yield from self._faults_of_edit(name)
            except EvidenceError as error:
                yield f"{error.asked}: {error.found}"

    def _faults_of_edit(self, name: str) -> Iterator[str]:
        key = PurePosixPath(name).stem
        stored = self.record(EDITS, key)
        if stored and stored.pixels:
            self._image(key, stored.pixels)
        if stored and stored.raw and not self.files.exists(_name("raw", stored.raw, ".bin")):
            yield f"{self.files.place(name)}: the bytes it was made from are missing"

    def _image(self, key: str, digest: str | None) -> Image:
        name = _name(EDITS.folder, key, SUFFIXES[0])
        advice = "Remove that file and its .json to have the edit made again."
        try:
            suffix, content = self._file_of_pixels(key)
            name = _name(EDITS.folder, key, suffix)
            image = decoded(suffix, content)
        except (OSError, ValueError) as error:
            asked, found = f"stored edit {self.files.place(name)}", f"it cannot be read ({error})"
            raise EvidenceError(asked, found, advice) from error
        if image is None or pixel_digest(image) != digest:
            found = "its pixels are not those that were stored"
            raise EvidenceError(f"stored edit {self.files.place(name)}", found, advice)
        return image

    def _file_of_pixels(self, key: str) -> tuple[str, bytes]:
        for suffix in SUFFIXES:
            if (content := self.files.read(_name(EDITS.folder, key, suffix))) is not None:
                return suffix, content
        raise ValueError("there is no such file")

    def _sealed_text(self, name: str) -> bytes | None:
        """The text of a stored record, found to be the one that was sealed; None where there is no such file."""
        content = self.files.read(name)
        if content is None:
            return None
        text, found = content[_SEAL:-1], ""
        if content[: len('{"sha256":"')] + content[_SEAL - len('","value":') : _SEAL] + content[-1:] != (
            b'{"sha256":"' + b'","value":' + b"}"
        ):
            found = "it carries no seal"
        elif content[len('{"sha256":"') :][:64].decode(errors="replace") != hashlib.sha256(text).hexdigest():
            found = "its text is not the one that was sealed"
        if found:
            raise EvidenceError(f"stored record {self.files.place(name)}", f"it is damaged ({found})", _AGAIN)
        return text


_AGAIN = "Remove it to have it made again."
_SEAL = len('{"sha256":"","value":') + 64


def _sealed(value: JSON) -> bytes:
    text = canonical(value)
    return f'{{"sha256":"{hashlib.sha256(text.encode()).hexdigest()}","value":{text}}}'.encode()


def _name(folder: str, key: str, suffix: str) -> str:
    return f"{folder}/{key[:2]}/{key}{suffix}"
