"""Templates of requests: how a tool behind HTTP is asked, where its picture is, and how long it is waited for.

A template is a JSON object with the fields of :data:`FIELDS`. In the values of ``path``, ``query``, ``headers`` and
``body``, ``{image}``, ``{mask}``, ``{prompt}``, ``{seed}``, ``{width}``, ``{height}`` and ``{model}`` are filled,
and ``${NAME}``
is taken from the environment when a request is sent, so that no secret is ever in a file, a card or a record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from editproof.core import variables
from editproof.core.literals import literal_secrets
from editproof.core.nearest import did_you_mean
from editproof.editors.presets import PRESETS
from editproof.errors import EditorError
from editproof.types import JSON

POLL_FIELDS: Final = ("url", "status", "done", "failed", "every", "hosts", "result")
"""Fields of ``poll``: a path or address made of places in the first answer, where the state is, and what it may be;
``result``, where the answer of a job that is done is fetched, if not there."""

_LISTS = ("done", "failed", "hosts")
_PLACE = re.compile(r"\$\{(\w+)\}|\{([\w.*]+)\}")


def template_of(name: str, asked: str) -> dict[str, Any]:
    """The fields of a preset or of a JSON file.

    Raises
    ------
    EditorError
        Where there is none, it is no JSON object, or a secret stands in it.
    """
    if name in PRESETS:
        return PRESETS[name]
    path = Path(name).expanduser()
    if path.suffix != ".json" or not path.is_file():
        presets = ", ".join(PRESETS)
        raise EditorError(asked, f"there is no preset or template {name!r}", f"Presets: {presets}; or TEMPLATE.json.")
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise EditorError(asked, f"the template is not a JSON object ({error})") from error


def check_template(template: Mapping[str, Any], asked: str) -> None:
    """Refuse what cannot be sent, before anything is: a literal secret, a header in two lines, a wrong way to poll.

    Raises
    ------
    EditorError
    """
    if place := next(literal_secrets(dict(template)), ""):
        advice = f'Write "${{NAME}}" at {place} and set NAME in the environment.'
        raise EditorError(asked, f"a secret stands in the template, at {place}", advice)
    if "${" in str(template["url"]):
        raise EditorError(asked, "its url takes a variable of the environment", "Write the address itself.")
    _check_kinds(template, asked)
    headers = template["headers"]
    if not isinstance(headers, dict) or not all(isinstance(text, str) for text in headers.values()):
        raise EditorError(asked, "its headers are not texts by name", 'Write "headers": {"NAME": "TEXT"}.')
    if broken := [name for name, text in headers.items() if any(mark in f"{name}{text}" for mark in "\r\n\0")]:
        raise EditorError(asked, f"its header {broken[0]!r} has a line break", "Write it on one line.")
    if template["encoding"] == "multipart" and not isinstance(template["body"], dict):
        raise EditorError(asked, "a form whose body is not an object", 'Write "body": {"NAME": "TEXT"}.')
    if poll := template.get("poll"):
        _check_poll(poll, asked)


def _check_kinds(template: Mapping[str, Any], asked: str) -> None:
    """Refuse fields of another kind: a text in place of a list is searched letter by letter, a path may name a host."""
    for name in ("path", "model_path"):
        told = template.get(name, "")
        if not isinstance(told, str) or (told and told[0] not in "/?"):
            raise EditorError(asked, f"{name}={told!r}", "Write a path below the url, which begins with /.")
    if template["encoding"] not in ("json", "multipart"):
        raise EditorError(asked, f"encoding={template['encoding']!r}", "Write json or multipart.")
    if not isinstance(template.get("query", {}), dict):
        raise EditorError(asked, "its query is not an object", 'Write "query": {"NAME": "TEXT"}.')
    told = template.get("poll")
    poll: dict[str, Any] = told if isinstance(told, dict) else {}
    lists = {"files_from": template.get("files_from", []), **{f"poll.{name}": poll.get(name, []) for name in _LISTS}}
    for name, told in lists.items():
        if not isinstance(told, list) or not all(isinstance(one, str) and one for one in told):
            raise EditorError(asked, f"its {name} is not a list of texts", f'Write "{name.split(".")[-1]}": ["TEXT"].')


def _check_poll(poll: Any, asked: str) -> None:
    if not isinstance(poll, dict) or "url" not in poll:
        found = "its poll lacks url"
        raise EditorError(asked, found, 'Write "poll": {"url": "/jobs/{id}", "status": "status", "done": ["done"]}.')
    if unknown := sorted(set(poll) - set(POLL_FIELDS)):
        advice = f"{did_you_mean(unknown[0], POLL_FIELDS)}Fields: {', '.join(POLL_FIELDS)}."
        raise EditorError(asked, f"unknown field {unknown[0]} of poll", advice)
    if ("status" in poll) != bool(poll.get("done")):
        raise EditorError(asked, "its poll has one of status and done", "Write both, or none to wait for the picture.")
    every = poll.get("every", 1)
    if isinstance(every, bool) or not isinstance(every, int | float) or not 0 < every <= 3600:
        raise EditorError(asked, f"its poll asks every {every!r} seconds", "Write seconds, more than 0.")


def filled(value: Any, values: Mapping[str, JSON], tool: str) -> Any:
    """A value of a template with its places filled; a place that is a whole text keeps its value's type.

    Raises
    ------
    EditorError
        Where the environment lacks a variable.
    """
    if isinstance(value, dict):
        return {name: filled(inner, values, tool) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, values, tool) for inner in value]
    if not isinstance(value, str):
        return value
    whole = re.fullmatch(r"\{(\w+)\}", value)
    if whole and whole[1] in values:
        return values[whole[1]]
    return _filled_text(value, values.__getitem__, tool)


def target(template: Mapping[str, Any], values: Mapping[str, JSON], tool: str) -> str:
    """Path and query of a request, with its places filled and quoted."""
    path = _filled_text(str(template["path"]), lambda name: quote(str(values[name]), safe=""), tool)
    query = {name: str(filled(text, values, tool)) for name, text in template.get("query", {}).items()}
    return path + (f"{'&' if '?' in path else '?'}{urlencode(query)}" if query else "")


def filled_from(text: str, find: Callable[[str], Any], tool: str, *, quoted: bool) -> str:
    """A text whose places are paths in an answer, as ``/jobs/{id}``; one that is a single place is not quoted.

    Raises
    ------
    EditorError
        Where the answer lacks one.
    """

    def found(path: str) -> str:
        try:
            said = find(path)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            advice = "Correct the places of its template."
            raise EditorError(f"editor {tool}", f"its answer has nothing at {path!r}", advice) from error
        return quote(str(said), safe="") if quoted and text != f"{{{path}}}" else str(said)

    return _filled_text(text, found, tool)


def _filled_text(text: str, value_of: Callable[[str], Any], tool: str) -> str:
    def value(place: re.Match[str]) -> str:
        if place[1]:
            return variables.value_of_variable(place[1], f"editor {tool}", EditorError)
        try:
            return str(value_of(place[2]))
        except KeyError:
            return place[0]

    return _PLACE.sub(value, text)
