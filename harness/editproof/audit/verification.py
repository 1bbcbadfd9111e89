"""Nothing in a bundle is taken on trust: every digest, field, table, verdict, page and signature is checked again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

from editproof.audit.comparing import comparison_findings
from editproof.audit.consistency import inconsistencies
from editproof.audit.findings import findings, in_reading_order, primary_claims, undecidable
from editproof.audit.metric_sources import metric_faults
from editproof.audit.publication import renderings, statement_on
from editproof.core.records import path_text
from editproof.criteria.redecision import criterion_from
from editproof.criteria.registry import foreign
from editproof.datasets.shard import cases_in
from editproof.errors import EditproofError, EvidenceError
from editproof.evidence import attestation, bundle
from editproof.evidence.bundle import ATTESTATION, RECORD, Record, json_bytes
from editproof.evidence.comparison import Comparison
from editproof.evidence.facts import Claim, Facts
from editproof.evidence.plain import ABSENT, differences, plain
from editproof.evidence.plain import Path as Place
from editproof.evidence.record import CONTROLS, Evidence
from editproof.evidence.schema import violations
from editproof.evidence.tabled import is_of_readings_alone
from editproof.types import JSON

_LONGEST = 60


def faults(folder: Path, key: attestation.PublicKey | None = None) -> Iterator[str]:
    """Everything in a bundle that does not hold, one sentence each: the file, the field, what it is and should be.

    Parameters
    ----------
    key : public key, optional
        Whose signature the bundle must carry.
    """
    yield from bundle.bundle_faults(folder)
    try:
        found = [f"{RECORD}: {fault}" for fault in violations(bundle.record_in(folder))]
        if found:
            yield from found
            return
        evidence = bundle.opened(folder)
    except EvidenceError as error:
        yield f"{RECORD}: {error}"
        return
    yield from _rewritten(folder, evidence)
    yield from _attestation(folder, evidence, key)
    if unknown := [f"{RECORD}: {words}" for words in _foreign(evidence)]:
        yield from unknown
    else:
        yield from _not_as_derived(evidence) if isinstance(evidence, Comparison) else _contradictions(evidence)
    if isinstance(evidence, Evidence):
        yield from metric_faults(evidence)
    yield from _faces(folder, evidence)


def rendered_elsewhere(evidence: Record) -> str:
    """The version of editproof that made the record, where it is not this one, so that its page cannot be compared."""
    made = str(_at(evidence.environment, "packages", "editproof"))
    return "" if made == version("editproof") else made


def signed_by(folder: Path) -> attestation.Manifestation | None:
    """Who signed a verified bundle; None where nobody did."""
    return attestation.manifestation_in(attestation.statement_in(_envelope(folder)))


def signature_in_words(folder: Path) -> str:
    """Who signed a verified bundle, or that nobody did, and what that is worth."""
    stated = signed_by(folder)
    if stated is None:
        return "unsigned: this protects against accident, not against forgery by whoever can write the files"
    key = attestation.key_id(attestation.public_key(stated.public_key.encode()))
    return f"signed by {stated.name} at {stated.time}, meaning: {stated.meaning}; with key sha256:{key}"


def _rewritten(folder: Path, evidence: Record) -> Iterator[str]:
    """Files that do not read back to the very bytes they are: a field given twice, tables of another tool, strays."""
    files = bundle.files_of(evidence)
    for name, content in files.items():
        try:
            actual = bundle.content_of(folder / name)
        except OSError:
            yield f"{name}: missing, or under another name"
            continue
        if actual != content:
            pairs = zip(actual.splitlines(), content.splitlines(), strict=False)
            line = next((number for number, (a, b) in enumerate(pairs, 1) if a != b), len(content.splitlines()))
            yield f"{name}: line {line} is not as this version writes what it reads there"
    known = {*files, *renderings(evidence), bundle.MANIFEST, bundle.SUMS, ATTESTATION}
    present = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    yield from (f"{name}: no file of a bundle" for name in sorted(present - known))


def _contradictions(evidence: Evidence) -> Iterator[str]:
    """What the facts say against themselves, and what the findings say that does not follow from them."""
    facts = evidence.facts
    n_cases = facts.dataset.n_cases
    expected = len(cases_in(facts.shard, n_cases)) if facts.shard else n_cases
    yield from [*inconsistencies(facts, expected), *_controls(facts), *_claimed(facts), *_pictures(evidence)]
    yield from _misworded(facts)
    try:
        again = findings(facts)
    except (EditproofError, KeyError, TypeError, ValueError, IndexError) as error:
        for field, reason in undecidable(facts):
            yield f"{RECORD}: {field} cannot be decided again: {reason}"
        yield f"{RECORD}: the run cannot be decided again: {type(error).__name__}: {error}"
        return
    for place, ours, theirs in differences(plain(evidence.findings), plain(again), ("findings",)):
        about = f" ({words})" if (words := _about(evidence, place)) else ""
        yield f"{RECORD}: {path_text(place)}{about} is {_short(ours)}, the facts give {_short(theirs)}"


def _foreign(evidence: Record) -> Iterator[str]:
    """Estimands by which nothing can be decided again here: unknown ones, and ones of other code than the run's."""
    if isinstance(evidence, Comparison):
        asked = [claim.criterion for claim in evidence.facts.claims]
    else:
        asked = [claim.criterion for tool in evidence.facts.tools for claim in tool.claims]
    return foreign(asked, evidence.facts.terms.get("estimands") or {})


