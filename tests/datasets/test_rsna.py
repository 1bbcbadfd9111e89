from __future__ import annotations

import pickle
import shutil
import struct
import zipfile
import zlib
from collections import Counter

import cv2
import numpy as np
import pytest
from editproof.datasets.checks import decoded_case
from editproof.datasets.index.writing import index_of
from editproof.datasets.rsna.cohort import rsna
from editproof.datasets.rsna.split import split_of
from editproof.errors import DatasetError
from editproof.types import Dataset

from tests.datasets.conftest import png, radiograph, write_csv, zipped


def error_of(*arguments, **options) -> DatasetError:
    with pytest.raises(DatasetError) as caught:
        rsna(*arguments, **options)
    assert caught.value.asked
    assert caught.value.advice, "an error says what to do"
    return caught.value


def test_training_layout_of_a_folder_and_of_its_zip_give_the_same_cases(rsna_folder, tmp_path):
    root = rsna_folder()
    from_folder, from_zip = rsna(root), rsna(zipped(root, tmp_path / "rsna.zip"))
    assert isinstance(from_folder, Dataset)
    assert [c.case_id for c in from_folder] == [c.case_id for c in from_zip] == ["1377", "1378", "1380"]
    assert [dict(c.reference) for c in from_folder] == [
        {"bone_age": 100.0, "sex": 0.0},
        {"bone_age": 101.0, "sex": 1.0},
        {"bone_age": 102.0, "sex": 0.0},
    ]
    for a, b in zip(from_folder, from_zip, strict=True):
        np.testing.assert_array_equal(a.decode().image, b.decode().image)
    pixels = from_folder[0].decode()
    assert pixels.image.dtype == np.uint8
    assert pixels.image.flags.c_contiguous
    assert pixels.edit_mask.dtype == pixels.protected_mask.dtype == np.bool_
    assert not (pixels.edit_mask & pixels.protected_mask).any()
    assert from_folder[0].strata["marker"] == "found"


@pytest.mark.parametrize(
    ("header", "row", "layout"),
    [
        ("id,boneage,male", "{id},{age},{male}", "training"),
        ("Id , BoneAge,MALE", " {id}.0 , {age} , {male} ", "training"),
        ("Case ID,Sex", "{id},{sex}", "test"),
        ("Case ID,Sex,Ground truth bone age (months)", "{id},{sex},{age}", "test"),
        ("Image ID,male,Bone Age (months)", "{id},{male},{age}", "validation"),
    ],
)
def test_every_rsna_layout(rsna_folder, header, row, layout):
    cohort = rsna(rsna_folder(header=header, row=row, bom=True))
    assert cohort.card.name == f"rsna-{layout}-3"
    assert [c.reference["sex"] for c in cohort] == [0.0, 1.0, 0.0]
    assert [c.strata["sex"] for c in cohort] == ["F", "M", "F"]
    if "age" in header.lower():
        assert [c.reference["bone_age"] for c in cohort] == [100.0, 101.0, 102.0]
    else:
        assert all("bone_age" not in c.reference for c in cohort)
        assert any("no bone age" in w for w in cohort.card.warnings)


@pytest.mark.parametrize("words", [("True", "False"), ("TRUE", "FALSE"), ("true", "false"), ("1", "0"), ("M", "F")])
def test_spellings_of_male_and_blank_rows(rsna_folder, words):
    root = rsna_folder()
    sheet = root / "boneage-training-dataset.csv"
    write_csv(sheet, "id,boneage,male", f"1377,10,{words[0]}", ",,", "", f"1378,20,{words[1]}", f"1380,30,{words[0]}")
    assert [c.reference["sex"] for c in rsna(root)] == [1.0, 0.0, 1.0]


def test_squash_is_undone_for_square_images_only(rsna_folder):
    root = rsna_folder(ids=("1377", "9001"))
    write_csv(root.parent / "original_sizes.csv", "id,height,width", "1377,2044,1514", "9001,2044,1514")
    cohort = rsna(root)
    assert [c.decode().image.shape for c in cohort] == [(120, 96), (135, 100)]
    assert "squash" in cohort.card.description
    (root.parent / "original_sizes.csv").unlink()
    assert rsna(root)[1].digest != cohort[1].digest
    assert rsna(root)[1].decode().image.shape == (100, 100)


def test_kaggle_nesting_takes_the_image_of_the_tables_own_folder(rsna_folder):
    root = rsna_folder()
    other = root / "boneage-test-dataset"
    other.mkdir()
    (other / "1377.png").write_bytes(png(radiograph(9, marker=False)))
    assert rsna(root)[0].strata["marker"] == "found"


