"""Removal of secrets of the environment from everything that is written or shown."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

SECRET_NAMES = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
"""Names of environment variables that hold a secret."""

SHORTEST = 8
"""Shorter values are not treated as secrets: replacing them would destroy ordinary text."""


def secrets() -> dict[str, str]:
    """Secret values of the environment, with the names of their variables; longest first."""
    named = {name: os.environ[name].strip() for name in os.environ if SECRET_NAMES.search(name)}
    found = {value: name for name, value in named.items() if len(value) >= SHORTEST}
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


def redacted(text: str, known: Mapping[str, str] | None = None) -> str:
    """The text with every secret of the environment replaced by the name of its variable.

    ``known`` are the :func:`secrets` if the caller has them already, which saves time with many texts.

    Examples
    --------
    >>> os.environ["DOCTEST_API_KEY"] = "sk-12345678"
    >>> redacted("wrong key sk-12345678")
    'wrong key [DOCTEST_API_KEY]'
    >>> del os.environ["DOCTEST_API_KEY"]
    """
    for secret, name in (secrets() if known is None else known).items():
        text = text.replace(secret, f"[{name}]")
    return text


def redacted_bytes(content: bytes, known: Mapping[str, str] | None = None) -> bytes:
    """Bytes with every secret of the environment replaced; unchanged if there is none."""
    for secret, name in (secrets() if known is None else known).items():
        content = content.replace(secret.encode(), f"[{name}]".encode())
    return content
