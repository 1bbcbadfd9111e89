"""Compiled templates: kept, and made anew where their text or the code that they call has changed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from editproof.report.page import compiled
from jinja2 import DictLoader, Environment


def page(folder: Path, text: str) -> str:
    cache = compiled.CompiledTemplates(folder)
    return Environment(loader=DictLoader({"page": text}), bytecode_cache=cache).get_template("page").render()


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    assert page(tmp_path, "{{ 1 + 1 }}") == "2"
    (path,) = (tmp_path / "__pycache__").iterdir()
    return path


def test_a_template_is_compiled_once(kept, monkeypatch):
    monkeypatch.setattr(Environment, "compile", lambda *a, **k: pytest.fail("compiled again"))
    assert page(kept.parents[1], "{{ 1 + 1 }}") == "2"


def test_a_changed_template_is_compiled_anew(kept):
    assert page(kept.parents[1], "{{ 1 + 2 }}") == "3"


def test_changed_code_of_the_package_has_templates_compiled_anew(kept, monkeypatch):
    kept.write_bytes(b"of another version")
    monkeypatch.setattr(compiled, "_made_with", lambda package: "a module was changed")
    assert page(kept.parents[1], "{{ 1 + 1 }}") == "2"
    assert len(list(kept.parent.iterdir())) == 2


def test_what_templates_are_made_with_are_the_modules_as_they_are_now(tmp_path):
    (tmp_path / "report").mkdir()
    module = tmp_path / "report" / "wording.py"
    module.write_text("A = 1\n")
    before = compiled._made_with(tmp_path)
    assert compiled._made_with(tmp_path) == before
    module.write_text("A = 12\n")
    assert compiled._made_with(tmp_path) != before


def test_a_damaged_file_is_no_template(kept):
    kept.write_bytes(b"\x00")
    assert page(kept.parents[1], "{{ 1 + 1 }}") == "2"


def test_nothing_is_written_where_python_writes_no_modules(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert page(tmp_path, "{{ 1 + 1 }}") == "2"
    assert not list(tmp_path.iterdir())
