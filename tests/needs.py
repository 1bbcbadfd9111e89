"""What some tests need beside the project: data, a browser, packages. They skip without it; CI does not let them.

The shared data is looked for in the folder that ``EDITPROOF_SHARED_DATA`` names, by default ``../shared/data`` beside
the checkout. Every reason to skip for want of something begins with one of ``REASONS``: where ``CI`` is true, a test
that skips for such a reason fails the session, so that an install step that broke cannot go unnoticed.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
"""The checkout."""
VARIABLE = "EDITPROOF_SHARED_DATA"
NO_DATA = "needs the shared data"
REASONS = (NO_DATA, "needs ", "could not import ")
"""How the reasons begin that CI does not accept: ours, and that of ``pytest.importorskip``."""


def shared_folder() -> Path:
    """Where the data lies that several projects share; none of it is in this one."""
    return Path(os.environ.get(VARIABLE) or ROOT.parent / "shared" / "data")


def shared_data(name: str) -> Path:
    """A file or folder of the shared data; skips the test where it is not there."""
    path = shared_folder() / name
    if not path.exists():
        pytest.skip(f"{NO_DATA}: there is no {name} in {shared_folder()}; {VARIABLE} names another folder")
    return path


def weights_of(folder: Path) -> Path:
    """A folder of ``models/``; skips the test where its weights are not there: RSNA's terms keep them out of archives."""
    if not any(folder.glob("*.safetensors")):
        pytest.skip(
            f"needs the weights of models/{folder.name}, which a clone of the repository has and an sdist has not"
        )
    return folder


def on_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("1", "true")


def refused(reason: str) -> bool:
    """Whether CI does not accept that a test skips for this reason; shared data may be missing as a whole."""
    if reason.startswith(NO_DATA):
        return shared_folder().exists()
    return reason.startswith(REASONS)


class Skips:
    """Fails a session in which a test skipped for a reason that CI does not accept, and says which in one line."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._note(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.found and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.found:
            first, reason = next(iter(self.found.items()))
            said = f"{len(self.found)} tests skipped that CI needs, the first {first}: {reason}"
            terminalreporter.write_line(said, red=True)

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and isinstance(report.longrepr, tuple | list):
            reason = str(report.longrepr[2]).removeprefix("Skipped: ")
            if refused(reason):
                self.found[report.nodeid] = reason


def pytest_configure(config: pytest.Config) -> None:
    """On CI, watch what is skipped; under xdist once, where all reports come together."""
    if on_ci() and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Skips(), "refused skips")
