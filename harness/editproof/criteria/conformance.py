"""From single verdicts to the word on a tool and on a run: floors, controls, intersection-union."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from editproof.core.numbers import decimals_for, figure
from editproof.criteria import Criterion, at_least, at_most, verdict_on
from editproof.criteria.criterion import overall
from editproof.criteria.estimand import READERS, READINGS, Estimand
from editproof.criteria.estimands.accuracy import mae
from editproof.criteria.estimands.discrimination import auc
from editproof.criteria.estimands.masks import mask_dice
from editproof.criteria.flawless import is_against_target, is_of_effect, verdict_on_flawless
from editproof.criteria.reach import remedy
from editproof.criteria.readings import matrix_or_nothing
from editproof.criteria.redecision import criterion_from
from editproof.criteria.region import Region
from editproof.errors import ProtocolError
from editproof.evidence.facts import Claim, Told
from editproof.evidence.measurements import EDITED, IMAGE, ORIGINAL, TARGET, Measurements
from editproof.types import CriterionCard, Estimate, InstrumentCard, Outcome, Verdict

FLOORS: Mapping[str, tuple[Callable[..., Estimand], Callable[[float], Region]]] = {
    "mae_at_most": (mae, at_most),
    "auc_at_least": (auc, at_least),
    "dice_at_least": (partial(mask_dice, against="reference"), at_least),
}
"""What a card may demand of an instrument on a study's originals: estimand and region by name."""

IDENTITY = "identity"
"""The control that must pass."""

SEVERITY = (Outcome.INVALID, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS)

WORDS = {
    Outcome.FAIL: "does not conform",
    Outcome.INCONCLUSIVE: "not shown to conform",
    Outcome.PASS: "conforms",
}

WITH_RESERVATIONS = "conforms, with reservations"

TOLD = "RUN-told"
"""Id of the check that every test was told what the facts say."""

_PERFECT = ", or a perfect edit where a claim asks for a change"
_BLIND = "found out by none: the suite is blind"
_UNREAD = (
    "the instrument has no readings of the destructive control, so that nothing shows that it would have noticed harm; "
    "add them: tool=destructive, arm=edited, repeat=0 for every case"
)


def verdict_on_control(criterion: Criterion, control: Measurements) -> Verdict:
    """A criterion decided for a control; INVALID where the instrument has no reading of it at all.

    For a claim that asks for a change, the control that must pass is a perfect edit: the target, where there is one.
    """
    estimand = criterion.estimand
    if estimand.reads and control.n_missing < len(control.edits) and not control.has(estimand.quantity, EDITED):
        reason = f"the instrument has no readings of the control {control.editor}"
        return _undecided(criterion, control, Outcome.INVALID, reason)
    return verdict_on_flawless(criterion, control) if control.editor == IDENTITY else verdict_on(criterion, control)


def floor_verdicts(card: InstrumentCard, measured: Measurements) -> tuple[Verdict, ...]:
    """Whether an instrument reads the study's originals, or their targets, as well as its card says it must.

    Where every case has a target, the originals are not what the card speaks of: they are to be enhanced first.

    The point estimate decides, since a floor asks whether this is the assay that the card describes and not how
    good it is in the population; the interval is shown.
    """
    verdicts = []
    for quantity, floors in card.floors.items():
        drawn = quantity in card.structures
        held = f"dice_to_reference:{quantity}" if drawn else quantity
        arm = TARGET if _of_targets(measured, held, drawn=drawn) else ORIGINAL
        for name, limit in floors.items():
            criterion = _floor(card, quantity, name, limit, arm)
            if drawn and not measured.has(held, arm, IMAGE):  # as in a shard of few cases
                verdicts.append(_undecided(criterion, measured, Outcome.INCONCLUSIVE, "no case has a reference mask"))
            else:
                verdicts.append(_by_point(verdict_on(criterion, measured)))
    return tuple(verdicts)


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


def _undecided(criterion: Criterion, measured: Measurements, outcome: Outcome, reason: str) -> Verdict:
    """A verdict on what was not measured at all."""
    unit = criterion.estimand.unit or ""
    nothing = Estimate(None, None, None, unit, criterion.confidence, 0, 0, 0, "none", reason=reason)
    return Verdict(criterion.card, measured.editor, measured.stratum, nothing, outcome, reason)


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


def control_verdicts(controls: Sequence[Mapping[str, Verdict]], *, alone: bool = False) -> tuple[Verdict, ...]:
    """Assay sensitivity: identity meets every primary claim, and the destructive control misses at least one.

    Where there are claims on how readings change or miss the reference, it may not pass all of those: an instrument
    that reads a destroyed radiograph like a whole one would notice no harm either. Claims on repeats do not count, for
    the control's are all alike.

    Parameters
    ----------
    controls : sequence of mapping
        What each primary claim came to on the controls, by control name; tools share controls, so repeated
        claims count once.
    alone : bool
        Whether readings alone are judged, which may lack the destructive control; a reservation of the run says so.
    """
    decided: dict[str, dict[str, Verdict]] = {}
    for verdicts in controls:
        for name, verdict in verdicts.items():
            decided.setdefault(name, {})[verdict.place] = verdict
    if not decided:
        return ()
    harmless = decided["identity"]
    missed = [place for place, verdict in harmless.items() if not verdict]
    also = _PERFECT if any(map(_asks_for_change, harmless.values())) else ""
    identity = _count(
        "CTRL-identity", "identity", f"The unchanged radiograph meets every primary criterion{also}.",
        "primary criteria missed by the unchanged radiograph", len(missed), (-math.inf, 0.0), "none missed",
        harmless, _missed(harmless) or f"all {len(harmless)} met",
    )  # fmt: skip
    if alone and "destructive" not in decided:
        return (identity,)
    return (identity, *_sensitivity(decided["destructive"]))


