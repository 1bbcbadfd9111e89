"""Which files below a folder are meant to be DICOM, and how many links there are, none of which is followed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from editproof.datasets.dicom.file import SUFFIXES, looks_like_dicom
from editproof.datasets.folder.files import Entry, is_hidden
from editproof.datasets.kinds import HEADLESS, ending_of, is_headless

if TYPE_CHECKING:
    from collections.abc import Mapping
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
    others : mapping of str to str
        Kind of every other file, by its path below the folder. The path may identify a patient.
    """

    files: tuple[Entry, ...]
    links: int
    others: Mapping[str, str] = field(default_factory=dict, repr=False)

    def notes(self) -> list[str]:
        """A warning on links."""
        one, many = "1 link was not followed; copy the file.", f"{self.links} links were not followed; copy the files."
        return [one if self.links == 1 else many] if self.links else []


def listing_of(root: Path) -> Listing:
    """The DICOM files below a folder."""
    files, links = [], 0
    others: dict[str, str] = {}
    for path in sorted(root.rglob("*"), key=lambda path: path.as_posix()):
        name = path.relative_to(root).as_posix()
        if is_hidden(name) or path.name == "DICOMDIR":
            continue
        if path.is_symlink():
            links += path.is_dir() or not path.exists() or _is_dicom(path)
        elif _is_dicom(path):
            files.append(Entry(root, name, zipped=False))
        elif path.is_file():
            others[name] = HEADLESS if is_headless(_start(path)) else ending_of(name)
    return Listing(tuple(files), links, others)


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
    return path.is_file() and looks_like_dicom(path.suffix.lower(), _start(path))


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(132)
