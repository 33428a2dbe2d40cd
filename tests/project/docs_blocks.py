"""Run the code blocks of the documentation's pages, each page in a folder of its own.

A block of sh runs its lines; a block of text that begins with ``$ bhyt`` must be what the command prints; a block with
a title is a file; the Python blocks of a page share their names.
"""

import re
import shlex
import shutil
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from openpyxl import Workbook, load_workbook

import bhyt_analysis as bhyt
from bhyt_analysis import cli
from bhyt_analysis.explorer import launch
from bhyt_analysis.plans.plan import read_plan

from ..conftest import ROOT
from ..plans.plan_files import write_word

BLOCK = re.compile(r"^( *)```(\w*)([^\n]*)\n(.*?)^\1```", flags=re.DOTALL | re.MULTILINE)
RESULT = re.compile(r"^(?P<code>[^#\n]+?)  # (?P<result>[\d(\['\"].*)$")
# What runs elsewhere: where CI does it.
ELSEWHERE = {
    "make briefings": ".ci/run",
    "make test": ".ci/run, in its parts",
    "make docs": ".ci/run",
    "make ": "a target of the Makefile",
    "py -m venv": "tests/project/installed.py, with the Python of the system",
    "pip install": "tests/project/installed.py",
    ".venv": "tests/project/installed.py, or a target of the Makefile",
    "conda": "environment.yml is compared with pyproject.toml",
    "git ": "the clone of CI",
    "eval ": "completion of the shell: tests/test_cli.py",
    "papermill --engine bhyt-warm": "tests/engine",
    "JUPYTER_DEFAULT_PROVISIONER_NAME": "tests/engine",
    "python -m": "tests/project, benchmarks",
    "dask ": "the test starts a scheduler and a worker",
}


@dataclass(frozen=True)
class Block:
    """A code block: its language, the name of its file, its text."""

    language: str
    title: str
    text: str


def blocks(page: str) -> list[Block]:
    """Return the code blocks of a page; blocks in a list or a tab without their indent."""
    result = []
    for indent, language, rest, text in BLOCK.findall(page):
        title = re.search(r'title="([^"]+)"', rest)
        lines = [line.removeprefix(indent) for line in text.splitlines(keepends=True)]
        result.append(Block(language, title[1] if title else "", "".join(lines)))
    return result


def run_page(page: str, folder: Path) -> str:
    """Run the blocks of a page in a folder, and return the page with what its commands print now."""
    names: dict[str, object] = {"bhyt": bhyt}
    bhyt.lang("vi")
    with chdir(folder):
        for block in blocks(page):
            if block.title:
                Path(block.title).parent.mkdir(exist_ok=True)
                Path(block.title).write_text(block.text, "utf-8")
            elif block.language == "sh":
                for line in block.text.replace("\\\n", " ").splitlines():
                    run_line(line)
            elif block.language == "python":
                run_python(block.text, names)
            elif block.language == "text" and block.text.startswith("$ bhyt"):
                command = block.text.partition("\n")[0]
                printed = f"{command}\n{run_command(shlex.split(command[2:]))}"
                page = page.replace(f"```text\n{block.text}```", f"```text\n{printed}```", 1)
    return page


def prepare_folder(folder: Path) -> None:
    """Put the files that the pages work with into a folder: workbooks, a folder of them, answers, the bundled data.

    ``bao_cao.xlsx`` is the sheet that docs/own_data.md shows, ``bao_cao_2.xlsx`` the same with two faults;
    ``ke_hoach.docx`` is the bundled example of a plan.
    """
    (folder / "so_lieu").mkdir()
    for place in (folder, folder / "so_lieu"):
        shutil.copy(ROOT / "docs" / "bat_dau" / "muoi_xa.xlsx", place)
    write_word(read_plan().document.blocks, folder / "ke_hoach.docx")
    (folder / "tra_loi.toml").write_text('blanks = "0"\n', "utf-8")
    (folder / "data").symlink_to(ROOT / "data")
    book = office_workbook((ROOT / "docs" / "own_data.md").read_text("utf-8"))
    book.save(folder / "bao_cao.xlsx")
    assert (book.active["G3"].value, book.active["H9"].value) == ("HSSV", None)
    book.active["G3"], book.active["H9"] = "Mã 15", "-"
    book.save(folder / "bao_cao_2.xlsx")


def office_workbook(page: str) -> Workbook:
    """Return the workbook that the page of own data shows."""
    table = re.search(r"\n\n(\| STT .*?)\n\n", page, flags=re.DOTALL).group(1)
    heading, _, *rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in table.splitlines()]
    book = Workbook()
    book.active.title = "Tháng 12"
    for row in (["SỐ NGƯỜI THAM GIA BHYT"], ["Đến hết tháng 12 năm 2025"], heading, *rows):
        book.active.append([int(cell) if cell.isdigit() else cell or None for cell in row])
    return book


def fill_template(path: Path) -> None:
    """Type a count into each empty cell of the cards of a filled template."""
    book = load_workbook(path)
    sheet = book["Số thẻ"]
    groups = [cell.column for cell in sheet[2] if cell.value][4:]
    for row in range(3, sheet.max_row + 1):
        if sheet.cell(row, 2).value:
            for column in groups:
                sheet.cell(row, column).value = sheet.cell(row, column).value or 20
    book.save(path)


def run_line(line: str) -> None:
    """Run a line of a shell, unless CI runs it elsewhere."""
    words = shlex.split(line, comments=True)
    if words and words[0] == "bhyt":
        run_command(words)
    elif words:
        assert any(line.startswith(start) for start in ELSEWHERE), f"nothing runs this line: {line}"


def run_command(words: list[str]) -> str:
    """Run a command of bhyt and return its standard output; the servers of the explorer are not started."""
    started: list[object] = []
    original, launch.run = launch.run, lambda command, _: started.append(command) or 0
    messages = StringIO()
    try:
        with redirect_stdout(StringIO()) as output, redirect_stderr(messages):
            status = cli.main(words[1:])
    finally:
        launch.run = original
    allowed = (0, 1) if words[1] in ("check", "audit", "verify") else (0,)
    assert status in allowed, f"{shlex.join(words)}: status {status}\n{messages.getvalue()}"
    assert bool(started) == (words[1] == "explore"), words
    if words[1] == "template":
        fill_template(Path(words[2]))
    return output.getvalue()


def run_python(code: str, names: dict[str, object]) -> None:
    """Run a block of Python; a line with a value in its comment must give that value."""
    exec(compile(code, "documentation", "exec"), names)
    for line in code.splitlines():
        if (match := RESULT.match(line)) and "=" not in match["code"].split("(")[0]:
            value = repr(eval(match["code"], names))
            assert match["result"].startswith(value), f"{line}: {value}"