def test_large_training_table_gives_200_held_out_cases_half_male(tmp_path, monkeypatch):
    monkeypatch.setattr("editproof.datasets.rsna.cohort.MARKERS_UP_TO", 0)
    ids = [str(i) for i in range(2000, 4400)]
    image = png(np.full((24, 20), 9, np.uint8))
    with zipfile.ZipFile(tmp_path / "rsna.zip", "w") as archive:
        rows = "".join(f"{i},{20 + int(i) % 199},{int(i) % 2 > 0}\n" for i in ids)
        archive.writestr("train.csv", "id,boneage,male\n" + rows)
        for i in ids:
            archive.writestr(f"train/{i}.png", image)
    cohort = rsna(tmp_path / "rsna.zip")
    assert len(cohort) == 200
    assert {split_of(c.case_id) for c in cohort} == {"test"}
    assert sum(c.reference["sex"] for c in cohort) == 100
    held_out = [20 + int(i) % 199 for i in ids if split_of(i) == "test"]
    assert abs(np.mean([c.reference["bone_age"] for c in cohort]) - np.mean(held_out)) < 4
    assert "test split" in cohort.card.description
    assert not any("train split" in w for w in cohort.card.warnings)
    assert "marker" not in cohort[0].strata, "not decoded up front beyond the limit"
    again, other = rsna(tmp_path / "rsna.zip"), rsna(tmp_path / "rsna.zip", seed=1)
    assert again.card.digest == cohort.card.digest != other.card.digest


def test_no_case_moves_to_another_split():
    """The shipped ensemble was trained on the split as it is: written down here, not asked of the rule."""
    names = {"train": "1377 1378 1379 1380 1381", "validation": "1428 1439 1475 1488", "test": "1385 1388 1389 1403"}
    for split, ids in names.items():
        assert [split_of(name) for name in ids.split()] == [split] * len(ids.split())
    shares = Counter(split_of(str(number)) for number in range(1377, 15611))
    assert [round(shares[split] / 14234, 2) for split in ("train", "validation", "test")] == [0.8, 0.08, 0.12]


def test_train_split_cases_are_named_as_leakage(rsna_folder):
    seen = sum(split_of(i) == "train" for i in ("1377", "1378", "1380"))
    assert seen > 0
    assert any(f"{seen} of 3 cases are in the train split" in w for w in rsna(rsna_folder()).card.warnings)


def test_cases_without_reference_standard_are_left_out_with_a_warning(rsna_folder):
    root = rsna_folder()
    write_csv(root / "boneage-training-dataset.csv", "id,boneage,male", "1377,100,True", "1378,,False")
    cohort = rsna(root)
    assert [c.case_id for c in cohort] == ["1377"]
    assert any(w.startswith("1 images without a row") for w in cohort.card.warnings)
    assert any(w.startswith("1 cases without a complete reference standard") for w in cohort.card.warnings)


def test_a_zip_is_read_in_place_and_a_pickled_case_still_decodes(rsna_folder, tmp_path):
    archive = zipped(rsna_folder(), tmp_path / "rsna.zip")
    before = set(tmp_path.rglob("*"))
    case = rsna(archive)[1]
    copy = pickle.loads(pickle.dumps(case))
    np.testing.assert_array_equal(copy.decode().image, case.decode().image)
    assert set(tmp_path.rglob("*")) == before


def test_missing_path_and_empty_folder(tmp_path):
    assert "does not exist" in error_of(tmp_path / "nowhere").found
    assert "no CSV" in error_of(tmp_path).found


def test_header_only_table_is_an_empty_cohort(rsna_folder):
    root = rsna_folder()
    write_csv(root / "boneage-training-dataset.csv", "id,boneage,male")
    assert "no case" in error_of(root).found


@pytest.mark.parametrize(
    ("header", "row", "found"),
    [
        ("id,male", "1377,True", "columns id, male"),
        ("id,boneage,male", "1377,a lot,True", "'a lot'"),
        ("id,boneage,male", "1377,-1,True", "-1 months"),
        ("id,boneage,male", "1377,301,True", "301 months"),
        ("id,boneage,male", "1377,nope,True", "'nope'"),
        ("id,boneage,male", "1377,10,maybe", "'maybe'"),
        ("id,boneage,male", "1377,10,True\n1377,11,True", "more than once: 1377"),
        ("id,boneage,male", "1377,10,True\n1377.0,11,True", "more than once: 1377"),
        ("id,boneage,male", "1377,10,True,7", "4 cells in row 2"),
        ("id,id,male", "1377,10,True", "two equal columns"),
        ("id,boneage,male", ",10,True", "a row without id"),
        ("id,boneage,male", "1377,10,True\n7,1,True\n8,1,True", "2 of 3 cases in boneage-training-dataset.csv have no"),
    ],
)
def test_broken_table_is_one_clear_error(rsna_folder, header, row, found):
    root = rsna_folder()
    write_csv(root / "boneage-training-dataset.csv", header, row)
    assert found in str(error_of(root))


