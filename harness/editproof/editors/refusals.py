"""What servers say where they refuse to make an edit, and where no money is left, in the forms of many of them.

Azure, Gemini, LiteLLM, OpenAI, Replicate and Stability each have a form of their own, some of them under HTTP 200.
Codes are looked for at the names that hold codes, wherever in the answer; words only in answers that hold no image.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from editproof.types import JSON

CODE_NAMES = frozenset(
    {"code", "type", "name", "status", "reason", "finishreason", "blockreason", "errorcode", "errortype"}
)
"""Names that hold a code, in small letters and without signs."""

REFUSALS = frozenset(
    {
        "moderationblocked", "contentpolicyviolation", "contentpolicyviolationerror", "contentfilter",
        "contentfiltered", "contentmoderation", "responsibleaipolicyviolation", "safety", "imagesafety",
        "prohibitedcontent", "imageprohibitedcontent", "blocklist", "spii", "recitation", "imagerecitation",
        "requestmoderated",
    }
)  # fmt: skip
"""Codes of a refusal: of OpenAI and Azure, LiteLLM, Stability, Gemini and BFL."""

NO_MONEY = frozenset(
    {
        "insufficientquota", "billinghardlimitreached", "billingnotactive", "insufficientcredits", "insufficientcredit",
        "insufficientbalance", "paymentrequired", "budgetexceeded", "exceededbudget",
    }
)  # fmt: skip
"""Codes of an account that is used up."""

FLAGS = frozenset({"hasnsfwconcepts", "hasnsfwconcept", "nsfwcontentdetected"})
"""Names under which a service says that it blackened a picture."""

_REFUSED = re.compile(
    r"content.?(policy|filter|moderation|management)|moderation.?(blocked|system)|safety.?(system|filter|polic)"
    r"|flagged (as|by|for)|\bnsfw\b|responsible.?ai|prohibited content",
    re.IGNORECASE,
)
_SPENT = re.compile(
    r"exceeded your (current )?quota|insufficient.{0,3}(quota|credit|fund|balance)|out of credit"
    r"|budget has been exceeded|exceeded.?budget|billing (hard )?limit|(add|buy|purchase) (more )?credit"
    r"|payment.required",
    re.IGNORECASE,
)
_WAIT = re.compile(rb"retry.?(delay|after|in)", re.IGNORECASE)
_DEEP = 8


def refusal_in(content: bytes, headers: Mapping[str, str], *, words: bool) -> str:
    """The code or the words by which an answer refuses an edit, or "".

    Parameters
    ----------
    content : bytes
        Body of the answer; one that is no JSON refuses nothing, as the page of a proxy does not.
    headers : mapping
        Stability says there how an image was finished.
    words : bool
        Whether words refuse too, as in an answer without an image they do.

    Examples
    --------
    >>> refusal_in(b'{"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}', {}, words=False)
    'PROHIBITED_CONTENT'
    >>> refusal_in(b'{"errors": ["stopped by our content moderation"]}', {}, words=True)
    'content moderation'
    """
    finish = {name.lower(): text for name, text in headers.items()}.get("finish-reason", "")
    said = _json_of(content)
    for code in [finish, *_codes(said)]:
        if _plain(code) in REFUSALS:
            return code
    if flag := next(_flags(said), ""):
        return flag
    found = _REFUSED.search(content.decode(errors="replace")) if words and said is not None else None
    return found[0] if found else ""


def is_spent(content: bytes, headers: Mapping[str, str]) -> bool:
    """Whether an answer says that the account is used up, which no waiting mends.

    Gemini has one form of words for that and for a limit per minute; where it says how long to wait it is the second.

    Examples
    --------
    >>> is_spent(b'{"error": {"message": "You exceeded your current quota, please check your plan"}}', {})
    True
    >>> is_spent(b'{"error": {"message": "You exceeded your current quota. Please retry in 20s."}}', {})
    False
    """
    said = _json_of(content)
    if any(_plain(code) in NO_MONEY for code in _codes(said)):
        return True
    waits = _WAIT.search(content) or any(name.lower().startswith("retry-after") for name in headers)
    return said is not None and not waits and bool(_SPENT.search(content.decode(errors="replace")))


def _json_of(content: bytes) -> JSON:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _codes(value: Any, deep: int = 0) -> Iterator[str]:
    if isinstance(value, dict) and deep < _DEEP:
        for name, inner in value.items():
            if isinstance(inner, str):
                if _plain(name) in CODE_NAMES:
                    yield inner
            else:
                yield from _codes(inner, deep + 1)
    elif isinstance(value, list) and deep < _DEEP:
        for inner in value:
            yield from _codes(inner, deep + 1)


def _flags(value: Any, deep: int = 0) -> Iterator[str]:
    """Names that say yes of a picture that was blackened, as fal has them."""
    if not isinstance(value, dict | list) or deep >= _DEEP:
        return
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if _plain(str(name)) in FLAGS and (inner is True or (isinstance(inner, list) and True in inner)):
            yield str(name)
        yield from _flags(inner, deep + 1)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text[:100].lower())
