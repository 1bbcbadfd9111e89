"""Automatic masks of a real hand radiograph: the anatomy to protect and the markers a tool may remove.

Classical image processing on a reduced copy, so that the masks depend on nothing but the pixels. The hand is the
level-set region whose outline runs along the strongest edges (in the spirit of maximally stable extremal regions,
Matas et al., Image and Vision Computing 2004;22:761-767); markers are small bright structures off the hand (white
top-hat). No marker is ever invented: where none is found the edit mask is empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from editproof.types import Image, Mask

    Field = NDArray[Any]  # float32, as OpenCV gives it
    Binary = NDArray[Any]  # uint8, 0 or 1
    Contour = NDArray[Any]  # int32, (n, 1, 2), x before y

VERSION = 2
"""Raised whenever equal pixels would give other masks; enters the digest of every case masked automatically."""
WORKING_SIDE = 160
"""Longer side of the reduced copy, in pixels; every length below is in pixels of this copy."""
_LEAST_INSIDE = 0.36
"""Score a hand inside a suspected field must have; set by eye on RSNA cases, so that no hand yields to its palm."""
_LEAD = (0.5, 0.6)
"""Relief of lead letters: there they come apart from the collimation edge they touch."""
_LEVELS = np.concatenate([np.linspace(0.30, 0.92, 20), (0.945, 0.97)])


def hand_mask(image: Image) -> Mask:
    """Hand and forearm, soft tissue included; empty where the image shows nothing like a hand.

    Parameters
    ----------
    image : ndarray of uint8 or uint16, shape (H, W)
        Bright bone on a darker ground, any exposure, any orientation, with or without collimation.

    Returns
    -------
    ndarray of bool, shape (H, W)
        True on the anatomy. One region without holes, but for what a frame cuts off.

    Examples
    --------
    >>> image = np.zeros((120, 100), np.uint8)
    >>> for rows, columns in (((20, 60), (20, 32)), ((10, 60), (44, 56)), ((20, 60), (68, 80)), ((60, 85), (20, 80))):
    ...     image[slice(*rows), slice(*columns)] = 120
    >>> image[85:120, 40:60] = 120
    >>> hand = hand_mask(image)
    >>> bool(hand[75, 50]), bool(hand[30, 74]), bool(hand[30, 38])
    (True, True, False)
    """
    tone = _tone(image)
    outline, score = _hand_outline(tone)
    mask = _painted(outline, tone.shape)
    for _ in range(2):
        if not _like_a_field(mask, score):
            break
        lit = (tone > 0.25).astype(np.uint8)
        inner, better = max((_inside(tone, zone) for zone in (mask, lit)), key=lambda found: found[1])
        if better <= max(score, _LEAST_INSIDE):
            break
        mask, score = inner, better
    return _enlarged(_without_thin(mask), image.shape)


def artefact_mask(image: Image, hand: Mask) -> Mask:
    """Side letters, initials and labels off the hand, each as a slightly enlarged rectangle.

    White frames and collimation edges are left alone: they are too large to be filled without inventing ground.

    Parameters
    ----------
    image : ndarray of uint8 or uint16, shape (H, W)
    hand : ndarray of bool, shape (H, W)
        Of :func:`hand_mask`; the result never touches it.

    Returns
    -------
    ndarray of bool, shape (H, W)
        True where a tool may change pixels; empty where no marker was found.

    Examples
    --------
    >>> image, hand = np.full((120, 100), 10, np.uint8), np.zeros((120, 100), bool)
    >>> hand[30:, 40:80] = True
    >>> image[hand] = 120
    >>> image[90:102, 8:16] = 250
    >>> edit = artefact_mask(image, hand)
    >>> bool(edit[96, 12]), bool(edit[80, 50])
    (True, False)
    """
    tone = _tone(image)
    h, w = tone.shape
    near = cv2.dilate(cv2.resize(hand.astype(np.uint8), (w, h), interpolation=cv2.INTER_NEAREST), _disk(2))
    ground = tone.copy()
    ground[near > 0] = np.median(tone[near == 0]) if (near == 0).any() else 0.0
    relief = cv2.morphologyEx(ground, cv2.MORPH_TOPHAT, np.ones((31, 31), np.uint8))
    relief[near > 0] = 0.0
    off = relief[near == 0]
    noise = 1.4826 * float(np.median(np.abs(off - np.median(off)))) if off.size else 0.0
    found = np.zeros((h, w), np.uint8)
    for level in (max(0.18, 5 * noise), *_LEAD):
        groups = cv2.morphologyEx(_without_long((relief > level).astype(np.uint8)), cv2.MORPH_CLOSE, _disk(3))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(groups)
        for i in range(1, count):
            if _is_marker(stats[i], labels == i, relief, near, lead=level in _LEAD):
                points = np.argwhere(labels == i)[:, ::-1].astype(np.float32)
                centre, (across, along), angle = cv2.minAreaRect(points)
                box = cv2.boxPoints((centre, (across + 7, along + 7), angle))
                cv2.fillConvexPoly(found, np.rint(box).astype(np.int32), (1,))
    return _enlarged(found, image.shape) & ~hand & ~_grown(hand)


def _tone(image: Image) -> Field:
    """The reduced copy, stretched to 0..1 and its dark end opened up (square root)."""
    h, w = image.shape
    scale = WORKING_SIDE / max(h, w)
    size = (max(8, round(w * scale)), max(8, round(h * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    low, high = np.percentile(small, (0.5, 99.5))
    tone: Field = np.sqrt(np.clip((small - low) / max(high - low, 1e-6), 0.0, 1.0), dtype=np.float32)
    return tone


def _hand_outline(tone: Field) -> tuple[Contour | None, float]:
    """The best outline of any level set, of the tone and of the tone less its background; and its score in 0..1."""
    smooth = cv2.GaussianBlur(tone, (0, 0), 1.0)
    thick = cv2.morphologyEx(smooth, cv2.MORPH_OPEN, _disk(2))
    edges = cv2.magnitude(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    strong = max(float(np.percentile(edges, 95)), 1e-6)
    edges = np.minimum(edges, strong) / strong
    best: tuple[Contour | None, float] = (None, 0.0)
    for surface in (thick, thick - _background(thick)):
        for level in np.unique(np.quantile(surface, _LEVELS)):
            contours, _ = cv2.findContours((surface > level).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            for contour in contours:
                score = _likeness(contour, edges, best[1]) if len(contour) >= 40 else 0.0
                if score > best[1]:
                    best = (contour, score)
    return best


def _likeness(outline: Contour, edges: Field, least: float) -> float:
    """How much an outline is a hand's: strong edge all along, large, little of it on the border, no rectangle.

    Zero where it cannot be more than ``least``.
    """
    h, w = edges.shape
    area = cv2.contourArea(outline)
    share = area / (h * w)
    if not 0.015 < share < 0.65:
        return 0.0
    x, y = outline[:, 0, 0], outline[:, 0, 1]
    border = (x < 2) | (x >= w - 2) | (y < 2) | (y >= h - 2)
    if np.count_nonzero(~border) < 20:
        return 0.0
    edge = float(edges[y, x][~border].mean())
    score = edge * float(min(share, 0.25) ** 0.4) * max(0.0, 1 - 2 * float(border.mean()))
    if score <= least:
        return 0.0
    _, (across, along), _ = cv2.minAreaRect(outline)
    return score * max(0.0, 1 - 6 * max(0.0, area / max(across * along, 1.0) - 0.7))


def _like_a_field(mask: Binary, score: float) -> bool:
    """Whether a region could be the exposed field about the hand: convex, boxy, or of a weak outline."""
    if not mask.any():
        return False
    points = cv2.findNonZero(mask)
    area, (_, (across, along), _) = np.count_nonzero(mask), cv2.minAreaRect(points)
    convex = area > 0.75 * cv2.contourArea(cv2.convexHull(points))
    return bool(score < 0.25 or (score < 0.42 and (convex or area > 0.6 * across * along)))


def _background(tone: Field) -> Field:
    """What remains under an opening wider than any palm: the level of the ground below the hand."""
    h, w = tone.shape
    small = cv2.resize(tone, (max(4, w // 4), max(4, h // 4)), interpolation=cv2.INTER_AREA)
    k = max(3, round(0.6 * min(small.shape)))
    padded = cv2.copyMakeBorder(small, k, k, k, k, cv2.BORDER_REPLICATE)
    opened = cv2.morphologyEx(padded, cv2.MORPH_OPEN, np.ones((k, k), np.uint8))
    opened = cv2.GaussianBlur(opened, (0, 0), k / 4)[k:-k, k:-k]
    return cv2.resize(opened, (w, h), interpolation=cv2.INTER_LINEAR)


def _inside(tone: Field, mask: Binary) -> tuple[Binary, float]:
    """The best hand inside a region, with tones stretched to that region alone."""
    core = cv2.morphologyEx(cv2.copyMakeBorder(mask, 9, 9, 9, 9, cv2.BORDER_REPLICATE), cv2.MORPH_OPEN, _disk(8))
    contours, _ = cv2.findContours(core, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    zone = _painted(max(contours, key=cv2.contourArea, default=None), core.shape)
    zone = cv2.erode(zone, _disk(7))[9:-9, 9:-9]
    if np.count_nonzero(zone) < 200:
        return mask, 0.0
    x, y, w, h = cv2.boundingRect(zone)
    window, inside = tone[y : y + h, x : x + w], zone[y : y + h, x : x + w] > 0
    low, high = np.percentile(window[inside], (2.0, 99.5))
    part = np.where(inside, np.clip((window - low) / max(high - low, 1e-6), 0.0, 1.0), 0.0).astype(np.float32)
    scale = WORKING_SIDE / max(part.shape)
    outline, score = _hand_outline(cv2.resize(part, None, fx=scale, fy=scale))
    result = np.zeros_like(mask)
    if outline is not None:
        shape = (max(8, round(h * scale)), max(8, round(w * scale)))
        result[y : y + h, x : x + w] = cv2.resize(_painted(outline, shape), (w, h), interpolation=cv2.INTER_NEAREST)
    return result, score


def _without_thin(mask: Binary) -> Binary:
    """The mask less the frames and lines that hang on it: its largest part thicker than five pixels, regrown."""
    padded = cv2.copyMakeBorder(mask, 3, 3, 3, 3, cv2.BORDER_CONSTANT)
    core = cv2.morphologyEx(padded, cv2.MORPH_OPEN, _disk(2))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(core)
    if count < 2:
        return mask
    largest = (labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))).astype(np.uint8)
    regrown: Binary = cv2.bitwise_and(cv2.dilate(largest, _disk(2)), padded)[3:-3, 3:-3]
    return regrown


def _without_long(strokes: Binary) -> Binary:
    """The strokes less those longer than any letter: frames and collimation edges."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(strokes)
    long = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]) > 0.3 * max(strokes.shape)
    long[0] = True
    short: Binary = (~long[labels]).astype(np.uint8)
    return short


