"""Cohorts: what is in one, and what a study should leave out of it."""

from __future__ import annotations

import argparse
import csv
import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from editproof.core.numbers import brief
from editproof.errors import DatasetError

if TYPE_CHECKING:
    from editproof.cli.verbs import Verbs
    from editproof.datasets.index.reading import Index
    from editproof.datasets.reading import CohortReading


def add_to(verbs: Verbs) -> None:
    """Declare ``dataset index``."""
    dataset = verbs.add_parser("dataset", help="look at a cohort before a study: editproof dataset index SPEC")
    kinds = dataset.add_subparsers(dest="what", required=True, metavar="WHAT")
    words = "write an index of a cohort: digests, duplicates, leakage, balance, and what to leave out and why"
    index = kinds.add_parser("index", help=words, description=words)
    index.add_argument(
        "spec", metavar="SPEC", help="folder, or a cohort as for --dataset: rsna:, folder: or dicom:PATH"
    )
    index.add_argument("--out", type=Path, default=Path("cohort.json"), metavar="FILE", help="default: cohort.json")
    index.add_argument(
        "--against",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="card of an instrument, or index of what it was trained on, to look for leakage; may be repeated",
    )
    index.add_argument(
        "--link", type=Path, metavar="FILE", help="also write which file each case is (CSV): it identifies patients"
    )
    index.set_defaults(action=_index)


def _index(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from editproof.core.records import json_of_record
    from editproof.datasets.index.writing import index_of, spec_of, spec_with_index
    from editproof.datasets.reading import CohortReading

    if options.link and options.link.resolve() == options.out.resolve():
        raise DatasetError(f"write {options.link}", "--out and --link name one file", "Name two.")
    for file in (options.out, options.link):
        if file is not None:
            _check_writable(file)
    reading, spec = CohortReading(), spec_of(options.spec)
    index = index_of(
        spec,
        options.against,
        reading=reading,
        progress=lambda cases, n: tqdm(cases, total=n, desc="index", unit="case", disable=None),
    )
    text = json.dumps(json_of_record(index), indent=1, ensure_ascii=False, allow_nan=False)
    options.out.write_text(f"{text}\n", encoding="utf-8")
    if options.link:
        _write_link(options.link, reading)
    _say(index, options.out)
    if not index.cohort.cases:
        print(f"{options.out}: written; no case is left to study")
        return 0
    print(f'{options.out}: written; study the rest with --dataset "{spec_with_index(spec, options.out)}"')
    return 0


def _check_writable(file: Path) -> None:
    """Nothing, or a DatasetError where a file is there already or cannot be written; its folder is made."""
    if file.exists():
        raise DatasetError(f"write {file}", "it is there already", "Move it away, or name another file.")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        found = f"its folder cannot be made ({error.strerror})"
        raise DatasetError(f"write {file}", found, "Name a file in another folder.") from error
    if not os.access(file.parent, os.W_OK):
        raise DatasetError(f"write {file}", "its folder cannot be written to", "Name a file in another folder.")


def _say(index: Index, out: Path) -> None:
    cohort, excluded = index.cohort, index.excluded
    print(f"{cohort.name}: {cohort.cases} cases of {cohort.patients} patients, {len(excluded)} excluded")
    for kind, count in sorted(Counter(kind for entry in excluded for kind in entry.kinds).items()):
        print(f"  {count} {kind}")
    for entry in excluded[:20]:
        print(f"    {entry.case}: {'; '.join(entry.why)}")
    if len(excluded) > 20:
        print(f"    ... and {len(excluded) - 20} more in {out}")
    for name, spread in index.balance.items():
        print(f"  {name}: {', '.join(f'{key} {brief(value)}' for key, value in spread.items())}")
    for note in index.notes:
        print(f"  note: {note}")


def _write_link(path: Path, reading: CohortReading) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("case", "file"))
        writer.writerows(sorted(reading.files.items()))
