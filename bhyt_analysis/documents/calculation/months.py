"""Write month by month: the insured by group, whole people, what a card costs and who pays it, and the totals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bhyt_analysis.documents.calculation.book import HOUSEHOLD, UNINSURED, Book
from bhyt_analysis.documents.calculation.cells import (
    MISSING,
    Range,
    Term,
    count_where,
    has_number,
    largest,
    least,
    number_or_zero,
    round_down,
    sum_of,
    sum_of_products,
    sum_where,
    term,
    to_places,
    to_whole,
    total,
    when,
)
from bhyt_analysis.documents.calculation.inputs import Inputs
from bhyt_analysis.documents.calculation.law_sheet import MonthlyLaw, SetLaw, group_share
from bhyt_analysis.documents.calculation.month_sheet import Column, MonthSheet, at_month
from bhyt_analysis.documents.calculation.paths import Paths, pool_name
from bhyt_analysis.documents.calculation.people import ClassPeople, People

HALF_DONG, ALMOST, REMAINDER_PLACES = 1e-5, 1e-9, 9
STATE_PAYERS = ("central", "province", HOUSEHOLD)


@dataclass
class Summary:
    """The columns that readers look for first: people, insured, money by payer."""

    people: Column
    insured: Column
    costed: Column
    lost: Column | None
    back: Column | None
    payers: dict[str, Column]
    rate: Column
    baseline: Column
    low: Column | None
    high: Column | None
    target: Column


@dataclass
class Results:
    """What the sheets of results read: the summary, whole people by group, money by group and payer."""

    summary: Summary
    rounded: dict[str, Column] = field(default_factory=dict)
    money: dict[tuple[str, str], Column] = field(default_factory=dict)
    prices: dict[tuple[str, str], Column] = field(default_factory=dict)
    exact_sum: Column | None = None  # of the insured, not rounded
    premium: Column | None = None
    years: Column | None = None  # of the months whose money counts, 0 of the first one


def start_summary(book: Book) -> Summary:
    """Place the columns of the summary first; they are filled in when all they depend on is there."""
    sheet, model = _sheet(book), book.model
    sheet.block(book.word("block_summary"))
    word, column = book.word, sheet.column
    has_exits, band = bool(model["exits"]["classes"]), model["band"] is not None
    summary = Summary(
        column(word("month_people")),
        column(word("month_insured"), "n_bold"),
        column(word("month_costed")),
        column(word("month_lost")) if has_exits else None,
        column(word("month_back")) if has_exits else None,
        {payer: column(book.payer(payer), width=16) for payer in used_payers(book)},
        column(word("month_rate"), "p1_bold"),
        column(word("month_baseline"), "p1"),
        column(word("month_low"), "p1") if band else None,
        column(word("month_high"), "p1") if band else None,
        column(word("month_target"), "p1"),
    )
    sheet.end_of_print()
    return summary


def _sheet(book: Book) -> MonthSheet:
    sheet = book.sheets["months"]
    assert isinstance(sheet, MonthSheet)
    return sheet


def used_payers(book: Book) -> list[str]:
    """Return the payers of the groups that have people and a known price."""
    pairs = {payer for group in book.present for payer in group_payers(book, group)}
    return [payer for payer in book.model["payers"] if payer in pairs]


def group_payers(book: Book, group: str) -> list[str]:
    """Return who pays for a group in some month; nothing where its price is not known."""
    law, pays = book.model["law"], set[str]()
    for _, payer in law["payer"].get(group, []):
        if payer == "employer_and_employee":
            pays |= {"employer", HOUSEHOLD} if group in law["earnings"] else set()
        elif payer == "social_security_fund":
            pays |= {payer} if group in law["earnings"] else set()
        elif payer == "employer":
            pays.add(payer)
        elif payer is not None and any(key in known_shares(book) for key in law["keys"][group]):
            pays |= {"central"} if _is_paid_in_full(book, group) else set(STATE_PAYERS)
    return [payer for payer in book.model["payers"] if payer in pays]


def known_shares(book: Book) -> set[str]:
    """Return the keys of shares that the law has, or that can be set."""
    law = book.model["law"]
    return {*law["shares"], *law["local"], *law["adjustable"]}


def _is_paid_in_full(book: Book, group: str) -> bool:
    """Return whether the State pays all of a group's premium in every month, whatever is set."""
    law = book.model["law"]
    keys = law["keys"][group]
    is_constant = not any(key in law["adjustable"] or key in law["local"] for key in keys)
    return is_constant and len(keys) == 1 and all(share == 1 for share in law["shares"].get(keys[0], [0]))


# --- People -----------------------------------------------------------------------------------------


