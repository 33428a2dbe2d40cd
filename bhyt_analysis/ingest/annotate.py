"""Write a copy of an input workbook in which the findings mark and comment their cells.

An .xlsx or .xlsm workbook keeps its formats, formulas and other sheets; of CSV files, .xls and .ods only the
cells are copied. The input itself is never written to. Others read the copy, so a list of persons keeps only
the columns needed for counting: no names, no days of birth, of card numbers the letters.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import pandas as pd
from openpyxl import Workbook, load_workbook
from openpyxl.cell import MergedCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.packaging.core import DocumentProperties
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import quote_sheetname
from openpyxl.worksheet.worksheet import Worksheet

from bhyt_analysis.domain.causes import causes
from bhyt_analysis.domain.findings import SEVERITIES, Finding, Term, finding_message
from bhyt_analysis.i18n.failures import failure
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.ingest.confidential import is_heading_row, is_public, lists_persons, may_be_heading, without_cells
from bhyt_analysis.ingest.headings import SEARCH_ROWS
from bhyt_analysis.ingest.person_register import CARD, is_large_register
from bhyt_analysis.ingest.personal_data import HIDDEN, MONEY, find_persons, staff_columns
from bhyt_analysis.ingest.personal_text import SAMPLE, hide_in_finding, hide_personal, number_kind
from bhyt_analysis.ingest.vietnamese_text import from_font, legacy_font
from bhyt_analysis.ingest.workbook import Cell, Percent, Sheet, file_label, list_input_files, read_sheets, sheet_label

COPYABLE = (".xlsx", ".xlsm")
FILLS = {"error": "FFC7CE", "warning": "FFEB9C", "info": "DDEBF7"}
MAX_COMMENTS = 5000  # Excel slows down with more; further cells are only coloured and listed
AUTHOR = "bhyt check"
MAX_WIDTH = 500  # columns in which personal data are looked for
DAYS = ("as_of", "valid_from", "valid_until")
KEPT_COLUMNS = ("area", "_name", "_within", "group", "card", *DAYS)


def annotate(source: str | Path, out: str | Path, findings: Iterable[Finding], lang: str | None = None) -> Path:
    """Write a copy of an input in which every finding marks its cells, and a sheet lists their causes; return its path.

    A folder becomes a workbook with a sheet for every sheet and CSV file in it. Such a copy that is there
    already is replaced as long as it was not saved by another program, which may hold what was typed into it.
    Raises BhytError if ``out`` is any other file, the input, lies in the input folder or is no .xlsx, or if the
    workbook can't be read.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from bhyt_analysis.domain.bundled import bundled_path
    >>> from bhyt_analysis.ingest.loader import read_input
    >>> annotate(bundled_path("data"), Path(mkdtemp(), "marked.xlsx"), read_input()[1]).name
    'marked.xlsx'
    """
    lang = check_lang(lang)
    source, out = Path(source), Path(out)
    _write_copy(source, out, findings, lang)
    return out


def try_annotate(source: str | Path, out: str | Path, findings: Iterable[Finding], lang: str) -> tuple[bool, list[str]]:
    """Write the copy of `annotate`; return whether it could be written, and what to say: its path or why there is none.

    A second sentence says why a copy has the cells only.
    """
    try:
        note = _write_copy(Path(source), Path(out), findings, lang)
    except BhytError as error:
        return False, [error.text(lang)]
    except OSError as error:
        return False, [failure(error, out).text(lang)]
    return True, [str(out), *([finding_message(note, lang)] if note else [])]


def _write_copy(source: Path, out: Path, findings: Iterable[Finding], lang: str) -> Finding | None:
    """Write the copy; return the finding that it has the cells only."""
    _check_target(source, out)
    with without_cells():
        book, sheets, why = _copy(source)
    note = Finding("copied_cells", file_label(source), value=Term(f"copy.{why}")) if why else None
    ordered = sorted((hide_in_finding(f) for f in findings), key=lambda f: SEVERITIES.index(f.severity))
    ordered += [note] if note else []
    _mark(sheets, ordered, lang)
    _list(book, sheets, ordered, lang)
    book.properties = DocumentProperties(creator=AUTHOR, lastModifiedBy=AUTHOR)
    part = out.with_name(f".{out.name}.part")
    try:
        book.save(part)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return note


def _check_target(source: Path, out: Path) -> None:
    if out.suffix.lower() != ".xlsx":
        raise BhytError(("error.annotate_xlsx", {"file": out}))
    if out.resolve() == source.resolve():
        raise BhytError(("error.annotate_input", {"file": out}))
    if source.is_dir() and out.resolve().parent == source.resolve():
        raise BhytError(("error.annotate_inside", {"file": out, "folder": source}))
    if not out.parent.is_dir():
        raise BhytError(("error.no_folder", {"file": out, "folder": out.parent}))
    if out.exists() and not _is_own_copy(out):
        raise BhytError(("error.file_exists", {"file": out}))


def _is_own_copy(file: Path) -> bool:
    """Return whether a file is a marked copy as it was written: Excel and LibreOffice write the properties anew."""
    try:
        with ZipFile(file) as package:
            properties = package.read("docProps/core.xml")
            return not properties.startswith(b"<?xml") and f"<cp:lastModifiedBy>{AUTHOR}<".encode() in properties
    except (BadZipFile, KeyError, OSError):
        return False


Cells = dict[tuple[int, int], object]  # values by row and column
Copy = tuple[Workbook, dict[str, Worksheet], str]


def _copy(source: Path) -> Copy:
    """Return a workbook with the cells of the input, its sheets by the labels of findings, and why it has no formats.

    A workbook with personal data, or that openpyxl can't read, is made anew from cells: so no comment, hidden list,
    drop-down, pivot table or property of the file is copied.
    """
    if source.suffix.lower() not in COPYABLE:
        return _copy_cells(source, "")
    try:
        book = load_workbook(io.BytesIO(source.read_bytes()))  # a path would be left open
    except Exception:  # openpyxl raises many kinds on a damaged file
        book = None
    if book is None or not book.worksheets:  # of the strict kind it reads no sheet
        return _copy_cells(source, "refused")
    tables = (_table(_values(sheet)) for sheet in book.worksheets)  # hidden ones, too
    if any(table and (find_persons(table) or lists_persons(table)) for table in tables):
        return _copy_values(source)
    sheets = {sheet_label(source, sheet.title): sheet for sheet in book.worksheets}
    _hide_texts(book)
    return book, sheets, ""


def _hide_texts(book: Workbook) -> None:
    """Replace the names and numbers of persons in all texts of a workbook that is kept with its formats."""
    for sheet in book.worksheets:
        if (title := hide_personal(sheet.title)) != sheet.title:
            sheet.title = _title(book, title)
        values = _values(sheet)
        money = {column for (_, column), v in values.items() if isinstance(v, str) and MONEY.search(normalise_name(v))}
        for place, cell in sheet._cells.items():
            if isinstance(cell.value, int | float) and place[1] not in money and number_kind(float(cell.value)):
                cell.value = None  # a number of a person among figures
            if isinstance(text := values.get(place), str) and (hidden := hide_personal(text)) != text:
                cell.value = hidden
            if cell.comment:
                cell.comment = Comment(hide_personal(cell.comment.text), hide_personal(cell.comment.author or AUTHOR))
        for part in (f"{page}{end}" for page in ("odd", "even", "first") for end in ("Header", "Footer")):
            for side in ("left", "center", "right"):
                line = getattr(getattr(sheet, part), side)
                line.text = hide_personal(line.text) if line.text else line.text
        for rule in sheet.data_validations.dataValidation:
            for field in ("formula1", "formula2", "prompt", "promptTitle", "error", "errorTitle"):
                setattr(rule, field, text and hide_personal(text) if (text := getattr(rule, field)) else text)
    for names in (book.defined_names, *(sheet.defined_names for sheet in book.worksheets)):
        for name in names.values():
            name.value = hide_personal(name.value) if name.value else name.value


def _copy_values(source: Path) -> Copy:
    """Return the copy of a workbook with personal data: its cells that are needed, widths and merged ranges."""
    book, sheets = _empty_workbook(), dict[str, Worksheet]()
    for old in load_workbook(source, data_only=True).worksheets:
        title = _title(book, hide_personal(old.title))
        sheet = sheets[sheet_label(source, old.title)] = book.create_sheet(title)
        _write(sheet, _values(old))
        sheet.sheet_state = old.sheet_state
        for cell in list(sheet._cells.values()):
            cell.number_format = old.cell(cell.row, cell.column).number_format
        for letters, dimension in old.column_dimensions.items():
            sheet.column_dimensions[letters].width = dimension.width
        for cells in old.merged_cells.ranges:
            sheet.merge_cells(cells.coord)
    return book, sheets, "personal"


def _copy_cells(source: Path, why: str) -> Copy:
    """Return the copy of files of which only the cells are read; an unreadable workbook is an error."""
    book, sheets, findings = _empty_workbook(), dict[str, Worksheet](), list[Finding]()
    for file in list_input_files(source):
        if file.suffix.lower() == ".parquet" or is_large_register(file):
            continue
        for cells in read_sheets(file, findings):
            sheet = sheets[cells.label] = book.create_sheet(_title(book, hide_personal(cells.name)))
            rows = cells.cells.iterrows()
            _write(sheet, {(row, column): v for row, values in rows for column, v in values.items() if v != ""})
    unreadable = next((f for f in findings if f.severity == "error"), None)
    if unreadable and not sheets and not source.is_dir():
        why = unreadable.value.key if isinstance(unreadable.value, Term) else hide_personal(str(unreadable.value or ""))
        raise BhytError(("error.annotate_unreadable", {"file": source, "why": why}))
    return book, sheets, why


def _empty_workbook() -> Workbook:
    book = Workbook()
    book.remove(book.active)
    return book


def _values(sheet: Worksheet) -> Cells:
    """Return the filled cells of a sheet, in Unicode: only those that exist, not all up to the last, far below."""
    cells = (c for c in sheet._cells.values() if not isinstance(c, MergedCell) and c.value is not None)
    values = {(c.row, c.column): c.value for c in cells}
    texts = defaultdict[int, list[str]](list)
    for (_, column), value in values.items():
        if isinstance(value, str):
            texts[column].append(value)
    fonts = {column: legacy_font(of_column[:SAMPLE]) for column, of_column in texts.items()}
    return {
        place: from_font(v, font) if isinstance(v, str) and (font := fonts[place[1]]) else v
        for place, v in values.items()
    }


def _write(sheet: Worksheet, values: Cells) -> None:
    """Write cells without personal data; text such as "=1+1" stays text."""
    table, rows = _table(values), sorted({row for row, _ in values})
    persons = None if table is None else find_persons(table)
    first = rows[persons.heading.rows[-1]] if persons and persons.heading.rows[-1] >= 0 else 0
    keys = dict(enumerate(persons.heading.keys, 1)) if persons else {}
    hidden = {column for column, key in keys.items() if key in HIDDEN}
    staff = staff_columns(table, persons) if table and persons else []
    kept = _kept_cells(values, table, keys, first) if table and lists_persons(table) else set(values)
    for (row, column), value in values.items():
        key = keys.get(column, "")
        if (row, column) not in kept or (staff and row > first and column in hidden):
            continue
        share = isinstance(value, Percent)
        text = value.value if isinstance(value, Percent) else _counting_part(value, key if row > first else "")
        if text is not None:
            cell = sheet.cell(row=row, column=column, value=text)
            cell.number_format = "0.0%" if share else cell.number_format
            cell.data_type = "s" if isinstance(text, str) else cell.data_type


def _kept_cells(values: Cells, table: Sheet, keys: dict[int, str], first: int) -> set[tuple[int, int]]:
    """Return the cells of a list of persons that are copied: its heading, and what counting needs if it is no person's.

    A row may be shifted, so that its cells are not what their column says.
    """
    lines = table.cells.loc[: max(first, 1)] if first else table.cells[:SEARCH_ROWS]
    headings = {int(n) for n, row in zip(lines.index, lines.to_numpy(), strict=True) if is_heading_row(row)}
    repeated = Counter((column, v) for (_, column), v in values.items() if isinstance(v, dt.date))

    def is_kept(row: int, column: int, value: object) -> bool:
        key = keys.get(column, "")
        if (row in headings and may_be_heading(value)) or (row <= first and is_public(value)):
            return True
        if row <= first or key not in KEPT_COLUMNS:
            return False
        is_card = key in ("card", "group") and isinstance(value, str) and re.match(CARD, value) is not None
        return (
            is_card or is_public(value) or (isinstance(value, dt.date) and key in DAYS and repeated[column, value] > 1)
        )

    return {(row, column) for (row, column), value in values.items() if is_kept(row, column, value)}


def _counting_part(value: object, key: str) -> object:
    """Return what counting needs of a cell: of a card number its letters, of other text all but personal data."""
    if isinstance(value, str):
        text = ILLEGAL_CHARACTERS_RE.sub("", value)
        return text.strip()[:2].upper() if key in ("card", "group") and re.match(CARD, text) else hide_personal(text)
    return None if key == "card" or (isinstance(value, int | float) and hide_personal(f"{value:.0f}") == "…") else value


def _table(values: Cells) -> Sheet | None:
    """Return the cells of a sheet as a `Sheet`, or None if it is empty."""
    rows = sorted({row for row, _ in values})[: SEARCH_ROWS + SAMPLE]
    numbers = range(1, max((column for _, column in values), default=0) + 1)
    if len(numbers) > MAX_WIDTH:  # a distant cell: only the columns that have cells
        numbers = range(1, MAX_WIDTH + 1)
    table = pd.DataFrame([[_plain(values.get((r, c))) for c in numbers] for r in rows], rows, numbers, dtype=object)
    return None if table.empty else Sheet("", "", table)


def _plain(value: object) -> Cell:
    """Return a value of openpyxl as a cell of a `Sheet`."""
    if value is None or isinstance(value, str | dt.date):
        return value or ""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


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
    unused = re.match(r"([A-Z]{1,3})(?: «|$)", str(finding.column or ""))  # by its letter, as it has no other name
    letters = finding.letters.split() or [unused[1] if unused else next(filled, "A")]
    return list(dict.fromkeys(_visible(sheet, f"{letter}{row}") for letter in letters))


def _visible(sheet: Worksheet, coordinate: str) -> str:
    """Return a cell, or the top left cell of the merged range that contains it."""
    return next((r.coord.split(":")[0] for r in sheet.merged_cells.ranges if coordinate in r), coordinate)


def _list(book: Workbook, sheets: dict[str, Worksheet], findings: list[Finding], lang: str) -> None:
    """Add a sheet with all causes, each with a link to its first cell."""
    sheet = book.create_sheet(_title(book, translate("label.findings", lang)))
    sheet.append([translate(f"annotate.{c}", lang) for c in ("severity", "rule", "sheet", "cell", "message")])
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
