"""The one HTTP client: a request has a deadline and a limit of bytes in all, and goes to its own server only.

The timeouts of HTTP libraries hold for one read or write, so that a server that sends a byte now and then is waited
for without end. Here every operation on the socket gets what is left of one deadline: looking up the host, connecting,
the TLS handshake, sending, waiting, and taking the answer. Each request has a connection of its own: the server may
close one that is kept open just when the next request leaves, and nobody could tell whether that was answered.
"""

from __future__ import annotations

import http.cookiejar
import importlib.util
import ipaddress
import math
import queue
import socket
import ssl
import threading
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpcore2
import httpx2

MOST_BYTES = 512_000_000
"""The longest answer that is taken into memory, in bytes after decompression."""


@dataclass(frozen=True)
class Bounds:
    """What one request may take.

    Attributes
    ----------
    seconds : float
        From the start of connecting to the last byte of the answer.
    most_bytes : float, optional
        The longest answer, in bytes after decompression; :data:`MOST_BYTES` where not given.
    bytes_per_s : float
        For whole files: the deadline moves on by a second for so many bytes sent or received, so that a long
        transfer has the time that it needs at this speed. Where not given, the deadline stays where it is.
    """

    seconds: float
    most_bytes: float | None = None
    bytes_per_s: float = math.inf


@dataclass(frozen=True)
class Answer:
    """What a server answered: status, headers by name in small letters, and content, decompressed."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class NoAnswerError(Exception):
    """No whole answer came.

    Attributes
    ----------
    reason : str
        The type of the error, or what was exceeded.
    reached : bool
        Whether a connection was made; if not, nothing of the request was sent.
    late : bool
        Whether the deadline had passed.
    """

    def __init__(self, reason: str, *, reached: bool, late: bool) -> None:
        super().__init__(reason)
        self.reason, self.reached, self.late = reason, reached, late


class AnswerTooLong(httpx2.RemoteProtocolError):
    """An answer has more bytes than are taken."""


def post(url: str, body: bytes, headers: Mapping[str, str], seconds: float) -> Answer:
    """Send a POST and return its answer, whatever its status. Redirections are not followed, proxies not used.

    Parameters
    ----------
    seconds : float
        For the whole of it; see :class:`Bounds`.

    Raises
    ------
    NoAnswerError
    """
    return _answer("POST", url, body, headers, seconds)


def fetched_from(url: str, headers: Mapping[str, str], seconds: float) -> Answer:
    """The answer to a GET, on the terms of :func:`post`.

    Raises
    ------
    NoAnswerError
    """
    return _answer("GET", url, None, headers, seconds)


def form(files: Mapping[str, tuple[str, bytes, str]], fields: Mapping[str, str]) -> tuple[str, bytes]:
    """Content type and body of a multipart form.

    Parameters
    ----------
    files : mapping
        By field: name of the file, content, and media type.
    fields : mapping
    """
    request = httpx2.Request("POST", "http://localhost/", files=dict(files) or None, data=dict(fields))
    return request.headers["Content-Type"], request.read()


def _answer(method: str, url: str, body: bytes | None, headers: Mapping[str, str], seconds: float) -> Answer:
    try:
        with client_for(url, Bounds(seconds)) as client:
            answer = client.request(method, url, content=body, headers=httpx2.Headers(headers, encoding="latin-1"))
    except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
        raise no_answer(error) from error
    return Answer(answer.status_code, dict(answer.headers), answer.content)


def client_for(url: str, bounds: Bounds, *, through_proxy: bool = False) -> httpx2.Client:
    """A client for one server, safe under threads; keeps neither connections nor cookies.

    Parameters
    ----------
    url : str
        Any address of the server. A request to another one is refused.
    through_proxy : bool
        Whether to use the proxy that the environment names for this server, if it names one.

    Raises
    ------
    ValueError
        A proxy that cannot be used.
    """
    cookies = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    transport = _Transport(httpx2.URL(url), bounds, through_proxy=through_proxy)
    return httpx2.Client(transport=transport, timeout=bounds.seconds, cookies=cookies, trust_env=False)


def no_answer(error: BaseException) -> NoAnswerError:
    """What an error of the client says of the request."""
    unsent = isinstance(error, (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout))
    late = isinstance(error, httpx2.TimeoutException)
    told = isinstance(error, (httpx2.ConnectError, AnswerTooLong))  # in words of this module
    return NoAnswerError(str(error) if told else type(error).__name__, reached=not unsent, late=late)


class _Deadline:
    """The moment by which a request has to be over."""

    def __init__(self, bounds: Bounds) -> None:
        self._end, self._bytes_per_s = time.monotonic() + bounds.seconds, bounds.bytes_per_s

    def extend(self, n_bytes: int) -> None:
        """Move it on by what the transfer of so many bytes may take."""
        self._end += n_bytes / self._bytes_per_s

    def left_s(self, most: float | None, late: type[httpcore2.TimeoutException]) -> float:
        """Seconds until then, ``most`` at the most; an error of the type ``late`` where none are left."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise late("the deadline has passed")
        return left if most is None else min(left, most)


