"""Pictures in the answers of servers: base64 in its forms, the address of a file, the events of a stream.

A picture is read from the place that was named for it and from no other, for an answer may also give back the picture
that was sent. Where there is none at that place, the error names the place where there is one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import SplitResult, urlsplit

from editproof.core.http import NoAnswerError, fetched_from
from editproof.errors import EditorError
from editproof.imaging import codec
from editproof.types import JSON

ANY = "*"
"""Step of a path for any member of a list or object: the first that has what the rest of the path names."""

_STREAM = (b"event:", b"data:")
_LEAST = 60
"""The shortest text that is taken for a picture, in characters."""


class NoPictureError(Exception):
    """What a picture should be read from cannot be had this time."""


def found_at(value: Any, path: str) -> Any:
    """What is at a path such as ``images.0`` or ``parts.*.inlineData.data`` in a value of JSON.

    Raises
    ------
    KeyError, IndexError, TypeError, ValueError

    Examples
    --------
    >>> found_at({"parts": [{"text": "Here"}, {"data": "aGFuZA=="}]}, "parts.*.data")
    'aGFuZA=='
    """
    step, dot, rest = path.partition(".")
    if step == ANY and isinstance(value, list | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            try:
                return found_at(inner, rest) if dot else inner
            except (KeyError, IndexError, TypeError, ValueError):
                continue
        raise KeyError(path)
    inner = value[int(step) if isinstance(value, list) else step]
    return found_at(inner, rest) if dot else inner


def place_in(content: bytes) -> str:
    """Where the first picture in an answer is: ``raw``, a path in its JSON, or "" where there is none."""
    if codec.format_of(content) != "unknown":
        return "raw"
    try:
        return next(_places(json.loads(content), ""), "")
    except (ValueError, RecursionError):
        return ""


def _places(value: JSON, path: str) -> Iterator[str]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield from _places(one, f"{path}.{name}" if path else str(name))
    if isinstance(value, str) and len(value) >= _LEAST and not value.startswith(("http:", "https:")):
        try:
            if codec.format_of(codec.base64_bytes(value)) != "unknown":
                yield path
        except ValueError:
            return


def check_host(
    url: str, server: SplitResult, hosts: Collection[str], tool: str, advice: str = "Name its host in the template."
) -> None:
    """Refuse an address that is neither at a tool's own server nor at a host, or below one, that was named for it.

    Raises
    ------
    EditorError
    """
    place = urlsplit(url)
    if (place.scheme, place.netloc) == (server.scheme, server.netloc):
        return
    host = (place.hostname or "").lower()
    named = any(host == name.lower() or host.endswith(f".{name.lower()}") for name in hosts)
    if not named or place.scheme != server.scheme:
        found = f"it answers with an address at {place.netloc}, which is not its own server"
        raise EditorError(f"editor {tool}", found, advice)


def picture_of(
    text: str, server: SplitResult, seconds: float, tool: str, advice: str, hosts: Collection[str] = ()
) -> bytes:
    """The bytes of a picture that an answer gives as base64, as a data URL, or by an address at its own server.

    Parameters
    ----------
    text : str
    server : SplitResult
        Where the tool is served; nothing is fetched from anywhere else.
    seconds : float
        For fetching it.
    tool, advice : str
        Name of the tool; how to have it answer with base64.
    hosts : collection of str
        Others that its files may be fetched from.

    Raises
    ------
    ValueError
        Where it is no base64.
    NoPictureError
        Where its own server does not give the file.
    EditorError
        Where the address is elsewhere: pixels would be read from a host that nobody named.
    """
    if not text.startswith(("http:", "https:")):
        return codec.base64_bytes(text)
    check_host(text, server, hosts, tool, advice)
    try:
        answer = fetched_from(text, {}, seconds)
    except NoAnswerError as fault:
        raise NoPictureError(f"its file could not be fetched ({fault.reason})") from fault
    if not 200 <= answer.status < 300:
        raise NoPictureError(f"its file could not be fetched (HTTP {answer.status})")
    return answer.content


def is_stream(content: bytes) -> bool:
    """Whether an answer is a stream of server-sent events."""
    return content.lstrip().startswith(_STREAM)


def joined_events(content: bytes) -> dict[str, JSON]:
    r"""The answer that the events of the Images API add up to; partial pictures are left out.

    Raises
    ------
    ValueError
        Where an event is no JSON.

    Examples
    --------
    >>> event = b'event: image_edit.completed\ndata: {"type": "image_edit.completed", "b64_json": "aGFuZA=="}\n\n'
    >>> joined_events(event)
    {'data': [{'b64_json': 'aGFuZA=='}]}
    """
    lines = [line[5:].strip() for line in content.splitlines() if line.startswith(b"data:")]
    events = [json.loads(line) for line in lines if line and line != b"[DONE]"]
    done = [event for event in events if str(event.get("type", "")).endswith(".completed")]
    answer: dict[str, JSON] = {"data": [{"b64_json": event["b64_json"]} for event in done if "b64_json" in event]}
    if usage := [event["usage"] for event in done if event.get("usage")]:
        answer["usage"] = usage[-1]
    return answer
