"""Write the workbook that calculates an area: one file, without macros, whose formulas lead down to what can be set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import xlsxwriter

from bhyt_analysis.documents.calculation.book import Book
from bhyt_analysis.documents.calculation.cells import Sheet, when
from bhyt_analysis.documents.calculation.changes import Parts, write_changes, write_checks, write_stamp
from bhyt_analysis.documents.calculation.inputs import HEAD, SOURCE, START, Inputs, write_differences, write_inputs
from bhyt_analysis.documents.calculation.law_sheet import MonthlyLaw, SetLaw, monthly_law, set_law, write_law
from bhyt_analysis.documents.calculation.month_sheet import MonthSheet
from bhyt_analysis.documents.calculation.months import MonthWriter, Summary, start_summary
from bhyt_analysis.documents.calculation.one_unit import one_unit
from bhyt_analysis.documents.calculation.paths import PathWriter
from bhyt_analysis.documents.calculation.people import write_people
from bhyt_analysis.documents.calculation.reference import Reference, write_reference
from bhyt_analysis.documents.calculation.results import ResultWriter
from bhyt_analysis.documents.calculation.styles import DEFAULT_FONT, add_formats, set_page
from bhyt_analysis.documents.calculation.zones_sheet import write_zones
from bhyt_analysis.documents.content import PLAIN_TEXT, Content
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.safe_text import to_title
from bhyt_analysis.tables.disclosure import disclosure_rules

MODEL, FACTS = "model.json", "facts.json"  # beside the notebook
LEFT_OUT = "left_out"
MONTHS_SCALE = 65  # percent, at which the months of eight years come on three pages


def write_model(content: Content, path: Path) -> None:
    """Write the workbook of an area to ``path``; a sentence where it may not be published or is not known."""
    record = _read(path.with_name(MODEL))
    facts = {fact["key"]: fact for fact in (_read(path.with_name(FACTS)) or {"facts": []})["facts"]}
    file = xlsxwriter.Workbook(str(path), {**PLAIN_TEXT, "default_format_properties": DEFAULT_FONT})
    title = to_title(f"{translate('calculation.title', content.lang)}: {content.area}")
    file.set_properties({"title": title, "author": "bhyt_analysis"})
    formats = add_formats(file, content.lang)
    if record is None or LEFT_OUT in record:
        _write_reason(file, formats, content, "none" if record is None else str(record[LEFT_OUT]))
    else:
        headline = f"{translate('calculation.title', content.lang)}: {content.area_heading}"
        book = Book(file, one_unit(record), facts, content.lang, headline, content.internal_stamp, formats)
        write_book(book)
    file.close()


def _read(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _write_reason(file: xlsxwriter.Workbook, formats: dict[str, Any], content: Content, reason: str) -> None:
    """Write why the area has no workbook."""
    lang = content.lang
    sheet = Sheet(file, translate("calculation.sheet_results", lang), formats)
    sheet.spread((90,))
    sheet.text(0, 0, content.area_heading, "title")
    text = translate(f"calculation.left_out_{reason}", lang, count=disclosure_rules()["threshold"])
    sheet.text(2, 0, text, "plain")
    set_page(sheet, content.area_heading, content.internal_stamp)


def write_book(book: Book) -> None:
    """Write all sheets, each after those that it reads."""
    book.add_sheets()
    months, paths_sheet = (book.sheets[key] for key in ("months", "paths"))
    assert isinstance(months, MonthSheet) and isinstance(paths_sheet, MonthSheet)
    for sheet in (months, paths_sheet):
        sheet.start((book.word("month_number"), book.word("month"), book.word("first_day")))
    summary = start_summary(book)
    rows = write_law(book)
    monthly = monthly_law(book, rows)
    zones = write_zones(book)
    inputs = write_inputs(book, monthly)
    law = set_law(book, inputs, monthly)
    paths = PathWriter(book, inputs, law).write()
    people = write_people(book, paths, zones)
    results = MonthWriter(book, inputs, (monthly, law), paths, people).write(summary)
    write_differences(book, inputs, _pairs(inputs, monthly, law), zones)
    reference = write_reference(book, results)
    _fill_comparison(book, inputs, summary, reference)
    yearly_totals = ResultWriter(book, inputs, results, reference).write()
    write_checks(book, Parts(inputs, law, people, results, reference, yearly_totals, zones))
    write_changes(book, inputs, zones)
    _finish(book, inputs)


def _pairs(inputs: Inputs, monthly: MonthlyLaw, law: SetLaw) -> dict[str, tuple[Any, Any]]:
    """Return of each row about the law its columns without and with what was set."""
    pairs = {f"support.{key}": (monthly.shares[key], law.shares[key]) for key in inputs.support}
    pairs |= {f"top_up.{key}": (law.without_top_up[key], law.local[key]) for key in inputs.top_up}
    amounts = {"base_salary": law.base_salary, "contribution_rate": law.contribution_rate}
    return pairs | {name: (monthly.amounts[name], amounts[name]) for name in inputs.law}


def _fill_comparison(book: Book, inputs: Inputs, summary: Summary, reference: Reference) -> None:
    """Write beside the path of a scenario that of the briefing, its interval while nothing is set, and the target.

    Once something is set, the interval is the path itself, so that charts do not draw another one.
    """
    band, is_set = book.model["band"], inputs.any_differs > 0
    assert inputs.target is not None
    for i, t in enumerate(book.reported):
        summary.baseline.put(t, reference.insured[t] / summary.people[t])
        summary.target.put(t, inputs.target.used)
        for column, key in ((summary.low, "low"), (summary.high, "high")):
            if column is not None:
                column.put(t, when(is_set, summary.rate[t], band[key][i]))


def _finish(book: Book, inputs: Inputs) -> None:
    """Write the titles and the stamp of all sheets, and set up what remains of each page."""
    book.stamp = write_stamp(book, inputs)
    for key, sheet in book.sheets.items():
        title = book.headline if key in ("inputs", "results") else book.word(f"sheet_title_{key}")
        book.heading(sheet, title)
        if isinstance(sheet, MonthSheet):
            sheet.finish()
            set_page(sheet, book.headline, book.header, sheet.printed, MONTHS_SCALE)
    sheet = book.sheets["inputs"]
    for row, key in ((2, "in_how"), (3, "in_colours"), (4, "in_law_note")):
        sheet.text(row, 0, book.word(key), "note", last=SOURCE)
    sheet.sheet.print_area(0, 0, inputs.last_row, SOURCE)
    sheet.sheet.set_h_pagebreaks(inputs.breaks)
    set_page(sheet, book.headline, book.header, SOURCE + 1)
    sheet.sheet.repeat_rows(HEAD)
    sheet.sheet.freeze_panes(START, 1)
    sheet.sheet.activate()
    book.file.set_calc_mode("auto")
