"""The tools in the documentation are tools."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from editproof.editors.registry import editor_from_spec
from editproof.testing import check_editor
from editproof.types import EditRequest, EditStatus

PAGE = (Path(__file__).parents[2] / "docs" / "editors.md").read_text(encoding="utf-8")
((NAME, TEXT),) = re.findall(r"^```python (\S+\.py)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
NAMED = sorted(set(re.findall(rf"{NAME}:(\w+)", PAGE)))


def made(folder, factory):
    (folder / NAME).write_text(TEXT)
    return editor_from_spec(f"{folder / NAME}:{factory}")


def test_the_page_names_the_factories_of_its_example():
    assert sorted(re.findall(r"^def (\w+)", TEXT, re.MULTILINE)) == NAMED


@pytest.mark.parametrize("factory", NAMED)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_example_changes_what_may_change_and_nothing_else(tmp_path, factory, dtype):
    rng = np.random.default_rng(0)
    image, mask = rng.integers(1, 200, (24, 18)).astype(dtype), np.zeros((24, 18), bool)
    mask[4:12, 5:9] = True
    editor = made(tmp_path, factory)
    edited = editor(EditRequest(image, mask, "remove it", 0, 1, "a")).image
    assert edited.dtype == dtype
    assert (edited[mask] != image[mask]).mean() > 0.9
    assert (edited[~mask] == image[~mask]).all()
    check_editor(editor)


def test_an_example_refuses_a_prompt(tmp_path):
    image = np.zeros((24, 18), np.uint8)
    outcome = made(tmp_path, "smoother")(EditRequest(image, image > 0, "draw a fracture", 0, 1, "a"))
    assert (outcome.status, outcome.message) == (EditStatus.REFUSED, "it draws no fractures")
