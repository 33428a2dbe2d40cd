"""Define the formats of the cells of the workbook, and how its sheets are printed and protected."""

from __future__ import annotations

import xlsxwriter
from xlsxwriter.format import Format

from bhyt_analysis.documents.calculation.cells import Sheet
from bhyt_analysis.documents.content import LOCALES
from bhyt_analysis.i18n.messages import translate

FONT, POINTS = "Times New Roman", 11
DEFAULT_FONT = {"font_name": FONT, "font_size": POINTS}  # by whose digits programs measure the widths of columns
BORDER = {"border": 1, "border_color": "#A6A6A6"}
INPUT = "#FFF2A8"  # what can be set
CHOICE = "#DCEAF7"  # what only chooses which results are shown
NUMBERS = {
    "n": "#,##0", "+n": "+#,##0;-#,##0;0", "d": "#,##0.0", "d2": "#,##0.00", "+d2": "+#,##0.00;-#,##0.00;0.00",
    "vnd": "#,##0.00,,,", "+vnd": "+#,##0.00,,,;-#,##0.00,,,;0.00", "+d": "+#,##0.0;-#,##0.0;0.0",
    "+points": "+0.0;-0.0;0.0", "onward": "\\–", "p1": "0.0%", "p2": "0.00%", "f": "0.000000", "x": "#,##0.0000",
}  # fmt: skip
DAYS = {"vi": "dd/mm/yyyy", "en": "[$-809]d mmm yyyy"}
STAMP = "#B33A00"
MONTHS_OF_YEAR = 12
MARGIN, DOTS = 0.5, 96  # inches at each side of a page; pixels in an inch
WIDTH = 11.69  # of A4, landscape, in inches
SAFE = 0.94  # LibreOffice has columns 5% wider than Excel


def add_formats(book: xlsxwriter.Workbook, lang: str) -> dict[str, Format]:
    """Return the formats of cells by their role; those of cells that can be set begin with "in_"."""
    base: dict[str, object] = {**DEFAULT_FONT, "font_scheme": "none", "valign": "vcenter", "locked": True}
    numbers = {key: LOCALES[lang] + text for key, text in NUMBERS.items()}
    numbers |= {"date": DAYS[lang], "month": "mm/yyyy", "code": "0", "year": "0"}
    styles: dict[str, dict[str, object]] = {
        "title": {"bold": True, "font_size": 15},
        "area": {"bold": True, "font_size": 12},
        "plain": {"text_wrap": True, "valign": "top"},
        "note": {"italic": True, "text_wrap": True, "valign": "top", "font_color": "#404040"},
        "stamp": {"bold": True, "font_color": STAMP, "font_size": 12},
        "section": {"bold": True, "font_size": 12, "font_color": "#1F4E79", "bottom": 1},
        "block": {"bold": True, "font_size": 12, "font_color": "#1F4E79"},
        "head": {**BORDER, "bold": True, "text_wrap": True, "align": "center", "bg_color": "#E7EDF3"},
        "text": {**BORDER, "text_wrap": True, "indent": 1},
        "word": {**BORDER, "text_wrap": True, "align": "center"},
        "faint": {"font_color": "#808080", "font_size": 9},
        "big": {**BORDER, "bold": True, "font_size": 14, "align": "right"},
    }
    for kind, pattern in numbers.items():
        align = "center" if kind in ("date", "month", "code", "year") else "right"
        own = {**BORDER, "num_format": pattern, "align": align}
        styles[kind] = own
        styles[f"{kind}_open"] = {"num_format": pattern, "align": align}
        styles[f"{kind}_bold"] = {**own, "bold": True, "bg_color": "#F3F3F3"}
        styles[f"big_{kind}"] = {**own, "bold": True, "font_size": 14}
        styles[f"in_{kind}"] = {**own, "bg_color": INPUT, "locked": False}
        styles[f"choose_{kind}"] = {**own, "bg_color": CHOICE, "locked": False, "bold": True}
    for count in range(1, MONTHS_OF_YEAR):
        text = translate("calculation.months_of", lang, months=count)
        styles[year_style(count)] = {**styles["year_bold"], "num_format": f'0" ({text})"'}
    styles["code"] |= {"font_color": "#808080", "font_size": 9}
    styles["in_text"] = {**styles["text"], "bg_color": INPUT, "locked": False}
    styles["text_bold"] = {**styles["text"], "bold": True, "bg_color": "#F3F3F3"}
    return {name: book.add_format({**base, **style}) for name, style in styles.items()}


def year_style(months: int) -> str:
    """Return the format of a year of which there are some months: one that is not whole says so."""
    return "year_bold" if months == MONTHS_OF_YEAR else f"year_{months}_months"


def set_page(sheet: Sheet, title: str, header: str = "", columns: int | None = None, largest: int = 100) -> None:
    """Set a sheet up for A4, and protect all cells but those that can be set, without a password.

    ``columns``: how many are printed, from the first on; left out, the whole sheet comes on one page. ``largest``: the
    scale at most, in percent. It is computed, as Excel heeds no page break where it fits a sheet to a number of pages.
    """
    page = sheet.sheet
    page.set_paper(9)  # A4
    page.set_landscape()
    page.set_margins(left=MARGIN, right=MARGIN, top=0.6, bottom=0.6)
    page.set_footer(f"&C{title.replace('&', '&&')} – &A – &P/&N")
    if header:
        page.set_header(f"&C&B{header}")
    if columns is None:
        page.fit_to_pages(1, 1)
    else:
        paper = (WIDTH - 2 * MARGIN) * DOTS
        page.set_print_scale(min(int(100 * SAFE * paper / sheet.pixels(0, columns - 1)), largest))
    sheet.fit_rows()
    page.hide_gridlines(2)
    page.protect("", {"format_columns": True, "format_rows": True, "select_locked_cells": True})
