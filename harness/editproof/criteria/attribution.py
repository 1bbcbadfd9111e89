"""Where the harm comes from: one estimand, one arm at a time, and what that comes to in one sentence."""

from __future__ import annotations

from editproof.core.numbers import decimals_for, figure
from editproof.criteria.estimands.accuracy import mae_drift, recalibrated
from editproof.evidence.findings import Attribution
from editproof.evidence.measurements import (
    CLASSICAL_FILL,
    CONVERSION,
    EDITED,
    GEOMETRY,
    HISTOGRAM_MATCHED,
    PASTE_BACK,
    Measurements,
)
from editproof.types import EditorCard

LINEAR = "recalibrated_linear"
CONFIDENCE = 0.90


def attribution(measured: Measurements, card: EditorCard) -> tuple[Attribution, ...]:
    """MAE drift of the first continuous reading that has a reference standard, arm by arm; arms not measured left out.

    Parameters
    ----------
    measured : Measurements
    card : EditorCard
        Of the tool; says what is done to a radiograph on its way there and back.
    """
    quantities = [
        str(column).removeprefix("reference:") for column in measured.cases if str(column).startswith("reference:")
    ]
    continuous = [name for name in quantities if measured.has(name) and measured.unit(name) != "probability"]
    if not continuous:
        return ()
    unit = measured.unit(continuous[0])
    arms = {
        arm: mae_drift(continuous[0], unit=unit, arm=arm)
        for arm in (EDITED, GEOMETRY, CONVERSION, PASTE_BACK, CLASSICAL_FILL, HISTOGRAM_MATCHED)
        if measured.has(continuous[0], arm)
    }
    arms[LINEAR] = recalibrated(arms[EDITED], "linear")
    meanings = _meanings(card)
    return tuple(
        Attribution(arm, meanings[arm], estimand.name, estimand.estimate(measured, confidence=CONFIDENCE))
        for arm, estimand in arms.items()
    )


def causes(entries: tuple[Attribution, ...]) -> str:
    """The attribution in one sentence, from its point estimates; empty where the edits themselves have none.

    The steps are taken in the order in which a radiograph meets them: what the round trip through the frame adds, what
    the gray levels add to that, and the rest, which is the tool's own. They sum to the whole by construction.
    """
    value = {entry.arm: entry.estimate.value for entry in entries if entry.estimate.value is not None}
    if EDITED not in value:
        return ""
    edited = next(entry for entry in entries if entry.arm == EDITED)
    digits = decimals_for(list(value.values()))
    whole = f"{edited.estimand} {figure(value[EDITED], digits, '+')} {edited.estimate.unit}"
    steps, before = [], 0.0
    for arm, words in ((GEOMETRY, "geometry"), (CONVERSION, "gray conversion")):
        if arm in value:
            steps.append(f"{figure(value[arm] - before, digits, '+')} come from {words}")
            before = value[arm]
    if steps:
        own = f"{figure(value[EDITED] - before, digits, '+')} from the tool itself"
        said = [f"Of {whole}, {', '.join(steps)} and {own}"]
    else:
        said = [f"{whole}, none of it from geometry or gray conversion"]
    for arm, words in ((PASTE_BACK, "paste-back leaves"), (CLASSICAL_FILL, "a classical fill of the same mask makes")):
        if arm in value:
            said.append(f"{words} {figure(value[arm], digits, '+')}")
    return f"{'; '.join(said)}."


def _meanings(card: EditorCard) -> dict[str, str]:
    steps = "+".join(step for step in (card.conversion, card.geometry) if step)
    return {
        EDITED: "the tool's edits as they came back",
        GEOMETRY: f"the original through the tool's geometry and back ({card.geometry}), without any edit",
        CONVERSION: f"the same, and its gray levels through the tool's conversion ({steps}), without any edit",
        PASTE_BACK: "the tool's pixels inside the edit mask, the original everywhere else",
        CLASSICAL_FILL: "the original, its edit mask filled from the rim by a classical method; no tool was asked",
        HISTOGRAM_MATCHED: "the tool's edits, their gray levels mapped to the distribution of the original",
        LINEAR: "readings of the edits corrected by a straight line, fitted on other patients",
    }
