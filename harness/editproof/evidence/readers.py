"""Human readers in a table of readings: by which instrument each is named, and how they are pooled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from editproof.evidence.measurements import Measurements

READER: Final = "reader:"
"""What the instrument of a human reader begins with."""


def reader_instrument(name: str, reading: int = 1) -> str:
    """The instrument of a reader; a further reading of the same image by the same reader is numbered.

    Examples
    --------
    >>> reader_instrument("A"), reader_instrument("A", 2)
    ('reader:A', 'reader:A#2')
    """
    return f"{READER}{name}" if reading == 1 else f"{READER}{name}#{reading}"


def name_of_reader(instrument: str) -> str:
    """Name of the reader that an instrument is; empty where it is none.

    Examples
    --------
    >>> name_of_reader("reader:A#2"), name_of_reader("member-0")
    ('A', '')
    """
    if not instrument.startswith(READER):
        return ""
    name, mark, number = instrument.removeprefix(READER).rpartition("#")
    return name if mark and number.isdigit() else instrument.removeprefix(READER)


def by_reader(instruments: Iterable[str]) -> dict[str, list[str]]:
    """The instruments of each reader, by name; an instrument that is no reader stands for itself."""
    found: dict[str, list[str]] = {}
    for instrument in instruments:
        found.setdefault(name_of_reader(instrument) or instrument, []).append(instrument)
    return found


def pooled_value(values: Mapping[str, float]) -> float:
    """The mean over readers of the mean of each reader's readings of one image.

    Parameters
    ----------
    values : mapping of str to float
        By instrument.

    Examples
    --------
    >>> pooled_value({"reader:A": 1.0, "reader:A#2": 3.0, "reader:B": 4.0})
    3.0
    """
    means = [sum(values[name] for name in names) / len(names) for names in by_reader(sorted(values)).values()]
    return sum(means) / len(means)


def pooled_readings(wide: pd.DataFrame) -> pd.Series[float]:
    """:func:`pooled_value` of each row of a table with a column for each instrument; NaN where one did not read."""
    import pandas as pd

    means = {name: wide[of].mean(axis=1) for name, of in by_reader(sorted(map(str, wide.columns))).items()}
    return pd.DataFrame(means, index=wide.index).mean(axis=1)


def read_in_part(measurements: Measurements, quantity: str, arm: str) -> NDArray[np.bool_]:
    """Where a reader gave no reading of an image that others read, shape (n_cases, n_images a case).

    The mean over those who did is then no pooled reading: who does not answer may have seen what the others did not.
    """
    import numpy as np

    there = measurements.matrix(quantity, arm)
    readers = {name_of_reader(instrument) for instrument in measurements.instruments_of(quantity)} - {""}
    if not readers:
        return np.zeros(there.shape, dtype=bool)
    rows = measurements.rows[measurements.rows["quantity"] == quantity]
    names = rows["instrument"].map(name_of_reader)
    chosen = rows[(rows["arm"] == arm) & (names != "")].assign(reader=names)
    counts = chosen.groupby(["case", "repeat"])["reader"].nunique()
    row_of = {case: index for index, case in enumerate(measurements.cases["case"])}
    found = ~np.isnan(there)
    for (case, repeat), n in counts.items():
        found[row_of[case], int(repeat)] &= n < len(readers)
    return np.asarray(found)
