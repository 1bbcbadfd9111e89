"""The recipe for Slurm runs as the page has it, with a stand-in for sbatch that runs the lines."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from tests.needs import ROOT

SBATCH = """#!/bin/bash
# runs a script once for each task of its array, or the line of --wrap; what is queued after others comes after them
for word in "$@"; do last=$word; done
case "$*" in
  *--wrap*) bash -c "$last" >&2; code=$?;;
  *)
    range=$(sed -n 's/^#SBATCH --array=1-//p' "$last")
    export SLURM_ARRAY_TASK_COUNT=$range
    pids=""
    for task in $(seq 1 "$range"); do SLURM_ARRAY_TASK_ID=$task bash "$last" >"task-$task.log" 2>&1 & done
    wait;;
esac
echo 17
exit 0
"""


@pytest.mark.slow
def test_an_array_of_slurm_comes_to_the_run_of_the_whole(tmp_path):
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    blocks = dict(re.findall(r"^```sh (\S+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    assert blocks.keys() == {"study.sbatch", "submit.sh"}
    programs = tmp_path / "bin"
    programs.mkdir()
    command = f'#!/bin/bash\nexec "{sys.executable}" -m editproof.cli "$@"\n'
    for name, text in {"sbatch": SBATCH, "editproof": command}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    for name, text in blocks.items():
        (tmp_path / name).write_text(text)
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{ROOT / 'harness'}{os.pathsep}{ROOT}",
    }
    done = subprocess.run(
        ["bash", "submit.sh"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.stdout == "17\n", done.stderr
    [whole] = (tmp_path / "whole").glob("*/evidence.json")
    facts = json.loads(whole.read_text())["facts"]
    assert (facts["shard"], facts["dataset"]["n_cases"]) == ("", 4)
    [tool] = facts["tools"]
    cases = (whole.parent / tool["measurements"]["cases"]).read_text().splitlines()
    assert len(cases) == 5, "a head, and every case of both parts"
