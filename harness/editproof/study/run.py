"""One run: what was asked on the command line, the studies it needs, and the evidence it ends in."""

from __future__ import annotations

import json
import platform
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from filelock import FileLock

from editproof.audit.derivation import concluded, reading_order
from editproof.core import records
from editproof.core.declared import open_ended
from editproof.core.digests import digest_of
from editproof.core.lines import append, lines_of
from editproof.core.redaction import redacted
from editproof.criteria import Criterion, verdict_on
from editproof.criteria.claimed import check_claims, regions_of
from editproof.criteria.conformance import control_verdicts, floor_verdicts
from editproof.criteria.masks import mask_report
from editproof.datasets.checks import check_regions, distinct
from editproof.datasets.registry import dataset_from_spec
from editproof.datasets.shard import Shard
from editproof.editing.edits import RECORD_MISSING, Terms
from editproof.editors.arms import chains, round_trip
from editproof.editors.registry import EditorFactory, editor_from_spec
from editproof.errors import EditorError
from editproof.evidence.measurements import Measurements, measurements_of
from editproof.evidence.plain import plain
from editproof.evidence.protocol import Lock, claims, locked, of_instrument, read_lock, read_register, slug
from editproof.evidence.record import CONTROLS, EditorEvidence, Evidence
from editproof.imaging.region import INSIDE
from editproof.instruments.fitness import check_fit
from editproof.instruments.registry import instrument_from_spec
from editproof.instruments.runtimes.table import Table
from editproof.metrics import VERSION as METRICS_VERSION
from editproof.study.bench import Bench, Plan, Progress
from editproof.study.case_records import case_row
from editproof.study.exhibits import exhibits
from editproof.study.judging import EditorStudy, Judgement, out_of_reach
from editproof.types import JSON, Dataset, Editor, EditorCard, Instrument, Outcome, Verdict

COMPUTING = ("editproof", "numpy", "scipy", "pandas", "scikit-learn", "opencv-python-headless", "torch", "timm")
RUNTIMES = ("onnxruntime",)


@open_ended
@dataclass(frozen=True)
class Judged:
    """A line of ``judged.jsonl``: the digest of a cohort, and of a protocol under which it was judged here."""

    dataset: str
    protocol: str


@dataclass(frozen=True)
class EditorSupplier:
    """Makes the editor of a specification, in whatever process it finds itself."""

    spec: str
    extra: tuple[tuple[str, EditorFactory], ...] = ()
    allow_egress: tuple[str, ...] = ()

    def __call__(self) -> Editor:
        """The editor; one that would send pixels to a host that was not named is refused."""
        return editor_from_spec(self.spec, dict(self.extra), allow_egress=self.allow_egress)


@dataclass(frozen=True)
class InstrumentSupplier:
    """Makes the instrument of a specification, in whatever process it finds itself."""

    spec: str
    allow_egress: tuple[str, ...] = ()
    trusted: bool = False

    def __call__(self) -> Instrument:
        """The predictor; its weights are read when it first predicts."""
        return instrument_from_spec(self.spec, allow_egress=self.allow_egress, trusted=self.trusted)


