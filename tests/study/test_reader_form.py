"""The form of a reader in a real browser: filled by keyboard alone, saved, and collected."""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from editproof.report.page.reader_form import FormImage, FormQuestion, reader_form

pytest.importorskip("selenium", reason="needs selenium")

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.report.test_browser import CHROMIUM, DRIVER, FLAGS, requests

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Chromium with its driver"),
]

CODES = ("BCDFGH", "JKLMNP", "QRSTVW")


@pytest.fixture
def form(tmp_path) -> Path:
    images = [
        FormImage(
            code, 1 + (index == 2), cv2.imencode(".png", np.full((30, 20), 60 * index + 30, np.uint8))[1].tobytes()
        )
        for index, code in enumerate(CODES)
    ]
    questions = [
        FormQuestion(
            "grade", "How good?", 0.0, 4.0, 1.0, "from 0 to 4 in steps of 1", tuple((g, "") for g in range(5))
        ),
        FormQuestion("nodule", 'Sure of a "nodule"?', 0.0, 100.0, None, "from 0 to 100"),
    ]
    path = tmp_path / "Ana.html"
    path.write_text(reader_form("0123456789ab", "Ana", images, questions, "Read <b>this</b>."), encoding="utf-8")
    return path


@pytest.fixture
def browser(tmp_path):
    options = Options()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(f"--{flag}")
    options.add_experimental_option("prefs", {"download.default_directory": str(tmp_path / "saved")})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path / "saved")}
    )
    yield driver
    driver.quit()


def press(browser, *keys: str) -> None:
    for key in keys:
        browser.switch_to.active_element.send_keys(key)


def place(browser) -> str:
    return str(browser.find_element(By.ID, "place").text)


def saved(browser, tmp_path: Path) -> list[dict[str, str]]:
    """Press the button by keyboard and read the file."""
    browser.execute_script("document.getElementById('save').focus()")
    press(browser, Keys.ENTER)
    path = tmp_path / "saved" / "answers-Ana.csv"
    for _ in range(100):
        if path.exists() and path.stat().st_size:
            break
        time.sleep(0.05)
    text = path.read_text(encoding="utf-8")
    path.unlink()
    return list(csv.DictReader(io.StringIO(text)))


def test_a_form_is_filled_by_keyboard_and_its_answers_are_saved(browser, form, tmp_path):
    requests(browser)
    browser.get_log("browser")
    browser.get(form.as_uri())
    assert browser.get_log("browser") == []
    assert [url for url in requests(browser) if url.startswith(("http", "ws", "ftp"))] == []
    assert "Read <b>this</b>." in browser.find_element(By.CLASS_NAME, "instructions").text
    assert place(browser) == "Image 1 of 3: BCDFGH (sitting 1)"
    first = browser.find_element(By.CSS_SELECTOR, "input[type=radio]")
    for _ in range(20):  # Tab leads there
        press(browser, Keys.TAB)
        if browser.switch_to.active_element == first:
            break
    press(browser, Keys.SPACE, Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.TAB, "12.5", Keys.ENTER)
    assert place(browser) == "Image 2 of 3: JKLMNP (sitting 1)"
    press(browser, Keys.TAB, "101", Keys.ENTER)
    assert place(browser).startswith("Image 2"), "a number beyond the scale goes nowhere"
    assert "Give a number from 0 to 100." in browser.find_element(By.TAG_NAME, "form").text
    press(browser, Keys.BACKSPACE, Keys.ENTER)
    assert place(browser) == "Image 3 of 3: QRSTVW (sitting 2)"
    assert browser.find_element(By.ID, "pause").is_displayed()
    rows = saved(browser, tmp_path)
    assert [(r["study"], r["place"], r["image"], r["grade"], r["nodule"]) for r in rows] == [
        ("0123456789ab", "1", "BCDFGH", "2", "12.5"), ("0123456789ab", "2", "JKLMNP", "", "10"),
        ("0123456789ab", "3", "QRSTVW", "", ""),
    ]  # fmt: skip
    assert "2 images are without a complete answer" in browser.find_element(By.ID, "saved").text
    press(browser, "u")
    assert place(browser).startswith("Image 2"), "the next without an answer"


def test_progress_outlives_the_page(browser, form, tmp_path):
    browser.get(form.as_uri())
    browser.find_element(By.CSS_SELECTOR, "input[type=radio]").send_keys(Keys.SPACE)
    press(browser, "n")
    for _ in range(20):  # a browser under load writes what a page keeps a moment after the page is gone
        browser.get("about:blank")
        time.sleep(0.1)
        browser.get(form.as_uri())
        if place(browser).startswith("Image 2"):
            break
    assert place(browser).startswith("Image 2")
    press(browser, "p")
    assert [row["grade"] for row in saved(browser, tmp_path)] == ["0", "", ""]


def test_the_form_is_the_same_twice_and_names_no_address(form):
    text = form.read_text(encoding="utf-8")
    assert "http:" not in text
    assert "https:" not in text
    assert "&lt;b&gt;this" in text
