"""Which files below a folder are meant to be DICOM, and how many links there are, none of which is followed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from editproof.datasets.dicom.file import SUFFIXES, looks_like_dicom
from editproof.datasets.folder.files import Entry, is_hidden

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Listing:
    """DICOM files below a folder.

    Attributes
    ----------
    files : tuple of Entry
        In order of name; hidden files and ``DICOMDIR`` are not among them.
    links : int
        Symbolic links to DICOM files, to folders and to nothing. They are not followed, for they lead elsewhere.
    """

    files: tuple[Entry, ...]
    links: int

    def notes(self) -> list[str]:
        """A warning on links."""
        one, many = "1 link was not followed; copy the file.", f"{self.links} links were not followed; copy the files."
        return [one if self.links == 1 else many] if self.links else []


def listing_of(root: Path) -> Listing:
    """The DICOM files below a folder."""
    files, links = [], 0
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if is_hidden(name) or path.name == "DICOMDIR":
            continue
        if path.is_symlink():
            links += path.is_dir() or not path.exists() or _is_dicom(path)
        elif _is_dicom(path):
            files.append(Entry(root, name, zipped=False))
    return Listing(tuple(files), links)


def stem_of(name: str) -> str:
    """A file's name without folder, and without suffix where that is one of DICOM: UIDs hold dots of their own.

    Examples
    --------
    >>> stem_of("a/1.2.840.99.0"), stem_of("a/1.2.840.99.0.DCM")
    ('1.2.840.99.0', '1.2.840.99.0')
    """
    path = PurePosixPath(name)
    return path.stem if path.suffix.lower() in SUFFIXES else path.name


def _is_dicom(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return looks_like_dicom(path.suffix.lower(), file.read(132))
