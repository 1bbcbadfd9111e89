"""Secrets that stand where everybody may read them: in a specification, a template, a card, a study file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from editproof.core.redaction import SHORTEST
from editproof.core.variables import VARIABLE

_NAMES = re.compile(
    r"^(proxy-)?authorization$|^cookie$|(^|[-_.])(api|access|auth|client|subscription|secret|x)?[-_]?"
    r"(key|token|secret|password|signature|sig)$",
    re.IGNORECASE,
)
_FORMS = re.compile(
    r"\b(sk|pk|rk)-[A-Za-z0-9_-]{16,}|\br8_[A-Za-z0-9]{20,}|\bhf_[A-Za-z0-9]{20,}|\bAIza[\w-]{30,}"
    r"|\bgh[pousr]_\w{20,}|\bxox[abprs]-[\w-]{10,}|\bAKIA[0-9A-Z]{16}\b|\beyJ[\w-]{10,}\.[\w-]{10,}\."
    r"|\b(Bearer|Basic|Key|Token)\s+[^\s${}\"']{16,}",
)


def literal_secret(text: str) -> str:
    """What in a text has the form of a secret, as its first characters; "" where nothing has.

    Examples
    --------
    >>> literal_secret("Bearer ${TOKEN}"), literal_secret('{"user": "sk-proj-0123456789abcdef"}')
    ('', 'sk-p...')
    """
    found = _FORMS.search(VARIABLE.sub("", text))
    return f"{found[0][:4]}..." if found else ""


def literal_secrets(value: Any, path: str = "") -> Iterator[str]:
    """The places in a value of JSON where a secret stands: by the form of a text, or by the name that it has.

    Examples
    --------
    >>> list(literal_secrets({"headers": {"X-Key": "0123456789", "Accept": "image/png"}, "query": {"key": "${KEY}"}}))
    ['headers.X-Key']
    """
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        place = f"{path}.{name}" if path else str(name)
        if isinstance(one, str):
            by_name = "{" not in one and len(one) >= SHORTEST and _NAMES.search(str(name))
            if by_name or literal_secret(one):
                yield place
        else:
            yield from literal_secrets(one, place)
