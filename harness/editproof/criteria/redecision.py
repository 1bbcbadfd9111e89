"""Claims made anew from their cards, and decided from measurements."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from editproof import criteria
from editproof.criteria.criterion import Criterion
from editproof.criteria.estimand import Estimand
from editproof.criteria.families import decided
from editproof.criteria.region import Region
from editproof.errors import EditproofError, EvidenceError, ProtocolError
from editproof.evidence.facts import Claim
from editproof.evidence.measurements import Measurements
from editproof.types import CriterionCard, Verdict


def decided_claims(claims: Sequence[Claim], measurements: Measurements) -> list[Verdict | EditproofError]:
    """Each claim on a tool decided from its measurements, or why it cannot be; families are decided together."""
    families: dict[tuple[str, str, float], list[int]] = {}
    for index, claim in enumerate(claims):
        card = claim.criterion
        families.setdefault((claim.test if card.family else f"{index}", card.family, card.confidence), []).append(index)
    found: dict[int, Verdict | EditproofError] = {}
    for (_, rule, confidence), members in families.items():
        try:
            asked = [(criterion_from(claims[i].criterion), measurements.where(claims[i].stratum)) for i in members]
            verdicts: Sequence[Verdict | EditproofError] = decided(asked, rule, 1 - confidence)
        except (EvidenceError, ProtocolError) as error:
            verdicts = [error] * len(members)
        found |= dict(zip(members, verdicts, strict=True))
    return [found[index] for index in range(len(claims))]


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
    editproof.errors.EvidenceError: estimand "__import__('os').getcwd()": it is no call of a known factory.
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
