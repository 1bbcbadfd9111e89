from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from editproof.datasets.folder.cohort import folder
from editproof.datasets.folder.files import Entry
from editproof.datasets.folder.names import name_pattern
from editproof.datasets.tables.labels import labels_of
from editproof.datasets.tables.table import CaseTable, table
from editproof.errors import DatasetError
from hypothesis import given
from hypothesis import strategies as st

from tests.datasets.conftest import png, radiograph, write_csv, write_manifest


def sheet(tmp_path, header: str, *rows: str) -> CaseTable:
    write_csv(tmp_path / "t.csv", header, *rows)
    return table(Entry(tmp_path, "t.csv", zipped=False))


def test_a_number_with_unit_a_binary_and_classes(tmp_path):
    lines = ("a,120,1,Effusion", "b,99.5,0,none", "c,,,")
    read = sheet(tmp_path, "case_id,Reference:Heart width [mm 20..300],reference:fracture,reference:finding", *lines)
    labels = labels_of(read)
    assert labels.units == {
        "Heart width": "mm", "fracture": "probability", "finding=Effusion": "probability", "finding=none": "probability",
    }  # fmt: skip
    reference, strata = labels.of(read.rows[0], "a")
    assert reference == {"Heart width": 120.0, "fracture": 1.0, "finding=Effusion": 1.0, "finding=none": 0.0}
    assert strata == {"Heart width": 120.0, "fracture": 1.0, "finding": "Effusion"}
    assert labels.of(read.rows[2], "c") == ({}, {})


@pytest.mark.parametrize(
    ("header", "rows", "found"),
    [
        ("reference:width", ("12", "14"), "numbers without a unit"),
        ("reference:grade", ("12", "low"), "numbers among words"),
        ("reference:[mm]", ("12",), "cannot be read"),
        ("reference:sex,sex", ("1,M",), "two give sex"),
        ("reference:width [mm],reference:width [cm]", ("1,2",), "two give width"),
        ("reference:w [mm 5.0.0..250]", ("12",), "[mm 5.0.0..250] cannot be read"),
        ("reference:w [mm 50 - 250]", ("60",), "[mm 50 - 250] cannot be read"),
        ("reference:w [mm 50 to 250]", ("60",), "cannot be read"),
        ("reference:w [mm 50..]", ("60",), "cannot be read"),
        ("reference:w [50..250]", ("60",), "cannot be read"),
        ("reference:w [mm 250..50]", ("60",), "its range runs from 250 to 50"),
    ],
)
def test_header_that_declares_too_little_or_too_much(tmp_path, header, rows, found):
    with pytest.raises(DatasetError) as caught:
        labels_of(sheet(tmp_path, header, *rows))
    assert found in str(caught.value)
    assert caught.value.advice


@pytest.mark.parametrize(
    ("header", "cell", "found"),
    [
        ("reference:width [mm 20..300]", "301", "301 mm"),
        ("reference:width [mm]", "none", "'none'"),
        ("reference:width [mm]", "inf", "'inf'"),
        ("reference:width [mm]", "wide", "'wide'"),
        ("reference:p [probability]", "0.5", "0 or 1"),
        ("bone_age", "-1", "-1 months"),
        ("bone_age", "-inf", "'-inf'"),
        ("reference:p [probability]", "maybe", "'maybe'"),
    ],
)
def test_label_out_of_range_or_no_number(tmp_path, header, cell, found):
    read = sheet(tmp_path, header, cell)
    with pytest.raises(DatasetError) as caught:
        labels_of(read).of(read.rows[0], "A7")
    assert found in str(caught.value)
    assert "case A7" in caught.value.asked


@given(st.floats(-1e6, 1e6, allow_nan=False))
def test_a_declared_number_is_read_as_written(value):
    read = CaseTable(Entry(None, "t.csv", zipped=False), ("reference:x [1]",), ({"reference:x [1]": repr(value)},))
    assert labels_of(read).of(read.rows[0], "a")[0] == {"x": value}


def manifest_rows(folder_path):
    for name in "AB":
        (folder_path / f"{name}.png").write_bytes(png(radiograph(ord(name))))
    return [
        {"case_id": "A", "image": "A.png", "bone_age": 100, "sex": "M", "reference:w [mm]": 4.25, "site": "Bern"},
        {"case_id": "B", "image": "B.png", "bone_age": None, "sex": "F", "reference:w [mm]": None, "site": "7"},
    ]


def test_parquet_and_csv_give_the_same_cohort(tmp_path):
    rows = manifest_rows(tmp_path)
    write_manifest(tmp_path, rows)
    from_csv = folder(tmp_path)
    (tmp_path / "manifest.csv").unlink()
    pd.DataFrame(rows).to_parquet(tmp_path / "manifest.parquet")
    from_parquet = folder(tmp_path)
    assert from_parquet.card.digest == from_csv.card.digest
    assert from_parquet.cases == from_csv.cases
    assert dict(from_csv[0].reference) == {"bone_age": 100.0, "sex": 1.0, "w": 4.25}
    write_manifest(tmp_path, rows)
    with pytest.raises(DatasetError, match=r"both manifest\.csv and manifest\.parquet"):
        folder(tmp_path)


