"""The index and the pages in a real browser, opened from disk. Needs Debian's chromium and chromium-driver."""

import json
from dataclasses import replace

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

import bhyt_analysis as bhyt
from bhyt_analysis.batch.build_record import AreaResult
from bhyt_analysis.batch.index_page import write_index

from ..hostile import SCRIPT, TEXTS
from . import chromium

chromium.required()


@pytest.fixture(scope="module")
def pages(vietnamese_briefings):
    return vietnamese_briefings / "vi"


@pytest.fixture(scope="module")
def browser():
    with chromium.started() as driver:
        yield driver


def opened(browser, path):
    """Open a file; nothing may be logged, and nothing but the file itself be requests for."""
    browser.get(path.as_uri())
    assert browser.get_log("browser") == []
    requests = [e["message"] for e in browser.get_log("performance") if '"Network.requestWillBeSent"' in e["message"]]
    assert not [a for a in requests if '"url":"http' in a]


def unfold(browser):
    browser.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true; })")


def shown_rows(browser):
    return [r.text.split("\n")[0] for r in browser.find_elements(By.CSS_SELECTOR, "tbody tr") if r.is_displayed()]


def test_the_index_finds_areas_with_or_without_accents(browser, pages):
    opened(browser, pages / "index.html")
    assert len(shown_rows(browser)) == 4
    search = browser.find_element(By.CSS_SELECTOR, "input[type=search]")
    for search_for in ("luc ngan", "Lục Ngạn", "LUC NGAN"):
        search.clear()
        search.send_keys(search_for)
        assert len(shown_rows(browser)) == 1
    search.clear()
    search.send_keys("quảng ngãi")
    assert "Lý Sơn" in shown_rows(browser)[0]


def test_the_index_sorts_by_a_figure(browser, pages):
    opened(browser, pages / "index.html")
    button = next(b for b in browser.find_elements(By.CSS_SELECTOR, "th button") if "Dân số" in b.text)

    def cells():
        return [int(c.get_attribute("data-v")) for c in browser.find_elements(By.CSS_SELECTOR, "tbody td:nth-child(9)")]

    button.click()
    assert cells() == sorted(cells())
    button.click()
    assert cells() == sorted(cells(), reverse=True)


def test_an_index_of_every_commune_of_the_country_opens_finds_and_sorts(browser, pages, tmp_path):
    data = bhyt.load()
    communes = data.areas.loc[data.areas["kind"] == "commune", "code"].unique()
    entries = []
    for number in range(3321):  # the bundled communes again and again
        slug = f"unit-{number}"
        entries.append(AreaResult(communes[number % len(communes)], slug, "done"))
        (tmp_path / slug).mkdir()
        texts = json.loads((pages / "luc-ngan" / "facts.json").read_text("utf-8"))
        texts["facts"] = [
            f | {"value": 3321 - number if f["key"] == "population" else f["value"]} for f in texts["facts"]
        ]
        (tmp_path / slug / "facts.json").write_text(json.dumps(texts), "utf-8")
    entries[-1] = replace(entries[-1], status="failed", error="OSError: no such file")
    write_index(tmp_path, entries, data)
    assert (tmp_path / "index.html").stat().st_size < 3_200_000
    opened(browser, tmp_path / "index.html")
    rows = "return [...document.querySelectorAll('tbody tr')].filter(r => r.checkVisibility())"
    assert browser.execute_script(f"{rows}.length") == 3321
    assert browser.execute_script(f"{rows}[0].className") == "bad"
    browser.find_element(By.CSS_SELECTOR, "input[type=search]").send_keys("kien lao")
    same = data.areas.loc[data.areas["name"].str.contains("Kiên Lao"), "code"]
    expected = sum(e.area in set(same) for e in entries)
    assert expected > 1
    assert browser.execute_script(f"{rows}.length") == expected
    browser.find_element(By.CSS_SELECTOR, "input[type=search]").send_keys(Keys.CONTROL, "a", Keys.DELETE)
    next(b for b in browser.find_elements(By.CSS_SELECTOR, "th button") if "Dân số" in b.text).click()
    people = browser.execute_script(f"{rows}.map(r => r.cells[8]?.dataset.v)")
    assert people[:3] == ["2", "3", "4"]


