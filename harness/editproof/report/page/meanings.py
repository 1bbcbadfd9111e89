"""What a number of the reference standard means: the class that the cohort calls it, years and months of an age."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from editproof.evidence.measurements import Measurements


def classes_of(table: Measurements, quantity: str) -> dict[float, str]:
    """What the cohort calls each class of a quantity: its stratum of that name, where each names one class.

    Parameters
    ----------
    table : Measurements
    quantity : str
        ``"sex"``, for one: 1 is ``"M"`` where every case with the reference 1, and no other, is in that stratum.

    Examples
    --------
    >>> from editproof.evidence.measurements import measurements_of
    >>> cases = [{"case": k, "patient": k, "reference:sex": v, "stratum:sex": s} for k, v, s in
    ...          [("a", 1.0, "M"), ("b", 0.0, "F"), ("c", 1.0, "M")]]
    >>> classes_of(measurements_of("tool", cases, [], []), "sex")
    {0.0: 'F', 1.0: 'M'}
    >>> cases[2]["stratum:sex"] = "F"
    >>> classes_of(measurements_of("tool", cases, [], []), "sex")
    {}
    """
    reference, stratum = f"reference:{quantity}", f"stratum:{quantity}"
    if reference not in table.cases or stratum not in table.cases:
        return {}
    if pd.api.types.is_numeric_dtype(table.cases[stratum]):
        return {}
    named = table.cases[[reference, stratum]].dropna()
    pairs = sorted({(float(value), str(name)) for value, name in named.itertuples(index=False) if name != ""})
    values, names = ({pair[at] for pair in pairs} for at in (0, 1))
    return dict(pairs) if values <= {0.0, 1.0} and len(pairs) == len(values) == len(names) else {}


def meaning(value: float, unit: str, classes: dict[float, str]) -> str:
    """The class of a number, or years and months of one in months; empty where it says no more than the number.

    Examples
    --------
    >>> meaning(1.0, "probability", {1.0: "M"}), meaning(135.9, "months", {}), meaning(11.9, "months", {})
    ('M', '11 years 4 months', '1 year 0 months')
    >>> meaning(8.0, "months", {}), meaning(0.4, "probability", {1.0: "M"}), meaning(float("nan"), "months", {})
    ('', '', '')
    """
    if value in classes:
        return classes[value]
    if unit != "months" or not np.isfinite(value) or round(value) < 12:
        return ""
    years, months = divmod(round(value), 12)
    return f"{years} {'year' if years == 1 else 'years'} {months} {'month' if months == 1 else 'months'}"
