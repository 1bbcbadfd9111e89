"""The verdicts as JUnit XML, for the test page of a continuous-integration service.

Valid against the schema of Apache Ant's reports (Windy Road's ``JUnit.xsd``) and against that of Jenkins
(``junit-10.xsd`` of its xUnit plug-in) at once. The former asks for more than a verdict has: a host, here always
``localhost``, and durations, here always 0, since a claim is decided after the edits were measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, SubElement, fromstring, indent, tostring

from editproof.evidence.record import EditorEvidence, Evidence
from editproof.evidence.reservations import heading
from editproof.report.page.figures import figures
from editproof.report.text.origins import origins
from editproof.report.text.wording import printable, stratum_in_words, typeset
from editproof.types import Outcome, Verdict


def render(evidence: Evidence) -> str:
    """The run as JUnit XML: a suite for the run itself, and one for each tool with a test case for each verdict.

    A test case without a child passed. ``failure`` has the outcome as its type: FAIL, INCONCLUSIVE (of a primary
    criterion, which does not pass), or the flaw of the run (EXPLORATORY, where a given lock was departed from;
    INCOMPLETE). An INCONCLUSIVE secondary criterion is ``skipped``, since it is neither shown to hold nor shown to be
    broken; so is each reservation. In an INVALID run each control or floor that was missed is an ``error``, and every
    case of a tool is ``skipped``: it has no verdict, and its cause is counted once. The estimates of all cases, passed
    ones too, are lines of each suite's ``system-out``.
    """
    void = evidence.outcome is Outcome.INVALID
    tools = [
        _suite(tool.card.name, evidence, _of_tool(tool, void), _estimates(tool.verdicts), tool)
        for tool in evidence.editors
    ]
    return _document([_suite("the run", evidence, _of_run(evidence), _estimates(evidence.validity)), *tools])


def joined(texts: Sequence[str]) -> str:
    """The suites of several runs as one document; of one run, its own.

    Parameters
    ----------
    texts : sequence of str
        As :func:`render` gives them, at least one.
    """
    if len(texts) == 1:
        return texts[0]
    suites = []
    for root in map(fromstring, texts):
        for suite in root:
            suite.set("name", f"{suite.get('package')}: {suite.get('name')}")
            suites.append(suite)
    return _document(suites)


def _document(suites: Iterable[Element]) -> str:
    root = Element("testsuites")
    root.extend(suites)
    for number, suite in enumerate(root):
        suite.set("id", str(number))
    indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _of_run(evidence: Evidence) -> Iterable[Element]:
    departed = "; ".join(evidence.departures_from_lock) if evidence.lock is not None else ""
    yield _case("the run", "follows the protocol that was locked beforehand", "failure", evidence.label, departed)
    for found in evidence.reservations:
        yield _case("the run", f"without reservation: {found.kind}", "skipped", "RESERVATION", found.sentence)
    yield _case("the run", "the suite ran completely", "failure", "INCOMPLETE", "; ".join(evidence.incomplete))
    for verdict in evidence.validity:
        missed = "" if verdict else f"{verdict.because} {_found(verdict)}"
        yield _case("the run", _name(verdict), "error", Outcome.INVALID.value, missed)


def _of_tool(editor: EditorEvidence, void: bool) -> Iterable[Element]:
    for verdict in editor.verdicts:
        kind, outcome, message = "failure", verdict.outcome.value, "" if verdict else _found(verdict)
        if void:
            kind, outcome, message = "skipped", Outcome.INVALID.value, f"The run is invalid. {_found(verdict)}"
        elif verdict.outcome is Outcome.INVALID:
            kind = "error"
        elif verdict.met and not verdict:
            kind = "skipped"
        yield _case(editor.card.name, _name(verdict), kind, outcome, message)


def _estimates(verdicts: Iterable[Verdict]) -> str:
    return "\n".join(f"{verdict.outcome.value} {_name(verdict)}: {_found(verdict)}" for verdict in verdicts)


def _suite(
    name: str, evidence: Evidence, cases: Iterable[Element], printed: str, editor: EditorEvidence | None = None
) -> Element:
    suite = Element("testsuite", name=_text(name), package=_text(evidence.run), timestamp=_text(evidence.created[:19]))
    reservations = evidence.reservations_on(editor) if editor else evidence.reservations
    facts = {
        "run": evidence.run,
        "label": evidence.label,
        "outcome": (editor or evidence).outcome.value,
        "heading": heading((editor or evidence).outcome, reservations),
        "reason": (editor or evidence).reason,
        "cohort": evidence.dataset.name,
        "protocol": str(evidence.protocol.get("digest", "")),
    }
    if editor:
        facts["version"] = editor.card.version
        facts |= {f"edits {status}": str(count) for status, count in editor.flow.items()}
        facts["origins"] = origins(editor)
    listed = SubElement(suite, "properties")
    for key, value in facts.items():
        SubElement(listed, "property", name=key, value=_text(value))
    suite.extend(cases)
    for count, kind in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(count, str(sum(1 for _ in suite.iter(kind))))
    suite.attrib |= {"hostname": "localhost", "time": "0"}
    SubElement(suite, "system-out").text = "\n".join(map(_text, printed.splitlines()))
    SubElement(suite, "system-err")
    return suite


def _case(group: str, name: str, kind: str, outcome: str, message: str) -> Element:
    """A test case; ``message`` is empty where it passed."""
    case = Element("testcase", classname=_text(group), name=_text(name), time="0")
    if message:
        SubElement(case, kind, type=outcome, message=_text(message))
    return case


def _name(verdict: Verdict) -> str:
    card = verdict.criterion
    return f"{card.id} {card.estimand} ({stratum_in_words(verdict.stratum)})"


def _found(verdict: Verdict) -> str:
    shown, required = figures(verdict.estimate, verdict.criterion), typeset(verdict.criterion.required)
    return f"no estimate: {shown.reason}; required {required}" if shown.reason else f"{shown}; required {required}"


def _text(text: str) -> str:
    """Text from outside as one line of characters that XML allows."""
    return " ".join(printable(text, 500).replace("\ufffe", "⟨U+FFFE⟩").replace("\uffff", "⟨U+FFFF⟩").split())
