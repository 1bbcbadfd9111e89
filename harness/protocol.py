"""What a run fixed, as one digest; what was locked beforehand; and where the two part."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from harness.errors import ProtocolError
from harness.evidence import plain
from harness.types import JSON, CriterionCard

SCHEMA = "editproof-protocol/1"

CONFIRMATORY, EXPLORATORY = "CONFIRMATORY", "EXPLORATORY"


def claims(judged: Iterable[tuple[CriterionCard, str]]) -> dict[str, JSON]:
    """Every criterion with the strata it is judged in, as plain JSON by id.

    Raises
    ------
    ProtocolError
        Where one id stands for two criteria; a report could not tell them apart.
    """
    found: dict[str, JSON] = {}
    for card, stratum in judged:
        entry = found.setdefault(card.id, {**plain(card), "strata": []})
        if {**entry, "strata": []} != {**plain(card), "strata": []}:
            raise ProtocolError(f"criterion {card.id}", "two different criteria go by that id", "Give each its own.")
        entry["strata"] = sorted({*entry["strata"], stratum})
    return dict(sorted(found.items()))


def locked(protocol: Mapping[str, JSON], standing: Mapping[str, int], at: str) -> str:
    """The text of a lock file: the protocol, when it was locked, and how many cases had been edited by then."""
    return json.dumps(
        {"schema": SCHEMA, "locked": at, "standing": dict(standing), "protocol": dict(protocol)}, indent=1
    )


def read_lock(path: Path) -> dict[str, JSON]:
    """The content of a lock file.

    Raises
    ------
    ProtocolError
        Where it is none.
    """
    advice = "Write one with `editproof lock` before the edits are made."
    try:
        lock = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ProtocolError(f"protocol {path}", f"it cannot be read ({error})", advice) from error
    if not isinstance(lock, dict) or lock.get("schema") != SCHEMA:
        raise ProtocolError(f"protocol {path}", f"it is no {SCHEMA} file", advice)
    return lock


def departures(lock: Mapping[str, JSON] | None, protocol: Mapping[str, JSON]) -> tuple[str, ...]:
    """Where a run departs from what was locked, one sentence each; empty for a confirmatory run.

    Examples
    --------
    >>> lock = {"locked": "2026-01-01", "standing": {"tool": 3}, "protocol": {"plan": {"repeats": 3}}}
    >>> departures(lock, {"plan": {"repeats": 1}})
    ('3 cases of tool had been edited before the protocol was locked', 'plan.repeats: locked 3, run 1')
    """
    if lock is None:
        return ("no protocol was locked before the edits were made",)
    early = tuple(
        f"{count} cases of {tool} had been edited before the protocol was locked"
        for tool, count in lock["standing"].items()
        if count
    )
    return early + tuple(_differences(lock["protocol"], protocol, ""))


def _differences(before: JSON, after: JSON, place: str) -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after} - {"digest"}):
            yield from _differences(before.get(key), after.get(key), f"{place}.{key}" if place else str(key))
    elif before != after:
        yield f"{place}: locked {_short(before)}, run {_short(after)}"


def _short(value: JSON) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
