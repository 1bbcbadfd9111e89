"""Work on this machine: in this process, or in one process per core."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from editproof.study.executors.executor import Item, Result, Work
from editproof.study.workers import results


class ThisMachine:
    """The executor that a run has where none is named."""

    elsewhere = False

    def results(self, work: Work[Item, Result], items: Iterable[Item], *, jobs: int) -> Iterator[Result]:
        """The result of each item; see :func:`editproof.study.workers.results`."""
        return results(work.at(work.store), items, jobs=jobs)
