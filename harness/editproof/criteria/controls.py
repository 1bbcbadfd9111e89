"""What controls show of a suite: that the unchanged radiograph passes, and that all it is made of notices harm."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from editproof.core.numbers import decimals_for, figure
from editproof.criteria.criterion import Criterion, verdict_on
from editproof.criteria.estimand import IMAGES, Estimand
from editproof.criteria.flawless import is_against_target, is_of_effect, is_of_removal, left_unread, verdict_on_flawless
from editproof.criteria.reach import in_few_sentences, remedy
from editproof.criteria.redecision import criterion_from
from editproof.criteria.sources import READ, Source, source_of
from editproof.evidence.measurements import EDITED, Measurements
from editproof.types import CriterionCard, Estimate, Outcome, Verdict

SourceOf = Callable[[Estimand], Source | None]

IDENTITY = "identity"
"""The control that must pass."""

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
        return undecided(criterion, control, Outcome.INVALID, reason)
    return verdict_on_flawless(criterion, control) if control.editor == IDENTITY else verdict_on(criterion, control)


def undecided(criterion: Criterion, measured: Measurements, outcome: Outcome, reason: str) -> Verdict:
    """A verdict on what was not measured at all."""
    unit = criterion.estimand.unit or ""
    nothing = Estimate(None, None, None, unit, criterion.confidence, 0, 0, 0, "none", reason=reason)
    return Verdict(criterion.card, measured.editor, measured.stratum, nothing, outcome, reason)


def control_verdicts(
    controls: Sequence[Mapping[str, Verdict]], source_of: SourceOf = source_of, *, alone: bool = False
) -> tuple[Verdict, ...]:
    """Assay sensitivity: identity meets every primary claim, and the destructive control misses at least one.

    Nor may it pass all claims on one number that an instrument reads, or on one structure or label of its label maps
    and outputs: what is the same of a destroyed radiograph as of a whole one would show no harm either, whatever
    claims on pixels, or on what else the instrument gives, are beside it. Claims on repeats do not count, for the
    control's are all alike; nor do those of removal, which it fulfils.

    Parameters
    ----------
    controls : sequence of mapping
        What each primary claim came to on the controls, by control name; tools share controls, so repeated
        claims count once.
    source_of : callable
        What an estimand is made of: :func:`~editproof.criteria.sources.source_of`, told the cards of the study.
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
    return (identity, *_sensitivity(decided["destructive"], source_of))


def _sensitivity(harmful: Mapping[str, Verdict], source_of: SourceOf) -> Iterator[Verdict]:
    """Whether the destructive control is found out, and by everything of which there are claims."""
    without = [verdict for verdict in harmful.values() if verdict.outcome is Outcome.INVALID]
    found = [place for place, verdict in harmful.items() if verdict.outcome is Outcome.FAIL and not without]
    yield _count(
        "CTRL-destructive", "destructive", "A known-destructive edit fails at least one primary criterion.",
        "primary criteria failed by the destructive control", len(found), (1.0, math.inf), "at least 1 failed",
        harmful, _UNREAD if without else f"found out by {', '.join(found)}" if found else _BLIND,
    )  # fmt: skip
    claimed: dict[Source, dict[str, Verdict]] = {}
    for place, verdict in harmful.items():
        criterion = criterion_from(verdict.criterion)
        source = source_of(criterion.estimand)
        if source is not None and not is_of_removal(criterion):
            claimed.setdefault(source, {})[place] = verdict
    for source, verdicts in claimed.items():
        noticed = [place for place, verdict in verdicts.items() if verdict.outcome is not Outcome.PASS and not without]
        still = _still(verdicts, noticed)
        said = f"noticed by {', '.join(noticed)}" if not still else _unmoved(source, still, beside=bool(noticed))
        of = f" on {source}" if source.output else " on readings"
        yield _count(
            _name_of(source), "destructive", f"A known-destructive edit does not pass every criterion{of}.",
            f"primary criteria{of} that the destructive control does not pass", 0 if still else len(noticed),
            (1.0, math.inf), "at least 1", verdicts, _UNREAD if without else said,
        )  # fmt: skip


def _still(verdicts: Mapping[str, Verdict], noticed: Sequence[str]) -> dict[str, Verdict]:
    """The claims on a structure, a label or a number of which the destructive control passes every claim.

    One that stays as it is, whatever the image, is no better for the others that an instrument gives beside it.
    """
    subjects = {place: _subject_of(verdict) for place, verdict in verdicts.items()}
    alive = {subjects[place] for place in noticed}
    return {place: verdict for place, verdict in verdicts.items() if subjects[place] not in alive}


def _subject_of(verdict: Verdict) -> str:
    """What is claimed: the structure or label of a quantity of images, or the number that is read."""
    estimand = criterion_from(verdict.criterion).estimand
    return estimand.quantity.partition(":")[2] if estimand.scope == IMAGES else estimand.quantity.partition(":")[0]


