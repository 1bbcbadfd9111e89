"""How a cohort is read: strictly, or continuing after flawed cases; which cases are left out; the file of each case."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from editproof.core.usage import FILE, Option
from editproof.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

INDEX = Option("index", "an index of the cohort, of which the cases that it excludes are left out", FILE)
"""What every built-in reader takes."""


@dataclass
class CohortReading:
    """One reading of a cohort, and what was noted during it.

    Attributes
    ----------
    left_out : mapping of str to str
        Reasons by name of case (or of a file that gave no case): these are not read.
    tolerant : bool
        Whether a flawed case is noted in ``flawed`` and skipped; otherwise its error is raised.
    flawed : dict of str to str
        What is wrong, by name.
    files : dict of str to str
        File below the cohort's folder, by name of case. It may identify a patient, so it is written only on request.
    known_as : dict of str to set of str
        Identifiers by name of case where the cohort has pseudonyms: for comparison only, never written.
    lacking : Counter of str
        Number of cases that lack a region (:mod:`editproof.imaging.region`) for which each is looked at.
    """

    left_out: Mapping[str, str] = field(default_factory=dict)
    tolerant: bool = False
    flawed: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict, repr=False)
    known_as: dict[str, set[str]] = field(default_factory=dict, repr=False)
    lacking: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def guarding(self, name: str) -> Iterator[None]:
        """Read one case in the block; note its error if the reading is tolerant."""
        try:
            yield
        except DatasetError as error:
            if not self.tolerant:
                raise
            self.flawed[name] = str(error)
