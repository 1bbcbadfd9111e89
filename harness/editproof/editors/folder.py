"""Edits that were made elsewhere: a folder or zip of image files, one per case and repeat."""

from __future__ import annotations

import hashlib
import unicodedata
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from editproof.core.extras import need
from editproof.core.pointers import check_content
from editproof.core.separated import cells_of
from editproof.core.usage import Given, Usage, takes
from editproof.editors import volumes
from editproof.editors.adapter import Service
from editproof.errors import EditorError
from editproof.imaging import codec, nifti
from editproof.imaging.axes import YX, YXC, ZYX, axes_of
from editproof.types import Editor, EditorCard, EditOutcome, EditRequest, EditStatus

LAYOUTS = (
    "{case}/{case}_cleaned_{number}{suffix}",
    "{case}/{number}{suffix}",
    "{case}_{number}{suffix}",
    "{case}{suffix}",
)
SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".webp", *nifti.SUFFIXES)
MANIFEST = "manifest.csv"
_NUMBERS = 10
"""Repeats, from 1, by whose files a folder is known to be one of a cohort's."""


@dataclass(frozen=True)
class Folder:
    """Looks an edit up by case id and 1-based repeat number; what is not there has failed, and is counted.

    Layouts known, first match counts: ``CASE/CASE_cleaned_N.png`` (as published with arXiv 2511.23066),
    ``CASE/N.png``, ``CASE_N.png``, and ``CASE.png`` for the first repeat. A ``manifest.csv`` with columns ``case``,
    ``repeat`` (from 1) and ``file`` goes before them all. Edits of volumes are NIfTI files, in any orientation.
    """

    root: Path
    card: EditorCard
    files: Mapping[str, str] = field(repr=False)
    """Names of files by their :func:`_plain` form."""
    listed: Mapping[tuple[str, int], str] | None = field(default=None, repr=False)
    service: Service = field(
        default_factory=lambda: Service(precomputed=True, by_case=True, elsewhere=True, axes=(YX, YXC, ZYX)), repr=False
    )

    def __call__(self, request: EditRequest) -> EditOutcome:
        """The file's pixels, gray or in colour as the original is; a gray image saved as RGB is read back as gray."""
        number = request.repeat + 1
        name = self._file_of(request.case_id, number)
        if name is None:
            return EditOutcome.failure(EditStatus.FAILED, f"no file for case {request.case_id}, repeat {number}")
        raw = _content(self.root, name)
        if axes_of(request.image.shape) == ZYX:
            found = volumes.returned_volume(raw, request, placed=False)
            return EditOutcome(found.status, found.image, found.message, {**found.provenance, "file": name}, raw)
        pixels = codec.decoded_image(raw)
        if pixels is None:
            return EditOutcome.failure(EditStatus.MALFORMED, f"{name} does not decode as an image", file=name)
        return EditOutcome(EditStatus.OK, codec.as_kind_of(request.image, pixels), "", {"file": name}, raw)

    def check_cases(self, cases: Sequence[str]) -> None:
        """Refuse a folder none of whose files is an edit of any case: each edit would have failed without a word.

        Raises
        ------
        EditorError
        """
        if any(self._file_of(case, number) for case in cases for number in range(1, _NUMBERS)):
            return
        found = f"none of its {len(self.files)} files is an edit of any of {len(cases)} cases"
        expected = LAYOUTS[0].format(case=cases[0], number=1, suffix=".png")
        seen = sorted(self.files.values())[0] if self.listed is None else str(next(iter(self.listed), "no case"))
        which = f"{MANIFEST} lists {seen}" if self.listed is not None else f"found {seen}"
        advice = f"Name files by the cases of the cohort, or list them in {MANIFEST} (case, repeat, file)."
        raise EditorError(f"editor {self.card.name}", f"{found}: expected e.g. {expected}, {which}", advice)

    def _file_of(self, case: str, number: int) -> str | None:
        if self.listed is not None:
            name = self.listed.get((_plain(case), number))
            return None if name is None else self.files.get(_plain(name))
        for layout in LAYOUTS if number == 1 else LAYOUTS[:-1]:
            for suffix in SUFFIXES:
                name = _plain(layout.format(case=case, number=number, suffix=suffix))
                if name in self.files:
                    return self.files[name]
        return None