def test_the_links_of_the_index_lead_to_pages_and_back(browser, pages):
    opened(browser, pages / "index.html")
    browser.find_element(By.LINK_TEXT, "Huyện Sơn Dương").click()
    assert "Sơn Dương" in browser.title
    browser.find_element(By.CSS_SELECTOR, "nav a").click()
    assert browser.current_url.endswith("/index.html")


@pytest.mark.parametrize("slug", ["son-duong", "luc-ngan", "mau-01-gia-lap"])
@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_the_first_screen_holds_the_verdict_its_chart_and_the_decisions(browser, pages, slug, width, height):
    screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    try:
        opened(browser, pages / slug / f"{slug}.html")
        parts = browser.find_elements(By.CSS_SELECTOR, "#verdict .output_area:first-child p, #verdict img, #verdict li")
        assert [part.tag_name for part in parts[:2]] == ["p", "img"]
        assert 2 <= len(parts[2:]) <= 3
        for part in parts:
            assert part.rect["height"] > 10
            assert part.rect["y"] + part.rect["height"] <= height
            assert part.rect["x"] + part.rect["width"] <= width
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_sections_are_folded_and_unfold_for_a_link_or_the_printer(browser, pages):
    page = pages / "son-duong" / "son-duong.html"
    opened(browser, page)
    folds = browser.find_elements(By.TAG_NAME, "details")
    assert len(folds) > 5
    assert not [fold for fold in folds if fold.get_attribute("open")]
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert all(fold.get_attribute("open") for fold in folds)
    browser.execute_script("dispatchEvent(new Event('afterprint'))")
    assert not [fold for fold in folds if fold.get_attribute("open")]
    browser.find_element(By.CSS_SELECTOR, "button.all").click()
    assert all(fold.get_attribute("open") for fold in folds)
    browser.get("about:blank")
    browser.get(page.as_uri() + "#table-path")
    assert browser.find_element(By.CSS_SELECTOR, "details:has(#table-path)").get_attribute("open")
    assert len(browser.find_elements(By.CSS_SELECTOR, "details[open]")) == 1


def test_no_column_of_a_table_is_cut_off_on_a_phone(browser, pages):
    screen = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    try:
        opened(browser, pages / "mau-01-gia-lap" / "mau-01-gia-lap.html")
        unfold(browser)
        cut = "return [...document.querySelectorAll('td')].filter(c => c.getBoundingClientRect().right > 391).length"
        assert browser.execute_script(cut) == 0
        label = "return getComputedStyle(document.querySelector('table.cards td'), '::before').content"
        assert len(browser.execute_script(label)) > 4
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("slug", ["son-duong", "luc-ngan", "mau-01-gia-lap", "ly-son"])
@pytest.mark.parametrize("width", [1280, 480])
def test_pages_fit_the_window_and_show_their_pictures(browser, pages, slug, width):
    browser.set_window_size(width, 800)
    opened(browser, pages / slug / f"{slug}.html")
    unfold(browser)
    assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    pictures = browser.find_elements(By.TAG_NAME, "img")
    assert len(pictures) >= (0 if slug == "ly-son" else 3)  # without enrolment there is one page of text and tables
    for picture in pictures:
        assert browser.execute_script("return arguments[0].naturalWidth", picture) > 500
        assert len(picture.get_attribute("alt")) > 20


def test_a_printed_table_repeats_its_heading_on_each_page(browser, pages):
    """Chromium does not repeat a heading that holds a button; on paper the buttons of sorting have no box."""
    opened(browser, pages / "mau-01-gia-lap" / "mau-01-gia-lap.html")
    visible = "return getComputedStyle(document.querySelector('#table-months ~ div thead button')).display"
    assert browser.execute_script(visible) != "contents"
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert browser.execute_script(visible) == "contents"
        head = "return getComputedStyle(document.querySelector('#table-months ~ div thead')).display"
        assert browser.execute_script(head) == "table-header-group"
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_the_tables_of_a_page_sort_by_figures_and_by_days(browser, pages):
    opened(browser, pages / "mau-01-gia-lap" / "mau-01-gia-lap.html")
    table = "document.querySelector('#table-months ~ div table')"

    def column(place):
        return browser.execute_script(f"return [...{table}.tBodies[0].rows].map(r => r.cells[{place}].textContent)")

    def press(place):
        browser.execute_script(f"{table}.tHead.rows[0].cells[{place}].querySelector('button').click()")

    days = column(0)
    people = [int(n.replace(".", "")) for n in column(1)]
    assert len(days) == 24
    press(1)
    assert [int(n.replace(".", "")) for n in column(1)] == sorted(people)
    press(1)
    assert [int(n.replace(".", "")) for n in column(1)] == sorted(people, reverse=True)
    press(0)
    assert column(0) == days  # the months keep their order


