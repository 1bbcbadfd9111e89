"""Work on this machine: in this process, or in one process per core."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any, TypeVar

from editproof.core.processes import end_programs_on_signals, end_with

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_ON_WINDOWS = 61
"""Processes that Python can wait for at once there."""
_THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_OF_A_TEST = ("PYTEST_CURRENT_TEST",)
"""Variables that say which test is under way, and nothing to what it works on."""
_at_work: Any = signal.default_int_handler
"""In a worker: what an interruption does while something is under way."""


@dataclass(frozen=True)
class _Begun:
    """Processes that are there, and what they were begun with."""

    pool: ProcessPoolExecutor
    surroundings: tuple[object, ...]
    processes: set[BaseProcess] = field(default_factory=set)

    def end(self) -> None:
        """End them, and whatever they are at."""
        self.pool.shutdown(wait=False, cancel_futures=True)
        for process in self.processes:
            process.terminate()


class Workers:
    """Processes that wait for more work of one run, since each imports modules and loads models once.

    They are begun when they are first needed, and anew where the path of modules, the environment or the folder is
    another, or after an error. They end with :meth:`close`, or with this process, however that ends.
    """

    def __init__(self) -> None:
        self._begun: _Begun | None = None

    def results(self, function: Callable[[Item], Result], items: Iterable[Item], *, jobs: int) -> Iterator[Result]:
        """Results of a function over independent items; see :func:`results`."""
        jobs = min(jobs, MOST_ON_WINDOWS) if os.name == "nt" else jobs
        if jobs == 1:
            yield from map(function, items)
            return
        begun = self._fit(jobs)
        with _single_threaded():
            try:
                others = {*multiprocessing.active_children()} - begun.processes
                futures = [begun.pool.submit(_worked, function, item) for item in items]
                begun.processes.update({*multiprocessing.active_children()} - others)
                for future in as_completed(futures):
                    yield future.result()
            except BaseException as error:
                self._begun = None
                if isinstance(error, Exception):
                    begun.pool.shutdown(wait=True, cancel_futures=True)
                else:  # an interruption waits for nobody
                    begun.end()
                raise

    def close(self) -> None:
        """End the processes, which are begun again where more is asked for."""
        begun, self._begun = self._begun, None
        if begun:
            begun.pool.shutdown()

    def _fit(self, jobs: int) -> _Begun:
        """Processes that find what this process finds now."""
        environment = {name: value for name, value in os.environ.items() if name not in _OF_A_TEST}
        now = jobs, tuple(sys.path), os.getcwd(), tuple(sorted(environment.items()))
        if self._begun and self._begun.surroundings != now:
            self.close()
        if not self._begun:
            pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=_begin_worker)
            self._begun = _Begun(pool, now)
        return self._begun


def results(function: Callable[[Item], Result], items: Iterable[Item], *, jobs: int) -> Iterator[Result]:
    """Results of a function over independent items, as they are done, by processes that end with the last one.

    Parameters
    ----------
    function : callable
        Picklable where ``jobs`` is more than one, as are the items and results.
    items : iterable
    jobs : int
        Number of worker processes; 1 works in this process. Workers compute with one thread each.

    Yields
    ------
    result
        In order of completion. An exception in any item is raised here, after which no new item is begun.

    Examples
    --------
    >>> sorted(results(abs, [-2, 1], jobs=1))
    [1, 2]
    """
    workers = Workers()
    yield from workers.results(function, items, jobs=jobs)
    workers.close()


def _worked(function: Callable[[Item], Result], item: Item) -> Result:
    """In a worker: an interruption ends what is under way; one that only waits leaves it to the run to end it."""
    waiting = signal.signal(signal.SIGINT, _at_work)
    try:
        return function(item)
    finally:
        signal.signal(signal.SIGINT, waiting)


def _begin_worker() -> None:
    """Where OpenCV is told how many threads to use, for it reads no variable of the environment, and when to end."""
    import cv2

    global _at_work
    end_programs_on_signals()
    _at_work = signal.signal(signal.SIGINT, _wait)
    if parent := multiprocessing.parent_process():
        end_with(parent)

    cv2.setNumThreads(1)


def _wait(number: int, _: FrameType | None) -> None:
    """Nothing: the run is interrupted too."""


class _single_threaded:  # noqa: N801 - used as a statement, like a function
    """While it lasts, new processes compute with one thread each."""

    def __enter__(self) -> None:
        self._before = {name: os.environ.get(name) for name in _THREAD_LIMITS}
        os.environ.update(dict.fromkeys(_THREAD_LIMITS, "1"))

    def __exit__(self, *_: object) -> None:
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
