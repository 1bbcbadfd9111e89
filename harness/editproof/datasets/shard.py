"""A part of a cohort, for a run that several machines share; card and digest stay those of the whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from editproof.errors import DatasetError
from editproof.types import Case, Dataset, DatasetCard


class Shard:
    """Some consecutive cases of a cohort, under the card of all of them."""

    def __init__(self, dataset: Dataset, shard: str) -> None:
        self.whole = dataset
        cases: Sequence[Case] = list(dataset)
        self.card: DatasetCard = dataset.card
        self._cases = [cases[index] for index in cases_in(shard, len(cases))]

    def __len__(self) -> int:
        return len(self._cases)

    def __iter__(self) -> Iterator[Case]:
        return iter(self._cases)


def cases_in(shard: str, n_cases: int) -> list[int]:
    """Places of the cases that a shard holds: ``"2/4"`` the second quarter, ``"1+2/4"`` the first half.

    Raises
    ------
    DatasetError
        Where it cannot be read, or holds nothing.

    Examples
    --------
    >>> cases_in("2/3", 10), cases_in("1+3/3", 4)
    ([3, 4, 5], [0, 2, 3])
    """
    parts, of = parts_of(shard)
    found = [index for part in parts for index in range(n_cases * (part - 1) // of, n_cases * part // of)]
    if not found:
        raise DatasetError(f"shard {shard!r}", f"it holds none of the {n_cases} cases", "Make fewer shards.")
    return found


def parts_of(shard: str) -> tuple[list[int], int]:
    """Which parts of how many: ``([1, 3], 4)`` of ``"1+3/4"``.

    Raises
    ------
    DatasetError
        Where it cannot be read.
    """
    try:
        parts, of = shard.split("/")
        found, total = sorted({int(part) for part in parts.split("+")}), int(of)
        if not 1 <= found[0] <= found[-1] <= total:
            raise ValueError(shard)
    except ValueError as error:
        raise DatasetError(
            f"shard {shard!r}", "it names no part of a cohort", "Write 2/4 for the second quarter."
        ) from error
    return found, total


def shard_text(parts: Sequence[int], of: int) -> str:
    """The inverse of :func:`parts_of`; empty where the parts are all of them."""
    return "" if sorted(parts) == list(range(1, of + 1)) else f"{'+'.join(map(str, sorted(parts)))}/{of}"


def reason_incomplete(shard: str) -> str:
    """Why a run of a shard is incomplete.

    Examples
    --------
    >>> reason_incomplete("2/4")
    'only part 2/4 of the cohort was measured'
    """
    return f"only part {shard} of the cohort was measured"
