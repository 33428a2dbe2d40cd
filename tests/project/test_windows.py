"""What can be tested of Windows without it: modules, processes, names of files, paths, files that are in use.

``windows/sitecustomize.py`` hides from the package, in a process and in those that it starts, what Windows lacks.
"""

import csv
import errno
import json
import os
import sys
from pathlib import Path

import pytest

from bhyt_analysis.batch import build
from bhyt_analysis.cli import DONE, UNUSABLE, main
from bhyt_analysis.i18n.failures import failure

from ..conftest import ROOT
from ..waiting import run as run_process
from .files import project_files

SIMULATION = Path(__file__).with_name("windows")
FORBIDDEN = set('<>:"\\|?*')
DEVICES = {"con", "prn", "aux", "nul", *(f"{name}{i}" for name in ("com", "lpt") for i in range(1, 10))}
MOST_LETTERS = 150  # of a path below the user's folder: Windows allows 260 with that folder


def run_simulated(code, folder, *arguments):
    """Run code in a process to which the system looks like Windows; return what it prints."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (SIMULATION, ROOT)))}
    code = f"import sys\nassert 'bhyt_windows' in sys.modules\n{code}"
    done = run_process([sys.executable, "-c", code, *arguments], cwd=folder, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def is_windows_name(path):
    """Return whether Windows can hold a file of this relative path."""
    parts = path.split("/")
    safe = (not set(p) & FORBIDDEN and p == p.rstrip(". ") and p.split(".")[0].lower() not in DEVICES for p in parts)
    return all(safe) and len(path) <= MOST_LETTERS


def test_every_module_imports_on_windows(tmp_path):
    code = """
import importlib, pkgutil, bhyt_analysis as package
names = [m.name for m in pkgutil.walk_packages(package.__path__, "bhyt_analysis.")]
for name in names: importlib.import_module(name)
from bhyt_analysis.batch import workers
assert not hasattr(workers.os, "fork") and workers.sys.platform == "win32"
print(len(names))
"""
    assert int(run_simulated(code, tmp_path)) == len(list((ROOT / "bhyt_analysis").rglob("*.py"))) - 1


COMMANDS = """
import contextlib, io, json, sys
from bhyt_analysis.cli import main
statuses = {}
for call in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()):
        statuses[" ".join(call)] = main(call)
print(json.dumps(statuses))
"""


@pytest.mark.slow
def test_commands_run_on_windows_in_a_folder_with_vietnamese_letters(tmp_path):
    folder = tmp_path / "Số liệu của tôi (2026)"
    folder.mkdir()
    calls = [
        ["template", "Biểu mẫu.xlsx", "--area", "Lào Cai"],
        ["check", "Biểu mẫu.xlsx", "--annotate", "Đã đánh dấu.xlsx"],
        ["reclassify", "--decision", "861", "--area", "X001", "--csv", "mất thẻ.csv"],
        ["allocate", "--area", "X001", "--on", "2022-06-30", "--rate", "0.93", "--csv", "giao.csv"],
        ["simulate", "--area", "X001", "--draws", "0", "--csv", "dự báo.csv"],
        ["monitor", "--month", "2022-06", "--area", "X001"],
        ["premium", "--on", "2026-11-22", "--household", "5"],
        ["law", "--on", "2026-11-22"],
        ["audit", "--area", "Sơn Dương"],
    ]
    statuses = json.loads(run_simulated(COMMANDS, folder, json.dumps(calls)))
    assert {call: status for call, status in statuses.items() if status == UNUSABLE} == {}
    assert statuses["law --on 2026-11-22"] == DONE
    table = (folder / "giao.csv").read_bytes()
    assert table.startswith(b"\xef\xbb\xbf")  # by which Excel knows UTF-8
    assert table.count(b"\r\n") == table.count(b"\n") > 12
    assert b"\r\r" not in table
    assert all(path.is_file() for path in (folder / "Biểu mẫu.xlsx", folder / "Đã đánh dấu.xlsx"))


@pytest.mark.slow
@pytest.mark.batch
def test_a_batch_runs_without_fork_and_its_files_have_names_of_windows(tmp_path):
    code = """
