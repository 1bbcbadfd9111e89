"""What a run fixed, as one digest; what was locked beforehand; and where the two part."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

from editproof.core import records
from editproof.core.declared import Wanted, Whole, closed
from editproof.core.schemas import fault_of_schema
from editproof.errors import ProtocolError
from editproof.evidence.plain import plain
from editproof.types import JSON, CriterionCard, InstrumentCard

SCHEMA = "editproof-protocol/3"

SAME_ID = ("two different criteria go by that id", "Give each its own.")
"""What was found, and what to do, where criteria cannot be told apart."""

_ADVICE = "Write one with `editproof lock` before the edits are made."

Words = Annotated[str, Wanted("words, in quotes", lambda text: bool(text.strip()))]


@closed
@dataclass(frozen=True)
class RegisterFile:
    """The requirements and hazards that a suite answers to, in words by id."""

    requirements: Mapping[str, Words] = field(default_factory=dict)
    hazards: Mapping[str, Words] = field(default_factory=dict)


CONFIRMATORY, EXPLORATORY = "CONFIRMATORY", "EXPLORATORY"

FOR_READERS = ("description", "licence", "training_data", "performance", "limitations")
"""Fields of the card of an instrument from which no number follows; every other one is part of what is fixed."""

FLOORS = "floors"
"""Field of the card of an instrument that decides no reading, and that a protocol fixes by itself."""

OPEN_FOR_GATE = ("version", "source", "description")
"""What a lock for a gate leaves open of the card of each tool; all else, its name too, is fixed."""


def moment(text: JSON) -> datetime | None:
    """A point in time that carries its zone, or None."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else None


Moment = Annotated[str, Wanted("a time with its zone, e.g. 2026-01-31T12:00:00+00:00", lambda text: bool(moment(text)))]


@closed
@dataclass(frozen=True, kw_only=True)
class Protocol:
    """What a run fixes.

    Attributes
    ----------
    claims : mapping
        Every criterion with the strata it is judged in, by id.
    dataset : str
        Digest of the cohort.
    instruments, floors, editors : mapping
        By name: what is fixed of an instrument (:func:`instrument_in_protocol`), what it must reach on the originals,
        the card of a tool.
    plan : mapping
        Prompt, repeats, seed and parameters.
    metrics
        Version of the image metrics, or with metrics that are not built in a mapping with the digest of each.
    estimands : mapping, optional
        sha256 (hex) over the source of each estimand that is not built in, by name.
    executors : mapping, optional
        sha256 (hex) over the source of each executor that is not built in and worked on cases, by name.
    register : mapping, optional
        Requirements and hazards that the suite answers to.
    readings : mapping, optional
        Of a run on readings alone: the files, and why each claim that they cannot answer was not asked.
    study : mapping, optional
        Name, task, and caps and ranges of quantities, where a study file says them.
    digest : str
        sha256 (hex) over all of it.
    """

    claims: Mapping[str, Mapping[str, JSON]]
    dataset: str
    instruments: Mapping[str, Mapping[str, JSON]]
    floors: Mapping[str, Mapping[str, Mapping[str, JSON]]]
    editors: Mapping[str, Mapping[str, JSON]]
    plan: Mapping[str, JSON]
    metrics: JSON
    estimands: Annotated[Mapping[str, str] | None, records.ABSENT] = None
    register: Annotated[Mapping[str, Mapping[str, str]] | None, records.ABSENT] = None
    executors: Annotated[Mapping[str, str] | None, records.ABSENT] = None
    readings: Annotated[Mapping[str, JSON] | None, records.ABSENT] = None
    study: Annotated[Mapping[str, JSON] | None, records.ABSENT] = None
    digest: str


