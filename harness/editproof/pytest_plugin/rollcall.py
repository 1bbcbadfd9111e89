"""Which claims a session has, and how each ended, so that what was not judged is not forgotten.

The roll is taken when tests are made, before anything may leave one out, and what a test judges is noted here and not
on the test, which could change it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from editproof.types import Verdict

PLUGIN = "editproof-rollcall"
COLLECTED, LEFT_OUT, NAMED = "editproof_collected", "editproof_left_out", "editproof_named"
FORGOTTEN = "editproof_forgotten"
MOST = 3
"""Claims that a sentence names."""

STUDIES, JUDGES = ("study", "editproof_study"), ("judge", "editproof_judge")
"""The fixtures of this package; the short names are there only where a repository asked for them."""

OURS = ("editproof.pytest_plugin.plugin", "editproof.pytest_plugin.fixtures")
"""Modules that define them."""

_REPEAT = "__pytest_repeat_step_number"
"""Parameter by which pytest-repeat makes several tests of one."""


def is_claim(item: pytest.Item) -> bool:
    """Whether a test asks for this package's ``study``; another repository's fixture of that name is left alone."""
    fixtures = _fixtures_of(item)
    return any(asks_for(name, fixtures) for name in STUDIES)


def asks_for(name: str, definitions: Mapping[str, Any]) -> bool:
    """Whether the fixture of a name is this package's, or made of it; the last one overrides the others."""
    for definition in reversed(definitions.get(name) or ()):
        if definition.func.__module__ in OURS:
            return True
        if name not in definition.argnames:
            return False
    return False


def asks_to_judge(item: pytest.Item) -> bool:
    """Whether a test asks for ``judge``, this package's or, beside its ``study``, one that took its place."""
    fixtures = _fixtures_of(item)
    if any(asks_for(name, fixtures) for name in JUDGES):
        return True
    return any(name in fixtures for name in JUDGES) and is_claim(item)


def test_of(item: pytest.Item) -> str:
    """Id of the test that an item runs; the repeats that pytest-repeat makes of one are one test.

    The number of the repeat is the last parameter: ``test_drift[tool-2-3]`` is ``test_drift[tool]``.
    """
    params = getattr(getattr(item, "callspec", None), "params", {})
    if _REPEAT not in params:
        return item.nodeid
    return re.sub(r"(\[|-)\d+-\d+\]$", lambda found: "" if found[1] == "[" else "]", item.nodeid)


