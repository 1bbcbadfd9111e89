"""Beside the plug-ins of pytest that many repositories have, those keep working: ours changes nothing for them.

``make plugins`` installs them beside the environment, since in it they would change every run of these tests.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.doors.drawn import write_study
from tests.doors.outside import ROOT
from tests.doors.strangers import OWN_TESTS, ran, repository, write_files

FOLDER = ROOT / ".plugins"
LISTED = [
    line.partition("==")[0] for line in (ROOT / "tests/doors/plugins.txt").read_text().splitlines() if line[0] != "#"
]
TRESPASSED = "its options have the names of all of ours"
OF_ITS_OWN = {
    "conftest.py": """
import pytest
@pytest.fixture(params=[1, 2])
def study(request): return request.param
@pytest.fixture
def judge(study): return lambda: study
""",
    "tests/test_study.py": "def test_own(study, judge): assert judge() == study\n",
}
"""Fixtures by the short names of ours; its options are those of ``TRESPASSED``."""

PLUGINS = {
    "randomly": ("--randomly-seed=1",),
    "xdist": ("-n", "1"),
    "cov": ("--cov=tests", "--cov-report="),
    "timeout": ("--timeout=100",),
    "rerunfailures": ("--reruns=1",),
    "repeat": ("--count=2",),
    "asyncio": ("--asyncio-mode=auto",),
    "sugar": (),
    "html": ("--html=page.html", "--self-contained-html"),
    "allure_pytest": ("--alluredir=allure",),
}
"""Options by plug-in, such that it does something."""
BESIDE = ("randomly", "timeout", "asyncio", "sugar", "html", "metadata", "allure_pytest")
"""Those of ``make plugins``; the others are in every environment of these tests."""


@pytest.fixture(scope="module")
def beside() -> tuple[Path, ...]:
    absent = [name for name in LISTED if not list(FOLDER.glob(f"{name.replace('-', '_')}-*.dist-info"))]
    if absent:
        pytest.skip(f"needs {', '.join(absent)}: make plugins")
    return (FOLDER,)


def alone(plugin: str) -> tuple[str, ...]:
    """Options that leave out every other plug-in of ``make plugins``."""
    kept = (plugin, "metadata") if plugin == "html" else (plugin,)
    return tuple(word for name in BESIDE if name not in kept for word in ("-p", f"no:{name}"))


@pytest.mark.parametrize("plugin", [*PLUGINS, "all at once"])
def test_a_repository_that_never_asked_keeps_working(outside, tmp_path, beside, plugin):
    repo, _ = repository(tmp_path, TRESPASSED)
    conftest = (repo / "conftest.py").read_text() + OF_ITS_OWN["conftest.py"]
    write_files(repo, {**OF_ITS_OWN, "conftest.py": conftest, "tests/test_outcomes.py": OWN_TESTS})
    one = plugin in PLUGINS
    options = (*alone(plugin), *PLUGINS[plugin]) if one else tuple(word for found in PLUGINS.values() for word in found)
    words = ("-P", "-m", "pytest", "-q", *options)
    without = ran(outside.plain, repo, words, beside)
    assert {"passed", "failure", "error", "skipped"} <= set(without.outcomes.values()), without.said
    assert len([name for name in without.outcomes if "test_study" in name]) >= 2
    found = ran(outside.installed, repo, words, beside)
    assert (found.code, found.outcomes) == (without.code, without.outcomes), found.said


@pytest.mark.slow
def test_a_suite_comes_to_the_same_beside_all_of_them(outside, tmp_path, beside):
    repo = tmp_path / "hearts"
    write_study(repo)
    options = [
        word for name, found in PLUGINS.items() if name not in ("repeat", "rerunfailures", "cov") for word in found
    ]
    words = ("-m", "pytest", "-p", "no:cacheprovider", "--jobs", "1", "--repeats", "2", "--editor", "gray", *options)
    done = outside.installed.run(repo, *words, path=beside)
    assert done.returncode == 1, done.stdout + done.stderr
    (run,) = (repo / "reports").iterdir()
    evidence = json.loads((run / "evidence.json").read_text())
    assert evidence["findings"]["outcome"] == "FAIL"
    assert evidence["findings"]["incomplete"] == []
    assert re.search(r"x _gray: Does not conform \(FAIL\)", done.stdout)
    assert (repo / "page.html").exists()
    assert list((repo / "allure").iterdir())
