from __future__ import annotations

import cv2
import numpy as np
import pytest
from editproof.datasets.folder.cohort import folder
from editproof.errors import DatasetError

from tests.datasets.conftest import png, radiograph, write_manifest


@pytest.fixture
def files(tmp_path):
    (tmp_path / "a.png").write_bytes(png(radiograph(0)))
    cv2.imwrite(str(tmp_path / "b.tif"), radiograph(1, dtype=np.uint16))
    mask = np.zeros((120, 96), np.uint8)
    mask[5:9, 5:9] = 1
    (tmp_path / "mask.png").write_bytes(png(mask))
    return tmp_path


def rows(**changes):
    first = {
        "case_id": "A",
        "patient_id": "P",
        "image": "a.png",
        "edit_mask": "mask.png",
        "bone_age": "100.5",
        "sex": "M",
    }
    second = {"case_id": "B", "patient_id": "P", "image": "b.tif", "edit_mask": "", "bone_age": "", "sex": "f"}
    extra = [{"site": "Bern", "ratio": "1.5"}, {"site": "7", "ratio": "2"}]
    return [{**first, **extra[0], **changes}, {**second, **extra[1]}]


def test_an_empty_cell_is_no_subgroup_and_a_missing_number_leaves_numbers(files):
    told = [{"site": "", "dose": "12"}, {"site": "Bern", "dose": "n/a"}]
    a, b = folder(write_manifest(files, [row | more for row, more in zip(rows(), told, strict=True)]))
    assert ("site" in a.strata, a.strata["dose"]) == (False, 12.0)
    assert (b.strata["site"], "dose" in b.strata) == ("Bern", False)


def test_names_with_leading_zeros_are_not_merged_with_numbers(files):
    for cells, wanted in ((("01", "1"), ["01", "1"]), (("01", "02"), [1.0, 2.0]), (("1", "1.0"), [1.0, 1.0])):
        told = [row | {"site": cell} for row, cell in zip(rows(), cells, strict=True)]
        assert [case.strata["site"] for case in folder(write_manifest(files, told))] == wanted


@pytest.mark.parametrize(
    ("column", "said"),
    [("", "2 of 2 cases have automatic masks"), ("a.png", "In 2 of 2 cases the anatomy was found automatically")],
)
def test_masks_that_are_not_looked_for_are_not_counted(files, column, said):
    told = [row | {"edit_mask": "", "target": column and row["image"]} for row in rows()]
    warnings = folder(write_manifest(files, told)).card.warnings
    assert [one for one in warnings if "automatic" in one] == [f"{said}, not reviewed."]
    assert not [one for one in folder(files, masks="files").card.warnings if "automatic" in one]


def test_folder_with_manifest(files):
    cohort = folder(write_manifest(files, rows()))
    a, b = cohort
    assert (cohort.card.n_cases, cohort.card.n_patients) == (2, 1)
    assert dict(a.reference) == {"bone_age": 100.5, "sex": 1.0}
    assert dict(b.reference) == {"sex": 0.0}
    assert a.strata == {"site": "Bern", "ratio": 1.5, "bone_age": 100.5, "sex": "M", "marker": "found"}
    assert b.strata["site"] == "7", "a column with one word in it stays words"
    pixels = a.decode()
    assert pixels.edit_mask.sum() == 16
    assert not (pixels.edit_mask & pixels.protected_mask).any()
    np.testing.assert_array_equal(b.decode().image, radiograph(1, dtype=np.uint16))
    assert any("no reference standard for bone age" in w for w in cohort.card.warnings)


def test_digest_follows_image_mask_and_label(files):
    digests = {folder(write_manifest(files, rows())).card.digest}
    digests.add(folder(write_manifest(files, rows(bone_age="101"))).card.digest)
    (files / "mask.png").write_bytes(png(np.full((120, 96), 255, np.uint8)))
    digests.add(folder(write_manifest(files, rows())).card.digest)
    (files / "a.png").write_bytes(png(radiograph(5)))
    digests.add(folder(write_manifest(files, rows())).card.digest)
    assert len(digests) == 4


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"case_id": "B"}, "more than once: B"),
        ({"case_id": ""}, "a row without case_id"),
        ({"image": ""}, "no image given for case A"),
        ({"image": "none.png"}, "does not exist"),
        ({"image": "../secret.png"}, "lies outside"),
        ({"image": "manifest.csv"}, "decode case A"),
        ({"sex": "x"}, "'x'"),
        ({"bone_age": "-3"}, "-3 months"),
        ({"edit_mask": "small.png"}, "small.png is 60x48"),
    ],
)
def test_flaw_is_one_clear_error(files, changes, found):
    (files / "small.png").write_bytes(png(np.zeros((60, 48), np.uint8)))
    with pytest.raises(DatasetError) as caught:
        folder(write_manifest(files, rows(**changes)))
    assert found in str(caught.value)
    assert caught.value.advice


def test_two_blank_ids_are_no_id_that_occurs_twice(files):
    both = [{**row, "case_id": ""} for row in rows()]
    with pytest.raises(DatasetError, match="a row without case_id"):
        folder(write_manifest(files, both))


def test_folder_without_manifest_or_columns(tmp_path):
    with pytest.raises(DatasetError, match=r"no manifest\.csv"):
        folder(tmp_path)
    with pytest.raises(DatasetError, match="columns case_id and image are needed"):
        folder(write_manifest(tmp_path, [{"name": "A"}]))
