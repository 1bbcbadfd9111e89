"""The pytest plug-in: prefixed fixtures and options, and nothing that decides anything.

It loads in every pytest run of an environment, so it imports nothing but pytest and the standard library until a
test asks for a study, and claims no name that does not begin with ``editproof``; :mod:`editproof.pytest_plugin.short`
has the short ones.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from editproof.errors import EditproofError
from editproof.pytest_plugin.chosen import STARTED, asked_paths, editor_specs, run_of, started, study_of, study_path
from editproof.pytest_plugin.claim_files import pytest_collect_file as pytest_collect_file
from editproof.pytest_plugin.declarations import Hooks, RunOptions, add_options, refusal, unknown_hook
from editproof.pytest_plugin.faults import NOT_JUDGED, Faults, note_fault, noted_fault
from editproof.pytest_plugin.measured import checked_claims, checked_run, judge_for, named_criteria, study_for, tabled
from editproof.pytest_plugin.recorder import Recorder, signer_of
from editproof.pytest_plugin.rollcall import PLUGIN, STUDIES, RollCall, asks_for, asks_to_judge, is_claim
from editproof.pytest_plugin.spelling import check_spelling
from editproof.pytest_plugin.unasked import Unasked

if TYPE_CHECKING:
    from editproof.study.judging import EditorStudy, Judge
    from editproof.types import Verdict


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks."""
    pluginmanager.add_hookspecs(Hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    add_options(parser)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, None, None]:
    """When every option is declared, refuse one that nobody declared."""
    yield
    check_spelling(early_config, parser, args)


def pytest_configure(config: pytest.Config) -> None:
    """Call the roll of claims in every process, and have the one that reports record what is judged."""
    roll = RollCall(config)
    config.pluginmanager.register(roll, PLUGIN)
    config.pluginmanager.register(Faults(config), "editproof-faults")
    if RunOptions(config).readings:
        config.pluginmanager.register(Unasked(lambda: tabled(config), roll, named_criteria), "editproof-unasked")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(config, roll), "editproof-recorder")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Let workers know when the run began: what failed since then is not asked for again."""
    node.workerinput[STARTED] = started(node.config)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Make the edits alone where that is all that is asked for."""
    if not RunOptions(config).edit_only:
        return None
    from editproof.study.edit_session import make_edits

    try:
        option = RunOptions(config)
        run: Any = run_of(config)
        if option.edit_planted:
            run.plant()
        return make_edits(run, threads=option.edit_threads, dry_run=option.edit_estimate)
    except EditproofError as error:
        raise refusal(config, error) from error


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Run the suite of the study file where one is named and no path is."""
    config = session.config
    if RunOptions(config).study and config.args_source != pytest.Config.ArgsSource.ARGS:
        path = study_path(config)
        if path is not None:
            config.args = [study_of(config).suite or str(path.parent)]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse a misspelt hook, and a wrong ``--editor`` or ``--dataset``, at once, with one line."""
    options = RunOptions(session.config)
    if unknown := unknown_hook(session.config.pluginmanager.get_plugins()):
        raise refusal(session.config, unknown)
    if hasattr(session.config, "workerinput"):
        return
    if options.editor or options.dataset or options.study or options.readings:
        checked_run(session.config)
    if options.sign_key:
        signer_of(session.config)
    if options.write_lock and Path(options.write_lock).exists() and not options.replace_lock:
        raise refusal(
            session.config,
            f"lock {options.write_lock}: it is there already. Name another file, or have it replaced: "
            "editproof lock --force, or --replace-lock.",
        )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the suite of another study, a folder with a ``study.toml`` of its own, unless it is asked for."""
    if not (collection_path / "study.toml").is_file():
        return None
    from editproof.study.study_file import other_study

    return True if other_study(collection_path, study_path(config), asked_paths(config)) else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Judge every tool: a test that asks for a study runs once per editor."""
    if names := [name for name in STUDIES if asks_for(name, metafunc._arg2fixturedefs)]:
        try:
            specs = editor_specs(metafunc.config)
        except pytest.UsageError as error:
            specs = [""]
            note_fault(metafunc.config, error)
        same = [pytest.param(*[spec] * len(names), id=spec) for spec in specs]
        metafunc.parametrize(names, same, indirect=True, scope="session")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse a wrong study, tool or cohort in one line as soon as it is known that a test asks for it.

    Tests that ask for none run all the same: then the claims are left out, and the session ends with that line.
    """
    config = session.config
    claims = [item for item in session.items if is_claim(item) or asks_to_judge(item)]
    if config.option.collectonly:
        return
    if claims and not noted_fault(config):
        try:
            checked_claims(config, claims)
        except (EditproofError, pytest.UsageError) as error:
            note_fault(config, error)
    if noted_fault(config):
        if len(claims) == len(session.items) and not hasattr(config, "workerinput"):
            raise pytest.UsageError(noted_fault(config))
        session.items[:] = [item for item in session.items if item not in claims]
        config.hook.pytest_deselected(items=claims)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out the claims that follow one which could not be judged at all."""
    if noted_fault(item.config) and (is_claim(item) or asks_to_judge(item)):
        pytest.skip(NOT_JUDGED)


@pytest.fixture(scope="session")
def editproof_study(request: pytest.FixtureRequest) -> EditorStudy:
    """One tool, measured on the whole cohort; measured once, however many tests ask."""
    return study_for(request)


@pytest.fixture
def editproof_judge(request: pytest.FixtureRequest) -> Judge:
    """Decide a criterion for a study, or a family of them, and record the verdicts in the evidence.

    A verdict that nobody asserts turns its test red all the same, unless it is a secondary one that did not fail.
    """
    return judge_for(request)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """A test whose verdict nobody asserted fails by that verdict."""
    result = yield
    _fail_by_unmet(item)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """So does one whose fixture judges when the test is over."""
    before = len(_verdicts(item))
    result = yield
    _fail_by_unmet(item, before)
    return result


def _verdicts(item: pytest.Item) -> list[Verdict]:
    roll: RollCall = item.config.pluginmanager.getplugin(PLUGIN)
    return roll.verdicts.get(item.nodeid, [])


def _fail_by_unmet(item: pytest.Item, since: int = 0) -> None:
    unmet = [verdict for verdict in _verdicts(item)[since:] if not verdict.met]
    if unmet:
        pytest.fail("\n".join(map(repr, unmet)), pytrace=False)
