"""The page in a real browser: opens from a file with no error, and works by keyboard."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from editproof.audit.comparing import compared
from editproof.evidence.record import Evidence
from editproof.report.formats import certificate
from editproof.report.page.comparison import render_comparison
from editproof.report.page.html import render
from editproof.types import Outcome

from tests.audit import study
from tests.records import replace
from tests.report import gold

pytest.importorskip("selenium", reason="needs selenium")

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import Select, WebDriverWait

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
    "disable-component-update", "disable-sync", "window-size=1400,900",
)  # fmt: skip

SHOWN = "return [...document.querySelectorAll('#criteria .row')].filter(r => r.offsetParent).length"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Chromium with its driver"),
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    options = Options()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def file(page: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


@pytest.fixture
def opened(browser: WebDriver, file: Path) -> WebDriver:
    browser.get("about:blank")
    browser.get(file.as_uri())
    return browser


def requests(browser: WebDriver) -> list[str]:
    events: list[dict[str, Any]] = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]


def open_quietly(browser: WebDriver, file: Path) -> None:
    """Open a page from a file: no error is logged, and nothing is asked of any server."""
    requests(browser)
    browser.get_log("browser")
    browser.get(file.as_uri())
    assert browser.get_log("browser") == []
    assert {url.partition(":")[0] for url in requests(browser)} <= {"file", "data", "chrome", "chrome-untrusted"}


def prefer(browser: WebDriver, scheme: str) -> None:
    """Let the browser say that its reader wants light or dark pages."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def test_opens_without_an_error_and_asks_nobody(browser: WebDriver, file: Path) -> None:
    open_quietly(browser, file)
    assert browser.execute_script("return [...document.images].every(i => i.complete && i.naturalWidth > 0)")


def test_verdicts_are_on_the_first_screen(opened: WebDriver) -> None:
    for card in opened.find_elements(By.CSS_SELECTOR, ".card .outcome"):
        assert 0 < card.location["y"] < 500
    assert opened.execute_script("return document.documentElement.scrollWidth <= innerWidth")


def test_filter_by_outcome_and_role(opened: WebDriver, whole: Evidence) -> None:
    verdicts = [v for editor in whole.editors for v in editor.verdicts]
    assert opened.execute_script(SHOWN) == len(verdicts)
    Select(opened.find_element(By.CSS_SELECTOR, "select[data-facet=outcome]")).select_by_visible_text("FAIL")
    assert opened.execute_script(SHOWN) == sum(v.outcome.value == "FAIL" for v in verdicts)
    assert not opened.find_element(By.CSS_SELECTOR, ".tooltable[data-tool='0']").is_displayed()
    Select(opened.find_element(By.CSS_SELECTOR, "select[data-facet=role]")).select_by_visible_text("secondary")
    left = sum(v.outcome.value == "FAIL" and v.criterion.role == "secondary" for v in verdicts)
    assert opened.execute_script(SHOWN) == left
    assert f"{left} of {len(verdicts)}" in opened.find_element(By.CSS_SELECTOR, ".filters output").text
    cleared = "document.querySelector('.filters button').click();"  # the rows follow within the same step
    assert opened.execute_script(cleared + SHOWN) == len(verdicts)


def test_clear_is_reached_by_key_and_shows_every_row_again(opened: WebDriver) -> None:
    total = opened.execute_script(SHOWN)
    facets = [Select(s) for s in opened.find_elements(By.CSS_SELECTOR, ".filters select")]
    for facet in facets:
        facet.select_by_index(1)
    assert opened.execute_script(SHOWN) < total
    opened.find_element(By.CSS_SELECTOR, ".filters button").send_keys(Keys.ENTER)
    assert opened.execute_script(SHOWN) == total
    assert {facet.first_selected_option.text for facet in facets} == {"all", "all rows", "as in the suite"}


