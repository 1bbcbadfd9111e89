"""An instrument behind HTTP: nothing leaves without a word, secrets stay in the environment, errors are one line."""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest

from harness.errors import InstrumentError
from harness.plain import plain
from harness.predictors import web
from harness.predictors.registry import predictor_from_spec

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
    instrument = predictor_from_spec(card(tmp_path, server, covariates=["sex"]))
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
        predictor_from_spec(str(path))
    named = predictor_from_spec(str(path), allow_egress=["readings.example.org"])
    assert named.card.sends_data_to == "readings.example.org"
    assert predictor_from_spec(str(path), allow_egress=None)


def test_a_secret_comes_from_the_environment_and_goes_nowhere_else(tmp_path, server, monkeypatch):
    headers = {"headers": {"Authorization": "Bearer ${READER_API_KEY}"}}
    instrument = predictor_from_spec(card(tmp_path, server, endpoint=headers))
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
        with pytest.raises(InstrumentError, match=r"stands on the card as it is|carries a secret"):
            predictor_from_spec(card(tmp_path, server, endpoint=endpoint))


def test_members_and_an_uncertainty_of_its_own(tmp_path, server):
    server.answers = [(200, {"brightness": [[1, 2], [3, 4]], "brightness:uncertainty": [0.1, 0.2]})]
    readings = predictor_from_spec(card(tmp_path, server, members=2)).predict(images(2), [{}] * 2)
    assert readings["brightness"].tolist() == [[1, 2], [3, 4]]
    assert readings["brightness:uncertainty"].tolist() == [[0.1, 0.2]]


def test_a_busy_server_is_asked_again_and_a_broken_one_is_named(tmp_path, server):
    instrument = predictor_from_spec(card(tmp_path, server))
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
    ],
)
def test_a_wrong_answer_is_one_clear_error(tmp_path, server, answer, found):
    server.answers = [(200, answer)]
    with pytest.raises(InstrumentError, match=found):
        predictor_from_spec(card(tmp_path, server)).predict(images(1), [{}])


def test_a_server_that_is_not_there_is_named(tmp_path, server):
    with pytest.raises(InstrumentError, match=r"127.0.0.1:1 does not answer \(ConnectionRefusedError\)"):
        predictor_from_spec(card(tmp_path, server, endpoint={"url": "http://127.0.0.1:1/"})).predict(images(1), [{}])


def test_a_card_without_version_or_with_preprocessing_is_refused(tmp_path, server):
    for fields, found in (({"version": " "}, "no version"), ({"preprocessing": {"height": 8}}, "preprocessing of an")):
        endpoint = {"url": f"http://127.0.0.1:{server.server_port}"}
        told = {"runtime": "http", "version": "1", "preprocessing": None, "sha256": None, **fields}
        with pytest.raises(InstrumentError, match=found):
            predictor_from_spec(str(written(tmp_path, endpoint=endpoint, **told)))
