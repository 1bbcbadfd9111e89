"""Declared output geometry: what a tool has to answer with, and how an edit of another size is compared and read."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from io import BytesIO

import cv2
import numpy as np
import pytest
from editproof.criteria import against_target, ssim, target_gain
from editproof.datasets.cohort import Cohort
from editproof.datasets.degraded import Degradation, degraded
from editproof.editing.store import request_keys
from editproof.editors.adapter import checked
from editproof.editors.frames import outcome_frame, outcome_of, request_frame, request_of
from editproof.editors.probe import probed
from editproof.editors.wrappers import wrapped
from editproof.errors import DatasetError, EditorError, ProtocolError
from editproof.evidence.measurements import EDITED, ORIGINAL, PASTE_BACK
from editproof.imaging.output import in_frame, mask_in_frame, output_of, spacing_in_frame
from editproof.study.bench import Bench
from editproof.study.copies import refuse_copies
from editproof.study.plan import Plan
from editproof.types import (
    Case,
    DatasetCard,
    EditorCard,
    EditOutcome,
    EditRequest,
    EditStatus,
    InstrumentCard,
    Pixels,
    Quantity,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

few = settings(max_examples=30, deadline=None)


@given(
    image=npst.arrays(st.sampled_from([np.uint8, np.uint16]), st.tuples(st.integers(1, 12), st.integers(1, 12))),
    factor=st.integers(2, 4),
)
@few
def test_what_was_enlarged_by_repeating_pixels_comes_back_exactly(image, factor):
    output = output_of(f"x{factor}")
    large = np.kron(image, np.ones((factor, factor), image.dtype))
    assert large.shape == output.of(image.shape)
    back = in_frame(large, image.shape)
    assert back.dtype == image.dtype
    assert (back == image).all()


@given(
    image=npst.arrays(np.uint16, st.tuples(st.integers(1, 6), st.integers(1, 6))).map(
        lambda a: np.kron(a, np.ones((3, 3), np.uint16)) ^ 1
    ),
)
@few
def test_a_pixel_is_the_mean_of_its_block(image):
    shape = image.shape[0] // 3, image.shape[1] // 3
    means = image.reshape(shape[0], 3, shape[1], 3).mean(axis=(1, 3))
    assert np.abs(in_frame(image, shape) - means).max() <= 0.51


@given(mask=npst.arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))), factor=st.integers(2, 4))
@few
def test_a_mask_survives_the_way_there_and_back(mask, factor):
    shape = output_of(f"x{factor}").of(mask.shape)
    there = mask_in_frame(mask, shape)
    assert there.sum() == factor**2 * mask.sum()
    assert (mask_in_frame(there, mask.shape) == mask).all()
    assert spacing_in_frame(spacing_in_frame((0.2, 0.3), mask.shape, shape), shape, mask.shape) == pytest.approx(
        (0.2, 0.3)
    )


@pytest.mark.parametrize("written", ["", "x1", "x0", "x17", "2x", "512", "0x12", "same ", "fixed"])
def test_a_geometry_that_does_not_exist_is_refused_in_one_line(written):
    with pytest.raises(ProtocolError, match=r"output geometry .* Write same, x2, or height and width"):
        Plan(output=written)


def test_a_geometry_is_written_in_one_way():
    assert Plan(output="fixed 512x384") == Plan(output="512x384")
    assert Plan().output == "same"


SHAPE = (24, 20)


def reduced_pixels(seed: int) -> Pixels:
    image = cv2.GaussianBlur(np.random.default_rng(seed).integers(0, 255, SHAPE).astype(np.uint8), (0, 0), 1.5)
    hand = np.zeros(SHAPE, bool)
    hand[4:20, 4:16] = True
    return Pixels(image, ~hand, hand)


def a_case(seed: int) -> Case:
    return Case(f"C{seed}", f"P{seed}", partial(reduced_pixels, seed), f"reduced {seed}", {}, {}, (0.4, 0.4))


WHOLE = Cohort(DatasetCard("blobs", "blobs", "a test", "none", "d", 4, 4), tuple(map(a_case, range(4))))
SMALL = degraded(WHOLE, Degradation(reduce=2))
"""Images of 12 x 10 pixels, with targets of 24 x 20."""


class SizeReader:
    """Reads the number of rows."""

    card = InstrumentCard("size-reader", "", (Quantity("rows", "pixels"),), 1, {"w": "0"}, "", "")

    def predict(self, images, references):
        return {"rows": np.array([[float(len(image)) for image in images]])}


def enlarge(request):
    """Cubic interpolation to what is asked for."""
    return in_frame(request.image, request.wanted)


def stay(request):
    """The frame of the input, whatever is asked for."""
    return request.image.copy()


def enlarger():
    return enlarge


def stayer():
    return stay


def measured(tmp_path, tool=enlarger, output="x2", cohort=SMALL):
    return Bench(tool, (SizeReader,), tmp_path, Plan("Enlarge.", 1, output=output)).measured(cohort)


def test_an_enlarged_edit_is_read_as_it_came_and_compared_in_the_frame_of_its_original(tmp_path):
    table = measured(tmp_path)
    assert set(table.edits["status"]) == {"ok"}
    assert (table.matrix("rows", EDITED) == 24).all()
    assert (table.matrix("rows", ORIGINAL) == 12).all()
    assert (table.matrix("rows", PASTE_BACK) == 12).all()
    assert (table.matrix("rows", "target") == 24).all()
    pixels = SMALL[0].decode()
    back = in_frame(in_frame(pixels.image, (24, 20)), (12, 10)).astype(float)
    expected = np.abs(back - pixels.image).mean() / 255
    assert table.matrix("mean_abs_change:whole", EDITED, "image")[0, 0] == pytest.approx(expected)
    totals = table.histograms.groupby(["region", "arm"])["count"].sum()
    assert totals["whole", EDITED] == totals["whole", ORIGINAL] == 4 * 120


def test_metrics_against_the_target_are_in_its_own_frame(tmp_path):
    table, pixels = measured(tmp_path), SMALL[0].decode()
    error = in_frame(pixels.image, (24, 20)).astype(float) - pixels.target
    expected = 10 * np.log10(255**2 / (error**2).mean())
    for arm in (ORIGINAL, EDITED):
        assert table.matrix("psnr_to_target:whole", arm, "image")[0, 0] == pytest.approx(expected)
    assert target_gain("psnr", region="whole", cap=10.0).estimate(table).value == 0.0, "it is the baseline itself"
    assert 0 < against_target(ssim(region="whole")).estimate(table).value < 1


def test_an_answer_of_an_undeclared_geometry_is_malformed_and_says_what_was_declared(tmp_path):
    for tool, output, words in (
        (stayer, "x2", r"asked for pixels of shape (24, 20), got (12, 10)"),
        (enlarger, "same", ""),
    ):
        table = measured(
            tmp_path / output, tool, output, replace(SMALL, cases=WHOLE.cases) if output == "same" else SMALL
        )
        assert set(table.edits["message"]) == {words}
        assert set(table.edits["status"]) == {"malformed" if words else "ok"}


def grow(request):
    """Twice the size, whatever is asked for."""
    return np.kron(request.image, np.ones((2, 2), request.image.dtype))


def test_a_super_resolver_is_malformed_where_the_frame_is_to_stay():
    pixels = SMALL[0].decode()
    request = EditRequest(pixels.image, pixels.edit_mask, "p", 0, 0, "c")
    assert checked(grow)(request).message == "asked for pixels of shape (12, 10), got (24, 20)"
    assert checked(grow)(replace(request, output=(24, 20))).status is EditStatus.OK
    assert (
        checked(grow)(replace(request, output=(30, 20))).message == "asked for pixels of shape (30, 20), got (24, 20)"
    )


def test_a_wrapper_that_leads_back_to_the_frame_of_the_input_says_so():
    pixels = SMALL[0].decode()
    request = EditRequest(pixels.image, pixels.edit_mask, "p", 0, 0, "c", output=(24, 20))
    for name in ("pad", "squash", "paste-back"):
        with pytest.raises(EditorError, match=r"edits of 24x20 pixels are asked for .* Name the tool without wrappers"):
            checked(wrapped(name, "", checked(enlarge)), by_card=True)(request)


def test_the_size_asked_for_is_part_of_an_edits_identity_and_crosses_to_another_process():
    pixels = SMALL[0].decode()
    plain = EditRequest(pixels.image, pixels.edit_mask, "p", 0, 0, "c")
    sized = replace(plain, output=(24, 20))
    card = EditorCard("t", "1", "")
    [one], [other] = request_keys(card, [plain]), request_keys(card, [sized])
    assert one != other
    header, parts = request_frame(sized)
    again = request_of(header, parts)
    assert again.wanted == (24, 20)
    edit = EditOutcome.ok(enlarge(again))
    assert (outcome_of(*outcome_frame(edit), sized).image == edit.image).all()
    assert BytesIO(parts[0]).getbuffer().nbytes == 120


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("same", r"target of case C0, 12x10 as its edits are to be \(output same\): it is 24x20\. Declare the output"),
        ("x3", r"target of case C0, 36x30 as its edits are to be \(output x3\): it is 24x20"),
        ("30x30", r"target of case C0, 30x30 as its edits are to be \(output 30x30\): it is 24x20"),
    ],
)
def test_a_target_of_another_geometry_than_declared_is_refused_before_any_edit(tmp_path, output, words):
    with pytest.raises(DatasetError, match=words):
        refuse_copies(SMALL, tmp_path, output_of(output))
    refuse_copies(SMALL, tmp_path, output_of("x2"))
    refuse_copies(WHOLE, tmp_path, output_of(output))


def test_a_probe_asks_for_the_declared_geometry():
    trials = probed(checked(grow), lambda editor, requests: [editor(one) for one in requests], output_of("x2"))
    assert {trial.status for trial in trials} == {"ok"}
    assert all(trial.changed_outside == 0.0 for trial in trials if trial.changed_outside is not None)
    trials = probed(checked(grow), lambda editor, requests: [editor(one) for one in requests])
    assert {trial.status for trial in trials} == {"malformed"}
