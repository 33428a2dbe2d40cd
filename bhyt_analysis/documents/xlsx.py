"""Write the tables that an office annexes to its plan, as a workbook whose sums and rates a reader can check.

Biểu 01 to 07: targets by commune, enrolment by group, subsidies, months, the effect of the decision, the log of the
data. Counts are numbers, results are formulas with their values, the total comes first. Names are text, whatever
they begin with.
"""

from __future__ import annotations

import datetime as dt
from itertools import groupby
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name, xl_range
from xlsxwriter.worksheet import Worksheet

from bhyt_analysis.documents.content import LOCALES, PLAIN_TEXT, Content
from bhyt_analysis.documents.xlsx_forms import Annex, Field, Row, annexes
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.safe_text import to_title
from bhyt_analysis.tables.formatting import OTHER_MARK

FONT = "Times New Roman"
FORMATS = {"n": "#,##0", "+n": "#,##0", "d1": "#,##0.0", "p1": "0.0%", "pe": "0.0#%", "+pp1": "0.0"}
DATE_FORMATS = {"vi": "dd/mm/yyyy", "en": "[$-809]d mmmm yyyy"}
HEADING_ROW = 5  # below the reference, the name of the table, the area, the stamp and the units
ONE_PAGE = 26  # rows
LINE = 16.5  # points
BORDER = {"border": 1, "border_color": "#7F7F7F"}
Cell = tuple[int, int]


def write_xlsx(content: Content, path: Path) -> None:
    """Write the annex tables of a briefing to ``path``; a table without figures says what it needs."""
    book = xlsxwriter.Workbook(str(path), PLAIN_TEXT)
    subject = translate("label.reference", content.lang)
    title = to_title(f"{content.title}: {content.area}")
    book.set_properties({"title": title, "subject": subject, "author": "bhyt_analysis"})
    formats = _add_formats(book, content.lang)
    for number, (key, annex) in enumerate(annexes(content), 1):
        _add_sheet(book, formats, content, number, key, annex)
    book.close()


def _add_formats(book: xlsxwriter.Workbook, lang: str) -> dict[str, Format]:
    """Return the formats of cells by their role or kind; those of the row of the total end in "_total"."""
    base: dict[str, object] = {"font_name": FONT, "font_size": 12, "valign": "vcenter"}
    styles: dict[str, dict[str, object]] = {
        "name": {"bold": True, "font_size": 14, "align": "center"},
        "area": {"bold": True, "align": "center"},
        "plain": {"italic": True},
        "unit": {"italic": True, "align": "right"},
        "note": {"italic": True, "text_wrap": True, "valign": "top"},
        "stamp": {"text_wrap": True, "bold": True, "font_color": "#B33A00", "align": "center"},
        "head": {**BORDER, "bold": True, "text_wrap": True, "align": "center", "bg_color": "#E7EDF3"},
    }
    numbers = {kind: LOCALES[lang] + text for kind, text in FORMATS.items()}
    numbers |= {"text": "@", "date": DATE_FORMATS[lang], "order": "0"}
    for kind, text in numbers.items():
        align = {"text": "left", "date": "center", "order": "center"}.get(kind, "right")
        style = {**BORDER, "num_format": text, "align": align, "text_wrap": kind == "text"}
        styles |= {kind: style, f"{kind}_total": {**style, "bold": True, "bg_color": "#F3F3F3"}}
    return {name: book.add_format({**base, **style}) for name, style in styles.items()}


def _add_sheet(
    book: xlsxwriter.Workbook, formats: dict[str, Format], content: Content, number: int, key: str, annex: Annex
) -> None:
    lang, fields = content.lang, annex.fields
    label = f"{translate('label.annex', lang)} {number:02d}"
    sheet = book.add_worksheet(label)
    last = max(len(fields) - 1, 0)
    title = f"{label}. {translate(f'annex.{key}', lang, decision=content.decision)}"
    warning = "; ".join(b.text for b in content.of_kind("warning")) or annex.stamp
    width = sum(f.width for f in fields)
    sheet.set_row(1, 1.4 * LINE)
    sheet.set_row(3, LINE * _count_lines(warning, width * 0.9) if warning else 8)
    name = title.upper() if lang == "vi" else title
    lines = {"plain": translate("label.reference", lang), "name": name, "area": content.area_heading, "stamp": warning}
    for row, (role, text) in enumerate(lines.items()):
        if last and row:
            sheet.merge_range(row, 0, row, last, "", formats[role])
        sheet.write_string(row, 0, text, formats[role])
    sheet.write_string(HEADING_ROW - 1, last, translate(f"annex_unit.{key}", lang), formats["unit"])
    for column, field in enumerate(fields):
        sheet.set_column(column, column, field.width)
        sheet.write_string(HEADING_ROW, column, field.heading(lang), formats["head"])
    sheet.set_row(HEADING_ROW, 48)
    total = any(f.total for f in fields) and bool(annex.rows)
    if total:
        _write_total(sheet, formats, annex, lang)
    _write_rows(sheet, formats, annex, HEADING_ROW + 1 + total)
    for row, note in enumerate(filter(None, annex.notes), HEADING_ROW + 2 + total + len(annex.rows)):
        if last:
            sheet.merge_range(row, 0, row, last, "", formats["note"])
        sheet.write_string(row, 0, note, formats["note"])
        sheet.set_row(row, LINE * _count_lines(note, width or 80))
    _set_print(sheet, title, len(annex.rows), content.internal_stamp)


