"""The picture of a report for the README: ``python -m tests.report.picture reports/RUN/report.html docs/report.png``."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

WIDTH, HEIGHT = 1400, 1170


def photographed(page: Path, picture: Path) -> None:
    """Write the first screen of ``page`` to ``picture``, in light colours, by a headless Chromium."""
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    profile = tempfile.mkdtemp()
    for flag in ("headless", "no-sandbox", "disable-gpu", "hide-scrollbars", "disable-background-networking",
                 f"user-data-dir={profile}"):  # fmt: skip
        options.add_argument(f"--{flag}")
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        light = [{"name": "prefers-color-scheme", "value": "light"}]
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": light})
        size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        driver.get(page.resolve().as_uri())
        driver.save_screenshot(str(picture))
    finally:
        driver.quit()
        shutil.rmtree(profile, ignore_errors=True)


if __name__ == "__main__":
    photographed(Path(sys.argv[1]), Path(sys.argv[2]))
