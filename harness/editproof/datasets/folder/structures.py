"""Reference masks of a folder: which files show a structure of which case, and what of them belongs to no case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from editproof.datasets.folder.files import IMAGE_SUFFIXES, Entry, entries, file_below
from editproof.datasets.folder.images import header_checked
from editproof.errors import DatasetError
from editproof.imaging.nifti import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STRUCTURES = "structures"
"""A folder below the cohort's with a folder for each structure, whose files are its masks, named as the images are."""
COLUMN = "structure:"
"""How a column of a manifest begins that names the mask of a structure: ``structure:carpals``."""


@dataclass(frozen=True)
class StructureFiles:
    """Every mask of a structure that a folder brings.

    Attributes
    ----------
    root : Path
    columns : mapping of str to str
        Structure by column of the manifest.
    beside : mapping of str to mapping
        Of each structure with a folder below ``structures/``: path below the root by name without suffix.
    taken : dict
        Case by structure and path of a mask, as cases are met.
    """

    root: Path
    columns: Mapping[str, str]
    beside: Mapping[str, Mapping[str, str]]
    taken: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """All structures."""
        return tuple(sorted({*self.columns.values(), *self.beside}))

    def of(self, line: Mapping[str, str], image: Entry, case_id: str) -> dict[str, Entry]:
        """The mask of each structure that a case has one of: what its row names, else the file of the image's name.

        Raises
        ------
        DatasetError
            Where a file is not there, or is another case's too.
        """
        cells = {name: line.get(column, "") for column, name in self.columns.items()}
        found = {}
        for name in self.names:
            asked = f"the mask of {name}"
            cell = cells.get(name, "") or self.beside.get(name, {}).get(image.stem, "")
            entry = file_below(self.root, cell, asked, case_id)
            if entry is None:
                continue
            if (other := self.taken.setdefault((name, entry.name), case_id)) != case_id:
                advice = f"Name a file for each in a column {COLUMN}{name}."
                raise DatasetError(f"{asked} of case {case_id}", f"{entry} is that of case {other}", advice)
            found[name] = entry
        return found

    def notes(self, n_cases: int) -> Iterator[str]:
        """Warnings: of how many cases there is a mask of a structure, and how many masks belong to no case."""
        for name in self.names:
            own = {path for structure, path in self.taken if structure == name}
            if len(own) < n_cases:
                yield f"{len(own)} of {n_cases} cases have a reference mask of {name}."
            if n := len(set(self.beside.get(name, {}).values()) - own):
                masks, belong = ("mask", "belongs") if n == 1 else ("masks", "belong")
                yield f"{n} reference {masks} of {name} in {STRUCTURES}/ {belong} to no case."


def structure_files(root: Path, columns: Sequence[str]) -> StructureFiles:
    """The masks that lie below ``structures/``, and the columns that name others.

    Raises
    ------
    DatasetError
        Where a column names no structure, or a structure has two files of one name.
    """
    named = {column: column.removeprefix(COLUMN).strip() for column in columns if column.startswith(COLUMN)}
    if "" in named.values():
        raise DatasetError(f"the cohort {root}", f"a column {COLUMN!r} without a structure", f"Write {COLUMN}carpals.")
    beside: dict[str, dict[str, str]] = {}
    folder = root / STRUCTURES
    for entry in entries(folder) if folder.is_dir() else ():
        parts = PurePosixPath(entry.name).parts
        if len(parts) != 2 or entry.suffix not in (*IMAGE_SUFFIXES, *SUFFIXES):
            continue
        masks, path = beside.setdefault(parts[0], {}), f"{STRUCTURES}/{entry.name}"
        if (other := masks.setdefault(entry.stem, path)) != path:
            found = f"both {other} and {path}"
            raise DatasetError(f"the mask of {parts[0]} of image {entry.stem}", found, "Leave one of them.")
    return StructureFiles(root, named, beside)


def check_structure_sizes(
    files: Mapping[str, Entry], size: tuple[int, int], case_id: str, turned: set[str]
) -> list[str]:
    """What identifies the masks of a case, for its digest, once their headers say that they have the image's size.

    Raises
    ------
    DatasetError
    """
    for name, entry in files.items():
        header = header_checked(entry, case_id, mask=True)
        if header.orientation != 1:
            turned.add(entry.name)
        if header.size != size:
            found = f"{entry} is {header.size[0]}x{header.size[1]}, the image {size[0]}x{size[1]}"
            raise DatasetError(f"the mask of {name} of case {case_id}", found, "Draw it at the image's size.")
    return structure_digests(files)


def structure_digests(files: Mapping[str, Entry]) -> list[str]:
    """What identifies the masks of a case, for its digest; nothing where it has none."""
    return [f"structure:{name}:{entry.digest()}" for name, entry in sorted(files.items())]
