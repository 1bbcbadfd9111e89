"""Programs get DICOM, a file or a series, and what they write is placed by its geometry."""

from __future__ import annotations

import io
import itertools
import shlex
import sys
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from editproof.editors.registry import editor_from_spec
from editproof.editors.volumes import returned_series
from editproof.errors import EditorError
from editproof.imaging import dicom
from editproof.imaging.axes import YX, ZYX
from editproof.phantoms.heads import SPACING, head
from editproof.types import EditRequest

HEAD = head(3)
REQUEST = EditRequest(HEAD.volume, HEAD.face, "", 0, 0, "A", spacing_mm=SPACING)
EDITED = np.where(HEAD.face, -1000, HEAD.volume).astype(np.int16)

DEFACING = """
import sys
from pathlib import Path
import pydicom
image, mask, output, *words = sys.argv[1:]
assert not list(Path(output).iterdir())
for path in sorted(Path(image).iterdir())[3 if "short" in words else 0:]:
    slice, keep = pydicom.dcmread(path), pydicom.dcmread(Path(mask) / path.name)
    voxels = slice.pixel_array.copy()
    voxels[keep.pixel_array > 0] = -1000
    slice.PixelData = voxels.tobytes()
    slice.save_as(Path(output) / f"out-{path.name}")
"""
PAINTING = """
import sys
import pydicom
image, mask, output = sys.argv[1:]
header = pydicom.dcmread(image)
pixels = header.pixel_array.copy()
pixels[pydicom.dcmread(mask).pixel_array == 255] = 7
header.PixelData = pixels.tobytes()
header.save_as(output)
"""


def program(folder, text, options="dicom=yes", *words):
    (folder / "tool.py").write_text(text)
    return f"cmd:{options} {shlex.join([sys.executable, str(folder / 'tool.py')])} {{image}} {{mask}} {{output}} {' '.join(words)}"


def test_a_program_gets_a_series_and_gives_one_back(tmp_path):
    editor = editor_from_spec(program(tmp_path, DEFACING, "dicom=yes volumes=yes"))
    assert editor.service.axes == (ZYX,)
    assert editor.card.mask_semantics.startswith("DICOM")
    outcome = editor(REQUEST)
    assert outcome.status == "ok", outcome.message
    assert outcome.image.dtype == np.int16
    assert np.array_equal(outcome.image, EDITED)
    short = editor_from_spec(program(tmp_path, DEFACING, "dicom=yes volumes=yes", "short"))(REQUEST)
    assert (short.status, "3 of 16 slices are missing" in short.message) == ("malformed", True), short.message


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_program_gets_a_radiograph_as_one_file(tmp_path, dtype):
    image = (np.arange(63).reshape(7, 9) * (1000 if dtype == np.uint16 else 3)).astype(dtype)
    mask = image > np.median(image)
    editor = editor_from_spec(program(tmp_path, PAINTING))
    assert editor.service.axes == (YX,)
    outcome = editor(EditRequest(image, mask, "", 0, 0, "A", spacing_mm=(0.2, 0.1)))
    assert outcome.status == "ok", outcome.message
    assert np.array_equal(outcome.image, np.where(mask, 7, image))
    assert outcome.image.dtype == dtype


def test_dicom_has_no_alpha_and_no_decimals(tmp_path):
    for options in ("dicom=yes mask=alpha", "dicom=yes rgb=yes"):
        with pytest.raises(EditorError, match="DICOM has no alpha"):
            editor_from_spec(program(tmp_path, PAINTING, options))
    editor = editor_from_spec(program(tmp_path, DEFACING, "dicom=yes volumes=yes"))
    outcome = editor(replace(REQUEST, image=HEAD.volume.astype(np.float32)))
    assert "pixels of float32" in outcome.message


