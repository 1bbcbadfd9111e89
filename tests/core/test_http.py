"""Servers that drip, wait, never end or point elsewhere: all that send requests end in time, and speak with their server only."""

from __future__ import annotations

import base64
import datetime
import gzip
import importlib.util
import ipaddress
import json
import os
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from editproof.core import http as http_client
from editproof.core.http import Bounds, NoAnswerError, client_for, post
from editproof.editors.registry import editor_from_spec
from editproof.errors import EditorError, InstrumentError
from editproof.instruments.registry import instrument_from_spec
from editproof.instruments.runtimes import http as web
from editproof.types import EditRequest, EditStatus

from tests.core.hostile import LATE, Hostile, answers, deaf, late, takes_little, takes_nothing
from tests.editors.server import KEY, png
from tests.instruments.cards import written

SECONDS = 0.5
MARGIN_S = 0.5
NAMES = ("http", "openai", "web")


@dataclass
class User:
    """One of those that send requests: what it sends to an address, and what that comes to."""

    name: str
    folder: Path

    def content(self, image: np.ndarray) -> bytes:
        """A good answer."""
        if self.name == "http":
            return png(image)
        if self.name == "openai":
            return json.dumps({"data": [{"b64_json": base64.b64encode(png(image)).decode()}]}).encode()
        return b'{"readings": {"brightness": [7]}}'

    def ask(self, url: str, image: np.ndarray, seconds: float) -> tuple[str, str]:
        """``ok``, ``late``, ``cut``, ``unreachable``, ``stopped`` or ``other``, with the words."""
        ask = self._read if self.name == "web" else self._edit
        try:
            return ask(url, image, seconds)
        except (EditorError, InstrumentError) as error:
            words = str(error)
        if "no whole answer within" in words:
            return "late", words
        return ("cut" if "does not answer" in words else "stopped"), words

    def _edit(self, url: str, image: np.ndarray, seconds: float) -> tuple[str, str]:
        spec = f"http:iopaint?url={url}" if self.name == "http" else f"openai:m?canvas=16&base_url={url}/v1"
        editor = editor_from_spec(f"{spec}&timeout={seconds}", allow_egress=None)
        outcome = editor(EditRequest(image, np.zeros(image.shape, bool), "", 0, 1, "case"))
        if outcome.status is EditStatus.OK:
            assert (outcome.image == image).all()
            return "ok", ""
        if "unreachable" in outcome.provenance:
            return "unreachable", outcome.message
        if outcome.status is EditStatus.TIMED_OUT:
            assert "retry_after_s" not in outcome.provenance, "it may have been billed"
            return "late", outcome.message
        return ("cut" if "connection was cut" in outcome.message else "other"), outcome.message

    def _read(self, url: str, image: np.ndarray, seconds: float) -> tuple[str, str]:
        endpoint = {"url": f"{url}/read", "timeout": seconds, "headers": {"Authorization": "Bearer ${OPENAI_API_KEY}"}}
        fields = {"runtime": "http", "version": "1", "preprocessing": None, "sha256": None}
        card = written(self.folder, endpoint=endpoint, **fields)
        reading = instrument_from_spec(str(card), allow_egress=None).predict([image], [{}])
        assert reading["brightness"].tolist() == [[7.0]]
        return "ok", ""