@pytest.mark.parametrize("is_index", [False, True])
def test_no_text_of_an_input_runs_loads_or_links_anything(browser, hostile_briefing, is_index):
    page = hostile_briefing.with_suffix(".html")
    opened(browser, page.parents[1] / "index.html" if is_index else page)
    assert browser.execute_script("return window.hacked") is None
    links = "return [...document.querySelectorAll('[href], [src], [action]')].map(e => e.href || e.src || e.action)"
    assert not [a for a in browser.execute_script(links) if not a.startswith(("file:", "data:image/png;"))]
    handlers = "return [...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => /^on/.test(a.name)))"
    assert browser.execute_script(handlers) == []
    unfold(browser)
    visible_text = " ".join(browser.find_element(By.TAG_NAME, "body").text.split())
    assert [text for text in TEXTS[: 2 if is_index else None] if text not in visible_text] == []


def test_a_page_runs_no_script_but_its_own_and_loads_nothing(browser, hostile_briefing, tmp_path):
    """Markup that gets into a page all the same is stopped by its policy; the page itself still sorts its tables."""
    text = hostile_briefing.with_suffix(".html").read_text("utf-8")
    markup = f"<main>{TEXTS[0]}{TEXTS[1]}<img src='http://198.51.100.7/p.png'><a href='javascript:{SCRIPT}'>x</a>"
    (tmp_path / "page.html").write_text(text.replace("<main>", markup + "<base href='http://198.51.100.7/'>"), "utf-8")
    browser.get((tmp_path / "page.html").as_uri())
    browser.execute_script("document.querySelector('main > a').click()")
    assert browser.execute_script("return window.hacked") is None
    violations = [entry["message"] for entry in browser.get_log("browser")]
    assert len(violations) >= 4
    assert all("Content Security Policy" in text or "ERR_FILE_NOT_FOUND" in text for text in violations)
    sent = [e["message"] for e in browser.get_log("performance") if '"Network.responseReceived"' in e["message"]]
    assert not [message for message in sent if "198.51.100.7" in message]
    browser.execute_script("document.querySelector('table.bhyt thead button').click()")
    assert browser.find_elements(By.CSS_SELECTOR, "table.bhyt th[aria-sort]")


def open_sliders(browser, page, query=""):
    """Open the section of the sliders of a page."""
    browser.get("about:blank")  # an address that differs in its last part alone is not opened anew
    browser.get(page.as_uri() + query)
    assert browser.get_log("browser") == []
    browser.execute_script("document.getElementById('what-if').open = true")
    return browser.find_element(By.ID, "what-if")


def rows_of(section, part):
    return [" ".join(row.text.split()) for row in section.find_elements(By.CSS_SELECTOR, f"{part} tbody tr")]


def coverage(section):
    return float(section.find_element(By.CSS_SELECTOR, "dl strong").text.rstrip("%").replace(",", "."))


def test_a_slider_moved_by_keyboard_recomputes_and_is_in_the_address(browser, pages):
    page = pages / "son-duong" / "son-duong.html"
    section = open_sliders(browser, page)
    before, stamp = coverage(section), section.find_element(By.CLASS_NAME, "stamp")
    assert not stamp.is_displayed() and section.find_elements(By.CSS_SELECTOR, "path.band")
    slider = section.find_element(By.ID, "set-outreach")
    assert browser.execute_script("return document.querySelector('label[for=set-outreach]').textContent")
    slider.send_keys(Keys.END)
    assert slider.get_attribute("aria-valuetext") == "2,0"
    after = coverage(section)
    assert after > before + 1
    assert "KỊCH BẢN - không phải số liệu công bố" in stamp.text and "ĐỀ XUẤT" not in stamp.text
    assert not section.find_elements(By.CSS_SELECTOR, "path.band")
    section.find_element(By.ID, "set-support.near_poor").send_keys(Keys.END)
    assert "ĐỀ XUẤT" in stamp.text
    address = browser.current_url
    assert address.endswith("#what-if?outreach=2&support.near_poor=1")
    section = open_sliders(browser, page, "#" + address.partition("#")[2])
    assert section.find_element(By.ID, "set-outreach").get_attribute("aria-valuetext") == "2,0"
    assert coverage(section) >= after
    assert len(section.find_elements(By.CSS_SELECTOR, ".set li")) == 2
    section.find_element(By.CSS_SELECTOR, "button.reset").click()
    assert coverage(section) == before
    assert browser.current_url.endswith("#what-if")


