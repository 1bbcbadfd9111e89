"""Repositories that never heard of this project, and what a test run of one comes to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from editproof.study.options import flags

from tests.doors.outside import Environment, write_files

OWN_TESTS = """
import warnings
import pytest

@pytest.fixture
def broken():
    raise ValueError("its own fault")

def test_passes(): assert True
def test_fails(): assert [1, 2] == [1, 3]
def test_is_in_error(broken): pass
@pytest.mark.skip(reason="not today")
def test_is_skipped(): pass
@pytest.mark.xfail(reason="known")
def test_fails_as_expected(): assert False
@pytest.mark.parametrize("n", [1, 2])
def test_warns(n): warnings.warn("its own", UserWarning)
"""
"""One test of each outcome, so that a changed one shows."""

LOUD = "raise RuntimeError(f'{__name__} was imported by somebody who does not know it')\n"

OTHER_DISTRIBUTION = {
    "harness/__init__.py": "OWNER = 'another distribution'\n",
    "harness/plugin.py": "import pytest\n@pytest.fixture\ndef owner(): import harness; return harness.OWNER\n",
    "harness-3.1.dist-info/METADATA": "Metadata-Version: 2.1\nName: harness\nVersion: 3.1\n",
    "harness-3.1.dist-info/RECORD": "",
    "harness-3.1.dist-info/entry_points.txt": "[pytest11]\nharness = harness.plugin\n",
}

FILES: dict[str, dict[str, str]] = {
    "harness/ of its own": {
        "harness/__init__.py": "",
        "harness/plugin.py": "OWNER = 'this repository'\n",
        "tests/test_harness.py": "import harness.plugin\ndef test_own(): assert harness.plugin.OWNER[:4] == 'this'\n",
        "conftest.py": "",
    },
    "harness/ that is not a package": {
        "harness/run.sh": "exit 0\n",
        "conftest.py": "",
    },
    "harness.py of its own": {
        "harness.py": "OWNER = 'this repository'\n",
        "tests/test_harness.py": "import harness\ndef test_own(): assert harness.OWNER == 'this repository'\n",
        "conftest.py": "",
    },
    "another distribution called harness": {
        "tests/test_harness.py": "def test_own(owner): assert owner == 'another distribution'\n",
    },
    "models/, fixtures/, reports/, validations/ of its own": {
        f"{name}/__init__.py": LOUD for name in ("models", "fixtures", "reports", "validations", "bench", "docs")
    }
    | {"conftest.py": ""},
    "warnings are errors": {
        "pytest.ini": "[pytest]\naddopts = -W error --strict-markers --strict-config\n",
    },
    "study and judge are fixtures of its own": {
        "tests/conftest.py": "import pytest\n@pytest.fixture(params=[1, 2])\ndef study(request): return request.param\n"
        "@pytest.fixture\ndef judge(study): return lambda: study\n",
        "tests/test_study.py": "def test_own(study, judge): assert judge() == study\n",
    },
    "an option of its own is called --dataset": {
        "conftest.py": "def pytest_addoption(parser): parser.addoption('--dataset', default='own')\n",
        "tests/test_option.py": "def test_own(pytestconfig): assert pytestconfig.option.dataset == 'own'\n",
    },
    "its options have the names of all of ours": {
        "conftest.py": f"""
def pytest_addoption(parser):
    for flag in {flags()}: parser.addoption(flag, default='own')
""",
        "tests/test_options.py": f"""
import pytest
@pytest.mark.parametrize('flag', {flags()})
def test_own(pytestconfig, flag): assert pytestconfig.getoption(flag) == 'own'
""",
    },
    "another option of its own is stored as dataset": {
        "conftest.py": "def pytest_addoption(parser): parser.addoption('--ds', dest='dataset')\n",
        "pytest.ini": "[pytest]\naddopts = --ds=own\n",
        "tests/test_option.py": "def test_own(pytestconfig): assert pytestconfig.option.dataset == 'own'\n",
    },
}
"""Repositories by what is particular about them; each has ``OWN_TESTS`` besides."""

WAYS = {
    "python -m pytest": ("-m", "pytest"),
    "pytest": ("-P", "-m", "pytest"),
    "pytest -n 1": ("-P", "-m", "pytest", "-n", "1"),
}
"""Ways to call pytest: with the current folder on the path; as its program does, without; and in another process."""


@dataclass(frozen=True)
class Ran:
    """What a test run came to, without its times and without the list of installed plug-ins."""

    code: int
    outcomes: dict[str, str]
    said: str


def repository(folder: Path, name: str) -> tuple[Path, tuple[Path, ...]]:
    """A repository of ``FILES`` written below a folder, and what belongs on its path."""
    repo, elsewhere = folder / "repository", folder / "elsewhere"
    write_files(repo, {"tests/test_outcomes.py": OWN_TESTS, **FILES[name]})
    if "distribution" not in name:
        return repo, ()
    write_files(elsewhere, OTHER_DISTRIBUTION)
    return repo, (elsewhere,)


def ran(environment: Environment, repo: Path, args: tuple[str, ...], path: tuple[Path, ...] = ()) -> Ran:
    """The repository's own tests, run."""
    report = repo.parent / "junit.xml"
    report.unlink(missing_ok=True)
    done = environment.run(repo, *args, "-rA", "-p", "no:cacheprovider", f"--junitxml={report}", path=path)
    return Ran(done.returncode, _outcomes(report), comparable(done.stdout + done.stderr, environment))


def _outcomes(report: Path) -> dict[str, str]:
    """Outcome by test, of a report in JUnit's form; nothing where pytest did not come to write one."""
    if not report.exists():
        return {}
    cases = ElementTree.parse(report).iter("testcase")
    return {
        f"{case.get('classname')}::{case.get('name')}": " ".join(child.tag for child in case) or "passed"
        for case in cases
    }


def comparable(text: str, environment: Environment) -> str:
    """The text without what differs from run to run and from environment to environment."""
    lines = [line for line in text.splitlines() if not line.startswith("plugins: ")]
    kept = "\n".join(lines).replace(str(environment.folder), "ENVIRONMENT")
    return re.sub(r"=+ (.*) in [\d.]+s(?: \([\d:]+\))? =+", r"= \1 in TIME =", kept)
