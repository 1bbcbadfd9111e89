"""A store at a URL, by fsspec: ``s3://``, ``gs://``, ``az://``, ``file://``, ``memory://`` and whatever else it knows.

An object store has no append and no lock. Lines are objects of their own, numbered from 0; a line is added by making
the object of the next number where there is none, so that two writers never take one number, and a line that was
checked against those before it cannot come after one that it did not see. A lock is an object that only one can make.
Both need a filesystem that makes an object only where there is none (``CONDITIONAL``). Elsewhere one process at a time
may write a prefix; :func:`files_of_url` says so once.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from editproof.core.extras import need
from editproof.core.files import Files
from editproof.core.processes import is_running
from editproof.errors import EvidenceError

CONDITIONAL = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "file", "local"})
"""Schemes whose filesystems make an object only where there is none, in one step (S3: ``If-None-Match: *``)."""
EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs", "az": "az", "abfs": "az", "abfss": "az"}
LONGEST_WAIT_S = 6 * 3600.0
"""A lock is waited for as long as a run may hold one."""


class UrlFiles:
    """Objects below a prefix; safe under threads, and under processes where the filesystem is conditional.

    Parameters
    ----------
    url : str
        Of the prefix.
    """

    def __init__(self, url: str) -> None:
        scheme = url.partition("://")[0]
        for extra in filter(None, ("url", EXTRAS.get(scheme))):
            need(extra, f"the store {url}", EvidenceError)
        import fsspec

        try:
            self._fs, self._root = fsspec.core.url_to_fs(url, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            raise EvidenceError(f"the store {url}", str(error).splitlines()[0], "Name a scheme of fsspec.") from error
        self._url, self._next = url, dict[str, int]()
        self._conditional = scheme in CONDITIONAL
        self._is_disk = url.startswith(("file://", "local://"))

    def place(self, name: str) -> str:
        """The URL of an object."""
        return f"{self._url}/{name}"

    def read(self, name: str) -> bytes | None:
        """What an object holds; None where there is none."""
        with self._told(name, "read"):
            try:
                content: bytes = self._fs.cat_file(f"{self._root}/{name}")
            except (FileNotFoundError, NotADirectoryError):
                return None
            return content

    def write(self, name: str, content: bytes) -> None:
        """Put an object in its place, which is one step at an object store."""
        with self._told(name, "written"):
            path = f"{self._root}/{name}"
            if not self._is_disk:
                self._fs.pipe_file(path, content)
                return
            self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            draft = f"{path}.{uuid.uuid4().hex}.part"
            self._fs.pipe_file(draft, content)
            os.replace(draft, path)

    def create(self, name: str, content: bytes) -> bool:
        """Put an object in its place where there is none, and say whether that was so."""
        path = f"{self._root}/{name}"
        with self._told(name, "written"):
            try:
                if self._is_disk:
                    self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
                    draft = f"{path}.{uuid.uuid4().hex}.part"
                    self._fs.pipe_file(draft, content)
                    try:
                        os.link(draft, path)
                    finally:
                        os.unlink(draft)
                else:
                    self._fs.pipe_file(path, content, mode="create")
            except OSError as error:
                if isinstance(error, FileExistsError) or _lost_the_race(error):
                    return False
                raise
            return True

    def exists(self, name: str) -> bool:
        """Whether there is such an object."""
        with self._told(name, "looked for"):
            return bool(self._fs.exists(f"{self._root}/{name}"))

    def names(self, pattern: str) -> list[str]:
        """Names that match a pattern, in their order."""
        with self._told(pattern, "listed"):
            start = len(str(self._root)) + 1
            return sorted(str(path)[start:] for path in self._fs.glob(f"{self._root}/{pattern}"))

    def append(self, name: str, text: str, check: Callable[[], None] | None = None) -> None:
        """Add a line as the object of the next number; where another took that, it is checked anew."""
        if name not in self._next or check is None:
            self.lines(name, self._next.get(name, 0))
        while True:
            if check is not None:
                check()
            number = self._next[name]
            if self.create(f"{name}/{number:012d}", text.encode()):
                self._next[name] = number + 1
                return
            self.lines(name, number)

    def lines(self, name: str, start: int = 0) -> tuple[list[bytes], bytes, int]:
        """Lines from a number on, nothing of a torn one, and the number of the next."""
        with self._told(name, "read"):
            first = f"{self._root}/{name}/{start:012d}"
            try:
                found = [path for path in self._fs.find(f"{self._root}/{name}") if str(path) >= first]
            except FileNotFoundError:
                found = []
            found = sorted(path for path in found if not str(path).endswith(".part"))
            contents: dict[str, bytes] = self._fs.cat(found) if len(found) > 1 else {}
            if len(found) == 1:
                contents = {found[0]: self._fs.cat_file(found[0])}
            self._next[name] = max(self._next.get(name, 0), start + len(found))
            return [contents[path] for path in found], b"", start + len(found)

    @contextmanager
    def holding(self, name: str, *, poll_s: float = 0.05) -> Iterator[None]:
        """A lock that other processes wait for; one of a process of this machine that is gone is taken over."""
        mine = {"host": platform.node(), "process": os.getpid(), "id": uuid.uuid4().hex, "time": time.time()}
        until = time.monotonic() + LONGEST_WAIT_S
        while self._conditional and not self.create(name, json.dumps(mine).encode()):
            self._take_over(name)
            if time.monotonic() > until:
                found = f"it is held since {LONGEST_WAIT_S / 3600:g} hours ({(self.read(name) or b'').decode()})"
                raise EvidenceError(f"the lock {self.place(name)}", found, "Remove it if that process is gone.")
            time.sleep(max(poll_s, 0.2))
        try:
            yield
        finally:
            if self._conditional:
                self._fs.rm_file(f"{self._root}/{name}")

    def _take_over(self, name: str) -> None:
        """Remove a lock whose process is gone; of several that find it so, one does."""
        held = json.loads(self.read(name) or b"{}")
        if held.get("host") != platform.node() or is_running(held["process"]):
            return
        if self.create(f"{name}.{held['id']}.ended", b""):
            self._fs.rm_file(f"{self._root}/{name}")

    @contextmanager
    def _told(self, name: str, done: str) -> Iterator[None]:
        """An error of the filesystem as one line."""
        try:
            yield
        except EvidenceError:
            raise
        except Exception as error:
            said = str(error).splitlines()[0] if str(error) else type(error).__name__
            advice = "See the address, and the rights of who asks; what is stored is kept."
            raise EvidenceError(f"store file {self.place(name)}", f"it cannot be {done} ({said})", advice) from error


def _lost_the_race(error: Any) -> bool:
    """Whether an error of a service says that another made the object first."""
    words = str(error)
    return any(
        word in words for word in ("PreconditionFailed", "ConditionalRequestConflict", "412", "BlobAlreadyExists")
    )


@cache
def files_of_url(url: str) -> Files:
    """The files below a URL; where nothing keeps two writers apart, a line on standard error says so."""
    files = UrlFiles(url)
    if url.partition("://")[0] not in CONDITIONAL:
        words = "its filesystem makes no object conditionally: let one process at a time write to it"
        print(f"editproof: the store {url}: {words}", file=sys.stderr)
    return files
