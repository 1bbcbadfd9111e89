"""The page as Jenkins serves it: sandboxed, without style, picture or script. The verdict is read all the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from tests.report.test_browser import browser, pytestmark  # noqa: F401

POLICY = "sandbox; default-src 'none'"
LARGEST = 300
SIZES = "return [...document.querySelectorAll('svg:not(.chart)')].map(s => s.getBoundingClientRect()).map(r => [r.width, r.height])"
ABOVE = """
const found = [...document.querySelectorAll('.outcome')].map(e => [e.innerText, e.getBoundingClientRect().top]);
return found;
"""


class Jenkins(SimpleHTTPRequestHandler):
    """Serves files as Jenkins serves what a job archived."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(page: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("archived")
    (folder / "report.html").write_text(page, encoding="utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Jenkins, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/report.html"
    server.shutdown()


def test_the_verdict_is_read_without_style_and_no_mark_fills_the_screen(browser: WebDriver, address: str):  # noqa: F811
    browser.get(address)
    assert browser.execute_script("return getComputedStyle(document.querySelector('.card')).borderTopWidth") == "0px"
    sizes = browser.execute_script(SIZES)
    assert len(sizes) > 20
    assert max(max(size) for size in sizes) <= LARGEST
    outcomes = browser.execute_script(ABOVE)
    assert outcomes
    first, top = outcomes[0]
    assert first in browser.page_source
    assert top < 900, "the first verdict is on the first screen"
    text = browser.execute_script("return document.body.innerText")
    for words in ("Does the edit leave the clinical content alone?", first, "protocol", "Required"):
        assert words.lower() in text.lower()