def test_parquet_that_is_none(tmp_path):
    (tmp_path / "manifest.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(DatasetError, match="not Parquet"):
        folder(tmp_path)


def test_masks_from_files_alone_and_spacing(tmp_path):
    rows = manifest_rows(tmp_path)
    mask = np.zeros((120, 96), np.uint8)
    mask[:10] = 255
    (tmp_path / "m.png").write_bytes(png(mask))
    cells = [{"edit_mask": "m.png", "spacing_mm": "0.14"}, {"edit_mask": "", "spacing_mm": "0.2x0.1"}]
    first, second = folder(write_manifest(tmp_path, [a | b for a, b in zip(rows, cells, strict=True)]), masks="files")
    assert (first.spacing_mm, second.spacing_mm) == ((0.14, 0.14), (0.2, 0.1))
    np.testing.assert_array_equal(first.decode().edit_mask, mask > 0)
    np.testing.assert_array_equal(first.decode().protected_mask, mask == 0)
    assert not second.decode().edit_mask.any()
    assert second.decode().protected_mask.all()
    cells[0]["spacing_mm"] = "14"
    with pytest.raises(DatasetError, match="millimetres per pixel"):
        folder(write_manifest(tmp_path, [a | b for a, b in zip(rows, cells, strict=True)]))


def test_grazpedwri_names_without_a_manifest(tmp_path):
    names = (
        "0001_1297860395_01_WRI-L1_M014",
        "0001_1297860435_01_WRI-L2_M014",
        "0002_0354485735_01_WRI-R1_F006",
        "logo",
    )
    for number, name in enumerate(names):
        (tmp_path / f"{name}.png").write_bytes(png(radiograph(number, dtype=np.uint16)))
    cohort = folder(tmp_path, names="grazpedwri")
    assert [case.patient_id for case in cohort] == ["0001", "0001", "0002"]
    assert [case.reference["sex"] for case in cohort] == [1.0, 1.0, 0.0]
    assert cohort[2].strata | {"marker": ""} == {
        "sex": "F", "study": 1.0, "region": "WRI", "laterality": "R", "projection": 1.0, "age_years": 6.0, "marker": "",
    }  # fmt: skip
    assert cohort.card.n_patients == 2
    assert any("1 images not named like" in words for words in cohort.card.warnings)


def test_a_manifest_goes_before_what_names_say(tmp_path):
    (tmp_path / "0001_M.png").write_bytes(png(radiograph(1)))
    (tmp_path / "0002_M.png").write_bytes(png(radiograph(2)))
    rows = [{"case_id": "x", "image": "0001_M.png", "sex": "F"}, {"case_id": "y", "image": "0002_M.png", "sex": ""}]
    first, second = folder(write_manifest(tmp_path, rows), names="{patient}_{sex}")
    assert (first.reference["sex"], second.reference["sex"]) == (0.0, 1.0)
    assert (first.patient_id, second.patient_id) == ("0001", "0002")


def test_rows_of_a_manifest_that_a_pattern_does_not_fit_are_counted(tmp_path):
    rows = []
    for name in ("0001_M", "0002_F", "logo"):
        (tmp_path / f"{name}.png").write_bytes(png(radiograph()))
        rows.append({"case_id": name, "image": f"{name}.png"})
    warnings = folder(write_manifest(tmp_path, rows), names="{patient}_{sex}").card.warnings
    assert "1 of 3 images of manifest.csv are not named like {patient}_{sex}." in warnings
    warnings = folder(write_manifest(tmp_path, rows[:2]), names="{patient}_{sex}").card.warnings
    assert not any("not named like" in words for words in warnings)


@pytest.mark.parametrize("text", ["", "plain", "{a}_{a}", "{a", "{0}"])
def test_pattern_that_is_none(text):
    with pytest.raises(DatasetError, match="names = "):
        name_pattern(text)


def test_pattern_that_fits_no_image(tmp_path):
    manifest_rows(tmp_path)
    with pytest.raises(DatasetError, match="none of its 2 images is named like"):
        folder(tmp_path, names="grazpedwri")


def test_the_card_says_the_units_of_what_cases_have(tmp_path):
    assert folder(write_manifest(tmp_path, manifest_rows(tmp_path))).card.units == {
        "bone_age": "months", "w": "mm", "sex": "probability",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (('A,"100,M', "B,101,F", "C,102,F"), "it is not CSV from row 2 on"),
        (('A,"100,M', "B,101,F", 'C,102,"F"'), "it is not CSV from row 2 on"),
        (("A,100,M", 'B,"101,F', 'C,102",F', "D,103,M"), "a cell with a line break in row 3"),
        (('"A\n",100,M',), "a cell with a line break in row 2"),
    ],
)
def test_a_quotation_mark_without_its_partner_swallows_no_row(tmp_path, rows, found):
    with pytest.raises(DatasetError, match="partner") as caught:
        sheet(tmp_path, "case_id,bone_age,sex", *rows)
    assert found in caught.value.found


