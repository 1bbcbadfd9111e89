"""Files of a cohort, in a folder or in place in a zip; and gray images out of their bytes."""

from __future__ import annotations

import hashlib
import io
import lzma
import struct
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from editproof.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from editproof.types import Image, Mask

IMAGE_SUFFIXES = (".png", ".tif", ".tiff")
_PHOTOMETRIC = 262
"""Tag of a TIFF that says whether 0 is black (1) or white (0)."""
MOST_PIXELS = 64_000_000
"""Decoded pixels at most: eight times the largest RSNA original; a larger header is taken for a zip bomb."""
MOST_BYTES = 256 * 1024 * 1024
"""Bytes at most that are read from one file or zip member."""
_UNREADABLE = (
    OSError,
    KeyError,
    RuntimeError,
    ValueError,
    EOFError,
    MemoryError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)
"""What a file that is not there raises, and a damaged member of a zip, in one kind of compression or another."""


@dataclass(frozen=True)
class Entry:
    """One file of a cohort: a file on disk, or a member of a zip that is read in place.

    Attributes
    ----------
    root : pathlib.Path
        The folder, or the zip file.
    name : str
        Path below the root, with forward slashes.
    zipped : bool
    alias : str
        What errors call it instead of its path, where that may identify a patient.
    """

    root: Path
    name: str
    zipped: bool
    alias: str = ""

    @property
    def stem(self) -> str:
        """File name without folder and suffix."""
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        """Suffix in lower case, with its dot."""
        return PurePosixPath(self.name).suffix.lower()

    def __str__(self) -> str:
        return self.alias or f"{self.root}{'!' if self.zipped else '/'}{self.name}"

    def size(self) -> int:
        """Bytes, uncompressed."""
        if self.zipped:
            return _archive(self.root).getinfo(self.name).file_size
        return (self.root / self.name).stat().st_size

    def read(self, most: int = MOST_BYTES) -> bytes:
        """The bytes; a DatasetError where they are more than ``most`` or cannot be read."""
        try:
            if (size := self.size()) > most:
                raise DatasetError(f"read {self}", f"{size} bytes, more than {most}", "Leave the file out.")
            return _archive(self.root).read(self.name) if self.zipped else (self.root / self.name).read_bytes()
        except _UNREADABLE as error:
            words = (error.strerror if isinstance(error, OSError) else str(error)) or str(error) or type(error).__name__
            raise DatasetError(f"read {self}", words, "Copy the file again.") from error

    def digest(self) -> str:
        """What identifies the content, sha256 (hex).

        Of the bytes of a file on disk; of CRC-32 and size in the directory of a zip, so that a cohort of thousands
        is identified without being read.
        """
        if not self.zipped:
            return hashlib.sha256(self.read()).hexdigest()
        info = _archive(self.root).getinfo(self.name)
        return hashlib.sha256(f"crc32:{info.CRC:08x}:{info.file_size}".encode()).hexdigest()


def entries(root: Path) -> list[Entry]:
    """Every CSV, zip and image below a folder or in a zip, sorted by name; hidden files are left out."""
    wanted = (".csv", ".zip", *IMAGE_SUFFIXES)
    if root.is_dir():
        paths = [path for path in root.rglob("*") if path.suffix.lower() in wanted and path.is_file()]
        names = [path.relative_to(root).as_posix() for path in paths]
    else:
        names = _archive(root).namelist()
    found = [Entry(root, name, zipped=not root.is_dir()) for name in sorted(names)]
    return [e for e in found if e.suffix in wanted and not is_hidden(e.name)]


def is_hidden(name: str) -> bool:
    """Whether a path below a cohort's folder is hidden, as resource forks (``._a.png``, ``__MACOSX``) are."""
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def existing(path: str | Path, asked: str) -> Path:
    """The path, made absolute, or a DatasetError where nothing is there."""
    there = Path(path).expanduser()
    if not there.exists():
        raise DatasetError(asked, f"{there} does not exist", "Check the path; it is relative to the current folder.")
    return there.resolve()


def header_checked(entry: Entry, case_id: str) -> tuple[int, int]:
    """Height and width by the header alone; a DatasetError if it is not an image or declares too many pixels."""
    return _header(entry, entry.read(), case_id)


