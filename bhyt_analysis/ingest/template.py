"""An empty workbook to fill in: a sheet for each table of the schema, with notes, drop-downs and an example.

Everything in it is made from the schema (``tables.csv``), the groups and the words, so that what the
template writes the reader reads.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bhyt_analysis.domain.schema import schema, table_columns
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import BhytError, has_message, translate
from bhyt_analysis.ingest.cell_types import CHOICES, choice_keys
from bhyt_analysis.ingest.workbook import column_letter
from bhyt_analysis.law import groups

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

ROWS = 5000  # that have drop-downs
HEADING = 2  # the row of the headings, under the title of the sheet
FORMATS = {
    "count": "#,##0",
    "change": "#,##0",
    "share": "0.0%",
    "date": "dd/mm/yyyy",
    "target_date": "dd/mm/yyyy",
    "number": "General",
}
FACE = "Arial"
DARK, GREY, PALE = "1F4E79", "7F7F7F", "F2F2F2"


def write_template(path: str | Path, lang: str = "vi") -> None:
    """Write the empty workbook; it opens in Excel and LibreOffice.

    Raises
    ------
    BhytError
        for a file that exists: it may have been filled in; or a folder that does not.
    """
    check_lang(lang)
    file = Path(path)
    if file.exists():
        raise BhytError(("error.file_exists", {"file": file}))
    if not file.parent.is_dir():
        raise BhytError(("error.no_folder", {"file": file, "folder": file.parent}))
    from openpyxl import Workbook

    book = Workbook()
    _guide(book.active, lang)
    for table in dict.fromkeys(schema()["table"]):
        _sheet(book.create_sheet(sheet_name(table, lang)), table, lang)
    _lists(book.create_sheet(translate("template.lists", lang)), lang)
    for sheet in book:  # printed, a sheet is as wide as the page
        sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
    made = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        book.save(made)
        made.replace(file)
    finally:
        made.unlink(missing_ok=True)


def sheet_name(table: str, lang: str) -> str:
    """What the sheet of a table is called.

    Examples
    --------
    >>> sheet_name("cards", "vi"), sheet_name("cards", "en")
    ('Số thẻ', 'Cards')
    """
    return translate(f"sheet.{table}", lang) if has_message(f"sheet.{table}") else table


def example_rows(table: str, lang: str) -> dict[str, Any]:
    """The filled row of a table: it shows how each cell is written, and the reader leaves it out.

    Examples
    --------
    >>> example_rows("cards", "vi")["group"], example_rows("cards", "vi")["cards"]
    ('Người thuộc hộ cận nghèo', 1200)
    """
    row = {}
    for column in table_columns(table).to_dict("records"):
        key, kind = column["column"], column["type"]
        told = next((translate(w, lang) for w in (f"example.{key}", f"sample.{kind}") if has_message(w)), "")
        if kind in CHOICES:
            row[key] = choice_list(kind, told or CHOICES[kind][-1 if kind == "kind" else 0], lang)
        elif told and (column["required"] or kind not in ("date", "count")):
            row[key] = _value(told, kind)
    return row


def _value(text: str, kind: str) -> Any:
    """An example as the cell holds it."""
    if kind in ("date", "target_date"):
        return pd.Timestamp(text).to_pydatetime()
    return float(text) if kind in ("share", "number") else int(text) if kind in ("count", "change") else text


def choice_list(kind: str, key: str, lang: str) -> str:
    """A choice as it stands in the drop-down of its type."""
    if kind == "group":
        return str(groups().at[key, f"name_{lang}"])
    return translate(f"choice.{kind}.{key}", lang) if has_message(f"choice.{kind}.{key}") else key


def _options(kind: str, lang: str) -> list[str]:
    return [choice_list(kind, str(k), lang) for k in choice_keys(kind)]


def _sheet(sheet: Worksheet, table: str, lang: str) -> None:
    """The sheet of one table: title, headings with notes, an example row, formats and drop-downs."""
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill

    columns = table_columns(table).to_dict("records")
    title = translate(f"about.{table}", lang) if has_message(f"about.{table}") else ""
    sheet.append([f"{sheet_name(table, lang)} – {title}" if title else sheet_name(table, lang)])
    sheet.append([translate("template.row", lang), *(_heading(c, lang) for c in columns)])
    shown = example_rows(table, lang)
    sheet.append([translate("template.example", lang), *(shown.get(c["column"]) for c in columns)])
    sheet["A1"].font = Font(name=FACE, bold=True, size=13, color=DARK)
    for cell in sheet[HEADING]:
        cell.font, cell.fill = Font(name=FACE, bold=True, color="FFFFFF"), PatternFill("solid", fgColor=DARK)
        cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
    for cell in sheet[HEADING + 1]:
        cell.font, cell.fill = Font(name=FACE, italic=True, color=GREY), PatternFill("solid", fgColor=PALE)
    sheet.row_dimensions[HEADING].height = 48
    sheet.column_dimensions["A"].width = 8
    for i, column in enumerate(columns, 2):
        note = Comment(_note(column, lang), "bhyt_analysis", width=320, height=150)
        sheet.cell(HEADING, i).comment = note
        sheet.cell(HEADING, i).fill = PatternFill("solid", fgColor=DARK if column["required"] else GREY)
        _prepare(sheet, i, column, lang)
    sheet.freeze_panes = sheet.cell(HEADING + 1, 2)


def _prepare(sheet: Worksheet, i: int, column: dict[str, str], lang: str) -> None:
    """Width, number format and drop-down of a column."""
    from openpyxl.worksheet.datavalidation import DataValidation

    kind = column["type"]
    sheet.column_dimensions[column_letter(i)].width = (
        46 if kind == "group" else max(15, min(34, len(_heading(column, lang)) + 2))
    )
    sheet.cell(HEADING + 1, i).number_format = FORMATS.get(kind, "@")
    sheet.column_dimensions[column_letter(i)].number_format = FORMATS.get(kind, "@")
    if kind in CHOICES:
        place = column_letter(list(CHOICES).index(kind) + 1)
        name = translate("template.lists", lang)
        rule = DataValidation(
            type="list", formula1=f"'{name}'!${place}$2:${place}${1 + len(_options(kind, lang))}", allow_blank=True
        )
        rule.error, rule.errorTitle = translate("template.not_in_list", lang), sheet_name(column["table"], lang)
        sheet.add_data_validation(rule)
        rule.add(f"{column_letter(i)}{HEADING + 1}:{column_letter(i)}{HEADING + ROWS}")


def _heading(column: dict[str, str], lang: str) -> str:
    """The heading of a column with its unit."""
    unit = column["unit"]
    told = translate(f"unit.{unit}", lang) if has_message(f"unit.{unit}") else ""
    return f"{column[f'name_{lang}']} ({told})" if told else column[f"name_{lang}"]


def _note(column: dict[str, str], lang: str) -> str:
    """What the note on a heading says: what to write, and whether it must be there."""
    meaning = column["meaning_vi" if lang == "vi" else "meaning"]
    kind = "choice" if column["type"] in CHOICES else column["type"]
    needed = {"yes": "template.required", "column": "template.column"}.get(column["required"], "template.optional")
    lines = [meaning[:1].upper() + meaning[1:] + "."] if meaning else []
    lines += [
        translate(f"write.{kind}" if has_message(f"write.{kind}") else "write.text", lang),
        translate(needed, lang),
    ]
    return "\n".join(lines)


def _guide(sheet: Worksheet, lang: str) -> None:
    """How to fill the workbook in, and what each sheet is for."""
    from openpyxl.styles import Alignment, Font

    sheet.title = translate("template.guide", lang)
    sheet.append([translate("template.title", lang)])
    lines = translate("template.how", lang).split("\n")
    for line in ["", *lines, ""]:
        sheet.append([line])
    sheet.append([translate("template.sheets", lang)])
    bold = [1, sheet.max_row]
    for table in dict.fromkeys(schema()["table"]):
        told = translate(f"about.{table}", lang) if has_message(f"about.{table}") else ""
        sheet.append([f"• {sheet_name(table, lang)} – {told}"])
    sheet.column_dimensions["A"].width = 125
    for row in range(1, sheet.max_row + 1):
        sheet.cell(row, 1).alignment, sheet.cell(row, 1).font = (
            Alignment(wrap_text=True, vertical="top"),
            Font(name=FACE, size=11),
        )
        sheet.row_dimensions[row].height = 18 * max(1, -(-len(str(sheet.cell(row, 1).value or "")) // 115))
    for row in bold:
        sheet.cell(row, 1).font = Font(name=FACE, bold=True, size=15 if row == 1 else 12, color=DARK)
    sheet.sheet_view.showGridLines = False


def _lists(sheet: Worksheet, lang: str) -> None:
    """What may be chosen in the drop-downs, a column for each list; for groups also the card codes."""
    from openpyxl.styles import Font, PatternFill

    codes = [str(c) for c in groups()["card_codes"]]
    lists = {kind: _options(kind, lang) for kind in CHOICES}
    for i, (kind, options) in enumerate(lists.items(), 1):
        sheet.cell(1, i, translate(f"list.{kind}", lang) if has_message(f"list.{kind}") else kind)
        for row, option in enumerate(options, 2):
            sheet.cell(row, i, option)
        sheet.column_dimensions[column_letter(i)].width = max(18, *(min(60, len(o) + 2) for o in options))
    last = len(lists) + 1
    sheet.cell(1, last, translate("list.card_codes", lang))
    sheet.column_dimensions[column_letter(last)].width = 24
    for row, code in enumerate(codes, 2):
        sheet.cell(row, last, code.replace(";", ", "))
    for cell in sheet[1]:
        cell.font, cell.fill = Font(name=FACE, bold=True, color="FFFFFF"), PatternFill("solid", fgColor=DARK)
    sheet.freeze_panes = "A2"
