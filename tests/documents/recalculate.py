"""Set cells of a workbook and read others after LibreOffice has recalculated: one process for many settings.

Run by the Python that has LibreOffice's ``uno``: ``python3 recalculate.py PROFILE < tasks.json``. On standard input a
list of ``{"workbook": path, "settings": [{"Sheet!A1": 1, ...}, ...], "ranges": ["Sheet!A1:B9", ...]}``; a value of None
empties a cell, a text is put in as one; with ``"pdf"`` the pages of the last setting go into that file. On standard
output, for each workbook and setting, the values of the ranges, row by row.
"""

import contextlib
import json
import subprocess
import sys
import time
import uuid
from pathlib import Path

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException

SECONDS = 120  # until LibreOffice answers


def connect(profile):
    """Start LibreOffice without a window; returns its process and its desktop."""
    pipe = f"bhyt{uuid.uuid4().hex}"
    call = ["soffice", "--headless", "--norestore", "--nolockcheck", f"--accept=pipe,name={pipe};urp;"]
    process = subprocess.Popen([*call, f"-env:UserInstallation={Path(profile).as_uri()}"])
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    end = time.monotonic() + SECONDS
    while True:
        try:
            context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            break
        except NoConnectException:
            if time.monotonic() > end:
                process.kill()
                raise
            time.sleep(0.2)
    return process, context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)


def find(book, address):
    """Return the cells of an address."""
    sheet, _, cells = address.rpartition("!")
    return book.Sheets.getByName(sheet).getCellRangeByName(cells)


def recalculate(book, settings, ranges):
    """Return what the ranges hold under each setting."""
    results, before = [], {}
    for setting in settings:
        for address in before.keys() - setting.keys():
            find(book, address).getCellByPosition(0, 0).setFormula(before[address])
        for address, value in setting.items():
            cell = find(book, address).getCellByPosition(0, 0)
            before.setdefault(address, cell.getFormula())
            cell.setString(value or "") if value is None or isinstance(value, str) else cell.setValue(value)
        book.calculateAll()
        results.append([find(book, address).getDataArray() for address in ranges])
    return results


def open_book(desktop, path):
    """Return a workbook without the protection of its sheets, which have no password."""
    hidden = PropertyValue()
    hidden.Name, hidden.Value = "Hidden", True
    book = desktop.loadComponentFromURL(Path(path).resolve().as_uri(), "_blank", 0, (hidden,))
    for name in book.Sheets.ElementNames:
        book.Sheets.getByName(name).unprotect("")
    return book


def main():
    """Read the tasks, and write what the ranges then hold."""
    process, desktop = connect(sys.argv[1])
    try:
        results = []
        for task in json.load(sys.stdin):
            book = open_book(desktop, task["workbook"])
            results.append(recalculate(book, task["settings"], task["ranges"]))
            if "pdf" in task:
                export = PropertyValue()
                export.Name, export.Value = "FilterName", "calc_pdf_Export"
                book.storeToURL(Path(task["pdf"]).resolve().as_uri(), (export,))
            book.close(True)
        json.dump(results, sys.stdout)
    finally:
        with contextlib.suppress(Exception):  # it may have gone already
            desktop.terminate()
        process.wait(SECONDS)


main()
