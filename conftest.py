"""Wires this repository's own study: its phantoms, its instruments, its generative control. Nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from editproof.core.usage import Given
    from editproof.types import Dataset

MODELS = Path(__file__).parent / "models"
INSTRUMENTS = {"phantom": "phantom", "rsna": "rsna100"}


def pytest_editproof_editors() -> dict[str, object]:
    """The destructive generative control."""
    from models import rerender

    return {"rerender": rerender.editor}


def pytest_editproof_datasets() -> dict[str, object]:
    """The embedded cohort: ``phantom`` or ``phantom:?n=40&seed=1``; with targets, ``phantom:?noise=8``."""
    from editproof.core.usage import Option, Usage, numeric, takes, whole
    from editproof.datasets.degraded import OPTIONS

    options = (
        Option("n", "patients", whole(1), "200"),
        Option("seed", "of the draw", whole(), "2023"),
        Option("acquisitions", "radiographs of each hand", whole(1, 9), "1"),
        Option("maturity_sd", "SD of apparent minus reference bone age, months", numeric("a number")),
        Option("sex_separation", "distance of the sexes' mean builds, in SD", numeric("a number")),
        Option("rings", "whether some hands wear a ring", whole(0, 1), "0"),
        Option("touching", "whether some markers touch the hand's edge", whole(0, 1), "0"),
        *OPTIONS,
    )
    return {"phantom": takes(Usage("the embedded phantoms", options=options))(_phantoms)}


def pytest_editproof_instrument(dataset: str) -> Path | None:
    """The ensemble that was trained on images like the named cohort's."""
    return MODELS / INSTRUMENTS[dataset] / "card.json" if dataset in INSTRUMENTS else None


def _phantoms(given: Given) -> Dataset:
    from editproof.datasets.degraded import OPTIONS, degraded_if_asked

    from fixtures.phantom import cohort

    degrading = {option.name for option in OPTIONS}
    drawn = cohort(**{name: given.value[name] for name in given.written if name not in degrading})
    return degraded_if_asked(drawn, given.value)
