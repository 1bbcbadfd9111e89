"""An estimand tried on a drawn table before an edit is made, so that a mistake in a user's own costs nothing."""

from __future__ import annotations

import itertools
import json
import math
from typing import TYPE_CHECKING

import numpy as np

from editproof.criteria.criterion import Criterion
from editproof.criteria.estimand import APPROXIMATE, FLOW, IMAGES, PROBABILITY, READERS, Estimand
from editproof.criteria.region import at_most
from editproof.criteria.registry import ESTIMANDS, check_registered, estimand_from
from editproof.criteria.versions import difference
from editproof.errors import EditproofError, ProtocolError
from editproof.evidence.measurements import (
    EDITED,
    IMAGE,
    ORIGINAL,
    PLANTED,
    PLANTED_ORIGINAL,
    TARGET,
    UNEDITED,
    Measurements,
    measurements_of,
)
from editproof.evidence.readers import reader_instrument
from editproof.types import EditStatus, EstimandSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

PATIENTS, REPEATS = 120, 3
CONFIDENCE = 0.90


def drawn(
    estimand: Estimand,
    seed: int = 0,
    *,
    patients: int = PATIENTS,
    cases_each: int = 1,
    repeats: int = REPEATS,
    lost: float = 0.02,
    harm: float = 1.0,
) -> Measurements:
    """A table of invented readings on which an estimand can be estimated.

    Parameters
    ----------
    patients, cases_each, repeats : int
        Cases and edits; a patient's cases share nothing but the name.
    lost : float
        Share of the edits that do not come back, in [0, 1).
    harm : float
        How far edits are from their originals; 0 leaves every one untouched.
    """
    random = np.random.default_rng(seed)
    cases_each = max(2, cases_each) if estimand.grouped else cases_each
    n = patients * cases_each
    positive = np.arange(n) % 2
    reference = positive.astype(float) if _is_binary(estimand) else random.uniform(40.0, 220.0, n)
    if estimand.grouped:
        reference = reference[np.arange(n) // cases_each * cases_each]
    original = _original(estimand, reference, random)
    edited = _edited(estimand, original, (n, repeats), harm, random)
    gone = random.random((n, repeats)) < lost
    unit = "probability" if estimand.kind == PROBABILITY else estimand.unit or ""
    instrument = IMAGE if estimand.scope == IMAGES else estimand.instrument
    readers = _readers(estimand, instrument, (n, repeats), harm, random)
    rows: list[tuple[object, ...]] = []
    arms = dict.fromkeys((EDITED, estimand.arm))
    for i, (instrument, by, moved) in itertools.product(range(n if estimand.scope != FLOW else 0), readers):
        if estimand.reads or "original" in estimand.needs:
            rows.append((f"C{i:04d}", ORIGINAL, 0, instrument, estimand.quantity, float(original[i] + by[i]), unit))
        if estimand.against == TARGET:
            ideal = float(original[i]) if "original" in estimand.needs else estimand.unchanged
            rows.append((f"C{i:04d}", TARGET, 0, instrument, estimand.quantity, ideal, unit))
        for arm in arms:
            came = [r for r in range(repeats) if not gone[i, r]] if arm not in UNEDITED else [0] * (arm != ORIGINAL)
            if arm == PLANTED:
                rows.append((f"C{i:04d}", PLANTED_ORIGINAL, 0, instrument, estimand.quantity, estimand.unchanged, unit))
                came = came[:1] if came[:1] == [0] else []
            values = edited[i] + by[i] + moved[i]
            rows += [(f"C{i:04d}", arm, r, instrument, estimand.quantity, float(values[r]), unit) for r in came]
    of_parts, rows_of_parts = _parts(estimand, instrument, gone, harm, random)
    rows += rows_of_parts
    groups = [f"G{i // cases_each}" if estimand.grouped else "FM"[positive[i]] for i in range(n)]
    cases = [
        {
            "case": f"C{i:04d}", "patient": f"P{i // cases_each:04d}",
            **{f"reference:{part}": float(known[i]) for part, known in of_parts.items()},
            f"reference:{estimand.quantity}": float(reference[i]), f"stratum:{estimand.by}": groups[i],
        }
        for i in range(n)
    ]  # fmt: skip
    status = np.where(gone, EditStatus.FAILED.value, EditStatus.OK.value)
    edits = [(f"C{i:04d}", r, str(status[i, r]), "") for i in range(n) for r in range(repeats)]
    return measurements_of("drawn", cases, rows, edits)


def _parts(
    estimand: Estimand, instrument: str, gone: NDArray[np.bool_], harm: float, random: np.random.Generator
) -> tuple[dict[str, NDArray[np.float64]], list[tuple[object, ...]]]:
    """Further quantities of an estimand that is made of several, from 0 to 1: references, and rows.

    A case that is not positive is of one of the other classes; an image lacks every other number, and has no more false
    boxes than the estimand declares.
    """
    n, repeats = gone.shape
    references, rows = {}, list[tuple[object, ...]]()
    unit = "probability" if estimand.kind == PROBABILITY and estimand.reads else ""
    for place, part in enumerate(estimand.parts):
        mine = (np.arange(n) % 2 == 0) & (np.arange(n) // 2 % len(estimand.parts) == place)
        references[part] = mine.astype(float)
        original = np.clip(0.3 + 0.4 * mine + random.normal(0.0, 0.2, n), 0.01, 0.99)
        edited = np.clip(original[:, None] - 0.03 * harm * np.abs(random.normal(1.0, 2.0, gone.shape)), 0.0, 1.0)
        there = np.ones(n, dtype=bool) if estimand.reads else (np.arange(n) + place) % 2 == 0
        there &= not _is_beyond_cap(estimand, part)
        for i in np.flatnonzero(there):
            rows.append((f"C{i:04d}", ORIGINAL, 0, instrument, part, float(original[i]), unit))
            came = [r for r in range(repeats) if not gone[i, r]] if estimand.arm not in UNEDITED else []
            rows += [(f"C{i:04d}", estimand.arm, r, instrument, part, float(edited[i, r]), unit) for r in came]
    return references, rows


def _is_beyond_cap(estimand: Estimand, part: str) -> bool:
    """Whether a quantity is of a false box more than an image may have."""
    rank = part.partition(":")[0].partition("false_score_")[2].partition("_")[0]
    cap = estimand.spec.arguments.get("cap") if estimand.spec else None
    return rank.isdigit() and isinstance(cap, int | float) and int(rank) > cap


def _is_binary(estimand: Estimand) -> bool:
    """Whether the reference standard is of two classes."""
    return estimand.kind == PROBABILITY or (estimand.scope == READERS and "reference" in estimand.needs)


def _readers(
    estimand: Estimand, instrument: str, shape: tuple[int, int], harm: float, random: np.random.Generator
) -> list[tuple[str, NDArray[np.float64], NDArray[np.float64]]]:
    """Who reads: what each reader adds to every reading of a case, and to those of an edit; an instrument adds 0."""
    if estimand.scope != READERS:
        return [(instrument, np.zeros(shape[0]), np.zeros(shape))]
    size = 0.05 if _is_binary(estimand) else 2.0
    return [
        (reader_instrument(name), random.normal(0.0, size, shape[0]), harm * random.normal(0.0, size / 2, shape))
        for name in "ABC"
    ]


def _original(estimand: Estimand, reference: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    if _is_binary(estimand):
        return np.clip(0.3 + 0.4 * reference + random.normal(0.0, 0.2, len(reference)), 0.01, 0.99)
    return reference + random.normal(0.0, 6.0, len(reference))


def _edited(
    estimand: Estimand,
    original: NDArray[np.float64],
    shape: tuple[int, int],
    harm: float,
    random: np.random.Generator,
) -> NDArray[np.float64]:
    moved = harm * random.normal(1.0, 2.0, shape)
    if estimand.scope == IMAGES and "original" not in estimand.needs:
        ends = estimand.least, estimand.most
        way = (
            max(ends, key=lambda end: abs(end - estimand.unchanged)) - estimand.unchanged
            if estimand.is_bounded
            else 1.0
        )
        return estimand.unchanged + way * 0.02 * np.abs(moved)
    if _is_binary(estimand):
        return np.clip(original[:, None] + 0.03 * moved, 0.0, 1.0)
    return original[:, None] + moved


def rehearse(estimand: Estimand) -> None:
    """Refuse an estimand that is not registered; try one that is a user's own.

    A user's own is made again from what its card will say, estimated on a drawn table, and compared with itself.

    Raises
    ------
    ProtocolError
        In one line: what it was tried on, and what went wrong.
    """
    check_registered(estimand)
    if estimand.spec is None or estimand.spec.names <= ESTIMANDS.built_in.keys():
        return
    try:
        wrong = _wrong(estimand, estimand.spec)
    except EditproofError:
        raise
    except Exception as error:
        wrong = f"on invented patients it raised {type(error).__name__}: {error}"
    if wrong:
        raise ProtocolError(f"estimand {estimand!r}", wrong, "Mend it, or leave the criterion out.")


def _wrong(estimand: Estimand, spec: EstimandSpec) -> str:
    """What is wrong with a user's own estimand; empty where nothing was found."""
    written = json.loads(json.dumps(spec.json, allow_nan=False))
    again, table = estimand_from(EstimandSpec(written["name"], written["arguments"])), drawn(estimand)
    if again.spec != spec:
        return f"made again from its card it is {again!r}"
    if estimand.estimate(table, CONFIDENCE).notes.get("level") == APPROXIMATE:
        table = drawn(estimand, lost=0.0)
    first, second = (made.estimate(table, CONFIDENCE) for made in (estimand, again))
    if not first.exists:
        return f"on {PATIENTS} invented patients there is no estimate: {first.reason}"
    numbers = [x for x in (first.low, first.value, first.high) if x is not None]
    if len(numbers) < 3 or not all(map(_is_number, numbers)) or numbers != sorted(numbers):
        return f"on {PATIENTS} invented patients it came to {first.value} [{first.low}, {first.high}]"
    if (first.value, first.low, first.high) != (second.value, second.low, second.high):
        return f"made again from its card it comes to {second.value} instead of {first.value} on invented patients"
    harmed = estimand.estimate(drawn(estimand, lost=0.0, harm=20.0), CONFIDENCE)
    calm = estimand.estimate(drawn(estimand, lost=0.0, harm=0.0), CONFIDENCE)
    if estimand.arm != ORIGINAL and estimand.scope != FLOW and harmed.value == calm.value is not None:
        return f"it is {calm.value} on invented patients whatever is done to their images"
    same, _, _ = difference(Criterion("TRIAL", estimand, at_most(1.0), source="a trial"), 1.0, table, table)
    if same.low is not None and same.high is not None and not same.low <= 0.0 <= same.high:
        return f"a version compared with itself differs by {same.low} to {same.high}"
    return ""


def _is_number(x: object) -> bool:
    return isinstance(x, int | float) and math.isfinite(x)
