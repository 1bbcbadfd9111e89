"""What holds for every test.

Compiled modules are loaded here, once: pytester forgets what a test imported, and they cannot be loaded twice. No property
fails for being tried on a slow machine. On CI no test may skip for want of something (``tests/needs.py``).
"""

import editproof.audit.publication
import editproof.criteria.redecision
import editproof.study.run  # noqa: F401
import pytest
from editproof.study import tasks
from hypothesis import settings

from tests import needs

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def _a_folder_of_its_own(request: pytest.FixtureRequest) -> None:
    """No tool or store of an earlier test stands for one of the same name: runs of pytester share this very process."""
    if "pytester" in request.fixturenames:
        tasks.supplied.cache_clear()
        tasks.edits_in.cache_clear()


def pytest_configure(config: pytest.Config) -> None:
    needs.pytest_configure(config)
