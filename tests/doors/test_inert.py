"""In a repository that never asks for it, the installed plug-in imports itself and the standard library, no more."""

from __future__ import annotations

import json
import sys

import pytest

from tests.doors.outside import ROOT, write_files

FOLDER = ROOT / "harness" / "editproof" / "pytest_plugin"
OPTED_IN = ("asking", "command", "fixtures", "short")
"""Modules of it that a repository, a suite or a command asks for."""
PLUGIN = {
    "editproof",
    "editproof.errors",
    "editproof.pytest_plugin",
    "editproof.study",
    "editproof.study.options",  # declarations alone, which the command prints too
    *(f"editproof.pytest_plugin.{path.stem}" for path in FOLDER.glob("[!_]*.py") if path.stem not in OPTED_IN),
}

WRITES_ITS_MODULES = """
import atexit, json, os, sys
@atexit.register
def write(): open(f"modules-{os.getpid()}.json", "w").write(json.dumps(sorted(sys.modules)))
"""

RUNS = {
    "tests": ("-q",),
    "tests in a worker": ("-q", "-n", "1"),
    "collection": ("-q", "--collect-only"),
    "help": ("--help",),
    "fixtures": ("--fixtures",),
    "usage error": ("no_such_file.py",),
}


@pytest.fixture
def modules_of(tmp_path):
    """``modules_of(environment, args)``: all that the processes of a run have imported when they end."""
    write_files(tmp_path, {"conftest.py": WRITES_ITS_MODULES, "test_own.py": "def test_passes(): pass\n"})

    def run(environment, args):
        for left in tmp_path.glob("modules-*.json"):
            left.unlink()
        environment.run(tmp_path, "-m", "pytest", "-p", "no:cacheprovider", *args)
        found = [set(json.loads(path.read_text())) for path in tmp_path.glob("modules-*.json")]
        assert len(found) == (2 if "-n" in args else 1)
        return set().union(*found)

    return run


@pytest.mark.parametrize("run", RUNS)
def test_imports_itself_and_the_standard_library(outside, modules_of, run):
    more = modules_of(outside.installed, RUNS[run]) - modules_of(outside.plain, RUNS[run])
    assert {name for name in more if name.partition(".")[0] not in sys.stdlib_module_names} == PLUGIN


def test_an_import_of_a_suite_is_seen(outside, modules_of, tmp_path):
    write_files(tmp_path, {"test_own.py": "from editproof import at_most\ndef test_passes(): at_most(1)\n"})
    more = modules_of(outside.installed, RUNS["tests"]) - modules_of(outside.plain, RUNS["tests"])
    assert {"editproof.criteria", "numpy"} <= more
