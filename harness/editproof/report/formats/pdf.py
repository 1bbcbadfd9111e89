"""A page as tagged PDF, for archives and screen readers: charts and bars as vectors, no script, nothing fetched."""

from __future__ import annotations

import hashlib
import logging
import re
from typing import Any

from editproof.core.extras import need
from editproof.errors import EvidenceError
from editproof.report.page.environment import palette

VARIANT = "pdf/a-2a"
"""Archival and tagged (ISO 19005-2, level A): every character mapped to Unicode, every element to its structure."""

_ACCESSIBLE = (
    b'<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"><pdfuaid:part>1</pdfuaid:part>'
    b'</rdf:Description><rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"'
    b' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"'
    b' xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"><pdfaExtension:schemas><rdf:Bag>'
    b'<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>PDF/UA identification schema'
    b"</pdfaSchema:schema><pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>"
    b"<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq>"
    b'<rdf:li rdf:parseType="Resource"><pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer'
    b"</pdfaProperty:valueType><pdfaProperty:category>internal</pdfaProperty:category><pdfaProperty:description>"
    b"Part of ISO 14289</pdfaProperty:description></rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag>"
    b"</pdfaExtension:schemas></rdf:Description>"
)
"""What declares PDF/UA-1 (ISO 14289-1) beside PDF/A, and describes that declaration, as PDF/A demands."""

_BESIDE = "drawing; the words beside it say the same"


def pdf_of(html: str) -> bytes:
    """A page of the report as PDF/A-2a and PDF/UA-1; equal pages give equal bytes with equal fonts and renderer.

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
    page = weasyprint.HTML(string=with_alternatives(coloured(html)), url_fetcher=data_alone)
    identity = hashlib.sha256(html.encode()).digest()[:16]
    content: bytes = page.write_pdf(finisher=_declared_accessible, pdf_variant=VARIANT, pdf_identifier=identity)
    return content


def _declared_accessible(_: object, pdf: Any) -> None:
    """Add the declaration of PDF/UA-1 to the metadata of a PDF that is about to be written."""
    for entry in pdf.objects:
        extra = getattr(entry, "extra", None) or {}
        if extra.get("Type") == "/Metadata":
            entry.stream = [part.replace(b"</rdf:RDF>", _ACCESSIBLE + b"</rdf:RDF>") for part in entry.stream]


def with_alternatives(html: str) -> str:
    """A page in which every drawing has a title, which becomes its alternative text.

    Examples
    --------
    >>> with_alternatives('<svg role="img" aria-label="PASS: bias"><g/></svg>')
    '<svg role="img" aria-label="PASS: bias"><title>PASS: bias</title><g/></svg>'
    >>> with_alternatives('<svg aria-hidden="true"><g/></svg>')
    '<svg aria-hidden="true"><title>drawing; the words beside it say the same</title><g/></svg>'
    """

    def with_title(found: re.Match[str]) -> str:
        label = re.search(r'aria-label="([^"]*)"', found[0])
        return f"{found[0]}<title>{label[1] if label else _BESIDE}</title>"

    return re.sub(r"<svg\b[^>]*>(?!\s*<title>)", with_title, html)


def coloured(html: str) -> str:
    """A page in which every colour variable is replaced by its colour, since style sheets do not reach into pictures.

    Examples
    --------
    >>> coloured('<path stroke="var(--paper)"/>')
    '<path stroke="#fff"/>'
    """
    colours = palette()
    return re.sub(r"var\(--([a-z-]+)\)", lambda found: colours.get(found[1], found[0]), html)
