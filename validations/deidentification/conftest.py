"""Claims on text are asked where the study has an instrument that reads it, and the cohort says what is written.

A study with such an instrument whose cohort says nothing of text is asked them all the same, and is refused before the
first edit: identifiers that nobody named would be looked for by nobody. Without the instrument none is asked, and the
report flags the requirement that marks are kept as answered by no claim.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from editproof.pytest_plugin.asking import annotated, raw_outputs

OUTPUT = ("words", "text")
ASKED = {"identifiers.claims.toml": "identifiers", "marks.claims.toml": "marks"}
"""The tables that are asked by what is known of the text of some case."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out a table of claims on text of which the study could say nothing."""
    part = ASKED.get(collection_path.name)
    if part is None:
        return None
    if OUTPUT not in raw_outputs(config):
        return True
    known = annotated(config, "text")
    return None if part in known or not known & set(ASKED.values()) else True
