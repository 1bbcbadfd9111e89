"""dataset x editor x instrument -> Measurements: the one place where measuring is orchestrated.

The flow is a stream. One case at a time is decoded, edited, read and measured, its record goes to the store, and
its pixels are let go; memory does not grow with the cohort. What stands in the store is not done again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from random import random
from typing import TYPE_CHECKING

from editproof.core.digests import PixelDigest, digest_of, read_only
from editproof.core.files import Place
from editproof.core.progress import watched
from editproof.datasets.cases import digest_of_case
from editproof.datasets.checks import decoded_case, distinct
from editproof.editing.determinism import date_of, hold_to_claim
from editproof.editing.edits import LIVE, Terms, each
from editproof.editing.elsewhere import innermost, is_asked_by_driver
from editproof.editing.ledger import Totals
from editproof.editing.store import Store
from editproof.editors.adapter import CheckedEditor, checked
from editproof.editors.arms import images_of
from editproof.editors.probe import probed
from editproof.errors import MetricError
from editproof.evidence.facts import MaskTrial
from editproof.evidence.measurements import EDITED, ORIGINAL, Measurements
from editproof.evidence.plain import plain
from editproof.evidence.protocol import instrument_in_protocol
from editproof.instruments.hooks import look_up_of
from editproof.instruments.masks import packed, structures_in, unpacked
from editproof.instruments.raw import check_numbers, checked_outputs
from editproof.instruments.reading import ImageReading, check_alike, full_readings, reading_rows
from editproof.instruments.responses import check_response
from editproof.metrics import Metric, Picture
from editproof.study.case_records import (
    CASES,
    READINGS,
    CaseRecord,
    EndedEdit,
    Histogram,
    MeasuredRow,
    histogram_rows,
    measuring_code,
    metric_rows,
    pictures_of,
    place_maps,
    target_rows,
)
from editproof.study.executors.executor import Executor
from editproof.study.executors.local import ThisMachine
from editproof.study.gathering import Gathered
from editproof.study.masks import MASKS, mask_rows, reads_arm
from editproof.study.outputs import OUTPUTS, ImageOutputs, output_rows
from editproof.study.plan import Plan
from editproof.study.planting import Planting
from editproof.study.tasks import edits_in, supplied, work_on
from editproof.types import JSON, Case, Dataset, Editor, EditOutcome, EditRequest, Instrument, Pixels

if TYPE_CHECKING:
    from editproof.types import Image, Mask


@dataclass(frozen=True)
class Bench:
    """A tool, instruments and a store, put together: measures one case at a time.

    ``editor`` and each of ``instruments`` are suppliers: hashable, picklable, called without arguments, so that a
    worker process can make its own. Each is called once a process; no two instruments read one quantity. ``terms`` say
    on what terms the tool is asked, ``metrics`` are measured beside the built-in ones, ``planting`` says which
    radiographs are edited with structures in them too. ``lock`` is the digest of the lock of the run, if any: what
    was read and measured before it was written, or under another one, is then made anew.
    """

    editor: Callable[[], Editor]
    instruments: tuple[Callable[[], Instrument], ...]
    store_root: Place
    plan: Plan
    terms: Terms = field(default_factory=Terms)
    metrics: tuple[Metric, ...] = ()
    planting: Planting = field(default_factory=Planting)
    lock: str = ""

    @property
    def made_editor(self) -> CheckedEditor:
        """The editor of this very process."""
        return checked(supplied(self.editor))

    def edited(
        self, cases: Collection[Case] | Dataset, *, threads: int = 0, say: Callable[[str], None] | None = None
    ) -> Iterator[tuple[str, list[str]]]:
        """Make the edits alone: case id and how each of its edits ended, as cases are done.

        Parameters
        ----------
        cases : collection of Case
        threads : int
            Requests under way at once; 0 for as many as the tool likes.
        say : callable, optional
            Told in a few words how far a batch is, where the tool is asked by batch.
        """
        at_once = threads or self.made_editor.service.concurrency
        edits = edits_in(self.store_root, self.terms)
        edits.at_once, edits.say = at_once, say or edits.say
        self._hold_to_claim(cases)
        if self.made_editor.is_batched:
            asked = edits.batched(
                self.made_editor, lambda: (self.all_requests(case, decoded_case(case)) for case in cases)
            )
            deque(asked, maxlen=0)
        # twice as many threads, so that one decodes and stores while another's request is under way
        return each(self._edited_case, cases, threads=2 * at_once if at_once > 1 else 1)

    def _edited_case(self, case: Case) -> tuple[str, list[str]]:
        outcomes = self._outcomes(self.all_requests(case, decoded_case(case)))
        return case.case_id, [outcome.status.value for outcome in outcomes]

    def measured(self, dataset: Dataset, *, jobs: int = 1, executor: Executor | None = None) -> Measurements:
        """Everything measured on the tool's edits of a cohort; what stands in the store is only read.

        Parameters
        ----------
        jobs : int
            Worker processes on this machine.
        executor : Executor, optional
            What works on the cases; without one, this machine.

        Raises
        ------
        DatasetError, InstrumentError
            Where a case does not decode or an instrument reads something impossible; cases done so far stand.
        """
        cases, executor = distinct(dataset), executor or ThisMachine()
        keys = self.keys(cases)
        store, name = Store(self.store_root), self.made_editor.card.name
        gathered = Gathered(cases)
        for case in watched(cases, len(cases), f"{name}: read what is kept"):
            if (stored := store.record(CASES, keys[case.case_id])) is not None:
                gathered.add(stored)
        todo = [case for case in cases if case.case_id not in gathered]
        if todo:
            self._rehearsed(todo[0])
        self._hold_to_claim(cases)
        asked_first = self.made_editor.service.concurrency > 1 or self.made_editor.is_batched
        if executor.elsewhere:
            asked_first = is_asked_by_driver(self.made_editor)
        if todo and asked_first:
            deque(watched(self.edited(todo), len(todo), f"{name}: edit"), maxlen=0)
        if todo:
            work = work_on(self, keys, asks=not asked_first)
            done = executor.results(work, todo, jobs=min(jobs, max(1, len(todo) // 4)))
            for record in watched(done, len(todo), f"{name}: edit and read"):
                gathered.add(record)
        table = gathered.table(name)
        check = edits_in(self.store_root, self.terms).check(self.made_editor)
        return replace(table, deterministic=date_of(check.time) if check else "")

    def standing(self, dataset: Dataset) -> int:
        """Number of cases of which an edit, or what was measured on it, is in the store already."""
        store, keys, edits = Store(self.store_root), self.keys(dataset), edits_in(self.store_root, self.terms)

        def stands(case: Case) -> bool:
            if store.record(CASES, keys[case.case_id]) is not None:
                return True
            return edits.stands(self.made_editor, self._requests(case, decoded_case(case)))

        return sum(map(stands, dataset))

    def edits(self, case: Case, pixels: Pixels) -> list[EditOutcome]:
        """The outcome of every repeat of one case, from the store where it stands there."""
        return self._outcomes(self._requests(case, pixels))

    def _outcomes(self, requests: Sequence[EditRequest]) -> list[EditOutcome]:
        return edits_in(self.store_root, self.terms).outcomes(self.made_editor, requests)

    def _requests(self, case: Case, pixels: Pixels) -> list[EditRequest]:
        return [self.plan.request(case, pixels, repeat) for repeat in range(self.plan.repeats)]

    def all_requests(self, case: Case, pixels: Pixels) -> list[EditRequest]:
        """Those of the original, and that of the same with structures planted, where the tool can be asked for one."""
        also = [] if self.made_editor.service.precomputed else self.planting.pixels(case, pixels)
        return [*self._requests(case, pixels), *(self.plan.request(case, other, 0) for other in also)]

    def _planted(self, case: Case, pixels: Pixels) -> EditOutcome | None:
        """The tool's edit of a planted radiograph; None where its edits were made elsewhere."""
        if self.made_editor.service.precomputed:
            return None
        return self._outcomes([self.plan.request(case, pixels, 0)])[0]

    def missing(self, case: Case, pixels: Pixels) -> tuple[int, float | None]:
        """How many edits of a case the tool would be asked for, and what they may cost (see :class:`Edits`)."""
        return edits_in(self.store_root, self.terms).missing(self.made_editor, self.all_requests(case, pixels))

    def ledger_totals(self) -> Totals:
        """What the run has come to so far."""
        return edits_in(self.store_root, self.terms).ledger.totals()

    def calls(self) -> int:
        """Requests of this run that reached the tool, or the one inside its wrappers."""
        return edits_in(self.store_root, self.terms).ledger.calls(innermost(self.made_editor).card.name)

    def edit(self, case: Case, pixels: Pixels, repeat: int) -> EditOutcome:
        """The outcome of one repeat of one case, from the store where it stands there."""
        request = self.plan.request(case, pixels, repeat)
        return edits_in(self.store_root, self.terms).outcomes(self.made_editor, [request])[0]

    def mask_trials(self, axes: str = "") -> tuple[MaskTrial, ...]:
        """What the tool changed under five masks, on the run's terms; paid for once, as all edits are."""
        return probed(self.made_editor, edits_in(self.store_root, self.terms).outcomes, self.plan.geometry, axes)

    def record(self, case: Case) -> CaseRecord:
        """Everything measured on one case."""
        pixels = decoded_case(case)
        outcomes = self.edits(case, pixels)
        made = images_of(self.made_editor.card, self.plan.request(case, pixels, 0), outcomes, pixels.target)
        images, hashed = {place: read_only(image) for place, image in made.items()}, PixelDigest()
        pictures = pictures_of(pixels, images, case.spacing_mm, hashed)
        digests = {repeat: hashed(image) for (arm, repeat), image in images.items() if arm == EDITED}
        ends = self._ends(case, pixels, outcomes, digests)
        seen, planted = self.planting.rows(case, pixels, partial(self._planted, case))
        measured = (*self._metrics(case, pictures), *self._to_target(case, pixels, images))
        rows = (*self._readings(case, pixels, images, hashed), *measured, *seen)
        histograms = (Histogram(arm, region, tuple(counts)) for arm, region, counts in histogram_rows(pictures))
        also = () if planted is None else (planted.status,)
        of_rows, maps = tuple(MeasuredRow(*row) for row in rows), tuple(place_maps(pictures))
        return CaseRecord(case.case_id, tuple(ends), of_rows, tuple(histograms), also, maps)

    def _ends(
        self, case: Case, pixels: Pixels, outcomes: Iterable[EditOutcome], digests: Mapping[int, str]
    ) -> Iterator[EndedEdit]:
        history = edits_in(self.store_root, self.terms).history(self.made_editor, self._requests(case, pixels))
        for repeat, (outcome, (first, made)) in enumerate(zip(outcomes, history, strict=True)):
            yield EndedEdit(repeat, outcome.status, outcome.message, first, digests.get(repeat, ""), made)

    def _hold_to_claim(self, cases: Iterable[Case]) -> None:
        """Where the tool says that it is deterministic, ask it twice about cases that it cannot foresee."""
        order = sorted(cases, key=lambda case: random())

        def pairs() -> Iterator[tuple[EditRequest, EditRequest]]:
            for case in order:
                pixels = decoded_case(case)
                yield self.plan.request(case, pixels, 0), self.plan.request(case, pixels, 1)

        hold_to_claim(edits_in(self.store_root, self.terms), self.made_editor, pairs)

    def _rehearsed(self, case: Case) -> None:
        """Read and measure one original before the first edit is made, so that what cannot be done is found for free.

        A user's own metrics are tried on the original and on itself as its edit.
        """
        pixels = decoded_case(case)
        image, store, digest = read_only(pixels.image), Store(self.store_root), PixelDigest()
        new = []
        for instrument in map(supplied, self.instruments):
            (key,) = self._reading_keys(instrument, _covariates(instrument, case), [digest(image)]).values()
            new += [instrument] if store.record(READINGS, key) is None else []
        deque(self._readings(case, pixels, {(ORIGINAL, 0): image}, PixelDigest()), maxlen=0)
        for instrument in new:
            check_response(instrument, case.case_id, image, _covariates(instrument, case))
        if self.metrics:
            images = {(ORIGINAL, 0): pixels.image, (EDITED, 0): pixels.image}
            deque(self._metrics(case, pictures_of(pixels, images, case.spacing_mm)), maxlen=0)
            deque(self._to_target(case, pixels, images), maxlen=0)

    def _metrics(self, case: Case, pictures: Mapping[tuple[str, int], Picture]) -> Iterator[list[JSON]]:
        return _of_case(case, metric_rows(pictures, self.metrics))

    def _to_target(self, case: Case, pixels: Pixels, images: Mapping[tuple[str, int], Image]) -> Iterator[list[JSON]]:
        return _of_case(case, target_rows(pixels, images, case.spacing_mm, self.metrics))

    def _readings(
        self, case: Case, pixels: Pixels, images: Mapping[tuple[str, int], Image], hashed: PixelDigest
    ) -> Iterator[list[JSON]]:
        for supplier in self.instruments:
            instrument = supplied(supplier)
            rows, drawn, given = self._readings_of(instrument, case, images, hashed)
            yield from rows
            yield from _of_case(case, mask_rows(pixels, drawn, case.spacing_mm, self.metrics))
            yield from _of_case(case, output_rows(case, instrument.card, given, self.metrics))

    def drawn(self, case: Case, images: Mapping[tuple[str, int], Image]) -> Iterator[tuple[str, str, Mask]]:
        """What instruments draw on images of a case, kept or drawn now: arm, structure and mask."""
        for instrument in (one for one in map(supplied, self.instruments) if one.card.masks):
            for (arm, _), masks in self._readings_of(instrument, case, images, PixelDigest())[1].items():
                yield from ((arm, structure, mask) for structure, mask in masks.items())

    def _readings_of(
        self, instrument: Instrument, case: Case, images: Mapping[tuple[str, int], Image], hashed: PixelDigest
    ) -> tuple[list[list[JSON]], dict[tuple[str, int], Mapping[str, Mask]], dict[tuple[str, int], ImageOutputs]]:
        """Rows of the numbers that an instrument reads; by arm and repeat the masks that it draws, and all it gave."""
        images = {place: image for place, image in images.items() if reads_arm(instrument.card, place[0])}
        digests = {place: hashed(image) for place, image in images.items()}
        unique = {digest: images[place] for place, digest in digests.items()}
        structures: dict[str, Mapping[str, Mask]] = {}
        outputs: dict[str, dict[str, JSON]] = {}
        if look_up := look_up_of(instrument):
            readings: dict[str, Mapping[str, list[float]] | None] = {}
            for digest, image in unique.items():
                places = [place for place, found in digests.items() if found == digest]
                found_there = look_up(case.case_id, self.made_editor.card.name, places, image)
                if found_there is not None:
                    check_numbers(instrument.card, case.case_id, found_there)
                    outputs[digest] = checked_outputs(instrument.card, case.case_id, found_there, [image])[0]
                readings[digest] = found_there
        else:
            kept = self._kept_readings(instrument, case, unique)
            readings = {digest: reading.numbers for digest, reading in kept.items()}
            masks, outputs = instrument.card.masks, {digest: reading.outputs for digest, reading in kept.items()}
            structures = {digest: structures_in(masks, reading.maps) for digest, reading in kept.items() if masks}
        rows = [
            [arm, repeat, *row]
            for (arm, repeat), digest in digests.items()
            for row in reading_rows(instrument.card, readings[digest])
        ]
        drawn = {place: structures[digest] for place, digest in digests.items() if digest in structures}
        given = {
            digest: ImageOutputs(readings[digest], outputs.get(digest, {}), unique[digest].shape) for digest in readings
        }
        return rows, drawn, {place: given[digest] for place, digest in digests.items()}

    def _kept_readings(
        self, instrument: Instrument, case: Case, unique: Mapping[str, Image]
    ) -> dict[str, ImageReading]:
        """What an instrument gives of images, by their digest; what was never read is read and kept."""
        store, told = Store(self.store_root), _covariates(instrument, case)
        keys = self._reading_keys(instrument, told, unique)
        draws, gives = bool(instrument.card.masks), bool(instrument.card.kept_outputs)
        readings: dict[str, ImageReading] = {}
        for digest, key in keys.items():
            numbers, maps = store.record(READINGS, key), store.record(MASKS, key) if draws else {}
            outputs = store.record(OUTPUTS, key) if gives else {}
            if numbers is not None and maps is not None and outputs is not None:
                readings[digest] = ImageReading(numbers, unpacked(maps), outputs)
        unread = [digest for digest in keys if digest not in readings]
        if unread:
            fresh = full_readings(instrument, case.case_id, [unique[digest] for digest in unread], told)
            for digest, reading in zip(unread, fresh, strict=True):
                readings[digest] = reading
                store.keep_record(READINGS, keys[digest], reading.numbers)
                if draws:
                    store.keep_record(MASKS, keys[digest], packed(reading.maps))
                if gives:
                    store.keep_record(OUTPUTS, keys[digest], reading.outputs)
        check_alike(instrument.card, case.case_id, (reading.numbers for reading in readings.values()))
        return readings

    def _reading_keys(
        self, instrument: Instrument, told: Mapping[str, float], digests: Iterable[str]
    ) -> dict[str, str]:
        """The keys under which what is read off images of a case is kept, by the digests of the images."""
        declared = instrument_in_protocol(instrument.card)
        return {digest: digest_of([declared, digest, told, *self._locked]) for digest in digests}

    @property
    def _locked(self) -> list[JSON]:
        """What the keys of a run under a lock have beside others."""
        return [{"lock": self.lock}] if self.lock else []

    def keys(self, cases: Iterable[Case]) -> dict[str, str]:
        """Under which key the record of each case is kept, by the case's id."""
        planted = self.planting.cases
        study = digest_of(
            [
                plain(self.made_editor.card),
                [instrument_in_protocol(supplied(supplier).card) for supplier in self.instruments],
                plain(self.plan),
                measuring_code(),
                *([self.terms.since] if self.terms.mode == LIVE else []),
                *[[metric.name, metric.digest] for metric in self.metrics],
                *self._locked,
            ]
        )
        return {
            case.case_id: digest_of(
                [study, case.case_id in planted, digest_of_case(case, apart=("patient_id", "strata"))]
            )
            for case in cases
        }


def _of_case(case: Case, rows: Iterator[list[JSON]]) -> Iterator[list[JSON]]:
    """Rows of a case; where a metric fails, the error says which case it was."""
    try:
        yield from rows
    except MetricError as error:
        raise MetricError(f"{error.asked} on case {case.case_id}", error.found, error.advice) from error


def _covariates(instrument: Instrument, case: Case) -> dict[str, float]:
    """What of the reference standard the instrument may know; never the target of what it is judged by."""
    return {name: case.reference[name] for name in instrument.card.covariates if name in case.reference}
