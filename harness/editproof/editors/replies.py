"""What a web server's refusals mean: whether to wait, to count an edit as refused or failed, or to stop the run.

A request is sent again only where it cannot have been paid for: the server was not reached, was busy (429), or broke
before it answered (5xx but 504). A connection cut while the answer was awaited, or a time-out, may have been paid for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from time import time

from editproof.core.http import NoAnswerError
from editproof.core.numbers import brief
from editproof.core.redaction import redacted
from editproof.errors import EditorError
from editproof.types import JSON, EditOutcome, EditStatus

REFUSALS = ("moderation_blocked", "content_policy_violation", "content_filter")
NO_QUOTA = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")
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


def fault_of(status: int, headers: Mapping[str, str], body: bytes, tool: str) -> EditOutcome:
    """The outcome that an HTTP status other than 2xx comes to.

    Raises
    ------
    EditorError
        Where no request of this run can succeed: wrong key, no quota, no such endpoint or model.
    """
    code, words = _said(body)
    facts = {"http_status": status, **said_of(headers)}
    message = f"HTTP {status}{f' {code}' if code else ''}: {words}"
    if code in REFUSALS:
        return EditOutcome.failure(EditStatus.REFUSED, message, **facts)
    if status == 402 or code in NO_QUOTA:
        raise EditorError(f"editor {tool}", f"no quota is left ({message})", "Add credit; edits made so far are kept.")
    if status in (401, 403) or code == "invalid_api_key":
        raise EditorError(f"editor {tool}", f"the server turns us away ({message})", "Set the right key or permission.")
    if 300 <= status < 400:
        raise EditorError(f"editor {tool}", f"redirected elsewhere (HTTP {status})", "Name the final address itself.")
    if status in (404, 405) or code in NO_ENDPOINT:
        raise EditorError(f"editor {tool}", f"no such endpoint or model ({message})", "Mend the address or the model.")
    if status == 504:  # the server behind the gateway may have finished, and billed
        return EditOutcome.failure(EditStatus.TIMED_OUT, message, **facts)
    if status in (408, 409, 429) or status >= 500:
        return EditOutcome.failure(EditStatus.FAILED, message, retry_after_s=retry_after_s(headers), **facts)
    return EditOutcome.failure(EditStatus.FAILED, message, **facts)


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
