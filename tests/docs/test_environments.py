"""Every page with code names an environment, and what it shows is tried there: `blocks` says how."""

from __future__ import annotations

import re

import pytest

from tests.docs.blocks import blocks, commands, faults_of_command
from tests.docs.test_pages import INSTALLED, PAGES
from tests.doors.declared import environment
from tests.needs import ROOT

CLONE = "a clone"
NAMED = re.compile(rf"^Environment of this page: (?:`{INSTALLED.pattern}`|{CLONE})", re.MULTILINE)
TRIED = ("python", "toml", "json", "csv", "sh", "console")
TEXTS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *ROOT.glob("validations/**/*.md")])
}
WITH_CODE = {name: text for name, text in TEXTS.items() if any(block[0] in TRIED for block in blocks(text))}
BLOCKS = ROOT / "tests" / "docs" / "blocks.py"
VARIABLES = {"MY_TOKEN": "x", "READER_API_KEY": "x"}
"""Variables that templates of the pages name."""


def pages_by_extras():
    """Pages of each environment, by the extras of the wheel; those of a clone are not here."""
    found = {}
    for name, text in WITH_CODE.items():
        told = NAMED.search(text)
        if told is None or CLONE not in told[0]:
            found.setdefault(PAGES.get(name, (told and told[1]) or ""), []).append(name)
    return found


def test_every_page_with_code_names_its_environment():
    assert not [
        name for name, text in WITH_CODE.items() if name not in (*PAGES, "README.md") and not NAMED.search(text)
    ]
    assert sum(map(len, pages_by_extras().values())) > 15


@pytest.mark.parametrize("extras", pages_by_extras())
def test_what_pages_show_works_where_they_say(extras, outside, tmp_path):
    place = environment(outside, extras.split(",") if extras else ())
    said = place.run(tmp_path, "-P", BLOCKS, *(ROOT / page for page in pages_by_extras()[extras]), more=VARIABLES)
    assert (said.returncode, said.stdout) == (0, ""), said.stdout + said.stderr


@pytest.mark.parametrize("page", TEXTS)
def test_every_command_of_a_page_takes_its_options(page):
    assert not [fault for command in commands(TEXTS[page]) for fault in faults_of_command(command)]


def test_a_wrong_command_is_noticed():
    page = "`editproof vrify reports/RUN`\n```sh\neditproof run --study a.toml \\\n    --editr x\npytest v/ --datset x -q\n```\n"
    found = [fault for command in commands(page) for fault in faults_of_command(command)]
    assert [fault.rpartition(": ")[2] for fault in found] == [
        "run takes no --editr",
        "run takes no --datset",
        "vrify is no command",
    ]


WRONG = {
    "python": "from editproof import no_such_estimand", "toml": "schema = 'editproof-study/1'\nprompts = 'x'",
    "toml claims.toml": "[[claim]]\nid = 'A'\nestimand = 'no()'", "json": '{"runtime": "onnx"}', "json a.json": '{"url": "x"}',
}  # fmt: skip


def test_a_wrong_block_is_noticed(outside, tmp_path):
    pages = [tmp_path / f"{at}.md" for at in range(len(WRONG))]
    for page, (language, content) in zip(pages, WRONG.items(), strict=True):
        page.write_text(f"```{language}\n{content}\n```\n", encoding="utf-8")
    (tmp_path / "home").mkdir()
    said = environment(outside).run(tmp_path / "home", "-P", BLOCKS, *pages)
    assert [line.split()[:2] for line in said.stdout.splitlines()] == [
        [f"{at}.md:", language.split()[0]] for at, language in enumerate(WRONG)
    ], said.stderr
