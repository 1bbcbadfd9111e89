"""What is estimated (ICH E9(R1)): a quantity, a summary over patients, a rule for missing edits."""

from __future__ import annotations

import math
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np

from editproof.criteria.image_readings import image_parts, image_readings
from editproof.criteria.reader_readings import reader_readings
from editproof.criteria.readings import RULES, WORST_CASE, Readings, flow_readings, instrument_readings, with_missing
from editproof.criteria.threshold import Threshold
from editproof.errors import EditproofError, ProtocolError
from editproof.evidence.measurements import EDITED, ORIGINAL, PLANTED, POOLED, TARGET, Measurements
from editproof.stats.gaffke import CONVENTIONAL, GAFFKE
from editproof.stats.interval import Interval, no_interval
from editproof.stats.statistic import Statistic, Undefined, statistic_of
from editproof.types import JSON, EstimandSpec, Estimate

Compute: TypeAlias = Callable[[Readings], Statistic]

READINGS, REPEATS, READERS, IMAGES, FLOW = "readings", "repeats", "readers", "images", "flow"
SCOPES = (READINGS, REPEATS, READERS, IMAGES, FLOW)
"""What an estimand is about: readings against reference or originals, against one another, those of several human
readers, images, or ends of edits."""

CONTINUOUS, PROBABILITY, ANY = "continuous", "probability", "any"
KINDS = (CONTINUOUS, PROBABILITY, ANY)
"""What an instrument has to read for it."""

NEEDS = frozenset({"reference", "original"})

APPROXIMATE = "approximate"
"""The level of a claim whose limits rest on the usual assumptions: many patients, none out of all proportion."""


