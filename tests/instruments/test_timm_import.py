"""timm loads where torchvision's operators are missing, and nothing is declared where it is whole."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

pytest.importorskip("torch")


def test_timm_loads_and_at_most_the_two_missing_schemas_are_declared() -> None:
    code = """
from editproof.core import timm_import
timm = timm_import.timm_module()
assert timm.create_model("resnet10t", num_classes=0).num_features == 512
assert set(timm_import._declared) <= {"nms", "qnms"}
assert timm_import.timm_module() is timm
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_whole_torchvision_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from editproof.core import timm_import

    whole = ModuleType("timm")
    monkeypatch.setattr(timm_import, "_declared", {})
    monkeypatch.setattr(timm_import.importlib, "import_module", lambda name: whole)
    assert timm_import.timm_module() is whole
    assert not timm_import._declared


def test_another_failure_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    from editproof.core import timm_import

    def broken(name: str) -> None:
        raise RuntimeError("something else")

    monkeypatch.setattr(timm_import.importlib, "import_module", broken)
    with pytest.raises(RuntimeError, match="something else"):
        timm_import.timm_module()
