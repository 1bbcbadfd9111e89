"""Edits that were made elsewhere: a folder or zip of image files, one per case and repeat."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from editproof.core.separated import cells_of
from editproof.core.usage import Given, Usage, takes
from editproof.editors.adapter import Service
from editproof.errors import EditorError
from editproof.imaging import codec
from editproof.types import Editor, EditorCard, EditOutcome, EditRequest, EditStatus

LAYOUTS = (
    "{case}/{case}_cleaned_{number}{suffix}",
    "{case}/{number}{suffix}",
    "{case}_{number}{suffix}",
    "{case}{suffix}",
)
SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".webp")
MANIFEST = "manifest.csv"


@dataclass(frozen=True)
class Folder:
    """Looks an edit up by case id and 1-based repeat number; what is not there has failed, and is counted.

    Layouts known, first match counts: ``CASE/CASE_cleaned_N.png`` (as published with arXiv 2511.23066),
    ``CASE/N.png``, ``CASE_N.png``, and ``CASE.png`` for the first repeat. A ``manifest.csv`` with columns ``case``,
    ``repeat`` (from 1) and ``file`` goes before them all.
    """

    root: Path
    card: EditorCard
    files: frozenset[str] = field(repr=False)
    listed: Mapping[tuple[str, int], str] | None = field(default=None, repr=False)
    service: Service = field(
        default_factory=lambda: Service(precomputed=True, by_case=True, elsewhere=True), repr=False
    )

    def __call__(self, request: EditRequest) -> EditOutcome:
        """The file's pixels; a gray image saved as RGB is read back as gray."""
        number = request.repeat + 1
        name = self._file_of(request.case_id, number)
        if name is None:
            return EditOutcome.failure(EditStatus.FAILED, f"no file for case {request.case_id}, repeat {number}")
        raw = _content(self.root, name)
        pixels = codec.decoded_image(raw)
        if pixels is None:
            return EditOutcome.failure(EditStatus.MALFORMED, f"{name} does not decode as an image", file=name)
        return EditOutcome(EditStatus.OK, codec.gray(pixels), "", {"file": name}, raw)

    def _file_of(self, case: str, number: int) -> str | None:
        if self.listed is not None:
            name = self.listed.get((case, number))
            return name if name in self.files else None
        for layout in LAYOUTS if number == 1 else LAYOUTS[:-1]:
            for suffix in SUFFIXES:
                name = layout.format(case=case, number=number, suffix=suffix)
                if name in self.files:
                    return name
        return None


@takes(Usage("edits made elsewhere, in a folder or a zip", "PATH"))
def folder(given: Given) -> Editor:
    """Edits made elsewhere, from ``folder:PATH``, PATH a folder or a zip."""
    root, asked = Path(given.argument).expanduser(), given.asked
    zipped = root.is_file() and zipfile.is_zipfile(root)
    if not (root.is_dir() or zipped):
        raise EditorError(asked, "there is no such folder or zip", "Write --editor folder:PATH.")
    names = _names(root)
    files = sorted(name for name in names if Path(name).suffix.lower() in SUFFIXES)
    if not files:
        raise EditorError(asked, "it holds no image", f"Name files like {LAYOUTS[0]}, N from 1.")
    digest = hashlib.sha256()
    for name in [*files, *([MANIFEST] if MANIFEST in names else [])]:
        digest.update(name.encode() + b"\0" + hashlib.sha256(_content(root, name)).digest())
    listed = _listed(_content(root, MANIFEST), asked) if MANIFEST in names else None
    lacking = len(set(listed.values()) - set(files)) if listed is not None else 0
    card = EditorCard(
        f"folder:{root.name}",
        f"content {digest.hexdigest()[:16]}",
        f"{len(files)} precomputed edits" + (f"; {lacking} more are listed and not there" if lacking else ""),
        mask_semantics="unknown: the edits were made elsewhere",
        deterministic=False,
    )
    return Folder(root, card, frozenset(files), listed)


def _names(root: Path) -> list[str]:
    if root.is_dir():
        return [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    with zipfile.ZipFile(root) as archive:
        inside = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX")]
    return [name.removeprefix(_top(inside)) for name in inside]


def _content(root: Path, name: str) -> bytes:
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
        return {(row["case"], int(row["repeat"])): row["file"] for row in rows}
    except (KeyError, ValueError, TypeError) as error:
        advice = "Give it the columns case, repeat (from 1) and file."
        raise EditorError(asked, f"its {MANIFEST} cannot be read ({error!r})", advice) from error
