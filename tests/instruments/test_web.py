"""An instrument behind HTTP: nothing leaves without a word, secrets stay in the environment, errors are one line."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest
from editproof.errors import InstrumentError
from editproof.evidence.plain import plain
from editproof.instruments.registry import instrument_from_spec
from editproof.instruments.runtimes import http as web

from .cards import images, written

KEY = "sk-hidden-4711-do-not-write"


@pytest.fixture
def server(monkeypatch):
    """Answers with the mean gray level; ``answers`` holds others, to be given first."""
    monkeypatch.setattr(web, "PAUSE_S", 0.01)
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.answers, made.requests = [], []
    threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((dict(self.headers), body))
        means = [
            float(cv2.imdecode(np.frombuffer(base64.b64decode(text), np.uint8), cv2.IMREAD_UNCHANGED).mean())
            for text in body["images"]
        ]
        status, answer = self.server.answers.pop(0) if self.server.answers else (200, {"brightness": means})
        if callable(answer):
            answer = answer(self.headers)
        content = (answer if isinstance(answer, str) else json.dumps({"readings": answer})).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def card(tmp_path, server, **fields):
    endpoint = {"url": f"http://127.0.0.1:{server.server_port}/read", "images": 2, **fields.pop("endpoint", {})}
    return str(
        written(tmp_path, runtime="http", version="1", endpoint=endpoint, preprocessing=None, sha256=None, **fields)
    )


def test_it_is_sent_pixels_and_covariates_and_answers_readings(tmp_path, server):
    instrument = instrument_from_spec(card(tmp_path, server, covariates=["sex"]))
    told = [{"sex": 1.0, "brightness": 7.0}] * 3
    reading = instrument.predict(images(depth=np.uint16), told)["brightness"]
    assert reading.shape == (1, 3)
    assert reading[0] == pytest.approx([6553, 13107, 19660])
    assert [len(body["images"]) for _, body in server.requests] == [2, 1]
    assert server.requests[0][1]["covariates"] == {"sex": [1.0, 1.0]}
    assert set(server.requests[0][1]) == {"images", "covariates"}


def test_nothing_leaves_without_a_word(tmp_path):
    fields = {"runtime": "http", "version": "1", "preprocessing": None, "sha256": None}
    path = written(tmp_path, endpoint={"url": "https://readings.example.org/v1"}, **fields)
    with pytest.raises(InstrumentError, match=r"it would send radiographs to readings.example.org.*--allow-egress"):
        instrument_from_spec(str(path))
    named = instrument_from_spec(str(path), allow_egress=["readings.example.org"])
    assert named.card.sends_data_to == "readings.example.org"
    assert instrument_from_spec(str(path), allow_egress=None)


def test_a_secret_comes_from_the_environment_and_goes_nowhere_else(tmp_path, server, monkeypatch):
    headers = {"headers": {"Authorization": "Bearer ${READER_API_KEY}"}}
    instrument = instrument_from_spec(card(tmp_path, server, endpoint=headers))
    with pytest.raises(InstrumentError, match="the environment has no READER_API_KEY"):
        instrument.check()
    monkeypatch.setenv("READER_API_KEY", KEY)
    instrument.check()
    instrument.predict(images(1), [{}])
    assert server.requests[0][0]["Authorization"] == f"Bearer {KEY}"
    server.answers = [(403, lambda sent: f"who is {sent['Authorization']}?")]
    with pytest.raises(InstrumentError, match="answered 403: who is Bearer") as caught:
        instrument.predict(images(1), [{}])
    assert KEY not in str(caught.value)
    assert "headers" not in json.dumps(plain(instrument.card))
    for endpoint in ({"headers": {"Authorization": KEY}}, {"url": "http://127.0.0.1/?api_key=1"}):
        with pytest.raises(InstrumentError, match=r"is on the card itself|carries a secret"):
            instrument_from_spec(card(tmp_path, server, endpoint=endpoint))


@pytest.mark.parametrize("before", range(185, 205))
def test_a_secret_is_removed_before_an_answer_is_cut(tmp_path, server, monkeypatch, before):
    monkeypatch.setenv("READER_API_KEY", KEY)
    instrument = instrument_from_spec(card(tmp_path, server))
    for status in (403, 200):
        server.answers = [(status, "x" * before + KEY)]
        with pytest.raises(InstrumentError, match=f"x{{{before}}}" if before < web._WORDS else "x{200}") as caught:
            instrument.predict(images(1), [{}])
        assert KEY[:4] not in str(caught.value)


def test_members_and_an_uncertainty_of_its_own(tmp_path, server):
    server.answers = [(200, {"brightness": [[1, 2], [3, 4]], "brightness:uncertainty": [0.1, 0.2]})]
    readings = instrument_from_spec(card(tmp_path, server, members=2)).predict(images(2), [{}] * 2)
    assert readings["brightness"].tolist() == [[1, 2], [3, 4]]
    assert readings["brightness:uncertainty"].tolist() == [[0.1, 0.2]]


def test_a_busy_server_is_asked_again_and_a_broken_one_is_named(tmp_path, server):
    instrument = instrument_from_spec(card(tmp_path, server))
    server.answers = [(503, "busy"), (429, "busy")]
    assert instrument.predict(images(1), [{}])["brightness"].shape == (1, 1)
    server.answers = [(500, "broken")] * web.TRIES
    with pytest.raises(InstrumentError, match="answered 500: broken"):
        instrument.predict(images(1), [{}])
    assert len(server.requests) == 3 + web.TRIES


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("<html>log in</html>", "the answer holds no readings: <html>log in"),
        ({"age": [1]}, "the answer has age"),
        ({"brightness": [1, 2]}, r"shape \(1, 2\) instead of \(1, 1\)"),
        ({"brightness": ["bright"]}, "holds no numbers"),
        (
            {"brightness": [True]},
            r"holds no numbers: \[True\]. A reading is a finite number, neither true nor in quotes",
        ),
        ({"brightness": ["5"]}, r"holds no numbers: \['5'\]"),
        ({"brightness": [None]}, r"holds no numbers: \[None\]"),
        ({"brightness": [10**400]}, "holds no numbers"),
        ({"brightness": [[1], [2, 3]]}, "holds no numbers"),
        ({"brightness": 5}, "holds no numbers: 5"),
        ({"brightness": [[[1]]]}, "holds no numbers"),
        ({"brightness": [1], "brightness:uncertainty": [False]}, "brightness:uncertainty by .* holds no numbers"),
        ("[" * 200_000, "the answer holds no readings"),
        ('{"readings":' + "[" * 200_000, "the answer holds no readings"),
    ],
)
def test_a_wrong_answer_is_one_clear_error(tmp_path, server, answer, found):
    server.answers = [(200, answer)]
    with pytest.raises(InstrumentError, match=found):
        instrument_from_spec(card(tmp_path, server)).predict(images(1), [{}])


def test_a_server_that_is_not_there_is_named(tmp_path, server):
    with pytest.raises(InstrumentError, match=r"127.0.0.1:1 does not answer \(ConnectionRefusedError\)"):
        instrument_from_spec(card(tmp_path, server, endpoint={"url": "http://127.0.0.1:1/"})).predict(images(1), [{}])


def test_a_card_without_version_or_with_preprocessing_is_refused(tmp_path, server):
    for fields, found in (({"version": " "}, "no version"), ({"preprocessing": {"height": 8}}, "preprocessing of an")):
        endpoint = {"url": f"http://127.0.0.1:{server.server_port}"}
        told = {"runtime": "http", "version": "1", "preprocessing": None, "sha256": None, **fields}
        with pytest.raises(InstrumentError, match=found):
            instrument_from_spec(str(written(tmp_path, endpoint=endpoint, **told)))


ENDPOINTS = {
    "no images": ({"images": 0}, "endpoint.images is 0. Write a whole number from 1 on"),
    "fewer": ({"images": -1}, "endpoint.images is -1"),
    "half an image": ({"images": 1.5}, "endpoint.images is 1.5"),
    "true": ({"images": True}, "endpoint.images is True"),
    "no time": ({"timeout": 0}, "endpoint.timeout is 0. Write seconds, more than 0"),
    "time before": ({"timeout": -1}, "endpoint.timeout is -1"),
    "time as text": ({"timeout": "60"}, "endpoint.timeout is '60'"),
    "time beyond any clock": ({"timeout": 10**10}, "endpoint.timeout is 10000000000"),
    "headers a list": ({"headers": ["X: 1"]}, r"endpoint.headers is \['X: 1'\]. Write"),
    "a header of two lines": ({"headers": {"X": "1\nY: 2"}}, r"endpoint.headers.X is '1\\nY: 2'"),
    "a header a number": ({"headers": {"X": 1}}, "endpoint.headers.X is 1. Write one line of text"),
    "no address": ({"url": 8000}, "endpoint.url is 8000"),
    "misspelt": ({"timeuot": 5}, "an unknown field 'timeuot' in endpoint. Did you mean 'timeout'"),
    "no port": ({"url": "http://127.0.0.1:99999/"}, "endpoint.url is"),
}


@pytest.mark.parametrize(("endpoint", "found"), ENDPOINTS.values(), ids=ENDPOINTS)
def test_an_endpoint_is_checked_when_its_card_is_read(tmp_path, server, endpoint, found):
    with pytest.raises(InstrumentError, match=found):
        instrument_from_spec(card(tmp_path, server, endpoint=endpoint))


def test_a_timeout_of_no_number_is_no_card(tmp_path, server):
    path = card(tmp_path, server, endpoint={"timeout": float("nan")})
    with pytest.raises(InstrumentError, match="NaN is not a number of JSON"):
        instrument_from_spec(path)


@pytest.mark.parametrize("first", [True, False], ids=["goes", "comes"])
def test_an_uncertainty_that_comes_and_goes_is_one_clear_error(tmp_path, server, first):
    sure, unsure = {"brightness": [1]}, {"brightness": [1], "brightness:uncertainty": [0.1]}
    server.answers = [(200, unsure if first else sure), (200, sure if first else unsure)]
    instrument = instrument_from_spec(card(tmp_path, server, endpoint={"images": 1}))
    with pytest.raises(InstrumentError, match=r"brightness:uncertainty by .*always, or never"):
        instrument.predict(images(2), [{}] * 2)
    server.answers = [(200, unsure if first else sure), (200, sure if first else unsure)]
    instrument = instrument_from_spec(card(tmp_path, server))
    instrument.predict(images(1), [{}])
    with pytest.raises(InstrumentError, match=r"brightness:uncertainty by .*always, or never"):
        instrument.predict(images(1), [{}])


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b""], ids=["body", "headers"])
def test_a_server_that_drips_is_given_up_in_time(tmp_path, server, head, monkeypatch):
    monkeypatch.setattr(web, "TRIES", 1)
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip():
            connection, _ = listening.accept()
            with connection:
                try:
                    connection.sendall(head)
                    for _ in range(200):
                        connection.sendall(b"a")
                        time.sleep(0.1)
                except OSError:
                    ended.set()

        threading.Thread(target=drip, daemon=True).start()
        address = {"url": f"http://127.0.0.1:{listening.getsockname()[1]}/", "timeout": 0.5}
        began = time.monotonic()
        with pytest.raises(InstrumentError, match=r"does not answer \(no whole answer within 0\.5 s\)"):
            instrument_from_spec(card(tmp_path, server, endpoint=address)).predict(images(1), [{}])
        assert time.monotonic() - began < 5
        assert ended.wait(10)
