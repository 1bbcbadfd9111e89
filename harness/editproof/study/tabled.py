"""A run on readings alone: the face of :class:`~editproof.study.run.Run`, with a table in place of images and tools."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from editproof.audit.findings import in_reading_order, primary_claims, protocol_of
from editproof.core import records
from editproof.core.files import Place
from editproof.core.redaction import redacted
from editproof.criteria import Criterion
from editproof.criteria.claimed import check_can_fail, check_claims
from editproof.criteria.declared import check_known, scales_of, under
from editproof.criteria.estimand import FLOW, IMAGES
from editproof.criteria.reach import in_sentences
from editproof.criteria.registry import estimand_digests
from editproof.criteria.rehearsal import rehearse
from editproof.datasets.checks import check_ranges
from editproof.datasets.tables.layout import Layout
from editproof.datasets.tables.readings import TabledReadings, readings_in
from editproof.datasets.tables.sheet import NO_UNIT
from editproof.editing.store import Store
from editproof.errors import DatasetError, InstrumentError
from editproof.evidence.facts import Claim, Facts, RollEntry, ToolFacts
from editproof.evidence.measurements import EDITED, ORIGINAL, Measurements
from editproof.evidence.plain import plain
from editproof.evidence.protocol import Lock, locked, read_lock, read_register
from editproof.evidence.readers import READER
from editproof.evidence.record import Evidence
from editproof.evidence.strata import check_strata, check_stratum
from editproof.evidence.tabled import term_of
from editproof.instruments.card import read_card
from editproof.instruments.runtimes.table import ARMS
from editproof.study.history import judgements_in, remember
from editproof.study.judging import EditorStudy, Judgement, claims_in
from editproof.study.of_readings import DESTRUCTIVE, IDENTITY, ReadingsOfCohort
from editproof.study.register import unknown_entries
from editproof.study.study_file import StudyFile, told_by
from editproof.study.surroundings import environment_of, whole_roll
from editproof.types import JSON, DatasetCard, EditorCard, InstrumentCard, Quantity

if TYPE_CHECKING:
    import pandas as pd

NEED_IMAGES: Final = "images"
NEED_ENDS: Final = "a column of statuses or a table of the cohort, which say how edits ended"
NEED_ARMS: Final = "another arm than originals and edits"
NEED_TARGETS: Final = "readings of a target image"

_MADE_ELSEWHERE = ARMS[2:]
_NOT_KNOWN = "not known"


@dataclass(frozen=True)
class TabledRun:
    """What was asked for of a table of readings.

    Attributes
    ----------
    tool : str
        Name of the tool whose edits were read, or the one of several to judge; empty for all, or the file's name.
    card : Path, optional
        Card of the instrument that made the readings; its floors hold.
    """

    file: Path
    store: Place
    layout: Layout = field(default_factory=Layout)
    cohort: Path | None = None
    tool: str = ""
    card: Path | None = None
    lock: Path | None = None
    register: Path | None = None
    study_file: StudyFile = field(default_factory=StudyFile)
    unasked: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def table(self) -> TabledReadings:
        """The table as it was read."""
        return readings_in(self.file, self.layout, self.cohort)

    @cached_property
    def of_cohort(self) -> ReadingsOfCohort:
        """Its readings by their places."""
        return ReadingsOfCohort(self.table, self.tool or self.file.stem)

    @cached_property
    def editors(self) -> tuple[str, ...]:
        """The tools to judge, by name."""
        known = self.of_cohort.tools
        if not self.tool:
            return known
        if self.tool not in known:
            raise InstrumentError(f"tool {self.tool!r} of table {self.file.name}", f"it has {', '.join(known)}")
        return (self.tool,)

    @cached_property
    def cards(self) -> dict[str, EditorCard]:
        """Card of each tool by name."""
        return {
            name: EditorCard(
                name, _NOT_KNOWN, f"A tool whose edits were read elsewhere; its readings are in {self.file.name}.",
                mask_semantics="not known: this run made no edit",
            )
            for name in self.editors
        }  # fmt: skip

    @cached_property
    def dataset(self) -> DatasetCard:
        """Card of the cohort."""
        cases, table = self.of_cohort.cases, self.table
        files = "; ".join(f"{part} sha256 {digest}" for part, digest in table.digests.items())
        return DatasetCard(
            name=f"readings of {table.name}",
            description="A table of readings, without images.",
            source=f"{table.name} ({files})",
            licence=_NOT_KNOWN,
            digest=self.of_cohort.digest,
            n_cases=len(cases),
            n_patients=len({case.patient for case in cases}),
            units={name: unit for name, unit in table.units.items() if any(name in case.reference for case in cases)},
        )

    @cached_property
    def instrument(self) -> InstrumentCard:
        """Card of what made the readings: the one given, cut down to what the table has, or one made for the table."""
        readers = [name for name in self.of_cohort.instruments if name.startswith(READER)]
        given = read_card(self.card) if self.card else None
        units = self._units(given)
        reading: dict[str, JSON] = {"runtime": "table"}
        if readers:
            reading["readers"] = readers
        made = InstrumentCard(
            name=given.name if given else "the table",
            description=given.description if given else "What made the readings is not known to this run.",
            quantities=tuple(
                Quantity(name, unit, "probability" if unit == "probability" else "continuous")
                for name, unit in units.items()
            ),
            members=1 if readers else len(self.of_cohort.instruments),
            sha256=given.sha256 if given else {},
            licence=given.licence if given else _NOT_KNOWN,
            training_data=given.training_data if given else _NOT_KNOWN,
            reading=reading,
            absent_arms=_MADE_ELSEWHERE,
        )
        if given is None:
            return made
        floors = {name: floors for name, floors in given.floors.items() if name in units}
        for name in floors:
            if not any(name in case.reference for case in self.of_cohort.cases):
                found = f"its floor of {name} needs the reference standard, which the table lacks"
                raise InstrumentError(f"instrument {self.card}", found, f"Add a column reference:{name}.")
        return replace(made, floors=floors, performance=given.performance, limitations=given.limitations)

    def _units(self, given: InstrumentCard | None) -> dict[str, str]:
        """Unit of each quantity: that of the table, which has to be that of the card."""
        if given is None:
            return dict(self.table.units)
        units = {quantity.name: quantity.unit for quantity in given.quantities}
        for name, unit in self.table.units.items():
            if name not in units:
                found = f"its card reads {', '.join(units)}"
                raise InstrumentError(f"{name} of table {self.file.name} by {given.name}", found, "Give its own card.")
            if unit != units[name]:
                said = "nothing" if unit == NO_UNIT else unit
                found = f"the card says {units[name]}, the table {said}"
                advice = f"Say --unit {name}={units[name]} if it is so."
                raise InstrumentError(f"{name} of table {self.file.name}, by {given.name}", found, advice)
        return dict(self.table.units)

    def under(self, criterion: Criterion) -> Criterion:
        """A claim with the caps and ranges that the study declares; one that could not fail under them is refused."""
        found = under(criterion, self.study_file.quantities)
        check_can_fail([found], self._scales)
        return found

    @cached_property
    def _scales(self) -> dict[str, tuple[float, float]]:
        """Least and greatest value of each quantity, as far as they are known before an edit."""
        known: dict[str, list[float]] = {}
        for reading in self.table.readings:
            if reading.arm == ORIGINAL and reading.value is not None:
                known.setdefault(reading.quantity, []).append(reading.value)
        return scales_of(self.study_file.quantities, [self.instrument], known)

    def check(self, claims: Collection[Criterion] = ()) -> None:
        """Raise the one clear error that a wrong table, card or claim deserves, before anything is judged."""
        _ = self.cards, self.dataset, self.instrument, self._lock, self._register
        self.of_cohort.check(self.editors)
        self._check_study()
        for claim in claims:
            rehearse(claim.estimand)
        check_claims(claims, [self.instrument])
        check_known(self.study_file.quantities, [self.instrument], ())

    @cached_property
    def cases(self) -> pd.DataFrame:
        """The table of cases, as :class:`editproof.evidence.measurements.Measurements` has it."""
        return self.of_cohort.unmeasured("the cohort").cases

    def check_stratum(self, stratum: str) -> None:
        """Refuse a subgroup that the whole cohort does not know."""
        check_stratum(self.cases, stratum)

    def check_strata(self, named: Iterable[tuple[str, bool]]) -> None:
        """Refuse subgroups that tests name (:func:`editproof.criteria.claimed.strata_named`) and no case is of."""
        check_strata(self.cases, named)

    def _check_study(self) -> None:
        """Refuse a table that is not of the study: with fewer edits of a case, or references out of range."""
        ranges = {name: told.range for name, told in self.study_file.quantities.items() if told.range}
        check_ranges({case.case: case.reference for case in self.of_cohort.cases}, ranges)
        asked, there = self.study_file.repeats or 0, self.of_cohort.repeats
        if asked > there:
            found = f"the study asks for {asked} edits of each case, the table has {there}"
            advice = "Give a row for every edit, those that did not come back among them; or mend repeats of the study."
            raise DatasetError(f"table {self.file.name}", found, advice)

    def cannot_ask(self, claim: Criterion) -> str:
        """What a claim needs that readings alone do not have, in words; empty where it can be asked."""
        estimand = claim.estimand
        if estimand.scope == IMAGES:
            return NEED_IMAGES
        if estimand.reads and estimand.arm not in (ORIGINAL, EDITED):
            return NEED_ARMS
        if estimand.reads and estimand.against != ORIGINAL:
            return NEED_TARGETS
        if estimand.scope == FLOW and not (self.table.listed or self.table.says_status):
            return NEED_ENDS
        return ""

    @cached_property
    def _lock(self) -> Lock | None:
        return read_lock(self.lock) if self.lock else None

    @cached_property
    def _register(self) -> dict[str, dict[str, str]] | None:
        if not self.register:
            return None
        with told_by(self.study_file, "register", str(self.register)):
            return read_register(self.register)

    @cached_property
    def _known(self) -> dict[str, Measurements]:
        return {}

    def measured(self, name: str) -> Measurements:
        """The table of a tool or a control."""
        made = {IDENTITY: self.of_cohort.identity, DESTRUCTIVE: self.of_cohort.destructive}
        if name not in self._known:
            self._known[name] = made[name]() if name in made else self.of_cohort.measurements(name)
        return self._known[name]

    def controls(self) -> Mapping[str, Measurements]:
        """The unchanged originals, and the destructive control where the table has it."""
        names = [IDENTITY, *([DESTRUCTIVE] if self.of_cohort.has_destructive else [])]
        return {name: self.measured(name) for name in names}

    def unmeasured(self, spec: str) -> EditorStudy:
        """A tool and its cohort without one reading, for a protocol to be locked."""
        return EditorStudy(spec, self.cards[spec], self.of_cohort.unmeasured(spec), self.controls, self.check_stratum)

    def study(self, spec: str) -> EditorStudy:
        """A tool with its readings."""
        return EditorStudy(spec, self.cards[spec], self.measured(spec), self.controls, self.check_stratum)

    def out_of_reach(self, claims: Iterable[tuple[Criterion, str]], *, lossy: bool = False) -> Iterator[str]:
        """What claims (criterion and stratum) cannot show on this cohort, or name in vain, in sentences."""
        asked = list(claims)
        yield from unknown_entries(asked, self._register or {})
        yield from in_sentences(asked, self.measured(IDENTITY), lossy=lossy, image="original")

    def facts(
        self, judgements: Sequence[Judgement], incomplete: Iterable[str], command: str, roll: Iterable[RollEntry] = ()
    ) -> Facts:
        """What the run met; the tables are made again, since a test may have changed those that it was given."""
        self._known.clear()
        asked = [name for name in self.editors if any(judgement.spec == name for judgement in judgements)]
        strange = sorted({judgement.spec for judgement in judgements} - set(self.editors))
        gaps = [f"a test judged {spec!r}, which is no tool of this run" for spec in strange]
        facts = Facts(
            created=_now(),
            incomplete=(*incomplete, *gaps),
            dataset=self.dataset,
            instruments=(self.instrument,),
            tools=tuple(self._tool_facts(name, claims_in(judgements, name), self.measured(name)) for name in asked),
            terms=self._terms(judgements),
            environment=environment_of(redacted(command)),
            lock=records.json_of_record(self._lock) if self._lock else None,
            stores=(Store(self.store).name(),),
            judged_before=judgements_in(self.store, self.dataset.digest, ""),
            roll=whole_roll(roll, judgements),
        )
        return replace(facts, controls=self.controls() if primary_claims(facts) else {})

    def remember(self, evidence: Evidence) -> None:
        """Let the store know what the run came to; every later run on this cohort will say so."""
        remember(self.store, evidence)

    def locked(self, judgements: Sequence[Judgement], *, for_gate: bool = False) -> str:
        """The text of a lock file for the run's protocol, which says how many cases have been edited already."""
        tools = tuple(
            self._tool_facts(name, claims_in(judgements, name), self.unmeasured(name).measurements)
            for name in self.editors
        )
        facts = Facts(_now(), (), self.dataset, (self.instrument,), tools, self._terms(judgements), {})
        edited = {name: self.measured(name).edits.query("status == 'ok'") for name in self.editors}
        standing = {name: int(edits["case"].nunique()) for name, edits in edited.items()}
        return locked(protocol_of(facts), standing, facts.created, Store(self.store).name(), for_gate=for_gate)

    def _tool_facts(self, name: str, claims: Sequence[Claim], measured: Measurements) -> ToolFacts:
        return ToolFacts(self.cards[name], in_reading_order(claims), measured, made_elsewhere=True)

    def _terms(self, judgements: Iterable[Judgement]) -> dict[str, JSON]:
        """What the protocol fixes beyond claims, cohort and instruments."""
        terms: dict[str, JSON] = {
            "editors": {card.name: plain(card) for card in self.cards.values()},
            "plan": {"repeats": self.of_cohort.repeats},
            "metrics": "none: no image was measured",
            **term_of(
                self.table.digests,
                self.unasked,
                listed=self.table.listed,
                patients=self.table.says_patient,
                layout=self.layout.told,
                tools=len(self.of_cohort.tools),
                assumed={name: self.table.units[name] for name in self.table.assumed},
            ),
        }
        if own := estimand_digests(judgement.claim.criterion for judgement in judgements):
            terms["estimands"] = own
        if told := self.study_file.protocol:
            terms["study"] = told
        return terms if self._register is None else {**terms, "register": self._register}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
