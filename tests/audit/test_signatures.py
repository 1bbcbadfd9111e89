"""A signature binds name, time and meaning to every byte; without one, verify says what that is worth."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest
from editproof.audit.publication import Signer, attest, sign, write_page
from editproof.audit.verification import faults, signature_in_words
from editproof.cli import main
from editproof.errors import EvidenceError
from editproof.evidence.attestation import KINDS_OF_KEY, _encoded, private_key, public_key
from editproof.evidence.bundle import ATTESTATION, SUMS, json_bytes, loaded

from tests.audit.conftest import MEANING
from tests.audit.test_changes import copy_of


def changed(folder: Path, change) -> list[str]:
    """The faults after a change of the statement, the signature kept."""
    path = folder / ATTESTATION
    sealed = json.loads(path.read_text())
    stated = json.loads(base64.b64decode(sealed["payload"]))
    change(stated, sealed)
    payload = json.dumps(stated, ensure_ascii=False, separators=(",", ":")).encode()
    path.write_bytes(json_bytes({**sealed, "payload": base64.b64encode(payload).decode()}))
    found = []
    for fault in faults(folder):
        if not fault.startswith(ATTESTATION):
            break
        found.append(fault)
    return found


def test_the_words_of_a_signature_are_said(signed, unsigned):
    said = signature_in_words(signed)
    assert said.startswith("signed by Dr. A. Example at 20")
    assert MEANING in said
    assert "sha256:" in said
    assert "not against forgery" in signature_in_words(unsigned)


def test_the_statement_is_in_toto(signed):
    sealed = json.loads((signed / ATTESTATION).read_text())
    stated = json.loads(base64.b64decode(sealed["payload"]))
    assert (stated["_type"], stated["predicateType"]) == (
        "https://in-toto.io/Statement/v1", "https://in-toto.io/attestation/test-result/v0.1",
    )  # fmt: skip
    predicate = stated["predicate"]
    assert predicate["result"] == "FAILED"
    assert "test_BA-1[gentle]" in predicate["passedTests"]
    assert "test_BA-1[harsh]" in predicate["failedTests"]
    present = {path.relative_to(signed).as_posix() for path in signed.rglob("*") if path.is_file()}
    assert {subject["name"] for subject in stated["subject"]} == present - {ATTESTATION, SUMS}
    assert _encoded(b"{}") == b"DSSEv1 28 application/vnd.in-toto+json 2 {}"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda stated, _: stated["predicate"].update(result="PASSED"), "predicate.result"),
        (lambda stated, _: stated["predicate"]["failedTests"].clear(), "predicate.failedTests.length"),
        (lambda stated, _: stated["predicate"]["configuration"].clear(), "predicate.configuration.length"),
        (lambda stated, _: stated["subject"].pop(), "subject.length"),
        (lambda stated, _: stated["predicate"]["editproof_signature"].update(name="Mallory"), "signatures[0].sig"),
        (lambda stated, _: stated["predicate"]["editproof_signature"].update(time="2020"), "signatures[0].sig"),
        (lambda stated, _: stated["predicate"]["editproof_signature"].update(meaning="drafted"), "signatures[0].sig"),
        (lambda stated, _: stated["predicate"].pop("editproof_signature"), "signatures"),
        (lambda _, sealed: sealed["signatures"].clear(), "signatures[0]"),
        (lambda _, sealed: sealed["signatures"][0].update(keyid="00"), "signatures[0].keyid"),
        (lambda _, sealed: sealed["signatures"][0].update(sig="AAAA"), "signatures[0].sig"),
        (
            lambda _, sealed: sealed["signatures"][0].update(sig=f"{sealed['signatures'][0]['sig']}\n"),
            "signatures[0].sig",
        ),
        (
            lambda _, sealed: sealed["signatures"][0].update(sig=f"!{sealed['signatures'][0]['sig']}"),
            "signatures[0].sig",
        ),
        (lambda _, sealed: sealed["signatures"].append(sealed["signatures"][0]), "signatures[0].keyid"),
    ],
)
def test_changed_words_and_signatures(signed, tmp_path, change, field):
    found = changed(copy_of(signed, tmp_path), change)
    assert any(fault.startswith(f"{ATTESTATION}: {field}") for fault in found), found


def test_another_key_is_told_from_the_one_that_was_asked_for(unsigned, keys, tmp_path):
    folder = copy_of(unsigned, tmp_path)
    ours = public_key(keys["p256.pub"].read_bytes())
    assert (
        next(faults(folder, ours))
        == f"{ATTESTATION}: signatures: there is none, and one by the given key was asked for"
    )
    attest(folder, loaded(folder), Signer(keys["ed25519"], "Mallory", "approval"))
    assert "is not by the given key" in next(faults(folder, ours))


def test_sign_and_verify_on_the_command_line(unsigned, keys, tmp_path, capsys):
    folder = copy_of(unsigned, tmp_path)
    words = ["--signer", "B. Example", "--meaning", "review"]
    assert main(["sign", str(folder), "--key", str(keys["p256"]), *words]) == 0
    assert main(["verify", str(folder), "--public-key", str(keys["p256.pub"])]) == 0
    assert "signed by B. Example" in capsys.readouterr().out
    secret = "".join(keys["p256"].read_text().splitlines()[1:-1])[20:60]
    assert not any(secret in path.read_text("latin-1") for path in folder.rglob("*") if path.is_file())
    assert main(["sign", str(folder), "--key", str(keys["p256"]), *words]) == 4
    assert "it is signed already" in capsys.readouterr().err
    with pytest.raises(EvidenceError, match="would differ from the one that was signed"):
        write_page(loaded(folder), folder, images=False)


def test_a_signed_folder_keeps_its_name(signed, tmp_path):
    folder = copy_of(signed, tmp_path)
    assert list(faults(folder)) == []
    renamed = folder.rename(tmp_path / "20990101-000000-all-conform-01234567")
    assert list(faults(renamed)) == [
        f"{ATTESTATION}: the folder {folder.name} was signed, and this one is called {renamed.name}"
    ]


@pytest.mark.parametrize(
    "name", ["extra", "images/extra.png", "report.html", "evidence.json", "manifest.json", ATTESTATION]
)
def test_a_pipe_is_found_and_not_waited_for(signed, tmp_path, name):
    folder = copy_of(signed, tmp_path)
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    assert any(fault.startswith((f"{name}:", "evidence in", "manifest.json: cannot")) for fault in faults(folder))


@pytest.mark.parametrize("name", ["p384", "p256.pub", "nowhere"])
def test_a_key_of_another_kind_is_one_error_without_its_content(keys, name, tmp_path):
    with pytest.raises(EvidenceError) as caught:
        private_key(keys.get(name, tmp_path / "nowhere.pem"))
    assert KINDS_OF_KEY in str(caught.value)
    assert "BEGIN" not in str(caught.value)


def test_a_blank_name_is_refused(unsigned, keys, tmp_path):
    with pytest.raises(EvidenceError, match="no name"):
        sign(copy_of(unsigned, tmp_path), loaded(unsigned), Signer(keys["ed25519"], " ", "review"))
