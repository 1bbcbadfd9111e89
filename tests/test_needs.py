"""Tests that skip for want of something fail CI, and nothing else; each rule in both directions, with xdist and without."""

from __future__ import annotations

import pytest

from tests import needs

SHARED = "from tests.needs import shared_data\n"
SUITES = {
    "data": SHARED + "def test_it(): shared_data('nowhere')\ndef test_other(): pass\n",
    "data alone": SHARED + "def test_it(): shared_data('nowhere')\n",
    "data there": SHARED + "def test_it(): assert shared_data('here').name == 'here'\n",
    "fixture": SHARED
    + "import pytest\n@pytest.fixture\ndef data(): return shared_data('nowhere')\ndef test_it(data): pass\n",
    "package": "import pytest\npytest.importorskip('no_such_package', reason='needs the extra x')\ndef test_it(): pass\n",
    "pytest's own word": "import pytest\ndef test_it(): pytest.importorskip('no_such_package')\n",
    "mark": "import pytest\n@pytest.mark.skipif(True, reason='needs Chromium')\ndef test_it(): pass\n",
    "another reason": "import pytest\ndef test_it(): pytest.skip('Monday')\n",
    "expected failure": "import pytest\n@pytest.mark.xfail(reason='needs Chromium')\ndef test_it(): assert 0\n",
    "green": "def test_it(): pass\n",
}


@pytest.fixture
def session(pytester, monkeypatch):
    """A session of one of the suites: its exit code, and what it said."""
    monkeypatch.setenv("PYTHONPATH", f"{needs.ROOT}")
    monkeypatch.setenv(needs.VARIABLE, str(pytester.path / "data"))
    for name in ("CI", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)

    def run(suite, *options, ci="true", folder=True):
        if folder:
            (pytester.path / "data" / "here").mkdir(parents=True)
        if ci:
            monkeypatch.setenv("CI", ci)
        pytester.makepyfile(SUITES[suite])
        result = pytester.runpytest_subprocess("-p", "tests.needs", *options)
        return result.ret, result.stdout.str()

    return run


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "xdist"])
@pytest.mark.parametrize("suite", ["data", "data alone", "fixture", "package", "pytest's own word", "mark"])
def test_ci_fails_where_a_test_skips_for_want_of_something(session, suite, options):
    code, said = session(suite, *options)
    assert code == 1
    (line,) = [line for line in said.splitlines() if "skipped that CI needs" in line]
    assert line.startswith("1 tests skipped that CI needs, the first test_ci_fails_where_a_test_skips")
    assert (needs.VARIABLE in line) == (suite in ("data", "data alone", "fixture"))


@pytest.mark.parametrize("suite", ["data there", "another reason", "expected failure", "green"])
def test_ci_accepts_every_other_skip(session, suite):
    code, said = session(suite)
    assert (code, "skipped that CI needs" in said) == (0, False)


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_shared_data_may_be_missing_as_a_whole(session, options):
    assert session("data", *options, folder=False)[0] == 0


@pytest.mark.parametrize("ci", ["", "false", "0"])
@pytest.mark.parametrize("suite", ["data", "package", "mark"])
def test_elsewhere_they_skip(session, suite, ci):
    code, said = session(suite, ci=ci)
    assert code in (0, pytest.ExitCode.NO_TESTS_COLLECTED)
    assert "1 skipped" in said


def test_a_failure_stays_one(session, pytester):
    pytester.makepyfile(test_red="def test_red(): assert 0\n")
    code, said = session("mark", "-x")
    assert code == 1
    assert "1 failed" in said


def test_the_folder_is_the_one_of_the_variable_and_else_beside_the_checkout(monkeypatch, tmp_path):
    monkeypatch.setenv(needs.VARIABLE, str(tmp_path))
    assert needs.shared_folder() == tmp_path
    monkeypatch.setenv(needs.VARIABLE, "")
    assert needs.shared_folder() == needs.ROOT.parent / "shared" / "data"
    monkeypatch.delenv(needs.VARIABLE)
    assert needs.shared_folder() == needs.ROOT.parent / "shared" / "data"
    assert (needs.ROOT / "pyproject.toml").exists()
