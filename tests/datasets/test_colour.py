"""Cohorts in colour: which cohort is one, what of it is read, and what is refused."""

from __future__ import annotations

import io
from collections import deque

import cv2
import numpy as np
import pytest
from editproof.datasets.checks import decoded_case, pixel_digests
from editproof.datasets.folder.cohort import folder
from editproof.datasets.index.likeness import NEAR_BITS, differing_bits, perceptual_hash
from editproof.errors import DatasetError
from PIL import Image as Pillow

from tests.datasets.conftest import radiograph, write_csv

GRAY = radiograph(3)
RED, GREEN, BLUE = (200, 30, 10), (20, 180, 40), (15, 25, 160)


def drawn(dtype=np.uint8) -> np.ndarray:
    """A red disc and a blue bar on green, shape (48, 64, 3), in red, green and blue."""
    image = np.full((48, 64, 3), GREEN, np.uint8)
    cv2.circle(image, (20, 20), 12, RED, -1)
    image[36:44, 8:56] = BLUE
    return image if dtype == np.uint8 else image.astype(np.uint16) * 257 + 3


def by_pillow(image: np.ndarray, kind: str = "PNG", mode: str = "", **options: object) -> bytes:
    picture, buffer = Pillow.fromarray(image), io.BytesIO()
    (picture.convert(mode) if mode else picture).save(buffer, kind, **options)
    return buffer.getvalue()


def by_opencv(image: np.ndarray, suffix: str) -> bytes:
    return cv2.imencode(suffix, image[..., ::-1] if image.ndim == 3 else image)[1].tobytes()


def cohort(tmp_path, files: dict[str, bytes], **options):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    rows = [f"{name.replace('.', '-')},P{place // 2},{name}" for place, name in enumerate(sorted(files))]
    write_csv(tmp_path / "manifest.csv", "case_id,patient_id,image", *rows)
    return folder(tmp_path, **options)


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("a.png", by_pillow(drawn()), drawn()),
        ("a.png", by_opencv(drawn(np.uint16), ".png"), drawn(np.uint16)),
        ("a.tif", by_pillow(drawn(), "TIFF", compression="tiff_lzw"), drawn()),
        ("a.tiff", by_opencv(drawn(np.uint16), ".tiff"), drawn(np.uint16)),
        ("a.png", by_pillow(drawn(), mode="RGBA"), drawn()),
        ("a.png", by_pillow(drawn(), mode="P"), None),
    ],
    ids=["PNG", "PNG of 16 bits", "TIFF", "TIFF of 16 bits", "opaque", "palette"],
)
def test_colour_is_read_as_stored_in_the_order_red_green_blue(tmp_path, name, content, wanted):
    (case,) = cohort(tmp_path, {name: content})
    image = decoded_case(case).image
    if wanted is None:
        wanted = np.asarray(Pillow.open(io.BytesIO(content)).convert("RGB"))
    assert image.dtype == wanted.dtype
    np.testing.assert_array_equal(image, wanted)


def test_a_photograph_is_read_from_jpeg_turned_as_its_tag_says(tmp_path):
    tag = Pillow.Exif()
    tag[274] = 6
    files = {"a.jpg": by_pillow(drawn(), "JPEG", quality=95), "b.jpeg": by_pillow(drawn(), "JPEG", exif=tag)}
    plain, turned = cohort(tmp_path, files)
    assert np.abs(decoded_case(plain).image[20, 20].astype(int) - RED).max() < 12
    np.testing.assert_allclose(decoded_case(turned).image[20, 27].astype(int), RED, atol=20)
    assert decoded_case(turned).image.shape == (64, 48, 3)
    assert decoded_case(turned).edit_mask.shape == (64, 48)


def test_every_turn_is_that_of_pillow(tmp_path):
    from PIL import ImageOps

    for turn in range(1, 9):
        tag = Pillow.Exif()
        tag[274] = turn
        content = by_pillow(drawn(), exif=tag)
        (case,) = cohort(tmp_path, {"a.png": content})
        wanted = np.asarray(ImageOps.exif_transpose(Pillow.open(io.BytesIO(content))))
        np.testing.assert_array_equal(decoded_case(case).image, wanted, err_msg=f"orientation {turn}")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