@dataclass(frozen=True)
class Run:
    """What was asked for. Everything else follows from it, and is made when first needed."""

    editors: tuple[str, ...]
    dataset_spec: str
    instrument_spec: str
    plan: Plan
    store: Path
    jobs: int = 1
    terms: Terms = field(default_factory=Terms)
    lock: Path | None = None
    shard: str = ""
    trust_instrument: bool = False
    register: Path | None = None
    editor_factories: tuple[tuple[str, EditorFactory], ...] = ()
    dataset_factories: tuple[tuple[str, Callable[[str], Dataset]], ...] = ()
    _known: dict[str, Measurements] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def dataset(self) -> Dataset:
        """The cohort, or the part of it that this run is to measure."""
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
        cards = {spec: self.bench(spec).made_editor.card for spec in self.editors}
        for name, count in Counter(card.name for card in cards.values()).items():
            if count > 1:
                raise EditorError(f"--editor {name}", f"{count} tools go by that name", "Name each tool once.")
        return cards

    @cached_property
    def instrument(self) -> Instrument:
        """The instrument of this very process."""
        return self._instrument_supplier()

    @property
    def _instrument_supplier(self) -> InstrumentSupplier:
        return InstrumentSupplier(self.instrument_spec, self.terms.allow_egress, self.trust_instrument)

    def check(self, claims: Collection[Criterion] = ()) -> None:
        """Raise the one clear error that a wrong tool, cohort, instrument or claim deserves, before work is done."""
        _ = self.cards, self._fitting, self._lock, self._register
        for card in self.cards.values():
            for chain in chains(card).values():
                round_trip(f"{chain}+identity")
        check_claims(claims, self.instrument.card)
        asked_by = {region: f"criterion {claim.id}" for claim in claims for region in regions_of(claim)}
        check_regions(self.whole, asked_by)

    @cached_property
    def _lock(self) -> Lock | None:
        return read_lock(self.lock) if self.lock else None

    @cached_property
    def _register(self) -> dict[str, dict[str, str]] | None:
        return read_register(self.register) if self.register else None

    @cached_property
    def _fitting(self) -> bool:
        """That cohort and instrument are sound and fit one another; else the error that says why not."""
        cases = distinct(self.dataset)
        check_regions(self.whole, {INSIDE: "a tool to change"})
        check_fit(self.instrument.card, self.dataset.card, cases)
        getattr(self.instrument, "check", lambda: None)()
        if isinstance(self.instrument, Table):
            self.instrument.covers(cases, [card.name for card in self.cards.values() if card.name != CONTROLS[0]])
        return True

    def unmeasured(self, spec: str) -> EditorStudy:
        """A tool and its cohort without one edit made, for a protocol to be locked."""
        empty = measurements_of(self.cards[spec].name, [case_row(case) for case in self.dataset], [], [])
        return EditorStudy(spec, self.cards[spec], empty, lambda: {"identity": self._measured("identity")})

    def out_of_reach(self, claims: Iterable[Criterion]) -> tuple[Verdict, ...]:
        """The primary claims that not even the unchanged radiograph meets here, known before an edit is made."""
        unchanged = self._measured("identity")
        return out_of_reach(verdict_on(claim, unchanged) for claim in claims if claim.role == "primary")

    def study(self, spec: str, progress: Progress | None = None) -> EditorStudy:
        """A tool, measured; concurrent processes wait for one another and then read what stands."""
        return EditorStudy(
            spec,
            self.cards[spec],
            self._measured(spec, progress),
            partial(self._controls, progress),
        )

    def evidence(self, judgements: Sequence[Judgement], incomplete: Iterable[str], command: str) -> Evidence:
        """The evidence of the run, from the verdicts of its tests; everything measured is read from the store."""
        instrument = self.instrument
        judgements = sorted(judgements, key=lambda entry: reading_order(entry.verdict, entry.test))
        asked = [spec for spec in self.editors if any(judgement.spec == spec for judgement in judgements)]
        measured = {spec: self._measured(spec) for spec in asked}
        protocol = self.protocol(judgements)
        return concluded(
            Evidence(
                run="",
                created=datetime.now(UTC).isoformat(timespec="seconds"),
                outcome=Outcome.INCONCLUSIVE,
                reason="",
                label="",
                departures=(),
                incomplete=tuple(incomplete),
                dataset=self.dataset.card,
                instruments=(instrument.card,),
                validity=(
                    *floor_verdicts(instrument.card, next(iter(measured.values()))),
                    *control_verdicts([judgement.controls for judgement in judgements]),
                ),
                editors=tuple(
                    self._editor_evidence(spec, measured[spec], [entry for entry in judgements if entry.spec == spec])
                    for spec in asked
                ),
                protocol=protocol,
                environment={
                    **_environment(redacted(command)),
                    "cohort_judged_before": self._earlier_protocols(protocol["digest"]),
                },
                controls=self._controls() if any(judgement.controls for judgement in judgements) else {},
                lock=records.plain(self._lock) if self._lock else None,
                shard=self.shard,
            )
        )  # fmt: skip

    def _controls(self, progress: Progress | None = None) -> dict[str, Measurements]:
        return {name: self._measured(name, progress) for name in CONTROLS}

    def _earlier_protocols(self, digest: str) -> int:
        """Under how many other protocols this store has judged this cohort; a cohort used up in tuning proves less."""
        history, mine = self.store / "judged.jsonl", Judged(self.dataset.card.digest, digest)
        before = [entry for line in lines_of(history)[0] if (entry := records.maybe(Judged, line))]
        if mine not in before:
            append(history, json.dumps(plain(mine)))
        return sum(entry.dataset == mine.dataset and entry != mine for entry in before)

    def _editor_evidence(self, spec: str, measured: Measurements, judgements: Sequence[Judgement]) -> EditorEvidence:
        """What was measured and judged of one tool, before anything is concluded from it."""
        return EditorEvidence(
            card=self.cards[spec],
            outcome=Outcome.INCONCLUSIVE,
            reason="",
            flow={},
            verdicts=tuple(judgement.verdict for judgement in judgements),
            tests=tuple(judgement.test for judgement in judgements),
            attribution=(),
            exhibits=exhibits(self.dataset, self.bench(spec), measured),
            measurements=measured,
            mask=mask_report(self.cards[spec].name, self.bench(spec).mask_trials()),
        )

    def protocol(self, judgements: Iterable[Judgement]) -> dict[str, JSON]:
        """What the run fixes: claims, cohort, instrument, tools and plan, and the digest over all of it."""
        instrument = self.instrument.card
        protocol: dict[str, JSON] = {
            "claims": claims((entry.verdict.criterion, entry.verdict.stratum) for entry in judgements),
            "dataset": self.dataset.card.digest,
            "instruments": {instrument.name: of_instrument(instrument)},
            "floors": {instrument.name: plain(instrument.floors)},
            "editors": {card.name: plain(card) for card in self.cards.values()},
            "plan": plain(self.plan),
            "metrics": METRICS_VERSION,
        }
        if self._register is not None:
            protocol["register"] = self._register
        return {**protocol, "digest": digest_of(protocol)}

    def locked(self, judgements: Iterable[Judgement]) -> str:
        """The text of a lock file for the run's protocol."""
        standing = {card.name: self.bench(spec).standing(self.dataset) for spec, card in self.cards.items()}
        return locked(self.protocol(judgements), standing, datetime.now(UTC).isoformat(timespec="seconds"))

    def _measured(self, spec: str, progress: Progress | None = None) -> Measurements:
        if spec not in self._known:
            locks = self.store / "locks"
            locks.mkdir(parents=True, exist_ok=True)
            with FileLock(locks / f"{slug(spec)}-{digest_of(spec)[:8]}.lock"):
                self._known[spec] = self.bench(spec).measured(self.dataset, jobs=self.jobs, progress=progress)
        return self._known[spec]

    def bench(self, spec: str) -> Bench:
        """What measures one tool. The controls cost nothing, and are under no limit."""
        unlimited = replace(self.terms, mode=RECORD_MISSING, max_cost=None, max_edits=None)
        terms = unlimited if spec in CONTROLS else self.terms
        return Bench(
            EditorSupplier(spec, self.editor_factories, terms.allow_egress),
            self._instrument_supplier,
            self.store,
            self.plan,
            terms,
        )


def _environment(command: str) -> dict[str, JSON]:
    versions = {}
    for package in (*COMPUTING, *RUNTIMES):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": versions,
        "command": command,
        "executable": Path(sys.executable).name,
    }
