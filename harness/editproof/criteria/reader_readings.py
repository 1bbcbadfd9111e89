"""Readings of several human readers: one more axis than those of an instrument have.

A reader's readings stand in the table under the instrument ``reader:NAME``, and a second reading of the same image by
the same reader under ``reader:NAME#2``, and so on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from editproof.criteria.readings import Readings
from editproof.errors import ProtocolError
from editproof.evidence.measurements import ORIGINAL, Measurements
from editproof.evidence.readers import READER, by_reader, name_of_reader

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Values = NDArray[np.float64]


@dataclass(frozen=True)
class ReaderReadings(Readings):
    """One quantity of one arm by case, reader, repeat and session, next to the readers' readings of the originals.

    ``values`` has the readings as a table of shape (n_cases, n_readers * n_repeats), averaged over the sessions in
    which a reader read the same image; ``original`` the mean over readers. ``missing`` is True where a reader read an
    edit in no session, because there is none or because no answer was given.

    Attributes
    ----------
    readers : ndarray of str, shape (n_readers,)
        Sorted.
    edited : ndarray of float, shape (n_cases, n_readers, n_repeats, n_sessions)
        NaN where there is no reading.
    before : ndarray of float, shape (n_cases, n_readers, n_sessions)
        Of the originals.
    """

    readers: NDArray[np.str_] = field(default_factory=lambda: np.empty(0, dtype=str))
    edited: Values = field(default_factory=lambda: np.empty((0, 0, 0, 0)))
    before: Values = field(default_factory=lambda: np.empty((0, 0, 0)))

    def taken(self, rows: NDArray[Any]) -> ReaderReadings:
        found = super().taken(rows)
        assert isinstance(found, ReaderReadings)
        return replace(found, edited=self.edited[rows], before=self.before[rows])

    def only(self, cases: ArrayLike) -> ReaderReadings:
        return self.taken(np.flatnonzero(np.asarray(cases, dtype=bool)))

    def filled(self, replacement: Values) -> ReaderReadings:
        """What is missing replaced by each reader's own reading of the original."""
        own = np.repeat(nanmean(self.before, 2)[:, :, None], self.edited.shape[2], axis=2)
        gone = self.lost
        edited = np.where(gone[..., None], own[..., None], self.edited)
        return replace(self, edited=edited, values=nanmean(edited, 3).reshape(self.values.shape))

    def recalibrated(self, curve: str) -> Readings:
        """Nobody recalibrates a human reader.

        Raises
        ------
        ProtocolError
        """
        raise ProtocolError(
            f"readings of readers after {curve} recalibration", "a reader has no curve", "Leave it out."
        )

    @property
    def lost(self) -> NDArray[np.bool_]:
        """What is missing, shape (n_cases, n_readers, n_repeats)."""
        return self.missing.reshape(self.edited.shape[:3])

    @property
    def by_reader(self) -> list[Values]:
        """All readings of the edits by each reader, each of shape (n_cases, n_repeats * n_sessions)."""
        return [self.edited[:, i].reshape(len(self.edited), -1) for i in range(len(self.readers))]

    @property
    def originals_by_reader(self) -> list[Values]:
        """All readings of the originals by each reader, each of shape (n_cases, n_sessions)."""
        return [self.before[:, i] for i in range(len(self.readers))]


def reader_readings(measurements: Measurements, quantity: str, arm: str, *, reference: bool) -> ReaderReadings:
    """Readings of all human readers; cases without a reference standard are left out where one is needed.

    Raises
    ------
    ProtocolError
        Where no human reader read the quantity.
    """
    rows = measurements.rows
    names = sorted({str(name) for name in rows.loc[rows["quantity"] == quantity, "instrument"]})
    sessions_of = {name: sorted(of, key=_session) for name, of in by_reader(names).items() if name not in names}
    if not sessions_of and measurements.n_missing < len(measurements.edits):
        known = ", ".join(names) or "nobody"
        raise ProtocolError(
            f"{quantity!r} by human readers", f"it was read by {known}", f"Name readers {READER}NAME in the table."
        )
    readers = np.array(sorted(sessions_of), dtype=str)
    sessions = max(map(len, sessions_of.values()), default=1)
    n, repeats = len(measurements.cases), max(1, measurements.n_repeats)
    edited, before = np.full((n, len(readers), repeats, sessions), np.nan), np.full((n, len(readers), sessions), np.nan)
    for at, reader in enumerate(readers):
        for session, name in enumerate(sessions_of[str(reader)]):
            if measurements.has(quantity, arm, name):
                edited[:, at, :, session] = measurements.matrix(quantity, arm, name)
            if measurements.has(quantity, ORIGINAL, name):
                before[:, at, session] = measurements.matrix(quantity, ORIGINAL, name)[:, 0]
    wholly_read(edited, before)
    cases = measurements.cases["case"].to_numpy(str)
    order = np.lexsort((cases, measurements.patients))
    edited, before = edited[order], before[order]
    values = nanmean(edited, 3).reshape(n, -1)
    same = bool(values.size) and bool((edited == before[:, :, None, :]).all(where=~np.isnan(edited)))
    standard = measurements.reference(quantity)[order] if reference else np.full(n, np.nan)
    everything = ReaderReadings(
        cases[order], measurements.patients[order], standard, nanmean(before, (1, 2)), values, np.isnan(values),
        np.full(n, np.nan), same and not np.isnan(values).any(), readers=readers, edited=edited, before=before,
    )  # fmt: skip
    return everything.only(~np.isnan(standard)) if reference else everything


def wholly_read(edited: Values, before: Values) -> None:
    """Empty the readings of images that a reader was to read several times and read less often.

    Where a reader read an image of a case so many times, the other images of that case were to be read as often, if
    edits (or originals) are read several times anywhere in the study. The mean over those readings that there are is
    no reading of the image: what was left out may be what the others did not show.

    Parameters
    ----------
    edited : ndarray of float, shape (n_cases, n_readers, n_repeats, n_sessions)
    before : ndarray of float, shape (n_cases, n_readers, n_sessions)
        Both are changed in place.
    """
    of_edits, of_originals = (~np.isnan(edited)).sum(axis=3), (~np.isnan(before)).sum(axis=2)
    most = np.maximum(of_edits.max(axis=2, initial=0), of_originals)
    if (of_edits > 1).any():
        edited[of_edits < most[:, :, None]] = np.nan
    if (of_originals > 1).any():
        before[of_originals < most] = np.nan


def nanmean(values: Values, axis: int | tuple[int, ...]) -> Values:
    """The mean of what is not NaN; NaN where everything is."""
    there = ~np.isnan(values)
    count = there.sum(axis=axis)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(there, values, 0.0).sum(axis=axis) / np.where(count, count, np.nan))


def _session(instrument: str) -> int:
    """Which of a reader's readings of an image it is, from 1 on."""
    number = instrument.removeprefix(f"{READER}{name_of_reader(instrument)}").removeprefix("#")
    return int(number) if number else 1
