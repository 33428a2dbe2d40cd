"""Write the brief and the report as PDF, by LibreOffice, or where only a browser is installed the page by that."""

from __future__ import annotations

import atexit
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from bhyt_analysis.documents.brief import write_brief
from bhyt_analysis.documents.content import Content
from bhyt_analysis.documents.docx import write_docx
from bhyt_analysis.documents.html_page import write_page
from bhyt_analysis.documents.pdf_programs import find_browser, find_office, missing_converter
from bhyt_analysis.engine.private_folders import create_folder, delete_folder
from bhyt_analysis.i18n import clock
from bhyt_analysis.i18n.messages import BhytError

TIMEOUT = 180  # seconds for the documents of one area
_DATES = re.compile(rb"(/(?:CreationDate|ModDate) ?\(D:)(\d{14})")
_HASHES = re.compile(rb"(/ID ?\[|/DocChecksum ?/)([0-9A-F<>\s]*)")


def write_pdf(content: Content, brief: Path, report: Path, *, notebook: Path) -> BhytError | None:
    """Write the brief and the report of a briefing as PDF; return why not, where no program could make them.

    With a browser alone there is no PDF of the brief, and that of the report is the page.
    """
    if reason := missing_converter():
        return reason
    program, browser = find_office(), find_browser()
    with tempfile.TemporaryDirectory() as folder:
        sources = {brief: Path(folder, f"{brief.stem}.docx"), report: Path(folder, f"{report.stem}.docx")}
        results: dict[Path, Path] = {}
        if program:
            write_brief(content, sources[brief])
            write_docx(content, sources[report])
            convert_office(program, list(sources.values()))
            results = {target: source.with_suffix(".pdf") for target, source in sources.items()}
        if browser and not (results and all(map(_is_complete, results.values()))):
            page = Path(folder, "page.html")
            write_page(notebook, page, content.lang)
            results = {report: page.with_suffix(".pdf")}
            _print_page(browser, page)
        if not all(map(_is_complete, results.values())):
            return BhytError(("warning.pdf_failed", {"file": report.name, "program": program or browser}))
        for target, file in results.items():
            target.write_bytes(settled_pdf(file.read_bytes()))
    return None


def _is_complete(path: Path) -> bool:
    """Return whether a file is a PDF that was written to its end."""
    return path.is_file() and b"%%EOF" in path.read_bytes()[-1024:]


def convert_office(program: str, files: Sequence[Path]) -> None:
    """Convert Word files by LibreOffice, beside them; its settings are in a folder of this process alone."""
    profile = Path(_profile(os.getpid()), "office").as_uri()
    options = ("--headless", "--norestore", "--nolockcheck", "--convert-to", "pdf:writer_pdf_Export", "--outdir")
    _run([program, f"-env:UserInstallation={profile}", *options, str(files[0].parent), *map(str, files)])


def _print_page(browser: str, page: Path) -> None:
    """Print a page by a browser to a PDF beside it."""
    own = [f"--user-data-dir={Path(_profile(os.getpid()), 'browser')}", f"--print-to-pdf={page.with_suffix('.pdf')}"]
    if sys.platform != "win32" and os.geteuid() == 0:  # it has no sandbox of its own there, and the page is ours
        own.append("--no-sandbox")
    _run([browser, "--headless=new", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer", *own, page.as_uri()])


@cache
def _profile(process: int) -> str:
    """Return the folder in which the programs that this process starts keep their settings."""
    folder = create_folder()
    atexit.register(delete_folder, folder)  # that of a killed process is deleted by the next one that starts
    return folder


def _run(call: Sequence[str]) -> None:
    """Run a program until it ends or has no more time; then it is ended with all that it has started."""
    import psutil

    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    with suppress(OSError), subprocess.Popen(call, **pipes) as process:  # type: ignore[call-overload]
        try:
            process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            with suppress(psutil.Error):
                for child in psutil.Process(process.pid).children(recursive=True):
                    with suppress(psutil.Error):
                        child.kill()
            process.kill()


def settled_pdf(content: bytes) -> bytes:
    """Return a PDF with the time of ``SOURCE_DATE_EPOCH`` and without hashes of its own; as it is without the variable.

    Examples
    --------
    >>> import os
    >>> os.environ["SOURCE_DATE_EPOCH"] = "1790000000"
    >>> settled_pdf(b"/CreationDate(D:20261126135511Z')/ID [ <3893>")
    b"/CreationDate(D:20260921141320Z')/ID [ <0000>"
    >>> del os.environ["SOURCE_DATE_EPOCH"]
    """
    moment = clock.source_date()
    if moment is None:
        return content
    content = _DATES.sub(rb"\g<1>" + moment.strftime("%Y%m%d%H%M%S").encode(), content)
    return _HASHES.sub(lambda m: m[1] + re.sub(rb"[0-9A-F]", b"0", m[2]), content)