def test_slider_moves_by_keyboard_and_by_mouse(opened: WebDriver) -> None:
    slider = opened.find_element(By.CSS_SELECTOR, ".slider input")
    cut = "return arguments[0].parentElement.style.getPropertyValue('--cut')"
    opened.execute_script("arguments[0].focus()", slider)
    assert opened.execute_script(cut, slider) == "50%"
    slider.send_keys(Keys.ARROW_RIGHT * 5)
    assert opened.execute_script(cut, slider) == "55%"
    slider.send_keys(Keys.HOME)
    assert opened.execute_script(cut, slider) == "0%"
    width = slider.rect["width"]
    webdriver.ActionChains(opened).move_to_element_with_offset(slider, int(width / 4), 0).click().perform()
    assert 70 <= float(opened.execute_script(cut, slider).rstrip("%")) <= 80


def test_dot_names_its_case_and_opens_its_row(opened: WebDriver) -> None:
    row = opened.find_element(By.CSS_SELECTOR, "#cases-1 tbody tr:not(:has(a))")
    index = row.get_attribute("id").rpartition("-")[2]
    dot = opened.find_element(By.CSS_SELECTOR, f"figure[data-tool='1'] [data-case^='{index}:']")
    repeat = dot.get_attribute("data-case").partition(":")[2]
    assert not row.is_displayed()
    opened.execute_script("arguments[0].scrollIntoView({block: 'center'})", dot)
    opened.execute_script("arguments[0].dispatchEvent(new PointerEvent('pointerover', {bubbles: true}))", dot)
    tip = opened.find_element(By.ID, "tip")
    assert tip.is_displayed()
    name = opened.execute_script("return arguments[0].querySelector('th').firstChild.textContent.trim()", row)
    assert tip.text.startswith(f"{name}")
    assert f"repeat {int(repeat) + 1}" in tip.text
    opened.execute_script("arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", dot)
    assert row.is_displayed()
    assert opened.switch_to.active_element == row


def test_dot_of_a_case_in_the_gallery_opens_its_pictures(opened: WebDriver) -> None:
    link = opened.find_element(By.CSS_SELECTOR, "#cases-1 a[href^='#pictures']")
    row = opened.execute_script("return arguments[0].closest('tr').id", link)
    dot = opened.find_element(By.CSS_SELECTOR, f"figure[data-tool='1'] [data-case^='{row.rpartition('-')[2]}:']")
    opened.execute_script("arguments[0].dispatchEvent(new PointerEvent('pointerover', {bubbles: true}))", dot)
    assert opened.find_element(By.ID, "tip").text.endswith("Click: its pictures")
    opened.execute_script("arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", dot)
    place = opened.switch_to.active_element
    assert f"#{place.get_attribute('id')}" == link.get_attribute("hash")
    assert place.find_element(By.CSS_SELECTOR, ".slider").is_displayed()


def test_every_tool_has_its_verdict_on_the_first_screen_of_a_phone(opened: WebDriver, whole: Evidence) -> None:
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": False}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        shown = opened.find_elements(By.CSS_SELECTOR, ".glance li")
        assert len(shown) == len(whole.editors)
        assert all(item.is_displayed() and item.rect["y"] + item.rect["height"] < 844 for item in shown)
        assert opened.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        assert opened.find_element(By.CSS_SELECTOR, "nav.top").rect["height"] < 60
    finally:
        opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_print_has_every_section_and_both_pictures(opened: WebDriver) -> None:
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        sections = opened.find_elements(By.CSS_SELECTOR, "main > section")
        assert all(section.is_displayed() for section in sections)
        assert len(sections) == 9
        assert not opened.find_element(By.CSS_SELECTOR, "nav.top").is_displayed()
        before, after = (opened.find_element(By.CSS_SELECTOR, f".slider .{name}") for name in ("before", "after"))
        assert before.rect["x"] + before.rect["width"] <= after.rect["x"] + 1
    finally:
        opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


