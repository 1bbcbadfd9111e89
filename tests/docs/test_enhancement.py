"""The own repository of ``docs/enhancement.md``, as it stands there; the suite's run is one of `tests.docs.worked`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.needs import shared_data

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "enhancement.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^```sh\n(.*?)\n```$", PAGE, re.MULTILINE)
FILES = re.findall(r"^```\w+ (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
OWN_ROWS = re.findall(r"^\| (D-\d) .*?\| .*? \| (.*?) \|$", PAGE, re.MULTILINE)


def findings_of(command: str, folder: Path, tmp_path: Path) -> dict:
    """What a command of the page comes to; one of its tools does not conform."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{command} --editproof-store {tmp_path / 'store'} --editproof-reports {tmp_path / 'reports'}"],
        cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=1500, check=False,
    )  # fmt: skip
    assert done.returncode == 1, f"{done.stdout}\n{done.stderr}"
    (run,) = (tmp_path / "reports").iterdir()
    findings = json.loads((run / "evidence.json").read_text())["findings"]
    return {tool["verdicts"][0]["editor"]: tool for tool in findings["tools"]}


def check_rows(tool: dict, rows: list[tuple[str, str]]) -> None:
    found = {verdict["criterion"]["id"]: verdict for verdict in tool["verdicts"]}
    assert sorted(found) == sorted(claim for claim, _ in rows)
    for claim, cell in rows:
        outcome, value = re.search(r"([A-Z]{4,})[* ]+([−+]?[\d.]+)", cell).groups()
        shown, decimals = float(value.replace("−", "-")), len(value.partition(".")[2])
        assert found[claim]["outcome"] == outcome, (claim, cell)
        assert found[claim]["estimate"]["value"] == pytest.approx(shown, abs=1.01 * 10**-decimals), (claim, cell)


@pytest.mark.slow
def test_an_own_repository_judges_its_denoiser_on_real_hands(tmp_path):
    data, card = shared_data("rsna100"), ROOT / "models" / "rsna100" / "card.json"
    home = tmp_path / "home"
    for name, content in FILES:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(content.replace("rsna:RSNA?", f"rsna:{data}?").replace('"CARD"', f'"{card}"'))
    (home / "pytest.ini").write_text("[pytest]\n")
    tools = findings_of(COMMANDS[1], home, tmp_path)
    assert {name: tool["outcome"] for name, tool in tools.items()} == {"denoise": "FAIL"}
    check_rows(tools["denoise"], OWN_ROWS)
