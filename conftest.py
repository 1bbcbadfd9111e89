"""Wires this repository's own study: its phantoms, its instruments, its generative control. Nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from editproof.types import Dataset

MODELS = Path(__file__).parent / "models"
INSTRUMENTS = {"phantom": "phantom", "rsna": "rsna100"}


def pytest_editproof_editors() -> dict[str, object]:
    """The destructive generative control."""
    from models import rerender

    return {"rerender": rerender.editor}


def pytest_editproof_datasets() -> dict[str, object]:
    """The embedded cohort: ``phantom`` or ``phantom:n=40&seed=1``."""
    return {"phantom": _phantoms}


def pytest_editproof_instrument(dataset: str) -> Path | None:
    """The ensemble that was trained on images like the named cohort's."""
    return MODELS / INSTRUMENTS[dataset] / "card.json" if dataset in INSTRUMENTS else None


def _phantoms(argument: str) -> Dataset:
    from editproof.errors import DatasetError

    from fixtures.phantom import cohort

    try:
        options = {name: int(value) for name, value in parse_qsl(argument, strict_parsing=bool(argument))}
        return cohort(**options)
    except (TypeError, ValueError) as error:
        raise DatasetError(
            f"--dataset phantom:{argument}", str(error), "Write phantom or phantom:n=40&seed=1."
        ) from error
