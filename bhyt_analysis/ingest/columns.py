"""Choose the columns of a table by its heading, and report those that are not read.

A column of figures is read only if its heading says all that it needs: what is counted, in the measure of the table.
Another measure of the same thing (households, per cent, a plan) is left out, with an error if nothing else gives it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import chain, takewhile

import numpy as np
import pandas as pd

from bhyt_analysis.domain import schema
from bhyt_analysis.domain.findings import Finding, Part, Term
from bhyt_analysis.i18n.messages import nearest_choices
from bhyt_analysis.ingest.figures import figures
from bhyt_analysis.ingest.headings import (
    ColumnHeading,
    ColumnMeaning,
    Heading,
    figure_keys,
    fitting_measures,
    heading_meaning,
    measure_fits,
)
from bhyt_analysis.ingest.unit_columns import UnitColumns, unit_columns
from bhyt_analysis.ingest.vietnamese_text import clean_text
from bhyt_analysis.ingest.workbook import Percent, Sheet, column_letter
from bhyt_analysis.law.groups import is_group_key, wider_groups

LEFT_OUT = "_left_out"  # the key of a column that the analyst leaves out
SUBTOTAL = "_subtotal"  # the key of a column that is the sum of the groups on its left
NOT_READ = frozenset({"_note", "_unit", SUBTOTAL, LEFT_OUT})
NEAR = 0.7  # of the letters of a heading, for a name to be proposed
UNCLEAR = "_unclear"  # the key of a column of which only the measure is clear, while those of units are looked for
YEAR = 4  # digits of a day that is only a year
AMBIGUOUS_CODES = ("TS", "TC")  # of groups, and short for "tổng số" and "tổng cộng"


@dataclass(frozen=True)
class Layout:
    """The columns of one table: for each column of the sheet its key, or ""; and the day that its heading names.

    ``reported`` are keys of columns that are not read, which a finding says, so that they are not missing as well;
    ``unclear`` are the headings that are not understood.
    """

    keys: tuple[str, ...]
    day: str = ""
    reported: frozenset[str] = frozenset()
    unclear: tuple[str, ...] = ()


def choose_columns(
    table: str, sheet: Sheet, body: pd.DataFrame, heading: Heading, stated: str, findings: list[Finding]
) -> list[Layout]:
    """Return the columns of each table below a heading, one for each day that the headings name.

    ``body`` are the rows below the heading; ``stated`` is the measure that a line above or below gives for all figures.
    """
    choice = _Choice(table, sheet, body, heading, stated)
    findings += choice.findings()
    return choice.layouts()


class _Choice:
    """The columns of one sheet, by what their headings say."""

    def __init__(self, table: str, sheet: Sheet, body: pd.DataFrame, heading: Heading, stated: str) -> None:
        self.table, self.sheet, self.body, self.heading = table, sheet, body, heading
        self.read: dict[int, np.ndarray] = {}  # figures of columns, by position
        self.row = int(sheet.cells.index[heading.rows[-1]])
        meanings = self._with_sums(self._heading_days())
        self.units = self._unit_columns(meanings)
        self.meanings = [m if m.key == k else ColumnMeaning(k) for m, k in zip(meanings, self.units.keys, strict=True)]
        fits = [measure_fits(table, m, stated) for m in self.meanings]
        self.fitting = [i for i in self.positions if self.meanings[i].key and fits[i]]
        self.misfits = [i for i in self.positions if self.meanings[i].key and not fits[i]]
        self.stated = stated
        visible = self._visible_first(self._without_subtotals(self.fitting))
        self.chosen = self._own_measure_first(visible)
        self.second = [i for i in visible if i not in self.chosen]

    @property
    def positions(self) -> range:
        return range(len(self.heading.texts))

    def _figures(self, position: int) -> np.ndarray:
        """Return the figures of a column, see `figures`."""
        if position not in self.read:
            self.read[position] = figures(self.body[position + 1])
        return self.read[position]

    def _heading_days(self) -> list[ColumnMeaning]:
        """Return the meanings of the headings with days that can be the day of figures.

        A column of days decides, and so does the title for people beside cards; then one day in the headings is only
        a word more. A year alone is the day of a target, not of counts.
        """
        columns = self.heading.columns
        has_days = any(c.key in ("as_of", "on") for c in columns)
        days = {c.day for c in columns if c.day and c.key not in ("_people", "_households")}
        meanings = []
        for column in columns:
            is_beside = column.key in ("_people", "_households", "_rate") and len(column.day) == YEAR
            if column.day and ((has_days and len(days) < 2) or is_beside):
                column = replace(column, day="")
            unclear = column.day and (has_days or (len(column.day) == YEAR and self.table != "targets"))
            unclear = unclear and measure_fits(self.table, column)
            meanings.append(ColumnMeaning() if unclear else column)
        return meanings

    def _unit_columns(self, meanings: list[ColumnMeaning]) -> UnitColumns:
        """Return the columns of units, by what is not understood otherwise."""
        keys = [m.key or UNCLEAR * bool(m.measures) for m in meanings]
        if self.table == "areas" or "area" not in schema.heading_vocabulary(self.table).values():
            return UnitColumns(tuple(m.key for m in meanings))
        units = unit_columns(keys, self.heading.texts, self.body, self._holds_figures)
        return replace(units, keys=tuple(k.removeprefix(UNCLEAR) for k in units.keys))

    def _with_sums(self, meanings: list[ColumnMeaning]) -> list[ColumnMeaning]:
        """Return the meanings with the columns of sums that their heading alone does not tell.

        «Số thẻ | Hộ nghèo | Hộ gia đình» begins with the total of its groups. «TS», «TC» and a heading that is not
        understood are the total if they are the sum of the groups; «TS» and «TC» are a group among other codes.
        """
        keys = [m.key for m in meanings]
        wide = [i for i, k in enumerate(keys) if is_group_key(k)]
        if "group" in keys or not schema.allows_wide_layout(self.table):
            return meanings
        if wide and "cards" in keys:
            keys[keys.index("cards")] = "_total"
        for i in (i for i, key in enumerate(keys) if key == "_total"):
            left = list(takewhile(lambda j: j in wide, range(i - 1, -1, -1)))
            sums = (self._is_sum(i, left[:n]) for n in range(2, len(left) + 1))
            if not self._is_total(i, wide, keys) and any(sums):
                keys[i] = SUBTOTAL
        short = [i for i in wide if _code(self.heading.texts[i]) in AMBIGUOUS_CODES]
        unknown = [i for i, m in enumerate(meanings) if not m.key and not m.measures and self._holds_figures(i)]
        for i in [*short, *unknown]:
            others = [j for j in wide if j != i and meanings[j].day == meanings[i].day]
            if "_total" not in keys and others and self._is_total(i, others, keys):
                keys[i] = "_total"
            elif i in short and not all(len(_code(self.heading.texts[j])) == 2 for j in others):
                keys[i] = ""
        return [m if m.key == k else ColumnMeaning(k, m.measures, m.day) for m, k in zip(meanings, keys, strict=True)]

    def _is_total(self, position: int, groups_beside: list[int], keys: list[str]) -> bool:
        """Return whether a column is the sum of the groups beside it, with a wider group or with its parts."""
        present = {keys[j] for j in groups_beside}
        unions = {upper for key in present for upper in wider_groups(key)}
        narrow = [j for j in groups_beside if keys[j] not in unions]
        wide = [j for j in groups_beside if not wider_groups(keys[j]) & present]
        return self._is_sum(position, narrow) or self._is_sum(position, wide)

    def _is_sum(self, position: int, others: Iterable[int]) -> bool:
        """Return whether the figures of a column are the sums of those of others, in all rows that have one."""
        total = self._figures(position)
        parts = np.array([self._figures(j) for j in others])
        rows = ~np.isnan(total) & (total > 0)
        several = (np.nan_to_num(parts) > 0).sum(axis=0) > 1
        return bool((rows & several).any()) and bool((np.nan_to_num(parts).sum(axis=0) == total)[rows].all())

    def _without_subtotals(self, positions: list[int]) -> list[int]:
        """Return the columns without «Cộng» below a wider group that is the sum of the groups beside it."""

        def is_subtotal(i: int) -> bool:
            above, _, lowest = self.heading.texts[i].rpartition(" – ")
            parts = [j for j in positions if j != i and self._is_nested(i, j)] if above else []
            return bool(parts) and heading_meaning(lowest, self.table) == "_total" and self._is_sum(i, parts)

        return [i for i in positions if not is_group_key(self.meanings[i].key) or not is_subtotal(i)]

    def _visible_first(self, positions: list[int]) -> list[int]:
        """Return the columns without the hidden ones of which a visible one has the same meaning."""
        visible = {self._place(i) for i in positions if not self._is_hidden(i)}
        return [i for i in positions if not self._is_hidden(i) or self._place(i) not in visible]

    def _own_measure_first(self, positions: list[int]) -> list[int]:
        """Return the columns without those that count people where another counts the same in cards."""
        cards = {self._place(i) for i in positions if self.meanings[i].measures == {"cards"}}
        people = (i for i in positions if self.meanings[i].measures == {"people"} and self._place(i) in cards)
        second = set(people) if self.table == "cards" else set[int]()
        return [i for i in positions if i not in second]

    def _place(self, position: int) -> tuple[str, str]:
        return self.meanings[position].key, self.meanings[position].day

    def _is_hidden(self, position: int) -> bool:
        return position + 1 in self.sheet.hidden_columns

    # --- The tables ---

    def layouts(self) -> list[Layout]:
        """Return the columns by the days of their headings; a column without a day belongs to all of them."""
        days = list(dict.fromkeys(d for i in self.chosen if (d := self.meanings[i].day)))
        unused = NOT_READ | ({"_total", "_rate"} if any(self._left_out()) else set())  # which include what is left out
        layouts = []
        for day in days or [""]:
            keys = [""] * len(self.heading.texts)
            for i in self.chosen:
                key = self.meanings[i].key
                if self.meanings[i].day in ("", day) and key not in {*keys, *unused}:
                    keys[i] = key
            unknown = (i for i, m in enumerate(self.meanings) if not m.key and self.heading.texts[i])
            unclear = tuple(str(ColumnHeading(self.heading.texts[i], i + 1)) for i in unknown)
            layouts.append(Layout(tuple(keys), day, self._reported(), unclear))
        return layouts

    def _reported(self) -> frozenset[str]:
        """Return the keys of the columns in another measure; of groups, those of the long layout, too."""
        keys = {self.meanings[i].key for i in self.misfits}
        unknown = (i for i in self.positions if not self.meanings[i].key and self._holds_figures(i))
        long = schema.allows_wide_layout(self.table) and (any(map(is_group_key, keys)) or any(True for _ in unknown))
        unit = {"area"} if self.units.doubt else set[str]()
        return frozenset(keys | unit | ({"group", "cards"} if long else set()))

    # --- The findings ---

    def findings(self) -> list[Finding]:
        """Return what is not read, and why."""
        if self.table == schema.REGISTER:
            return []
        parts: list[Callable[[], Iterable[Finding]]] = [self._units, self._unknown, self._other_measures]
        parts += [self._double, self._only_hidden, self._sums, self._left_out]
        return list(chain.from_iterable(part() for part in parts))

    def _finding(self, rule: str, position: int, **parts: Part) -> Finding:
        text = self.heading.texts[position]
        column = str(ColumnHeading(text, position + 1)) if text else column_letter(position + 1)
        finding = Finding(rule, self.sheet.label, self.row, column, value=text, table_key=self.table)
        return finding.with_parts(**parts)

    def _units(self) -> Iterable[Finding]:
        """Yield the columns of units that only their cells tell, and whether it is clear which one is the unit."""
        for i in self.units.by_content:
            yield self._finding("unit_column_by_content", i)
        if doubt := self.units.doubt:
            used = self.units.used
            rule, columns = ("unit_unclear", doubt) if used is None else ("unit_below", (used,))
            listed = ", ".join(str(ColumnHeading(self.heading.texts[i], i + 1)) for i in columns)
            yield self._finding(rule, doubt[0], expected=listed)

    def _unknown(self) -> Iterable[Finding]:
        """Yield columns that are not understood; figures in a table of groups are errors."""
        for i in self.positions:
            text, filled = self.heading.texts[i], (self.body[i + 1] != "").to_numpy()
            beside_groups = is_group_key(self.meanings[i].key) and any(m.key == "group" for m in self.meanings)
            if (self.meanings[i].key and not beside_groups) or not filled.any() or i in self.units.doubt:
                continue
            if not text and not (self._holds_figures(i) and self._needs_all_figures() and not self.sheet.plain):
                yield from self._without_heading(i, filled)
                continue
            if i in self._measures_of_all():
                continue
            rule = "no_groups" if self._counts_cards(i) else "unknown_figures"
            needs_all = self._needs_all_figures() or rule == "no_groups"
            rule = rule if self._holds_figures(i) and needs_all else "unknown_column"
            yield self._finding(rule, i, expected=self._nearest(text))

    def _without_heading(self, position: int, filled: np.ndarray) -> Iterable[Finding]:
        """Yield the finding about cells without a heading, as one separator too many shifts those of its row."""
        if not self.sheet.plain:
            yield Finding("no_heading", self.sheet.label, self.row, column_letter(position + 1))
        for n in self.body.index[filled] if self.sheet.plain else ():
            yield Finding("csv_cells", self.sheet.label, int(n), count=position + 1, expected=position)

    def _counts_cards(self, position: int) -> bool:
        """Return whether a column of a table of people counts those with a card, which would be lost."""
        is_cards = heading_meaning(self.heading.texts[position], "cards") in ("cards", "_total")
        return self.table == "population" and (is_cards or "cards" in self.heading.columns[position].measures)

    def _measures_of_all(self) -> list[int]:
        """Return the columns of a rate, an amount or a plan of all, which the table does not hold.

        A list of targets without a column of the target may have it in such a column.
        """
        if self.table == "targets" and not any(m.key == "rate" for m in self.meanings):
            return []
        counts = {"people", "cards", "households", "scaled"}
        columns = self.heading.columns
        unnamed = (
            i for i, c in enumerate(columns) if not self.meanings[i].key and not c.key and self._holds_figures(i)
        )
        return [i for i in unnamed if columns[i].measures and not columns[i].measures & counts]

    def _needs_all_figures(self) -> bool:
        return schema.allows_wide_layout(self.table) or self.table == "targets"

    def _holds_figures(self, position: int) -> bool:
        """Return whether a column has a figure, a rate or a formula; zeros alone say nothing."""
        values = pd.unique(self.body[position + 1])
        doubtful = any(
            isinstance(v, Percent) or (type(v) is str and v[:1] in ("=", "#") and len(v) > 1) for v in values
        )
        return doubtful or bool((np.nan_to_num(self._figures(position), nan=0.0) != 0).any())

    def _nearest(self, text: str) -> str:
        """Return the column or group whose names are nearest to a heading, if any are near."""
        words = schema.heading_vocabulary(self.table)
        lowest = text.rpartition(" – ")[2]
        near = nearest_choices(lowest, words, 1, NEAR)
        key = words[near[0]] if near else ""
        return key if key[:1] != "_" else ""

    def _other_measures(self) -> Iterable[Finding]:
        """Yield figures in another measure than the table's: an error where no other column gives them."""
        helpers = ("_total", "_households", "_rate")
        read_keys, others = {*helpers, *(self.meanings[i].key for i in self.chosen)}, list[int]()
        for i in (i for i in self.misfits if (self.body[i + 1] != "").any()):
            key, measures = self.meanings[i].key, self.meanings[i].measures or {self.stated}
            fitting = fitting_measures(self.table, key)
            if "scaled" in measures:
                yield self._finding("scaled", i)
            elif key in read_keys:
                others.append(i)
            else:
                unit, expected = (Term(f"measure.{min(m, default='')}") for m in (measures - fitting, fitting))
                yield self._finding("other_measure", i, unit=unit, expected=expected)
        keys = {self.meanings[i].key for i in self.chosen}
        unused = {"_rate", "_households"} if "_people" not in keys else set()
        others += [i for i in self.chosen if self.meanings[i].key in unused and self._holds_figures(i)]
        if others := sorted({*others, *self.second, *self._measures_of_all()}):
            texts = [str(ColumnHeading(self.heading.texts[i], i + 1)) for i in others]
            yield Finding("other_columns", self.sheet.label, self.row, count=len(others), value=", ".join(texts))

    def _double(self) -> Iterable[Finding]:
        """Yield meanings that two visible columns have."""
        places = [self._place(i) for i in self.chosen]
        for position, (key, day) in zip(self.chosen, places, strict=True):
            if key[0] != "_" and self.chosen[places.index((key, day))] != position:
                yield self._finding("double_column", position)

    def _only_hidden(self) -> Iterable[Finding]:
        """Yield figures of a hidden column in a table that has visible ones which are not understood."""
        unread = {*self.positions} - {*self.fitting}
        unclear = [i for i in sorted(unread) if self.heading.texts[i]]
        if not any(self._holds_figures(i) and not self._is_hidden(i) for i in unclear):
            return
        for i in self.chosen:
            if self._is_hidden(i) and self.meanings[i].key in figure_keys(self.table):
                yield self._finding("only_hidden", i)

    def _sums(self) -> Iterable[Finding]:
        """Yield groups that are the sum of all other groups in at least two rows, as only a total is."""
        wide = [i for i in self.chosen if is_group_key(self.meanings[i].key)]
        for i in wide:
            others = [
                j for j in wide if j != i and self.meanings[j].day == self.meanings[i].day and not self._is_nested(i, j)
            ]
            rows = (~np.isnan(self._figures(i))).sum()
            if len(others) > 1 and len(others) == len(wide) - 1 and rows > 1 and self._is_sum(i, others):
                yield self._finding("sum_column", i)

    def _left_out(self) -> Iterable[Finding]:
        """Yield figures that the analyst has left out; what is made without them says so."""
        for i in self.positions:
            if self.meanings[i].key == LEFT_OUT and self._holds_figures(i):
                yield self._finding("left_out", i)

    def _is_nested(self, wider: int, narrower: int) -> bool:
        return self.meanings[wider].key in wider_groups(self.meanings[narrower].key)


def _code(text: str) -> str:
    """Return a card code that is a heading of its own or is in brackets, without dots: «T.S» is TS."""
    return clean_text(text).rpartition(" – ")[2].replace(".", "").strip("() ")
