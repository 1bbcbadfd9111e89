"""Up to which detail an edit follows its original, patch by patch: Fourier ring correlation, after sFRC.

Fourier ring correlation compares two pictures ring by ring of their spectra, from coarse to fine detail (Saxton and
Baumeister, *J Microsc* 1982;127:127-138; van Heel, *Ultramicroscopy* 1987;21:95-100). Of a ring it is the correlation
of the coefficients on it, from -1 to 1. sFRC scans a restored image and a reference by patches and marks those whose
correlation falls below 0.5 at a spatial frequency lower than a limit (Kc, Zeng, Soni, Badano, *sFRC for assessing
hallucinations in medical image restoration*, arXiv:2603.04673, 2026). Here the reference is the original and the
restored image the edit.

What is as there: a Hann window, rings inscribed in the square, the threshold 0.5, and the limit 0.33 of the finest
frequency, which their demonstration on CT uses. What differs:

- Their limit is tuned on annotated examples of one task. Here nothing is tuned, so a mark is a place to look at and no
  finding.
- Two measurements of one object have noise of their own, and their correlation falls where noise prevails. An edit
  holds the noise of its original: of an untouched patch the correlation is 1 on every ring, and a tool that removes or
  redraws noise lowers it.
- The sign counts: an inverted patch does not correlate. The mean of a patch does not: a change of brightness alone is
  not seen, nor is one of contrast. A filter that only damps detail lowers the correlation only as far as rounding and
  what comes in from neighbouring places do.
- Patches overlap by half, so that the window hides no place: a cell is the middle quarter of its patch, and at the
  edge of the frame patches are continued by reflection.
- Where only one of the two has structure on a ring, their correlation is 0: a lesion that was erased down to a flat
  patch is marked. Where both patches are flat (values within 2 % of the intensity range), nothing can be said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from editproof.imaging.axes import ZYX, axes_of
from editproof.imaging.colour import planes
from editproof.imaging.region import full_range
from editproof.metrics.intensity import MEANINGFUL

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from editproof.types import Image

    Floats = NDArray[np.float64]

THRESHOLD = 0.5
"""Correlation below which a ring counts as lost."""
_SIDE, _LONGEST = 32, 1024
_NO_POWER = 1e-12


def patch_side(shape: tuple[int, ...]) -> int:
    """Pixels along a side of a patch: 32, and 32 more for every 1024 of the longer side of the frame beyond 1024.

    Examples
    --------
    >>> patch_side((320, 256)), patch_side((2000, 1500))
    (32, 64)
    """
    return _SIDE * max(1, -(-max(shape[:2]) // _LONGEST))


def crossings(original: Image, edited: Image) -> Floats:
    """The detail up to which each patch of an edit follows its original, by cell.

    Parameters
    ----------
    original, edited : ndarray, shape (H, W) or (H, W, 3)
        Of one shape. In colour, each cell has the lowest of the three channels.

    Returns
    -------
    ndarray of float, shape (rows, columns)
        The spatial frequency at which the correlation first falls below 0.5, as a share of the finest (half a cycle a
        pixel) from 0 to 1; 1 where it never does, NaN where both patches are flat. Cells are half as wide as patches.

    Raises
    ------
    ValueError
        Where the two differ in shape, or are volumes.

    Examples
    --------
    >>> rng = np.random.default_rng(0); image = rng.integers(0, 256, (64, 64)).astype(np.uint8)
    >>> edited = image.copy(); edited[:16, :16] = rng.integers(0, 256, (16, 16))
    >>> found = crossings(image, edited)
    >>> bool(found[0, 0] < 0.33), float(found[2, 2])
    (True, 1.0)
    """
    if original.shape != edited.shape or axes_of(original.shape) == ZYX:
        raise ValueError(f"{original.shape} against {edited.shape}")
    if original.ndim > 2:
        channels = [crossings(*pair) for pair in zip(planes(original), planes(edited), strict=True)]
        return np.asarray(np.fmin.reduce(channels))
    side, flat = patch_side(original.shape), MEANINGFUL * full_range(original)
    window, rings = _window(side), _rings(side)
    strips = zip(_patches(original, side), _patches(edited, side), strict=True)
    return np.stack([_cells(before, after, window, rings, flat) for before, after in strips])


def _patches(image: Image, side: int) -> NDArray[Any]:
    """Patches row by row, shape (rows, columns, side, side), each centred on its cell; cells share the frame evenly."""
    counts = [-(-length // (side // 2)) for length in image.shape]
    down, across = (
        np.rint((np.arange(count) + 0.5) * length / count).astype(int)
        for count, length in zip(counts, image.shape, strict=True)
    )
    padded = np.pad(image, side // 2, mode="symmetric")
    found: NDArray[Any] = np.lib.stride_tricks.sliding_window_view(padded, (side, side))[down[:, None], across]
    return found


def _cells(before: NDArray[Any], after: NDArray[Any], window: Floats, rings: Floats, flat: float) -> Floats:
    """Crossings of one row of patches, both of shape (columns, side, side)."""
    spans = np.maximum(*(np.ptp(patches, axis=(1, 2)).astype(np.float64) for patches in (before, after)))
    found = np.where(spans > flat, 1.0, np.nan)
    differ = np.flatnonzero((spans > flat) & (before != after).any(axis=(1, 2)))
    if len(differ):
        one, other = (_spectra(patches[differ], window) for patches in (before, after))
        found[differ] = _first_below(_correlations(one, other, rings))
    return found


def _spectra(patches: NDArray[Any], window: Floats) -> NDArray[np.complex128]:
    """Half of each patch's spectrum, without its mean, shape (n, side * (side / 2 + 1))."""
    values = patches.astype(np.float64)
    means = np.tensordot(values, window, axes=2) / window.sum()
    return np.asarray(np.fft.rfft2((values - means[:, None, None]) * window).reshape(len(values), -1))


