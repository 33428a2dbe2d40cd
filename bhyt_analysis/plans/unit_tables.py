"""Find the tables and lists of a plan that go through the units of an area, and what they lack of them."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bhyt_analysis.domain.geography import Geography, Unit
from bhyt_analysis.plans.document import Block
from bhyt_analysis.plans.entries import Place
from bhyt_analysis.plans.plan_context import units_inside
from bhyt_analysis.plans.references import unit_lists

LEAST_ROWS = 3  # that name units: of a column that goes through them
LEAST_SHARE = 2 / 3  # of the units of an area: in a table that is meant to have all of them
_LONGEST_NAME = 50
_NUMBER = re.compile(r"^\s*(?:\d+|[IVX]+)\s*[.)/-]?\s+(?=\S)")
_UNIT_WORD = re.compile(r"(?:xã|phường|thị trấn|huyện|thị xã|quận|thành phố|tp|đặc khu)\.? [A-ZÀ-ỸĐ]", re.IGNORECASE)
_WORD = re.compile(r"\S+\.?\s+(?:đảo\s+)?")


@dataclass(frozen=True)
class UnitTable:
    """The units that a column of a table names, or a list; ``strangers`` are names of units that are elsewhere."""

    kind: str  # of its units
    places: dict[Unit, Place]
    strangers: tuple[tuple[str, Place], ...]
    is_list_of_all: bool = False  # a list whose count is that of all units

    @property
    def place(self) -> Place:
        """Return the place of its first unit."""
        return min(self.places.values())

    def missing(self, geography: Geography, area: Unit, day: dt.date) -> list[Unit]:
        """Return the units of its kind in an area on a day that it lacks; none if it is not meant to have all."""
        units = [u for u in geography.inside(area, day) if u.kind == self.kind and u.exists_on(day.toordinal())]
        missing = [u for u in units if u not in self.places]
        is_meant = self.is_list_of_all or len(units) - len(missing) >= LEAST_SHARE * len(units)
        return missing if is_meant and len(missing) < len(units) else []


def unit_tables(blocks: Sequence[Block], geography: Geography, area: Unit, day: dt.date) -> list[UnitTable]:
    """Return the tables of a document that have a row for each of several units in an area, and its full lists."""
    return [*_tables(blocks, geography, area, day), *_full_lists(blocks, geography, area, day)]


def _tables(blocks: Sequence[Block], geography: Geography, area: Unit, day: dt.date) -> Iterator[UnitTable]:
    columns = defaultdict[tuple[int, int], list[int]](list)
    for i, block in enumerate(blocks):
        if block.cell is not None:
            columns[block.cell.table, block.cell.column].append(i)
    for own in columns.values():
        units, others = dict[Unit, Place](), list[tuple[str, Place]]()
        for i in own:
            name = _NUMBER.sub("", blocks[i].text).strip()
            if not name or len(name) > _LONGEST_NAME or any(c.isdigit() for c in name.split()[-1]):
                continue
            place = Place(i, blocks[i].text.index(name), blocks[i].text.index(name) + len(name))
            inside = units_inside(name, geography, day, area)
            if len(inside) == 1:
                units.setdefault(inside[0], place)
            elif not inside and _is_unit_name(name, geography, day):
                others.append((name, place))
        if len(units) >= LEAST_ROWS and len(units) + len(others) >= len(own) / 2:
            kind = Counter(u.kind for u in units).most_common(1)[0][0]
            yield UnitTable(kind, {u: p for u, p in units.items() if u.kind == kind}, tuple(others))


def _is_unit_name(name: str, geography: Geography, day: dt.date) -> bool:
    """Return whether a cell names a unit: with the word for its kind («Xã Kiên Lao»), or one that there is."""
    if _UNIT_WORD.match(name):
        return _WORD.sub("", name, count=1)[:1].isupper()
    return name[0].isupper() and bool(geography.matches(name, day))


def _full_lists(blocks: Sequence[Block], geography: Geography, area: Unit, day: dt.date) -> Iterator[UnitTable]:
    """Yield the lists of communes whose count is that of all communes of the area."""
    count = len(geography.communes(area, day))
    for listed in unit_lists(blocks):
        units = dict[Unit, Place]()
        for name, place in zip(listed.names, listed.name_places, strict=True):
            inside = geography.matches(name, day, "commune", area)
            if len(inside) == 1:
                units.setdefault(inside[0], place)
        if listed.count == count and units:
            yield UnitTable("commune", units, (), is_list_of_all=True)