class _Stream(httpcore2.NetworkStream):
    """A connection whose every operation ends by the deadline."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline: _Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        content = self._inner.read(max_bytes, self._deadline.left_s(timeout, httpcore2.ReadTimeout))
        self._deadline.extend(len(content))
        return content

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # the library's own loop allows the whole time for each piece that the other side takes
        sock: socket.socket = self._inner.get_extra_info("socket")
        view = memoryview(buffer)
        try:
            while view:
                sock.settimeout(self._deadline.left_s(timeout, httpcore2.WriteTimeout))
                sent = sock.send(view)
                self._deadline.extend(sent)
                view = view[sent:]
        except TimeoutError as error:
            raise httpcore2.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore2.WriteError(str(error)) from error

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left = self._deadline.left_s(timeout, httpcore2.ConnectTimeout)
        with _cause_as_message():
            return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


class _Network(httpcore2.NetworkBackend):
    """Makes the connections of one request."""

    def __init__(self, deadline: _Deadline) -> None:
        self._deadline, self._inner = deadline, httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        *others, last = _addresses(host, port, self._deadline.left_s(timeout, httpcore2.ConnectTimeout))
        for address in others:
            left = self._deadline.left_s(timeout, httpcore2.ConnectTimeout)
            try:  # a dead address leaves half of the time to those after it
                return _Stream(self._inner.connect_tcp(address, port, left / 2, local_address), self._deadline)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        left = self._deadline.left_s(timeout, httpcore2.ConnectTimeout)
        with _cause_as_message():
            return _Stream(self._inner.connect_tcp(last, port, left, local_address), self._deadline)


class _Transport(httpx2.BaseTransport):
    """Carries each request over a connection of its own, within bounds."""

    def __init__(self, server: httpx2.URL, bounds: Bounds, *, through_proxy: bool) -> None:
        self._server, self._bounds = server, bounds
        self._proxy = _proxy_for(server) if through_proxy else None
        self._tls = httpx2.create_ssl_context() if server.scheme == "https" else None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        deadline = _Deadline(self._bounds)
        url = request.url
        if (url.scheme, url.host, url.port) != (self._server.scheme, self._server.host, self._server.port):
            raise httpx2.UnsupportedProtocol(f"{url.host} is another server than {self._server.host}")
        request.read()  # a form of ten fields leaves as one piece; streamed, it is thirty writes to the socket
        pool = httpcore2.ConnectionPool(
            ssl_context=self._tls, proxy=self._proxy, max_keepalive_connections=0, network_backend=_Network(deadline)
        )
        target = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        sent = httpcore2.Request(
            request.method, target, headers=request.headers.raw, content=request.content, extensions=request.extensions
        )
        try:
            with _errors_of_httpx():
                answer = pool.handle_request(sent)
        except BaseException:
            pool.close()
            raise
        most = MOST_BYTES if self._bounds.most_bytes is None else self._bounds.most_bytes
        body = _Body(answer, pool, deadline, most)
        headers = [(name, text) for name, text in answer.headers if name.lower() != b"content-encoding"]
        return httpx2.Response(answer.status, headers=headers, stream=body, extensions=answer.extensions)


class _Body(httpx2.SyncByteStream):
    """The content of an answer, decompressed piece by piece; ends in an error by the deadline or the limit."""

    def __init__(
        self, answer: httpcore2.Response, pool: httpcore2.ConnectionPool, deadline: _Deadline, most_bytes: float
    ) -> None:
        # the library's decoders work in pieces of a mebibyte, whatever those were compressed to
        self._raw = httpx2.Response(answer.status, headers=answer.headers, content=answer.iter_stream())
        self._pool, self._deadline, self._most_bytes = pool, deadline, most_bytes

    def __iter__(self) -> Iterator[bytes]:
        taken = 0
        with _errors_of_httpx():
            for piece in self._raw.iter_bytes():
                self._deadline.left_s(None, httpcore2.ReadTimeout)
                taken += len(piece)
                if taken > self._most_bytes:
                    raise AnswerTooLong(f"more than {self._most_bytes:,} bytes")
                yield piece

    def close(self) -> None:
        self._pool.close()


@contextmanager
def _errors_of_httpx() -> Iterator[None]:
    """Errors of the lower library as those of the upper one, which have the same names."""
    try:
        yield
    except (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.ProxyError) as error:
        kind: type[httpx2.TransportError] = getattr(httpx2, type(error).__name__)
        raise kind(str(error)) from error


@contextmanager
def _cause_as_message() -> Iterator[None]:
    """Errors of connecting with the type of their cause as message, for the connection pool drops the cause."""
    try:
        yield
    except httpcore2.ConnectError as error:
        raise httpcore2.ConnectError(type(error.__cause__ or error).__name__) from error


def _addresses(host: str, port: int, seconds: float) -> list[str]:
    """The addresses of a host, one at least.

    The system's look-up cannot be interrupted; it runs in a thread that ends with it, and is not waited for longer.
    """
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    answers: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put([str(entry[4][0]) for entry in found])
        except Exception as error:  # of the network, or of a name that cannot be one
            answers.put(error)

    threading.Thread(target=look_up, name=f"look up {host}", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise httpcore2.ConnectTimeout(f"{host} was not found in time") from None
    if isinstance(answer, Exception):
        raise httpcore2.ConnectError(type(answer).__name__) from answer
    return answer


def _proxy_for(server: httpx2.URL) -> httpcore2.Proxy | None:
    """The proxy that the environment names for a server, or None.

    Raises
    ------
    ValueError
    """
    named = urllib.request.getproxies()
    text = named.get(server.scheme) or named.get("all")
    if not text or urllib.request.proxy_bypass(server.host):
        return None
    try:
        proxy = httpx2.Proxy(text if "://" in text else f"http://{text}")
    except (ValueError, httpx2.InvalidURL):
        raise ValueError("it is not the address of a proxy") from None  # it may hold a password
    if proxy.url.scheme == "https":  # TLS within TLS is read in steps that no deadline reaches
        raise ValueError("it is one behind TLS")
    if proxy.url.scheme != "http" and importlib.util.find_spec("socksio") is None:
        raise ValueError("SOCKS needs pip install 'httpx2[socks]'")
    return httpcore2.Proxy(str(proxy.url), auth=proxy.raw_auth)
