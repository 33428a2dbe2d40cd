"""Gather the figures of all files of a batch into one system: cells by what they count, not by where they are printed.

A figure is named by its quantity, unit, day, group and other parts (`Key`), as on the side of the protection. Here the
values of hidden cells are not known: a cell is the interval that the files leave open. Tables that name no day are of
the latest day whose printed figures agree with theirs.
"""

from __future__ import annotations

import calendar
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from bhyt_analysis.i18n.dates import parse_date
from bhyt_analysis.i18n.languages import LANGUAGES
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.law.groups import group_of_label, is_group_key
from bhyt_analysis.release.published import LOWER_BOUNDED, Published, PublishedTable, is_hidden
from bhyt_analysis.tables.cell_system import ALL, SOLVED, CellSystem, Key, TableRow
from bhyt_analysis.tables.cells import DAYS, PARTS
from bhyt_analysis.tables.columns import Column, find_column
from bhyt_analysis.tables.formatting import SMALL

CLOSE = 1e-9  # of a figure: how exactly its file holds it
GROUPS = ("subgroup", "group")
Interval = tuple[float, float]
Place = tuple[str, str, str]  # folder, table and column
OPEN: Interval = (-math.inf, math.inf)


@dataclass(eq=False)
class Figure:
    """One figure of a table, from all files that have the table. ``printed``, ``hidden``: files that print, hide it."""

    column: Column
    table: PublishedTable
    row: str
    heading: str
    interval: Interval = OPEN
    printed: str = ""
    hidden: str = ""
    is_marked: bool = False

    def read(self, table: PublishedTable, value: float | str | None, half: float) -> None:
        """Take what a file says of the figure."""
        if isinstance(value, float):
            half += CLOSE * max(1.0, abs(value))
            self.interval = overlap(self.interval, (value - half, value + half)) or self.interval
            self.printed = self.printed or ("" if table.kind == "bounds" else table.file)
        elif is_hidden(value):
            self.hidden = self.hidden or table.file
            self.is_marked |= LOWER_BOUNDED.fullmatch(str(value).strip()) is not None


@dataclass(eq=False)
class FigureRow(TableRow):
    """A row of a table with its figures by column. ``folder``, ``table``, ``name``: where a reader finds it."""

    folder: str = ""
    table: str = ""
    name: str = ""
    lang: str = LANGUAGES[0]
    is_total: bool = False
    figures: dict[str, Figure] = field(default_factory=dict)
    columns: dict[str, Column] = field(default_factory=dict)
    plain: dict[str, float] = field(default_factory=dict)  # figures that say nothing of persons, such as premiums
    days: dict[str, str] = field(default_factory=dict)  # of figures that have days of their own

    def cell_key(self, name: str) -> Key:
        """Return what names the cell of a column."""
        return self.key._replace(column=name, day=self.days.get(name, self.key.day))


@dataclass(eq=False)
class FigureSystem(CellSystem):
    """The cells of a batch; ``low``, ``high``: between which values the files let each be; ``public``: printed."""

    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    public: set[int] = field(default_factory=set)

    def add_cell(self, key: Key, figure: Figure, interval: Interval, is_named: bool = True) -> int:
        """Return a new cell; one that is not named is found by its own table only."""
        cell = len(self.keys)
        self.keys.append(key)
        self.value.append(math.nan)
        self.half.append(0.0)
        self.disclosure.append(figure.column.disclosure)
        self.state.append("printed")
        self.low.append(interval[0])
        self.high.append(interval[1])
        self.figures.append(figure)
        if is_named:
            self.index[key] = cell
            self.by_day[key._replace(day="")][key.day] = cell
        return cell

    def interval(self, cell: int) -> Interval:
        """Return between which values a cell is."""
        return self.low[cell], self.high[cell]

    def is_fixed(self, cell: int) -> bool:
        """Return whether the files print a cell exactly."""
        low, high = self.interval(cell)
        return math.isfinite(high - low) and high - low <= 4 * CLOSE * max(1.0, abs(high))


def overlap(one: Interval, other: Interval) -> Interval | None:
    """Return what two intervals have in common; None if that is nothing.

    >>> overlap((1, 4), (3, 9)), overlap((1, 2), (3, 4))
    ((3, 4), None)
    """
    low, high = max(one[0], other[0]), min(one[1], other[1])
    return (low, high) if low <= high else None


