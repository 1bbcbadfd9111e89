"""Edits that were made elsewhere: a folder of image files, one per case and repeat."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from harness.errors import EditorError
from harness.types import Editor, EditorCard, EditOutcome, EditRequest, EditStatus

LAYOUTS = (
    "{case}/{case}_cleaned_{number}{suffix}",
    "{case}/{number}{suffix}",
    "{case}_{number}{suffix}",
    "{case}{suffix}",
)
SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg")


@dataclass(frozen=True)
class Folder:
    """Looks an edit up by case id and 1-based repeat number; what is not there has failed, and is counted.

    Layouts known, first match counts: ``CASE/CASE_cleaned_N.png`` (as published with arXiv 2511.23066),
    ``CASE/N.png``, ``CASE_N.png``, and ``CASE.png`` for the first repeat.
    """

    root: Path
    card: EditorCard
    files: frozenset[str] = field(repr=False)

    def __call__(self, request: EditRequest) -> EditOutcome:
        """The file's pixels; a gray image saved as RGB is read back as gray."""
        name = self._file_of(request.case_id, request.repeat + 1)
        if name is None:
            return EditOutcome.failure(
                EditStatus.FAILED, f"no file for case {request.case_id}, repeat {request.repeat + 1}"
            )
        pixels = cv2.imdecode(np.fromfile(self.root / name, np.uint8), cv2.IMREAD_UNCHANGED)
        if pixels is None:
            return EditOutcome.failure(EditStatus.MALFORMED, f"{name} does not decode as an image", file=name)
        if pixels.ndim == 3:
            colour = pixels[..., :3]
            pixels = colour[..., 0] if (colour == colour[..., :1]).all() else cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY)
        return EditOutcome.ok(np.ascontiguousarray(pixels), file=name)

    def _file_of(self, case: str, number: int) -> str | None:
        for layout in LAYOUTS if number == 1 else LAYOUTS[:-1]:
            for suffix in SUFFIXES:
                name = layout.format(case=case, number=number, suffix=suffix)
                if name in self.files:
                    return name
        return None


def folder(argument: str = "") -> Editor:
    """Edits made elsewhere, from ``folder:PATH``."""
    root = Path(argument).expanduser()
    asked = f"--editor folder:{argument}"
    if not argument or not root.is_dir():
        raise EditorError(asked, "there is no such folder", "Write --editor folder:PATH.")
    files = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not files:
        raise EditorError(asked, "the folder holds no image", f"Name files like {LAYOUTS[0]}, N from 1.")
    digest = hashlib.sha256()
    for name in files:
        digest.update(name.encode() + b"\0" + hashlib.sha256((root / name).read_bytes()).digest())
    card = EditorCard(
        f"folder:{root.name}",
        f"content {digest.hexdigest()[:16]}",
        f"{len(files)} precomputed edits",
        mask_semantics="unknown: the edits were made elsewhere",
        deterministic=False,
    )
    return Folder(root, card, frozenset(files))
