"""Estimands of what several human readers find in edits, beside what they find in the originals."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from editproof.criteria.estimand import ANY, READERS, Compute, Estimand
from editproof.criteria.factory import estimand
from editproof.criteria.reader_readings import ReaderReadings, nanmean
from editproof.criteria.readings import Readings
from editproof.criteria.threshold import ANYTHING, AT_LEAST, READING, Threshold
from editproof.errors import ProtocolError
from editproof.evidence.measurements import EDITED, ORIGINAL
from editproof.stats.areas import ONE_CLASS, Pairs, pairs_of
from editproof.stats.bounded import mean_in
from editproof.stats.kappa import POWERS, kappas_by_reader
from editproof.stats.kernel import mean_kernel
from editproof.stats.multireader import BoundedMultiReader, MultiReader, PairedChange
from editproof.stats.readers import ReaderFigures, areas_by_reader, means_by_reader
from editproof.stats.repeated import limits_by_reader
from editproof.stats.statistic import Statistic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]

_ORIGINAL, _BOTH = frozenset({"original"}), frozenset({"reference", "original"})
_CLASS = {"all": "", "positive": "of the positive class", "negative": "of the negative class"}
_SIDES = {"upper": 1, "lower": -1}
_CLASSES = {"all": None, "positive": 1.0, "negative": 0.0}
_APART = "readers who read both versions would be needed, and each version's are those of its own study"


@estimand(example={"least": 0.0, "most": 300.0})
def reader_drift(
    quantity: str, *, least: float | None = None, most: float | None = None, readers: str = "random",
    arm: str = EDITED, unit: str | None = None, missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Mean change ``edited - original`` of several readers' ratings (multi-reader multi-case, Obuchowski-Rockette).

    Parameters
    ----------
    least, most : float, optional
        Ends of the rating scale. With them a rating that is missing is taken at its worst, and the limits hold for
        these readers whatever was not seen; without them a missing rating leaves the claim open.
    readers : {"random", "fixed"}
        Whether the claim is about readers like these, or about these alone.
    """
    scale = _scale(least, most)
    made = _made("mean change of ratings", partial(_drift, scale=scale), quantity, readers, arm, missing, unit=unit)
    return replace(made, reach=scale[1] - scale[0] if scale else math.inf)


@estimand(example={"quantity": "finding"})
def reader_auc_drift(
    quantity: str, *, readers: str = "random", arm: str = EDITED, missing: str = "worst_case"
) -> Estimand:
    """Readers' mean AUC on the edits less that on the originals (multi-reader multi-case); a loss is negative.

    Empirical areas against a binary reference standard (1 = positive), covariances by jackknife over patients. A rating
    that is missing is misordered with every other at its worst.

    Parameters
    ----------
    readers : {"random", "fixed"}
        Whether the claim is about readers like these, or about these alone.
    """
    made = _made("AUC drift of readers", _areas, quantity, readers, arm, missing, needs=_BOTH)
    return replace(made, counts="of either class", reach=1.0)


