"""Pages whose every command runs: in an empty folder, and in the environment that the page names.

A page of this kind has a block ``pip install 'editproof[EXTRAS]'`` before all others. The environment of the test holds what that command
installs and nothing else. A block that names a file is written; a block of ``sh`` runs, and has to exit with 0 unless the
block of ``text`` after it begins with ``exit code N``; the other lines of that block have to be in what was said, in order.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.doors.declared import environment

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INSTALLED = re.compile(r"pip install '?editproof(?:\[([\w,]*)\])?'?")
CODE = re.compile(r"exit code (\d+)")
PAGES = {
    path.relative_to(ROOT).as_posix(): found[1] or ""
    for path in sorted((ROOT / "docs").rglob("*.md"))
    if (found := re.search(rf"^```sh\n{INSTALLED.pattern}\n```$", path.read_text(encoding="utf-8"), re.MULTILINE))
}


def test_these_pages_run():
    assert set(PAGES) >= {
        "docs/start.md",
        "docs/compare-tools.md",
        "docs/walk/README.md",
        "docs/metrics.md",
        "docs/estimands.md",
    }
    assert PAGES["docs/start.md"] == ""
    assert PAGES["docs/walk/README.md"] == "dicom"


@pytest.mark.slow
@pytest.mark.parametrize("page", sorted({*PAGES} - {"docs/readings.md"}))  # has a test of its own
def test_every_command_of_a_page_runs_as_it_stands(page, outside, tmp_path):
    extras = PAGES[page].split(",") if PAGES[page] else ()
    place = environment(outside, extras)
    blocks = BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))
    ran = 0
    for (kind, name, content), (next_kind, _, expected) in zip(blocks, [*blocks[1:], ("", "", "")], strict=True):
        if name:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content, encoding="utf-8")
        elif kind == "sh" and not INSTALLED.match(content):
            check(content, expected if next_kind == "text" else "", place, tmp_path)
            ran += 1
    assert ran


def check(command: str, expected: str, place, folder: Path) -> None:
    """Run a block and hold it against what the page says of it."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder, env=place.variables(), capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    said = f"{command}\n{done.stdout}\n{done.stderr}"
    code = CODE.match(expected)
    assert done.returncode == (int(code[1]) if code else 0), said
    rest = done.stdout
    for line in expected.splitlines()[bool(code) :]:
        _, found, rest = rest.partition(line.strip())
        assert found, f"the page says {line!r}\n{said}"
