"""The OpenAI Images API, and every server that speaks it: ``openai:MODEL?OPTION=VALUE&...``.

One call is one attempt. The client never sends a request again by itself, and follows no redirect; what may be
tried again, and when, is decided in one place for all tools (:mod:`editproof.editing.edits`).
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from editproof.core.egress import receiver, server_of
from editproof.core.extras import need
from editproof.core.http import Bounds, client_for, no_answer
from editproof.core.usage import (
    FILLED,
    JSON_OBJECT,
    RATE,
    SECONDS,
    Given,
    Option,
    Usage,
    one_of,
    takes,
    whole,
)
from editproof.editors import replies
from editproof.editors.adapter import Service
from editproof.editors.pace import on_the_wire
from editproof.editors.pictures import NoPictureError, is_stream, joined_events, picture_of, place_in
from editproof.editors.prices import Prices, prices_of
from editproof.errors import EditorError
from editproof.imaging import codec, geometry
from editproof.imaging.axes import YX, YXC
from editproof.types import JSON, Editor, EditorCard, EditOutcome, EditRequest, EditStatus

if TYPE_CHECKING:
    from editproof.editors.adapter import BatchService

BASE_URL = "https://api.openai.com/v1"
FIXED = ((1024, 1024), (1536, 1024), (1024, 1536))
"""Height and width of the three canvases that models before gpt-image-2 know."""

GEOMETRY = {"fixed": f"letterbox:{','.join(f'{width}x{height}' for height, width in FIXED)}", "free": "pad:16"}
"""What each canvas does to a frame, as a wrapper; pixels that ``free`` repeats come back exactly, as padding does."""

CANVAS = whole(1, words={"free": "free", "fixed": "fixed"})
OPTIONS = (
    Option("base_url", "where the API is served", FILLED, BASE_URL),
    Option("quality", "low, medium, high or auto, as the model knows it"),
    Option("input_fidelity", "how closely the input is kept: low or high"),
    Option("background", "transparent, opaque or auto"),
    Option("output_format", "png, jpeg or webp", FILLED, "png"),
    Option("output_compression", "of jpeg and webp, percent", whole(0, 100)),
    Option("n", "images that one call is asked for", whole(1, 10), "1"),
    Option("canvas", "what an image is padded to multiples of; by default as the model needs it", CANVAS),
    Option("mask_field", "name of the field that carries the mask", FILLED, "mask"),
    Option("mask_polarity", "what marks the pixels that may change", one_of(*codec.POLARITIES), codec.ALPHA),
    Option("seed_field", "name of the field that carries the seed, where the server takes one"),
    Option("extra_body", "further fields of the request", JSON_OBJECT),
    Option("key_env", "name of the environment variable that holds the key", FILLED, "OPENAI_API_KEY"),
    Option("timeout", "for one call", SECONDS, "300"),
    Option("concurrency", "calls under way at once", whole(1), "4"),
    Option("rpm", "requests a minute to keep to", RATE),
    Option("mode", "batch is the Batch API: within a day, at half the price", one_of("live", "batch"), "live"),
)
PASSED_ON = ("quality", "input_fidelity", "background", "output_format", "output_compression")
NOT_OF_THE_EDIT = ("key_env", "timeout", "concurrency", "rpm", "mode")
"""None of these changes an edit; what one mode paid for is used by the other."""

ONCE = {"x-litellm-num-retries": "0"}
"""Asks a gateway of LiteLLM to send a request on once: by itself it sends one that failed three times."""

BASE64 = """Ask it for base64: extra_body={"response_format": "b64_json"}."""

FILE_BYTES_PER_S = 10_000
"""The slowest transfer of a batch's file that is waited for."""

MAX_BYTES = {"image": 50_000_000, "mask": 4_000_000}
"""What the API takes at most."""


