"""A brain mask by deepbet before and after a head loses its face: ``python -m bench.brain HEAD.nii.gz``.

deepbet (Fisch et al. 2024, MIT) brings two TorchScript archives in its wheel, which run code when they are opened: it
is a program that you trust, as with ``--trust-instrument``. It is no dependency; ``docs/volumes.md`` says what to
install.

Two defacings that know the brain mask of the original: one fills with 0 what lies more than 10 mm in front of the
brain, the other takes the front 25 mm of the brain as well.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from editproof.imaging.nifti import volume_of

DEPTHS_MM = {"face alone": -10.0, "front of the brain as well": 25.0}


class Brain:
    """What deepbet draws on a volume (ZYX, LPS); it takes columns, rows and slices, to right, front and head."""

    def __init__(self) -> None:
        from deepbet.bet import BrainExtraction

        self.network = BrainExtraction(no_gpu=True)

    def __call__(self, volume: np.ndarray) -> np.ndarray:
        turned = np.ascontiguousarray(np.transpose(volume, (2, 1, 0))[::-1, ::-1]).astype(np.float32)
        drawn = self.network.postprocess(self.network.run_model(turned) > 0.5)
        return np.ascontiguousarray(np.transpose(drawn[::-1, ::-1], (2, 1, 0))) > 0


def without_front(volume: np.ndarray, brain: np.ndarray, depth_mm: float, step_mm: float) -> np.ndarray:
    """The volume with 0 in front of the brain, up to so many mm into it."""
    front = int(np.flatnonzero(brain.any(axis=(0, 2)))[0])
    edited = volume.copy()
    edited[:, : max(0, front + round(depth_mm / step_mm))] = 0
    return edited


def main(path: str) -> None:
    began = time.monotonic()
    volume, frame = volume_of(Path(path).read_bytes())
    ml = float(np.prod(frame.spacing_mm)) / 1000
    draw = Brain()
    brain = draw(volume)
    print(f"original: {brain.sum() * ml:.0f} ml of brain, {time.monotonic() - began:.0f} s", flush=True)
    for name, depth in DEPTHS_MM.items():
        edited = without_front(volume, brain, depth, frame.spacing_mm[1])
        drawn = draw(edited)
        found = 2 * (brain & drawn).sum() / (brain.sum() + drawn.sum())
        lost = (brain & (edited != volume)).sum() * ml
        print(f"{name}: Dice {found:.3f}, {drawn.sum() * ml:.0f} ml, {lost:.0f} ml of brain changed", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
