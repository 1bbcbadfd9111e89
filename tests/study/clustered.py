"""A cohort, two tools and an instrument that the workers of a cluster can import, and a log of every call."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path

import numpy as np
from editproof.editors.adapter import Service
from editproof.types import Case, DatasetCard, EditorCard, EditOutcome, InstrumentCard, Pixels, Quantity


class Cohort(list):
    card = DatasetCard("cohort", "", "", "", "0", 0, 0)


class Logged:
    """Brightens an image after a while; every call is a line of a log, with the process that made it."""

    def __init__(self, log: Path, sends_data_to: str | None = None, seconds: float = 0.05, **service) -> None:
        self.log, self.seconds = log.parts, seconds  # files whose paths a tool holds are part of its source
        self.card = EditorCard("logged", "1", "", sends_data_to=sends_data_to, deterministic=False)
        self.service = Service(**service)

    def __call__(self, request):
        with Path(*self.log).open("a") as file:
            file.write(f"{request.case_id} {request.repeat} {os.getpid()}\n")
        time.sleep(self.seconds)
        return EditOutcome.ok(
            (request.image + request.seed % 10).astype(request.image.dtype),
            cost_usd=0.01 if self.card.sends_data_to else 0.0,
        )


class Mean:
    card = InstrumentCard("mean", "", (Quantity("brightness", "levels"),), 2, {"w": "0"}, "", "")

    def predict(self, images, references):
        return {"brightness": np.array([[image.mean() for image in images]] * 2)}


def drawn(value):
    image = np.full((48, 40), value, np.uint8)
    image[0, 0] += 1
    mask = np.zeros(image.shape, bool)
    mask[:8, :12] = True
    return Pixels(image, mask, ~mask)


def cohort(n):
    return Cohort(
        Case(f"c{i}", f"p{i}", partial(drawn, 5 * i), f"digest{i}", {"brightness": 5.0 * i}) for i in range(n)
    )


def calls(log: Path) -> list[list[str]]:
    return [line.split() for line in log.read_text().splitlines()] if log.exists() else []


def doubled(root, item: int) -> int:
    """Twice a number, which is in the store afterwards; a number below 0 is refused."""
    from editproof.core.files import files_at
    from editproof.errors import DatasetError

    if item < 0:
        raise DatasetError(f"number {item}", "it is below 0", "Give another.")
    files_at(root).write(f"numbers/{item}", b"%d" % (2 * item))
    return 2 * item
