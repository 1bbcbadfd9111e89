"""The benchmark says what it measured against what was wanted; figures themselves belong to no test."""

import argparse
import json

import pytest

from bench import curve, ensemble, pixels, plugin, warm
from bench import figures as figures_module
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


def asked(part, *words):
    parser = argparse.ArgumentParser()
    part.add_options(parser)
    return parser.parse_args(words)


def test_the_curve_is_held_against_its_smallest_study(monkeypatch):
    monkeypatch.setattr(curve, "_costs", {10: (0.010, 0.001, 9e3, 2.0), 40: (0.012, 0.001, 9e3, 2.0)}.__getitem__)
    small, large = curve.figures(asked(curve, "--curve-cases", "40", "10"))
    assert (small.value, small.wanted, small.is_missed) == (1.0, "", False)
    assert large.value == pytest.approx(1.2)
    assert large.is_missed


def test_the_curve_is_measured_in_small():
    cold, warm_again, size, files = curve._costs(2)
    assert cold > warm_again > 0
    assert size > 1000
    assert files > 1


def test_the_plugin_is_imported_in_processes_of_their_own():
    [figure] = plugin.figures(asked(plugin, "--plugin-runs", "2"))
    assert figure.value > 0
    assert figure.note.startswith("median of 2")


def test_a_missing_torch_is_said_and_fails_nothing(monkeypatch):
    monkeypatch.setattr(ensemble, "CODE", "import no_such_module")
    [figure] = ensemble.figures(asked(ensemble))
    assert (figure.value, figure.is_missed) == (None, False)
    assert "no_such_module" in figure.note


def test_the_warm_run_is_held_against_the_imports_of_the_same_round(monkeypatch, tmp_path):
    spent = iter([99.0, 6.0, 2.0, 30.0, 5.0, 9.0, 3.0])  # the first run makes what is not kept
    monkeypatch.setattr(warm, "cpu_of", lambda words: next(spent))
    figure = warm.warm(200, 3, tmp_path / "store", tmp_path)
    assert (figure.value, figure.limit) == (3.0, 3.0)
    assert "9.00 s against 3.00 s" in figure.note


def test_processor_time_is_that_of_the_process_and_what_breaks_is_no_figure():
    assert 0 < warm.cpu_of(["-c", "sum(range(10**6))"]) < 60
    with pytest.raises(RuntimeError, match=r"ended with 3: .*odd"):
        warm.cpu_of(["-c", "print('odd'); raise SystemExit(3)"])


def test_a_demo_of_a_commit_that_is_not_there_is_not_measured(tmp_path):
    figure = warm.demo("no-such-commit", tmp_path)
    assert figure.value is None
    assert "does not know" in figure.note
