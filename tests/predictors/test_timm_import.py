"""timm loads where torchvision's operators are missing, and nothing is declared where they are not."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("torch")


def test_timm_loads_and_only_what_was_missing_is_declared() -> None:
    code = """
import sys, torch
try:
    import torchvision
    missing = False
except RuntimeError:
    missing = True
for name in [m for m in sys.modules if m.split(".")[0] == "torchvision"]:
    del sys.modules[name]
from harness.predictors import timm_import
assert timm_import.timm_module().create_model("resnet10t", num_classes=0).num_features == 512
assert bool(timm_import._declared) == missing, timm_import._declared
assert set(timm_import._declared) <= {"nms", "qnms"}
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_another_failure_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.predictors import timm_import

    def broken(name: str) -> None:
        raise RuntimeError("something else")

    monkeypatch.setattr(timm_import.importlib, "import_module", broken)
    with pytest.raises(RuntimeError, match="something else"):
        timm_import.timm_module()
