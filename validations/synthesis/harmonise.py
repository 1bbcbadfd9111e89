"""Two harmonisations of gray levels towards those of a reference scanner; neither adds or removes a structure."""

from __future__ import annotations

import numpy as np

MEAN, SD = 70.0, 55.0
"""Gray levels of the reference scanner."""

LANDMARKS = {2: 40.0, 50: 90.0, 98: 215.0}
"""Its gray level at each percentile of the foreground."""


def linear():
    """One line for each image, to the mean and the SD of the reference."""
    return harmonised_by_a_line


def landmarks():
    """Pieces of lines between landmarks, after Nyul, Udupa and Zhang (IEEE Trans Med Imaging 2000;19:143-150)."""
    return harmonised_by_landmarks


def harmonised_by_a_line(request):
    """An image of the reference's mean and SD."""
    image = request.image.astype(float)
    mapped = (image - image.mean()) / image.std() * SD + MEAN
    return np.clip(np.round(mapped), 0, 255).astype(request.image.dtype)


def harmonised_by_landmarks(request):
    """An image whose landmarks lie where those of the reference do."""
    image = request.image
    foreground = image[image > image.mean() * 0.5]
    found = np.percentile(foreground, list(LANDMARKS))
    if np.any(np.diff(found) <= 0):
        return image
    levels = np.interp(np.arange(256), [0.0, *found, 255.0], [0.0, *LANDMARKS.values(), 255.0])
    return np.round(levels)[image].astype(image.dtype)
