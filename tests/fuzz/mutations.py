"""Small seeded changes of bytes and of values of JSON, most of them where readers stumble."""

from __future__ import annotations

import json
import random
from typing import Any

SIZES = (b"\x00", b"\xff", b"\x7f\xff", b"\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\x00\x00\x00\x00")
"""Bytes that stand for extreme lengths and counts."""
TEXTS = ("\0", "\u202e", "é" * 300, "../../x", "1e999", "-1", "NaN", '"', "${HOME}", "[" * 400, "{}", "0x10", " ")
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1e308, float("nan"), float("inf"), 2**70, "", "x" * 5000, [], {}, [[]], {"": {}}, *TEXTS,
)  # fmt: skip
"""Values that a field may be given whatever it should hold."""
DEEP = 100_000
"""Levels of a value that is nested without need."""


def of_bytes(content: bytes, rng: random.Random) -> bytes:
    """The bytes after one to four changes: flipped, overwritten, cut, doubled, moved, or filled with extremes."""
    made = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        if not made:
            return bytes(made)
        at = rng.randrange(len(made)) if rng.random() < 0.5 else rng.randrange(min(len(made), 400))
        kind = rng.randrange(7)
        if kind == 0:
            made[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            made[at] = rng.randrange(256)
        elif kind == 2:
            extreme = rng.choice(SIZES)
            made[at : at + len(extreme)] = extreme
        elif kind == 3:
            del made[at : at + rng.randint(1, 64)]
        elif kind == 4:
            made[at:at] = made[at : at + rng.randint(1, 64)]
        elif kind == 5:
            del made[at:]
        else:
            made[at:at] = rng.randbytes(rng.randint(1, 16))
    return bytes(made)


def of_text(content: bytes, rng: random.Random) -> bytes:
    """A text after a change of its bytes, or with an odd word put in."""
    if rng.random() < 0.4:
        return of_bytes(content, rng)
    text = content.decode()
    at = rng.randrange(len(text) + 1)
    return (text[:at] + rng.choice(TEXTS) + text[at + rng.choice((0, 0, 1, 8)) :]).encode()


def of_json(content: bytes, rng: random.Random) -> bytes:
    """A value of JSON after a change of one field, of its bytes, or nested without end."""
    roll = rng.random()
    if roll < 0.2:
        return of_bytes(content, rng)
    if roll < 0.22:
        return b"[" * DEEP
    value = json.loads(content)
    for _ in range(rng.randint(1, 3)):
        places = list(_places(value))
        if not places:
            break
        holder, name = rng.choice(places)
        kind = rng.randrange(4)
        if kind == 0:
            del holder[name]
        elif kind == 1 and isinstance(holder, dict):
            holder[rng.choice(TEXTS)] = holder.pop(name)
        elif kind == 2:
            holder[name] = [holder[name]]
        else:
            holder[name] = rng.choice(ODD)
    return json.dumps(value).encode()


def _places(value: Any) -> Any:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        yield value, name
        yield from _places(inner)
