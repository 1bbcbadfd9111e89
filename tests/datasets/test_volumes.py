"""Volumes come in one order of axes from NIfTI, DICOM series and files of frames, and what is no volume is refused."""

from __future__ import annotations

import hashlib
from functools import cache

import nibabel
import numpy as np
import pytest
from editproof.datasets.folder.cohort import folder
from editproof.datasets.registry import dataset_from_spec
from editproof.errors import DatasetError
from editproof.imaging.nifti import nifti_bytes, volume_of

from tests.datasets.conftest import png, radiograph, write_csv, write_manifest
from tests.datasets.volumes import CODES, SPACING, drawn, nifti, series
from tests.needs import shared_data

VOLUME = drawn()
MASK = np.zeros(VOLUME.shape, np.uint8)
MASK[1:3, 2:5, 2:6] = 1


def saved(path, image):
    nibabel.save(image, path)
    return path


def cohort(tmp_path, image, **files):
    """A cohort of one case with these images by column."""
    row = {"case_id": "A", "image": "a.nii.gz"}
    saved(tmp_path / "a.nii.gz", image)
    for column, other in files.items():
        saved(tmp_path / f"{column}.nii.gz", other)
        row[column] = f"{column}.nii.gz"
    return folder(write_manifest(tmp_path, [row]))


@pytest.mark.parametrize("codes", CODES)
def test_a_volume_in_any_of_48_orientations_is_one_array(tmp_path, codes):
    (case,) = cohort(tmp_path, nifti(VOLUME, codes), edit_mask=nifti(MASK, CODES[-CODES.index(codes) - 1]))
    pixels = case.decode()
    assert np.array_equal(pixels.image, VOLUME)
    assert pixels.image.dtype == np.int16
    assert case.spacing_mm == SPACING
    assert np.array_equal(pixels.edit_mask, MASK == 1)
    assert np.array_equal(pixels.protected_mask, MASK == 0)


def test_one_head_in_48_orientations_is_one_array():
    found = set()
    for path in sorted(shared_data("volumes/orientations").glob("*.nii.gz")):
        volume, frame = volume_of(path.read_bytes())
        found.add((hashlib.sha256(volume.tobytes()).hexdigest(), volume.shape, frame.spacing_mm))
    assert len(found) == 1
    assert next(iter(found))[1] == (67, 79, 64)


def test_what_is_written_is_read_back():
    for dtype in (np.uint8, np.uint16, np.int16, np.float32):
        volume = drawn(dtype=dtype)
        again, frame = volume_of(nifti_bytes(volume, SPACING))
        assert (again.dtype, frame.spacing_mm) == (volume.dtype, SPACING)
        assert np.array_equal(again, volume)


@pytest.mark.parametrize(
    ("stored", "slope", "inter", "dtype"),
    [
        (drawn(dtype=np.uint16), 1.0, -1024.0, np.int16), (drawn(dtype=np.uint8) % 200, 100.0, 0.0, np.int16),
        (drawn(dtype=np.uint16) * 100, 2.0, 0.0, np.float32), (drawn(), 0.5, 0.25, np.float32),
        (drawn().astype(np.int32), 1.0, 0.0, np.int16), (drawn().astype(np.float64), 1.0, 0.0, np.float32),
    ],
)  # fmt: skip
def test_slope_and_intercept_are_applied_exactly(tmp_path, stored, slope, inter, dtype):
    image = nifti(stored)
    path = saved(tmp_path / "x.nii", image)
    data = bytearray(path.read_bytes())
    data[112:120] = np.array([slope, inter], "<f4").tobytes()  # scl_slope and scl_inter, which nibabel sets on saving
    volume, _ = volume_of(bytes(data))
    assert volume.dtype == dtype
    assert np.array_equal(volume.astype(np.float64), stored.astype(np.float64) * slope + inter)


