"""Every metric keeps one contract, built in or a user's own; the check notices each way to break it."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
from editproof.core import registry as core_registry
from editproof.core.callables import module_from_file
from editproof.errors import EditproofError, MetricError, ProtocolError
from editproof.imaging.axes import KINDS_OF_AXES
from editproof.metrics import BUILT_IN, METRICS, Metric, MetricOutput, Pair, image_features, measured, pair_metrics
from editproof.metrics.metric import OF_OUTPUTS
from editproof.metrics.registry import in_protocol, metrics_in, own_in_protocol, own_metrics, version_in_protocol
from editproof.testing import check_metric, contract_pairs, pairs
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.metrics import own

ROOT = Path(__file__).parents[2]


def named(metric: Metric) -> str:
    return metric.name


OF_IMAGES = [metric for metric in BUILT_IN if metric.of not in OF_OUTPUTS]
"""Metrics of what instruments give beside masks are tried where these are."""


@pytest.mark.parametrize("metric", [*OF_IMAGES, *own.SOUND], ids=named)
def test_it_keeps_the_contract(metric):
    found = [quantity for numbers in check_metric(metric) for quantity in numbers]
    assert set(found) == set(metric.units), "each quantity is given for one pair at least, and no other"


@given(pair=pairs())
@settings(max_examples=25)
def test_it_keeps_the_contract_on_any_pair(pair):
    for metric in (one for one in (*OF_IMAGES, *own.SOUND) if pair.axes in one.axes):
        check_metric(metric, [pair])


@pytest.mark.parametrize(
    ("metric", "words"), [*own.DECLARED_WRONGLY.items(), *own.COMPUTED_WRONGLY.items()], ids=lambda value: getattr(value, "name", "")
)  # fmt: skip
def test_each_breach_is_noticed_in_one_line(metric, words):
    with pytest.raises(AssertionError) as caught:
        check_metric(metric)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@given(pair=pairs(), order=st.permutations(range(len(BUILT_IN))))
@settings(max_examples=15)
def test_what_is_shared_changes_no_number(pair, order):
    """Metrics in any order, on one pair and each on a pair of its own, give the same."""
    arrays = pair.original, pair.edited, pair.edit_mask, pair.protected_mask
    together = {**measured(pair, [BUILT_IN[k] for k in order]), **measured(pair.after, BUILT_IN)}
    alone = {}
    for metric in (one for one in OF_IMAGES if one.of not in ("target", "masks") and pair.axes in one.axes):
        fresh = Pair.of(*arrays, pair.before.spacing_mm)
        alone |= metric(fresh if metric.of == "pair" else fresh.after)
    assert together == alone
    if pair.before.spacing_mm is None:
        assert together == {**pair_metrics(*arrays), **image_features(*arrays[1:])}


def test_an_intermediate_is_computed_once_and_that_of_the_original_once_for_all_edits():
    first, second = [pair for pair in contract_pairs() if pair.original.dtype == np.uint8][:2]
    own.COMPUTED.clear()
    for pair in (first, Pair(first.before, first.before.beside(second.edited))):
        measured(pair, [own.row_change, own.worst_row])
        measured(pair, [own.worst_row])
    assert sorted(own.COMPUTED) == ["pair"] * 2 + ["picture"] * 3, "two pairs, one original, two edits"


def test_a_metric_cannot_write_to_what_others_are_given():
    pair = next(contract_pairs())
    for array in (
        pair.original,
        pair.edited,
        pair.edit_mask,
        pair.levels_after["whole"],
        pair.regions["whole"],
        pair.change,
    ):
        assert not array.flags.writeable
    mine = np.zeros((3, 3), np.uint8)
    nothing = np.zeros((3, 3), bool)
    Pair.of(mine, mine, nothing, nothing)
    mine[0, 0] = 1
    assert mine[0, 0] == 1, "the caller's own array stays open"


@pytest.mark.parametrize("axes", KINDS_OF_AXES)
def test_no_quantity_is_given_by_two_metrics_on_images_of_one_kind(axes):
    quantities = [quantity for metric in BUILT_IN if axes in metric.axes for quantity in metric.units]
    assert len(quantities) == len(set(quantities))
    units = {(quantity, unit) for metric in BUILT_IN for quantity, unit in metric.units.items()}
    assert len(units) == len({quantity for quantity, _ in units}), "one unit whatever the images"


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ([lambda pair: {}], "is not a metric; decorate its function with @metric or @feature"),
        (["row_change"], "'row_change' is not a metric"),
        ([replace(own.row_change, name="similarity")], "claimed by this package and by pytest_editproof_metrics"),
        ([own.row_change, replace(own.worst_row, name="row_change")], "claimed by pytest_editproof_metrics and by"),
        ([replace(own.row_change, name=3)], "a metric is named 3, which is not text"),
        *(([metric], words) for metric, words in own.DECLARED_WRONGLY.items()),
    ],
)
def test_a_wrong_registration_is_one_line(given_, words):
    with pytest.raises(EditproofError) as caught:
        own_metrics(given_)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_quantity_is_claimed_once(tmp_path):
    (tmp_path / "rival.py").write_text(
        "from editproof import MetricOutput, metric\n\n"
        "@metric(MetricOutput('ssim', unit=''))\ndef mine(pair):\n    return {}\n\n"
        "@metric(MetricOutput('ssim2', unit=''))\ndef other(pair):\n    return {}\n"
    )
    mine, other = metrics_in(module_from_file(tmp_path / "rival.py", "a test", MetricError))
    with pytest.raises(
        MetricError, match=r"metric 'mine': ssim:whole is given by metric 'similarity' too. Rename its output"
    ):
        own_metrics([mine])
    assert own_metrics([other]) == (other,)
    assert "other" not in METRICS, "known for the session that asked for it alone"


def test_installed_metrics_are_found_by_entry_point(monkeypatch):
    points = [EntryPoint("row_change", "tests.metrics.own:row_change", "editproof.metrics")]
    fresh = type(METRICS)(
        "metric", group=METRICS.group, hook=METRICS.hook, built_in=lambda: BUILT_IN,
        name_of=METRICS._name_of, code_of=METRICS._code_of,
    )  # fmt: skip
    monkeypatch.setattr(core_registry, "entry_points", lambda group: points if group == "editproof.metrics" else [])
    monkeypatch.setattr("editproof.metrics.registry.METRICS", fresh)
    assert own_metrics([own.peak]) == (own.peak, own.row_change)
    points[:] = [EntryPoint("rows", "tests.metrics.own:row_change", "editproof.metrics")]
    del vars(fresh)["_installed"]
    with pytest.raises(ProtocolError, match=r"'rows': its entry point .* is of 'row_change'"):
        own_metrics()


def source(folder, factor=1, module="mine"):
    file = folder / f"{module}.py"
    file.write_text(
        "from editproof import MetricOutput, metric\n\n"
        "@metric(MetricOutput('mine', unit='levels', unchanged=0.0))\n"
        f"def mine(pair):\n    return {{'mine:whole': {factor} * float(pair.change.mean())}}\n"
    )
    [found] = metrics_in(module_from_file(file, "a test", MetricError))
    return found


def test_a_digest_is_of_the_source_and_of_what_is_declared(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, elsewhere, changed = source(tmp_path / "a"), source(tmp_path / "b"), source(tmp_path, factor=2)
    assert first.digest == elsewhere.digest, "wherever the file lies"
    others = [changed, replace(first, version="2"), replace(first, name="other")]
    others += [replace(first, outputs=(MetricOutput("mine", unit=unit),)) for unit in ("mm", "levels")]
    assert len({first.digest, *(other.digest for other in others)}) == 1 + len(others)


def test_a_protocol_carries_own_metrics_alone(tmp_path):
    mine = source(tmp_path)
    assert in_protocol(()) == version_in_protocol(in_protocol(())) == version_in_protocol(in_protocol([mine]))
    assert own_in_protocol(in_protocol(())) == {}
    assert own_in_protocol(in_protocol([mine])) == {"mine": mine.digest}


def test_it_reaches_another_process_by_name_or_by_file(tmp_path):
    """A module on the path is imported; one that no import leads to is loaded from its file."""
    hidden = source(tmp_path, module="nowhere_on_the_path")
    told = subprocess.run(
        [sys.executable, "-c", "import pickle, sys; print(*(m.digest for m in pickle.loads(sys.stdin.buffer.read())))"],
        input=pickle.dumps([own.peak, hidden]), capture_output=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert told.stdout.decode().split() == [own.peak.digest, hidden.digest], told.stderr.decode()