@pytest.fixture(params=NAMES)
def user(request, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(web, "TRIES", 1)
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    return User(request.param, tmp_path)


@pytest.fixture
def serve():
    made = []

    def start(behave, tls=None):
        made.append(Hostile(behave, tls))
        return made[-1]

    yield start
    for server in made:
        server.close()


_IMPORTED: set[str] = set()


def noise(side=32):
    return np.random.default_rng(7).integers(0, 256, (side, side), dtype=np.uint8)


def timed(user, url, image, seconds=SECONDS):
    """What it came to, and how long it took once everything was imported."""
    if user.name not in _IMPORTED:
        user.ask("http://127.0.0.1:1", noise(), 5)
        _IMPORTED.add(user.name)
    began = time.monotonic()
    kind, words = user.ask(url, image, seconds)
    return kind, words, time.monotonic() - began


# time


@pytest.mark.parametrize("what", LATE)
def test_an_answer_that_drips_is_given_up_in_time(user, serve, what):
    server = serve(late(what))
    kind, words, took = timed(user, server.url, noise())
    assert (kind, "within 0.5 s" in words) == ("late", True), words
    assert SECONDS <= took < SECONDS + MARGIN_S
    assert len(server.requests) == 1


@pytest.mark.parametrize("behave", [takes_nothing, takes_little])
def test_an_upload_that_is_not_taken_is_given_up_in_time(user, serve, behave):
    server = serve(behave)
    kind, words, took = timed(user, server.url, noise(768))
    assert kind == "late", words
    assert SECONDS <= took < SECONDS + MARGIN_S


def test_a_connection_that_never_stands_is_given_up_in_time(user):
    with deaf() as port:
        kind, words, took = timed(user, f"http://127.0.0.1:{port}", noise())
    assert kind == ("late" if user.name == "web" else "unreachable"), words
    assert SECONDS <= took < SECONDS + MARGIN_S


def test_a_handshake_that_never_ends_is_given_up_in_time(user, serve):
    server = serve(takes_nothing)
    kind, words, took = timed(user, server.url.replace("http:", "https:"), noise())
    assert kind == ("late" if user.name == "web" else "unreachable"), words
    assert SECONDS <= took < SECONDS + MARGIN_S


def test_a_name_that_is_looked_up_for_long_is_given_up_in_time(user, monkeypatch):
    over = threading.Event()
    found = socket.getaddrinfo

    def slow(host: object, *more: object, **also: object) -> object:
        return over.wait(20) if host == "slow.example.org" else found(host, *more, **also)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    kind, words, took = timed(user, "http://slow.example.org", noise())
    over.set()
    assert kind == ("late" if user.name == "web" else "unreachable"), words
    assert SECONDS <= took < SECONDS + MARGIN_S


@pytest.mark.parametrize("form", ["length", "chunks", "close"])
def test_a_slow_answer_that_ends_in_time_is_taken(user, serve, form):
    image = noise(256)
    server = serve(answers(user.content(image), form=form, pauses=8))
    kind, words, took = timed(user, server.url, image, 20)
    assert kind == "ok", words
    assert took > 0.4, "it was not slow"


def test_what_is_given_up_leaves_neither_threads_nor_connections(user, serve):
    server = serve(late("body"))
    user.ask(server.url, noise(), 0.2)
    threads, files = threading.active_count(), len(os.listdir("/proc/self/fd"))
    for _ in range(4):
        assert user.ask(server.url, noise(), 0.2)[0] == "late"
    # each thread and file more is the server's own side, which ends as soon as it meets the closed connection
    deadline = time.monotonic() + 3
    while (threading.active_count(), len(os.listdir("/proc/self/fd"))) > (threads, files):
        server.over.set()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_dead_address_leaves_time_for_the_next(serve, monkeypatch):
    server = serve(answers(b"here"))
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, server.port)) for address in ("127.0.0.2", "127.0.0.1")
    ]
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **more: found if host == "two.example.org" else real(host, *rest, **more),
    )
    with deaf("127.0.0.2", server.port):
        began = time.monotonic()
        assert post(f"http://two.example.org:{server.port}/", b"", {}, 1.0).content == b"here"
    assert 0.4 < time.monotonic() - began < 1.0


@pytest.mark.parametrize(("pace", "kind"), [(20, "whole"), (2000, "late")])
def test_a_whole_file_has_the_time_that_it_needs_at_the_slowest_pace(serve, pace, kind):
    """200 bytes a second come in; 20 are asked for, or 2000."""
    server = serve(answers(b"a" * 200, pauses=10) if kind == "whole" else late("body"))
    with client_for(server.url, Bounds(0.3, bytes_per_s=pace)) as client:
        began = time.monotonic()
        if kind == "whole":
            assert len(client.get(server.url, timeout=5).content) == 200
            assert time.monotonic() - began > 0.4
        else:
            with pytest.raises(http_client.httpx2.ReadTimeout):
                client.get(server.url, timeout=5)
            assert time.monotonic() - began < 0.3 + MARGIN_S


