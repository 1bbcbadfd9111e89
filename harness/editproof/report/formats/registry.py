"""The file formats of a report, by name: each is a pure function of the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from editproof.evidence.record import Evidence
    from editproof.report.formats.certificate import Signature

PRINTED: Final = ("markdown", "junit")
"""Formats that the command line prints if no file is named."""

SUFFIX: Final = {
    "html": ".html",
    "pdf": ".pdf",
    "certificate": "-certificate.html",
    "junit": ".xml",
    "markdown": ".md",
    "csv": "-measurements.csv",
    "parquet": "-measurements.parquet",
}
"""Every format, with the ending of its file name."""


def rendered_form(
    evidence: Evidence,
    name: str,
    *,
    images: bool = True,
    signature: Signature | None = None,
    as_pdf: bool = False,
    digests: Mapping[str, str] | None = None,
) -> bytes:
    """The evidence in one format, as the bytes of its file.

    Parameters
    ----------
    evidence : Evidence
    name : {"html", "pdf", "certificate", "junit", "markdown", "csv", "parquet"}
    images : bool
        False leaves every pixel of a radiograph out.
    signature : Signature, optional
        Shown on the certificate; the caller has checked it.
    as_pdf : bool
        The certificate as PDF; ``"pdf"`` is the whole report.
    digests : mapping of str to str, optional
        SHA-256 of files of the bundle by name, for the certificate; the caller has checked them.
    """
    from editproof.report.formats import certificate, junit, markdown, pdf, tidy
    from editproof.report.page import html

    if name in ("csv", "parquet"):
        return tidy.csv(evidence) if name == "csv" else tidy.parquet(evidence)
    if name == "pdf":
        return pdf.pdf_of(html.render(evidence, images=images, printed=True))
    if name == "certificate":
        page = certificate.render(evidence, signature, digests)
        return pdf.pdf_of(page) if as_pdf else page.encode()
    text = {"html": lambda: html.render(evidence, images=images), "junit": lambda: junit.render(evidence)}
    return text.get(name, lambda: markdown.render(evidence))().encode()
