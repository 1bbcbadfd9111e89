"""``NAME=SPEC``: what a user calls a tool. It is the same tool, paid for once, and a built-in name stays taken."""

from __future__ import annotations

import pytest
from editproof.editing.store import identity_of
from editproof.editors.registry import editor_from_spec
from editproof.errors import EditorError
from editproof.study.study_file import read_study

SHARP, SMOOTH = "cmd:true sharp {image} {output}", "cmd:true smooth {image} {output}"


def test_two_tools_of_one_program_have_two_names():
    assert editor_from_spec(SHARP).card.name == editor_from_spec(SMOOTH).card.name == "cmd:true"
    sharp, smooth = editor_from_spec(f"sharp={SHARP}").card, editor_from_spec(f"smooth={SMOOTH}").card
    assert (sharp.name, smooth.name) == ("sharp", "smooth")
    assert sharp.parameters["own_name"] == "cmd:true"


@pytest.mark.parametrize("spec", [SHARP, "opencv-median", "paste-back+opencv-telea", "squash:512+8bit+identity"])
def test_a_named_tool_is_the_same_tool(spec):
    """Its card differs in its name alone, and its edits are those of the tool itself."""
    bare, named = editor_from_spec(spec), editor_from_spec(f"mine={spec}")
    assert (named.card.name, named.card.parameters["own_name"]) == ("mine", bare.card.name)
    assert identity_of(named.card) == identity_of(bare.card)
    assert (named.card.version, named.card.geometry) == (bare.card.version, bare.card.geometry)
    while bare.around:
        bare, named = bare.around.inner, named.around.inner
    assert identity_of(named.card) == identity_of(bare.card)
    assert named.card.name == "mine"  # calls and limits are counted by this name


def test_the_tool_of_a_file_may_be_named_too(tmp_path, monkeypatch):
    (tmp_path / "tool.py").write_text("def make(): return edit\ndef edit(request): return request.image\n")
    (tmp_path / "study.toml").write_text('schema = "editproof-study/1"\neditors = ["mine=tool.py:make"]\n')
    monkeypatch.chdir(tmp_path.parent)
    (spec,) = read_study(tmp_path / "study.toml").editors
    assert spec == f"mine={tmp_path.name}/tool.py:make"
    card = editor_from_spec(spec).card
    assert (card.name, card.parameters["own_name"], card.process) == ("mine", "edit", "own")


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("identity=opencv-telea", "'identity' is the name of a built-in tool or wrapper"),
        ("Paste-Back=opencv-telea", "'paste-back' is the name of a built-in tool or wrapper"),
        ("mine=", "it names no tool"), ("mine=telea", "no such tool is installed"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_name_is_refused(spec, found):
    with pytest.raises(EditorError) as caught:
        editor_from_spec(spec)
    assert caught.value.found == found


@pytest.mark.parametrize(
    "kind", ["def edit(request):\n        return request.image\n", "edit = lambda request: request.image\n"]
)
def test_a_tool_made_inside_its_factory_goes_by_the_name_of_the_factory(tmp_path, kind):
    (tmp_path / "tool.py").write_text(f"def sharpening():\n    {kind}    return edit\n")
    assert editor_from_spec(f"{tmp_path / 'tool.py'}:sharpening").card.name == "sharpening"