TORN = """
const torn = new Set();
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode;
  if (node.parentElement.closest('svg, script, style, code')) continue;
  for (const word of node.data.matchAll(/(?<!\\w)[A-Za-z]{2,15}(?!\\w)/g)) {
    const range = document.createRange();
    range.setStart(node, word.index);
    range.setEnd(node, word.index + word[0].length);
    if (new Set([...range.getClientRects()].map(r => Math.round(r.top))).size > 1) torn.add(word[0]);
  }
}
return [...torn];
"""


VERDICTS_FIT = """
const boxes = [...document.querySelectorAll("table.verdicts")].map(table => table.parentElement);
return boxes.every(box => box.scrollWidth <= box.clientWidth);
"""


@pytest.mark.parametrize(("width", "media"), [(390, ""), (700, ""), (800, ""), (1024, ""), (1440, ""), (720, "print")])
def test_no_word_of_ordinary_length_is_torn_and_no_page_is_too_wide(
    browser: WebDriver, file: Path, comparison: Path, width: int, media: str
) -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media})
    try:
        for page in (file, comparison):
            browser.get(page.as_uri())
            browser.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true })")
            assert browser.execute_script(TORN) == []
            assert media or browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
            assert media or browser.execute_script(VERDICTS_FIT)
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_print_gives_the_reason_of_every_limit_and_no_controls(opened: WebDriver) -> None:
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        reasons = opened.find_elements(By.CSS_SELECTOR, ".criterion details dl")
        assert reasons
        assert all(reason.rect["height"] > 10 for reason in reasons)
        assert not any(e.is_displayed() for e in opened.find_elements(By.CSS_SELECTOR, "button, select, .controls"))
        size = "return [...document.querySelectorAll('p, td, th, li, dd')].map(e => parseFloat(getComputedStyle(e).fontSize))"
        sizes = opened.execute_script(size)
        assert 9 < min(sizes) <= max(sizes) < 24, "pixels; 12 is body text, and the heading of a card the largest"
    finally:
        opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_certificate_opens_without_an_error(browser: WebDriver, whole: Evidence, tmp_path: Path) -> None:
    file = tmp_path / "certificate.html"
    file.write_text(certificate.render(whole), encoding="utf-8")
    open_quietly(browser, file)
    assert violations(browser) == []


@pytest.mark.parametrize("state", ["without_edits", "without_verdicts", "invalid"])
def test_empty_states_raise_no_error(browser: WebDriver, whole: Evidence, tmp_path: Path, state: str) -> None:
    file = tmp_path / "report.html"
    file.write_text(render(getattr(gold, state)(whole), images=False), encoding="utf-8")
    browser.get_log("browser")
    browser.get(file.as_uri())
    assert browser.get_log("browser") == []
    assert browser.find_element(By.CSS_SELECTOR, ".card .outcome").is_displayed()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_accessibility_rules_of_axe_are_met(opened: WebDriver, scheme: str, width: int) -> None:
    prefer(opened, scheme)
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        opened.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true })")
        assert violations(opened) == []
    finally:
        opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page that sets a tool beside itself."""
    run = study.evidence(tools=("gentle",))
    path = tmp_path_factory.mktemp("comparison") / "report.html"
    path.write_text(render_comparison(compared(run, run, {"BA-1": 1.5})), encoding="utf-8")
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_comparison_opens_without_an_error_and_meets_axe(browser: WebDriver, comparison: Path, scheme: str) -> None:
    prefer(browser, scheme)
    open_quietly(browser, comparison)
    assert violations(browser) == []


def violations(browser: WebDriver) -> list[tuple[str, list[str]]]:
    axe = pytest.importorskip("axe_core_python", reason="needs axe-core-python")
    browser.set_script_timeout(240)
    browser.execute_script(Path(axe.__file__).with_name("axe.min.js").read_text(encoding="utf-8"))
    run = "axe.run(document, {resultTypes: ['violations']}).then(arguments[0])"
    found = browser.execute_async_script(run)["violations"]
    return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(opened: WebDriver, scheme: str) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to 1 for every pair of colours that text is set in."""
    prefer(opened, scheme)
    read = "return getComputedStyle(document.documentElement).getPropertyValue('--' + arguments[0]).trim()"
    grounds = ("paper", "ground", "pass-soft", "fail-soft", "open-soft", "void-soft")
    inks = ("ink", "muted", "link", "pass", "fail", "open", "void")
    colour = {name: luminance(opened.execute_script(read, name)) for name in (*grounds, *inks)}
    pairs = [(text, ground) for text in inks for ground in ("paper", "ground")]
    pairs += [(text, f"{text}-soft") for text in ("pass", "fail", "open", "void")]
    poor = {pair: ratio for pair in pairs if (ratio := contrast(*(colour[n] for n in pair))) < 4.5}
    assert poor == {}


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    levels = [int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in levels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: float, b: float) -> float:
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