from bhyt_analysis.cli import main
if __name__ == "__main__":
    raise SystemExit(main(["brief", "--area", "Xã Bát Xát", "Xã Y Tý", "--jobs", "2", "--formats", "html,docx,xlsx",
        "--out", "Kết quả 2026"]))
"""
    run_simulated(code, tmp_path)
    out = tmp_path / "Kết quả 2026"
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert [a["status"] for a in manifest["areas"]] == ["done", "done"]
    files = [path.relative_to(out).as_posix() for path in out.rglob("*")]
    assert len([f for f in files if f.endswith((".docx", ".xlsx"))]) >= 4
    assert [f for f in files if not is_windows_name(f)] == []
    for path in out.rglob("*.csv"):
        assert list(csv.reader(path.read_text("utf-8-sig").splitlines()))


def test_the_server_of_the_explorer_is_a_child_whose_status_counts(tmp_path):
    """Windows replaces no process by another one."""
    code = """
import os
from bhyt_analysis.explorer.launch import run
print(run([sys.executable, "-c", "print('served'); raise SystemExit(3)"], os.environ))
"""
    assert run_simulated(code, tmp_path).split() == ["served", "3"]


def test_files_of_the_project_have_names_of_windows():
    files = project_files()
    assert [f for f in files if not is_windows_name(f)] == []
    assert len({f.lower() for f in files}) == len(files)  # one name in capitals and in small letters is one file


def test_names_that_windows_refuses_are_recognised():
    refused = ["a/nul", "com1.txt", "x?.csv", "báo cáo. ", "a:b", "x" * 151]
    assert [n for n in refused if is_windows_name(n)] == []
    assert is_windows_name("outputs/notebooks/vi/2. Tốn bao nhiêu tiền, ai đóng.ipynb")


def in_use(*names):
    raise PermissionError(errno.EACCES, "The process cannot access the file because it is being used", *map(str, names))


def test_a_folder_that_is_open_is_kept_and_named_in_one_sentence(tmp_path, monkeypatch):
    work, folder = tmp_path / "work", tmp_path / "bat-xat"
    for place, text in ((work, "new"), (folder, "old")):
        place.mkdir()
        (place / "index.html").write_text(text, "utf-8")
    replace = os.replace
    for refused in (folder, work):  # Windows moves no folder in which a file is open
        monkeypatch.setattr(
            build.os, "replace", lambda a, b, refused=refused: in_use(a) if a == refused else replace(a, b)
        )
        with pytest.raises(PermissionError) as error:
            build.publish_folder(work, folder)
        assert (folder / "index.html").read_text("utf-8") == "old"
        text = failure(error.value).text("vi")
        assert text.startswith(str(refused))
        assert "\n" not in text
        assert "Errno" not in text
    monkeypatch.setattr(build.os, "replace", replace)
    build.publish_folder(work, folder)
    assert (folder / "index.html").read_text("utf-8") == "new"


def test_a_csv_file_that_is_open_in_excel_is_named_in_one_sentence(tmp_path, monkeypatch, capsys):
    file = tmp_path / "giao chỉ tiêu.csv"
    file.write_text("what is there", "utf-8")
    monkeypatch.setattr(Path, "write_bytes", lambda path, content: in_use(path))
    call = ["allocate", "--area", "X001", "--on", "2022-06-30", "--rate", "0.93", "--csv", str(file)]
    assert main(call) == UNUSABLE
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line]
    assert line.startswith(str(file))
    assert file.read_text("utf-8") == "what is there"


def test_the_home_folder_is_understood_where_no_shell_replaces_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert main(["template", "~/Biểu mẫu.xlsx"]) == DONE
    assert (tmp_path / "Biểu mẫu.xlsx").is_file()
