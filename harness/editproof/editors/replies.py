"""What a web server's refusals mean: whether to wait, to count an edit as refused or failed, or to stop the run.

A request is sent again only where it cannot have been paid for: the server was not reached, was busy (429), or said
when it will be there again (503 with Retry-After). Everything else may have been dispatched: behind a gateway a
time-out comes as 408, 504 or 524, a connection that the model's server cut as 500, 502 or 503, and an edit that was
made and paid for as 500, where the gateway could not read its answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from time import time

from editproof.core.http import NoAnswerError
from editproof.core.numbers import brief
from editproof.core.redaction import redacted
from editproof.editors.refusals import is_spent, refusal_in
from editproof.errors import EditorError
from editproof.types import JSON, EditOutcome, EditStatus

TOO_LATE = (408, 504, 524, 598)
"""HTTP statuses by which a gateway says that the server behind it did not answer in time."""
BUSY = 429
AWAY = 503
NO_ENDPOINT = ("model_not_found", "unknown_url", "invalid_api_key")
WORDS = 300
"""Characters of a server's own words that are kept."""


LONGEST_WAIT_S = 3600.0
"""A server that asks for more is tried again after that all the same."""


def briefly(text: str) -> str:
    """The beginning of a text; secrets are struck out before it is cut, so that no part of one is left."""
    return redacted(text)[:WORDS]


def words_of(body: bytes) -> str:
    """The first words of an answer, without secrets."""
    return " ".join(redacted(body.decode(errors="replace")).split())[:WORDS]


def fault_of(status: int, headers: Mapping[str, str], body: bytes, tool: str, *, free: bool = False) -> EditOutcome:
    """The outcome that an HTTP status other than 2xx comes to.

    Parameters
    ----------
    free : bool
        Whether a request of this kind costs nothing, and may be sent again after every fault of the server.

    Raises
    ------
    EditorError
        Where no request of this run can succeed: wrong key, no quota, no such endpoint or model.
    """
    code, words = _said(body)
    facts = {"http_status": status, **said_of(headers)}
    message = f"HTTP {status}{f' {code}' if code else ''}: {words}"
    if refusal_in(body, headers, words=True):
        return EditOutcome.failure(EditStatus.REFUSED, message, **facts)
    if status == 402 or is_spent(body, headers):
        raise no_money_left(tool, message)
    if status in (401, 403) or code == "invalid_api_key":
        raise EditorError(f"editor {tool}", f"the server turns us away ({message})", "Set the right key or permission.")
    if 300 <= status < 400:
        raise EditorError(f"editor {tool}", f"redirected elsewhere (HTTP {status})", "Name the final address itself.")
    if status in (404, 405) or code in NO_ENDPOINT:
        raise EditorError(f"editor {tool}", f"no such endpoint or model ({message})", "Mend the address or the model.")
    again = {"retry_after_s": retry_after_s(headers)}
    if status == BUSY or (status == AWAY and _says_when(headers)):
        return EditOutcome.failure(EditStatus.FAILED, message, **again, **facts)
    if free and (status in TOO_LATE or status == 409 or status >= 500):
        return EditOutcome.failure(EditStatus.FAILED, message, **again, **facts)
    return EditOutcome.failure(EditStatus.TIMED_OUT if status in TOO_LATE else EditStatus.FAILED, message, **facts)


def no_money_left(tool: str, message: str) -> EditorError:
    """The error that ends a run whose tool is no longer paid for."""
    return EditorError(f"editor {tool}", f"no quota is left ({message})", "Add credit; edits made so far are kept.")


def fault_within(content: bytes, headers: Mapping[str, str], tool: str, facts: dict[str, JSON]) -> EditOutcome | None:
    """What an answer under HTTP 200 that holds no image comes to, where it is a refusal; None where it is none.

    Raises
    ------
    EditorError
        Where no money is left.
    """
    if refusal_in(content, headers, words=True):
        return EditOutcome(EditStatus.REFUSED, None, f"refused: {words_of(content)}", facts, content)
    if is_spent(content, headers):
        raise no_money_left(tool, words_of(content))
    return None


