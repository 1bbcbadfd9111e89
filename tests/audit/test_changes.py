"""Whatever is changed in a bundle is found, and named by file and field, also where the forger mends the digests."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from editproof.audit.findings import evidence_of
from editproof.audit.publication import attest
from editproof.audit.verification import faults
from editproof.errors import EvidenceError
from editproof.evidence.bundle import ATTESTATION, MANIFEST, loaded, seal

from tests.audit.changes import DERIVABLE, UNDERIVABLE


def copy_of(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to / folder.name))


def forged(folder: Path) -> None:
    """What a forger without a key does next: a manifest over what is there, and a fresh statement on it."""
    (folder / MANIFEST).unlink()
    seal(folder, (f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file() and f.name != ATTESTATION))
    try:
        attest(folder, loaded(folder))
    except EvidenceError:
        return


def names(fault: str, file: str, field: str) -> bool:
    return fault.startswith(f"{file}: ") and (
        fault.startswith(f"{file}: {field}") or (len(field) > 8 and field in fault)
    )


def test_an_untouched_bundle_verifies(unsigned, signed):
    assert list(faults(unsigned)) == []
    assert list(faults(signed)) == []


def test_two_hundred_changed_bytes(signed, tmp_path):
    folder = copy_of(signed, tmp_path)
    draw = random.Random(20261125)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for number in range(200):
        path = files[number % len(files)] if number < 2 * len(files) else draw.choice(files)
        content = path.read_bytes()
        at = draw.randrange(len(content))
        path.write_bytes(content[:at] + bytes([content[at] ^ draw.randrange(1, 256)]) + content[at + 1 :])
        fault = next(faults(folder), None)
        assert fault is not None, (path.name, at)
        assert path.name in fault, (path.name, at, fault)
        path.write_bytes(content)


@pytest.mark.parametrize("name", DERIVABLE)
def test_a_change_that_the_rest_contradicts(name, unsigned, tmp_path):
    change, file, field = DERIVABLE[name]
    folder = copy_of(unsigned, tmp_path)
    change(folder)
    assert next(faults(folder), None) is not None
    forged(folder)
    found = []
    for fault in faults(folder):
        found.append(fault)
        if names(fault, file, field):
            return
    pytest.fail(f"{file}, {field} is not named:\n" + "\n".join(found))


@pytest.mark.parametrize("name", UNDERIVABLE)
def test_a_change_that_only_digest_and_signature_know(name, signed, keys, tmp_path):
    change, file = UNDERIVABLE[name]
    folder = copy_of(signed, tmp_path)
    change(folder)
    assert any(fault.startswith(f"{file}: its sha256 is") for fault in faults(folder))
    kept = (folder / ATTESTATION).read_bytes()
    forged(folder)
    (folder / ATTESTATION).write_bytes(kept)
    fault = next(faults(folder))
    assert fault.startswith(f"{ATTESTATION}: subject[")


def test_a_run_decided_anew_without_a_claim_departs_from_its_lock(run, tmp_path):

    tools = tuple(replace(tool, claims=tool.claims[1:]) for tool in run.facts.tools)
    spared = evidence_of(replace(run.facts, tools=tools))
    assert spared.label == "EXPLORATORY"
    assert spared.departures[0].startswith("claims.BA-1: locked {")


def test_a_lie_told_throughout_verifies_unsigned(run, tmp_path):
    """What verify cannot know: measurements invented as a whole, with everything that follows from them."""

    from editproof.audit.publication import deliver

    gentle, harsh = run.facts.tools
    lie = replace(
        harsh, measurements=replace(gentle.measurements, editor="harsh"), pictures=gentle.pictures,
        claims=tuple(replace(c, told=of.told) for c, of in zip(harsh.claims, gentle.claims, strict=True)),
    )  # fmt: skip
    whole = evidence_of(replace(run.facts, tools=(gentle, lie)))
    assert whole.outcome.value == "PASS"
    assert list(faults(deliver(whole, tmp_path).parent)) == []
