"""The gold files of the report, made again after an intended change: ``python -m tests.report.renew``, then look at it.

The digest is of the page without pictures, since compressed pixels differ between builds of the PNG library.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from editproof.report.page.html import render

from tests.report import gold
from tests.report.outline import Page

OUTLINE = Path(__file__).with_name("gold_outline.txt")
DIGEST = Path(__file__).with_name("gold.sha256")


def digest_of(page: str) -> str:
    return hashlib.sha256(page.encode()).hexdigest()


if __name__ == "__main__":
    whole = gold.evidence()
    page, bare = render(whole), render(whole, images=False)
    OUTLINE.write_text(Page.of(page).outline(), encoding="utf-8")
    DIGEST.write_text(f"{digest_of(bare)}\n", encoding="utf-8")
    for name in sys.argv[1:]:
        Path(name).write_text(page, encoding="utf-8")
