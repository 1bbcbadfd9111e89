"""Claims made anew from their cards, and decided from measurements."""

from __future__ import annotations

from collections.abc import Sequence

from editproof.core.progress import watched
from editproof.criteria.criterion import Criterion
from editproof.criteria.families import decided
from editproof.criteria.region import Region
from editproof.criteria.registry import estimand_from
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
    title = f"{measurements.editor}: decide"
    for (_, rule, confidence), members in watched(families.items(), len(families), title, "claim"):
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
        Where the card names no estimand, or one that is not known here.
    """
    if card.specification is None:
        raise EvidenceError(f"criterion {card.id}", "its card names no estimand")
    return Criterion(
        card.id, estimand_from(card.specification), Region(card.low, card.high), card.confidence, card.source,
        card.hazard, card.role, card.rationale, card.limitation, card.sentence, card.min_patients, card.family,
        card.requirement, card.limits,
    )  # fmt: skip
