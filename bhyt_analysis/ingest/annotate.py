"""Write a copy of an input workbook in which the findings mark and comment their cells.

An .xlsx or .xlsm workbook keeps its formats, formulas and other sheets; of CSV files, .xls and .ods only the
cells are copied. The input itself is never written to. Others read the copy, so a list of persons keeps only
the columns needed for counting: no names, no days of birth, of card numbers the letters.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from openpyxl import Workbook, load_workbook
from openpyxl.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import quote_sheetname
from openpyxl.worksheet.worksheet import Worksheet

from bhyt_analysis.domain.causes import causes
from bhyt_analysis.domain.findings import SEVERITIES, Finding, finding_message
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.ingest.headings import SEARCH_ROWS
from bhyt_analysis.ingest.person_register import CARD, is_large_register
from bhyt_analysis.ingest.table_detection import find_person_heading
from bhyt_analysis.ingest.workbook import Percent, Sheet, list_input_files, read_sheets, sheet_label

COPYABLE = (".xlsx", ".xlsm")
FILLS = {"error": "FFC7CE", "warning": "FFEB9C", "info": "DDEBF7"}
MAX_COMMENTS = 5000  # Excel slows down with more; further cells are only coloured and listed
AUTHOR = "bhyt check"
KEPT_COLUMNS = ("area", "_name", "_within", "group", "card", "as_of", "valid_from", "valid_until")


def annotate(source: str | Path, out: str | Path, findings: Iterable[Finding], lang: str = "vi") -> Path:
    """Write a copy of an input in which every finding marks its cells, and a sheet lists their causes; return its path.

    A folder becomes a workbook with a sheet for every sheet and CSV file in it. An existing file ``out`` is replaced.
    Raises BhytError if ``out`` is the input, lies in the input folder or is no .xlsx, or if the workbook can't be read.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from bhyt_analysis.domain.bundled import bundled_path
    >>> from bhyt_analysis.ingest.loader import read_input
    >>> annotate(bundled_path("data"), Path(mkdtemp(), "marked.xlsx"), read_input()[1]).name
    'marked.xlsx'
    """
    source, out = Path(source), Path(out)
    _check_target(source, out)
    book, sheets = _copy(source)
    for sheet in book.worksheets:  # hidden ones, too
        _remove_personal_data(sheet)
    ordered = sorted(findings, key=lambda f: SEVERITIES.index(f.severity))
    _mark(sheets, ordered, lang)
    _list(book, sheets, ordered, lang)
    part = out.with_name(f".{out.name}.part")
    book.save(part)
    return part.replace(out)


def _check_target(source: Path, out: Path) -> None:
    if out.suffix.lower() != ".xlsx":
        raise BhytError(("error.annotate_xlsx", {"file": out}))
    if out.resolve() == source.resolve():
        raise BhytError(("error.annotate_input", {"file": out}))
    if source.is_dir() and out.resolve().parent == source.resolve():
        raise BhytError(("error.annotate_inside", {"file": out, "folder": source}))
    if not out.parent.is_dir():
        raise BhytError(("error.no_folder", {"file": out, "folder": out.parent}))


def _copy(source: Path) -> tuple[Workbook, dict[str, Worksheet]]:
    """Return a workbook with the cells of the input, and its sheets by the labels that findings use."""
    if source.suffix.lower() in COPYABLE:
        try:
            book = load_workbook(source)
        except Exception as error:  # openpyxl raises many kinds on a damaged file
            reason = str(error).splitlines()[0]
            raise BhytError(("error.annotate_unreadable", {"file": source, "why": reason})) from None
        return book, {sheet_label(source, sheet.title): sheet for sheet in book.worksheets}
    book, sheets = Workbook(), dict[str, Worksheet]()
    book.remove(book.active)
    for file in list_input_files(source):
        if file.suffix.lower() == ".parquet" or is_large_register(file):
            continue
        for cells in read_sheets(file, []):
            sheet = book.create_sheet(_title(book, cells.name))
            for row, values in cells.cells.iterrows():
                for column, value in values.items():
                    if value != "":
                        share = isinstance(value, Percent)
                        cell = sheet.cell(row=row, column=column, value=value.value if share else value)
                        cell.number_format = "0.0%" if share else cell.number_format
                        cell.data_type = "s" if isinstance(value, str) else cell.data_type  # "=1+1" stays text
            sheets[cells.label] = sheet
    return book, sheets


def _remove_personal_data(sheet: Worksheet) -> None:
    """Empty the cells of a list of persons that are not needed for counting."""
    # Only the cells that exist, not all up to the last, which can be a million rows below.
    cells = [c for c in sheet._cells.values() if not isinstance(c, MergedCell)]
    values = {(c.row, c.column): c.value for c in cells if c.value is not None}
    rows = sorted({row for row, _ in values})[:SEARCH_ROWS]
    numbers = range(1, max((column for _, column in values), default=0) + 1)
    table = pd.DataFrame([[values.get((r, c), "") for c in numbers] for r in rows], rows, numbers, dtype=object)
    heading = None if table.empty else find_person_heading(Sheet(sheet.title, sheet.title, table))
    if heading is None:
        return
    sheet._pivots = []  # a pivot table keeps the rows of its source
    columns = {column for column, key in enumerate(heading.keys, 1) if key in KEPT_COLUMNS}
    last = rows[heading.rows[-1]]
    for cell in cells:
        if cell.row > last:
            text = cell.value if cell.column in columns else None
            cell.value = text.strip()[:2].upper() if isinstance(text, str) and re.match(CARD, text) else text
            cell.comment = cell.hyperlink = None


def _title(book: Workbook, name: str) -> str:
    """Return a valid and unique sheet title: at most 31 characters, none that Excel forbids."""
    base = re.sub(r"[\[\]:*?/\\]", " ", name).strip()[:31] or "1"
    title, number = base, 1
    while title.casefold() in {t.casefold() for t in book.sheetnames}:
        number += 1
        title = f"{base[: 31 - len(str(number)) - 1]} {number}"
    return title


def _mark(sheets: dict[str, Worksheet], findings: list[Finding], lang: str) -> None:
    """Colour the cells by their worst finding, and add a comment with all of them."""
    by_cell = defaultdict[tuple[str, str], list[Finding]](list)
    for finding in findings:
        for cell in finding_cells(sheets, finding):
            by_cell[str(finding.file), cell].append(finding)
    for number, ((label, coordinate), same) in enumerate(by_cell.items()):
        cell = sheets[label][coordinate]
        cell.fill = PatternFill("solid", fgColor=FILLS[same[0].severity])  # errors come first
        if number < MAX_COMMENTS:
            lines = [cell.comment.text] if cell.comment else []
            lines += dict.fromkeys(finding_message(f, lang) for f in same)
            cell.comment = Comment("\n".join(lines), AUTHOR, 220, 420)


def finding_cells(sheets: dict[str, Worksheet], finding: Finding) -> list[str]:
    """Return the cells of a finding, such as ["C5"]; the first cell of its row if it names no column."""
    sheet, row = sheets.get(str(finding.file)), finding.row
    if sheet is None or not row:
        return []
    filled = (c.column_letter for c in sheet[row] if c.value is not None)
    letters = finding.letters.split() or [next(filled, "A")]
    return list(dict.fromkeys(_visible(sheet, f"{letter}{row}") for letter in letters))


def _visible(sheet: Worksheet, coordinate: str) -> str:
    """Return a cell, or the top left cell of the merged range that contains it."""
    return next((r.coord.split(":")[0] for r in sheet.merged_cells.ranges if coordinate in r), coordinate)


def _list(book: Workbook, sheets: dict[str, Worksheet], findings: list[Finding], lang: str) -> None:
    """Add a sheet with all causes, each with a link to its first cell."""
    sheet = book.create_sheet(_title(book, translate("label.findings", lang)))
    sheet.append([translate(f"column.{c}", lang) for c in ("severity", "rule", "sheet", "cell", "message")])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row, cause in enumerate(causes(findings), 2):
        finding = cause.first
        cells, label = finding_cells(sheets, finding), finding.file or ""
        title = sheets[label].title if label in sheets else label
        severity, message = translate(f"check.{finding.severity}", lang), cause.message(lang)
        sheet.append([severity, finding.rule, title, ", ".join(cells), message])
        for cell in sheet[row]:
            cell.data_type = "s"  # a sentence is never a formula
            cell.alignment = Alignment(wrap_text=cell.column == 5, vertical="top")
        sheet.cell(row, 1).fill = PatternFill("solid", fgColor=FILLS[finding.severity])
        if cells:
            link = sheet.cell(row, 4)
            link.hyperlink, link.style = f"#{quote_sheetname(title)}!{cells[0]}", "Hyperlink"
    for letter, width in zip("ABCDE", (12, 24, 24, 14, 110), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0  # as wide as the page
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    if not findings:
        sheet.append([translate("cli.no_findings", lang)])
