"""Where a store keeps its files: a folder of this disk, or whatever a URL names, behind one narrow interface.

A store needs little of a disk: files that are written whole or not at all, one that only the first writer makes,
lines that are only ever added, and locks. :class:`Files` says so, :class:`FolderFiles` is a folder of this disk, and
:func:`files_at` opens what an address names.
"""

from __future__ import annotations

import errno
import os
import re
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Protocol

from editproof.core.lines import append, lines_of
from editproof.core.locks import holding
from editproof.errors import EvidenceError

Place = Path | str
"""A folder of this disk, or a URL: ``s3://bucket/store``."""

_URL = re.compile(r"[a-z][a-z0-9+.-]+://")
_PAUSES_S = (0.01, 0.05, 0.25, 1.0)

HOMES = {"editproof-ray": "editproof.study.executors.ray_files:files_of_actor"}
"""What opens addresses of a scheme that is this package's own: ``MODULE:FUNCTION``."""


class Files(Protocol):
    """Files by name, ``folder/name`` with slashes on every system."""

    def place(self, name: str) -> str:
        """Where a file is, for a message."""
        ...

    def read(self, name: str) -> bytes | None:
        """What a file holds; None where there is none."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Put a file in its place, whole or not at all, also over one that is there.

        Raises
        ------
        EvidenceError
            Where it cannot be written.
        """
        ...

    def create(self, name: str, content: bytes) -> bool:
        """Put a file in its place where there is none, and say whether that was so; of several writers one does."""
        ...

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        ...

    def names(self, pattern: str) -> list[str]:
        """Names that match a pattern, ``cases/??/*.json``, in their order."""
        ...

    def append(self, name: str, text: str, check: Callable[[], None] | None = None) -> None:
        """Add a line to a file of lines.

        Parameters
        ----------
        check : callable, optional
            Reads the lines so far and raises where this one may not be added: no other line comes in between.
        """
        ...

    def lines(self, name: str, start: int = 0) -> tuple[list[bytes], bytes, int]:
        """Lines from a place on, what follows the last whole one, and the place after it.

        See :func:`editproof.core.lines.lines_of`. Only 0 and places that a call gave have a meaning.
        """
        ...

    def holding(self, name: str, *, poll_s: float = 0.05) -> AbstractContextManager[None]:
        """A lock that other processes wait for, by the name of its file."""
        ...


def is_url(address: Place) -> bool:
    """Whether an address is a URL and no folder of this disk.

    Examples
    --------
    >>> is_url("s3://bucket/store"), is_url("runs/store"), is_url(Path("store"))
    (True, False, False)
    """
    return isinstance(address, str) and bool(_URL.match(address))


def place_at(base: Path, address: str) -> Place:
    """The place that an address names: a URL as it is, a folder below a base.

    Examples
    --------
    >>> place_at(Path("/work"), "s3://bucket/store"), place_at(Path("/work"), "store").as_posix()
    ('s3://bucket/store', '/work/store')
    """
    place = store_named(address)
    return base / place if isinstance(place, Path) else place


def store_named(address: str) -> Place:
    """The place that an address names: a URL, or a folder seen from the working directory."""
    return address.rstrip("/") if is_url(address) else Path(address)


def files_at(address: Place) -> Files:
    """The files of a place."""
    if not is_url(address):
        return FolderFiles(Path(address))
    scheme = str(address).partition("://")[0]
    module, _, function = HOMES.get(scheme, "editproof.core.url_files:files_of_url").partition(":")
    files: Files = getattr(import_module(module), function)(str(address))
    return files


class FolderFiles:
    """A folder of this disk; safe under threads and processes, and under a kill at any moment.

    Parameters
    ----------
    root : Path
        Made on first use.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def place(self, name: str) -> str:
        """The path of a file."""
        return str(self.root / name)

    def read(self, name: str) -> bytes | None:
        """What a file holds; None where there is none."""
        try:
            return (self.root / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        """Write a file beside its place and move it there in one step."""
        write_whole(self.root / name, content)

    def create(self, name: str, content: bytes) -> bool:
        """Write a file beside its place and link it there, which only the first of several can."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
        draft.write_bytes(content)
        try:
            os.link(draft, path)
        except FileExistsError:  # another process was first
            return False
        finally:
            draft.unlink()
        return True

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self.root / name).exists()

    def names(self, pattern: str) -> list[str]:
        """Names that match a pattern, in the order of their paths."""
        return [path.relative_to(self.root).as_posix() for path in sorted(self.root.glob(pattern))]

    def append(self, name: str, text: str, check: Callable[[], None] | None = None) -> None:
        """Add a line in one step; one that is checked first holds a lock meanwhile."""
        if check is None:
            append(self.root / name, text)
            return
        with self.holding("ledger.lock"):
            check()
            append(self.root / name, text)

    def lines(self, name: str, start: int = 0) -> tuple[list[bytes], bytes, int]:
        """Lines from a byte on, what follows the last whole one, and the byte after it."""
        return lines_of(self.root / name, start)

    def holding(self, name: str, *, poll_s: float = 0.05) -> AbstractContextManager[None]:
        """A lock of this disk (:func:`editproof.core.locks.holding`)."""
        return holding(self.root / name, poll_s=poll_s)


def move(temporary: str, path: Path) -> None:
    """Put a file in its place; a file there that another process reads is waited for, as Windows asks for."""
    for pause_s in _PAUSES_S:
        try:
            os.replace(temporary, path)
            return
        except PermissionError:
            if not path.exists():
                raise
            time.sleep(pause_s)
    os.replace(temporary, path)


def write_whole(path: Path, content: bytes) -> None:
    """Put a file in its place in one step, its folder with it.

    Raises
    ------
    EvidenceError
        Where it cannot be written.
    """
    temporary = None
    try:
        try:
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        move(temporary, path)
    except BaseException as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            advice = "Free space and run again" if full else "Name a folder that can be written to: --store DIR"
            found = f"it cannot be written ({error.strerror})"
            raise EvidenceError(f"store file {path}", found, f"{advice}; what is stored is kept.") from error
        raise
