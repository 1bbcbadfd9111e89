"""How metrics of gray images are measured on colour ones: what changed most counts.

A change of one channel alone is a change. A mean over channels, or the gray levels that a screen would show, would hide
it. How much pixels changed is therefore measured on the channel that changed most at each of them, so that a pixel
counts as changed where any channel is; whatever compares distributions or windows is measured on each channel, and the
worst of the three counts. What says where things are (movement, noise) is measured on the luma.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from editproof.imaging.axes import YXC
from editproof.imaging.colour import luma, planes
from editproof.metrics.pair import Pair, Picture, shared

if TYPE_CHECKING:
    Compute = Callable[[Pair], Mapping[str, float]]
    Describe = Callable[[Picture], Mapping[str, float]]


@shared
def channels_of(picture: Picture) -> tuple[Picture, ...]:
    """The red, green and blue channel of a picture as pictures of the same case; a gray one is its only channel."""
    return tuple(map(picture.beside, planes(picture.image))) if picture.axes == YXC else (picture,)


@shared
def luma_of(picture: Picture) -> Picture:
    """The luma of a picture in colour (ITU-R BT.601) as a picture of the same case; a gray one as it is."""
    return picture.beside(luma(picture.image)) if picture.axes == YXC else picture


@shared
def _channel_pairs(pair: Pair) -> tuple[Pair, ...]:
    return tuple(map(Pair, channels_of(pair.before), channels_of(pair.after)))


@shared
def _most_changed_pair(pair: Pair) -> Pair:
    """A gray pair whose change is, at each pixel, that of the channel that changed most."""
    change = pair.change.max(axis=2)
    before = pair.before.beside(np.zeros_like(change))
    return Pair(before, before.beside(change))


@shared
def _luma_pair(pair: Pair) -> Pair:
    return Pair(luma_of(pair.before), luma_of(pair.after))


def worst_channel(*, lowest: tuple[str, ...] = ()) -> Callable[[Compute], Compute]:
    """Have a function of a gray pair measure one in colour: each output is that of its worst channel.

    Parameters
    ----------
    lowest : tuple of str
        Names of the outputs whose lowest value is the worst; of all others the highest is.

    Examples
    --------
    >>> import numpy as np
    >>> @worst_channel()
    ... def brightening(pair):
    ...     return {"brightening:whole": float(pair.edited.mean() - pair.original.mean())}
    >>> nothing, image = np.zeros((4, 4), bool), np.zeros((4, 4, 3), np.uint8)
    >>> brightening(Pair.of(image, image + np.array([1, 7, 2], np.uint8), nothing, nothing))
    {'brightening:whole': 7.0}
    """

    def made(function: Compute) -> Compute:
        @functools.wraps(function)
        def of_any(pair: Pair) -> Mapping[str, float]:
            if pair.axes != YXC:
                return function(pair)
            found = [function(channel) for channel in _channel_pairs(pair)]
            quantities = dict.fromkeys(quantity for one in found for quantity in one)
            return {
                quantity: (min if quantity.partition(":")[0] in lowest else max)(
                    one[quantity] for one in found if quantity in one
                )
                for quantity in quantities
            }

        return of_any

    return made


def of_most_changed(function: Compute) -> Compute:
    """Have a function of the change of a gray pair measure one in colour, by the channel that changed most at a pixel.

    Examples
    --------
    >>> import numpy as np
    >>> @of_most_changed
    ... def changed(pair):
    ...     return {"changed:whole": float((pair.change > 0).mean())}
    >>> nothing, image = np.zeros((1, 3), bool), np.zeros((1, 3, 3), np.uint8)
    >>> changed(Pair.of(image, np.eye(3, dtype=np.uint8)[None], nothing, nothing))
    {'changed:whole': 1.0}
    """

    @functools.wraps(function)
    def of_any(pair: Pair) -> Mapping[str, float]:
        return function(_most_changed_pair(pair) if pair.axes == YXC else pair)

    return of_any


def of_luma(function: Compute) -> Compute:
    """Have a function of a gray pair measure one in colour by its luma."""

    @functools.wraps(function)
    def of_any(pair: Pair) -> Mapping[str, float]:
        return function(_luma_pair(pair) if pair.axes == YXC else pair)

    return of_any


def of_luma_picture(function: Describe) -> Describe:
    """Have a function of a gray picture describe one in colour by its luma."""

    @functools.wraps(function)
    def of_any(picture: Picture) -> Mapping[str, float]:
        return function(luma_of(picture))

    return of_any
