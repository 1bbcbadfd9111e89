"""What a cohort does not read is counted and named; numbers, truth values and capitals follow one rule."""

from __future__ import annotations

import gzip

import pytest
from editproof.datasets.folder.cohort import folder
from editproof.datasets.folder.files import Entry
from editproof.datasets.index.writing import spec_of
from editproof.datasets.reading import CohortReading
from editproof.datasets.tables.labels import labels_of
from editproof.datasets.tables.table import number_of, sex_of, table
from editproof.errors import DatasetError

from tests.datasets.conftest import png, radiograph, write_csv


@pytest.fixture
def images(tmp_path):
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(png(radiograph(number)))
    return tmp_path


def rows(header: str, *cells: str) -> tuple[str, ...]:
    """A manifest of three images with further columns."""
    return f"case_id,image,{header}", *(f"C{n},{n}.png,{cell}" for n, cell in enumerate(cells))


def warnings_of(root) -> str:
    return " ".join(folder(root, masks="files").card.warnings)


def test_what_no_row_names_is_counted_and_tables_are_named(images):
    write_csv(images / "manifest.csv", *rows("site", "A", "B", "A")[:3])
    assert "1 file that no row names was left out: .png 1." in warnings_of(images)
    (images / "deep").mkdir()
    for name in ("a.JPG", "b.jpg", "c.bmp", "scan.Smith", ".hidden.jpg", "deep/volume.nii.gz"):
        (images / name).write_bytes(b"x")
    write_csv(images / "deep" / "labels.csv", "case_id,bone_age", "C0,9")
    said = warnings_of(images)
    assert "6 files that no row names were left out: .jpg 2, .bmp 1, .nii.gz 1, .png 1, no known ending 1." in said
    assert "1 table in the folder was not read: deep/labels.csv." in said
    assert "Smith" not in said


def test_masks_targets_and_images_of_rows_are_not_left_out(images):
    (images / "targets").mkdir()
    for name in ("targets/0.png", "m.png"):
        (images / name).write_bytes((images / "0.png").read_bytes())
    write_csv(images / "manifest.csv", *rows("protected_mask", "", "", ""))
    assert "left out: .png 1" in warnings_of(images)
    (images / "m.png").unlink()
    assert "left out" not in warnings_of(images)
    (images / "manifest.csv").unlink()
    assert "left out" not in " ".join(folder(images, names="stem", masks="files").card.warnings)


def test_dicom_counts_other_kinds_and_names_none(tmp_path):
    pytest.importorskip("pydicom", reason="needs the extra dicom")
    from editproof.datasets.dicom.cohort import dicom

    from tests.datasets.dicoms import HIDDEN, radiograph_file, uid, written

    (tmp_path / "m.png").write_bytes(png((radiograph(1) > 200).astype("uint8")))
    path = written(radiograph_file(radiograph(1)), tmp_path / "a.dcm")
    write_csv(tmp_path / "labels.csv", "sop_instance_uid,edit_mask,stratum:age", f"{uid(1, 1)},m.png,9")
    assert "left out" not in " ".join(dicom(tmp_path, masks="files").card.warnings)
    (tmp_path / "IM0001").write_bytes(path.read_bytes()[132:])
    (tmp_path / f"x.{HIDDEN}").write_bytes(b"x")
    (tmp_path / f"{HIDDEN}.csv").write_text("a,b")
    said = " ".join(dicom(tmp_path, masks="files").card.warnings)
    assert "3 files of other kinds were left out: .csv 1, DICOM without preamble 1, no known ending 1." in said
    assert HIDDEN not in said


def test_a_column_without_a_name_is_noted_with_its_place(images):
    write_csv(images / "manifest.csv", ",case_id,image,", "0,C0,0.png,", "1,C1,1.png,")
    said = warnings_of(images)
    assert "Column 1 of manifest.csv has no name and was not read." in said
    assert "Column 4" not in said


def test_numbers_that_are_none_and_capitals_are_noted_in_strata(images):
    write_csv(images / "manifest.csv", *rows("age,site", "61,Bern", "12y,bern", "70,Basel"))
    said = warnings_of(images)
    assert "In the column age 1 of 3 cells are no numbers, such as '12y': it is read as words." in said
    assert "The column site has words that differ in capitals alone (Bern, bern): each is a subgroup." in said


@pytest.mark.parametrize("cell", ["1_2", "１２", "inf", "0x1f", "1e999", "1,5", "12y"])
def test_what_is_no_plain_number_is_refused(cell):
    with pytest.raises(DatasetError, match="Write a number"):
        number_of(cell, "bone_age of case A")