# size


@pytest.mark.parametrize("form", ["length", "chunks", "close", "gzip"])
def test_an_answer_is_taken_up_to_the_limit_of_its_bytes(user, serve, monkeypatch, form):
    image = noise()
    content = user.content(image) if user.name == "http" else user.content(image) + b" " * 100_000
    sent = gzip.compress(content) if form == "gzip" else content
    headers = [b"Content-Encoding: gzip"] if form == "gzip" else []
    server = serve(answers(sent, *headers, form="length" if form == "gzip" else form))
    monkeypatch.setattr(http_client, "MOST_BYTES", len(content))
    assert user.ask(server.url, image, 20)[0] == "ok"
    monkeypatch.setattr(http_client, "MOST_BYTES", len(content) - 1)
    kind, words = user.ask(server.url, image, 20)
    assert (kind, f"more than {len(content) - 1:,} bytes" in words) == ("cut", True), words
    assert len(server.requests) == 2


@pytest.mark.parametrize("compressed", [False, True])
def test_an_answer_without_end_does_not_fill_the_memory(user, serve, monkeypatch, compressed):
    monkeypatch.setattr(http_client, "MOST_BYTES", 3_000_000)
    piece = gzip.compress(bytes(30_000_000)) if compressed else bytes(100_000)
    server = serve(answers(piece * (1 if compressed else 500), *[b"Content-Encoding: gzip"] * compressed, form="close"))
    kind, words = user.ask(server.url, noise(), 20)
    assert (kind, "more than 3,000,000 bytes" in words) == ("cut", True), words


# where a request goes


@pytest.mark.parametrize("status", [b"301 Moved", b"302 Found", b"303 See Other", b"307 Temporary", b"308 Permanent"])
def test_no_redirection_is_followed(user, serve, status):
    image = noise()
    other = serve(answers(user.content(image)))
    server = serve(answers(b"", b"Location: " + other.url.encode(), status=status))
    kind, words = user.ask(server.url, image, 20)
    assert kind == "stopped"
    assert status[:3].decode() in words
    assert (len(server.requests), other.connections) == (1, 0)


def test_another_server_is_not_spoken_with(serve):
    server, other = serve(answers(b"here")), serve(answers(b"there"))
    with client_for(server.url, Bounds(5)) as client:
        assert client.get(f"{server.url}/path").content == b"here"
        with pytest.raises(http_client.httpx2.UnsupportedProtocol, match="another server"):
            client.get(other.url)
    assert other.connections == 0


def test_each_request_has_its_own_connection_and_no_memory_of_the_last(serve):
    server = serve(answers(b"here", b"Set-Cookie: who=you"))
    with client_for(server.url, Bounds(5)) as client:
        for _ in range(3):
            assert client.get(server.url).content == b"here"
    assert server.connections == 3
    assert not [request for request in server.requests if b"cookie" in request.lower()]


PROXY_NAMES = [name for scheme in ("http", "https", "all") for name in (f"{scheme}_proxy", f"{scheme}_proxy".upper())]


def through(monkeypatch, proxy):
    for name in PROXY_NAMES:
        monkeypatch.setenv(name, proxy)
    real = socket.getaddrinfo

    def getaddrinfo(host, *rest, **more):
        if host == "127.0.0.1":
            return real(host, *rest, **more)
        raise socket.gaierror("no such host")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def test_no_proxy_sees_what_this_machine_is_sent(user, serve, monkeypatch):
    image = noise()
    proxy, server = serve(answers(user.content(image))), serve(answers(user.content(image)))
    through(monkeypatch, proxy.url)
    assert user.ask(server.url, image, 20)[0] == "ok"
    assert (proxy.connections, server.connections) == (0, 1)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("no_proxy", ["", "example.org"])