BARS = (
    "return [...document.querySelectorAll('.card .bar, .forest .bar')].every(b => b.getBoundingClientRect().width > 80)"
)


def test_no_page_of_five_tools_is_too_wide_and_bars_keep_their_width(
    browser: WebDriver, whole: Evidence, tmp_path: Path
) -> None:
    more = [replace(whole.editors[0], card=replace(whole.editors[0].card, name=f"tool-{k}")) for k in range(3)]
    file = tmp_path / "report.html"
    file.write_text(render(replace(whole, editors=(*whole.editors, *more)), images=False), encoding="utf-8")
    try:
        for width in (390, 1024, 1440):
            size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            browser.get(file.as_uri())
            assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth"), width
            assert browser.execute_script(BARS), width
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


SAVED = """
window.saved = [];
URL.createObjectURL = blob => { saved.push(blob); return '#verdict'; };
for (const path of arguments[0]) document.querySelector(path).click();
const done = arguments[1];
Promise.all(saved.map(blob => blob.text())).then(done);
"""


def test_tables_are_saved_as_csv_and_charts_as_svg(opened: WebDriver, whole: Evidence) -> None:
    chart = ".charts figure[data-tool='1'] .export"
    cases, claims, drawn = opened.execute_async_script(SAVED, ["#cases-1 .export", "[data-tool='0'] .export", chart])
    rows = list(csv.reader(io.StringIO(cases.lstrip("\ufeff"))))
    assert len({len(row) for row in rows}) == 1
    assert {row[0] for row in rows[2:]} == set(whole.editors[1].measurements.cases["case"])
    verdicts = whole.editors[0].verdicts
    rows = list(csv.reader(io.StringIO(claims.lstrip("\ufeff"))))
    assert [row[0] for row in rows if row[0] in Outcome.__members__] == [v.outcome.value for v in verdicts]
    assert not re.search(r'"[=@]|−\\d', cases + claims)
    root = ElementTree.fromstring(drawn)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "var(" not in drawn
    assert "class=" not in drawn


def test_cases_are_searched_ordered_and_reached_from_a_claim(opened: WebDriver) -> None:
    drill = opened.find_element(By.CSS_SELECTOR, ".drill[data-tool='1'][data-column='1']")
    opened.execute_script("arguments[0].click()", drill)
    box = opened.find_element(By.ID, "cases-1")
    assert box.get_attribute("open")
    changes = "return [...document.querySelectorAll('#cases-1 tbody tr')].map(r => r.cells[9].textContent)"
    sizes = [abs(float(text.replace("−", "-"))) for text in opened.execute_script(changes) if text != "–"]
    assert sizes == sorted(sizes, reverse=True)
    assert opened.switch_to.active_element.text.startswith("largest change")
    opened.switch_to.active_element.send_keys(Keys.ENTER)
    sizes = [abs(float(text.replace("−", "-"))) for text in opened.execute_script(changes) if text != "–"]
    assert sizes == sorted(sizes), "the same head once more turns the order round"
    box.find_element(By.CSS_SELECTOR, "[type=search]").send_keys("synthetic-007")
    assert box.find_element(By.TAG_NAME, "output").text == "1 of 40 cases"
    opened.find_element(By.CSS_SELECTOR, ".filters [type=search]").send_keys("answers nearly every request")
    assert opened.execute_script(SHOWN) == 2
    opened.execute_script("document.querySelector('.filters button').click()")
    assert opened.execute_script(SHOWN) > 2


