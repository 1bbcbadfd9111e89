"""The register of requirements and hazards that a study answers to, and what its claims name in vain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from editproof.core.nearest import did_you_mean
from editproof.criteria.criterion import Criterion


def unknown_entries(
    claims: Iterable[tuple[Criterion, str]], register: Mapping[str, Mapping[str, str]]
) -> Iterator[str]:
    """What claims name that the register has not, one sentence an entry.

    A requirement or hazard in words is no name of an entry, and neither is anything where the register has none of its
    kind.

    Parameters
    ----------
    claims : iterable of (Criterion, str)
        Each with its stratum.
    register : mapping of str to mapping of str to str
        Entries in words by id, under ``"requirements"`` and ``"hazards"``.
    """
    named: dict[tuple[str, str], list[str]] = {}
    for criterion, _ in claims:
        for kind, entry in (("requirement", criterion.requirement), ("hazard", criterion.hazard)):
            known = register.get(f"{kind}s", {})
            if known and entry and entry not in known and len(entry.split()) == 1:
                named.setdefault((kind, entry), []).append(criterion.id)
    for (kind, entry), places in named.items():
        known = register[f"{kind}s"]
        advice = did_you_mean(entry, known).strip() or f"It has {', '.join(known)}."
        who = ", ".join(dict.fromkeys(places))
        yield f"{who}: the {kind} {entry!r} is not in the register. {advice}"
