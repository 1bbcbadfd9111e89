"""Inpainting pipelines of the ``diffusers`` library, from a local folder: ``diffusers:FOLDER?steps=30&device=cuda``.

Nothing is downloaded and nothing leaves the machine. Torch and diffusers are imported with the first edit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from editproof.core.extras import need
from editproof.core.pointers import check_content
from editproof.core.usage import FILLED, Given, Option, Usage, numeric, one_of, takes, whole
from editproof.editors.adapter import Service
from editproof.errors import EditorError
from editproof.imaging import codec, geometry
from editproof.imaging.axes import YX, YXC
from editproof.imaging.colour import bgr
from editproof.types import Editor, EditorCard, EditOutcome, EditRequest, EditStatus

OPTIONS = (
    Option("device", "where it runs, as torch names it", FILLED, "cpu"),
    Option("dtype", "of the weights", one_of("float32", "float16", "bfloat16"), "float32"),
    Option("steps", "of the diffusion", whole(1), "50"),
    Option("guidance", "how closely the prompt is followed", numeric("a number"), "7.5"),
    Option(
        "strength", "how far the masked pixels are noised", numeric("a number in (0, 1]", lambda x: 0 < x <= 1), "1.0"
    ),
    Option("negative", "what the picture shall not show"),
    Option("multiple", "of pixels, to pad to", whole(1), "64"),
)
NEEDED = ("diffusers", "transformers", "torch")


@dataclass(frozen=True)
class Diffusers:
    """One pipeline; equal seeds give equal pixels on one machine.

    Attributes
    ----------
    folder : Path
        As ``save_pretrained`` writes it, with ``model_index.json``.
    options : mapping
        As on the card.
    """

    card: EditorCard
    folder: Path
    options: Mapping[str, str] = field(repr=False)
    service: Service = field(
        default_factory=lambda: Service(metered=True, free=True, elsewhere=True, prompted=True, axes=(YX, YXC)),
        repr=False,
    )

    def __call__(self, request: EditRequest) -> EditOutcome:
        """The radiograph as the pipeline paints it; a picture that its safety checker withholds is a refusal."""
        import torch
        from PIL import Image

        parcel = codec.parcel_of(request, lambda shape: geometry.padded(shape, int(self.options["multiple"])))
        height, width = parcel.image.shape[:2]
        made = self._pipeline(
            prompt=request.prompt,
            negative_prompt=self.options["negative"] or None,
            image=Image.fromarray(codec.colour(bgr(parcel.image))),
            mask_image=Image.fromarray(parcel.mask.astype(np.uint8) * 255),
            height=height,
            width=width,
            strength=float(self.options["strength"]),
            num_inference_steps=int(self.options["steps"]),
            guidance_scale=float(self.options["guidance"]),
            generator=torch.Generator("cpu").manual_seed(request.seed % 2**63),
            output_type="pil",
        )
        if any(getattr(made, "nsfw_content_detected", None) or ()):
            return EditOutcome.failure(EditStatus.REFUSED, "its safety checker withheld the picture")
        painted = np.asarray(made.images[0].convert("RGB"))
        raw = cv2.imencode(".png", cv2.cvtColor(painted, cv2.COLOR_RGB2BGR))[1].tobytes()
        outcome = parcel.opened(raw)
        return EditOutcome(outcome.status, outcome.image, outcome.message, outcome.provenance, raw)

    @cached_property
    def _pipeline(self) -> Any:
        import torch

        from editproof.core.timm_import import imported

        found = imported("diffusers")
        try:
            pipeline = found.AutoPipelineForInpainting.from_pretrained(
                self.folder, dtype=getattr(torch, self.options["dtype"]), local_files_only=True
            ).to(self.options["device"])
        except Exception as error:
            found_out = f"the pipeline does not load ({type(error).__name__}: {error})"
            raise EditorError(
                f"editor {self.card.name}", found_out, "Mend the folder, the device or the dtype."
            ) from error
        pipeline.set_progress_bar_config(disable=True)
        return pipeline


@takes(Usage("an inpainting pipeline of the diffusers library, on this machine", "FOLDER", OPTIONS))
def inpainting(given: Given) -> Editor:
    """An inpainting pipeline of the diffusers library, from ``diffusers:FOLDER?OPTION=VALUE&...``.

    The mask goes as white = may change.
    """
    asked, options = given.asked, given.text
    folder = Path(given.argument).expanduser()
    if not (folder / "model_index.json").is_file():
        advice = "Write --editor diffusers:FOLDER, a folder as save_pretrained writes it; nothing is downloaded here."
        raise EditorError(asked, "there is no model_index.json in it", advice)
    need("diffusers", asked, EditorError)
    versions = ", ".join(f"{package} {version(package)}" for package in NEEDED)
    card = EditorCard(
        f"diffusers:{folder.name}",
        f"weights {_digest_of(folder)}, {versions}",
        f"inpainting pipeline {folder.name}, on this machine; equal seeds give equal pixels, other seeds other ones",
        {key: value for key, value in options.items() if value},
        "white = may change; a latent model repaints the rest as well, which paste-back+ takes back",
        deterministic=False,
        geometry=f"pad:{options['multiple']}",
        conversion="8bit+rgb",
    )
    return Diffusers(card, folder.absolute(), options)


def _digest_of(folder: Path) -> str:
    """Digest over names and contents of every file of the folder."""
    digest = hashlib.sha256()
    files = (path for path in folder.rglob("*") if path.is_file())
    for path in sorted(files, key=lambda path: path.as_posix()):  # paths of Windows are ordered without their case
        with path.open("rb") as file:
            check_content(file.read(64), f"{path.name} of pipeline {folder.name}", EditorError)
            file.seek(0)
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]