def _write_total(sheet: Worksheet, formats: dict[str, Format], annex: Annex, lang: str) -> None:
    """Write the row of the total, which leaves out rows that are part of the row above."""
    row = HEADING_ROW + 1
    counted = {row + 1 + i: r for i, r in enumerate(annex.rows) if not r.get("within")}
    totals: Row = {**annex.rows[0]}
    for field in annex.fields:
        numbers = [v for r in counted.values() if isinstance(v := r.get(field.key), int | float)]
        totals[field.key] = sum(numbers) if len(numbers) == len(counted) else None
    for column, field in enumerate(annex.fields):
        style, value = formats[f"{field.kind}_total"], totals[field.key]
        if field.key == "name":
            sheet.write_string(row, column, translate("label.total", lang), style)
        elif field.total == "sum" and value is not None:
            spans = ",".join(_spans(list(counted), column))
            sheet.write_formula(row, column, f"=SUM({spans})", style, value)
        elif field.total == "formula":
            _write_formula(sheet, (row, column), field, annex, style, totals)
        else:
            sheet.write_blank(row, column, None, style)


def _write_rows(sheet: Worksheet, formats: dict[str, Format], annex: Annex, first: int) -> None:
    for i, row in enumerate(annex.rows, first):
        texts = [(str(row.get(f.key) or ""), f.width) for f in annex.fields if f.kind == "text"]
        sheet.set_row(i, LINE * max([_count_lines(text, width) for text, width in texts], default=1))
        for column, field in enumerate(annex.fields):
            value, style = row.get(field.key), formats[field.kind]
            if field.template:
                _write_formula(sheet, (i, column), field, annex, style, row)
            elif isinstance(value, int | float):
                sheet.write_number(i, column, value, style)
            elif field.kind == "date" and value:
                sheet.write_datetime(i, column, dt.date.fromisoformat(str(value)), style)
            else:
                sheet.write_string(i, column, "–" if value is None else str(value), style)


def _write_formula(sheet: Worksheet, cell: Cell, field: Field, annex: Annex, style: Format, row: Row) -> None:
    """Write the formula of a field with its value in a row; a mark where it is hidden, a dash where it has none."""
    letters = {f.key: xl_col_to_name(c) for c, f in enumerate(annex.fields)}
    formula = field.template.format(row=cell[0] + 1, above=cell[0], total=HEADING_ROW + 2, **letters)
    own, value = row.get(field.key), field.value(row)
    if isinstance(own, str):
        sheet.write_string(*cell, own, style)
    elif value is None:
        is_hidden = any(isinstance(row.get(name), str) for name in field.operation.split()[::2])
        sheet.write_string(*cell, OTHER_MARK if is_hidden else "–", style)
    else:
        sheet.write_formula(*cell, f"={formula}", style, value)


def _count_lines(text: str, width: float) -> int:
    return 1 + int(len(text) / (width * 1.08))  # a width is in digits, which are wider than most letters


def _spans(rows: list[int], column: int) -> list[str]:
    """Return the cells of a column as few ranges.

    >>> _spans([6, 7, 8, 11], 1)
    ['B7:B9', 'B12']
    """
    spans = [[row for _, row in pairs] for _, pairs in groupby(enumerate(rows), lambda pair: pair[1] - pair[0])]
    return [xl_range(span[0], column, span[-1], column) for span in spans]


def _set_print(sheet: Worksheet, title: str, rows: int, stamp: str) -> None:
    sheet.set_paper(9)  # A4
    sheet.set_landscape()
    sheet.center_horizontally()
    sheet.set_margins(left=0.6, right=0.6, top=0.7, bottom=0.6)
    sheet.repeat_rows(HEADING_ROW)
    sheet.fit_to_pages(1, 1 if rows <= ONE_PAGE else 0)
    sheet.set_footer(f"&C{title.replace('&', '&&')} – &P/&N")
    if stamp:
        sheet.set_header(f"&C&B{stamp}")
    sheet.freeze_panes(HEADING_ROW + 1, 0)
    sheet.hide_gridlines(2)
