from __future__ import annotations

import json
import pickle
import struct
import sys

import cv2
import numpy as np
import pytest

pytest.importorskip("pydicom", reason="needs the extra dicom")

from editproof.core.records import json_of_record
from editproof.datasets.dicom.cohort import dicom
from editproof.datasets.dicom.pixels import dicom_image
from editproof.datasets.folder.files import Entry
from editproof.datasets.index.writing import index_of
from editproof.datasets.registry import dataset_from_spec
from editproof.errors import DatasetError
from editproof.phantoms.phantom import cohort as phantoms
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from tests.datasets.conftest import png, radiograph, write_csv
from tests.datasets.dicoms import HIDDEN, NUMBER, radiograph_file, uid, written


def pixels_of(header: Dataset, path, voi="first") -> np.ndarray:
    written(header, path / "one.dcm")
    return dicom_image(Entry(path, "one.dcm", zipped=False), voi, "one")


@pytest.fixture
def deep() -> np.ndarray:
    return radiograph(3, dtype=np.uint16) >> 4


def sequence(**items) -> list[Dataset]:
    item = Dataset()
    for name, value in items.items():
        setattr(item, name, value)
    return [item]


def test_eight_and_sixteen_bits_come_as_stored(tmp_path):
    for dtype in (np.uint8, np.uint16):
        image = radiograph(1, dtype=dtype)
        np.testing.assert_array_equal(pixels_of(radiograph_file(image), tmp_path), image)


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_fewer_stored_bits_fill_sixteen_and_no_two_grays_meet(tmp_path, bits):
    ramp = np.arange(2**bits, dtype=np.uint16).reshape(-1, 2 ** (bits // 2))
    found = pixels_of(radiograph_file(ramp, BitsStored=bits), tmp_path)
    assert found.dtype == np.uint16
    assert (found.min(), found.max()) == (0, 65535)
    assert (np.diff(found.ravel().astype(int)) > 0).all()


def test_monochrome1_is_turned_over(tmp_path, deep):
    bright = pixels_of(radiograph_file(deep, BitsStored=12), tmp_path)
    dark = pixels_of(radiograph_file(4095 - deep, BitsStored=12, PhotometricInterpretation="MONOCHROME1"), tmp_path)
    np.testing.assert_array_equal(dark, bright)


def test_signed_pixels_with_rescale(tmp_path, deep):
    signed = (deep.astype(np.int32) - 2048).astype(np.int16)
    found = pixels_of(radiograph_file(signed, BitsStored=12, RescaleSlope="2", RescaleIntercept="4096"), tmp_path)
    np.testing.assert_array_equal(found, pixels_of(radiograph_file(deep, BitsStored=12), tmp_path))


def test_signed_pixels_with_blank_bits_above(tmp_path, deep):
    signed = (deep.astype(np.int32) - 2048).astype(np.int16)
    found = pixels_of(radiograph_file(signed & 0x0FFF, BitsStored=12), tmp_path)
    np.testing.assert_array_equal(found, pixels_of(radiograph_file(signed, BitsStored=12), tmp_path))


@pytest.mark.parametrize("packed", [False, True])
def test_lookup_table_of_eight_bit_entries(tmp_path, deep, packed):
    entries = (255 - np.arange(4096) // 16).astype(np.uint8 if packed else np.uint16)
    lut = sequence(LUTDescriptor=[4096, 0, 8], LUTData=entries.tobytes())
    found = pixels_of(radiograph_file(deep, BitsStored=12, VOILUTSequence=lut), tmp_path)
    np.testing.assert_array_equal(found, entries[deep].astype(np.uint16) * 257)


def test_lookup_table_after_a_rescale_beyond_sixteen_bits(tmp_path):
    lut = sequence(LUTDescriptor=[4096, 0, 16], LUTData=(np.arange(4096, dtype=np.uint16) * 16).tobytes())
    wide = RAMP.view(np.uint16) * 4
    found = pixels_of(radiograph_file(wide, RescaleSlope="2", RescaleIntercept="0", VOILUTSequence=lut), tmp_path)
    np.testing.assert_array_equal(found, np.minimum(wide.astype(int) * 2, 4095) * 16)


def test_window_is_applied_unless_it_is_not_asked_for(tmp_path, deep):
    header = radiograph_file(deep, BitsStored=12, WindowCenter="1000.5", WindowWidth="1001")
    found = pixels_of(header, tmp_path)
    assert (found[deep <= 500] == 0).all()
    assert (found[deep > 1500] == 65535).all()
    inside = (deep > 500) & (deep <= 1500)
    np.testing.assert_allclose(found[inside], (deep[inside] - 500) / 1000 * 65535, atol=1)
    whole = pixels_of(header, tmp_path, voi="none")
    np.testing.assert_array_equal(whole, np.rint(deep / 4095 * 65535).astype(np.uint16))


def test_first_of_several_windows_and_a_lut(tmp_path, deep):
    one = radiograph_file(deep, BitsStored=12, WindowCenter="1000", WindowWidth="800")
    two = radiograph_file(deep, BitsStored=12, WindowCenter=["1000", "9"], WindowWidth=["800", "3"])
    np.testing.assert_array_equal(pixels_of(one, tmp_path), pixels_of(two, tmp_path))
    squares = (np.arange(4096) ** 2 // 4096).astype(np.uint16)
    lut = sequence(LUTDescriptor=[4096, 0, 12], LUTData=squares.tobytes())
    lut[0]["LUTDescriptor"].VR, lut[0]["LUTData"].VR = "US", "OW"
    found = pixels_of(radiograph_file(deep, BitsStored=12, VOILUTSequence=lut), tmp_path)
    np.testing.assert_array_equal(found, np.rint(squares[deep] / 4095 * 65535).astype(np.uint16))


def test_what_is_compressed_without_loss_decodes_to_the_same(tmp_path, deep):
    plain = pixels_of(radiograph_file(deep, BitsStored=12), tmp_path)
    for syntax in (RLELossless, JPEG2000Lossless):
        header = radiograph_file(deep, BitsStored=12)
        header.compress(syntax, generate_instance_uid=False)
        np.testing.assert_array_equal(pixels_of(header, tmp_path), plain)


@pytest.mark.parametrize("syntax", [JPEGLosslessSV1, JPEGLSLossless])
def test_lossless_jpeg_of_scanners(tmp_path, deep, syntax):
    gdcm = pytest.importorskip("gdcm")
    plain = pixels_of(radiograph_file(deep, BitsStored=12), tmp_path)
    reader = gdcm.ImageReader()
    reader.SetFileName(str(tmp_path / "one.dcm"))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    kind = {
        JPEGLosslessSV1: gdcm.TransferSyntax.JPEGLosslessProcess14_1,
        JPEGLSLossless: gdcm.TransferSyntax.JPEGLSLossless,
    }
    change.SetTransferSyntax(gdcm.TransferSyntax(kind[syntax]))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(tmp_path / "two.dcm"))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    np.testing.assert_array_equal(dicom_image(Entry(tmp_path, "two.dcm", zipped=False), "first", "two"), plain)


def test_baseline_jpeg(tmp_path):
    image = radiograph(2)
    jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
    header = radiograph_file(image, syntax=JPEGBaseline8Bit)
    header.PixelData = encapsulate([jpeg])
    header["PixelData"].is_undefined_length = True
    assert np.abs(pixels_of(header, tmp_path).astype(int) - image).mean() < 3


@pytest.fixture
def cohort(tmp_path):
    """Three images of two patients, with labels by UID, by file name and by path."""
    root = tmp_path / HIDDEN
    written(radiograph_file(radiograph(1), 1, 1), root / f"{HIDDEN}-a.dcm")
    written(radiograph_file(radiograph(2), 1, 2, PatientAge="018M", ImageLaterality="R"), root / "sub" / "b.dcm")
    written(radiograph_file(radiograph(3), 2, 1, PatientSex="M", BurnedInAnnotation="YES"), root / "no-suffix")
    rows = (f"{uid(1, 1)},,100,own-1,x", ",sub/b.dcm,20.5,,y", ",no-suffix,150,own-3,z")
    write_csv(root / "labels.csv", "sop_instance_uid,file,bone_age,case_id,stratum:Site", *rows)
    (root / "readme.txt").write_text("no image")
    return root


def test_cohort_of_dicom_files(cohort):
    cases = {case.reference["bone_age"]: case for case in dicom(cohort)}
    first, second, third = cases[100.0], cases[20.5], cases[150.0]
    assert (first.case_id, third.case_id) == ("own-1", "own-3")
    assert second.case_id.startswith("case-")
    assert first.patient_id == second.patient_id != third.patient_id
    assert [case.reference["sex"] for case in (first, second, third)] == [0.0, 0.0, 1.0]
    assert first.strata == {
        "age_years": 10.0, "sex": "F", "laterality": "L", "bone_age": 100.0, "Site": "x", "burned_in": "no", "marker": "found",
    }  # fmt: skip
    assert second.strata["age_years"] == 1.5
    assert first.spacing_mm == (0.2, 0.1)
    assert pickle.loads(pickle.dumps(third)).decode().image.shape == (120, 96)
    warnings = " ".join(dicom(cohort).card.warnings)
    assert "1 of 3 headers say that text is burned into the pixels" in warnings


def test_calibrated_spacing_goes_before_the_detectors_and_magnification_counts(tmp_path):
    written(radiograph_file(radiograph(1), PixelSpacing=["0.15", "0.15"]), tmp_path / "a.dcm")
    written(radiograph_file(radiograph(2), 2, EstimatedRadiographicMagnificationFactor="1.25"), tmp_path / "b.dcm")
    written(radiograph_file(radiograph(3), 3, ImagerPixelSpacing=None), tmp_path / "c.dcm")
    assert [case.spacing_mm for case in dicom(tmp_path)] == [(0.15, 0.15), (0.16, 0.08), None]


def test_names_are_the_same_again_and_others_elsewhere(cohort, tmp_path):
    names = [case.patient_id for case in dicom(cohort)]
    assert names == [case.patient_id for case in dicom(cohort)]
    key = tmp_path / "key"
    key.write_text("0123456789abcdef0123456789abcdef")
    keyed = [case.patient_id for case in dicom(cohort, key=str(key))]
    assert not set(keyed) & set(names)
    written(radiograph_file(radiograph(9), 5), cohort / "z.dcm")
    with_one_more = dicom(cohort, key=str(key))
    assert [case.patient_id for case in with_one_more] == keyed, "a key file keeps the names of a growing cohort"
    assert any("1 DICOM files without a row" in words for words in with_one_more.card.warnings)
    assert not {case.patient_id for case in dicom(cohort)} & set(names)
    key.write_text("short")
    with pytest.raises(DatasetError, match="a key has at least 16"):
        dicom(cohort, key=str(key))


def test_mask_files_and_columns_that_are_not_read(cohort):
    mask = np.zeros((120, 96), np.uint8)
    mask[5:9, 5:9] = 255
    (cohort / "mask.png").write_bytes(png(mask))
    write_csv(
        cohort / "labels.csv", "file,edit_mask,patient_name,reference:width [mm]", f"no-suffix,mask.png,{HIDDEN},54"
    )
    (case,) = read = dicom(cohort, masks="files")
    assert case.reference == {"width": 54.0, "sex": 1.0}
    pixels = case.decode()
    assert pixels.edit_mask.sum() == 16
    assert (pixels.protected_mask == ~pixels.edit_mask).all()
    assert any(words.startswith("1 columns of labels.csv are not read") for words in read.card.warnings)
    assert HIDDEN not in repr((read.card, case.case_id, case.patient_id, case.strata))


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("a.dcm,inf", "'inf'"),
        ("a.dcm,900", "900 months"),
        ("a.dcm,old", "'old'"),
        ("a.dcm,10\na.dcm,11", "name the same file"),
        ("none.dcm,10", "1 of 1 rows of labels.csv have no DICOM file"),
        (",10", "names no file"),
    ],
)
def test_table_that_is_not_sound(tmp_path, row, found):
    written(radiograph_file(radiograph(1)), tmp_path / "a.dcm")
    write_csv(tmp_path / "labels.csv", "file,bone_age", row)
    with pytest.raises(DatasetError) as caught:
        dicom(tmp_path)
    assert found in str(caught.value)
    assert caught.value.advice


def cut(header, keep=0.6):
    def write(path):
        data = written(header, path).read_bytes()
        path.write_bytes(data[: int(len(data) * keep)])

    return write


def compressed(header, syntax=JPEG2000Lossless, **tags):
    header.compress(syntax, generate_instance_uid=False)
    for name, value in tags.items():
        setattr(header, name, value)
    return header


def whole(header):
    return lambda path: written(header, path)


IMAGE = radiograph(1)
RAMP = np.arange(64 * 64, dtype=np.int16).reshape(64, 64) * 4
"""Gray levels that need 14 bits."""
COLOUR = {
    "SamplesPerPixel": 3,
    "PhotometricInterpretation": "RGB",
    "PlanarConfiguration": 0,
    "PixelData": IMAGE.tobytes() * 3,
}
FLAWS = {
    "cut short": (cut(radiograph_file(IMAGE)), "cut short"),
    "cut in the header": (cut(radiograph_file(IMAGE), 0.01), "cut short"),
    "compressed and cut short": (cut(compressed(radiograph_file(IMAGE))), "cut short"),
    "no DICOM": (lambda path: path.write_bytes(b"GIF89a" * 99), "not a DICOM file"),
    "empty": (lambda path: path.write_bytes(b""), "not a DICOM file"),
    "no pixels": (whole(radiograph_file(IMAGE, PixelData=None)), "no pixels"),
    "colour": (whole(radiograph_file(IMAGE, **COLOUR)), "it is in colour"),
    "palette without its colours": (whole(radiograph_file(IMAGE, PhotometricInterpretation="PALETTE COLOR")), "do not decode"),
    "inks": (whole(radiograph_file(IMAGE, PhotometricInterpretation="CMYK")), "photometric interpretation CMYK with 1 samples"),
    "interpretation that names somebody": (whole(radiograph_file(IMAGE, PhotometricInterpretation="HIDDENNAME^X")), "unknown"),
    "gray in three samples": (whole(radiograph_file(IMAGE, **{**COLOUR, "PhotometricInterpretation": "MONOCHROME2"})), "3 samples"),
    "one gigabyte": (whole(radiograph_file(IMAGE, Rows=32768, Columns=32768)), "claims 32768x32768 pixels"),
    "several frames": (whole(radiograph_file(IMAGE, NumberOfFrames=4)), "4 frames"),
    "deflated": (whole(radiograph_file(IMAGE, syntax=DeflatedExplicitVRLittleEndian)), "deflated"),
    "compressed and more than the declared bits": (whole(compressed(radiograph_file(RAMP.view(np.uint16), BitsStored=14), BitsStored=12, HighBit=11)), "of 12 stored bits, 0 to 4095"),
    "compressed at another size": (whole(compressed(radiograph_file(IMAGE[:32]), Rows=IMAGE.shape[1], Columns=32)), "compressed is another size"),
    "bits at the top": (whole(radiograph_file(RAMP, BitsStored=12, HighBit=15)), "the highest of them bit 15"),
    "samples not said": (whole(radiograph_file(IMAGE, SamplesPerPixel=None)), "Samples per Pixel (0028,0002) missing or empty"),
    "lookup table too short": (whole(radiograph_file(IMAGE, VOILUTSequence=sequence(LUTDescriptor=[256, 0, 8], LUTData=b"\1\2"))), "VOI LUT Sequence (0028,3010) cannot be applied"),
    "no window": (whole(radiograph_file(IMAGE, WindowCenter="9", WindowWidth="-4")), "Window Width (0028,1051) is below 1"),
    "flat rescale": (whole(radiograph_file(IMAGE, RescaleSlope="0", RescaleIntercept="0")), "Rescale Slope (0028,1053) is 0"),
    "no UID": (whole(radiograph_file(IMAGE, SOPInstanceUID=None)), "no SOPInstanceUID"),
}  # fmt: skip


@pytest.mark.parametrize("flaw", FLAWS)
def test_file_that_is_not_sound_is_one_clear_error_that_names_nobody(tmp_path, caplog, recwarn, flaw):
    write, found = FLAWS[flaw]
    written(radiograph_file(radiograph(2), 2), tmp_path / "a.dcm")
    write(tmp_path / f"{HIDDEN}.dcm")
    with pytest.raises(DatasetError) as caught:
        [case.decode() for case in dicom(tmp_path)]
    assert found in str(caught.value)
    assert caught.value.advice
    assert "DICOM file 1 of 2" in caught.value.asked or "case" in caught.value.asked
    said = repr((caught.value.args, caught.value.__cause__, caplog.text, [str(w.message) for w in recwarn]))
    assert HIDDEN not in said
    assert NUMBER not in said


def test_compression_without_a_decoder(tmp_path, monkeypatch):
    written(compressed(radiograph_file(IMAGE)), tmp_path / "a.dcm")
    monkeypatch.setattr("pydicom.pixels.common.CoderBase.is_available", property(lambda self: False))
    with pytest.raises(DatasetError, match=r"JPEG 2000.* for which no decoder is installed.*dicom") as caught:
        dicom(tmp_path)
    assert HIDDEN not in repr(caught.value.args)


def test_without_pydicom_the_extra_is_named(tmp_path, monkeypatch):
    written(radiograph_file(IMAGE), tmp_path / "a.dcm")
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(DatasetError, match=r"pip install 'editproof\[dicom\]'"):
        dicom(tmp_path)


def test_one_image_twice_is_a_duplicate_that_an_index_leaves_out(tmp_path):
    root = tmp_path / "scans"
    for name in ("a.dcm", "b.dcm"):
        written(radiograph_file(IMAGE), root / name)
    written(radiograph_file(radiograph(7)), root / "c.dcm")
    with pytest.raises(DatasetError, match="its SOPInstanceUID is that of DICOM file 1 of 3"):
        dicom(root)
    index = index_of(f"dicom:{root}")
    assert [entry.kinds for entry in index.excluded] == [("not sound",), ("not sound",)]
    (tmp_path / "cohort.json").write_text(json.dumps(json_of_record(index)))
    (kept,) = dataset_from_spec(f"dicom:{root}?index={tmp_path / 'cohort.json'}")
    np.testing.assert_array_equal(kept.decode().image, IMAGE)


def test_folder_that_is_none_or_empty(tmp_path):
    with pytest.raises(DatasetError, match="no DICOM file in it"):
        dicom(tmp_path)
    (tmp_path / "a.zip").write_bytes(struct.pack("<I", 7))
    with pytest.raises(DatasetError, match="it is not a folder"):
        dicom(tmp_path / "a.zip")


def test_a_negative_that_is_called_a_positive_is_noted_and_kept(tmp_path):
    for number, case in enumerate(phantoms(20, 5, stream="test")):
        image = case.decode().image
        written(radiograph_file(255 - image if number == 2 else image, number), tmp_path / f"{number:02}.dcm")
    index = index_of(f"dicom:{tmp_path}")
    (note,) = [note for note in index.notes if "run against the rest" in note]
    assert note.startswith("In 1 of 20 cases gray levels run against the rest")
    assert f"Look at {index.cases[2].case}." in note
    assert index.cohort.cases == 20


def test_links_are_not_followed_but_counted(tmp_path):
    root, elsewhere = tmp_path / "scans", tmp_path / "pacs"
    kept = written(radiograph_file(radiograph(1)), root / "a.dcm")
    aside = written(radiograph_file(radiograph(2), 2), elsewhere / "b.dcm")
    (root / "link.dcm").symlink_to(aside)
    (root / "inside.dcm").symlink_to(kept)
    (root / "folder").symlink_to(elsewhere)
    (root / "gone.dcm").symlink_to(tmp_path / "nowhere")
    (elsewhere / "labels.csv").write_text("file,bone_age\na.dcm,100\n")
    (root / "labels.csv").symlink_to(elsewhere / "labels.csv")
    assert "4 links were not followed; copy the files." in dicom(root).card.warnings
    (elsewhere / "labels.csv").write_text("file,bone_age\na.dcm,100\nlink.dcm,100\n")
    with pytest.raises(
        DatasetError, match=r"1 of 2 rows of labels.csv have no DICOM file \(4 links are not followed\)"
    ):
        dicom(root)
    kept.unlink()
    for read in (dicom, lambda path: index_of(str(path))):
        with pytest.raises(DatasetError, match="only 4 links, which are not followed"):
            read(root)


def test_hidden_files_are_no_images(tmp_path):
    written(radiograph_file(radiograph(1)), tmp_path / "a.dcm")
    for name in ("._a.dcm", ".trash/b.dcm", "__MACOSX/c.dcm"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"\0\5\x16\7" * 50)
    cohort = dicom(tmp_path)
    assert len(cohort) == 1
    assert not any("link" in words for words in cohort.card.warnings)


def test_files_named_by_uid_without_suffix_are_found_by_case_id(tmp_path):
    for number, name in enumerate(("1.2.840.99.0", "1.2.840.99.1.DCM")):
        written(radiograph_file(radiograph(number), number), tmp_path / name)
    write_csv(tmp_path / "labels.csv", "case_id,bone_age", "1.2.840.99.0,100", "1.2.840.99.1,101")
    assert sorted(case.reference["bone_age"] for case in dicom(tmp_path)) == [100.0, 101.0]


@pytest.mark.parametrize(
    "column", ["stratum:age_years", "stratum:sex", "reference:laterality", "stratum:burned_in", "stratum:marker"]
)
def test_a_column_may_not_give_what_the_header_gives(tmp_path, column):
    written(radiograph_file(radiograph(1)), tmp_path / "a.dcm")
    write_csv(tmp_path / "labels.csv", f"file,{column}", "a.dcm,1")
    with pytest.raises(DatasetError, match=f"one gives {column.partition(':')[2]}, which the images give"):
        dicom(tmp_path)
    write_csv(tmp_path / "labels.csv", "file,sex", "a.dcm,M")
    assert dicom(tmp_path)[0].strata["sex"] == "M", "the table's goes before the header's"


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("sex", HIDDEN),
        (f"{HIDDEN},{HIDDEN}", "1,2"),
        ("edit_mask", f"{HIDDEN}.png"),
        ("edit_mask", f"../{HIDDEN}.png"),
        ("edit_mask", f"{HIDDEN}-text.png"),
        ("edit_mask", f"{HIDDEN}-small.png"),
        ("protected_mask", f"{HIDDEN}-cut.png"),
        ("protected_mask", f"{HIDDEN}-colour.png"),
        ("structure:bone", f"{HIDDEN}.png"),
        ("structure:bone", f"{HIDDEN}-small.png"),
        ("structure:bone", f"{HIDDEN}-cut.png"),
    ],
)
def test_no_error_repeats_a_mask_file_a_column_or_what_stands_for_a_sex(tmp_path, header, cells):
    written(radiograph_file(IMAGE), tmp_path / "a.dcm")
    (tmp_path / f"{HIDDEN}-text.png").write_text("no image")
    (tmp_path / f"{HIDDEN}-small.png").write_bytes(png(IMAGE[:40]))
    (tmp_path / f"{HIDDEN}-cut.png").write_bytes(png(IMAGE)[:900])
    (tmp_path / f"{HIDDEN}-colour.png").write_bytes(png(cv2.applyColorMap(IMAGE, cv2.COLORMAP_JET)))
    write_csv(tmp_path / "labels.csv", f"file,{header}", f"a.dcm,{cells}")
    with pytest.raises(DatasetError) as caught:
        dicom(tmp_path, masks="files")
    assert HIDDEN.lower() not in repr(caught.value.args).replace(str(tmp_path), "").lower()
    assert caught.value.advice


