"""A run as an RO-Crate: its files, tools and instruments as linked data, for archives and catalogues of research."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from urllib.parse import quote

from editproof.evidence.record import Evidence
from editproof.evidence.reservations import heading
from editproof.report.text.wording import all_in_one_line, in_one_line
from editproof.types import JSON, EditorCard, InstrumentCard, Outcome

METADATA = "ro-crate-metadata.json"
SPECIFICATION = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
"""Process Run Crate: which software was run on what, and what came of it."""

_MEDIA = {".json": "application/json", ".csv": "text/csv", ".png": "image/png", ".html": "text/html"}


def render(evidence: Evidence, digests: Mapping[str, str]) -> str:
    """The metadata of RO-Crate 1.1 under the profile Process Run Crate, as JSON-LD.

    Names of files are relative to the run's folder: a copy of the folder with this file in it as
    ``ro-crate-metadata.json`` is the crate. The folder itself is sealed, and a file more would break its seal.

    Parameters
    ----------
    evidence : Evidence
    digests : mapping of str to str
        The sha256 (hex) of each file of the run's folder.
    """
    graph = [*_crate(evidence, digests), *_files(digests), *_software(evidence)]
    context: JSON = [
        f"{SPECIFICATION}/context",
        "https://w3id.org/ro/terms/workflow-run/context",
    ]
    whole: JSON = {"@context": context, "@graph": graph}
    return json.dumps(all_in_one_line(whole), indent=1, ensure_ascii=False) + "\n"


def _crate(evidence: Evidence, digests: Mapping[str, str]) -> Iterator[JSON]:
    yield {
        "@id": METADATA,
        "@type": "CreativeWork",
        "conformsTo": {"@id": SPECIFICATION},
        "about": {"@id": "./"},
    }
    said = heading(evidence.outcome, evidence.reservations)
    yield {
        "@id": "./",
        "@type": "Dataset",
        "conformsTo": {"@id": PROFILE},
        "name": f"Conformance run {evidence.run}",
        "description": f"{evidence.outcome.value} ({evidence.label}): {said}. {evidence.reason}",
        "identifier": evidence.run,
        "datePublished": evidence.created,
        "license": {"@id": "#licence"},
        "hasPart": [{"@id": quote(name)} for name in digests],
        "mentions": {"@id": "#judgement"},
    }
    yield {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": PROFILE.rpartition("/")[2]}
    yield {
        "@id": "#licence",
        "@type": "CreativeWork",
        "name": "Terms of use",
        "description": f"The cohort's: {evidence.dataset.licence or 'not stated on its card'}",
    }
    yield {
        "@id": "#judgement",
        "@type": "CreateAction",
        "name": "Judge whether the tools leave the clinical content of the images alone",
        **({"startTime": evidence.facts.began} if evidence.facts.began else {}),
        "endTime": evidence.created,
        "actionStatus": {"@id": f"http://schema.org/{_status(evidence)}"},
        "instrument": {"@id": "#editproof"},
        "object": [
            {"@id": "#cohort"},
            *({"@id": _id(card)} for card in _tools(evidence)),
            *({"@id": _id(card)} for card in evidence.facts.instruments),
        ],
        "result": [{"@id": quote(name)} for name in digests],
    }
    yield {
        "@id": "#cohort",
        "@type": "Dataset",
        "name": evidence.dataset.name,
        "description": evidence.dataset.description,
        "identifier": f"sha256:{evidence.dataset.digest}",
    }


def _status(evidence: Evidence) -> str:
    """A run that came to verdicts was completed, whatever they are."""
    return "FailedActionStatus" if evidence.outcome is Outcome.INVALID else "CompletedActionStatus"


def _files(digests: Mapping[str, str]) -> Iterator[JSON]:
    for name, digest in digests.items():
        media = _MEDIA.get(PurePosixPath(name).suffix, "application/octet-stream")
        yield {"@id": quote(name), "@type": "File", "name": name, "encodingFormat": media, "sha256": digest}


def _software(evidence: Evidence) -> Iterator[JSON]:
    yield {
        "@id": "#editproof",
        "@type": "SoftwareApplication",
        "name": "editproof",
        "softwareVersion": _version(evidence),
        "description": "Decides by patients whether an image-editing tool leaves clinical content alone.",
    }
    cards: list[EditorCard | InstrumentCard] = [*_tools(evidence), *evidence.facts.instruments]
    for card in cards:
        yield {
            "@id": _id(card),
            "@type": "SoftwareApplication",
            "name": card.name,
            "description": card.description,
            **({"softwareVersion": card.version} if isinstance(card, EditorCard) else {}),
        }


def _version(evidence: Evidence) -> str:
    """The version of this package that judged, as the evidence has it; empty where it has none."""
    packages = evidence.facts.environment.get("packages")
    return str(packages.get("editproof", "")) if isinstance(packages, Mapping) else ""


def _tools(evidence: Evidence) -> Iterator[EditorCard]:
    yield from (editor.card for editor in evidence.editors)


def _id(card: EditorCard | InstrumentCard) -> str:
    kind = "tool" if isinstance(card, EditorCard) else "instrument"
    return f"#{kind}-{quote(in_one_line(card.name))}"
