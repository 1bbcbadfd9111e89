"""The own repository of ``docs/enhancement.md``, as it stands there; the suite's run is one of `tests.docs.worked`."""

from __future__ import annotations

import re

import pytest

from tests.docs.worked import ROOT, faults_of, run_of, write_repository
from tests.doors.declared import environment
from tests.needs import shared_data

PAGE = (ROOT / "docs" / "enhancement.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^```sh\n(.*?)\n```$", PAGE, re.MULTILINE)
OWN_ROWS = [list(row) for row in re.findall(r"^\| (D-\d) .*?\| .*? \| (.*?) \|$", PAGE, re.MULTILINE)]


@pytest.mark.slow
def test_an_own_repository_judges_its_denoiser_on_real_hands(outside, tmp_path):
    home = tmp_path / "home"
    write_repository(PAGE, home, RSNA=shared_data("rsna100"), CARD=ROOT / "models" / "rsna100" / "card.json")
    done, tools = run_of(COMMANDS[1], home, tmp_path, environment(outside))
    assert done.returncode == 1, f"{done.stdout}\n{done.stderr}"
    assert {name: tool["outcome"] for name, tool in tools.items()} == {"denoise": "FAIL"}
    assert len(OWN_ROWS) == len(tools["denoise"]["verdicts"])
    assert not list(faults_of(tools["denoise"], OWN_ROWS, 1))
