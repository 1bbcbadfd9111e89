"""Work on this machine: in this process, or in one process per core."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

from editproof.core.processes import end_programs_on_signals, end_with

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_ON_WINDOWS = 61
"""Processes that Python can wait for at once there."""
_THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def results(function: Callable[[Item], Result], items: Iterable[Item], *, jobs: int) -> Iterator[Result]:
    """Results of a function over independent items, as they are done.

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
    jobs = min(jobs, MOST_ON_WINDOWS) if os.name == "nt" else jobs
    if jobs == 1:
        yield from map(function, items)
        return
    others = set(multiprocessing.active_children())
    with (
        _single_threaded(),
        ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=_begin_worker) as pool,
    ):
        futures = [pool.submit(function, item) for item in items]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException as error:
            pool.shutdown(wait=False, cancel_futures=True)
            if not isinstance(error, Exception):  # an interruption waits for nobody
                for worker in set(multiprocessing.active_children()) - others:
                    worker.terminate()
            raise


def _begin_worker() -> None:
    """Where OpenCV is told how many threads to use, for it reads no variable of the environment, and when to end."""
    import cv2

    end_programs_on_signals()
    if parent := multiprocessing.parent_process():
        end_with(parent)

    cv2.setNumThreads(1)


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
