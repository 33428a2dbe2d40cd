"""Hold the administrative units as spells, and find them by code, name and day without a scan.

A code or a name means different units on different days: since July 2025 many codes were given to other units. A unit
is therefore one spell of one administrative unit, a row of the table ``areas``, with an id of its own.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from bhyt_analysis.domain.findings import Finding, TableRow, Term
from bhyt_analysis.i18n.dates import DateLike, parse_date
from bhyt_analysis.i18n.messages import BhytError, nearest_choice
from bhyt_analysis.i18n.unit_names import (
    accented_key,
    expand_abbreviations,
    inline_name,
    normalise_name,
    spelling_key,
    strip_unit_word,
    word_kinds,
)

KIND_RANK = {"country": 0, "province": 1, "district": 2, "area": 3, "commune": 4}
NO_UNIT = -1  # of a row that names no unit of its own ("each", a blank)
MEMBER_MARK = ";"  # between the codes of the communes of an own area
STEP_COLUMNS = ["code_old", "code_new", "on", "share"]  # of the table of successors, those that are read here
_OPEN_START, _OPEN_END = 0, 10_000_000  # days, as `date.toordinal` counts them
CODE_LENGTHS = (2, 3, 5)  # of provinces, districts and communes
_CHOICES_IN_ERROR = 8
_PLACES = re.compile(r"\s*[,(]\s*|\s+(?=(?:tỉnh|huyện)\s)", re.IGNORECASE)  # between a name and the units above


@dataclass(frozen=True)
class Unit:
    """One spell of one administrative unit; ``since`` and ``until`` are None where they are open.

    ``listed`` is "some" where the table has only some of the units in it, so that they do not add up to it.
    ``communes`` has the codes of the communes of an office's own area; above them stays their province.
    """

    id: int
    code: str
    name: str = field(compare=False)
    kind: str = field(compare=False)
    parent_code: str = field(compare=False)
    since: pd.Timestamp | None = field(compare=False)
    until: pd.Timestamp | None = field(compare=False)
    listed: str = field(default="", compare=False)
    communes: str = field(default="", compare=False)
    first: int = field(init=False, repr=False, compare=False)  # the days, as whole numbers
    last: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "first", _OPEN_START if self.since is None else self.since.toordinal())
        object.__setattr__(self, "last", _OPEN_END if self.until is None else self.until.toordinal())

    @property
    def is_fully_listed(self) -> bool:
        """Return whether the units in it add up to it."""
        return self.listed != "some"

    def exists_on(self, day: int | None) -> bool:
        """Return whether the unit exists on a day (an ordinal); every unit does on an unknown one."""
        return day is None or self.first <= day <= self.last

    def overlaps(self, other: Unit) -> bool:
        """Return whether there was a day on which both existed."""
        return self.first <= other.last and other.first <= self.last


class Geography:
    """The units of a table ``areas``, with look-ups by dictionary. Built once, and not changed.

    A code or a name without a day means the unit that exists ``today`` (an ordinal; without it, the last day of all),
    or else the last one that bore it.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> geography = bhyt.load().geography
    >>> geography.find("24").name, geography.find("24", on="2021-12-31").name
    ('Tỉnh Bắc Ninh', 'Tỉnh Bắc Giang')
    >>> unit = geography.find("Huyện Lục Ngạn")
    >>> [u.name for u in geography.lineage(unit)], len(geography.communes(unit, "2021-12-31"))
    (['Huyện Lục Ngạn', 'Tỉnh Bắc Giang', 'Việt Nam'], 29)
    """

    def __init__(self, areas: pd.DataFrame, successors: pd.DataFrame | None = None, today: int | None = None) -> None:
        self.areas, self.today = areas, today
        self.successor_table = pd.DataFrame(columns=STEP_COLUMNS) if successors is None else successors
        ids = areas["unit_id"].tolist() if "unit_id" in areas else range(len(areas))
        days = {c: [None if pd.isna(d) else d for d in areas[c]] for c in ("since", "until")}
        more = [areas[c].tolist() if c in areas else [""] * len(areas) for c in ("listed", "communes")]
        columns = (ids, areas["code"], areas["name"], areas["kind"], areas["parent"], *days.values(), *more)
        self.units = {int(row[0]): Unit(*row) for row in zip(*columns, strict=True)}
        by_code: dict[str, list[Unit]] = defaultdict(list)
        for unit in self.units.values():
            by_code[unit.code].append(unit)
        self._by_code = {code: sorted(units, key=lambda u: u.first) for code, units in by_code.items()}

    # -- by id and code

    def unit(self, unit_id: int) -> Unit:
        """Return the unit with an id."""
        return self.units[unit_id]

    def same_units(self, unit: Unit) -> list[Unit]:
        """Return the units here that are one of another table: of its code, its name and its days."""
        name, units = normalise_name(unit.name), self.units_with_code(unit.code)
        return [u for u in units if u.overlaps(unit) and normalise_name(u.name) == name]

    def units_with_code(self, code: str) -> list[Unit]:
        """Return all units that ever bore a code, the first one first."""
        return self._by_code.get(code, [])

    @property
    def codes(self) -> Collection[str]:
        """Return all codes that units ever bore."""
        return self._by_code.keys()

    def unit_at(self, code: str, on: DateLike | None = None) -> Unit:
        """Return the unit that bears a code on a day, or the one that was nearest to it in time."""
        units = self._by_code.get(code)
        if not units:
            raise BhytError(("error.unknown_area", {"found": code, "nearest": nearest_choice(code, self._by_code)}))
        return units[0] if len(units) == 1 else _nearest(units, self._day(on))

    def _day(self, on: DateLike | None) -> int | None:
        return self.today if (day := _ordinal(on)) is None else day

    # -- by name

    def find(
        self,
        text: str,
        on: DateLike | None = None,
        kind: str | None = None,
        within: Unit | None = None,
        first: Collection[int] = (),
    ) -> Unit:
        """Return the unit that a code or a name means.

        ``on``: the day that is meant; None is today, or the last day of a unit that has ended. ``kind``, ``within``:
        only units of a kind, or in another unit. The text may say itself what is meant: «Xã Tân Lập, tỉnh Bắc Ninh»,
        «Tỉnh Quảng Ngãi @ 30/06/2025». A bare name means the largest unit of that name; a name with the word for its
        kind just that unit. ``first``: ids of units that go before others of the same name and kind, and before smaller
        ones that bear it today.

        Raises BhytError for a name that no unit bears, or that several of the same kind do, with the choices.

        Examples
        --------
        >>> import bhyt_analysis as bhyt
        >>> geography = bhyt.load().geography
        >>> geography.find("Thị trấn Sơn Dương", on="2021-12-31").code, geography.find("tinh lao cai").code
        ('02536', '15')
        """
        units = self.matches(text, on, kind, within, first)
        if not units:
            raise BhytError(("error.unknown_area", {"found": text, "nearest": self._hint(text)}))
        if len(units) > 1:
            choices = [f"{u.code} {self.full_name(u)}" for u in units]
            more = ["…"] * (len(choices) > _CHOICES_IN_ERROR)
            listed = ", ".join([*choices[:_CHOICES_IN_ERROR], *more])
            raise BhytError(("error.ambiguous_area", {"found": text, "choices": listed}))
        return units[0]

    def matches(
        self,
        text: str,
        on: DateLike | None = None,
        kind: str | None = None,
        within: Unit | None = None,
        first: Collection[int] = (),
    ) -> list[Unit]:
        """Return the units that a code or a name can mean: one, several of the same kind, or none; see `find`."""
        text, _, day = str(text).partition("@")
        on = parse_date(day.strip()) if day else on
        name, *places = [text.strip()] if self.bears(text.strip()) else _PLACES.split(text.strip().rstrip(")"))
        units = self.bearers(name)
        if kind is not None:
            units = [u for u in units if u.kind == kind]
        if within is not None:
            units = [u for u in units if within in self.lineage(u, on)]
        for place in places:
            upper = set(self.bearers(place))
            units = [u for u in units if not upper.isdisjoint(self.lineage(u)[1:])]
        candidates = self._on_day(units, on)
        if on is None and name not in self._by_code and len(set(_name_keys(name))) == 1:  # a bare name
            top = min((KIND_RANK[u.kind] for u in candidates), default=len(KIND_RANK))
            larger = [u for u in units if u.id in first and KIND_RANK[u.kind] < top]
            candidates = self._on_day(larger, on) or candidates
        if len(candidates) > 1:
            candidates = [u for u in candidates if u.id in first] or candidates
        if len(candidates) > 1 and name not in self._by_code:
            rank = min(KIND_RANK[u.kind] for u in candidates)
            candidates = [u for u in candidates if KIND_RANK[u.kind] == rank]
        return candidates

    def key(self, unit: Unit) -> str:
        """Return the shortest text by which `find` finds just this unit: its code, with a day where it was reused.

        Examples
        --------
        >>> import bhyt_analysis as bhyt
        >>> geography = bhyt.load().geography
        >>> [geography.key(geography.find(name)) for name in ("Huyện Lục Ngạn", "Tỉnh Yên Bái")]
        ['219', '15@2025-06-30']
        """
        is_last = self._on_day(self.units_with_code(unit.code), None) == [unit]
        return unit.code if is_last or unit.until is None else f"{unit.code}@{unit.until:%Y-%m-%d}"

    def bearers(self, text: str) -> list[Unit]:
        """Return all units that bear a code or a name, on any day.

        A text with accents must have the right ones; one without any matches all names that differ only in accents.
        The full name goes before the bare one: "Thị xã Chũ" is not "Phường Chũ".
        """
        if text in self._by_code:
            return self._by_code[text]
        if text.isdigit():  # without its zeros, which Excel drops: all of them
            codes = dict.fromkeys(text.zfill(n) for n in CODE_LENGTHS if text[0] != "0")
            return [unit for code in codes for unit in self._by_code.get(code, ())]
        name, short_name = _name_keys(text)
        if units := self._by_name.get(name, []):
            return units
        return [u for u in self._by_name.get(short_name, ()) if u.kind in word_kinds(text)]

    def bearers_by_spelling(self, text: str) -> list[Unit]:
        """Return all units whose name has another spelling of a text, such as Quí for Quý or Đắc for Đắk."""
        name = expand_abbreviations(text)
        if units := self._by_spelling.get(spelling_key(name), []):
            return units
        short = self._by_spelling.get(spelling_key(strip_unit_word(name)), ())
        return [u for u in short if u.kind in word_kinds(text)]

    @cached_property
    def _by_spelling(self) -> dict[str, list[Unit]]:
        """Return the units by what the spellings of their names have in common, with and without accents."""
        units: dict[str, list[Unit]] = defaultdict(list)
        for unit in self.units.values():
            for key in _spelling_keys(unit.name):
                units[key].append(unit)
        return units

    def bears(self, text: str) -> bool:
        """Return whether a unit bears just this code or name; a commune is not the district of its name."""
        return text in self._by_code or _name_keys(text)[0] in self._by_name

    def other_meanings(self, text: str, unit: Unit) -> list[Unit]:
        """Return the units that a code or a name, which means one unit, meant or will mean on other days.

        Without those that are the same unit, under a new name or joined by others under the old one. A text with a day
        has one meaning only.

        Examples
        --------
        >>> import bhyt_analysis as bhyt
        >>> geography = bhyt.load().geography
        >>> unit = geography.find("Huyện Lục Ngạn")
        >>> [u.name for u in geography.other_meanings("Lục Ngạn", unit)], geography.other_meanings("219", unit)
        (['Xã Lục Ngạn'], [])
        """
        units: list[Unit] = []
        for other in sorted(self.bearers(text.strip()), key=lambda u: -u.last):  # of several spells the last one
            is_listed = other.last == unit.last or any(self._is_same_unit(other, u) for u in (unit, *units))
            if not is_listed and other in self.matches(text, other.until):
                units.append(other)
        return units

    def _is_same_unit(self, one: Unit, other: Unit) -> bool:
        """Return whether a unit is another one later or before: nothing was joined or split, or its name stayed."""
        old, new = (one, other) if one.last <= other.last else (other, one)
        later = old
        while len(steps := self.successors(later)) == 1 and len(self.predecessors(steps[0][0])) == 1:
            later = steps[0][0]
            if later == new:
                return True
        names = {normalise_name(strip_unit_word(u.name)) for u in (old, new)}
        is_related = old.code == new.code or new in self.descendants(old)
        return old.kind == new.kind and len(names) == 1 and is_related

    @cached_property
    def _by_name(self) -> dict[str, list[Unit]]:
        """Return the units by each way to write their names."""
        units: dict[str, list[Unit]] = defaultdict(list)
        spellings: dict[str, set[str]] = {}
        for unit in self.units.values():
            if unit.name not in spellings:
                names = {unit.name, strip_unit_word(unit.name)}
                spellings[unit.name] = {f(n) for f in (accented_key, normalise_name) for n in names}
            for spelling in spellings[unit.name]:
                units[spelling].append(unit)
        return units

    def _on_day(self, units: list[Unit], on: DateLike | None) -> list[Unit]:
        """Return the units that exist on a day; without one those of today, else the last that did."""
        if (day := _ordinal(on)) is not None:
            return [u for u in units if u.exists_on(day)]
        existing = [u for u in units if (u.exists_on(self.today) if self.today is not None else u.until is None)]
        if existing or not units:
            return existing
        last = max(u.last for u in units)
        return [u for u in units if u.last == last]

    def similar(self, text: str, units: Collection[Unit] | None = None) -> list[Unit]:
        """Return the units (of some, or of all) whose name looks most like a text; none if no name is close."""
        name = expand_abbreviations(text)
        keys = self._by_name if units is None else {k for u in units for k in _name_keys(u.name)}
        names = (nearest_choice(normalise_name(n), keys) for n in (name, strip_unit_word(name)))
        bearers = self._by_name.get(next(filter(None, names), ""), [])
        return [u for u in bearers if units is None or u in units]

    def _hint(self, text: str) -> str:
        """Return the name or the code most like a text, for an error; else some of the names there are."""
        hint = self.closest(text)
        return hint.text or ", ".join(list(dict.fromkeys(u.name for u in self.units.values()))[:5])

    def closest(self, text: str) -> CloseName:
        """Return the name of the unit that a misspelt text most likely means, or its code; "" where none is alike.

        Of names that are as alike it is that of a unit of the kind that the text names, or else of the largest unit,
        which a name alone means.

        Examples
        --------
        >>> geography = bhyt.load().geography
        >>> [geography.closest(text).text for text in ("Sơn Dươn", "xã Sơn Dươn", "Xã Sơn Dướng", "X00199")]
        ['Huyện Sơn Dương', 'Xã Sơn Dương', 'Xã Sơn Dương', 'X00109']
        """
        if any(c.isdigit() for c in text):
            code = nearest_choice(text.strip(), self._by_code)
            return CloseName(_likeness(text, code), 0, code)
        name = expand_abbreviations(text)
        kinds = tuple(word_kinds(name))
        alike = [CloseName(0.0, 0, "")]
        for key in {normalise_name(name), normalise_name(strip_unit_word(name))}:
            for match in difflib.get_close_matches(key, self._by_name, n=CLOSE_NAMES, cutoff=0.5):
                unit = min(self._by_name[match], key=lambda u: (kinds != () and u.kind not in kinds, KIND_RANK[u.kind]))
                alike.append(CloseName(_likeness(key, match), -KIND_RANK[unit.kind], unit.name))
        return max(alike)

    def name(self, unit: Unit, lang: str | None = None) -> str:
        """Return the name of a unit as a sentence has it."""
        return inline_name(unit.name, lang)

    def described(self, unit: Unit, on: DateLike | None = None) -> str:
        """Return the unit's name with those of all units above it on a day, and its code.

        Examples
        --------
        >>> import bhyt_analysis as bhyt
        >>> geography = bhyt.load().geography
        >>> geography.described(geography.find("Xã Quý Sơn"))  # in its last months
        'Xã Quý Sơn, thị xã Chũ, tỉnh Bắc Giang (07576)'
        """
        above = [inline_name(u.name) for u in self.lineage(unit, on)[1:] if u.kind != "country"]
        return f"{', '.join([unit.name, *above])} ({unit.code})"

    def full_name(self, unit: Unit) -> str:
        """Return the unit's name with that of the unit above, by which people distinguish namesakes."""
        above = self.parent(unit)
        return unit.name if above is None else f"{unit.name} ({above.name})"

    # -- above and below

    def parent(self, unit: Unit, on: DateLike | None = None) -> Unit | None:
        """Return the unit right above, as it was on a day (without one, on the last day that both existed)."""
        units = self.parents(unit)
        if len(units) < 2:
            return units[0] if units else None
        day = self._day(on)
        return _nearest(units, day if day is not None and unit.exists_on(day) else unit.last)

    def parents(self, unit: Unit) -> list[Unit]:
        """Return all units that ever were right above."""
        units = self._by_code.get(unit.parent_code, []) if unit.parent_code else []
        return units if len(units) < 2 else [u for u in units if u.overlaps(unit)] or units[-1:]

    def all_above(self, units: Iterable[Unit]) -> set[Unit]:
        """Return all units that ever were above some units."""
        upper: set[Unit] = set()
        level = set(units)
        while level:
            level = {above for u in level for above in self.parents(u)} - upper
            upper |= level
        return upper

    def lineage(self, unit: Unit, on: DateLike | None = None) -> list[Unit]:
        """Return the unit and those above it, the smallest first."""
        chain = [unit]
        while (above := self.parent(chain[-1], on)) is not None and above not in chain:
            chain.append(above)
        return chain

    def places(self, code: str, on: DateLike | None = None) -> list[tuple[str, ...]]:
        """Return a unit and those above it by code and name, as `Law.at` takes them.

        Examples
        --------
        >>> import bhyt_analysis as bhyt
        >>> bhyt.load().geography.places("219")
        [('219', 'Huyện Lục Ngạn'), ('24', 'Tỉnh Bắc Giang'), ('VN', 'Việt Nam')]
        """
        return [(u.code, u.name) for u in self.lineage(self.unit_at(code, on), on)]

    @cached_property
    def _children(self) -> dict[int, list[Unit]]:
        children: dict[int, list[Unit]] = defaultdict(list)
        for unit in self.units.values():
            if unit.communes:  # an own area lies beside the tree: the unit above it has the same communes
                codes = (c for c in unit.communes.split(MEMBER_MARK) if c in self._by_code)
                children[unit.id] = [self.unit_at(code, unit.until) for code in codes]
                continue
            for above in self.parents(unit):
                children[above.id].append(unit)
        return children

    def children(self, unit: Unit, on: DateLike | None = None) -> list[Unit]:
        """Return the units right below that exist on a day; without one, all that ever were below."""
        day = _ordinal(on)
        return [u for u in self._children.get(unit.id, ()) if u.exists_on(day)]

    def inside(self, unit: Unit, on: DateLike | None = None) -> Iterator[Unit]:
        """Yield the unit and all units in it."""
        yield unit
        for below in self.children(unit, on):
            yield from self.inside(below, on)

    def communes(self, unit: Unit, on: DateLike | None = None) -> list[Unit]:
        """Return the communes in a unit (itself, if it is one) that exist on a day; without one, all that ever did."""
        day = _ordinal(on)
        return [u for u in self.inside(unit, on) if u.kind == "commune" and u.exists_on(day)]

    def commune_codes(self, code: str, on: DateLike | None = None) -> list[str]:
        """Return the codes of the communes in the unit that bears a code, each once."""
        return list(dict.fromkeys(u.code for u in self.communes(self.unit_at(code, on), on)))

    # -- before and after

    @cached_property
    def _steps(self) -> dict[int, list[tuple[Unit, float]]]:
        """Return for each unit those that it became part of, each with the share of its people (NaN: not known)."""
        steps: dict[int, list[tuple[Unit, float]]] = defaultdict(list)
        shares = self.successor_table["share"].astype("float64")
        for old_id, new_id, on, share in zip(*self._ids_of_steps, self.successor_table["on"], shares, strict=True):
            if NO_UNIT not in (old_id, new_id):
                old, new = self.units[old_id], self.units[new_id]
                if old.last < on.toordinal() <= new.last:
                    steps[old.id].append((new, share))
        return steps

    @cached_property
    def _ids_of_steps(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the ids of the units before and after each row of the table of successors."""
        old, new, on, _ = (self.successor_table[c] for c in STEP_COLUMNS)
        return self.unit_ids(old, (on - pd.Timedelta(days=1)).tolist()), self.unit_ids(new, on.tolist())

    def rows_of_steps(self, old: Collection[Unit], new: Collection[Unit]) -> pd.DataFrame:
        """Return the rows of the table of successors from some units to others, or to one that is not known.

        Rows about other units that bore their codes are not among them.
        """
        before, after = self._ids_of_steps
        chosen = np.isin(before, [u.id for u in old]) & np.isin(after, [NO_UNIT, *(u.id for u in new)])
        return self.successor_table[chosen]

    def successors(self, unit: Unit) -> list[tuple[Unit, float]]:
        """Return the units that a unit became part of, each with the share of its people (NaN: not known)."""
        return self._steps.get(unit.id, [])

    def descendants(self, unit: Unit) -> list[Unit]:
        """Return all units that a unit became part of, at any number of steps, the first step first."""
        units = dict.fromkeys(new for new, _ in self.successors(unit))
        for new in list(units):
            units |= dict.fromkeys(self.descendants(new))
        return list(units)

    @cached_property
    def _origins(self) -> dict[int, list[tuple[Unit, float]]]:
        origins: dict[int, list[tuple[Unit, float]]] = defaultdict(list)
        for old, steps in self._steps.items():
            for new, share in steps:
                origins[new.id].append((self.units[old], share))
        return origins

    def predecessors(self, unit: Unit) -> list[tuple[Unit, float]]:
        """Return the units that became part of a unit, each with the share of its people that did (NaN: not known)."""
        return self._origins.get(unit.id, [])

    def origins(self, unit: Unit) -> dict[Unit, float]:
        """Return all units from which a unit came, at any number of steps back, with the share of their people.

        Examples
        --------
        >>> import bhyt_analysis as bhyt
        >>> geography = bhyt.load().geography
        >>> {u.name: share for u, share in geography.origins(geography.find("Xã Biên Sơn")).items()}
        {'Xã Phong Vân': 1.0, 'Xã Biên Sơn': 1.0}
        """
        shares: dict[Unit, float] = {}
        for before, share in self.predecessors(unit):
            shares[before] = shares.get(before, 0.0) + share
            for old, part in self.origins(before).items():
                shares[old] = shares.get(old, 0.0) + part * share
        return shares

    # -- rows of tables

    def codes_of(self, ids: np.ndarray) -> np.ndarray:
        """Return the code of each unit by its id; None for an id of none."""
        codes = np.full(max(self.units, default=0) + 2, None, dtype=object)  # the last one is of `NO_UNIT`
        codes[list(self.units)] = [unit.code for unit in self.units.values()]
        return codes[np.where(ids < len(codes), ids, NO_UNIT)]

    def unit_ids(self, codes: pd.Series, days: Sequence[DateLike] | ExtensionArray | None = None) -> np.ndarray:
        """Return the id of the unit that each row is about, by its code and its day; `NO_UNIT` for a code of none."""
        rows, names = pd.factorize(np.asarray(codes, dtype=object))
        units = [self._by_code.get(str(name), []) for name in names]
        ids = np.array([u[0].id if u else NO_UNIT for u in units], dtype="int64")[rows]
        reused = np.flatnonzero(np.array([len(u) > 1 for u in units], dtype=bool)[rows])
        ids_by_day: dict[object, int] = {}
        for i in reused.tolist():
            key = (rows[i], None if days is None else days[i])
            if key not in ids_by_day:
                ids_by_day[key] = _nearest(units[rows[i]], self._day(key[1])).id
            ids[i] = ids_by_day[key]
        return ids


@lru_cache(maxsize=32768)
def _spelling_keys(name: str) -> frozenset[str]:
    """Return what the spellings of a name have in common, with and without its word for the kind and its accents."""
    names = (name, strip_unit_word(name))
    return frozenset(spelling_key(n) for full in names for n in (full, normalise_name(full))) - {""}


@lru_cache(maxsize=65536)
def _name_keys(text: str) -> tuple[str, str]:
    """Return the keys of a name as it is written, and of it without the word for its kind."""
    name = expand_abbreviations(text)
    key = normalise_name if name.isascii() else accented_key
    return key(name), key(strip_unit_word(name))


def _ordinal(day: DateLike | None) -> int | None:
    """Return a day as a whole number; None where it is not known."""
    if day is None:
        return None
    stamp = parse_date(day) if isinstance(day, str) else pd.Timestamp(day)
    return None if stamp is pd.NaT else stamp.toordinal()


class CloseName(NamedTuple):
    """A name that is like a text: how alike they are, from 0 to 1, how large its unit is, and the name."""

    likeness: float
    size: int
    text: str


CLOSE_NAMES = 8  # that are compared


def _likeness(text: str, name: str) -> float:
    """Return how alike two names are, from 0 to 1."""
    return difflib.SequenceMatcher(None, normalise_name(text), normalise_name(name)).ratio()


def _nearest(units: list[Unit], day: int | None) -> Unit:
    """Return the unit that exists on a day, or was nearest to it; without a day the last one."""
    if day is None:
        return units[-1]
    return min(reversed(units), key=lambda u: max(u.first - day, day - u.last, 0))


def unknown_area(row: TableRow, column: str, code: str, areas: pd.DataFrame) -> Finding:
    """Return the finding about a row with an unknown code, with the nearest known code or name."""
    hint = nearest_choice(code, areas["code"]) or nearest_choice(code, areas["name"]) or Term("expect.nothing")
    return Finding.in_row("unknown_area", row, column, value=code, expected=hint)


def check_area_codes(areas: pd.DataFrame, table: pd.DataFrame) -> Iterator[Finding]:
    """Yield a finding for each row with a unit that the table ``areas`` does not have."""
    codes = table["area"].mask(table["area"] == "each", table["of"]) if "of" in table else table["area"]
    unknown = table.assign(code=codes)[(codes != "") & ~codes.isin(areas["code"])]
    for row in unknown.itertuples():
        yield unknown_area(row, "area", row.code, areas)
