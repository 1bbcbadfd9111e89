"""Files of lines that are only ever added to, each on a line of its own, also after one that was torn."""

from __future__ import annotations

import errno
import os
from pathlib import Path


def append(path: Path, text: str) -> None:
    """Add a line in one step, which keeps the lines of several processes apart; its folder is made.

    A line that a full disk or the end of a process left without its end is ended first.

    Raises
    ------
    OSError
        Where it cannot be written, or not as a whole.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        torn = _last_byte(handle) not in (b"", b"\n")
        line = (b"\n" if torn else b"") + text.encode() + b"\n"
        if os.write(handle, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(handle)


def lines_of(path: Path, offset: int = 0) -> tuple[list[bytes], bytes, int]:
    """Whole lines of a file from a byte on, those that are blank left out.

    Returns
    -------
    lines : list of bytes
    rest : bytes
        What follows the last whole line: a torn one, or one that is being written.
    end : int
        Byte after the last whole line.
    """
    try:
        with path.open("rb") as file:
            file.seek(offset)
            content = file.read()
    except FileNotFoundError:
        return [], b"", offset
    end = content.rfind(b"\n") + 1
    return [line for line in content[:end].split(b"\n") if line.strip()], content[end:], offset + end


def _last_byte(handle: int) -> bytes:
    if not os.lseek(handle, 0, os.SEEK_END):
        return b""
    os.lseek(handle, -1, os.SEEK_END)
    return os.read(handle, 1)
