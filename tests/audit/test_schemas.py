"""Evidence of another version's schema is one line, from every verb, that says which version verifies it."""

from __future__ import annotations

import shutil

import pytest
from editproof.cli import main
from editproof.evidence.bundle import RECORD
from editproof.evidence.record import SCHEMA

from tests.audit.test_changes import forged

NUMBER = int(SCHEMA.partition("/")[2])
OTHERS = {
    NUMBER - 1: "is verified by editproof 0.2 before its release; this is editproof 0.",
    NUMBER + 1: "is verified by a later editproof; this is editproof 0.",
}


@pytest.fixture(params=OTHERS)
def other(request, unsigned, tmp_path):
    """A bundle of another schema, whole in itself, and what is to be said of it."""
    folder = shutil.copytree(unsigned, tmp_path / "run")
    schema = f"editproof-evidence/{request.param}"
    (folder / RECORD).write_text((folder / RECORD).read_text().replace(SCHEMA, schema))
    forged(folder)
    return folder, f"evidence of schema {schema} {OTHERS[request.param]}"


VERBS = {
    "verify": ["verify", "RUN"],
    "report": ["report", "RUN"],
    "report as junit": ["report", "RUN", "--format", "junit"],
    "report as certificate": ["report", "RUN", "--format", "certificate"],
    "compare": ["compare", "RUN", "RUN"],
    "merge": ["merge", "RUN", "RUN"],
    "sign": ["sign", "RUN", "--key", "KEY", "--signer", "me", "--meaning", "review"],
}


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_says_which_version_verifies_it(other, keys, verb, capsys):
    folder, words = other
    told = {"RUN": str(folder), "KEY": str(keys["ed25519"])}
    assert main([told.get(word, word) for word in VERBS[verb]]) in (1, 4)
    output = capsys.readouterr()
    said = [line for line in (output.out + output.err).splitlines() if words in line]
    assert len(said) == 1
    assert "Use that version" in said[0]


def test_this_schema_verifies(unsigned, capsys):
    assert main(["verify", str(unsigned)]) == 0
    assert "every digest holds" in capsys.readouterr().out
