"""Masks out of DICOM SEG and RTSTRUCT lie where they were drawn, and what was not drawn on the image is refused."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from editproof.datasets.folder.cohort import folder
from editproof.datasets.masks.contours import inside
from editproof.datasets.registry import dataset_from_spec
from editproof.errors import DatasetError
from pydicom.pixels.utils import pack_bits

from tests.datasets.conftest import write_csv, write_manifest
from tests.datasets.drawings import (
    SPACE,
    header_of,
    item,
    label_map,
    outlines,
    position,
    saved,
    segmentation,
    structure_set,
)
from tests.datasets.test_volumes import saved as saved_nifti
from tests.datasets.volumes import drawn, nifti, series

VOLUME = drawn()
BONE, LESION = np.zeros(VOLUME.shape, bool), np.zeros(VOLUME.shape, bool)
BONE[1:4, 2:6, 2:7] = True
BONE[2, 3, 4] = False
LESION[2:5, 6:8, 0:3] = True
LESION[3, 6, 0] = False
SQUARE = np.array([[1.0, 1.0], [1.0, 4.0], [5.0, 4.0], [5.0, 1.0]])


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """A folder with one series, of one frame of reference."""
    root = tmp_path_factory.mktemp("scans")
    series(root / "s", VOLUME, tags={"FrameOfReferenceUID": SPACE})
    return root


def read(root, header, bone="m.dcm#bone", **columns):
    """The masks of the one case whose edit mask, and other masks, are parts of a file."""
    saved(header, root / "m.dcm")
    write_csv(root / "labels.csv", ",".join(["file", "edit_mask", *columns]), ",".join(["s", bone, *columns.values()]))
    (case,) = dataset_from_spec(f"dicom:{root}?series=yes")
    return case.decode()


def refused(root, header, words, bone="m.dcm#bone", **columns):
    with pytest.raises(DatasetError, match=words) as caught:
        read(root, header, bone, **columns)
    assert "\n" not in str(caught.value)
    assert "HIDDEN" not in str(caught.value)
    assert "bone" not in str(caught.value)  # the names of parts may be those of patients


def both():
    return segmentation({"bone": BONE, "lesion": LESION})


@pytest.mark.parametrize(
    "header", [both(), label_map(BONE + 2 * LESION, ["bone", "lesion"]), structure_set({"bone": outlines(BONE), "lesion": outlines(LESION)})],
    ids=["segmentation", "label map", "structure set"],
)  # fmt: skip
def test_what_was_drawn_is_read_back_voxel_by_voxel(scans, header):
    pixels = read(scans, header, **{"structure:lesion": "m.dcm#2", "structure:bone": "m.dcm#BONE"})
    assert np.array_equal(pixels.image, VOLUME)
    assert np.array_equal(pixels.edit_mask, BONE)
    assert np.array_equal(pixels.structures["bone"], BONE)
    assert np.array_equal(pixels.structures["lesion"], LESION)


def test_the_part_decides_the_digest_of_the_case(scans):
    found = set()
    for cell in ("m.dcm#bone", "m.dcm#lesion", "m.dcm#1"):
        read(scans, both(), cell)
        found.add(next(iter(dataset_from_spec(f"dicom:{scans}?series=yes"))).digest)
    assert len(found) == 3


def cut(rows=slice(2, 7), columns=slice(1, 8)):
    """The bone in frames that hold no more than its surroundings, as some programs write them."""
    header = segmentation({"bone": BONE})
    part = BONE[1:4, rows, columns][::-1]
    header.Rows, header.Columns = part.shape[1:]
    for place, group in enumerate(header.PerFrameFunctionalGroupsSequence):
        group.PlanePositionSequence[0].ImagePositionPatient = position(3 - place, rows.start, columns.start)
    header.PixelData = pack_bits(part.astype(np.uint8))
    return header


def sagittal():
    """The bone in frames across another axis."""
    header = cut()
    frames = [column for column in range(8) if BONE[:, :, column].any()]
    header.Rows, header.Columns, header.NumberOfFrames = 6, 9, len(frames)
    shared = header.SharedFunctionalGroupsSequence[0]
    shared.PlaneOrientationSequence[0].ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    shared.PixelMeasuresSequence[0].PixelSpacing = [4.0, 1.5]
    one = header.PerFrameFunctionalGroupsSequence[0].SegmentIdentificationSequence
    header.PerFrameFunctionalGroupsSequence = [
        item(SegmentIdentificationSequence=one, PlanePositionSequence=[item(ImagePositionPatient=position(5, 0, c))])
        for c in frames
    ]
    header.PixelData = pack_bits(np.array([BONE[::-1, :, c] for c in frames]).astype(np.uint8))
    return header


@pytest.mark.parametrize("header", [cut(), sagittal()], ids=["cut", "sagittal"])
def test_frames_lie_where_they_say(scans, header):
    assert np.array_equal(read(scans, header, "m.dcm").edit_mask, BONE)


def test_a_volume_in_nifti_takes_parts_by_their_place(tmp_path):
    saved_nifti(tmp_path / "a.nii.gz", nifti(VOLUME, "RAS"))
    saved(both(), tmp_path / "m.dcm")
    row = {"case_id": "A", "image": "a.nii.gz", "edit_mask": "m.dcm#lesion", "structure:bone": "m.dcm#bone"}
    (case,) = folder(write_manifest(tmp_path, [row]))
    assert np.array_equal(case.decode().edit_mask, LESION)
    assert np.array_equal(case.decode().structures["bone"], BONE)
    row["edit_mask"] = "m.dcm#vessel"
    with pytest.raises(DatasetError, match="none of its 2 segments has that name: 1 bone, 2 lesion"):
        folder(write_manifest(tmp_path, [row]))
    row["edit_mask"] = "a.nii.gz#1"
    with pytest.raises(DatasetError, match="no parts to be named after #"):
        folder(write_manifest(tmp_path, [row]))


def changed(header, change):
    change(header)
    return header


def fractional(header):
    header.SegmentationType = "FRACTIONAL"


def short(header):
    header.PixelData = header.PixelData[:-6]


def fewer(header):
    del header.PerFrameFunctionalGroupsSequence[0]


def twice(header):
    frames = header.PerFrameFunctionalGroupsSequence
    frames[0].PlanePositionSequence = frames[1].PlanePositionSequence


def beside(header):
    header.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence[0].ImagePositionPatient = position(3.4)


def beyond(header):
    header.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence[0].ImagePositionPatient = position(9)


def coarse(header):
    header.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = [1.5, 0.6]


def nameless(header):
    header.SegmentSequence[1].SegmentLabel = "bone"


def without_frames(header):
    header.SegmentSequence.append(item(SegmentNumber=3, SegmentLabel="vessel"))


EVERY_SECOND = np.zeros(VOLUME.shape, bool)
EVERY_SECOND[0:6:2, 2:6, 2:6] = True
FAULTS = {
    "another frame of reference": (segmentation({"bone": BONE}, space="1.2.3"), "m.dcm", "another frame of reference"),
    "no frame of reference": (segmentation({"bone": BONE}, space=""), "m.dcm", "it has no frame of reference"),
    "another series": (segmentation({"bone": BONE}, series="1.2.3"), "m.dcm", "refers to another series"),
    "oblique": (segmentation({"bone": BONE}, turn=8.0), "m.dcm", r"oblique to the image, by [0-9.]+ degrees"),
    "fractional": (changed(both(), fractional), "m.dcm#1", "fractional"),
    "cut short": (changed(both(), short), "m.dcm#1", "a frame is missing"),
    "a frame that lies nowhere": (changed(both(), fewer), "m.dcm#1", "a frame is missing: it declares 6 and places 5"),
    "every second slice": (segmentation({"bone": EVERY_SECOND}), "m.dcm", "3 slices, 2 apart"),
    "two frames in one place": (changed(both(), twice), "m.dcm#1", "two frames of the segment lie in one place"),
    "between slices": (changed(both(), beside), "m.dcm#1", "0.4 of a voxel beside"),
    "beyond the image": (changed(both(), beyond), "m.dcm#1", "pixels outside the image"),
    "other pixels": (changed(both(), coarse), "m.dcm#1", "its pixels of 1.5 x 0.6 mm are not those of the image"),
    "several segments": (both(), "m.dcm", "it has 2 segments"),
    "no such segment": (both(), "m.dcm#vessel", "none of its 2 segments has that name"),
    "two of one name": (changed(both(), nameless), "m.dcm#bone", "2 of its 2 segments have that name"),
    "no frame of a segment": (changed(both(), without_frames), "m.dcm#3", "the segment has no frame"),
    "no drawing": (header_of("1.2.840.10008.5.1.4.1.1.2"), "m.dcm", "no segmentation .SEG. and no structure set"),
    "region elsewhere": (structure_set({"bone": outlines(BONE)}, space="1.2.3"), "m.dcm", "another frame of reference"),
    "region of another series": (structure_set({"bone": outlines(BONE)}, series="1.2"), "m.dcm", "refers to another series"),
    "off plane": (structure_set({"bone": [(2.3, SQUARE)]}), "m.dcm", "0.3 of a slice off the slices"),
    "beyond the slices": (structure_set({"bone": [(7, SQUARE)]}), "m.dcm", "beyond the slices"),
    "missing slices": (structure_set({"bone": [(n, SQUARE) for n in (0, 2, 4)]}), "m.dcm", "3 slices, 2 apart"),
    "no contour": (structure_set({"bone": []}), "m.dcm", "the region has no contour"),
    "a line": (structure_set({"bone": [(2, SQUARE[:2])]}), "m.dcm", "not closed"),
    "between centres": (structure_set({"bone": [(2, SQUARE / 20 + 0.2)]}), "m.dcm", "the centre of no voxel"),
}  # fmt: skip


def bytes_of(value):
    """The two segments in frames of bytes, as programs write them that hold no single bits."""
    header = both()
    frames = [mask[place] for mask in (BONE, LESION) for place in reversed(np.flatnonzero(mask.any(axis=(1, 2))))]
    header.BitsAllocated = header.BitsStored = 8
    header.HighBit, header.PixelData = 7, (np.array(frames).astype(np.uint8) * value).tobytes()
    return header


FAULTS |= {
    "bytes of 255": (bytes_of(255), "m.dcm#bone", "a pixel of value 255, where there are 0, 1"),
    "bytes of 2": (bytes_of(2), "m.dcm#lesion", "a pixel of value 2"),
    "a label that no segment has": (label_map(BONE * 1 + 6 * LESION, ["bone"]), "m.dcm", "a pixel of value [67]"),
}


def test_frames_of_bytes_of_0_and_1_are_those_of_bits(scans):
    for cell, mask in (("m.dcm#bone", BONE), ("m.dcm#lesion", LESION)):
        assert np.array_equal(read(scans, bytes_of(1), cell).edit_mask, mask)


@pytest.mark.parametrize("fault", FAULTS)
def test_what_was_not_drawn_on_the_image_is_refused_in_one_line(scans, fault):
    header, cell, words = FAULTS[fault]
    refused(scans, header, words, cell)


def test_segments_that_share_voxels_are_refused_unless_their_file_says_so(scans):
    header = segmentation({"bone": BONE, "lesion": LESION | BONE})
    columns = {"structure:first": "m.dcm#1", "structure:second": "m.dcm#2"}
    refused(scans, header, "59 voxels of it are first too", "m.dcm#1", **columns)
    header.SegmentsOverlap = "YES"
    assert np.array_equal(read(scans, header, "m.dcm#1", **columns).structures["second"], LESION | BONE)


def test_a_series_of_two_frames_of_reference_is_refused(tmp_path):
    series(
        tmp_path / "s", VOLUME, each=lambda header, index: setattr(header, "FrameOfReferenceUID", f"1.2.{index // 3}")
    )
    with pytest.raises(DatasetError, match="several frames of reference"):
        dataset_from_spec(f"dicom:{tmp_path}?series=yes&masks=files")


def test_a_pixel_is_inside_where_its_centre_is():
    """Against OpenCV's search for the side of an outline on which a point lies, on corners that no centre meets."""
    rng = np.random.default_rng(7)
    for n in (3, 5, 9, 30):
        angles = np.sort(rng.uniform(0, 2 * np.pi, n))
        corners = 12 + np.stack([np.sin(angles), np.cos(angles)], 1) * rng.uniform(3, 14, (n, 1))
        outline = corners[:, ::-1].astype(np.float32)[:, None]
        centres = np.array([[cv2.pointPolygonTest(outline, (c, r), False) > 0 for c in range(26)] for r in range(24)])
        assert np.array_equal(inside(corners.astype(np.float32).astype(float), (24, 26)), centres)


def test_regions_with_a_side_in_common_share_no_pixel_and_leave_none_out():
    left, right = np.array([[0, 0], [0, 3], [4, 3], [4, 0]], float), np.array([[0, 3], [0, 6], [4, 6], [4, 3]], float)
    first, second = inside(left, (5, 7)), inside(right, (5, 7))
    assert not (first & second).any()
    assert np.array_equal(first | second, inside(np.array([[0, 0], [0, 6], [4, 6], [4, 0]], float), (5, 7)))
