"""The explorer in a real JupyterLab and a real Voilà: what a person does with the keyboard, and what must then be read.

Every expected figure is worked out here by the library's own functions from scenario files, not by the explorer.
Screenshots of each state are kept in ``outputs/explore``.
"""

import base64
import json
import os
import re
import socket
import subprocess
import sys
import urllib.request

import openpyxl
import pandas as pd
import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

import bhyt_analysis as bhyt
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.messages import format_message

from ..conftest import ROOT
from . import chromium

chromium.needed()

SHOTS = ROOT / "outputs" / "explore"
LEFT = "minority_left_2016_2020_list"
DAY = "2021-12-31"
SECONDS = 90  # the most that anything may take on a busy machine; what is ready is not waited for


# --- The servers and the page ----------------------------------------------------------------------


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """`bhyt explore`, as a user starts it; what it logs is kept."""

    def __init__(self, folder, *arguments):
        self.port, self.log = free_port(), folder / "server.log"
        config = {"ServerApp": {"allow_root": True}, "IdentityProvider": {"token": ""}}
        (folder / "jupyter_server_config.json").write_text(json.dumps(config), "utf-8")
        settings = {  # nobody is asked whether they want news
            "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        }
        for name, told in settings.items():
            file = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True)
            file.write_text(json.dumps(told), "utf-8")
        places = {"JUPYTER_CONFIG_DIR": ".", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "run", "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "spaces", "IPYTHONDIR": "ipython"}  # fmt: skip
        environment = {**os.environ, **{k: str(folder / v) for k, v in places.items()}}
        call = [sys.executable, "-m", "bhyt_analysis.cli", "explore", "--no-browser", f"--port={self.port}", *arguments]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(call, cwd=folder, env=environment, stdout=log, stderr=log)

    def url(self, path=""):
        return f"http://127.0.0.1:{self.port}/{path}"

    def wait(self, path):
        """Until the server answers, whatever it says."""
        for _ in range(SECONDS * 5):
            assert self.process.poll() is None, self.log.read_text("utf-8")
            try:
                urllib.request.urlopen(self.url(path), timeout=5).close()
                return
            except urllib.error.HTTPError:
                return
            except OSError:
                subprocess.run([sys.executable, "-c", "import time; time.sleep(0.2)"], check=True)

    def stop(self):
        import psutil

        family = [*psutil.Process(self.process.pid).children(recursive=True), psutil.Process(self.process.pid)]
        for one in family:
            one.terminate()
        psutil.wait_procs(family, timeout=20)
        self.process.wait(20)


@pytest.fixture(scope="module")
def downloads(tmp_path_factory):
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def browser(downloads):
    SHOTS.mkdir(parents=True, exist_ok=True)
    with chromium.started("1280,863", downloads) as driver:  # 720 of them for the page
        yield driver


class Page:
    """The explorer as it stands in the browser."""

    def __init__(self, driver, server, kind):
        self.driver, self.server, self.kind = driver, server, kind

    def until(self, what, message=""):
        def tried(driver):
            try:
                return what()
            except (StaleElementReferenceException, StopIteration):
                return False

        return WebDriverWait(self.driver, SECONDS, 0.1).until(tried, message)

    def all(self, css):
        return [e for e in self.driver.find_elements(By.CSS_SELECTOR, css) if e.is_displayed()]

    def text(self, css=".bhyt-results"):
        return "\n".join(e.text for e in self.all(css))

    def says(self, *parts, css=".bhyt-results"):
        """Wait until all of this is read."""
        self.until(lambda: all(p in self.text(css) for p in parts), f"{parts} is not in: {self.text(css)[:3000]}")

    def cards(self):
        return [c.text.split("\n") for c in self.all(".bhyt-card")]

    def labelled(self, label, tag):
        """The control of a label, by the tag or class that takes the keyboard; of those that are shown."""
        path = (
            f"//div[contains(@class,'bhyt-app')]//label[normalize-space()={json.dumps(label, ensure_ascii=False)}]/.."
        )
        return self.until(lambda: next(e for box in self.driver.find_elements(By.XPATH, path) if box.is_displayed() for e in box.find_elements(By.CSS_SELECTOR, tag)), label)  # fmt: skip

    def slide(self, label, *keys):
        """Move a slider by the keyboard."""
        handle = self.labelled(label, ".noUi-handle")
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'}); arguments[0].focus()", handle)
        handle.send_keys(*keys)

    def press(self, text, css=".bhyt-app button"):
        button = self.until(lambda: next(b for b in self.all(css) if b.text.strip() == text), text)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
        self.until(lambda: button.is_enabled())
        button.send_keys(Keys.ENTER)  # every button is reached by the keyboard

    def choose(self, label, text):
        box = self.labelled(label, "select")
        self.until(lambda: [o for o in Select(box).options if text in o.text])
        option = next(o.text for o in Select(box).options if text in o.text)
        Select(box).select_by_visible_text(option)

    def type(self, label, text, tag="input"):
        """Type into a line until it holds just that: the page may be telling something else to it."""

        def typed():
            line = self.labelled(label, tag)
            line.send_keys(Keys.CONTROL, "a")
            line.send_keys(text or Keys.DELETE)
            return line if line.get_attribute("value") == text else None

        self.until(typed, label).send_keys(Keys.TAB)

    def unfold(self, section):
        """Open a section of the controls that is folded."""
        if [b for b in self.all(".bhyt-controls button") if b.text.strip() == f"▸ {section}"]:
            self.press(f"▸ {section}")
        self.until(lambda: [b for b in self.all(".bhyt-controls button") if b.text.strip() == f"▾ {section}"], section)

    def shot(self, name):
        """Keep a picture of the page, with the results from their top."""
        top = "document.querySelector('.bhyt-app').scrollIntoView(); document.querySelector('.bhyt-results').scrollTop = 0"
        self.driver.execute_script(top)
        self.driver.save_screenshot(str(SHOTS / f"{self.kind}_{name}.png"))

    def errors(self):
        """What the browser complains of."""
        return [e["message"] for e in self.driver.get_log("browser") if e["level"] == "SEVERE"]


def ready(page):
    page.until(lambda: page.cards() and page.all(".bhyt-results img"), f"the explorer does not come: {page.text('body')[:2000]}")  # fmt: skip


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("lab"))
    try:
        server.wait("api")
        page = Page(browser, server, "lab")
        browser.get(server.url("doc/tree/outputs/explore.ipynb?reset"))
        page.until(lambda: page.all(".jp-Notebook .jp-CodeCell"))
        page.until(lambda: "Idle" in page.text("#jp-main-statusbar"), "the kernel does not start")
        next(m for m in page.all(".lm-MenuBar-item") if m.text.strip() == "Run").click()
        page.until(lambda: page.all("[data-command='runmenu:run-all']"))[0].click()
        ready(page)
        app = page.all(".bhyt-app")[0]
        browser.execute_script("arguments[0].scrollIntoView()", app)
        yield page
    finally:
        server.stop()


