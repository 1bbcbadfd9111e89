"""The trace from requirement and hazard over criterion and test to the result, and its gaps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from editproof.evidence.record import Evidence
from editproof.report.page import views
from editproof.report.page.views import Tool
from editproof.types import CriterionCard, Outcome


@dataclass(frozen=True)
class Asked:
    """One test of a criterion in one subgroup with the outcome of each tool; ``test`` is empty if no test is named."""

    test: str
    stratum: str
    outcomes: tuple[tuple[str, Outcome], ...]


@dataclass(frozen=True)
class Trace:
    """One criterion with its requirement and hazard in words, and the tests that apply it."""

    card: CriterionCard
    requirement: str
    hazard: str
    asked: tuple[Asked, ...]


@dataclass(frozen=True)
class UnansweredEntries:
    """The entries of the suite's register that no criterion names; ``known`` says whether the suite has a register."""

    known: bool
    requirements: tuple[str, ...]
    hazards: tuple[str, ...]


def traces(evidence: Evidence, made: tuple[Tool, ...]) -> list[Trace]:
    """Every criterion once, in the order of the tests."""
    found: dict[str, dict[tuple[str, str], list[tuple[str, Outcome]]]] = {}
    for tool in made:
        for group in tool.groups:
            for row in group.rows:
                place = (_function(row.test), row.stratum)
                here = found.setdefault(group.card.id, {}).setdefault(place, [])
                here.append((tool.evidence.card.name, row.verdict.outcome))
    return [
        Trace(
            card,
            _in_words(card.requirement, _table(evidence, "requirements")),
            _in_words(card.hazard, _table(evidence, "hazards")),
            tuple(Asked(test, stratum, tuple(outcomes)) for (test, stratum), outcomes in found[card.id].items()),
        )
        for card in views.cards(made)
    ]


def register_in(evidence: Evidence) -> UnansweredEntries:
    """The entries of the register that no criterion of this run names."""
    cards = [verdict.criterion for editor in evidence.editors for verdict in editor.verdicts]
    requirements, hazards = _table(evidence, "requirements"), _table(evidence, "hazards")
    return UnansweredEntries(
        bool(requirements or hazards),
        _orphans(requirements, [card.requirement for card in cards]),
        _orphans(hazards, [card.hazard for card in cards]),
    )


def _table(evidence: Evidence, name: str) -> dict[str, str]:
    register = evidence.protocol.get("register")
    table = register.get(name) if isinstance(register, Mapping) else None
    return {str(key): str(words) for key, words in table.items()} if isinstance(table, Mapping) else {}


def _in_words(named: str, table: Mapping[str, str]) -> str:
    return f"{named}: {table[named]}" if named in table else named


def _orphans(table: Mapping[str, str], named: list[str]) -> tuple[str, ...]:
    return tuple(_in_words(key, table) for key in table if key not in named)


def _function(test: str) -> str:
    """The name of a test without its parameters: the tool and the subgroup have columns of their own.

    Examples
    --------
    >>> _function("validations/test_age.py::test_drift[tool-sex=F]")
    'validations/test_age.py::test_drift'
    """
    return re.sub(r"(::[^\[:]+)\[.*\]$", r"\1", test, flags=re.DOTALL)
