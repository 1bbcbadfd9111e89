"""The evidence of one run: a frozen record, saved with digests, loaded and verified without trust."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pandas as pd

from harness.errors import EvidenceError
from harness.measurements import Measurements
from harness.types import (
    JSON,
    DatasetCard,
    EditorCard,
    Estimate,
    Outcome,
    PredictorCard,
    Verdict,
)

SCHEMA = "editproof-evidence/1"
MANIFEST = "manifest.json"
TABLES = ("cases", "rows", "edits", "histograms")
TEXT_COLUMNS = ("case", "patient", "arm", "instrument", "quantity", "unit", "status", "message", "region")


@dataclass(frozen=True)
class Exhibit:
    """One edit shown to a reader: why it was chosen, what the instruments read, and its pictures.

    Attributes
    ----------
    rank : str
        ``"worst"``, ``"median"`` or ``"best"``, by absolute change of the first continuous reading.
    readings : mapping
        ``{"bone_age": {"reference": 120.0, "original": 118.2, "edited": 151.9, "unit": "months"}, ...}``.
    images : mapping of str to bytes
        PNG bytes by role: ``"original"``, ``"edited"``, ``"edit_mask"``, ``"protected_mask"`` (all of one size).
    """

    case: str
    repeat: int
    rank: str
    readings: Mapping[str, Mapping[str, JSON]]
    images: Mapping[str, bytes] = field(repr=False, default_factory=dict)


@dataclass(frozen=True)
class Attribution:
    """How much of the harm one step of the editing chain explains.

    Attributes
    ----------
    arm : str
        ``"edited"``, ``"paste_back"``, ``"recalibrated_linear"``, ...
    meaning : str
        The arm in one plain sentence.
    estimate : Estimate
        Of the same estimand in every row of one table, e.g. MAE drift against the originals in months.
    """

    arm: str
    meaning: str
    estimand: str
    estimate: Estimate


@dataclass(frozen=True)
class EditorEvidence:
    """Everything about one tool: what was asked, what came back, what it means.

    Attributes
    ----------
    outcome : Outcome
        PASS, FAIL, INCONCLUSIVE, or INVALID where a control or a baseline floor was missed.
    reason : str
        The outcome in one sentence.
    flow : mapping of str to int
        ``requested``, ``ok``, ``refused``, ``failed``, ``malformed``, ``timed_out``; the last five sum to the first.
    verdicts : tuple of Verdict
        In the order of the tests. ``tests`` holds the test id of each.
    """

    card: EditorCard
    outcome: Outcome
    reason: str
    flow: Mapping[str, int]
    verdicts: tuple[Verdict, ...]
    tests: tuple[str, ...]
    attribution: tuple[Attribution, ...]
    exhibits: tuple[Exhibit, ...]
    measurements: Measurements = field(repr=False)


@dataclass(frozen=True)
class Evidence:
    """The whole run.

    Attributes
    ----------
    run : str
        Name of the run, a safe file name.
    created : str
        ISO 8601 time in UTC at which the run ended; the page shows it and takes no clock of its own.
    label : str
        ``"CONFIRMATORY"`` or ``"EXPLORATORY"``, with ``departures`` saying why the latter.
    incomplete : tuple of str
        Why this is not a full run of the suite (deselected, skipped, xfailed tests); empty when it is.
    validity : tuple of Verdict
        Baseline floors of the instruments on the originals and the two controls (identity must pass, a
        known-destructive editor must fail), decided for the run as a whole.
    protocol : mapping
        What was fixed: digests of dataset, instruments and criteria, editors with parameters, prompt, repeats,
        seed, missing-data rule; ``protocol["digest"]`` is the sha256 over all of it.
    environment : mapping
        Versions of Python and of the packages that computed anything, platform, command line.
    """

    run: str
    created: str
    outcome: Outcome
    reason: str
    label: str
    departures: tuple[str, ...]
    incomplete: tuple[str, ...]
    dataset: DatasetCard
    instruments: tuple[PredictorCard, ...]
    validity: tuple[Verdict, ...]
    editors: tuple[EditorEvidence, ...]
    protocol: Mapping[str, JSON]
    environment: Mapping[str, JSON]
    schema: str = SCHEMA


def saved(evidence: Evidence, folder: Path) -> Path:
    """Write the evidence to ``folder`` and return the path of its manifest.

    ``evidence.json`` holds the record, ``measurements/`` the tables as CSV, ``images/`` the exhibits as PNG, and
    ``manifest.json`` the sha256 of each. The manifest is written last, so a folder without one was cut short.
    """
    folder.mkdir(parents=True, exist_ok=True)
    record = plain({field.name: getattr(evidence, field.name) for field in fields(evidence)})
    files: dict[str, bytes] = {}
    for index, (editor, entry) in enumerate(zip(evidence.editors, record["editors"], strict=True)):
        entry["measurements"] = {"editor": editor.measurements.editor, "stratum": editor.measurements.stratum}
        for table in TABLES:
            name = f"measurements/{index}-{table}.csv"
            entry["measurements"][table] = name
            files[name] = getattr(editor.measurements, table).to_csv(index=False, lineterminator="\n").encode()
        for number, (exhibit, shown) in enumerate(zip(editor.exhibits, entry["exhibits"], strict=True)):
            shown["images"] = {role: f"images/{index}-{number}-{role}.png" for role in exhibit.images}
            files |= {shown["images"][role]: content for role, content in exhibit.images.items()}
    files["evidence.json"] = (json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return seal(folder, files)


def seal(folder: Path, files: Iterable[str]) -> Path:
    """Write the manifest over the named files of a folder, adding to those that it lists already."""
    path = folder / MANIFEST
    listed = set(json.loads(path.read_text())["sha256"]) if path.exists() else set()
    names = sorted(listed | set(files))
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    path.write_text(json.dumps({"schema": SCHEMA, "sha256": digests}, indent=1) + "\n")
    return path


def loaded(folder: Path) -> Evidence:
    """The evidence in a folder, as it was saved.

    Raises
    ------
    EvidenceError
        Where a file is missing, or the schema is not this version's.
    """
    path = folder / "evidence.json"
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise EvidenceError(
            f"evidence in {folder}", f"evidence.json cannot be read ({error})", "Name a run's folder."
        ) from error
    if record.get("schema") != SCHEMA:
        raise EvidenceError(
            f"evidence in {folder}", f"its schema is {record.get('schema')!r}", f"This version reads {SCHEMA!r}."
        )
    try:
        for entry in record["editors"]:
            tables = entry["measurements"]
            entry["measurements"] = Measurements(
                tables["editor"],
                **{table: _table(folder / tables[table]) for table in TABLES},
                stratum=tables["stratum"],
            )
            for exhibit in entry["exhibits"]:
                exhibit["images"] = {role: (folder / name).read_bytes() for role, name in exhibit["images"].items()}
        evidence: Evidence = typed(Evidence, record)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise EvidenceError(
            f"evidence in {folder}", f"it is damaged ({type(error).__name__}: {error})", "Run `editproof verify` on it."
        ) from error
    return evidence


def faults(folder: Path) -> list[str]:
    """What does not hold in a saved run, one sentence each; empty where every digest does."""
    path = folder / MANIFEST
    try:
        digests = json.loads(path.read_bytes())["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [f"{MANIFEST}: cannot be read ({type(error).__name__}); the run was cut short or is none"]
    found = []
    for name, digest in digests.items():
        try:
            actual = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        except OSError:
            found.append(f"{name}: missing")
            continue
        if actual != digest:
            found.append(f"{name}: its sha256 is {actual[:12]}..., the manifest says {digest[:12]}...")
    present = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()} - {MANIFEST}
    found += [f"{name}: not in the manifest" for name in sorted(present - set(digests))]
    if "evidence.json" not in digests:
        found.append("evidence.json: not in the manifest")
    return found


def _table(path: Path) -> pd.DataFrame:
    text = dict.fromkeys((*TEXT_COLUMNS, "stratum:sex"), str)
    table = pd.read_csv(path, dtype=text, keep_default_na=False, na_values=[""])
    return table.fillna({column: "" for column in TEXT_COLUMNS if column in table})


def plain(value: JSON) -> JSON:
    """Dataclasses as mappings; infinities as text, since JSON has none; tables and bytes left to their files."""
    if isinstance(value, Measurements | bytes):
        return None
    if is_dataclass(value) and not isinstance(value, type):
        return {entry.name: plain(getattr(value, entry.name)) for entry in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, float) and math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return value


def typed(kind: Any, value: JSON) -> Any:
    """The inverse of :func:`plain`, guided by the annotations."""
    if kind is float and isinstance(value, str):
        return float(value)
    if get_origin(kind) in (UnionType, Union):
        choices = [choice for choice in get_args(kind) if choice is not type(None)]
        return None if value is None else typed(choices[0], value)
    if get_origin(kind) is tuple and get_args(kind)[-1] is Ellipsis:
        return tuple(typed(get_args(kind)[0], entry) for entry in value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if get_origin(kind) is Mapping and get_args(kind)[1] is not Any:
        return {name: typed(get_args(kind)[1], entry) for name, entry in value.items()}
    if is_dataclass(kind) and isinstance(kind, type) and isinstance(value, Mapping):
        hints = get_type_hints(kind)
        return kind(**{name: typed(hints[name], entry) for name, entry in value.items()})
    return value
