"""From single verdicts to the word on a tool and on a run: floors, and intersection-union."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from editproof.criteria import Criterion, at_least, at_most, verdict_on
from editproof.criteria.controls import undecided
from editproof.criteria.criterion import overall
from editproof.criteria.estimand import IMAGES, Estimand
from editproof.criteria.estimands.accuracy import mae
from editproof.criteria.estimands.discrimination import auc
from editproof.criteria.estimands.masks import mask_dice
from editproof.criteria.readings import matrix_or_nothing
from editproof.criteria.region import Region
from editproof.errors import ProtocolError
from editproof.evidence.facts import Claim, Told
from editproof.evidence.measurements import IMAGE, ORIGINAL, TARGET, Measurements
from editproof.types import CriterionCard, Estimate, InstrumentCard, Outcome, Verdict

FLOORS: Mapping[str, tuple[Callable[..., Estimand], Callable[[float], Region]]] = {
    "mae_at_most": (mae, at_most),
    "auc_at_least": (auc, at_least),
    "dice_at_least": (partial(mask_dice, against="reference"), at_least),
}
"""What a card may demand of an instrument on a study's originals: estimand and region by name."""

SEVERITY = (Outcome.INVALID, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS)

WORDS = {
    Outcome.FAIL: "does not conform",
    Outcome.INCONCLUSIVE: "not shown to conform",
    Outcome.PASS: "conforms",
}

WITH_RESERVATIONS = "conforms, with reservations"

TOLD = "RUN-told"
"""Id of the check that every test was told what the facts say."""


def floor_verdicts(card: InstrumentCard, measured: Measurements) -> tuple[Verdict, ...]:
    """Whether an instrument reads the study's originals, or their targets, as well as its card says it must.

    Where every case has a target, the originals are not what the card speaks of: they are to be enhanced first.

    The point estimate decides, since a floor asks whether this is the assay that the card describes and not how
    good it is in the population; the interval is shown.
    """
    verdicts = []
    for criterion in _floors(card, measured):
        if _is_shown(criterion, measured):
            verdicts.append(_by_point(verdict_on(criterion, measured), len(set(measured.patients))))
        else:
            verdicts.append(undecided(criterion, measured, Outcome.INCONCLUSIVE, "no case has a reference mask"))
    return tuple(verdicts)


def patients_of_floors(card: InstrumentCard, measured: Measurements) -> dict[str, int]:
    """By id of each floor that something shows, on how many patients it is decided: those who have what it is held to.

    Parameters
    ----------
    card : InstrumentCard
    measured : Measurements
        Of any tool: all have the same originals.
    """
    shown = [criterion for criterion in _floors(card, measured) if _is_shown(criterion, measured)]
    return {criterion.id: criterion.estimand.raw(measured).n_patients for criterion in shown}


def floors_that_say_nothing(card: InstrumentCard, measured: Measurements) -> dict[str, float]:
    """By quantity or structure whose floor says nothing, how well what looks at no image does by the same measure.

    A mean absolute error that the median of the reference standard reaches, given for every image; an AUC that does not
    exceed that of chance; a Dice that needs no overlap.

    Parameters
    ----------
    card : InstrumentCard
    measured : Measurements
        Of any tool: all have the same references.
    """
    found = {}
    for quantity, floors in card.floors.items():
        blind = {"auc_at_least": 0.5, "dice_at_least": 0.0}
        if "mae_at_most" in floors:
            known = measured.cases.get(f"reference:{quantity}", pd.Series(dtype=float)).dropna().to_numpy(dtype=float)
            blind["mae_at_most"] = float(np.abs(known - np.median(known)).mean()) if known.size else -math.inf
        for name, limit in floors.items():
            if limit >= blind[name] if name == "mae_at_most" else limit <= blind[name]:
                found[quantity] = blind[name]
    return {quantity: reached for quantity, reached in found.items() if math.isfinite(reached)}


def _floors(card: InstrumentCard, measured: Measurements) -> Iterator[Criterion]:
    for quantity, floors in card.floors.items():
        drawn = quantity in card.structures
        held = f"dice_to_reference:{quantity}" if drawn else quantity
        arm = TARGET if _of_targets(measured, held, drawn=drawn) else ORIGINAL
        for name, limit in floors.items():
            yield _floor(card, quantity, name, limit, arm)


def _is_shown(criterion: Criterion, measured: Measurements) -> bool:
    """Whether there is what a floor is held to; of a structure that no case has, as in a shard of few, nothing is."""
    estimand = criterion.estimand
    return estimand.scope != IMAGES or measured.has(estimand.quantity, estimand.arm, IMAGE)


def _floor(card: InstrumentCard, quantity: str, name: str, limit: float, arm: str) -> Criterion:
    """What a floor of a card demands.

    Raises
    ------
    ProtocolError
        Where no floor goes by that name.
    """
    if name not in FLOORS:
        raise ProtocolError(f"floor {name!r} on the card of {card.name}", f"known are {', '.join(FLOORS)}")
    estimand, region = FLOORS[name]
    does = f"draws {quantity}" if quantity in card.structures else f"reads {quantity.replace('_', ' ')}"
    return Criterion(
        f"BASE-{quantity}",
        estimand(quantity, arm=arm),
        region(limit),
        source=f"card of instrument {card.name}",
        role="validity",
        sentence=f"The instrument {does} on the {'targets' if arm == TARGET else 'originals'} as its card demands.",
    )


