"""The pages on faults and threats: every test that they name is there, and every row names one."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.needs import ROOT

TESTS = set(
    re.findall(
        r"^def (test_\w+)",
        "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")),
        re.MULTILINE,
    )
)


@pytest.mark.parametrize(("page", "least"), [("docs/faults.md", 15), ("SECURITY.md", 12), ("docs/reports.md", 12)])
def test_every_row_names_tests_that_are_there(page, least):
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    rows = [
        line
        for line in lines
        if line.startswith("| ") and not line.startswith(("| fault |", "| threat |", "| report |"))
    ]
    assert len(rows) >= least
    for row in rows:
        named = set(re.findall(r"`(test_\w+)`", row))
        assert named, row
        assert named <= TESTS, named - TESTS


def test_the_licence_of_every_extra_is_listed():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if re.match(r"\| `[a-z0-9]+`[,` a-z0-9]* \|", line)]
    rows = {name: line for line in lines for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    for name in set(extras) - {"docs", "train", "test", "dev"}:
        licence = rows[name].split("|")[-2]
        assert re.search(r"MIT|BSD|Apache|MPL", licence), name
    for name in ("docs", "train", "test", "dev"):
        assert f"`{name}`" in page
