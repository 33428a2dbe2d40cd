"""Write the people of the count: with their sources, by group, and how those who lost a card are divided over it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from bhyt_analysis.documents.calculation.book import HOUSEHOLD, UNINSURED, Book
from bhyt_analysis.documents.calculation.cells import (
    MISSING,
    Operand,
    Term,
    item,
    largest,
    least,
    sum_of,
    sum_where,
    term,
    total,
    when,
)
from bhyt_analysis.documents.calculation.paths import Paths, pool_name
from bhyt_analysis.documents.calculation.styles import set_page
from bhyt_analysis.documents.calculation.zones_sheet import ClassSums, Zones
from bhyt_analysis.i18n.messages import translate

FACTS = ("population", "insured", "uninsured", "lost")
GROUPS_ROW = 10
LEAST, LEAST_TAKE_UP = 1e-9, 1e-3
FIRST_POOL = 2  # the column of the first pool


@dataclass
class ClassPeople:
    """The people of a class of exits by pool: who was uninsured at the count, in their new group, in an unknown one."""

    month: int
    lost: Term
    other: Term | None
    later: list[Term] = field(default_factory=list)
    uninsured: list[Term] = field(default_factory=list)
    group: list[Term] = field(default_factory=list)
    unknown: list[Term] = field(default_factory=list)
    groups: list[Term] = field(default_factory=list)  # the number of the group of each pool at the count
    at_count: list[Term] = field(default_factory=list)


@dataclass
class People:
    """Who stays in each group, who gains an entitlement, and to which groups people without a card belong."""

    population: Term = field(default_factory=lambda: term(0))
    insured: dict[str, Term] = field(default_factory=dict)
    stays: dict[str, Term] = field(default_factory=dict)
    gains: list[tuple[int, dict[str, Term]]] = field(default_factory=list)
    joining: dict[str, Term] = field(default_factory=dict)
    classes: list[ClassPeople] = field(default_factory=list)


class PeopleWriter:
    """Write the sheet of people and cards."""

    def __init__(self, book: Book, paths: Paths, zones: Zones | None) -> None:
        self.book, self.paths, self.sheet = book, paths, book.sheets["people"]
        self.exits = zones.classes if zones else []  # those that follow the choice of zones
        self.people = People()
        self.keys = [*book.groups, UNINSURED]
        self.row = GROUPS_ROW + len(self.keys) + 4
        self.gained: dict[int, Term] = {}  # by the number of the class

    def write(self) -> People:
        """Write all tables of the sheet."""
        book, sheet, classes = self.book, self.sheet, self.book.model["exits"]["classes"]
        sheet.spread((7, 58, *[13] * 10))
        self._write_facts()
        self._write_stock()
        sheet.sheet.set_h_pagebreaks([self.row])
        for c, one in enumerate(classes):
            self._write_class(c, one)
        self._write_fits()
        for own in self.people.classes:
            self._divide(own)
        self._write_stays()
        self._write_joining()
        set_page(sheet, book.headline, book.header, 12)
        return self.people

    def _write_facts(self) -> None:
        """Write the figures that the briefing begins with, with their day, status and source."""
        book, sheet = self.book, self.sheet
        sheet.text(2, 0, book.word("people_facts"), "section")
        for column, key in enumerate(("fact_name", "fact_value", "fact_day", "fact_status", "fact_source")):
            self._merged(3, column, book.word(key), "head")
        for i, key in enumerate(FACTS):
            fact = book.facts.get(key)
            if fact is None:
                continue
            row = 4 + i
            self._merged(row, 0, str(fact["label"]), "text")
            sheet.text(row, 2, str(fact["text"]))
            day = fact["as_of"]
            sheet.day(row, 3, dt.date.fromisoformat(day)) if day else sheet.text(row, 3, MISSING)
            sheet.text(row, 4, translate(f"status.{fact['status']}", book.lang))
            self._merged(row, 4, str(fact["source"]), "text")

    def _merged(self, row: int, column: int, text: str, style: str) -> None:
        """Write a text of the table of facts: its name has two columns, its source seven."""
        first, last = {0: (0, 1), 1: (2, 2), 2: (3, 3), 3: (4, 4), 4: (5, 11)}[column]
        self.sheet.text(row, first, text, style, last)

    # --- Groups

    def _write_stock(self) -> None:
        book, sheet, exits = self.book, self.sheet, self.book.model["exits"]
        sheet.text(GROUPS_ROW - 2, 0, book.word("people_groups"), "section")
        heads = ("group_number", "group_name", "group_insured", "group_stock", "group_back", "group_fit", "group_taken")
        for column, key in enumerate(heads):
            sheet.text(GROUPS_ROW - 1, column, book.word(key, day=dt.date.fromisoformat(book.model["as_of"])), "head")
        insured = [*book.model["insured"], book.model["population"] - sum(book.model["insured"])]
        row = GROUPS_ROW + len(self.keys)
        sheet.text(row, 0, "", "text_bold")
        sheet.text(row, 1, book.word("population"), "text_bold")
        self.people.population = sheet.number(row, 2, book.model["population"], "n_bold")
        self.codes, self.stock = list[Term](), list[Term]()
        for i, key in enumerate(self.keys):
            row = GROUPS_ROW + i
            self.codes.append(sheet.number(row, 0, book.code(key), "code"))
            sheet.text(row, 1, book.word("uninsured") if key == UNINSURED else book.group(key))
            if key == UNINSURED:
                rest = self.people.population - total(list(self.people.insured.values()))
                self.people.insured[key] = sheet.formula(row, 2, rest)
            else:
                self.people.insured[key] = sheet.number(row, 2, insured[i])
            same = abs(exits["stock"][i] - insured[i]) < LEAST
            stock = self.people.insured[key] if same else exits["stock"][i]
            if self.exits and key == book.model["pools"]["area"]:
                stock = self._without_leavers(self.people.insured[key])
            self.stock.append(sheet.formula(row, 3, stock) if isinstance(stock, Term) else sheet.number(row, 3, stock))

    def _without_leavers(self, cards: Term) -> Term:
        """Write how many of those who lose a card, or keep one otherwise, have one by area; return the others."""
        row = GROUPS_ROW + len(self.keys) + 2
        lost, other = (sum_of(getattr(one, key) for one in self.exits) for key in ("lost", "other"))
        rest, self.parts = cards, list[Term]()
        for i, (key, people) in enumerate((("class_lost", lost), ("class_other", other))):
            self.sheet.text(row + i, 1, self.book.word(key))
            all_people = self.sheet.formula(row + i, 2, people)
            part = when(all_people > 0, least(1, rest / largest(all_people, 1)), 1)
            self.parts.append(self.sheet.formula(row + i, 5, part, "p2"))
            rest = largest(rest - all_people * self.parts[i], 0)
        self.row += 2
        return rest

    def _position(self, key: str) -> int:
        return self.keys.index(key)

    # --- Classes of exits

    def _write_class(self, c: int, one: dict[str, Any]) -> None:
        """Write who left in a class, and of those before the count which pool and which group each is in."""
        book, sheet, row = self.book, self.sheet, self.row
        sheet.text(row, 0, book.class_title(c), "section")
        live = self.exits[c] if self.exits else None
        lost = self._line(row + 1, book.word("class_lost"), live.lost if live else one["lost"])
        own = ClassPeople(one["month"], lost, None)
        if live or one["other"]:
            other = live.other * self.parts[1] if live else one["other"]
            own.other = self._line(row + 2, book.word("class_other"), other)
        self.row = row + 3
        if gained := self._gained(c, one):
            self.gained[c] = self._line(self.row, book.word("class_gained"), gained)
            self.row += 1
        if live:
            own.later = self._write_choice(live, one["shares"])
        elif one["later"]:
            self._pool_heads()
            own.later = self._pool_row("pool_later", one["later"])
        else:
            self._pool_heads()
            self._write_earlier(c, one, own)
        self.people.classes.append(own)
        self.row += 2

    def _gained(self, c: int, one: dict[str, Any]) -> Operand:
        """Return who gains a card in a class; 0 where no one does, whatever zones are chosen."""
        if self.exits:
            return self.exits[c].gained if one["can_gain"] else 0
        return float(sum(one["gained"]))

    def _line(self, row: int, name: str, value: Operand) -> Term:
        self.sheet.text(row, 0, "")
        self.sheet.text(row, 1, name)
        if isinstance(value, Term):
            return self.sheet.formula(row, 2, value)
        return self.sheet.number(row, 2, float(value))

    def _write_choice(self, live: ClassSums, shares: list[list[float]]) -> list[Term]:
        """Write who leaves by the zones that are chosen, by what is known of them, and of these who is in each pool."""
        terms = list[Term]()
        for k, people in enumerate((live.lost - live.unknown, live.minority, live.unknown)):
            terms.append(self._line(self.row, self.book.word(f"class_term_{k}"), people * self.parts[0]))
            self.row += 1
        self._pool_heads()
        rows = [self._pool_row(f"class_share_{k}", list(own), "p1") for k, own in enumerate(shares)]
        pools = [sum_of(terms[k] * rows[k][i] for k in range(len(terms))) for i in range(len(rows[0]))]
        return self._pool_row("pool_later", pools, "d2")

    def _pool_heads(self) -> None:
        book, pools = self.book, self.book.model["pools"]["entitlement"]
        self.sheet.text(self.row, 0, "", "head")
        self.sheet.text(self.row, 1, book.word("pool"), "head")
        for i in range(len(pools)):
            self.sheet.text(self.row, FIRST_POOL + i, pool_name(book, i), "head")
        self.row += 1

    def _pool_row(
        self, key: str, contents: list[Any], style: str = "n", words: dict[str, Any] | None = None
    ) -> list[Term]:
        """Write a row with a cell for each pool."""
        sheet, row = self.sheet, self.row
        sheet.text(row, 0, "")
        name = self.book.word(key, **(words or {}))
        sheet.text(row, 1, name)
        self.row += 1
        return [
            sheet.formula(row, FIRST_POOL + i, content, style)
            if isinstance(content, Term)
            else sheet.number(row, FIRST_POOL + i, content, style)
            for i, content in enumerate(contents)
        ]

    def _write_earlier(self, c: int, one: dict[str, Any], own: ClassPeople) -> None:
        """Write who of those before the count is in each pool, and with a card at the count."""
        book, first = self.book, self.book.first
        paths = self.paths.classes[c]
        sums = [sum(row[k] or 0 for row in one["terms"]) for k in range(len(one["shares"]))]
        terms = []
        for k, people in enumerate(sums):
            terms.append(self._line(self.row, book.word(f"class_term_{k}"), people))
            self.row += 1
        rows = [
            self._pool_row(f"class_share_{k}", list(shares), "p1") if sums[k] else []
            for k, shares in enumerate(one["shares"])
        ]
        pools = range(len(one["shares"][0]))
        parts = [[terms[k] * row[i] for k, row in enumerate(rows) if row] for i in pools]
        self.pool_people = self._pool_row("pool_people", [sum_of(p) if p else 0 for p in parts], "d2")
        own.at_count = self._pool_row("pool_at", [paths.levels[i][first] for i in pools], "p2")
        own.groups = self._pool_row("pool_group", [paths.groups[i][first] for i in pools], "code")
        own.group = self._pool_row("pool_insured", [self.pool_people[i] * own.at_count[i] for i in pools], "d2")
        own.uninsured = self._pool_row(
            "pool_uninsured", [self.pool_people[i] * (1 - own.at_count[i]) for i in pools], "d2"
        )

    def _write_fits(self) -> None:
        """Write how far those with a card again fit into the figures of their groups."""
        sheet, book = self.sheet, self.book
        earlier = [own for own in self.people.classes if not own.later]
        unknown, none = self._position("not_told"), self._position(UNINSURED)
        self.back, self.fits = list[Term](), list[Term]()
        for i, key in enumerate(self.keys):
            row = GROUPS_ROW + i
            if key == UNINSURED:
                back = sum_of(total(own.uninsured) for own in earlier)
            else:
                back = sum_of(sum_where(own.groups, self.codes[i], own.group) for own in earlier)
            self.back.append(sheet.formula(row, 4, back, "d2"))
            share = when(self.back[i] > 0, self.stock[i] / self.back[i], 1)
            self.fits.append(sheet.formula(row, 5, least(1, share), "p2"))
        row = GROUPS_ROW + len(self.keys)
        left = sum_of(self.back[i] * (1 - self.fits[i]) for i in range(len(self.keys)) if i != none)
        rest = largest(self.stock[unknown] - self.back[unknown], 0)
        sheet.text(row + 1, 1, book.word("fit_unknown"))
        people = sheet.formula(row + 1, 4, left, "d2")
        self.fit_unknown = sheet.formula(row + 1, 5, least(1, when(people > 0, rest / people, 1)), "p2")

    def _divide(self, own: ClassPeople) -> None:
        """Divide a class from before the count over the uninsured, its groups, and the group that is not known."""
        if own.later:
            return
        none, pools = self._position(UNINSURED), range(len(own.at_count))
        insured, uninsured, fits = own.group, own.uninsured, [item(self.fits, group) for group in own.groups]
        words = {"words": {"number": self.people.classes.index(own) + 1}}
        own.uninsured = self._pool_row("flow_uninsured", [uninsured[i] * self.fits[none] for i in pools], "d2", **words)
        own.group = self._pool_row("flow_group", [insured[i] * fits[i] for i in pools], "d2", **words)
        unknown = [insured[i] * (1 - fits[i]) * self.fit_unknown for i in pools]
        own.unknown = self._pool_row("flow_unknown", unknown, "d2", **words)

    def _write_stays(self) -> None:
        """Write who stays in each group: without those who left before the count, and who later gain an entitlement."""
        sheet, book = self.sheet, self.book
        earlier = [own for own in self.people.classes if not own.later]
        followed = list[Term]()
        for i, key in enumerate(self.keys):
            parts = [sum_where(own.groups, self.codes[i], own.group) for own in earlier]
            if key == UNINSURED:
                parts = [total(own.uninsured) for own in earlier]
            elif key == "not_told":
                parts += [total(own.unknown) for own in earlier]
            followed.append(sheet.formula(GROUPS_ROW + i, 6, sum_of(parts), "d2"))
        gains = self._write_gains([self.stock[i] - followed[i] for i in range(len(self.keys))])
        column = 7 + 2 * bool(gains) + len(gains)
        sheet.text(GROUPS_ROW - 1, column, book.word("group_stays"), "head")
        for i, key in enumerate(self.keys):
            rest = self.stock[i] - followed[i]
            for gain in gains:
                rest = rest - gain[i]
            self.people.stays[key] = sheet.formula(GROUPS_ROW + i, column, largest(rest, 0), "d2")

    def _write_gains(self, rest: list[Term]) -> list[list[Term]]:
        """Write who gains an entitlement by a later class, from later groups and the uninsured in proportion."""
        book, sheet, exits = self.book, self.sheet, self.book.model["exits"]
        later = [(c, one["month"]) for c, one in enumerate(exits["classes"]) if one["month"] > book.first]
        later = [(c, month) for c, month in later if c in self.gained]
        if not later:
            return []
        sources = {*exits["gain_groups"], UNINSURED}
        for column, key in ((7, "group_movers"), (8, "group_share")):
            sheet.text(GROUPS_ROW - 1, column, book.word(key), "head")
        movers = [
            sheet.formula(GROUPS_ROW + i, 7, rest[i] if key in sources else term(0), "d2")
            for i, key in enumerate(self.keys)
        ]
        gaining = sum_of(self.gained[c] for c, _ in later)
        least_share = 1 / largest(total(movers), gaining, LEAST)
        share = [sheet.formula(GROUPS_ROW + i, 8, movers[i] * least_share, "x") for i in range(len(movers))]
        columns = []
        for k, (c, month) in enumerate(later):
            sheet.text(GROUPS_ROW - 1, 9 + k, book.word("group_gains", month=book.days[month]), "head")
            cells = [sheet.formula(GROUPS_ROW + i, 9 + k, s * self.gained[c], "d2") for i, s in enumerate(share)]
            columns.append(cells)
            self.people.gains.append((month, dict(zip(self.keys, cells, strict=True))))
        return columns

    def _write_joining(self) -> None:
        """Write to which of the groups that pay people without a card belong."""
        book, sheet, names = self.book, self.sheet, self.book.model["behaviour"]["responsive"]
        sheet.text(self.row, 0, book.word("people_joining"), "section")
        for column, key in enumerate(("group_number", "group_name", "join_level", "join_people", "join_share")):
            sheet.text(self.row + 1, column, book.word(key), "head")
        rows = {name: self.row + 2 + i for i, name in enumerate(names)}
        others, levels = list[Term](), dict[str, Term]()
        for name, row in rows.items():
            sheet.number(row, 0, book.code(name), "code")
            sheet.text(row, 1, book.group(name))
            level = sheet.formula(row, 2, self.paths.levels[name][book.first], "p2")
            levels[name] = level
            stock = sum_of([self.people.stays[name], *(gain[name] for _, gain in self.people.gains)])
            people = term(0) if name == HOUSEHOLD else stock * (1 - level) / largest(level, LEAST_TAKE_UP)
            others.append(sheet.formula(row, 3, people, "d2"))
        stock = sum_of([self.people.stays[UNINSURED], *(gain[UNINSURED] for _, gain in self.people.gains)])
        row = self.row + 2 + len(names)
        sheet.text(row, 1, book.word("join_most"))
        most = sheet.formula(row, 3, largest(stock, total(others)), "d2")
        for i, (name, own) in enumerate(rows.items()):
            if name != HOUSEHOLD:
                share = sheet.formula(own, 4, when(most > 0, others[i] / most, 0), "p2")
                self.people.joining[name] = share
        own, rest = rows[HOUSEHOLD], list(self.people.joining.values())
        self.people.joining[HOUSEHOLD] = sheet.formula(own, 4, 1 - sum_of(rest), "p2")
        self.row = row + 2


def write_people(book: Book, paths: Paths, zones: Zones | None) -> People:
    """Write the sheet of people and cards."""
    return PeopleWriter(book, paths, zones).write()
