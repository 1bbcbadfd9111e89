"""The study file of docs/studies.md is one, and every key that there is stands in it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

from editproof.study.study_file import StudyFile, study_from

PAGE = (Path(__file__).parents[2] / "docs" / "studies.md").read_text(encoding="utf-8")
[FILE] = re.findall(r"^```toml study.toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_example_is_a_study_with_every_key():
    told = tomllib.loads(FILE)
    study = study_from(told)
    assert study.quantities["heart_width"].width == 200
    assert {entry.name for entry in fields(StudyFile)} == set(told)
