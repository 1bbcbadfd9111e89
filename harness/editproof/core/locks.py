"""Locks between processes, in a folder; a disk that keeps none is one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from editproof.errors import EvidenceError


@contextmanager
def holding(path: Path, *, poll_s: float = 0.05) -> Iterator[None]:
    """Hold a lock that other processes on this disk wait for; its folder is made.

    Parameters
    ----------
    path : Path
        Of the lock's file.
    poll_s : float
        Seconds between two looks whether it is free.

    Raises
    ------
    EvidenceError
        Where the folder cannot be made or written to, or its disk keeps no locks (some network disks do not).
    """
    lock = FileLock(path, poll_interval=poll_s)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except (OSError, NotImplementedError) as error:
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        advice = "Name a folder on a local disk that can be written to: --store DIR."
        raise EvidenceError(f"the lock {path}", f"it cannot be taken ({said})", advice) from error
    try:
        yield
    finally:
        lock.release()
