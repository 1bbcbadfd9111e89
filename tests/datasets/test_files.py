"""Every way in which 8 and 16 bits of gray are stored: read as they are, or refused, never clipped."""

from __future__ import annotations

import io
import struct
import zipfile

import cv2
import numpy as np
import pytest
from editproof.datasets.folder.files import Entry
from editproof.datasets.folder.images import gray_image
from editproof.errors import DatasetError
from PIL import Image as Pillow

from tests.datasets.conftest import radiograph

DEEP = (radiograph(1, dtype=np.uint16) | 1).astype(np.uint16)
FLAT = radiograph(1)


def read(tmp_path, name: str, data: bytes) -> np.ndarray:
    (tmp_path / name).write_bytes(data)
    return gray_image(Entry(tmp_path, name, zipped=False), "A")


def encoded(suffix: str, image: np.ndarray) -> bytes:
    return cv2.imencode(suffix, image)[1].tobytes()


def by_pillow(image: Pillow.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("image", [FLAT, DEEP], ids=["8 bit", "16 bit"])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("channels", ["gray", "equal colours", "opaque"])
def test_gray_is_read_as_stored(tmp_path, image, suffix, channels):
    stored = image
    if channels != "gray":
        stored = np.dstack([image] * 3)
    if channels == "opaque":
        stored = np.dstack([stored, np.full(image.shape, np.iinfo(image.dtype).max, image.dtype)])
    found = read(tmp_path, f"a{suffix}", encoded(suffix, stored))
    np.testing.assert_array_equal(found, image)
    assert found.dtype == image.dtype


def test_compressed_and_tiled_and_palette_files(tmp_path):
    picture = Pillow.fromarray(FLAT)
    for options in ({"compression": "tiff_lzw"}, {"compression": "tiff_deflate"}, {"compression": "packbits"}):
        np.testing.assert_array_equal(read(tmp_path, "a.tif", by_pillow(picture, "TIFF", **options)), FLAT)
    palette = picture.convert("P", palette=Pillow.Palette.ADAPTIVE, colors=256)
    palette.putpalette(bytes(value for level in range(256) for value in (level,) * 3))
    palette.putdata(FLAT.ravel().tolist())
    np.testing.assert_array_equal(read(tmp_path, "p.png", by_pillow(palette, "PNG")), FLAT)


def turned_over(image: np.ndarray) -> bytes:
    """A TIFF in which 0 is white (photometric interpretation 0), as some scanners write it."""
    data = bytearray(by_pillow(Pillow.fromarray(np.iinfo(image.dtype).max - image), "TIFF"))
    tag = data.find(b"\x06\x01\x03\x00\x01\x00\x00\x00")
    assert tag > 0
    data[tag + 8 : tag + 10] = b"\x00\x00"
    return bytes(data)


@pytest.mark.parametrize("image", [FLAT, DEEP], ids=["8 bit", "16 bit"])
def test_white_is_zero_is_refused_for_it_was_read_turned_over(tmp_path, image):
    with pytest.raises(DatasetError, match="0 is white"):
        read(tmp_path, "w.tif", turned_over(image))


@pytest.mark.parametrize(
    ("name", "data", "found"),
    [
        ("f.tif", encoded(".tif", FLAT.astype(np.float32)), "float32"),
        ("c.png", encoded(".png", np.dstack([FLAT, FLAT, FLAT // 2])), "in colour"),
        ("t.png", encoded(".png", np.dstack([FLAT, FLAT, FLAT, FLAT])), "transparent"),
        (
            "m.tif",
            by_pillow(Pillow.fromarray(FLAT), "TIFF", save_all=True, append_images=[Pillow.fromarray(FLAT)]),
            "2 pages",
        ),
        ("j.png", by_pillow(Pillow.fromarray(FLAT), "WEBP"), "j.png is not a PNG, TIFF or JPEG, it is WEBP"),
        ("e.png", b"", "e.png is not a PNG, TIFF or JPEG"),
        ("s.png", by_pillow(Pillow.fromarray(FLAT), "PNG", transparency=7), "transparent"),
        ("d.png", by_pillow(Pillow.fromarray(DEEP), "PNG", transparency=7), "transparent"),
    ],
)
def test_what_is_no_single_gray_image_is_refused(tmp_path, name, data, found):
    with pytest.raises(DatasetError) as caught:
        read(tmp_path, name, data)
    assert found in str(caught.value)
    assert caught.value.advice


@pytest.mark.parametrize("place", [1, 11, 2**32 - 1, -3], ids=["first byte", "itself", "far away", "near the end"])
def test_a_tiff_that_points_to_no_next_page_is_one_clear_error(tmp_path, place):
    data = bytearray(by_pillow(Pillow.fromarray(FLAT), "TIFF"))
    (directory,) = struct.unpack_from("<I", data, 4)
    (tags,) = struct.unpack_from("<H", data, directory)
    struct.pack_into("<I", data, directory + 2 + 12 * tags, place % len(data) if place < 0 else place)
    with pytest.raises(DatasetError, match=r"p\.tif is damaged") as caught:
        read(tmp_path, "p.tif", bytes(data))
    assert caught.value.advice


@pytest.mark.parametrize("kind", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_member_of_a_zip_is_one_clear_error(tmp_path, kind):
    for offset in (2, 30, 60, 90, 400):
        path = tmp_path / f"{kind}-{offset}.zip"
        with zipfile.ZipFile(path, "w", kind) as archive:
            archive.writestr("a.png", encoded(".png", FLAT))
        data = bytearray(path.read_bytes())
        start = data.index(b"a.png") + 5 + offset
        data[start : start + 40] = bytes(byte ^ 0x5A for byte in data[start : start + 40])
        path.write_bytes(data)
        with pytest.raises(DatasetError, match="read ") as caught:
            Entry(path, "a.png", zipped=True).read()
        assert caught.value.advice
