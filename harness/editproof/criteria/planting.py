"""Whether what was planted could be seen at all, and was lost where detail is destroyed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np

from editproof.criteria.redecision import criterion_from
from editproof.evidence.facts import Claim
from editproof.evidence.measurements import IMAGE, PLANTED, PLANTED_ORIGINAL, Measurements
from editproof.evidence.planted import SEEN
from editproof.types import CriterionCard, Estimate, Outcome, Verdict

BEFORE, LOST = 0.95, 0.10
"""Share of the structures that the detector must see before editing, and may still see under ``destructive``."""


def is_on_planted(claim: Claim) -> bool:
    """Whether a claim is about planted structures."""
    return criterion_from(claim.criterion).estimand.arm == PLANTED


def planted_verdicts(
    claims: Iterable[Claim], measured: Measurements, controls: Mapping[str, Measurements], shard: str = ""
) -> tuple[Verdict, ...]:
    """The two checks of the detector, where a claim is about what it sees.

    Parameters
    ----------
    measured : Measurements
        Of any tool; what was planted is the same for all.
    controls : mapping of str to Measurements
        By name; ``destructive`` is among them.
    shard : str
        A part of a cohort may have no planted case; then there is nothing to check.
    """
    if not any(map(is_on_planted, claims)):
        return ()
    before, n = _share(measured, PLANTED_ORIGINAL)
    if shard and not n:
        return ()
    after, lost_n = _share(controls["destructive"], PLANTED) if "destructive" in controls else (math.nan, 0)
    return (
        _verdict(
            "PLT-before", measured.editor, "The detector sees planted structures before they are edited.",
            "share of planted structures seen before editing", before, n, (BEFORE, math.inf), f"at least {BEFORE}",
        ),
        _verdict(
            "PLT-destructive", "destructive", "The detector sees no planted structure where all detail is destroyed.",
            "share of planted structures seen under the destructive control", after, lost_n, (-math.inf, LOST),
            f"at most {LOST}",
        ),
    )  # fmt: skip


def _share(measured: Measurements, arm: str) -> tuple[float, int]:
    """Mean share of the structures of a radiograph that is seen, and the number of radiographs."""
    if not measured.has(SEEN, arm, IMAGE):
        return math.nan, 0
    seen = measured.matrix(SEEN, arm, IMAGE)
    known = seen[~np.isnan(seen)]
    return float(known.mean()), len(known)


def _verdict(
    name: str, editor: str, sentence: str, estimand: str, share: float, n: int, region: tuple[float, float],
    required: str,
) -> Verdict:  # fmt: skip
    card = CriterionCard(
        name, sentence, estimand, "", *region, required, 0.95, "validity",
        source="ICH E10: assay sensitivity", rationale="What cannot be seen, or not be lost, shows nothing.",
    )  # fmt: skip
    if math.isnan(share):
        nothing = Estimate(None, None, None, "", 0.95, 0, 0, 0, "none", reason="no planted radiograph was measured")
        return Verdict(card, editor, "all", nothing, Outcome.FAIL, "no planted radiograph was measured")
    met = region[0] <= share <= region[1]
    estimate = Estimate(share, share, share, "", 0.95, n, n, 0, "count")
    because = f"{share:.3g} of the structures in {n} radiographs are seen"
    return Verdict(card, editor, "all", estimate, Outcome.PASS if met else Outcome.FAIL, because)