@dataclass(frozen=True)
class OpenAI:
    """One model behind ``POST /images/edits``."""

    card: EditorCard
    model: str
    options: Mapping[str, str]
    service: Service
    prices: Prices | None = field(repr=False)

    def __call__(self, request: EditRequest) -> EditOutcome:
        """The outcome of one request."""
        return self.edits([request])[0]

    def edits(self, requests: Sequence[EditRequest]) -> list[EditOutcome]:
        """The outcomes of requests alike in all but repeat and seed, from one call with ``n`` of their number."""
        import openai

        try:
            parcel, files = self.packed(requests[0])
        except geometry.CanvasError as error:
            return [self.unsendable(error)] * len(requests)
        try:
            with on_the_wire():
                status, headers, content = self._sent(self.body(requests, parcel), files)
        except openai.APIStatusError as error:
            response = error.response
            outcome = replies.fault_of(response.status_code, response.headers, response.content, self.card.name)
            return [outcome] * len(requests)
        except openai.APIConnectionError as error:
            return [self.lost(error)] * len(requests)
        facts: dict[str, JSON] = {"http_status": status, **replies.said_of(headers)}
        return self.answered(content, parcel, facts, len(requests), self.prices)

    def packed(self, request: EditRequest) -> tuple[codec.Parcel, dict[str, bytes]]:
        """What goes out for a request, and its two files, ``image`` and ``mask``.

        Raises
        ------
        CanvasError
            Where the API does not take an image of that shape or size.
        """
        parcel = codec.parcel_of(request, self.fitted)
        files = {
            "image": codec.png(parcel.image, rgb=True),
            "mask": codec.mask_png(parcel.mask, self.options["mask_polarity"]),
        }
        if over := [name for name, content in files.items() if len(content) > MAX_BYTES[name]]:
            raise geometry.CanvasError(f"its {over[0]} file has {len(files[over[0]])} bytes, too many for the API")
        return parcel, files

    def unsendable(self, error: geometry.CanvasError) -> EditOutcome:
        """The outcome of a request that the API would not take."""
        advice = "use letterbox:SIDE+openai:MODEL"
        return EditOutcome.failure(EditStatus.FAILED, f"the image cannot be sent: {error}; {advice}")

    def body(self, requests: Sequence[EditRequest], parcel: codec.Parcel) -> dict[str, Any]:
        """The fields of a request beside its two files."""
        height, width = parcel.image.shape[:2]
        body: dict[str, Any] = {
            "model": self.model,
            "prompt": requests[0].prompt,
            "n": len(requests),
            "size": f"{width}x{height}",
            **{name: self.options[name] for name in PASSED_ON if self.options[name]},
            **json.loads(self.options["extra_body"] or "{}"),
        }
        if "output_compression" in body:
            body["output_compression"] = int(body["output_compression"])
        if self.options["seed_field"]:
            body[self.options["seed_field"]] = requests[0].seed
        return body

    def answered(
        self, content: bytes, parcel: codec.Parcel, facts: dict[str, JSON], n: int, prices: Prices | None
    ) -> list[EditOutcome]:
        """The outcomes that the body of an answer to ``n`` requests comes to."""
        try:
            answer = joined_events(content) if is_stream(content) else json.loads(content)
            facts |= _billed(answer["usage"], prices) if answer.get("usage") else {}
            images = [entry.get("b64_json") or entry["url"] for entry in answer["data"] or []]
        except (ValueError, KeyError, TypeError, AttributeError):
            images = []
            message = (
                f"the server answered with something that is not an Images API response: {replies.words_of(content)}"
            )
        else:
            message = f"asked for {n} images in one call, got {len(images)}"
        if not images and (place := place_in(content)):
            found = f"its answer holds no image at data.0.b64_json, but one at {place}"
            raise EditorError(f"editor {self.card.name}", found, f"Use http:TEMPLATE.json with answer={place}.")
        if not images and (refused := replies.fault_within(content, {}, self.card.name, facts)):
            return [refused] * n
        outcomes = [self._opened(image, parcel, facts, content) for image in images[:n]]
        return [*outcomes, *[EditOutcome(EditStatus.FAILED, None, message, facts, content)] * (n - len(outcomes))]

    def _sent(self, body: dict[str, Any], files: Mapping[str, bytes]) -> tuple[int, Mapping[str, str], bytes]:
        image = ("image.png", files["image"], "image/png")
        mask = ("mask.png", files["mask"], "image/png")
        if self.options["mask_field"] == "mask":
            known = {name: body[name] for name in ("model", "prompt", "n", "size")}
            more = {name: value for name, value in body.items() if name not in known}
            answer = self.client.images.with_raw_response.edit(image=image, mask=mask, extra_body=more, **known)
            return answer.status_code, answer.headers, answer.content
        response = self.client.post(
            "/images/edits",
            cast_to=object,
            body=body,
            files=[("image", image), (self.options["mask_field"], mask)],
            options={"headers": {"Content-Type": "multipart/form-data", "X-Stainless-Raw-Response": "true"}},
        )
        return response.status_code, response.headers, response.content

    def _opened(self, image: JSON, parcel: codec.Parcel, facts: dict[str, JSON], content: bytes) -> EditOutcome:
        server, seconds = server_of(self.options["base_url"], ""), float(self.options["timeout"])
        try:
            raw = picture_of(image, server, seconds, self.card.name, BASE64)
        except NoPictureError as error:
            return EditOutcome(EditStatus.FAILED, None, str(error), facts, content)
        except (TypeError, AttributeError, ValueError) as error:
            return EditOutcome(EditStatus.MALFORMED, None, f"its base64 is broken ({error})", facts, content)
        outcome = parcel.opened(raw, self.options["output_format"])
        return EditOutcome(outcome.status, outcome.image, outcome.message, {**facts, **outcome.provenance}, content)

    def lost(self, error: Exception) -> EditOutcome:
        """A connection error; only one that came before anything was sent may be tried again."""
        host = server_of(self.options["base_url"], "").netloc
        return replies.lost(no_answer(error.__cause__ or error), host, float(self.options["timeout"]))

    def fitted(self, shape: tuple[int, int]) -> geometry.Fit:
        """How an image of a shape is brought onto a canvas that the API takes."""
        canvas = self.options["canvas"]
        if canvas == "fixed":
            return geometry.letterboxed(shape, geometry.nearest_canvas(shape, FIXED))
        if canvas == "free":
            return geometry.padded(shape, 16, least=655_360, most=8_294_400, ratio=3)
        return geometry.padded(shape, int(canvas))

    @cached_property
    def batch_service(self) -> BatchService | None:
        """The way by the Batch API, where that is the mode; asked directly, the tool answers at once all the same."""
        from editproof.editors.openai_batch import BatchAPI

        if self.options["mode"] != "batch":
            return None
        return BatchAPI(self, prices_of(self.model, batch=True))

    @cached_property
    def client(self) -> Any:
        """The official client, which never sends a request again by itself; ours carries its requests."""
        import openai

        base_url, name = self.options["base_url"], self.options["key_env"]
        key = os.environ.get(name, "").strip()
        local = receiver(server_of(base_url, "").hostname) is None
        if not key and not local:
            raise EditorError(f"editor {self.card.name}", f"the environment has no {name}", f"Set {name} to your key.")
        return openai.OpenAI(
            api_key=key or "none",
            base_url=base_url,
            max_retries=0,
            timeout=float(self.options["timeout"]),
            default_headers=ONCE,
            http_client=self._carrier(Bounds(float(self.options["timeout"]))),
        )

    @cached_property
    def file_client(self) -> Any:
        """The same for whole files, which may take longer than one edit and are not held in memory."""
        bounds = Bounds(float(self.options["timeout"]), math.inf, FILE_BYTES_PER_S)
        return self.client.with_options(http_client=self._carrier(bounds))

    def _carrier(self, bounds: Bounds) -> Any:
        server = server_of(self.options["base_url"], "")
        # an open proxy would see pixels and key; through a tunnel it sees neither
        tunnel = server.scheme == "https" and receiver(server.hostname) is not None
        try:
            return client_for(self.options["base_url"], bounds, through_proxy=tunnel)
        except ValueError as error:
            found = f"the proxy of the environment cannot be used ({error})"
            advice = "Set HTTPS_PROXY to http://HOST:PORT, or NO_PROXY to the server's name."
            raise EditorError(f"editor {self.card.name}", found, advice) from error