def _is_marker(stats: Contour, region: Mask, relief: Field, near: Binary, lead: bool) -> bool:
    """Whether a group of bright strokes is large, bright and compact enough, and no part of any anatomy.

    A group of ``lead`` has to be as bright as lead is, and isolated: bones and corners of a frame are neither.
    """
    x, y, w, h, area = (int(v) for v in stats)
    height, width = relief.shape
    border = x == 0 or y == 0 or x + w == width or y + h == height
    _, sides, _ = cv2.minAreaRect(np.argwhere(region).astype(np.float32))
    short, long = min(sides), max(sides)
    bright = float(np.percentile(relief[region], 95))
    touching = np.count_nonzero(cv2.dilate(region.astype(np.uint8), _disk(1))[near > 0])
    return bool(
        0.001 < area / relief.size < (0.045 if border else 0.06)
        and long < 0.42 * max(relief.shape)
        and short >= 2.5
        and long < 7 * max(short, 1.0)
        and not (border and long > 4 * short)
        and bright > (0.75 if lead else 0.3)
        and not (lead and (border or touching))
        and (touching == 0 or (bright > 0.7 and touching < area**0.5))
    )


def _painted(outline: Contour | None, shape: tuple[int, ...]) -> Binary:
    """The inside of an outline."""
    mask = np.zeros(shape[:2], np.uint8)
    if outline is not None:
        cv2.drawContours(mask, [outline], -1, (1,), cv2.FILLED)
    return mask


def _enlarged(mask: Binary, shape: tuple[int, ...]) -> Mask:
    """The mask at the size of the image, its outline interpolated."""
    h, w = shape
    return cv2.resize(mask.astype(np.float32), (w, h), interpolation=cv2.INTER_LINEAR) >= 0.5


def _grown(mask: Mask) -> Mask:
    """The mask and a rim of one working pixel about it."""
    r = max(1, round(max(mask.shape) / WORKING_SIDE))
    return cv2.dilate(mask.astype(np.uint8), _disk(r)) > 0


def _disk(radius: int) -> Binary:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
