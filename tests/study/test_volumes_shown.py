"""Volumes on real heads: one in 48 orientations, lesions of known size under an enhancer, and a face removed twice.

No picture of the head with a face is made.
"""

from __future__ import annotations

import numpy as np
import pytest
from editproof.datasets.folder.cohort import folder
from editproof.editors.registry import editor_from_spec
from editproof.imaging.nifti import nifti_bytes, volume_of
from editproof.metrics import MaskPair, Pair, measured
from editproof.study.plan import Plan
from scipy import ndimage

from tests.datasets.conftest import write_manifest
from tests.needs import shared_data


def head_mask(image: np.ndarray) -> np.ndarray:
    """An instrument: what is not air, filled."""
    return ndimage.binary_fill_holes(image > 30)


def test_one_head_in_48_orientations_gives_the_same_measurements_and_masks(tmp_path):
    paths = sorted(shared_data("volumes/orientations").glob("*.nii.gz"))
    assert len(paths) == 48
    volume, frame = volume_of(paths[0].read_bytes())
    front = np.zeros(volume.shape, bool)
    front[:30, :20] = True
    tool, found = editor_from_spec("slices+opencv-median?size=5"), set()
    (tmp_path / "front.nii.gz").write_bytes(nifti_bytes(front, affine=frame.affine))
    for path in paths:
        (tmp_path / path.name).write_bytes(path.read_bytes())
        row = {"case_id": "A", "image": path.name, "edit_mask": "front.nii.gz"}
        (case,) = folder(write_manifest(tmp_path, [row]))
        pixels = case.decode()
        outcome = tool(Plan(prompt="", repeats=1).request(case, pixels, 0))
        assert outcome.image is not None, outcome.message
        pair = Pair.of(pixels.image, outcome.image, pixels.edit_mask, pixels.protected_mask, case.spacing_mm)
        masks = MaskPair(head_mask(pixels.image), head_mask(outcome.image), case.spacing_mm)
        found.add(tuple(sorted({**measured(pair), **measured(masks)}.items())))
    (numbers,) = found
    told = {name: value for name, (value, _) in numbers}
    assert 0.001 < told["mean_abs_change:whole"] < 0.1
    assert 0.9 < told["dice"] < 1.0
    assert told["volume_ml"] == pytest.approx(head_mask(volume).sum() * np.prod(frame.spacing_mm) / 1000, rel=0.1)
    assert told["hd95_mm"] > 0


def test_a_smoothing_enhancer_loses_the_small_lesions_and_an_unchanged_volume_none():
    brain, frame = volume_of(shared_data("volumes/FLAIR.nii.gz").read_bytes())
    grid = np.indices(brain.shape)
    lesions, sizes = np.zeros(brain.shape, bool), {}
    planted = brain.astype(np.int16)
    inside = ndimage.binary_erosion(brain > 0, iterations=12)
    places = np.argwhere(inside)
    rng = np.random.default_rng(5)
    for radius in (1.0, 1.0, 1.5, 1.5, 4.0, 4.0, 5.0, 5.0):
        while True:
            place = places[rng.integers(len(places))]
            ball = sum((grid[axis] - place[axis]) ** 2 for axis in range(3)) <= radius**2
            if not (ndimage.binary_dilation(ball, iterations=4) & lesions).any():
                break
        lesions |= ball
        sizes[tuple(place)] = radius
    planted[lesions] = int(np.percentile(brain[brain > 0], 99.5)) + 60

    def drawn(image: np.ndarray) -> np.ndarray:
        return image > np.percentile(brain[brain > 0], 99.5) + 25

    smoothed = ndimage.gaussian_filter(planted.astype(float), 1.2).astype(np.int16)
    unchanged = {
        name: value for name, (value, _) in measured(MaskPair(lesions, drawn(planted), frame.spacing_mm)).items()
    }
    enhanced = {
        name: value for name, (value, _) in measured(MaskPair(lesions, drawn(smoothed), frame.spacing_mm)).items()
    }
    assert unchanged["lesions_found"] == 1.0
    assert enhanced["lesions_found"] == 0.5, "those of 1 and 1.5 mm are lost"
    kept = [radius for place, radius in sizes.items() if drawn(smoothed)[place]]
    assert sorted(kept) == [4.0, 4.0, 5.0, 5.0]


def brain_of(image: np.ndarray) -> np.ndarray:
    """A plain instrument: the largest part of bright tissue that a dark rim separates from the scalp."""
    tissue = ndimage.gaussian_filter(image.astype(np.float32), 0.7) > 55
    parts, _ = ndimage.label(ndimage.binary_erosion(tissue, iterations=4))
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return ndimage.binary_dilation(parts == sizes.argmax(), iterations=4) & tissue


def test_a_defacing_that_keeps_the_brain_and_one_that_cuts_into_it():
    head, frame = volume_of(shared_data("volumes/chris_t1.nii.gz").read_bytes())
    head, spacing = head[::2, ::2, ::2], tuple(2 * step for step in frame.spacing_mm)
    brain = brain_of(head)
    volume = brain.sum() * np.prod(spacing) / 1000
    assert 800 < volume < 2000, "ml of a brain"
    rows = np.flatnonzero(brain.any(axis=(0, 2)))
    careful, cutting = head.copy(), head.copy()
    free = ~ndimage.binary_dilation(brain, iterations=3)
    careful[:, : rows[0] + len(rows) // 4][free[:, : rows[0] + len(rows) // 4]] = 0
    cutting[:, : rows[0] + len(rows) // 4] = 0
    found = [
        {name: value for name, (value, _) in measured(MaskPair(brain, brain_of(edited), spacing)).items()}
        for edited in (careful, cutting)
    ]
    assert found[0]["dice"] >= 0.97
    assert found[1]["dice"] < 0.95
    assert found[1]["volume_difference_ml"] < -50
    assert found[1]["hd95_mm"] > 5
