"""Files of a cohort, in a folder or in place in a zip."""

from __future__ import annotations

import hashlib
import lzma
import struct
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from editproof.core.pointers import check_content
from editproof.errors import DatasetError
from editproof.imaging.nifti import SUFFIXES as VOLUME_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE_SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg")
MOST_BYTES = 256 * 1024 * 1024
"""Bytes at most that are read from one file or zip member."""
_LONGEST_NAME = 200
"""Characters of a path below a cohort that is not there, from which it is taken for something else."""
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
        return bare_name(self.name)

    @property
    def suffix(self) -> str:
        """Suffix in lower case, with its dot; ``.nii.gz`` is one."""
        return suffix_of(self.name)

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
            content = _archive(self.root).read(self.name) if self.zipped else (self.root / self.name).read_bytes()
            return check_content(content, f"read {self}", DatasetError)
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


def suffix_of(name: str) -> str:
    """Suffix of a file name in lower case, with its dot.

    Examples
    --------
    >>> suffix_of("a/b.c.PNG"), suffix_of("a/b.c.nii.gz")
    ('.png', '.nii.gz')
    """
    path = PurePosixPath(name)
    double = "".join(path.suffixes[-2:]).lower()
    return double if double in VOLUME_SUFFIXES else path.suffix.lower()


def bare_name(name: str) -> str:
    """File name without folder and suffix.

    Examples
    --------
    >>> bare_name("a/b.c.PNG"), bare_name("a/b.c.nii.gz")
    ('b.c', 'b.c')
    """
    last = PurePosixPath(name).name
    return last[: len(last) - len(suffix_of(last))]


def entries(root: Path) -> list[Entry]:
    """Every CSV, zip, image and volume below a folder or in a zip, sorted by name; hidden files are left out."""
    wanted = (".csv", ".zip", *IMAGE_SUFFIXES, *VOLUME_SUFFIXES)
    if root.is_dir():
        paths = [path for path in root.rglob("*") if suffix_of(path.name) in wanted and path.is_file()]
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


def file_below(root: Path, cell: str, column: str, case_id: str, *, alias: str = "") -> Entry | None:
    """The file a cell names, below the folder; None for an empty cell. Errors call it by its alias, if it has one."""
    if not cell:
        return None
    name = PurePosixPath(cell.replace("\\", "/"))
    if not is_there(root / name) and len(cell) > _LONGEST_NAME:
        found = f"{alias or f'{cell[:40]}...'} is no name of a file: it has {len(cell)} characters"
        raise DatasetError(f"{column} of case {case_id}", found, "Look for a quotation mark without its partner.")
    target = (root / name).resolve()
    if not target.is_relative_to(root):
        found = f"{alias or cell} lies outside {root}"
        raise DatasetError(f"{column} of case {case_id}", found, "Name files below the folder.")
    if not target.is_file():
        advice = f"{_alike(target, alias)}Correct the {'table' if alias else 'manifest'}."
        raise DatasetError(f"{column} of case {case_id}", f"{alias or root / name} does not exist", advice)
    return Entry(root, name.as_posix(), zipped=False, alias=alias)


def is_there(path: Path) -> bool:
    """Whether a path is a file; one that no disk can hold is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _alike(target: Path, alias: str) -> str:
    """What errors say of a file that differs from a name in capitals alone, which some systems take for the same."""
    if alias or not target.parent.is_dir():
        return ""
    twins = [path.name for path in sorted(target.parent.iterdir()) if path.name.casefold() == target.name.casefold()]
    return f"There is {twins[0]}, which differs in capitals. " if twins else ""


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