@dataclass(frozen=True, repr=False, kw_only=True)
class Estimand:
    """One number to be estimated, complete with what it is made of. Made by factories that :func:`estimand` marks.

    Attributes
    ----------
    name : str
        E.g. ``"MAE drift"``.
    quantity : str
        What was read, e.g. ``"bone_age"``, or an image metric such as ``"ks_distance:protected"``.
    parts : tuple of str
        Further quantities that it is made of, e.g. of each class: ``readings.parts``.
    statistic : callable
        From the readings to a statistic of :mod:`editproof.stats`; a function of a module, or a ``functools.partial``
        of one. Where an edit is missing the reading is NaN, and ``readings.missing`` is True.
    ideal : float
        The value of a tool that could not be better; a share of the way from there is what a comparison of two versions
        takes for a margin where none is given.
    unit : str or None
        Unit of the estimate; None takes that of the measurements.
    scope : {"readings", "repeats", "readers", "images", "flow"}
        ``"repeats"`` compares the repeats of an edit with one another and with nothing else; ``"readers"`` gets the
        readings of each human reader.
    least, most : float
        The interval in which the value of one patient lies, by its nature or because it is declared (a cap). Without
        one no limit holds whatever was not seen: the level of a claim is approximate, and a missing edit leaves it
        open.
    cap_in_margins : float
        Where the factory has a parameter ``cap`` and it was not given, the cap that a criterion puts there, in units of
        its margin.
    root : bool
        Whether it is the root of a mean of squares, to which its interval then applies.
    counts : str
        Of which patients the number decides how much it can show, e.g. ``"of either class"``; empty where it is of all.
    reach : float
        Of claims on readers: how far from the ideal value the mean of one patient can lie; infinite where nothing
        bounds it.
    kind : {"continuous", "probability", "any"}
        What the instrument has to read.
    needs : frozenset of str
        Which of ``"reference"`` and ``"original"`` have to be there.
    against : {"original", "target"}
        What edits are held against. Of the cases that bring no target, nothing is known that is against one.
    missing : {"worst_case", "complete_case", "original_used"}
        How an edit that did not come back is dealt with; see :func:`~editproof.criteria.readings.with_missing`.
    unchanged : float
        Of image metrics: the value of an untouched image.
    perfect : float, optional
        Of image metrics on what an edit is for: the value of a perfect edit, which an untouched image does not have.
    undefined_counts : bool
        Of image metrics: whether an edit on which the metric is not defined counts as a missing one.
    signed : bool
        Whether it is a signed difference, which is printed with its sign.
    by : str
        A stratum on which the statistic depends, or empty.
    grouped : bool
        Whether that stratum says which cases belong together, and its values are no more than names.
    recalibration : str
        Curve by which both arms are recalibrated first (cross-fitted by patient), or empty.
    threshold : Threshold, optional
        Of a share: which values count, and the interval in which they lie. A claim is refused where that is none of
        them, or all; of an estimand without one nothing is assumed.
    incomparable : str
        Why two versions of a tool cannot be compared by it; empty where they can.
    spec : EstimandSpec, optional
        How it is written down; entered by :func:`estimand`.
    origins : frozenset of str
        Module and name of the factories that had a part in it; entered by :func:`estimand`.
    maker : callable, optional
        Makes it again, with other arguments where they are given by name; entered by :func:`estimand`.

    Raises
    ------
    ProtocolError
        Where a rule, scope, kind or need is none of those there are.
    """

    name: str
    quantity: str
    statistic: Compute
    ideal: float
    unit: str | None = ""
    parts: tuple[str, ...] = ()
    scope: str = READINGS
    least: float = -math.inf
    most: float = math.inf
    cap_in_margins: float = 30.0
    root: bool = False
    counts: str = ""
    reach: float = math.inf
    kind: str = CONTINUOUS
    needs: AbstractSet[str] = frozenset()
    arm: str = EDITED
    against: str = ORIGINAL
    instrument: str = POOLED
    missing: str = WORST_CASE
    unchanged: float = 0.0
    perfect: float | None = None
    undefined_counts: bool = False
    signed: bool = False
    by: str = ""
    grouped: bool = False
    recalibration: str = ""
    threshold: Threshold | None = None
    incomparable: str = ""
    spec: EstimandSpec | None = None
    origins: frozenset[str] = field(default=frozenset(), compare=False)
    maker: Callable[..., Estimand] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Refuse what does not exist while the protocol is written, not when the data are in."""
        object.__setattr__(self, "needs", frozenset(self.needs))
        for what, given, known in (
            ("missing-data rule", {self.missing}, RULES),
            ("scope of an estimand", {self.scope}, SCOPES),
            ("kind of readings", {self.kind}, KINDS),
            ("need of an estimand", self.needs, sorted(NEEDS)),
            ("what edits are held against,", {self.against}, (ORIGINAL, TARGET)),
        ):
            if strange := sorted(given - set(known)):
                raise ProtocolError(f"{what} {strange[0]!r}", f"there are {', '.join(known)}", "Choose one of those.")

    def __repr__(self) -> str:
        """The factory call with every parameter."""
        return str(self.spec) if self.spec else f"<estimand {self.name}, of no factory>"

    def __call__(self, measurements: Measurements, confidence: float = 0.90, limits: str = GAFFKE) -> Estimate:
        """Same as :meth:`estimate`."""
        return self.estimate(measurements, confidence, limits)

    @property
    def reads(self) -> bool:
        """Whether an instrument's readings enter it."""
        return self.scope in (READINGS, REPEATS, READERS)

    @property
    def is_bounded(self) -> bool:
        """Whether the value of one patient lies in a declared interval."""
        return math.isfinite(self.least) and math.isfinite(self.most)

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest estimate that there can be, limits of its interval included; else infinite.

        A cap does not bound what is recalibrated, and claims on readers are bounded by their reach.
        """
        if math.isfinite(self.reach):
            return self.ideal - (self.reach if self.signed else 0.0), self.ideal + self.reach
        recalibrated = self.recalibration and self.kind == CONTINUOUS and self.threshold is None
        if not self.is_bounded or recalibrated:
            return -math.inf, math.inf
        return (0.0, max(abs(self.least), abs(self.most))) if self.root else (self.least, self.most)

    @property
    def wants_cap(self) -> bool:
        """Whether its factory takes a cap and none was given."""
        return self.spec is not None and self.spec.arguments.get("cap", 0.0) is None

    def capped(self, cap: float) -> Estimand:
        """The same with a cap.

        Raises
        ------
        ProtocolError
            Where the cap is no positive number.
        """
        if not (0 < cap < math.inf) or self.maker is None:
            raise ProtocolError(f"{self!r} with a cap of {cap}", "it is no positive number", "Write e.g. cap=60.")
        return self.maker(cap=cap)

    def estimate(self, measurements: Measurements, confidence: float = 0.90, limits: str = GAFFKE) -> Estimate:
        """The number with its two-sided interval, or the reason why there is none.

        Parameters
        ----------
        confidence : float
            Two-sided coverage; a one-sided bound at 0.95 is a limit of the interval at 0.90.
        limits : {"gaffke", "betting", "conventional"}
            How the limits are made, where the value of a patient is bounded.
        """
        raw = self.raw(measurements)
        edited = self.arm != ORIGINAL
        found = self.interval_of(raw, confidence, limits)
        notes: dict[str, JSON] = dict(found.notes)
        n_edits = 0 if not edited else raw.values.size if found.n_edits is None else found.n_edits
        n_missing = int(raw.missing.sum()) if edited and self.scope != FLOW else 0
        if n_missing and not raw.missing.all():
            notes["missing_rule"] = self.missing
            notes["sensitivity"] = {
                rule: _figures(self.interval_of(raw, confidence, limits, rule))
                for rule in RULES
                if rule != self.missing
            }
        return Estimate(
            found.value, found.low, found.high, self.unit_in(measurements), confidence, found.n_patients,
            n_edits, n_missing, found.method, found.seed, found.reason, notes,
        )  # fmt: skip

    def raw(self, measurements: Measurements) -> Readings:
        """What the estimate is made of, before a rule fills what did not come back."""
        if self.parts:
            main, images = replace(self, parts=()), self.scope == IMAGES
            others = (replace(main, quantity=part).raw(measurements) for part in self.parts)
            further = image_parts(measurements, self.parts, self.arm) if images else others
            return main.raw(measurements).with_parts(further)
        original = "original" in self.needs
        if self.scope == FLOW:
            return flow_readings(measurements, frozenset(self.quantity.split("+")))
        if self.scope == IMAGES:
            return image_readings(
                measurements, self.quantity, self.arm, original=original, undefined_counts=self.undefined_counts,
                to_target=self.against == TARGET,
            )  # fmt: skip
        if self.scope == READERS:
            return reader_readings(measurements, self.quantity, self.arm, reference="reference" in self.needs)
        readings = instrument_readings(
            measurements, self.quantity, self.arm, self.instrument,
            reference="reference" in self.needs, original=original, by=self.by, grouped=self.grouped,
            against=self.against,
        )  # fmt: skip
        if self.grouped:
            readings = readings.only(readings.in_groups)
        return replace(readings, copied=measurements.n_copied) if self.scope == REPEATS else readings

    def statistic_of(self, readings: Readings) -> Statistic:
        """The statistic of readings from which nothing is missing any more.

        Raises
        ------
        ProtocolError
            Where a user's own statistic raises, or returns something else.
        """
        try:
            made = statistic_of(self.statistic(readings))
        except EditproofError:
            raise
        except Exception as error:
            raise ProtocolError(
                f"estimand {self!r}",
                f"its statistic raised {type(error).__name__}: {error}",
                "Mend it, or leave it out.",
            ) from error
        if self.is_bounded and not (made.bounded or made.reason or self.recalibration):
            raise ProtocolError(
                f"estimand {self!r}",
                f"it declares an interval, and its {type(made).__name__} has limits that do not keep to it",
                "Return readings.mean_of(...) or a share, or leave least and most out.",
            )
        return made

    def interval_of(self, raw: Readings, confidence: float, limits: str = GAFFKE, rule: str | None = None) -> Interval:
        """The number of readings with its two-sided interval; missing edits by its own rule, or by another one."""
        if reason := self.refusal(raw):
            return no_interval(reason, confidence, raw.n_patients)
        statistic = self.statistic_on(raw, rule)
        if statistic.reason or self.is_approximate(statistic) or limits == CONVENTIONAL:
            return statistic.conventional(confidence).noted(level=APPROXIMATE)
        found = statistic.interval(confidence, limits)
        beside = statistic.conventional(confidence)
        return replace(found, notes={**beside.notes, **found.notes, "conventional": _shown(beside)})

    def statistic_on(self, raw: Readings, rule: str | None = None) -> Statistic:
        """The statistic of readings of which some may be missing; by default by its own rule.

        Of a statistic that is not bounded there is a number of the edits that came back, and nothing says how far those
        that are missing could have moved it.
        """
        readings = self.completed(raw, rule or self.missing)
        if not readings.missing.any():
            return self.statistic_of(readings)
        seen = self.statistic_of(readings.complete().settled())
        if seen.reason or not self.is_approximate(seen):
            return self.statistic_of(readings)
        n = int(readings.missing.sum())
        noun = "reading" if self.scope == READERS else "edit"
        edits = f"{noun} is" if n == 1 else f"{noun}s are"
        why = f"{n} {edits} missing, and nothing bounds what the {self.name} would be with them"
        return Undefined(patients=seen.patients, why=why, notes={"point": seen.value})

    def is_approximate(self, statistic: Statistic) -> bool:
        """Whether limits rest on the usual assumptions alone, as those do for which a curve was fitted first."""
        return bool(self.recalibration) or not statistic.bounded

    def refusal(self, raw: Readings) -> str:
        """Why there can be no estimate; empty where there can."""
        if not raw.n_patients and self.arm == PLANTED:
            return "none of these cases has planted structures; a claim on them is a global of its test's module"
        if not raw.n_patients and self.against == TARGET:
            return "no case has a target image, which this claim needs; bring targets with the cohort"
        if not raw.n_patients and self.grouped:
            return f"no two cases have the same {self.by!r}, so nothing was acquired twice"
        if not raw.n_patients:
            return self._undefined if self.scope == IMAGES else "there are no patients"
        if raw.copied:
            return (
                f"the repeats are copies: in {raw.copied} of {len(raw.cases)} cases two edits are equal byte for byte, "
                "and no check shows that the tool is deterministic"
            )
        if raw.missing.all() and self.arm == PLANTED:
            return "no edit of a planted radiograph came back; edits made elsewhere have none"
        if raw.missing.all():
            return "no edit came back" if self.arm != ORIGINAL else "no reading"
        if "original" in self.needs and self.scope != READERS and np.isnan(raw.original).any():
            return f"{int(np.isnan(raw.original).sum())} {self.against}s have no reading to compare with"
        if self.arm == ORIGINAL and raw.missing.any():
            return f"{int(raw.missing.sum())} originals have no reading"
        if self.by and not self.grouped and len(np.unique(raw.covariate[~np.isnan(raw.covariate)])) < 2:
            return "the stratum has one value only"
        return ""

    @property
    def _undefined(self) -> str:
        """Why there is no value on any edit, of a quantity of images."""
        name, _, subject = self.quantity.partition(":")
        if name.endswith("_to_reference"):
            return f"no case has a reference with {subject}, so there is nothing to find: {name} is defined for no edit"
        if name.endswith("_to_original"):
            return f"{subject} is found on no original, so there is nothing to lose: {name} is defined for no edit"
        return f"{self.quantity} is defined for no edit"

    def completed(self, raw: Readings, rule: str) -> Readings:
        """The readings recalibrated, with the interval of a patient's value, and missing edits dealt with by a rule."""
        readings = raw.recalibrated(self.recalibration) if self.recalibration else raw
        bounds = (-math.inf, math.inf) if self.recalibration else (self.least, self.most)
        images = None if self.reads else self.unchanged
        return with_missing(replace(readings, least=bounds[0], most=bounds[1]), rule, images)

    def unit_in(self, measurements: Measurements) -> str:
        """The unit of the estimate, which for an estimand of no declared unit is that of the measurements.

        Raises
        ------
        ProtocolError
            Where the quantity was measured in another unit than the estimand states.
        """
        measured = "" if self.scope == FLOW else measurements.unit(self.quantity)
        if self.unit is None:
            return measured
        continuous = self.reads and self.kind == CONTINUOUS
        if continuous and self.unit and measured and self.unit != measured:
            raise ProtocolError(
                f"{self!r} in {self.unit!r}", f"{self.quantity!r} was measured in {measured!r}",
                "State the unit in which it is measured.",
            )  # fmt: skip
        return self.unit


def _shown(found: Interval) -> JSON:
    """A conventional interval as it is noted beside the one that decides."""
    return {"method": found.method, "interval": _figures(found)}


def _figures(found: Interval) -> JSON:
    return [found.value, found.low, found.high] if found.exists else found.reason