def test_dots_are_reached_by_keys_and_a_case_is_picked_out_everywhere(opened: WebDriver) -> None:
    chart = opened.find_element(By.CSS_SELECTOR, "figure[data-tool='1'] svg:has([data-case])")
    opened.execute_script("arguments[0].focus()", chart)
    chart.send_keys(Keys.HOME, Keys.ARROW_RIGHT)
    told = opened.find_element(By.ID, "tip").text
    assert re.match(r"synthetic-\d+, repeat \d", told)
    chart.send_keys(Keys.ENTER)
    index = str(int(told[len("synthetic-") :].partition(",")[0]))
    picked = "return [...document.querySelectorAll('.picked')].map(e => e.dataset.case ?? e.id)"
    found = opened.execute_script(picked)
    assert {f"case-0-{index}", f"case-1-{index}"} <= set(found)
    dots = [name for name in found if ":" in name]
    assert len(dots) > 4
    assert {name.partition(":")[0] for name in dots} == {index}


MOVED = "return getComputedStyle(document.getElementById('viewer')).getPropertyValue('--move')"


def examined(opened: WebDriver, place: int) -> Any:
    """The original's film in the viewer, opened by key at one of the exhibits."""
    button = opened.find_elements(By.CSS_SELECTOR, ".enlarge")[place]
    opened.execute_script("arguments[0].focus()", button)
    button.send_keys(Keys.ENTER)
    return opened.switch_to.active_element


def test_the_viewer_is_worked_by_keys_alone_and_gives_the_focus_back(opened: WebDriver) -> None:
    film = examined(opened, 6)
    assert film.get_attribute("data-film") == "original"
    title = opened.find_element(By.ID, "viewer-title").text
    exhibit = opened.find_elements(By.CSS_SELECTOR, ".exhibit")[6]
    assert exhibit.find_element(By.CSS_SELECTOR, "figcaption b").get_attribute("textContent") in title
    assert opened.execute_script(MOVED) == "scale(1) translate(0%, 0%)"
    film.send_keys("++++", Keys.ARROW_LEFT)
    assert opened.execute_script(MOVED) == "scale(2) translate(2.5%, 0%)"
    film.send_keys("-----------")
    assert opened.execute_script(MOVED) == "scale(1) translate(0%, 0%)", "the whole picture has no place to move to"
    film.send_keys("i")
    slope = "return Number(document.querySelector('#window-level feFuncR').getAttribute('slope'))"
    assert opened.execute_script(slope) == -1
    film.send_keys("0", Keys.PAGE_DOWN)
    assert opened.execute_script(slope) == 1
    assert opened.find_element(By.ID, "viewer-title").text != title
    film.send_keys(Keys.ESCAPE)
    assert not opened.find_element(By.ID, "viewer").is_displayed()
    buttons = opened.find_elements(By.CSS_SELECTOR, ".enlarge")
    WebDriverWait(opened, 5).until(lambda d: d.switch_to.active_element == buttons[7 % len(buttons)])


