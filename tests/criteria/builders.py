"""Measurements made of arrays, for tests of everything that decides."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from editproof.evidence.measurements import Measurements, measurements_of


def table(
    *,
    originals: Mapping[str, np.ndarray],
    edits: Mapping[str, np.ndarray],
    references: Mapping[str, np.ndarray],
    images: Mapping[str, np.ndarray] | None = None,
    patients: list[str] | None = None,
    strata: Mapping[str, list[object]] | None = None,
    units: Mapping[str, str] | None = None,
    editor: str = "tool",
) -> Measurements:
    """A table of one editor; an edit that is NaN in a reading (without any, in the first metric) failed."""
    read = list((edits or images or {}).values())
    gone = np.any(np.isnan(read if edits else read[:1]), axis=0)
    n, repeats = gone.shape
    names = [f"c{i:04d}" for i in range(n)]
    units = {"bone_age": "months", **(units or {})}
    cases = [
        {
            "case": names[i],
            "patient": patients[i] if patients else f"p{i:04d}",
            **{f"reference:{q}": float(v[i]) for q, v in references.items()},
            **{f"stratum:{s}": v[i] for s, v in (strata or {}).items()},
        }
        for i in range(n)
    ]
    rows: list[tuple[object, ...]] = []
    for quantity, values in originals.items():
        unit = units.get(quantity, "probability")
        rows += [(names[i], "original", 0, "pooled", quantity, float(values[i]), unit) for i in range(n)]
    for instrument, quantities in (("pooled", edits), ("image", images or {})):
        for quantity, matrix in quantities.items():
            unit = units.get(quantity, "probability" if instrument == "pooled" else "")
            rows += [
                (names[i], "edited", r, instrument, quantity, float(matrix[i, r]), unit)
                for i in range(n)
                for r in range(repeats)
                if not (gone[i, r] or np.isnan(matrix[i, r]))
            ]
    flow = [(names[i], r, "failed" if gone[i, r] else "ok", "") for i in range(n) for r in range(repeats)]
    return measurements_of(editor, cases, rows, flow)
