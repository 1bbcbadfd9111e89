"""The other side of :mod:`editproof.editors.process`: makes one tool, and answers requests until its input ends."""

from __future__ import annotations

import base64
import itertools
import os
import pickle
import queue
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from typing import BinaryIO

from editproof.editors.adapter import CheckedEditor, Service
from editproof.editors.frames import in_pairs, outcome_frame, read_frame, request_of, write_frame
from editproof.editors.registry import EditorFactory, file_of, made_here
from editproof.errors import EditorError
from editproof.evidence.plain import plain
from editproof.types import JSON

Frame = tuple[dict[str, JSON], list[bytes]]


def serve() -> None:
    """Answer on what were the standard streams until the input ends, and leave at once then.

    The first message has ``spec``, as for ``--editor``, and ``factory``, a pickled reference to a factory of that name,
    or nothing. What the tool prints goes to the error stream.
    """
    inlet, outlet = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.dup2(2, 1)
    frames: queue.SimpleQueue[Frame] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(inlet, frames), daemon=True).start()
    replies = _Replies(outlet)
    order, _ = frames.get()
    editor = _made(order, replies)
    if editor is None:
        _leave(0)
        return
    if editor.service.concurrency == 1:
        while True:
            _answer(editor, frames.get(), replies)
    with ThreadPoolExecutor(editor.service.concurrency) as pool:
        while True:
            pool.submit(_answer, editor, frames.get(), replies)


class _Replies:
    """Writes one message at a time."""

    def __init__(self, outlet: BinaryIO) -> None:
        self._outlet, self._lock = outlet, threading.Lock()

    def send(self, number: int, header: Mapping[str, JSON], parts: list[bytes] | None = None) -> None:
        with self._lock:
            write_frame(self._outlet, {**header, "number": number}, parts or [])


def _read(inlet: BinaryIO, frames: queue.SimpleQueue[Frame]) -> None:
    """Pass messages on; leave as soon as the harness has gone, whatever the tool is doing."""
    while (frame := read_frame(inlet)) is not None:
        frames.put(frame)
    _leave(0)


def _leave(code: int) -> None:
    os._exit(code)


def _made(order: Mapping[str, JSON], replies: _Replies) -> CheckedEditor | None:
    """The tool, after the harness was told what it says of itself; None where there is none."""
    number = order["number"]
    extra: dict[str, EditorFactory] = {}
    try:
        if order["factory"]:
            extra[order["name"]] = pickle.loads(base64.b64decode(order["factory"]))
            if (file := file_of(extra[order["name"]])) != order["file"]:
                raise ImportError(f"its module is {file} here, and {order['file']} in the harness")
    except Exception as error:  # importing a user's module may raise anything
        replies.send(number, {"unmade": f"{type(error).__name__}: {error}"})
        return None
    try:
        editor = made_here(order["spec"], extra)
    except EditorError as error:
        replies.send(number, _stop(error))
        return None
    if editor.around or editor.batch_service:
        replies.send(number, {"unmade": "it is a tool around another, or is asked by batch"})
        return None
    service = {entry.name: getattr(editor.service, entry.name) for entry in fields(Service)}
    replies.send(number, {"card": plain(editor.card), "service": service})
    return editor


def _answer(editor: CheckedEditor, frame: Frame, replies: _Replies) -> None:
    header, parts = frame
    pairs = zip(header["requests"], in_pairs(parts), strict=True)
    try:
        outcomes = editor.edits([request_of(one, pair) for one, pair in pairs])
    except EditorError as error:
        replies.send(header["number"], _stop(error))
        return
    headers, found = zip(*(outcome_frame(outcome) for outcome in outcomes), strict=True)
    replies.send(header["number"], {"outcomes": headers}, list(itertools.chain(*found)))


def _stop(error: EditorError) -> dict[str, JSON]:
    return {"stop": {"asked": error.asked, "found": error.found, "advice": error.advice}}
