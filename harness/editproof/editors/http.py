"""Any tool behind HTTP and JSON: ``http:iopaint?url=...``, ``http:a1111?url=...``, ``http:TEMPLATE.json``."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult

from editproof.core.egress import receiver, server_of
from editproof.core.http import Answer, NoAnswerError, fetched_from, post
from editproof.core.numbers import brief
from editproof.core.usage import (
    FILLED,
    LONGEST_S,
    SECONDS,
    YES_NO,
    Given,
    Option,
    Usage,
    did_you_mean,
    numeric,
    one_of,
    takes,
    whole,
)
from editproof.editors import replies
from editproof.editors.adapter import Service
from editproof.editors.pace import on_the_wire
from editproof.editors.pictures import NoPictureError, found_at, picture_of, place_in
from editproof.editors.refusals import refusal_in
from editproof.errors import EditorError
from editproof.imaging import codec, geometry
from editproof.types import JSON, Editor, EditorCard, EditOutcome, EditRequest, EditStatus

PRESETS: dict[str, dict[str, Any]] = {
    "iopaint": {
        "url": "http://127.0.0.1:8080",
        "path": "/api/v1/inpaint",
        "body": {"image": "{image}", "mask": "{mask}", "prompt": "{prompt}", "sd_seed": "{seed}"},
        "answer": "raw",
        "model_path": "/api/v1/model",
        "model_field": "name",
    },
    "a1111": {
        "url": "http://127.0.0.1:7860",
        "path": "/sdapi/v1/img2img",
        "body": {
            "init_images": ["{image}"],
            "mask": "{mask}",
            "inpainting_mask_invert": 0,
            "inpaint_full_res": False,
            "prompt": "{prompt}",
            "seed": "{seed}",
            "width": "{width}",
            "height": "{height}",
        },
        "answer": "images.0",
        "multiple": 8,
        "model_path": "/sdapi/v1/options",
        "model_field": "sd_model_checkpoint",
    },
}
"""Templates by name. IOPaint: white = edit, answers with the image's bytes; A1111: base64 in ``images``."""

OPTIONS = (
    Option("url", "of the server", FILLED),
    Option("path", "of the endpoint, below the url"),
    Option(
        "answer",
        "raw for an image file, or the path in JSON to base64 or to an address (* for any member of a list)",
        FILLED,
        "raw",
    ),
    Option("mask", "what marks the pixels that may change", one_of(*codec.POLARITIES), codec.WHITE),
    Option("multiple", "of pixels, to pad to", whole(1), "1"),
    Option("rgb", "whether three equal channels are sent", YES_NO, "no"),
    Option("deterministic", "whether equal requests give equal pixels, which a run checks", YES_NO, "no"),
    Option("timeout", "for one request", SECONDS, "300"),
    Option("concurrency", "requests under way at once", whole(1), "1"),
    Option("model", "that the server has to say it runs; its edits are kept apart from those of others", FILLED),
    Option("model_path", "of the GET that says which model runs, below the url", FILLED),
    Option("model_field", "path to the model's name in the JSON that this gives", FILLED, "name"),
    Option("rpm", "requests a minute to keep to", numeric("a number from 0; 0 means no limit", lambda x: x >= 0), "0"),
)
"""What may follow the name of a template, and be a field of it."""

FIELDS = {"body", "headers", *(option.name for option in OPTIONS)}
"""The fields that a template may have."""


