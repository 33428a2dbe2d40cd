"""The site of the documentation, read from disk in a real browser: nothing comes from a network."""

import os
import re
import subprocess
import sys

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from ..conftest import ROOT
from . import chromium

chromium.required()

SITE = ROOT / "outputs" / "site"
LOADED = re.compile(r"<(?:script|img|link|iframe)\b[^>]*?\b(?:src|href)=\"?([^\" >]+)")
SEARCH = ".md-search__input"


@pytest.fixture(scope="module")
def site():
    """Return the site; it is built unless `make docs` has done so."""
    if not (SITE / "index.html").exists():
        environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
        command = [sys.executable, "-m", "mkdocs", "build", "--quiet"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
    return SITE


@pytest.fixture(scope="module")
def browser():
    with chromium.started() as driver:
        yield driver


def open_page(browser, path):
    browser.get(path.as_uri())
    requests = [e["message"] for e in browser.get_log("performance") if '"Network.requestWillBeSent"' in e["message"]]
    assert requests
    assert not [a for a in requests if '"url":"http' in a]


def test_pages_load_only_files_of_the_site(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        for address in LOADED.findall(page.read_text("utf-8")):
            file = address.split("?")[0].split("#")[0]
            if page.name == "404.html":  # for servers: from their root
                file = file.lstrip("/")
            assert "://" not in file, (page, address)
            assert file.startswith("data:") or (page.parent / file).exists(), (page, address)


@pytest.mark.parametrize(
    ("page", "words", "title"),
    [("index.html", "phân bổ chỉ tiêu", "chỉ tiêu"), ("reference/api.html", "household_premium", "Functions")],
)
def test_the_search_works_from_disk(browser, site, page, words, title):
    open_page(browser, site / page)
    box = browser.find_element(By.CSS_SELECTOR, SEARCH)
    browser.execute_script("arguments[0].focus()", box)
    box.send_keys(words)

    def titles(driver):
        return [e.text for e in driver.find_elements(By.CSS_SELECTOR, ".md-search-result__article h1")]

    results = WebDriverWait(browser, 60, 0.2).until(titles)
    assert any(title in text for text in results)


def test_equations_and_pictures_of_the_model_are_there(browser, site):
    open_page(browser, site / "mo_hinh" / "index.html")
    heights = [e.size["height"] for e in browser.find_elements(By.CSS_SELECTOR, "math")]
    assert len(heights) == 7
    assert min(heights) > 15
    fractions = browser.find_elements(By.CSS_SELECTOR, "mfrac")
    assert all(e.size["height"] > 25 for e in fractions)  # drawn as fractions, not as text in a line
    picture = browser.find_element(By.CSS_SELECTOR, "img[src$='pools.svg']")
    assert browser.execute_script("return arguments[0].naturalWidth", picture) > 100


def test_every_public_function_has_its_place(site):
    import bhyt_analysis as bhyt

    page = (site / "reference" / "api.html").read_text("utf-8")
    for name in bhyt.__all__:
        if name not in ("charts", "tables", "notebook", "monitoring"):
            assert f"bhyt.{name}" in page, name