def _of_targets(measured: Measurements, quantity: str, *, drawn: bool) -> bool:
    """Whether every case has a target on which an instrument is held to its card, in place of the original.

    Dice is measured where the reference has the structure: on as many targets as originals, where all have one.
    """
    if not drawn:
        return measured.has(quantity, TARGET) and not bool(np.isnan(measured.matrix(quantity, TARGET)).any())
    targets, originals = (~np.isnan(matrix_or_nothing(measured, quantity, arm)) for arm in (TARGET, ORIGINAL))
    return bool(targets.any() and (targets[:, 0] >= originals[:, 0]).all())


def told_verdict(claims: Sequence[tuple[Claim, Verdict]]) -> Verdict:
    """Whether every test was told what the facts say: a study that was changed within a test proves nothing.

    Parameters
    ----------
    claims : sequence of (Claim, Verdict)
        Each claim with the verdict that the facts give, of all tools.
    """
    told = [(claim, heard, verdict) for claim, verdict in claims for heard in claim.told]
    wrong = [entry for entry in told if not _agree(entry[1], Told.of(entry[2]))]
    because = "every verdict follows from the facts" if told else "no test was told a verdict on the cohort as a whole"
    if wrong:
        claim, heard, verdict = wrong[0]
        because = (
            f"{claim.test} was told {heard.outcome.value} of {verdict.editor}, {claim.place}, and the facts give "
            f"{verdict.outcome.value}: the test judged something else than what was measured"
        ) + (f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else "")
    card = CriterionCard(
        TOLD, "Every test was told the verdict that the facts give.",
        "verdicts told to tests that the facts do not give", "verdicts", -math.inf, 0.0, "none", 0.95, "validity",
        source="ICH E9: what is reported follows from what was measured",
        rationale="A test runs in the process that is judged and could change what it judges.",
    )  # fmt: skip
    n = float(len(wrong))
    patients = max((verdict.estimate.n_patients for _, verdict in claims), default=0)
    estimate = Estimate(n, n, n, "verdicts", 0.95, patients, 0, 0, "count")
    return Verdict(card, "all tools", "all", estimate, Outcome.FAIL if wrong else Outcome.PASS, because)


def _agree(one: Told, other: Told) -> bool:
    """Whether two are the same to nine figures: records are read back from text."""
    if one.outcome is not other.outcome:
        return False
    pairs = ((one.value, other.value), (one.low, other.low), (one.high, other.high))
    return all(a == b or (a is not None and b is not None and math.isclose(a, b, rel_tol=1e-9)) for a, b in pairs)


def outcome_of_editor(
    verdicts: Sequence[Verdict], validity: Sequence[Verdict], incomplete: Sequence[str] = ()
) -> tuple[Outcome, str]:
    """What a tool's verdicts come to, with the reason in one sentence. An incomplete suite never passes."""
    broken = [verdict for verdict in validity if not verdict]
    if broken:
        return Outcome.INVALID, "; ".join(f"{verdict.criterion.id}: {verdict.because}" for verdict in broken)
    outcome, reason = overall(verdicts)
    if outcome is Outcome.PASS and incomplete:
        return Outcome.INCONCLUSIVE, f"The suite did not run completely: {'; '.join(incomplete)}."
    return outcome, reason


def outcome_of_run(tools: Mapping[str, tuple[Outcome, str]], reserved: Collection[str] = ()) -> tuple[Outcome, str]:
    """What a run comes to: the worst of its tools.

    Parameters
    ----------
    tools : mapping of str to (Outcome, str)
        Outcome and its reason by name of the tool.
    reserved : collection of str
        Names of the tools that conform with reservations only.
    """
    if not tools:
        return Outcome.INCONCLUSIVE, "No tool was judged."
    worst = min((outcome for outcome, _ in tools.values()), key=SEVERITY.index)
    if worst is Outcome.INVALID:
        return worst, next(iter(tools.values()))[1]
    said: dict[str, list[str]] = {words: [] for words in (*WORDS.values(), WITH_RESERVATIONS)}
    for name, (outcome, _) in tools.items():
        limited = outcome is Outcome.PASS and name in reserved
        said[WITH_RESERVATIONS if limited else WORDS[outcome]].append(name)
    groups = [f"{', '.join(names)}: {words}" for words, names in said.items() if names]
    return worst, f"{'; '.join(groups)}."


def _by_point(verdict: Verdict, patients: int) -> Verdict:
    value, card = verdict.estimate.value, verdict.criterion
    if value is None:
        return verdict
    met = card.low <= value <= card.high
    words = "reaches" if met else "misses"
    n = verdict.estimate.n_patients
    of = f", on {n} of {patients} patients" if n < patients else ""
    return Verdict(
        card,
        verdict.editor,
        verdict.stratum,
        verdict.estimate,
        Outcome.PASS if met else Outcome.FAIL,
        f"the point estimate {words} the floor, {card.required}{of}",
    )
