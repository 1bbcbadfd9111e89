"""Which metrics there are: built in, installed by entry point, and a study's own; no name claimed twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

from editproof.core.registry import Registry, defined_in
from editproof.errors import MetricError
from editproof.metrics.metric import Metric
from editproof.types import JSON

METRICS_VERSION = "2"
"""Raised whenever any number of a built-in metric changes its meaning; enters the protocol digest."""

BUILT_IN: tuple[Metric, ...] = tuple(
    defined_in(
        "editproof.metrics",
        lambda value: value.compute.__module__ if isinstance(value, Metric) else None,
        first=("intensity", "similarity", "registration", "marker"),
    )
)
"""In the order of their rows in the table of measurements."""

HOOK = "pytest_editproof_metrics"
_VERSION_KEY = "built-in"


def _name_of(value: Any) -> str:
    if not isinstance(value, Metric):
        raise TypeError(f"{value!r} is not a metric; decorate its function with @metric or @feature")
    if not isinstance(value.name, str):
        raise TypeError(f"a metric is named {value.name!r}, which is not text")
    return value.name


def _code_of(value: Metric) -> Callable[..., object]:
    return value.compute


METRICS: Registry[Metric] = Registry(
    "metric", group="editproof.metrics", hook=HOOK, built_in=lambda: BUILT_IN, name_of=_name_of, code_of=_code_of
)


def own_metrics(given: Iterable[object] = (), by: str = HOOK) -> tuple[Metric, ...]:
    """Every metric that is not built in, sorted by name: those given, and those of installed packages.

    Parameters
    ----------
    given : iterable of Metric
        As the hook of a root ``conftest.py`` returns them.
    by : str
        Who gives them, for an error that a user can act on.

    Raises
    ------
    MetricError, ProtocolError
        Where one is not a metric, declares something impossible, cannot reach a worker process, or claims a name or a
        quantity that another one has.
    """
    with METRICS.also(given, by):
        found = tuple(METRICS[name] for name in METRICS.names if name not in METRICS.built_in)
    claimed = {quantity: metric.name for metric in reversed(BUILT_IN) for quantity in metric.units}
    for metric in found:
        metric.check()
        metric.__reduce__()
        for quantity in metric.units:
            if (other := claimed.setdefault(quantity, metric.name)) != metric.name:
                raise MetricError(
                    f"metric {metric.name!r}", f"{quantity} is given by metric {other!r} too", "Rename its output."
                )
    return found


def metrics_in(module: ModuleType) -> list[Metric]:
    """The metrics among the names of a user's module, its own and those it imports, that are not built in."""
    found = {id(value): value for value in list(vars(module).values()) if isinstance(value, Metric)}
    return [metric for metric in found.values() if metric not in BUILT_IN]


def in_protocol(own: Sequence[Metric]) -> JSON:
    """What a protocol fixes of how images are measured: the version, and the digest of every metric not built in."""
    return {_VERSION_KEY: METRICS_VERSION, **{metric.name: metric.digest for metric in own}} if own else METRICS_VERSION


def version_in_protocol(fixed: JSON) -> JSON:
    """The version of the built-in metrics, from what a protocol fixed."""
    return fixed.get(_VERSION_KEY) if isinstance(fixed, Mapping) else fixed


def own_in_protocol(fixed: JSON) -> Mapping[str, str]:
    """Digest by name of the metrics that were not built in, from what a protocol fixed."""
    named = fixed if isinstance(fixed, Mapping) else {}
    return {str(name): str(digest) for name, digest in named.items() if name != _VERSION_KEY}
