"""A user's own file is a module of its own, whatever it is called and whatever else is called so."""

from __future__ import annotations

import importlib
import inspect
import pickle
import sys

import pytest
from editproof.core.callables import callable_from_file, module_from_file
from editproof.core.sources import source_digest
from editproof.errors import EditorError

TOOL = """
from __future__ import annotations
from dataclasses import dataclass

@dataclass
class Made:
    value: int = {value}

def make():
    return Made()
"""


@pytest.fixture(autouse=True)
def _as_before():
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def tool(folder, value=1, name="a_tool_of_this_test.py"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(TOOL.format(value=value))
    return folder / name


def loaded(path):
    return callable_from_file(path, "make", "--editor x", EditorError)


def is_at_home(make, path):
    """Whether pickles, annotations and the digest of a function's source lead to its own file."""
    made = make()
    return (
        sys.modules[make.__module__].__file__ == str(path)
        and pickle.loads(pickle.dumps(made)) == made
        and inspect.get_annotations(type(made), eval_str=True) == {"value": int}
    )


def test_two_files_of_one_stem_are_two_modules(tmp_path):
    paths = [tool(tmp_path / "a", 1), tool(tmp_path / "b", 2)]
    first, second = map(loaded, paths)
    assert (first().value, second().value) == (1, 2)
    assert is_at_home(first, paths[0])
    assert is_at_home(second, paths[1])
    assert source_digest(first) != source_digest(second)
    assert first.__module__ == "a_tool_of_this_test"


def test_a_file_that_is_called_like_an_installed_module_does_not_take_its_place(tmp_path):
    name = "colorsys"
    sys.modules.pop(name, None)
    path = tool(tmp_path, name=f"{name}.py")
    assert is_at_home(loaded(path), path)
    assert hasattr(importlib.import_module(name), "rgb_to_hsv")


@pytest.mark.parametrize("name", ["my-tool.py", "a.b.py", "__main__.py", "class.py"])
def test_a_file_of_any_name_is_loaded(tmp_path, name):
    path = tool(tmp_path, name=name)
    assert is_at_home(loaded(path), path)


def test_a_file_that_is_loaded_again_keeps_its_name(tmp_path, monkeypatch):
    path = tool(tmp_path)
    assert loaded(path).__module__ == loaded(path).__module__ == "a_tool_of_this_test"
    monkeypatch.chdir(tmp_path)
    assert loaded(path.relative_to(tmp_path)).__module__ == "a_tool_of_this_test"


def test_a_file_that_does_not_import_leaves_no_module(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("raise SystemExit('no')")
    with pytest.raises(EditorError, match=r"the file does not import \(SystemExit: no\)"):
        module_from_file(path, "--editor x", EditorError)
    assert "broken" not in sys.modules
    path.write_text(TOOL.format(value=3))
    assert loaded(path)().value == 3
