"""The house stands as designed, measured from the real imports: rooms, levels, wings, and an inert plug-in."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import House

ROOT = Path(__file__).parents[1]
HOUSE = House(ROOT / "harness" / "editproof")

LEVELS_AT_MOST = 8
MODULES_AT_THE_ROOT_AT_MOST = 8
LINES_AT_MOST = 400

WINGS = {
    "measure": {"datasets", "editors", "editing", "instruments", "metrics", "imaging"},
    "decide": {"criteria"},
    "present": {"report"},
}
"""Rooms that never import one another's; `study`, `audit` and the doors are where they meet."""

SHARED = {"imaging"}
"""Rooms of a wing that say how images are made of regions, which a criterion may name."""

ONLY_USERS = {
    "pytest": {
        f"pytest_plugin/{name}.py"
        for name in (
            "asking", "chosen", "claim_files", "declarations", "faults", "fixtures", "measured", "plugin", "recorder",
            "rollcall", "short", "spelling", "unasked",
        )
    },
    "torch": {
        "instruments/runtimes/torch.py", "core/timm_import.py", "instruments/runtimes/torchscript.py",
        "instruments/runtimes/transformers.py",
        "editors/diffusers.py",
    },
    "onnxruntime": {"instruments/runtimes/onnx.py"},
    "timm": {"core/timm_import.py"},
    "openai": {"editors/openai.py", "editors/openai_batch.py"},
    "nibabel": {"imaging/nifti.py", "imaging/volumes.py"},
    "pydicom": {
        "datasets/dicom/file.py", "datasets/dicom/pixels.py", "datasets/dicom/tags.py", "datasets/masks/segments.py",
        "imaging/dicom.py",
    },
    **{name: {"core/http.py"} for name in ("httpx2", "httpcore2", "http", "socket")},
    "fsspec": {"core/url_files.py"},
    "mlflow": {"audit/exporters/mlflow.py"},
    "opentelemetry": {"audit/exporters/otel.py"},
    "ray": {"study/executors/ray.py", "study/executors/ray_files.py"},
    "pydantic": {"core/records.py"},
    "pydantic_core": {"core/declared.py"},
}  # fmt: skip

PART = "each module is one of several that answer the same call, and is asked by its module"
FACTORY = "each is what a specification names: --editor folder:PATH, --dataset folder:PATH"

DEFINED_TWICE = {
    "add_to": PART,
    "network": PART,
    "render": PART,
    "folder": FACTORY,
    "pytest_addoption": "each is a hook of a plug-in, which pytest calls by this name",
    "pytest_load_initial_conftests": "each is a hook of a plug-in, which pytest calls by this name",
}
"""Public names that two modules define, and why. A name that no longer needs to be here is taken out."""


def test_no_two_rooms_import_each_other():
    assert HOUSE.cycles() == []


def test_there_are_few_levels():
    assert len(HOUSE.levels()) <= LEVELS_AT_MOST, HOUSE.levels()


def test_the_root_of_the_package_holds_the_nouns_alone():
    at_root = sorted(path.name for path in HOUSE.folder.glob("*.py"))
    assert len(at_root) <= MODULES_AT_THE_ROOT_AT_MOST
    assert {"__init__.py", "errors.py", "testing.py"} <= set(at_root)


def test_every_room_of_a_wing_is_there():
    assert set().union(*WINGS.values()) <= HOUSE.rooms


@pytest.mark.parametrize("wing", WINGS)
def test_wings_meet_in_data_alone(wing):
    foreign = set().union(*(rooms for name, rooms in WINGS.items() if name != wing)) - SHARED
    crossings = [arrow for arrow in HOUSE.arrows if arrow.room in WINGS[wing] and arrow.to_room in foreign]
    assert crossings == []


def test_no_import_is_relative():
    assert HOUSE.relative() == []


def test_the_house_tests_would_notice(tmp_path):
    write(tmp_path, "criteria/stray.py", "from editproof.study.run import Run\nfrom editproof import study\n")
    write(tmp_path, "study/run.py", "import editproof.criteria.stray\nfrom . import other\n")
    write(
        tmp_path,
        "study/lazy.py",
        "def f():\n    from torch import nn\n    return importlib.import_module('timm.models')\n",
    )
    built = House(tmp_path)
    assert built.cycles() == [("criteria", "study")]
    assert built.relative() == ["study/run.py"]
    assert built.importers("torch") == built.importers("timm") == {"study/lazy.py"}


def test_levels_count_the_longest_way_down(tmp_path):
    write(tmp_path, "a/top.py", "from editproof.b import x\nfrom editproof.c import x\n")
    write(tmp_path, "b/x.py", "from editproof.c import x\n")
    write(tmp_path, "c/x.py", "")
    assert House(tmp_path).levels() == [{"c"}, {"b"}, {"a"}]


@pytest.mark.parametrize(("library", "users"), ONLY_USERS.items(), ids=ONLY_USERS)
def test_only_its_users_import(library, users):
    assert HOUSE.importers(library) == users


def test_ground_floor_needs_the_standard_library_alone():
    loaded = python(
        "import sys; before = set(sys.modules); import editproof.types, editproof.errors; "
        "print(*{name.split('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names)"
    )
    assert loaded.split() == ["editproof"]


def test_plugin_is_inert():
    loaded = python("import sys, pytest, editproof.pytest_plugin.plugin; print(*sys.modules)").split()
    heavy = {"numpy", "pandas", "scipy", "torch", "cv2", "jinja2", "pydantic", "editproof.study.run"}
    assert "editproof.pytest_plugin.plugin" in loaded
    assert not heavy & set(loaded)


def _id(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def test_a_suite_finds_every_factory_at_the_front_door():
    import editproof
    from editproof import criteria

    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (HOUSE.folder / "criteria").rglob("*.py")]
    functions = [node for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)]
    marked = {f.name for f in functions if any("estimand" in map(_id, ast.walk(mark)) for mark in f.decorator_list)}
    assert len(marked) > 30
    assert marked <= set(criteria.__all__)
    assert set(criteria.__all__) <= set(editproof.__all__)
    assert all(hasattr(editproof, name) for name in editproof.__all__)


def test_the_front_door_loads_nothing_before_a_name_is_asked_for():
    loaded = python("import sys, editproof; from editproof import types; print(*sys.modules)").split()
    assert not {"numpy", "pandas", "editproof.criteria"} & set(loaded)


def test_a_module_reads_in_one_sitting():
    assert {path: lines for path, lines in HOUSE.lengths().items() if lines > LINES_AT_MOST} == {}


def test_no_public_name_is_defined_twice():
    assert {name: modules for name, modules in HOUSE.defined_twice().items() if name not in DEFINED_TWICE} == {}


def test_no_name_is_excused_in_vain():
    assert set(DEFINED_TWICE) <= set(HOUSE.defined_twice())


def test_a_name_defined_twice_is_found(tmp_path):
    write(tmp_path, "a/x.py", "def same(): ...\ndef _own(): ...\ndef here():\n    def inner(): ...\n")
    write(tmp_path, "b/y.py", "if True:\n    class same: ...\ndef _own(): ...\ndef inner(): ...\n")
    write(tmp_path, "c.py", "from editproof.a.x import same, here\n")
    assert House(tmp_path).defined_twice() == {"same": ["a/x.py", "b/y.py"]}


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT).stdout