@pytest.fixture(scope="module")
def voila(browser, tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("voila"), "--voila")
    try:
        server.wait("voila/static/")
        yield Page(browser, server, "voila")
    finally:
        server.stop()


# --- What the library says --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def expected(data, tmp_path_factory):
    """Lục Ngạn at the end of 2021 under ordinary and high outreach, and with 70% paid by the province: by scenario files."""
    folder = tmp_path_factory.mktemp("scenarios")
    reform = f"parameter,key,area,since,until,value,unit,reference,status\nsubsidy_share,{LEFT},Bắc Giang,2021-07-01,2023-10-31,0.7,share of premium,what if,proposal\n"  # fmt: skip
    (folder / "reform.csv").write_text(reform, "utf-8")
    text = (ROOT / "scenarios" / "decision_861_high.toml").read_text("utf-8")
    (folder / "paid.toml").write_text(text.replace("seed = 861", 'seed = 861\nreforms = ["reform.csv"]').replace("door to door", "door to door, 70%").replace("đến từng nhà", "đến từng nhà, 70%"), "utf-8")  # fmt: skip
    plans = {"ordinary": "decision_861_ordinary", "high": "decision_861_high", "paid": folder / "paid.toml"}
    told: dict = {}
    for key, plan in plans.items():
        months = bhyt.simulate(data, "Lục Ngạn", bhyt.Scenario.read(plan), draws=0)
        rows = months[(months["group"] == "all") & (months["result"] == "behavioural")]
        last = rows[rows["month"] == DAY].iloc[0]
        year = rows[(rows["month"] > "2021-06-30") & (rows["month"] <= DAY)]
        told[key] = {"uninsured": int(last["people"] - last["insured"]), "rate": float(last["rate"]), "province": float(year["vnd_province"].sum()), "months": months}  # fmt: skip
    return told


def people(value):
    return format_number(value, "vi")


