"""Which claims a session has, and how each ended, so that what was not judged is not forgotten."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any

import pytest

PROPERTY = "editproof"
"""Name of the property by which a judgement travels in the report of its test."""
COLLECTED, LEFT_OUT = "editproof_collected", "editproof_left_out"
NAMED = 3
"""Claims that a sentence names."""


def is_claim(item: pytest.Item) -> bool:
    """Whether a test asks for this package's ``study``; another repository's fixture of that name is left alone."""
    info = getattr(item, "_fixtureinfo", None)
    return asks_for_study(getattr(info, "name2fixturedefs", {}))


def asks_for_study(definitions: dict[str, Any]) -> bool:
    """Whether the ``study`` among some fixtures is this package's, or made of it; the last one overrides the others."""
    for definition in reversed(definitions.get("study") or ()):
        if definition.func.__module__ == "editproof.pytest_plugin.plugin":
            return True
        if "study" not in definition.argnames:
            return False
    return False


class RollCall:
    """A plug-in of every process of a session: workers tell the process that reports what they collected."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.collected: set[str] = set()
        self.ended: set[str] = set()
        self.left_out = 0
        self.only_failed = False
        self.not_run: list[str] = []
        self._lines: dict[str, list[str]] = {}

    @property
    def judged(self) -> list[str]:
        """Every judgement, as it travels, in the order in which tests began to judge."""
        return [line for lines in self._lines.values() for line in lines]

    def incomplete(self, *, interrupted: bool = False) -> list[str]:
        """Why the suite did not run completely, one sentence each; empty where it did."""
        missing = sorted(self.collected - self.ended)
        some = ", ".join(missing[:NAMED]) + (", ..." if len(missing) > NAMED else "")
        distributed = self.config.pluginmanager.hasplugin("dsession")
        reasons = [
            (interrupted, "the session was interrupted"),
            (self.left_out, f"{self.left_out} claims were deselected"),
            (missing, f"{len(missing)} claims did not run to their end: {some}"),
            (distributed and not self.collected, "no worker told which claims it had collected"),
            (self.only_failed, "only tests that failed before were asked for (--lf)"),
        ]
        return [words for holds, words in reasons if holds] + self.not_run

    def pytest_sessionstart(self) -> None:
        """Note whether the suite is cut down to what failed before; without a failure to go by it is not."""
        before = getattr(self.config.pluginmanager.getplugin("lfplugin"), "lastfailed", True)
        self.only_failed = bool(self.config.getoption("lf", False) and before)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note the claims that are to run."""
        self.collected |= {item.nodeid for item in session.items if is_claim(item)}

    def pytest_deselected(self, items: Iterable[pytest.Item]) -> None:
        """Count claims that were left out."""
        self.left_out += sum(map(is_claim, items))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note files that may hold claims and were not collected."""
        if not report.passed:
            how = "was skipped; --ignore it if it holds no claim" if report.skipped else "could not be collected"
            self.not_run.append(f"{report.nodeid} {how}")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Mark the reports of claims, so that a skipped one is missed."""
        report = yield
        report.editproof_claim = is_claim(item)  # type: ignore[attr-defined]
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Enter what a test judged, in its set-up and after its end as well, and what was not judged."""
        if not getattr(report, "editproof_claim", False):
            return
        if lines := [str(line) for name, line in report.user_properties if name == PROPERTY]:
            self._lines[report.nodeid] = lines
        if report.when == "call" or not report.passed:
            self.ended.add(report.nodeid)
        if report.skipped:
            xfailed = hasattr(report, "wasxfail")
            self.not_run.append(f"{report.nodeid} was {'xfailed' if xfailed else 'skipped'}")
        elif report.failed and not lines:
            self.not_run.append(f"{report.nodeid} broke before it judged")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """In a worker, tell what it collected."""
        output = getattr(self.config, "workeroutput", None)
        if output is not None:
            output |= {COLLECTED: sorted(self.collected), LEFT_OUT: self.left_out}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take over what a worker collected and left out; all of them do the same."""
        output = getattr(node, "workeroutput", {})
        self.collected |= set(output.get(COLLECTED, ()))
        self.left_out = max(self.left_out, output.get(LEFT_OUT, 0))
