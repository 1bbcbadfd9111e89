"""What stands: edits, readings and case records, content-addressed, so that nothing is done or paid for twice."""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from editproof.core.digests import canonical, digest_of, pixel_digest
from editproof.editing.ledger import ENDED, SENT, Ledger
from editproof.errors import EvidenceError
from editproof.imaging.png import PNG_FAST
from editproof.types import JSON, EditorCard, EditOutcome, EditRequest, EditStatus

if TYPE_CHECKING:
    from editproof.types import Image

FAILURES = (EditStatus.FAILED, EditStatus.TIMED_OUT)
"""How an edit ends without an answer; a later run asks for it again."""


def request_keys(card: EditorCard, requests: Sequence[EditRequest], *, by_case: bool = False) -> list[str]:
    """Store key of each requested edit; pixels that several of them share are read once.

    Everything that may change the pixels that come back is in it: the tool and its version, its parameters, the
    host, the pixels and mask sent, the prompt, the repeat and seed unless the tool is deterministic, and the case's id
    where that decides (``by_case``, as the tool's :class:`~editproof.editors.adapter.Service` says).
    """
    arrays = {id(array): array for request in requests for array in (request.image, request.edit_mask)}
    digests = {name: pixel_digest(array) for name, array in arrays.items()}
    return [
        digest_of(
            {
                "tool": [card.name, card.version, card.sends_data_to, dict(card.parameters)],
                "image": digests[id(request.image)],
                "mask": digests[id(request.edit_mask)],
                "prompt": request.prompt,
                "parameters": dict(request.parameters),
                "repeat": None if card.deterministic else [request.repeat, request.seed],
                "case": request.case_id if by_case else None,
            }
        )
        for request in requests
    ]