def billions(value):
    return format_message("{v:bn2} tỷ đồng", "vi", v=value)


OUTREACH = "Vận động (0 không, 1 thường xuyên, 2 đến từng nhà)"


def at_the_beginning(page):
    """Lục Ngạn, Decision 861, ordinary outreach, the end of 2021, seen in Vietnamese: by the bundled scenario."""
    if [b for b in page.all(".bhyt-app button") if b.text.strip() == "Reset to the law"]:
        page.press("Tiếng Việt")
    page.press("Lưu, chia sẻ")
    page.choose("Kịch bản có sẵn", "Quyết định 861, vận động thường xuyên")
    page.says('decision = "861"')
    page.press("Kịch bản")
    page.says("Quyết định 861, vận động thường xuyên", css=".bhyt-results h2")


# --- JupyterLab -------------------------------------------------------------------------------------


def test_how_many_of_luc_ngan_are_uninsured_and_what_70_per_cent_would_have_cost(lab, expected):
    """The walk of docs/explore.md: every answer is read from the page."""
    lab.type("Tìm đơn vị (có hoặc không dấu)", "LUC NGAN")
    assert "Huyện Lục Ngạn (Tỉnh Bắc Giang)" in lab.labelled("Đơn vị", "select").text
    lab.choose("Quyết định phân định khu vực", "Quyết định 861")
    lab.slide(OUTREACH, Keys.HOME, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    lab.says("Chưa có thẻ 31/12/2021", people(expected["ordinary"]["uninsured"]))
    assert [c[1] for c in lab.cards()][1] == people(expected["ordinary"]["uninsured"])
    assert "SỐ LIỆU ƯỚC TÍNH" in lab.text(".bhyt-stamp")
    lab.shot("1_ordinary")
    lab.slide(OUTREACH, Keys.END)
    lab.says(people(expected["high"]["uninsured"]), format_message("{v:p1}", "vi", v=expected["high"]["rate"]))
    lab.shot("2_high")
    lab.unfold("Tỉnh hỗ trợ thêm")
    lab.slide("Dân tộc thiểu số ở xã ra khỏi danh sách 2016-2020", *[Keys.ARROW_RIGHT] * 14)  # 70%, five points a step
    lab.says(f"tỉnh hỗ trợ thêm: {billions(expected['paid']['province'])}", people(expected["paid"]["uninsured"]))
    assert "ĐỀ XUẤT, CHƯA CÓ HIỆU LỰC" in lab.text(".bhyt-stamp")
    lab.shot("3_paid_by_the_province")
    lab.slide("Dân tộc thiểu số ở xã ra khỏi danh sách 2016-2020", Keys.HOME)
    lab.says(people(expected["high"]["uninsured"]))
    assert "ĐỀ XUẤT" not in lab.text(".bhyt-stamp")
    lab.press("Hoàn tác")
    lab.says(f"tỉnh hỗ trợ thêm: {billions(expected['paid']['province'])}")


def test_a_commune_that_stays_in_zone_iii_is_told_with_who_keeps_a_card(lab, data):
    at_the_beginning(lab)
    lost = bhyt.reclassify(data, "861", "Lục Ngạn").set_index("name")["lost"]
    lab.choose("Chuyển khu vực của một xã", "Xã Thanh Hải")
    lab.choose("Khu vực của xã đó trong kịch bản", "Khu vực III")
    lab.says(f"Xã Thanh Hải: Khu vực I → Khu vực III. Thôi được cấp thẻ {people(lost['Xã Thanh Hải'])} → 0 người")
    lab.shot("4_commune_moved")
    lab.press("Về luật hiện hành")
    lab.says("Luật hiện hành, không có gì thay đổi")


def test_pinned_scenarios_stand_side_by_side_as_differences(lab, expected, data):
    at_the_beginning(lab)
    lab.press("Ghim")
    lab.says("Ghim (1)", css=".bhyt-app button")  # JupyterLab sends what controls say over two ways at once
    lab.slide(OUTREACH, Keys.END)
    lab.says(people(expected["high"]["uninsured"]))
    lab.press("Ghim (1)")
    lab.says("Ghim (2)", css=".bhyt-app button")
    lab.press("So sánh")
    plans = [bhyt.Scenario.read(f"decision_861_{e}") for e in ("ordinary", "high")]
    both = bhyt.simulate(data, "Lục Ngạn", plans, draws=0)
    row = bhyt.compare(both, on=DAY).query("result == 'behavioural'").iloc[-1]
    lab.says("A. Quyết định 861, vận động thường xuyên", "B. Quyết định 861; vận động 2")
    lab.shot("5_compared")
    lab.says(format_message("{v:+n}", "vi", v=row["people"]), format_message("{v:+pp1}", "vi", v=row["points"]))
    lab.until(lambda: lab.all(".bhyt-results img"))
    lab.shot("5_compared")
    lab.press("B. Quyết định 861; vận động 2")
    lab.until(lambda: "B. " not in lab.text(".bhyt-results button"))
    lab.press("A. Quyết định 861, vận động thường xuyên")
    lab.says("Hãy bấm “Ghim”")
    lab.press("Kịch bản")


def test_charts_and_tables_are_downloaded_from_the_page(lab, downloads, data):
    at_the_beginning(lab)
    lab.press("Tải về", ".bhyt-results button")  # the first: that of the path
    files = lab.until(lambda: {a.get_attribute("download"): a for a in lab.all("a.bhyt-file")})
    assert set(files) == {"path.png", "path.svg", "months.csv", "months.xlsx"}
    for link in files.values():
        lab.driver.execute_script("arguments[0].click()", link)
    made = lab.until(lambda: {n: downloads / n for n in files if (downloads / n).exists()} if all((downloads / n).exists() for n in files) else None)  # fmt: skip
    assert made["path.png"].read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert b"<svg" in made["path.svg"].read_bytes()[:600]
    rows = list(openpyxl.load_workbook(made["months.xlsx"]).active.values)
    months = bhyt.simulate(data, "Lục Ngạn", bhyt.Scenario.read("decision_861_ordinary"), draws=0)
    assert len(rows) == len(months) + 1
    place = rows[0].index("Số người có thẻ")
    assert [r[place] for r in rows[1:]] == months["insured"].tolist()
    assert len(pd.read_csv(made["months.csv"], encoding="utf-8-sig")) == len(months)


def test_targets_are_shared_out_and_the_table_is_copied(lab, data):
    at_the_beginning(lab)
    lab.type("Tìm đơn vị (có hoặc không dấu)", "X001")
    lab.says("SỐ LIỆU GIẢ LẬP")
    lab.press("Chỉ tiêu")
    lab.type("Chỉ tiêu của đơn vị (ví dụ 93%)", "nhiều")
    lab.says("“nhiều” không phải là tỷ lệ")
    lab.type("Chỉ tiêu của đơn vị (ví dụ 93%)", "93%")
    from bhyt_analysis.model.targets.allocation import communes_to_allocate

    told = bhyt.allocate(communes_to_allocate(data, "X001"), 0.93)
    lab.says(people(told["target_people"].sum()), people(told["target_people"].iloc[0]))
    lab.choose("Cách giao chỉ tiêu cho xã", "Nâng nơi thấp nhất trước")
    level = bhyt.allocate(communes_to_allocate(data, "X001"), 0.93, method="level-up")
    lab.says(*[people(p) for p in level["target_people"]])
    lab.shot("6_targets")
    lab.press("Chép bảng")
    line = lab.labelled("Chỉ tiêu của đơn vị (ví dụ 93%)", "input")
    line.send_keys(Keys.CONTROL, "a")
    line.send_keys(Keys.CONTROL, "v")
    assert line.get_attribute("value").startswith("Mã")  # what was copied is the table
    line.send_keys(Keys.CONTROL, "a")
    line.send_keys("93%", Keys.TAB)
    lab.says(people(level["target_people"].sum()))
    lab.press("Kịch bản")
    lab.type("Tìm đơn vị (có hoặc không dấu)", "luc ngan")
    lab.choose("Đơn vị", "Lục Ngạn")
    lab.says("Huyện Lục Ngạn")


def test_an_area_without_figures_is_said_beside_it_and_nothing_old_stands(lab):
    at_the_beginning(lab)
    lab.type("Tìm đơn vị (có hoặc không dấu)", "")
    lab.choose("Đơn vị", "Huyện Mộc Châu")
    lab.says("Huyện Mộc Châu", css=".bhyt-controls .bhyt-error")
    assert not lab.all(".bhyt-results img")
    assert not lab.cards()
    lab.shot("7_no_figures")
    lab.choose("Đơn vị", "Huyện Lục Ngạn")
    ready(lab)
    assert not lab.all(".bhyt-controls .bhyt-error")


def test_the_household_is_told_its_premium_step_by_step(lab, law):
    at_the_beginning(lab)
    lab.press("Tính mức đóng")
    lab.type("Ngày", "01/07/2021")
    from bhyt_analysis.model.finance.premiums import household_premium

    lab.says(people(household_premium(4, law.at("2021-07-01"))))
    lab.slide("Số người trong hộ", Keys.ARROW_LEFT)
    lab.says(people(household_premium(3, law.at("2021-07-01"))))
    lab.shot("8_household")
    lab.press("Kịch bản")


def test_a_line_of_code_restores_what_was_seen(lab, expected):
    at_the_beginning(lab)
    lab.slide(OUTREACH, Keys.END)
    lab.says(people(expected["high"]["uninsured"]))
    lab.press("Lưu, chia sẻ")
    code = lab.until(lambda: next(t.get_attribute("value") for t in lab.all(".bhyt-results textarea") if "state=" in t.get_attribute("value")))  # fmt: skip
    lab.press("Về luật hiện hành")
    lab.says("seed = 1")
    lab.type("Dán đường dẫn hoặc dòng lệnh", code)
    lab.says("outreach = 2")
    lab.shot("9_kept")
    lab.type("Dán đường dẫn hoặc dòng lệnh", "state=abc")
    lab.says("Không đọc được đường dẫn")
    lab.press("Kịch bản")
    lab.says(people(expected["high"]["uninsured"]))


def test_english_is_one_key_away(lab, expected):
    at_the_beginning(lab)
    lab.press("English")
    lab.says("Coverage 31 December 2021", format_number(expected["ordinary"]["uninsured"], "en"), "ESTIMATED FIGURES")
    lab.until(lambda: not re.search(r"Kịch bản|Hoàn tác|Tải về|Chưa có thẻ|Vận động", lab.text(".bhyt-app")))
    lab.shot("10_english")
    lab.press("Tiếng Việt")
    lab.says("Tỷ lệ bao phủ 31/12/2021")


def test_nothing_went_wrong_in_the_browser_or_the_kernel(lab):
    assert lab.errors() == []
    assert not lab.driver.find_elements(By.CSS_SELECTOR, ".jp-OutputArea-output[data-mime-type*=err], .jupyter-widgets-error-widget")  # fmt: skip
    log = lab.server.log.read_text("utf-8")
    assert "Traceback" not in log, log[-4000:]


# --- Voilà --------------------------------------------------------------------------------------------


def test_the_same_notebook_is_a_page_without_code(voila, expected):
    voila.driver.get(voila.server.url())
    ready(voila)
    assert "import bhyt_analysis" not in voila.text("body")
    voila.says(people(expected["ordinary"]["uninsured"]))
    assert voila.driver.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    voila.shot("1_ordinary")
    voila.slide(OUTREACH, Keys.END)
    voila.says(people(expected["high"]["uninsured"]))
    voila.press("English")
    voila.says(format_number(expected["high"]["uninsured"], "en"), "Download")
    voila.says("Effort and day", css=".bhyt-controls")
    voila.shot("2_high")
    assert voila.errors() == []


def test_a_link_brings_back_what_was_seen(voila, expected):
    from bhyt_analysis.explorer import state as states

    seen = states.replace_values(states.from_file("decision_861_high"), area="219", on=DAY)
    voila.driver.get(voila.server.url(f"?state={states.to_link([seen])}"))
    ready(voila)
    voila.says(people(expected["high"]["uninsured"]))
    voila.press("Lưu, chia sẻ")
    assert voila.until(lambda: voila.driver.find_elements(By.CSS_SELECTOR, "a[href^='?state=']"))
    file = voila.until(lambda: voila.all("a[download='scenario.toml']"))[0].get_attribute("href")
    assert 'decision = "861"' in base64.b64decode(file.split(",")[1]).decode()
    assert voila.errors() == []
    assert "Traceback" not in voila.server.log.read_text("utf-8")


def test_everything_is_reached_by_the_keyboard(voila):
    """From the first control, the tabulator leads through buttons, lists, sliders and lines."""
    voila.driver.get(voila.server.url())
    ready(voila)
    voila.driver.execute_script("document.querySelector('.bhyt-app button').focus()")
    met = set()
    for _ in range(40):
        ActionChains(voila.driver).send_keys(Keys.TAB).perform()
        met.add(voila.driver.execute_script("const e = document.activeElement; return e.className.includes('noUi') ? 'slider' : e.tagName"))  # fmt: skip
    assert {"BUTTON", "INPUT", "SELECT", "slider"} <= met