def test_a_quoted_comma_and_a_doubled_quotation_mark_are_read(tmp_path):
    read = sheet(tmp_path, "case_id,site", 'A," Bern, ""Insel"" "', 'B,5"')
    assert [line["site"] for line in read.rows] == ['Bern, "Insel"', '5"']


def test_parquet_of_nullable_columns(tmp_path):
    rows = pd.DataFrame(manifest_rows(tmp_path)).astype({"bone_age": "Int64", "site": "string"})
    rows.loc[1, "site"] = pd.NA
    rows["reference:fracture"] = pd.array([True, None], "boolean")
    rows["dose"] = pd.array([None, 0.5], "Float64")
    rows.to_parquet(tmp_path / "manifest.parquet")
    read = table(Entry(tmp_path, "manifest.parquet", zipped=False))
    assert [(line["bone_age"], line["site"], line["dose"]) for line in read.rows] == [
        ("100", "Bern", ""),
        ("", "", "0.5"),
    ]
    assert [line["reference:fracture"] for line in read.rows] == ["True", ""]


@pytest.mark.parametrize("cell", [[1, 2], {"a": 1}, b"x"])
def test_parquet_cell_of_several_values(tmp_path, cell):
    pd.DataFrame({"case_id": ["A"], "site": [cell]}).to_parquet(tmp_path / "manifest.parquet")
    with pytest.raises(DatasetError, match="row 2 holds no single word or number in column 2") as caught:
        table(Entry(tmp_path, "manifest.parquet", zipped=False))
    assert caught.value.advice


@pytest.mark.parametrize(
    ("header", "cells", "found"),
    [
        ("reference:finding,finding", ("effusion", "x"), "two give the stratum finding"),
        ("reference:width [mm],stratum:width", ("12", "13"), "two give the stratum width"),
        ("reference:sex,sex", ("woman", "F"), "two give the stratum sex"),
        ("sex,stratum:sex", ("M", "F"), "two give the stratum sex"),
        ("site,stratum:site", ("Bern", "Basel"), "two give the stratum site"),
        ("marker", ("x",), "one gives marker, which the images give"),
        ("stratum:marker", ("x",), "one gives marker, which the images give"),
        ("reference:marker", ("1",), "one gives marker, which the images give"),
        ("stratum:", ("x",), "a stratum without a name"),
    ],
)
def test_no_stratum_is_written_over(tmp_path, header, cells, found):
    (tmp_path / "a.png").write_bytes(png(radiograph()))
    columns = header.split(",")
    rows = [{"case_id": "a", "image": "a.png", **dict(zip(columns, cells, strict=True))}]
    with pytest.raises(DatasetError) as caught:
        folder(write_manifest(tmp_path, rows))
    assert found in caught.value.found
    assert caught.value.advice


@pytest.mark.parametrize("word", ["", "NA", "n/a", "NaN", "nan", "null", "NULL"])
def test_a_missing_label_is_missing_for_every_kind_of_target(tmp_path, word):
    header = "case_id,bone_age,sex,reference:w [mm],reference:fracture,reference:finding,spacing_mm"
    read = sheet(tmp_path, header, "A,100,M,4,1,effusion,0.1", f"B,{word},{word},{word},{word},{word},{word}")
    labels = labels_of(read)
    assert set(labels.units) == {"bone_age", "sex", "w", "fracture", "finding=effusion"}
    assert labels.of(read.rows[1], "B") == ({}, {})


def test_true_and_false_are_binary(tmp_path):
    read = sheet(tmp_path, "reference:fracture", "True", "FALSE", "NA", "1")
    labels = labels_of(read)
    assert labels.units == {"fracture": "probability"}
    assert [labels.of(line, "A")[0] for line in read.rows] == [
        {"fracture": 1.0},
        {"fracture": 0.0},
        {},
        {"fracture": 1.0},
    ]


@pytest.mark.parametrize("unit", ["mm", "kg/m2", "10^-3 mm", "1", "mmol/l"])
def test_a_unit_is_no_range(tmp_path, unit):
    assert labels_of(sheet(tmp_path, f"reference:w [{unit}]", "12")).units == {"w": unit}


def test_a_range_may_be_negative(tmp_path):
    (target,) = labels_of(sheet(tmp_path, "reference:w [T score -4.5..-.5]", "-1")).targets
    assert (target.unit, target.low, target.high) == ("T score", -4.5, -0.5)