def colour():
    rgb = np.zeros((4, 5, 6), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    return nibabel.Nifti1Image(rgb, np.eye(4))


REFUSED = {
    "of time": (nibabel.Nifti1Image(np.zeros((4, 5, 6, 2), np.int16), np.eye(4)), "4 dimensions, 4x5x6x2"),
    "in colour": (colour(), r"colour \(RGB\)"),
    "narrow": (nibabel.Nifti1Image(np.zeros((3, 9, 9), np.int16), np.eye(4)), "4 columns are the least"),
    "flat": (nibabel.Nifti1Image(np.zeros((5, 6), np.int16), np.eye(4)), "2 dimensions"),
    "complex": (nibabel.Nifti1Image(np.zeros((5, 6, 7), np.complex64), np.eye(4)), "not real numbers"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_gray_volume_is_refused_in_one_line(tmp_path, kind):
    image, words = REFUSED[kind]
    with pytest.raises(DatasetError, match=words) as caught:
        cohort(tmp_path, image)
    assert "\n" not in str(caught.value)


def test_a_volume_that_may_lie_anyhow_is_refused(tmp_path):
    data = bytearray(saved(tmp_path / "x.nii", nifti(VOLUME)).read_bytes())
    data[252:256] = bytes(4)  # qform_code and sform_code
    (tmp_path / "x.nii").write_bytes(data)
    with pytest.raises(DatasetError, match="does not say how it lies"):
        folder(write_manifest(tmp_path, [{"case_id": "A", "image": "x.nii"}]))


def test_values_that_are_no_numbers_are_refused(tmp_path):
    volume = drawn(dtype=np.float32)
    volume[2, 3, 4] = np.nan
    with pytest.raises(DatasetError, match=r"1 of its 432 voxels are not finite"):
        cohort(tmp_path, nifti(volume), edit_mask=nifti(MASK))


def test_a_volume_of_rgb24_is_refused_in_one_line(tmp_path):
    (tmp_path / "a.nii.gz").write_bytes(shared_data("volumes/ct_perfusion.nii.gz").read_bytes())
    with pytest.raises(DatasetError, match=r"colour \(RGB\), not gray"):
        folder(write_manifest(tmp_path, [{"case_id": "A", "image": "a.nii.gz"}]))


def test_a_damaged_file_is_refused(tmp_path):
    content = saved(tmp_path / "a.nii.gz", nifti(VOLUME)).read_bytes()
    for broken in (content[: len(content) // 2], b"\0" * 400, content[:20]):
        (tmp_path / "a.nii.gz").write_bytes(broken)
        with pytest.raises(DatasetError, match="damaged"):
            folder(write_manifest(tmp_path, [{"case_id": "A", "image": "a.nii.gz"}]))


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (nifti(MASK, turn=10.0), "mm elsewhere"), (nifti(MASK, shift=1.0), "mm elsewhere"),
        (nifti(MASK[:-1]), r"it has 5x9x8 voxels, not 6x9x8"), (nifti(MASK * np.arange(8, dtype=np.uint8)), "labels from 0"),
    ],
)  # fmt: skip
def test_a_mask_that_lies_elsewhere_is_refused(tmp_path, mask, words):
    with pytest.raises(DatasetError, match=words):
        cohort(tmp_path, nifti(VOLUME), edit_mask=mask)


def test_masks_of_volumes_are_named_and_not_looked_for(tmp_path):
    with pytest.raises(DatasetError, match="masks are found automatically on radiographs of hands alone"):
        cohort(tmp_path, nifti(VOLUME))
    (tmp_path / "m.png").write_bytes(png(radiograph(0)))
    row = {"case_id": "A", "image": "a.nii.gz", "edit_mask": "m.png"}
    with pytest.raises(DatasetError, match="is no NIfTI file"):
        folder(write_manifest(tmp_path, [row]))


def test_a_target_is_read_and_leaves_a_tool_free(tmp_path):
    (case,) = cohort(tmp_path, nifti(VOLUME), target=nifti(VOLUME[:, ::-1].copy()))
    pixels = case.decode()
    assert np.array_equal(pixels.target, VOLUME[:, ::-1])
    assert pixels.edit_mask.all()
    with pytest.raises(DatasetError, match="its image int16"):
        cohort(tmp_path, nifti(VOLUME), target=nifti(drawn(dtype=np.float32)))


# DICOM series


def read_series(root, mask=True, **labels):
    if mask:
        saved(root / "mask.nii.gz", nifti(MASK, shift=0.0))
    write_csv(root / "labels.csv", "file,edit_mask", "s,mask.nii.gz")
    return dataset_from_spec(f"dicom:{root}?series=yes")


def test_a_series_is_one_volume_in_hounsfield_units_whatever_its_files_are_called(tmp_path):
    series(tmp_path / "s", VOLUME)
    (case,) = read_series(tmp_path)
    pixels = case.decode()
    assert np.array_equal(pixels.image, VOLUME)
    assert pixels.image.dtype == np.int16
    assert case.spacing_mm == SPACING
    assert np.array_equal(pixels.edit_mask, MASK == 1)
    assert "HIDDEN" not in f"{case.case_id}{case.patient_id}"


def turned(header, index):
    if index == 3:
        header.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]


def shifted(header, index):
    header.ImagePositionPatient[0] += 2.0 * index


def smaller(header, index):
    if index == 2:
        header.Rows = 8
        header.PixelData = header.PixelData[: 8 * 8 * 2]


EVEN = [index * 4.0 for index in range(6)]
UNSOUND = {
    "missing": ({"places": [0, 4, 8, 16, 20, 24]}, "1 slice is missing between its 6, 4 mm apart"),
    "unequal": ({"places": [0, 4, 8, 13.3, 17, 21]}, "lie 3.7 to 5.3 mm apart"),
    "twice": ({"places": [0, 4, 8, 8, 12, 16]}, "1 of its 6 slices lie where another does"),
    "turned": ({"each": turned}, "several orientations"),
    "tilted": ({"each": shifted}, "tilted gantry"),
    "of two sizes": ({"each": smaller}, "differ in size"),
    "without place": ({"tags": {"PixelSpacing": None}}, "Pixel Spacing"),
}


@pytest.mark.parametrize("kind", UNSOUND)
def test_a_series_that_is_no_stack_is_refused_in_one_line(tmp_path, kind):
    changes, words = UNSOUND[kind]
    if kind == "without place":
        changes = {"each": lambda header, index: header.__delattr__("PixelSpacing")}
    series(tmp_path / "s", VOLUME, **changes)
    with pytest.raises(DatasetError, match=words) as caught:
        read_series(tmp_path)
    assert "\n" not in str(caught.value)
    assert "HIDDEN" not in str(caught.value)


def test_two_series_in_one_folder_are_told_apart_by_their_uid(tmp_path):
    first, second = series(tmp_path / "s", VOLUME), series(tmp_path / "t", VOLUME[::-1].copy(), number=2)
    for index, path in enumerate(second):
        path.rename(tmp_path / "s" / f"x{index}.dcm")
    assert len(first) == 6
    saved(tmp_path / "mask.nii.gz", nifti(MASK))
    uids = [f"1.2.826.271828182845.{number}.9,mask.nii.gz" for number in (1, 2)]
    write_csv(tmp_path / "labels.csv", "series_instance_uid,edit_mask", *uids)
    found = dataset_from_spec(f"dicom:{tmp_path}?series=yes")
    images = [case.decode().image for case in found]
    assert [np.array_equal(image, VOLUME) for image in images] == [True, False]
    assert np.array_equal(images[1], VOLUME[::-1])


@cache
def enhanced():
    return shared_data("volumes/enh.dcm").read_bytes()


def test_a_file_of_frames_is_a_volume_with_the_spacing_of_its_frames(tmp_path):
    (tmp_path / "enh.dcm").write_bytes(enhanced())
    with pytest.raises(DatasetError, match=r"6 frames of 16 bits, 12 of them stored.*series=yes"):
        dataset_from_spec(f"dicom:{tmp_path}")
    (case,) = dataset_from_spec(f"dicom:{tmp_path}?series=yes&masks=files")
    image = case.decode().image
    assert (image.shape, str(image.dtype), case.spacing_mm) == ((6, 64, 64), "uint16", (2.4, 3.375, 3.375))
    assert (int(image.min()), int(image.max())) == (0, 1195)