@estimand(example={"quantity": "finding", "at": 0.5})
def reader_call_drift(
    quantity: str, *, at: float, of: str = "all", readers: str = "random", arm: str = EDITED,
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Share of cases that readers call positive on the edits, less that on the originals (multi-reader multi-case).

    Parameters
    ----------
    at : float
        Rating from which on a case is called positive; locked beforehand.
    of : {"all", "positive", "negative"}
        Which cases count by the reference standard: of ``"positive"`` ones it is the change of sensitivity, of
        ``"negative"`` ones that of specificity with the opposite sign.
    readers : {"random", "fixed"}
        Whether the claim is about readers like these, or about these alone.
    """
    if of not in _CLASSES:
        raise ProtocolError(f"calls of {of!r} cases", f"there are {', '.join(_CLASSES)}", "Choose one of those.")
    name = "change of calls" if of == "all" else f"change of calls, {of} cases"
    called = _positive(at)
    calls = partial(_calls, called=called, of=_CLASSES[of])
    made = _made(name, calls, quantity, readers, arm, missing, needs=_ORIGINAL if of == "all" else _BOTH)
    return replace(made, counts=_CLASS[of], reach=1.0, threshold=called)


@estimand(example={"quantity": "finding", "at": 0.5})
def reader_call_changes(
    quantity: str, *, at: float, readers: str = "random", arm: str = EDITED, missing: str = "worst_case"
) -> Estimand:
    """Share of readings whose call differs from the same reader's call on the original: a finding added or taken away.

    Part of it is what the reader would change on reading the original again; notes tell that share apart where
    originals were read twice.

    Parameters
    ----------
    at : float
        Rating from which on a case is called positive; locked beforehand.
    readers : {"random", "fixed"}
        Whether the claim is about readers like these, or about these alone.
    """
    called = _positive(at)
    made = _made("share of changed calls", partial(_changed_calls, called=called), quantity, readers, arm, missing)
    return replace(made, signed=False, reach=1.0, threshold=called)


@estimand(example={"quantity": "grade"})
def reader_kappa(
    quantity: str, *, weights: str = "quadratic", step: float | None = None, readers: str = "random",
    arm: str = EDITED, missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """Weighted kappa between a reader's grades of the edits and of the originals, averaged over readers.

    Parameters
    ----------
    weights : {"linear", "quadratic"}
    step : float, optional
        Ratings are rounded to the nearest multiple of it first, which makes grades of a continuous scale.
    readers : {"random", "fixed"}
        Whether the claim is about readers like these, or about these alone.
    """
    if weights not in POWERS:
        raise ProtocolError(f"kappa with {weights!r} weights", f"there are {', '.join(POWERS)}", "Choose one of those.")
    if step is not None and not 0 < step < math.inf:
        raise ProtocolError(f"ratings rounded to {step}", "it is no positive number", "Write e.g. step=1.")
    name = f"{weights} kappa of readers" + ("" if step is None else f", rounded to {step:g}")
    kappas = partial(_kappas, weights=weights, step=step)
    return replace(_made(name, kappas, quantity, readers, arm, missing, ideal=1.0), signed=False)


@estimand(example={"side": "upper"})
def reader_limits_of_agreement(
    quantity: str, *, side: str, readers: str = "random", arm: str = EDITED, unit: str | None = None,
    missing: str = "worst_case",
) -> Estimand:  # fmt: skip
    """A reader's upper or lower 95 % limit of agreement of single ratings, edited less original, averaged over readers.

    Repeated ratings enter as components of variance (Bland and Altman 2007, section 3).

    Parameters
    ----------
    side : {"upper", "lower"}
    readers : {"random", "fixed"}
        Whether the claim is about readers like these, or about these alone.
    """
    if side not in _SIDES:
        raise ProtocolError(f"limit of agreement {side!r}", "it is 'upper' or 'lower'", "Make a criterion of each.")
    limits = partial(_limits, side=_SIDES[side])
    return _made(f"{side} limit of agreement of readers", limits, quantity, readers, arm, missing, unit=unit)


def _made(
    name: str, statistic: Compute, quantity: str, readers: str, arm: str, missing: str, *, unit: str | None = "",
    needs: frozenset[str] = _ORIGINAL, ideal: float = 0.0,
) -> Estimand:  # fmt: skip
    if arm == ORIGINAL:
        asked = f"{name} of {quantity} on the originals"
        raise ProtocolError(asked, "edits are held against the originals", "Choose another arm.")
    if readers not in ("random", "fixed"):
        raise ProtocolError(f"readers {readers!r}", "they are 'random' or 'fixed'", "Choose one of those.")
    return Estimand(
        name=name if readers == "random" else f"{name}, these readers", quantity=quantity, unit=unit,
        statistic=partial(_of_readers, make=statistic, fixed=readers == "fixed"), scope=READERS, kind=ANY, needs=needs,
        arm=arm, instrument="readers", missing=missing, ideal=ideal, signed=True, incomparable=_APART,
    )  # fmt: skip


def _positive(at: float) -> Threshold:
    """From which rating on a case is called positive."""
    return Threshold("at", at, AT_LEAST, ANYTHING, READING)


def _of_readers(readings: Readings, *, make: Compute, fixed: bool) -> Statistic:
    """The statistic of all readers, or of these alone."""
    made = make(readings)
    return replace(made, fixed=fixed) if isinstance(made, MultiReader) else made


def _scale(least: float | None, most: float | None) -> tuple[float, float] | None:
    if least is None and most is None:
        return None
    if least is None or most is None or not -math.inf < least < most < math.inf:
        raise ProtocolError(
            f"a rating scale from {least} to {most}", "it has no two ends in order", "Write e.g. least=0, most=4."
        )
    return float(least), float(most)


def _known(readings: Readings) -> ReaderReadings:
    """The readings, which are those of readers."""
    if not isinstance(readings, ReaderReadings):
        raise TypeError("an estimand of scope 'readers' got readings without readers")
    return readings


def _changes(
    edited: Values, before: Values, missing: NDArray[np.bool_], scale: tuple[float, float]
) -> tuple[Values, Values]:
    """The least and the most that each change of shape (n_cases, n_readers, n_repeats) can have been.

    A reading that there is not, of an edit or of its original, can have been anything on the scale; one that does not
    count (an edit left out by its rule) is NaN.
    """
    first, last = scale
    low, high = (np.where(missing, end, edited) for end in scale)
    of_original = np.repeat(before[:, :, None], edited.shape[2], axis=2)
    unread = np.isnan(of_original)
    return low - np.where(unread, last, of_original), high - np.where(unread, first, of_original)


def _drift(readings: Readings, *, scale: tuple[float, float] | None) -> Statistic:
    given = _known(readings)
    edited, before = nanmean(given.edited, 3), nanmean(given.before, 2)
    known = {
        "original": float(np.nanmean(before)),
        "edited": float(np.nanmean(edited)) if not np.isnan(edited).all() else math.nan,
    }
    seen = edited - before[:, :, None]
    if scale is None:
        if np.isnan(before).any():
            return given.undefined(_unread(before))
        figures = means_by_reader(nanmean(seen, 2), given.patients)
        return _unbounded(given, figures).noted(**known)
    outside = (edited < scale[0]) | (edited > scale[1])
    if outside.any() or ((before < scale[0]) | (before > scale[1])).any():
        raise ProtocolError(
            f"ratings on a scale from {scale[0]:g} to {scale[1]:g}", "there are ratings outside of it",
            "Declare the scale on which it was rated.",
        )  # fmt: skip
    low, high = _changes(edited, before, given.lost, scale)
    reach = scale[1] - scale[0]
    return _bounded(given, seen, low, high, (-reach, reach)).noted(**known)


def _unbounded(given: ReaderReadings, figures: ReaderFigures) -> MultiReader:
    return MultiReader(
        readers=given.readers, seen=figures, lowest=figures, highest=figures, patients=given.names,
        n_edits=_edits(given),
    )  # fmt: skip


def _bounded(given: ReaderReadings, seen: Values, low: Values, high: Values, reach: tuple[float, float]) -> Statistic:
    """The mean over readers of values of shape (n_cases, n_readers, n_repeats) in a declared interval."""
    figures = [means_by_reader(nanmean(x, 2), given.patients) for x in (seen, low, high)]
    ends = [nanmean(nanmean(x, 2), 1) for x in (low, high)]
    least, most = (mean_in(x, given.patients, *reach) for x in ends)
    if least.reason or most.reason:
        return least if least.reason else most
    these = replace(least, highest=most.highest)  # type: ignore[call-arg,attr-defined]
    return BoundedMultiReader(
        readers=given.readers, seen=figures[0], lowest=figures[1], highest=figures[2], these=these, least=reach[0],
        most=reach[1], patients=given.names, n_edits=_edits(given),
    )  # fmt: skip


def _edits(given: ReaderReadings) -> int:
    return int(given.edited.shape[0] * given.edited.shape[2])


def _unread(before: Values) -> str:
    n = int(np.isnan(before).any(axis=1).sum())
    return f"of {n} originals a reader gave no rating, and no scale says what it can have been"


def _areas(readings: Readings) -> Statistic:
    given = _known(readings)
    read = ~np.isnan(given.edited).all(axis=(2, 3)) | given.lost.any(axis=2)
    given = given.only(np.all(read, axis=1))  # by the rule that leaves out what is missing, a case needs every reader
    positive = given.reference == 1.0
    edits, originals = given.by_reader, given.originals_by_reader
    gone = [np.repeat(given.lost[:, i], given.edited.shape[3], axis=1) for i in range(len(given.readers))]
    unread = [np.repeat(_nothing(table), table.shape[1], axis=1) for table in originals]
    seen = [np.where(_nothing(before), np.nan, table) for before, table in zip(originals, edits, strict=True)]
    worst = np.where(positive, -np.inf, np.inf)[:, None]

    def areas(tables: list[Values], lost: list[NDArray[np.bool_]], sign: float) -> ReaderFigures:
        filled = [np.where(at, sign * worst, table) for at, table in zip(lost, tables, strict=True)]
        return areas_by_reader(filled, positive, given.patients)

    original = areas_by_reader(originals, positive, given.patients)
    if np.isnan(original.values).any():
        return given.undefined(ONE_CLASS)
    return BoundedMultiReader(
        readers=given.readers, seen=areas_by_reader(seen, positive, given.patients) - original,
        lowest=areas(edits, gone, 1.0) - areas(originals, unread, -1.0),
        highest=areas(edits, gone, -1.0) - areas(originals, unread, 1.0), patients=given.names,
        these=_area_of_these(given, positive, gone, unread), least=-1.0, most=1.0, n_edits=_edits(given),
    ).noted(original=float(original.values.mean()))  # fmt: skip


def _nothing(table: Values) -> NDArray[np.bool_]:
    """Which cases have no reading in a table of shape (n_cases, n_sessions), shape (n_cases, 1)."""
    return np.asarray(np.isnan(table).all(axis=1, keepdims=True))


def _area_of_these(
    given: ReaderReadings, positive: NDArray[np.bool_], gone: list[NDArray[np.bool_]], unread: list[NDArray[np.bool_]]
) -> PairedChange:
    """The change of these readers' mean area, by pairs of patients."""

    def mean_over_readers(tables: list[Values], flags: list[NDArray[np.bool_]]) -> Pairs:
        each = [pairs_of(x, positive, lost, given.patients) for x, lost in zip(tables, flags, strict=True)]
        low, high = (mean_kernel([getattr(one, end) for one in each]) for end in ("lowest", "highest"))
        return replace(each[0], lowest=low, highest=high)

    change = mean_over_readers(given.by_reader, gone) - mean_over_readers(given.originals_by_reader, unread)
    return PairedChange(pairs=change, patients=given.names)


def _calls(readings: Readings, *, called: Threshold, of: float | None) -> Statistic:
    given = _known(readings)
    if of is not None:
        given = _known(given.only(given.reference == of))
        if not given.n_patients:
            return given.undefined("there are no cases of that class")
    edited, before = _called(given.edited, called, 3), _called(given.before, called, 2)
    low, high = _changes(edited, before, given.lost, (0.0, 1.0))
    made = _bounded(given, edited - before[:, :, None], low, high, (-1.0, 1.0))
    return made.noted(original=float(np.nanmean(before)))


def _called(values: Values, called: Threshold, axis: int) -> Values:
    """Share of a reader's sessions in which a case is called positive; NaN where there is none."""
    return nanmean(_each_called(values, called), axis)


def _each_called(values: Values, called: Threshold) -> Values:
    """1 where a case is called positive, else 0; NaN where there is no rating."""
    return np.where(np.isnan(values), np.nan, called.met(values).astype(float))


def _changed_calls(readings: Readings, *, called: Threshold) -> Statistic:
    given = _known(readings)
    edited, before = (_each_called(x, called) for x in (given.edited, given.before))
    pairs = np.abs(edited[:, :, :, :, None] - before[:, :, None, None, :])
    seen = nanmean(pairs, (3, 4))
    unknown = given.lost | np.isnan(nanmean(before, 2))[:, :, None]
    low, high = (np.where(unknown, end, seen) for end in (0.0, 1.0))
    made = _bounded(given, seen, low, high, (0.0, 1.0))
    one, other = np.triu_indices(before.shape[2], 1)
    again = np.abs(before[:, :, one] - before[:, :, other])
    return made.noted(originals_read_again=float(np.nanmean(again)) if (~np.isnan(again)).any() else math.nan)


def _kappas(readings: Readings, *, weights: str, step: float | None) -> Statistic:
    given = _known(readings)
    if (before := nanmean(given.before, 2)).size and np.isnan(before).any():
        return given.undefined(_unread(before))
    tables = [
        [x if step is None else np.floor(x / step + 0.5) * step for x in side]
        for side in (given.by_reader, given.originals_by_reader)
    ]
    figures = kappas_by_reader(tables[0], tables[1], given.patients, weights)
    if np.isnan(figures.values).any():
        return given.undefined("a reader gave every case the same grade, or none, so that there is no kappa")
    return _unbounded(given, figures)


def _limits(readings: Readings, *, side: int) -> Statistic:
    given = _known(readings)
    if (before := nanmean(given.before, 2)).size and np.isnan(before).any():
        return given.undefined(_unread(before))
    return _unbounded(given, limits_by_reader(given.by_reader, given.originals_by_reader, given.patients, side))
