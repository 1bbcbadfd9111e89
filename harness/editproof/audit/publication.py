"""Evidence written to its folder, with its other file formats and the attestation over all of them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from editproof.errors import EvidenceError
from editproof.evidence import attestation
from editproof.evidence.bundle import ATTESTATION, Record, content_of, digests_of_bundle, json_bytes, save, seal
from editproof.evidence.comparison import Comparison
from editproof.report.page.comparison import render_comparison
from editproof.report.page.html import render
from editproof.types import JSON, Outcome, Verdict

PAGE = "report.html"


@dataclass(frozen=True)
class Signer:
    """Who signs, with which key file, and what the signature shall mean, e.g. ``"approval of this report"``."""

    key: Path
    name: str
    meaning: str

    def check(self) -> attestation.PrivateKey:
        """The key, where it is one and name and meaning are stated.

        Raises
        ------
        EvidenceError
        """
        if not (self.name.strip() and self.meaning.strip()):
            raise EvidenceError("a signature", "no name, or no meaning", "State both: --signer and --meaning.")
        password = os.environ.get("EDITPROOF_KEY_PASSWORD")
        return attestation.private_key(self.key, password.encode() if password else None)


def deliver(evidence: Record, reports: Path, *, images: bool = True, signer: Signer | None = None) -> Path:
    """Write the evidence and its page to ``reports/RUN``, attested, and return the path of the page."""
    folder = reports / evidence.run
    save(evidence, folder)
    page = write_page(evidence, folder, images=images)
    if signer is not None:
        sign(folder, evidence, signer)
    return page


def write_page(evidence: Record, folder: Path, *, images: bool = True) -> Path:
    """Write the page of saved evidence into its folder, seal and attest it, and return its path.

    Raises
    ------
    EvidenceError
        Where the folder is signed and the page would change, which would void the signature.
    """
    page, content = folder / PAGE, renderings(evidence)[PAGE][0 if images else 1]().encode()
    if is_signed(folder):
        if page.exists() and content_of(page) == content:
            return page
        raise EvidenceError(
            f"the page of {folder}", "it would differ from the one that was signed", "Copy the folder without its "
            f"{ATTESTATION}, and render the copy."
        )  # fmt: skip
    page.write_bytes(content)
    seal(folder, [PAGE])
    attest(folder, evidence)
    return page


def renderings(evidence: Record) -> Mapping[str, tuple[Callable[[], str], ...]]:
    """The allowed content of each file that is rendered from the record: with pictures, or without."""
    if isinstance(evidence, Comparison):
        return {PAGE: (partial(render_comparison, evidence),) * 2}
    return {PAGE: (partial(render, evidence, images=True), partial(render, evidence, images=False))}


def attest(folder: Path, record: Record, signer: Signer | None = None) -> Path:
    """Write the statement on a sealed folder in its envelope, signed where somebody signs."""
    path = folder / ATTESTATION
    if signer is None:
        path.write_bytes(json_bytes(attestation.envelope(statement_on(folder, record))))
        return path
    key = signer.check()
    manifestation = attestation.Manifestation(
        signer.name,
        datetime.now(UTC).isoformat(timespec="seconds"),
        signer.meaning,
        attestation.pem_of(key.public_key()),
    )
    path.write_bytes(json_bytes(attestation.envelope(statement_on(folder, record, manifestation), key)))
    return path


def sign(folder: Path, record: Record, signer: Signer) -> Path:
    """Sign a sealed folder.

    Raises
    ------
    EvidenceError
        Where it is signed already, or the signer cannot sign.
    """
    if is_signed(folder):
        raise EvidenceError(f"signing {folder}", "it is signed already", "Sign a copy without its attestation.")
    return attest(folder, record, signer)


def is_signed(folder: Path) -> bool:
    """Whether the folder carries a signature, whatever it is worth."""
    try:
        return bool(json.loads(content_of(folder / ATTESTATION))["signatures"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def statement_on(
    folder: Path, record: Record, manifestation: attestation.Manifestation | None = None
) -> dict[str, JSON]:
    """The statement that a sealed folder deserves."""
    digests = digests_of_bundle(folder)
    reserved = [found.sentence for found in record.reservations]
    result = attestation.result_of(record.outcome, reservations=bool(reserved))
    digest = str(record.protocol["digest"])
    return attestation.statement(result, digests, _tests(record), digest, reserved, manifestation)


def _tests(record: Record) -> dict[str, str]:
    """What each test came to: the worst of what it judged; in a comparison, each claim."""
    if isinstance(record, Comparison):
        return {f"{verdict.criterion.id} in {verdict.stratum}": _word([verdict]) for verdict in record.verdicts}
    found: dict[str, list[Verdict]] = {}
    for editor in record.editors:
        for verdict, test in zip(editor.verdicts, editor.tests, strict=True):
            found.setdefault(test, []).append(verdict)
    return {test: _word(verdicts) for test, verdicts in found.items()}


def _word(verdicts: list[Verdict]) -> str:
    if not all(verdict.met for verdict in verdicts):
        return "FAILED"
    return "PASSED" if all(verdict.outcome is Outcome.PASS for verdict in verdicts) else "WARNED"