@takes(Usage("edits made elsewhere, in a folder or a zip", "PATH"))
def folder(given: Given) -> Editor:
    """Edits made elsewhere, from ``folder:PATH``, PATH a folder or a zip."""
    root, asked = Path(given.argument).expanduser(), given.asked
    zipped = root.is_file() and zipfile.is_zipfile(root)
    if not (root.is_dir() or zipped):
        raise EditorError(asked, "there is no such folder or zip", "Write --editor folder:PATH.")
    names = _names(root)
    files = sorted(name for name in names if name.lower().endswith(SUFFIXES))
    if any(name.lower().endswith(nifti.SUFFIXES) for name in files):
        need("volumes", asked, EditorError)
    if not files:
        raise EditorError(asked, "it holds no image", f"Name files like {LAYOUTS[0]}, N from 1.")
    digest = hashlib.sha256()
    for name in [*sorted(files, key=_plain), *([MANIFEST] if MANIFEST in names else [])]:
        digest.update(_plain(name).encode() + b"\0" + hashlib.sha256(_content(root, name)).digest())
    listed = _listed(_content(root, MANIFEST), asked) if MANIFEST in names else None
    known = {_plain(name): name for name in files}
    if len(known) < len(files):
        twice = next(name for name in files if known[_plain(name)] != name)
        found = (
            f"{twice} and {known[_plain(twice)]} differ in the case of their ending or in the form of a letter alone"
        )
        raise EditorError(asked, found, "Keep one of them.")
    lacking = sum(_plain(name) not in known for name in set(listed.values())) if listed is not None else 0
    card = EditorCard(
        f"folder:{root.name}",
        f"content {digest.hexdigest()[:16]}",
        f"{len(files)} precomputed edits" + (f"; {lacking} more are listed and not there" if lacking else ""),
        mask_semantics="unknown: the edits were made elsewhere",
        deterministic=False,
    )
    return Folder(root, card, known, listed)


def _plain(name: str) -> str:
    """A name as it is compared: letters in the one form, as disks differ in it, the ending in small ones."""
    composed = unicodedata.normalize("NFC", name)
    stem, dot, suffix = composed.rpartition(".")
    if composed.lower().endswith(nifti.SUFFIXES[1]):
        return composed[: -len(nifti.SUFFIXES[1])] + nifti.SUFFIXES[1]
    return f"{stem}.{suffix.lower()}" if dot and f".{suffix.lower()}" in SUFFIXES else composed


def _names(root: Path) -> list[str]:
    if root.is_dir():
        return [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    with zipfile.ZipFile(root) as archive:
        inside = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX")]
    return [name.removeprefix(_top(inside)) for name in inside]


def _content(root: Path, name: str) -> bytes:
    return check_content(_bytes(root, name), f"edit {name} in {root.name}", EditorError)


def _bytes(root: Path, name: str) -> bytes:
    if root.is_dir():
        return (root / name).read_bytes()
    with zipfile.ZipFile(root) as archive:
        for member in (name, _top(archive.namelist()) + name):
            if member in archive.NameToInfo:
                return archive.read(member)
    raise FileNotFoundError(name)


def _top(names: Iterable[str]) -> str:
    """The one folder that a zip was made of, where its name is not that of a case's own edits."""
    heads = {name.partition("/")[0] for name in names if not name.startswith("__MACOSX")}
    nested = any(name.count("/") > 1 for name in names) or any(name.partition("/")[2] == MANIFEST for name in names)
    return f"{heads.pop()}/" if len(heads) == 1 and nested else ""


def _listed(content: bytes, asked: str) -> dict[tuple[str, int], str]:
    try:
        header, *lines = [line for line in cells_of(content.decode("utf-8-sig")) if any(line)]
        rows = [dict(zip(header, line, strict=False)) for line in lines]
        return {(_plain(row["case"]), int(row["repeat"])): row["file"] for row in rows}
    except (KeyError, ValueError, TypeError) as error:
        advice = "Give it the columns case, repeat (from 1) and file."
        raise EditorError(asked, f"its {MANIFEST} cannot be read ({error!r})", advice) from error
