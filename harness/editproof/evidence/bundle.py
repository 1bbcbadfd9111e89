"""A record on disk: its JSON, its tables as CSV, its pictures as PNG, and the sha256 of each."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from editproof.core.schemas import fault_of_schema
from editproof.errors import EvidenceError
from editproof.evidence.comparison import COMPARISON, Comparison
from editproof.evidence.measurements import Measurements
from editproof.evidence.plain import Path as Place
from editproof.evidence.plain import plain, typed
from editproof.evidence.record import SCHEMA, Evidence
from editproof.types import JSON

MANIFEST_SCHEMA = "editproof-manifest/1"
RECORD, MANIFEST, ATTESTATION = "evidence.json", "manifest.json", "attestation.intoto.json"
SUMS = "SHA256SUMS"
"""The manifest and what it lists, as ``sha256sum -c`` reads it: to be checked without this package."""
TABLES = ("cases", "rows", "edits", "histograms", "maps")
TEXT_COLUMNS = (
    "case",
    "patient",
    "arm",
    "instrument",
    "quantity",
    "unit",
    "status",
    "message",
    "region",
    "first",
    "digest",
    "made",
    "frame",
    "cells",
)
KINDS: dict[str, type] = {SCHEMA: Evidence, COMPARISON: Comparison}
"""What a folder may hold, by the schema that its record names."""
_TO_THE_LAST_BIT: dict[str, Any] = (
    {} if tuple(map(int, pd.__version__.split(".")[:2])) >= (3, 1) else {"float_precision": "round_trip"}
)
"""How pandas is told to read a number as it was written; from 3.1 on it does so and deprecates being told."""

Record: TypeAlias = Evidence | Comparison


def files_of(record: Record) -> dict[str, bytes]:
    """Every file of a record by name: ``evidence.json``, ``measurements/*.csv`` and ``images/*.png``.

    Equal records give equal bytes, and a record that was saved and loaded gives the bytes it was loaded from.
    """
    files: dict[str, bytes] = {}

    def put(place: Place, value: Measurements | bytes) -> JSON:
        owner = "-".join(str(step) for step in place if step not in _ROOMS)
        if isinstance(value, bytes):
            name = image_name(owner)
            files[name] = value
            return name
        names = {table: f"measurements/{owner}-{table}.csv" for table in TABLES}
        files.update({names[table]: _csv(getattr(value, table)) for table in TABLES})
        text = [column for column in value.cases if column.startswith("stratum:") and _is_text(value.cases[column])]
        return {
            "editor": value.editor,
            "stratum": value.stratum,
            "text": text,
            "deterministic": value.deterministic,
            "undefined": list(value.undefined),
            **names,
        }

    return {RECORD: json_bytes(plain(record, put)), **files}


def image_name(*owner: object) -> str:
    """The file of a picture: ``image_name(tool, exhibit, role)``, the first two by their place among the facts."""
    return f"images/{'-'.join(map(str, owner))}.png"


_ROOMS = frozenset({"facts", "tools", "pictures", "images", "measurements", "controls"})


def save(record: Record, folder: Path) -> Path:
    """Write a record to ``folder`` and return the path of its manifest, which is written last."""
    files = files_of(record)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return seal(folder, files)


def seal(folder: Path, files: Iterable[str]) -> Path:
    """Write the manifest over the named files of a folder, and those that it lists already, and beside it its sums."""
    path = folder / MANIFEST
    listed = set(digests_in(folder)) if path.exists() else set()
    manifest = manifest_of(folder, (listed | set(files)) - {SUMS})
    (folder / SUMS).write_bytes(_sums(manifest))
    path.write_bytes(manifest)
    return path


def _sums(manifest: bytes) -> bytes:
    digests = {**json.loads(manifest)["sha256"], MANIFEST: hashlib.sha256(manifest).hexdigest()}
    return "".join(f"{digest}  {name}\n" for name, digest in digests.items()).encode()


def manifest_of(folder: Path, names: Iterable[str]) -> bytes:
    """The manifest that the named files of a folder should have."""
    digests = {name: hashlib.sha256(content_of(folder / name)).hexdigest() for name in sorted(names)}
    return json_bytes({"schema": MANIFEST_SCHEMA, "sha256": digests})


def digests_of_bundle(folder: Path) -> dict[str, str]:
    """The sha256 (hex) of each file of a sealed folder by name: what its manifest says, and the manifest's own."""
    return {**digests_in(folder), MANIFEST: hashlib.sha256(content_of(folder / MANIFEST)).hexdigest()}


def digests_in(folder: Path) -> dict[str, str]:
    """What the manifest of a folder says.

    Raises
    ------
    EvidenceError
        Where there is none that can be read.
    """
    try:
        manifest = json.loads(content_of(folder / MANIFEST))
        return {str(name): str(digest) for name, digest in manifest["sha256"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise EvidenceError(
            MANIFEST, f"cannot be read ({type(error).__name__})", "The run was cut short, or this is no run."
        ) from error


def holds_a_run(folder: Path) -> bool:
    """Whether anything of a run is in a folder: its record or its manifest."""
    return any((folder / name).exists() for name in (RECORD, MANIFEST))


def record_in(folder: Path) -> JSON:
    """The record of a folder as plain JSON.

    Raises
    ------
    EvidenceError
        Where there is none, or it is of another schema.
    """
    if not holds_a_run(folder):
        raise EvidenceError(f"evidence in {folder}", "no run is there", "Name a run's folder, e.g. reports/RUN.")
    try:
        record = json.loads(content_of(folder / RECORD))
    except (OSError, ValueError, RecursionError) as error:
        raise EvidenceError(
            f"evidence in {folder}", f"{RECORD} cannot be read ({error})", "Name a run's folder."
        ) from error
    schema = record.get("schema") if isinstance(record, dict) else None
    if found := fault_of_schema(schema, KINDS, "evidence", "verify"):
        advice = f"Use that version; this one reads {', '.join(KINDS)}."
        raise EvidenceError(f"evidence in {folder}", found, advice)
    return record


def loaded(folder: Path) -> Evidence:
    """The evidence of a run in a folder, as it was saved.

    Raises
    ------
    EvidenceError
        Where :func:`opened` would, and where the folder holds a comparison.
    """
    found = opened(folder)
    if not isinstance(found, Evidence):
        raise EvidenceError(f"evidence in {folder}", "it holds a comparison of two runs", "Name a run.")
    return found


def opened(folder: Path) -> Record:
    """The record in a folder, as it was saved: a run's evidence, or a comparison.

    Raises
    ------
    EvidenceError
        Where a file is missing, damaged, or of a schema that is not this version's.
    """
    record = record_in(folder)
    try:
        found: Record = typed(KINDS[record["schema"]], record, lambda value: _fetched(folder, value))
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise EvidenceError(
            f"evidence in {folder}", f"it is damaged ({type(error).__name__}: {error})", "Run `editproof verify` on it."
        ) from error
    return found


def bundle_faults(folder: Path) -> Iterator[str]:
    """Every file that is not as the manifest says, one sentence each."""
    try:
        digests = digests_in(folder)
    except EvidenceError as error:
        yield str(error)
        return
    for name, digest in digests.items():
        try:
            actual = hashlib.sha256(content_of(_inside(folder, name))).hexdigest()
        except (OSError, ValueError):
            yield f"{name}: missing, though {MANIFEST} lists it"
            continue
        if actual != digest:
            yield f"{name}: its sha256 is {actual[:12]}..., {MANIFEST} says {digest[:12]}..."
    present = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    for name, path in sorted(present.items()):
        if path.is_symlink():
            yield f"{name}: a link, which can lead to another file tomorrow"
        elif path.is_dir() and not any(path.iterdir()):
            yield f"{name}: an empty folder"
        elif not (path.is_dir() or path.is_file()):
            yield f"{name}: neither a file nor a folder"
        elif path.is_file() and name not in {*digests, MANIFEST, SUMS, ATTESTATION}:
            yield f"{name}: not in {MANIFEST}"
    if RECORD not in digests:
        yield f"{RECORD}: not in {MANIFEST}"
    if SUMS in present and content_of(folder / SUMS) != _sums(content_of(folder / MANIFEST)):
        yield f"{SUMS}: not what {MANIFEST} comes to"
    if content_of(folder / MANIFEST) != json_bytes(
        {"schema": MANIFEST_SCHEMA, "sha256": dict(sorted(digests.items()))}
    ):
        yield f"{MANIFEST}: not written as this version writes it (schema, order or spacing)"


def content_of(path: Path) -> bytes:
    """The bytes of a regular file.

    Raises
    ------
    OSError
        Where it is none: a pipe, for one, would be waited for and never end.
    """
    if path.exists() and not path.is_file():
        raise OSError(f"{path.name} is no regular file")
    return path.read_bytes()


def json_bytes(value: JSON) -> bytes:
    """JSON as every file of a bundle has it."""
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _inside(folder: Path, name: str) -> Path:
    """The file of that name within the folder; a name that leads out of it is refused."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{name!r} leads out of the folder")
    return folder / path


def _fetched(folder: Path, value: JSON) -> Measurements | bytes:
    if isinstance(value, str):
        return content_of(_inside(folder, value))
    tables = {table: _table(_inside(folder, value[table]), value["text"]) for table in TABLES}
    return Measurements(
        value["editor"],
        **tables,
        stratum=value["stratum"],
        deterministic=value["deterministic"],
        undefined=tuple(value.get("undefined", ())),
    )


def _csv(table: pd.DataFrame) -> bytes:
    """A table as pandas writes it; text of few words is written once for each word, which takes a tenth of the time."""
    columns = [_cells(table.iloc[:, place]) for place in range(table.shape[1])]
    if not len(table) or len(columns) < 2 or None in columns:
        return bytes(table.to_csv(index=False, lineterminator="\n").encode())
    head = str(table.iloc[:0].to_csv(index=False, lineterminator="\n"))
    rows = map(",".join, zip(*filter(None, columns), strict=True))
    return (head + "\n".join(rows) + "\n").encode()


def _cells(column: pd.Series[Any]) -> list[str] | None:
    """The text of each cell of a column, nothing where there is no value; None where it is neither numbers nor text."""
    if column.dtype == np.int64:
        return list(map(str, column.tolist()))
    if column.dtype == np.float64:
        return ["" if math.isnan(value) else repr(value) for value in column.tolist()]
    codes, words = pd.factorize(column, use_na_sentinel=False)
    if not all(isinstance(word, str) or word is None or word != word for word in words):
        return None
    cells = [_cell(word) if isinstance(word, str) else "" for word in words]
    return [cells[code] for code in codes.tolist()]


def _cell(word: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([word, ""])
    return line.getvalue().removesuffix(",\n")


def _table(path: Path, text: Iterable[str]) -> pd.DataFrame:
    """A table with its numbers to the last bit, and text that looks like a number left as text."""
    kinds: Mapping[Any, Any] = dict.fromkeys((*TEXT_COLUMNS, *text), str)
    content = io.BytesIO(content_of(path))
    table = pd.read_csv(content, dtype=kinds, keep_default_na=False, na_values=[""], **_TO_THE_LAST_BIT)
    return table.fillna({column: "" for column in TEXT_COLUMNS if column in table})


def _is_text(column: pd.Series[Any]) -> bool:
    return not pd.api.types.is_numeric_dtype(column)
