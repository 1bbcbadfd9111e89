"""Several secondary claims at once: Holm and Benjamini-Hochberg, on the confidence of each claim.

A claim is tested at level ``a`` by asking whether its interval at one-sided confidence ``1 - a`` lies in its region, so
step-down and step-up procedures need no p-values: they ask again at the level that is due.

References
----------
Holm S. A simple sequentially rejective multiple test procedure. *Scand J Stat* 1979;6:65-70.
Benjamini Y, Hochberg Y. Controlling the false discovery rate. *J R Stat Soc B* 1995;57:289-300.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from editproof.criteria.criterion import Criterion, verdict_on
from editproof.criteria.losses import hanging_on_missing
from editproof.errors import ProtocolError
from editproof.evidence.measurements import Measurements
from editproof.types import Outcome, Verdict

Asked = tuple[Criterion, Measurements]
Test = Callable[[int, float], Verdict]


def verdicts_of_family(claims: Sequence[Asked], rule: str = "holm", alpha: float = 0.05) -> tuple[Verdict, ...]:
    """Verdicts on claims that share an error rate, each with the interval at the level at which it was decided.

    Parameters
    ----------
    claims : sequence of (Criterion, Measurements)
        E.g. one criterion in several subgroups; their own confidence is replaced by the family's, and the interval
        of each verdict is the one at the level at which it was decided.
    rule : {"holm", "benjamini-hochberg"}
        Chance of one false PASS or more, or expected share of false ones among the PASSes, at most ``alpha``.

    Examples
    --------
    >>> verdicts_of_family([], "holm")
    ()
    """
    if rule not in FAMILY_RULES:
        raise ProtocolError(f"family rule {rule!r}", f"there are {', '.join(FAMILY_RULES)}", "Choose one of those.")
    if not 0 < alpha < 0.5:
        raise ProtocolError(f"family error rate {alpha}", "it is not between 0 and 0.5", "Give e.g. 0.05.")

    def test(index: int, level: float) -> Verdict:
        criterion, measurements = claims[index]
        return verdict_on(of_family(criterion, rule, alpha), measurements, 1 - level)

    return tuple(FAMILY_RULES[rule](test, len(claims), alpha))


def decided(claims: Sequence[Asked], rule: str, alpha: float) -> tuple[Verdict, ...]:
    """Claims decided by a family's rule, or, without one, each for itself."""
    if rule:
        return verdicts_of_family(claims, rule, alpha)
    return tuple(_explained(verdict_on(criterion, measured), criterion, measured) for criterion, measured in claims)


def _explained(verdict: Verdict, criterion: Criterion, measured: Measurements) -> Verdict:
    """A claim that missing edits leave open says so."""
    if verdict.outcome is not Outcome.INCONCLUSIVE or not verdict.estimate.n_missing or not verdict.estimate.exists:
        return verdict
    return replace(verdict, because=verdict.because + hanging_on_missing(criterion, measured))


def of_family(criterion: Criterion, rule: str, alpha: float) -> Criterion:
    """The criterion as a member of a family: its card names the rule, its confidence is that of the family."""
    return replace(criterion, family=rule, confidence=1 - alpha)


def _holm(test: Test, m: int, alpha: float) -> list[Verdict]:
    """Step down: the level rises with every claim that passes, and stops where none does."""
    passed: dict[int, Verdict] = {}
    while len(passed) < m:
        level = alpha / (m - len(passed))
        tried = {index: test(index, level) for index in range(m) if index not in passed}
        fresh = {index: verdict for index, verdict in tried.items() if verdict}
        if not fresh:
            return [passed[index] if index in passed else _open(tried[index]) for index in range(m)]
        passed |= fresh
    return [passed[index] for index in range(m)]


def _benjamini_hochberg(test: Test, m: int, alpha: float) -> list[Verdict]:
    """Step up: the largest k of which k claims pass at level ``k * alpha / m``."""
    tried: list[Verdict] = []
    for k in range(m, 0, -1):
        tried = [test(index, k * alpha / m) for index in range(m)]
        if sum(map(bool, tried)) >= k:
            return tried
    return [_open(verdict) for verdict in tried]


def _open(verdict: Verdict) -> Verdict:
    """A verdict that the family's level does not let pass; a FAIL stays one."""
    if verdict.outcome is not Outcome.PASS:
        return verdict
    return replace(verdict, outcome=Outcome.INCONCLUSIVE, because="The family's error rate leaves it open.")


FAMILY_RULES: dict[str, Callable[[Test, int, float], list[Verdict]]] = {
    "holm": _holm,
    "benjamini-hochberg": _benjamini_hochberg,
}
