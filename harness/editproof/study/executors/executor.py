"""What an executor is, and which there are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

from editproof.core import records
from editproof.core.declared import open_ended
from editproof.core.files import Place, files_at
from editproof.core.registry import Registry

Item = TypeVar("Item")
Result = TypeVar("Result")
WORKED = "executors.jsonl"
"""Where a store remembers which executors that are not built in worked in it."""


@dataclass(frozen=True)
class Work(Generic[Item, Result]):
    """What is done to each of many independent items.

    Attributes
    ----------
    at : callable
        From the place of a store to the function of one item that works with the store there. Functions, items and
        results can be pickled.
    store : Path or str
        The store that everything ends in.
    asks : bool
        Whether the function may ask a tool; else a request that it would send is refused.
    lost : callable
        Told of an item whose worker was lost while it was under way, before the item is given to another one. Returns
        its result where that is kept already, else None.
    check : callable
        Told of each result that an executor of somebody else gives; raises where the store has another one.
    gpus, memory_gb : float
        What one item needs beside one processor.
    """

    at: Callable[[Place], Callable[[Item], Result]]
    store: Place
    asks: bool = True
    lost: Callable[[Item], Result | None] = lambda item: None
    check: Callable[[Result], None] = lambda result: None
    gpus: float = 0.0
    memory_gb: float = 0.0


class Executor(Protocol):
    """Works on items; one that is ``elsewhere`` may lose a worker, so that paid requests are never sent from there."""

    @property
    def elsewhere(self) -> bool: ...

    def results(self, work: Work[Item, Result], items: Iterable[Item], *, jobs: int) -> Iterator[Result]:
        """The result of each item, in order of completion.

        An exception in any item is raised here as it was, after which no new item is begun.

        Parameters
        ----------
        jobs : int
            Worker processes on this machine; an executor elsewhere has its own.
        """
        ...

    def close(self) -> None:
        """Let go of what only waits for more work, which may be asked for again."""
        ...


@dataclass(frozen=True)
class Checked:
    """An executor of somebody else: each result that it gives is held to what the work itself kept in the store."""

    inner: Executor

    @property
    def elsewhere(self) -> bool:
        """Whether it may lose a worker."""
        return self.inner.elsewhere

    def results(self, work: Work[Item, Result], items: Iterable[Item], *, jobs: int) -> Iterator[Result]:
        """The result of each item, in order of completion; one that is not as it was kept raises."""
        for result in self.inner.results(work, items, jobs=jobs):
            work.check(result)
            yield result

    def close(self) -> None:
        """Let go of what only waits for more work."""
        self.inner.close()


@dataclass(frozen=True)
class ExecutorKind:
    """An executor by name: ``open`` makes it from the address of a cluster, or from nothing."""

    name: str
    open: Callable[[str], Executor]


def _name_of(value: Any) -> str:
    if not isinstance(value, ExecutorKind):
        raise TypeError(f"{type(value).__name__} is no ExecutorKind")
    return value.name


def _local(address: str) -> Executor:
    from editproof.study.executors.local import ThisMachine

    return ThisMachine()


def _ray(address: str) -> Executor:
    from editproof.study.executors.ray import RayCluster

    return RayCluster(address)


EXECUTORS: Registry[ExecutorKind] = Registry(
    "executor",
    group="editproof.executors",
    hook="",
    built_in=lambda: (ExecutorKind("local", _local), ExecutorKind("ray", _ray)),
    name_of=_name_of,
    code_of=lambda kind: kind.open,
)
"""Executors by name."""


@open_ended
@dataclass(frozen=True)
class Worked:
    """A line of ``executors.jsonl``: an executor that is not built in, and the sha256 (hex) over its source."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Chosen:
    """The executor that a run is to have: its name, and the address of a cluster where it has one."""

    name: str = "local"
    address: str = ""

    @cached_property
    def opened(self) -> Executor:
        """The executor itself, opened when it is first needed; results of one that is not built in are checked."""
        made = EXECUTORS[self.name].open(self.address)
        if self.name in EXECUTORS.built_in:
            return made
        return Checked(made)

    def at(self, store: Place) -> Executor:
        """The executor, about to work in a store; where it is not built in, the store remembers that."""
        told = own_executors(self, store)
        if (digest := EXECUTORS.digest(self.name)) and told != own_executors(Chosen(), store):
            line = json.dumps(records.json_of_record(Worked(self.name, digest)))
            files_at(store).append(WORKED, line)
        return self.opened


def own_executors(chosen: Chosen, store: Place) -> dict[str, str]:
    """The executors that are not built in and whose results a run may have: its own, and those of its store.

    A store keeps what was measured, by whatever executor; so it remembers each that is not built in.

    Returns
    -------
    dict of str to str
        sha256 (hex) over the source of each, by name; of one that changed, all of them, with ``+`` between.

    Raises
    ------
    ProtocolError
        Where the source of the chosen one cannot be found.
    """
    lines = files_at(store).lines(WORKED)[0]
    worked = [(one.name, one.sha256) for line in lines if (one := records.maybe(Worked, line))]
    if digest := EXECUTORS.digest(chosen.name):
        worked.append((chosen.name, digest))
    names = sorted({name for name, _ in worked})
    return {name: "+".join(sorted({digest for of, digest in worked if of == name})) for name in names}
