"""Wires this repository's own study: its phantoms, its instruments, its generative control. Nothing else."""

from __future__ import annotations

from pathlib import Path

MODELS = Path(__file__).parent / "models"
INSTRUMENTS = {"phantom": "phantom", "rsna": "rsna100"}


def pytest_editproof_editors() -> dict[str, object]:
    """The destructive generative control."""
    from models import rerender

    return {"rerender": rerender.editor}


def pytest_editproof_datasets() -> dict[str, object]:
    """The embedded cohort."""
    import fixtures

    return {"phantom": fixtures.dataset}


def pytest_editproof_instrument(dataset: str) -> Path | None:
    """The ensemble that was trained on images like the named cohort's."""
    return MODELS / INSTRUMENTS[dataset] / "card.json" if dataset in INSTRUMENTS else None