def _sensitivity(harmful: Mapping[str, Verdict]) -> Iterator[Verdict]:
    """Whether the destructive control is found out, and by a reading where there are claims on readings."""
    unread = [verdict for verdict in harmful.values() if verdict.outcome is Outcome.INVALID]
    found = [place for place, verdict in harmful.items() if verdict.outcome is Outcome.FAIL and not unread]
    yield _count(
        "CTRL-destructive", "destructive", "A known-destructive edit fails at least one primary criterion.",
        "primary criteria failed by the destructive control", len(found), (1.0, math.inf), "at least 1 failed",
        harmful, _UNREAD if unread else f"found out by {', '.join(found)}" if found else _BLIND,
    )  # fmt: skip
    readings = {place: verdict for place, verdict in harmful.items() if _reads(verdict)}
    if not readings:
        return
    read = [place for place, verdict in readings.items() if verdict.outcome is not Outcome.PASS and not unread]
    noticed = f"noticed by {', '.join(read)}" if read else _unmoved(readings)
    yield _count(
        "CTRL-readings", "destructive", "A known-destructive edit does not pass every criterion on readings.",
        "primary criteria on readings that the destructive control does not pass", len(read), (1.0, math.inf),
        "at least 1", readings, _UNREAD if unread else noticed,
    )  # fmt: skip


def _missed(harmless: Mapping[str, Verdict]) -> str:
    """Which claims the unchanged radiograph misses, and what they would need; empty where it misses none."""
    missed = [place for place, verdict in harmless.items() if not verdict]
    if not missed:
        return ""
    needs = [said for place in missed if (said := remedy(criterion_from(harmless[place].criterion), harmless[place]))]
    return " ".join([f"missed: {', '.join(missed)}{'.' if needs else ''}", *needs]).removesuffix(".")


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


def _reads(verdict: Verdict) -> bool:
    """Whether a claim holds readings of edits against originals or the reference standard."""
    estimand = criterion_from(verdict.criterion).estimand
    return estimand.scope in (READINGS, READERS) and estimand.arm != ORIGINAL


def _asks_for_change(verdict: Verdict) -> bool:
    criterion = criterion_from(verdict.criterion)
    return is_of_effect(criterion) or is_against_target(criterion)


def _unmoved(readings: Mapping[str, Verdict]) -> str:
    """That the destructive control passed every claim on readings, each with the value to which it came."""
    came_to = "; ".join(f"{place}: {_value_in(verdict)}" for place, verdict in readings.items())
    return (
        f"passed by all ({came_to} on the destructive control): the instrument reads a destroyed radiograph like a "
        "whole one"
    )


def _value_in(verdict: Verdict) -> str:
    estimate, card = verdict.estimate, verdict.criterion
    if estimate.value is None:
        return "no estimate"
    decimals = decimals_for((estimate.value,), (card.low, card.high))
    value = figure(estimate.value, decimals, "+" if card.signed else "")
    return " ".join(filter(None, (card.estimand, value, estimate.unit)))


def _by_point(verdict: Verdict) -> Verdict:
    value, card = verdict.estimate.value, verdict.criterion
    if value is None:
        return verdict
    met = card.low <= value <= card.high
    words = "reaches" if met else "misses"
    return Verdict(
        card,
        verdict.editor,
        verdict.stratum,
        verdict.estimate,
        Outcome.PASS if met else Outcome.FAIL,
        f"the point estimate {words} the floor, {card.required}",
    )


def _count(
    name: str, editor: str, sentence: str, estimand: str, count: int, region: tuple[float, float], required: str,
    decided: Mapping[str, Verdict], because: str,
) -> Verdict:  # fmt: skip
    patients = max((verdict.estimate.n_patients for verdict in decided.values()), default=0)
    edits = max((verdict.estimate.n_edits for verdict in decided.values()), default=0)
    card = CriterionCard(
        name, sentence, estimand, "criteria", *region, required, 0.95, "validity",
        source="ICH E10: assay sensitivity", rationale="A suite that cannot fail proves nothing by passing.",
    )  # fmt: skip
    estimate = Estimate(float(count), float(count), float(count), "criteria", 0.95, patients, edits, 0, "count")
    met = region[0] <= count <= region[1]
    return Verdict(card, editor, "all", estimate, Outcome.PASS if met else Outcome.FAIL, because)
