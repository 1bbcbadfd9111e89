"""The house stands as designed: imports go down, wings do not meet, a plug-in that is not used is not felt."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HARNESS = ROOT / "harness"

FLOORS = [
    set("types errors words redaction pyfile".split()),
    set(
        "stats metrics measurements evidence protocol plain bundle schema schemas consistency gallery attestation comparison".split()
    ),
    set("datasets editors predictors executors store ledger batching editing records progress criteria report".split()),
    set("study exhibits judging run edit_session derivation delivery verification merging comparing testing".split()),
    set("plugin rollcall cli".split()),
]
WINGS = {
    "measure": set(
        "study exhibits datasets editors predictors executors store ledger batching editing records".split()
    ),
    "decide": {"criteria"},
    "present": {"report"},
}
MEETING_PLACES = set("judging run edit_session derivation delivery verification merging comparing plugin cli".split())
"""Where the wings may be seen together: nothing here measures, decides or draws."""

ONLY_USERS = {
    "pytest": {"plugin.py", "rollcall.py"},
    "torch": {"predictors/torch.py", "predictors/timm_import.py", "predictors/torchscript.py", "editors/diffusers.py"},
    "onnxruntime": {"predictors/onnx.py"},
    "timm": {"predictors/timm_import.py"},
    "openai": {"editors/openai.py", "editors/openai_batch.py"},
    "pydicom": {"datasets/dicom_file.py"},
}


def modules() -> list[Path]:
    return sorted(path for path in HARNESS.rglob("*.py") if path != HARNESS / "__init__.py")


def room_of(path: Path) -> str:
    return path.relative_to(HARNESS).parts[0].removesuffix(".py")


def imported_names(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("RELATIVE")
    return names


def imported_rooms(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imported_names(path) if name.startswith("harness.")}


def floor_of(room: str) -> int:
    found = [number for number, rooms in enumerate(FLOORS) if room in rooms]
    assert found, f"{room} stands on no floor; add it to FLOORS and to ARCHITECTURE.md"
    return found[0]


def upward_imports(path: Path) -> set[str]:
    return {room for room in imported_rooms(path) if floor_of(room) > floor_of(room_of(path))}


def crossings(path: Path) -> set[str]:
    room = room_of(path)
    home = next((wing for wing, rooms in WINGS.items() if room in rooms), None)
    if home is None or room in MEETING_PLACES:
        return set()
    foreign = set().union(*(rooms for wing, rooms in WINGS.items() if wing != home))
    return imported_rooms(path) & foreign


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(HARNESS).as_posix())
def test_imports_go_down_and_stay_in_their_wing(path):
    assert not upward_imports(path)
    assert not crossings(path)
    assert "RELATIVE" not in imported_names(path)


def test_the_floor_test_would_notice(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "HARNESS", tmp_path)
    (tmp_path / "criteria").mkdir()
    stray = tmp_path / "criteria" / "stray.py"
    stray.write_text("from harness.run import Run\nfrom harness import study\n")
    assert upward_imports(stray) == {"run", "study"}
    assert crossings(stray) == {"study"}


@pytest.mark.parametrize(("library", "users"), ONLY_USERS.items(), ids=ONLY_USERS)
def test_only_its_users_import(library, users):
    importers = {
        path.relative_to(HARNESS).as_posix()
        for path in modules()
        if any(name.split(".")[0] == library for name in imported_names(path))
    }
    assert importers <= users


def test_ground_floor_needs_the_standard_library_alone():
    loaded = python(
        "import sys; before = set(sys.modules); import harness.types, harness.errors; "
        "print(*{name.split('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names)"
    )
    assert loaded.split() == ["harness"]


def test_plugin_is_inert():
    loaded = python("import sys, pytest, harness.plugin; print(*sys.modules)").split()
    heavy = {"numpy", "pandas", "scipy", "torch", "cv2", "jinja2", "harness.run"}
    assert "harness.plugin" in loaded
    assert not heavy & set(loaded)


def test_a_suite_finds_every_factory_at_the_front_door():
    import harness
    from harness import criteria

    assert set(criteria.__all__) - {"overall", "sentence_of"} <= set(harness.__all__)
    assert all(hasattr(harness, name) for name in harness.__all__)


def test_a_module_reads_in_one_sitting():
    long = {path.name: lines for path in modules() if (lines := len(path.read_text().splitlines())) > 400}
    assert not long


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT).stdout
