"""The OpenAI Batch API as a way to the Images API: a file of requests, answered within a day at half the price.

Images and masks travel inside the lines as data URLs, so that nothing but that one file has to be cleared away.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from editproof.editors import replies
from editproof.editors.adapter import BatchState
from editproof.editors.prices import Prices
from editproof.errors import EditorError
from editproof.imaging import codec, geometry
from editproof.types import EditOutcome, EditRequest, EditStatus

if TYPE_CHECKING:
    from editproof.editors.openai import OpenAI

ENDPOINT = "/v1/images/edits"
NAME = "editproof"
"""Key of the metadata by which a batch is found again whose id was never received."""

WEEK_S = 7 * 24 * 3600
SLACK_S = 24 * 3600.0
"""How far the service's clock may be from ours."""


@dataclass(frozen=True)
class BatchAPI:
    """One model behind ``POST /batches``; keeps :class:`editproof.editors.adapter.BatchService`."""

    tool: OpenAI
    prices: Prices | None = field(repr=False)
    max_lines: int = 50_000
    max_bytes: int = 190_000_000

    def line(self, ticket: str, requests: Sequence[EditRequest]) -> bytes | EditOutcome:
        """One line of the file, or how the requests end that cannot be sent at all."""
        try:
            parcel, files = self.tool.packed(requests[0])
        except geometry.CanvasError as error:
            return self.tool.unsendable(error)
        body = self.tool.body(requests, parcel) | {
            "images": [{"image_url": _data_url(files["image"])}],
            "mask": {"image_url": _data_url(files["mask"])},
        }
        entry = {"custom_id": ticket, "method": "POST", "url": ENDPOINT, "body": body}
        return json.dumps(entry).encode() + b"\n"

    def submitted(self, file: Path, name: str) -> str:
        """Upload a file, create a batch of it under a name, and return its id."""
        with self._faults():
            with file.open("rb") as content:
                upload = self.tool.file_client.files.create(
                    file=(f"{name}.jsonl", content, "application/jsonl"),
                    purpose="batch",
                    expires_after={"anchor": "created_at", "seconds": WEEK_S},
                )
            batch = self.tool.client.batches.create(
                input_file_id=upload.id, endpoint=ENDPOINT, completion_window="24h", metadata={NAME: name}
            )
            return str(batch.id)

    def found(self, name: str, since: float) -> str | None:
        """The id of the batch that was created under a name, or None where none was."""
        with self._faults():
            for batch in self.tool.client.batches.list(limit=100):
                if (batch.metadata or {}).get(NAME) == name:
                    return str(batch.id)
                if batch.created_at < since - SLACK_S:
                    break  # newest first: nothing of ours is behind it
        return None

    def state(self, batch: str) -> BatchState:
        """How far a batch is."""
        with self._faults():
            found = self.tool.client.batches.retrieve(batch)
        counts = found.request_counts
        words = f"{found.status}, {counts.completed} of {counts.total} done" if counts else str(found.status)
        errors = [f"{error.code}: {error.message}" for error in (found.errors.data if found.errors else None) or []]
        fault = "; ".join(errors[:3]) or "no reason was given" if found.status == "failed" else ""
        return BatchState(words, found.status in ("completed", "failed", "expired", "cancelled"), fault)

    def fetched(self, batch: str, file: Path) -> None:
        """Write the lines of the output file and of the error file to one file."""
        with self._faults(), file.open("wb") as target:
            found = self.tool.client.batches.retrieve(batch)
            for name in filter(None, (found.output_file_id, found.error_file_id)):
                with self.tool.file_client.files.with_streaming_response.content(name) as answer:
                    last = b""
                    for last in answer.iter_bytes():
                        target.write(last)
                    if not last.endswith(b"\n"):
                        target.write(b"\n")

    def opened(self, answer: bytes, request: EditRequest, n: int, batch: str) -> list[EditOutcome]:
        """The outcomes of one line's answer to ``n`` requests alike; its very bytes are kept."""
        said = json.loads(answer)
        response, facts = said.get("response") or {}, {"batch": batch}
        if error := said.get("error"):
            message = f"{error.get('code') or 'error'} in the batch: {replies.briefly(str(error.get('message')))}"
            return [EditOutcome(EditStatus.FAILED, None, message, facts, answer)] * n
        status, body = int(response.get("status_code") or 0), json.dumps(response.get("body")).encode()
        if response.get("request_id"):
            facts["request_id"] = response["request_id"]
        if status != 200:
            fault = replies.fault_of(status, {}, body, self.tool.card.name)
            told = {name: value for name, value in fault.provenance.items() if name != "retry_after_s"}
            return [EditOutcome(fault.status, None, fault.message, {**told, **facts}, answer)] * n
        parcel = codec.parcel_of(request, self.tool.fitted)
        outcomes = self.tool.answered(body, parcel, {"http_status": status, **facts}, n, self.prices)
        return [EditOutcome(one.status, one.image, one.message, one.provenance, answer) for one in outcomes]

    def cleared(self, batch: str) -> None:
        """Delete the three files of a batch; what cannot be deleted expires by itself."""
        import openai

        with suppress(openai.OpenAIError):
            found = self.tool.client.batches.retrieve(batch)
            for name in filter(None, (found.input_file_id, found.output_file_id, found.error_file_id)):
                with suppress(openai.OpenAIError):
                    self.tool.client.files.delete(name)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Errors of the client as the one clear error; where only the way failed, as a ConnectionError."""
        import openai

        try:
            yield
        except openai.APIStatusError as error:
            response = error.response
            told = response.headers, response.content, self.tool.card.name
            fault = replies.fault_of(response.status_code, *told, free=True)
            if "retry_after_s" in fault.provenance:
                raise ConnectionError(fault.message) from error
            raise EditorError(f"editor {self.tool.card.name}", f"the batch was refused ({fault.message})") from error
        except openai.APIConnectionError as error:
            raise ConnectionError(self.tool.lost(error).message) from error


def _data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
