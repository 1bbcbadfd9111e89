"""Reference masks of a folder: which files show a structure of which case, and what of them belongs to no case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from editproof.core.usage import Kind, Option
from editproof.datasets.folder.files import IMAGE_SUFFIXES, Entry, entries
from editproof.datasets.folder.images import gray_image, header_checked, mask_image
from editproof.datasets.masks.parts import mask_below
from editproof.errors import DatasetError
from editproof.imaging.nifti import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from editproof.types import Mask

STRUCTURES = "structures"
"""A folder below the cohort's with a folder for each structure, whose files are its masks, named as the images are."""
LABEL_MAP = "label_map"
"""The column that names the label map of a case; without it, the file of the image's name in ``label_maps/`` is it."""
NOT_IMAGES = (STRUCTURES, f"{LABEL_MAP}s")
"""Folders in which no image of a case is looked for."""
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
    labels : mapping of int to str
        Structure by label of label maps, as the cohort's specification declares them.
    maps : mapping of str to str
        Path of each label map below ``label_maps/`` by name without suffix.
    alias : str
        How errors call a file whose name may be a patient's; empty where they name it.
    taken : dict
        Case by structure and path of a mask, as cases are met.
    """

    root: Path
    columns: Mapping[str, str]
    beside: Mapping[str, Mapping[str, str]]
    labels: Mapping[int, str] = field(default_factory=dict)
    maps: Mapping[str, str] = field(default_factory=dict)
    alias: str = ""
    taken: dict[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def below(cls, root: Path, columns: Sequence[str], labels: Mapping[int, str]) -> StructureFiles:
        """The masks that lie below ``structures/`` and ``label_maps/``, and the columns that name others.

        Raises
        ------
        DatasetError
            Where a column names no structure, or a structure has two files of one name.
        """
        named = named_in(columns, str(root))
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
        there = entries(root / f"{LABEL_MAP}s") if (root / f"{LABEL_MAP}s").is_dir() else []
        maps = {entry.stem: f"{LABEL_MAP}s/{entry.name}" for entry in there if "/" not in entry.name}
        return cls(root, named, beside, labels, maps)

    @property
    def names(self) -> tuple[str, ...]:
        """All structures."""
        return tuple(sorted({*self.columns.values(), *self.beside}))

    @property
    def read(self) -> set[str]:
        """Paths of all masks that cases have, below the root."""
        return {path for _, path in self.taken}

    def of(self, line: Mapping[str, str], image: Entry, case_id: str) -> CaseStructures:
        """The masks that a case has: what its row names, else the files of the image's name.

        Raises
        ------
        DatasetError
            Where a file is not there, or is another case's too; where a structure has two, or labels no names.
        """
        cells = {name: line.get(column, "") for column, name in self.columns.items()}
        found = {}
        for name in self.names:
            asked = f"the mask of {name}"
            cell = cells.get(name, "") or self.beside.get(name, {}).get(image.stem, "")
            if entry := self._taken(cell, name, asked, case_id, f"{COLUMN}{name}"):
                found[name] = entry
        cell = line.get(LABEL_MAP, "") or self.maps.get(image.stem, "")
        labels = self._taken(cell, LABEL_MAP, "the label map", case_id, LABEL_MAP)
        if labels and not self.labels:
            advice = "Say what labels mean: folder:PATH?labels=1:carpals,2:finger bones."
            raise DatasetError(f"the label map of case {case_id}", "no label has a name", advice)
        if labels and (twice := sorted(set(found) & set(self.labels.values()))):
            held = f"{found[twice[0]]} and {labels} both show it"
            raise DatasetError(f"{twice[0]} of case {case_id}", held, "Leave one of them.")
        return CaseStructures(found, labels, self.labels if labels else {})

    def _taken(self, cell: str, name: str, asked: str, case_id: str, column: str) -> Entry | None:
        entry = mask_below(self.root, cell, asked, case_id, alias=self.alias)
        if entry and (other := self.taken.setdefault((name, entry.name), case_id)) != case_id:
            advice = f"Name a file for each in a column {column}."
            raise DatasetError(f"{asked} of case {case_id}", f"{entry} is that of case {other}", advice)
        return entry

    def notes(self, n_cases: int) -> Iterator[str]:
        """Warnings: of how many cases there is a mask of a structure, and how many masks belong to no case."""
        for name in self.names:
            own = {path for structure, path in self.taken if structure == name}
            if len(own) < n_cases:
                yield f"{len(own)} of {n_cases} cases have a reference mask of {name}."
            if n := len(set(self.beside.get(name, {}).values()) - own):
                masks, belong = ("mask", "belongs") if n == 1 else ("masks", "belong")
                yield f"{n} reference {masks} of {name} in {STRUCTURES}/ {belong} to no case."


def named_in(columns: Sequence[str], table: str) -> dict[str, str]:
    """Structure by the columns of a table that name masks.

    Raises
    ------
    DatasetError
        Where a column names no structure.
    """
    named = {column: column.removeprefix(COLUMN).strip() for column in columns if column.startswith(COLUMN)}
    if "" in named.values():
        found = f"a column {COLUMN!r} without a structure"
        raise DatasetError(f"the cohort {table}", found, f"Write {COLUMN}carpals.")
    return named


def labels_in(written: str) -> dict[int, str]:
    """What labels mean, as a specification says it.

    Raises
    ------
    ValueError
        Where it is no list of labels from 1 on, each with a name, none twice.

    Examples
    --------
    >>> labels_in("1:carpals,2:finger bones")
    {1: 'carpals', 2: 'finger bones'}
    """
    pairs = [part.partition(":") for part in written.split(",")]
    found = {int(label): name.strip() for label, _, name in pairs}
    if len(set(found.values()) - {""}) < len(pairs) or min(found) < 1:
        raise ValueError(written)
    return found


LABELS = Option("labels", "what the labels of label maps mean", Kind("1:carpals,2:finger bones", labels_in))


@dataclass(frozen=True)
class CaseStructures:
    """The masks of one case: a file of two levels for a structure, or a label map that holds several.

    Attributes
    ----------
    masks : mapping of str to Entry
    label_map : Entry, optional
    labels : mapping of int to str
        Structure by label of the label map; 0 is none.
    """

    masks: Mapping[str, Entry]
    label_map: Entry | None = None
    labels: Mapping[int, str] = field(default_factory=dict)

    @property
    def digests(self) -> list[str]:
        """What identifies the masks, for the digest of the case; nothing where it has none."""
        found = [f"structure:{name}:{entry.digest()}" for name, entry in sorted(self.masks.items())]
        if self.label_map:
            names = ",".join(f"{label}:{name}" for label, name in sorted(self.labels.items()))
            found.append(f"label_map:{names}:{self.label_map.digest()}")
        return found

    def of_volume(self, case_id: str) -> Mapping[str, Entry]:
        """The files of a case that is a volume, of which no label map is read."""
        if self.label_map:
            advice = f"Give each structure a file in {STRUCTURES}/."
            raise DatasetError(f"the label map of case {case_id}", "its image is a volume", advice)
        return self.masks

    def check_sizes(self, size: tuple[int, int], case_id: str, turned: set[str]) -> None:
        """Refuse a file whose header says another size than the image's; those with an orientation tag are noted."""
        files = {f"mask of {name}": entry for name, entry in self.masks.items()}
        if self.label_map:
            files["label map"] = self.label_map
        for what, entry in files.items():
            header = header_checked(entry, case_id, mask=True)
            if header.orientation != 1:
                turned.add(entry.name)
            if header.size != size:
                found = f"{entry} is {header.size[0]}x{header.size[1]}, the image {size[0]}x{size[1]}"
                raise DatasetError(f"the {what} of case {case_id}", found, "Draw it at the image's size.")

    def planes(self, shape: tuple[int, ...], case_id: str) -> dict[str, Mask]:
        """The mask of each structure, of an image's shape.

        Raises
        ------
        DatasetError
            Where a file is damaged, or has other levels than it may have.
        """
        found = {name: mask_image(entry, shape, case_id) for name, entry in self.masks.items()}
        if self.label_map is None:
            return found
        levels = gray_image(self.label_map, case_id, mask=True)
        if strange := sorted(set(np.unique(levels).tolist()) - {0, *self.labels}):
            known = ", ".join(f"{label} is {name}" for label, name in sorted(self.labels.items()))
            held = f"{self.label_map} has the label {strange[0]}"
            raise DatasetError(f"the label map of case {case_id}", held, f"The cohort says that {known}; name all.")
        return found | {name: np.asarray(levels == label) for label, name in self.labels.items()}
