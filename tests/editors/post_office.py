"""The Batch API of the loopback server: files, batches, their lines answered as the Images API would."""

from __future__ import annotations

import base64
import email.parser
import email.policy
import json
import re
import socket
import time
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.editors.server import Server

ERRORS = {
    "moderation": (400, {"message": "Your request was rejected", "code": "moderation_blocked"}),
    "bad": (400, {"message": "Invalid size", "code": "invalid_value"}),
    "error": (500, {"message": "The server had an error", "code": None}),
    "rate_limit": (429, {"message": "Rate limit reached", "code": "rate_limit_exceeded"}),
    "auth": (401, {"message": "Incorrect API key", "code": "invalid_api_key"}),
}


class PostOffice:
    """Files and batches.

    Attributes
    ----------
    polls : int
        How often a batch is under way before it has ended.
    end : str
        ``completed``, ``failed`` (refused as a whole), or ``expired`` after the first line.
    faults : dict of lists
        What befalls the next requests of a step (``POST /v1/batches``), in turn: ``error`` (500), ``cut`` (done, but the answer is lost), ``quota``.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict] = {}
        self.polls, self.end = 1, "completed"
        self.faults: dict[str, list[str]] = {}
        self.lines: list[dict] = []
        self.seen: list[bytes] = []

    def is_for(self, path: str) -> bool:
        return re.match(r"/v1/(files|batches)", path) is not None

    def answer(self, http: BaseHTTPRequestHandler, body: bytes) -> None:
        self.seen.append(body)
        step = f"{http.command} {re.sub(r'/(file|batch)_[0-9]+', '/ID', http.path.partition('?')[0])}"
        fault = (self.faults.get(step) or [""]).pop(0)
        if fault == "error":
            http.reply(500, {"error": {"message": "The server had an error"}})
            return
        if fault == "quota":
            http.reply(429, {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}})
            return
        with self.server.lock:
            found = self._done(step, http.path, http.headers, body)
        if fault == "cut":
            http.connection.shutdown(socket.SHUT_RDWR)
            http.close_connection = True
        elif isinstance(found, bytes):
            http.send(200, found, "application/octet-stream")
        else:
            http.reply(200, found)

    def _done(self, step: str, path: str, headers: dict, body: bytes) -> dict | bytes:
        name = (re.search(r"(?:file|batch)_[0-9]+", path) or [""])[0]
        if step == "POST /v1/files":
            fields = multipart(headers["Content-Type"], body)
            assert fields["purpose"] == "batch"
            return self._file(fields["file"])
        if step == "GET /v1/files/ID/content":
            return self.files[name]
        if step == "DELETE /v1/files/ID":
            self.files.pop(name, None)
            return {"id": name, "object": "file", "deleted": True}
        if step == "POST /v1/batches":
            return self._created(json.loads(body))
        if step == "GET /v1/batches":
            newest = sorted(self.batches.values(), key=lambda batch: batch["created_at"], reverse=True)
            return {"object": "list", "data": newest, "has_more": False}
        assert step == "GET /v1/batches/ID", step
        batch = self.batches[name]
        batch["polled"] += 1
        if batch["status"] == "in_progress" and batch["polled"] > self.polls:
            self._end(batch)
        return batch

    def _file(self, content: bytes) -> dict:
        name = f"file_{len(self.files) + len(self.batches) + len(self.seen)}"
        self.files[name] = content
        return {"id": name, "object": "file", "bytes": len(content), "created_at": 1, "filename": "x",
                "purpose": "batch", "status": "processed"}  # fmt: skip

    def _created(self, asked: dict) -> dict:
        assert (asked["endpoint"], asked["completion_window"]) == ("/v1/images/edits", "24h")
        assert asked["input_file_id"] in self.files
        batch = {**asked, "id": f"batch_{len(self.batches)}", "object": "batch", "status": "in_progress",
                 "created_at": int(time.time()), "polled": 0}  # fmt: skip
        self.batches[batch["id"]] = batch
        return batch

    def _end(self, batch: dict) -> None:
        batch["status"] = self.end
        if self.end == "failed":
            batch["errors"] = {"object": "list", "data": [{"code": "model_not_found", "message": "no such model"}]}
            return
        out, errors = [], []
        lines = [json.loads(line) for line in self.files[batch["input_file_id"]].splitlines()]
        batch["request_counts"] = {"total": len(lines), "completed": len(lines), "failed": 0}
        for line in lines[:1] if self.end == "expired" else lines:
            self.lines.append(line)
            status, body = self._response(line["body"])
            answer = {"id": "r", "custom_id": line["custom_id"], "error": None,
                      "response": {"status_code": status, "request_id": "req_b", "body": body}}  # fmt: skip
            (out if status == 200 else errors).append(json.dumps(answer))
        for line in lines[1:] if self.end == "expired" else []:
            error = {"code": "batch_expired", "message": "This request could not be executed in time."}
            errors.append(json.dumps({"id": "r", "custom_id": line["custom_id"], "response": None, "error": error}))
        for field, answers in (("output_file_id", out), ("error_file_id", errors)):
            if answers:
                batch[field] = self._file("\n".join(reversed(answers)).encode())["id"]

    def _response(self, body: dict) -> tuple[int, dict]:
        scenario = self.server.script.pop(0) if len(self.server.script) > 1 else (self.server.script or ["ok"])[0]
        if scenario in ERRORS:
            status, error = ERRORS[scenario]
            return status, {"error": error}
        files = {"image": body["images"][0], "mask": body["mask"]}
        fields = {name: base64.b64decode(file["image_url"].partition("base64,")[2]) for name, file in files.items()}
        self.server.lock.release()  # it is taken again to bill
        try:
            return 200, self.server.made({**fields, "n": body["n"]}, scenario)
        finally:
            self.server.lock.acquire()


def multipart(kind: str, body: bytes) -> dict:
    """Fields of a multipart form: text as str, files as bytes."""
    parser = email.parser.BytesParser(policy=email.policy.HTTP)
    message = parser.parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    fields: dict = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        fields[name] = content if part.get_filename() else content.decode()
    return fields
