"""What the fixtures give, whatever they are called: a tool's study, and the judge of claims about it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from editproof.pytest_plugin.chosen import run_of
from editproof.pytest_plugin.declarations import RunOptions, refusal, said
from editproof.pytest_plugin.faults import stop_claims
from editproof.pytest_plugin.rollcall import PLUGIN, RollCall, is_claim, test_of

if TYPE_CHECKING:
    from editproof.criteria import Criterion
    from editproof.study.judging import EditorStudy, Judge, Judgement
    from editproof.study.run import Run
    from editproof.study.tabled import TabledRun

WARNING = "editproof: warning"


def study_for(request: pytest.FixtureRequest) -> EditorStudy:
    """One tool, measured on the whole cohort; measured once, however many tests ask."""
    from editproof.errors import EditproofError

    config = request.config
    try:
        with uncaptured(config):
            run, claims = checked_claims(config, request.session.items)
            if RunOptions(config).write_lock:
                return run.unmeasured(request.param)
            named = [(claim, "all") for claim in claims]
            for sentence in run.out_of_reach(named) if request.param == run.editors[0] else ():
                print(f"{WARNING}: {said(config, sentence)}", file=sys.stderr)
            return run.study(request.param)
    except EditproofError as error:
        stop_claims(config, error)


def judge_for(request: pytest.FixtureRequest) -> Judge:
    """Decide a criterion for a study, or a family of them, and record the verdicts in the evidence.

    A verdict that nobody asserts turns its test red all the same, unless it is a secondary one that did not fail.
    """
    from editproof.criteria.families import decided
    from editproof.study.judging import Judge, announced, judgement_text

    roll: RollCall = request.config.pluginmanager.getplugin(PLUGIN)

    def record(judgement: Judgement) -> None:
        roll.note(request.node, judgement_text(judgement), judgement.verdict)

    decide = announced if RunOptions(request.config).write_lock else decided
    seen, under = partial(uncaptured, request.config), checked_run(request.config).under
    return Judge(test_of(request.node), decide, record, seen, under)


def checked_run(config: pytest.Config) -> Run | TabledRun:
    """The session's run, its tools, cohort and instrument known to be there."""
    from editproof.errors import EditproofError

    try:
        run = run_of(config)
        with uncaptured(config):
            run.check()
    except EditproofError as error:
        raise refusal(config, error) from error
    return run


def checked_claims(config: pytest.Config, items: Iterable[pytest.Item]) -> tuple[Run | TabledRun, list[Criterion]]:
    """The session's run with the claims that tests name, known to be such as it can decide."""
    run, named = checked_run(config), list(items)
    claims = [run.under(claim) for claim in named_criteria(named)]
    run.check(claims)
    run.check_strata(_named_strata(named))
    return run, claims


def tabled(config: pytest.Config) -> TabledRun:
    """The session's run on a table of readings."""
    run: Any = checked_run(config)
    found: TabledRun = run
    return found


def named_criteria(items: Iterable[pytest.Item]) -> list[Criterion]:
    """The criteria that the session's claims name, before anything is measured for them."""
    from editproof.criteria.claimed import criteria_named

    return [criterion for test, arguments in _claims(items) for criterion in criteria_named(test, arguments)]


def _named_strata(items: Iterable[pytest.Item]) -> list[tuple[str, bool]]:
    """The subgroups that they name."""
    from editproof.criteria.claimed import strata_named

    return [named for test, arguments in _claims(items) for named in strata_named(test, arguments)]


def _claims(items: Iterable[pytest.Item]) -> Iterator[tuple[Any, dict[str, object]]]:
    """The function and the parameters of each test that claims something."""
    for item in items:
        if is_claim(item) and isinstance(item, pytest.Function):
            yield item.function, item.callspec.params if hasattr(item, "callspec") else {}


@contextmanager
def uncaptured(config: pytest.Config) -> Iterator[None]:
    """Output capture off, and steps watched: progress reaches the terminal."""
    from editproof.core.progress import watching
    from editproof.study.progress import progress_bar

    capture = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else nullcontext(), watching(progress_bar):
        yield
