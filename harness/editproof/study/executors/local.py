"""Work on this machine: in this process, or in one process per core."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from editproof.study.executors.executor import Item, Result, Work
from editproof.study.workers import Workers


class ThisMachine:
    """The executor that a run has where none is named."""

    elsewhere = False

    def __init__(self) -> None:
        self._workers = Workers()

    def results(self, work: Work[Item, Result], items: Iterable[Item], *, jobs: int) -> Iterator[Result]:
        """The result of each item; see :class:`editproof.study.workers.Workers`."""
        return self._workers.results(work.at(work.store), items, jobs=jobs)

    def close(self) -> None:
        """End the worker processes."""
        self._workers.close()
