"""The new user's walk: every command and every file of ``docs/walk``, as they stand, in an empty folder."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)

pytest.importorskip("pydicom", reason="needs the extra dicom")
pytest.importorskip("onnx", reason="needs onnx, with which the walk exports a model")


@pytest.mark.slow
def test_every_command_of_the_walk_runs_as_it_stands(tmp_path):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    said = []
    for kind, name, content in BLOCK.findall((ROOT / "docs" / "walk" / "README.md").read_text()):
        if name:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content)
        elif kind == "sh":
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", content],
                cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600, check=False,
            )  # fmt: skip
            assert done.returncode == 0, f"{content}\n{done.stdout}\n{done.stderr}"
            said.append(done.stdout)
    assert re.search(r"\b30 cases of \d+ patients, 0 excluded", said[1]), said[1]
    assert "every digest holds" in said[-1]
    assert "Conforms" in said[-1], "the summary in Markdown"
    (run,) = (tmp_path / "reports").iterdir()
    evidence = json.loads((run / "evidence.json").read_text())["findings"]
    assert (evidence["outcome"], evidence["label"], evidence["departures"]) == ("PASS", "CONFIRMATORY", [])
