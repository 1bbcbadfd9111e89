"""Ending a program with all that it started, on every system."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import Any


def end_with_children(program: subprocess.Popen[Any]) -> None:
    """Kill a program that leads a session of its own, and what it started; wait until it is gone.

    Where there are no process groups (Windows), ``taskkill`` ends the tree, and at least the program itself is ended.
    """
    killpg = getattr(os, "killpg", None)
    if killpg is not None:
        with contextlib.suppress(OSError):
            killpg(program.pid, signal.SIGKILL)
    else:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            words = ["taskkill", "/F", "/T", "/PID", str(program.pid)]
            subprocess.run(words, capture_output=True, timeout=30, check=False)
    if program.poll() is None:
        with contextlib.suppress(OSError):
            program.kill()
    program.wait()
