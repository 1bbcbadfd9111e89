"""A small run without images behind it: two tools, both controls, thirty invented patients, everything derived."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import replace
from importlib.metadata import version

import numpy as np
import numpy.typing as npt
from editproof import Criterion, at_least, at_most, auc_drift, failure_rate, mae_drift, prediction_drift, within
from editproof.audit.findings import evidence_of, exhibits_of, in_reading_order
from editproof.criteria.criterion import verdict_on
from editproof.evidence.facts import Claim, Facts, Pictures, RollEntry, Told, ToolFacts
from editproof.evidence.measurements import Measurements, measurements_of
from editproof.evidence.plain import plain
from editproof.evidence.protocol import locked as lock_text
from editproof.evidence.record import Evidence
from editproof.types import DatasetCard, EditorCard, InstrumentCard, Quantity
from PIL import Image

REPEATS, MEMBERS, PATIENTS = 2, 2, 30
MADE = "2026-11-01T08:00:00+00:00"
SOURCE = "placeholder: invented for the tests of verification"
CLAIMS = (
    (Criterion("BA-1", mae_drift("bone_age", cap=15.0), at_most(2.0), source=SOURCE), "all"),
    (
        Criterion("BA-2", prediction_drift("bone_age", cap=15.0), within(-3.0, 3.0), source=SOURCE, role="secondary"),
        "all",
    ),
    (Criterion("BA-3", mae_drift("bone_age", cap=15.0), at_most(4.0), source=SOURCE, role="secondary"), "bone_age<200"),
    (Criterion("REL-1", failure_rate(), at_most(0.2), source=SOURCE), "all"),
    (Criterion("SX-1", auc_drift("sex"), at_least(-0.2), source=SOURCE), "all"),
)
INSTRUMENT = InstrumentCard(
    "reader", "invented", (Quantity("bone_age", "months"), Quantity("sex", "", "probability")), MEMBERS, {"w": "ab" * 32},
    "none", "none", floors={"bone_age": {"mae_at_most": 12.0}},
)  # fmt: skip


def evidence(
    tools: tuple[str, ...] = ("gentle", "harsh"), cases: slice = slice(None), shard: str = "", source: str = SOURCE,
    drawn: bool = False,
) -> Evidence:  # fmt: skip
    """The run of some tools on some cases of the cohort, with everything that follows from it."""
    cards = {name: plain(_card(name)) for name in tools}
    plan = {"prompt": "p", "repeats": REPEATS, "seed": 0, "parameters": {}}
    return evidence_of(
        Facts(
            created="2026-11-23T12:00:00+00:00", incomplete=(),
            dataset=DatasetCard("invented", "invented", "none", "none", "cafe", PATIENTS, PATIENTS, drawn=drawn),
            instruments=(INSTRUMENT,), tools=tuple(_tool(name, cases, source) for name in tools),
            terms={"editors": cards, "plan": plan, "metrics": 1},
            environment={"python": "3", "packages": {"editproof": version("editproof")}, "command": "pytest"},
            controls={name: measured(name, cases) for name in ("identity", "destructive")}, shard=shard,
            roll=tuple(
                sorted(
                    (RollEntry(f"test_{claim.id}[{name}]", (claim.id,)) for name in tools for claim, _ in CLAIMS),
                    key=lambda entry: entry.test,
                )
            ),
        )
    )  # fmt: skip


def locked(run: Evidence) -> Evidence:
    """The run, had its protocol been locked beforehand."""
    standing = dict.fromkeys(run.protocol["editors"], 0)
    lock = json.loads(lock_text(run.protocol, standing, "2026-11-01T00:00:00+00:00"))
    return evidence_of(replace(run.facts, lock=lock))


def measured(tool: str, cases: slice = slice(None)) -> Measurements:
    """What the readers would read of a tool's edits; the same for the same tool."""
    random = np.random.default_rng([ord(letter) for letter in tool])
    cohort = np.random.default_rng(7)
    age, male = cohort.uniform(40, 220, PATIENTS), np.arange(PATIENTS) % 2
    first = {
        "bone_age": age + cohort.normal(0, 6, PATIENTS),
        "sex": np.where(male, 0.8, 0.3) + cohort.uniform(-0.2, 0.2, PATIENTS),
    }
    spread, shift = {"identity": (0.0, 0.0), "gentle": (0.3, 0.1), "destructive": (20.0, 60.0)}.get(tool, (9.0, 25.0))
    rows: list[tuple[object, ...]] = []
    edits: list[tuple[object, ...]] = []
    places = range(PATIENTS)[cases]
    noise = random.normal(0, 1, (PATIENTS, REPEATS))
    for i in places:
        name = f"C{i:02d}"
        images = {("original", 0): 0.0, ("geometry", 0): 0.4}
        for repeat in range(REPEATS):
            lost = tool == "harsh" and i == 3 and repeat == 1
            said = ("refused", 'said "no", <b>twice</b>\nand left') if lost else ("ok", "")
            digest = "" if lost else hashlib.sha256(f"{tool} {name} {repeat}".encode()).hexdigest()
            edits.append((name, repeat, *said, said[0], digest, "" if lost else MADE))
            if not lost:
                images["edited", repeat] = shift + spread * noise[i, repeat]
                images["paste_back", repeat] = 0.1 * images["edited", repeat]
                images["histogram_matched", repeat] = 0.9 * images["edited", repeat]
        for (arm, repeat), change in images.items():
            values = {
                "bone_age": first["bone_age"][i] + change,
                "sex": 1 - first["sex"][i]
                if (tool, arm) == ("destructive", "edited")
                else float(np.clip(first["sex"][i] + change / 200, 0, 1)),
            }
            for quantity, unit in (("bone_age", "months"), ("sex", "")):
                pair = np.array([values[quantity], values[quantity] * (1 + (i % 3) / 1000)])
                rows += [(name, arm, repeat, "pooled", quantity, float(pair.mean()), unit)]
                rows += [
                    (name, arm, repeat, f"member-{m}", quantity, float(value), unit) for m, value in enumerate(pair)
                ]
    table = [
        {"case": f"C{i:02d}", "patient": f"P{i:02d}", "reference:bone_age": float(age[i]), "reference:sex": float(male[i]),
         "stratum:bone_age": float(age[i]), "stratum:site": f"{i % 2:03d}"}
        for i in places
    ]  # fmt: skip
    counts = [("original", "whole", level, 10 * len(places)) for level in range(4)]
    counts += [("edited", "whole", level, 10 * sum(e[2] == "ok" for e in edits)) for level in range(4)]
    return measurements_of(tool, table, rows, edits, counts)


def _tool(name: str, cases: slice, source: str) -> ToolFacts:
    table = measured(name, cases)
    verdicts = [
        (verdict_on(replace(claim, source=source), table.where(stratum)), f"test_{claim.id}[{name}]")
        for claim, stratum in CLAIMS
    ]
    claims = [Claim(verdict.criterion, verdict.stratum, test, (Told.of(verdict),)) for verdict, test in verdicts]
    pictures = {role: _picture(at) for at, role in enumerate(("original", "edited", "edit_mask", "protected_mask"))}
    facts = ToolFacts(_card(name), in_reading_order(claims), table)
    shown = tuple(Pictures(exhibit.case, exhibit.repeat, pictures) for exhibit in exhibits_of(facts))
    return replace(facts, pictures=shown)


def _card(name: str) -> EditorCard:
    return EditorCard(name, "1", "invented", {"strength": 1})


def _picture(at: int) -> bytes:
    pixels: npt.NDArray[np.uint8] = np.full((24, 18), 40 * at, np.uint8)
    pixels[4:9, 4:9] = 255
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()
