"""How many readers and cases a claim on readers needs: power of multi-reader multi-case studies.

References
----------
Hillis SL, Obuchowski NA, Berbaum KS. Power estimation for multireader ROC methods: an updated and unified approach.
*Acad Radiol* 2011;18:129-142.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from editproof.criteria.criterion import Criterion
from editproof.criteria.estimand import READERS
from editproof.errors import ProtocolError
from editproof.evidence.measurements import Measurements
from editproof.stats.gaffke import patients_for
from editproof.stats.multireader import BoundedMultiReader, MultiReader
from editproof.stats.readers import Components, power_over_readers


@dataclass(frozen=True)
class ReaderPlan:
    """What is known of a difference between arms before a study.

    Attributes
    ----------
    components : Components
        Of a pilot, or assumed.
    margin : float
        Largest difference that is accepted, positive.
    expected : float
        The difference that is expected of the tool, 0 of one that does no harm; negative is a loss.
    equivalence : bool
        Whether the difference has to lie within the margin either way; by default above ``-margin``.
    level : float
        One-sided error rate of each limit.
    fixed : bool
        Whether the claim is about the readers of the study alone.
    """

    components: Components
    margin: float
    expected: float = 0.0
    equivalence: bool = False
    level: float = 0.05
    fixed: bool = False

    def power(self, readers: int, cases: int) -> float:
        """Chance that the claim passes by Obuchowski and Rockette's interval, every case being of another patient."""

        def chance(expected: float) -> float:
            return power_over_readers(
                self.components, self.margin, readers, cases, expected=expected, level=self.level, fixed=self.fixed
            )

        if not self.equivalence:
            return chance(self.expected)
        return max(0.0, chance(self.expected) + chance(-self.expected) - 1)

    def table(self, readers: Sequence[int], cases: Sequence[int]) -> str:
        """Power by number of readers (rows) and of cases (columns), as text."""
        width = max(7, *(len(str(n)) + 1 for n in cases))
        head = "readers" + "".join(f"{n:>{width}}" for n in cases)
        rows = (f"{r:>7}" + "".join(f"{self.power(r, n):>{width}.2f}" for n in cases) for r in readers)
        return "\n".join((head, *rows))


def assumed(between: float, case_sd: float, correlation: float) -> Components:
    """Components of a difference from three numbers.

    Parameters
    ----------
    between : float
        SD between readers of the true difference.
    case_sd : float
        SD over cases of what one reader changes; of an AUC, its standard error times the root of the cases.
    correlation : float
        Of two readers' changes of one case, in [0, 1].

    Raises
    ------
    ProtocolError
        Where a number is none of those.

    Examples
    --------
    >>> found = assumed(0.1, 1.0, 0.2)
    >>> round(found.own, 3), round(found.shared, 3), round(found.spread, 3)
    (0.01, 0.002, 0.018)
    """
    if not (0 <= between < math.inf and 0 < case_sd < math.inf and 0 <= correlation <= 1):
        raise ProtocolError(
            "a plan of readers", f"SDs of {between} and {case_sd}, a correlation of {correlation}",
            "Give --between from 0 on, --case-sd above 0 and --correlation from 0 to 1.",
        )  # fmt: skip
    own = case_sd**2 / 100
    return Components(2, 100, between**2 + own * (1 - correlation), own, correlation * own)


def published(reader: float, cov1: float, cov2: float, cov3: float, variance: float, cases: int) -> Components:
    """Components of a difference from those of Obuchowski and Rockette, as software for ROC studies prints them.

    Parameters
    ----------
    reader : float
        Variance of the interaction of reader and arm, ``VarTR``; a negative estimate is 0.
    cov1, cov2, cov3, variance : float
        Covariances of areas: same reader and other arm, other reader and same arm, both other; and the error variance.
    cases : int
        Of the study that they come from.

    Examples
    --------
    >>> found = published(0.0002, 0.00035, 0.00034, 0.00024, 0.0008, 114)
    >>> round(found.own, 6), round(found.shared, 6)
    (0.0009, 0.0002)
    """
    if cases < 2 or variance <= 0 or cov1 > variance:
        raise ProtocolError(
            "a plan of readers", f"Var {variance}, Cov1 {cov1}, {cases} cases",
            "Give VARTR,COV1,COV2,COV3,VAR of a study and its --component-cases.",
        )  # fmt: skip
    own, shared = 2 * (variance - cov1), 2 * (cov2 - cov3)
    return Components(2, cases, 2 * max(reader, 0.0) + max(own - shared, 0.0), own, shared)


def components_in_pilot(criterion: Criterion, pilot: Measurements) -> Components:
    """Components of a claim on readers in a pilot.

    Raises
    ------
    ProtocolError
        Where the claim is not about readers, or the pilot gives no components.
    """
    asked = f"a plan of readers from {criterion.id}"
    if criterion.estimand.scope != READERS:
        raise ProtocolError(asked, "it is no claim on readers", "Name a pilot with one, e.g. on reader_drift.")
    raw = criterion.estimand.raw(pilot)
    reason = criterion.estimand.refusal(raw)
    statistic = None if reason else criterion.estimand.statistic_on(raw)
    if not isinstance(statistic, MultiReader):
        raise ProtocolError(asked, reason or (statistic.reason if statistic else ""), "Name another pilot.")
    found = statistic.seen.components
    if found.readers < 2 or not math.isfinite(found.own + found.shared + found.spread):
        raise ProtocolError(asked, f"the pilot has {found.readers} readers", "At least two have to read every case.")
    return found


def cases_that_show(criterion: Criterion, pilot: Measurements) -> int:
    """Fewest cases with which flawless data meet a claim on a bounded value; 0 where its value is not bounded."""
    statistic = criterion.estimand.statistic_on(criterion.estimand.raw(pilot))
    if not isinstance(statistic, BoundedMultiReader):
        return 0
    reach = abs(getattr(statistic.these, "most", 1.0) - criterion.estimand.ideal)
    return patients_for(criterion.margin, reach, criterion.confidence)
