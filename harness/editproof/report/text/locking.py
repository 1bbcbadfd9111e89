"""What a lock holds and what is to be done next, as the last words of ``editproof lock``."""

from __future__ import annotations

from collections.abc import Iterator

from editproof.evidence.protocol import Lock
from editproof.report.text.wording import counted, listed

NAMED = 8
"""Claims that a sentence names."""


def lock_in_words(lock: Lock, path: str) -> Iterator[str]:
    r"""Lines that say what was locked, what was not, and what to do next.

    Parameters
    ----------
    lock : Lock
    path : str
        Its file.

    Examples
    --------
    >>> from editproof.evidence.protocol import Protocol
    >>> claims = {"BA-1": {"role": "primary", "strata": ["all"]}, "BA-2": {"role": "secondary", "strata": ["all"]}}
    >>> protocol = Protocol(claims=claims, dataset="", instruments={}, floors={}, editors={"fill": {}},
    ...     plan={"repeats": 3}, metrics="2", digest="0123456789abcdef")
    >>> lock = Lock(locked="2026-01-31T12:00:00+00:00", standing={"fill": 0}, protocol=protocol)
    >>> print(*lock_in_words(lock, "lock.json"), sep="\n")
    locked in lock.json: 2 claims (BA-1, BA-2), of which 1 decides, on fill, 3 edits of each case; protocol 01234567
    next: keep lock.json where nobody changes it (commit it), make the edits, and judge with --lock lock.json
    """
    protocol = lock.protocol
    names = list(protocol.claims)
    deciding = sum(claim.get("role") == "primary" for claim in protocol.claims.values())
    named = ", ".join([*names[:NAMED], f"{len(names) - NAMED} more"] if len(names) > NAMED else names)
    repeats = protocol.plan.get("repeats")
    edits = f", {counted(repeats, 'edit')} of each case" if isinstance(repeats, int) else ""
    yield (
        f"locked in {path}: {counted(len(names), 'claim')} ({named}), of which {deciding} "
        f"{'decides' if deciding == 1 else 'decide'}, on {listed(list(protocol.editors))}{edits}; "
        f"protocol {protocol.digest[:8]}"
    )
    if unasked := dict((protocol.readings or {}).get("not_asked") or {}):
        yield f"not asked of readings alone: {', '.join(f'{name} (needs {need})' for name, need in unasked.items())}"
    edited = listed([f"{counted(n, 'case')} of {tool}" for tool, n in lock.standing.items() if n])
    keep = f"next: keep {path} where nobody changes it (commit it)"
    if protocol.readings is not None:
        told = "its edits were there already, so that it stays EXPLORATORY"
        yield f"{keep}, and judge the same table with --lock {path}; {told}"
    elif edited:
        yield (
            f"{keep}; {edited} had been edited already, so that a run by it departs "
            "unless they were made elsewhere; for edits that come after it, run with another --store"
        )
    elif lock.for_gate:
        yield f"{keep}, and judge every version of the tool with --lock {path}, on edits that are made from now on"
    else:
        yield f"{keep}, make the edits, and judge with --lock {path}"
