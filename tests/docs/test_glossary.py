"""The pages of the documentation lead somewhere: every link to a file of the project, and every heading it names."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT / "docs" / "glossary.md"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("*/README.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
ROW = re.compile(r"^\| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)


def terms(page: str) -> list[tuple[str, str, str]]:
    """Rows of the table: term, meaning, place."""
    return [row for row in ROW.findall(page) if row[0] != "term"]


def dead_links(page: Path) -> list[str]:
    """Targets below the project that do not exist, or that lack the heading named after ``#``."""
    dead = []
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        name, _, heading = target.partition("#")
        if "://" in target:
            continue
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (heading and heading not in anchors(file)):
            dead.append(target)
    return dead


def anchors(page: Path) -> set[str]:
    """Names under which headings of a Markdown page can be linked to, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    words = (unicodedata.normalize("NFC", heading).lower().strip() for heading in headings)
    return {re.sub(r"[^\w\- ]", "", word).replace(" ", "-") for word in words}


def test_every_term_leads_to_where_it_lives():
    rows = terms(GLOSSARY.read_text(encoding="utf-8"))
    assert len(rows) > 40
    assert [term for term, _, place in rows if len(LINK.findall(place)) != 1] == []
    assert dead_links(GLOSSARY) == []


def test_every_term_is_explained_once_in_alphabetical_order():
    rows = terms(GLOSSARY.read_text(encoding="utf-8"))
    names = [term.lower() for term, _, _ in rows]
    assert names == sorted(set(names))
    assert [term for term, meaning, _ in rows if not meaning.endswith(".")] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file_and_a_heading_that_exist(page):
    assert dead_links(page) == []


def test_a_dead_link_is_noticed(tmp_path):
    (tmp_path / "other.md").write_text("# A heading, with words\n")
    page = tmp_path / "page.md"
    page.write_text("[a](other.md) [b](other.md#a-heading-with-words) [c](other.md#none) [d](gone.py) [e](https://x.y)")
    assert dead_links(page) == ["other.md#none", "gone.py"]
