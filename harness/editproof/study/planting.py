"""The arm of planted structures: radiographs with known structures in the anatomy, and what edits leave of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from editproof.evidence.measurements import IMAGE, PLANTED, PLANTED_ORIGINAL
from editproof.evidence.planted import SEEN, planted_cases, planting_seed
from editproof.imaging.output import in_frame
from editproof.imaging.planted import Planted, planted
from editproof.types import JSON, Case, EditOutcome, Pixels

if TYPE_CHECKING:
    from collections.abc import Callable

MEASURED = {SEEN: ((PLANTED_ORIGINAL, PLANTED), "")}
"""What is measured on the arm: arms on which, and its unit."""


@dataclass(frozen=True)
class Planting:
    """Which cases have structures planted; none where no claim asks for any.

    Attributes
    ----------
    cases : frozenset of str
    seed : int
        Of the plan.
    """

    cases: frozenset[str] = frozenset()
    seed: int = 0

    @classmethod
    def in_cohort(cls, cases: Iterable[Case], seed: int) -> Planting:
        """The planting that a seed draws in a whole cohort."""
        return cls(planted_cases(((case.case_id, case.patient_id) for case in cases), seed), seed)

    def of(self, case: Case, pixels: Pixels) -> Planted | None:
        """A case's radiograph with structures in it; None where it has none."""
        if case.case_id not in self.cases:
            return None
        seed = planting_seed(case.case_id, self.seed)
        return planted(pixels.image, pixels.edit_mask, pixels.protected_mask, seed, case.spacing_mm)

    def pixels(self, case: Case, pixels: Pixels) -> list[Pixels]:
        """What the tool is asked to edit beside the original: the same with structures, or nothing."""
        found = self.of(case, pixels)
        return [Pixels(found.image, pixels.edit_mask, pixels.protected_mask)] if found else []

    def rows(
        self, case: Case, pixels: Pixels, edited: Callable[[Pixels], EditOutcome | None]
    ) -> tuple[list[list[JSON]], EditOutcome | None]:
        """What the detector sees before and after the edit, as rows, and the outcome of the edit.

        Parameters
        ----------
        edited : callable
            Asks the tool for an edit; None where it cannot be asked.
        """
        found = self.of(case, pixels)
        if found is None:
            return [], None
        outcome = edited(Pixels(found.image, pixels.edit_mask, pixels.protected_mask))
        return list(_seen(found, outcome)), outcome


def _seen(found: Planted, outcome: EditOutcome | None) -> Iterator[list[JSON]]:
    yield [PLANTED_ORIGINAL, 0, IMAGE, SEEN, found.seen(found.image), ""]
    if outcome is not None and outcome.image is not None:
        yield [PLANTED, 0, IMAGE, SEEN, found.seen(in_frame(outcome.image, found.image.shape)), ""]
