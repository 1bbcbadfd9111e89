"""How close an image comes to its target: what an ideal edit would have given, in the target's own frame.

The same numbers are taken of the original, whose distance from the target is what there was to gain, and of the target
itself. Whatever may be changed of an enhanced image, it may be changed everywhere: there is no edit mask here.
"""

from __future__ import annotations

from editproof.imaging.axes import YX, YXC, ZYX
from editproof.imaging.region import PROTECTED, WHOLE
from editproof.metrics.in_volumes import similarity_in_volumes, voxel_changes, worst_block
from editproof.metrics.intensity import pixel_changes
from editproof.metrics.local import worst_patch
from editproof.metrics.metric import MetricOutput, target_metric
from editproof.metrics.pair import Pair
from editproof.metrics.similarity import PERFECT_PSNR, similarity

REGIONS = (WHOLE, PROTECTED)
SUFFIX = "_to_target"


@target_metric(
    MetricOutput(f"psnr{SUFFIX}", unit="dB", unchanged=PERFECT_PSNR, regions=REGIONS),
    MetricOutput(f"ssim{SUFFIX}", unit="", unchanged=1.0, regions=REGIONS),
    MetricOutput(f"mean_abs_change{SUFFIX}", unit="of range", unchanged=0.0, regions=REGIONS),
    MetricOutput(f"worst_patch{SUFFIX}", unit="", unchanged=0.0, regions=(PROTECTED,)),
    axes=(YX, YXC),
)
def closeness(pair: Pair) -> dict[str, float]:
    """PSNR, SSIM and mean absolute difference from the target, and the share that differs clearly in the worst patch.

    ``worst_patch_to_target`` is :func:`editproof.metrics.local.worst_patch` with the target in place of the original: a
    structure that the target shows and the edit does not, or the other way round.
    """
    found = {**similarity.compute(pair), **pixel_changes.compute(pair), **worst_patch.compute(pair)}
    named = {key.replace(":", f"{SUFFIX}:"): value for key, value in found.items()}
    return {quantity: value for quantity, value in named.items() if quantity in closeness.units}


@target_metric(*closeness.outputs, axes=(ZYX,))
def closeness_of_volumes(pair: Pair) -> dict[str, float]:
    """The same of a volume, over voxels; see :mod:`editproof.metrics.in_volumes`."""
    found = {**similarity_in_volumes.compute(pair), **voxel_changes.compute(pair), **worst_block.compute(pair)}
    named = {key.replace(":", f"{SUFFIX}:"): value for key, value in found.items()}
    return {quantity: value for quantity, value in named.items() if quantity in closeness.units}
