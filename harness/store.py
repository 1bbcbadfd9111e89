"""What stands: edits, readings and case records, content-addressed, so that nothing is done or paid for twice."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from harness.errors import EvidenceError
from harness.types import JSON, EditorCard, EditOutcome, EditRequest, EditStatus

if TYPE_CHECKING:
    from harness.types import Image, Mask


def canonical(value: JSON) -> str:
    """Canonical JSON text of a value: sorted keys, no spaces, no NaN.

    Examples
    --------
    >>> canonical({"b": 1, "a": (2, None)})
    '{"a":[2,null],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(value: JSON) -> str:
    """sha256 (hex) of a value's canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def pixel_digest(pixels: Image | Mask) -> str:
    """sha256 (hex) of an array's dtype, shape and values."""
    header = f"{pixels.dtype.str}{pixels.shape}".encode()
    return hashlib.sha256(header + np.ascontiguousarray(pixels).tobytes()).hexdigest()


def request_key(card: EditorCard, request: EditRequest) -> str:
    """Store key of one requested edit.

    Everything that may change the pixels that come back is in it: the tool and its version, its parameters, the
    host, the pixels and mask sent, the prompt, and the repeat and seed unless the tool is deterministic.
    """
    repeat = None if card.deterministic else [request.repeat, request.seed]
    named = request.case_id if card.name.startswith("folder:") else None
    return digest_of(
        {
            "tool": [card.name, card.version, card.sends_data_to, dict(card.parameters)],
            "image": pixel_digest(request.image),
            "mask": pixel_digest(request.edit_mask),
            "prompt": request.prompt,
            "parameters": dict(request.parameters),
            "repeat": repeat,
            "case": named,
        }
    )


class Store:
    """A folder of results that can be killed at any moment and read by many processes at once.

    Every file is written beside its place and moved there in one step; its name is the digest of what it
    answers. Images are PNG with a JSON sidecar that carries their pixel digest, checked on reading. A failed or
    timed-out edit is logged and never replayed; a refusal or a malformed image is an answer, and stands.

    Parameters
    ----------
    root : Path
        Made on first use.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def edit(self, key: str) -> EditOutcome | None:
        """The outcome that stands under ``key``, or None.

        Raises
        ------
        EvidenceError
            Where the stored image is damaged.
        """
        sidecar = self.record("edits", key)
        if sidecar is None:
            return None
        status = EditStatus(sidecar["status"])
        if status is not EditStatus.OK:
            return EditOutcome(status, None, sidecar["message"], sidecar["provenance"])
        path = self._path("edits", key, ".png")
        advice = "Remove that file and its .json to have the edit made again."
        try:
            image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
        except (OSError, cv2.error) as error:
            raise EvidenceError(f"stored edit {path}", f"it cannot be read ({error})", advice) from error
        if image is None or pixel_digest(image) != sidecar["pixels"]:
            raise EvidenceError(f"stored edit {path}", "its pixels are not those that were stored", advice)
        return EditOutcome(status, image, provenance=sidecar["provenance"])

    def keep_edit(self, key: str, outcome: EditOutcome) -> None:
        """Store an answered edit; a failure that a later run may mend is logged only."""
        sidecar: dict[str, JSON] = {
            "status": outcome.status.value,
            "message": outcome.message,
            "provenance": dict(outcome.provenance),
        }
        self._log({"key": key, **sidecar})
        if outcome.status in (EditStatus.FAILED, EditStatus.TIMED_OUT):
            return
        if outcome.image is not None:
            sidecar["pixels"] = pixel_digest(outcome.image)
            encoded = cv2.imencode(".png", outcome.image, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1]
            _written(self._path("edits", key, ".png"), encoded.tobytes())
        self.keep_record("edits", key, sidecar)

    def record(self, kind: str, key: str) -> JSON | None:
        """The JSON value that stands under ``kind`` and ``key``, or None."""
        path = self._path(kind, key, ".json")
        try:
            return json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise EvidenceError(
                f"stored record {path}", f"it is no JSON ({error})", "Remove it to have it made again."
            ) from error

    def keep_record(self, kind: str, key: str, value: Mapping[str, JSON]) -> None:
        """Store a JSON value."""
        _written(self._path(kind, key, ".json"), canonical(value).encode())

    def _path(self, kind: str, key: str, suffix: str) -> Path:
        return self.root / kind / key[:2] / f"{key}{suffix}"

    def _log(self, entry: Mapping[str, JSON]) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        line = canonical({"time": round(time.time(), 3), **entry}) + "\n"
        with (self.root / "attempts.jsonl").open("ab", buffering=0) as log:
            log.write(line.encode())


def _written(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
