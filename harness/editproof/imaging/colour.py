"""Colour images: three channels of red, green and blue along the last axis, and what is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from editproof.imaging.axes import YXC, axes_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from editproof.types import Image, Mask

CHANNELS = ("red", "green", "blue")


def is_colour(image: Image) -> bool:
    """Whether an image has three channels.

    Examples
    --------
    >>> is_colour(np.zeros((4, 5, 3), np.uint8)), is_colour(np.zeros((4, 5), np.uint8))
    (True, False)
    """
    return axes_of(image.shape) == YXC


def luma(image: Image) -> Image:
    """One gray channel, shape (H, W): the luma of a colour image (ITU-R BT.601), a gray one as it is.

    Examples
    --------
    >>> luma(np.array([[[255, 0, 0], [0, 255, 0], [7, 7, 7]]], np.uint8)).tolist()
    [[76, 150, 7]]
    """
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if is_colour(image) else image


def planes(image: Image) -> tuple[Image, ...]:
    """The channels of an image, each of shape (H, W) and contiguous; a gray image is its only one."""
    if not is_colour(image):
        return (image,)
    return tuple(np.ascontiguousarray(image[..., channel]) for channel in range(len(CHANNELS)))


def by_plane(function: Callable[..., Image], *images: Image) -> Image:
    """A function of gray images, applied to each channel of colour ones of one kind.

    Examples
    --------
    >>> by_plane(np.fliplr, np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8)).tolist()
    [[[4, 5, 6], [1, 2, 3]]]
    """
    if not is_colour(images[0]):
        return function(*images)
    return np.stack([function(*parts) for parts in zip(*map(planes, images), strict=True)], axis=2)


def bgr(image: Image) -> Image:
    """A colour image as OpenCV writes and reads it, blue first, and back again; a gray one as it is."""
    return np.ascontiguousarray(image[..., ::-1]) if is_colour(image) else image


def over_channels(mask: Mask, image: Image) -> NDArray[np.bool_]:
    """A mask that applies to the pixels of an image: with an axis more where that is in colour."""
    return mask[..., None] if is_colour(image) else mask
