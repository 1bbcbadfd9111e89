"""One rule that says which split a case belongs to, for training and for studies alike."""

from __future__ import annotations

import hashlib
from typing import Literal

Split = Literal["train", "validation", "test"]


def split_of(case_id: str) -> Split:
    """Split of a case by the sha256 of its id: 80 % train, 8 % validation, 12 % test.

    No list of ids has to be kept, and a case can never move from one split to another.

    Examples
    --------
    >>> split_of("1377"), split_of("1377")
    ('train', 'train')
    """
    share = int(hashlib.sha256(case_id.encode()).hexdigest()[:8], 16) / 0x1_0000_0000
    if share < 0.80:
        return "train"
    return "validation" if share < 0.88 else "test"
