"""PDF files are made by the programs that are installed; without any the rest is made, and a sentence says so."""

import json
import sys
import time

import psutil
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.batch.scheduler import BatchWarning
from bhyt_analysis.documents import pdf, pdf_programs
from bhyt_analysis.documents.content import read_content

from ..batches import batches_here


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """An executed briefing; no program makes PDF while it is made."""
    out = tmp_path_factory.mktemp("pdf")
    with pytest.MonkeyPatch.context() as patch, batches_here():
        patch.setattr(pdf_programs.shutil, "which", lambda name: None)
        patch.setattr(pdf_programs, "BROWSER_PLACES", ())
        patch.setattr(pdf_programs, "OFFICE_PLACES", ())
        with pytest.warns(BatchWarning, match="LibreOffice, Chromium, Chrome hoặc Edge"):
            (area,) = bhyt.run_batch(None, out, ["Lý Sơn"], bhyt.BatchOptions(jobs=1, formats=("pdf",)))["areas"]
    assert (area["status"], area["error"]) == ("done", None)
    assert not list(out.rglob("*.pdf"))
    assert json.loads((out / "ly-son" / "build.json").read_text("utf-8"))["formats"] == ["html"]
    return out / "ly-son" / "ly-son.ipynb"


def program(folder, lines):
    """A program that does what the lines of Python say."""
    path = folder / "program"
    path.write_text(f"#!{sys.executable}\nimport sys, time, subprocess\n{lines}\n", "utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.mark.skipif(sys.platform == "win32", reason="a script is no program there")
def test_a_program_that_hangs_is_ended_with_what_it_started(notebook, tmp_path, monkeypatch):
    content = read_content(notebook)
    child = "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"
    monkeypatch.setattr(pdf, "TIMEOUT", 1)
    monkeypatch.setattr(pdf, "find_office", lambda: program(tmp_path, f"{child}; time.sleep(60)"))
    monkeypatch.setattr(pdf, "find_browser", lambda: None)
    reason = pdf.write_pdf(content, tmp_path / "b.pdf", tmp_path / "r.pdf", notebook=notebook)
    assert "r.pdf" in reason.text("vi")
    assert not list(tmp_path.glob("*.pdf"))
    deadline = time.monotonic() + 20
    while [p for p in psutil.Process().children(recursive=True) if "time.sleep(60)" in " ".join(p.cmdline())]:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.skipif(sys.platform == "win32", reason="a script is no program there")
def test_a_browser_alone_prints_the_page(notebook, tmp_path, monkeypatch):
    content = read_content(notebook)
    writes = "[open(a[15:], 'w').write('%PDF-1.7 %%EOF') for a in sys.argv if a.startswith('--print-to-pdf=')]"
    monkeypatch.setattr(pdf, "find_office", lambda: None)
    monkeypatch.setattr(pdf, "find_browser", lambda: program(tmp_path, writes))
    assert pdf.write_pdf(content, tmp_path / "b.pdf", tmp_path / "r.pdf", notebook=notebook) is None
    assert [p.name for p in tmp_path.glob("*.pdf")] == ["r.pdf"]


def test_two_runs_write_the_same_pdf(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    text = b"/CreationDate(D:202611%02d135511Z')>>/ID [ <38%02dE9>\n<38%02dE9> ]\n/DocChecksum /0E%02dB"
    one, two = (text % ((n,) * 4) for n in (10, 11))
    assert one != two
    assert pdf.settled_pdf(one) == pdf.settled_pdf(two)
