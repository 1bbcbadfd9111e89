"""One gold page for every test that only reads it."""

from __future__ import annotations

import pytest
from editproof.evidence.record import Evidence
from editproof.report.page.html import render

from tests.report import gold


@pytest.fixture(scope="session")
def whole() -> Evidence:
    return gold.evidence()


@pytest.fixture(scope="session")
def page(whole: Evidence) -> str:
    return render(whole)
