"""Readers who do not look are named, and honest readers of what is rare, faint or graded are not."""

from __future__ import annotations

import numpy as np
import pytest
from editproof.audit.readers_apart import CONSTANT, UNRELATED, readers_apart
from editproof.evidence.measurements import Measurements, measurements_of

N = 160


def answers(kind: str, truth: np.ndarray, random: np.random.Generator) -> np.ndarray:
    n = len(truth)
    return {
        "constant": lambda: np.full(n, 50.0),
        "random": lambda: random.integers(0, 101, n).astype(float),
        "coin": lambda: random.integers(0, 2, n).astype(float),
        "honest": lambda: np.clip(np.round(20 + 50 * truth + random.normal(0, 20, n)), 0, 100),
        "mostly 0": lambda: np.where((truth == 1) & (random.random(n) < 0.8), 1.0, 0.0),
        "two calls": lambda: (np.arange(n) < 2).astype(float),
    }[kind]()


def table(kinds: dict[str, str], *, positive: float = 0.5, standard: bool = True, seed: int = 0) -> Measurements:
    random = np.random.default_rng(seed)
    truth = (random.random(N) < positive).astype(float)
    cases = [
        {"case": f"c{i:03d}", "patient": f"p{i:03d}"} | ({"reference:finding": truth[i]} if standard else {})
        for i in range(N)
    ]
    rows = []
    for reader, kind in kinds.items():
        for arm in ("original", "edited"):
            values = answers(kind, truth, random)
            rows += [(f"c{i:03d}", arm, 0, f"reader:{reader}", "finding", values[i], "") for i in range(N)]
    return measurements_of("tool", cases, rows, [(f"c{i:03d}", 0, "ok", "") for i in range(N)])


@pytest.mark.parametrize("standard", [True, False])
@pytest.mark.parametrize("kind", ["random", "coin"])
def test_a_reader_who_guesses_is_named(kind, standard):
    found = list(readers_apart(table({"Ana": "honest", "Ben": kind, "Cyd": "honest"}, standard=standard, seed=1)))
    assert [apart.reader for apart in found] == ["Ben"]
    assert found[0].because.startswith(UNRELATED)


def test_all_who_guess_are_named_and_seldom_escape():
    named = [len(list(readers_apart(table(dict.fromkeys("AB", "random"), seed=seed)))) for seed in range(50)]
    assert sum(named) >= 88, "5 % of 100 would escape by chance"


def test_a_reader_of_one_answer_is_named():
    found = list(readers_apart(table({"Ana": "honest", "Ben": "constant"})))
    assert [(apart.reader, apart.because) for apart in found] == [("Ben", CONSTANT)]


@pytest.mark.parametrize("standard", [True, False])
@pytest.mark.parametrize(
    ("kind", "positive"), [("honest", 0.5), ("honest", 0.1), ("mostly 0", 0.1), ("mostly 0", 0.03), ("two calls", 0.5)]
)
def test_an_honest_reader_is_not(kind, positive, standard):
    """Also who mostly says 0 of a rare finding, and one whose few other answers can show nothing either way."""
    for seed in range(8):
        assert not list(
            readers_apart(table({"Ana": kind, "Ben": kind}, positive=positive, standard=standard, seed=seed))
        )
