"""One small study of readings, written down as a table in each of the forms that are read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from editproof.datasets.tables.layout import Layout, layout_of
from editproof.datasets.tables.readings import readings_in
from editproof.study.of_readings import ReadingsOfCohort

LONG = layout_of()
BY_ARM = layout_of(columns=["arm=defaced"], quantities=["bone_age"])
IN_PAIRS = layout_of(columns=["original=before,edited=after"], quantities=["bone_age"])


@dataclass(frozen=True)
class Lines:
    """Cases with the reading of the original and of the edit, None where it did not come back."""

    cases: tuple[tuple[str, float, float | None], ...]

    def long(self) -> list[str]:
        rows = ["case,arm,quantity,value"]
        for case, before, after in self.cases:
            rows.append(f"{case},original,bone_age,{before!r}")
            if after is not None:
                rows.append(f"{case},edited,bone_age,{after!r}")
        return rows

    def by_arm(self) -> list[str]:
        rows = ["case,defaced,bone_age"]
        for case, before, after in self.cases:
            rows += [f"{case},0,{before!r}"] + ([] if after is None else [f"{case},1,{after!r}"])
        return rows

    def in_pairs(self) -> list[str]:
        rows = ["case,before,after"]
        return rows + [
            f"{case},{before!r},{'' if after is None else repr(after)}" for case, before, after in self.cases
        ]


def written(folder: Path, lines: Iterable[str], name: str = "readings.csv") -> Path:
    """A table in a folder."""
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def read(
    folder: Path, lines: Iterable[str], layout: Layout = LONG, cohort: Iterable[str] | None = None
) -> ReadingsOfCohort:
    """The readings of a table, checked."""
    people = None if cohort is None else written(folder, cohort, "cohort.csv")
    found = ReadingsOfCohort(readings_in(written(folder, lines), layout, people), "tool")
    found.check()
    return found
