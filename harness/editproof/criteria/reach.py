"""What a suite can show on a cohort of this size, before an edit is made: each claim decided for flawless data.

No tool does better than the unchanged radiograph, or, in a claim against a target, than the target. Where even that
does not meet a claim, the claim cannot pass here, and the number of patients or the cap that would do is named. A suite
that passes only while nothing is lost is told apart from one that can bear the losses that its own claims on failures
allow.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import starmap

from editproof.core.numbers import brief
from editproof.criteria.criterion import Criterion, verdict_on
from editproof.criteria.estimand import FLOW, READERS, Estimand
from editproof.criteria.estimands.flow import failure_rate
from editproof.criteria.flawless import flawless as flawless_for
from editproof.criteria.flawless import verdict_on_flawless
from editproof.evidence.measurements import EDITED, Measurements
from editproof.stats.gaffke import GAFFKE, patients_for
from editproof.stats.interval import MIN_PATIENTS
from editproof.types import EditStatus, Verdict, place_of

Claims = Sequence[tuple[Criterion, str]]


@dataclass(frozen=True)
class Remedy:
    """What a claim would need that flawless data do not meet.

    Attributes
    ----------
    has : str
        What the cohort has, e.g. ``"60 patients"``; empty where no cohort would do.
    place : str
        The claim, and its stratum if it has one.
    needs : str
        What would do, e.g. ``"89"``; empty where nothing would, since the limit leaves no room.
    """

    has: str
    place: str
    needs: str

    @property
    def sentence(self) -> str:
        """What that comes to, e.g. ``"With 60 patients no tool can pass BA-1: it needs 89."``."""
        return in_sentence([self])


@dataclass(frozen=True)
class Losses:
    """How many lost edits, each of another patient, a suite bears on flawless data.

    Attributes
    ----------
    requested : int
        Edits of the whole cohort.
    allowed : int
        The most with which every claim on failures passes.
    borne : mapping of str to int
        By claim that bears fewer: how many.
    """

    requested: int
    allowed: int
    borne: dict[str, int]

    @property
    def sentence(self) -> str:
        """What that comes to; empty where every claim bears what is allowed."""
        if not self.borne:
            return ""
        least = min(self.borne.values())
        named = ", ".join(f"{place} {most}" for place, most in sorted(self.borne.items(), key=lambda one: one[1]))
        return (
            f"Of {self.requested} edits the claims on failures allow {self.allowed} to be lost, each of another "
            f"patient; the suite can pass with at most {least} lost (it bears, by claim: {named})."
        )


def in_sentences(
    claims: Iterable[tuple[Criterion, str]], flawless: Measurements, *, lossy: bool, image: str
) -> Iterator[str]:
    """What claims (criterion and stratum) cannot show on this cohort, each claim once.

    Parameters
    ----------
    flawless : Measurements
        Of the control that leaves everything as it is.
    lossy : bool
        Whether to say too how many lost edits the suite as a whole bears.
    image : str
        What was left as it is, in a word: ``"radiograph"``.
    """
    asked = list({(claim.id, stratum): (claim, stratum) for claim, stratum in claims}.values())
    hopeless = list(beyond_reach(asked, flawless))
    yield from in_few_sentences(found for _, found in hopeless if found)
    yield from (f"Not even the unchanged {image} passes: {verdict!r}." for verdict, found in hopeless if not found)
    if lossy and not hopeless and (borne := losses(asked, flawless)) and borne.sentence:
        yield borne.sentence


def in_few_sentences(remedies: Iterable[Remedy]) -> list[str]:
    """What several claims would need: a sentence for what the cohort has, in which claims of one need stand together.

    Examples
    --------
    >>> told = {"A": "59", "B": "89, or a cap of at most 41 months", "C": "59"}
    >>> in_few_sentences(Remedy("20 patients", place, needs) for place, needs in told.items())
    ['With 20 patients no tool can pass A and C: each needs 59; B: it needs 89, or a cap of at most 41 months.']
    """
    found: dict[str, list[Remedy]] = {}
    for one in remedies:
        found.setdefault(one.has, []).append(one)
    return [in_sentence(group) for group in found.values()]


def in_sentence(remedies: Sequence[Remedy]) -> str:
    """What some claims would need on a cohort that has the same for all of them."""
    needs: dict[str, list[str]] = {}
    for one in remedies:
        needs.setdefault(one.needs, []).append(one.place)
    opening = f"With {remedies[0].has} no" if remedies[0].has else "No"
    return f"{opening} tool can pass {'; '.join(starmap(_of_one_need, needs.items()))}."


def _of_one_need(needs: str, places: Sequence[str]) -> str:
    if len(places) == 1:
        return f"{places[0]}: {f'it needs {needs}' if needs else 'its limit leaves no room beside the ideal value'}"
    said = f"each needs {needs}" if needs else "their limits leave no room beside the ideal value"
    return f"{', '.join(places[:-1])} and {places[-1]}: {said}"


def beyond_reach(claims: Claims, flawless: Measurements) -> Iterator[tuple[Verdict, Remedy | None]]:
    """The primary claims that flawless data do not meet, each with what would do; None where no number would."""
    for criterion, stratum in claims:
        if criterion.role == "primary":
            verdict = verdict_on_flawless(criterion, flawless.where(stratum))
            if not verdict:
                yield verdict, remedy(criterion, verdict)


def remedy(criterion: Criterion, verdict: Verdict) -> Remedy | None:
    """What a claim would need that the unchanged image does not meet; None where no number would do.

    Examples
    --------
    >>> from editproof.criteria import at_most, mae_drift
    >>> from editproof.criteria.rehearsal import drawn
    >>> claim = Criterion("BA-1", mae_drift("bone_age", cap=60.0), at_most(2.0), source="an example")
    >>> small = drawn(claim.estimand, patients=60, harm=0.0, lost=0.0)
    >>> remedy(claim, verdict_on(claim, small)).sentence
    'With 60 patients no tool can pass BA-1: it needs 89, or a cap of at most 41 months.'
    """
    estimand = criterion.estimand
    if estimand.scope == READERS:
        return _remedy_of_readers(criterion, verdict)
    if not estimand.is_bounded or estimand.recalibration or estimand.parts or criterion.limits != GAFFKE:
        return None
    n, sides = verdict.estimate.n_patients, _sides(criterion, estimand.least, estimand.most)
    if any(margin <= 0 for margin, _ in sides):
        return Remedy("", verdict.place, "")
    power = 2 if estimand.root else 1
    needed = _needed(criterion, sides, power)
    if not n or (needed <= n and not estimand.counts):
        return None
    of_whom = f" {estimand.counts}" if estimand.counts else ""
    needs = f"{needed}{of_whom}"
    if estimand.spec is not None and estimand.spec.arguments.get("cap") and estimand.ideal == 0.0:
        share = -math.expm1(math.log(1 - criterion.confidence) / n)
        cap = math.floor(10 * min(margin for margin, _ in sides) / share ** (1 / power)) / 10
        needs += f", or a cap of at most {brief(math.floor(cap) if cap > 10 else cap)} {estimand.unit or ''}".rstrip()
    return Remedy(f"{n} patients", verdict.place, needs)


def _remedy_of_readers(criterion: Criterion, verdict: Verdict) -> Remedy | None:
    """The readers, and the cases of the class that counts, that a claim on readers would need at least."""
    estimand, told = criterion.estimand, verdict.estimate
    n, readers = told.n_patients, told.notes.get("readers")
    has, needs = [], []
    if readers == 1 and _is_of_all_readers(estimand):
        has.append("1 reader")
        needs.append("2 readers (or readers='fixed': a claim about this one alone)")
    sides = _sides(criterion, estimand.ideal - estimand.reach, estimand.ideal + estimand.reach)
    if any(margin <= 0 for margin, _ in sides):
        return Remedy("", verdict.place, "")
    bounded = math.isfinite(estimand.reach) and criterion.limits == GAFFKE
    unseen = _needed(criterion, sides, 1) if bounded and sides else 1
    needed = max(unseen, MIN_PATIENTS, criterion.min_patients)
    if n and (needed > n or (estimand.counts and bounded and not needs)):
        has.append(f"{n} patients")
        needs.append(f"{needed} patients {estimand.counts}".rstrip())
    return Remedy(" and ".join(has), verdict.place, " and ".join(needs)) if has else None


def _is_of_all_readers(estimand: Estimand) -> bool:
    return estimand.spec is not None and estimand.spec.arguments.get("readers") == "random"


def _sides(criterion: Criterion, least: float, most: float) -> list[tuple[float, float]]:
    """For each end of the region: its distance from the ideal value, and that of the worst that a patient can have."""
    region, ideal = criterion.region, criterion.estimand.ideal
    ends = ((region.high - ideal, most), (ideal - region.low, least))
    return [(margin, abs(end - ideal)) for margin, end in ends if math.isfinite(margin)]


def _needed(criterion: Criterion, sides: Iterable[tuple[float, float]], power: int) -> int:
    return max(patients_for(margin**power, reach**power, criterion.confidence) for margin, reach in sides)


def losses(claims: Claims, flawless: Measurements) -> Losses | None:
    """How many lost edits the primary claims bear, of those that are allowed; None where no claim bounds losses."""
    primary = [(criterion, stratum) for criterion, stratum in claims if criterion.role == "primary"]
    reliability = [(criterion, stratum) for criterion, stratum in primary if _bounds_losses(criterion)]
    patients = len(flawless.cases["patient"].unique())
    if not reliability or not patients:
        return None

    def borne(criterion: Criterion, stratum: str, most: int) -> int:
        low, high = -1, most + 1  # the last that passes, the first that does not
        while high - low > 1:
            middle = (low + high) // 2
            table = flawless_for(criterion, without(flawless, middle)).where(stratum)
            passes = bool(verdict_on(criterion, table))
            low, high = (middle, high) if passes else (low, middle)
        return low

    allowed = min(borne(criterion, stratum, patients) for criterion, stratum in reliability)
    found = {}
    for criterion, stratum in primary:
        if (criterion, stratum) not in reliability:
            most = borne(criterion, stratum, max(allowed, 0))
            if most < allowed:
                found[place_of(criterion.id, stratum)] = max(most, 0)
    return Losses(len(flawless.edits), max(allowed, 0), found)


def without(measured: Measurements, n: int) -> Measurements:
    """The same, had the first edits of so many patients not come back."""
    first = measured.cases.drop_duplicates("patient")["case"].tolist()[:n]
    gone = measured.edits["case"].isin(first) & (measured.edits["repeat"] == 0)
    failed = EditStatus.FAILED.value
    edits = measured.edits.assign(
        status=measured.edits["status"].where(~gone, failed), first=measured.edits["first"].where(~gone, failed)
    )
    rows = measured.rows
    lost = rows["case"].isin(first) & (rows["repeat"] == 0) & (rows["arm"] == EDITED)
    return replace(measured, edits=edits, rows=rows[~lost])


def _bounds_losses(criterion: Criterion) -> bool:
    """Whether a claim is that at most so many of all edits are lost."""
    same = criterion.estimand.quantity == failure_rate().quantity
    return criterion.estimand.scope == FLOW and same and math.isfinite(criterion.region.high)
