"""The faces of one evidence, by name: each a pure function of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from editproof.evidence.record import Evidence
    from editproof.report.formats.certificate import Signature

PRINTED: Final = ("markdown", "junit")
"""Faces that a command prints, where no file is named."""

SUFFIX: Final = {
    "html": ".html",
    "pdf": ".pdf",
    "certificate": "-certificate.html",
    "junit": ".xml",
    "markdown": ".md",
    "csv": "-measurements.csv",
    "parquet": "-measurements.parquet",
}
"""Every face, and how the name of its file ends."""


def face(
    evidence: Evidence,
    name: str,
    *,
    images: bool = True,
    signature: Signature | None = None,
    as_pdf: bool = False,
) -> bytes:
    """One face of the evidence, as the bytes of its file.

    Parameters
    ----------
    evidence : Evidence
    name : {"html", "pdf", "certificate", "junit", "markdown", "csv", "parquet"}
    images : bool
        False leaves every pixel of a radiograph out.
    signature : Signature, optional
        For the certificate, and checked by the caller.
    as_pdf : bool
        The certificate as PDF; ``"pdf"`` is the whole report.
    """
    from editproof.report.formats import certificate, junit, markdown, pdf, tidy
    from editproof.report.page import html

    if name in ("csv", "parquet"):
        return tidy.csv(evidence) if name == "csv" else tidy.parquet(evidence)
    if name == "pdf":
        return pdf.of(html.render(evidence, images=images, printed=True))
    if name == "certificate":
        page = certificate.render(evidence, signature)
        return pdf.of(page) if as_pdf else page.encode()
    text = {"html": lambda: html.render(evidence, images=images), "junit": lambda: junit.render(evidence)}
    return text.get(name, lambda: markdown.render(evidence))().encode()