@dataclass(frozen=True)
class WebEditor:
    """Sends one JSON object an edit, made from a template.

    Attributes
    ----------
    server : SplitResult
    template : mapping
        ``body`` with the places ``{image}`` and ``{mask}`` (base64 PNG), ``{prompt}``, ``{seed}``, ``{width}`` and
        ``{height}``; ``answer``: ``raw`` for an image file, or the path to base64 in JSON, e.g. ``images.0``;
        ``headers``, where ``${NAME}`` is taken from the environment when a request is sent.
    """

    card: EditorCard
    server: SplitResult
    template: Mapping[str, Any] = field(repr=False)
    service: Service
    _asked: list[str] = field(default_factory=list, repr=False, compare=False)

    def __call__(self, request: EditRequest) -> EditOutcome:
        """The outcome of one request; before the first, the server says which model it runs, where one was named."""
        if self.template.get("model") and not self._asked:
            self._check_model(str(self.template["model"]))
        multiple = int(self.template["multiple"])
        parcel = codec.parcel_of(request, lambda shape: geometry.padded(shape, multiple))
        height, width = parcel.image.shape
        values: dict[str, JSON] = {
            "image": _base64(codec.png(parcel.image, rgb=bool(self.template["rgb"]))),
            "mask": _base64(codec.mask_png(parcel.mask, self.template["mask"])),
            "prompt": request.prompt,
            "seed": request.seed,
            "width": width,
            "height": height,
        }
        body = json.dumps(_filled(self.template["body"], values)).encode()
        with on_the_wire():
            answer = self._answer(body)
        if isinstance(answer, EditOutcome):
            return answer
        if not 200 <= answer.status < 300:
            return replies.fault_of(answer.status, answer.headers, answer.content, self.card.name)
        facts: dict[str, JSON] = {"http_status": answer.status, **replies.said_of(answer.headers)}
        return self._opened(answer.content, answer.headers, parcel, facts)

    def _check_model(self, wanted: str) -> None:
        """Ask the server which model it runs, and end the run where it is not the one that was named."""
        asked, advice = f"editor {self.card.name}", "Start that model, or name the one that runs: model=NAME."
        try:
            answer = fetched_from(self._url(self.template["model_path"]), self._headers(), self._seconds)
            said = found_at(json.loads(answer.content), str(self.template["model_field"]))
        except (NoAnswerError, ValueError, KeyError, IndexError, TypeError) as error:
            found = f"its server did not say at {self.template['model_path']} which model it runs"
            raise EditorError(asked, found, "Start it, or leave model= out.") from error
        if said != wanted:
            raise EditorError(asked, f"its server runs {replies.briefly(str(said))}, not {wanted}", advice)
        self._asked.append(wanted)

    def _url(self, path: str) -> str:
        return f"{self.server.scheme}://{self.server.netloc}{self.server.path.rstrip('/')}{path}"

    def _headers(self) -> dict[str, str]:
        return {name: _from_environment(text, self.card.name) for name, text in self.template["headers"].items()}

    @property
    def _seconds(self) -> float:
        return float(self.template["timeout"])

    def _answer(self, body: bytes) -> Answer | EditOutcome:
        url, seconds = self._url(self.template["path"]), self._seconds
        try:
            return post(url, body, {"Content-Type": "application/json", **self._headers()}, seconds)
        except NoAnswerError as fault:
            return replies.lost(fault, self.server.netloc, seconds)

    def _opened(
        self, content: bytes, headers: Mapping[str, str], parcel: codec.Parcel, facts: dict[str, JSON]
    ) -> EditOutcome:
        raw = content
        if code := refusal_in(content, headers, words=False):  # some give a blurred picture with it
            return EditOutcome(EditStatus.REFUSED, None, f"refused: {code}", facts, content)
        if self.template["answer"] == "raw":
            if codec.format_of(content) == "unknown":
                return self._without_picture(content, headers, facts, "the answer is not an image")
        else:
            path = str(self.template["answer"])
            try:
                text = found_at(json.loads(content), path)
                if not isinstance(text, str) or not text:
                    raise KeyError(path)
            except (ValueError, KeyError, IndexError, TypeError):
                return self._without_picture(content, headers, facts, f"the answer holds no image at {path!r}")
            advice = "Let its template ask for base64."
            try:
                raw = picture_of(text, self.server, self._seconds, self.card.name, advice)
            except NoPictureError as error:
                return EditOutcome(EditStatus.FAILED, None, str(error), facts, content)
            except ValueError as error:
                return EditOutcome(EditStatus.MALFORMED, None, f"its base64 is broken ({error})", facts, content)
        outcome = parcel.opened(raw)
        return EditOutcome(outcome.status, outcome.image, outcome.message, {**facts, **outcome.provenance}, content)

    def _without_picture(
        self, content: bytes, headers: Mapping[str, str], facts: dict[str, JSON], found: str
    ) -> EditOutcome:
        """The outcome of an answer without a picture where the template says; one elsewhere ends the run."""
        place = place_in(content)
        if place:
            raise EditorError(f"editor {self.card.name}", f"{found}, but one at {place!r}", f"Write answer={place}.")
        refused = replies.fault_within(content, headers, self.card.name, facts)
        words = replies.words_of(content)
        return refused or EditOutcome(EditStatus.FAILED, None, f"{found}: {words}", facts, content)