def gather(published: Published) -> tuple[FigureSystem, list[FigureRow], list[tuple[Figure, str]]]:
    """Return the system of a batch, its rows, and the hidden figures that are printed, each with the file.

    Cells of one key are one cell where their printed figures agree; where they do not, they are different counts.
    """
    names = _UnitNames(published)
    blocks: dict[tuple[str, str], list[FigureRow]] = defaultdict(list)
    for table in published.tables:
        _read_table(blocks[table.area, table.name], table, names)
    for rows in blocks.values():
        for row in rows:
            row.rows = [r for r in rows if not r.is_total]
    rows = [row for block in blocks.values() for row in block]
    days = _days_of_undated(rows)
    system = FigureSystem()
    breaches: list[tuple[Figure, str]] = []
    same: dict[Key, list[tuple[FigureRow, str]]] = defaultdict(list)
    for row in rows:
        for name in row.figures:
            key = row.cell_key(name)
            day = key.day or days.get((row.folder, row.table, name), "")
            same[key._replace(day=day)].append((row, name))
    for key, places in same.items():
        breaches += _add_cells(system, key, places)
    for row in rows:
        people = [cell for cell in row.cells.values() if system.disclosure[cell] != "population"]
        own = {system.keys[cell].day for cell in people} - {""}
        if not row.key.day and len(own) == 1:
            row.key = row.key._replace(day=own.pop())
    return system, rows, breaches


def _add_cells(system: FigureSystem, key: Key, places: list[tuple[FigureRow, str]]) -> Iterator[tuple[Figure, str]]:
    """Add the cells of a key; yield its hidden figures that are printed."""
    clusters: list[tuple[Interval, list[tuple[FigureRow, str]]]] = []
    hidden = []
    for row, name in places:
        figure = row.figures[name]
        if figure.printed and figure.hidden and figure.column.disclosure == "count":
            yield figure, figure.printed
        if not figure.printed:
            hidden.append((row, name))
            continue
        for i, (interval, members) in enumerate(clusters):
            if common := overlap(interval, figure.interval):
                clusters[i] = common, [*members, (row, name)]
                break
        else:
            clusters.append((figure.interval, [(row, name)]))
    if len(clusters) == 1 and hidden:
        interval, members = clusters[0]
        for row, name in hidden:
            figure = row.figures[name]
            if figure.column.disclosure == "count":
                yield figure, members[0][0].figures[members[0][1]].printed
        clusters[0] = interval, [*members, *hidden]
    elif hidden:
        clusters.append((_hidden_interval([row.figures[name] for row, name in hidden]), hidden))
    clusters.sort(key=lambda cluster: -len(cluster[1]))  # the figure that most tables print has the name
    for i, (interval, members) in enumerate(clusters):
        first = next((r.figures[n] for r, n in members if r.figures[n].hidden), members[0][0].figures[members[0][1]])
        cell = system.add_cell(key, first, interval, is_named=i == 0)
        for row, name in members:
            row.cells[name] = cell
        if any(row.figures[name].printed for row, name in members):
            system.public.add(cell)


def _hidden_interval(figures: Iterable[Figure]) -> Interval:
    """Return what is known of a hidden figure before any relation; its mark is dealt with by the attack."""
    interval: Interval = OPEN
    for figure in figures:
        least = -math.inf if figure.column.disclosure == "change" else 0.0
        interval = overlap(interval, figure.interval) or interval
        interval = overlap(interval, (least, math.inf)) or interval
    return interval


def marked_interval() -> Interval:
    """Return what the mark of a small count says."""
    return 1.0, SMALL - 1.0


# --- Tables ---------------------------------------------------------------------------------------


def _read_table(block: list[FigureRow], table: PublishedTable, names: _UnitNames) -> None:
    """Add what a file says of a table to the rows that other files have of it."""
    is_row = [table.kind not in ("chart", "words") or names.is_row(table, i) for i in range(len(table.rows))]
    keys = {i: names.key(table, i) for i, is_one in enumerate(is_row) if is_one}
    own_rows = {row.key: row for row in block}
    short: dict[Key, list[FigureRow]] = defaultdict(list)
    for row in block:
        short[row.key._replace(other=())].append(row)
    alike = Counter(key._replace(other=()) for key in keys.values())
    times: Counter[Key] = Counter()
    above: FigureRow | None = None
    for i, key in keys.items():
        times[key] += 1
        if times[key] > 1:  # rows that nothing tells apart but their places
            key = key._replace(other=(*key.other, ("row", str(times[key]))))
        own = own_rows.get(key)
        others = short[key._replace(other=())]
        if own is None and len(others) == 1 == alike[key._replace(other=())]:
            own = others[0]  # a file that leaves out a column in which all rows are alike
        if own is None:
            own = FigureRow(key, "", folder=table.area, table=table.name, name=table.row_name(i), lang=table.lang)
            own.is_total, own.above = table.is_total(i), above
            block.append(own)
            own_rows[key] = own
        above = own
        _read_row(own, table, i)


