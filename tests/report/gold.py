"""Synthetic evidence for the tests of the report: made by a seeded generator, never measured on anything.

Two tools on forty invented patients with three repeats: one fills inside the mask, the other redraws the whole frame.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from editproof.evidence.facts import Extent, MaskTrial
from editproof.evidence.findings import Attribution, MaskReport
from editproof.evidence.maps import text_of_cells
from editproof.evidence.measurements import Measurements, measurements_of
from editproof.evidence.patches import levels_of
from editproof.evidence.record import EditorEvidence, Evidence, PicturedExhibit
from editproof.types import (
    CriterionCard,
    DatasetCard,
    EditorCard,
    EstimandSpec,
    Estimate,
    InstrumentCard,
    Outcome,
    Quantity,
    Verdict,
)
from PIL import Image, ImageDraw, ImageFilter
from sklearn.metrics import roc_auc_score

from tests.records import replace, run_of, tool_of

Floats = npt.NDArray[np.float64]
Gray = npt.NDArray[np.uint8]

REPEATS = 3
HAND = np.hypot((np.arange(46)[:, None] - 26) / 20, (np.arange(37)[None] - 18) / 11) < 1
"""Cells of a frame of 320 x 256 pixels in which the hand lies."""
SYNTHETIC = "placeholder: invented for the tests of the report"
STRATA = ("all", "sex=F", "sex=M", "bone_age<96", "bone_age>=96")
TELEA = EditorCard(
    "opencv-telea", "5.0.0", "Classical fill of the marked area from its border (Telea 2004).", {"radius": 3},
    deterministic=True,
)  # fmt: skip
RERENDER = EditorCard(
    "rerender", "9f3c21d0", "A generative network that draws the whole frame anew and leaves the marker out.",
    {"temperature": 1.0}, "ignored: the whole frame is drawn anew", deterministic=False,
)  # fmt: skip


def evidence(patients: int = 40, seed: int = 20261123, *, pictures: bool = True) -> Evidence:
    """The whole synthetic run: ``opencv-telea`` conforms, ``rerender`` does not."""
    cohort = _Cohort(patients, seed)
    telea = cohort.edited_by(TELEA, shift=0.0, spread=0.35, blur=0.0, lost=())
    rerender = cohort.edited_by(
        RERENDER, shift=34.0, spread=14.0, blur=0.62, lost=("refused", "refused", "failed", "malformed", "timed_out")
    )
    editors = tuple(
        _judged(card, table, cohort, outcome, reason, pictures)
        for card, table, outcome, reason in (
            (TELEA, telea, Outcome.PASS, "All 11 primary criteria hold."),
            (RERENDER, rerender, Outcome.FAIL, "11 of 11 primary criteria failed: BA-1, BA-2, SX-1, IM-1, IM-2."),
        )
    )
    return run_of(
        run="gold-run",
        created="2026-11-23T12:00:00Z",
        outcome=Outcome.FAIL,
        reason="One of two tools was shown to harm the readings.",
        label="CONFIRMATORY",
        departures=(),
        incomplete=(),
        dataset=DatasetCard(
            "synthetic hands", "Forty invented patients for the tests of the report; no image of a person.",
            "tests/report/gold.py", "public domain", "sha256:" + "5a" * 32, patients, patients,
            ("Synthetic: the figures on this page were drawn from a random number generator.",),
        ),
        instruments=(_INSTRUMENT,),
        validity=cohort.validity(telea),
        editors=editors,
        protocol={
            "digest": "c0ffee" + "0" * 58, "dataset": "5a" * 32, "repeats": REPEATS, "seed": seed,
            "missing": "worst_case", "prompt": "Remove the markers outside the hand. Keep all anatomy.",
            "editors": {"opencv-telea": {"radius": 3}, "rerender": {"temperature": 1.0}},
            "criteria": {"BA-1": "d1" * 32, "SX-1": "d2" * 32},
            "register": {
                "requirements": {"R1": "readings stay accurate", "R2": "the marker is gone"},
                "hazards": {"H1": "sexual dimorphism erased", "H2": "a fracture is drawn over"},
            },
        },
        environment={
            "python": "3.11.9", "platform": "Linux x86_64",
            "command": "pytest validations/ --editor opencv-telea --editor rerender",
            "packages": {"numpy": "2.4.6", "opencv-python-headless": "5.0.0.93", "torch": "2.13.0"},
        },
    )  # fmt: skip


def without_edits(whole: Evidence) -> Evidence:
    """The same run where the second tool refused every request."""
    first, second = whole.editors
    table = second.measurements
    refused = replace(
        table,
        rows=table.rows[table.rows["arm"] == "original"],
        edits=table.edits.assign(status="refused", message="content policy"),
        histograms=table.histograms[table.histograms["arm"] == "original"],
    )
    requested = len(table.edits)
    nothing = Estimate(None, None, None, "months", 0.9, 0, 0, requested, "none", reason="no edit came back")
    verdicts = tuple(
        replace(v, estimate=replace(nothing, unit=v.estimate.unit), outcome=Outcome.INCONCLUSIVE, because="no edit")
        for v in second.verdicts
    )
    flow = {"requested": requested, "ok": 0, "refused": requested, "failed": 0, "malformed": 0, "timed_out": 0}
    empty = replace(
        second, outcome=Outcome.INCONCLUSIVE, reason="No edit came back, so nothing could be shown.", flow=flow,
        verdicts=verdicts, attribution=(), exhibits=(), measurements=refused,
    )  # fmt: skip
    return replace(whole, editors=(first, empty))


def without_verdicts(whole: Evidence) -> Evidence:
    """The same run where no criterion was asked."""
    bare = tuple(
        replace(
            e, verdicts=(), tests=(), attribution=(), outcome=Outcome.INCONCLUSIVE, reason="No criterion was asked."
        )
        for e in whole.editors
    )
    return replace(whole, editors=bare, validity=(), outcome=Outcome.INCONCLUSIVE, reason="No criterion was asked.")


def invalid(whole: Evidence) -> Evidence:
    """The same run where the instruments missed their floor, outside the plan and cut short."""
    missed = replace(whole.validity[0], outcome=Outcome.INVALID, because="8.91 months, required at most 8.0")
    return replace(
        whole, validity=(missed, *whole.validity[1:]), outcome=Outcome.INVALID,
        reason="The bone-age instrument missed its floor on the originals, so no verdict on a tool stands.",
        label="EXPLORATORY", departures=("margin of BA-1 changed after the lock", "20 cases added"),
        incomplete=("3 tests deselected by -k", "1 test marked xfail"),
        editors=tuple(replace(e, outcome=Outcome.INVALID, reason="The run is invalid.") for e in whole.editors),
    )  # fmt: skip


class _Cohort:
    """Invented patients with a reference standard, and what the instruments would read on them."""

    def __init__(self, n: int, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.age = np.clip(self.random.normal(132, 43, n), 12, 216).round(1)
        self.male = (np.arange(n) % 2).astype(float)
        self.read_age = self.age + self.random.normal(0.6, 7.4, n)
        self.logit = (2 * self.male - 1) * 2.3 + self.random.normal(0, 1.5, n)
        self.case = [f"synthetic-{index:03d}" for index in range(n)]

    def edited_by(
        self, card: EditorCard, shift: float, spread: float, blur: float, lost: tuple[str, ...]
    ) -> Measurements:
        n, draw = len(self.age), self.random
        per_case = draw.normal(0, spread, (n, 1))
        noise = draw.normal(0, spread / 2, (n, REPEATS)) * (not card.deterministic)
        age = self.read_age[:, None] + shift * (1 - self.age[:, None] / 260) + per_case + noise
        flip = draw.normal(0, 0.05 + 2.1 * blur, (n, REPEATS if not card.deterministic else 1)) * np.ones((1, REPEATS))
        logit = self.logit[:, None] * (1 - 0.75 * blur) + flip + 1.0 * blur
        missing = {(case % n, case % REPEATS): status for case, status in zip(range(4, 400, 7), lost, strict=False)}
        edits, rows = [], []
        maps = [(name, "original", 0, "anatomy", "320x256", text_of_cells(HAND)) for name in self.case]
        for i, name in enumerate(self.case):
            rows += [
                (name, "original", 0, "pooled", "bone_age", self.read_age[i], "months"),
                (name, "original", 0, "pooled", "sex", _probability(self.logit[i]), "probability"),
            ]
            for k in range(REPEATS):
                status = missing.get((i, k), "ok")
                edits.append((name, k, status, "" if status == "ok" else "the tool said no"))
                if status == "ok":
                    rows += [
                        (name, "edited", k, "pooled", "bone_age", age[i, k], "months"),
                        (name, "edited", k, "pooled", "sex", _probability(logit[i, k]), "probability"),
                        (name, "edited", k, "image", "ks_distance:protected", 0.001 + 0.2 * blur, "1"),
                        (name, "edited", k, "image", "changed_share:outside_mask", 1.4 * blur, "1"),
                    ]
                    maps += [
                        (name, "edited", k, "changed", "320x256", text_of_cells(_cells(i, blur > 0.05))),
                        (
                            name,
                            "edited",
                            k,
                            "changed_outside_mask",
                            "320x256",
                            text_of_cells(_cells(i, blur > 0.05) & HAND),
                        ),
                    ]
        cases = [
            {"case": c, "patient": c, "reference:bone_age": a, "reference:sex": m,
             "stratum:sex": "M" if m else "F", "stratum:bone_age": a}
            for c, a, m in zip(self.case, self.age, self.male, strict=True)
        ]  # fmt: skip
        table = measurements_of(card.name, cases, rows, edits, _histograms(blur), maps)
        return replace(table, deterministic="2026-11-20T09:30:00+00:00" if card.deterministic else "")

    def validity(self, table: Measurements) -> tuple[Verdict, ...]:
        error = np.abs(table.matrix("bone_age", "original")[:, 0] - self.age)
        auc = float(roc_auc_score(self.male, table.matrix("sex", "original")[:, 0]))
        floor = _card("VA-1", "MAE", "months", -np.inf, 8.0, "at most 8.0 months", "validity",
                      "The bone-age instrument reads the originals well enough to notice harm.")  # fmt: skip
        sharp = _card("VA-2", "AUC", "1", 0.85, np.inf, "at least 0.85", "validity",
                      "The sex instrument reads the originals well enough to notice harm.")  # fmt: skip
        blind = _card("VA-3", "MAE drift", "months", 2.0, np.inf, "more than 2.0 months", "validity",
                      "A tool known to destroy anatomy is caught.")  # fmt: skip
        n = len(self.age)
        return (
            _decided(floor, "originals", "all", _mean_of(error, "months", n, 0)),
            _decided(sharp, "originals", "all", _around(auc, 0.03, "1", n, n, 0)),
            _decided(blind, "control", "all", _around(31.2, 3.3, "months", n, n, 0)),
        )


def _judged(
    card: EditorCard, table: Measurements, cohort: _Cohort, outcome: Outcome, reason: str, pictures: bool
) -> EditorEvidence:
    asked: list[tuple[CriterionCard, Callable[[Measurements], Estimate]]] = [
        (_card("BA-1", "MAE drift", "months", -np.inf, 2.0, "at most 2.0 months", "primary",
               "The bone-age error against the reference standard grows by no more than the margin.",
               "growth disorder staged wrongly"), _mae_drift),
        (_card("BA-2", "bias", "months", -2.0, 2.0, "within ±2.0 months", "primary",
               "Edits do not shift bone-age readings in one direction.", "growth disorder staged wrongly"), _bias),
        (_card("BA-3", "SD over repeats", "months", -np.inf, 3.0, "at most 3.0 months", "secondary",
               "Asking the tool again gives the same reading.", "result depends on chance"), _repeat_sd),
        (_card("SX-1", "AUC drift", "1", -0.03, np.inf, "at least −0.03", "primary",
               "Sex can be told from the edit as well as from the original.", "H1", "R1"), _auc_drift),
        (_card("IM-1", "KS distance in the protected region", "1", -np.inf, 0.02, "at most 0.02", "primary",
               "Gray values of the anatomy keep their distribution.", "bone density misread"),
         lambda m: _image_mean(m, "ks_distance:protected")),
        (_card("IM-2", "changed share outside the mask", "1", -np.inf, 0.01, "at most 0.01", "primary",
               "Pixels that the tool was not allowed to touch stay as they are.", "anatomy redrawn"),
         lambda m: _image_mean(m, "changed_share:outside_mask")),
        (_card("CO-1", "failure rate", "1", -np.inf, 0.05, "at most 0.05", "secondary",
               "The tool answers nearly every request.", "cases silently dropped"), _failure_rate),
    ]  # fmt: skip
    verdicts, tests = [], []
    for criterion, estimate in asked:
        for stratum in {"BA-1": STRATA, "SX-1": ("all", *STRATA[3:])}.get(criterion.id, ("all",)):
            verdicts.append(_decided(criterion, card.name, stratum, estimate(table.where(stratum))))
            tests.append(f"validations/test_synthetic.py::test_{criterion.id.lower().replace('-', '_')}[{stratum}]")
    counts = table.edits["status"].value_counts()
    flow = {"requested": len(table.edits)} | {
        status: int(counts.get(status, 0)) for status in ("ok", "refused", "failed", "malformed", "timed_out")
    }
    n, drift = len(table.cases), _mae_drift(table)
    assert drift.value is not None
    steps = (
        ("edited", "The edit as the tool returned it.", drift.value),
        ("recalibrated_linear", "Readings corrected by a straight line fitted on other patients.", drift.value * 0.66),
        ("paste_back", "The tool's pixels inside the mask only, the original everywhere else.", 0.31),
        ("geometry", "Resizing to the tool's frame and back, without any edit.", 0.18),
    )
    attribution = tuple(
        Attribution(arm, meaning, "MAE drift", _around(value, 0.1 + abs(value) / 9, "months", n, 3 * n, 0))
        for arm, meaning, value in steps
    )
    return tool_of(
        card, outcome, reason, flow, tuple(verdicts), tuple(tests), attribution,
        _exhibits(card, table, cohort) if pictures else (), table,
        f"Of MAE drift {drift.value:+.1f} months, +0.2 come from geometry and the rest from the tool itself.",
        _MASKS[card.name],
    )  # fmt: skip


_MASKS = {
    "opencv-telea": MaskReport(
        "opencv-telea", "respected", "at most 0.0 % of what must not change did", (MaskTrial("box", "ok", 0.9, 0.0),)
    ),
    "rerender": MaskReport(
        "rerender", "ignored", "up to 97 % of what must not change did, whatever the mask",
        (MaskTrial("box", "ok", 0.96, 0.97), MaskTrial("all protected", "refused", None, None, "the tool said no")),
    ),
}  # fmt: skip

_INSTRUMENT = InstrumentCard(
    "synthetic-ensemble", "No network at all: readings are drawn from a random number generator.",
    (Quantity("bone_age", "months"), Quantity("sex", "probability", "probability")), 3,
    {"member-0.safetensors": "0a" * 32, "member-1.safetensors": "0b" * 32, "member-2.safetensors": "0c" * 32},
    "public domain", "none", ("sex",), {"size": [128, 96]},
    performance={
        "bone_age": {"mae": 6.3, "interval": [5.8, 6.8]},
        "sex": {"auc": 0.955, "interval": [0.93, 0.97]},
        "fragility": {
            "JPEG 90": {"n": 300, "bone_age": {"mean_drift": -0.2, "sd_drift": 2.1}, "sex": {"auc_change": 0.001}},
            "inverted": {"n": 300, "bone_age": {"mean_drift": 31.0, "sd_drift": 40.5}, "sex": {"auc_change": -0.3}},
        },
    },
    floors={"bone_age": {"mae_at_most": 8.0}, "sex": {"auc_at_least": 0.85}},
    limitations=("Invented figures.",),
)  # fmt: skip


_SPECIFICATIONS = {
    "MAE drift": EstimandSpec("mae_drift", {"quantity": "bone_age", "cap": 60.0}),
    "AUC drift": EstimandSpec("auc_drift", {"quantity": "sex"}),
}


def _card(
    name: str,
    estimand: str,
    unit: str,
    low: float,
    high: float,
    required: str,
    role: str,
    sentence: str,
    hazard: str = "",
    requirement: str = "",
) -> CriterionCard:
    return CriterionCard(
        name, sentence, estimand, unit, low, high, required, 0.95, role, SYNTHETIC, hazard, requirement=requirement,
        signed="drift" in estimand or estimand == "bias", specification=_SPECIFICATIONS.get(estimand),
    )  # fmt: skip


def _decided(card: CriterionCard, editor: str, stratum: str, estimate: Estimate) -> Verdict:
    if estimate.low is None or estimate.high is None:
        return Verdict(card, editor, stratum, estimate, Outcome.INCONCLUSIVE, estimate.reason or "")
    if card.low <= estimate.low and estimate.high <= card.high:
        outcome, because = Outcome.PASS, "The interval lies wholly inside the required region."
    elif estimate.high < card.low or card.high < estimate.low:
        outcome, because = Outcome.FAIL, "The interval lies wholly outside the required region."
    else:
        outcome, because = Outcome.INCONCLUSIVE, "The interval crosses the limit."
    return Verdict(card, editor, stratum, estimate, outcome, because)


def _around(value: float, half: float, unit: str, patients: int, edits: int, missing: int) -> Estimate:
    return Estimate(
        float(value), float(value - half), float(value + half), unit, 0.9, patients, edits, missing, "normal", 7
    )


def _mean_of(per_patient: Floats, unit: str, edits: int, missing: int) -> Estimate:
    per_patient = per_patient[np.isfinite(per_patient)]
    if len(per_patient) < 5:
        few = f"{len(per_patient)} patients are too few for an interval; at least 5 are needed"
        return Estimate(None, None, None, unit, 0.9, len(per_patient), edits, missing, "none", reason=few)
    half = 1.645 * float(per_patient.std(ddof=1)) / np.sqrt(len(per_patient))
    return _around(float(per_patient.mean()), half, unit, len(per_patient), edits, missing)


def _change(m: Measurements) -> Floats:
    return m.matrix("bone_age") - m.matrix("bone_age", "original")


def _mae_drift(m: Measurements) -> Estimate:
    reference = m.reference("bone_age")[:, None]
    drift = np.abs(m.matrix("bone_age") - reference) - np.abs(m.matrix("bone_age", "original") - reference)
    found = _mean_of(np.nanmean(drift, axis=1), "months", len(m.edits) - m.n_missing, m.n_missing)
    before = float(np.abs(m.matrix("bone_age", "original") - reference).mean())
    notes: dict[str, object] = {"original": before, "edited": before + (found.value or 0.0)}
    if m.n_missing and found.value is not None and found.low is not None and found.high is not None:
        other = [found.value - 1.3, found.low - 1.3, found.high - 1.3]
        notes |= {"missing_rule": "worst_case", "sensitivity": {"complete_case": other}}
    return replace(found, notes=notes)


def _bias(m: Measurements) -> Estimate:
    return _mean_of(np.nanmean(_change(m), axis=1), "months", len(m.edits) - m.n_missing, m.n_missing)


def _repeat_sd(m: Measurements) -> Estimate:
    return _mean_of(np.nanstd(m.matrix("bone_age"), axis=1), "months", len(m.edits) - m.n_missing, m.n_missing)


def _auc_drift(m: Measurements) -> Estimate:
    sex, edited = m.reference("sex"), m.matrix("sex")
    if len(np.unique(sex)) < 2:
        return Estimate(None, None, None, "1", 0.9, len(sex), edited.size, m.n_missing, "none",
                        reason="all patients are of one class, so an AUC is not defined")  # fmt: skip
    here = np.isfinite(edited)
    after = roc_auc_score(np.broadcast_to(sex[:, None], edited.shape)[here], edited[here])
    before = roc_auc_score(sex, m.matrix("sex", "original")[:, 0])
    half = 0.004 + 0.6 * abs(after - before) / np.sqrt(len(sex) / 10)
    return _around(after - before, half, "1", len(sex), int(here.sum()), m.n_missing)


def _image_mean(m: Measurements, quantity: str) -> Estimate:
    return _mean_of(np.nanmean(m.matrix(quantity, instrument="image"), axis=1), "1", len(m.edits), m.n_missing)


def _failure_rate(m: Measurements) -> Estimate:
    return _around(m.n_missing / len(m.edits), 0.012, "1", len(m.cases), len(m.edits), m.n_missing)


def _probability(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))


def _cells(case: int, redrawn: bool) -> np.ndarray:
    """A corner where there was a marker, and of a tool that redraws the frame more of the hand the later the case."""
    rows, columns = np.indices(HAND.shape)
    hand = (rows % 40 > case % 30) & HAND if redrawn else np.zeros(HAND.shape, bool)
    return hand | ((rows < 6 + case % 3) & (columns < 8 + case % 5))


def _histograms(blur: float) -> list[tuple[object, ...]]:
    level = np.arange(256)
    rows: list[tuple[object, ...]] = []
    for region, middle in (("whole", 70), ("protected", 120), ("outside_mask", 68)):
        for arm, move in (("original", 0.0), ("edited", 45 * blur)):
            count = 4e5 * np.exp(-(((level - middle - move) / (26 + move / 2)) ** 2)) + 3e5 * np.exp(-level / 6.0)
            rows += [(arm, region, int(k), int(c)) for k, c in zip(level, count, strict=True)]
    return rows


def _exhibits(card: EditorCard, m: Measurements, cohort: _Cohort) -> tuple[PicturedExhibit, ...]:
    size = np.nan_to_num(np.abs(_change(m)), nan=-1.0)
    case = np.arange(len(size)) * REPEATS
    order = [int(k) for k in (case + size.argmax(axis=1))[np.argsort(-size.max(axis=1), kind="stable")]]
    middle = len(order) // 2
    chosen = {"worst": order[:2], "median": order[middle : middle + 1], "best": order[-1:]}
    exhibits = []
    for rank, picks in chosen.items():
        for pick in picks:
            i, k = divmod(pick, REPEATS)
            original, label, hand = _radiograph(cohort.age[i], i)
            clean, _, _ = _radiograph(cohort.age[i], i, marker=False)
            if card.name == "rerender":
                grown, _, _ = _radiograph(cohort.age[i] + _change(m)[i, k], i, marker=False, thickness=1.15)
                edited = np.asarray(Image.fromarray(grown).filter(ImageFilter.GaussianBlur(1.1)))
            else:
                edited = np.where(label, clean, original).astype(np.uint8)
            readings: Mapping[str, Mapping[str, object]] = {
                q: {
                    "reference": float(m.reference(q)[i]), "original": float(m.matrix(q, "original")[i, 0]),
                    "edited": float(m.matrix(q)[i, k]), "unit": unit,
                } for q, unit in (("bone_age", "months"), ("sex", "probability"))
            }  # fmt: skip
            images = {"original": original, "edited": edited, "edit_mask": label * np.uint8(255),
                      "protected_mask": hand * np.uint8(255)}  # fmt: skip
            redrawn = (original != edited).reshape(12, 16, 9, 16).mean(axis=(1, 3))
            images |= {"patches": levels_of(np.where(redrawn > 0.02, 0.25, 1.0))}
            down, across = slice(60, 160), slice(20, 100)
            images |= {"near_original": original[down, across], "near_edited": edited[down, across]}
            if not exhibits:
                images |= {"full_original": original, "full_edited": edited}
            spacing = (0.5, 0.25) if not exhibits else None
            extents = Extent((0, 0), original.shape, spacing), Extent((60, 20), (100, 80), spacing, outside=True)
            files = {name: _png(image) for name, image in images.items()}
            claims = ("BA-1", "BA-2") if rank == "worst" and not exhibits else ()
            exhibits.append(PicturedExhibit(cohort.case[i], k, rank, readings, claims, files, *extents, len(exhibits)))
    return tuple(exhibits)


def _radiograph(
    age: float, seed: int, *, marker: bool = True, thickness: float = 1.0
) -> tuple[Gray, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """A cartoon of a hand radiograph, 192 x 144, with the masks of its marker and of the hand."""
    draw = np.random.default_rng(seed)
    tissue, bone = Image.new("L", (144, 192), 0), Image.new("L", (144, 192), 0)
    gap = max(1.0, 7.0 - float(age) / 32)
    for canvas, width, fill in ((tissue, 16, 70), (bone, int(5 * thickness), 120)):
        pen = ImageDraw.Draw(canvas)
        if canvas is tissue:
            pen.ellipse((38, 92, 106, 168), fill=fill)
            pen.rectangle((50, 150, 94, 192), fill=fill)
        for x, top in ((30, 84), (50, 34), (70, 22), (90, 32), (108, 60)):
            lower, lean = (72 + (x - 70) * 0.55, 140.0), 1.0
            joints = np.linspace((x, top), lower, 5 if x > 40 else 4)
            for a, b in itertools.pairwise(joints):
                step = (b - a) / np.hypot(*(b - a)) * (gap * lean if canvas is bone else 0)
                pen.line([tuple(a + step), tuple(b - step)], fill=fill, width=width)
                if canvas is tissue:
                    pen.ellipse((*(a - 8), *(a + 8)), fill=fill)
        if canvas is bone:
            for k in range(int(np.clip(age / 24, 1, 8))):
                cx, cy = 56 + 8 * (k % 4), 152 + 9 * (k // 4)
                pen.ellipse((cx - 4, cy - 4, cx + 4, cy + 4), fill=fill)
            for x in (60, 80):
                pen.line((x, 174, x, 192), fill=fill, width=int(9 * thickness))
    soft = np.asarray(tissue.filter(ImageFilter.GaussianBlur(2)), float)
    hard = np.asarray(bone.filter(ImageFilter.GaussianBlur(1)), float)
    image = 14 + soft + hard + draw.normal(0, 3.0, soft.shape)
    label_canvas = Image.new("L", (144, 192), 0)
    ImageDraw.Draw(label_canvas).text((118, 10), "L", fill=255, font_size=22)
    label = np.asarray(label_canvas) > 60
    if marker:
        image = np.where(label, 236, image)
    wide = np.asarray(label_canvas.filter(ImageFilter.MaxFilter(5))) > 60
    return np.clip(image, 0, 255).astype(np.uint8), wide, soft > 12


def _png(array: Gray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()