def test_the_model_of_the_page_gives_the_figures_that_it_shows(browser, pages):
    page = pages / "luc-ngan" / "luc-ngan.html"
    section = open_sliders(browser, page, "#what-if?take_up_household=0.8&on=2028-12-31")
    state = {"take_up_household": 0.8}
    result = browser.execute_script("return window.bhytModel(arguments[0])", state)
    month = result["months"].index("2028-12-31")
    insured, people = result["insured"][month], result["people"][month]
    assert f"{insured:,}/{people:,} người".replace(",", ".") in section.text
    view = bhyt.area(bhyt.load(), "Lục Ngạn")
    table = bhyt.simulate(bhyt.load(), view.code, bhyt.state_scenario(view, state), draws=0)
    assert table.loc[table["result"] == "behavioural", "insured"].tolist() == result["insured"]


PAID = "&since=2021-07-01&top_up=0.7&top_up_group=minority_left_2016_2020_list"
WALK = [
    ("", "34.206", None),
    ("&outreach=2", "21.847", None),
    (PAID, "33.144", "1,92"),
    (f"&outreach=2{PAID}", "20.515", "4,62"),
]


@pytest.mark.parametrize(("query", "uninsured", "province"), WALK)
def test_the_page_answers_the_walk_of_the_explorer(browser, pages, query, uninsured, province):
    """The figures of docs/explore.md: Lục Ngạn at the end of 2021."""
    section = open_sliders(browser, pages / "luc-ngan" / "luc-ngan.html", f"#what-if?on=2021-12-31{query}")
    assert f"{uninsured} người chưa có" in section.find_element(By.CSS_SELECTOR, "dl").text
    first_year = section.find_element(By.CSS_SELECTOR, ".wide tbody tr").text
    assert (f" {province} (+{province}) " in first_year) == (province is not None)


def test_the_page_says_who_pays_what_in_2027(browser, pages):
    """The figures of docs/explore.md: near-poor at 100% and a base salary of 2.8 million from 2027."""
    query = "#what-if?support.near_poor=1&base_salary=2800000"
    section = open_sliders(browser, pages / "son-duong" / "son-duong.html", query)
    lines = [row.text for row in section.find_elements(By.CSS_SELECTOR, "tbody tr")]
    assert next(line for line in lines if line.startswith("2027")).endswith(" 155,88 (+18,03) 61,15 (+3,20)")


def test_the_page_says_who_loses_and_gains_in_other_zones(browser, pages):
    """The figures of docs/explore.md: all communes of zone II of the example district in zone I."""
    page = pages / "mau-01-gia-lap" / "mau-01-gia-lap.html"
    section = open_sliders(browser, page)
    Select(section.find_element(By.ID, "set-zones")).select_by_visible_text("Khu vực II → Khu vực I (2 xã)")
    lines = rows_of(section, ".zones")
    assert lines[0] == "Tất cả các xã 15.357 → 18.376 (+3.019) 1.842 → 1.842 (0)"
    assert lines[-1] == "Xã Mẫu 07: Khu vực II → Khu vực I 0 → 2.416 (+2.416) 0 → 0 (0)"
    stamp = section.find_element(By.CLASS_NAME, "stamp").text
    assert "KỊCH BẢN - không phải số liệu công bố" in stamp and "ĐỀ XUẤT" in stamp and "12/2021" in stamp
    data = bhyt.load()
    scenario = bhyt.Scenario("x", decision="861", zone_moves=[{"area": a, "zone": "I"} for a in ("X00102", "X00107")])
    table = bhyt.simulate(data, "X001", scenario, draws=0)
    row = table[(table["result"] == "behavioural") & (table["month"] == "2021-12-31")].iloc[0]
    figures = f"{row['insured']:,}/{row['people']:,} người có thẻ".replace(",", ".")
    assert figures in section.find_element(By.CSS_SELECTOR, "dl").text
    address = browser.current_url.partition("#")[2]
    assert address == "what-if?zone.X00102=I&zone.X00107=I"
    again = open_sliders(browser, page, "#" + address)
    assert rows_of(again, ".zones") == lines
    pairs = Select(again.find_element(By.ID, "set-zones"))
    assert pairs.first_selected_option.text == "Khu vực II → Khu vực I (2 xã)"
    again.find_element(By.CSS_SELECTOR, ".controls summary").click()
    Select(again.find_element(By.ID, "set-zone.X00101")).select_by_visible_text("Ngoài danh sách")
    assert pairs.first_selected_option.text == "–" and len(rows_of(again, ".zones")) == len(lines) + 1
    again.find_element(By.CSS_SELECTOR, "button.reset").click()
    assert not again.find_element(By.CLASS_NAME, "zones").is_displayed()


