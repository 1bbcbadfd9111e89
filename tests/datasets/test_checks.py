"""What a run refuses before it asks a tool for anything: nothing to edit, nothing to protect, nothing to see."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from editproof.criteria import Criterion, at_least, failure_rate, ks_distance, mae_drift, ssim
from editproof.criteria.claimed import regions_of
from editproof.datasets.checks import check_regions, decoded_case
from editproof.datasets.cohort import Cohort
from editproof.datasets.folder.cohort import folder
from editproof.datasets.index.writing import index_of
from editproof.datasets.shard import Shard
from editproof.errors import DatasetError
from editproof.types import Case, DatasetCard, Pixels

from tests.datasets.conftest import png, radiograph, write_manifest


def drawn(edit: float, protected: float) -> Pixels:
    image = radiograph(1)
    rows = np.arange(image.shape[0])[:, None] * np.ones(image.shape) / image.shape[0]
    return Pixels(image, rows < edit, rows > 1 - protected)


def cohort(*masks: tuple[float, float]) -> Cohort:
    cases = tuple(Case(f"c{n}", f"p{n}", partial(drawn, *shares), f"d{n}", {}) for n, shares in enumerate(masks))
    return Cohort(DatasetCard("drawn", "drawn", "here", "none", "d", len(cases), len(cases)), cases)


@pytest.mark.parametrize(
    ("masks", "region", "found"),
    [
        ([(0, 0.5)] * 3, "inside_mask", "the edit mask is empty in all 3 cases"),
        ([(0.5, 0)] * 2, "protected", "the protected mask is empty in all 2 cases"),
        ([(1.0, 0.5)], "outside_mask", "the edit mask holds every pixel in all 1 cases"),
    ],
)
def test_a_cohort_without_a_region_is_refused_for_who_asks(masks, region, found):
    with pytest.raises(DatasetError, match=f"for criterion K-1: {found}. Name mask files"):
        check_regions(cohort(*masks), {region: "criterion K-1"})
    check_regions(cohort(*masks, (0.3, 0.3)), {region: "criterion K-1"})


def test_cases_are_decoded_no_further_than_needed():
    check_regions(cohort((0.2, 0.2)), {})
    broken = cohort((0.2, 0.2), (0.2, 0.2))
    second = Case("c1", "p1", lambda: pytest.fail("decoded for nothing"), "d1", {})
    check_regions(Cohort(broken.card, (broken.cases[0], second)), {"inside_mask": "a tool", "protected": "a claim"})


def test_a_shard_knows_the_whole():
    whole = cohort((0.2, 0.2), (0, 0.2))
    assert Shard(whole, "2/2").whole is whole


def test_regions_that_a_claim_is_about():
    claims = [ks_distance(), ssim(region="inside_mask"), ssim(region="whole"), mae_drift("bone_age"), failure_rate()]
    found = [regions_of(Criterion("A", claim, at_least(0.5), source="placeholder")) for claim in claims]
    assert found == [{"protected"}, {"inside_mask"}, set(), set(), set()]


def test_an_image_of_one_gray_level_is_no_radiograph():
    blank = Case("c", "p", lambda: Pixels(np.full((9, 9), 7, np.uint8), *[np.ones((9, 9), bool)] * 2), "d", {})
    with pytest.raises(DatasetError, match="case c: all its pixels are of one gray level"):
        decoded_case(blank)


@pytest.fixture
def files(tmp_path):
    for name, image in (("a", radiograph(1)), ("b", radiograph(2)), ("blank", np.zeros((120, 96), np.uint8))):
        (tmp_path / f"{name}.png").write_bytes(png(image))
    return tmp_path


def test_a_card_says_in_how_many_cases_there_is_nothing_to_edit(files):
    rows = [{"case_id": name, "image": f"{name}.png", "mask": "blank.png"} for name in "ab"]
    found = folder(write_manifest(files, rows), masks="files")
    assert "In 2 of 2 cases the edit mask is empty." in found.card.warnings
    with pytest.raises(DatasetError, match="the edit mask is empty in all 2 cases"):
        check_regions(found, {"inside_mask": "a tool to change"})


def test_an_index_leaves_blank_images_out_and_says_why_nothing_is_left(files):
    rows = [{"case_id": name, "image": f"{name}.png"} for name in ("a", "blank")]
    index = index_of(f"folder:{write_manifest(files, rows)}")
    assert [(entry.case, *entry.why) for entry in index.excluded] == [
        ("blank", "case blank: all its pixels are of one gray level. Leave it out.")
    ]
    with pytest.raises(DatasetError, match="none of its 1 cases can be used; the first: case blank: all its pixels"):
        index_of(f"folder:{write_manifest(files, rows[1:])}")
