"""Clinical acceptance of generative image-editing tools, as pytest cases.

What a suite needs is here, loaded when it is first named::

    from editproof import Criterion, at_most, mae_drift
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

_HOMES: dict[str, tuple[str, ...]] = {
    "editproof.evidence.bundle": ("loaded", "save"),
    "editproof.evidence.record": ("Evidence",),
    "editproof.audit.verification": ("faults",),
    "editproof.metrics": ("Metric", "MetricOutput", "Pair", "Picture", "feature", "metric", "shared"),
    "editproof.criteria.claim_tables": ("claims_from",),
    "editproof.evidence.measurements": ("Measurements", "measurements_of"),
    "editproof.study.bench": ("Bench",),
    "editproof.study.plan": ("Plan",),
    "editproof.types": (
        "Case",
        "EditOutcome",
        "EditRequest",
        "EditStatus",
        "Editor",
        "EditorCard",
        "Estimate",
        "EstimandSpec",
        "Outcome",
        "Verdict",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
_CRITERIA = "editproof.criteria"
"""The room whose names are all public here: criteria, regions, and the factory of every built-in estimand."""


def __getattr__(name: str) -> Any:
    """The named object, from the room where it lives."""
    if name == "__all__":
        return sorted({*_HOME_OF, *import_module(_CRITERIA).__all__})
    if name in _HOME_OF:
        return getattr(import_module(_HOME_OF[name]), name)
    if not name.startswith("_") and not find_spec(f"{__name__}.{name}"):
        room = import_module(_CRITERIA)
        if name in room.__all__:
            return getattr(room, name)
    raise AttributeError(f"module 'editproof' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Every public name."""
    names: list[str] = __getattr__("__all__")
    return names
