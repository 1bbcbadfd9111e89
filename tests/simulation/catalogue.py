"""Which worlds are visited: a few on every run of the tests, all of them in the long form."""

from __future__ import annotations

from collections.abc import Iterator

from tests.simulation.approximate import of_approximate
from tests.simulation.readers import not_held, of_readers, of_these_readers
from tests.simulation.rule import of_rule
from tests.simulation.scenarios import (
    SHAPES,
    World,
    auc_world,
    drift_world,
    limit_world,
    reading_worlds,
    rowwise_world,
    share_world,
    slope_world,
)

SIZES = (30, 100, 200)


def short() -> Iterator[World]:
    """The corners of the catalogue."""
    for n in (30, 200):
        yield drift_world(n, 3, 0.5, "skewed")
        yield drift_world(n, 10, 0.9, "heavy")
        yield auc_world(n, 3, 0.5, 0.5)
    yield drift_world(30, 1, 0, "normal")
    yield drift_world(100, 3, 0.3, "tied")
    yield auc_world(100, 3, 0.9, 0.15)
    yield auc_world(100, 3, 0.5, 0.5, levels=5)
    yield share_world(100, 3, 0.5, 0.05)
    yield slope_world(200, 3)


def short_of_rule() -> Iterator[World]:
    """Of the worlds of the rule those that are quickly drawn, at two sizes."""
    yield from (world for heading, world in of_rule((60, 200)) if heading not in ("AUC", "Distributions"))
    yield from (world for heading, world in of_rule((100,)) if heading == "AUC" and "10%" in world.name)


def short_of_readers() -> Iterator[World]:
    """Of the worlds of readers those that are decided and quickly drawn."""
    yield from (world for world in of_readers((60,)) if world.exact and not world.name.startswith("AUC"))


def full() -> Iterator[tuple[str, World]]:
    """Everything, with the heading under which it is reported."""
    yield from ((f"One rule: {heading.lower()}", world) for heading, world in of_rule())
    yield from (("Approximate level, harm that is seldom seen", world) for world in of_approximate())
    yield from (("Several readers", world) for world in of_readers())
    yield from (("Several readers, these alone", world) for world in of_these_readers())
    yield from (("Careless readers, a level that is not held", world) for world in not_held())
    for n in SIZES:
        yield from (("Statistics of readings", world) for world in reading_worlds(n))
        for shape in ("normal", "skewed left", "heavy"):
            yield "Statistics of readings", limit_world(n, 3, 0.5, shape)
    for n in SIZES:
        for prevalence in (0.5, 0.15):
            for rho in (0.0, 0.9):
                yield "AUC", auc_world(n, 3, rho, prevalence)
            yield "AUC", auc_world(n, 3, 0.5, prevalence, levels=5)
            yield "AUC", auc_world(n, 3, 0.5, prevalence, drift=False)
        yield "AUC", auc_world(n, 10, 0.5, 0.5)
    for shape in SHAPES:
        for n in SIZES:
            for repeats, rho in ((1, 0.0), (3, 0.5), (10, 0.9)):
                yield "Mean drift", drift_world(n, repeats, rho, shape)
    for n in SIZES:
        yield "Calibration", slope_world(n, 3)
        for rate in (0.02, 0.2):
            for rho in (0.0, 0.5, 0.9):
                yield "One rule: shares of edits", share_world(n, 3, rho, rate)
    for n in SIZES:
        yield "Edits taken as independent", rowwise_world(n, 3, 0.5)
        yield "Edits taken as independent", rowwise_world(n, 10, 0.9)
    for n in SIZES:
        yield from (("Disasters in 8 % of patients", world) for world in reading_worlds(n, rare=0.08))
