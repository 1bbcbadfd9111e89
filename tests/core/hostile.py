"""Loopback servers that answer badly, byte by byte: what a total deadline, a size limit and a closed door are tried on."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator

PAUSE_S = 0.1
"""Between two pieces of a server that drips."""


class Hostile:
    """Takes each connection in a thread of its own and treats it as its behaviour says.

    Attributes
    ----------
    requests : list of bytes
        What came in, as far as a behaviour read it: head and body.
    """

    def __init__(self, behave: Callable[[Hostile, socket.socket], None], tls: ssl.SSLContext | None = None) -> None:
        self.behave, self.tls = behave, tls
        self.requests: list[bytes] = []
        self.connections = 0
        self.over = threading.Event()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.port = self.listening.getsockname()[1]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listening.accept()
                self.connections += 1
                threading.Thread(target=self._treat, args=(connection,), daemon=True).start()

    def _treat(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):  # the client may go away
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            spoken = self.tls.wrap_socket(connection, server_side=True) if self.tls else connection
            with spoken:
                self.behave(self, spoken)

    def take(self, connection: socket.socket, pause_s: float = 0.0) -> bytes:
        """The whole of a request."""
        got = b""
        while b"\r\n\r\n" not in got:
            got += _received(connection)
        head, _, body = got.partition(b"\r\n\r\n")
        lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        missing = (int(lengths[0].partition(b":")[2]) if lengths else 0) - len(body)
        parts = [got]
        while missing > 0:
            self.over.wait(pause_s)
            parts.append(_received(connection))
            missing -= len(parts[-1])
        self.requests.append(b"".join(parts))
        return self.requests[-1]

    def drip(self, connection: socket.socket, pieces: Iterator[bytes] | list[bytes], pause_s: float) -> None:
        """Send pieces one after the other, until there are no more or the test is over."""
        for piece in pieces:
            connection.sendall(piece)
            if self.over.wait(pause_s):
                return

    def close(self) -> None:
        self.over.set()
        self.listening.close()


def _received(connection: socket.socket) -> bytes:
    got = connection.recv(65536)
    if not got:
        raise ConnectionResetError
    return got


def endlessly(*pieces: bytes) -> Iterator[bytes]:
    """First pieces, then the last one again and again."""
    yield from pieces
    while True:
        yield pieces[-1]


def single(content: bytes) -> list[bytes]:
    return [content[place : place + 1] for place in range(len(content))]


HEAD = b"HTTP/1.1 200 OK\r\n"

LATE: dict[str, tuple[bytes, ...]] = {
    "nothing": (),
    "status line": (*single(HEAD), b"X: 1\r\n"),
    "headers": (HEAD, b"X: a", b"a"),
    "interim answers": (b"HTTP/1.1 100 Continue\r\n\r\n",),
    "body": (HEAD + b"Content-Length: 9999\r\n\r\n", b"a"),
    "body without end": (HEAD + b"\r\n", b"a"),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    "one chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"9999\r\n", b"a"),
    "trailers": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: 1\r\n"),
}
"""What a server sends in drips after it took the whole request; the last piece again and again."""


def late(what: str) -> Callable[[Hostile, socket.socket], None]:
    """A server that drips one of :data:`LATE`."""

    def behave(server: Hostile, connection: socket.socket) -> None:
        server.take(connection)
        if pieces := LATE[what]:
            server.drip(connection, endlessly(*pieces), PAUSE_S)
        server.over.wait()

    return behave


def takes_nothing(server: Hostile, connection: socket.socket) -> None:
    """Accepts, and does not read."""
    server.over.wait()


def takes_little(server: Hostile, connection: socket.socket) -> None:
    """Reads a part of what it is sent now and then."""
    while not server.over.wait(0.01):
        connection.recv(20_000)


def answers(
    content: bytes, *headers: bytes, status: bytes = b"200 OK", form: str = "length", pauses: int = 0
) -> Callable[[Hostile, socket.socket], None]:
    """A server that answers, in one of three forms, and with pauses of 20 ms where told to."""

    def behave(server: Hostile, connection: socket.socket) -> None:
        server.take(connection, 0.001 if pauses else 0.0)
        head = [b"HTTP/1.1 " + status, *headers]
        step = max(1, -(-len(content) // pauses)) if pauses else 65536
        pieces = [content[place : place + step] for place in range(0, len(content), step)]
        if form == "length":
            head.append(b"Content-Length: %d" % len(content))
        elif form == "chunks":
            head.append(b"Transfer-Encoding: chunked")
            pieces = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces] + [b"0\r\n\r\n"]
        else:
            head.append(b"Connection: close")
        first = b"\r\n".join([*head, b"", b""])
        slowly = [*single(first[:20]), first[20:]] if pauses else [first]
        server.drip(connection, slowly + pieces, 0.02 if pauses else 0.0)

    return behave


@contextlib.contextmanager
def deaf(address: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """A port whose queue is full, so that nobody can connect, and nobody is told so."""
    with socket.socket() as listening, contextlib.ExitStack() as held:
        listening.bind((address, port))
        listening.listen(0)
        found = listening.getsockname()
        for _ in range(3):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(found)
        time.sleep(0.05)
        yield found[1]