def test_the_viewer_shows_the_crop_and_every_pixel_and_measures_in_mm_where_they_are_known(
    opened: WebDriver, whole: Evidence
) -> None:
    film = examined(opened, 0)
    title = opened.find_element(By.CSS_SELECTOR, "#viewer output")
    ratio = "return arguments[0].style.getPropertyValue('--ratio')"
    drag = (
        "const f = arguments[0], b = f.getBoundingClientRect();"
        "const at = (x, y) => ({clientX: b.left + x * b.width, clientY: b.top + y * b.height, shiftKey: true,"
        " pointerId: 1, bubbles: true});"
        "f.setPointerCapture = () => {};"
        "f.dispatchEvent(new PointerEvent('pointerdown', at(0, 0)));"
        "f.dispatchEvent(new PointerEvent('pointermove', at(arguments[1], arguments[2])));"
        "f.dispatchEvent(new PointerEvent('lostpointercapture', {pointerId: 1}));"
    )
    opened.execute_script(drag, film, 0.5, 0)
    assert title.text == "18.0 mm (72.0 pixels)", "half of 144 columns of 0.25 mm"
    film.send_keys("c")
    assert float(opened.execute_script(ratio, film)) == 80 / 100
    opened.execute_script(drag, film, 0, 1)
    assert title.text == "50.0 mm (100.0 pixels)", "100 rows of 0.5 mm"
    choice = opened.find_element(By.CSS_SELECTOR, "[data-view=part]")
    choose = "arguments[0].value = 'full'; arguments[0].dispatchEvent(new Event('change', {bubbles: true}))"
    opened.execute_script(choose, choice)
    WebDriverWait(opened, 5).until(lambda d: title.text.startswith("The file is not beside this page"))
    film.send_keys(Keys.PAGE_DOWN)
    assert choice.get_attribute("value") == "whole", "the next edit has no such file"
    opened.execute_script(drag, film, 0.5, 0)
    assert title.text == "72.0 pixels; the cohort states no spacing in mm"
    film.send_keys(Keys.ESCAPE)
    folder = Path(urlsplit(opened.current_url).path).parent
    (folder / "images").mkdir(exist_ok=True)
    tool = whole.editors[0].facts.pictures[0].images
    for role in ("original", "edited"):
        (folder / "images" / f"0-0-full_{role}.png").write_bytes(tool[f"full_{role}"])
    film = examined(opened, 0)
    opened.execute_script(choose, choice)
    shown = "const i = arguments[0].querySelector('.shown'); return [i.src.split('/').pop(), i.naturalWidth]"
    WebDriverWait(opened, 5).until(lambda d: d.execute_script(shown, film) == ["0-0-full_original.png", 144])


def test_window_and_level_map_gray_levels_linearly(opened: WebDriver) -> None:
    examined(opened, 0)
    for name, value in (("window", 100), ("level", 50)):
        opened.execute_script(
            "const k = document.querySelector(`[data-view=${arguments[0]}]`); k.value = arguments[1];"
            "k.dispatchEvent(new Event('input', {bubbles: true}))", name, value,
        )  # fmt: skip
    part = opened.find_element(By.CSS_SELECTOR, "#window-level feFuncG")
    slope, intercept = (float(str(part.get_attribute(name))) for name in ("slope", "intercept"))
    assert [round(slope * gray / 255 + intercept, 9) for gray in (0, 50, 100)] == [0.0, 0.5, 1.0]


def test_flicker_shows_the_original_in_the_place_of_the_edit(opened: WebDriver) -> None:
    film = examined(opened, 0)
    film.send_keys("f")
    seen = "return getComputedStyle(document.querySelector('[data-film=edit] .other')).visibility"
    WebDriverWait(opened, 5).until(lambda d: d.execute_script(seen) == "visible")
    WebDriverWait(opened, 5).until(lambda d: d.execute_script(seen) == "hidden")


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_the_viewer_fits_the_width_and_shows_pictures_undistorted(opened: WebDriver, width: int) -> None:
    opened.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    try:
        examined(opened, 0)
        viewer = opened.find_element(By.ID, "viewer")
        assert viewer.rect["x"] >= 0
        assert viewer.rect["x"] + viewer.rect["width"] <= width
        for film in opened.find_elements(By.CSS_SELECTOR, ".film"):
            picture = film.find_element(By.CSS_SELECTOR, "img")
            wide, high = (float(str(picture.get_attribute(side))) for side in ("width", "height"))
            ratio = opened.execute_script(
                "const s = getComputedStyle(arguments[0]); return parseFloat(s.width) / parseFloat(s.height)", film
            )
            assert ratio == pytest.approx(wide / high, rel=0.02)
    finally:
        opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