def gray_image(entry: Entry, case_id: str) -> Image:
    """The decoded image, bit depth as stored.

    Parameters
    ----------
    entry : Entry
        A PNG or TIFF of 8 or 16 bit; one channel, or colour channels that are all equal.
    case_id : str
        Named in errors.

    Returns
    -------
    ndarray of uint8 or uint16, shape (H, W)
        Contiguous.

    Raises
    ------
    DatasetError
        Where it does not decode, is in colour or transparent, of another depth, or too large.
    """
    data = entry.read()
    _header(entry, data, case_id)
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise DatasetError(f"decode case {case_id}", f"{entry} is damaged", "Copy the file again, or leave it out.")
    if image.dtype not in (np.uint8, np.uint16):
        advice = "Store it with 8 or 16 bits per pixel, without clipping."
        raise DatasetError(f"decode case {case_id}", f"{entry} holds {image.dtype} pixels", advice)
    if image.ndim == 3:
        opaque = image.shape[2] < 4 or int(image[..., 3].min()) == (255 if image.dtype == np.uint8 else 65535)
        colours = image[..., :3]
        if not opaque or np.any(colours != colours[..., :1]):
            found = f"{entry} is in colour" if opaque else f"{entry} is transparent in places"
            raise DatasetError(f"decode case {case_id}", found, "Store radiographs as one gray channel.")
        image = image[..., 0]
    return np.ascontiguousarray(image)


def mask_image(entry: Entry, shape: tuple[int, ...], case_id: str) -> Mask:
    """A mask from a file: True wherever a pixel is not zero; a DatasetError where its size is not the image's."""
    mask = gray_image(entry, case_id) > 0
    if mask.shape != shape:
        asked = f"a mask of {shape[0]}x{shape[1]} for case {case_id}"
        raise DatasetError(asked, f"{entry} is {mask.shape[0]}x{mask.shape[1]}", "Draw it at the image's size.")
    return mask


def _header(entry: Entry, data: bytes, case_id: str) -> tuple[int, int]:
    asked, advice = f"decode case {case_id}", "Store it as PNG or TIFF, or leave the case out."
    try:
        with warnings.catch_warnings(), Pillow.open(io.BytesIO(data), formats=("PNG", "TIFF")) as image:
            warnings.simplefilter("ignore")
            width, height = image.size
            pages, white_is_zero = getattr(image, "n_frames", 1), getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == 0
            see_through = image.mode != "P" and "transparency" in image.info
    except UnidentifiedImageError as error:
        raise DatasetError(asked, f"{entry} is not a PNG or TIFF", advice) from error
    except Pillow.DecompressionBombError as error:
        raise DatasetError(asked, f"{entry}: {str(error)[:120]}", advice) from error
    except (OSError, ValueError, SyntaxError, TypeError, KeyError, OverflowError, struct.error) as error:
        raise DatasetError(asked, f"{entry} is damaged ({type(error).__name__})", advice) from error
    if width * height > MOST_PIXELS:
        found = f"{entry} claims {height}x{width} pixels, more than {MOST_PIXELS}"
        raise DatasetError(asked, found, "Leave it out: it is not a radiograph.")
    if pages > 1 or white_is_zero:
        found = (
            f"{entry} holds {pages} pages" if pages > 1 else f"in {entry} 0 is white, which decoders read either way"
        )
        raise DatasetError(asked, found, "Store one page in which 0 is black, or as PNG.")
    if see_through:
        found = f"{entry} is transparent where it has one gray level (tRNS)"
        raise DatasetError(asked, found, "Store radiographs as one gray channel.")
    return height, width


@lru_cache(maxsize=16)
def _archive(path: Path) -> zipfile.ZipFile:
    """An open zip, one per process: its directory is read once."""
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise DatasetError(
            f"open {path}", f"it is not a zip ({error})", "Name a folder, a CSV or an intact zip."
        ) from error


def grouped_by_stem(found: list[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    """Images by case id (file name without suffix)."""
    groups: dict[str, list[Entry]] = {}
    for entry in found:
        if entry.suffix in IMAGE_SUFFIXES:
            groups.setdefault(entry.stem, []).append(entry)
    yield from groups.items()
