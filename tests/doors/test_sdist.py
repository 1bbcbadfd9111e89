"""What the source distribution holds: all that builds, demos and tests, and no weights that carry RSNA's terms."""

from __future__ import annotations

import subprocess
import sys
import tarfile

import pytest

from tests.doors.outside import ROOT

BUILD = "import sys, hatchling.build; hatchling.build.build_sdist(sys.argv[1])"


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """Its files, relative to the folder that it unpacks to."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("sdist")
    subprocess.run([sys.executable, "-c", BUILD, str(folder)], cwd=ROOT, capture_output=True, timeout=120, check=True)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        return {name.partition("/")[2] for name in opened.getnames()}


def test_it_holds_no_weights_but_those_trained_on_phantoms(names):
    weights = {name for name in names if name.endswith((".onnx", ".safetensors", ".pt", ".pth", ".npz"))}
    assert {name.split("/")[1] for name in weights if name.startswith("models/")} == {
        "bones",
        "phantom",
        "rerender_phantom",
    }
    assert not [name for name in weights if "rsna" in name.casefold()]


@pytest.mark.parametrize(
    "name",
    [
        "pyproject.toml", "Makefile", "conftest.py", "README.md", "LICENSE", "CHANGELOG.md", "mkdocs.yml",
        "constraints.txt", "constraints-lowest.txt", "harness/editproof/__init__.py", "harness/editproof/py.typed",
        "validations/removal/test_pixels.py", "fixtures/phantom.py", "models/rerender.py", "models/phantom/card.json",
        "models/rsna100/card.json", "tests/conftest.py", "tests/doors/test_sdist.py", "bench/__main__.py",
        "docs/install.md",
    ],
)  # fmt: skip
def test_it_holds_what_builds_demos_and_tests(names, name):
    assert name in names


def test_it_holds_no_run_and_no_environment(names):
    assert not [name for name in names if name.startswith(("reports/2", ".venv", ".editproof", ".git/", ".lowest"))]
