"""A repository that never asked for this package runs its own tests alike, with it installed and without."""

from __future__ import annotations

import pytest

from tests.doors.outside import write_files
from tests.doors.strangers import FILES, WAYS, comparable, ran, repository

OUTCOMES = {"passed", "failure", "error", "skipped"}

TRESPASSES = {
    "imports a harness": ("import harness.plugin; harness.plugin.RUN", "harness/ of its own"),
    "imports a harness that is one file": ("import harness.plugin", "harness.py of its own"),
    "imports models": ("import models", "models/, fixtures/, reports/, validations/ of its own"),
    "imports fixtures, and catches what it can": (
        "try: import fixtures\nexcept ImportError: pass", "models/, fixtures/, reports/, validations/ of its own",
    ),
    "warns": ("import warnings\ndef pytest_configure(config): warnings.warn('ours', UserWarning)", "warnings are errors"),
    "claims an option": (
        "def pytest_addoption(parser): parser.addoption('--dataset')", "an option of its own is called --dataset",
    ),
    "prints": ("def pytest_terminal_summary(terminalreporter): terminalreporter.write_line('x')", "harness.py of its own"),
    "skips": ("import pytest\ndef pytest_runtest_setup(item): pytest.skip()", "harness.py of its own"),
    "changes the exit code": ("def pytest_sessionfinish(session): session.exitstatus = 9", "warnings are errors"),
    "makes a fixture for all": (
        "import pytest\n@pytest.fixture(autouse=True)\ndef study(): raise ValueError", "harness.py of its own",
    ),
}  # fmt: skip
"""What a plug-in may do wrong, and a repository that shows it."""


IN_WORKERS = "study and judge are fixtures of its own"
RUNS = [(name, way) for name in FILES for way in WAYS if "-n" not in way or name == IN_WORKERS]


@pytest.mark.parametrize(("name", "way"), RUNS)
def test_runs_alike_with_us_and_without(outside, tmp_path, name, way):
    repo, path = repository(tmp_path, name)
    without = ran(outside.plain, repo, WAYS[way], path)
    assert set(without.outcomes.values()) == OUTCOMES, without.said
    if "tests/test_harness.py" in FILES[name]:
        assert without.outcomes["tests.test_harness::test_own"] == "passed", without.said
    assert ran(outside.installed, repo, WAYS[way], path) == without


@pytest.mark.parametrize("trespass", TRESPASSES)
def test_a_plugin_that_trespasses_is_noticed(outside, tmp_path, trespass):
    code, name = TRESPASSES[trespass]
    repo, path = repository(tmp_path, name)
    write_files(
        tmp_path / "trespasser",
        {
            "trespasser.py": code + "\n",
            "trespasser-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: trespasser\nVersion: 1\n",
            "trespasser-1.dist-info/entry_points.txt": "[pytest11]\ntrespasser = trespasser\n",
        },
    )
    way = WAYS["python -m pytest"]
    without = ran(outside.plain, repo, way, path)
    assert ran(outside.plain, repo, way, (*path, tmp_path / "trespasser")) != without


def test_how_long_a_run_took_makes_no_difference(outside):
    said = ["== 1 failed, 2 passed in 0.98s ==", "= 1 failed, 2 passed in 61.02s (0:01:01) =", "= 2 failed in 0.98s ="]
    quick, slow, other = (comparable(line, outside.plain) for line in said)
    assert quick == slow != other
