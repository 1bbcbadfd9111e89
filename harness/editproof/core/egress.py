"""Who may receive pixels. Nothing leaves the machine unless its host was named with ``--allow-egress``."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from editproof.errors import EditorError, EditproofError


def server_of(url: str, asked: str, error: type[EditproofError] = EditorError) -> SplitResult:
    """The parts of a server's address.

    Raises
    ------
    error
        Where it is not an http address, or carries a name and password: those belong in the environment.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise error(asked, f"{parts.hostname or 'it'} is not an http(s) address", "Write http://HOST:PORT/PATH.")
    if parts.username or parts.password:
        raise error(asked, "the address carries a password", "Keep secrets in environment variables.")
    return parts


def receiver(host: str | None) -> str | None:
    """The host where it is another machine, None where it is this one.

    Examples
    --------
    >>> receiver("127.0.0.1"), receiver("localhost"), receiver("api.openai.com")
    (None, None, 'api.openai.com')
    """
    if host is None or host == "localhost":
        return None
    try:
        return None if ipaddress.ip_address(host).is_loopback else host
    except ValueError:
        return host


def check_egress(host: str | None, allowed: Iterable[str], asked: str, error: type[EditproofError]) -> None:
    """Refuse what sends pixels to a host that was not named.

    Parameters
    ----------
    host : str or None
        Who receives them, as the card of the tool or instrument says.
    asked : str
        ``"editor NAME"`` or ``"instrument NAME"``.

    Raises
    ------
    error
    """
    if host is not None and host.lower() not in {name.lower() for name in allowed}:
        raise error(
            asked,
            f"it would send radiographs to {host}, which was not allowed",
            f"If they may leave this machine, add --allow-egress {host}.",
        )