@closed
@dataclass(frozen=True, kw_only=True)
class Lock:
    """A protocol that was fixed beforehand.

    Attributes
    ----------
    locked : str
        When, ISO 8601 with its zone.
    standing : mapping of str to int
        How many cases of each tool had been edited by then.
    store : str, optional
        Id of the store that the edits were to be in; a run on another one says so.
    for_gate : bool, optional
        True where another version of a tool than the locked one may be judged, see :data:`OPEN_FOR_GATE`.
    digest : str, optional
        As of :func:`lock_digest`; a lock without one is a departure.
    """

    schema: str = SCHEMA
    locked: Moment
    standing: Annotated[Mapping[str, Whole], Wanted("the number of cases by tool, {...}")]
    protocol: Protocol
    store: Annotated[str | None, records.ABSENT] = None
    for_gate: Annotated[bool | None, records.ABSENT] = None
    digest: Annotated[str | None, records.ABSENT] = None


def claims(judged: Iterable[tuple[CriterionCard, str]]) -> dict[str, JSON]:
    """Every criterion with the strata it is judged in, as plain JSON by id.

    Raises
    ------
    ProtocolError
        Where two criteria have one id; a report could not tell them apart.
    """
    found: dict[str, JSON] = {}
    for card, stratum in judged:
        entry = found.setdefault(card.id, {**plain(card), "strata": []})
        if {**entry, "strata": []} != {**plain(card), "strata": []}:
            raise ProtocolError(f"criterion {card.id}", *SAME_ID)
        entry["strata"] = sorted({*entry["strata"], stratum})
    return dict(sorted(found.items()))


def instrument_in_protocol(card: InstrumentCard) -> JSON:
    """What tells an instrument from every other: all that its card says, but what is for readers alone and its floors.

    The key of its readings, and of what is measured by them, holds the same. What is empty is left out, so that a field
    that cards get later changes no digest where it says nothing.

    Examples
    --------
    >>> card = InstrumentCard("reader", "reads", (), 1, {"a.onnx": "0f"}, "MIT", "none")
    >>> instrument_in_protocol(card)
    {'name': 'reader', 'members': 1, 'sha256': {'a.onnx': '0f'}, 'axes': ['YX']}
    """
    told = {name: value for name, value in plain(card).items() if name not in (*FOR_READERS, FLOORS)}
    return {name: value for name, value in told.items() if value or value == 0}


def run_name(created: str, dataset: str, digest: str) -> str:
    """Name of a run, safe as a file name: when it ended, on which cohort, under which protocol.

    Examples
    --------
    >>> run_name("2026-01-31T12:00:00+00:00", "RSNA, 200 cases", "0123456789abcdef")
    '20260131-120000-rsna-200-cases-01234567'
    """
    return f"{datetime.fromisoformat(created):%Y%m%d-%H%M%S}-{slug(dataset)}-{digest[:8]}"


