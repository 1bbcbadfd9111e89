"""Kinds of PNG and TIFF that were read wrongly: masks of many levels, orientation tags, 12 bits; drawn here."""

from __future__ import annotations

import io
import struct

import cv2
import numpy as np
import pytest
from editproof.datasets.folder.cohort import folder
from editproof.datasets.folder.files import Entry
from editproof.datasets.folder.images import gray_image, mask_image
from editproof.errors import DatasetError
from PIL import Image as Pillow

from tests.datasets.conftest import png, radiograph, write_manifest

IMAGE = radiograph(5)
MASK = np.zeros(IMAGE.shape, np.uint8)
MASK[80:104, 6:24] = 255


def tiff(image: np.ndarray, bits: int, orientation: int = 1) -> bytes:
    """A TIFF of one strip, written by hand: libraries at hand write neither 12 bits nor the tag of orientation."""
    height, width = image.shape
    words = ["".join(format(int(value), f"0{bits}b") for value in row) for row in image]
    rows = [word + "0" * (-len(word) % 8) for word in words]
    data = b"".join(int(row, 2).to_bytes(len(row) // 8, "big") for row in rows)
    data = image.astype("<u2").tobytes() if bits == 16 else data
    tags = {256: width, 257: height, 258: bits, 259: 1, 262: 1, 273: 8, 274: orientation, 277: 1, 278: height}
    tags[279] = len(data)
    data += b"\0" * (len(data) % 2)
    directory = struct.pack("<H", len(tags))
    for tag, value in sorted(tags.items()):
        directory += struct.pack("<HHII", tag, 4 if tag in (273, 279) else 3, 1, value)
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + directory + bytes(4)


def png_with_exif(image: np.ndarray, orientation: int) -> bytes:
    exif, buffer = Pillow.Exif(), io.BytesIO()
    exif[274] = orientation
    Pillow.fromarray(image).save(buffer, "PNG", exif=exif)
    return buffer.getvalue()


def stored_for(seen: np.ndarray, orientation: int) -> np.ndarray:
    """The pixels as they lie in a file that shows ``seen``: row 0 and column 0 by the table of EXIF 2.32."""
    undone = {
        1: seen, 2: seen[:, ::-1], 3: seen[::-1, ::-1], 4: seen[::-1], 5: seen.T, 6: np.rot90(seen, 1),
        7: seen[::-1, ::-1].T, 8: np.rot90(seen, -1),
    }  # fmt: skip
    return np.ascontiguousarray(undone.get(orientation, seen))


@pytest.mark.parametrize("orientation", [1, 2, 3, 4, 5, 6, 7, 8, 0, 9])
def test_an_orientation_tag_is_applied_to_image_and_mask_and_counted(tmp_path, orientation):
    deep = IMAGE.astype(np.uint16) * 257
    files = {
        "a.png": png_with_exif(stored_for(IMAGE, orientation), orientation),
        "b.tif": tiff(stored_for(IMAGE, orientation), 8, orientation),
        "c.tif": tiff(stored_for(deep, orientation), 16, orientation),
        "m.png": png_with_exif(stored_for(MASK, orientation), orientation),
        "m.tif": tiff(stored_for(MASK, orientation), 8, orientation),
        "plain.png": png(MASK),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    masks = ("m.png", "m.tif", "plain.png")
    rows = [{"case_id": k, "image": f, "edit_mask": m} for k, (f, m) in enumerate(zip(files, masks, strict=False))]
    cohort = folder(write_manifest(tmp_path, rows), masks="files")
    for case, image in zip(cohort, (IMAGE, IMAGE, deep), strict=True):
        pixels = case.decode()
        np.testing.assert_array_equal(pixels.image, image)
        np.testing.assert_array_equal(pixels.edit_mask, MASK > 0)
    said = [note for note in cohort.card.warnings if "orientation tag" in note]
    assert said == (
        ["The orientation tag of 5 files was applied, to images and masks alike."] if 1 < orientation < 9 else []
    )


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_a_tiff_comes_as_it_is_stored(tmp_path, bits):
    image = (np.arange(60 * 40).reshape(60, 40) * 37 % 2**bits).astype(np.uint8 if bits == 8 else np.uint16)
    (tmp_path / "a.tif").write_bytes(tiff(image, bits))
    np.testing.assert_array_equal(gray_image(Entry(tmp_path, "a.tif", zipped=False), "A"), image)


def soft() -> np.ndarray:
    return cv2.GaussianBlur(MASK, (5, 5), 1)


def labels() -> np.ndarray:
    return np.add.outer(np.arange(120) // 40, np.zeros(96, int)).astype(np.uint8)


def palette(colours: bytes, levels: np.ndarray) -> bytes:
    picture, buffer = Pillow.fromarray(levels).convert("P"), io.BytesIO()
    picture.putpalette(colours)
    picture.putdata(levels.ravel().tolist())
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def jpeg_once(mask: np.ndarray) -> bytes:
    return png(cv2.imdecode(cv2.imencode(".jpg", mask)[1], cv2.IMREAD_UNCHANGED))


REFUSED = {
    "soft": (png(soft()), "levels from 0 to 255"),
    "stored with loss before": (jpeg_once(MASK), "levels from 0 to 255"),
    "label map": (png(labels()), "3 levels from 0 to 2"),
    "deep label map": (png(labels().astype(np.uint16) * 300), "3 levels from 0 to 600"),
    "two levels above 0": (png(np.where(MASK > 0, 255, 127).astype(np.uint8)), "2 levels from 127 to 255"),
    "palette of labels": (palette(bytes([0, 0, 0, 128, 0, 0, 0, 128, 0]), labels()), "in colour"),
    "palette of gray labels": (palette(bytes([0, 0, 0, 9, 9, 9, 80, 80, 80]), labels()), "3 levels from 0 to 80"),
    "colour": (png(np.dstack([MASK, MASK, MASK // 2])), "in colour"),
    "alpha": (png(np.dstack([MASK, MASK, MASK, MASK])), "transparent in places"),
    "floating point": (cv2.imencode(".tif", MASK.astype(np.float32))[1].tobytes(), "float32"),
    "JPEG": (cv2.imencode(".jpg", MASK)[1].tobytes(), "is not a PNG or TIFF, it is JPEG"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_mask_of_other_than_two_levels_is_refused_by_that_name(tmp_path, kind):
    data, found = REFUSED[kind]
    (tmp_path / "m.png").write_bytes(data)
    with pytest.raises(DatasetError) as caught:
        mask_image(Entry(tmp_path, "m.png", zipped=False), IMAGE.shape, "A")
    assert found in caught.value.found
    assert "mask" in caught.value.asked
    assert caught.value.advice


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (png(MASK), MASK > 0), (png(MASK // 255), MASK > 0), (png(MASK.astype(np.uint16) * 257), MASK > 0),
        (png(np.dstack([MASK] * 3)), MASK > 0), (tiff(MASK // 255, 1), MASK > 0),
        (palette(bytes([0, 0, 0, 255, 255, 255]), MASK // 255), MASK > 0),
        (png(np.full(MASK.shape, 255, np.uint8)), np.ones(MASK.shape, bool)),
        (png(np.zeros(MASK.shape, np.uint8)), np.zeros(MASK.shape, bool)),
    ],
    ids=["255", "1", "deep", "equal channels", "one bit", "black and white palette", "all", "none"],
)  # fmt: skip
def test_a_mask_of_two_levels_is_read(tmp_path, data, wanted):
    (tmp_path / "m.png").write_bytes(data)
    np.testing.assert_array_equal(mask_image(Entry(tmp_path, "m.png", zipped=False), IMAGE.shape, "A"), wanted)
