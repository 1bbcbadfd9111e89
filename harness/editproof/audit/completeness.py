"""Whether every claim that was to be judged was judged: one sentence for each gap in the facts of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from editproof.datasets.shard import reason_incomplete
from editproof.evidence.facts import Facts
from editproof.evidence.protocol import Lock
from editproof.types import JSON, place_of

MOST: Final = 3
"""Names that a sentence gives."""


def gaps(facts: Facts, protocol: Mapping[str, JSON], lock: Lock | None) -> Iterator[str]:
    """Why the suite did not run completely: what the session said, and what follows from the other facts.

    Parameters
    ----------
    protocol : mapping
        What the run fixed.
    lock : Lock, optional
        What was fixed beforehand; a claim that it has is to be judged.
    """
    if facts.shard:
        yield reason_incomplete(facts.shard)
    yield from facts.incomplete
    yield from _silent(facts)
    yield from _named_only(facts)
    judged = {tool.card.name for tool in facts.tools}
    yield from (f"no claim on {name} was judged" for name in facts.terms.get("editors", {}) if name not in judged)
    yield from _spared(facts, protocol, lock)


def _silent(facts: Facts) -> Iterator[str]:
    """Tests that asked to judge and claimed nothing."""
    claimed = {claim.test for tool in facts.tools for claim in tool.claims}
    if silent := [entry.test for entry in facts.roll if entry.test not in claimed]:
        yield f"{len(silent)} tests asked to judge and judged nothing: {_some(silent)}"


def _named_only(facts: Facts) -> Iterator[str]:
    """Criteria named by tests that judged others, and judged by none: as if judged only if they would pass."""
    claims = [claim for tool in facts.tools for claim in tool.claims]
    claimed, spoke = {claim.criterion.id for claim in claims}, {claim.test for claim in claims}
    for entry in facts.roll:
        unjudged = [name for name in entry.criteria if name not in claimed]
        if unjudged and entry.test in spoke:
            yield f"{entry.test} names {', '.join(unjudged)}, which no test judged"


def _spared(facts: Facts, protocol: Mapping[str, JSON], lock: Lock | None) -> Iterator[str]:
    """Claims that were made of another tool, or locked, and not made of this one."""
    made, locked = _places(protocol.get("claims", {})), _places(lock.protocol.claims) if lock else set()
    for tool in facts.tools:
        own = {(claim.criterion.id, claim.stratum) for claim in tool.claims}
        if spared := [place_of(*claim) for claim in sorted(made - locked - own)]:
            yield f"{tool.card.name} was spared {', '.join(spared)}, which another tool had to meet"
        if unjudged := [place_of(*claim) for claim in sorted(locked - own)]:
            yield f"{tool.card.name} was not judged by {', '.join(unjudged)}, which the lock has"


def _places(claims: Mapping[str, Mapping[str, JSON]]) -> set[tuple[str, str]]:
    return {(name, stratum) for name, claim in claims.items() for stratum in claim.get("strata", [])}


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST]) + (f" and {len(names) - MOST} more" if len(names) > MOST else "")
