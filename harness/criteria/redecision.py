"""Saved evidence, decided again from its measurements alone."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Sequence

from harness import criteria
from harness.criteria.conformance import floor_verdicts, outcome_of_editor
from harness.criteria.criterion import Criterion, verdict_on
from harness.criteria.estimand import Estimand
from harness.criteria.families import verdicts_of_family
from harness.criteria.region import Region
from harness.errors import EditproofError, EvidenceError, ProtocolError
from harness.evidence import EditorEvidence, Evidence
from harness.types import CriterionCard, Estimate, Verdict


def disagreements(evidence: Evidence) -> Iterator[str]:
    """Every field of every verdict that does not follow from the saved measurements, one sentence each."""
    for editor in evidence.editors:
        for index, (verdict, again) in enumerate(zip(editor.verdicts, decided_again(editor), strict=True)):
            place = f"evidence.json: {editor.card.name}, verdict {index} ({verdict.criterion.id} in {verdict.stratum})"
            if isinstance(again, EditproofError):
                yield f"{place}: cannot be decided again: {again}"
                continue
            yield from (f"{place}: {field}" for field in _differences(verdict, again))
        outcome, _ = outcome_of_editor(editor.verdicts, evidence.validity, evidence.incomplete)
        if outcome is not editor.outcome:
            yield f"evidence.json: {editor.card.name}: outcome is {editor.outcome}, its verdicts come to {outcome}"
    if evidence.editors:
        measured = evidence.editors[0].measurements
        again_by_id = {v.criterion.id: v for card in evidence.instruments for v in floor_verdicts(card, measured)}
        for verdict in evidence.validity:
            if verdict.criterion.id in again_by_id:
                fields = _differences(verdict, again_by_id[verdict.criterion.id])
                yield from (f"evidence.json: validity {verdict.criterion.id}: {field}" for field in fields)


def decided_again(editor: EditorEvidence) -> list[Verdict | EditproofError]:
    """Each verdict of a tool decided from its measurements, or why it cannot be; families are decided together."""
    families: dict[tuple[str, str, float], list[int]] = {}
    for index, (verdict, test) in enumerate(zip(editor.verdicts, editor.tests, strict=True)):
        card = verdict.criterion
        families.setdefault((test if card.family else f"{index}", card.family, card.confidence), []).append(index)
    found: dict[int, Verdict | EditproofError] = {}
    for (_, rule, confidence), members in families.items():
        try:
            claims = [
                (
                    criterion_from(editor.verdicts[index].criterion),
                    editor.measurements.where(editor.verdicts[index].stratum),
                )
                for index in members
            ]
            again: Sequence[Verdict | EditproofError] = (
                verdicts_of_family(claims, rule, 1 - confidence) if rule else [verdict_on(*claim) for claim in claims]
            )
        except (EvidenceError, ProtocolError) as error:
            again = [error] * len(members)
        found |= dict(zip(members, again, strict=True))
    return [found[index] for index in range(len(editor.verdicts))]


def criterion_from(card: CriterionCard) -> Criterion:
    """The criterion that a card was made of.

    Raises
    ------
    EvidenceError
        Where the card's estimand is not a call of this package's factories with literal arguments.
    """
    return Criterion(
        card.id, estimand_from(card.specification), Region(card.low, card.high), card.confidence, card.source,
        card.hazard, card.role, card.rationale, card.limitation, card.sentence, card.min_patients, card.family,
        card.requirement,
    )  # fmt: skip


def estimand_from(call: str) -> Estimand:
    """The estimand that its ``repr`` names; nothing but factories of this room is ever called.

    Examples
    --------
    >>> estimand_from("recalibrated(mae_drift('bone_age'), 'linear')").name
    'MAE drift after linear recalibration'
    >>> estimand_from("__import__('os').getcwd()")
    Traceback (most recent call last):
    harness.errors.EvidenceError: estimand "__import__('os').getcwd()": it is no call of a known factory.
    """
    try:
        made = _value(ast.parse(call, mode="eval").body)
    except (SyntaxError, ValueError, TypeError, LookupError) as error:
        raise EvidenceError(f"estimand {call!r}", "it is no call of a known factory") from error
    if not isinstance(made, Estimand):
        raise EvidenceError(f"estimand {call!r}", f"it makes a {type(made).__name__}")
    return made


def _value(node: ast.expr) -> object:
    if not isinstance(node, ast.Call):
        return ast.literal_eval(node)
    if not isinstance(node.func, ast.Name) or node.func.id not in criteria.__all__ or not node.func.id.islower():
        raise LookupError(ast.unparse(node))
    options = {str(keyword.arg): _value(keyword.value) for keyword in node.keywords}
    made: object = getattr(criteria, node.func.id)(*map(_value, node.args), **options)
    return made


def _differences(saved: Verdict, again: Verdict) -> Iterator[str]:
    if saved.criterion != again.criterion:
        yield "the criterion's words do not follow from its estimand and region"
    for field in ("outcome", "because"):
        if getattr(saved, field) != getattr(again, field):
            yield f"{field} is {getattr(saved, field)!s}, the measurements give {getattr(again, field)!s}"
    for field in Estimate.__dataclass_fields__:
        ours, theirs = getattr(saved.estimate, field), getattr(again.estimate, field)
        if field != "notes" and not _equal(ours, theirs):
            yield f"estimate.{field} is {ours}, the measurements give {theirs}"


def _equal(ours: object, theirs: object) -> bool:
    if isinstance(ours, float) and isinstance(theirs, float):
        return ours == theirs or math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12)
    return ours == theirs
