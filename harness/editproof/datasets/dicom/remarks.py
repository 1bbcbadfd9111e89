"""What headers say that is not used, or that decides how pixels are seen: counted on the card of the cohort."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

AGE, SEX, SIDE, SPACING = "age", "sex", "laterality", "spacing"
INVERSE, BITS, COLOUR = "inverse", "bits", "colour"

_WORDS: Final = {
    AGE: "have a Patient's Age (0010,1010) that is not written as 012Y, 006M, 003W or 010D; it was not read.",
    SEX: "have a Patient's Sex (0010,0040) that is none of M, F and O; it was not read.",
    SIDE: "have a laterality that is none of L, R, B and U, or two that differ; it was not read.",
    SPACING: "have a pixel spacing that is no pair of numbers between 0 and 10 mm; it was not read.",
    INVERSE: (
        "have a Presentation LUT Shape (2050,0020) that contradicts their Photometric Interpretation (0028,0004); "
        "0 was taken for white, as by MONOCHROME1 or INVERSE."
    ),
    BITS: "have something in the bits above Bits Stored (0028,0101), which have no meaning; it was masked.",
    COLOUR: "declare colour; in a gray cohort its channels have to be equal, and one is taken as it is stored.",
}


def remarks_on(found: Iterable[Iterable[str]]) -> list[str]:
    """A sentence for each remark, with the number of files that it is made of.

    Examples
    --------
    >>> remarks_on([{SEX}, set()])
    ["1 of 2 headers have a Patient's Sex (0010,0040) that is none of M, F and O; it was not read."]
    """
    listed = [set(each) for each in found]
    counts = Counter(kind for each in listed for kind in each)
    return [f"{counts[kind]} of {len(listed)} headers {words}" for kind, words in _WORDS.items() if counts[kind]]
