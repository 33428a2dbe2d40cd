"""The tables that an office annexes to its plan, as a workbook whose sums and rates a reader can check.

Biểu 01 to 06: targets by commune, enrolment by group, subsidies, months, the effect of the
decision, the log of the data. What is counted stands as a number, what is worked out of it
as a formula with its result, the total first. Names are text, whatever they begin with.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from bhyt_analysis.documents.content import LOCALES, Content
from bhyt_analysis.documents.xlsx_forms import ANNEXES, Annex, Field
from bhyt_analysis.i18n.messages import translate

FONT = "Times New Roman"
FORMATS = {"n": "#,##0", "+n": "#,##0", "d1": "#,##0.0", "p1": "0.0%", "pe": "0.0#%", "+pp1": "0.0"}
DAYS = {"vi": "dd/mm/yyyy", "en": "[$-809]d mmmm yyyy"}
HEAD = 5  # rows above the headings: number and name of the table, area, units, blank
ONE_PAGE = 26  # rows
LINE = 16.5  # points
BORDER = {"border": 1, "border_color": "#7F7F7F"}


def write_xlsx(content: Content, path: Path) -> None:
    """Write the annex tables of a briefing to ``path``; a table without figures says what it needs."""
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})  # fmt: skip
    book.set_properties({"title": f"{content.title}: {content.area}", "subject": translate("label.reference", content.lang), "author": "bhyt_analysis"})  # fmt: skip
    looks = _looks(book, content.lang)
    for number_, (key, build) in enumerate(ANNEXES.items(), 1):
        _sheet(book, looks, content, number_, key, build(content))
    book.close()


def _looks(book: Any, lang: str) -> dict[str, Any]:
    """The formats of cells, by what they hold and whether they stand in the row of the total."""
    base = {"font_name": FONT, "font_size": 12, "valign": "vcenter"}
    looks = {
        "name": {**base, "bold": True, "font_size": 14, "align": "center"},
        "area": {**base, "bold": True, "align": "center"},
        "plain": {**base, "italic": True},
        "unit": {**base, "italic": True, "align": "right"},
        "note": {**base, "italic": True, "text_wrap": True, "valign": "top"},
        "stamp": {**base, "text_wrap": True, "bold": True, "font_color": "#B33A00", "align": "center"},
        "head": {**base, **BORDER, "bold": True, "text_wrap": True, "align": "center", "bg_color": "#E7EDF3"},
    }
    for total in (False, True):
        mark = {"bold": True, "bg_color": "#F3F3F3"} if total else {}
        for kind, style in {
            **{k: LOCALES[lang] + f for k, f in FORMATS.items()},
            "text": "@",
            "date": DAYS[lang],
            "order": "0",
        }.items():
            align = {"text": "left", "date": "center", "order": "center"}.get(kind, "right")
            looks[f"{kind}{total}"] = {**base, **BORDER, **mark, "num_format": style, "align": align, "text_wrap": kind == "text"}  # fmt: skip
    return {name: book.add_format(look) for name, look in looks.items()}


def _sheet(book: Any, looks: dict[str, Any], content: Content, order: int, key: str, annex: Annex) -> None:
    lang, (fields, rows, notes, stamp) = content.lang, annex
    sheet = book.add_worksheet(f"{translate('label.annex', lang)} {order:02d}")
    last = max(len(fields) - 1, 0)
    title = f"{translate('label.annex', lang)} {order:02d}. {translate(f'annex.{key}', lang)}"
    warning = "; ".join(b.text for b in content.of("warning")) or stamp
    wide = sum(f.width for f in fields)
    sheet.set_row(1, 1.4 * LINE)
    sheet.set_row(3, LINE * _lines(warning, wide * 0.9) if warning else 8)
    for row, (text, look) in enumerate([
        (translate("label.reference", lang), "plain"), (title.upper() if lang == "vi" else title, "name"),
        (content.area[:1].upper() + content.area[1:], "area"),
        (warning, "stamp"),
    ]):  # fmt: skip
        if last and row:
            sheet.merge_range(row, 0, row, last, "", looks[look])
        sheet.write_string(row, 0, text, looks[look])
    sheet.write_string(HEAD - 1, last, translate(f"annex_unit.{key}", lang), looks["unit"])
    for c, field in enumerate(fields):
        sheet.set_column(c, c, field.width)
        sheet.write_string(HEAD, c, field.heading, looks["head"])
    sheet.set_row(HEAD, 48)
    _rows(sheet, looks, lang, fields, rows)
    _notes(sheet, looks, HEAD + 2 + len(rows) + (1 if _has_total(fields) and rows else 0), last, fields, notes)
    _print(sheet, title, len(rows))


def _has_total(fields: list[Field]) -> bool:
    return any(f.total for f in fields)


def _rows(sheet: Any, looks: dict[str, Any], lang: str, fields: list[Field], rows: list[dict[str, Any]]) -> None:
    """The total first, where there is one, then the rows."""
    letters = {f.key: xl_col_to_name(c) for c, f in enumerate(fields)}
    first = HEAD + 1
    if rows and _has_total(fields):
        counted = [r for r in rows if not r.get("within")]
        totals: dict[str, Any] = {}
        for field in fields:
            cells = [r.get(field.key) for r in counted]
            whole = all(isinstance(v, int | float) for v in cells)
            totals[field.key] = sum(v for v in cells if isinstance(v, int | float)) if whole else None
        for c, field in enumerate(fields):
            look = looks[f"{field.kind}True"]
            place = (first, c)
            if field.key == "name":
                sheet.write_string(*place, translate("label.total", lang), look)
            elif field.total == "sum" and totals[field.key] is not None:
                spans = ",".join(_spans([first + 2 + i for i, r in enumerate(rows) if not r.get("within")], letters[field.key]))  # fmt: skip
                sheet.write_formula(*place, f"=SUM({spans})", look, totals[field.key])
            elif field.total == "formula" and field.value is not None:
                _formula(sheet, place, field, letters, look, field.value(totals))
            else:
                sheet.write_blank(*place, None, look)
        first += 1
    for i, row in enumerate(rows):
        texts = [(str(row.get(f.key) or ""), f.width) for f in fields if f.kind == "text"]
        sheet.set_row(first + i, LINE * max([_lines(text, width) for text, width in texts], default=1))
        for c, field in enumerate(fields):
            _cell(sheet, (first + i, c), field, letters, looks[f"{field.kind}False"], row, lang)


def _lines(text: str, width: float) -> int:
    """How many lines a text takes in a column, whose width is in digits, wider than most letters."""
    return 1 + int(len(text) / (width * 1.08))


def _spans(rows: list[int], letter: str) -> list[str]:
    """The cells of a column as few spans: B7:B9, B12."""
    spans: list[list[int]] = []
    for row in rows:
        if spans and spans[-1][1] == row - 1:
            spans[-1][1] = row
        else:
            spans.append([row, row])
    return [f"{letter}{a}:{letter}{b}" if a < b else f"{letter}{a}" for a, b in spans]


def _formula(sheet: Any, place: tuple[int, int], field: Field, letters: dict[str, str], look: Any, value: Any) -> None:
    """A formula with its result; where it has none, a blank."""
    if value is None:
        sheet.write_string(*place, "–", look)
        return
    sheet.write_formula(
        *place, "=" + field.formula.format(row=place[0] + 1, above=place[0], total=HEAD + 2, **letters), look, value
    )


def _cell(sheet: Any, place: tuple[int, int], field: Field, letters: dict[str, str], look: Any, row: dict[str, Any], lang: str) -> None:  # fmt: skip
    if field.value is not None:
        _formula(sheet, place, field, letters, look, field.value(row))
        return
    value = row.get(field.key)
    if isinstance(value, int | float):
        sheet.write_number(*place, value, look)
    elif field.kind == "date" and value:
        sheet.write_datetime(*place, dt.date.fromisoformat(value), look)
    else:
        sheet.write_string(*place, "–" if value is None else str(value), look)


def _notes(sheet: Any, looks: dict[str, Any], row: int, last: int, fields: list[Field], notes: Sequence[str]) -> None:
    """What holds for the whole table, below it, with room for its lines."""
    wide = sum(f.width for f in fields) or 80
    for i, note in enumerate(filter(None, notes)):
        if last:
            sheet.merge_range(row + i, 0, row + i, last, "", looks["note"])
        sheet.write_string(row + i, 0, note, looks["note"])
        sheet.set_row(row + i, LINE * _lines(note, wide))


def _print(sheet: Any, title: str, rows: int) -> None:
    """A4 on its side, the headings on every page, as wide as the page; a short table on one."""
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.center_horizontally()
    sheet.set_margins(left=0.6, right=0.6, top=0.7, bottom=0.6)
    sheet.repeat_rows(HEAD)
    sheet.fit_to_pages(1, 1 if rows <= ONE_PAGE else 0)
    sheet.set_footer(f"&C{title.replace('&', '&&')} – &P/&N")
    sheet.freeze_panes(HEAD + 1, 0)
    sheet.hide_gridlines(2)