def _correlations(one: NDArray[np.complex128], other: NDArray[np.complex128], rings: Floats) -> Floats:
    """Correlation of two spectra on the rings 1, 2, ..., shape (n, n_rings); 1 where neither has any power."""
    cross = (one.real * other.real + one.imag * other.imag) @ rings
    power = [(spectrum.real**2 + spectrum.imag**2) @ rings for spectrum in (one, other)]
    least = _NO_POWER * np.maximum(*(of.sum(axis=1, keepdims=True) for of in power))
    there = [of > least for of in power]
    together = np.sqrt(np.where(there[0], power[0], 1.0) * np.where(there[1], power[1], 1.0))
    return np.where(there[0] & there[1], cross / together, np.where(there[0] | there[1], 0.0, 1.0))


def _first_below(correlation: Floats) -> Floats:
    """The frequency at which each curve first falls below the threshold, by straight lines between rings; else 1."""
    rings = correlation.shape[1]
    curve = np.hstack([np.ones((len(correlation), 1)), correlation])
    below = curve < THRESHOLD
    first = np.where(below.any(axis=1), below.argmax(axis=1), 1)
    each = np.arange(len(curve))
    high, low = curve[each, first - 1], curve[each, first]
    at = first - 1 + np.clip((high - THRESHOLD) / np.where(high > low, high - low, 1.0), 0, 1)
    return np.where(below.any(axis=1), at / (rings + 1), 1.0)


def _window(side: int) -> Floats:
    """A Hann window over a square."""
    along = np.sin(np.pi * (np.arange(side) + 0.5) / side) ** 2
    return np.outer(along, along)


def _rings(side: int) -> Floats:
    """How often each coefficient of half a spectrum counts on each ring inscribed in the square, without the mean.

    A ring holds the coefficients whose distance from the centre rounds to its number. Shape (side * (side / 2 + 1),
    side / 2 - 1); the half that is left out is the mirror of the columns between the first and the last.
    """
    down, across = np.fft.fftfreq(side, 1 / side), np.arange(side // 2 + 1)
    ring = np.rint(np.hypot(down[:, None], across[None])).astype(int)
    times = np.where((across > 0) & (across < side // 2), 2.0, 1.0)
    return np.asarray((ring[..., None] == np.arange(1, side // 2)) * times[None, :, None]).reshape(ring.size, -1)
