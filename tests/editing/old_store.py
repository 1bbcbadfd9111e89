"""A paid tool and what it was asked: the store beside this file was written with both by editproof 0.1.

Written by ``python tests/editing/old_store.py harness tests/editing/old_store`` where the package of that version,
then imported as ``harness``, is on the path; with ``editproof`` it writes what this version does.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import numpy as np

STORE = Path(__file__).with_suffix("")
CASES = (("hand-1", np.uint8), ("hand-2", np.uint16))
REPEATS = 2


def requests(types):
    """Two cases of two repeats each: a gray ramp with a marker in its corner, 8 and 16 bits deep."""
    for number, (case, depth) in enumerate(CASES):
        image = (np.add.outer(np.arange(12), np.arange(10)) * (number + 1)).astype(depth)
        mask = np.zeros(image.shape, bool)
        mask[1:4, 1:6] = True
        for repeat in range(REPEATS):
            yield types.EditRequest(
                image, mask, "Remove the marker; ü", repeat, 100 * number + repeat, case, {"q": 0.5}
            )


def paid(types, adapter):
    """A metered tool that answers, refuses, and fails in turn; it counts its calls."""

    class Paid:
        card = types.EditorCard(
            "paid:model-1", "1", "for tests", {"size": "auto", "n": None}, deterministic=False, sends_data_to=None
        )
        service = adapter.Service(metered=True, expected_usd=0.25)
        calls = 0

        def __call__(self, request):
            Paid.calls += 1
            if Paid.calls == 2:
                return types.EditOutcome.failure(types.EditStatus.REFUSED, "no marker found", usage={"in": 3})
            if Paid.calls == 4:
                return types.EditOutcome.failure(types.EditStatus.FAILED, "HTTP 500", http_status=500)
            edited = np.where(request.edit_mask, np.uint8(7), request.image).astype(request.image.dtype)
            told = {"cost_usd": 0.25, "http_status": 200, "usage": {"out": 9}, "request_id": f"req_{Paid.calls}"}
            return types.EditOutcome(types.EditStatus.OK, edited, "", told, f"answer {Paid.calls}".encode())

    return Paid()


if __name__ == "__main__":
    package, folder = sys.argv[1:]
    types = import_module(f"{package}.types")
    adapter = import_module(f"{package}.editors.adapter")
    editing = import_module({"harness": "harness.editing"}.get(package, f"{package}.editing.edits"))
    editor = adapter.checked(paid(types, adapter))
    terms = editing.Terms(since=0.0)
    for request in requests(types):
        editing.Edits(Path(folder), terms).outcomes(editor, [request])
    if package == "harness":  # as its batching.py kept a batch that was submitted and not answered yet
        store = import_module("harness.store").Store(Path(folder))
        record = {"name": "b" * 32, "tool": "paid:model-1", "time": 1795884390.5, "id": "batch_1", "open": True}
        store.keep_record("batches", record["name"], {**record, "tickets": {"0123456789abcdef": ["ab" * 32]}})
