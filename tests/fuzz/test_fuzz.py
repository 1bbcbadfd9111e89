"""A few changed files for every door, and what longer runs found (``make fuzz`` is the long form)."""

from __future__ import annotations

import gzip
import random
import struct
import time
import zlib

import numpy as np
import pytest
from editproof.datasets.folder.cohort import folder
from editproof.errors import DatasetError
from editproof.imaging import codec

from tests.datasets.conftest import png, radiograph, write_csv
from tests.fuzz.__main__ import fault_of
from tests.fuzz.doors import doors

SLOW = {"evidence"}


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    with doors(tmp_path_factory.mktemp("doors")) as found:
        yield found


@pytest.mark.filterwarnings("ignore")
def test_every_door_gives_a_value_or_one_clear_error(known):
    for name, door in known.items():
        assert not fault_of(door, door.sound), name
        for number in range(2 if name in SLOW else 12):
            content = door.change(door.sound, random.Random(f"test {name} {number}"))
            assert not fault_of(door, content), f"{name}, number {number}"


def test_a_fault_is_seen(known):
    """The other direction: an exception of another kind, and an error of two lines, are faults."""
    from editproof.errors import EvidenceError

    from tests.fuzz.doors import Door

    def two_lines(*_):
        raise EvidenceError("a\nb", "c", "d")

    assert fault_of(Door(b"", bytes, lambda *_: 1 / 0), b"").startswith("ZeroDivisionError")
    assert fault_of(Door(b"", bytes, two_lines), b"").startswith("more than one line")
    assert fault_of(Door(b"", bytes, lambda *_: 1), b"") == ""


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def header(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))


SOUND = png(radiograph(1, (32, 24)))
BOMBS = {
    "claims a billion pixels": header(32_000, 32_000)
    + chunk(b"IDAT", zlib.compress(bytes(9_000)))
    + chunk(b"IEND", b""),
    "claims a part of 4 GB": SOUND[:33] + b"\xff\xff\xff\xf0IDAT" + SOUND[41:],
    "is cut": SOUND[: len(SOUND) // 2],
    "has no end": SOUND[:-12],
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_picture_that_claims_more_than_it_has_is_not_decoded(tmp_path, name):
    began = time.monotonic()
    assert codec.decoded_image(BOMBS[name]) is None
    (tmp_path / "a.png").write_bytes(BOMBS[name])
    write_csv(tmp_path / "manifest.csv", "case_id,image", "A,a.png")
    with pytest.raises(DatasetError):
        [case.decode() for case in folder(tmp_path, masks="files")]
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".bmp", ".webp"])
def test_sound_pictures_are_decoded(suffix):
    import cv2

    image = radiograph(1, (32, 24))
    assert codec.decoded_image(cv2.imencode(suffix, image)[1].tobytes()).shape[:2] == image.shape


def test_a_volume_that_unpacks_without_end_is_refused(tmp_path):
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(np.zeros(700_000_000, np.uint8).tobytes(), 1))
    write_csv(tmp_path / "manifest.csv", "case_id,image", "A,a.nii.gz")
    with pytest.raises(DatasetError):
        [case.decode() for case in folder(tmp_path, masks="files")]


@pytest.mark.parametrize(
    ("cell", "found"),
    [("a\0.png", "a zero byte in row 2"), ("[" * 400 + "a.png", "is no name of a file: it has 405 characters")],
)
def test_a_cell_that_no_disk_can_hold_is_one_line(tmp_path, cell, found):
    write_csv(tmp_path / "manifest.csv", "case_id,image", f"A,{cell}")
    with pytest.raises(DatasetError, match=found):
        list(folder(tmp_path))
