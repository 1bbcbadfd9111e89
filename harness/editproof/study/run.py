"""One run: what was asked on the command line, the studies it needs, and the evidence it ends in."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from editproof.audit.findings import exhibits_of, in_reading_order, primary_claims, protocol_of
from editproof.core import records
from editproof.core.digests import digest_of
from editproof.core.files import Place, files_at
from editproof.core.redaction import redacted
from editproof.criteria import Criterion
from editproof.criteria.claimed import check_can_fail, check_claims, regions_of
from editproof.criteria.declared import scales_of, under
from editproof.criteria.reach import in_sentences
from editproof.criteria.redecision import criterion_from
from editproof.criteria.registry import estimand_digests
from editproof.criteria.rehearsal import rehearse
from editproof.datasets.checks import check_ranges, check_regions, distinct
from editproof.datasets.registry import dataset_from_spec
from editproof.datasets.shard import Shard
from editproof.datasets.tables.requests import doubts
from editproof.editing.determinism import date_of
from editproof.editing.edits import RECORD_MISSING, Terms
from editproof.editing.store import Store
from editproof.editors.adapter import check_told
from editproof.editors.arms import chains, round_trip
from editproof.editors.registry import EditorFactory
from editproof.evidence.facts import Claim, Facts, RollEntry, ToolFacts
from editproof.evidence.measurements import PLANTED, Measurements, measurements_of
from editproof.evidence.plain import plain
from editproof.evidence.protocol import Lock, lock_digest, locked, read_lock, read_register, slug
from editproof.evidence.record import CONTROLS, Evidence
from editproof.evidence.strata import check_strata, check_stratum
from editproof.imaging.output import SAME
from editproof.imaging.region import INSIDE
from editproof.instruments import hooks
from editproof.instruments.fitness import check_apart, check_fit
from editproof.metrics import Metric, own_metrics
from editproof.metrics.registry import in_protocol
from editproof.study.axes import axes_in, check_taken
from editproof.study.bench import Bench
from editproof.study.copies import refuse_copies
from editproof.study.executors.executor import Chosen, own_executors
from editproof.study.exhibits import exhibit_pictures
from editproof.study.gathering import case_row
from editproof.study.history import judgements_in, remember
from editproof.study.judging import EditorStudy, Judgement, claims_in
from editproof.study.on_images import check_measurable, check_quantities, quantities_on_images
from editproof.study.plan import Plan
from editproof.study.planting import Planting
from editproof.study.register import unknown_entries
from editproof.study.study_file import StudyFile, told_by
from editproof.study.suppliers import EditorSupplier, InstrumentSupplier, check_named_apart
from editproof.study.surroundings import environment_of, whole_roll
from editproof.types import JSON, Dataset, EditorCard, Instrument, InstrumentCard

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Run:
    """What was asked for. Everything else follows from it, and is made when first needed."""

    editors: tuple[str, ...]
    dataset_spec: str
    instrument_specs: tuple[str, ...]
    plan: Plan
    store: Place
    jobs: int = 1
    terms: Terms = field(default_factory=Terms)
    lock: Path | None = None
    shard: str = ""
    trust_instrument: bool = False
    register: Path | None = None
    study_file: StudyFile = field(default_factory=StudyFile)
    editor_factories: tuple[tuple[str, EditorFactory], ...] = ()
    dataset_factories: tuple[tuple[str, Callable[[str], Dataset]], ...] = ()
    metrics: tuple[Metric, ...] = ()
    executor: Chosen = field(default_factory=Chosen)
    _known: dict[tuple[str, bool], Measurements] = field(default_factory=dict, repr=False, compare=False)
    _given: dict[tuple[str, bool], Measurements] = field(default_factory=dict, repr=False, compare=False)
    _planted: set[str] = field(default_factory=set, repr=False, compare=False)

    @cached_property
    def dataset(self) -> Dataset:
        """The cohort, or the part of it that this run is to measure."""
        with told_by(self.study_file, "cohort", self.dataset_spec):
            whole = dataset_from_spec(self.dataset_spec, dict(self.dataset_factories))
        return Shard(whole, self.shard) if self.shard else whole

    @property
    def whole(self) -> Dataset:
        """The cohort, of which :attr:`dataset` may be a part."""
        return self.dataset.whole if isinstance(self.dataset, Shard) else self.dataset

    @cached_property
    def cards(self) -> dict[str, EditorCard]:
        """Card of each tool by specification.

        Raises
        ------
        EditorError
            Where two specifications name one tool; a report could not tell them apart.
        """
        cards = {}
        for spec in self.editors:
            with told_by(self.study_file, "editors", spec):
                cards[spec] = self.bench(spec).made_editor.card
        check_named_apart(cards.values())
        return cards

    @cached_property
    def instruments(self) -> tuple[Instrument, ...]:
        """The instruments of this very process.

        Raises
        ------
        InstrumentError
            Where two have one name, or read one quantity.
        """
        made = []
        for supplier in self._instrument_suppliers:
            with told_by(self.study_file, "instruments", supplier.spec):
                made.append(supplier())
        check_apart([instrument.card for instrument in made])
        return tuple(made)

    @property
    def _instrument_suppliers(self) -> tuple[InstrumentSupplier, ...]:
        hosts, trusted = self.terms.allow_egress, self.trust_instrument
        return tuple(InstrumentSupplier(spec, hosts, trusted) for spec in self.instrument_specs)

    @property
    def _instrument_cards(self) -> tuple[InstrumentCard, ...]:
        return tuple(instrument.card for instrument in self.instruments)

    def under(self, criterion: Criterion) -> Criterion:
        """A claim with the caps and ranges that the study declares; one that could not fail under them is refused."""
        check_can_fail([found := under(criterion, self.study_file.quantities)], self._scales)
        return found

    @cached_property
    def _scales(self) -> dict[str, tuple[float, float]]:
        """Least and greatest value of each quantity, as far as they are known before an edit."""
        references = self.cases.filter(regex="^reference:").items()
        known = {str(name).partition(":")[2]: values.dropna().tolist() for name, values in references}
        return scales_of(self.study_file.quantities, self._instrument_cards, known)

    def check(self, claims: Collection[Criterion] = ()) -> None:
        """Raise the one clear error that a wrong tool, cohort, instrument or claim deserves, before work is done."""
        _ = files_at(self.store), self.executor.opened
        _ = self.own_metrics, self.cards, self._fitting, self._lock, self._register, self._measurable
        if not claims:
            return
        for claim in claims:
            rehearse(claim.estimand)
        self.plant_for(claims)
        check_claims(claims, self._instrument_cards)
        check_measurable(claims, self.own_metrics, self._instrument_cards, self.whole, self.axes)
        asked_by = {region: f"criterion {claim.id}" for claim in claims for region in regions_of(claim)}
        check_regions(self.whole, asked_by)

    @cached_property
    def _measurable(self) -> bool:
        """That arms can be made again and the cohort bears what instruments declare, whatever is claimed."""
        for card in self.cards.values():
            for chain in chains(card).values():
                round_trip(f"{chain}+identity")
        check_measurable((), self.own_metrics, self._instrument_cards, self.whole, self.axes)
        return True

    @cached_property
    def cases(self) -> pd.DataFrame:
        """The table of cases of the whole cohort, as :class:`editproof.evidence.measurements.Measurements` has it."""
        return measurements_of("the cohort", [case_row(case) for case in self.whole], [], []).cases

    def check_stratum(self, stratum: str) -> None:
        """Refuse a subgroup that the whole cohort does not know."""
        check_stratum(self.cases, stratum)

    def check_strata(self, named: Iterable[tuple[str, bool]]) -> None:
        """Refuse subgroups that tests name (:func:`editproof.criteria.claimed.strata_named`) and no case is of."""
        check_strata(self.cases, named)

    def plant_for(self, claims: Iterable[Criterion]) -> None:
        """Have structures planted from here on where a claim is about them; see :mod:`editproof.imaging.planted`."""
        if any(claim.estimand.arm == PLANTED for claim in claims):
            self.plant()

    def plant(self) -> None:
        """Have structures planted from here on."""
        self._planted.add(PLANTED)

    @cached_property
    def planting(self) -> Planting:
        """The cases of the whole cohort that have structures planted, where a claim is about them."""
        return Planting.in_cohort(self.whole, self.plan.seed)

    @cached_property
    def own_metrics(self) -> tuple[Metric, ...]:
        """The metrics measured beside the built-in ones: the study's own, and those of installed packages."""
        return own_metrics(self.metrics)

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
    def _fitting(self) -> bool:
        """That cohort, tools and instruments are sound and fit one another; else the error that says why not."""
        cases = distinct(self.dataset)
        check_regions(self.whole, {INSIDE: "a tool to change"})
        check_taken(self.axes, self._taken, self._instrument_cards, self.plan.geometry)
        check_quantities(self.study_file.quantities, self.own_metrics, self._instrument_cards)
        ranges = {name: told.range for name, told in self.study_file.quantities.items() if told.range}
        check_ranges({case.case_id: case.reference for case in cases}, ranges)
        self.check_told()
        for instrument in self.instruments:
            check_fit(instrument.card, self.dataset.card, cases)
            hooks.check(instrument)
            hooks.check_covers(instrument, cases, [card.name for card in self.cards.values()])
        return True

    @cached_property
    def axes(self) -> str:
        """The axes that every image of the whole cohort has; a cohort in which one image is two cases is refused."""
        on = self.executor.at(self.store)
        known = refuse_copies(self.whole, self.store, self.plan.geometry, jobs=self.jobs, executor=on)
        return axes_in(self.whole.card.name, {case_id: digests.size for case_id, digests in known.items()})

    @property
    def _taken(self) -> dict[str, tuple[str, ...]]:
        """Axes of the images that each tool takes, by its name."""
        return {self.cards[spec].name: self.bench(spec).made_editor.service.axes for spec in self.editors}

    def check_taken(self) -> None:
        """Refuse a tool that does not take the images of the cohort; see :func:`editproof.study.axes.check_taken`."""
        check_taken(self.axes, self._taken, (), self.plan.geometry)

    def check_told(self) -> None:
        """Refuse a study without words for a tool that takes them; see :func:`editproof.editors.adapter.check_told`."""
        for spec in self.editors:
            check_told(self.bench(spec).made_editor, self.plan.prompt, self.dataset)

    def unmeasured(self, spec: str) -> EditorStudy:
        """A tool and its cohort without one edit made, for a protocol to be locked."""
        empty = measurements_of(self.cards[spec].name, [case_row(case) for case in self.dataset], [], [])
        controls = lambda: {"identity": self._measured("identity")}  # noqa: E731
        return EditorStudy(spec, self.cards[spec], empty, controls, self.check_stratum)

    def out_of_reach(self, claims: Iterable[tuple[Criterion, str]], *, lossy: bool = False) -> Iterator[str]:
        """What claims (criterion and stratum) cannot show on this cohort, or name in vain, before an edit is made.

        Parameters
        ----------
        lossy : bool
            Whether to ask too how many lost edits the suite as a whole bears.
        """
        asked = list(claims)
        self.plant_for(claim for claim, _ in asked if claim.role == "primary")
        yield from doubts(self.dataset.card.warnings)
        yield from unknown_entries(asked, self._register or {})
        yield from in_sentences(asked, self._measured("identity"), lossy=lossy, image="radiograph")

    def study(self, spec: str) -> EditorStudy:
        """A tool, measured; concurrent processes wait for one another and then read what is stored."""
        controls = lambda: {name: self._copied(name) for name in CONTROLS}  # noqa: E731
        return EditorStudy(spec, self.cards[spec], self._copied(spec), controls, self.check_stratum)

    def facts(
        self, judgements: Sequence[Judgement], incomplete: Iterable[str], command: str, roll: Iterable[RollEntry] = ()
    ) -> Facts:
        """What the run met: what its tests claimed, and what is measured.

        Tests that claimed something are on the roll in any case. No test was given the tables that are judged here, but
        copies, since it may have changed them.
        """
        self.plant_for(criterion_from(judgement.claim.criterion) for judgement in judgements)
        asked = [spec for spec in self.editors if any(judgement.spec == spec for judgement in judgements)]
        tools = tuple(self._tool_facts(spec, claims_in(judgements, spec)) for spec in asked)
        facts = Facts(
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            incomplete=(*incomplete, *self._unjudged(judgements)),
            dataset=self.dataset.card,
            instruments=self._instrument_cards,
            tools=tools,
            terms=self._terms(judgements),
            environment=environment_of(redacted(command)),
            lock=records.json_of_record(self._lock) if self._lock else None,
            shard=self.shard,
            began=date_of(self.terms.since) if math.isfinite(self.terms.since) else "",
            stores=(Store(self.store).name(),),
            judged_before=judgements_in(self.store, self.dataset.card.digest, self.shard),
            roll=whole_roll(roll, judgements),
        )
        facts = replace(facts, controls=self._controls() if primary_claims(facts) or self._planted else {})
        self.executor.opened.close()
        return facts

    def remember(self, evidence: Evidence) -> None:
        """Let the store know what the run came to; every later run on this cohort will say so."""
        remember(self.store, evidence)

    def _controls(self) -> dict[str, Measurements]:
        return {name: self._measured(name) for name in CONTROLS}

    def _unjudged(self, judgements: Iterable[Judgement]) -> Iterator[str]:
        """Names that tests judged though they are no tool's."""
        strange = {judgement.spec for judgement in judgements} - set(self.editors)
        yield from (f"a test judged {spec!r}, which is no tool of this run" for spec in sorted(strange))

    def _tool_facts(self, spec: str, claims: Sequence[Claim]) -> ToolFacts:
        bench, measured = self.bench(spec), self._measured(spec)
        facts = ToolFacts(
            card=self.cards[spec],
            claims=in_reading_order(claims),
            measurements=measured,
            made_elsewhere=bench.made_editor.service.precomputed,
            mask_trials=bench.mask_trials(self.axes),
            calls=bench.calls(),
        )
        return replace(facts, pictures=exhibit_pictures(self.dataset, bench, exhibits_of(facts)))

    def _terms(self, judgements: Iterable[Judgement]) -> dict[str, JSON]:
        """What the protocol fixes beyond claims, cohort and instruments."""
        terms: dict[str, JSON] = {
            "editors": {card.name: plain(card) for card in self.cards.values()},
            "plan": plain(self.plan),
            "metrics": in_protocol(self.own_metrics),
        }
        where_told = {
            "study": self.study_file.protocol,
            "estimands": estimand_digests(judgement.claim.criterion for judgement in judgements),
            "executors": own_executors(self.executor, self.store),
        }
        terms |= {name: told for name, told in where_told.items() if told}
        return terms if self._register is None else {**terms, "register": self._register}

    def locked(self, judgements: Sequence[Judgement], *, for_gate: bool = False) -> str:
        """The text of a lock file for the run's protocol; one for a gate leaves the versions of the tools open."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        tools = tuple(
            ToolFacts(card, in_reading_order(claims_in(judgements, spec)), self.unmeasured(spec).measurements)
            for spec, card in self.cards.items()
        )
        facts = Facts(now, (), self.dataset.card, self._instrument_cards, tools, self._terms(judgements), {})
        standing = {card.name: self.bench(spec).standing(self.dataset) for spec, card in self.cards.items()}
        return locked(protocol_of(facts), standing, now, Store(self.store).name(), for_gate=for_gate)

    def _measured(self, spec: str) -> Measurements:
        key = spec, bool(self._planted)
        if key not in self._known:
            with files_at(self.store).holding(f"locks/{slug(spec)}-{digest_of(spec)[:8]}.lock"):
                table = self.bench(spec).measured(self.dataset, jobs=self.jobs, executor=self.executor.at(self.store))
            asked = quantities_on_images(self.own_metrics, self._instrument_cards, self.axes)
            self._known[key] = table.looking_for(asked)
        return self._known[key]

    def _copied(self, spec: str) -> Measurements:
        """What was measured on a tool's edits, for tests, which share it; the run judges its own."""
        key, own = (spec, bool(self._planted)), self._measured(spec)
        if key not in self._given:
            self._given[key] = own.copied()
        return self._given[key]

    def bench(self, spec: str) -> Bench:
        """What measures one tool. The controls cost nothing, and are under no limit."""
        unlimited = replace(self.terms, mode=RECORD_MISSING, max_cost=None, max_edits=None)
        terms = unlimited if spec in CONTROLS else self.terms
        plan = replace(self.plan, output=SAME) if spec in CONTROLS else self.plan
        return Bench(
            EditorSupplier(spec, self.editor_factories, terms.allow_egress),
            self._instrument_suppliers,
            self.store,
            plan,
            terms,
            self.own_metrics,
            self.planting if self._planted else Planting(),
            lock_digest(self._lock) if self._lock else "",
        )