def test_each_change_of_the_law_has_a_day_of_its_own(browser, pages):
    page = pages / "son-duong" / "son-duong.html"
    section = open_sliders(browser, page, "#what-if?support.near_poor=1&base_salary=2800000&since=2026-07-01")
    days = Select(section.find_element(By.ID, "set-since.base_salary"))
    assert days.first_selected_option.text == "01/07/2026"
    days.select_by_visible_text("01/09/2027")
    lines = section.find_elements(By.CSS_SELECTOR, ".set li")
    assert [line.text.rpartition(", ")[2] for line in lines] == ["từ 01/07/2026", "từ 01/09/2027"]
    assert "since.base_salary=2027-09-01" in browser.current_url
    state = {
        "support": [{"key": "near_poor", "share": 1.0, "since": "2026-07-01"}],
        "base_salary": {"value": 2_800_000, "since": "2027-09-01"},
    }
    view = bhyt.area(bhyt.load(), "Sơn Dương")
    table = bhyt.simulate(bhyt.load(), view.code, bhyt.state_scenario(view, state), draws=0)
    rows = table[(table["result"] == "behavioural") & (table["month"].dt.year == 2027)]
    billions = f"{rows['vnd_central'].sum() / 1e9:.2f}".replace(".", ",")
    assert f" {billions} " in next(line for line in rows_of(section, ".wide") if line.startswith("2027"))


def test_another_month_of_the_same_path_is_no_scenario(browser, pages):
    section = open_sliders(browser, pages / "son-duong" / "son-duong.html", "#what-if?on=2025-09-30")
    assert not section.find_element(By.CLASS_NAME, "stamp").is_displayed()
    assert section.find_elements(By.CSS_SELECTOR, "path.band")
    assert section.find_element(By.CSS_SELECTOR, "button.reset").is_enabled()


def test_the_printer_gets_what_is_set_and_no_sliders(browser, pages):
    page = pages / "son-duong" / "son-duong.html"
    for query, is_printed in (("", False), ("#what-if?base_salary=2800000&target=0.95", True)):
        section = open_sliders(browser, page, query)
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        try:
            assert section.is_displayed() == is_printed
            if is_printed:
                assert "2.800.000, từ 01/01/2027" in section.text and "95%" in section.text
                assert not section.find_element(By.CLASS_NAME, "controls").is_displayed()
        finally:
            browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_an_address_sets_only_what_a_slider_can(browser, pages):
    wrong = "outreach=9&take_up_household=<b>&support.near_poor=NaN&on=2028-01-01&__proto__=1&%"
    query = f"#what-if?{wrong}&base_salary=2600000"
    section = open_sliders(browser, pages / "son-duong" / "son-duong.html", query)
    assert [line.text for line in section.find_elements(By.CSS_SELECTOR, ".set li")] == [
        "Mức lương cơ sở, mức tham chiếu (đồng/tháng): 2.600.000, từ 01/01/2027"
    ]


def test_without_scripts_the_sliders_are_hidden(pages):
    page = (pages / "son-duong" / "son-duong.html").read_text("utf-8")
    assert '<details id="what-if" hidden>' in page
