"""The file formats for machines and archives: JUnit, certificate, PDF."""

from __future__ import annotations

import importlib.util
import io
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
import xmlschema
from editproof.audit.publication import deliver
from editproof.cli import main
from editproof.errors import EvidenceError
from editproof.evidence.attestation import Manifestation
from editproof.evidence.record import Evidence
from editproof.report.formats import certificate, junit, pdf
from editproof.report.formats.form import Beside
from editproof.report.formats.registry import FORMS, rendered_form
from editproof.report.page import html
from editproof.types import Outcome
from junitparser import Failure, JUnitXml, Skipped

from tests.audit import study
from tests.records import replace
from tests.report import gold
from tests.report.outline import Page
from tests.report.test_hostile import hostile

needs_weasyprint = pytest.mark.skipif(
    importlib.util.find_spec("weasyprint") is None, reason="needs the package weasyprint"
)


def suites(evidence: Evidence) -> list:
    return list(JUnitXml.fromstring(junit.render(evidence).encode()))


def test_junit_has_a_case_for_each_verdict_and_its_outcome_as_type(whole: Evidence) -> None:
    run, *tools = suites(whole)
    assert [suite.name for suite in tools] == [editor.card.name for editor in whole.editors]
    assert (run.tests, run.failures, run.errors) == (2 + len(whole.reservations) + len(whole.validity), 0, 0)
    for suite, editor in zip(tools, whole.editors, strict=True):
        expected = [v.outcome for v in editor.verdicts]
        assert suite.tests == len(expected)
        for case, verdict in zip(suite, editor.verdicts, strict=True):
            found = case.result
            assert (not found) is (verdict.outcome is Outcome.PASS)
            if found:
                kind = Failure if verdict.outcome is Outcome.FAIL or verdict.criterion.role == "primary" else Skipped
                assert isinstance(found[0], kind)
                assert found[0].type == verdict.outcome.value
                assert "required" in found[0].message


def test_junit_lets_nothing_pass_in_an_invalid_run(whole: Evidence) -> None:
    run, *tools = suites(gold.invalid(whole))
    assert {case.result[0].type for case in run if case.result} == {"RESERVATION", "INCOMPLETE", "INVALID"}
    assert run.errors == sum(1 for verdict in gold.invalid(whole).validity if not verdict)
    for suite in tools:
        assert suite.skipped == suite.tests > 0
        assert suite.errors == 0, "the cause is counted once, in the suite of the run"
        assert {(type(case.result[0]), case.result[0].type) for case in suite} == {(Skipped, "INVALID")}


def test_junit_has_the_estimate_of_what_passed_too(whole: Evidence) -> None:
    for suite, editor in zip(fromstring(junit.render(whole))[1:], whole.editors, strict=True):
        printed = (suite.findtext("system-out") or "").splitlines()
        assert [line.split()[0] for line in printed] == [verdict.outcome.value for verdict in editor.verdicts]
        assert all("required" in line for line in printed)


@pytest.mark.parametrize("form", ["whole", "invalid", "no tool", "no verdict", "hostile", "two runs"])
def test_junit_is_valid_under_the_schemas_of_ant_and_jenkins(whole: Evidence, form: str) -> None:
    text = {
        "whole": lambda: junit.render(whole),
        "invalid": lambda: junit.render(gold.invalid(whole)),
        "no tool": lambda: junit.render(replace(whole, editors=())),
        "no verdict": lambda: junit.render(gold.without_verdicts(whole)),
        "hostile": lambda: junit.render(hostile(whole)),
        "two runs": lambda: junit.joined([junit.render(whole), junit.render(gold.invalid(whole))]),
    }[form]()
    xmlschema.validate(text, Path(__file__).with_name("junit.xsd"))


@pytest.mark.parametrize("broken", [' hostname="localhost"', "<system-err />", ' id="0"', ' time="0"'])
def test_the_schema_of_junit_finds_what_is_missing(whole: Evidence, broken: str) -> None:
    text = junit.render(whole).replace(broken, "", 1)
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        xmlschema.validate(text, Path(__file__).with_name("junit.xsd"))


def test_junit_without_a_tool_or_a_verdict_is_still_one(whole: Evidence) -> None:
    assert len(suites(replace(whole, editors=()))) == 1
    assert [suite.tests for suite in suites(gold.without_verdicts(whole))[1:]] == [0, 0]


