"""Write the sheet of results: key figures at the month of the target, years, groups and payers of a year, charts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell

from bhyt_analysis.documents.calculation.book import Book
from bhyt_analysis.documents.calculation.cells import (
    MISSING,
    Operand,
    Range,
    Term,
    all_of,
    item,
    largest,
    match,
    round_down,
    sum_of,
    sum_where,
    term,
    to_upper,
    to_whole,
    when,
)
from bhyt_analysis.documents.calculation.inputs import Inputs, Lever, default_since, default_target
from bhyt_analysis.documents.calculation.month_sheet import Column, MonthSheet
from bhyt_analysis.documents.calculation.months import Results
from bhyt_analysis.documents.calculation.reference import Reference
from bhyt_analysis.documents.calculation.styles import MONTHS_OF_YEAR, set_page, year_style
from bhyt_analysis.i18n.messages import translate

KEY_ROW = 4
PUBLIC = ("central", "province")
TEN_THOUSAND = 10_000  # in which targets are counted, exactly
CHART_ROWS = 17
COLOURS = ("#1F4E79", "#2E9C8F", "#7F7F7F", "#C98500", "#B0563B")


@dataclass
class YearlyTotals:
    """What other sheets read of the results: the cells of the yearly totals by payer."""

    yearly: dict[str, list[Term]]
    months: list[Term]


class ResultWriter:
    """Write the sheet of results."""

    def __init__(self, book: Book, inputs: Inputs, results: Results, reference: Reference) -> None:
        self.book, self.inputs, self.results, self.reference = book, inputs, results, reference
        self.sheet, self.row = book.sheets["results"], KEY_ROW
        months = book.sheets["months"]
        assert isinstance(months, MonthSheet)
        self.months, self.summary = months, results.summary

    def write(self) -> YearlyTotals:
        """Write all tables and charts of the sheet."""
        book = self.book
        self.payers = list(self.summary.payers)
        self.last = 3 + len(self.payers)
        self.sheet.spread((60, 15, 15, 15, *[16] * len(self.payers)))
        status = translate(f"status.{book.model['status']}", book.lang).lower()
        note = book.word("results_note", as_of=dt.date.fromisoformat(book.model["as_of"]), status=status)
        self.sheet.text(2, 0, note, "note", last=self.last)
        self._write_key_figures()
        yearly_totals = self._write_years()
        self._write_groups()
        self._write_notes()
        self._add_charts()
        self.sheet.sheet.print_area(0, 0, self.row + 2 * CHART_ROWS + 2, self.last)
        self.sheet.sheet.set_h_pagebreaks([self.group_rows - 2, self.row])
        set_page(self.sheet, book.headline, book.header, self.last + 1)
        return yearly_totals

    # --- Key figures

    def _write_key_figures(self) -> None:
        book, inputs, sheet = self.book, self.inputs, self.sheet
        assert inputs.target is not None and inputs.on is not None
        for column, key in enumerate(("key_figure", "scenario", "as_briefed", "difference")):
            sheet.text(self.row, column, book.word(key), "head")
        self.row += 1
        first = book.reported[0]
        self.place = match(inputs.on.used, self.months.ends.down(first=first))
        self._key("key_month", inputs.on.used, None, "month")
        place = sheet.formula(self.row - 1, self.last + 1, self.place, "faint")
        insured, people = (item(c.down(), place) for c in (self.summary.insured, self.summary.people))
        before = item(list(self.reference.insured.values()), place)
        self._key("key_rate", insured / people, before / people, "p1", is_big=True)
        now = self._key("key_insured", insured, before)
        population = self._key("key_people", people, people)
        self._key("key_uninsured", population - now, population - before)
        need = self._key("key_needed", self._people_for_target(inputs.target, population), None)
        missing = self._key("key_missing", largest(need - now, 0), largest(need - before, 0), is_big=True)
        span = self._key("key_months", largest(place - self._since_place() + 1, 1), None)
        self._key("key_monthly", to_upper(missing / span), to_upper(largest(need - before, 0) / span))
        if self.summary.lost is not None and self.summary.back is not None:
            lost = self._key("key_lost", item(self.summary.lost.down(), place), None)
            back = self._key("key_back", to_whole(item(self.summary.back.down(), place)), None)
            self._key("key_back_share", when(lost > 0, back / lost, 0), None, "p1")
        self._write_cost(place)

    def _since_place(self) -> int:
        """Return the position, among the months of the results, from which a change of the law can hold."""
        days = [day.replace(day=1) for day in self.book.days[self.book.reported[0] :]]
        return 1 + next(i for i, day in enumerate(days) if day >= default_since(self.book))

    def _people_for_target(self, target: Lever, people: Term) -> Term:
        """Return the people that a target asks for: in ten-thousandths; one more for one to exceed."""
        exact = people * to_whole(target.used * TEN_THOUSAND) / TEN_THOUSAND
        goal, _ = default_target(self.book)
        if goal is not None and goal["relation"] == ">":
            return when(target.differs > 0, to_upper(exact), round_down(exact) + 1)
        return to_upper(exact)

    def _key(self, key: str, now: Operand, before: Operand | None, style: str = "n", is_big: bool = False) -> Term:
        """Write a key figure, what the briefing has, and the difference."""
        sheet, row, own = self.sheet, self.row, f"big_{style}" if is_big else style
        sheet.text(row, 0, self.book.word(key), "text_bold" if is_big else "text")
        cell = sheet.formula(row, 1, term(now), own)
        for column in (2, 3):
            sheet.text(row, column, "")
        if before is not None:
            reference = sheet.formula(row, 2, term(before), style)
            points = style.startswith("p")
            difference = (cell - reference) * 100 if points else cell - reference
            sheet.formula(row, 3, difference, "+points" if points else "+vnd" if style == "vnd" else "+n")
        self.row += 1
        return cell

    def _write_cost(self, place: Term) -> None:
        """Write what a scenario adds of public money, and what each additional insured person costs in a year."""
        book, payers = self.book, [p for p in self.payers if p in PUBLIC]
        if not payers:
            return
        top = book.reported[0]
        months = self.months.numbers.down(first=top)
        within = f"--({_text(months)}<={place.text}+{top - 1})"
        money = sum_of(self._until(within, self.summary.payers[p].down(), place) for p in payers)
        before = sum_of(self._until(within, list(self.reference.payers[p].values()), place) for p in payers)
        more = self._key("key_public", money, before, "vnd")
        assert more is not None
        insured = self._until(within, self.summary.insured.down(), place)
        years = (insured - self._until(within, list(self.reference.insured.values()), place)) / MONTHS_OF_YEAR
        added = self._key("key_person_years", years, None, "+d")
        extra = self.sheet.cell(self.row - 2, 3, money.number - before.number)
        is_known = self.summary.costed[top].equals(self.reference.costed[top])
        has_cost = all_of(is_known, added > 0, extra >= 0, self.summary.costed[top] > 0)
        self._key("key_per_person", when(has_cost, extra / when(added.equals(0), 1, added), MISSING), None)

    def _until(self, within: str, cells: list[Term], place: Term) -> Term:
        """Return the sum of cells of the months until a position."""
        value = sum(cell.number for cell in cells[: int(place.number)])
        return Term(f"SUMPRODUCT({within},{_text(cells)})", value)

    # --- Years

    def _write_years(self) -> YearlyTotals:
        book, sheet = self.book, self.sheet
        self.row += 1
        sheet.text(self.row, 0, book.word("results_years"), "section")
        self.row += 1
        heads = ["year", "key_rate_year", "key_insured_year", "change_insured"]
        texts = [book.word(key) for key in heads] + [book.payer(p) for p in self.payers]
        for column, text in enumerate(texts):
            sheet.text(self.row, column, text, "head")
        self.year_row = self.row + 1
        yearly_totals = YearlyTotals({payer: [] for payer in self.payers}, [])
        self.year_cells = list[Term]()
        assert self.results.years is not None
        years = self.results.years.down()
        for year, months in book.years.items():
            self.row += 1
            self.year_cells.append(sheet.number(self.row, 0, year, year_style(len(months))))
            last, insured = months[-1], self.summary.insured
            sheet.formula(self.row, 1, self.summary.rate[last], "p1")
            sheet.formula(self.row, 2, insured[last], "n")
            sheet.formula(self.row, 3, insured[last] - self.reference.insured[last], "+n")
            for k, payer in enumerate(self.payers):
                amount = sum_where(years, self.year_cells[-1], self.summary.payers[payer].down())
                yearly_totals.yearly[payer].append(sheet.formula(self.row, 4 + k, amount, "vnd"))
        self.row += 2
        return yearly_totals

    # --- Groups and payers of a year

    def _write_groups(self) -> None:
        book, sheet, row = self.book, self.sheet, self.row
        years = list(book.years)
        since = default_since(book).year
        year = since if since in years else years[-1]
        sheet.text(row, 0, book.word("results_groups"), "section")
        chosen = sheet.number(row, 1, year, "choose_year")
        sheet.text(row, 2, book.word("choose_year"), "faint")
        choices = {
            "validate": "list",
            "source": sheet.absolute(self.year_cells),
            "input_message": book.word("choose_year"),
        }
        sheet.sheet.data_validation(row, 1, row, 1, choices)
        position = sheet.formula(row, self.last + 1, match(chosen, self.year_cells), "faint")
        texts = [book.word(key) for key in ("group_name", "people_at_end_of", "change_people", "money_known")]
        for column, text in enumerate([*texts, *map(book.payer, self.payers)]):
            sheet.text(row + 1, column, text, "head")
        self.row = row + 2
        self.group_rows = self.row
        for group in self.results.rounded:
            self._write_group(group, chosen, position)
        self._write_total(chosen)
        self.row += 1
        sheet.text(self.row, 0, book.word("results_change"), "section")
        self.row += 1
        sheet.text(self.row, 0, book.word("group_name"), "head", last=3)
        for k, payer in enumerate(self.payers):
            sheet.text(self.row, 4 + k, book.payer(payer), "head")
        self.row += 1
        for i, group in enumerate(self.results.rounded):
            self._write_change(group, position, self.group_rows + i)

    def _write_group(self, group: str, chosen: Term, position: Term) -> None:
        sheet, book, rounded = self.sheet, self.book, self.results.rounded[group]
        assert self.results.years is not None
        ends = [rounded[months[-1]] for months in book.years.values()]
        sheet.text(self.row, 0, book.group(group))
        at_ends = self._by_position(ends, position)
        people = sheet.formula(self.row, 1, at_ends)
        sheet.formula(self.row, 2, people - item(self.reference.people_by_year[group], position), "+n")
        own = {payer: column for (key, payer), column in self.results.money.items() if key == group}
        sheet.text(self.row, 3, book.word("yes" if own else "not_known"), "word")
        for k, payer in enumerate(self.payers):
            if payer in own:
                amount = sum_where(self.results.years.down(), chosen, own[payer].down())
                sheet.formula(self.row, 4 + k, amount, "vnd")
            else:
                sheet.text(self.row, 4 + k, "" if own else MISSING, "vnd")
        self.row += 1

    def _by_position(self, cells: list[Term], position: Term) -> Term:
        """Return one of some cells that are not next to each other."""
        text = f"CHOOSE({position.text},{','.join(cell.text for cell in cells)})"
        return Term(text, cells[int(position.number) - 1].value)

    def _write_total(self, chosen: Term) -> None:
        sheet, count = self.sheet, len(self.results.rounded)
        assert self.results.years is not None
        sheet.text(self.row, 0, self.book.word("total"), "text_bold")
        for column, style in ((1, "n_bold"), (2, "+n_bold"), (3, "text_bold")):
            if column == 3:
                sheet.text(self.row, column, "", style)
                continue
            text = f"SUM({_cell(self.group_rows, column)}:{_cell(self.row - 1, column)})"
            value = self._column_sum(column, count)
            sheet.formula(self.row, column, Term(text, value), style)
        for k, payer in enumerate(self.payers):
            text = f"SUM({_cell(self.group_rows, 4 + k)}:{_cell(self.row - 1, 4 + k)})"
            value = sum_where(self.results.years.down(), chosen, self.summary.payers[payer].down()).number
            sheet.formula(self.row, 4 + k, Term(text, value), "vnd_bold")
        self.row += 1

    def _column_sum(self, column: int, count: int) -> float:
        """Return the people of all groups at the end of the chosen year, or the sum of their changes, which is 0."""
        since = list(self.book.years).index(self._default_year())
        ends = [months[-1] for months in self.book.years.values()]
        return sum(c[ends[since]].number for c in self.results.rounded.values()) if column == 1 else 0.0

    def _default_year(self) -> int:
        years, since = list(self.book.years), default_since(self.book).year
        return since if since in years else years[-1]

    def _write_change(self, group: str, position: Term, row: int) -> None:
        """Write what a group's money of the year differs from that of the briefing, by payer."""
        sheet, book = self.sheet, self.book
        own = [payer for key, payer in self.results.money if key == group]
        if not own:
            return
        sheet.text(self.row, 0, book.group(group), last=3)
        for k, payer in enumerate(self.payers):
            if payer not in own:
                sheet.text(self.row, 4 + k, "")
                continue
            before = item(self.reference.by_year[group, payer], position)
            now = sheet.cell(row, 4 + k, before.value)
            sheet.formula(self.row, 4 + k, now - before, "+vnd")
        self.row += 1

    # --- Notes and charts

    def _write_notes(self) -> None:
        book, model = self.book, self.book.model
        top = book.reported[0]
        part = self.summary.costed[top].number / max(self.summary.insured[top].number, 1)
        notes = [book.word("note_money"), book.word("note_reference"), book.word("note_central")]
        if part < 1:
            notes.append(book.word("note_costed", share=part))
        if (units := model.get("units", 1)) > 1:
            notes.append(book.word("note_units" if model.get("adds_up", True) else "note_units_people", units=units))
        self.row += 1
        self.sheet.text(self.row, 0, " ".join(notes), "note", last=self.last)
        self.row += 1

    def _add_charts(self) -> None:
        self.sheet.sheet.insert_chart(self.row, 0, self._coverage_chart(), {"object_position": 2, "y_offset": 4})
        self.sheet.sheet.insert_chart(self.row + CHART_ROWS + 1, 0, self._money_chart(), {"object_position": 2})

    def _coverage_chart(self) -> Any:
        book, own = self.book, self.summary
        chart = book.file.add_chart({"type": "line"})
        lines: list[tuple[Column | None, str, dict[str, Any]]] = [
            (own.rate, book.word("month_rate"), {"color": COLOURS[0], "width": 2.5}),
            (own.baseline, book.word("month_baseline"), {"color": COLOURS[2], "width": 1.5, "dash_type": "dash"}),
            (own.target, book.word("month_target"), {"color": COLOURS[4], "width": 1.5, "dash_type": "round_dot"}),
            (own.low, book.word("month_low"), {"color": COLOURS[1], "width": 0.75}),
            (own.high, book.word("month_high"), {"color": COLOURS[1], "width": 0.75}),
        ]
        ends = self.months.ends.down(first=book.reported[0])
        for column, name, line in lines:
            if column is not None:
                values = self.sheet.absolute(column.down())
                chart.add_series(
                    {"name": name, "categories": self.sheet.absolute(ends), "values": values, "line": line}
                )
        rates = [c.number for column in (own.rate, own.baseline) for c in column.down()]
        axis = {"num_format": "0%", "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}}, "max": 1}
        chart.set_y_axis({**axis, "min": max(int(min(rates) * 10 - 1), 0) / 10})
        months = {"date_axis": True, "num_format": "mm/yyyy", "major_unit": 12, "major_unit_type": "months"}
        chart.set_x_axis({**months, "num_font": {"size": 9}})
        return self._finished(chart, book.word("chart_coverage"))

    def _money_chart(self) -> Any:
        book, last = self.book, self.year_row + len(self.year_cells) - 1
        chart = book.file.add_chart({"type": "column", "subtype": "stacked"})
        name = self.sheet.name
        for k, payer in enumerate(self.payers):
            column = 4 + k
            chart.add_series(
                {
                    "name": book.payer(payer),
                    "categories": [name, self.year_row, 0, last, 0],
                    "values": [name, self.year_row, column, last, column],
                    "fill": {"color": COLOURS[book.model["payers"].index(payer)]},
                    "gap": 60,
                }
            )
        chart.set_y_axis({"num_format": "#,##0,,,", "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}}})
        return self._finished(chart, book.word("chart_money"))

    def _finished(self, chart: Any, title: str) -> Any:
        chart.set_title({"name": title, "name_font": {"size": 12}, "overlay": False})
        chart.set_legend({"position": "bottom"})
        chart.set_size({"width": 960, "height": CHART_ROWS * 20})
        chart.show_na_as_empty_cell()
        return chart


def _text(cells: list[Term]) -> str:
    return Range(cells).text


def _cell(row: int, column: int) -> str:
    return str(xl_rowcol_to_cell(row, column))
