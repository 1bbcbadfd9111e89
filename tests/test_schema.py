"""The shipped schema is that of the nouns as they stand, and names what it does not know."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from editproof.evidence.bundle import KINDS, json_bytes, record_in, save
from editproof.evidence.schema import file_name, schema_of, violations

from tests.audit import study


def test_every_shipped_schema_is_tried_below():
    shipped = {file.name for file in files("editproof.evidence.schemas").iterdir() if file.name.endswith(".json")}
    assert shipped == {file_name(name) for name in KINDS}


@pytest.mark.parametrize("name", KINDS)
def test_the_shipped_schema_is_current(name):
    shipped = files("editproof.evidence.schemas").joinpath(file_name(name)).read_bytes()
    assert shipped == json_bytes(schema_of(name)), "run python -m editproof.evidence.schema"


def test_unknown_missing_and_wrong_fields_are_named(tmp_path):
    save(study.evidence(), tmp_path)
    record = record_in(tmp_path)
    assert not list(violations(record))
    record["findings"]["tools"][1]["verdicts"][0]["estimate"]["p_value"] = 0.01
    del record["facts"]["dataset"]["licence"]
    record["findings"]["outcome"] = "GOOD"
    record["findings"]["tools"][0]["flow"]["ok"] = "many" * 1000
    found = "\n".join(violations(json.loads(json.dumps(record))))
    assert 'findings.tools[1].verdicts[0].estimate: unknown field "p_value"' in found
    assert "facts.dataset: field 'licence' is missing" in found
    assert 'findings.outcome: "GOOD" is not {"enum"' in found
    assert 'findings.tools[0].flow.ok: "manymany' in found
    assert max(map(len, found.splitlines())) < 250