def test_table_that_is_no_text(rsna_folder):
    root = rsna_folder()
    (root / "boneage-training-dataset.csv").write_bytes(b"\xff\xfe\x00id")
    assert "UTF-8" in error_of(root).found


def huge_header(height: int, width: int) -> bytes:
    """A PNG of a few bytes that claims to be very large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 9)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"not an image", "1378.png"),
        (b"", "1378.png"),
        (png(radiograph())[:900], "damaged"),
        (huge_header(9000, 9000), "claims 9000x9000 pixels"),
        (huge_header(200_000, 200_000), "1378.png"),
        (png(cv2.applyColorMap(radiograph(), cv2.COLORMAP_JET)), "in colour"),
    ],
)
def test_image_that_is_no_radiograph_names_its_case(rsna_folder, data, found):
    root = rsna_folder()
    (root / "boneage-training-dataset" / "1378.png").write_bytes(data)
    error = error_of(root)
    assert "case 1378" in error.asked
    assert found in error.found


def test_equal_colour_channels_and_16_bit_are_read_as_stored(rsna_folder):
    root = rsna_folder()
    images = root / "boneage-training-dataset"
    deep = radiograph(1, dtype=np.uint16)
    (images / "1377.png").write_bytes(png(cv2.cvtColor(radiograph(), cv2.COLOR_GRAY2BGR)))
    (images / "1378.png").write_bytes(png(deep))
    first, second = (decoded_case(case).image for case in list(rsna(root))[:2])
    np.testing.assert_array_equal(first, radiograph())
    np.testing.assert_array_equal(second, deep)
    assert second.dtype == np.uint16


def test_damaged_zip(rsna_folder, tmp_path):
    archive = zipped(rsna_folder(), tmp_path / "rsna.zip")
    data = bytearray(archive.read_bytes())
    (tmp_path / "cut.zip").write_bytes(data[: len(data) // 2])
    assert "not a zip" in error_of(tmp_path / "cut.zip").found
    at = data.find(b"IDAT") if b"IDAT" in data else 400
    data[at + 40 : at + 60] = b"\0" * 20
    (tmp_path / "flipped.zip").write_bytes(data)
    assert "flipped.zip" in str(error_of(tmp_path / "flipped.zip"))


def test_two_tables_are_not_guessed_between(rsna_folder):
    root = rsna_folder()
    write_csv(root / "boneage-validation.csv", "Image ID,male,Bone Age (months)", "1377,True,10")
    assert "several tables" in error_of(root).found
    assert len(rsna(root / "boneage-training-dataset.csv")) == 3


@pytest.mark.parametrize(("options", "found"), [({"split": "tset"}, "'tset'"), ({"limit": 0}, "n = 0")])
def test_choice_that_makes_no_sense(rsna_folder, options, found):
    assert found in error_of(rsna_folder(), **options).found


@pytest.fixture
def three_sets(tmp_path):
    """RSNA's three sets as they are handed out: zips of images (validation in two), and a table each beside them."""
    root = tmp_path / "rsna"
    root.mkdir()
    write_csv(root / "boneage-training-dataset.csv", "id,boneage,male", "1377,180,False", "1378,12,True")
    write_csv(root / "Validation Dataset.csv", "Image ID,male,Bone Age (months)", "1386,TRUE,10", "9952,FALSE,20")
    write_csv(root / "boneage-test-dataset.csv", "Case ID,Sex", "4360,M", "4361,F")
    for name, ids in {
        "boneage-training-dataset": (1377, 1378),
        "boneage-validation-dataset-1": (1386,),
        "boneage-validation-dataset-2": (9952,),
        "boneage-test-dataset": (4360, 4361),
    }.items():
        with zipfile.ZipFile(root / f"{name}.zip", "w") as archive:
            for number in ids:
                archive.writestr(f"{name}/{number}.png", png(radiograph(number)))
    return root


def test_each_of_the_three_sets_is_read_from_its_zips(three_sets):
    assert "Say which set" in error_of(three_sets).advice
    training, validation, test = (rsna(three_sets, part=part) for part in ("training", "validation", "test"))
    assert [case.case_id for case in training] == ["1377", "1378"]
    assert [dict(case.reference) for case in validation] == [
        {"bone_age": 10.0, "sex": 1.0}, {"bone_age": 20.0, "sex": 0.0},
    ]  # fmt: skip
    assert [dict(case.reference) for case in test] == [{"sex": 1.0}, {"sex": 0.0}]
    assert any("The table has 2 cases, RSNA's validation set 1425." in words for words in validation.card.warnings)
    np.testing.assert_array_equal(validation[1].decode().image, radiograph(9952))


