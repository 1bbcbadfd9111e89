"""What child processes do to a store; importable, so that a fork server can be told to."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from editproof.editing.edits import Terms
from editproof.editors.pace import Patience
from editproof.editors.registry import editor_from_spec
from editproof.study.bench import Bench
from editproof.study.plan import Plan
from editproof.study.run import Run
from editproof.types import Case, DatasetCard, InstrumentCard, Pixels, Quantity

QUICK = Patience(tries=4, first_s=0.001, longest_s=0.01)
PLAN = Plan("remove", 3)


def pixels(number: int, side: int) -> Pixels:
    rng = np.random.default_rng(number)
    mask = np.zeros((side, side), bool)
    mask[4:12, 4:20] = True
    return Pixels(rng.integers(0, 255, (side, side)).astype(np.uint8), mask, ~mask)


class Cohort(list):
    def __init__(self, n: int, side: int = 32) -> None:
        super().__init__(
            Case(f"c{i}", f"p{i}", partial(pixels, i, side), f"d{i}", {"brightness": 127.0 + i % 5}) for i in range(n)
        )
        self.card = DatasetCard("cohort", "cohort", "test", "none", f"cohort-{n}", n, n)


class Reader:
    """Reads the mean gray level."""

    card = InstrumentCard("reader", "mean level", (Quantity("brightness", "levels"),), 2, {}, "none", "none")

    def predict(self, images, references):
        levels = [float(image.mean()) for image in images]
        return {"brightness": np.array([levels, np.add(levels, 0.5)])}


def reader() -> Reader:
    return Reader()


def bench(store: Path, spec: str, repeats: int = 3, **terms: object) -> Bench:
    return Bench(partial(editor_from_spec, spec), (no_instrument,), store, Plan("remove", repeats), Terms(**terms))


def no_instrument() -> None:
    raise AssertionError("edits alone need no instrument")


def edit_all(store: Path, spec: str, n: int, threads: int) -> None:
    for _ in bench(store, spec).edited(Cohort(n), threads=threads):
        pass


def run_of(store: Path, spec: str, n: int) -> Run:
    cohorts = (("cohort", lambda argument: Cohort(int(argument))),)
    return Run((spec,), f"cohort:{n}", (f"{__file__}:reader",), PLAN, store, terms=Terms(), dataset_factories=cohorts)


def measure_all(store: Path, spec: str, n: int) -> None:
    """A whole run: the edits in as many threads as the tool likes, then everything that is read and measured."""
    run_of(store, spec, n).study(spec)
