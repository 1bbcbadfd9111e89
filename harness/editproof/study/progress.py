"""Progress on the terminal."""

from __future__ import annotations

from collections.abc import Iterable

from tqdm import tqdm

from editproof.types import JSON


def progress_bar(items: Iterable[JSON], total: int, title: str) -> Iterable[JSON]:
    """The items, with a progress bar on standard error where that is a terminal."""
    progress: Iterable[JSON] = tqdm(items, desc=title, total=total, unit="case", disable=None, leave=False)
    return progress
