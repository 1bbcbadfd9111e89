"""The documentation as a site: built without a warning, every page of the repository on it, readable from a disk."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mkdocs", reason="needs the extra docs")

from docs.site.hooks import BESIDE_THE_CODE, place_of

ROOT = Path(__file__).parents[2]
FETCHED = re.compile(r'<(?:script|link|img)\b[^>]*?(?:src|href)="(?:https?:)?//[^"]+"')


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built strictly: a link that leads nowhere, or a page that no menu lists, is an error."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", folder],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return folder


def test_every_page_of_the_repository_is_on_it(site):
    pages = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    expected = [*(str(page) for page in pages if page.name != "README.md"), *BESIDE_THE_CODE.values()]
    assert len(expected) > 30
    assert [page for page in expected if not (site / page).with_suffix(".html").is_file()] == []
    assert (site / "walk" / "index.html").is_file()


def test_the_reference_is_made_from_the_registries(site):
    tools, options = (
        (site / "reference" / f"{name}.html").read_text(encoding="utf-8") for name in ("tools", "options")
    )
    assert "opencv-telea" in tools
    assert "--max-cost" in options
    assert "editproof verify" in (site / "reference" / "commands.html").read_text(encoding="utf-8")
    assert 'id="editproof.criteria.Criterion"' in (site / "python" / "criteria.html").read_text(encoding="utf-8")


def test_nothing_is_fetched_from_elsewhere(site):
    found = {page.name: FETCHED.findall(page.read_text(encoding="utf-8")) for page in site.rglob("*.html")}
    found.pop("report.html")  # the report of the demo has tests of its own
    assert {name: fetched for name, fetched in found.items() if any(fetched)} == {}


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("README.md", "index.md"),
        ("models", "models.md"),
        ("docs/walk", "walk/README.md"),
        ("docs/statistics.md", "statistics.md"),
        ("harness/editproof/criteria/region.py", "python/criteria.md#editproof.criteria.region"),
        ("harness/editproof/metrics/__init__.py", "python/metrics.md#editproof.metrics"),
        ("validations/register.toml", ""),
    ],
)
def test_links_lead_to_where_the_site_shows_their_target(source, place):
    assert place_of(source) == place
