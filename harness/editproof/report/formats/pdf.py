"""A page as PDF/A, for archives: charts and bars as vectors, no script, nothing fetched."""

from __future__ import annotations

import hashlib
import logging
import re

from editproof.core.extras import need
from editproof.errors import EvidenceError
from editproof.report.page.environment import palette

VARIANT = "pdf/a-2u"
"""Archival (ISO 19005-2), every character mapped to Unicode."""


def pdf_of(html: str) -> bytes:
    """A page of the report as PDF/A; equal pages give equal bytes with equal fonts and renderer.

    Parameters
    ----------
    html : str
        Rendered for paper (``printed=True``), or the certificate.

    Raises
    ------
    EvidenceError
        Where the renderer, or the library by which it lays out text, is not installed.
    """
    need("pdf", "a PDF", EvidenceError)
    try:
        import weasyprint
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:
        raise EvidenceError(
            "a PDF", f"WeasyPrint cannot be loaded ({str(error).partition(chr(10))[0]})",
            "Install editproof[pdf] and Pango, on Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0.",
        ) from error  # fmt: skip
    for name in ("weasyprint", "fontTools"):
        logging.getLogger(name).setLevel(logging.ERROR)
    data_alone = URLFetcher(allowed_protocols={"data"})
    page = weasyprint.HTML(string=coloured(html), url_fetcher=data_alone)
    identity = hashlib.sha256(html.encode()).digest()[:16]
    content: bytes = page.write_pdf(pdf_variant=VARIANT, pdf_identifier=identity)
    return content


def coloured(html: str) -> str:
    """A page in which every colour variable is replaced by its colour, since style sheets do not reach into pictures.

    Examples
    --------
    >>> coloured('<path stroke="var(--paper)"/>')
    '<path stroke="#fff"/>'
    """
    colours = palette()
    return re.sub(r"var\(--([a-z-]+)\)", lambda found: colours.get(found[1], found[0]), html)
