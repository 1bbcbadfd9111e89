"""By which quantities the worst edits are shown: those on which primary claims are."""

from __future__ import annotations

from collections.abc import Iterable

from editproof.criteria.criterion import Criterion
from editproof.criteria.estimand import IMAGES, READINGS, REPEATS
from editproof.evidence.gallery import Telling
from editproof.evidence.measurements import EDITED


def tellings_of(criteria: Iterable[Criterion]) -> tuple[Telling, ...]:
    """What primary claims on edits are about, each quantity once, in the order of the claims.

    Of an image metric the edit that is farthest from a perfect one is the worst; of a reading the one that is farthest
    from that of its original.
    """
    claims: dict[tuple[str, float | None], list[str]] = {}
    for criterion in criteria:
        estimand = criterion.estimand
        if criterion.role != "primary" or estimand.arm != EDITED or estimand.scope not in (READINGS, REPEATS, IMAGES):
            continue
        perfect = estimand.unchanged if estimand.perfect is None else estimand.perfect
        ids = claims.setdefault((estimand.quantity, perfect if estimand.scope == IMAGES else None), [])
        if criterion.id not in ids:
            ids.append(criterion.id)
    return tuple(Telling(quantity, flawless, tuple(ids)) for (quantity, flawless), ids in claims.items())
