"""The benchmark says what it measured against what was wanted; figures themselves belong to no test."""

import argparse
import json

import pytest

from bench import figures as figures_module
from bench import pixels
from bench.figures import Figure, ratio_in_turn, save, table


@pytest.mark.parametrize(("value", "wanted", "missed"), [
    (2.9, "at most", False), (3.1, "at most", True), (3.1, "at least", False), (2.9, "at least", True), (9.0, "", False),
    (None, "at most", False),
])  # fmt: skip
def test_a_figure_that_falls_short_says_so(value, wanted, missed, tmp_path):
    figure = Figure("pixels", "a pair", value, "x", wanted, 3.0, "note")
    assert figure.is_missed is missed
    assert ("missed" in table([figure])) is missed
    assert ("not measured" in table([figure])) is (value is None)
    save(tmp_path / "bench.json", [figure])
    [row] = json.loads((tmp_path / "bench.json").read_text())["figures"]
    assert (row["value"], row["missed"]) == (value, missed)


def test_a_ratio_is_taken_item_by_item(monkeypatch):
    monkeypatch.setattr(figures_module, "cpu_s", lambda work: work())
    ratio, ours, theirs = ratio_in_turn(
        [lambda: 6.0, lambda: 60.0, lambda: 9.0], [lambda: 2.0, lambda: 20.0, lambda: 2.0], 1
    )
    assert (ratio, ours, theirs) == (3.0, 9.0, 2.0)


def test_pairs_are_measured_in_small(monkeypatch):
    monkeypatch.setattr(pixels, "SHAPE", (400, 300))
    few = [pixels.drawn(0, redrawn=True)], [pixels.drawn(0, redrawn=False)]
    redrawn, filled = pixels._against_decoding(*few, rounds=1)
    assert redrawn.value > 1
    assert filled.value > 1
    assert "3 pairs" in redrawn.note
    parser = argparse.ArgumentParser()
    pixels.add_options(parser)
    assert parser.parse_args([]).pairs == 600
