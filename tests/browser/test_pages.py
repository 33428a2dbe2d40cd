"""The index and the pages in a real browser, opened from disk. Needs Debian's chromium and chromium-driver."""

import os
import shutil
import tempfile

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

import bhyt_analysis as bhyt

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
if not (CHROMIUM and DRIVER):
    if os.environ.get("BHYT_BROWSER") == "required":
        raise RuntimeError("chromium and chromium-driver are not installed, and the browser tests are required")
    pytest.skip("chromium and chromium-driver are not installed", allow_module_level=True)

OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,720",
]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp("briefs")
    bhyt.run_batch(None, out, areas=["Sơn Dương", "Lục Ngạn", "X001", "Lý Sơn"])
    return out


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    profile = tempfile.mkdtemp(prefix="bhyt-chromium-")
    for argument in [*OPTIONS, f"--user-data-dir={profile}"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()
    shutil.rmtree(profile, ignore_errors=True)


def opened(browser, path):
    """Open a file; nothing may be logged, and nothing but the file itself be asked for."""
    browser.get(path.as_uri())
    assert browser.get_log("browser") == []
    asked = [e["message"] for e in browser.get_log("performance") if '"Network.requestWillBeSent"' in e["message"]]
    assert not [a for a in asked if '"url":"http' in a]


def shown_rows(browser):
    return [r.text.split("\n")[0] for r in browser.find_elements(By.CSS_SELECTOR, "tbody tr") if r.is_displayed()]


def test_the_index_finds_areas_with_or_without_accents(browser, made):
    opened(browser, made / "index.html")
    assert len(shown_rows(browser)) == 4
    search = browser.find_element(By.CSS_SELECTOR, "input[type=search]")
    for typed in ("luc ngan", "Lục Ngạn", "LUC NGAN"):
        search.clear()
        search.send_keys(typed)
        assert len(shown_rows(browser)) == 1
    search.clear()
    search.send_keys("quảng ngãi")
    assert "Lý Sơn" in shown_rows(browser)[0]


def test_the_index_sorts_by_a_figure(browser, made):
    opened(browser, made / "index.html")
    button = next(b for b in browser.find_elements(By.CSS_SELECTOR, "th button") if "Dân số" in b.text)

    def cells():
        return [int(c.get_attribute("data-v")) for c in browser.find_elements(By.CSS_SELECTOR, "tbody td:nth-child(3)")]

    button.click()
    assert cells() == sorted(cells())
    button.click()
    assert cells() == sorted(cells(), reverse=True)


def test_the_links_of_the_index_lead_to_pages_and_back(browser, made):
    opened(browser, made / "index.html")
    browser.find_element(By.LINK_TEXT, "Huyện Sơn Dương").click()
    assert "Sơn Dương" in browser.title
    browser.find_element(By.CSS_SELECTOR, "nav a").click()
    assert browser.current_url.endswith("/index.html")


@pytest.mark.parametrize("slug", ["son-duong", "luc-ngan", "mau-01-gia-lap", "ly-son"])
@pytest.mark.parametrize("width", [1280, 480])
def test_pages_fit_the_window_and_show_their_pictures(browser, made, slug, width):
    browser.set_window_size(width, 800)
    opened(browser, made / slug / f"{slug}.html")
    assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    pictures = browser.find_elements(By.TAG_NAME, "img")
    assert len(pictures) >= 3
    for picture in pictures:
        assert browser.execute_script("return arguments[0].naturalWidth", picture) > 500
        assert len(picture.get_attribute("alt")) > 20
