"""Addresses of the project itself: none is invented, and once there is one, no placeholder is left (docs/releases.md)."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.doors.outside import ROOT

URLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"].get("urls", {})
PLACEHOLDER = re.compile(r"OWNER|example\.(?:com|org|net)|localhost|TODO|YOUR")
TEXTS = [
    path
    for pattern in (
        "*.md",
        "*.toml",
        "*.yml",
        "docs/**/*.md",
        ".github/**/*.yml",
        ".gitlab/*.yml",
        "harness/**/*.py",
        "harness/**/*.j2",
    )
    for path in sorted(ROOT.glob(pattern))
]
LINKS = re.findall(r"\]\((?!#)([^)\s]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))


def own_addresses(text: str) -> list[str]:
    """Addresses that name this project."""
    return re.findall(r"https?://[^\s)'\"`>]*editproof[^\s)'\"`>]*", text)


@pytest.mark.skipif(bool(URLS), reason="the project has an address")
def test_nothing_names_an_address_before_there_is_one():
    found = {path.name: own_addresses(path.read_text(encoding="utf-8")) for path in TEXTS}
    assert not {name: urls for name, urls in found.items() if urls}
    assert own_addresses("see https://host.test/editproof/docs") == ["https://host.test/editproof/docs"]


@pytest.mark.skipif(not URLS, reason="the project has no address yet")
def test_no_placeholder_is_left_once_there_is_one():
    assert all(url.startswith("https://") and not PLACEHOLDER.search(url) for url in URLS.values())
    assert "OWNER" not in (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    assert all(link.startswith("https://") for link in LINKS)


def test_relative_links_of_the_readme_lead_to_files():
    relative = [link for link in LINKS if "://" not in link]
    assert relative or URLS
    assert not [link for link in relative if not (ROOT / link.partition("#")[0]).exists()]