def slug(text: str) -> str:
    """A text as a part of a file name."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-").lower()[:40] or "run"


def locked(
    protocol: Mapping[str, JSON], standing: Mapping[str, int], at: str, store: str = "", *, for_gate: bool = False
) -> str:
    """The text of a lock file: the protocol, when it was locked, how many cases had been edited by then, and where.

    Parameters
    ----------
    protocol : mapping
    standing : mapping of str to int
    at : str
        ISO 8601 with its zone.
    store : str, optional
    for_gate : bool
        Whether the lock leaves the version of each tool open.

    Raises
    ------
    ProtocolError
        Where the protocol is not one.
    """
    lock = lock_of({"schema": SCHEMA, "locked": at, "standing": dict(standing), "protocol": dict(protocol)})
    lock = replace(lock, store=store or None, for_gate=for_gate or None)
    return json.dumps(records.json_of_record(replace(lock, digest=lock_digest(lock))), indent=1)


def lock_digest(lock: Lock) -> str:
    """The sha256 (hex) over a lock but for its own digest: tells a lock that was changed by hand, not by a forger."""
    content = records.json_of_record(replace(lock, digest=None))
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def lock_of(told: JSON, asked: str = "the lock of this run") -> Lock:
    """The lock that a value of plain JSON is.

    Raises
    ------
    ProtocolError
        Where it is not one, or one of another schema.
    """
    if found := fault_of_schema(told.get("schema") if isinstance(told, dict) else None, [SCHEMA], "a lock"):
        raise ProtocolError(asked, found, _ADVICE)
    return records.from_plain(Lock, told, asked, _ADVICE, ProtocolError)


def read_lock(path: Path) -> Lock:
    """The content of a lock file.

    Raises
    ------
    ProtocolError
        Where it cannot be read, or is not one.
    """
    asked = f"protocol {path}"
    try:
        told = records.json_of(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ProtocolError(asked, f"it cannot be read ({error})", _ADVICE) from error
    return lock_of(told, asked)


def read_register(path: Path) -> dict[str, dict[str, str]]:
    """The requirements and hazards that a suite answers to, by id, so that a report can name those left unanswered.

    Parameters
    ----------
    path : Path
        TOML with the tables ``[requirements]`` and ``[hazards]``, each of ``id = "words"``.

    Raises
    ------
    ProtocolError
        Where it cannot be read, or holds anything else.
    """
    advice = 'Write the tables [requirements] and [hazards], each with lines like H1 = "what may happen to a patient".'
    asked = f"register {path}"
    found = records.toml_of(path, asked, advice, ProtocolError)
    register = records.from_plain(RegisterFile, found, asked, advice, ProtocolError)
    return {"requirements": dict(register.requirements), "hazards": dict(register.hazards)}


def departures(
    lock: Lock | None, protocol: Mapping[str, JSON], created: str, elsewhere: Collection[str] = ()
) -> tuple[str, ...]:
    """Where a run departs from what was locked, one sentence each; empty for a confirmatory run.

    Parameters
    ----------
    lock : Lock or None
        As :func:`read_lock` gives it.
    protocol : mapping
        What the run fixed.
    created : str
        When the run ended, ISO 8601.
    elsewhere : collection of str
        Tools whose edits were made elsewhere: those were there when the lock was written, by necessity.
    """
    if lock is None:
        return ("no protocol was locked before the edits were made",)
    standing, locked_at, ended = lock.standing, moment(lock.locked), moment(created)
    unsaid = [tool for tool in protocol.get("editors", {}) if tool not in standing]
    reasons = [
        (lock.digest is None, "the lock has no digest, so that a change in it could not be told"),
        (lock.digest not in (None, lock_digest(lock)), "the lock was changed after it was written"),
        (
            locked_at is None or ended is None or locked_at > ended,
            f"the lock says that it was written at {lock.locked}, after the run",
        ),
        (unsaid, f"the lock does not say how many cases of {', '.join(unsaid)} had been edited before"),
    ]
    early = [
        (n, f"{n} cases of {tool} had been edited before the protocol was locked")
        for tool, n in standing.items()
        if tool not in elsewhere
    ]
    told = tuple(words for holds, words in (*reasons, *early) if holds)
    return told + tuple(_differences(_fixed(lock, protocol), protocol, ""))


def versions_left_open(lock: Lock | None, editors: Mapping[str, JSON]) -> dict[str, tuple[str, str]]:
    """The locked and the judged version of each tool of which a lock for a gate let another one be judged.

    Parameters
    ----------
    lock : Lock or None
    editors : mapping of str to mapping
        Card of each judged tool by name, as plain JSON.
    """
    before = lock.protocol.editors if lock and lock.for_gate else {}
    return {
        name: (str(before[name].get("version")), str(card.get("version")))
        for name, card in editors.items()
        if name in before and any(before[name].get(field) != card.get(field) for field in ("version", "source"))
    }


def _fixed(lock: Lock, protocol: Mapping[str, JSON]) -> dict[str, JSON]:
    """The locked protocol; where it leaves versions open, with those of the run."""
    fixed: dict[str, JSON] = records.json_of_record(lock.protocol)
    if not lock.for_gate:
        return fixed
    run = protocol.get("editors", {})
    return {**fixed, "editors": {name: _opened(card, run.get(name, {})) for name, card in fixed["editors"].items()}}


def _opened(locked: Mapping[str, JSON], judged: Mapping[str, JSON]) -> dict[str, JSON]:
    return {**locked, **{field: judged[field] for field in OPEN_FOR_GATE if field in judged}}


def _differences(before: JSON, after: JSON, place: str) -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after} - {"digest"}):
            yield from _differences(before.get(key), after.get(key), f"{place}.{key}" if place else str(key))
    elif before != after:
        yield f"{place}: locked {_short(before)}, run {_short(after)}"


def _short(value: JSON) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
