"""The fixtures under short names, which a suite gets by one line in its ``conftest.py``.

::

    from editproof.pytest_plugin.fixtures import judge, study
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from editproof.pytest_plugin.measured import judge_for, study_for

if TYPE_CHECKING:
    from editproof.study.judging import EditorStudy, Judge

__all__ = ["judge", "study"]


@pytest.fixture(scope="session")
def study(request: pytest.FixtureRequest) -> EditorStudy:
    """One tool, measured on the whole cohort; measured once, however many tests ask."""
    return study_for(request)


@pytest.fixture
def judge(request: pytest.FixtureRequest) -> Judge:
    """Decide a criterion for a study, or a family of them, and record the verdicts in the evidence."""
    return judge_for(request)
