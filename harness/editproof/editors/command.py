"""A tool on the command line: ``cmd:"tool --in {image} --mask {mask} --prompt {prompt} --out {output}"``."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from editproof.core.extras import need
from editproof.core.numbers import brief
from editproof.core.processes import end_with_children
from editproof.core.redaction import redacted
from editproof.core.usage import SECONDS, YES_NO, Given, Option, Usage, one_of, takes, whole
from editproof.editors import volumes
from editproof.editors.adapter import Service
from editproof.editors.programs import files_digest, is_file
from editproof.errors import EditorError
from editproof.imaging import codec, geometry
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
        ``{prompt}`` and ``{seed}``. File names say nothing about the case. Of volumes the files are NIfTI.
    timeout_s : float
        After so many seconds the program and all its children are killed.
    """

    card: EditorCard
    words: tuple[str, ...]
    timeout_s: float
    polarity: str
    rgb: bool
    service: Service

    def __call__(self, request: EditRequest) -> EditOutcome:
        """What the program wrote to ``{output}``; its exit code and error stream are kept."""
        with tempfile.TemporaryDirectory(prefix="edit-") as name:
            folder = Path(name)
            if axes_of(request.image.shape) == ZYX:
                return self._volume(request, folder)
            parcel = codec.parcel_of(request, geometry.unchanged, sixteen=True)
            files = {place: str(folder / f"{place}.png") for place in ("image", "mask", "output")}
            Path(files["image"]).write_bytes(codec.png(parcel.image, rgb=self.rgb))
            Path(files["mask"]).write_bytes(codec.mask_png(parcel.mask, self.polarity))
            values = {**files, "prompt": request.prompt, "seed": str(request.seed)}
            return self._run([_filled(word, values) for word in self.words], folder, files["output"], parcel.opened)

    def _volume(self, request: EditRequest, folder: Path) -> EditOutcome:
        """The same with NIfTI files, in which the mask is 1 where it is white in a PNG."""
        files = {place: str(folder / f"{place}{volumes.SUFFIX}") for place in ("image", "mask", "output")}
        mask = ~request.edit_mask if self.polarity == codec.BLACK else request.edit_mask
        for place, voxels in (("image", request.image), ("mask", mask)):
            Path(files[place]).write_bytes(nifti_bytes(voxels, request.spacing_mm))
        values = {**files, "prompt": request.prompt, "seed": str(request.seed)}
        opened = partial(volumes.returned_volume, request=request, placed=True)
        return self._run([_filled(word, values) for word in self.words], folder, files["output"], opened)

    def _run(self, words: list[str], folder: Path, written: str, opened: Callable[[bytes], EditOutcome]) -> EditOutcome:
        with (folder / "stderr").open("w+b") as log:
            program = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, start_new_session=True
            )
            try:
                code = program.wait(self.timeout_s)
            except subprocess.TimeoutExpired:
                end_with_children(program)
                return EditOutcome.failure(
                    EditStatus.TIMED_OUT, f"not done after {brief(self.timeout_s)} s", stderr=_tail(log)
                )
            except BaseException:  # an interruption: what was started does not run on
                end_with_children(program)
                raise
            said: dict[str, JSON] = {"exit_code": code, "stderr": _tail(log)}
        output = Path(written)
        if code != 0:
            last = said["stderr"].strip().splitlines()[-1:] or ["nothing on its error stream"]
            return EditOutcome.failure(EditStatus.FAILED, f"exit code {code}: {last[0]}", **said)
        if not output.is_file():
            return EditOutcome.failure(EditStatus.FAILED, "exit code 0, but nothing was written to {output}", **said)
        raw = output.read_bytes()
        outcome = opened(raw)
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
        Option("deterministic", "whether equal requests give equal pixels, which a run checks", YES_NO, "no"),
    ),
    "sends nothing; the command may",
    verbatim=True,
)


@takes(USAGE)
def command(given: Given) -> Editor:
    """A program, from ``cmd:[OPTION=VALUE ...] PROGRAM ... {image} ... {output}``.

    The program's file, every argument that is a file, and the modules that an interpreter of Python runs for it enter
    the tool's version by their digest.
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
    program = shutil.which(words[0])
    if program is None:
        raise EditorError(asked, f"there is no program {words[0]!r}", "Give its path, or add it to PATH.")
    chosen = USAGE.read(asked, given.argument, written, EditorError)
    mask, rgb = chosen.text["mask"], chosen.value["rgb"]
    if chosen.value["volumes"] and (rgb or mask == codec.ALPHA):
        raise EditorError(
            asked, "NIfTI has no colour channels and no alpha", "Write mask=white or mask=black, without rgb."
        )
    words = [
        os.path.abspath(program),
        *(os.path.abspath(word) if is_file(word) else word for word in words[1:]),
    ]
    names = [redacted(Path(word).name if is_file(word) else word) for word in words]
    card = EditorCard(
        f"cmd:{Path(program).name}",
        f"files {files_digest(words, asked)}",
        f"the command {shlex.join(names)}; what it does with the pixels is its own affair",
        {"command": names, "mask": mask, "rgb": chosen.text["rgb"]},
        f"{'NIfTI' if chosen.value['volumes'] else 'PNG'}, {mask} = may change"
        if any("{mask}" in word for word in words)
        else "not told",
        deterministic=chosen.value["deterministic"],
        conversion="rgb" if rgb else "",
    )
    prompted = any("{prompt}" in word for word in words)
    if in_volumes := chosen.value["volumes"]:
        need("volumes", asked, EditorError)
    axes = (ZYX,) if in_volumes else (YX, YXC)
    service = Service(chosen.value["concurrency"], metered=True, elsewhere=True, prompted=prompted, axes=axes)
    return Command(card, tuple(words), chosen.value["timeout"], mask, rgb, service)


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
