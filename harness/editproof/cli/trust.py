"""A user's own estimands on the command line: ``--trust FILE.py`` lets the code of a named file run, and no other."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from editproof.errors import EvidenceError


def add_trust(verb: argparse.ArgumentParser) -> None:
    """Declare ``--trust``."""
    verb.add_argument(
        "--trust",
        type=Path,
        action="append",
        default=[],
        metavar="FILE.py",
        help="let the code of a file of your own estimands run; repeatable",
    )


@contextmanager
def trusted(files: Sequence[Path]) -> Iterator[None]:
    """Know the estimands of some Python files.

    Raises
    ------
    EvidenceError, ProtocolError
        Where a file does not import, holds no estimand, or claims a name that is taken.
    """
    with ExitStack() as known:
        for file in files:
            known.enter_context(_estimands_of(file))
        yield


@contextmanager
def _estimands_of(file: Path) -> Iterator[None]:
    from editproof.core.callables import module_from_file
    from editproof.criteria.registry import ESTIMANDS, own_factories

    asked, folder = f"--trust {file}", str(file.resolve().parent)
    sys.path.insert(0, folder)
    try:
        own = own_factories(module_from_file(file, asked, EvidenceError))
    finally:
        sys.path.remove(folder)
    if not own:
        raise EvidenceError(asked, "it defines no estimand", "Name the file whose functions are marked by @estimand.")
    with ESTIMANDS.also(own, asked):
        yield
