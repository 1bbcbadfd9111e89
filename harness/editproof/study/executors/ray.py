"""Work on a Ray cluster: a task for each case, a bounded number of them at once, lost workers made up for.

What costs money never depends on a worker. A tool that sends pixels elsewhere, has a price or keeps to a rate is asked
by the driver, under its one ledger and its one pace (:meth:`editproof.study.bench.Bench.measured`); tools that compute
are asked by the tasks, which read and measure too. Each request is in the ledger before it leaves, wherever from.
"""

from __future__ import annotations

import logging
import os
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from editproof.core.extras import need
from editproof.errors import EditorError
from editproof.study.executors.executor import Item, Result, Work
from editproof.study.executors.ray_files import SCHEME, Keeper

TASKS_A_PROCESSOR = 2
"""Tasks that are given to the cluster at once; those that wait for a processor hold their case and nothing else."""
TRIES = 5
"""Workers that one case may lose before the run ends."""
_GIB = 2**30


class RayCluster:
    """A cluster: the one at an address, the one that this process has joined already, or one of this machine's cores.

    Parameters
    ----------
    address : str
        ``HOST:PORT`` of its head, or ``auto``; empty for a cluster that is started here.

    Raises
    ------
    EditorError
        Where Ray is not installed, no cluster answers, or a client's address is given: the driver is a node.
    """

    elsewhere = True

    def __init__(self, address: str = "") -> None:
        if address.startswith("ray://"):
            found = "it is the address of a client, whose disk no actor of the cluster can reach"
            advice = "Start the run on a node of the cluster, with --ray-address auto."
            raise EditorError(f"--ray-address {address}", found, advice)
        need("ray", "--executor ray", EditorError)
        import ray

        if not ray.is_initialized():
            try:
                ray.init(
                    address=address or "local",
                    include_dashboard=False,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                )
            except (ConnectionError, ValueError, RuntimeError) as error:
                found = f"no cluster answers ({str(error).splitlines()[0][:120]})"
                raise EditorError(f"--ray-address {address}", found, "Start one: ray start --head.") from error
        self._ray: Any = ray

    def results(self, work: Work[Item, Result], items: Iterable[Item], *, jobs: int) -> Iterator[Result]:
        """The result of each item, in order of completion; ``jobs`` says nothing here, the cluster has its own size."""
        ray = self._ray
        name = uuid.uuid4().hex
        here = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
            ray.get_runtime_context().get_node_id(), soft=False
        )
        keeper = ray.remote(Keeper).options(
            name=name, namespace=SCHEME, num_cpus=0, max_concurrency=16, scheduling_strategy=here
        )
        kept = keeper.remote(work.store, work.asks)
        function = work.at(f"{SCHEME}://{name}")
        told = ray.put((_surroundings(), ray.cloudpickle.dumps(function)))
        task = ray.remote(_done).options(
            num_cpus=1, num_gpus=work.gpus, memory=int(work.memory_gb * _GIB) or None, max_retries=0
        )
        try:
            yield from _in_flight(ray, lambda item: task.remote(told, ray.cloudpickle.dumps(item)), work, items)
        finally:
            ray.kill(kept)

    def close(self) -> None:
        """Nothing: workers are those of the cluster."""


def _in_flight(
    ray: Any, start: Callable[[Item], Any], work: Work[Item, Result], items: Iterable[Item]
) -> Iterator[Result]:
    """Results of tasks as they end; as many are under way as the cluster, at its size of the moment, can take."""
    waiting, under_way, losses = iter(items), dict[Any, tuple[int, Item]](), Counter[int]()
    numbered = enumerate(waiting)
    try:
        while True:
            room = TASKS_A_PROCESSOR * max(1, int(ray.cluster_resources().get("CPU", 1))) - len(under_way)
            for _, (number, item) in zip(range(room), numbered, strict=False):
                under_way[start(item)] = number, item
            if not under_way:
                return
            [ended], _ = ray.wait(list(under_way), num_returns=1)
            number, item = under_way.pop(ended)
            try:
                yield ray.get(ended)
            except ray.exceptions.RayTaskError as error:
                raise error.cause from None
            except _losses(ray) as error:
                losses[number] += 1
                if losses[number] == TRIES:
                    found = f"{TRIES} workers were lost while they worked on one case ({type(error).__name__})"
                    raise EditorError(
                        "--executor ray", found, "See the logs of Ray; what is stored is kept."
                    ) from error
                if (kept := work.lost(item)) is not None:
                    yield kept
                else:
                    under_way[start(item)] = number, item
    finally:
        for task in under_way:
            ray.cancel(task, force=False)


def _losses(ray: Any) -> tuple[type[Exception], ...]:
    """Errors that say that a worker, its node, or what it gave back is gone."""
    known = ray.exceptions
    return (
        known.WorkerCrashedError,
        known.NodeDiedError,
        known.LocalRayletDiedError,
        known.ObjectLostError,
        known.OutOfMemoryError,
    )


def _surroundings() -> Mapping[str, Any]:
    """What makes a worker find the modules and files that this process finds."""
    return {"path": list(sys.path), "folder": os.getcwd()}


def _done(told: tuple[Mapping[str, Any], bytes], item: bytes) -> Any:
    """In a worker: the function of the item."""
    import cv2
    from ray import cloudpickle

    surroundings, function = told
    sys.path[:] = [*sys.path, *(entry for entry in surroundings["path"] if entry not in sys.path)]
    if os.path.isdir(surroundings["folder"]):
        os.chdir(surroundings["folder"])
    cv2.setNumThreads(1)
    return _function(function, cloudpickle)(cloudpickle.loads(item))


_KNOWN: dict[bytes, Any] = {}


def _function(text: bytes, cloudpickle: Any) -> Any:
    """The function that some text is, made once a worker."""
    if text not in _KNOWN:
        _KNOWN.clear()
        _KNOWN[text] = cloudpickle.loads(text)
    return _KNOWN[text]
