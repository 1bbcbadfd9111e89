"""The composite action and the GitLab template, by running their steps in a repository of somebody else's.

The repository is what ``editproof init`` writes; its claims are few and its cohort is small, so that one run tells. What
the steps call is the installed wheel, in an environment that has nothing but what it requires.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from editproof.cli import main
from editproof.study.scaffold import CI, Wishes, scaffold

from tests.doors.declared import environment
from tests.needs import ROOT

yaml = pytest.importorskip("yaml")

ACTION = ROOT / ".github" / "actions" / "gate" / "action.yml"
TEMPLATE = ROOT / ".gitlab" / "gate.yml"
URL = "https://ci.example/artefact/1"
SYSTEMS = ["ubuntu-latest", "windows-latest", "macos-latest"]
COHORT = "phantom:?n=12"


@pytest.fixture(scope="module")
def bash(outside):
    """Runs a script as a job does: an environment of its own, and the first error ends it."""

    def run(folder: Path, script: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
        kept = {name: os.environ[name] for name in ("HOME", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
        path = os.pathsep.join([str(environment(outside).python.parent), "/usr/bin", "/bin"])
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=folder, env={**kept, "PATH": path, **variables}, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    return run


@pytest.fixture(scope="module")
def repository(tmp_path_factory, bash):
    """A vendor's repository with a locked study of one claim."""
    folder = tmp_path_factory.mktemp("vendor")
    assert main(["init", str(folder), "--task", "removal", "--dataset", COHORT, "--ci", "none"]) == 0
    claims = (folder / "claims.toml").read_text().split("\n[[claim]]")
    kept = [claims[0], *(claim.replace("0.05", "0.3") for claim in claims[1:] if 'id = "OUT"' in claim)]
    (folder / "claims.toml").write_text("\n[[claim]]".join(kept))
    done = bash(folder, "editproof lock protocol.json --for-gate --study study.toml", {})
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def filled(text: str, inputs: dict[str, str]) -> str:
    """The text with the expressions of a job in it evaluated."""
    known = {**{f"inputs.{name}": value for name, value in inputs.items()}, "steps.artefact.outputs.artifact-url": URL}
    return re.sub(r"\$\{\{ *([\w.-]+) *\}\}", lambda found: known[found[1]], text)


def test_the_steps_of_the_action_judge_and_say_so_on_the_page_of_the_job(repository, bash):
    action = yaml.safe_load(ACTION.read_text())
    inputs = {name: str(told["default"]) for name, told in action["inputs"].items()}
    steps = {step["name"]: step for step in action["runs"]["steps"]}
    summary = repository.parent / "summary.md"
    summary.touch()
    codes = {}
    for name in ("Judge", "Say what it came to", "Link to it"):
        variables = {key: filled(value, inputs) for key, value in steps[name].get("env", {}).items()}
        done = bash(repository, steps[name]["run"], {**variables, "GITHUB_STEP_SUMMARY": str(summary)})
        codes[name] = done.returncode
        assert done.returncode in (0, 1, 9), done.stdout + done.stderr
    said = summary.read_text()
    (record,) = (repository / "reports").glob("*/evidence.json")
    assert codes == {"Judge": 0, "Say what it came to": 0, "Link to it": 0}, said
    assert "CONFIRMATORY, limits of one\\-sided confidence 95 %. Protocol `" in said
    assert "PLACEHOLDER LIMITS" in said
    assert f"]({URL})" in said
    assert (record.parents[1] / "conformance.xml").read_text().startswith("<?xml")
    assert main(["verify", str(record.parent)]) == 0


def test_the_steps_that_use_actions_keep_what_was_paid_for_and_the_report(repository):
    steps = yaml.safe_load(ACTION.read_text())["runs"]["steps"]
    used = {step["uses"].partition("@")[0]: step["with"] for step in steps if "uses" in step}
    assert used["actions/cache"]["path"] == ".editproof"
    assert used["actions/upload-artifact"]["path"] == "reports/"
    assert all(step.get("shell") == "bash" for step in steps if "run" in step)
    assert all("${{" not in step.get("run", "") for step in steps)  # an input is a value, and no part of a script


def test_every_template_tries_each_python_and_system_that_the_package_is_for():
    """What ``editproof init`` writes, the template and the page; jobs of a matrix keep stores and artefacts apart."""
    pythons = ["3.11", "3.12", "3.13", "3.14"]
    wishes = Wishes(task="removal", modality="", tool="", dataset="", instrument="", ci="github")
    jobs = {}
    for ci, path in CI.items():
        written = yaml.safe_load(scaffold(replace(wishes, ci=ci), None)[path])
        jobs[ci] = (written.get("jobs") or written)["conformance"]
    page = yaml.safe_load((ROOT / "docs" / "ci.md").read_text().split("```yaml")[1].split("```")[0])
    assert jobs["github"]["defaults"] == {"run": {"shell": "bash"}}
    for job in (jobs["github"], page["jobs"]["conformance"]):
        assert job["strategy"]["matrix"] == {"os": SYSTEMS, "python": pythons}
        assert job["runs-on"] == "${{ matrix.os }}"
        named = {step.get("with", {}).get(name) for step in job["steps"] for name in ("name", "artefact")}
        apart = job.get("env", {}).get("JOB", "")
        assert "conformance-${{ matrix.os }}-${{ matrix.python }}" in {
            str(name).replace("${{ env.JOB }}", apart) for name in named
        }
    for job in (jobs["gitlab"], yaml.safe_load(TEMPLATE.read_text())[".editproof-gate"]):
        assert job["parallel"]["matrix"] == [{"PYTHON": pythons}]
        assert (job["image"], job["cache"]["key"]) == ("python:$PYTHON", "editproof-$PYTHON")


def test_the_steps_that_init_writes_end_with_a_link(tmp_path, bash):
    wishes = Wishes(task="removal", modality="", tool="", dataset="", instrument="", ci="github")
    *_, link = yaml.safe_load(scaffold(wishes, None)[CI["github"]])["jobs"]["conformance"]["steps"]
    (tmp_path / "here").mkdir()
    variables = {"URL": filled(link["env"]["URL"], {}), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    done = bash(tmp_path / "here", link["run"], variables)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "summary.md").read_text() == f"\n[The report, its evidence and its attestation]({URL})\n"


def test_the_lines_of_the_template_judge_a_changed_tool(repository, bash):
    """Under the same lock; the version that changes everything does not conform."""
    tool = (repository / "tool.py").read_text()
    (repository / "tool.py").write_text(tool.replace("request.image.copy()", "255 - request.image"))
    job = yaml.safe_load(TEMPLATE.read_text())[".editproof-gate"]
    done = bash(repository, "\n".join(job["script"]), job["variables"])
    assert done.returncode == 1, done.stdout + done.stderr
    assert "open version" in done.stdout.lower()
    assert "edited: Does not conform (FAIL)" in done.stdout
    after = bash(repository, "\n".join(job["after_script"]), job["variables"])
    assert after.returncode == 0, after.stderr
    assert (repository / job["artifacts"]["reports"]["junit"]).is_file()
    assert job["cache"]["paths"] == [".editproof"]
