"""The seven commands of the README, from a folder that holds a tool and images to a verified run."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from fixtures.__main__ import write
from fixtures.phantom import cohort
from tests.doors.declared import environment

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
COMMANDS = [line.partition("  #")[0].strip() for line in README.split("```sh\n")[1].split("```")[0].splitlines()]
TOOL = """
import cv2
import numpy as np

def make():
    def fill(request):
        return cv2.inpaint(request.image, request.edit_mask.astype(np.uint8), 3, cv2.INPAINT_TELEA)
    return fill
"""
ENDS = {"init": 0, "lock": 0, "run": 9, "report": 0, "verify": 0}
"""Twelve patients can show nothing, so that the gate is closed."""


def test_there_are_seven():
    assert [command.split()[:2] for command in COMMANDS][:2] == [["pip", "install"], ["editproof", "demo"]]
    assert [command.split()[1] for command in COMMANDS[2:]] == list(ENDS)
    assert len(COMMANDS) == 7


@pytest.mark.slow
def test_they_lead_from_an_own_tool_and_own_images_to_a_verified_run(outside, tmp_path):
    write(cohort(n=12), tmp_path / "scans")
    (tmp_path / "mytool.py").write_text(TOOL, encoding="utf-8")
    said = {}
    for command in COMMANDS[2:]:
        runs = [f"reports/{path.name}" for path in (tmp_path / "reports").glob("*")]
        told = command.replace("SCANS", "scans").replace("CARD", "phantom").replace("reports/RUN", " ".join(runs))
        done = subprocess.run(
            ["bash", "-c", told], cwd=tmp_path, env=environment(outside).variables(), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        verb = command.split()[1]
        assert done.returncode == ENDS[verb], f"{told}\n{done.stdout}\n{done.stderr}"
        said[verb] = done.stdout
    assert re.search(r"With 12 patients no tool can pass [^.]*\bACC-1\b", " ".join(said["run"].split())), said["run"]
    assert re.search(r"INVALID.*CONFIRMATORY", said["report"], re.DOTALL)
    assert "every digest holds, and all" in said["verify"]