def test_a_proxy_is_asked_for_a_tunnel_by_the_openai_client_only(user, serve, monkeypatch, scheme, no_proxy):
    proxy = serve(answers(b"no", status=b"403 Forbidden"))
    through(monkeypatch, proxy.url)
    monkeypatch.setenv("NO_PROXY", no_proxy)
    kind, words = user.ask(f"{scheme}://images.example.org", noise(), 20)
    if user.name == "openai" and scheme == "https" and not no_proxy:
        [seen] = proxy.requests
        assert seen.startswith(b"CONNECT images.example.org:443 ")
        assert KEY.encode() not in seen
        assert (kind, "ProxyError" in words) == ("cut", True)
    else:
        assert proxy.connections == 0
        assert kind == ("cut" if user.name == "web" else "unreachable")
        assert "gaierror" in words


@pytest.mark.parametrize(
    "proxy",
    ["https://127.0.0.1:1", "socks5://127.0.0.1:1", "ftp://127.0.0.1", "http://name:s3cret-word@127.0.0.1:port"],
)
def test_a_proxy_that_cannot_be_used_is_one_line(tmp_path, monkeypatch, proxy):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    through(monkeypatch, proxy)
    monkeypatch.setenv("NO_PROXY", "")
    kind, words = User("openai", tmp_path).ask("https://images.example.org", noise(), 5)
    assert (kind, "the proxy of the environment cannot be used" in words) == ("stopped", True), words
    assert "s3cret" not in words


def test_a_proxy_that_drips_is_given_up_in_time(tmp_path, serve, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    through(monkeypatch, serve(late("headers")).url)
    monkeypatch.setenv("NO_PROXY", "")
    kind, words, took = timed(User("openai", tmp_path), "https://images.example.org", noise())
    assert kind == "late", words
    assert took < SECONDS + MARGIN_S


# TLS


def certified(folder, name):
    """A server's TLS with a certificate of its own for an address, and the file by which to trust it."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(name))])
    made = x509.CertificateBuilder(
        who, who, key.public_key(), 7, now - datetime.timedelta(1), now + datetime.timedelta(1)
    )
    made = made.add_extension(address, False).add_extension(x509.BasicConstraints(True, None), True)
    (folder / "cert.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return tls, folder / "cert.pem"


@pytest.mark.parametrize(("name", "trusted"), [("127.0.0.1", True), ("127.0.0.1", False), ("127.0.0.9", True)])
def test_a_certificate_is_verified(user, serve, tmp_path, monkeypatch, name, trusted):
    tls, cert = certified(tmp_path, name)
    image = noise(256)
    server = serve(answers(user.content(image)), tls)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    kind, words = user.ask(server.url, image, 20)
    if trusted and name == "127.0.0.1":
        assert kind == "ok", words
    else:
        assert kind == ("cut" if user.name == "web" else "unreachable")
        assert "SSLCertVerificationError" in words
        assert not server.requests


def test_an_answer_that_drips_through_tls_is_given_up_in_time(user, serve, tmp_path, monkeypatch):
    tls, cert = certified(tmp_path, "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    kind, words, took = timed(user, serve(late("body"), tls).url, noise())
    assert kind == "late", words
    assert took < SECONDS + MARGIN_S


# what can be asked for


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "86401"])
@pytest.mark.parametrize("spec", ["http:iopaint?url=http://127.0.0.1:9", "openai:m?base_url=http://127.0.0.1:9"])
def test_a_time_that_no_clock_can_keep_is_refused(spec, seconds):
    with pytest.raises(EditorError, match=rf"timeout = '{seconds}'.*above 0, up to 86,400"):
        editor_from_spec(f"{spec}&timeout={seconds}")


@pytest.mark.parametrize(
    ("headers", "reason"), [({"X": "a\nb"}, "LocalProtocolError"), ({"X": "\u2603"}, "UnicodeEncodeError")]
)
def test_a_header_that_cannot_be_sent_is_no_answer(serve, headers, reason):
    server = serve(answers(b""))
    with pytest.raises(NoAnswerError) as fault:
        post(server.url, b"", headers, 5)
    assert (fault.value.reason, fault.value.late) == (reason, False)
    assert not server.requests
    assert post(server.url, b"", {"X": "\xe9"}, 5).status == 200
