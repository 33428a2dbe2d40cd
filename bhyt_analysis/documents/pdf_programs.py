"""Find the programs that make PDF: LibreOffice, or a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from bhyt_analysis.i18n.messages import BhytError

OFFICE_PROGRAMS = ("soffice", "libreoffice")
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
# Where they are installed without being in the path of commands (Windows, macOS).
OFFICE_PLACES = (
    "{programs}/LibreOffice/program/soffice.com",
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
)
BROWSER_PLACES = (
    "{programs}/Google/Chrome/Application/chrome.exe",
    "{programs}/Microsoft/Edge/Application/msedge.exe",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)


def find_office() -> str | None:
    """Return the path of LibreOffice; None where it is not installed."""
    return next(_programs(OFFICE_PROGRAMS, OFFICE_PLACES), None)


def find_browser() -> str | None:
    """Return the path of Chromium, Chrome or Edge; None where none of them is installed."""
    return next(_programs(BROWSERS, BROWSER_PLACES), None)


def _programs(names: Sequence[str], places: Sequence[str]) -> Iterator[str]:
    yield from filter(None, map(shutil.which, names))
    folders = [f for key in ("ProgramFiles", "ProgramFiles(x86)", "LocalAppData") if (f := os.environ.get(key))]
    for place in places:
        for path in [place.format(programs=f) for f in folders] if "{programs}" in place else [place]:
            if Path(path).is_file():
                yield path


def missing_converter() -> BhytError | None:
    """Return the sentence that says that no PDF can be made here; None where one can."""
    return None if find_office() or find_browser() else BhytError(("warning.no_pdf_program", {}))