class RollCall:
    """A plug-in of every process of a session: workers tell the process that reports what they collected."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.collected: set[str] = set()
        self.ended: set[str] = set()
        self.left_out: set[str] = set()
        self.named: dict[str, tuple[str, ...]] = {}
        self.only_failed = False
        self.not_run: list[str] = []
        self.forgotten: set[Path] = set()
        self.verdicts: dict[str, list[Verdict]] = {}
        self._items: list[pytest.Item] = []
        self._told: dict[str, list[str]] = {}
        self._heard: dict[tuple[str, int], list[str]] = {}

    @property
    def judged(self) -> list[str]:
        """Every judgement, as it travels, in the order in which tests began to judge."""
        return [line for lines in self._heard.values() for line in lines]

    def note(self, item: pytest.Item, line: str, verdict: Verdict) -> None:
        """Keep a judgement of a test of this process, as it travels, and its verdict."""
        self.verdicts.setdefault(item.nodeid, []).append(verdict)
        self._told.setdefault(item.nodeid, []).append(line)

    def incomplete(self, *, interrupted: bool = False) -> list[str]:
        """Why the suite did not run completely, one sentence each; empty where it did."""
        missing = sorted(self.collected - self.ended - self.left_out)
        some = ", ".join(missing[:MOST]) + (", ..." if len(missing) > MOST else "")
        distributed = self.config.pluginmanager.hasplugin("dsession")
        reasons = [
            (interrupted, "the session was interrupted"),
            (self.left_out, f"{len(self.left_out)} claims were deselected"),
            (missing, f"{len(missing)} claims did not run to their end: {some}"),
            (distributed and not self.collected, "no worker told which claims it had collected"),
            (self.only_failed, "only tests that failed before were asked for (--lf)"),
        ]
        uncollected = [
            f"{path.name} holds claims and was not collected; name it *.claims{path.suffix}, or --ignore it"
            for path in sorted(self._forgotten())
        ]
        return [words for holds, words in reasons if holds] + list(dict.fromkeys(self.not_run)) + uncollected

    def _forgotten(self) -> set[Path]:
        """Tables of claims that no name made a suite, and that no test file read either."""
        from editproof.criteria.claim_tables import READ

        return {path for path in self.forgotten if path.resolve() not in READ}

    def pytest_sessionstart(self) -> None:
        """Note whether the suite is cut down to what failed before; without a failure to go by it is not."""
        before = getattr(self.config.pluginmanager.getplugin("lfplugin"), "lastfailed", True)
        self.only_failed = bool(self.config.getoption("lf", False) and before)

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Enter a claim as it is made."""
        if is_claim(item) or asks_to_judge(item):
            self.collected.add(item.nodeid)
            self._items.append(item)

    def pytest_collection_finish(self) -> None:
        """Enter what each test that is to judge names, whether it was left in the session or not."""
        for item in self._items:
            named = _criteria_named(item)
            if asks_to_judge(item) or named:
                self.named[test_of(item)] = named

    def excuse(self, items: Iterable[pytest.Item]) -> None:
        """Strike claims off the roll that are no part of this run, which says so itself."""
        excused = {item.nodeid for item in items}
        self.collected -= excused
        self._items = [item for item in self._items if item.nodeid not in excused]

    def pytest_deselected(self, items: Iterable[pytest.Item]) -> None:
        """Enter claims that were left out and said to be."""
        self.left_out |= {item.nodeid for item in items} & self.collected

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note files that may hold claims and were not collected."""
        if not report.passed:
            how = "was skipped; --ignore it if it holds no claim" if report.skipped else "could not be collected"
            self.not_run.append(f"{report.nodeid} {how}")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Mark the reports of claims, so that a skipped one is missed, and have them carry what was judged so far."""
        report = yield
        if item.nodeid in self.collected:
            report.editproof_judged = list(self._told.get(item.nodeid, ()))  # type: ignore[attr-defined]
            report.editproof_process = os.getpid()  # type: ignore[attr-defined]
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Enter what a test judged, in its set-up and after its end as well, and what was not judged."""
        lines: list[str] | None = getattr(report, "editproof_judged", None)
        if lines is None:
            return
        if lines:
            self._heard[report.nodeid, report.editproof_process] = lines
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
            named = {test: list(ids) for test, ids in self.named.items()}
            output |= {COLLECTED: sorted(self.collected), LEFT_OUT: sorted(self.left_out), NAMED: named}
            output[FORGOTTEN] = sorted(map(str, self._forgotten())) if self.collected else []

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take over what a worker collected and left out; all of them do the same."""
        output = getattr(node, "workeroutput", {})
        self.collected |= set(output.get(COLLECTED, ()))
        self.left_out |= set(output.get(LEFT_OUT, ()))
        self.forgotten |= set(map(Path, output.get(FORGOTTEN, ())))
        self.named |= {test: tuple(ids) for test, ids in output.get(NAMED, {}).items()}


def _fixtures_of(item: pytest.Item) -> Mapping[str, Any]:
    found: Mapping[str, Any] = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    return found


def _criteria_named(item: pytest.Item) -> tuple[str, ...]:
    """Ids of the criteria that a claim names one by one; those in a container are for it to choose from."""
    if not (isinstance(item, pytest.Function) and is_claim(item)):
        return ()
    from editproof.criteria.claimed import criteria_named

    params = item.callspec.params if hasattr(item, "callspec") else {}
    return tuple(sorted({criterion.id for criterion in criteria_named(item.function, params, contained=False)}))
