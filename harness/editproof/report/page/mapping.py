"""Where a reviewer finds what frameworks, guidance and standards ask for, and how their texts were checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CHECKED: Final = "2026-11-29"
"""The day on which the references below were compared with what of their texts could be reached."""


@dataclass(frozen=True)
class Topic:
    """One topic that reporting frameworks ask for, their numbers for it, and where the report has it.

    ``where`` is empty where the report does not cover it; ``anchor`` is the section of the page.
    """

    topic: str
    act: str = ""
    claim: str = ""
    stard: str = ""
    gen: str = ""
    where: str = ""
    anchor: str = ""


@dataclass(frozen=True)
class Supported:
    """One topic of a guidance or standard, what of the report supports it, and what it was checked against."""

    document: str
    topic: str
    where: str
    anchor: str
    checked: str


FRAMEWORKS: Final = {
    "act": "EU AI Act, Annex IV",
    "claim": "CLAIM 2024",
    "stard": "STARD-AI",
    "gen": "MI-CLAIM-GEN",
}
"""The reporting frameworks by their column."""

SOURCES: Final = {
    "act": "public reproductions of Regulation (EU) 2024/1689, points 2(f) to 2(h), 3 and 4; not the Official Journal",
    "claim": "a public summary of all 44 items, one version of which says that it was compared with the published text "
    "(doi:10.1148/ryai.240300); not checked against the text",
    "stard": "a public transcription that says that it was compared row by row with the published table "
    "(doi:10.1038/s41591-025-03953-8); not checked against the text",
    "gen": "referred to by topic (arXiv 2403.02558); not checked against the text",
}
"""What the numbers of each column were checked against."""

ASKED: Final = (
    Topic("Objectives and hypotheses", "", "4", "4", "", "Criteria: each claim with its limit", "criteria"),
    Topic("Validation and testing procedures", "2(g)", "28", "18", "evaluation", "Criteria, Methods", "criteria"),
    Topic(
        "Test data and their main characteristics",
        "2(g)",
        "7, 36",
        "11, 25",
        "cohort",
        "Materials: cohort",
        "materials",
    ),
    Topic(
        "Preprocessing of the data",
        "",
        "9",
        "14",
        "",
        "in part: geometry and gray levels of each tool, preprocessing of each instrument, under Materials",
        "materials",
    ),
    Topic(
        "Reference standard",
        "",
        "14, 15",
        "16a, 16b",
        "",
        "in part: its definition, under Materials and Terms; not who determined it, nor how well readers agree",
        "materials",
    ),
    Topic(
        "Cut-offs and result categories of the test, fixed beforehand or not",
        "",
        "",
        "15c",
        "",
        "Criteria: limits, and the estimand in full; the label says whether they were locked",
        "criteria",
    ),
    Topic("Cut-offs and result categories of the reference standard", "", "", "16c", ""),
    Topic(
        "Metrics of accuracy, with their uncertainty",
        "2(g)",
        "28, 29, 37, 38",
        "31",
        "evaluation",
        "Criteria",
        "criteria",
    ),
    Topic(
        "Why these metrics are appropriate",
        "4",
        "",
        "",
        "",
        "in part: source and rationale of each limit, under Criteria",
        "criteria",
    ),
    Topic(
        "Robustness: repeats, other rules for missing edits",
        "2(g)",
        "30",
        "21",
        "evaluation",
        "Criteria; Readings: spread over repeats",
        "readings",
    ),
    Topic(
        "Potentially discriminatory impacts; accuracy for specific groups",
        "2(g), 3",
        "37",
        "23, 35",
        "bias",
        "Subgroups side by side, Readings by group",
        "criteria",
    ),
    Topic("Flow of cases", "", "35", "24", "cohort", "Completeness and flow of cases", "flow"),
    Topic(
        "Missing and indeterminate results",
        "",
        "12",
        "19, 20",
        "",
        "Flow of cases; sensitivity in the criteria; INCONCLUSIVE",
        "flow",
    ),
    Topic(
        "Distribution of results against the reference standard",
        "",
        "38",
        "30",
        "",
        "Readings, ROC; no cross-tabulation",
        "readings",
    ),
    Topic(
        "Failure analysis; foreseeable unintended outcomes",
        "3",
        "39",
        "23",
        "examination",
        "in part: Before and after; Every case; hazards under Traceability",
        "gallery",
    ),
    Topic(
        "Tool and instruments: description, version, software",
        "",
        "22, 23, 27",
        "15a",
        "model",
        "in part: as described on their cards, under Materials; Provenance",
        "materials",
    ),
    Topic(
        "Training data of the instruments, apart from the test data",
        "",
        "19, 20",
        "15b, 29",
        "data",
        "in part: as described on their cards; warnings of the cohort",
        "materials",
    ),
    Topic("Training procedures, initial values, choice of the model", "", "24, 25, 26", "15b", "model"),
    Topic(
        "Testing on internal data",
        "",
        "32",
        "",
        "evaluation",
        "in part: figures on the untouched test split of each instrument, where its card has them",
        "materials",
    ),
    Topic(
        "Testing on external data",
        "",
        "33",
        "29",
        "evaluation",
        "in part: floors of the instruments on the originals of this cohort",
        "validity",
    ),
    Topic("Capabilities and limitations", "3", "40", "33", "examination", "Limitations", "methods"),
    Topic("The protocol in full", "", "42", "37", "", "Provenance", "record"),
    Topic(
        "Test logs and reports, dated, with what is needed to repeat them",
        "2(g)",
        "43",
        "40a, 40b",
        "reproducibility",
        "Provenance, and the evidence beside this page",
        "record",
    ),
    Topic(
        "Signature of the responsible persons",
        "2(g)",
        "",
        "",
        "",
        "not on this page: a signature is kept with the evidence, and editproof verify shows it",
        "record",
    ),
    Topic("Pre-determined changes", "2(f)"),
    Topic("Cybersecurity", "2(h)"),
    Topic("The other requirements of Chapter III, Section 2", "2(g)"),
    Topic("Human oversight; specifications of input data", "3"),
    Topic(
        "Intended use, clinical role, users, implications for practice", "", "3, 41", "3, 15d, 34", "clinical question"
    ),
    Topic("Prospective or retrospective; goal of the study", "", "5, 6", "5"),
    Topic("Eligibility, setting, dates and acquisition of the cases", "", "8, 10, 13", "7, 8, 9, 10, 13", "cohort"),
    Topic("De-identification; approval by an ethics committee", "", "11", "6", "ethics"),
    Topic("Annotators, their agreement, what they knew", "", "16, 17, 18", "12, 17a, 17b"),
    Topic("Planned sample size", "", "21", "22"),
    Topic("Severity, other diagnoses, time between tests, adverse events", "", "", "26a, 26b, 27, 32"),
    Topic("Whether the test set represents the intended patients", "", "", "28", "cohort"),
    Topic("Explainability", "", "31", "", "examination"),
    Topic("Registration, funding, interests", "", "34, 44", "36, 38, 39"),
)
"""What the frameworks ask of a test report."""

_PCCP = "FDA, predetermined change control plans for AI-enabled devices (final; issued 2024-12-04, again 2025-08-18)"
_LIFE = "FDA, lifecycle of AI-enabled devices (draft of 2025-01-07; no final text was found)"
_RISK, _LEARNT = "ISO 14971:2019", "ISO/TS 24971-2:2026"
_SOFT, _GOOD = "IEC 62304:2006+A1:2015", "Good Machine Learning Practice (IMDRF/AIML WG/N88 FINAL:2025)"
_PART = "21 CFR 11"
_SUMMARIES = "public summaries; not checked against the text"
_NOT = "by topic; not checked against the text"

SUPPORTED: Final = (
    Supported(
        _PCCP,
        "Description of the modifications",
        "in part: version and parameters of each tool",
        "materials",
        _SUMMARIES,
    ),
    Supported(
        _PCCP,
        "Modification protocol: how a modified version is evaluated, with limits fixed beforehand",
        "the lock, and editproof compare, which holds a new version against the old by margins",
        "record",
        _SUMMARIES,
    ),
    Supported(_PCCP, "Impact assessment: benefits and risks of the modifications", "", "", _SUMMARIES),
    Supported(
        _LIFE,
        "Performance with its uncertainty, overall and in subgroups",
        "Criteria, Subgroups side by side",
        "criteria",
        _SUMMARIES,
    ),
    Supported(
        _LIFE,
        "Data management: source and characteristics of the test data",
        "in part: Materials: cohort",
        "materials",
        _SUMMARIES,
    ),
    Supported(
        _LIFE,
        "Risk assessment",
        "in part: hazards with the criteria and results that address them",
        "record",
        _SUMMARIES,
    ),
    Supported(_LIFE, "Labelling, user interface, monitoring, cybersecurity", "", "", _SUMMARIES),
    Supported(
        _RISK,
        "Evidence that a measure of risk control is effective",
        "in part: hazard, criterion, test and result in the table of Traceability",
        "record",
        _NOT,
    ),
    Supported(_RISK, "Risk analysis, evaluation and residual risk", "", "", _NOT),
    Supported(
        _LEARNT,
        "Risks specific to machine learning",
        "nothing for generative tools: the document leaves large language models and generative AI out of its scope; "
        "for the instruments in part: Materials, Is the run valid?",
        "validity",
        "its scope, in a public catalogue; not checked against the text",
    ),
    Supported(
        _SOFT,
        "Testing of the software system: from requirement to test (5.7)",
        "Traceability",
        "record",
        "a public summary of the clause; not checked against the text",
    ),
    Supported(
        _SOFT,
        "Record of a test: result and anomalies, what is needed to repeat it, the tester (5.6.7)",
        "in part: Criteria, Provenance; the tester where the run is signed",
        "record",
        "a public reproduction of the clause; not checked against the standard",
    ),
    Supported(
        _GOOD,
        "Test data independent of training data",
        "in part: warnings of the cohort, cards of the instruments",
        "materials",
        _SUMMARIES,
    ),
    Supported(
        _GOOD,
        "Reference standards fit for their purpose",
        "in part: the reference standard under Materials",
        "materials",
        _SUMMARIES,
    ),
    Supported(_GOOD, "Monitoring of deployed models", "", "", _SUMMARIES),
    Supported(
        _PART,
        "Signed records show the printed name, date and time, and the meaning of the signature (11.50(a))",
        "the certificate, where the run is signed",
        "record",
        "public reproductions of the section",
    ),
    Supported(
        _PART,
        "A signature is linked to its record (11.70)",
        "in part: a signature covers the digest of the manifest; editproof verify checks it",
        "record",
        _NOT,
    ),
    Supported(_PART, "Validation of systems, access, audit trails, control of accounts", "", "", _NOT),
)
"""What guidance and standards ask for that a report can support; it is never more than support."""
