"""Any tool behind HTTP: ``http:iopaint?url=...``, ``http:replicate``, ``http:TEMPLATE.json``."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult

from editproof.core.egress import receiver, server_of
from editproof.core.http import Answer, NoAnswerError, fetched_from, form, post
from editproof.core.nearest import did_you_mean
from editproof.core.numbers import brief
from editproof.core.usage import (
    FILLED,
    LONGEST_S,
    SECONDS,
    YES_NO,
    Given,
    Option,
    Usage,
    numeric,
    one_of,
    takes,
    whole,
)
from editproof.editors import replies
from editproof.editors.adapter import Service
from editproof.editors.pace import on_the_wire
from editproof.editors.pictures import NoPictureError, check_host, found_at, picture_of, place_in
from editproof.editors.presets import PRESETS
from editproof.editors.refusals import refusal_in
from editproof.editors.templates import check_template, filled, filled_from, target, template_of
from editproof.errors import EditorError
from editproof.imaging import codec, geometry
from editproof.imaging.axes import YX, YXC
from editproof.types import JSON, Editor, EditorCard, EditOutcome, EditRequest, EditStatus

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

FIELDS = {
    *("body", "headers", "query", "encoding", "poll", "files_from", "file"),
    *(option.name for option in OPTIONS),
}
"""The fields that a template may have."""


@dataclass(frozen=True)
class WebEditor:
    """Sends one request an edit, made from a template.

    Attributes
    ----------
    server : SplitResult
    template : mapping
        See :mod:`editproof.editors.templates`.
    """

    card: EditorCard
    server: SplitResult
    template: Mapping[str, Any] = field(repr=False)
    service: Service
    _asked: list[str] = field(default_factory=list, repr=False, compare=False)

    def __call__(self, request: EditRequest) -> EditOutcome:
        """The outcome of one request; before the first, the server says which model it runs, where one was named."""
        if self.template.get("model") and self.template.get("model_path") and not self._asked:
            self._check_model(str(self.template["model"]))
        multiple = int(self.template["multiple"])
        parcel = codec.parcel_of(request, lambda shape: geometry.padded(shape, multiple))
        height, width = parcel.image.shape[:2]
        files = {
            "image": codec.png(parcel.image, rgb=bool(self.template["rgb"])),
            "mask": codec.mask_png(parcel.mask, self.template["mask"]),
        }
        values: dict[str, JSON] = {
            **{name: base64.b64encode(content).decode() for name, content in files.items()},
            "prompt": request.prompt,
            "seed": request.seed,
            "width": width,
            "height": height,
            "model": str(self.template.get("model", "")),
        }
        kind, body = self._encoded(values, files)
        place, headers = target(self.template, values, self.card.name), {"Content-Type": kind, **self._headers()}
        began = time.monotonic()
        with on_the_wire():
            answer = self._answer(place, body, headers)
            if self.template.get("poll") and isinstance(answer, Answer) and 200 <= answer.status < 300:
                answer = self._polled(answer, began + self._seconds)
        if isinstance(answer, EditOutcome):
            return answer
        if not 200 <= answer.status < 300:
            return replies.fault_of(answer.status, answer.headers, answer.content, self.card.name)
        facts: dict[str, JSON] = {"http_status": answer.status, **replies.said_of(answer.headers)}
        return self._opened(answer.content, answer.headers, parcel, facts)

    def _encoded(self, values: Mapping[str, JSON], files: Mapping[str, bytes]) -> tuple[str, bytes]:
        """Content type and body of a request: JSON, or a form in which pictures are files."""
        told = self.template["body"]
        if self.template["encoding"] != "multipart":
            return "application/json", json.dumps(filled(told, values, self.card.name)).encode()
        pictures = {name: text[1:-1] for name, text in told.items() if text in ("{image}", "{mask}")}
        parts = {name: (f"{which}.png", files[which], "image/png") for name, which in pictures.items()}
        rest = {name: filled(text, values, self.card.name) for name, text in told.items() if name not in pictures}
        return form(parts, {name: one if isinstance(one, str) else json.dumps(one) for name, one in rest.items()})

    def _polled(self, submitted: Answer, until: float) -> Answer | EditOutcome:
        """The answer of a submitted job, once it is done; asking about it costs nothing, and may be repeated."""
        poll, tool = self.template["poll"], self.card.name
        try:
            told = json.loads(submitted.content)
        except ValueError:
            told = None
        if refusal_in(submitted.content, submitted.headers, words=False):
            return submitted
        url = self._asked_at("url", told)
        result = self._asked_at("result", told) if "result" in poll else ""
        while (left := until - time.monotonic()) > 0:
            try:
                answer = fetched_from(url, self._headers(), left)
            except NoAnswerError:
                answer = Answer(replies.AWAY, {}, b"")
            if 200 <= answer.status < 300 and url == result:
                return answer
            if 200 <= answer.status < 300 and (ended := self._ended(answer)):
                if not result or isinstance(ended, EditOutcome):
                    return ended
                url = result
                continue
            if not 200 <= answer.status < 300:
                fault = replies.fault_of(answer.status, answer.headers, answer.content, tool, free=True)
                if "retry_after_s" not in fault.provenance:
                    return fault
            time.sleep(min(float(poll.get("every", 1)), max(0.0, until - time.monotonic())))
        return replies.timed_out(self._seconds)

    def _asked_at(self, field: str, told: JSON) -> str:
        """The address in a field of ``poll``, made of places in the first answer."""
        place = filled_from(
            str(self.template["poll"][field]), lambda path: found_at(told, path), self.card.name, quoted=True
        )
        url = place if place.startswith(("http:", "https:")) else self._url(place)
        check_host(url, self.server, self.template["poll"].get("hosts", ()), self.card.name)
        return url

    def _ended(self, answer: Answer) -> Answer | EditOutcome | None:
        """The answer where the job is done, how it failed, or None where it is under way."""
        poll = self.template["poll"]
        try:
            told = json.loads(answer.content)
            if "status" not in poll:
                found_at(told, str(self.template["answer"]))
                return answer
            state = found_at(told, str(poll["status"]))
        except (ValueError, KeyError, IndexError, TypeError):
            return None
        if state in poll["done"]:
            return answer
        if state not in poll.get("failed", ()):
            return None
        facts: dict[str, JSON] = {"http_status": answer.status}
        refused = replies.fault_within(answer.content, answer.headers, self.card.name, facts)
        message = f"the job ended as {replies.briefly(str(state))}: {replies.words_of(answer.content)}"
        return refused or EditOutcome(EditStatus.FAILED, None, message, facts, answer.content)

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
        headers: dict[str, str] = filled(self.template["headers"], {}, self.card.name)
        return headers

    @property
    def _seconds(self) -> float:
        return float(self.template["timeout"])

    def _answer(self, place: str, body: bytes, headers: Mapping[str, str]) -> Answer | EditOutcome:
        try:
            return post(self._url(place), body, headers, self._seconds)
        except NoAnswerError as fault:
            return replies.lost(fault, self.server.netloc, self._seconds)

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
                told = json.loads(content)
                text = found_at(told, path)
                if not isinstance(text, str) or not text:
                    raise KeyError(path)
            except (ValueError, KeyError, IndexError, TypeError):
                return self._without_picture(content, headers, facts, f"the answer holds no image at {path!r}")
            if self.template.get("file"):
                place = str(self.template["file"])
                text = self._url(filled_from(place, lambda at: found_at(told, at), self.card.name, quoted=True))
            advice = "Name the host in files_from of its template, or let it ask for base64."
            hosts = self.template.get("files_from", ())
            try:
                raw = picture_of(text, self.server, self._seconds, self.card.name, advice, hosts)
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
    Usage(
        f"a tool behind HTTP: JSON or a form, at once or by a job; presets: {', '.join(PRESETS)}",
        "TEMPLATE",
        OPTIONS,
        "sends pixels to its url",
    )
)
def web(given: Given) -> Editor:
    """A tool behind HTTP: a preset (``http:iopaint?url=URL``, ``http:replicate``) or a template of yours.

    An option that is written goes before the template's field of its name; the other fields are in the template alone.
    """
    name, asked = given.argument, given.asked
    defaults = {option.name: given.text[option.name] for option in OPTIONS if option.default}
    template = {
        "headers": {}, "path": "", **defaults, "rgb": False, "deterministic": False,
        "encoding": "json", **template_of(name, asked), **given.written,
    }  # fmt: skip
    template |= {name: given.value[name] for name in ("rgb", "deterministic") if name in given.written}
    if unknown := sorted(set(template) - FIELDS):
        advice = f"{did_you_mean(unknown[0], FIELDS)}Fields: {', '.join(sorted(FIELDS))}."
        raise EditorError(asked, f"unknown field {unknown[0]}", advice)
    if "url" not in template:
        raise EditorError(asked, "the template lacks url", f"Name the server: http:{name}?url=https://HOST")
    if "body" not in template:
        raise EditorError(asked, "the template lacks body", "See docs/editors.md.")
    check_template(template, asked)
    server = server_of(str(template["url"]), asked)
    try:
        template |= {"multiple": int(template["multiple"]), "timeout": float(template["timeout"])}
        service = Service(
            int(template["concurrency"]), per_minute=float(template["rpm"]) or None, metered=True, takes_places=True,
            elsewhere=True, prompted="{prompt}" in json.dumps(template["body"]), axes=(YX, YXC),
        )  # fmt: skip
    except ValueError as error:
        raise EditorError(asked, f"an option is not a number ({error})") from error
    if not 0 < template["timeout"] <= LONGEST_S:
        raise EditorError(
            asked, f"timeout={brief(template['timeout'])}", f"Write seconds, more than 0, up to {LONGEST_S}."
        )
    if template["multiple"] < 1 or service.concurrency < 1:
        name = "multiple" if template["multiple"] < 1 else "concurrency"
        raise EditorError(asked, f"{name}={template[name]}", "Write a whole number from 1.")
    if template["mask"] not in codec.POLARITIES:
        raise EditorError(asked, f"mask={template['mask']}", f"Write one of {', '.join(codec.POLARITIES)}.")
    kept = {key: template[key] for key in ("url", "path", "body", "answer", "mask", "multiple", "rgb")}
    if template.get("model"):
        if not template.get("model_path") and "{model}" not in json.dumps([template["path"], template["body"]]):
            found = "a model is named, which the request does not say, and no model_path at which the server says it"
            raise EditorError(asked, found, "Write {model} in the path or the body, or model_path.")
        kept["model"] = str(template["model"])
    kept |= {name: template[name] for name in ("query", "poll", "files_from", "file") if template.get(name)}
    if template["encoding"] != "json":
        kept["encoding"] = template["encoding"]
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
