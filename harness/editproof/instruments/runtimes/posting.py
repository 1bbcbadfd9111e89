"""One POST whose whole answer is in within a time, however slowly a server sends."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from urllib.parse import SplitResult


@dataclass
class _Exchange:
    """A request under way in a thread of its own, and what came of it."""

    connection: http.client.HTTPConnection
    status: int = 0
    content: bytes = b""
    _over: threading.Event = field(default_factory=threading.Event)

    def run(self, path: str, body: bytes, headers: Mapping[str, str]) -> None:
        try:
            self.connection.request("POST", path, body, dict(headers))
            response = self.connection.getresponse()
            content = response.read()
            self.status, self.content = response.status, content
        except Exception as error:  # of sockets, TLS and HTTP, or of a connection that was cut meanwhile
            self.content = type(error).__name__.encode()
        finally:
            self._over.set()
            self.connection.close()

    def within(self, seconds: float) -> bool:
        """Whether it was over in time; else its connection is cut, so that its thread ends."""
        if self._over.wait(seconds):
            return True
        sock = self.connection.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        return False


def posted(server: SplitResult, body: bytes, headers: Mapping[str, str], timeout: float) -> tuple[int, bytes]:
    """Status and content of the answer to a POST; status 0 where there was none. Redirections are not followed.

    Parameters
    ----------
    timeout : float
        Seconds for the whole of it: to connect, to send and to take the answer.
    """
    made = http.client.HTTPSConnection if server.scheme == "https" else http.client.HTTPConnection
    exchange = _Exchange(made(server.hostname or "", server.port, timeout=timeout))
    path = (server.path or "/") + (f"?{server.query}" if server.query else "")
    threading.Thread(target=exchange.run, args=(path, body, headers), daemon=True).start()
    if not exchange.within(timeout):
        return 0, f"no whole answer within {timeout:g} s".encode()
    return exchange.status, exchange.content
