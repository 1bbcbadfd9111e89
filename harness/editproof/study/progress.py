"""Progress on the terminal: a bar with the time left for every step that takes longer than a moment."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from editproof.types import JSON

MOMENT_S: Final = 1.0
"""A step that ends within it shows no bar."""


def progress_bar(items: Iterable[JSON], total: int, title: str, unit: str = "case") -> Iterable[JSON]:
    """The items, with a progress bar on standard error where that is a terminal; elsewhere nothing is written."""
    from tqdm import tqdm

    progress: Iterable[JSON] = tqdm(
        items, desc=title, total=total, unit=unit, disable=None, leave=False, delay=MOMENT_S
    )
    return progress
