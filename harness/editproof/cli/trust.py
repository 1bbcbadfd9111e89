"""A user's own estimands, metrics and forms of report: ``--trust FILE.py`` lets that file run, and no other."""

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
        help="let the code of a file of your own estimands, metrics or forms of report run; repeatable",
    )


@contextmanager
def trusted(files: Sequence[Path]) -> Iterator[None]:
    """Know the estimands, metrics and forms of report of some Python files.

    Raises
    ------
    EvidenceError, ProtocolError
        Where a file does not import, holds none of them, or claims a name that is taken.
    """
    with ExitStack() as known:
        for file in files:
            known.enter_context(_values_of(file))
        yield


@contextmanager
def _values_of(file: Path) -> Iterator[None]:
    from editproof.core.callables import module_from_file
    from editproof.criteria.registry import ESTIMANDS, own_factories
    from editproof.metrics.registry import METRICS, metrics_in
    from editproof.report.formats.registry import FORMS, forms_in

    asked, folder = f"--trust {file}", str(file.resolve().parent)
    sys.path.insert(0, folder)
    try:
        module = module_from_file(file, asked, EvidenceError)
    finally:
        sys.path.remove(folder)
    estimands, metrics, forms = own_factories(module), metrics_in(module), forms_in(module)
    if not (estimands or metrics or forms):
        advice = "Name the file whose functions are marked by @estimand, @metric or @feature, or that makes a Form."
        raise EvidenceError(asked, "it defines no estimand, no metric and no form of report", advice)
    with ESTIMANDS.also(estimands, asked), METRICS.also(metrics, asked), FORMS.also(forms, asked):
        yield