def _read_row(row: FigureRow, table: PublishedTable, i: int) -> None:
    for c, (column, value) in enumerate(zip(table.columns, table.rows[i], strict=True)):
        if not column.is_number or not (isinstance(value, float) or is_hidden(value)):
            continue
        if column.disclosure not in SOLVED | {"rate", "interval"}:
            if isinstance(value, float):
                row.plain[column.name] = value
            continue
        name = cell_name(column)
        if name not in row.figures:
            row.columns[name] = column
            row.figures[name] = Figure(column, table, row.name, table.headings[c])
        if table.day:
            row.days[name] = read_day(table.day)
        row.figures[name].read(table, value, table.halves[i][c])


def cell_name(column: Column) -> str:
    """Return by what the cells of a column go: its name, with what it is where other tables mean another thing by it.

    >>> cell_name(find_column("people")), cell_name(find_column("people", "full_year_cost"))
    ('people', 'people:count')
    """
    is_usual = column.disclosure == find_column(column.name).disclosure
    return column.name if is_usual or not find_column(column.name).disclosure else f"{column.name}:{column.disclosure}"


class _UnitNames:
    """Name the rows of tables: units by their codes, wherever a table has only their names."""

    def __init__(self, published: Published) -> None:
        self.units = dict(published.units)
        self.codes: dict[str, dict[str, str]] = defaultdict(dict)  # by folder, then by name
        for folder, (code, name) in self.units.items():
            self.codes[folder][_plain(name)] = code
        for table in published.tables:
            positions = {c.name: i for i, c in enumerate(table.columns)}
            if {"area", "name"} <= positions.keys():
                for row in table.rows:
                    own, unit_name = row[positions["area"]], row[positions["name"]]
                    if own and isinstance(unit_name, str):
                        self.codes[table.area].setdefault(_plain(unit_name), _code(own))
        everywhere: dict[str, set[str]] = defaultdict(set)
        for codes in self.codes.values():
            for name, code in codes.items():
                everywhere[name].add(code)
        self.unique = {name: next(iter(codes)) for name, codes in everywhere.items() if len(codes) == 1}

    def own(self, folder: str) -> str:
        """Return the code of the unit that a folder is about."""
        return self.units.get(folder, (folder, ""))[0]

    def area(self, folder: str, name: str) -> str:
        """Return the code of a unit that a table names."""
        plain = _plain(name)
        return self.codes[folder].get(plain) or self.unique.get(plain) or f"{folder}/{plain}"

    def is_row(self, table: PublishedTable, i: int) -> bool:
        """Return whether a category of a chart is what its table takes it for: a day, a group or a unit."""
        kind, text = table.columns[0].name, str(table.rows[i][0])
        if kind == "month":
            return bool(read_day(text))
        if kind == "group":
            return is_group_key(group_key(text))
        return _plain(text) in self.codes[table.area] or _plain(text) in self.unique

    def key(self, table: PublishedTable, i: int) -> Key:
        """Return what names the cells of a row, without a column."""
        cells: dict[str, tuple[Column, object]] = {}
        for column, value in zip(table.columns, table.rows[i], strict=True):
            if value is not None and str(value).strip():
                cells.setdefault(column.name, (column, value))
        total = table.is_total(i)
        area, group = self.own(table.area), ALL
        if not total and "area" in cells:
            area = _code(cells["area"][1])
        elif not total and "name" in cells and cells["name"][0].format == "name":
            area = self.area(table.area, str(cells["name"][1]))
        days = [read_day(str(cells[name][1])) for name in DAYS if name in cells]
        day = next(filter(None, days), "")
        has_group = any(c.name in GROUPS for c in table.columns)
        if has_group and not total:
            group = next((group_key(str(cells[name][1])) for name in GROUPS if name in cells), ALL)
        other = [(name, str(cells[name][1])) for name in PARTS if name in cells and not cells[name][0].is_number]
        other = [(name, group_key(v) if name in ("from", "to") else v) for name, v in other]
        if total and has_group:  # of the groups that the table lists
            other.append(("total", f"{table.area}/{table.name}"))
        return Key("", area, day, group, tuple(other))


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _code(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def group_key(text: str) -> str:
    """Return the key of a group that a table names; other words stay as they are.

    >>> group_key("– Người thuộc hộ cận nghèo"), group_key("Near-poor households"), group_key("poor")
    ('near_poor', 'near_poor', 'poor')
    """
    return group_of_label(text.strip().removeprefix("–").strip())


@lru_cache(maxsize=4096)
def read_day(text: str) -> str:
    """Return a day as it is written in a language, as year-month-day; a month as its last day; "" for other words.

    >>> read_day("30/06/2021"), read_day("30 June 2021"), read_day("06/2021"), read_day("2021-06-30 00:00:00")
    ('2021-06-30', '2021-06-30', '2021-06-30', '2021-06-30')
    """
    text = text.strip()
    if month := re.fullmatch(r"(\d{1,2})/(\d{4})", text):
        number, year = int(month[1]), int(month[2])
        return f"{year}-{number:02d}-{calendar.monthrange(year, number)[1]}" if 1 <= number <= 12 else ""
    if words := re.fullmatch(r"(\d{1,2}) ([A-Z][a-z]+) (\d{4})", text):
        months = list(calendar.month_name)
        if words[2] in months:
            return f"{words[3]}-{months.index(words[2]):02d}-{int(words[1]):02d}"
    try:
        return parse_date(re.sub(r"[ T]00:00:00$", "", text)).isoformat()
    except BhytError:
        return ""


# --- Days -----------------------------------------------------------------------------------------


def _days_of_undated(rows: Iterable[FigureRow]) -> dict[Place, str]:
    """Return the day of each column of tables that name none: the latest on which printed figures agree with them.

    Where no figure can be compared, it is the latest day of the quantity in the folder, or of the whole batch.
    """
    printed_on: dict[Key, dict[str, list[Interval]]] = defaultdict(lambda: defaultdict(list))
    days_of: dict[tuple[str, str], set[str]] = defaultdict(set)
    undated: dict[Place, list[tuple[Key, Figure]]] = defaultdict(list)
    for row in rows:
        for name, figure in row.figures.items():
            key = row.cell_key(name)
            if not key.day:
                undated[row.folder, row.table, name].append((key, figure))
                continue
            days_of[row.folder, name].add(key.day)
            days_of["", name].add(key.day)
            if figure.printed:
                printed_on[key._replace(day="")][key.day].append(figure.interval)
    chosen: dict[Place, str] = {}
    for (folder, table, name), figures in undated.items():
        agree: dict[str, int] = defaultdict(int)
        differ: set[str] = set()
        for key, figure in figures:
            for day, intervals in printed_on.get(key, {}).items() if figure.printed else ():
                agree[day] += 1
                if not any(overlap(figure.interval, interval) for interval in intervals):
                    differ.add(day)
        fits = [day for day in agree if day not in differ]
        others = (days_of[folder, name] or days_of["", name]) - differ
        if day := max(fits, default="") or max(others if not agree else (), default=""):
            chosen[folder, table, name] = day
    left = {place: figures for place, figures in undated.items() if place not in chosen}
    return chosen | _days_of_neighbours(left, chosen)


def _days_of_neighbours(
    left: Mapping[Place, list[tuple[Key, Figure]]], chosen: Mapping[Place, str]
) -> dict[Place, str]:
    """Return the days of columns that no table has with a day: that of the other columns of their table.

    What has no such columns has the latest day that its quantity has got in the folder.
    """
    of_table: dict[tuple[str, str], set[str]] = defaultdict(set)
    for (folder, table, name), day in chosen.items():
        if find_column(name).disclosure != "population":
            of_table[folder, table].add(day)
    days = {place: max(own) for place in left if len(own := of_table[place[:2]]) == 1}
    latest: dict[tuple[str, str], str] = defaultdict(str)
    for (folder, _, name), day in days.items():
        latest[folder, name] = max(latest[folder, name], day)
    return days | {place: day for place in left if place not in days and (day := latest[place[0], place[2]])}
