"""What a session came to: evidence and report of what was judged, the exit code, and the last words on the terminal."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from editproof.pytest_plugin.chosen import run_of
from editproof.pytest_plugin.declarations import RunOptions, refusal
from editproof.pytest_plugin.faults import note_fault, noted_fault
from editproof.pytest_plugin.measured import WARNING, uncaptured
from editproof.pytest_plugin.rollcall import RollCall

if TYPE_CHECKING:
    from editproof.audit.publication import Signer
    from editproof.evidence.record import Evidence

NO_TESTS = ("collectonly", "setuponly", "setupplan", "showfixtures", "show_fixtures_per_test")
"""RunOptions with which no test is to run."""

VOID = "void (invalid run)"
"""What pytest calls the claims that met their criteria in a run that proves nothing."""

LOCKED = "locked (not judged)"
"""What pytest calls the claims of a protocol that was locked."""


class Recorder:
    """Writes evidence and report of what was judged, when the session ends."""

    def __init__(self, config: pytest.Config, roll: RollCall) -> None:
        self.config, self.roll = config, roll
        self.said: list[str] = []
        self.evidence: Evidence | None = None
        self.locked = False

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Let the exit code say what the run came to; a session that judged none of its claims proves nothing."""
        fault = noted_fault(self.config)
        if self.roll.judged and not (fault and RunOptions(self.config).write_lock):
            from editproof.errors import EditproofError

            try:
                self._conclude(session)
            except EditproofError as error:
                kept = "" if RunOptions(self.config).write_lock else " What was measured is kept in the store."
                fault = note_fault(self.config, f"{error}{kept}")
        elif (
            not fault
            and self.roll.collected
            and session.exitstatus == 0
            and not any(map(self.config.getoption, NO_TESTS))
        ):
            from editproof.evidence.exits import DOES_NOT_CONFORM, PROVES_NOTHING

            self.said.append(f"editproof: none of {len(self.roll.collected)} claims was judged; nothing is proven")
            session.exitstatus = PROVES_NOTHING if RunOptions(self.config).lock else DOES_NOT_CONFORM
        if fault and session.exitstatus != pytest.ExitCode.USAGE_ERROR:  # then pytest says it
            self.said.append(f"ERROR: {fault}")
            session.exitstatus = pytest.ExitCode.USAGE_ERROR

    def _conclude(self, session: pytest.Session) -> None:
        from editproof.audit.findings import evidence_of
        from editproof.audit.publication import deliver
        from editproof.criteria.redecision import criterion_from
        from editproof.errors import ProtocolError
        from editproof.evidence.exits import PROVES_NOTHING, exit_code, objection
        from editproof.evidence.facts import RollEntry
        from editproof.evidence.protocol import read_lock
        from editproof.report.text.locking import lock_in_words
        from editproof.study.judging import judgement_from

        options = RunOptions(self.config)
        judgements = [judgement_from(line) for line in self.roll.judged]
        if options.write_lock:
            if session.exitstatus != pytest.ExitCode.OK:
                raise ProtocolError(
                    f"lock {options.write_lock}", "a test of the suite broke, and nothing is locked", "Mend it first."
                )
            text = run_of(self.config).locked(judgements, for_gate=options.lock_for_gate)
            Path(options.write_lock).write_text(text + "\n", encoding="utf-8")
            named = [(criterion_from(entry.claim.criterion), entry.claim.stratum) for entry in judgements]
            limits = list(run_of(self.config).out_of_reach(named, lossy=True))
            self.said += [f"{WARNING}: {sentence}" for sentence in limits]
            words = lock_in_words(read_lock(Path(options.write_lock)), options.write_lock)
            self.said += [f"editproof: {line}" for line in words]
            self.locked = True
            return
        incomplete = self.roll.incomplete(interrupted=session.exitstatus == pytest.ExitCode.INTERRUPTED)
        roll = [RollEntry(test, criteria) for test, criteria in self.roll.named.items()]
        command = shlex.join(["pytest", *map(str, self.config.invocation_params.args)])
        with uncaptured(self.config):
            self.evidence = evidence_of(run_of(self.config).facts(judgements, incomplete, command, roll))
            run_of(self.config).remember(self.evidence)
            page = deliver(
                self.evidence,
                self.config.rootpath / options.reports,
                images=options.report_images == "all",
                signer=signer_of(self.config) if options.sign_key else None,
            )
        self.said.append(f"report: {page}")
        accepted = {"strict": _is_strict(self.config), "allow_departures": options.allow_departures}
        code = exit_code(self.evidence, **accepted)
        if code == PROVES_NOTHING and self.evidence.outcome != "INVALID":
            self.said.append(f"editproof: exit code {code}: {objection(self.evidence, **accepted)}")
        if session.exitstatus not in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR):
            session.exitstatus = max(int(session.exitstatus), code)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say the verdict, and where the page is."""
        if self.evidence is not None:
            from editproof.report.text.terminal import summary

            terminalreporter.section("editproof")
            terminalreporter.write_line(summary(self.evidence))
            if self.evidence.outcome == "INVALID":
                _count_as(VOID, terminalreporter)
        if self.locked:
            _count_as(LOCKED, terminalreporter)
        for line in self.said:
            terminalreporter.write_line(line)


def signer_of(config: pytest.Config) -> Signer:
    """Who signs the evidence; refused before the first edit where the key, the name or the meaning is not there."""
    from editproof.audit.publication import Signer
    from editproof.errors import EditproofError

    options = RunOptions(config)
    signer = Signer(Path(options.sign_key), options.signer, options.meaning)
    try:
        signer.check()
    except EditproofError as error:
        raise refusal(config, error) from error
    return signer


def _is_strict(config: pytest.Config) -> bool:
    """Whether ``--strict``, an option of pytest itself, was given: then a PASS with reservations is not accepted."""
    option = config.option
    return bool(getattr(option, "strict", False)) or "strict=true" in (getattr(option, "override_ini", None) or ())


def _count_as(word: str, terminalreporter: Any) -> None:
    """Let the last line of pytest count no claim as passed that was not judged, or whose verdict is void."""
    passed: list[Any] = terminalreporter.stats.get("passed", [])
    claims = [report for report in passed if getattr(report, "editproof_judged", None) is not None]
    if claims:
        terminalreporter.stats["passed"] = [report for report in passed if report not in claims]
        terminalreporter.stats[word] = claims