@pytest.mark.parametrize("cells", [("Yes", "no", "YES"), ("TRUE", "false", "True"), ("1", "0", "1.0")])
def test_truth_values_are_binary_in_capitals_or_not(images, cells):
    sheet = write_csv(images / "manifest.csv", *rows("reference:fracture", *cells))
    assert labels_of(table(Entry(images, sheet.name, zipped=False))).units == {"fracture": "probability"}
    values = [case.reference["fracture"] for case in folder(images, masks="files")]
    assert values == [1.0, 0.0, 1.0]


def test_classes_that_differ_in_capitals_alone_are_refused(images):
    write_csv(images / "manifest.csv", *rows("reference:finding", "Effusion", "none", "effusion"))
    with pytest.raises(DatasetError, match="Effusion and effusion differ in capitals alone"):
        folder(images)


def test_yes_is_a_sex_where_the_column_asks_whether_male():
    assert (sex_of("Yes", "A", male_column=True), sex_of("NO", "A", male_column=True)) == (1.0, 0.0)
    with pytest.raises(DatasetError, match="Write M or F"):
        sex_of("yes", "A")


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"sub-01.nii.gz": b"x", "sub-02.nii": b"x"}, "2 files: .nii 1, .nii.gz 1"),
        ({"a/x.bmp": b"x", "b/y.bmp": b"x"}, "2 files in 2 folders below it: .bmp 2"),
        ({"c/train.csv": b"Path,Sex,Age\nx,F,6\n", "c/x.bmp": b"x"}, "c/train.csv has the columns path, sex, age"),
        ({"t.csv": b"id,name\n1,x\n", "v.mha": gzip.compress(b"x")}, ".csv 1, .mha 1; t.csv has the columns id, name"),
    ],
)
def test_a_folder_that_is_not_read_is_described(tmp_path, files, found):
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    with pytest.raises(DatasetError) as caught:
        spec_of(str(tmp_path))
    assert found in caught.value.found
    assert "PNG, TIFF, JPEG, NIfTI and DICOM" in caught.value.advice
    with pytest.raises(DatasetError, match=r"no manifest\.csv in it, but \d file"):
        folder(tmp_path)


@pytest.mark.parametrize(
    ("header", "found"), [("case_id|image", "separated by commas"), ("id;image", "separated by semicolons")]
)
def test_the_separator_that_was_found_is_named(images, header, found):
    write_csv(images / "manifest.csv", header)
    with pytest.raises(DatasetError, match=found):
        folder(images)


def test_images_beside_a_table_of_other_columns_are_no_rsna(images):
    write_csv(images / "boneage.csv", "id,finding", "0,x")
    assert spec_of(str(images)) == f"folder:{images}?names=stem"
    assert "1 table in the folder was not read: boneage.csv." in " ".join(folder(images, names="stem").card.warnings)


def test_rows_without_a_dicom_file_are_counted_by_an_index_too(tmp_path):
    """Without an index they end the reading."""
    pytest.importorskip("pydicom", reason="needs the extra dicom")
    from editproof.datasets.dicom.cohort import dicom

    from tests.datasets.dicoms import radiograph_file, written

    written(radiograph_file(radiograph(1)), tmp_path / "a.dcm")
    write_csv(tmp_path / "labels.csv", "file,bone_age", "a.dcm,100", "lost.dcm,90", "gone.dcm,80")
    with pytest.raises(DatasetError, match=r"2 of 3 rows of labels\.csv have no DICOM file"):
        dicom(tmp_path, masks="files")
    said = dicom(tmp_path, masks="files", reading=CohortReading(tolerant=True)).card.warnings
    assert "2 of 3 rows of labels.csv are of no DICOM file that was read." in said


def test_an_image_in_place_of_a_folder_is_called_one(images):
    with pytest.raises(DatasetError, match=r"it is one image\. Name the folder that it is in"):
        folder(images / "0.png")


def test_a_name_that_differs_in_capitals_is_found_and_named(images):
    """Where a disk keeps capitals apart; elsewhere the file is read."""
    write_csv(images / "manifest.csv", "case_id,image", "C0,0.PNG")
    if (images / "0.PNG").exists():
        pytest.skip("this disk does not keep capitals apart")
    with pytest.raises(DatasetError, match=r"There is 0\.png, which differs in capitals"):
        folder(images)


@pytest.mark.parametrize("first", ["sep=;", "SEP=;\r", '"sep=;"'])
def test_the_separator_that_a_spreadsheet_declares_is_taken(images, first):
    write_csv(images / "manifest.csv", first, "case_id;image;bone_age", "C0;0.png;121,5")
    (case,) = folder(images)
    assert case.reference["bone_age"] == 121.5


def test_several_words_for_yes_and_no_are_noted_in_strata(images):
    write_csv(images / "manifest.csv", *rows("male", "True", "FALSE", "yes"))
    assert "The column male says yes and no in several words (FALSE, True, yes): each is a subgroup." in warnings_of(
        images
    )
    write_csv(images / "manifest.csv", *rows("male", "yes", "no", "yes"))
    assert "several words" not in warnings_of(images)