def test_equal_images_give_equal_files_that_name_nobody():
    first, again = (dicom.series_bytes(HEAD.volume, SPACING) for _ in range(2))
    assert first == again
    header = pydicom.dcmread(io.BytesIO(first[0]))
    assert not any(str(header.get(tag, "")) for tag in ("PatientName", "PatientID", "PatientBirthDate", "StudyDate"))


def series_in(volume, order, signs):
    """A series of the volume whose slices lie across the axis ``order[0]``, with rows and columns along the others."""
    steps = np.diag(SPACING)[:, [2, 1, 0]]  # mm of left, back and head, of a step along slices, rows and columns
    turned = np.transpose(volume, order)[tuple(slice(None, None, sign) for sign in signs)]
    for place, plane in enumerate(turned):
        header = pydicom.dcmread(io.BytesIO(dicom.series_bytes(np.ascontiguousarray(plane)[None])[0]))
        first = [
            (n if sign > 0 else volume.shape[axis] - 1 - n)
            for axis, sign, n in zip(order, signs, (place, 0, 0), strict=True)
        ]
        header.ImagePositionPatient = list(sum(steps[axis] * n for axis, n in zip(order, first, strict=True)))
        rows, columns = (steps[order[k]] * signs[k] for k in (1, 2))
        header.ImageOrientationPatient = [*(columns / np.linalg.norm(columns)), *(rows / np.linalg.norm(rows))]
        header.PixelSpacing = [np.linalg.norm(rows), np.linalg.norm(columns)]
        yield header


def saved(headers, folder):
    folder.mkdir()
    for number, header in enumerate(headers):
        header.save_as(folder / f"{(number * 7) % 97:02d}-{number}")
    return folder


def test_a_series_in_any_of_48_orientations_is_one_volume(tmp_path):
    small, request = EDITED[:4, 10:16, 8:13], replace(REQUEST, image=HEAD.volume[:4, 10:16, 8:13])
    ways = list(itertools.product(itertools.permutations(range(3)), itertools.product((1, -1), repeat=3)))
    assert len(ways) == 48
    for number, (order, signs) in enumerate(ways):
        outcome = returned_series(saved(series_in(small, order, signs), tmp_path / str(number)), request)
        assert outcome.status == "ok", (order, signs, outcome.message)
        assert np.array_equal(outcome.image, small), (order, signs)


def moved(header, number):
    header.ImagePositionPatient = [0.0, 0.0, 0.0]


def shifted(header, number):
    header.ImagePositionPatient = [1.0, 0.0, header.ImagePositionPatient[2]]


def turned(header, number):
    header.ImageOrientationPatient = [np.cos(0.2), np.sin(0.2), 0, -np.sin(0.2), np.cos(0.2), 0]


def lost(header, number):
    del header.ImagePositionPatient


def higher(header, number):
    header.ImagePositionPatient = [0.0, 0.0, float(header.ImagePositionPatient[2]) + 10 * SPACING[0]]


def halved(header, number):
    header.RescaleSlope = "0.5"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (moved, "two slices lie in one place"), (shifted, "of a voxel beside"), (turned, "oblique to the image, by 11.5"),
        (lost, "does not say where it lies"), (higher, "beyond the volume"),
    ],
)  # fmt: skip
def test_a_series_that_lies_elsewhere_is_malformed(tmp_path, change, said):
    headers = list(series_in(EDITED, (0, 1, 2), (1, 1, 1)))
    for number, header in enumerate(headers):
        change(header, number)
    outcome = returned_series(saved(headers, tmp_path / "out"), REQUEST)
    assert (outcome.status, outcome.image) == ("malformed", None)
    assert said in outcome.message


def test_values_that_the_type_does_not_hold_are_told(tmp_path):
    headers = list(series_in(EDITED, (0, 1, 2), (1, 1, 1)))
    for number, header in enumerate(headers):
        halved(header, number)
    outcome = returned_series(saved(headers, tmp_path / "out"), REQUEST)
    assert outcome.image.dtype == np.float32, "which no edit of int16 may be"