class Store:
    """A folder of results that can be killed at any moment and read by many processes at once.

    Every file is written beside its place and moved there in one step; its name is the digest of what it
    answers. An edit is a PNG, the bytes that the tool answered (``raw/``), and a record that carries the digests of
    both; every record is sealed by a digest of its own text.

    Parameters
    ----------
    root : Path
        Made on first use.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def edit(self, key: str, *, answered_since: float = 0.0, failed_since: float = math.inf) -> EditOutcome | None:
        """The outcome that stands under ``key``, or None.

        Parameters
        ----------
        key : str
        answered_since, failed_since : float
            Seconds of the epoch. A refusal or a malformed image is an answer, as an edit is, and stands; a failed
            or timed-out edit is asked for again by a later run, and stands only for the run that met it.

        Raises
        ------
        EvidenceError
            Where the stored edit is damaged.
        """
        sidecar = self.record("edits", key)
        if sidecar is None:
            return None
        status = EditStatus(sidecar["status"])
        since = failed_since if status in FAILURES else answered_since
        if sidecar["time"] < since:
            return None
        if status is not EditStatus.OK:
            return EditOutcome(status, None, sidecar["message"], sidecar["provenance"])
        return EditOutcome(status, self._image(key, sidecar["pixels"]), provenance=sidecar["provenance"])

    def keep_edit(self, key: str, outcome: EditOutcome) -> None:
        """Store how an edit ended: the answered bytes first, then the image, then the record that vouches for both.

        Raises
        ------
        EvidenceError
            Where the disk is full or cannot be written.
        """
        sidecar: dict[str, JSON] = {
            "time": round(time.time(), 3),
            "status": outcome.status.value,
            "message": outcome.message,
            "provenance": dict(outcome.provenance),
        }
        if outcome.raw:
            sidecar["raw"] = hashlib.sha256(outcome.raw).hexdigest()
            raw = self._path("raw", sidecar["raw"], ".bin")
            if not raw.exists():
                _written(raw, outcome.raw)
        if outcome.image is not None:
            sidecar["pixels"] = pixel_digest(outcome.image)
            encoded = cv2.imencode(".png", outcome.image, PNG_FAST)[1]
            _written(self._path("edits", key, ".png"), encoded.tobytes())
        self.keep_record("edits", key, sidecar)

    def raw(self, key: str) -> bytes | None:
        """The bytes that the tool answered for an edit, or None where it answered none."""
        sidecar = self.record("edits", key)
        return self._path("raw", sidecar["raw"], ".bin").read_bytes() if sidecar and "raw" in sidecar else None

    def record(self, kind: str, key: str) -> JSON | None:
        """The JSON value that stands under ``kind`` and ``key``, or None.

        Raises
        ------
        EvidenceError
            Where its text is not the one that was stored.
        """
        path = self._path(kind, key, ".json")
        try:
            return _unsealed(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise EvidenceError(
                f"stored record {path}", f"it is damaged ({error})", "Remove it to have it made again."
            ) from error

    def records(self, kind: str) -> Iterator[JSON]:
        """Every JSON value of a kind, in the order of their keys."""
        for path in sorted(self.root.glob(f"{kind}/??/*.json")):
            yield self.record(kind, path.stem)

    def keep_record(self, kind: str, key: str, value: Mapping[str, JSON]) -> None:
        """Store a JSON value, sealed."""
        _written(self._path(kind, key, ".json"), _sealed(value))

    def faults(self) -> Iterator[str]:
        """Everything in the store that is not as it was written, each named by its path."""
        for path in sorted(self.root.glob("*/??/*")):
            kind, name = path.parent.parent.name, path.name
            try:
                if path.suffix == ".bin" and hashlib.sha256(path.read_bytes()).hexdigest() != path.stem:
                    yield f"{path}: its bytes are not those that were stored"
                elif path.suffix == ".json" and not name.startswith("."):
                    value = self.record(kind, path.stem) or {}
                    if kind == "edits" and value.get("pixels"):
                        self._image(path.stem, value["pixels"])
                    if kind == "edits" and value.get("raw") and not self._path("raw", value["raw"], ".bin").exists():
                        yield f"{path}: the bytes it was made from are missing"
            except EvidenceError as error:
                yield f"{error.asked}: {error.found}"
        for name in (ENDED, SENT):
            try:
                for _ in Ledger(self.root).lines(name):
                    pass
            except EvidenceError as error:
                yield f"{error.asked}: {error.found}"

    def _image(self, key: str, digest: str) -> Image:
        path = self._path("edits", key, ".png")
        advice = "Remove that file and its .json to have the edit made again."
        try:
            image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
        except (OSError, cv2.error) as error:
            raise EvidenceError(f"stored edit {path}", f"it cannot be read ({error})", advice) from error
        if image is None or pixel_digest(image) != digest:
            raise EvidenceError(f"stored edit {path}", "its pixels are not those that were stored", advice)
        return image

    def _path(self, kind: str, key: str, suffix: str) -> Path:
        return self.root / kind / key[:2] / f"{key}{suffix}"


_SEAL = len('{"sha256":"","value":') + 64


def _sealed(value: JSON) -> bytes:
    text = canonical(value)
    return f'{{"sha256":"{hashlib.sha256(text.encode()).hexdigest()}","value":{text}}}'.encode()


def _unsealed(content: bytes) -> JSON:
    text = content[_SEAL:-1]
    if content[: len('{"sha256":"')] + content[_SEAL - len('","value":') : _SEAL] + content[-1:] != (
        b'{"sha256":"' + b'","value":' + b"}"
    ):
        raise ValueError("it carries no seal")
    if content[len('{"sha256":"') :][:64].decode(errors="replace") != hashlib.sha256(text).hexdigest():
        raise ValueError("its text is not the one that was sealed")
    return json.loads(text)


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
        os.replace(temporary, path)
    except BaseException as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            found = f"it cannot be written ({error.strerror})"
            raise EvidenceError(
                f"store file {path}", found, "Free space and run again; what is stored stands."
            ) from error
        raise
