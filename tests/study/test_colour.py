"""Images in colour through a study: edited, stored, measured on every arm, read by an instrument, and shown."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from editproof import Criterion, at_least
from editproof.criteria import mask_dice
from editproof.criteria.estimands.planted import planted_seen
from editproof.datasets.checks import decoded_case
from editproof.datasets.cohort import Cohort
from editproof.datasets.degraded import Degradation, degraded
from editproof.editing.store import Store
from editproof.editors.registry import editor_from_spec
from editproof.errors import EditorError, ProtocolError
from editproof.evidence.gallery import chosen
from editproof.evidence.measurements import (
    CLASSICAL_FILL,
    EDITED,
    GEOMETRY,
    HISTOGRAM_MATCHED,
    IMAGE,
    ORIGINAL,
    PASTE_BACK,
    POOLED,
    TARGET,
    Measurements,
)
from editproof.imaging.axes import YX, YXC
from editproof.imaging.output import OutputGeometry
from editproof.report.page.pictures import pictures
from editproof.study.axes import check_taken
from editproof.study.bench import Bench
from editproof.study.case_records import target_rows
from editproof.study.exhibits import exhibit_pictures
from editproof.study.on_images import check_measurable
from editproof.study.plan import Plan
from editproof.types import (
    Case,
    DatasetCard,
    EditorCard,
    EditOutcome,
    EditRequest,
    InstrumentCard,
    MaskOutput,
    Pixels,
    Quantity,
)
from PIL import Image as Pillow

SHAPE = (56, 64)
N = 6
AXES = (YX, YXC)


def eye(seed: int, dtype=np.uint8) -> Pixels:
    """A red field with a green-dark vessel, and a yellow label in the corner that is to go."""
    rng = np.random.default_rng(seed)
    image = np.clip(rng.normal((190, 90, 40), 6, (*SHAPE, 3)), 0, 255).astype(np.uint8)
    vessel = np.zeros(SHAPE, np.uint8)
    cv2.line(vessel, (8, 40 + seed % 5), (60, 20 + seed % 7), 255, 3)
    image[vessel > 0] = (150, 30, 30)
    label = np.zeros(SHAPE, bool)
    label[2:10, 2:16] = True
    image[label] = (250, 240, 20)
    if dtype == np.uint16:
        image = image.astype(np.uint16) * 200
    return Pixels(image, label, ~label, structures={"vessel": vessel > 0})


def cohort(dtype=np.uint8) -> Cohort:
    cases = (
        Case(f"C{k}", f"P{k // 2}", partial(eye, k, dtype), f"eye {k} {dtype.__name__}", {}, {"eye": "LR"[k % 2]})
        for k in range(N)
    )
    return Cohort(DatasetCard("eyes", "eyes", "a test", "none", dtype.__name__, N, N // 2), tuple(cases))


class Vessels:
    """Draws what is dark in green: it has to be given red, green and blue in that order."""

    card = InstrumentCard(
        "vessels", "dark in green", (Quantity("vessel area", "pixels"),), 1, {}, "none", "none",
        masks=(MaskOutput("map", {"1": "vessel"}),), axes=AXES,
    )  # fmt: skip

    def predict(self, images, references):
        maps = [(image[..., 1] < 60).astype(np.uint8) for image in images]
        return {"map": maps, "vessel area": np.array([[float(labels.sum()) for labels in maps]])}


class Green:
    """Takes all green away: what a channel mixed up on the way would not show."""

    card = EditorCard("no green", "1", "sets green to 0", deterministic=True, geometry="squash:40")
    axes = AXES

    def __call__(self, request: EditRequest) -> EditOutcome:
        edit = request.image.copy()
        edit[..., 1] = 0
        return EditOutcome.ok(edit)


def made(spec: str):
    return editor_from_spec(spec)


def no_green():
    return Green()


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> dict[str, tuple[Bench, Measurements]]:
    found = {}
    for name, editor in (("fill", partial(made, "opencv-telea")), ("green", no_green)):
        bench = Bench(editor, (Vessels,), tmp_path_factory.mktemp(name), Plan(repeats=2))
        found[name] = bench, bench.measured(cohort())
    return found


def values(table: Measurements, quantity: str, arm: str = EDITED, instrument: str = IMAGE) -> list[float]:
    return np.nanmean(table.matrix(quantity, arm, instrument), axis=1).tolist()


def test_a_fill_changes_its_mask_and_no_vessel(tables):
    _, table = tables["fill"]
    assert values(table, "changed_share:protected") == [0.0] * N
    assert values(table, "colour_difference:protected") == [0.0] * N
    assert min(values(table, "colour_difference:inside_mask")) > 10
    assert max(values(table, "marker_residual:inside_mask")) < 0.2
    assert mask_dice("vessel").estimate(table).value == 1.0
    assert mask_dice("vessel", against="reference").estimate(table).value == 1.0


def test_the_channel_that_a_tool_took_away_is_found_by_metrics_and_instrument(tables):
    _, table = tables["green"]
    assert min(values(table, "changed_share:protected")) == 1.0
    assert min(values(table, "recoloured_share:protected")) == 1.0
    assert mask_dice("vessel").estimate(table).value < 0.4


def test_every_arm_is_in_colour(tables):
    _, table = tables["green"]
    for arm in (ORIGINAL, EDITED, PASTE_BACK, CLASSICAL_FILL, HISTOGRAM_MATCHED, GEOMETRY):
        assert np.isfinite(values(table, "vessel area", arm, POOLED)).all(), arm
    outside = values(table, "vessel area", PASTE_BACK, POOLED)
    assert outside == pytest.approx(np.array(values(table, "vessel area", ORIGINAL, POOLED)) + 8 * 14)


def test_a_stored_edit_is_a_png_that_viewers_show_in_its_own_colours(tables):
    bench, _ = tables["fill"]
    case = cohort().cases[0]
    outcome = bench.edit(case, case.decode(), 0)
    files = [np.asarray(Pillow.open(path)) for path in sorted(bench.store_root.glob("edits/*/*.png"))]
    assert any(np.array_equal(outcome.image, file) for file in files)
    assert list(Store(bench.store_root).faults()) == []


def test_the_page_shows_exhibits_in_colour_and_where_any_channel_changed(tables):
    bench, table = tables["green"]
    first = exhibit_pictures(cohort(), bench, chosen(table))[0].images
    original, edited = (np.asarray(Pillow.open(io.BytesIO(first[role]))) for role in ("original", "edited"))
    assert original.shape == (*SHAPE, 3)
    assert original[30, 60, 0] > original[30, 60, 2]
    assert edited[..., 1].max() == 0
    shown = pictures(first)
    assert (shown.width, shown.height) == SHAPE[::-1]
    assert shown.changed == 1.0
    assert pictures({**first, "edited": first["original"]}).changed == 0.0


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    "spec",
    [
        "identity", "opencv-telea", "opencv-ns", "opencv-median?size=3", "opencv-nlmeans?h=4", "opencv-bicubic",
        "pad:16+identity", "squash:64x56+identity", "tiles:32+opencv-telea", "rgb+identity", "8bit+identity",
        "paste-back+destructive", "stretch+identity",
    ],
)  # fmt: skip
def test_tools_and_wrappers_take_colour_and_keep_its_order(spec, dtype):
    pixels = eye(0, dtype)
    request = EditRequest(pixels.image, pixels.edit_mask, "", 0, 1, "a")
    tool = editor_from_spec(spec)
    assert YXC in tool.service.axes
    outcome = tool(request)
    assert outcome.image is not None, outcome.message
    assert outcome.image.dtype == dtype
    apart = [
        float(np.abs(outcome.image[20:, 20:, k].astype(float) - pixels.image[20:, 20:, k]).mean()) for k in range(3)
    ]
    most = np.iinfo(dtype).max
    assert max(apart) < 0.5 * most if spec.startswith("stretch") else max(apart) < 0.06 * most
    if "+identity" in spec and "stretch" not in spec and not (dtype == np.uint16 and "8bit" in spec):
        np.testing.assert_array_equal(outcome.image, pixels.image)


def test_a_program_and_a_folder_are_given_colour_and_give_it_back(tmp_path):
    pixels = eye(1)
    request = EditRequest(pixels.image, pixels.edit_mask, "", 0, 1, "C1")
    copy = editor_from_spec("cmd:cp {image} {output}")(request)
    np.testing.assert_array_equal(copy.image, pixels.image)
    Pillow.fromarray(pixels.image).save(tmp_path / "C1.png")
    kept = editor_from_spec(f"folder:{tmp_path}")(request)
    np.testing.assert_array_equal(kept.image, pixels.image)
    Pillow.fromarray(pixels.image[..., 0]).save(tmp_path / "C1.png")
    gray = editor_from_spec(f"folder:{Path(tmp_path)}")(request)
    np.testing.assert_array_equal(gray.image, np.dstack([pixels.image[..., 0]] * 3))


def test_degraded_copies_of_colour_are_in_colour_with_the_original_as_target():
    case = degraded(cohort(), Degradation(noise=2.0, blur=1.0, reduce=2)).cases[0]
    pixels = decoded_case(case)
    assert pixels.image.shape == (SHAPE[0] // 2, SHAPE[1] // 2, 3)
    np.testing.assert_array_equal(pixels.target, eye(0).image)
    rows = list(target_rows(pixels, {(ORIGINAL, 0): pixels.image, (TARGET, 0): pixels.target}))
    psnr = {row[0]: row[4] for row in rows if row[3] == "psnr_to_target:whole"}
    assert psnr[TARGET] == 100.0
    assert 5 < psnr[ORIGINAL] < 40


def test_a_claim_on_planted_structures_and_a_gray_tool_are_refused_in_colour():
    with pytest.raises(EditorError, match=r"on colour images \(YXC\): it takes gray images"):
        check_taken(YXC, {"gray tool": (YX,)}, [], OutputGeometry())
    claim = Criterion("PL-1", planted_seen(), at_least(0.9), source="placeholder: a test")
    with pytest.raises(ProtocolError, match="is not measured on colour images"):
        check_measurable([claim], (), (), cohort(), YXC)