def removal_verdicts(
    claims: Iterable[tuple[Criterion, Measurements]], source_of: SourceOf = source_of
) -> tuple[Verdict, ...]:
    """Whether what is to be removed is read on the originals, for each output of which removal is claimed.

    What an instrument does not read there may still be there after the edit. It is counted as left: where that alone
    misses the limit of a claim, no edit could be shown to meet it, and the claim would be passed by blindness. The
    destructive control shows nothing here, since it removes everything.

    Parameters
    ----------
    claims : iterable of (Criterion, Measurements)
        Each primary claim, with the measurements of the control ``identity`` in its subgroup.
    source_of : callable
        What an estimand is made of: :func:`~editproof.criteria.sources.source_of`, told the cards of the study.
    """
    asked: dict[Source, dict[str, Verdict]] = {}
    blind: dict[str, Verdict] = {}
    for criterion, unchanged in claims:
        source = source_of(criterion.estimand)
        if source is None or not is_of_removal(criterion):
            continue
        verdict = verdict_on(criterion, left_unread(criterion, unchanged))
        asked.setdefault(source, {})[verdict.place] = verdict
        value, region = verdict.estimate.value, criterion.region
        if value is None or not region.low <= value <= region.high:
            nothing = verdict_on(criterion, unchanged).estimate.value == criterion.estimand.perfect
            blind[verdict.place] = replace(verdict, because=_overlooked(source, verdict, nothing=nothing))
    return tuple(_removal(source, verdicts, blind) for source, verdicts in asked.items())


def _removal(source: Source, verdicts: Mapping[str, Verdict], blind: Mapping[str, Verdict]) -> Verdict:
    missed = [place for place in verdicts if place in blind]
    return _count(
        f"CTRL-originals-{source.key}", "identity",
        f"What is to be removed is read on the originals, as {source}.",
        f"primary criteria of removal that what {source} lacks on the originals misses by itself", len(missed),
        (-math.inf, 0.0), "none missed", verdicts,
        "; ".join(blind[place].because for place in missed) or f"read as well as {', '.join(verdicts)} needs it",
    )  # fmt: skip


def _overlooked(source: Source, verdict: Verdict, *, nothing: bool) -> str:
    """Why a claim of removal shows nothing, and what to do."""
    advice = "take an instrument that reads it"
    if nothing:
        return (
            f"{verdict.place}: the instrument reads none of what is to be removed on the originals ({source}), so that "
            f"it would find none after any edit: {advice}"
        )
    if verdict.estimate.value is None:
        return f"{verdict.place}: nothing shows that {source} has what is to be removed on the originals: {advice}"
    return (
        f"{verdict.place}: what {source} lacks on the originals may be left unseen, and comes to {_value_in(verdict)} "
        f"(allowed: {verdict.criterion.required}): {advice}, or allow more"
    )


def _name_of(source: Source) -> str:
    return f"CTRL-{source.key}" if not source.output else f"CTRL-{READ}-{source.key}"


def _missed(harmless: Mapping[str, Verdict]) -> str:
    """Which claims the unchanged radiograph misses, and what they would need; empty where it misses none."""
    missed = [place for place, verdict in harmless.items() if not verdict]
    if not missed:
        return ""
    found = (remedy(criterion_from(harmless[place].criterion), harmless[place]) for place in missed)
    needs = in_few_sentences(one for one in found if one)
    return " ".join([f"missed: {', '.join(missed)}{'.' if needs else ''}", *needs]).removesuffix(".")


def _asks_for_change(verdict: Verdict) -> bool:
    criterion = criterion_from(verdict.criterion)
    return is_of_effect(criterion) or is_against_target(criterion)


def _unmoved(source: Source, verdicts: Mapping[str, Verdict], *, beside: bool) -> str:
    """That the destructive control passed every claim on something, each with the value to which it came.

    ``beside`` says that claims on something else of the same source were not passed.
    """
    came_to = "; ".join(f"{place}: {_value_in(verdict)}" for place, verdict in verdicts.items())
    of = f" on {', '.join(sorted({_subject_of(verdict) for verdict in verdicts.values()}))}" if beside else ""
    passed = f"passed by all{of} ({came_to} on the destructive control)"
    if not source.output:
        return f"{passed}: the instrument reads a destroyed radiograph like a whole one"
    return (
        f"{passed}: nothing shows that {source} would notice harm; take an instrument that gives less of a destroyed "
        "image than of a whole one, or claim what is lost in one (lesions that are found, not false ones alone)"
    )


def _value_in(verdict: Verdict) -> str:
    estimate, card = verdict.estimate, verdict.criterion
    if estimate.value is None:
        return "no estimate"
    decimals = decimals_for((estimate.value,), (card.low, card.high))
    value = figure(estimate.value, decimals, "+" if card.signed else "")
    return " ".join(filter(None, (card.estimand, value, estimate.unit)))


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
