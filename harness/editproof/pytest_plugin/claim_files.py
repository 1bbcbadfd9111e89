"""A table of claims as a file of tests: each claim in each stratum is a test case, and a family of strata is one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from editproof.pytest_plugin.faults import note_fault
from editproof.pytest_plugin.rollcall import PLUGIN, RollCall

if TYPE_CHECKING:
    from editproof.criteria import Criterion
    from editproof.criteria.claim_tables import TableClaim
    from editproof.study.judging import EditorStudy, Judge

SUFFIXES = (".toml", ".csv")
OWN = ("claims.toml", ".claims.toml", ".claims.csv")
"""How the name of a table ends that is collected without being named on the command line."""
TEST = "test_claim"

_CLAIM = re.compile(rb"^\s*\[\[\s*[\"']?claim[\"']?\s*\]\]", re.MULTILINE)
_LEARNT = pytest.StashKey[bool]()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a table of claims: one that is named on the command line, or is called like one and holds claims."""
    if file_path.suffix not in SUFFIXES:
        return None
    called = file_path.name == OWN[0] or file_path.name.endswith(OWN[1:])
    if parent.session.isinitpath(file_path) or (called and _holds_claims(file_path)):
        return ClaimFile.from_parent(parent, path=file_path)
    if any(map(parent.session.isinitpath, file_path.parents)) and _holds_claims(file_path):
        roll: RollCall = parent.config.pluginmanager.getplugin(PLUGIN)
        roll.forgotten.add(file_path)
    return None


def _holds_claims(path: Path) -> bool:
    """Whether a table is one of claims, and not of another program."""
    try:
        content = path.read_bytes()
    except OSError:
        return False
    if path.suffix != ".csv":
        return _CLAIM.search(content) is not None
    cells = re.split(rb"[,;\t]", content.partition(b"\n")[0])
    header = {cell.strip(b' "\r\xef\xbb\xbf').lower() for cell in cells}
    return {b"id", b"estimand", b"region"} <= header


class ClaimFile(pytest.Module):
    """A module with one test, which pytest makes cases of."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """A case for each claim; a table that cannot be read ends the session before a claim is judged."""
        from editproof.criteria.claim_tables import claims_from
        from editproof.errors import EditproofError

        learn_estimands(self.config)
        try:
            claims = claims_from(self.path)
        except EditproofError as error:
            note_fault(self.config, error)
            return []
        self.obj = _module(self.path.stem, claims)
        return super().collect()

    def funcnamefilter(self, name: str) -> bool:
        """Take its one test, whatever tests are called elsewhere."""
        return name == TEST


def _module(name: str, claims: Iterable[TableClaim]) -> ModuleType:
    cases = [pytest.param(*claim, id=claim.name) for claim in claims]

    @pytest.mark.parametrize(("criterion", "strata", "family"), cases)
    def test_claim(
        editproof_study: EditorStudy,
        editproof_judge: Judge,
        criterion: Criterion,
        strata: tuple[str, ...],
        family: str,
    ) -> None:
        """Fail by the verdict; `judge` sees to that."""
        study, judge = editproof_study, editproof_judge
        if family:
            judge.family([(criterion, study.where(stratum)) for stratum in strata], rule=family)
        else:
            judge(criterion, study.where(strata[0]))

    module = ModuleType(name)
    setattr(module, TEST, test_claim)
    return module


def learn_estimands(config: pytest.Config) -> None:
    """Know the study's own estimands until the session ends."""
    if config.stash.setdefault(_LEARNT, False):
        return
    own = handed_in(config.hook.pytest_editproof_estimands(config=config))
    if own:
        from editproof.criteria.registry import ESTIMANDS

        known = ExitStack()
        known.enter_context(ESTIMANDS.also(own, "pytest_editproof_estimands"))
        config.add_cleanup(known.close)
        config.stash[_LEARNT] = True


def handed_in(answers: list[Any]) -> tuple[Any, ...]:
    """What several files hand in; one that hands in a single value means a list of it."""
    return tuple(value for answer in answers for value in (answer if isinstance(answer, Iterable) else [answer]))