def _not_as_derived(comparison: Comparison) -> Iterator[str]:
    """What of a comparison does not follow from the tables and margins in it."""
    facts = comparison.facts
    if not facts.new.measurements.cases.equals(facts.old.measurements.cases):
        yield "measurements/new-cases.csv: case: not the cases of measurements/old-cases.csv"
    try:
        again = comparison_findings(facts)
    except (EditproofError, KeyError, TypeError, ValueError, IndexError) as error:
        yield f"{RECORD}: the comparison cannot be decided again: {type(error).__name__}: {error}"
        return
    for place, ours, theirs in differences(plain(comparison.findings), plain(again), ("findings",)):
        yield f"{RECORD}: {path_text(place)} is {_short(ours)}, the facts give {_short(theirs)}"


def _controls(facts: Facts) -> Iterator[str]:
    wanted = set(CONTROLS) if primary_claims(facts) else set()
    if is_of_readings_alone(facts):
        wanted -= set(CONTROLS[1:]) - set(facts.controls)
    if set(facts.controls) != wanted:
        yield f"{RECORD}: facts.controls are {sorted(facts.controls)}, the primary claims need {sorted(wanted)}"


def _claimed(facts: Facts) -> Iterator[str]:
    """Claims that no test of the roll made, of which no test was told, or that no instrument can have read."""
    roll = [entry.test for entry in facts.roll]
    if roll != sorted(set(roll)):
        yield f"{RECORD}: facts.roll is not in order, or has a test twice"
    read = {quantity.name for card in facts.instruments for quantity in card.quantities}
    for at, tool in enumerate(facts.tools):
        place = f"{RECORD}: facts.tools[{at}].claims"
        if tool.claims != in_reading_order(tool.claims):
            yield f"{place} are not in reading order"
        for index, claim in enumerate(tool.claims):
            if claim.test not in roll:
                yield f"{place}[{index}].test: {claim.test} is not on facts.roll"
            if not (claim.told or facts.environment.get("merged")):
                yield f"{place}[{index}].told: nobody was told, and facts.environment.merged names no run"
            if (quantity := _reading(claim)) and quantity not in read:
                yield f"{place}[{index}].criterion: no card in facts.instruments reads {quantity}"


def _reading(claim: Claim) -> str:
    """The quantity that an instrument has to read for a claim; empty where it needs none."""
    try:
        estimand = criterion_from(claim.criterion).estimand
    except EditproofError:
        return ""  # named by the attempt to decide it
    return estimand.quantity if estimand.reads else ""


def _misworded(facts: Facts) -> Iterator[str]:
    """Cards of criteria whose words are not those that their estimand and limits make."""
    for at, tool in enumerate(facts.tools):
        for index, claim in enumerate(tool.claims):
            try:
                made = criterion_from(claim.criterion).card
            except EditproofError:
                continue  # named by the attempt to decide it
            for place, ours, theirs in differences(plain(claim.criterion), plain(made)):
                field = f"facts.tools[{at}].claims[{index}].criterion.{path_text(place)}"
                yield f"{RECORD}: {field} is {_short(ours)}, its estimand and limits give {_short(theirs)}"


