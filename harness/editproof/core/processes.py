"""Programs that this process starts: ended with all that they started, whatever ends this process, on every system."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

_TO_END = ("SIGTERM", "SIGHUP")
"""Signals by which this process is ended; not every system has each."""
_PATIENCE_S = 30.0
"""Seconds that an interrupted command of ours has to write what it was writing."""

_under_way: dict[int, subprocess.Popen[Any]] = {}
_stopping = threading.Event()


@contextlib.contextmanager
def program_at_work(words: list[str], **told: Any) -> Iterator[subprocess.Popen[Any]]:
    """A program in a session of its own, for as long as the block lasts; it and its children do not outlive that.

    Raises
    ------
    KeyboardInterrupt
        Where this process was interrupted before it began or while it ran: what it left is no answer.
    """
    program = begun(words, **told)
    try:
        yield program
    except BaseException:
        end_with_children(program)
        raise
    finally:
        _under_way.pop(program.pid, None)
    if _stopping.is_set():
        raise KeyboardInterrupt


def begun(words: list[str], **told: Any) -> subprocess.Popen[Any]:
    """A program in a session of its own, which a signal that ends this process ends too."""
    if _stopping.is_set():
        raise KeyboardInterrupt
    program: subprocess.Popen[Any] = subprocess.Popen(words, start_new_session=True, **told)
    _under_way[program.pid] = program
    if _stopping.is_set():
        end_with_children(program)
        raise KeyboardInterrupt
    return program


def is_stopping() -> bool:
    """Whether a signal has ended the programs of this process."""
    return _stopping.is_set()


def end_programs_on_signals() -> None:
    """From now on a signal that ends or interrupts this process ends its programs first.

    Handlers of anybody else are left alone, and outside the main thread, where none can be set, nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    _stopping.clear()
    for name in _TO_END:
        if (number := getattr(signal, name, None)) and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def _end(number: int, _: FrameType | None) -> None:
    _end_programs()
    _die_of(number)


def _interrupt(number: int, frame: FrameType | None) -> None:
    _end_programs()
    signal.default_int_handler(number, frame)


def _end_programs() -> None:
    """Kill all that is under way; nobody is waited for, since a handler may run in the midst of a wait."""
    _stopping.set()
    for program in list(_under_way.values()):
        if program.returncode is None:
            _kill(program)


def _die_of(number: int) -> None:
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def end_with(parent: Any) -> None:
    """End this process and its programs as soon as another one is gone, which may be killed without a word.

    Parameters
    ----------
    parent : multiprocessing.process.BaseProcess
    """

    def watch() -> None:
        parent.join()
        _end_programs()
        os._exit(1)

    threading.Thread(target=watch, name="watch the parent", daemon=True).start()


def exit_code_of(command: list[str], **told: Any) -> int:
    """Exit code of a command of ours, which is ended or interrupted where this process is, and has time to write."""
    program = subprocess.Popen(command, **told)
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():

        def pass_on(number: int, _: FrameType | None) -> None:
            program.send_signal(number)
            _die_of(number)

        numbers = [getattr(signal, name) for name in _TO_END if hasattr(signal, name)]
        before = {number: signal.signal(number, pass_on) for number in numbers}
    try:
        return program.wait()
    except KeyboardInterrupt:
        if not _in_foreground():  # a terminal has told both
            program.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            program.wait(_PATIENCE_S)
        if program.poll() is None:
            program.terminate()
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _in_foreground() -> bool:
    """Whether a terminal sends its interruptions to this process and those that it started."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except (AttributeError, OSError):
        return os.name == "nt"


def end_with_children(program: subprocess.Popen[Any]) -> None:
    """Kill a program that leads a session of its own, and what it started; wait until it is gone.

    Where there are no process groups (Windows), ``taskkill`` ends the tree, and at least the program itself is ended.
    """
    _kill(program)
    program.wait()
    _under_way.pop(program.pid, None)


def _kill(program: subprocess.Popen[Any]) -> None:
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


def is_running(process: int) -> bool:
    """Whether a process of this machine is there.

    Examples
    --------
    >>> is_running(os.getpid())
    True
    """
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
