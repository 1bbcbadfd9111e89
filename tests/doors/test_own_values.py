"""An estimand on a metric, neither known to the package: locked, judged, compared, and verified with ``--trust`` elsewhere."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.doors.drawn import write_study
from tests.doors.outside import write_files
from tests.records import flat

PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--jobs", "1", "--repeats", "2")
EDITPROOF = ("-m", "editproof.cli")

OWN = '''
import numpy as np
from editproof import Estimand, MetricOutput, estimand, metric

@metric(MetricOutput("brightest_change", unit="levels", unchanged=0.0))
def brightest_change(pair):
    """Largest rise of a gray level, by region."""
    rise = np.maximum(pair.edited.astype(float) - pair.original, 0)
    return {f"brightest_change:{region}": rise[mask].max() for region, mask in pair.regions.items() if mask.any()}

@estimand
def glare(*, region="protected", arm="edited", missing="worst_case"):
    """Mean of the largest rise of a gray level within a region."""
    return Estimand(
        name="glare", quantity=f"brightest_change:{region}", unit="levels", scope="images",
        statistic=_mean, ideal=0.0, least=0.0, most=60.0, unchanged=0.0,
        arm=arm, instrument="image", missing=missing,
    )

def _mean(readings):
    return readings.mean_of(readings.values, None if np.any(readings.values > 0) else 0.0)
'''
CONFTEST = """
import own

def pytest_editproof_metrics(): return [own.brightest_change]
def pytest_editproof_estimands(): return [own.glare]
"""
SUITE = """
from editproof import Criterion, at_most, mae_drift
import own

GLARE = Criterion("G-1", own.glare(), at_most(9.0), source="placeholder: a test")
WIDTH = Criterion("W-1", mae_drift("width", cap=15.0, unit="mm"), at_most(2.0), source="placeholder: a test")

def test_glare(study, judge): assert judge(GLARE, study)
def test_width(study, judge): assert judge(WIDTH, study)
"""
MISTAKES = {
    "an estimand of no hook": ("conftest.py", "def pytest_editproof_estimands(): return [own.glare]", "", "glare"),
    "a metric of no hook": ("conftest.py", "def pytest_editproof_metrics(): return [own.brightest_change]", "", "brightest_change"),
    "a statistic that raises": ("own.py", "readings.mean_of(readings.values,", "readings.nothing(readings.values,", "glare"),
    "a metric that raises": ("own.py", "rise[mask].max()", "rise[mask].nothing()", "brightest_change"),
    "an argument that no file can hold": ("claims/test_hearts.py", "own.glare()", "own.glare(region=len)", "region"),
}  # fmt: skip


@pytest.fixture
def repo(tmp_path):
    folder = tmp_path / "hearts"
    write_study(folder)
    conftest = (folder / "conftest.py").read_text()
    write_files(folder, {"own.py": OWN, "conftest.py": conftest + CONFTEST, "claims/test_hearts.py": SUITE})
    ini = folder / "pytest.ini"
    ini.write_text(ini.read_text() + "pythonpath = .\n")
    return folder


@pytest.mark.slow
def test_locked_judged_compared_and_verified_elsewhere(run_outside, repo, tmp_path):
    lock = run_outside(repo, *EDITPROOF, "lock", "lock.json", "claims", "--editor", "mytool.py:make", "--repeats", "2")
    assert lock.returncode == 0, lock.stdout + lock.stderr
    judged = run_outside(repo, *PYTEST, "--editor", "mytool.py:make", "--lock", "lock.json")
    assert judged.returncode == 0, judged.stdout + judged.stderr
    (run,) = (repo / "reports").iterdir()
    evidence = flat(json.loads((run / "evidence.json").read_text()))
    assert (evidence["outcome"], evidence["label"]) == ("PASS", "CONFIRMATORY")
    assert set(evidence["protocol"]["estimands"]) == {"glare"}
    assert {"brightest_change"} < set(evidence["protocol"]["metrics"])
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(run, elsewhere / "run")
    again = run_outside(repo, *PYTEST, "--editor", "mytool.py:make", "--lock", "lock.json")
    assert again.returncode == 0, again.stdout + again.stderr
    (later,) = set((repo / "reports").iterdir()) - {run}
    shutil.copytree(later, elsewhere / "later")
    shutil.copy(repo / "own.py", elsewhere)
    verify = (*EDITPROOF, "verify", "run")
    alone = run_outside(elsewhere, "-P", *verify)
    assert alone.returncode == 1
    assert "estimand 'glare' is not known here" in alone.stdout
    trusted = run_outside(elsewhere, "-P", *verify, "--trust", "own.py")
    assert trusted.returncode == 0, trusted.stdout + trusted.stderr
    compare = (*EDITPROOF, "compare", "run", "later", "--margin", "G-1=6", "--margin", "W-1=2", "--trust", "own.py")
    compared = run_outside(elsewhere, "-P", *compare)
    assert compared.returncode == 0, compared.stdout + compared.stderr
    (elsewhere / "own.py").write_text(OWN.replace("rise[mask].max()", "rise[mask].mean()"))
    changed = run_outside(elsewhere, "-P", *verify, "--trust", "own.py")
    assert changed.returncode == 1
    assert "sha256" in changed.stdout
    judged = run_outside(repo, *PYTEST, "--editor", "gray", "--lock", "lock.json")
    assert "x FAIL         G-1 glare" in judged.stdout, "a tool that brightens fails the own claim"


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_is_one_line_before_the_first_edit(run_outside, repo, mistake):
    file, before, after, named = MISTAKES[mistake]
    text = (repo / file).read_text()
    assert before in text
    (repo / file).write_text(text.replace(before, after))
    done = run_outside(repo, *PYTEST, "--editor", "mytool.py:make")
    assert done.returncode not in (0, 1, 9), done.stdout + done.stderr
    assert named in done.stdout + done.stderr
    assert not list(repo.glob(".editproof/edits/**/*.png"))
    assert not (repo / "reports").exists()
