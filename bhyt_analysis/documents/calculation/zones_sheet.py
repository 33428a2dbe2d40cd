"""Write the sheet of zones: in which each commune is put, and who then loses and who gains a card."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

from bhyt_analysis.documents.calculation.book import Book
from bhyt_analysis.documents.calculation.cells import (
    MISSING,
    Operand,
    Term,
    day_number,
    item,
    largest,
    least,
    match,
    sum_of,
    sum_where,
    term,
    total,
    when,
)
from bhyt_analysis.documents.calculation.styles import set_page
from bhyt_analysis.domain.data_status import lowest_quality
from bhyt_analysis.i18n.formats import format_date
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.model.reclassification.card_flows import AREA_KEYS, ZONES

NOTES_ROW, MOVE_ROW, BLOCK_ROW, HEAD, FIRST = 2, 5, 7, 8, 9
NAME, PEOPLE, BEFORE, DECIDED, CHOICE, COUNTED, CARDS = range(7)
KINDS = ("lost", "gained")
TERMS = ("minority", "unknown", "other", "class")  # by zone, of those who lose a card


@dataclass
class ClassSums:
    """Who leaves in a class of exits, and who gains a card, by the zones that count."""

    lost: Term
    minority: Term
    unknown: Term
    other: Term
    gained: Term


@dataclass
class Zones:
    """What other sheets read: how many communes differ from the decision, which, and the exits that follow."""

    count: Term
    names: list[Term] = field(default_factory=list)
    decided: list[Term] = field(default_factory=list)
    counted: list[Term] = field(default_factory=list)
    days: list[Term] = field(default_factory=list)
    order: list[Term] = field(default_factory=list)  # how many communes differ, down to each
    difference: Term = field(default_factory=lambda: term(0))  # between the sums by commune and by entitlement
    classes: list[ClassSums] = field(default_factory=list)


def printed_columns(zones: dict[str, Any]) -> int:
    """Return how many columns have counts of people and are printed; those after them have codes for the formulas."""
    count = len(entitlements_of(zones))
    return CARDS + count + 8 + len(KINDS) * count * len(ZONES)


class ZoneWriter:
    """Write the sheet: a row for each commune, with its constants on pages of their own, then what formulas read."""

    def __init__(self, book: Book, constants: dict[str, Any]) -> None:
        self.book, self.sheet, self.constants = book, book.sheets["zones"], constants
        self.communes: list[dict[str, Any]] = constants["communes"]
        self.entitlements = entitlements_of(constants)
        self.rows = range(FIRST + 1, FIRST + 1 + len(self.communes))  # below their total
        self.results = CARDS + len(self.entitlements)  # the first column of those who lose and gain
        self.differences = self.results + 2, self.results + 5  # their columns
        self.status = self.results + 6
        self.columns = printed_columns(constants)
        self.constants_column = self.status + 1
        self.next_column = self.columns + 1

    def write(self) -> Zones:
        """Write all tables."""
        book, sheet = self.book, self.sheet
        sheet.spread([22, 10, 13, 13, 24, 13, *[12] * (self.status - 6), 28, 22])
        sheet.spread([11] * (self.columns - self.constants_column - 1), self.constants_column + 1)
        sheet.spread([12] * 80, self.next_column)
        self._write_notes()
        self._write_lists()
        self._write_constants()
        self._write_communes()
        zones = self._follow()
        self._write_entitlements(zones)
        self._write_static()
        sheet.sheet.print_area(0, 0, self.static_row + 4, self.columns - 1)
        sheet.sheet.set_v_pagebreaks([self.constants_column])
        sheet.sheet.repeat_rows(BLOCK_ROW, HEAD)
        sheet.sheet.freeze_panes(FIRST, 1)
        set_page(sheet, book.headline, book.header, self.status + 1)
        return zones

    def _write_notes(self) -> None:
        book = self.book
        parts = {"on": self.days, "as_of": dt.date.fromisoformat(book.model["as_of"]), "decision": self.decision}
        decided = lowest_quality(*(one["status"] for one in self.communes))
        statuses = (decided, lowest_quality("estimated", decided))
        status, other = (translate(f"status.{key}", book.lang).lower() for key in statuses)
        how = book.word("zones_how", status=status, other=other, **parts)
        months = book.word("zones_live" if self.constants["is_live"] else "zones_static", **parts)
        for row, text in ((NOTES_ROW, how), (NOTES_ROW + 1, months)):
            self.sheet.text(row, 0, text, "note", last=self.status)

    @property
    def days(self) -> str:
        """Return the days on which the decision takes effect: communes may have one of their own."""
        return ", ".join(format_date(day, self.book.lang) for day in sorted({one["on"] for one in self.communes}))

    @property
    def decision(self) -> str:
        """Return what texts call the decision."""
        name = str(self.constants["decision"])
        return translate("label.decision", self.book.lang, decision=name) if name.isdigit() else name

    def _zone(self, zone: str) -> str:
        return translate(f"zone.{zone}", self.book.lang)

    def _helper(self, head: str) -> int:
        """Return the next column that only formulas read."""
        column = self.next_column
        self.next_column += 1
        self.sheet.text(HEAD, column, head, "faint")
        return column

    def _write_lists(self) -> None:
        """Write what can be chosen: zones, and all communes of one zone into another one."""
        book, sheet = self.book, self.sheet
        column = self._helper(book.word("in_lists"))
        self.zones = [sheet.text(FIRST + i, column, self._zone(zone), "faint") for i, zone in enumerate(ZONES)]
        pairs = list(permutations(range(len(ZONES)), 2))
        columns = [self._helper(book.word(key)) for key in ("zones_move", "zones_from", "zones_to")]
        self.pairs, froms, targets = list[Term](), list[Term](), list[Term]()
        for i, (a, b) in enumerate(pairs):
            text = f"{self._zone(ZONES[a])} → {self._zone(ZONES[b])}"
            self.pairs.append(sheet.text(FIRST + i, columns[0], text, "faint"))
            froms.append(sheet.number(FIRST + i, columns[1], a + 1, "faint"))
            targets.append(sheet.number(FIRST + i, columns[2], b + 1, "faint"))
        sheet.text(MOVE_ROW, 0, book.word("zones_move"), "text_bold", last=CHOICE - 1)
        move = sheet.blank(MOVE_ROW, CHOICE, "in_text")
        self._offer(MOVE_ROW, self.pairs, "zones_move_limit")
        place = when(move.is_blank(), 1, match(move, self.pairs))
        self.move_from = sheet.formula(MOVE_ROW, columns[1], when(move.is_blank(), 0, item(froms, place)), "faint")
        self.move_to = sheet.formula(MOVE_ROW, columns[2], item(targets, place), "faint")

    def _offer(self, row: int, cells: list[Term], key: str) -> None:
        """Let a yellow cell take only what a list offers."""
        message = self.book.word(key)
        rule = {"validate": "list", "source": self.sheet.absolute(cells), "ignore_blank": True}
        texts = {"input_message": message, "error_title": self.book.word("limit_title"), "error_message": message}
        self.sheet.sheet.data_validation(row, CHOICE, row, CHOICE, {**rule, **texts})

    def _write_constants(self) -> None:
        """Write who would lose and who would gain a card in each zone, by entitlement."""
        book, sheet = self.book, self.sheet
        self.choices: dict[tuple[str, int], list[list[Term]]] = {}
        column = self.constants_column
        sheet.text(BLOCK_ROW - 1, column, book.word("zones_constants"), "block")
        sheet.text(HEAD, column, book.word("zones_commune"), "head")
        for row, one in zip(self.rows, self.communes, strict=True):
            sheet.text(row, column, one["name"])
        column += 1
        for kind in KINDS:
            for e, entitlement in enumerate(self.entitlements):
                self._block(column, len(ZONES), book.word(f"zones_{kind}_of", group=book.group(entitlement)))
                for z, zone in enumerate(ZONES):
                    sheet.text(HEAD, column + z, self._zone(zone), "head")
                self.choices[kind, e] = [
                    [sheet.number(row, column + z, n) for z, n in enumerate(_people(one, entitlement, kind))]
                    for row, one in zip(self.rows, self.communes, strict=True)
                ]
                column += len(ZONES)

    def _write_communes(self) -> None:
        """Write a row for each commune below their total."""
        book, sheet, row = self.book, self.sheet, FIRST
        heads = ["zones_commune", "month_people", "zones_before", "zones_decided", "zones_choice", "zones_counted"]
        for column, key in enumerate(heads):
            sheet.text(HEAD, column, book.word(key), "head")
        cards = book.word("zones_cards", on=self.days)
        self._block(CARDS, len(self.entitlements), cards)
        for e, entitlement in enumerate(self.entitlements):
            sheet.text(HEAD, CARDS + e, book.group(entitlement), "head")
        for k, kind in enumerate(KINDS):
            self._block(self.results + 3 * k, 3, book.word(f"zones_{kind}"))
            for j, key in enumerate(("zones_as_decided", "zones_as_counted", "difference")):
                sheet.text(HEAD, self.results + 3 * k + j, book.word(key), "head")
        sheet.text(HEAD, self.status, book.word("fact_status"), "head")
        self.codes = [self._helper(book.word(key)) for key in ("zones_code_decided", "zones_code")]
        self.parts = {
            (kind, e, c): self._helper(f"{kind} {e + 1} {c}")
            for kind in KINDS
            for e in range(len(self.entitlements))
            for c in (0, 1)
        }
        self.cells: dict[int, list[Term]] = {}
        for i, one in enumerate(self.communes):
            self._write_commune(i, one)
        sheet.text(row, 0, book.word("total"), "text_bold")
        for column in range(1, self.status):
            cells = self.cells.get(column)
            style = "+n_bold" if column in self.differences else "n_bold"
            sheet.formula(row, column, total(cells), style) if cells else sheet.text(row, column, "", "text_bold")
        sheet.text(row, self.status, "", "text_bold")

    def _block(self, column: int, width: int, text: str) -> None:
        """Write a heading over some columns."""
        self.sheet.text(BLOCK_ROW, column, text, "head", last=column + width - 1)

    def _put(self, row: int, column: int, content: Operand, style: str = "n") -> Term:
        """Write a number or a formula, and remember it for the sum of its column."""
        if isinstance(content, Term):
            cell = self.sheet.formula(row, column, content, style)
        else:
            cell = self.sheet.number(row, column, float(content), style)
        self.cells.setdefault(column, []).append(cell)
        return cell

    def _write_commune(self, i: int, one: dict[str, Any]) -> None:
        sheet, row = self.sheet, self.rows[i]
        sheet.text(row, NAME, one["name"])
        if one["population"] is None:
            sheet.text(row, PEOPLE, MISSING, "n")
        else:
            self._put(row, PEOPLE, one["population"])
        sheet.text(row, BEFORE, self._zone(one["zone_before"]), "word")
        sheet.text(row, DECIDED, self._zone(one["zone"]), "word")
        choice = sheet.blank(row, CHOICE, "in_text")
        self._offer(row, self.zones, "zones_limit")
        decided = sheet.number(row, self.codes[0], ZONES.index(one["zone"]) + 1, "faint")
        default = when(decided.equals(self.move_from), self.move_to, decided)
        code = sheet.formula(row, self.codes[1], when(choice.is_blank(), default, match(choice, self.zones)), "faint")
        sheet.formula(row, COUNTED, item(self.zones, code), "word")
        for e, entitlement in enumerate(self.entitlements):
            self._put(row, CARDS + e, one["entitlements"].get(entitlement, {"before": 0})["before"])
        for k, kind in enumerate(KINDS):
            column, sums = self.results + 3 * k, list[Term]()
            for c, own in enumerate((decided, code)):
                parts = [
                    self._put(row, self.parts[kind, e, c], item(self.choices[kind, e][i], own), "faint")
                    for e in range(len(self.entitlements))
                ]
                sums.append(self._put(row, column + c, sum_of(parts)))
            self._put(row, column + 2, sums[1] - sums[0], "+n")
        sheet.text(row, self.status, translate(f"status.{one['status']}", self.book.lang), "word")

    def _follow(self) -> Zones:
        """Return what other sheets read, with the exits where the months begin before them."""
        sheet, book = self.sheet, self.book
        day, differs, order = (self._helper(book.word(key)) for key in ("in_since", "in_differs", "in_order"))
        zones, count = Zones(term(0)), term(0)
        for i, (row, one) in enumerate(zip(self.rows, self.communes, strict=True)):
            decided, code = (sheet.cell(row, c, ZONES.index(one["zone"]) + 1.0) for c in self.codes)
            own = sheet.formula(row, differs, when(decided.equals(code), 0, 1), "faint")
            count = sheet.formula(row, order, count + own if i else own, "faint")
            zones.order.append(count)
            zones.names.append(sheet.cell(row, NAME, one["name"]))
            zones.decided.append(sheet.cell(row, DECIDED, self._zone(one["zone"])))
            zones.counted.append(sheet.cell(row, COUNTED, self._zone(one["zone"])))
            zones.days.append(sheet.number(row, day, day_number(dt.date.fromisoformat(one["on"])), "faint"))
        zones.count = count
        if self.constants["is_live"]:
            zones.classes = self._write_exits()
        return zones

    def _write_exits(self) -> list[ClassSums]:
        """Write of the zone that counts who loses a card how, and add it up by class of exits."""
        sheet, book = self.sheet, self.book
        chosen: dict[str, list[Term]] = {}
        keys = [(one["month"], one["minority_area"]) for one in book.model["exits"]["classes"]]
        terms = [_exit_terms(one, self.constants["minority_area"], keys) for one in self.communes]
        for key in TERMS:
            heads = [f"{book.word(f'zones_{key}')}: {self._zone(zone)}" for zone in ZONES]
            columns = [self._helper(head) for head in heads]
            own = self._helper(book.word(f"zones_{key}"))
            for row, one, values in zip(self.rows, self.communes, terms, strict=True):
                cells = [sheet.number(row, c, v, "faint") for c, v in zip(columns, values[key], strict=True)]
                code = sheet.cell(row, self.codes[1], ZONES.index(one["zone"]) + 1.0)
                chosen.setdefault(key, []).append(sheet.formula(row, own, item(cells, code), "faint"))
        lost, gained = (self.cells[self.results + 1 + 3 * k] for k in range(len(KINDS)))
        return [
            ClassSums(*(sum_where(chosen["class"], k, cells) for cells in self._terms(chosen, lost, gained)))
            for k in range(1, len(keys) + 1)
        ]

    def _terms(self, chosen: dict[str, list[Term]], lost: list[Term], gained: list[Term]) -> list[list[Term]]:
        return [lost, chosen["minority"], chosen["unknown"], chosen["other"], gained]

    def _write_entitlements(self, zones: Zones) -> None:
        """Write who loses and gains by entitlement, and compare the sums with those of the communes."""
        book, sheet, top = self.book, self.sheet, self.rows[-1] + 2
        sheet.text(top, 0, book.word("zones_entitlements"), "section")
        sums, differences = list[Term](), list[Term]()
        for e, entitlement in enumerate(self.entitlements):
            row = top + 1 + e
            sheet.text(row, 0, book.group(entitlement), last=self.results - 1)
            for k, kind in enumerate(KINDS):
                column = self.results + 3 * k
                pair = [sheet.formula(row, column + c, total(self.cells[self.parts[kind, e, c]])) for c in (0, 1)]
                sums += pair
                differences.append(sheet.formula(row, column + 2, pair[1] - pair[0], "+n"))
        of_communes = [total(self.cells[self.results + c]) for c in (0, 1, 3, 4)]
        zones.difference = sum_of(sums) - sum_of(of_communes)
        self.static_row = top + len(self.entitlements) + 2

    def _write_static(self) -> None:
        """Write how many more would have no card if no one enrolled again, between the least and the most."""
        book, sheet, row = self.book, self.sheet, self.static_row
        lost, gained = (total(self.cells[column]) for column in self.differences)
        sheet.text(row, 0, book.word("zones_no_one", on=self.days), "section")
        low, high = lost - largest(gained, 0), lost - least(gained, 0)
        lines = [("low", low, "+n"), ("high", high, "+n")]
        if len(people := self.cells.get(PEOPLE, [])) == len(self.communes):
            lines.append(("share", high / total(people) * 100, "+points"))
        for i, (key, content, style) in enumerate(lines):
            sheet.text(row + 1 + i, 0, book.word(f"zones_{key}"), last=CHOICE)
            sheet.formula(row + 1 + i, COUNTED, content, style)
        sheet.text(row + 4, 0, book.word("zones_no_one_note"), "note", last=self.status)


def entitlements_of(zones: dict[str, Any]) -> list[str]:
    """Return the entitlements by area that someone has or could gain, in the order of the law."""
    return [key for key in AREA_KEYS if any(key in one["entitlements"] for one in zones["communes"])]


def _people(commune: dict[str, Any], entitlement: str, kind: str) -> list[int]:
    """Return how many of an entitlement lose, or gain, a card in each zone of a commune."""
    own = commune["entitlements"].get(entitlement)
    return list(own[kind]) if own else [0] * len(ZONES)


def _exit_terms(commune: dict[str, Any], areas: list[int], keys: list[tuple[int, int]]) -> dict[str, list[float]]:
    """Return by zone how many who lose a card are of minorities, or may be, and how many keep another card."""
    shares = list(zip(commune["lost"], commune["minority"], strict=True))
    return {
        "minority": [lost * (share or 0.0) for lost, share in shares],
        "unknown": [lost if share is None else 0 for lost, share in shares],
        "other": commune["other"],
        "class": [keys.index((commune["month"], area)) + 1 for area in areas],
    }


def write_zones(book: Book) -> Zones | None:
    """Write the sheet of zones; None where who would lose and gain in another zone is not known."""
    constants = book.model.get("zones")
    return ZoneWriter(book, constants).write() if constants else None
