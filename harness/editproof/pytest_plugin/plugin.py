"""The pytest plug-in: fixtures ``study`` and ``judge``, options, and nothing that decides anything.

It loads in every pytest run of an environment, so it imports nothing but pytest and the standard library until a
test asks for ``study``.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from editproof.pytest_plugin.chosen import STARTED, asked_paths, editor_specs, run_of, started, study_of, study_path
from editproof.pytest_plugin.claim_files import pytest_collect_file as pytest_collect_file
from editproof.pytest_plugin.claim_files import pytest_collection_modifyitems as pytest_collection_modifyitems
from editproof.pytest_plugin.declarations import Hooks, add_options, unknown_hook
from editproof.pytest_plugin.rollcall import PLUGIN, RollCall, asks_for, is_claim, test_of
from editproof.pytest_plugin.unasked import Unasked

if TYPE_CHECKING:
    from editproof.audit.publication import Signer
    from editproof.criteria import Criterion
    from editproof.evidence.record import Evidence
    from editproof.study.bench import Progress
    from editproof.study.judging import EditorStudy, Judge, Judgement
    from editproof.study.run import Run
    from editproof.study.tabled import TabledRun
    from editproof.types import Verdict

NO_TESTS = ("collectonly", "setuponly", "setupplan", "showfixtures", "show_fixtures_per_test")
"""Options with which no test is to run."""

WARNING = "editproof: warning"

FAULT = pytest.StashKey[str]()
"""What is wrong with what was asked, found while tests are collected and said when they are."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks."""
    pluginmanager.add_hookspecs(Hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Call the roll of claims in every process, and have the one that reports record what is judged."""
    roll = RollCall(config)
    config.pluginmanager.register(roll, PLUGIN)
    if config.option.readings:
        config.pluginmanager.register(Unasked(lambda: _tabled(config), roll, _named_criteria), "editproof-unasked")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(config, roll), "editproof-recorder")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Let workers know when the run began: what failed since then is not asked for again."""
    node.workerinput[STARTED] = started(node.config)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Make the edits alone where that is all that is asked for."""
    if not config.option.edit_only:
        return None
    from editproof.errors import EditproofError
    from editproof.study.edit_session import make_edits

    try:
        option = config.option
        run: Any = run_of(config)
        if option.edit_planted:
            run.plant()
        return make_edits(run, threads=option.edit_threads, dry_run=option.edit_estimate)
    except EditproofError as error:
        raise pytest.UsageError(f"editproof: {error}") from error


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Run the suite of the study file where one is named and no path is."""
    config = session.config
    if config.option.study and config.args_source != pytest.Config.ArgsSource.ARGS:
        path = study_path(config)
        if path is not None:
            config.args = [study_of(config).suite or str(path.parent)]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse a misspelt hook, and a wrong ``--editor`` or ``--dataset``, at once, with one line."""
    options = session.config.option
    if unknown := unknown_hook(session.config.pluginmanager.get_plugins()):
        raise pytest.UsageError(f"editproof: {unknown}")
    if hasattr(session.config, "workerinput"):
        return
    if options.editor or options.dataset or options.study or options.readings:
        _checked(session.config)
    if options.sign_key:
        _signer(session.config)
    if options.write_lock and Path(options.write_lock).exists() and not options.replace_lock:
        raise pytest.UsageError(
            f"editproof: lock {options.write_lock}: it is there already. Name another file, or have it replaced: "
            "editproof lock --force, or --replace-lock."
        )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the suite of another study, a folder with a ``study.toml`` of its own, unless it is asked for."""
    if not (collection_path / "study.toml").is_file():
        return None
    from editproof.study.study_file import other_study

    return True if other_study(collection_path, study_path(config), asked_paths(config)) else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Judge every tool: a test that asks for ``study`` runs once per editor."""
    if asks_for("study", metafunc._arg2fixturedefs):
        try:
            specs = editor_specs(metafunc.config)
        except pytest.UsageError as error:
            specs = [""]
            metafunc.config.stash[FAULT] = str(error)
        metafunc.parametrize("study", specs, indirect=True, scope="session")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse a wrong study, tool or cohort in one line as soon as it is known that a test asks for it."""
    if fault := session.config.stash.get(FAULT, ""):
        raise pytest.UsageError(fault)
    if any(map(is_claim, session.items)) and not session.config.option.collectonly:
        _checked(session.config)


@pytest.fixture(scope="session")
def study(request: pytest.FixtureRequest) -> EditorStudy:
    """One tool, measured on the whole cohort; measured once, however many tests ask."""
    from editproof.errors import EditproofError

    config = request.config
    try:
        with _shown(config) as progress:
            run = _checked(config)
            claims = [run.under(claim) for claim in _named_criteria(request.session.items)]
            run.check(claims)
            run.check_strata(_named_strata(request.session.items))
            if config.option.write_lock:
                return run.unmeasured(request.param)
            named = [(claim, "all") for claim in claims]
            for sentence in run.out_of_reach(named) if request.param == run.editors[0] else ():
                print(f"{WARNING}: {sentence}", file=sys.stderr)
            return run.study(request.param, progress)
    except EditproofError as error:
        return pytest.exit(f"editproof: {error}", returncode=pytest.ExitCode.USAGE_ERROR)


@pytest.fixture
def judge(request: pytest.FixtureRequest) -> Judge:
    """Decide a criterion for a study, or a family of them, and record the verdicts in the evidence.

    A verdict that nobody asserts turns its test red all the same, unless it is a secondary one that did not fail.
    """
    from editproof.criteria.families import decided
    from editproof.study.judging import Judge, announced, judgement_text

    roll: RollCall = request.config.pluginmanager.getplugin(PLUGIN)

    def record(judgement: Judgement) -> None:
        roll.note(request.node, judgement_text(judgement), judgement.verdict)

    decide = announced if request.config.option.write_lock else decided
    shown, under = partial(_shown, request.config), run_of(request.config).under
    return Judge(test_of(request.node), decide, record, shown, under)


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


class Recorder:
    """Writes evidence and report of what was judged, when the session ends."""

    def __init__(self, config: pytest.Config, roll: RollCall) -> None:
        self.config, self.roll = config, roll
        self.said: list[str] = []
        self.evidence: Evidence | None = None

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Let the exit code say what the run came to; a session that judged none of its claims proves nothing."""
        if self.roll.judged:
            from editproof.errors import EditproofError

            try:
                self._conclude(session)
            except EditproofError as error:
                self.said.append(f"editproof: {error} What was measured is kept in the store.")
                session.exitstatus = pytest.ExitCode.USAGE_ERROR
        elif self.roll.collected and session.exitstatus == 0 and not any(map(self.config.getoption, NO_TESTS)):
            from editproof.evidence.exits import DOES_NOT_CONFORM, PROVES_NOTHING

            self.said.append(f"editproof: none of {len(self.roll.collected)} claims was judged; nothing is proven")
            session.exitstatus = PROVES_NOTHING if self.config.option.lock else DOES_NOT_CONFORM

    def _conclude(self, session: pytest.Session) -> None:
        from editproof.audit.findings import evidence_of
        from editproof.audit.publication import deliver
        from editproof.criteria.redecision import criterion_from
        from editproof.evidence.exits import PROVES_NOTHING, exit_code, objection
        from editproof.evidence.facts import RollEntry
        from editproof.study.judging import judgement_from

        options = self.config.option
        judgements = [judgement_from(line) for line in self.roll.judged]
        if options.write_lock:
            text = run_of(self.config).locked(judgements, for_gate=options.lock_for_gate)
            Path(options.write_lock).write_text(text + "\n", encoding="utf-8")
            named = [(criterion_from(entry.claim.criterion), entry.claim.stratum) for entry in judgements]
            limits = list(run_of(self.config).out_of_reach(named, lossy=True))
            self.said.append(f"editproof: protocol locked in {options.write_lock}")
            self.said += [f"{WARNING}: {sentence}" for sentence in limits]
            return
        incomplete = self.roll.incomplete(interrupted=session.exitstatus == pytest.ExitCode.INTERRUPTED)
        roll = [RollEntry(test, criteria) for test, criteria in self.roll.named.items()]
        command = shlex.join(["pytest", *map(str, self.config.invocation_params.args)])
        with _shown(self.config):
            self.evidence = evidence_of(run_of(self.config).facts(judgements, incomplete, command, roll))
            run_of(self.config).remember(self.evidence)
            page = deliver(
                self.evidence,
                self.config.rootpath / options.reports,
                images=options.report_images == "all",
                signer=_signer(self.config) if options.sign_key else None,
            )
        self.said.append(f"report: {page}")
        accepted = {"strict": _is_strict(self.config), "allow_departures": options.allow_departures}
        code = exit_code(self.evidence, **accepted)
        if code == PROVES_NOTHING and self.evidence.outcome != "INVALID":
            self.said.append(f"editproof: exit code {code}: {objection(self.evidence, **accepted)}")
        session.exitstatus = max(int(session.exitstatus), code)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say the verdict, and where the page is."""
        if self.evidence is not None:
            from editproof.report.text.terminal import summary

            terminalreporter.section("editproof")
            terminalreporter.write_line(summary(self.evidence))
        for line in self.said:
            terminalreporter.write_line(line)


def _checked(config: pytest.Config) -> Run | TabledRun:
    """The session's run, its tools, cohort and instrument known to be there."""
    from editproof.errors import EditproofError

    try:
        run = run_of(config)
        run.check()
    except EditproofError as error:
        raise pytest.UsageError(f"editproof: {error}") from error
    return run


def _tabled(config: pytest.Config) -> TabledRun:
    """The session's run on a table of readings."""
    run: Any = _checked(config)
    found: TabledRun = run
    return found


def _signer(config: pytest.Config) -> Signer:
    """Who signs the evidence; refused before the first edit where the key, the name or the meaning is not there."""
    from editproof.audit.publication import Signer
    from editproof.errors import EditproofError

    options = config.option
    signer = Signer(Path(options.sign_key), options.signer, options.meaning)
    try:
        signer.check()
    except EditproofError as error:
        raise pytest.UsageError(f"editproof: {error}") from error
    return signer


def _named_criteria(items: Iterable[pytest.Item]) -> list[Criterion]:
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


def _is_strict(config: pytest.Config) -> bool:
    """Whether ``--strict``, an option of pytest itself, was given: then a PASS with reservations is not accepted."""
    option = config.option
    return bool(getattr(option, "strict", False)) or "strict=true" in (getattr(option, "override_ini", None) or ())


@contextmanager
def _shown(config: pytest.Config) -> Iterator[Progress]:
    """Output capture off, so that progress reaches the terminal."""
    from editproof.study.progress import progress_bar

    capture = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else nullcontext():
        yield progress_bar