def _pictures(evidence: Evidence) -> Iterator[str]:
    from editproof.report.page.close import close
    from editproof.report.page.pictures import pictures

    for at, editor in enumerate(evidence.editors):
        shown = [(exhibit.case, exhibit.repeat) for exhibit in editor.exhibits]
        for index, kept in enumerate(editor.facts.pictures):
            place = f"facts.tools[{at}].pictures[{index}]"
            if (kept.case, kept.repeat) not in shown:
                yield f"{RECORD}: {place}: case {kept.case}, repeat {kept.repeat} is not an exhibit"
            if kept.images and pictures(kept.images) is None:
                yield f"images/{at}-{index}-edited.png: {place} are not of one size"
            if kept.images and kept.near and close(kept.images, kept.near) is None:
                yield f"images/{at}-{index}-near_edited.png: {place}.near is of another size"


def _faces(folder: Path, evidence: Record) -> Iterator[str]:
    if rendered_elsewhere(evidence):
        return
    for name, allowed in renderings(evidence).items():
        try:
            actual = bundle.content_of(folder / name)
        except OSError:
            yield f"{name}: missing"
            continue
        if not any(rendering().encode() == actual for rendering in allowed):
            yield f"{name}: the page is not what {RECORD} renders to"


def _attestation(folder: Path, evidence: Record, key: attestation.PublicKey | None) -> Iterator[str]:
    try:
        sealed = _envelope(folder)
        stated = attestation.statement_in(sealed)
        manifestation = attestation.manifestation_in(stated)
        signatures = [{"keyid": str(entry["keyid"]), "sig": str(entry["sig"])} for entry in sealed["signatures"]]
    except (EvidenceError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        yield f"{ATTESTATION}: cannot be read ({error})"
        return
    deserved = statement_on(folder, evidence, manifestation)
    for place, ours, theirs in differences(stated, deserved):
        yield f"{ATTESTATION}: {path_text(place)} is {_short(ours)}, the bundle gives {_short(theirs)}"
    written = json_bytes({**attestation.envelope(deserved), "signatures": signatures})
    if bundle.content_of(folder / ATTESTATION) != written:
        yield f"{ATTESTATION}: payload or spacing is not as this version writes it"
    if manifestation is None:
        if signatures:
            yield f"{ATTESTATION}: signatures: somebody signed, and the statement does not say who"
        elif key is not None:
            yield f"{ATTESTATION}: signatures: there is none, and one by the given key was asked for"
        return
    try:
        own = attestation.public_key(manifestation.public_key.encode(), f"of {manifestation.name}")
        if [entry["keyid"] for entry in signatures] != [attestation.key_id(own)]:
            yield f"{ATTESTATION}: signatures[0].keyid is not that of the key of {manifestation.name}"
        if manifestation.public_key != attestation.pem_of(own):
            yield f"{ATTESTATION}: predicate.editproof_signature.publicKey is not as this version writes it"
        if any(not attestation.is_canonical(entry["sig"]) for entry in signatures):
            yield f"{ATTESTATION}: signatures[0].sig is not base64 as this version writes it"
        if (name := folder.resolve().name) != evidence.run:
            yield f"{ATTESTATION}: the folder {evidence.run} was signed, and this one is called {name}"
        if not attestation.holds(sealed, own):
            yield f"{ATTESTATION}: signatures[0].sig: the signature of {manifestation.name} does not hold"
        if key is not None and not attestation.holds(sealed, key):
            yield f"{ATTESTATION}: signatures[0].sig is not by the given key {attestation.key_id(key)[:12]}..."
    except (EvidenceError, ValueError) as error:
        yield f"{ATTESTATION}: signatures: {error}"


def _envelope(folder: Path) -> JSON:
    return json.loads(bundle.content_of(folder / ATTESTATION))


def _about(evidence: Evidence, place: Place) -> str:
    """Which tool and which claim a place in the record is about."""
    match place:
        case ("findings", "tools", int(at), "verdicts", int(index), *_) if index < len(evidence.editors[at].verdicts):
            verdict = evidence.editors[at].verdicts[index]
            return f"{evidence.editors[at].card.name}, {verdict.criterion.id} in {verdict.stratum}"
        case ("findings", "tools", int(at), *_) if at < len(evidence.editors):
            return evidence.editors[at].card.name
        case ("findings", "validity", int(index), *_) if index < len(evidence.validity):
            return evidence.validity[index].criterion.id
    return ""


def _short(value: JSON) -> str:
    text = value if value is ABSENT else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _at(tree: JSON, *path: str) -> JSON:
    for step in path:
        tree = tree.get(step) if isinstance(tree, Mapping) else None
    return tree
