"""Wires what no package may bring: the generative control that was trained on RSNA's radiographs."""

from __future__ import annotations


def pytest_editproof_editors() -> dict[str, object]:
    """``rerender-rsna``, for RSNA's radiographs; cohort, instruments and the other control are built-in names."""
    from editproof.models import rerender

    return {"rerender-rsna": rerender.rsna_editor}
