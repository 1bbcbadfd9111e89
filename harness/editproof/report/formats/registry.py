"""Every form of report by name: built in, of installed packages, or of a trusted file.

What renders a form is imported when the form is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

from editproof.core.registry import Registry
from editproof.report.formats.form import Beside, Form

if TYPE_CHECKING:
    from editproof.evidence.record import Evidence


def _html(evidence: Evidence, beside: Beside) -> bytes:
    from editproof.report.page.html import render

    return render(evidence, images=beside.images).encode()


def _pdf(evidence: Evidence, beside: Beside) -> bytes:
    from editproof.report.formats.pdf import pdf_of
    from editproof.report.page.html import render

    return pdf_of(render(evidence, images=beside.images, printed=True))


def _certificate(evidence: Evidence, beside: Beside) -> bytes:
    from editproof.report.formats import certificate, pdf

    page = certificate.render(evidence, beside.signature, beside.digests)
    return pdf.pdf_of(page) if beside.suffix == ".pdf" else page.encode()


def _junit(evidence: Evidence, beside: Beside) -> bytes:
    from editproof.report.formats import junit

    return junit.render(evidence).encode()


def _suites_joined(texts: Sequence[str]) -> str:
    from editproof.report.formats import junit

    return junit.joined(texts)


def _markdown(evidence: Evidence, beside: Beside) -> bytes:
    from editproof.report.formats import markdown

    return markdown.render(evidence).encode()


def _csv(evidence: Evidence, beside: Beside) -> bytes:
    from editproof.report.formats import tidy

    return tidy.csv(evidence)


def _parquet(evidence: Evidence, beside: Beside) -> bytes:
    from editproof.report.formats import tidy

    return tidy.parquet(evidence)


def _badge(evidence: Evidence, beside: Beside) -> bytes:
    from editproof.report.formats import badge

    return badge.render(evidence).encode()


def _crate(evidence: Evidence, beside: Beside) -> bytes:
    from editproof.report.formats import crate

    return crate.render(evidence, beside.digests).encode()


def _model_index(evidence: Evidence, beside: Beside) -> bytes:
    from editproof.report.formats import model_index

    return model_index.render(evidence).encode()


def _built_in() -> tuple[Form, ...]:
    return (
        Form("html", ".html", _html),
        Form("pdf", ".pdf", _pdf),
        Form("certificate", "-certificate.html", _certificate),
        Form("junit", ".xml", _junit, _suites_joined),
        Form("markdown", ".md", _markdown, "\n".join),
        Form("csv", "-measurements.csv", _csv),
        Form("parquet", "-measurements.parquet", _parquet),
        Form("badge", "-badge.svg", _badge),
        Form("ro-crate", "-ro-crate-metadata.json", _crate),
        Form("model-index", "-model-index.md", _model_index),
    )


def _name_of(value: Any) -> str:
    if not isinstance(value, Form):
        raise TypeError(f"a {type(value).__name__} is no Form")
    return value.name


FORMS: Registry[Form] = Registry(
    "form of report",
    group="editproof.forms",
    hook="",
    built_in=_built_in,
    name_of=_name_of,
    code_of=lambda form: form.render,
    advice="Declare your own as an entry point of the group editproof.forms, or give its file: --trust FILE.py.",
)
"""The one registry of forms; what a trusted file adds is known while its command lasts."""


def forms_in(module: ModuleType) -> Sequence[Form]:
    """The forms that a user's module defines."""
    return [value for value in vars(module).values() if isinstance(value, Form)]


def rendered_form(evidence: Evidence, name: str, beside: Beside | None = None) -> bytes:
    """The evidence in one form, as the bytes of its file.

    Parameters
    ----------
    evidence : Evidence
    name : str
        Of a registered form.
    beside : Beside, optional
        What is known beside the evidence; by default nothing.

    Raises
    ------
    ProtocolError
        Where no form of that name is known.
    """
    return FORMS[name].render(evidence, beside or Beside())
