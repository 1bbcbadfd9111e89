"""What a test gets and gives: a tool's study, and the judgement that a claim about it came to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from editproof.criteria import Criterion
from editproof.criteria.claimed import check_can_fail
from editproof.criteria.families import Asked, of_family
from editproof.criteria.registry import check_registered
from editproof.errors import ProtocolError
from editproof.evidence.facts import Claim, Told
from editproof.evidence.measurements import Measurements
from editproof.evidence.plain import plain, typed
from editproof.evidence.strata import conditions_in
from editproof.types import CriterionCard, EditorCard, Estimate, Outcome, Verdict


@dataclass(frozen=True, repr=False)
class EditorStudy:
    """One tool, measured: what tests get as ``study``.

    Attributes
    ----------
    spec : str
        As given to ``--editor``.
    measurements : Measurements
        Of all cases, or of the stratum chosen by :meth:`where`.
    controls : callable
        Returns the measurements of the control editors by name.
    check_stratum : callable
        Refuses a stratum that the whole cohort does not know.
    """

    spec: str
    card: EditorCard
    measurements: Measurements
    controls: Callable[[], Mapping[str, Measurements]]
    check_stratum: Callable[[str], object] = conditions_in

    def __repr__(self) -> str:
        """Short, since pytest shows it beside a verdict that was not met."""
        return f"<study of {self.card.name}, {self.measurements.stratum}>"

    def where(self, stratum: str) -> EditorStudy:
        """The study of a subgroup: ``"sex=F"``, ``"bone_age<96"``, ``"bone_age>=96&sex=M"``, ``"all"``.

        Raises
        ------
        ProtocolError
            Where the cohort has no such column, or no case of that value.
        """
        self.check_stratum(stratum)
        return replace(self, measurements=self.measurements.where(stratum))


@dataclass(frozen=True)
class Judgement:
    """The verdict that a test was told, and the test that asked."""

    spec: str
    verdict: Verdict
    test: str

    @property
    def claim(self) -> Claim:
        """What was claimed, and what was told; the verdict itself follows from the facts of the run."""
        return Claim(self.verdict.criterion, self.verdict.stratum, self.test, (Told.of(self.verdict),))


def claims_in(judgements: Iterable[Judgement], spec: str) -> list[Claim]:
    """What the tests claimed of one tool: a claim that a test made again, in a further run of it, is one."""
    found: dict[tuple[CriterionCard, str, str], Claim] = {}
    for claim in (judgement.claim for judgement in judgements if judgement.spec == spec):
        place = (claim.criterion, claim.stratum, claim.test)
        before = found.get(place)
        found[place] = claim if before is None else replace(before, told=(*before.told, *claim.told))
    return list(found.values())


class Decide(Protocol):
    """How claims become verdicts: from measurements, or, while a protocol is being locked, in name only."""

    def __call__(self, claims: Sequence[Asked], rule: str, alpha: float) -> tuple[Verdict, ...]: ...


def announced(claims: Sequence[Asked], rule: str, alpha: float) -> tuple[Verdict, ...]:
    """Claims named for a protocol: no tool has made an edit yet, and none is decided."""
    return tuple(
        _announced(of_family(criterion, rule, alpha) if rule else criterion, measured) for criterion, measured in claims
    )


def _announced(criterion: Criterion, measured: Measurements) -> Verdict:
    nothing = Estimate(
        None, None, None, "", criterion.confidence, 0, 0, 0, "none", reason="the protocol is being locked"
    )
    return Verdict(criterion.card, measured.editor, measured.stratum, nothing, Outcome.PASS, "announced, not judged")


def _as_it_is(criterion: Criterion) -> Criterion:
    return criterion


@dataclass(frozen=True, repr=False)
class Judge:
    """What tests get as ``judge``: it decides claims, and records every judgement in the evidence.

    Parameters
    ----------
    test : str
        Id of the test that asks.
    decide : callable
        :func:`editproof.criteria.families.decided` or :func:`announced`.
    record : callable
        Takes every judgement.
    shown : callable
        Context in which progress reaches the terminal; the first claim may have the controls measured.
    under : callable
        A criterion with the caps and ranges that the study declares.
    """

    test: str
    decide: Decide
    record: Callable[[Judgement], None]
    shown: Callable[[], AbstractContextManager[object]]
    under: Callable[[Criterion], Criterion] = _as_it_is

    def __repr__(self) -> str:
        """Its name as a fixture; pytest shows it beside a verdict that was not met."""
        return "judge"

    def __call__(self, criterion: Criterion, study: EditorStudy) -> Verdict:
        """The verdict on one claim; both controls are measured too where it is a primary one.

        Raises
        ------
        ProtocolError
            Where its estimand is a user's own that is not registered, so that nobody could decide it again.
        """
        return self._recorded([(criterion, study)], "", 0.0)[0]

    def family(
        self, claims: Iterable[tuple[Criterion, EditorStudy]], *, rule: str = "holm", alpha: float = 0.05
    ) -> tuple[Verdict, ...]:
        """Verdicts on secondary claims that share one error rate, each a row of the report.

        Parameters
        ----------
        claims : iterable of (Criterion, EditorStudy)
            E.g. one criterion in several subgroups.
        rule : {"holm", "benjamini-hochberg"}
        alpha : float
            Chance of one false PASS or more (Holm), or expected share of false ones among the PASSes.

        Raises
        ------
        ProtocolError
            With a primary claim among them: all of those have to hold, so that no error rate is to be split.
        """
        listed = list(claims)
        for criterion, _ in listed:
            if criterion.role == "primary":
                raise ProtocolError(
                    f"criterion {criterion.id} in a family", "it is a primary one",
                    "Primary claims all have to hold, so no error rate is split; make it secondary or judge it alone.",
                )  # fmt: skip
        return self._recorded(listed, rule, alpha)

    def _recorded(
        self, claims: Sequence[tuple[Criterion, EditorStudy]], rule: str, alpha: float
    ) -> tuple[Verdict, ...]:
        for criterion, _ in claims:
            check_registered(criterion.estimand)
        claims = [(self.under(criterion), study) for criterion, study in claims]
        check_can_fail([criterion for criterion, _ in claims])
        with self.shown():
            verdicts = self.decide([(criterion, study.measurements) for criterion, study in claims], rule, alpha)
            for (criterion, study), verdict in zip(claims, verdicts, strict=True):
                if criterion.role == "primary":
                    study.controls()
                self.record(Judgement(study.spec, verdict, self.test))
        return verdicts


def judgement_text(judgement: Judgement) -> str:
    """A judgement as one line of JSON, to travel between processes."""
    return json.dumps(plain(judgement), ensure_ascii=False, allow_nan=False)


def judgement_from(text: str) -> Judgement:
    """The judgement that :func:`judgement_text` wrote."""
    judgement: Judgement = typed(Judgement, json.loads(text))
    return judgement
