"""Where in the user's own workbook are the faults? A copy of it with the cells marked and commented.

An .xlsx or .xlsm workbook keeps its formats, formulas and other sheets; of CSV files, .xls and .ods, which can't
be copied as they are, the cells are. The input itself is never written to. The copy is passed on, so a list of
persons keeps in it only what they are counted by: no names, no days of birth, of card numbers the letters.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from bhyt_analysis.domain.findings import SEVERITIES, Finding, finding_message, rules
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.ingest.person_register import CARD, is_large_register
from bhyt_analysis.ingest.table_detection import SEARCHED, looks_like_person_list
from bhyt_analysis.ingest.workbook import Sheet, list_input_files, read_sheets

COPIED = (".xlsx", ".xlsm")
FILLS = {"error": "FFC7CE", "warning": "FFEB9C", "info": "DDEBF7"}
MOST_COMMENTS = 5000  # Excel slows down with more; the cells beyond are coloured, and in the list
AUTHOR = "bhyt check"
COUNTED_BY = ("area", "_name", "_within", "group", "card", "as_of", "valid_from", "valid_until")


def annotate(source: str | Path, out: str | Path, found: Iterable[Finding], lang: str = "vi") -> Path:
    """Write a copy of an input in which every finding marks its cells, and a sheet lists them all.

    Parameters
    ----------
    source : the workbook, CSV file or folder that was read.
    out : the workbook to write (.xlsx); one that stands there is replaced.
    found : what `bhyt_analysis.ingest.loader.read_input` found in it.

    Returns
    -------
    The path of what was written. A folder becomes a workbook with a sheet for every sheet and CSV file in it.

    Raises
    ------
    BhytError
        where ``out`` is the input, lies in the input folder or is no .xlsx, and for a workbook that can't be read.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from bhyt_analysis.domain.bundled import bundled_path
    >>> from bhyt_analysis.ingest.loader import read_input
    >>> annotate(bundled_path("data"), Path(mkdtemp(), "marked.xlsx"), read_input()[1]).name
    'marked.xlsx'
    """
    source, out = Path(source), Path(out)
    _check_place(source, out)
    book, pages = _copy(source)
    for page in book.worksheets:  # hidden ones, too
        _leave_out_persons(page)
    found = sorted(found, key=lambda f: SEVERITIES.index(_severity(f)))
    _mark(pages, found, lang)
    _list(book, pages, found, lang)
    part = out.with_name(f".{out.name}.part")
    book.save(part)
    os.replace(part, out)
    return out


def _check_place(source: Path, out: Path) -> None:
    if out.suffix.lower() != ".xlsx":
        raise BhytError(("error.annotate_xlsx", {"file": out}))
    if out.resolve() == source.resolve():
        raise BhytError(("error.annotate_input", {"file": out}))
    if source.is_dir() and out.resolve().parent == source.resolve():
        raise BhytError(("error.annotate_inside", {"file": out, "folder": source}))
    if not out.parent.is_dir():
        raise BhytError(("error.no_folder", {"file": out, "folder": out.parent}))


def _copy(source: Path) -> tuple[Any, dict[str, Any]]:
    """A workbook with what the input holds, and its sheets by the labels that findings name them by."""
    from openpyxl import Workbook, load_workbook

    if source.suffix.lower() in COPIED:
        try:
            book = load_workbook(source)
        except Exception as error:  # openpyxl raises many kinds on a damaged file
            raise BhytError(("error.annotate_unreadable", {"file": source, "why": str(error).splitlines()[0]})) from None  # fmt: skip
        return book, {f"{source.name} [{page.title}]": page for page in book.worksheets}
    book, pages = Workbook(), dict[str, Any]()
    book.remove(book.active)
    for file in list_input_files(source):
        if file.suffix.lower() == ".parquet" or is_large_register(file):
            continue
        for sheet in read_sheets(file, []):
            page = book.create_sheet(_title(book, sheet.name))
            for row, cells in sheet.cells.iterrows():
                for column, value in cells.items():
                    if value != "":
                        cell = page.cell(row=row, column=column, value=value)
                        cell.data_type = "s" if isinstance(value, str) else cell.data_type  # "=1+1" stays text
            pages[sheet.label] = page
    return book, pages


def _leave_out_persons(page: Any) -> None:
    """Empty what a list of persons holds beside what they are counted by."""
    from openpyxl.cell import MergedCell

    # The cells that there are, and not all up to the last: one of them may stand a million rows below.
    there = [c for c in page._cells.values() if not isinstance(c, MergedCell) and c.value is not None]
    rows = sorted({c.row for c in there})[:SEARCHED]
    head = {row: [""] * max((c.column for c in there), default=0) for row in rows}
    for cell in there:
        if cell.row in head:
            head[cell.row][cell.column - 1] = cell.value
    told = pd.DataFrame.from_dict(head, orient="index", dtype=object).rename(columns=lambda c: c + 1)
    heading = None if told.empty else looks_like_person_list(Sheet(page.title, page.title, told))
    if heading is None:
        return
    page._pivots = []  # a pivot table keeps the rows that it was made from
    kept = {column for column, key in enumerate(heading.keys, 1) if key in COUNTED_BY}
    last = rows[heading.rows[-1]]
    for cell in page._cells.values():
        if cell.row > last and not isinstance(cell, MergedCell):
            text = cell.value if cell.column in kept else None
            cell.value = text.strip()[:2].upper() if isinstance(text, str) and re.match(CARD, text) else text
            cell.comment = cell.hyperlink = None


def _title(book: Any, name: str) -> str:
    """A title that a sheet may have: of 31 characters, without those that Excel forbids, and its own."""
    bare = re.sub(r"[\[\]:*?/\\]", " ", name).strip()[:31] or "1"
    title, number = bare, 1
    while title.casefold() in {t.casefold() for t in book.sheetnames}:
        number += 1
        title = f"{bare[: 31 - len(str(number)) - 1]} {number}"
    return title


def _severity(finding: Finding) -> str:
    return str(rules().at[finding["rule"], "severity"])


def _mark(pages: dict[str, Any], found: list[Finding], lang: str) -> None:
    """Colour the cells by their worst finding, and let a comment say all of them."""
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    told: dict[tuple[str, str], list[Finding]] = {}
    for finding in found:
        for cell in cells_of(pages, finding):
            told.setdefault((str(finding["file"]), cell), []).append(finding)
    for number, ((label, where), same) in enumerate(told.items()):
        cell = pages[label][where]
        cell.fill = PatternFill("solid", fgColor=FILLS[_severity(same[0])])  # errors come first
        if number < MOST_COMMENTS:
            before = [cell.comment.text] if cell.comment else []
            cell.comment = Comment("\n".join([*before, *dict.fromkeys(finding_message(f, lang) for f in same)]), AUTHOR, 220, 420)  # fmt: skip


def cells_of(pages: dict[str, Any], finding: Finding) -> list[str]:
    """The cells that a finding is about, such as ["C5"]; the first of its row where no column is told."""
    page, row = pages.get(str(finding.get("file"))), finding.get("row")
    if page is None or not row:
        return []
    letters = str(finding.get("letters", "")).split()
    if not letters:
        letters = [c.column_letter for c in page[row] if c.value is not None][:1] or ["A"]
    return list(dict.fromkeys(_visible(page, f"{letter}{row}") for letter in letters))


def _visible(page: Any, where: str) -> str:
    """A cell, or the one at the corner of the merged range in which it lies."""
    return next((r.coord.split(":")[0] for r in page.merged_cells.ranges if where in r), where)


def _list(book: Any, pages: dict[str, Any], found: list[Finding], lang: str) -> None:
    """A sheet with all findings, each with a link to its cell."""
    from openpyxl.styles import Alignment, Font, PatternFill

    page = book.create_sheet(_title(book, translate("label.findings", lang)))
    page.append([translate(f"column.{c}", lang) for c in ("severity", "rule", "sheet", "cell", "message")])
    for cell in page[1]:
        cell.font = Font(bold=True)
    for line, finding in enumerate(found, 2):
        severity, where = _severity(finding), cells_of(pages, finding)
        label = str(finding.get("file", ""))
        title = pages[label].title if label in pages else label
        values = [
            translate(f"check.{severity}", lang),
            finding["rule"],
            title,
            ", ".join(where),
            finding_message(finding, lang),
        ]
        for column, text in enumerate(values, 1):
            cell = page.cell(row=line, column=column, value=text)
            cell.data_type = "s"  # a sentence is never a formula
            cell.alignment = Alignment(wrap_text=column == 5, vertical="top")
        page.cell(row=line, column=1).fill = PatternFill("solid", fgColor=FILLS[severity])
        if where:
            link = page.cell(row=line, column=4)
            link.hyperlink, link.style = f"#'{title.replace(chr(39), chr(39) * 2)}'!{where[0]}", "Hyperlink"
    for letter, width in zip("ABCDE", (12, 24, 24, 14, 110), strict=True):
        page.column_dimensions[letter].width = width
    page.freeze_panes = "A2"
    page.page_setup.orientation, page.page_setup.fitToHeight = "landscape", 0  # as many pages as it has, each as wide
    page.sheet_properties.pageSetUpPr.fitToPage = True
    if not found:
        page.append([translate("cli.no_findings", lang)])