def test_a_column_of_the_table_names_the_reference_mask_of_a_structure(tmp_path):
    bone = np.zeros(IMAGE.shape, np.uint8)
    bone[30:50, 20:40] = 255
    for number, name in enumerate("ab"):
        written(radiograph_file(IMAGE + np.uint8(number), number), tmp_path / f"{name}.dcm")
    (tmp_path / f"{HIDDEN}.png").write_bytes(png(bone))
    write_csv(tmp_path / "labels.csv", "file,structure:bone", f"a.dcm,{HIDDEN}.png", "b.dcm,")
    with_mask, without = cohort = dicom(tmp_path, masks="files")
    np.testing.assert_array_equal(with_mask.decode().structures["bone"], bone > 0)
    assert without.decode().structures == {}
    assert "1 of 2 cases have a reference mask of bone." in cohort.card.warnings
    assert not [note for note in cohort.card.warnings if "not read" in note or "left out" in note]
    before = with_mask.digest
    (tmp_path / f"{HIDDEN}.png").write_bytes(png(255 - bone))
    assert next(iter(dicom(tmp_path, masks="files"))).digest != before


def test_names_that_all_changed_are_explained(tmp_path):
    root, files = tmp_path / "scans", {}
    for number, case in enumerate(phantoms(3, 5, stream="test")):
        files[number] = written(radiograph_file(case.decode().image, number), root / f"{number}.dcm")
    (tmp_path / "i.json").write_text(json.dumps(json_of_record(index_of(f"dicom:{root}"))))
    files[0].unlink()
    with pytest.raises(DatasetError, match="2 cases are new, 3 gone") as caught:
        dataset_from_spec(f"dicom:{root}?index={tmp_path / 'i.json'}")
    assert "follow from all files of the folder, unless key= is given" in caught.value.advice
