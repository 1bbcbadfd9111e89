"""How different two colours look: CIEDE2000 between colours of the standard screen (sRGB, white D65).

The formula is computed here, for one formula would be the only use of a large library; the tests hold it against the
published pairs of Sharma et al. and against values of scikit-image.

References
----------
Sharma G, Wu W, Dalal EN. The CIEDE2000 color-difference formula: implementation notes, supplementary test data, and
mathematical observations. *Color Res Appl* 2005;30:21-30.
IEC 61966-2-1:1999 (sRGB).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

_TO_XYZ = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
"""Linear red, green and blue to X, Y and Z (ITU-R BT.709 primaries, white D65)."""
_WHITE = np.array([0.95047, 1.0, 1.08883])
_25_7 = 25.0**7


def lab(colours: NDArray[Any]) -> Numbers:
    """L*, a* and b* of colours of the standard screen.

    Parameters
    ----------
    colours : ndarray of uint8 or uint16, shape (..., 3)
        Red, green and blue.

    Examples
    --------
    >>> lab(np.array([[255, 0, 0], [0, 0, 0]], np.uint8)).round(2).tolist()
    [[53.24, 80.09, 67.2], [0.0, 0.0, 0.0]]
    """
    most = np.iinfo(colours.dtype).max
    levels = np.arange(most + 1) / most
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)[colours]
    share = linear @ _TO_XYZ.T / _WHITE
    root = np.where(share > (6 / 29) ** 3, np.cbrt(share), share / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    found: Numbers = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
    return found


def colour_differences(one: NDArray[Any], other: NDArray[Any]) -> Numbers:
    """CIEDE2000 between colours in L*, a* and b*, shape (..., 3); with all three weights 1.

    Examples
    --------
    >>> colour_differences(np.array([50.0, 2.6772, -79.7751]), np.array([50.0, 0.0, -82.7485])).round(4).tolist()
    2.0425
    """
    (l1, a1, b1), (l2, a2, b2) = (np.moveaxis(np.asarray(colour, np.float64), -1, 0) for colour in (one, other))
    mean_chroma7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1 + 0.5 * (1 - np.sqrt(mean_chroma7 / (mean_chroma7 + _25_7)))
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    gray = c1 * c2 == 0
    turn = h2 - h1
    turn = np.where(gray, 0.0, turn - 360 * (turn > 180) + 360 * (turn < -180))
    hue = h1 + h2
    hue = np.where(gray | (np.abs(h1 - h2) <= 180), hue, np.where(hue < 360, hue + 360, hue - 360))
    hue = np.where(gray, hue, hue / 2)
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    weight = (
        1
        - 0.17 * np.cos(np.radians(hue - 30))
        + 0.24 * np.cos(np.radians(2 * hue))
        + 0.32 * np.cos(np.radians(3 * hue + 6))
        - 0.20 * np.cos(np.radians(4 * hue - 63))
    )
    turned = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2) / (1 + 0.015 * chroma * weight)
    off = (light - 50) ** 2
    lighter = (l2 - l1) / (1 + 0.015 * off / np.sqrt(20 + off))
    stronger = (c2 - c1) / (1 + 0.045 * chroma)
    chroma7 = chroma**7
    mixed = -2 * np.sqrt(chroma7 / (chroma7 + _25_7)) * np.sin(np.radians(60) * np.exp(-(((hue - 275) / 25) ** 2)))
    squares = lighter**2 + stronger**2 + turned**2 + mixed * stronger * turned
    found: Numbers = np.sqrt(np.maximum(squares, 0.0))
    return found
