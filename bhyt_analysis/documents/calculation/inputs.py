"""Write the sheet of assumptions: the yellow cells with their limits, and beside each what holds if it stays empty."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bhyt_analysis.documents.calculation.book import HOUSEHOLD, Book
from bhyt_analysis.documents.calculation.cells import (
    MISSING,
    Operand,
    Term,
    all_of,
    count_different,
    count_where,
    day_number,
    exponential,
    item,
    largest,
    least,
    opposite,
    term,
    when,
)
from bhyt_analysis.documents.calculation.month_sheet import Column, MonthSheet
from bhyt_analysis.domain.bundled import packaged_table
from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.model.projection.assumptions import assumptions

if TYPE_CHECKING:
    from bhyt_analysis.documents.calculation.law_sheet import MonthlyLaw
    from bhyt_analysis.documents.calculation.zones_sheet import Zones

NAME, DEFAULT, VALUE, SINCE, LIMITS, SOURCE, USED, MONTH, BEGINS, DIFFERS, ORDER, LISTS = range(12)
HEAD, START = 6, 7
OUTREACH_STEPS = 20
BASE_SALARY = (1_000_000, 10_000_000)
CONTRIBUTION_RATE = (0.03, 0.06)
MOST_OUTREACH = 2
LEVELS = ("none", "ordinary", "intensive")
STEPS = [f"{rate}.{level}" for rate in ("at_once", "monthly") for level in LEVELS]
REST = (
    "highest_take_up",
    "price_elasticity",
    "outreach_effect",
    "place_effect",
    "school_step",
    "renewal_after_support",
)


@dataclass
class Lever:
    """A row with a yellow cell. ``used``: the value that counts; ``month``: where its day falls; ``since``: the same,
    the sign of a missing figure where nothing was set.
    """

    row: int
    name: str
    default: Term
    value: Term
    style: str
    used: Term
    month: Term = field(default_factory=lambda: term(0))
    since: Term = field(default_factory=lambda: term(0))
    day: Term | None = None
    differs: Term = field(default_factory=lambda: term(0))

    @property
    def value_or_zero(self) -> Term:
        """Return what was set, which counts as 0 where nothing is."""
        return Term(self.value.text, 0.0 if self.value.value == "" else self.value.value)


@dataclass
class Inputs:
    """What can be set, and the constants of behaviour, as cells."""

    outreach: Lever
    take_up: Lever
    support: dict[str, Lever] = field(default_factory=dict)
    top_up: dict[str, Lever] = field(default_factory=dict)
    law: dict[str, Lever] = field(default_factory=dict)
    target: Lever | None = None
    on: Lever | None = None
    behaviour: dict[str, Term] = field(default_factory=dict)
    take_ups: dict[str, Term] = field(default_factory=dict)
    at_shares: dict[str, Term] = field(default_factory=dict)
    periods: dict[str, tuple[Term, Term]] = field(default_factory=dict)  # before the policy, and with it
    order: list[Term] = field(default_factory=list)  # how many cells differ, down to each row
    any_differs: Term = field(default_factory=lambda: term(0))  # cells of this sheet, and communes in another zone
    law_differs: Term = field(default_factory=lambda: term(0))  # those that change the rules in force
    breaks: list[int] = field(default_factory=list)  # rows with which a page begins
    last_row: int = 0

    @property
    def levers(self) -> list[Lever]:
        """Return the rows with yellow cells, from top to bottom."""
        last = [lever for lever in (self.target, self.on) if lever is not None]
        return [self.outreach, self.take_up, *self.support.values(), *self.top_up.values(), *self.law.values(), *last]


class _Writer:
    """Write the rows of the sheet one below the other."""

    def __init__(self, book: Book, monthly: MonthlyLaw) -> None:
        self.book, self.monthly, self.row = book, monthly, START
        self.sheet = book.sheets["inputs"]
        self.months = book.sheets["months"]

    def section(self, key: str) -> None:
        for column in range(NAME, SOURCE + 1):
            self.sheet.text(self.row, column, self.book.word(key) if column == NAME else "", "section")
        self.row += 1

    def lever(self, name: str, default: Operand, style: str, limits: str, source: str) -> Lever:
        """Write a row whose yellow cell counts in place of the default."""
        row, sheet = self.row, self.sheet
        sheet.text(row, NAME, name)
        if isinstance(default, Term):
            before = sheet.formula(row, DEFAULT, default, style)
        else:
            before = sheet.number(row, DEFAULT, float(default), style)
        value = sheet.blank(row, VALUE, f"in_{style}")
        sheet.text(row, SINCE, "", "text")
        sheet.text(row, LIMITS, limits)
        sheet.text(row, SOURCE, source)
        used = sheet.formula(row, USED, when(value.is_blank(), before, value), "faint")
        self.row += 1
        return Lever(row, name, before, value, style, used)

    def law_lever(self, name: str, column: Column | None, style: str, limits: str, source: str) -> Lever:
        """Write a row whose yellow cell holds from a day on; the default is the law on that day."""
        row, sheet = self.row, self.sheet
        assert isinstance(self.months, MonthSheet)
        day = sheet.day(row, SINCE, default_since(self.book), "in_date")
        fallback = day_number(default_since(self.book))
        first_days = self.months.first_days.down()
        month = sheet.formula(row, MONTH, count_where(first_days, "<", when(day.is_blank(), fallback, day)), "faint")
        last = len(first_days)
        default = item(column.down(), least(month + 1, last)) if column else term(0)
        lever = self.lever(name, default, style, limits, source)
        lever.day, lever.month = sheet.cell(row, SINCE, day.value), month
        sheet.day(row, SINCE, default_since(self.book), "in_date")
        is_unset = lever.value.is_blank() if column else opposite(lever.value_or_zero > 0)
        lever.since = sheet.formula(row, BEGINS, when(is_unset, MISSING, month), "faint")
        return lever


def default_since(book: Book) -> dt.date:
    """Return the day from which a change of the law holds unless another one is chosen."""
    days = [day.replace(day=1) for day in book.days[book.first :]]
    since = dt.date.fromisoformat(book.model["since"])
    return since if since in days else days[-1]


def write_inputs(book: Book, monthly: MonthlyLaw) -> Inputs:
    """Write the sheet; what differs from the law is written once all it depends on is there."""
    writer = _Writer(book, monthly)
    sheet, model, word = writer.sheet, book.model, book.word
    sheet.spread((62, 13, 13, 12, 46, 62, 9, 7, 7, 7, 7, 7))
    heads = ("in_name", "in_default", "in_value", "in_since", "in_limits", "in_source")
    for column, key in enumerate(heads):
        sheet.text(HEAD, column, word(key), "head")
    for column, key in enumerate(("in_used", "in_month", "in_begins", "in_differs", "in_order"), USED):
        sheet.text(HEAD, column, word(key), "faint")
    writer.section("in_behaviour")
    source = word("source_outreach")
    outreach = writer.lever(word("outreach"), model["state"]["outreach"], "d", word("limit_outreach"), source)
    source = assumption_source(book, "take_up.household")
    take_up = writer.lever(
        word("take_up_household"), model["state"]["take_up_household"], "p1", word("limit_share"), source
    )
    inputs = Inputs(outreach, take_up)
    _write_shares(writer, inputs)
    _write_amounts(writer, inputs)
    _write_target(writer, inputs)
    _write_behaviour(writer, inputs)
    _add_limits(book, inputs)
    return inputs


def assumption_source(book: Book, name: str) -> str:
    """Return what an assumption rests on."""
    return str(assumptions().at[name, "source_vi" if book.lang == "vi" else "source"])


def _law_source(book: Book, parameter: str, key: str = "") -> str:
    """Return the text behind the latest value of a parameter."""
    rows = [r for r in book.model["law"]["rows"] if (r["parameter"], r["key"], r["area"]) == (parameter, key, "")]
    return format_citation(rows[-1]["reference"], book.lang) if rows else book.word("law_none")


def _write_shares(writer: _Writer, inputs: Inputs) -> None:
    book, shares = writer.book, writer.monthly.shares
    writer.section("in_support")
    for key in book.model["law"]["adjustable"]:
        source = _law_source(book, "subsidy_share", key)
        limits = book.word("limit_share")
        inputs.support[key] = writer.law_lever(book.group(key), shares[key], "p1", limits, source)
    writer.section("in_top_up")
    for key in book.model["law"]["adjustable"]:
        limits, source = book.word("limit_points"), book.word("source_top_up")
        inputs.top_up[key] = writer.law_lever(book.group(key), None, "p1", limits, source)


def _write_amounts(writer: _Writer, inputs: Inputs) -> None:
    book, local_amounts = writer.book, writer.book.model["law"]["fixed"]
    writer.section("in_premium")
    for name, style in (("base_salary", "n"), ("contribution_rate", "p1")):
        if name not in local_amounts:
            column, limits = writer.monthly.amounts[name], book.word(f"limit_{name}")
            inputs.law[name] = writer.law_lever(book.word(name), column, style, limits, _law_source(book, name))


def _write_target(writer: _Writer, inputs: Inputs) -> None:
    book = writer.book
    writer.section("in_target")
    goal, on = default_target(book)
    source = book.word("source_target" if goal else "source_no_target")
    rate = goal["rate"] if goal else 0.95
    inputs.target = writer.lever(book.word("target"), rate, "p1", book.word("limit_share"), source)
    inputs.on = writer.lever(book.word("target_on"), day_number(on), "month", book.word("limit_month"), "")


def default_target(book: Book) -> tuple[dict[str, Any] | None, dt.date]:
    """Return the target of the page, and its month: at the end of the year in which the law can change first."""
    ends = [book.days[t] for t in book.reported[1:]] or [book.days[-1]]
    year = default_since(book).year
    on = next((day for day in ends if day.year >= year and day.month == 12), ends[-1])
    targets = book.model["targets"]
    later = [goal for goal in targets if goal["on"] >= str(on)]
    return (later[:1] or targets[-1:] or [None])[0], on


def _write_behaviour(writer: _Writer, inputs: Inputs) -> None:
    """Write the constants of behaviour, and what follows from outreach before the policy and with it."""
    book, sheet, values = writer.book, writer.sheet, writer.book.model["behaviour"]
    table = assumptions()
    inputs.breaks.append(writer.row)
    writer.section("in_fixed")

    def constant(name: str, value: float, style: str = "x") -> Term:
        row = writer.row
        sheet.text(row, NAME, str(table.at[name, f"name_{book.lang}"]))
        cell = sheet.number(row, DEFAULT, value, style)
        unit = table.at[name, "unit_vi" if book.lang == "vi" else "unit"]
        sheet.text(row, LIMITS, str(unit))
        sheet.text(row, SOURCE, assumption_source(book, name))
        for column in (VALUE, SINCE):
            sheet.text(row, column, "", "text")
        writer.row += 1
        return cell

    before = constant("outreach_before", values["outreach_before"], "d")
    for key, take_up in values["take_up"].items():
        is_set = key == HOUSEHOLD
        inputs.take_ups[key] = inputs.take_up.used if is_set else constant(f"take_up.{key}", take_up, "p1")
    inputs.behaviour = {name: constant(name, values[name]) for name in (*REST, *STEPS)}
    _write_at_shares(writer, inputs)
    lapse = book.model["pools"]["lapse"]
    source = assumption_source(book, "persistence")
    inputs.behaviour["kept"] = 1 - _row(writer, book.word("lapse"), lapse, "f", source)
    inputs.behaviour["kept"] = _row(writer, book.word("kept"), inputs.behaviour["kept"], "f")
    _write_periods(writer, inputs, before)


def _write_at_shares(writer: _Writer, inputs: Inputs) -> None:
    book, shares = writer.book, writer.book.model["behaviour"]["at_share"]
    for key, share in shares.items():
        name = book.word("at_share", group=book.group(key))
        inputs.at_shares[key] = _row(writer, name, share, "p1")


def _row(writer: _Writer, name: str, content: Operand, style: str, source: str = "") -> Term:
    """Write a row of a constant, or of a formula."""
    sheet, row = writer.sheet, writer.row
    for column in range(NAME, SOURCE + 1):
        sheet.text(row, column, {NAME: name, SOURCE: source}.get(column, ""))
    writer.row += 1
    if isinstance(content, Term):
        return sheet.formula(row, DEFAULT, content, style)
    return sheet.number(row, DEFAULT, float(content), style)


def _write_periods(writer: _Writer, inputs: Inputs, before: Term) -> None:
    """Write what outreach does before the policy and with it: the odds of the take-up, and who joins how fast."""
    book, own = writer.book, inputs.behaviour
    inputs.breaks.append(writer.row)
    writer.section("in_outreach")
    odds, rates = list[Term](), dict[str, list[Term]]()
    place = _row(writer, book.word("exp_place"), exponential(-own["place_effect"]), "f")
    for period, outreach in (("before", before), ("now", inputs.outreach.used)):
        label = book.word(f"period_{period}")
        odds_text = exponential(-(own["outreach_effect"] * outreach + own["place_effect"]))
        odds.append(_row(writer, book.word("exp_outreach", period=label), odds_text, "f"))
        for rate in ("at_once", "monthly"):
            share = _row(writer, book.word(f"{rate}_share", period=label), _interpolated(own, rate, outreach), "f")
            name = book.word(f"{rate}_place", period=label)
            rates.setdefault(rate, []).append(_row(writer, name, share / (share + (1 - share) * place), "f"))
    _write_studies(writer)
    inputs.last_row = writer.row - 1
    inputs.periods = {"odds": (odds[0], odds[1]), **{name: (r[0], r[1]) for name, r in rates.items()}}


def _write_studies(writer: _Writer) -> None:
    """Write where the studies that the sources name can be found."""
    book, names = writer.book, (*REST, *STEPS, "take_up.household", "persistence")
    sources = " ".join(assumption_source(book, name) for name in names)
    table = packaged_table("model/projection/studies.csv")
    writer.section("in_studies")
    for name, reference in table[[f"name_{book.lang}", "reference"]].itertuples(index=False):
        if name in sources:
            writer.sheet.text(writer.row, NAME, f"{name}: {reference}", "plain", last=SOURCE)
            writer.row += 1


def _interpolated(own: dict[str, Term], rate: str, outreach: Term) -> Term:
    """Return a joining rate between those of no, ordinary and intensive outreach."""
    none, ordinary, intensive = (own[f"{rate}.{level}"] for level in LEVELS)
    ordinary = largest(none, ordinary)
    intensive = largest(none, own[f"{rate}.ordinary"], intensive)
    return when(outreach <= 1, none + outreach * (ordinary - none), ordinary + (outreach - 1) * (intensive - ordinary))


# --- Limits and drop-downs --------------------------------------------------------------------------


def _add_limits(book: Book, inputs: Inputs) -> None:
    sheet, months = book.sheets["inputs"], book.sheets["months"]
    assert isinstance(months, MonthSheet)
    sheet.text(HEAD, LISTS, book.word("in_lists"), "faint")
    steps = [MOST_OUTREACH * i / OUTREACH_STEPS for i in range(OUTREACH_STEPS + 1)]
    cells = [sheet.number(HEAD + 1 + i, LISTS, step, "faint") for i, step in enumerate(steps)]
    days = months.first_days.down(first=book.first)
    ends = months.ends.down(first=book.reported[0])
    assert inputs.target is not None and inputs.on is not None
    _limit(book, inputs.outreach.value, {"validate": "list", "source": sheet.absolute(cells)}, "limit_outreach")
    for lever in (inputs.take_up, inputs.target, *inputs.support.values()):
        _limit(book, lever.value, _between(0, 1), "limit_share")
    for lever in inputs.top_up.values():
        _limit(book, lever.value, _between(0, 1), "limit_points")
    limits = {"base_salary": _between(*BASE_SALARY), "contribution_rate": _between(*CONTRIBUTION_RATE)}
    for name, lever in inputs.law.items():
        _limit(book, lever.value, limits[name], f"limit_{name}")
    for lever in (*inputs.support.values(), *inputs.top_up.values(), *inputs.law.values()):
        assert lever.day is not None
        _limit(book, lever.day, {"validate": "list", "source": sheet.absolute(days)}, "limit_day")
    _limit(book, inputs.on.value, {"validate": "list", "source": sheet.absolute(ends)}, "limit_month")


def _between(low: float, high: float) -> dict[str, Any]:
    return {"validate": "decimal", "criteria": "between", "minimum": low, "maximum": high}


def _limit(book: Book, cell: Term, rule: dict[str, Any], key: str) -> None:
    """Let a yellow cell take only what is within its limits."""
    message = {
        "input_message": book.word(key),
        "error_title": book.word("limit_title"),
        "error_message": book.word(key),
    }
    sheet = book.sheets["inputs"]
    sheet.sheet.data_validation(sheet.local(cell).removeprefix("="), {**rule, **message, "ignore_blank": True})


# --- What differs -----------------------------------------------------------------------------------


def write_differences(book: Book, inputs: Inputs, pairs: dict[str, tuple[Column, Column]], zones: Zones | None) -> None:
    """Write which yellow cells differ from the law in force or from the default, and count them.

    ``pairs``: of each row about the law, as in `law_levers`, its column by month without what was set and with it.
    """
    sheet, by_law = book.sheets["inputs"], {lever.row: pairs[key] for key, lever in law_levers(inputs).items()}
    rows = {lever.row: lever for lever in inputs.levers}
    count: Term | None = None
    for row in range(START, max(rows) + 1):
        if lever := rows.get(row):
            if row in by_law:
                changed = count_different(*(column.down() for column in by_law[row])) > 0
            else:
                changed = all_of(opposite(lever.value.is_blank()), opposite(lever.used.equals(lever.default)))
            lever.differs = sheet.formula(row, DIFFERS, when(changed, 1, 0), "faint")
        own = lever.differs if lever else term(0)
        count = sheet.formula(row, ORDER, count + own if count else own, "faint")
        inputs.order.append(count)
    assert count is not None
    inputs.any_differs = count + zones.count if zones else count
    law = Term(
        f"SUM({','.join(rows[row].differs.text for row in by_law)})", sum(rows[row].differs.number for row in by_law)
    )
    inputs.law_differs = law + zones.count if zones else law  # other zones than the decision has


def law_levers(inputs: Inputs) -> dict[str, Lever]:
    """Return the rows about the law by what each is about."""
    supports = {f"support.{key}": lever for key, lever in inputs.support.items()}
    return {**supports, **{f"top_up.{key}": lever for key, lever in inputs.top_up.items()}, **inputs.law}
