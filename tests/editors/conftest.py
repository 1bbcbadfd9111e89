from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from editproof.editing.edits import Edits, Terms
from editproof.editors.pace import Patience
from editproof.types import EditRequest

from tests.editors.server import KEY, Server

QUICK = Patience(tries=4, first_s=0.001, longest_s=0.01)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    running = Server()
    yield running
    running.close()


@pytest.fixture
def request_of():
    """A textured request; the mask is a box away from the middle."""

    def make(shape=(75, 53), dtype=np.uint8, repeat=0, case="patient-name", mask=None) -> EditRequest:
        rng = np.random.default_rng(7)
        image = rng.integers(0, 200 if dtype == np.uint8 else 4000, shape).astype(dtype)
        if mask is None:
            mask = np.zeros(shape, bool)
            mask[5:20, 3:30] = True
        return EditRequest(image, mask, "remove the marker", repeat, 100 + repeat, case)

    return make


@pytest.fixture
def desk(tmp_path):
    """Edits of a store in a temporary folder, quick to try again."""

    def make(root: Path | None = None, **terms: object) -> Edits:
        return Edits(root or tmp_path / "store", Terms(**terms), QUICK)

    return make
