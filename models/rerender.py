"""``rerender``: a generative editor that paints the whole radiograph anew, and does harm doing it.

The destructive control of this repository's own study. A small VAE-GAN (:mod:`models.rerender_net`), trained here,
removes the markers as it was taught to, keeps pose and outline, and makes up the rest of the anatomy from a narrow
code and from chance: convincing at a glance, wrong underneath. A suite that passes it cannot see harm.

There are two. ``rerender`` was trained on drawn phantoms alone and runs by ONNX Runtime. ``rerender-rsna`` was trained
on RSNA's radiographs as well, is for those, and needs torch. What runs a network is imported with the first edit.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from editproof.core.extras import need
from editproof.errors import EditorError
from editproof.types import EditorCard, EditOutcome, EditRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Painter = Callable[[NDArray[np.float32], float, int], NDArray[np.float32]]

FRAME = (256, 192)
"""Height and width that every radiograph is squashed to before it is painted anew, and stretched back from."""

DESPECKLE = 5
"""Window of the median filter that clears the decoder's speckle, pixels of the frame."""

CARD = Path(__file__).parent / "rerender_phantom" / "card.json"
RSNA_CARD = Path(__file__).parent / "rerender_rsna" / "card.json"
NAMES = {CARD: "rerender", RSNA_CARD: "rerender-rsna"}


def stretched(image: NDArray[Any]) -> NDArray[np.uint8]:
    """The image as uint8, its 0.5th to 99.5th percentile spread over the full range: one standard exposure."""
    low, high = np.percentile(image, (0.5, 99.5))
    return np.clip((image - low) * (255.0 / max(high - low, 1.0)), 0, 255).astype(np.uint8)


def framed(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The image squashed to 256x192, whatever its shape, as hosted tools are fed."""
    shrinks = image.shape[0] > FRAME[0]
    out = cv2.resize(image, FRAME[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return out.astype(np.uint8, copy=False)


def unframed(painted: NDArray[np.float32], like: NDArray[Any]) -> NDArray[Any]:
    """A painted frame in 0..1 at the shape, dtype and bit depth of the radiograph it was painted from."""
    height, width = like.shape
    method = cv2.INTER_AREA if height < FRAME[0] else cv2.INTER_CUBIC
    depth = 8 if like.dtype == np.uint8 else max(8, int(like.max()).bit_length())
    full = cv2.resize(painted, (width, height), interpolation=method)
    return np.rint(full.clip(0, 1) * (2**depth - 1)).astype(like.dtype)


@cache
def painter(weights: Path) -> Painter:
    """The network with these weights; kept for the life of the process."""
    return _by_onnx(weights) if weights.suffix == ".onnx" else _by_torch(weights)


def _by_onnx(weights: Path) -> Painter:
    """On one thread, so that the number of processors decides nothing; all noise is an input of the network."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(weights.read_bytes(), options, providers=["CPUExecutionProvider"])
    image, strength, *noise = session.get_inputs()

    def paint(frame: NDArray[np.float32], share: float, seed: int) -> NDArray[np.float32]:
        rng = np.random.default_rng(seed)
        feeds = {place.name: rng.standard_normal(place.shape, np.float32) for place in noise}
        feeds |= {image.name: frame[None, None], strength.name: np.array([share], np.float32)}
        painted: NDArray[np.float32] = session.run(None, feeds)[0][0, 0]
        return painted

    return paint


def _by_torch(weights: Path) -> Painter:
    """As long as torch is what a network is shipped for: ``rerender-rsna`` gives the pixels that it always gave."""
    import torch
    from safetensors.torch import load_file

    from .rerender_net import RSNA_WIDTHS, Renderer

    renderer = Renderer(RSNA_WIDTHS).eval().requires_grad_(False)
    renderer.load_state_dict({name: value.float() for name, value in load_file(weights).items()})
    renderer = renderer.to(memory_format=torch.channels_last)

    def paint(frame: NDArray[np.float32], share: float, seed: int) -> NDArray[np.float32]:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            draw = partial(torch.randn, generator=torch.Generator().manual_seed(seed))
            with torch.inference_mode():
                painted = renderer(torch.from_numpy(frame)[None, None], share, draw)
        finally:
            torch.set_num_threads(threads)
        return painted[0, 0].numpy()

    return paint


@dataclass(frozen=True)
class Rerender:
    """The editor; picklable, and without a network until the first edit.

    Attributes
    ----------
    weights : Path
        ONNX, or safetensors for torch.
    strength : float
        Share of noise in the code, 0 to 1: 0 paints from what the encoder kept, 1 from nothing.
    card : EditorCard
    """

    weights: Path
    strength: float
    card: EditorCard

    def __call__(self, request: EditRequest) -> EditOutcome:
        """Paint the radiograph anew; equal seeds give equal pixels."""
        frame = framed(stretched(request.image)).astype(np.float32) / 127.5 - 1.0
        painted = painter(self.weights)(frame, self.strength, request.seed % 2**63)
        image = unframed(cv2.medianBlur(painted, DESPECKLE) * 0.5 + 0.5, request.image)
        return EditOutcome.ok(image, strength=self.strength)


def editor(argument: str = "", *, card: Path = CARD) -> Rerender:
    """The ``rerender`` editor with its shipped weights, trained on phantoms, their digest checked.

    Parameters
    ----------
    argument : str
        Empty for the strength on the card, or ``strength=S`` with S in [0, 1].
    card : Path
        JSON card beside the weights.

    Raises
    ------
    EditorError
        Where the argument cannot be read, or the weights are missing or not those of the card.
    """
    asked = f"editor {NAMES.get(card, 'rerender')}" + (f":{argument}" if argument else "")
    try:
        facts = json.loads(card.read_text())
        weights = card.parent / facts["weights"]
        digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    except (OSError, ValueError, KeyError) as error:
        advice = "Restore them from the repository; what RSNA's radiographs were used for is in no package."
        raise EditorError(asked, f"card or weights cannot be read ({error})", advice) from error
    if digest != facts["sha256"]:
        found = f"{weights.name} has sha256 {digest[:12]}, its card says {facts['sha256'][:12]}"
        raise EditorError(asked, found, "Restore the file, or retrain with `python -m models.rerender_train`.")
    if weights.suffix != ".onnx":
        need("torch", asked, EditorError, packages=("torch", "safetensors"))
    strength = _strength(argument, asked, float(facts["strength"]))
    return Rerender(
        weights,
        strength,
        EditorCard(
            name=facts["name"],
            version=digest[:12],
            description=facts["description"],
            parameters={"strength": strength, "frame": list(FRAME), "despeckle": DESPECKLE},
            mask_semantics="ignored: the whole frame is re-rendered",
            deterministic=False,
            sends_data_to=None,
            geometry=f"squash:{FRAME[1]}x{FRAME[0]}",
            conversion="stretch:0.5,99.5",
        ),
    )


def rsna_editor(argument: str = "") -> Rerender:
    """The ``rerender-rsna`` editor: the control for RSNA's radiographs; see :func:`editor`."""
    return editor(argument, card=RSNA_CARD)


def _strength(argument: str, asked: str, default: float) -> float:
    if not argument:
        return default
    name, _, value = argument.partition("=")
    try:
        strength = float(value) if name == "strength" else -1.0
    except ValueError:
        strength = -1.0
    if not 0.0 <= strength <= 1.0:
        raise EditorError(asked, f"cannot read {argument!r}", "Give nothing, or strength=S with S from 0 to 1.")
    return strength