def test_gray_stored_as_three_equal_channels_is_gray(tmp_path, suffix):
    stored = np.dstack([GRAY] * 3)
    (case,) = cohort(tmp_path, {f"a{suffix}": by_opencv(stored, suffix)}, masks="files")
    image = decoded_case(case).image
    assert image.ndim == 2
    assert np.abs(image.astype(int) - GRAY).max() <= (12 if suffix == ".jpg" else 0)


def test_one_cohort_has_one_kind_of_image(tmp_path):
    mixed = {"a.png": by_opencv(GRAY, ".png"), "b.png": by_pillow(drawn())}
    with pytest.raises(DatasetError, match=r"b\.png is in colour\. .*colour=yes"):
        cohort(tmp_path, mixed, masks="files")
    told = cohort(tmp_path, mixed, colour="yes")
    first, second = (decoded_case(case).image for case in told)
    np.testing.assert_array_equal(first, np.dstack([GRAY] * 3))
    np.testing.assert_array_equal(second, drawn())
    with pytest.raises(DatasetError, match=r"b\.png is in colour"):
        cohort(tmp_path, {"b.png": mixed["b.png"]}, colour="no", masks="files")


def test_a_file_of_equal_channels_in_a_cohort_that_shows_colour_is_colour(tmp_path):
    files = {"a.png": by_opencv(np.dstack([GRAY] * 3), ".png"), "b.png": by_pillow(drawn())}
    assert [decoded_case(case).image.ndim for case in cohort(tmp_path, files)] == [3, 3]


def test_what_decides_pixels_is_in_the_digest_and_on_the_card(tmp_path):
    files = {"a.png": by_opencv(GRAY, ".png")}
    gray, coloured = cohort(tmp_path, files, masks="files"), cohort(tmp_path, files, colour="yes")
    assert gray.card.digest != coloured.card.digest
    assert any("read in colour" in warning for warning in coloured.card.warnings)
    assert not any("colour" in warning for warning in gray.card.warnings)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (by_pillow(np.dstack([drawn(), np.full((48, 64), 90, np.uint8)])), "transparent in places"),
        (by_pillow(drawn(), "JPEG", mode="CMYK"), "has the channels CMYK"),
        (by_pillow(drawn(), "JPEG")[:300], "damaged"),
        (by_pillow(drawn(), "WEBP"), "is not a PNG, TIFF or JPEG, it is WEBP"),
    ],
    ids=["transparent", "four inks", "cut short", "WebP"],
)
def test_what_is_no_photograph_is_refused_in_one_line(tmp_path, content, found):
    with pytest.raises(DatasetError, match=found) as caught:
        deque(map(decoded_case, cohort(tmp_path, {"a.png": content}, colour="yes")))
    assert "\n" not in str(caught.value)


def test_masks_of_a_colour_cohort_are_of_one_channel_and_its_targets_in_colour(tmp_path):
    mask = np.zeros((48, 64), np.uint8)
    mask[4:9, 5:30] = 255
    for name, content in {"a.png": drawn(), "m.png": mask, "t.png": drawn() // 2, "g.png": mask}.items():
        (tmp_path / name).write_bytes(by_pillow(content))
    write_csv(tmp_path / "manifest.csv", "case_id,image,edit_mask,target", "A,a.png,m.png,t.png", "B,a.png,m.png,")
    case, other = folder(tmp_path)
    pixels = decoded_case(case)
    np.testing.assert_array_equal(pixels.edit_mask, mask > 0)
    np.testing.assert_array_equal(pixels.protected_mask, mask == 0)
    np.testing.assert_array_equal(pixels.target, drawn() // 2)
    assert pixel_digests(case).size == pixel_digests(case).target == (48, 64, 3)
    assert decoded_case(other).target is None


def test_a_photograph_stored_anew_as_jpeg_is_known_again_and_another_is_not():
    stored = np.asarray(Pillow.open(io.BytesIO(by_pillow(drawn(), "JPEG", quality=75))))
    assert differing_bits(perceptual_hash(drawn()), perceptual_hash(stored)) <= NEAR_BITS
    assert differing_bits(perceptual_hash(drawn()), perceptual_hash(drawn()[:, ::-1])) > NEAR_BITS