def test_a_set_that_is_not_there(three_sets):
    (three_sets / "boneage-test-dataset.csv").unlink()
    assert "no table of the test set" in error_of(three_sets, part="test").found
    assert "'tests'" in error_of(three_sets, part="tests").found


def test_a_workbook_is_to_be_saved_as_csv(tmp_path):
    (tmp_path / "Bone age ground truth.xlsx").write_bytes(b"PK")
    assert "Save the sheet of Bone age ground truth.xlsx as CSV" in error_of(tmp_path).advice


def test_a_member_that_unpacks_without_end_is_refused(rsna_folder, tmp_path):
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("t.csv", "id,boneage,male\n1377,10,True\n")
        with archive.open("t/1377.png", "w", force_zip64=True) as member:
            for _ in range(300):
                member.write(b"\0" * 2**20)
    assert bomb.stat().st_size < 2**22
    assert "more than" in error_of(bomb).found


def test_a_table_with_other_ids_is_not_taken_for_rsnas(tmp_path, monkeypatch):
    monkeypatch.setattr("editproof.datasets.rsna.cohort.MARKERS_UP_TO", 0)
    image = png(radiograph())
    rows = [f"K{i},{20 + i % 199},{i % 2 > 0}" for i in range(1100)]
    write_csv(tmp_path / "k.csv", "id,boneage,male", *rows)
    for i in range(1100):
        (tmp_path / f"K{i}.png").write_bytes(image)
    cohort = rsna(tmp_path)
    assert cohort.card.name == "rsna-layout-1100"
    assert cohort.card.licence == "As the folder's owner says."
    assert any("Its ids are not RSNA's" in words for words in cohort.card.warnings)
    assert not any("train split" in words or "RSNA's training set" in words for words in cohort.card.warnings)
    assert len(rsna(tmp_path, limit=20)) == 20
    assert "not RSNA's" in error_of(tmp_path, split="test").found


def test_a_split_rule_says_nothing_of_other_ids(rsna_folder, tmp_path):
    told = tmp_path / "card.json"
    told.write_text('{"name": "reader", "training_data": "RSNA; split by editproof.datasets.rsna.split"}')
    index = index_of(f"rsna:{rsna_folder(ids=('K1', 'K2', 'K3', 'K4'))}", [told])
    assert not any("trained on" in entry.kinds for entry in index.excluded)
    assert any("says nothing of this cohort" in note for note in index.notes)


def test_a_stray_image_beside_the_zips_does_not_hide_them(three_sets):
    (three_sets / "preview.png").write_bytes(png(radiograph(1)))
    (three_sets / "1377.png").write_bytes(png(radiograph(5)))
    cohort = rsna(three_sets, part="training")
    np.testing.assert_array_equal(cohort[0].decode().image, radiograph(1377))


def test_a_damaged_zip_beside_unpacked_images_is_not_opened(rsna_folder):
    root = rsna_folder()
    (root / "old.zip").write_bytes(b"PK junk")
    assert len(rsna(root)) == 3


def test_a_zip_in_a_zip_is_named(rsna_folder, tmp_path):
    root = rsna_folder()
    inner = zipped(root, tmp_path / "inner.zip")
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.write(inner, "inner.zip")
    inner.unlink()
    shutil.rmtree(root)
    error = error_of(tmp_path / "outer.zip")
    assert "outer.zip holds 1 zips that are not read there (inner.zip)" in error.found
    assert "Unpack the outer zip" in error.advice
    write_csv(tmp_path / "t.csv", "id,boneage,male", "1377,100,True")
    assert "outer.zip holds 1 zips" in error_of(tmp_path).found


def test_other_tables_beside_the_set_are_passed_over(rsna_folder):
    root = rsna_folder()
    (root / "notes.csv").write_bytes("größe;x\n".encode("latin-1"))
    (root / "empty.csv").write_text("")
    write_csv(root / "scores.csv", "reader,score", "A,1")
    warnings = rsna(root).card.warnings
    assert sum("was skipped" in words for words in warnings) == 2
    assert "The table empty.csv was skipped: no row in it." in warnings
    assert not any(str(root) in words for words in warnings)
    (root / "boneage-training-dataset.csv").unlink()
    error = error_of(root)
    assert "no table in RSNA's layout" in error.found
    assert all(words in error.found for words in ("columns reader, score in scores.csv", "UTF-8", "no row in it"))
