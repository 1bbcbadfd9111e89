"""An instrument behind HTTP: radiographs go out as PNG in JSON, readings come back as JSON."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit, urlunsplit

import numpy as np

from editproof.core.declared import Count, Line, Wanted, closed, is_line, is_list, is_number
from editproof.core.egress import receiver, server_of
from editproof.core.http import Answer, NoAnswerError, post
from editproof.core.numbers import brief
from editproof.core.records import quoted, section_from_plain
from editproof.core.redaction import redacted_bytes
from editproof.core.usage import LONGEST_S
from editproof.core.variables import VARIABLE, with_values
from editproof.errors import EvidenceError, InstrumentError
from editproof.evidence.measurements import UNCERTAINTY
from editproof.imaging.codec import png
from editproof.instruments.masks import unpacked
from editproof.instruments.runtimes.modelled import covariates_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from editproof.types import JSON, Image, InstrumentCard

TRIES = 3
PAUSE_S = 0.5
_PASSING = (429, 500, 502, 503, 504)
_SECRET = re.compile("auth|key|token|cookie|secret|password", re.IGNORECASE)
_WORDS = 200


_Url = Annotated[str, Wanted("http://HOST:PORT/PATH, in quotes", lambda value: is_line(value) and _has_port(value))]
_Seconds = Annotated[float, Wanted("seconds, more than 0", lambda value: 0 < value <= LONGEST_S)]


@closed
@dataclass(frozen=True)
class Endpoint:
    """Where an instrument answers.

    Attributes
    ----------
    url : str
    headers : mapping of str to str
        Sent with every request; secrets only as ``${NAME}`` of the environment.
    timeout : float
        Seconds within which a whole answer has to arrive.
    images : int
        The most to send at once.
    """

    url: _Url
    headers: Annotated[Mapping[str, Line], Wanted('{"NAME": "text"}')] = field(default_factory=dict)
    timeout: _Seconds = 60.0
    images: Count = 8


class WebInstrument:
    """Sends ``{"images": [base64 PNG, ...], "covariates": {NAME: [...]}}`` and takes ``{"readings": {NAME: [...]}}``.

    A reading is a list of one number an image, or of one such list a member; of a mask, a base64 PNG of labels an
    image; of points, boxes and text, what :mod:`editproof.instruments.raw` takes.

    Parameters
    ----------
    card : InstrumentCard
        Its ``endpoint`` is an :class:`Endpoint`; ``version`` names what answers there, since no digest can.

    Raises
    ------
    InstrumentError
        The card contradicts itself, or holds a secret.
    """

    def __init__(self, card: InstrumentCard) -> None:
        self._asked = f"instrument {card.name}"
        told = card.reading.get("endpoint", {})
        self._endpoint = section_from_plain(Endpoint, "endpoint", told, self._asked, error=InstrumentError)
        if not card.reading.get("version", "").strip():
            advice = 'Write "version": what answers there, e.g. its release; readings are kept under it.'
            raise InstrumentError(self._asked, "no version on the card", advice)
        if card.preprocessing:
            raise InstrumentError(self._asked, "preprocessing of an endpoint", "The server prepares what it is sent.")
        self._server = server_of(self._endpoint.url, self._asked, InstrumentError)
        if _SECRET.search(self._server.query):
            raise InstrumentError(self._asked, "the address carries a secret", "Send it as a header, from ${NAME}.")
        for name, text in self._endpoint.headers.items():
            if _SECRET.search(name) and not VARIABLE.search(text):
                advice = f'Write "{name}": "${{NAME}}" and set NAME in the environment.'
                raise InstrumentError(self._asked, f"the secret of header {name} is on the card itself", advice)
        self._uncertain: dict[str, bool] = {}
        # headers say who asks, never what is read, and do not belong in evidence
        public = {name: value for name, value in told.items() if name != "headers"}
        host = receiver(self._server.hostname)
        self.card = replace(card, sends_data_to=host, reading={**card.reading, "endpoint": public})

    def check(self) -> None:
        """Refuse a header whose secret the environment does not have."""
        self._sent_headers()

    def predict(self, images: Sequence[Image], references: Sequence[Mapping[str, float]]) -> Mapping[str, Any]:
        """Readings of every member, and label maps; see :class:`editproof.types.Instrument`."""
        told = covariates_of(self.card, images, references)
        names = [quantity.name for quantity in self.card.quantities]
        parts: dict[str, list[NDArray[np.float64]]] = {name: [] for name in names}
        maps: dict[str, list[Any]] = {mask.name: [] for mask in self.card.masks}
        maps |= {output.name: [] for output in self.card.kept_outputs}
        for first in range(0, len(images), self._endpoint.images):
            span = slice(first, first + self._endpoint.images)
            sent = [base64.b64encode(png(image)).decode() for image in images[span]]
            body = {"images": sent, "covariates": {name: values[span] for name, values in told.items()}}
            answer = self._answer(json.dumps(body).encode())
            for name in names:
                parts[name].append(self._reading(answer, name, self.card.members, len(sent)))
                spread = f"{name}:{UNCERTAINTY}"
                if self._with_uncertainty(spread, spread in answer):
                    parts.setdefault(spread, []).append(self._reading(answer, spread, 1, len(sent)))
            for mask in self.card.masks:
                maps[mask.name] += self._label_maps(answer, mask.name)
            for output in self.card.kept_outputs:
                maps[output.name] += self._entries(answer, output.name, len(sent))
        empty = np.zeros((self.card.members, 0))
        return {name: np.concatenate(found, axis=1) if found else empty for name, found in parts.items()} | maps

    def _answer(self, body: bytes) -> Mapping[str, JSON]:
        answer = self._sent(body)
        if answer.status != 200:
            found = f"{self._server.netloc} answered {answer.status}: {_words(answer)}"
            raise InstrumentError(self._asked, found, "Mend the server.")
        try:
            readings = json.loads(answer.content)["readings"]
            if not isinstance(readings, dict):
                raise TypeError
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            advice = 'It has to answer {"readings": {NAME: [one number an image]}}.'
            raise InstrumentError(self._asked, f"the answer holds no readings: {_words(answer)}", advice) from error
        return readings

    def _sent(self, body: bytes) -> Answer:
        """The answer to a body, which is sent again where the server was busy or could not be reached.

        Raises
        ------
        InstrumentError
        """
        headers = {"Content-Type": "application/json", **self._sent_headers()}
        url = urlunsplit((*self._server[:4], ""))
        came: Answer | NoAnswerError
        for tried in range(1, TRIES + 1):
            try:
                came = post(url, body, headers, self._endpoint.timeout)
            except NoAnswerError as fault:
                came = fault
            if tried == TRIES or (isinstance(came, Answer) and came.status not in _PASSING):
                break
            time.sleep(PAUSE_S * 2 ** (tried - 1))
        if isinstance(came, Answer):
            return came
        words = f"no whole answer within {brief(self._endpoint.timeout)} s" if came.late else came.reason
        advice = "Start the server, or mend endpoint.url on the card; what was read so far is kept."
        raise InstrumentError(self._asked, f"{self._server.netloc} does not answer ({words})", advice) from came

    def _with_uncertainty(self, name: str, given: bool) -> bool:
        """Whether the server gives an uncertainty; it does so always or never.

        Raises
        ------
        InstrumentError
        """
        if self._uncertain.setdefault(name, given) != given:
            found = f"an answer {'with' if given else 'without'} it after one {'without' if given else 'with'}"
            raise InstrumentError(f"{name} by {self._asked}", found, "Have the server give it always, or never.")
        return given

    def _reading(self, answer: Mapping[str, JSON], name: str, members: int, n: int) -> NDArray[np.float64]:
        asked = f"{name} by {self._asked}"
        if name not in answer:
            found = f"the answer has {', '.join(map(str, answer)) or 'no readings'}"
            raise InstrumentError(asked, found, "Have the server answer every quantity of the card.")
        told = answer[name]
        rows = told if isinstance(told, list) and told and all(isinstance(row, list) for row in told) else [told]
        if not all(is_list(row, is_number) for row in rows) or len(set(map(len, rows))) > 1:
            advice = "A reading is a finite number, neither true nor in quotes."
            raise InstrumentError(asked, f"the answer holds no numbers: {quoted(told)}", advice)
        values = np.array(rows, dtype=np.float64)
        if values.shape != (members, n):
            advice = f"Answer {n} numbers, or {members} lists of {n}."
            raise InstrumentError(asked, f"readings of shape {values.shape} instead of ({members}, {n})", advice)
        return values

    def _label_maps(self, answer: Mapping[str, JSON], name: str) -> list[Any]:
        """The label maps of the images that were sent; their number and shape are looked at where they are taken."""
        told = answer.get(name)
        if not isinstance(told, list) or not is_list(told):
            advice = "Answer a list of one PNG of labels an image, in base64."
            raise InstrumentError(f"{name} by {self._asked}", f"the answer holds no label maps: {quoted(told)}", advice)
        try:
            return list(unpacked({str(place): text for place, text in enumerate(told)}).values())
        except EvidenceError as error:
            advice = "A label map is a PNG of 8 bits without loss, in base64: 0 where no structure is."
            raise InstrumentError(f"{name} by {self._asked}", "a label map is no such image", advice) from error

    def _entries(self, answer: Mapping[str, JSON], name: str, n: int) -> list[JSON]:
        """What is told of the images that were sent, an entry each; what is in them is looked at where it is taken."""
        told = answer.get(name)
        if not isinstance(told, list) or len(told) != n:
            advice = "Answer a list with one entry an image."
            raise InstrumentError(f"{name} by {self._asked}", f"the answer holds {quoted(told)} of {n} images", advice)
        return told

    def _sent_headers(self) -> dict[str, str]:
        return {name: with_values(text, self._asked, InstrumentError) for name, text in self._endpoint.headers.items()}


def _words(answer: Answer) -> str:
    """How an answer begins; a secret is removed before it could be cut in two."""
    return " ".join(redacted_bytes(answer.content)[:_WORDS].decode(errors="replace").split())


def _has_port(url: str) -> bool:
    """Whether the port of an address is valid, or left out."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False
