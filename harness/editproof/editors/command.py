"""A tool on the command line: ``cmd:"tool --in {image} --mask {mask} --prompt {prompt} --out {output}"``."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from editproof.core.extras import need
from editproof.core.nearest import nearest
from editproof.core.numbers import brief
from editproof.core.processes import end_programs_on_signals, program_at_work
from editproof.core.redaction import redacted
from editproof.core.usage import SECONDS, YES_NO, Given, Option, Usage, one_of, takes, whole
from editproof.editors import volumes
from editproof.editors.adapter import Service
from editproof.editors.programs import check_starts, files_digest, is_file
from editproof.errors import EditorError
from editproof.imaging import codec, dicom, geometry
from editproof.imaging.axes import YX, YXC, ZYX, axes_of
from editproof.imaging.nifti import nifti_bytes
from editproof.types import JSON, Editor, EditorCard, EditOutcome, EditRequest, EditStatus

PLACES = ("image", "mask", "prompt", "seed", "output")
TAIL = 2000
"""Characters of the error stream that are kept, from its end."""


@dataclass(frozen=True)
class Command:
    """Runs a program once an edit, without a shell, in an empty folder of its own.

    Attributes
    ----------
    words : tuple of str
        The command, with places to fill in: ``{image}`` and ``{mask}`` (PNG to read), ``{output}`` (PNG to write),
        ``{prompt}`` and ``{seed}``. File names say nothing about the case. Of volumes the files are NIfTI. In DICOM,
        an image is one file, and a volume a folder with a file for each slice.
    timeout_s : float
        After so many seconds the program and all its children are killed.
    """

    card: EditorCard
    words: tuple[str, ...]
    timeout_s: float
    polarity: str
    rgb: bool
    service: Service
    in_dicom: bool = False

    def __call__(self, request: EditRequest) -> EditOutcome:
        """What the program wrote to ``{output}``; its exit code and error stream are kept."""
        with tempfile.TemporaryDirectory(prefix="edit-") as name:
            folder = Path(name)
            if axes_of(request.image.shape) == ZYX:
                return (self._series if self.in_dicom else self._volume)(request, folder)
            parcel = codec.parcel_of(request, geometry.unchanged, sixteen=True)
            image, mask = codec.png(parcel.image, rgb=self.rgb), codec.mask_png(parcel.mask, self.polarity)
            if self.in_dicom:
                image = dicom.radiograph_bytes(parcel.image, request.spacing_mm)
                white = parcel.mask if self.polarity == codec.WHITE else ~parcel.mask
                mask = dicom.radiograph_bytes(white.astype(np.uint8) * 255, request.spacing_mm)
            suffix = ".dcm" if self.in_dicom else ".png"
            files = {place: folder / f"{place}{suffix}" for place in ("image", "mask", "output")}
            files["image"].write_bytes(image)
            files["mask"].write_bytes(mask)
            opened = partial(_from_dicom, parcel) if self.in_dicom else parcel.opened
            return self._run(request, files, lambda path: opened(path.read_bytes()))

    def _series(self, request: EditRequest, folder: Path) -> EditOutcome:
        """The same with a folder of a DICOM series for each, in which the mask is 1 where it is white in a PNG."""
        files = {place: folder / place for place in ("image", "mask", "output")}
        mask = ~request.edit_mask if self.polarity == codec.BLACK else request.edit_mask
        try:
            series = {"image": dicom.series_bytes(request.image, request.spacing_mm)}
        except ValueError as error:
            return EditOutcome.failure(EditStatus.FAILED, f"the volume cannot be sent as DICOM: {error}")
        series["mask"] = dicom.series_bytes(mask, request.spacing_mm)
        for path in files.values():
            path.mkdir()
        for place, contents in series.items():
            for number, content in enumerate(contents, 1):
                (files[place] / f"{number:04d}.dcm").write_bytes(content)
        return self._run(request, files, partial(volumes.returned_series, request=request))

    def _volume(self, request: EditRequest, folder: Path) -> EditOutcome:
        """The same with NIfTI files, in which the mask is 1 where it is white in a PNG."""
        files = {place: folder / f"{place}{volumes.SUFFIX}" for place in ("image", "mask", "output")}
        mask = ~request.edit_mask if self.polarity == codec.BLACK else request.edit_mask
        for place, voxels in (("image", request.image), ("mask", mask)):
            files[place].write_bytes(nifti_bytes(voxels, request.spacing_mm))
        opened = partial(volumes.returned_volume, request=request, placed=True)
        return self._run(request, files, lambda path: opened(path.read_bytes()))

    def _run(
        self, request: EditRequest, files: Mapping[str, Path], opened: Callable[[Path], EditOutcome]
    ) -> EditOutcome:
        values = {**{place: str(path) for place, path in files.items()}, "prompt": request.prompt}
        words = [_filled(word, {**values, "seed": str(request.seed)}) for word in self.words]
        output, folder = files["output"], files["output"].parent
        with (folder / "stderr").open("w+b") as log:
            try:
                with program_at_work(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder) as program:
                    code = program.wait(self.timeout_s)
            except subprocess.TimeoutExpired:
                return EditOutcome.failure(
                    EditStatus.TIMED_OUT, f"not done after {brief(self.timeout_s)} s", stderr=_tail(log)
                )
            said: dict[str, JSON] = {"exit_code": code, "stderr": _tail(log)}
        if code != 0:
            last = said["stderr"].strip().splitlines()[-1:] or ["nothing on its error stream"]
            return EditOutcome.failure(EditStatus.FAILED, f"exit code {code}: {last[0]}", **said)
        if not (any(output.iterdir()) if output.is_dir() else output.is_file()):
            return EditOutcome.failure(EditStatus.FAILED, "exit code 0, but nothing was written to {output}", **said)
        raw = output.read_bytes() if output.is_file() else b""
        outcome = opened(output)
        return EditOutcome(outcome.status, outcome.image, outcome.message, {**outcome.provenance, **said}, raw)


USAGE = Usage(
    "a program, without a shell; options come before it, parted by spaces",
    "[OPTION=VALUE ...] PROGRAM ... {image} {mask} {output}",
    (
        Option("timeout", "after which the program and its children are killed", SECONDS, "600"),
        Option("mask", "what marks the pixels that may change", one_of(*codec.POLARITIES), codec.WHITE),
        Option("concurrency", "programs that may run at once", whole(1), "1"),
        Option("rgb", "whether three equal channels are sent", YES_NO, "no"),
        Option("volumes", "whether it takes volumes, as NIfTI in place of PNG", YES_NO, "no"),
        Option("dicom", "whether it takes DICOM: a file for an image, a folder of slices for a volume", YES_NO, "no"),
        Option("deterministic", "whether equal requests give equal pixels, which a run checks", YES_NO, "no"),
    ),
    "sends nothing; the command may",
    verbatim=True,
)


@takes(USAGE)
def command(given: Given) -> Editor:
    """A program, from ``cmd:[OPTION=VALUE ...] PROGRAM ... {image} ... {output}``.

    The program's file, every argument that is a file, the modules that an interpreter of Python runs for it and the
    files that a script names enter the tool's version by their digest.
    """
    asked = given.asked
    form = "Write --editor 'cmd:tool --in {image} --mask {mask} --prompt {prompt} --out {output}'."
    try:
        words = shlex.split(given.argument)
    except ValueError as error:
        raise EditorError(asked, f"its quotes do not match ({error})", form) from error
    known, written = {option.name for option in USAGE.options}, {}
    while words and "=" in words[0] and words[0].partition("=")[0] in known:
        key, _, written[key] = words.pop(0).partition("=")
    if not words or not any("{output}" in word for word in words):
        raise EditorError(asked, "it names no {output}", form)
    _check_places(words, asked)
    program = shutil.which(words[0])
    if program is None:
        raise EditorError(asked, f"there is no program {words[0]!r}", "Give its path, or add it to PATH.")
    chosen = USAGE.read(asked, given.argument, written, EditorError)
    mask, rgb = chosen.text["mask"], chosen.value["rgb"]
    in_volumes, in_dicom = chosen.value["volumes"], chosen.value["dicom"]
    sent = "DICOM" if in_dicom else "NIfTI" if in_volumes else "PNG"
    if sent != "PNG" and (rgb or mask == codec.ALPHA):
        found = f"{sent} has no alpha, and gray is sent alone"
        raise EditorError(asked, found, "Write mask=white or mask=black, without rgb.")
    words = [
        os.path.abspath(program),
        *(os.path.abspath(word) if is_file(word) else word for word in words[1:]),
    ]
    check_starts(words, asked)
    names = [redacted(Path(word).name if is_file(word) else word) for word in words]
    card = EditorCard(
        f"cmd:{Path(program).name}",
        f"files {files_digest(words, asked)}",
        f"the command {shlex.join(names)}; what it does with the pixels is its own affair",
        {"command": names, "mask": mask, "rgb": chosen.text["rgb"], **({"dicom": "yes"} if in_dicom else {})},
        f"{sent}, {mask} = may change" if any("{mask}" in word for word in words) else "not told",
        deterministic=chosen.value["deterministic"],
        conversion="rgb" if rgb else "",
    )
    prompted = any("{prompt}" in word for word in words)
    end_programs_on_signals()
    for extra, wanted in (("volumes", in_volumes), ("dicom", in_dicom)):
        if wanted:
            need(extra, asked, EditorError)
    axes = (ZYX,) if in_volumes else (YX,) if in_dicom else (YX, YXC)
    service = Service(chosen.value["concurrency"], metered=True, elsewhere=True, prompted=prompted, axes=axes)
    return Command(card, tuple(words), chosen.value["timeout"], mask, rgb, service, in_dicom)


def _check_places(words: list[str], asked: str) -> None:
    """Refuse a place of which nothing is known, that a word has between braces by itself: ``{msk}``."""
    for word in words:
        for place in re.findall(r"(?<![\\${])\{([a-z_]+)\}(?!\})", word if " " not in word.strip() else ""):
            if place not in PLACES and (meant := nearest(place, PLACES, 1)):
                found = f"it names {{{place}}}, of which nothing is known"
                raise EditorError(asked, found, f"Did you mean {{{meant[0]}}}? Places are {', '.join(PLACES)}.")


def _from_dicom(parcel: codec.Parcel, content: bytes) -> EditOutcome:
    """The outcome of a DICOM file, whose pixels are treated as those of any other file."""
    try:
        pixels = dicom.radiograph_in(content)
    except ValueError as error:
        return EditOutcome.failure(EditStatus.MALFORMED, f"what came back is not an image in DICOM: {error}")
    if pixels.dtype != parcel.original.dtype:
        found = f"asked for {parcel.original.dtype} pixels, got {pixels.dtype}"
        return EditOutcome.failure(EditStatus.MALFORMED, found)
    outcome = parcel.opened(codec.png(pixels))
    return replace(outcome, provenance={**outcome.provenance, "format": "dicom"})


def _filled(word: str, values: dict[str, str]) -> str:
    """The word with its places filled; other braces are left alone, and nothing is filled in twice."""
    parts, rest = [], word
    while rest:
        found = min(
            (place for place in PLACES if f"{{{place}}}" in rest), key=lambda p: rest.index(f"{{{p}}}"), default=""
        )
        if not found:
            break
        before, _, rest = rest.partition(f"{{{found}}}")
        parts += [before, values[found]]
    return "".join([*parts, rest])


def _tail(log: object) -> str:
    log.flush()  # type: ignore[attr-defined]
    log.seek(0)  # type: ignore[attr-defined]
    return str(redacted(log.read().decode(errors="replace"))[-TAIL:])  # type: ignore[attr-defined]
