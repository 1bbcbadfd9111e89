"""Short options in a repository that has options of the same names: its own stay its own, however it asks for ours."""

from __future__ import annotations

import subprocess
import sys

import pytest
from editproof.study.options import flags

OWN = f"""
def pytest_addoption(parser):
    for flag in {[flag for flag in flags() if flag != "--repeats"]}: parser.addoption(flag, default="own")
"""
WAYS = {
    "by its configuration": ("", "[pytest]\naddopts = -p editproof.pytest_plugin.short\n"),
    "by its root conftest": ('pytest_plugins = ["editproof.pytest_plugin.short"]\n', "[pytest]\n"),
}


@pytest.mark.parametrize("way", WAYS)
def test_its_own_options_stay_its_own_and_the_others_are_ours(way, tmp_path):
    asks, configuration = WAYS[way]
    (tmp_path / "conftest.py").write_text(asks + OWN)
    (tmp_path / "pytest.ini").write_text(configuration)
    (tmp_path / "test_own.py").write_text(
        "def test_own(pytestconfig):\n"
        "    assert pytestconfig.getoption('--dataset') == 'd1'\n"
        "    assert pytestconfig.getoption('--store') == 'own'\n"
        "    assert pytestconfig.option.editproof_repeats == 7\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--dataset", "d1", "--repeats", "7"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    misspelt = subprocess.run([*command, "--repeatz", "7"], cwd=tmp_path, capture_output=True, text=True)
    assert misspelt.returncode == 4
    assert "Did you mean --repeats?" in misspelt.stderr
