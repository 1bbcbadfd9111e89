"""Two tools that remove burned-in text and fail: one takes marks too, one leaves a line (docs/deidentification.md)."""

import cv2
import numpy as np
from editproof.types import EditorCard, EditOutcome


def filled(image, mask):
    return cv2.inpaint(image, mask.astype(np.uint8), 3, cv2.INPAINT_TELEA)


class All:
    """Fills whatever is much brighter than what is around it outside of the hand, marks too."""

    card = EditorCard(name="all-text", version="1", description="fills all text that it finds", deterministic=True)

    def __call__(self, request):
        image = request.image
        smooth = cv2.medianBlur(image, 25)
        hand = cv2.threshold(smooth, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1]
        hand = cv2.dilate(hand, np.ones((17, 17), np.uint8)) > 0
        text = (image > smooth.astype(int) + 60) & ~hand
        return EditOutcome.ok(filled(image, cv2.dilate(text.astype(np.uint8), np.ones((5, 5), np.uint8))))


class One:
    """Fills the first line of what it is asked to remove."""

    card = EditorCard(name="one-line", version="1", description="fills one line of text", deterministic=True)

    def __call__(self, request):
        wide = cv2.dilate(request.edit_mask.astype(np.uint8), np.ones((3, 15), np.uint8))
        _, lines = cv2.connectedComponents(wide)
        return EditOutcome.ok(filled(request.image, request.edit_mask & (lines == 1)))


def everything():
    return All()


def one_line():
    return One()
