"""A figure of a benchmark: a number, what it is a ratio to, and what was wanted; one table of them, and JSON."""

from __future__ import annotations

import json
import operator
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

IS_HELD = {"at most": operator.le, "at least": operator.ge}


@dataclass(frozen=True)
class Figure:
    """One number.

    Attributes
    ----------
    part, name : str
        Which part of the benchmark, and what was measured.
    value : float or None
        None where it was not measured; ``note`` then says why.
    unit : str
        E.g. ``"x bare decoding"``: a figure is a ratio to a named peer wherever there is one.
    wanted : str
        ``"at most"``, ``"at least"``, or empty where nothing is.
    limit : float
    note : str
        Absolute costs, and whatever else a reader has to know.
    """

    part: str
    name: str
    value: float | None
    unit: str
    wanted: str = ""
    limit: float = 0.0
    note: str = ""

    @property
    def is_missed(self) -> bool:
        """Whether something was wanted of it and it falls short."""
        return bool(self.wanted) and self.value is not None and not IS_HELD[self.wanted](self.value, self.limit)

    @property
    def row(self) -> str:
        """Its row of the table, in Markdown."""
        value = "not measured" if self.value is None else f"{self.value:.3g} {self.unit}".strip()
        wanted = f"{self.wanted} {self.limit:g}{', missed' if self.is_missed else ''}" if self.wanted else ""
        return f"| {self.part} | {self.name} | {value} | {wanted} | {self.note} |"


def ratio_in_turn(
    work: Sequence[Callable[[], object]], yardstick: Sequence[Callable[[], object]], rounds: int
) -> tuple[float, float, float]:
    """The ratio of two costs in processor time, and both costs in seconds: medians over rounds and items.

    Each item of one is done right after the same item of the other, so that whatever else the machine does weighs on
    both alike.
    """
    spent = []
    for _ in range(rounds):
        spent += [(cpu_s(one), cpu_s(other)) for one, other in zip(work, yardstick, strict=True)]
    ours, theirs = (statistics.median(costs) for costs in zip(*spent, strict=True))
    return statistics.median(one / other for one, other in spent), ours, theirs


def cpu_s(work: Callable[[], object]) -> float:
    """Seconds of processor time of this process that a piece of work takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def machine() -> dict[str, object]:
    """Where it was measured, and how busy the machine was."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {"processor": platform.machine(), "cores": os.cpu_count(), "load": load, "python": platform.python_version()}


def table(figures: Iterable[Figure]) -> str:
    """All figures as one table in Markdown."""
    head = "| part | what | measured | wanted | note |\n|---|---|---|---|---|"
    return "\n".join([head, *(figure.row for figure in figures)])


def save(path: Path, figures: Iterable[Figure]) -> None:
    """Write the figures and the machine as JSON."""
    rows = [{**asdict(figure), "missed": figure.is_missed} for figure in figures]
    path.write_text(json.dumps({"machine": machine(), "figures": rows}, indent=1) + "\n")
