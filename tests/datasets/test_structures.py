"""Reference masks of a folder: columns and folders of files, shape and levels checked, digests, and what fits no case."""

from __future__ import annotations

import shutil

import cv2
import numpy as np
import pytest
from editproof.datasets.folder.cohort import folder
from editproof.datasets.registry import dataset_from_spec
from editproof.errors import DatasetError

from fixtures.phantom import phantom
from fixtures.spec import sampled_spec

DRAWN = [phantom(sampled_spec(5, index, "test", size=(80, 64))) for index in range(2)]


def put(path, plane):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), plane.astype(np.uint8) * (1 if plane.dtype == np.uint8 else 255))


@pytest.fixture
def home(tmp_path):
    """Two hands with both masks, and masks of carpals and of finger bones below ``structures/``."""
    lines = ["case_id,image,edit_mask,protected_mask"]
    for name, drawn in zip("ab", DRAWN, strict=True):
        put(tmp_path / f"images/{name}.png", drawn.image)
        put(tmp_path / f"masks/{name}-edit.png", drawn.edit_mask)
        put(tmp_path / f"masks/{name}-hand.png", drawn.protected_mask)
        for structure, mask in drawn.structures.items():
            put(tmp_path / f"structures/{structure}/{name}.png", mask)
        lines.append(f"{name.upper()},images/{name}.png,masks/{name}-edit.png,masks/{name}-hand.png")
    (tmp_path / "manifest.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_masks_below_structures_are_those_of_the_images_of_their_names(home):
    cohort = folder(home, masks="files")
    for case, drawn in zip(cohort, DRAWN, strict=True):
        found = case.decode().structures
        assert sorted(found) == ["carpals", "finger bones"]
        for name, mask in drawn.structures.items():
            np.testing.assert_array_equal(found[name], mask)
    assert not [note for note in cohort.card.warnings if "left out" in note or "reference mask" in note]


def test_a_column_names_a_mask_and_comes_before_the_folder(home):
    put(home / "other/x.png", DRAWN[1].structures["carpals"])
    text = (home / "manifest.csv").read_text().splitlines()
    table = [f"{text[0]},structure:carpals,structure:radius", f"{text[1]},other/x.png,", f"{text[2]},,other/x.png"]
    (home / "manifest.csv").write_text("\n".join(table) + "\n")
    one, other = folder(home, masks="files")
    np.testing.assert_array_equal(one.decode().structures["carpals"], DRAWN[1].structures["carpals"])
    np.testing.assert_array_equal(other.decode().structures["radius"], DRAWN[1].structures["carpals"])
    assert "radius" not in one.decode().structures
    assert not {"structure:carpals", "structure:radius", "carpals"} & set(one.strata)
    notes = " ".join(folder(home, masks="files").card.warnings)
    assert "1 of 2 cases have a reference mask of radius." in notes
    assert "1 reference mask of carpals in structures/ belongs to no case." in notes


def test_the_digest_of_a_case_follows_its_masks_and_is_as_before_without_them(home):
    before = [case.digest for case in folder(home, masks="files")]
    mask = DRAWN[0].structures["carpals"].copy()
    mask[0, 0] = True
    put(home / "structures/carpals/a.png", mask)
    after = [case.digest for case in folder(home, masks="files")]
    assert before[0] != after[0]
    assert before[1] == after[1]
    for path in (home / "structures").rglob("*.png"):
        path.unlink()
    assert {case.digest for case in folder(home, masks="files")}.isdisjoint(before)
    assert all(case.decode().structures == {} for case in folder(home, masks="files"))


def test_masks_that_fit_no_case_and_files_that_are_none_are_counted(home):
    put(home / "structures/carpals/c.png", DRAWN[0].structures["carpals"])
    put(home / "structures/carpals/deeper/a.png", DRAWN[0].structures["carpals"])
    (home / "structures/finger bones/b.png").unlink()
    (home / "structures/carpals/notes.txt").write_text("by hand")
    notes = folder(home, masks="files").card.warnings
    assert "1 reference mask of carpals in structures/ belongs to no case." in notes
    assert "1 of 2 cases have a reference mask of finger bones." in notes
    assert "3 files that no row names were left out: .png 2, .txt 1." in notes


def test_without_a_manifest_masks_are_no_cases(home):
    (home / "manifest.csv").unlink()
    for name in "ab":
        (home / f"masks/{name}-edit.png").unlink()
        (home / f"masks/{name}-hand.png").unlink()
    cohort = folder(home, names="stem", masks="files")
    assert [case.case_id for case in cohort] == ["a", "b"]
    assert all(len(case.decode().structures) == 2 for case in cohort)


def small(home):
    put(home / "structures/carpals/a.png", np.zeros((10, 10), bool))


def soft(home):
    put(home / "structures/carpals/a.png", np.arange(80 * 64, dtype=np.uint8).reshape(80, 64))


def two(home):
    put(home / "structures/carpals/a.tif", DRAWN[0].structures["carpals"])


def shared(home):
    text = (home / "manifest.csv").read_text().replace("images/b.png", "images/a/a.png")
    put(home / "images/a/a.png", DRAWN[1].image)
    (home / "manifest.csv").write_text(text)


def nameless(home):
    text = (home / "manifest.csv").read_text().splitlines()
    (home / "manifest.csv").write_text(f"{text[0]},structure:\n{text[1]},\n{text[2]},\n")


def absent(home):
    text = (home / "manifest.csv").read_text().splitlines()
    (home / "manifest.csv").write_text(f"{text[0]},structure:radius\n{text[1]},no.png\n{text[2]},\n")


WRONG = {
    "another size": (small, "the mask of carpals of case A: .*10x10, the image 80x64. Draw it at the image's size"),
    "many levels": (soft, "two levels: .* has 256 levels"),
    "two files": (two, "the mask of carpals of image a: both structures/carpals/a.png and structures/carpals/a.tif"),
    "one of two cases": (shared, "the mask of carpals of case B: .* is that of case A"),
    "no structure": (nameless, "a column 'structure:' without a structure"),
    "no file": (absent, "the mask of radius of case A: .* does not exist"),
}


@pytest.mark.parametrize(("spoil", "found"), WRONG.values(), ids=WRONG)
def test_a_mask_that_cannot_be_held_against_is_one_line(home, spoil, found):
    spoil(home)
    with pytest.raises(DatasetError, match=rf"^[^\n]*{found}[^\n]*$"):
        [case.decode() for case in folder(home, masks="files")]


LABELS = {1: "carpals", 2: "finger bones"}


@pytest.fixture
def labelled(home):
    """The same masks as label maps."""
    shutil.rmtree(home / "structures")
    for name, drawn in zip("ab", DRAWN, strict=True):
        put(
            home / f"label_maps/{name}.png",
            sum(drawn.structures[what] * np.uint8(label) for label, what in LABELS.items()),
        )
    return home


def test_a_label_map_is_read_by_the_names_that_the_specification_gives_its_labels(labelled):
    cohort = dataset_from_spec(f"folder:{labelled}?masks=files&labels=1:carpals,2:finger bones")
    for case, drawn in zip(cohort, DRAWN, strict=True):
        found = case.decode().structures
        assert sorted(found) == sorted(LABELS.values())
        for name, mask in drawn.structures.items():
            np.testing.assert_array_equal(found[name], mask)
    turned = folder(labelled, masks="files", structures={1: "finger bones", 2: "carpals"})
    assert {case.digest for case in turned}.isdisjoint(case.digest for case in cohort)
    assert not [note for note in cohort.card.warnings if "left out" in note]


LABELLED_WRONG = {
    "no names": ({}, "the label map of case A: no label has a name. Say what labels mean"),
    "a label without a name": ({1: "carpals"}, "has the label 2. The cohort says that 1 is carpals; name all"),
    "both forms": (LABELS, "carpals of case A: .* both show it"),
}


@pytest.mark.parametrize(("labels", "found"), LABELLED_WRONG.values(), ids=LABELLED_WRONG)
def test_a_label_map_that_says_too_little_or_too_much_is_one_line(labelled, labels, found):
    if labels == LABELS:
        put(labelled / "structures/carpals/a.png", DRAWN[0].structures["carpals"])
    with pytest.raises(DatasetError, match=rf"^[^\n]*{found}[^\n]*$"):
        [case.decode() for case in folder(labelled, masks="files", structures=labels)]


@pytest.mark.parametrize("written", ["carpals", "0:carpals", "1:a,2:a", "1:"])
def test_labels_are_written_as_numbers_with_names(labelled, written):
    with pytest.raises(DatasetError, match="1:carpals,2:finger bones"):
        dataset_from_spec(f"folder:{labelled}?labels={written}")
