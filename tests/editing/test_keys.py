"""An edit is found again under the key that it was stored under: keys never change, and say what decides an edit."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from editproof.editing.store import request_keys
from editproof.editors.adapter import Service, checked
from editproof.editors.registry import editor_from_spec
from editproof.types import EditorCard, EditOutcome, EditRequest
from hypothesis import given
from hypothesis import strategies as st

STORED = {
    "folder:{edits}": ("637601640d", "395983e7f0", "38fc216603", "40ae09a8e9"),
    "openai:gpt-image-2?quality=high&n=3": ("cef72c58a3", "60fe1fe30f", "cef72c58a3", "60fe1fe30f"),
    'openai:gpt-image-1?base_url=http://127.0.0.1:9/v1&rpm=5&extra_body={{"a": 1}}': (
        "06a68731cd", "ad0793e5b3", "06a68731cd", "ad0793e5b3",
    ),
    "http:iopaint?url=http://127.0.0.1:1": ("27c44c2874", "35cf133860", "27c44c2874", "35cf133860"),
    "http:a1111?mask=black&multiple=16&timeout=3&concurrency=4&rpm=9": (
        "0066dfbd32", "2d86e28576", "0066dfbd32", "2d86e28576",
    ),
}  # fmt: skip
"""First digits of keys as stores have them: of cases a and b, two repeats each."""


def requests() -> list[EditRequest]:
    image = np.random.default_rng(7).integers(0, 200, (75, 53)).astype(np.uint8)
    mask = np.zeros((75, 53), bool)
    mask[5:20, 3:30] = True
    return [
        EditRequest(image, mask, "remove the marker", repeat, 100 + repeat, case) for case in "ab" for repeat in (0, 1)
    ]


def _keys(editor) -> list[str]:
    return request_keys(editor.card, requests(), by_case=editor.service.by_case)


@pytest.mark.parametrize("spec", STORED)
def test_paid_edits_of_old_stores_are_found_again(spec, tmp_path):
    edits = tmp_path / "edits"
    edits.mkdir()
    (edits / "a.png").write_bytes(b"fixed")
    editor = editor_from_spec(spec.format(edits=edits), allow_egress=None)
    assert tuple(key[:10] for key in _keys(editor)) == STORED[spec]


@dataclass
class Tool:
    name: str
    service: Service
    card: EditorCard = field(init=False)

    def __post_init__(self) -> None:
        self.card = EditorCard(self.name, "1", "a tool")

    def __call__(self, request: EditRequest) -> EditOutcome:
        return EditOutcome.ok(request.image.copy())


@given(st.sampled_from(["a", "t 1", "my-folder:x", "Ü", "folders"]), st.booleans())
def test_the_case_decides_where_the_tool_says_so_whatever_it_is_called(name, by_case):
    editor = checked(Tool(name, Service(by_case=by_case)))
    first, _, other, _ = _keys(editor)
    assert (first != other) == by_case


@pytest.mark.parametrize("wrapper", ["paste-back", "pad:16"])
def test_a_wrapper_hands_on_that_the_case_decides(wrapper, tmp_path):
    (tmp_path / "a.png").write_bytes(b"fixed")
    assert editor_from_spec(f"{wrapper}+folder:{tmp_path}").service.by_case
    assert not editor_from_spec(f"{wrapper}+identity").service.by_case
