"""What a script starts is part of the version of the tool that is behind it; what it does not use is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from editproof.editors.programs import files_digest
from editproof.editors.registry import editor_from_spec
from editproof.errors import EditorError

BODIES = {
    "a script of Python beside it": ('#!/bin/sh\npython "$(dirname "$0")/impl.py" "$@"\n', "impl.py", ""),
    "by its whole path": ('#!/bin/sh\npython {folder}/impl.py "$@"\n', "impl.py", ""),
    "in a folder that it names": ('#!/bin/bash\ncd "$(dirname "$0")"; ./lib/step.sh "$1"\n', "lib/step.sh", ""),
    "weights": ("#!/bin/sh\n./net --weights net.onnx\n", "net.onnx", ""),
    "a program that a script beside it names": (
        "#!/bin/sh\n. ./env.sh\n",
        "settings.json",
        "env.sh:load settings.json",
    ),
    "a module of a script of Python": ("#!/bin/sh\npython impl.py\n", "deep.py", "impl.py:import deep"),
    "without a first line": ("python impl.py\n", "impl.py", ""),
}


def script(folder: Path, body: str, between: str = "") -> str:
    tool = folder / "tool.sh"
    tool.write_text(body.replace("{folder}", str(folder)))
    tool.chmod(0o755)
    if between:
        name, _, text = between.partition(":")
        (folder / name).write_text(f"#!/bin/sh\n{text}\n" if name.endswith(".sh") else f"{text}\n")
    return str(tool)


@pytest.mark.parametrize(("body", "used", "between"), BODIES.values(), ids=BODIES)
def test_a_change_of_what_a_script_uses_is_another_tool(tmp_path: Path, body: str, used: str, between: str) -> None:
    tool = script(tmp_path, body, between)
    (tmp_path / used).parent.mkdir(exist_ok=True)
    (tmp_path / used).write_text("one")
    (tmp_path / "notes.txt").write_text("one")
    first = files_digest([tool, "{image}", "{output}"], "cmd:")
    (tmp_path / "notes.txt").write_text("two")
    assert files_digest([tool, "{image}", "{output}"], "cmd:") == first, "what it does not name does not count"
    (tmp_path / used).write_text("two")
    assert files_digest([tool, "{image}", "{output}"], "cmd:") != first


def test_scripts_that_name_one_another_end(tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_text("#!/bin/sh\n./b.sh\n")
    (tmp_path / "b.sh").write_text("#!/bin/sh\n./a.sh\n/usr/bin/env\n")
    assert files_digest([str(tmp_path / "a.sh")], "cmd:")


@pytest.mark.parametrize(
    ("place", "meant"), [("msk", "mask"), ("img", "image"), ("promt", "prompt"), ("images", "image")]
)
def test_a_misspelt_place_is_refused_before_it_is_passed_on(tmp_path: Path, place: str, meant: str) -> None:
    tool = script(tmp_path, "#!/bin/sh\n")
    with pytest.raises(EditorError) as caught:
        editor_from_spec(f"cmd:{tool} --in {{{place}}} {{output}}")
    assert f"Did you mean {{{meant}}}?" in str(caught.value)


@pytest.mark.parametrize("word", ["{}", "{0}", "a{b,c}", "${HOME}", "{{mask}}", "{xyzzy}", '{"a": 1}'])
def test_other_braces_are_left_alone(tmp_path: Path, word: str) -> None:
    tool = script(tmp_path, "#!/bin/sh\n")
    assert editor_from_spec(f"cmd:{tool} '{word}' {{output}}").card.version.startswith("files ")