def lost(fault: NoAnswerError, host: str, seconds: float) -> EditOutcome:
    """The outcome of a request without an answer; only one of which nothing was sent may be tried again."""
    if not fault.reached:
        return unreachable(host, fault.reason)
    return timed_out(seconds) if fault.late else cut(fault.reason)


def unreachable(host: str, reason: str) -> EditOutcome:
    """A server that was never reached: safe to try again, and the end of the run where it stays away."""
    return EditOutcome.failure(EditStatus.FAILED, f"not reached ({reason})", retry_after_s=0.0, unreachable=host)


def cut(reason: str) -> EditOutcome:
    """A connection lost while the answer was awaited: not tried again, for it may have been paid for."""
    return EditOutcome.failure(EditStatus.FAILED, f"the connection was cut before the answer was in ({reason})")


def timed_out(seconds: float) -> EditOutcome:
    """No answer in time: not tried again, for it may have been paid for."""
    return EditOutcome.failure(EditStatus.TIMED_OUT, f"no answer within {brief(seconds)} s")


def said_of(headers: Mapping[str, str]) -> dict[str, JSON]:
    """Request id and rate limit, where a server tells them."""
    lower = {name.lower(): value for name, value in headers.items()}
    said: dict[str, JSON] = {}
    if "x-request-id" in lower:
        said["request_id"] = lower["x-request-id"]
    remaining, reset = lower.get("x-ratelimit-remaining-requests", ""), lower.get("x-ratelimit-reset-requests", "")
    if remaining.isdigit() and (reset_s := seconds_of(reset)) is not None:
        said["rate_limit"] = {"remaining": int(remaining), "reset_s": reset_s}
    return said


def retry_after_s(headers: Mapping[str, str]) -> float:
    """Seconds to wait that a server asks for, an hour at most; 0 where it does not ask."""
    lower = {name.lower(): value for name, value in headers.items()}
    if (milliseconds := seconds_of(lower.get("retry-after-ms", ""))) is not None:
        return min(LONGEST_WAIT_S, milliseconds / 1000)
    text = lower.get("retry-after", "")
    if (seconds := seconds_of(text)) is not None:
        return min(LONGEST_WAIT_S, seconds)
    try:
        return min(LONGEST_WAIT_S, max(0.0, parsedate_to_datetime(text).timestamp() - time()))
    except (ValueError, OverflowError):
        return 0.0


def _says_when(headers: Mapping[str, str]) -> bool:
    return any(name.lower() in ("retry-after", "retry-after-ms") for name in headers)


def seconds_of(text: str) -> float | None:
    """Seconds in a duration such as ``20ms``, ``1s``, ``6m0s`` or ``1.5``, or None.

    Examples
    --------
    >>> seconds_of("6m0s"), seconds_of("20ms"), seconds_of("1.5"), seconds_of("soon")
    (360.0, 0.02, 1.5, None)
    """
    units = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
    total, number, unit = 0.0, "", ""
    for character in f"{text.strip()} ":
        if (character.isdecimal() or character == ".") and not unit:
            number += character
            continue
        if character.isalpha():
            unit += character
            continue
        if (unit or "s") not in units or not number.replace(".", "", 1).isdecimal():
            return None
        total += float(number) * units[unit or "s"]
        number, unit = (character, "") if character.isdecimal() else ("", "")
    return total


def _said(body: bytes) -> tuple[str, str]:
    """Error code and words of a body: OpenAI's form, FastAPI's, or the beginning of whatever it is."""
    text = words_of(body)
    try:
        value = json.loads(body)
    except ValueError:
        return "", text
    if isinstance(value, dict):
        error = value.get("error", value)
        if isinstance(error, dict):
            words = error.get("message") or error.get("detail") or error.get("errors") or text
            return str(error.get("code") or error.get("type") or ""), briefly(str(words))
        return "", briefly(str(error))
    return "", text