class MonthWriter:
    """Write the sheet of months from the paths and the people of the count."""

    def __init__(
        self, book: Book, inputs: Inputs, laws: tuple[MonthlyLaw, SetLaw], paths: Paths, people: People
    ) -> None:
        self.book, self.inputs, self.paths, self.people = book, inputs, paths, people
        self.monthly, self.law = laws
        self.sheet = _sheet(book)
        self.flows: list[tuple[list[Column], Column | None]] = []

    def write(self, summary: Summary) -> Results:
        """Write all blocks after the summary, and the summary itself."""
        book, sheet, results = self.book, self.sheet, Results(summary)
        sheet.block(book.word("block_growth"))
        self.growth = sheet.column(book.word("growth"), "f")
        results.years = sheet.column(book.word("year_of_money"), "code")
        for t in book.months:
            self.growth.put(t, book.model["growth"][t])
        for t in book.reported:
            results.years.put(t, book.days[t].year if t > book.reported[0] else 0)
        self._write_flows()
        self._write_since()
        self._write_support_flows()
        results.rounded = self._round(self._write_insured(), results)
        self._write_money(results)
        self._fill(results)
        return results

    def _write_flows(self) -> None:
        """Write by pool the people of each class with a card, and those of a group that is not known."""
        paths_sheet = self.book.sheets["paths"]
        assert isinstance(paths_sheet, MonthSheet)
        for c, (own, paths) in enumerate(zip(self.people.classes, self.paths.classes, strict=True)):
            names = [pool_name(self.book, i) for i in range(len(paths.levels))]
            title = self.book.class_title(c)
            staying = []
            if not own.later:
                paths_sheet.block(self.book.word("block_staying", title=title))
                staying = paths_sheet.columns(names, "p2")
            paths_sheet.block(self.book.word("block_flows", title=title))
            flows = paths_sheet.columns(names, "d2")
            unknown = None if own.later else paths_sheet.column(self.book.word("flow_of_unknown"), "d2")
            for t in self.book.reported:
                for i, flow in enumerate(flows):
                    flow.put(t, self._flow(own, paths.levels[i], staying[i] if staying else None, i, t))
                if unknown is not None:
                    unknown.put(t, sum_of_products(own.unknown, at_month(staying, t)))
            self.flows.append((flows, unknown))

    def _flow(self, own: ClassPeople, level: Column, staying: Column | None, i: int, t: int) -> Term:
        if staying is None:
            return own.later[i] * level[t]
        at_count = own.at_count[i]
        stays = staying.put(t, least(when(at_count > 0, level[t] / at_count, 1), 1))
        joins = largest(least(when(at_count < 1, (level[t] - at_count) / (1 - at_count), 0), 1), 0)
        return own.uninsured[i] * joins + own.group[i] * stays

    def _write_since(self) -> None:
        """Write of each group that pays how many of its insured stay, and how many of its others have joined."""
        book, sheet, first = self.book, self.sheet, self.book.first
        sheet.block(book.word("block_since"))
        self.stays, self.joins = dict[str, Column](), dict[str, Column]()
        for key, level in self.paths.levels.items():
            self.stays[key] = sheet.column(book.word("staying_of", group=book.group(key)), "p2")
            self.joins[key] = sheet.column(book.word("joining_of", group=book.group(key)), "p2")
            at_count = level[first]
            for t in book.reported:
                self.stays[key].put(t, least(when(at_count > 0, level[t] / at_count, 1), 1))
                joining = when(at_count < 1, (level[t] - at_count) / (1 - at_count), 0)
                self.joins[key].put(t, largest(least(joining, 1), 0))

    def _write_support_flows(self) -> None:
        """Write by pool the shares of a group whose support can end."""
        book, paths_sheet = self.book, self.book.sheets["paths"]
        assert isinstance(paths_sheet, MonthSheet)
        self.support_flows: dict[str, list[Column]] = {}
        for key, paths in self.paths.ends.items():
            paths_sheet.block(book.word("block_flows", title=book.group(key)))
            names = [pool_name(book, i) for i in range(len(paths.levels))]
            columns = paths_sheet.columns(names, "p2")
            shares = book.model["pools"]["of_minority"]
            for t in book.reported:
                for i, column in enumerate(columns):
                    column.put(t, shares[i] * paths.levels[i][t])
            self.support_flows[key] = columns

    def _write_insured(self) -> dict[str, Column]:
        """Write the insured of each group, not rounded."""
        book, sheet = self.book, self.sheet
        sheet.block(book.word("block_insured"))
        columns = {key: sheet.column(book.group(key), "d2", code=book.code(key)) for key in book.present}
        for key, column in columns.items():
            for t in book.reported:
                people = sum_of(self._sources(key, column.code, t))
                column.put(t, people * self.growth[t])
        return columns

    def _sources(self, key: str, code: Term, t: int) -> list[Term]:
        """Return the parts of a group's insured: who stays, joins, gains, leaves another group, or lost a card."""
        stays, parts = self.people.stays, list[Term]()
        has_stock = self.book.model["exits"]["stock"][self.book.code(key) - 1] != 0
        if has_stock and key not in self.support_flows:
            parts.append(stays[key] * self.stays[key][t] if key in self.stays else stays[key])
        for group, flows in self.support_flows.items():
            groups = at_month(self.paths.ends[group].groups, t)
            parts.append(stays[group] * sum_where(groups, code, at_month(flows, t)))
        if key in self.joins:
            parts.append(stays[UNINSURED] * self.people.joining[key] * self.joins[key][t])
        parts += self._gain_parts(key, t)
        for own, paths, (flows, unknown) in zip(self.people.classes, self.paths.classes, self.flows, strict=True):
            parts += self._other_part(key, own, t)
            parts.append(sum_where(at_month(paths.groups, t), code, at_month(flows, t)))
            if key == "not_told" and unknown is not None:
                parts.append(unknown[t])
        return parts

    def _gain_parts(self, key: str, t: int) -> list[Term]:
        parts = []
        for month, gain in self.people.gains:
            if t >= month:
                parts += [total(list(gain.values()))] if key == self.book.model["pools"]["area"] else []
                continue
            parts.append(gain[key] * self.stays[key][t] if key in self.stays else gain[key])
            if key in self.joins:
                parts.append(gain[UNINSURED] * self.people.joining[key] * self.joins[key][t])
        return parts

    def _other_part(self, key: str, own: ClassPeople, t: int) -> list[Term]:
        """Return those who keep a card by another entitlement: of the area before an exit, of the State after it."""
        pools = self.book.model["pools"]
        if own.other is None or key != pools["area" if t < own.month else "state_paid"]:
            return []
        return [own.other]

    def _round(self, exact: dict[str, Column], results: Results) -> dict[str, Column]:
        """Write whole people by the largest remainders: they add up to the rounded sum."""
        book, sheet = self.book, self.sheet
        sheet.block(book.word("block_rounding"))
        sums, whole_sum = sheet.columns([book.word("sum_exact"), book.word("sum_whole")], "d2")
        results.exact_sum = sums
        quotas = {key: sheet.column(book.word("quota", group=book.group(key)), "x") for key in exact}
        left = sheet.column(book.word("left_over"), "code")
        rests = {key: sheet.column(book.word("remainder", group=book.group(key)), "x") for key in exact}
        sheet.block(book.word("block_whole"))
        rounded = {key: sheet.column(book.group(key), "n", code=book.code(key)) for key in exact}
        for t in book.reported:
            own = sums.put(t, total([column[t] for column in exact.values()]))
            people = whole_sum.put(t, to_whole(own))
            for key, column in exact.items():
                quota = quotas[key].put(t, when(own > 0, column[t] / own * people, 0))
                rests[key].put(t, to_places(largest(quota - round_down(quota + ALMOST), 0), REMAINDER_PLACES))
            integer_parts = _sum_of_floors([column[t] for column in quotas.values()])
            left.put(t, whole_sum[t] - integer_parts)
            cells = [column[t] for column in rests.values()]
            for i, key in enumerate(exact):
                earlier = count_where(cells[:i], "=", cells[i]) if i else term(0)
                rank = count_where(cells, ">", cells[i]) + earlier
                rounded[key].put(t, round_down(quotas[key][t] + ALMOST) + when(rank < left[t], 1, 0))
        return rounded

    # --- Money

    def _write_money(self, results: Results) -> None:
        """Write what a card of each group costs each payer in a month, and what that makes for its people."""
        book, sheet = self.book, self.sheet
        sheet.block(book.word("block_price"))
        self.premium = sheet.column(book.word("premium"), "d2")
        results.premium = self.premium
        self.more = sheet.column(book.word("household_more"), "f")
        for t in book.months:
            self.premium.put(t, self.law.base_salary[t] * self.law.contribution_rate[t])
            self.more.put(t, book.model["household_more"][t])
        prices = results.prices
        for group in book.present:
            for payer in group_payers(book, group):
                heading = book.word("of_payer", group=book.group(group), payer=book.payer(payer))
                prices[group, payer] = sheet.column(heading, "d2", 12)
            if own := {payer: column for (key, payer), column in prices.items() if key == group}:
                self._write_prices(group, own)
        sheet.block(book.word("block_money"))
        for (group, payer), price in prices.items():
            heading = book.word("of_payer", group=book.group(group), payer=book.payer(payer))
            column = sheet.column(heading, "n", 15, code=book.model["payers"].index(payer) + 1)
            results.money[group, payer] = column
            for t in book.reported:
                people, cost = results.rounded[group][t], price[t]
                paid = people * cost + people * self.more[t] * cost if group == HOUSEHOLD else people * cost
                amount = to_whole(paid + HALF_DONG)
                column.put(t, when(has_number(cost), amount, 0) if self._can_miss(group) else amount)

    def _can_miss(self, group: str) -> bool:
        """Return whether the price of a group can be unknown in some month."""
        law = self.book.model["law"]
        payers = {payer for _, payer in law["payer"][group]}
        if payers <= {"employer", "employer_and_employee", "social_security_fund"}:
            return False
        shares = [law["shares"][key] for key in law["keys"][group] if key in law["shares"]]
        return None in payers or not any(all(share is not None for share in own) for own in shares)

    def _write_prices(self, group: str, prices: dict[str, Column]) -> None:
        book, law, runs = self.book, self.book.model["law"], self.book.model["law"]["payer"].get(group, [])
        earnings = law["earnings"].get(group)
        for t in book.reported:
            payer = next((payer for begin, payer in reversed(runs) if begin <= t), None)
            values: dict[str, Any] = dict.fromkeys(prices, MISSING if payer is None else 0)
            if payer == "employer_and_employee" and earnings is not None:
                values["employer"] = earnings * self.monthly.amounts["employer_rate"][t]
                values[HOUSEHOLD] = earnings * self.monthly.amounts["employee_rate"][t]
            elif payer == "social_security_fund" and earnings is not None:
                values[payer] = earnings * self.law.contribution_rate[t]
            elif payer == "employer":
                values[payer] = self.premium[t]
            elif payer is not None:
                values |= self._state_prices(group, t)
            for name, column in prices.items():
                column.put(t, values[name])

    def _state_prices(self, group: str, t: int) -> dict[str, Any]:
        """Return what the State, the province and the insured pay of a premium, by the share of the group."""
        national, local = (group_share(self.book, s, group, t) for s in (self.law.shares, self.law.local))
        premium = self.premium[t]
        if _is_paid_in_full(self.book, group):
            return {"central": premium * (local if local is not None else 1)}
        if local is None:
            return dict.fromkeys(STATE_PAYERS, MISSING)
        lower = national if national is not None else term(0)
        same = lower.text == local.text
        central = number_or_zero(local) if same else least(number_or_zero(lower), number_or_zero(local))
        values = {
            "central": premium * central,
            "province": premium * (local - central),
            HOUSEHOLD: premium * (1 - local),
        }
        if self._can_miss(group):
            return {name: when(has_number(local), value, MISSING) for name, value in values.items()}
        return values

    # --- The summary

    def _fill(self, results: Results) -> None:
        book, model, own = self.book, self.book.model, results.summary
        priced = [group for group in book.present if any(g == group for g, _ in results.money)]
        for t in book.reported:
            people = to_whole(self.people.population * self.growth[t])
            own.people.put(t, people if people.value == model["people"][t] else model["people"][t])
            own.insured.put(t, total([column[t] for column in results.rounded.values()]))
            own.costed.put(t, sum_of(self._costed(results, group, t) for group in priced))
            for payer, column in own.payers.items():
                column.put(t, self._paid(results, payer, t))
            own.rate.put(t, own.insured[t] / own.people[t])
        if own.lost is not None and own.back is not None:
            self._fill_back(own.lost, own.back)

    def _costed(self, results: Results, group: str, t: int) -> Term:
        """Return the insured of a group in a month if their price is known."""
        people = results.rounded[group][t]
        price = next(column for (key, _), column in results.prices.items() if key == group)[t]
        return when(has_number(price), people, 0) if self._can_miss(group) else people

    def _paid(self, results: Results, payer: str, t: int) -> Term:
        columns = list(results.money.values())
        return sum_where([c.code for c in columns], columns_code(results, payer), [c[t] for c in columns])

    def _fill_back(self, lost: Column, back: Column) -> None:
        """Write those who lost a card so far, and those of them who have one again."""
        book = self.book
        for t in book.reported:
            exited = [
                (own, flows, unknown)
                for own, (flows, unknown) in zip(self.people.classes, self.flows, strict=True)
                if own.month <= t
            ]
            lost.put(t, sum_of(own.lost for own, _, _ in exited))
            parts = list[Term]()
            for own, flows, unknown in exited:
                parts.append(total(at_month(flows, t)))
                followed = own.later, own.uninsured, own.group, own.unknown
                parts += [unknown[t]] if unknown is not None else []
                parts.append(own.lost - sum_of(total(cells) for cells in followed if cells))
            back.put(t, sum_of(parts))


def _sum_of_floors(quotas: Sequence[Term]) -> Term:
    own = Range(quotas)
    return Term(
        f"SUMPRODUCT(INT({own.text}+{term(ALMOST).text}))", float(sum(math.floor(q + ALMOST) for q in own.numbers))
    )


def columns_code(results: Results, payer: str) -> Term:
    """Return the number of a payer, from above the first of its columns."""
    return next(column.code for (_, p), column in results.money.items() if p == payer)
