"""Acceptance criteria: estimands, regions, and the one rule that decides them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from editproof.criteria.criterion import Criterion, verdict_on
from editproof.criteria.estimand import Estimand
from editproof.criteria.factory import estimand
from editproof.criteria.readings import Readings
from editproof.criteria.region import Region, at_least, at_most, within
from editproof.criteria.registry import ESTIMANDS

if TYPE_CHECKING:
    from editproof.criteria.factory import Factory

    def __getattr__(name: str) -> Factory:
        """A factory of the registry, whose name is entered below."""


# Every name here is public at the package's front door: ``from editproof import NAME``.
__all__ = [
    "Criterion",
    "Estimand",
    "Readings",
    "Region",
    "at_least",
    "at_most",
    "estimand",
    "verdict_on",
    "within",
]
__all__ += sorted(ESTIMANDS.built_in)

globals().update(ESTIMANDS.built_in)