@takes(
    Usage(f"a tool behind HTTP and JSON; presets: {', '.join(PRESETS)}", "TEMPLATE", OPTIONS, "sends pixels to its url")
)
def web(given: Given) -> Editor:
    """A tool behind HTTP and JSON: ``http:iopaint?url=URL``, ``http:a1111?url=URL`` or ``http:TEMPLATE.json``.

    An option that is written goes before the template's field of its name; the template also has ``body`` and
    ``headers``.
    """
    name, asked = given.argument, given.asked
    defaults = {option.name: given.text[option.name] for option in OPTIONS if option.default}
    template = {
        "headers": {}, "path": "", **defaults, "rgb": False, "deterministic": False,
        **_template(name, asked), **given.written,
    }  # fmt: skip
    template |= {name: given.value[name] for name in ("rgb", "deterministic") if name in given.written}
    if unknown := sorted(set(template) - FIELDS):
        advice = f"{did_you_mean(unknown[0], FIELDS)}Fields: {', '.join(sorted(FIELDS))}."
        raise EditorError(asked, f"unknown field {unknown[0]}", advice)
    if "url" not in template or "body" not in template:
        raise EditorError(asked, "the template lacks url or body", "See docs/editors.md.")
    server = server_of(str(template["url"]), asked)
    try:
        template |= {"multiple": int(template["multiple"]), "timeout": float(template["timeout"])}
        service = Service(
            int(template["concurrency"]), per_minute=float(template["rpm"]) or None, metered=True, takes_places=True,
            elsewhere=True, prompted="{prompt}" in json.dumps(template["body"]),
        )  # fmt: skip
    except ValueError as error:
        raise EditorError(asked, f"an option is not a number ({error})") from error
    if not 0 < template["timeout"] <= LONGEST_S:
        raise EditorError(
            asked, f"timeout={brief(template['timeout'])}", f"Write seconds, more than 0, up to {LONGEST_S}."
        )
    if template["mask"] not in codec.POLARITIES:
        raise EditorError(asked, f"mask={template['mask']}", f"Write one of {', '.join(codec.POLARITIES)}.")
    kept = {key: template[key] for key in ("url", "path", "body", "answer", "mask", "multiple", "rgb")}
    if template.get("model"):
        if not template.get("model_path"):
            raise EditorError(asked, "a model is named, and no model_path at which the server says which one it runs")
        kept["model"] = str(template["model"])
    asked_of = {**kept, "headers": template["headers"]}
    digest = hashlib.sha256(json.dumps(asked_of, sort_keys=True).encode()).hexdigest()[:12]
    card = EditorCard(
        f"http:{Path(name).stem}",
        f"template {digest}",
        f"{Path(name).stem} behind {server.netloc}{template['path']}",
        kept,
        f"base64 PNG, {template['mask']} = may change",
        deterministic=bool(template["deterministic"]),
        sends_data_to=receiver(server.hostname),
        geometry=f"pad:{template['multiple']}" if template["multiple"] > 1 else "",
        conversion="8bit+rgb" if template["rgb"] else "8bit",
    )
    return WebEditor(card, server, template, service)


def _template(name: str, asked: str) -> dict[str, Any]:
    if name in PRESETS:
        return PRESETS[name]
    path = Path(name).expanduser()
    if path.suffix != ".json" or not path.is_file():
        presets = ", ".join(PRESETS)
        raise EditorError(asked, f"there is no preset or template {name!r}", f"Presets: {presets}; or TEMPLATE.json.")
    try:
        return dict(json.loads(path.read_text()))
    except ValueError as error:
        raise EditorError(asked, f"the template is not a JSON object ({error})") from error


def _filled(value: Any, values: Mapping[str, JSON]) -> Any:
    """The template with its places filled; a place that is a whole string keeps its value's type."""
    if isinstance(value, dict):
        return {name: _filled(inner, values) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, values) for inner in value]
    if not isinstance(value, str):
        return value
    whole = re.fullmatch(r"\{(\w+)\}", value)
    if whole and whole[1] in values:
        return values[whole[1]]
    return re.sub(r"\{(\w+)\}", lambda place: str(values.get(place[1], place[0])), value)


def _from_environment(text: str, tool: str) -> str:
    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match[1], "").strip()
        if not found:
            raise EditorError(f"editor {tool}", f"the environment has no {match[1]}", f"Set {match[1]}.")
        return found

    return re.sub(r"\$\{(\w+)\}", value, text)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
