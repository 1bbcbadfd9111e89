"""A study that two machines share, signed as it ends, comes to what one machine comes to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from editproof.cli import main
from editproof.evidence.bundle import loaded
from editproof.evidence.plain import differences, plain

from tests.audit.test_merging import untold

ARGUMENTS = (
    "--dataset",
    "blobs:44",
    "--jobs",
    "1",
    "--editor",
    "tools.py:fill",
    "--editor",
    "tools.py:choosy",
    "--repeats",
    "2",
)
FREE = {
    "run",
    "created",
    "environment",
    "began",
    "calls",
    "origins",
    "judged_before",
    "reservations",
    "reason",
    "pictures",
}
"""What tells when the parts were run, and that they read the edits of the whole from the store."""


@pytest.mark.slow
def test_a_study_in_two_parts(lab, capsys):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519

    key = lab.path / "key.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key.write_bytes(ed25519.Ed25519PrivateKey.generate().private_bytes(*form))
    found = lab.runpytest_subprocess(*ARGUMENTS, "--sign-key", str(key))
    found.stderr.fnmatch_lines(["*State both: --signer and --meaning.*"])
    signing = ("--sign-key", str(key), "--signer", "A. Example", "--meaning", "responsibility")

    def run(*options: str) -> Path:
        name = "".join(options).strip("-").replace("/", "of") or "whole"
        lab.runpytest_subprocess(*ARGUMENTS, *options, "--reports", name, *signing)
        return next((lab.path / name).iterdir())

    whole, *parts = run(), run("--shard", "1/2"), run("--shard", "2/2")
    assert loaded(parts[0]).incomplete[0] == "only part 1/2 of the cohort was measured"
    assert main(["verify", str(parts[1])]) == 0
    assert "signed by A. Example" in capsys.readouterr().out
    assert main(["merge", *map(str, parts[::-1]), "--reports", str(lab.path / "merged")]) == 1, "as the run"
    merged = next((lab.path / "merged").iterdir())
    assert main(["verify", str(merged)]) == 0
    rest = differences(plain(untold(loaded(whole))), plain(loaded(merged)))
    assert [entry for entry in rest if not FREE & set(entry[0])] == []
    assert (whole / "measurements/0-rows.csv").read_bytes() == (merged / "measurements/0-rows.csv").read_bytes()
    assert json.loads((merged / "evidence.json").read_text())["facts"]["environment"]["merged"]
    found = lab.runpytest_subprocess(*ARGUMENTS, "--shard", "3/2")
    found.stderr.fnmatch_lines(["*shard '3/2': it names no part of a cohort*"])
