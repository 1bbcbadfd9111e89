"""Kinds of DICOM files that were read wrongly, or refused though they are valid; every input is drawn here."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

pytest.importorskip("pydicom", reason="needs the extra dicom")

from editproof.datasets.checks import decoded_case
from editproof.datasets.dicom.cohort import dicom
from editproof.datasets.dicom.pixels import dicom_image
from editproof.datasets.folder.files import Entry
from editproof.errors import DatasetError
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ExplicitVRBigEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from tests.datasets.dicoms import radiograph_file, written

DEEP = (np.add.outer(np.arange(60) * 40, np.arange(40) * 3) % 4096).astype(np.uint16)
DEEP[10:20, 10:20] = 4000
FLAT = (DEEP >> 4).astype(np.uint8)


def read(path, voi="first") -> np.ndarray:
    return dicom_image(Entry(path.parent, path.name, zipped=False), voi, "one")


def pixels_of(header: Dataset, folder, voi="first") -> np.ndarray:
    return read(written(header, folder / "one.dcm"), voi)


def item(**tags) -> list[Dataset]:
    made = Dataset()
    for name, value in tags.items():
        setattr(made, name, value)
    return [made]


def by_gdcm(header: Dataset, folder, syntax: str, *, lossless: bool = True):
    """The file in another transfer syntax, as GDCM writes it."""
    gdcm = pytest.importorskip("gdcm")
    reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
    reader.SetFileName(str(written(header, folder / "plain.dcm")))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(syntax)))
    if not lossless:
        codec = gdcm.JPEGCodec()
        codec.SetQuality(95)
        codec.SetLossless(False)
        change.SetUserCodec(codec)
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFileName(str(folder / "packed.dcm"))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    from pydicom import dcmread

    return dcmread(folder / "packed.dcm")


def packed(syntax: str, folder) -> Dataset:
    """A drawn radiograph of 12 bits (8 bits in JPEG Baseline) in a transfer syntax."""
    if syntax == JPEGBaseline8Bit:
        header = radiograph_file(FLAT, syntax=syntax)
        header.PixelData = encapsulate([cv2.imencode(".jpg", FLAT)[1].tobytes()])
        header["PixelData"].is_undefined_length = True
        return header
    header = radiograph_file(DEEP, BitsStored=12)
    if syntax in (RLELossless, JPEG2000Lossless):
        header.compress(syntax, generate_instance_uid=False)
        return header
    return by_gdcm(header, folder, syntax, lossless=syntax != JPEGExtended12Bit)


SYNTAXES = [
    JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless, RLELossless,
]  # fmt: skip


@pytest.mark.parametrize("syntax", SYNTAXES, ids=[syntax.name.split(" (")[0] for syntax in SYNTAXES])
def test_a_code_stream_that_contradicts_the_header_is_refused(tmp_path, syntax):
    sound = packed(syntax, tmp_path)
    assert pixels_of(sound, tmp_path).shape == (60, 40)
    fewer = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
    more = {"BitsAllocated": 16, "BitsStored": 16, "HighBit": 15}
    bits = fewer if syntax != JPEGBaseline8Bit else more
    contradictions = [
        ({"Rows": 40, "Columns": 60}, "another size, 60x40"),
        ({"Rows": 59}, "another size"),
        ({"Columns": 80}, "another size"),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}, "compressed are 1"),
        (bits, "bits declared; compressed are"),
    ]
    for tags, found in contradictions:
        header = packed(syntax, tmp_path)
        for name, value in tags.items():
            setattr(header, name, value)
        with pytest.raises(DatasetError, match=found) as caught:
            pixels_of(header, tmp_path)
        assert "export it again" in str(caught.value).lower(), tags


def test_a_code_stream_of_another_kind_than_the_syntax_is_refused(tmp_path):
    for syntax in (JPEG2000Lossless, JPEGLosslessSV1, RLELossless):
        header = radiograph_file(DEEP, BitsStored=12, syntax=syntax)
        header.PixelData = encapsulate([b"\0\1" * 500])
        header["PixelData"].is_undefined_length = True
        with pytest.raises(DatasetError, match="no code stream of"):
            pixels_of(header, tmp_path)


def test_a_code_stream_of_whole_words_is_read(tmp_path):
    header = packed(JPEG2000Lossless, tmp_path)
    whole = radiograph_file(DEEP)
    whole.compress(JPEG2000Lossless, generate_instance_uid=False)
    header.PixelData = whole.PixelData
    np.testing.assert_array_equal(pixels_of(header, tmp_path), np.rint(DEEP / 4095 * 65535).astype(np.uint16))


def test_jpeg_extended_of_twelve_bits_is_read(tmp_path):
    found = pixels_of(packed(JPEGExtended12Bit, tmp_path), tmp_path)
    assert np.abs(found.astype(int) - DEEP.astype(int) * 65535 // 4095).max() < 40 * 16


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", ExplicitVRBigEndian, RLELossless])
@pytest.mark.parametrize("signed", [False, True])
def test_bits_above_those_stored_have_no_meaning(tmp_path, signed, syntax):
    words = DEEP.astype(np.int16) - (2048 if signed else 0)
    noise = np.random.default_rng(1).integers(0, 16, DEEP.shape).astype(np.int16) << 12
    noisy = ((words & 0x0FFF) | noise).astype(np.int16 if signed else np.uint16)
    header = radiograph_file(noisy, BitsStored=12)
    if syntax == RLELossless:
        header.compress(syntax, generate_instance_uid=False)
    elif syntax == ExplicitVRBigEndian:
        header.PixelData = noisy.astype(noisy.dtype.newbyteorder(">")).tobytes()
        header["PixelData"].VR = "OW"
        header.file_meta.TransferSyntaxUID = syntax
    plain = np.rint(DEEP / 4095 * 65535).astype(np.uint16)
    np.testing.assert_array_equal(pixels_of(header, tmp_path), plain)
    said = [note for note in dicom(tmp_path, masks="files").card.warnings if "above Bits Stored" in note]
    assert len(said) == (syntax != RLELossless)


def test_signs_and_blanks_above_are_not_worth_a_remark(tmp_path):
    words = DEEP.astype(np.int16) - 2048
    for number, image in enumerate((words, words & 0x0FFF)):
        written(radiograph_file(image, number, BitsStored=12), tmp_path / f"{number}.dcm")
    assert not [note for note in dicom(tmp_path, masks="files").card.warnings if "Bits Stored" in note]


def test_a_falling_rescale_turns_the_gray_levels(tmp_path):
    found = pixels_of(radiograph_file(DEEP, BitsStored=12, RescaleSlope="-2", RescaleIntercept="5"), tmp_path)
    np.testing.assert_array_equal(found, np.rint((4095 - DEEP) / 4095 * 65535).astype(np.uint16))


EMPTY = [
    {"WindowCenter": None, "WindowWidth": None}, {"WindowCenter": "", "WindowWidth": ""},
    {"WindowCenter": "2000", "WindowWidth": None}, {"RescaleSlope": None, "RescaleIntercept": None},
    {"RescaleSlope": "1", "RescaleIntercept": None}, {"VOILUTFunction": ""}, {"VOILUTSequence": []},
    {"ModalityLUTSequence": []}, {"NumberOfFrames": None}, {"HighBit": None}, {"PixelSpacing": None},
    {"PresentationLUTShape": ""}, {"PatientAge": "", "PatientSex": "", "ImageLaterality": ""},
    {"EstimatedRadiographicMagnificationFactor": None}, {"BurnedInAnnotation": None, "IssuerOfPatientID": None},
    {"SharedFunctionalGroupsSequence": []},
]  # fmt: skip


@pytest.mark.parametrize("tags", EMPTY, ids=["+".join(tags) for tags in EMPTY])
def test_an_empty_tag_is_an_absent_one(tmp_path, tags):
    header = radiograph_file(DEEP, BitsStored=12)
    for name, value in tags.items():
        setattr(header, name, value)
    np.testing.assert_array_equal(pixels_of(header, tmp_path), np.rint(DEEP / 4095 * 65535).astype(np.uint16))
    said = " ".join(dicom(tmp_path, masks="files").card.warnings)
    assert "not read" not in said


@pytest.mark.parametrize(
    ("tags", "found", "way"),
    [
        ({"WindowCenter": "2000,5", "WindowWidth": "900"}, "Window Center (0028,1050) is no number", "voi=none"),
        ({"WindowCenter": "2000", "WindowWidth": "wide"}, "Window Width (0028,1051) is no number", "voi=none"),
        ({"WindowCenter": "9", "WindowWidth": "0"}, "Window Width (0028,1051) is below 1", "voi=none"),
        ({"WindowCenter": "9", "WindowWidth": "9", "VOILUTFunction": "CUBIC"}, "Function (0028,1056)", "voi=none"),
        ({"RescaleSlope": "1,5", "RescaleIntercept": "0"}, "Rescale Slope (0028,1053) is no number", "Export"),
        ({"RescaleSlope": "1", "RescaleIntercept": "nan"}, "Rescale Intercept (0028,1052) is no number", "Export"),
        ({"ModalityLUTSequence": item(LUTDescriptor=[9, 0, 8], LUTData=b"\1\2")}, "Modality LUT Sequence", "Export"),
        ({"PhotometricInterpretation": ""}, "Photometric Interpretation (0028,0004) missing or empty", "Export"),
        ({"PixelRepresentation": None}, "Pixel Representation (0028,0103) missing or empty", "Export"),
    ],
)
def test_the_tag_that_cannot_be_used_is_named_with_the_way_out(tmp_path, tags, found, way):
    header = radiograph_file(DEEP, BitsStored=12)
    from pydicom import config

    before, config.settings.writing_validation_mode = config.settings.writing_validation_mode, config.IGNORE
    try:
        for name, value in tags.items():
            if isinstance(value, str):
                header.add_new(name, "LO", value)
                if name in ("WindowCenter", "WindowWidth", "RescaleSlope", "RescaleIntercept"):
                    header[name].VR = "DS"
            else:
                setattr(header, name, value)
            assert name in header
        path = written(header, tmp_path / "one.dcm")
    finally:
        config.settings.writing_validation_mode = before
    with pytest.raises(DatasetError) as caught:
        read(path)
    assert found in caught.value.found
    assert way in caught.value.advice
    if way == "voi=none":
        np.testing.assert_array_equal(read(path, "none"), np.rint(DEEP / 4095 * 65535).astype(np.uint16))


@pytest.mark.parametrize("group", ["SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"])
def test_rescale_window_spacing_and_side_of_functional_groups(tmp_path, group):
    """An enhanced object keeps them in a sequence of the frame."""
    plain = {"RescaleSlope": "2", "RescaleIntercept": "-9"}, {"WindowCenter": "4000", "WindowWidth": "3000"}
    groups = item(
        PixelValueTransformationSequence=item(**plain[0]),
        FrameVOILUTSequence=item(**plain[1]),
        PixelMeasuresSequence=item(PixelSpacing=["0.3", "0.4"]),
        FrameAnatomySequence=item(FrameLaterality="R"),
    )
    absent = {"ImageLaterality": None, "ImagerPixelSpacing": None}
    enhanced = radiograph_file(DEEP, 1, BitsStored=12, **absent, **{group: groups})
    found = pixels_of(enhanced, tmp_path / "a")
    np.testing.assert_array_equal(
        found, pixels_of(radiograph_file(DEEP, 1, BitsStored=12, **plain[0], **plain[1]), tmp_path / "b")
    )
    assert 0 < (found == 0).mean() < (found < 65535).mean() < 1
    (case,) = dicom(tmp_path / "a", masks="files")
    assert case.spacing_mm == (0.3, 0.4)
    assert case.strata["laterality"] == "R"


@pytest.mark.parametrize(
    ("meaning", "shape", "turned", "counted"),
    [
        ("MONOCHROME2", None, False, False), ("MONOCHROME2", "IDENTITY", False, False),
        ("MONOCHROME2", "INVERSE", True, True), ("MONOCHROME1", None, True, False),
        ("MONOCHROME1", "INVERSE", True, False), ("MONOCHROME1", "IDENTITY", True, True),
    ],
)  # fmt: skip
def test_presentation_lut_shape_inverse_turns_once_and_a_contradiction_is_counted(
    tmp_path, meaning, shape, turned, counted
):
    tags = {"PresentationLUTShape": shape} if shape else {}
    header = radiograph_file(DEEP, BitsStored=12, PhotometricInterpretation=meaning, **tags)
    wanted = 4095 - DEEP.astype(int) if turned else DEEP
    np.testing.assert_array_equal(pixels_of(header, tmp_path), np.rint(wanted / 4095 * 65535).astype(np.uint16))
    said = [note for note in dicom(tmp_path, masks="files").card.warnings if "Presentation LUT Shape" in note]
    assert bool(said) == counted


def colour(image: np.ndarray, meaning: str = "RGB", planar: int = 0) -> Dataset:
    pixels = image if planar == 0 else np.moveaxis(image, 2, 0)
    tags = {"SamplesPerPixel": 3, "PhotometricInterpretation": meaning, "PlanarConfiguration": planar}
    return radiograph_file(image[..., 0], PixelData=np.ascontiguousarray(pixels).tobytes(), **tags)


def palette(red: np.ndarray, green: np.ndarray) -> Dataset:
    names = {"Red": red, "Green": green, "Blue": red}
    tables = {f"{name}PaletteColorLookupTableDescriptor": [256, 0, 16] for name in names}
    tables |= {f"{name}PaletteColorLookupTableData": data.astype("<u2").tobytes() for name, data in names.items()}
    return radiograph_file(FLAT, PhotometricInterpretation="PALETTE COLOR", **tables)


def test_equal_channels_are_gray_as_in_a_png(tmp_path):
    gray = np.repeat(FLAT[..., None], 3, axis=2)
    neutral = np.dstack([FLAT, np.full_like(FLAT, 128), np.full_like(FLAT, 128)])
    ramp = np.arange(256, dtype=np.uint16) * 257
    sixteen = palette(ramp, ramp)
    for header in (colour(gray), colour(gray, planar=1), colour(neutral, "YBR_FULL")):
        np.testing.assert_array_equal(pixels_of(header, tmp_path), FLAT)
        assert any("declare colour" in note for note in dicom(tmp_path, masks="files").card.warnings)
    np.testing.assert_array_equal(pixels_of(sixteen, tmp_path), FLAT.astype(np.uint16) * 257)
    red = gray.copy()
    red[5, 5, 0] ^= 1
    for header in (colour(red), colour(red, planar=1), palette(ramp, ramp[::-1])):
        with pytest.raises(DatasetError, match="it is in colour"):
            pixels_of(header, tmp_path)


def test_colour_is_read_as_red_green_and_blue_where_the_cohort_is_in_colour(tmp_path):
    rgb = np.dstack([FLAT, FLAT // 2, 255 - FLAT])
    ramp = np.arange(256, dtype=np.uint16) * 257
    neutral = np.dstack([FLAT, np.full_like(FLAT, 128), np.full_like(FLAT, 128)])
    for header, wanted in (
        (colour(rgb), rgb), (colour(rgb, planar=1), rgb), (colour(neutral, "YBR_FULL"), np.dstack([FLAT] * 3)),
        (palette(ramp, ramp[::-1]), np.dstack([ramp[FLAT], ramp[::-1][FLAT], ramp[FLAT]])),
        (radiograph_file(FLAT), np.dstack([FLAT] * 3)),
    ):  # fmt: skip
        written(header, tmp_path / "a.dcm")
        cohort = dicom(tmp_path, colour=True)
        np.testing.assert_array_equal(decoded_case(cohort[0]).image, wanted)
        assert any("read in colour" in note for note in cohort.card.warnings)
    assert cohort.card.digest != dicom(tmp_path, masks="files").card.digest


def test_ages_sexes_sides_and_spacings_that_do_not_follow_the_form_are_counted(tmp_path):
    written(radiograph_file(DEEP, 0, BitsStored=12), tmp_path / "0.dcm")
    for number, (age, sex) in enumerate((("12Y", "W"), ("012", "MALE"), ("999Y", "1"), ("", "")), 1):
        header = radiograph_file(DEEP + np.uint16(number), number, BitsStored=12, PatientSex=sex)
        header.add_new("PatientAge", "AS", age)
        header.ImageLaterality = "" if not age else "LEFT"
        header.ImagerPixelSpacing = ["0", "0"] if age else None
        written(header, tmp_path / f"{number}.dcm")
    cohort = dicom(tmp_path, masks="files")
    said = " ".join(cohort.card.warnings)
    for words in ("Patient's Age (0010,1010)", "Patient's Sex (0010,0040)", "laterality", "pixel spacing"):
        assert f"3 of 5 headers have a {words}" in said
    assert [case.strata.get("age_years") for case in cohort] == [10.0, None, None, None, None]
