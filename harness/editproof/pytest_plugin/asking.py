"""What a suite may ask of the run before it is collected: what its instruments give, and what cases are known by.

A suite that ships for many studies decides by it which of its tables of claims are asked (``pytest_ignore_collect`` in
its ``conftest.py``). The run itself is checked elsewhere: where it cannot be made, there is nothing to ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from editproof.pytest_plugin.chosen import run_of

if TYPE_CHECKING:
    import pytest

    from editproof.study.run import Run


def raw_outputs(config: pytest.Config) -> frozenset[tuple[str, str]]:
    """Name and kind of each output of the study's instruments that is no number; none where readings come in a table.

    Examples
    --------
    A study with ``--instrument rapidocr`` has ``("words", "text")``.
    """
    run = _run_on_images(config)
    if run is None:
        return frozenset()
    return frozenset((output.name, output.kind) for made in run.instruments for output in made.card.raw_outputs)


def annotated(config: pytest.Config, kind: str) -> frozenset[str]:
    """The parts of an annotation that some case of the whole cohort has, with something in them.

    Parameters
    ----------
    kind : str
        ``text`` has parts ``text``, ``identifiers`` and ``marks``; ``points`` has landmarks.
    """
    run = _run_on_images(config)
    found: set[str] = set()
    for case in run.whole if run is not None else ():
        known = case.annotations.get(kind)
        if isinstance(known, Mapping):
            found |= {str(part) for part, value in known.items() if value}
    return frozenset(found)


def _run_on_images(config: pytest.Config) -> Run | None:
    """The session's run, where its instruments read images; None where it cannot be made, which is said elsewhere."""
    import pytest

    from editproof.errors import EditproofError
    from editproof.study.run import Run

    try:
        run = run_of(config)
        return run if isinstance(run, Run) and run.instruments and len(run.whole) else None
    except (EditproofError, pytest.UsageError):
        return None
