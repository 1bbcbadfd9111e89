"""The worked run of ``docs/enhancement.md``: its command, and each outcome in its table, as it stands."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from editproof.editors.registry import editor_factories

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "enhancement.md").read_text(encoding="utf-8")
TOOLS = ("opencv-nlmeans", "opencv-median")
((COMMAND,),) = [re.findall(r"^```sh\n(pytest validations/enhancement.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)]
ROWS = re.findall(r"^\| (EN-\d) .*?\| .*? \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)

needs_tools = pytest.mark.skipif(
    not {*TOOLS} <= {*editor_factories()}, reason="the environment was installed before these tools; install it again"
)


def test_every_claim_of_the_suite_is_in_the_table():
    suite = (ROOT / "validations" / "enhancement" / "claims.py").read_text(encoding="utf-8")
    assert sorted(claim for claim, *_ in ROWS) == sorted(re.findall(r'"(EN-\d)"', suite))


@needs_tools
@pytest.mark.slow
def test_the_command_comes_to_what_the_page_says(tmp_path):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{COMMAND.strip()} --store {tmp_path / 'store'} --reports {tmp_path / 'reports'}"],
        cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=1500, check=False,
    )  # fmt: skip
    assert done.returncode == 1, f"{done.stdout}\n{done.stderr}"
    (run,) = (tmp_path / "reports").iterdir()
    findings = json.loads((run / "evidence.json").read_text())["findings"]
    tools = {tool["verdicts"][0]["editor"]: tool for tool in findings["tools"]}
    assert {name: tool["outcome"] for name, tool in tools.items()} == dict(zip(TOOLS, ("PASS", "FAIL"), strict=True))
    for at, name in enumerate(TOOLS, start=1):
        found = {verdict["criterion"]["id"]: verdict for verdict in tools[name]["verdicts"]}
        for row in ROWS:
            outcome, value = re.search(r"([A-Z]{4,})\W+([−+]?[\d.]+)", row[at]).groups()
            verdict = found[row[0]]
            assert verdict["outcome"] == outcome, (name, row)
            decimals = len(value.partition(".")[2])
            shown = float(value.replace("−", "-"))
            assert verdict["estimate"]["value"] == pytest.approx(shown, abs=1.01 * 10**-decimals), (name, row)
