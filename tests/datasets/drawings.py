"""DICOM segmentations (SEG) and structure sets (RTSTRUCT) of masks, as other programs would write them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels.utils import pack_bits
from pydicom.uid import ExplicitVRLittleEndian

from tests.datasets.dicoms import HIDDEN, uid, written
from tests.datasets.volumes import SPACING

SEG, LABEL_MAP, STRUCTURE_SET = (f"1.2.840.10008.5.1.4.1.1.{last}" for last in ("66.4", "66.7", "481.3"))
SPACE, SERIES = uid(1, 5), uid(1, 9)
START = (-30.0, -40.0, -20.0)
"""Of the first voxel of the volumes of :mod:`tests.datasets.volumes`, in mm of left, back and head."""


def item(**tags: object) -> Dataset:
    found = Dataset()
    for name, value in tags.items():
        setattr(found, name, value)
    return found


def position(place: float, row: float = 0.0, column: float = 0.0) -> list[float]:
    """Left, back and head of a place in voxels."""
    return [START[0] + column * SPACING[2], START[1] + row * SPACING[1], START[2] + place * SPACING[0]]


def header_of(kind: str, **tags: object) -> Dataset:
    header = item(SOPClassUID=kind, SOPInstanceUID=uid(8, 8), SeriesInstanceUID=uid(8, 7), PatientName=HIDDEN, **tags)
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.file_meta.MediaStorageSOPClassUID, header.file_meta.MediaStorageSOPInstanceUID = kind, uid(8, 8)
    return header


def segmentation(
    masks: dict[str, np.ndarray], *, space: str = SPACE, series: str = SERIES, turn: float = 0.0
) -> Dataset:
    """A binary SEG of masks (ZYX) by label; frames of nothing are left out, and the order of frames is not that of slices."""
    angle = np.radians(turn)
    header = header_of(
        SEG, SegmentationType="BINARY", FrameOfReferenceUID=space, Rows=9, Columns=8, SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2", BitsAllocated=1, BitsStored=1, HighBit=0, PixelRepresentation=0,
        ReferencedSeriesSequence=[item(SeriesInstanceUID=series)],
        SegmentSequence=[item(SegmentNumber=n, SegmentLabel=name) for n, name in enumerate(masks, 1)],
        SharedFunctionalGroupsSequence=[item(
            PlaneOrientationSequence=[item(ImageOrientationPatient=[np.cos(angle), np.sin(angle), 0, -np.sin(angle), np.cos(angle), 0])],
            PixelMeasuresSequence=[item(PixelSpacing=[SPACING[1], SPACING[2]], SliceThickness=SPACING[0])],
        )],
    )  # fmt: skip
    frames, groups = [], []
    for number, mask in enumerate(masks.values(), 1):
        for place in reversed(np.flatnonzero(mask.any(axis=(1, 2)))):
            frames.append(mask[place])
            groups.append(item(
                SegmentIdentificationSequence=[item(ReferencedSegmentNumber=number)],
                PlanePositionSequence=[item(ImagePositionPatient=position(place))],
            ))  # fmt: skip
    header.NumberOfFrames, header.PerFrameFunctionalGroupsSequence = len(frames), groups
    header.PixelData = pack_bits(np.array(frames).astype(np.uint8))
    return header


def label_map(labels: np.ndarray, names: list[str]) -> Dataset:
    """The same as a label map, with a frame for every slice."""
    header = segmentation({name: labels == n for n, name in enumerate(names, 1)})
    header.SOPClassUID = header.file_meta.MediaStorageSOPClassUID = LABEL_MAP
    header.SegmentationType, header.NumberOfFrames = "LABELMAP", len(labels)
    header.BitsAllocated = header.BitsStored = 8
    header.HighBit = 7
    header.PerFrameFunctionalGroupsSequence = [
        item(PlanePositionSequence=[item(ImagePositionPatient=position(place))]) for place in range(len(labels))
    ]
    header.PixelData = labels.astype(np.uint8).tobytes()
    return header


def outlines(mask: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """Slice, and rows and columns of the corners, of outlines through the edges of voxels."""
    found = []
    for place in np.flatnonzero(mask.any(axis=(1, 2))):
        fine = np.kron(mask[place], np.ones((10, 10), np.uint8))
        for contour in cv2.findContours(fine.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)[0]:
            found.append((int(place), contour[:, 0, ::-1] / 10 - 0.45))
    return found


def structure_set(
    regions: dict[str, list[tuple[float, np.ndarray]]], *, space: str = SPACE, series: str = SERIES
) -> Dataset:
    """An RTSTRUCT of contours by region, each of a slice and of the rows and columns of its corners in voxels."""
    study = item(RTReferencedSeriesSequence=[item(SeriesInstanceUID=series)])
    contours = {
        name: [
            item(
                ContourGeometricType="CLOSED_PLANAR", NumberOfContourPoints=len(corners),
                ContourData=[f"{n:.4f}" for corner in corners for n in position(place, *corner)],
            ) for place, corners in drawn
        ] for name, drawn in regions.items()
    }  # fmt: skip
    return header_of(
        STRUCTURE_SET, ReferencedFrameOfReferenceSequence=[item(FrameOfReferenceUID=space, RTReferencedStudySequence=[study])],
        StructureSetROISequence=[item(ROINumber=n, ROIName=name, ReferencedFrameOfReferenceUID=space) for n, name in enumerate(regions, 1)],
        ROIContourSequence=[item(ReferencedROINumber=n, ContourSequence=drawn) for n, drawn in enumerate(contours.values(), 1)],
    )  # fmt: skip


def saved(header: Dataset, path: Path) -> Path:
    return written(header, path)
