"""From ``--dataset NAME:ARGUMENT`` to a cohort."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl

from harness.datasets.folder import folder
from harness.datasets.rsna import rsna
from harness.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.datasets.cohort import Cohort
    from harness.datasets.split import Split
    from harness.types import Dataset

    DatasetFactory = Callable[[str], Dataset]


def dataset_from_spec(spec: str, extra: Mapping[str, DatasetFactory] | None = None) -> Dataset:
    """The cohort that a specification names.

    Parameters
    ----------
    spec : str
        ``NAME`` or ``NAME:ARGUMENT``: ``rsna:PATH[?n=200&split=test&seed=0]`` (``n=all`` for no limit, splits
        ``train``, ``validation``, ``test``, ``all``), ``folder:PATH``, or a name of ``extra``.
    extra : mapping of str to callable, optional
        Further readers by name; each takes the argument. A name of theirs goes before a built-in one.

    Raises
    ------
    DatasetError
        Where the name is unknown, or the cohort cannot be read.
    """
    readers: dict[str, DatasetFactory] = {"rsna": _rsna, "folder": folder, **(extra or {})}
    name, _, argument = spec.partition(":")
    if name not in readers:
        known = ", ".join(sorted(readers))
        raise DatasetError(f"--dataset {spec}", f"no cohort is called {name!r}", f"There are: {known}.")
    if name in ("rsna", "folder") and name not in (extra or {}) and not argument:
        raise DatasetError(f"--dataset {spec}", "no path", f"Write {name}:PATH.")
    return readers[name](argument)


def _rsna(argument: str) -> Cohort:
    """``PATH[?n=200&split=test&seed=0]``."""
    path, _, query = argument.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    asked = f"--dataset rsna:{argument}"
    if unknown := sorted(set(options) - {"n", "split", "seed"}):
        raise DatasetError(asked, f"unknown option {', '.join(unknown)}", "Options: n, split, seed.")
    split = cast("Split | None", options.get("split"))
    seed = _whole(options.get("seed", "0"), "seed", asked)
    n = options.get("n")
    limit = sys.maxsize if n == "all" else None if n is None else _whole(n, "n", asked)
    return rsna(path, split=split, limit=limit, seed=seed)


def _whole(text: str, what: str, asked: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise DatasetError(asked, f"{what} = {text!r}", "Write a whole number.")
    return int(text)