@takes(
    Usage(
        "a model of the OpenAI Images API, or of a server that speaks it",
        "MODEL",
        OPTIONS,
        "sends pixels to api.openai.com, or base_url",
    )
)
def images_api(given: Given) -> Editor:
    """A model of the OpenAI Images API, or of a server that speaks it: ``openai:MODEL?quality=high&n=3``."""
    model, asked, options = given.argument, given.asked, dict(given.text)
    need("openai", asked, EditorError)
    server = server_of(options["base_url"], asked)
    if not options["canvas"]:
        old = model.startswith(("gpt-image-1", "chatgpt-image"))
        options["canvas"] = "fixed" if old else "free" if model.startswith("gpt-image") else "16"
    if options["mode"] == "batch" and options["mask_field"] != "mask":
        raise EditorError(asked, "mode=batch, which has no mask_field", "Leave one of them out.")
    prices = prices_of(model)
    card = EditorCard(
        f"openai:{model}",
        f"{model} as served",
        f"{model} through the Images API at {server.netloc}; canvas {options['canvas']}, 8 bit, RGB",
        {name: value for name, value in options.items() if value and name not in NOT_OF_THE_EDIT},
        f"PNG in field {options['mask_field']}, {options['mask_polarity']} = may change; taken as guidance",
        deterministic=False,
        sends_data_to=receiver(server.hostname),
        geometry=GEOMETRY.get(options["canvas"]) or f"pad:{options['canvas']}",
        conversion="8bit+rgb",
    )
    asked_prices = prices_of(model, batch=options["mode"] == "batch")  # a gateway on this machine pays upstream too
    expected = asked_prices.expected_usd(options["quality"] or "auto") if asked_prices else None
    value = given.value
    service = Service(
        value["concurrency"],
        value["n"],
        value["rpm"],
        True,
        expected,
        takes_places=True,
        elsewhere=True,
        prompted=True,
        axes=(YX, YXC),
    )
    return OpenAI(card, model, options, service, prices)


def _billed(usage: JSON, prices: Prices | None) -> dict[str, JSON]:
    """What an answer says that it cost; a usage that cannot be read, or of nothing, costs what nobody knows."""
    facts: dict[str, JSON] = {"usage": usage}
    if prices is None:
        return facts
    try:
        cost = prices.cost_usd(usage)
    except (TypeError, AttributeError, ValueError):
        return facts
    # a gateway fills a bill that it was not told with zeros
    return {**facts, "cost_usd": cost, "prices_as_of": prices.as_of} if 0 < cost < math.inf else facts