def test_junit_keeps_hostile_text_as_text(whole: Evidence) -> None:
    text = junit.render(hostile(whole))
    assert "<script" not in text
    assert not set(text) & {"\u202e", "\x00", "\x1b", "\ud800"}
    first = JUnitXml.fromstring(text.encode())
    assert "<script>alert(1)</script>{{ 7 * 7 }}" in next(iter(first)).properties().__next__().value


def test_certificate_says_the_verdict_and_that_it_is_no_approval(whole: Evidence) -> None:
    text = Page.of(certificate.render(whole)).text
    assert "This is a record of a test, not an approval." in text
    assert "opencv-telea: conforms, with reservations: placeholder limits; rerender: does not conform" in text
    for words in (
        "radius 3",
        "temperature 1.0",
        "c0ffee",
        "confirmatory",
        "synthetic hands",
        "not signed",
        "at most 2.0",
    ):
        assert words in text


@pytest.mark.parametrize("fault", ["invalid", "exploratory", "incomplete", "no tool"])
def test_certificate_shows_no_pass_where_nothing_was_proven(whole: Evidence, fault: str) -> None:
    changed = {
        "invalid": gold.invalid(whole),
        "exploratory": replace(whole, label="EXPLORATORY", departures=("no protocol was locked",)),
        "incomplete": replace(whole, incomplete=("2 claims were deselected",)),
        "no tool": replace(whole, editors=()),
    }[fault]
    page = certificate.render(changed)
    text = Page.of(page).text
    assert "Nothing was proven by this run" in text
    assert fault.upper() in text
    assert not re.search(r"\bPASS\b|Conforms|\bhold\b", text)
    assert 'class="tool PASS"' not in page


def test_certificate_has_the_signature_it_is_given(whole: Evidence) -> None:
    signature = Manifestation("Ada <b>", "2026-11-24T10:00:00+00:00", "review", "")
    text = Page.of(certificate.render(whole, signature)).text
    assert "Ada <b>, 2026-11-24 10:00:00 UTC: review" in text


def test_certificate_keeps_hostile_text_as_text(whole: Evidence) -> None:
    page = certificate.render(hostile(whole))
    parsed = Page.of(page)
    assert not parsed.all("script")
    assert not parsed.all("img")
    assert not [a for _, a in parsed.elements if any(key.startswith("on") for key in a)]
    assert not set(page) & {"\u202e", "\x00", "\x1b", "\ud800"}


def test_page_on_paper_has_every_section_and_no_script(whole: Evidence, page: str) -> None:
    printed = Page.of(html.render(whole, printed=True))
    assert not printed.all("script")
    assert not printed.all("input")
    ids = [a["id"] for a in printed.all("section")]
    assert ids == [a["id"] for a in Page.of(page).all("section")]
    assert "The readings of every case are in the HTML form" in printed.text
    unresolved = re.findall(r"<svg.*?var\(--", pdf.coloured(html.render(whole, printed=True, images=False)))
    assert not unresolved


def test_certificate_has_every_primary_claim_and_the_digests_that_it_is_given(whole: Evidence) -> None:
    first = whole.editors[0].verdicts[0]
    many = tuple(
        replace(
            first, criterion=replace(first.criterion, id=f"P-{k}"), outcome=Outcome.FAIL if k == 35 else Outcome.PASS
        )
        for k in range(40)
    )
    editor = replace(whole.editors[0], verdicts=many, tests=tuple(f"t{k}" for k in range(40)))
    text = Page.of(certificate.render(replace(whole, editors=(editor,)), digests={"manifest.json": "ab" * 32})).text
    assert all(f"P-{k} " in text for k in range(40))
    assert f"manifest.json sha256 {'ab' * 32}" in text


@needs_weasyprint
def test_certificate_is_short_archival_pdf_and_the_same_twice(whole: Evidence) -> None:
    third = replace(whole.editors[0], card=replace(whole.editors[0].card, name="third-tool"))
    three = replace(whole, editors=(*whole.editors, third))
    for evidence, pages in ((whole, 2), (gold.invalid(whole), 1), (three, 2)):
        content = rendered_form(evidence, "certificate", Beside(suffix=".pdf"))
        assert content == rendered_form(evidence, "certificate", Beside(suffix=".pdf"))
        assert len(archival(content)) == pages


