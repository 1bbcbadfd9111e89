"""Which kinds of files lie in a folder, in words: what a reader leaves out is counted, and what was found is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from editproof.datasets.folder.files import is_hidden

_ENDINGS: Final = (
    ".nii.gz", ".tar.gz", ".nii", ".mha", ".mhd", ".nrrd", ".mgz", ".dcm", ".dicom", ".dic", ".png", ".jpg", ".jpeg",
    ".jp2", ".jxl", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".heic", ".pgm", ".svs", ".npy", ".npz", ".h5", ".hdf5",
    ".mat", ".pkl", ".csv", ".tsv", ".parquet", ".xlsx", ".xls", ".ods", ".json", ".jsonl", ".xml", ".yaml", ".yml",
    ".txt", ".md", ".pdf", ".docx", ".zip", ".gz", ".tar", ".7z", ".rar", ".mp4", ".avi",
)  # fmt: skip
"""Endings that are named; any other may be part of a name, and with it of a patient's."""
TABLES: Final = (".csv", ".tsv", ".parquet", ".xlsx", ".xls", ".ods")
HEADLESS: Final = "DICOM without preamble"
_NAMED: Final = 5
"""Tables that a sentence names."""


def files_below(root: Path) -> Iterator[str]:
    """Path below a folder, with forward slashes, of every file in it that is not hidden; links are no files."""
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if not path.is_symlink() and path.is_file() and not is_hidden(name) and path.name != "DICOMDIR":
            yield name


def ending_of(name: str) -> str:
    """The ending of a file's name, in small letters, where it is a known one; else that it has none.

    Examples
    --------
    >>> ending_of("a/B.NII.GZ"), ending_of("scan.Smith")
    ('.nii.gz', 'no known ending')
    """
    last = PurePosixPath(name).name.lower()
    return next((ending for ending in _ENDINGS if last.endswith(ending)), "no known ending")


def is_headless(start: bytes) -> bool:
    """Whether a file begins as a DICOM data set does that lacks its preamble: with an element of group 2 or 8."""
    return start[:2] in (b"\x02\0", b"\x08\0") and start[3:4] == b"\0" and start[128:132] != b"DICM" and len(start) > 8


def kinds_in_words(kinds: Iterable[str]) -> str:
    """How many there are of each kind, most first.

    Examples
    --------
    >>> kinds_in_words([".jpg", ".bmp", ".jpg"])
    '.jpg 2, .bmp 1'
    """
    counts = Counter(kinds)
    return ", ".join(f"{kind} {n}" for kind, n in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def left_out(kinds: Collection[str]) -> list[str]:
    """A warning on files that a reader does not take.

    Examples
    --------
    >>> left_out([".jpg", ".bmp"])
    ['2 files of other kinds were left out: .bmp 1, .jpg 1.']
    """
    n = len(kinds)
    return [f"{n} file{'s' * (n != 1)} of other kinds {_was(n)} left out: {kinds_in_words(kinds)}."] if n else []


def unread(root: Path, read: Collection[str]) -> list[str]:
    """Warnings on the files below a folder that a table of images does not name: tables, by name, and all others.

    Parameters
    ----------
    root : pathlib.Path
    read : collection of str
        Paths below the folder of the table itself and of all files that it names.
    """
    others = [name for name in files_below(root) if name not in read]
    tables = [name for name in others if ending_of(name) in TABLES]
    rest = [ending_of(name) for name in others if name not in tables]
    notes = []
    if tables:
        named = ", ".join(tables[:_NAMED]) + (", ..." if len(tables) > _NAMED else "")
        notes.append(
            f"{len(tables)} table{'s' * (len(tables) != 1)} in the folder {_was(len(tables))} not read: {named}."
        )
    if rest:
        n = len(rest)
        notes.append(f"{n} file{'s' * (n != 1)} that no row names {_was(n)} left out: {kinds_in_words(rest)}.")
    return notes


def found_in(root: Path) -> str:
    """In words, after "no ... in it", what else lies in a folder: kinds of files, and whether below it; or nothing."""
    names = list(files_below(root)) if root.is_dir() else []
    if not names:
        return ""
    folders = sorted({str(PurePosixPath(name).parent) for name in names} - {"."})
    deep = f" in {len(folders)} folder{'s' * (len(folders) != 1)} below it" if folders else ""
    return f", but {len(names)} file{'s' * (len(names) != 1)}{deep}: {kinds_in_words(map(ending_of, names))}"


def _was(n: int) -> str:
    return "was" if n == 1 else "were"
