"""DICOM radiographs drawn here, with a hidden word in every tag that may identify a patient."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

HIDDEN = "HIDDENNAME"
DX = "1.2.840.10008.5.1.4.1.1.1.1"
NUMBER = "271828182845"
"""Stands in every identifying tag that holds digits, UIDs among them."""
WORDS = (
    "PatientName PatientID OtherPatientNames PatientBirthName PatientMotherBirthName PatientAddress IssuerOfPatientID "
    "MilitaryRank EthnicGroup Occupation AdditionalPatientHistory PatientComments AccessionNumber InstitutionName "
    "InstitutionAddress InstitutionalDepartmentName ReferringPhysicianName PerformingPhysicianName OperatorsName "
    "PhysiciansOfRecord NameOfPhysiciansReadingStudy RequestingPhysician StudyDescription SeriesDescription StudyID "
    "ProtocolName StationName DeviceSerialNumber ImageComments RequestedProcedureDescription BodyPartExamined "
    "PatientTelephoneNumbers MedicalRecordLocator PatientReligiousPreference ResponsiblePerson"
).split()
TIMES = {
    "PatientBirthDate": "19170423",
    "StudyDate": "19170423",
    "AcquisitionDate": "19170423",
    "StudyTime": "171819.4",
}


def uid(*parts: object) -> str:
    return ".".join(["1.2.826", NUMBER, *map(str, parts)])


def radiograph_file(
    image: np.ndarray, patient: object = 1, number: int = 1, *, syntax: str = ExplicitVRLittleEndian, **tags: object
) -> Dataset:
    """A DX image of some pixels; ``tags`` go before everything else, and None takes a tag away."""
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = syntax
    header.SOPClassUID, header.SOPInstanceUID = DX, uid(patient, number)
    header.file_meta.MediaStorageSOPClassUID, header.file_meta.MediaStorageSOPInstanceUID = DX, uid(patient, number)
    header.StudyInstanceUID, header.SeriesInstanceUID = uid(patient, 7), uid(patient, 7, number)
    for word in WORDS:
        setattr(header, word, f"{HIDDEN}^{patient}" if "Name" in word else HIDDEN[:16])
    header.PatientID = f"{HIDDEN}{patient}"
    for name, value in TIMES.items():
        setattr(header, name, value)
    block = header.private_block(0x0011, HIDDEN, create=True)
    block.add_new(0x01, "LO", HIDDEN)
    header.Modality, header.BurnedInAnnotation = "DX", "NO"
    header.PatientSex, header.PatientAge, header.ImageLaterality = "F", "010Y", "L"
    header.ImagerPixelSpacing = ["0.2", "0.1"]
    header.Rows, header.Columns = image.shape
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
    bits = image.dtype.itemsize * 8
    header.BitsAllocated, header.BitsStored, header.HighBit = bits, bits, bits - 1
    header.PixelRepresentation = int(image.dtype.kind == "i")
    header.PixelData = image.tobytes()
    for name, value in tags.items():
        if value is None:
            delattr(header, name)
        else:
            setattr(header, name, value)
    if "BitsStored" in tags and "HighBit" not in tags:
        header.HighBit = int(header.BitsStored) - 1
    return header


def written(header: Dataset, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    header.save_as(path, enforce_file_format=True)
    return path
