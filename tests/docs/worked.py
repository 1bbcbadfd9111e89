"""The worked run of each suite: its command, its outcome and every outcome in its table, as the page has them.

``python -m tests.docs.worked`` makes all runs anew (minutes each), in an empty folder and in an environment that holds what
``pip install editproof`` installs and nothing else, and fails where one differs.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.doors.declared import environment
from tests.doors.outside import Environment, Outside, make

ROOT = Path(__file__).parents[2]
_OUTCOME = re.compile(r"([A-Z]{4,})[^\w−+]+([−+]?[\d.]+)")


@dataclass(frozen=True)
class Worked:
    """A page with a run in it.

    Attributes
    ----------
    page : str
        File in ``docs/``.
    study : str
        Folder of the study.
    tools : mapping of str to str
        Outcome by name of a tool, in the order of the columns of the page's table.
    """

    page: str
    study: str
    tools: dict[str, str]

    @property
    def text(self) -> str:
        """The page."""
        return (ROOT / "docs" / self.page).read_text(encoding="utf-8")

    @property
    def name(self) -> str:
        """The suite, as the command of the page names it."""
        return Path(self.study).name

    @property
    def command(self) -> str:
        """The command of the page."""
        (found,) = re.findall(
            rf"^```sh\n(editproof run --suite {self.name}\b.*?)^```$", self.text, re.MULTILINE | re.DOTALL
        )
        return found.strip()

    @property
    def rows(self) -> list[list[str]]:
        """Cells of the lines about a claim: its id, and what each tool came to."""
        prefix = self.claims[0].partition("-")[0]
        lines = re.findall(rf"^\| ({prefix}-\d+) .*?\| (.*) \|$", self.text, re.MULTILINE)
        return [[name, *cells.split(" | ")[-len(self.tools) :]] for name, cells in lines]

    @property
    def claims(self) -> list[str]:
        """Ids of the claims of the suite."""
        files = [path for path in (ROOT / self.study).iterdir() if path.name in ("claims.toml", "test_enhancement.py")]
        return sorted(set(re.findall(r'"([A-Z]{2}-\d+)"', files[0].read_text(encoding="utf-8"))))

    def faults(self, place: Environment) -> Iterator[str]:
        """Where the run, made anew in an environment, is not what the page says."""
        with tempfile.TemporaryDirectory() as folder:
            done, tools = run_of(self.command, Path(folder), Path(folder), place)
        if done.returncode != 1:  # one tool of each run does not conform
            yield f"{self.page}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
            return
        if (found := {name: tool["outcome"] for name, tool in tools.items()}) != self.tools:
            yield f"{self.page}: {found}"
        for at, name in enumerate(self.tools, start=1):
            yield from (f"{self.page}, {name}, {fault}" for fault in faults_of(tools[name], self.rows, at))


def run_of(
    command: str, home: Path, scratch: Path, place: Environment
) -> tuple[subprocess.CompletedProcess[str], dict[str, dict]]:
    """How a command of a page ended, and what each tool of its run came to, by name.

    Parameters
    ----------
    command : str
    home, scratch : Path
        Where it runs, and the folder for its store and reports.
    place : Environment
        What is installed.
    """
    words = f"{command} --editproof-store {scratch / 'store'} --editproof-reports {scratch / 'reports'}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", words],
        cwd=home, env=place.variables(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    records = list((scratch / "reports").glob("*/evidence.json"))
    tools = json.loads(records[0].read_text(encoding="utf-8"))["findings"]["tools"] if records else []
    return done, {tool["verdicts"][0]["editor"]: tool for tool in tools}


def faults_of(tool: dict, rows: list[list[str]], at: int) -> Iterator[str]:
    """Where cells of a table, whose rows begin with the id of a claim, are not what a tool came to."""
    verdicts = {verdict["criterion"]["id"]: verdict for verdict in tool["verdicts"]}
    for row in rows:
        verdict, shown = verdicts[row[0]], _OUTCOME.search(row[at])
        if shown is None or not _as_shown(verdict, *shown.groups()):
            yield f"{row[0]}: {row[at]}, and it is {verdict['outcome']} {verdict['estimate']}"


def write_repository(page: str, home: Path, **places: object) -> None:
    """Write the files of a page's own repository, with the places of this machine for the names that the page has."""
    for name, content in re.findall(r"^```\w+ (\S+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        for word, place in places.items():
            content = re.sub(rf"\b{word}\b", str(place), content)
        (home / name).write_text(content, encoding="utf-8")
    (home / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")


def _as_shown(verdict: dict, outcome: str, value: str) -> bool:
    decimals = len(value.partition(".")[2])
    difference = abs(verdict["estimate"]["value"] - float(value.replace("−", "-")))
    return verdict["outcome"] == outcome and difference <= 1.01 * 10**-decimals


WORKED = (
    Worked("enhancement.md", "validations/enhancement", {"opencv-nlmeans": "PASS", "opencv-median": "FAIL"}),
    Worked("deidentification.md", "validations/deidentification", {"opencv-telea": "PASS", "rerender": "FAIL"}),
    Worked(
        "synthesis.md",
        "validations/synthesis",
        {"harmonised_by_a_line": "PASS", "harmonised_by_landmarks": "FAIL", "rerender": "FAIL"},
    ),
)


def main() -> int:
    """Make the runs, print what differs, and say whether anything does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="pages whose name contains this")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder) / "outside")
        place = environment(Outside(Path(folder) / "outside"))
        found = [fault for worked in WORKED if asked.only in worked.page for fault in worked.faults(place)]
    print("\n".join(found) or "every worked run is as its page says")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
