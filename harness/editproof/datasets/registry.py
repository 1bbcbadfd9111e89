"""From ``--dataset NAME:ARGUMENT`` to a cohort."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote

from editproof.datasets.dicom.cohort import dicom
from editproof.datasets.folder.cohort import folder
from editproof.datasets.index.reading import held_to, index_at
from editproof.datasets.masks.files import masks_option
from editproof.datasets.reading import Reading
from editproof.datasets.rsna.cohort import rsna
from editproof.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from editproof.datasets.cohort import Cohort
    from editproof.datasets.dicom.file import Voi
    from editproof.datasets.rsna.split import Split
    from editproof.types import Dataset

    DatasetFactory = Callable[[str], Dataset]

OPTIONS = {
    "rsna": ("n", "split", "seed", "part", "index"),
    "folder": ("names", "masks", "index"),
    "dicom": ("labels", "voi", "masks", "key", "index"),
}
"""Built-in readers, and what may follow the path of each: ``NAME:PATH?OPTION=VALUE&...``."""


def dataset_from_spec(spec: str, extra: Mapping[str, DatasetFactory] | None = None) -> Dataset:
    """The cohort that a specification names.

    Parameters
    ----------
    spec : str
        ``NAME`` or ``NAME:ARGUMENT``: ``rsna:PATH[?n=200&split=test&seed=0&part=training]`` (``n=all`` for no limit;
        splits ``train``, ``validation``, ``test``, ``all``), ``folder:PATH[?names=PATTERN&masks=files]``,
        ``dicom:PATH[?labels=FILE&voi=none&masks=files&key=FILE]``, or a name of ``extra``. With ``index=FILE`` the
        cases that an index excludes are left out, and all others must be as they were when it was written.
    extra : mapping of str to callable, optional
        Further readers by name; each takes the argument. A name of theirs goes before a built-in one.

    Raises
    ------
    DatasetError
        Where the name is unknown, or the cohort cannot be read.
    """
    name, _, argument = spec.partition(":")
    if extra and name in extra:
        return extra[name](argument)
    if name not in OPTIONS:
        known = ", ".join(sorted({*OPTIONS, *(extra or {})}))
        raise DatasetError(f"--dataset {spec}", f"no cohort is called {name!r}", f"There are: {known}.")
    if not argument:
        raise DatasetError(f"--dataset {spec}", "no path", f"Write {name}:PATH.")
    _, options = path_and_options(spec)
    if "index" not in options:
        return built_in(spec, Reading())
    path = Path(options["index"])
    index = index_at(path)
    excluded = {entry.case: ", ".join(entry.kinds) for entry in index.excluded}
    return held_to(built_in(spec, Reading(excluded)), index, path.name)


def built_in(spec: str, reading: Reading) -> Cohort:
    """The cohort that a specification of a built-in reader names, read in one way or another."""
    name, _, _ = spec.partition(":")
    path, options = path_and_options(spec)
    asked = f"--dataset {spec}"
    masks = masks_option(options.get("masks", "auto"), asked)
    if name == "folder":
        return folder(path, names=options.get("names"), masks=masks, reading=reading)
    if name == "dicom":
        if (voi := options.get("voi", "first")) not in ("first", "none"):
            raise DatasetError(asked, f"voi = {voi!r}", "Write first (the header's first window) or none.")
        labels, key = options.get("labels"), options.get("key")
        return dicom(path, labels=labels, voi=cast("Voi", voi), masks=masks, key=key, reading=reading)
    n, seed = options.get("n"), _whole(options.get("seed", "0"), "seed", asked)
    limit = sys.maxsize if n == "all" else None if n is None else _whole(n, "n", asked)
    split, part = cast("Split | None", options.get("split")), options.get("part")
    return rsna(path, split=split, limit=limit, seed=seed, part=part, reading=reading)


def path_and_options(spec: str) -> tuple[str, dict[str, str]]:
    """Path and options of a built-in reader's specification; an error where it does not know an option."""
    name, _, argument = spec.partition(":")
    path, _, query = argument.partition("?")
    options = options_in(query)
    if unknown := sorted(set(options) - set(OPTIONS[name])):
        found = f"unknown option {', '.join(unknown)}"
        raise DatasetError(f"--dataset {spec}", found, f"Options: {', '.join(OPTIONS[name])}.")
    return path, options


def options_in(query: str) -> dict[str, str]:
    """Options by name, of what follows a ``?``. A ``+`` is a plus sign; ``%26`` stands for ``&`` and ``%25`` for ``%``.

    Examples
    --------
    >>> options_in("masks=files&index=a+b.json")
    {'masks': 'files', 'index': 'a+b.json'}
    """
    pairs = (part.partition("=") for part in query.split("&") if part)
    return {unquote(name): unquote(value) for name, _, value in pairs}


def _whole(text: str, what: str, asked: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise DatasetError(asked, f"{what} = {text!r}", "Write a whole number.")
    return int(text)
