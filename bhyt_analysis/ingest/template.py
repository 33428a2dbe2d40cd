"""Write an input workbook to fill in: a sheet for each table of the schema, with notes, drop-downs and an example.

All of it comes from the schema (``tables.csv``), the groups and the messages, so that the reader can read it. For
given areas all is filled in that is known of them, and only the counts of cards are left to type.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from bhyt_analysis.domain.schema import choice_name, schema, table_columns, table_name
from bhyt_analysis.i18n import clock
from bhyt_analysis.i18n.dates import DateLike, parse_date
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import BhytError, has_message, translate
from bhyt_analysis.i18n.unit_names import inline_name
from bhyt_analysis.ingest.cell_types import CHOICES, choice_keys
from bhyt_analysis.ingest.template_rows import NAME, KnownRows, known_rows, reported_groups
from bhyt_analysis.law import groups

ROWS = 5000  # with drop-downs
HEADING = 2  # row of the headings, below the title of the sheet
FORMATS = dict.fromkeys(("count", "change"), "#,##0") | dict.fromkeys(("date", "target_date"), "dd/mm/yyyy")
FORMATS |= {"share": "0.0%", "number": "General"}
FONT = "Arial"
DARK, GREY, PALE, YELLOW = "1F4E79", "7F7F7F", "F2F2F2", "FFF2CC"
BLANK_COLUMN = dict.fromkeys(("required", "unit", "meaning", "meaning_vi"), "")


def write_template(
    path: str | Path, lang: str | None = None, areas: Sequence[str] = (), today: DateLike | None = None
) -> list[str]:
    """Write the workbook, empty or about some areas; it opens in Excel and LibreOffice.

    ``areas``: names or codes of provinces and communes, or of units that have ended, for which the communes of today
    stand in. ``today``: the day of the units and targets. Returns the sentences that
    name those communes.

    Raises BhytError if the file exists (it may be filled in already), its folder does not, or a name means no area.
    """
    lang = check_lang(lang)
    file = Path(path)
    if file.exists():
        raise BhytError(("error.file_exists", {"file": file}))
    if not file.parent.is_dir():
        raise BhytError(("error.no_folder", {"file": file, "folder": file.parent}))
    content = known_rows(areas, pd.Timestamp(parse_date(today or clock.today()))) if areas else None
    notes = _notes(content, lang) if content else []
    book = Workbook()
    _guide(book.active, lang, notes)
    for table in dict.fromkeys(schema()["table"]):
        sheet = book.create_sheet(table_name(table, lang))
        if content is None or content.tables.get(table, pd.DataFrame()).empty:
            _sheet(sheet, table, lang)
        else:
            _filled_sheet(sheet, table, content.tables[table], lang)
    _save(book, file, lang)
    return notes[1:]


def write_rows(
    path: str | Path,
    tables: Mapping[str, pd.DataFrame],
    lang: str | None = None,
    names: Mapping[str, str] | None = None,
) -> None:
    """Write rows of tables into a workbook of the template's form, that can be edited and is read as an input.

    ``tables``: the rows by table, in the columns of the schema; those of other names are pages that are not read.
    ``names``: the names of units by their codes, which stand beside them.
    """
    lang, book = check_lang(lang), Workbook()
    book.remove(book.active)
    for table, rows in tables.items():
        if table in set(schema()["table"]):
            if "area" in rows:
                rows = rows.assign(**{NAME: [(names or {}).get(code, "") for code in rows["area"]]})
            _filled_sheet(book.create_sheet(table_name(table, lang)), table, rows, lang)
        else:
            _page(book.create_sheet(table), rows)
    _save(book, Path(path), lang)


def _page(sheet: Worksheet, rows: pd.DataFrame) -> None:
    """Fill a sheet that is for people and is not read."""
    sheet.append([])
    sheet.append(list(rows.columns))
    for cell in sheet[HEADING]:
        cell.font, cell.fill = Font(name=FONT, bold=True, color="FFFFFF"), PatternFill("solid", fgColor=GREY)
    for row in rows.itertuples(index=False):
        sheet.append(list(row))
        for cell in sheet[sheet.max_row]:
            cell.alignment, cell.font = Alignment(wrap_text=True, vertical="top"), Font(name=FONT)
            cell.data_type = "s"
    for i, column in enumerate(rows, 1):
        longest = max((len(str(value)) for value in rows[column]), default=0)
        sheet.column_dimensions[get_column_letter(i)].width = max(14, min(90, longest + 2))


def _save(book: Workbook, file: Path, lang: str) -> None:
    """Add the sheet of the drop-downs, set the pages, and write the workbook at once."""
    _lists(book.create_sheet(translate("template.lists", lang)), lang)
    for sheet in book:  # a printed sheet is as wide as the page
        sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
        sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        book.save(partial)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def _notes(content: KnownRows, lang: str) -> list[str]:
    """Return what is filled in, and which communes stand in for areas that have ended."""
    provinces = ", ".join(inline_name(name, lang) for name in content.provinces)
    tables = ", ".join(_filled_tables(content, lang))
    notes = [translate("template.filled", lang, count=len(content.communes), provinces=provinces, tables=tables)]
    for unit, communes in content.former.items():
        names = ", ".join(inline_name(c.name, lang) for c in communes)
        name = inline_name(unit.name, lang)
        fields = {"name": name[:1].upper() + name[1:], "until": unit.until, "communes": names}
        notes.append(translate("template.ended", lang, **fields))
    return notes


def _filled_tables(content: KnownRows, lang: str) -> list[str]:
    """Return the names of the tables that are filled in, with the number of communes where these are not all."""
    codes = {c.code for c in content.communes}
    names = []
    for table in ("population", "zones", "targets"):
        rows, name = content.tables[table], table_name(table, lang).lower()
        count = rows.loc[rows["area"].isin(codes), "area"].nunique()
        if len(rows) and (table == "targets" or count == len(codes)):
            names.append(name)
        elif len(rows):
            names.append(translate("template.filled_some", lang, table=name, count=count))
    return names


def example_row(table: str, lang: str) -> dict[str, object]:
    """Return the example row of a table, which the reader leaves out.

    Examples
    --------
    >>> row = example_row("cards", "vi")
    >>> row["group"], row["cards"]
    ('Người thuộc hộ cận nghèo', 1200)
    """
    row: dict[str, object] = {}
    for column in table_columns(table).to_dict("records"):
        key, kind = column["column"], column["type"]
        text = _first_message(lang, f"example.{key}", f"sample.{kind}")
        if kind in CHOICES:
            row[key] = choice_name(kind, text or CHOICES[kind][-1 if kind == "kind" else 0], lang)
        elif text and (column["required"] or kind not in ("date", "count")):
            row[key] = _value(text, kind)
    return row


def _first_message(lang: str, *keys: str) -> str:
    """Return the text of the first key that has a message, or ""."""
    return next((translate(key, lang) for key in keys if has_message(key)), "")


def _value(text: str, kind: str) -> object:
    """Convert an example to the value of its cell."""
    if kind in ("date", "target_date"):
        return pd.Timestamp(text).to_pydatetime()
    return float(text) if kind in ("share", "number") else int(text) if kind in ("count", "change") else text


def _options(kind: str, lang: str) -> list[str]:
    return [choice_name(kind, str(k), lang) for k in choice_keys(kind)]


def _sheet(sheet: Worksheet, table: str, lang: str) -> None:
    """Fill the sheet of one table: title, headings with notes, an example row, formats and drop-downs."""
    columns = table_columns(table).to_dict("records")
    _head(sheet, table, columns, lang)
    example = example_row(table, lang)
    sheet.append([translate("template.example", lang), *(example.get(c["column"]) for c in columns)])
    for cell in sheet[HEADING + 1]:
        cell.font, cell.fill = Font(name=FONT, italic=True, color=GREY), PatternFill("solid", fgColor=PALE)
    for i, column in enumerate(columns, 2):
        _format_column(sheet, i, column, lang)
    sheet.freeze_panes = sheet.cell(HEADING + 1, 2)


def _filled_sheet(sheet: Worksheet, table: str, rows: pd.DataFrame, lang: str) -> None:
    """Fill the sheet of one table with rows, in which names stand beside codes, and cards have a column a group."""
    columns = _filled_columns(table, lang)
    _head(sheet, table, columns, lang)
    if table == "cards":
        rows = rows.assign(source=translate("template.cards_source", lang))
        sheet["A1"].value = f"{sheet['A1'].value} – {translate('template.cards', lang)}"
        sheet.row_dimensions[HEADING].height = 96
    for number, row in enumerate(rows.to_dict("records"), 1):
        sheet.append([number, *(_cell(row.get(c["column"]), c["type"], lang) for c in columns)])
    for i, column in enumerate(columns, 2):
        _format_column(sheet, i, column, lang)
        cells = [cells[0] for cells in sheet.iter_rows(HEADING + 1, sheet.max_row, i, i)]
        longest = 10 if "date" in column["type"] else max(len(str(c.value or "")) for c in cells)
        sheet.column_dimensions[get_column_letter(i)].width = max(12, min(60, longest + 2))
        for cell in cells:
            cell.font, cell.number_format = Font(name=FONT), FORMATS.get(column["type"], "@")
            cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type  # a name is never a formula
            if column["table"] == "groups":
                cell.fill, cell.border = PatternFill("solid", fgColor=YELLOW), Border(*[Side("thin", GREY)] * 4)
    for (cell,) in sheet.iter_rows(HEADING + 1, sheet.max_row, 1, 1):
        cell.font, cell.alignment = Font(name=FONT, color=GREY), Alignment(horizontal="center")
    names = [c["column"] for c in columns]
    sheet.freeze_panes = sheet.cell(HEADING + 1, names.index("name" if table == "areas" else NAME) + 3)
    sheet.print_title_rows = f"1:{HEADING}"


def _filled_columns(table: str, lang: str) -> list[dict[str, str]]:
    """Return the columns of a table with the names of the units, and for cards with the groups for their column."""
    columns = []
    for column in table_columns(table).to_dict("records"):
        if table == "cards" and column["column"] == "group":
            columns += [_group_column(key, lang) for key in reported_groups()]
        elif (table, column["column"]) != ("cards", "cards"):
            columns.append(column)
        if column["column"] == "area":
            name = {f"name_{lang}": translate("template.unit_name", lang), "column": NAME, "type": "text"}
            columns.append(BLANK_COLUMN | {"table": table} | name)
    return columns


def _group_column(key: str, lang: str) -> dict[str, str]:
    """Return the column of the cards of one group."""
    count = {"column": key, "type": "count", "required": "yes", "table": "groups"}
    return BLANK_COLUMN | count | {f"name_{lang}": choice_name("group", key, lang)}


def _cell(value: object, kind: str, lang: str) -> object:
    """Return a value of a table as a cell of its sheet."""
    if value is None or value == "" or pd.isna(value):
        return translate("write.yearly", lang) if kind == "target_date" else None
    if kind in CHOICES:
        return choice_name(kind, str(value), lang)
    if kind == "target_area" and value == "each":
        return choice_name(kind, "each", lang)
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value


def _head(sheet: Worksheet, table: str, columns: list[dict[str, str]], lang: str) -> None:
    """Write the title of a sheet and its headings with notes."""
    sheet.append([" – ".join(filter(None, [table_name(table, lang), _first_message(lang, f"about.{table}")]))])
    sheet.append([translate("template.row", lang), *(_heading(c, lang) for c in columns)])
    sheet["A1"].font = Font(name=FONT, bold=True, size=13, color=DARK)
    for cell in sheet[HEADING]:
        cell.font, cell.fill = Font(name=FONT, bold=True, color="FFFFFF"), PatternFill("solid", fgColor=DARK)
        cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
    for cell, column in zip(sheet[HEADING][1:], columns, strict=True):
        cell.comment = Comment(_note(column, lang), "bhyt_analysis", width=320, height=150)
        cell.fill = PatternFill("solid", fgColor=DARK if column["required"] else GREY)
    sheet.row_dimensions[HEADING].height = 48
    sheet.column_dimensions["A"].width = 8


def _format_column(sheet: Worksheet, i: int, column: dict[str, str], lang: str) -> None:
    """Set the width, number format and drop-down of a column."""
    kind, letter = column["type"], get_column_letter(i)
    dimension = sheet.column_dimensions[letter]
    dimension.width = 46 if kind == "group" else max(15, min(34, len(_heading(column, lang)) + 2))
    dimension.number_format = sheet.cell(HEADING + 1, i).number_format = FORMATS.get(kind, "@")
    if kind in CHOICES:
        options = get_column_letter(list(CHOICES).index(kind) + 1)
        cells = f"'{translate('template.lists', lang)}'!${options}$2:${options}${1 + len(_options(kind, lang))}"
        rule = DataValidation(type="list", formula1=cells, allow_blank=True)
        rule.error, rule.errorTitle = translate("template.not_in_list", lang), table_name(column["table"], lang)
        sheet.add_data_validation(rule)
        rule.add(f"{letter}{HEADING + 1}:{letter}{HEADING + ROWS}")


def _heading(column: dict[str, str], lang: str) -> str:
    """Return the heading of a column with its unit."""
    name, unit = column[f"name_{lang}"], _first_message(lang, f"unit.{column['unit']}")
    return f"{name} ({unit})" if unit else name


def _note(column: dict[str, str], lang: str) -> str:
    """Return the note of a heading: the meaning of the column, how to fill it in, and whether it is required."""
    meaning = column["meaning_vi" if lang == "vi" else "meaning"]
    kind = "choice" if column["type"] in CHOICES else column["type"]
    required = {"yes": "template.required", "column": "template.column"}.get(column["required"], "template.optional")
    lines = [meaning[:1].upper() + meaning[1:] + "."] if meaning else []
    return "\n".join([*lines, _first_message(lang, f"write.{kind}", "write.text"), translate(required, lang)])


def _guide(sheet: Worksheet, lang: str, notes: list[str]) -> None:
    """Fill the guide: what is filled in, how to use the workbook, and what each sheet is for."""
    sheet.title = translate("template.guide", lang)
    lines = translate("template.how", lang).split("\n")
    for line in [translate("template.title", lang), "", *notes, *lines, "", translate("template.sheets", lang)]:
        sheet.append([line])
    bold = [1, sheet.max_row]
    for table in dict.fromkeys(schema()["table"]):
        sheet.append([f"• {table_name(table, lang)} – {_first_message(lang, f'about.{table}')}"])
    sheet.column_dimensions["A"].width = 105
    for row in range(1, sheet.max_row + 1):
        cell = sheet.cell(row, 1)
        cell.alignment, cell.font = Alignment(wrap_text=True, vertical="top"), Font(name=FONT, size=11)
        sheet.row_dimensions[row].height = 18 * max(1, -(-len(str(cell.value or "")) // 115))
    for row in bold:
        sheet.cell(row, 1).font = Font(name=FONT, bold=True, size=15 if row == 1 else 12, color=DARK)
    sheet.sheet_view.showGridLines = False


def _lists(sheet: Worksheet, lang: str) -> None:
    """Fill the sheet of lists: a column for each drop-down, and for groups also the card codes."""
    lists = {_first_message(lang, f"list.{kind}") or kind: _options(kind, lang) for kind in CHOICES}
    widths = [max(18, *(min(60, len(o) + 2) for o in options)) for options in lists.values()]
    lists[translate("list.card_codes", lang)] = [str(c).replace(";", ", ") for c in groups()["card_codes"]]
    for i, ((title, options), width) in enumerate(zip(lists.items(), [*widths, 24], strict=True), 1):
        for row, text in enumerate([title, *options], 1):
            sheet.cell(row, i, text)
        sheet.column_dimensions[get_column_letter(i)].width = width
    for cell in sheet[1]:
        cell.font, cell.fill = Font(name=FONT, bold=True, color="FFFFFF"), PatternFill("solid", fgColor=DARK)
    sheet.freeze_panes = "A2"
