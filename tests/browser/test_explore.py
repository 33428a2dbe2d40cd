"""Test the explorer in a real JupyterLab and a real Voilà: input by the keyboard, and the texts on the page.

Each expected figure is computed here by the library's functions from scenario files, not by the explorer.
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
from dataclasses import replace

import openpyxl
import psutil
import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

import bhyt_analysis as bhyt
from bhyt_analysis.engine import warm_process
from bhyt_analysis.explorer import state as states
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.messages import format_message
from bhyt_analysis.ingest.scenario_files import parse_scenario
from bhyt_analysis.model.finance.premiums import household_premium
from bhyt_analysis.model.reclassification.zone_moves import apply_zone_moves
from bhyt_analysis.model.targets.allocation import communes_to_allocate

from ..conftest import ROOT
from ..csv_files import read_csv_rows
from ..simulated import simulate_all
from . import chromium

chromium.required()

SCREENSHOTS = ROOT / "outputs" / "explore"
LEFT = "minority_left_2016_2020_list"
DAY = "2021-12-31"
SECONDS = 90  # the limit of any wait, on a busy machine


# --- The servers and the page ----------------------------------------------------------------------


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """`bhyt explore` as a user starts it; its log is kept."""

    def __init__(self, folder, *arguments):
        self.port, self.log = free_port(), folder / "server.log"
        config = {"ServerApp": {"allow_root": True}, "IdentityProvider": {"token": ""}}
        (folder / "jupyter_server_config.json").write_text(json.dumps(config), "utf-8")
        folders = {
            "JUPYTER_CONFIG_DIR": ".",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "run",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "spaces",
            "IPYTHONDIR": "ipython",
        }
        environment = {**os.environ, **{k: str(folder / v) for k, v in folders.items()}}
        command = [sys.executable, "-m", "bhyt_analysis.cli", "explore", "--no-browser", f"--port={self.port}"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([*command, *arguments], cwd=folder, env=environment, stdout=log, stderr=log)

    def url(self, path=""):
        return f"http://127.0.0.1:{self.port}/{path}"

    def wait(self, path):
        """Wait until the server answers, with whatever status."""
        for _ in range(SECONDS * 5):
            assert self.process.poll() is None, self.log.read_text("utf-8")
            try:
                urllib.request.urlopen(self.url(path), timeout=5).close()
                return
            except urllib.error.HTTPError:
                return
            except OSError:
                subprocess.run([sys.executable, "-c", "import time; time.sleep(0.2)"], check=True)

    def token(self):
        """Return the token of the address that the server has printed."""
        return re.search(r"token=(\w+)", self.log.read_text("utf-8")).group(1)

    def programs(self):
        """Return how many processes the server has."""
        return len(psutil.Process(self.process.pid).children(recursive=True))

    def stop(self):

        family = [*psutil.Process(self.process.pid).children(recursive=True), psutil.Process(self.process.pid)]
        for process in family:
            process.terminate()
        psutil.wait_procs(family, timeout=20)
        self.process.wait(20)


@pytest.fixture(scope="module")
def downloads(tmp_path_factory):
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def browser(downloads):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with chromium.started("1280,863", downloads) as driver:  # 720 of them for the page
        yield driver


class Page:
    """The explorer in the browser."""

    def __init__(self, driver, server, kind):
        self.driver, self.server, self.kind = driver, server, kind

    def until(self, condition, message=""):
        """Wait until a condition is true, and return its value."""

        def attempt(driver):
            try:
                return condition()
            except (StaleElementReferenceException, StopIteration):
                return False

        return WebDriverWait(self.driver, SECONDS, 0.1).until(attempt, message)

    def all(self, css):
        return [e for e in self.driver.find_elements(By.CSS_SELECTOR, css) if e.is_displayed()]

    def read(self, function):
        """Return what a function reads from the page, once more where the page changes meanwhile."""
        return self.until(lambda: [function()])[0]

    def text(self, css=".bhyt-results"):
        return self.read(lambda: "\n".join(e.text for e in self.all(css)))

    def wait_for(self, *parts, css=".bhyt-results"):
        """Wait until the page has all of these texts."""
        self.until(lambda: all(p in self.text(css) for p in parts), f"{parts} is not in: {self.text(css)[:3000]}")

    def has_button(self, text, css=".bhyt-app button"):
        return self.read(lambda: any(b.text.strip() == text for b in self.all(css)))

    def cards(self):
        return self.read(lambda: [c.text.split("\n") for c in self.all(".bhyt-card")])

    def labelled(self, label, css):
        """Return the visible control of a label, by the selector of the element that takes the keyboard."""
        text = json.dumps(label, ensure_ascii=False)
        path = f"//div[contains(@class,'bhyt-app')]//label[normalize-space()={text}]/.."

        def find():
            boxes = [box for box in self.driver.find_elements(By.XPATH, path) if box.is_displayed()]
            return next(element for box in boxes for element in box.find_elements(By.CSS_SELECTOR, css))

        return self.until(find, label)

    def slide(self, label, *keys):
        """Move a slider by the keyboard."""

        def focus():
            handle = self.labelled(label, ".noUi-handle")
            self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'}); arguments[0].focus()", handle)
            return handle

        self.until(focus, label).send_keys(*keys)

    def press(self, text, css=".bhyt-app button"):
        def send():
            button = next(b for b in self.all(css) if b.text.strip() == text and b.is_enabled())
            self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
            button.send_keys(Keys.ENTER)  # every button is reached by the keyboard
            return True

        self.until(send, text)

    def choose(self, label, text):
        def select():
            box = Select(self.labelled(label, "select"))
            box.select_by_visible_text(next(o.text for o in box.options if text in o.text))
            return True

        self.until(select, text)

    def wait_for_list(self, label, text):
        """Wait until a list has a text and is the same for half a second: each letter of a search makes it anew."""
        before = []

        def same():
            before.append(self.read(lambda: self.labelled(label, "select").text))
            return len(before) > 5 and text in before[-1] and len(set(before[-5:])) == 1

        self.until(same, text)  # asks ten times a second

    def type(self, label, text, tag="input"):
        """Type into a box until it has exactly this text: the page may set it at the same time."""

        def enter():
            box = self.labelled(label, tag)
            box.send_keys(Keys.CONTROL, "a")
            box.send_keys(text or Keys.DELETE)
            return box if box.get_attribute("value") == text else None

        self.until(enter, label).send_keys(Keys.TAB)

    def open_section(self, section):
        """Open a section of the controls, if it is closed."""
        css = ".bhyt-controls button"
        if self.has_button(f"▸ {section}", css):
            self.press(f"▸ {section}")
        self.until(lambda: self.has_button(f"▾ {section}", css), section)

    def save_screenshot(self, name):
        """Save a picture of the page, with the results from their top."""
        self.driver.execute_script("document.querySelector('.bhyt-app').scrollIntoView()")
        self.driver.execute_script("document.querySelector('.bhyt-results').scrollTop = 0")
        self.driver.save_screenshot(str(SCREENSHOTS / f"{self.kind}_{name}.png"))

    def errors(self):
        """Return the errors in the log of the browser."""
        return [e["message"] for e in self.driver.get_log("browser") if e["level"] == "SEVERE"]


def wait_until_ready(page):
    page.until(lambda: page.cards() and page.all(".bhyt-results img"), f"no explorer: {page.text('body')[:2000]}")


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("lab"))
    try:
        server.wait("api")
        page = Page(browser, server, "lab")
        browser.get(server.url("doc/tree/outputs/notebooks/vi/explore.ipynb?reset"))
        page.until(lambda: page.all(".jp-Notebook .jp-CodeCell"))
        idle = ".jp-Notebook-ExecutionIndicator[data-status='idle']"
        kernel = "the kernel does not start"
        page.until(lambda: "ipykernel" in page.text(".jp-KernelName") and page.all(idle), kernel)
        page.read(lambda: next(m for m in page.all(".lm-MenuBar-item") if m.text.strip() == "Chạy").click())
        page.until(lambda: page.all("[data-command='runmenu:run-all']"))[0].click()
        wait_until_ready(page)
        assert not page.all(".jp-CodeCell .jp-InputArea-editor")  # the code is hidden
        browser.execute_script("document.querySelector('.bhyt-app').scrollIntoView()")
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


# --- Figures of the library --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def expected(data, tmp_path_factory):
    """Return figures of Lục Ngạn at the end of 2021 under ordinary and high outreach, and with a top-up."""
    folder = tmp_path_factory.mktemp("scenarios")
    columns = "parameter,key,area,since,until,value,unit,reference,status"
    row = f"subsidy_share,{LEFT},Bắc Giang,2021-07-01,2023-10-31,0.7,share of premium,what if,proposal"
    (folder / "reform.csv").write_text(f"{columns}\n{row}\n", "utf-8")
    text = (ROOT / "scenarios" / "decision_861_high.toml").read_text("utf-8")
    text = text.replace("seed = 861", 'seed = 861\nreforms = ["reform.csv"]')
    (folder / "top_up.toml").write_text(text.replace("đến từng nhà", "đến từng nhà, 70%"), "utf-8")
    plans = {"ordinary": "decision_861_ordinary", "high": "decision_861_high", "top_up": folder / "top_up.toml"}
    figures = {}
    for key, plan in plans.items():
        months = bhyt.simulate(data, "Lục Ngạn", bhyt.read_scenario(plan), draws=0)
        months = months[(months["result"] == "behavioural")].set_index("month")
        last, half_year = months.loc[DAY], months.loc["2021-07-01":DAY]
        figures[key] = {
            "uninsured": int(last["people"] - last["insured"]),
            "rate": float(last["rate"]),
            "province": float(half_year["vnd_province"].sum()),
        }
    return figures


def people(value):
    return format_number(value, "vi")


def with_change(value, before=0.0):
    return format_message("{v:bn2} ({c:+bn2})", "vi", v=value, c=value - before)


OUTREACH = "Vận động (0 không, 1 thường xuyên, 2 đến từng nhà)"


def open_ordinary_scenario(page):
    """Open the bundled scenario of ordinary outreach under Decision 861, for Lục Ngạn in Vietnamese."""
    if page.has_button("Reset to the law"):
        page.press("Tiếng Việt")
    page.press("Lưu, chia sẻ")
    page.choose("Kịch bản có sẵn", "Quyết định 861, vận động thường xuyên")
    page.wait_for('decision = "861"')
    page.press("Kịch bản")
    page.wait_for("Quyết định 861, vận động thường xuyên", css=".bhyt-results h2")


# --- JupyterLab -------------------------------------------------------------------------------------


def test_walkthrough_of_the_docs(lab, expected):
    """Read each answer of docs/explore.md from the page."""
    lab.type("Tìm đơn vị (có hoặc không dấu)", "LUC NGAN")
    assert "Huyện Lục Ngạn (Tỉnh Bắc Giang)" in lab.labelled("Đơn vị", "select").text
    lab.choose("Quyết định phân định khu vực", "Quyết định 861")
    lab.slide(OUTREACH, Keys.HOME, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    lab.wait_for("Chưa có thẻ 31/12/2021")
    lab.wait_for(people(expected["ordinary"]["uninsured"]), css=".bhyt-card b")  # the law in force has it, too
    assert [c[1] for c in lab.cards()][1] == people(expected["ordinary"]["uninsured"])
    assert "SỐ LIỆU ƯỚC TÍNH" in lab.text(".bhyt-stamp")
    lab.save_screenshot("1_ordinary")
    lab.slide(OUTREACH, Keys.END)
    lab.wait_for(people(expected["high"]["uninsured"]), format_message("{v:p1}", "vi", v=expected["high"]["rate"]))
    lab.save_screenshot("2_high")
    lab.type("Từ ngày", "01/07/2021")
    lab.open_section("Tỉnh hỗ trợ thêm")
    lab.slide("Dân tộc thiểu số ở xã ra khỏi danh sách 2016-2020", *[Keys.ARROW_RIGHT] * 14)  # 70%, five points a step
    lab.wait_for(with_change(expected["top_up"]["province"]), people(expected["top_up"]["uninsured"]))
    assert "ĐỀ XUẤT, CHƯA CÓ HIỆU LỰC" in lab.text(".bhyt-stamp")
    lab.save_screenshot("3_top_up_of_the_province")
    lab.slide("Dân tộc thiểu số ở xã ra khỏi danh sách 2016-2020", Keys.HOME)
    lab.wait_for(people(expected["high"]["uninsured"]))
    assert "ĐỀ XUẤT" not in lab.text(".bhyt-stamp")
    lab.press("Hoàn tác")
    lab.wait_for(with_change(expected["top_up"]["province"]))


def choose_area(page, text, name):
    page.type("Tìm đơn vị (có hoặc không dấu)", text)
    page.wait_for_list("Đơn vị", name)
    page.choose("Đơn vị", name)
    page.wait_for(name, css=".bhyt-results h2")


def test_commune_kept_in_zone_iii_shows_people_who_keep_a_card(lab, data):
    open_ordinary_scenario(lab)
    lost = bhyt.reclassify(data, "861", "Lục Ngạn").set_index("name")["lost"]
    lab.open_section("Khu vực của các xã")
    lab.choose("Chuyển khu vực của một xã", "Xã Thanh Hải")
    lab.choose("Khu vực của xã đó trong kịch bản", "Khu vực III")
    lab.wait_for("Xã Thanh Hải: Khu vực I → Khu vực III", f"{people(lost['Xã Thanh Hải'])} → 0")
    lab.save_screenshot("4_commune_moved")
    lab.press("Về quy định hiện hành")
    lab.wait_for("Quy định hiện hành")


def test_pinned_scenarios_are_compared_as_differences(lab, expected, data):
    open_ordinary_scenario(lab)
    lab.press("Ghim")
    lab.wait_for("Ghim (1)", css=".bhyt-app button")  # JupyterLab sends labels and values separately
    lab.slide(OUTREACH, Keys.END)
    lab.wait_for(people(expected["high"]["uninsured"]))
    lab.press("Ghim (1)")
    lab.wait_for("Ghim (2)", css=".bhyt-app button")
    lab.press("So sánh")
    plans = [bhyt.read_scenario(f"decision_861_{e}") for e in ("ordinary", "high")]
    both = bhyt.simulate(data, "Lục Ngạn", plans, draws=0)
    row = bhyt.compare(both, on=DAY).query("result == 'behavioural'").iloc[-1]
    high = "B. Quyết định 861; Nghị định 75, đến 31/10/2026; vận động 2"
    lab.wait_for("A. Quyết định 861, vận động thường xuyên", high)
    lab.save_screenshot("5_compared")
    lab.wait_for(format_message("{v:+n}", "vi", v=row["people"]), format_message("{v:+pp1}", "vi", v=row["points"]))
    lab.until(lambda: lab.all(".bhyt-results img"))
    lab.save_screenshot("5_compared")
    lab.press(high)
    lab.until(lambda: "B. " not in lab.text(".bhyt-results button"))
    lab.press("A. Quyết định 861, vận động thường xuyên")
    lab.wait_for("Hãy bấm “Ghim”")
    lab.press("Kịch bản")


def test_charts_and_tables_are_downloaded_from_the_page(lab, downloads, data):
    open_ordinary_scenario(lab)
    lab.press("Tải về", ".bhyt-results button")  # the first: that of the path
    files = lab.until(lambda: {a.get_attribute("download"): a for a in lab.all("a.bhyt-file")})
    assert set(files) == {
        "path.png",
        "path.svg",
        "months.csv",
        "months.xlsx",
        "months_by_group.csv",
        "months_by_group.xlsx",
    }
    for link in files.values():
        lab.driver.execute_script("arguments[0].click()", link)
    lab.until(lambda: all((downloads / name).exists() for name in files))
    assert (downloads / "path.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert b"<svg" in (downloads / "path.svg").read_bytes()[:600]
    rows = list(openpyxl.load_workbook(downloads / "months.xlsx").active.values)
    months = bhyt.simulate(data, "Lục Ngạn", bhyt.read_scenario("decision_861_ordinary"), draws=0)
    assert len(rows) == len(months) + 1
    column = rows[0].index("Số người có thẻ")
    assert [r[column] for r in rows[1:]] == months["insured"].tolist()
    assert len(read_csv_rows(downloads / "months.csv")[1:]) == len(months)


def test_targets_are_allocated_and_the_table_is_copied(lab, data):
    open_ordinary_scenario(lab)
    choose_area(lab, "X001", "Huyện Mẫu 01")
    lab.wait_for("SỐ LIỆU GIẢ LẬP")
    lab.press("Chỉ tiêu")
    lab.type("Chỉ tiêu của đơn vị (ví dụ 93%)", "nhiều")
    lab.wait_for("“nhiều” không phải là tỷ lệ")
    lab.type("Chỉ tiêu của đơn vị (ví dụ 93%)", "93%")
    targets = bhyt.allocate(communes_to_allocate(data, "X001"), 0.93)
    lab.wait_for(people(targets["target_people"].sum()), people(targets["target_people"].iloc[0]))
    lab.choose("Cách giao chỉ tiêu cho xã", "Nâng xã có tỷ lệ thấp nhất trước")
    level = bhyt.allocate(communes_to_allocate(data, "X001"), 0.93, method="level-up")
    lab.wait_for(*[people(p) for p in level["target_people"]])
    lab.save_screenshot("6_targets")
    lab.press("Chép bảng")
    line = lab.labelled("Chỉ tiêu của đơn vị (ví dụ 93%)", "input")
    line.send_keys(Keys.CONTROL, "a")
    line.send_keys(Keys.CONTROL, "v")
    assert line.get_attribute("value").startswith("Mã")  # the copied table
    line.send_keys(Keys.CONTROL, "a")
    line.send_keys("93%", Keys.TAB)
    lab.wait_for(people(level["target_people"].sum()))
    lab.press("Kịch bản")
    choose_area(lab, "luc ngan", "Huyện Lục Ngạn")


def test_area_without_enrolment_keeps_people_and_no_old_results(lab):
    open_ordinary_scenario(lab)
    lab.type("Tìm đơn vị (có hoặc không dấu)", "Mộc Châu xyz")
    lab.wait_for("Không tìm thấy", css=".bhyt-controls .bhyt-error")
    choose_area(lab, "", "Thị xã Mộc Châu")
    lab.wait_for("114.460", "chưa có số thẻ")  # the census of 2019
    assert not lab.all(".bhyt-results img")
    lab.save_screenshot("7_no_figures")
    lab.choose("Đơn vị", "Huyện Lục Ngạn")
    wait_until_ready(lab)
    assert not lab.all(".bhyt-controls .bhyt-error")


def test_premium_of_a_household_is_explained_in_steps(lab, law):
    open_ordinary_scenario(lab)
    lab.press("Tính mức đóng")
    lab.type("Ngày", "01/07/2021")
    lab.wait_for(people(household_premium(4, law.at("2021-07-01"))))
    lab.slide("Số người trong hộ", Keys.ARROW_LEFT)
    lab.wait_for(people(household_premium(3, law.at("2021-07-01"))))
    lab.save_screenshot("8_household")
    lab.press("Kịch bản")


def test_line_of_code_restores_the_state(lab, expected):
    open_ordinary_scenario(lab)
    lab.slide(OUTREACH, Keys.END)
    lab.wait_for(people(expected["high"]["uninsured"]))
    lab.press("Lưu, chia sẻ")

    def code_line():
        texts = (box.get_attribute("value") for box in lab.all(".bhyt-results textarea"))
        return next(text for text in texts if "state=" in text)

    code = lab.until(code_line)
    lab.press("Về quy định hiện hành")
    lab.wait_for("seed = 1")
    lab.type("Dán đường dẫn hoặc dòng lệnh", code)
    lab.wait_for("outreach = 2")
    lab.save_screenshot("9_kept")
    lab.type("Dán đường dẫn hoặc dòng lệnh", "state=abc")
    lab.wait_for("Không đọc được đường dẫn")
    lab.press("Kịch bản")
    lab.wait_for(people(expected["high"]["uninsured"]))


def test_language_button_shows_english(lab, expected):
    open_ordinary_scenario(lab)
    lab.press("English")
    lab.wait_for(
        "Coverage 31 December 2021", format_number(expected["ordinary"]["uninsured"], "en"), "ESTIMATED FIGURES"
    )
    lab.until(lambda: not re.search(r"Kịch bản|Hoàn tác|Tải về|Chưa có thẻ|Vận động", lab.text(".bhyt-app")))
    lab.save_screenshot("10_english")
    lab.press("Tiếng Việt")
    lab.wait_for("Tỷ lệ bao phủ 31/12/2021")


LAW_OF_QUESTION = (
    {"parameter": "subsidy_share", "key": "near_poor", "since": "2027-01-01", "value": 1.0},
    {"parameter": "base_salary", "since": "2027-01-01", "value": 2_800_000},
)


def test_communes_of_a_zone_moved_at_once_show_who_loses_and_gains(lab, data):
    """Answer the third question of docs/explore.md."""
    open_ordinary_scenario(lab)
    choose_area(lab, "X001", "Huyện Mẫu 01")
    lab.open_section("Khu vực của các xã")
    lab.choose("Chuyển mọi xã của một khu vực", "Khu vực II → Khu vực I (2 xã)")
    decided = bhyt.reclassify(data, "861", "X001")
    moves = [{"area": a, "zone": "I"} for a in decided.loc[decided["zone_after"] == "II", "area"]]
    after = bhyt.reclassify(apply_zone_moves(data, "861", moves), "861", "X001")
    lost, gained = ((decided[c].sum(), after[c].sum()) for c in ("lost", "gained"))
    lab.wait_for(f"Không còn được NSNN đóng: {people(lost[0])} → {people(lost[1])} người")
    lab.wait_for(f"Được cấp mới: {people(gained[0])} → {people(gained[1])} người")
    lab.save_screenshot("12_who_loses_who_gains")
    lab.choose("Chuyển mọi xã của một khu vực", "Như quyết định")
    choose_area(lab, "luc ngan", "Huyện Lục Ngạn")


def test_near_poor_and_base_salary_show_who_pays_what(lab, data):
    """Answer the second question of docs/explore.md."""
    open_ordinary_scenario(lab)
    choose_area(lab, "son duong", "Huyện Sơn Dương")
    lab.type("Từ ngày", "01/01/2027")
    lab.open_section("Mức Nhà nước hỗ trợ")
    lab.open_section("Mức đóng")
    lab.wait_for("70%, giữ theo luật", "2.530.000, giữ theo luật", css=".bhyt-controls")
    lab.slide("Hộ cận nghèo", Keys.END)
    lab.wait_for("từ 01/01/2027: NSNN đóng (hộ cận nghèo) 100%", css=".bhyt-results h2")
    lab.slide("Mức lương cơ sở, mức tham chiếu (đồng/tháng)", *[Keys.ARROW_RIGHT] * 27)  # 10,000 VND a step
    lab.wait_for("từ 01/01/2027: NSNN đóng (hộ cận nghèo) 100%, Mức lương cơ sở 2.800.000", css=".bhyt-results h2")
    base = bhyt.read_scenario("decision_861_ordinary")
    record = {"name": "x", "law": [dict(r) for r in LAW_OF_QUESTION]}
    reform = parse_scenario(record, ROOT / "x.toml").reforms
    plans = [replace(base, name=n, reforms=r) for n, r in (("before", ()), ("after", reform))]
    months = simulate_all(data, "Sơn Dương", plans, draws=0)
    months = months[(months["result"] == "behavioural") & (months["month"].dt.year == 2027)]
    vnd = months.groupby(["scenario", "group"])[["vnd_central", "vnd_household"]].sum()
    for group in ("near_poor", "student", "all"):
        before, after = (vnd.loc[(plan, group)] for plan in ("before", "after"))
        cells = [with_change(after[payer], before[payer]) for payer in ("vnd_central", "vnd_household")]
        lab.wait_for(*cells)
    lab.wait_for("Huyện Sơn Dương, 31/12/2027", css=".bhyt-results h2")  # the page goes to where it has effect
    lab.save_screenshot("11_who_pays_what")
    lab.press("Về quy định hiện hành")


def test_menu_of_jupyterlab_is_in_vietnamese_with_recipes_first(lab):
    menu = lab.read(lambda: [m.text.strip() for m in lab.all(".lm-MenuBar-item")])
    assert menu[:4] == ["Tệp", "Chỉnh sửa", "Hiển thị", "Chạy"]
    lab.read(lambda: lab.all("[data-id='filebrowser']")[0].click())
    lab.until(lambda: lab.all(".jp-DirListing-itemText"))
    names = lab.read(lambda: [e.text for e in lab.all(".jp-DirListing-itemText")])
    assert names[0].startswith("1. Sau khi mất thẻ")
    assert names[-1] == "explore.ipynb"
    lab.driver.save_screenshot(str(SCREENSHOTS / "lab_13_list_of_files.png"))
    lab.read(lambda: lab.all("[data-id='filebrowser']")[0].click())


def test_browser_and_kernel_log_no_errors(lab):
    assert lab.errors() == []
    errors = ".jp-OutputArea-output[data-mime-type*=err], .jupyter-widgets-error-widget"
    assert not lab.driver.find_elements(By.CSS_SELECTOR, errors)
    log = lab.server.log.read_text("utf-8")
    assert "Traceback" not in log, log[-4000:]


# --- Voilà --------------------------------------------------------------------------------------------


def test_voila_answers_only_the_address_with_its_token(voila):
    voila.driver.get(voila.server.url())
    assert voila.text("body").startswith("403")
    assert "token=" in voila.text("body")
    voila.errors()  # those of the refusal


def test_voila_shows_the_notebook_without_code(voila, expected):
    voila.driver.get(voila.server.url(f"?token={voila.server.token()}"))
    wait_until_ready(voila)
    assert "import bhyt_analysis" not in voila.text("body")
    voila.wait_for(people(expected["ordinary"]["uninsured"]))
    assert voila.driver.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    voila.save_screenshot("1_ordinary")
    voila.slide(OUTREACH, Keys.END)
    voila.wait_for(people(expected["high"]["uninsured"]))
    voila.press("English")
    voila.wait_for(format_number(expected["high"]["uninsured"], "en"), "Download")
    voila.wait_for("Outreach and day", css=".bhyt-controls")
    voila.save_screenshot("2_high")
    assert voila.errors() == []


def test_link_restores_the_state_in_voila(voila, expected):
    state = replace(states.from_file("decision_861_high"), area="219", on=DAY)
    voila.driver.get(voila.server.url(f"?state={states.to_link([state])}"))
    wait_until_ready(voila)
    voila.wait_for(people(expected["high"]["uninsured"]))
    voila.press("Lưu, chia sẻ")
    assert voila.until(lambda: voila.driver.find_elements(By.CSS_SELECTOR, "a[href^='?state=']"))
    file = voila.until(lambda: voila.all("a[download='scenario.toml']"))[0].get_attribute("href")
    assert 'decision = "861"' in base64.b64decode(file.split(",")[1]).decode()
    assert voila.errors() == []
    assert "Traceback" not in voila.server.log.read_text("utf-8")


def test_reloading_and_leaving_the_page_end_its_kernel(voila):
    voila.driver.get(voila.server.url())  # the cookie has the token
    wait_until_ready(voila)
    voila.until(lambda: voila.server.programs() == programs_of_one_page())
    voila.driver.refresh()
    voila.driver.refresh()  # before the page is there
    wait_until_ready(voila)
    voila.until(lambda: voila.server.programs() == programs_of_one_page())
    voila.driver.get("about:blank")
    voila.until(lambda: voila.server.programs() == programs_of_one_page() - 1)


def programs_of_one_page():
    """Return how many processes a server has for one page: its kernel, and the warm process where there is one."""
    return 1 + warm_process.is_supported()


def test_phone_has_results_first_and_projector_its_full_width(voila):
    voila.driver.get(voila.server.url())
    wait_until_ready(voila)
    resize = "Emulation.setDeviceMetricsOverride"
    page = "return [document.documentElement.scrollWidth, document.querySelector('.bhyt-results').offsetWidth]"
    try:
        for width, height, mobile in ((390, 844, True), (1920, 1080, False)):
            size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
            voila.driver.execute_cdp_cmd(resize, size)
            voila.until(lambda w=width: voila.driver.execute_script("return innerWidth") == w)
            scrolled, results = voila.driver.execute_script(page)
            assert scrolled <= width
            assert results > width * 0.75
            assert bool(voila.all(".bhyt-controls")) is not mobile
            voila.save_screenshot(f"3_width_{width}")
            if mobile:
                toggle = voila.driver.find_element(By.CSS_SELECTOR, ".bhyt-drawer")
                toggle.send_keys(Keys.ENTER)
                voila.until(lambda: voila.all(".bhyt-controls"))
                voila.slide(OUTREACH, Keys.END)
                voila.save_screenshot("4_drawer")
                toggle.send_keys(Keys.ENTER)
                voila.until(lambda: not voila.all(".bhyt-controls"))
    finally:
        voila.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_tab_key_reaches_each_kind_of_control(voila):
    """Press Tab from the first control through buttons, lists, sliders and boxes."""
    voila.driver.get(voila.server.url())
    wait_until_ready(voila)
    voila.driver.execute_script("document.querySelector('.bhyt-app button').focus()")
    kind = "const e = document.activeElement; return e.className.includes('noUi') ? 'slider' : e.tagName"
    kinds = set()
    for _ in range(40):
        ActionChains(voila.driver).send_keys(Keys.TAB).perform()
        kinds.add(voila.driver.execute_script(kind))
    assert {"BUTTON", "INPUT", "SELECT", "slider"} <= kinds
