"""Debian's Chromium for the browser tests: how it is started, and what it may ask for."""

import contextlib
import os
import shutil
import tempfile

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def required():
    """Skip a module where there is no Chromium, unless CI requires it."""
    if not (CHROMIUM and DRIVER):
        if os.environ.get("BHYT_BROWSER") == "required":
            raise RuntimeError("chromium and chromium-driver are not installed, and the browser tests are required")
        pytest.skip("chromium and chromium-driver are not installed", allow_module_level=True)


@contextlib.contextmanager
def started(size="1280,720", downloads=None):
    """Start a browser with a profile of its own; files that pages offer go to the folder ``downloads``."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    profile = tempfile.mkdtemp(prefix="bhyt-chromium-")
    for argument in [*OPTIONS, f"--window-size={size}", f"--user-data-dir={profile}"]:
        options.add_argument(argument)
    if downloads is not None:
        many = {"profile.default_content_setting_values.automatic_downloads": 1}
        options.add_experimental_option("prefs", {"download.default_directory": str(downloads), **many})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()
        shutil.rmtree(profile, ignore_errors=True)
