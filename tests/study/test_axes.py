"""A study is refused before its first edit where cohort, tool, instrument or claim are not for the same images."""

from __future__ import annotations

import numpy as np
import pytest
from editproof.errors import DatasetError, EditorError, InstrumentError, ProtocolError
from editproof.imaging.axes import KINDS_OF_AXES, YX, YXC, ZYX, axes_of, is_image, spatial_shape
from editproof.imaging.output import OutputGeometry, output_of
from editproof.metrics import MetricOutput, Pair, measured, metric
from editproof.study.axes import axes_in, check_taken
from editproof.types import InstrumentCard, Quantity

SHAPES = {YX: (20, 16), YXC: (20, 16, 3), ZYX: (5, 20, 16)}


def instrument(*axes: str) -> InstrumentCard:
    return InstrumentCard("reader", "reads", (Quantity("age", "months"),), 1, {}, "MIT", "none", axes=axes)


@pytest.mark.parametrize("axes", KINDS_OF_AXES)
@pytest.mark.parametrize("taken", KINDS_OF_AXES)
def test_tools_and_instruments_are_refused_exactly_where_they_do_not_take_the_images(axes, taken):
    if axes == taken:
        check_taken(axes, {"tool": (taken,)}, [instrument(taken)], OutputGeometry())
        return
    with pytest.raises(EditorError, match="tool tool on"):
        check_taken(axes, {"tool": (taken,)}, [], OutputGeometry())
    with pytest.raises(InstrumentError, match="instrument reader on"):
        check_taken(axes, {}, [instrument(taken)], OutputGeometry())


def test_a_volume_keeps_its_frame():
    with pytest.raises(ProtocolError, match="keeps its frame"):
        check_taken(ZYX, {}, [], output_of("x2"))
    check_taken(YXC, {}, [], output_of("x2"))


def test_a_cohort_is_of_images_of_one_kind():
    assert axes_in("cohort", {"a": SHAPES[ZYX], "b": (9, 30, 30)}) == ZYX
    with pytest.raises(DatasetError, match=r"case a is of gray images.*, case b is of colour images"):
        axes_in("cohort", {"a": SHAPES[YX], "b": SHAPES[YXC]})


@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((4, 5), YX),
        ((4, 5, 3), YXC),
        ((3, 5, 4), ZYX),
        ((3, 3, 3), YXC),
        ((2, 2, 2), ""),
        ((4,), ""),
        ((4, 5, 3, 2), ""),
    ],
)
def test_axes_follow_from_the_shape(shape, axes):
    assert axes_of(shape) == axes
    assert is_image(np.zeros(shape, np.uint8)) == bool(axes)
    if axes:
        assert len(spatial_shape(shape)) == (2 if axes == YXC else len(shape))


@metric(MetricOutput("brightening", unit="", regions=("whole",)))
def of_gray(pair: Pair) -> dict[str, float]:
    return {"brightening:whole": float(pair.edited.mean() - pair.original.mean())}


@metric(MetricOutput("mean_of_volume", unit="", regions=("whole",)), axes=(ZYX,))
def of_volumes(pair: Pair) -> dict[str, float]:
    return {"mean_of_volume:whole": float(pair.edited.mean())}


def test_a_metric_is_measured_on_the_images_that_it_declares():
    gray = Pair.of(*(np.zeros(SHAPES[YX], np.uint8) for _ in range(2)), *(np.zeros(SHAPES[YX], bool) for _ in range(2)))
    assert measured(gray, (of_gray, of_volumes)) == {"brightening:whole": (0.0, "")}


def test_the_digest_of_a_metric_tells_the_images_that_it_takes():
    again = metric(MetricOutput("mean_of_volume", unit="", regions=("whole",)))(of_volumes.compute)
    assert again.digest != of_volumes.digest