@needs_weasyprint
@pytest.mark.slow
def test_report_as_pdf_is_archival_and_has_every_section() -> None:
    small = gold.evidence(12)
    text = "".join(archival(rendered_form(small, "pdf")))
    for heading in ("Is the run valid?", "Criteria", "Where the harm comes from", "What the instruments read",
                    "Before and after", "Materials", "Limitations", "Traceability", "Provenance"):  # fmt: skip
        assert heading in text


@needs_weasyprint
def test_pdf_is_tagged_and_declares_it(whole: Evidence) -> None:
    """Read with pikepdf: no fault of syntax, PDF/A-2a and PDF/UA-1, language, title, alternative text, headings in order."""
    pikepdf = pytest.importorskip("pikepdf", reason="needs the package pikepdf")
    small = replace(gold.evidence(12, pictures=False), editors=(gold.evidence(12).editors[1],))
    for name in ("certificate", "pdf"):
        with pikepdf.open(io.BytesIO(rendered_form(small, name, Beside(suffix=".pdf")))) as made:
            assert made.check_pdf_syntax() == []
            root = made.Root
            assert root.MarkInfo.Marked
            assert root.ViewerPreferences.DisplayDocTitle
            assert str(root.Lang) == "en"
            with made.open_metadata() as stated:
                assert (stated.pdfa_status, stated["pdfuaid:part"]) == ("2A", "1")
                assert "gold-run" in stated["dc:title"]
            elements = list(structure(root.StructTreeRoot.K))
            headings = [int(kind[1]) for kind, _ in elements if re.fullmatch(r"H\d", kind)]
            assert (headings[0], headings.count(1)) == (1, 1)
            assert all(after - before <= 1 for before, after in itertools.pairwise(headings)), "no level is skipped"
            assert {"Table", "TH", "TD", "Figure"} <= {kind for kind, _ in elements}
            assert [1 for kind, entry in elements if kind == "Figure" and not str(entry.get("/Alt", ""))] == []


def structure(entry: Any) -> Iterator[tuple[str, Any]]:
    """Every element of the structure tree of a PDF in reading order: its kind and its dictionary."""
    import pikepdf

    if isinstance(entry, pikepdf.Array):
        for kid in entry:
            yield from structure(kid)
    elif isinstance(entry, pikepdf.Dictionary):
        if "/S" in entry:
            yield str(entry.S).lstrip("/"), entry
        if "/K" in entry:
            yield from structure(entry.K)


def archival(content: bytes) -> list[str]:
    """The pages' text, of a PDF that declares PDF/A-2a, embeds its fonts and its colour profile, and runs nothing."""
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(content))
    root = reader.trailer["/Root"]
    metadata = root["/Metadata"].get_object().get_data().decode()
    assert re.search(r"part[>=\"]+2", metadata)
    assert re.search(r"conformance[>=\"]+A", metadata)
    assert root["/OutputIntents"][0].get_object()["/DestOutputProfile"]
    assert "/ID" in reader.trailer
    assert "/OpenAction" not in root
    assert b"/JavaScript" not in content
    for page in reader.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            descendant = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descendant)
    return [page.extract_text() for page in reader.pages]


def test_without_the_renderer_there_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "weasyprint", None)
    with pytest.raises(EvidenceError, match=r"editproof\[pdf\]"):
        pdf.pdf_of("<p>")


def test_command_writes_or_prints_each_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = deliver(study.evidence(), tmp_path)
    run = page.parent
    before = {file.name for file in run.rglob("*")}
    for name in ("markdown", "junit"):
        assert main(["report", str(run), "--format", name]) == 0
    printed = capsys.readouterr().out
    assert "<testsuites" in printed
    assert "| Outcome | Criterion | Role |" in printed
    assert main(["report", str(run), "--format", "certificate"]) == 0
    assert "not signed" in (tmp_path / f"{run.name}-certificate.html").read_text()
    assert {file.name for file in run.rglob("*")} == before, "what is sealed stays as it was"
    copy = tmp_path / "copy.html"
    assert main(["report", str(run), "--output", str(copy)]) == 0
    assert copy.read_bytes() == page.read_bytes()


@pytest.mark.parametrize("name", FORMS.names)
def test_no_form_is_made_of_verdicts_that_do_not_follow(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    run = deliver(gold.evidence(12, pictures=False), tmp_path).parent
    before = {file.name for file in tmp_path.rglob("*")}
    assert main(["report", str(run), "--format", name]) == 1, "invented verdicts do not verify"
    said = capsys.readouterr()
    assert "does not verify" in said.err
    assert said.out == ""
    assert {file.name for file in tmp_path.rglob("*")} == before
