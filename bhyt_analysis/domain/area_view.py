"""Hold one area as it is known on a day: its unit, the units in and above it, and only their rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from bhyt_analysis.domain.country import SOURCE as COUNTRY_SOURCE
from bhyt_analysis.domain.country import country, country_unit
from bhyt_analysis.domain.crosswalk import CROSSWALK_TABLES, carry_to
from bhyt_analysis.domain.dataset import UNIT_TABLES, Dataset, limit_to_date
from bhyt_analysis.domain.geography import NO_UNIT, Geography, Unit
from bhyt_analysis.domain.population import PopulationCount, population_at
from bhyt_analysis.i18n.cards import HasCard, Rows, shorten_list, target_text
from bhyt_analysis.i18n.dates import DateLike, parse_date
from bhyt_analysis.i18n.formats import format_date
from bhyt_analysis.i18n.languages import lang
from bhyt_analysis.i18n.messages import BhytError, format_message, translate
from bhyt_analysis.i18n.unit_names import display_name, inline_name, word_kinds

# How alike a misspelt name and that of a unit of the data are where no other is looked for, and by how much the name of
# a unit that the data lack must be more alike to be offered.
VERY_NEAR, CLEARLY_NEARER = 0.9, 0.1


@dataclass(frozen=True, eq=False, repr=False)
class AreaView(HasCard):
    """One area as known on a day.

    Results are kept: each is worked out once.

    Attributes
    ----------
    data
        the rows of the unit, of the units in it and of those above it; in them a code means the unit of that code that
        belongs to the area.
    unit
        the unit.
    as_of
        the last day that counts; None is all that is known.
    others
        the units that its code or name meant on other days.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> view = bhyt.area(bhyt.load(), "Huyện Sơn Dương")
    >>> view.unit.code, view.name("vi"), view.parent.name, len(view.communes("2021-12-31"))
    ('076', 'huyện Sơn Dương', 'Tỉnh Tuyên Quang', 31)
    >>> int(view.coverage(by=["group"])["insured"].sum())
    155163
    """

    data: Dataset
    unit: Unit
    as_of: pd.Timestamp | None = None
    others: tuple[Unit, ...] = ()
    _results: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)

    def card(self) -> tuple[str, Rows]:
        """Return the unit, what it is in, its people and coverage, and the targets that bind it."""
        people, binding = self.population_at(), self.targets().sort_values("on")
        own = binding[binding["level"].isin(["own", "each"])]
        rows = (binding.iloc[-2:] if own.empty else own)[["on", "rate", "relation"]].to_dict("records")
        targets = list(dict.fromkeys(target_text(**row) for row in rows))
        others = [f"{inline_name(unit.name)} ({unit.code}@{unit.until:%Y-%m-%d})" for unit in self.others if unit.until]
        return f"{display_name(self.unit.name)} ({self.code})", [
            (translate("card.unit_above"), "; ".join(inline_name(unit.name) for unit in self.lineage[1:])),
            (translate("card.as_of"), "" if self.as_of is None else format_date(self.as_of)),
            (translate("card.decision"), self.decision() or translate("card.no_decision")),
            (translate("label.population"), _count_text(people.people, people.as_of, people.status) if people else ""),
            (translate("card.coverage"), self._coverage_text()),
            (translate("card.targets"), shorten_list(targets)),
            (translate("card.others"), "; ".join(others)),
        ]

    def _coverage_text(self) -> str:
        """Return the coverage of the last count in a sentence; that there is none where it can't be worked out."""
        try:
            row = self.coverage().iloc[-1]
        except BhytError:
            return translate("card.not_available")
        if pd.isna(row["rate"]):
            return translate("card.not_available")
        return f"{format_message('{v:p1}', lang(), v=row['rate'])}, " + _count_text(
            row["insured"], row["as_of"], row["status"]
        )

    @property
    def code(self) -> str:
        """Return the code of the unit."""
        return self.unit.code

    @property
    def kind(self) -> str:
        """Return the kind of the unit."""
        return self.unit.kind

    @property
    def geography(self) -> Geography:
        """Return the units of the area and those above it."""
        return self.data.geography

    @property
    def parent(self) -> Unit | None:
        """Return the unit right above."""
        return self.geography.parent(self.unit)

    @property
    def lineage(self) -> list[Unit]:
        """Return the unit and those above it, the smallest first."""
        return self.geography.lineage(self.unit)

    def places(self, on: DateLike | None = None) -> list[tuple[str, ...]]:
        """Return the unit and those above it by code and name, as `Law.at` takes them.

        Parameters
        ----------
        on
            the day of the units above; None is the last day of the unit, or today.

        Returns
        -------
        list of tuples of str
            Code and name of each unit, the smallest first.

        Examples
        --------
        >>> bhyt.area(bhyt.load(), "Sơn Dương").places()[:2]
        [('076', 'Huyện Sơn Dương'), ('08', 'Tỉnh Tuyên Quang')]
        """
        return self.geography.places(self.code, on)

    def name(self, lang: str | None = None) -> str:
        """Return the name of the unit as a sentence has it.

        Parameters
        ----------
        lang
            "vi" or "en"; None is the language of `bhyt_analysis.lang`.

        Returns
        -------
        str
            "huyện Sơn Dương" or "Sơn Dương district".

        Raises
        ------
        BhytError
            for another language.

        Examples
        --------
        >>> bhyt.area(bhyt.load(), "Sơn Dương").name("en")
        'Sơn Dương district'
        """
        return inline_name(self.unit.name, lang)

    def communes(self, on: DateLike | None = None) -> list[Unit]:
        """Return the communes in the area (itself, if it is one) on a day; without one, all that ever were.

        Parameters
        ----------
        on
            a day; None is all communes that ever were.

        Returns
        -------
        list of Unit
            In the order of their codes.

        Examples
        --------
        >>> view = bhyt.area(bhyt.load(), "Sơn Dương")
        >>> len(view.communes("2021-12-31")), view.communes("2021-12-31")[0].name
        (31, 'Thị trấn Sơn Dương')
        """
        return self.geography.communes(self.unit, on)

    def rows(self, table: str) -> pd.DataFrame:
        """Return the rows of a table that are about the unit itself.

        Parameters
        ----------
        table
            the name of a table, such as "targets".

        Returns
        -------
        DataFrame
            The rows, in their order.

        Examples
        --------
        >>> bhyt.area(bhyt.load(), "Sơn Dương").rows("published")["document"].unique().tolist()
        ['son_duong']
        """
        return self.data.rows(table, {self.unit.id})

    def population_at(self, day: DateLike | None = None) -> PopulationCount | None:
        """Return the count of people nearest to a day (without one, the latest); None where none is known.

        Parameters
        ----------
        day
            the count nearest to it is taken; None is the latest.

        Returns
        -------
        PopulationCount or None
            ``people``, ``households``, ``as_of``, ``status``, ``source``; None where no count is known.

        Raises
        ------
        BhytError
            for what is no day.

        Examples
        --------
        >>> bhyt.area(bhyt.load(), "Sơn Dương").population_at("2021-12-31").people
        182330
        """
        on = None if day is None else pd.Timestamp(parse_date(day))
        return population_at(self.geography, self.data.population, self.code, on)

    def result(self, function: Callable[..., Any], *args: Hashable) -> Any:
        """Return ``function(view, *args)``, worked out once for each of its arguments.

        Parameters
        ----------
        function
            of a view and further arguments.
        args
            the further arguments.

        Returns
        -------
        Any
            What the function returns.

        Examples
        --------
        >>> bhyt.area(bhyt.load(), "Sơn Dương").result(lambda view: view.code)
        '076'
        """
        key = (function, *args)
        if key not in self._results:
            self._results[key] = function(self, *args)
        return self._results[key]

    def coverage(self, by: str | list[str] | None = None) -> pd.DataFrame:
        """Return the coverage of the area; see `bhyt_analysis.coverage`.

        Parameters
        ----------
        by
            as of `bhyt_analysis.coverage`: "group", "subgroup", "commune", "month", or a list of them.

        Returns
        -------
        DataFrame
            As of `bhyt_analysis.coverage`.

        Raises
        ------
        BhytError
            for another ``by``.

        Examples
        --------
        >>> int(bhyt.area(bhyt.load(), "Sơn Dương").coverage()["insured"].iloc[0])
        155163
        """
        from bhyt_analysis.model.coverage.coverage import coverage

        return coverage(self.data, self.code, by)

    def targets(self) -> pd.DataFrame:
        """Return the targets that bind the area; see `bhyt_analysis.model.targets.targets.binding_targets`.

        Returns
        -------
        DataFrame
            Rows of the table ``targets`` with their ``level``: "own", "each", or the kind of the unit above that has
            them.

        Examples
        --------
        >>> bhyt.area(bhyt.load(), "Sơn Dương").targets().query("level == 'own'")["rate"].tolist()
        [0.906, 0.915, 0.92, 0.921]
        """
        from bhyt_analysis.model.targets.targets import binding_targets

        return binding_targets(self.data, self.code)

    def decision(self) -> str | None:
        """Return the zoning decision that a briefing of the area is about.

        Returns
        -------
        str or None
            The name of the decision, as in the table ``decisions``; None where there is none.

        Examples
        --------
        >>> bhyt.area(bhyt.load(), "Sơn Dương").decision()
        '861'
        """
        from bhyt_analysis.domain.decisions import default_decision

        return default_decision(self.data, self.code, self.as_of)


def _count_text(people: float, day: pd.Timestamp, status: str) -> str:
    count = translate("card.people", count=people)
    return f"{count}, {format_date(day)} ({translate(f'status.{status}').lower()})"


def area_view(data: Dataset, text: str | Unit, as_of: DateLike | None = None) -> AreaView:
    """Return the view of the area that a code or a name means, with what was known on a day.

    Parameters
    ----------
    data
        what `load` gives.
    text
        of a country, province, district, commune or own area; for what it means see `Dataset.find`.
    as_of
        the last day that counts, and the day of the name; None is all that is known, and today's unit.

    Returns
    -------
    AreaView
        The area with its units and rows.

    Raises
    ------
    BhytError
        for a name that no unit bears, or several.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> view = bhyt.area(bhyt.load(), "07537")
    >>> view.unit.name, [u.name for u in view.others]
    ('Xã Biên Sơn', ['Xã Phong Vân'])
    """
    day = None if as_of is None else pd.Timestamp(parse_date(as_of))
    if isinstance(text, Unit):
        unit = text
    else:
        data, unit = data.result(find_unit, text, day)
    key = (unit.id, day)
    if key not in data.views:
        data.views[key] = _view(data, unit, day, text if isinstance(text, str) else unit.code)
    return data.views[key]


area = area_view  # its public name


def is_for_each(table: pd.DataFrame, view: AreaView) -> pd.Series:
    """Mark the rows of an input that are for each unit: of the kind of the unit, or of those in it.

    ``table``: with the columns ``area`` ("each"), ``of`` (the unit above) and ``kind``.
    """
    chain, below = {u.code for u in view.lineage}, {u.kind for u in view.geography.inside(view.unit)}
    of_kind = table["kind"] == view.kind
    in_it = (table["of"] == view.code) & table["kind"].isin(below)
    return (table["area"] == "each") & table["of"].isin(chain) & (of_kind | in_it)


def find_unit(data: Dataset, text: str, day: pd.Timestamp | None = None) -> tuple[Dataset, Unit]:
    """Return the unit that a text means on a day, or else the last one that it ever meant, with its dataset.

    A unit that the data lack, or of which they list only a part, is taken from the whole country, with the units in
    and above it. So is a unit of today whose name the data know only from the past, and a name that they cannot tell
    from those of other provinces.
    """
    data, units = find_units(data, [text], day)
    return data, units[0]


def find_units(data: Dataset, texts: Sequence[str], day: pd.Timestamp | None = None) -> tuple[Dataset, list[Unit]]:
    """Return the units that texts mean, as `find_unit` does for each; those of the country are added at once."""
    pairs = [_find_unit(data, text, day) for text in texts]
    if missing := [same for _, same in pairs if same is not None]:
        data = add_country_units(data, missing)
    units = []
    for own, same in pairs:
        if own is not None:
            units.append(data.geography.unit(own.id))
        elif same is not None:
            units.append(data.geography.unit_at(same.code, same.until))
    return data, units


def _find_unit(data: Dataset, text: str, day: pd.Timestamp | None) -> tuple[Unit | None, Unit | None]:
    """Return the unit of the data that a text means, and that of the country where it must be added."""
    name, geography = text.partition("@")[0].strip(), data.geography
    units = [] if day is None else geography.matches(text, day)
    if len(units) == 1:
        return units[0], None
    if geography.matches(text) and (geography.bears(name) or not country().geography.bears(name)):
        unit = data.find(text)
        if not _means_others(data, text, unit):
            return unit, None if unit.is_fully_listed or unit.kind == "country" else country_unit(unit)
    elif not country().geography.matches(text):
        return _misspelt(data, text), None
    units = country().geography.matches(text, day) if day is not None else []
    return None, units[0] if len(units) == 1 else country().geography.find(text)


def _misspelt(data: Dataset, text: str) -> Unit:
    """Raise the error for a text that means no unit, with the nearest of the data.

    A unit that only the country has is offered where it is much nearer, or larger and as near where neither is very.
    """
    own, other = (geography.closest(text) for geography in (data.geography, country().geography))
    is_larger = other.size > own.size and other.likeness >= own.likeness and own.likeness < VERY_NEAR
    if is_larger or other.likeness > own.likeness + CLEARLY_NEARER:
        raise BhytError(("error.unknown_area", {"found": text, "nearest": other.text}))
    return data.find(text)


def _means_others(data: Dataset, text: str, unit: Unit) -> bool:
    """Return whether a name means units of today that the data lack, instead of one of theirs or beside it."""
    if "@" in text or not word_kinds(text) or unit.kind not in ("province", "commune"):
        return False
    if unit.until is None and (unit.kind == "province" or unit.id in data.units_with_figures):
        return False
    others = [u for u in country().geography.matches(text) if u.until is None]
    return len(others) > 1 or (len(others) == 1 and unit.until is not None)


def add_country_units(data: Dataset, units: Sequence[Unit]) -> Dataset:
    """Return the dataset with units of the country, those in and above them, those that they came from and became.

    A unit that the dataset has is left as it is there. Units of which it then has only a part are listed as such.
    """
    geography = country().geography
    inside = {u for unit in units for u in geography.inside(unit)}
    related = {v for u in inside for v in (u, *geography.origins(u), *geography.descendants(u))}
    related |= geography.all_above(related)
    new = {u.id for u in related if not data.geography.same_units(u)}
    areas = geography.areas[geography.areas["unit_id"].isin(new)]
    in_part = ~areas["unit_id"].isin({u.id for u in inside}) & (areas["kind"] != "commune")
    areas = areas.assign(listed=areas["listed"].mask(in_part, "some"), unit_id=pd.NA)
    entire = {same.id for u in inside for same in data.geography.same_units(u)}
    own = data.areas.assign(listed=data.areas["listed"].mask(data.areas["unit_id"].isin(entire), ""))
    successors = pd.concat([data.successors, geography.rows_of_steps(related, related)], ignore_index=True)
    return replace(
        data,
        areas=pd.concat([own, areas], ignore_index=True),
        successors=successors.drop_duplicates(["code_old", "code_new", "on"]),
    )


def with_country_people(population: pd.DataFrame, units: list[Unit]) -> pd.DataFrame:
    """Return the population with the counts that the country has of units without any of their own.

    Units are the same where code, name and days agree; made-up units have none.
    """
    ids = {same.id: unit.id for unit in units if (same := country_unit(unit)) is not None}
    if not ids:
        return population
    units = [country().geography.unit(i) for i in ids]
    own = {name: country().data.rows(name, set(ids)) for name in CROSSWALK_TABLES}
    rows = carry_to(country().data, units, own)["population"]
    rows = rows.assign(unit_id=rows["unit_id"].map(ids))[population.columns]
    return pd.concat([population, rows], ignore_index=True).drop_duplicates(["unit_id", "as_of"], ignore_index=True)


def _view(data: Dataset, unit: Unit, day: pd.Timestamp | None, text: str) -> AreaView:
    others = tuple(data.geography.other_meanings(text, unit))
    view = AreaView(limit_to_date(select_area(data, unit, day), day), unit, day, others)
    view.data.views.update({(unit.id, None): view, (unit.id, day): view})
    return view


def units_around(geography: Geography, inside: Collection[Unit]) -> tuple[set[Unit], set[Unit]]:
    """Return the units above those of an area, and all that its view lists: also those that they became part of."""
    above = geography.all_above(inside)
    later = {new for u in inside for new in geography.descendants(u)}
    return above, {*inside, *above, *later, *geography.all_above(later)}


def _former_with_zones(data: Dataset, inside: Collection[Unit]) -> set[Unit]:
    """Return the units from which those of an area came, where zones are given of both: who lost needs these too."""
    zoned, former = data.rows_by_unit["zones"].keys(), set[Unit]()
    for unit in inside:
        origins = data.geography.origins(unit) if unit.id in zoned else {}
        if any(origin.id in zoned for origin in origins):
            former |= origins.keys()
    return former - set(inside)


def select_area(data: Dataset, unit: Unit, day: pd.Timestamp | None = None) -> Dataset:
    """Return the dataset with the rows of a unit, of all units in it and of those above it.

    Figures of the units from which they came are carried to them where whole units became them. A province that went
    on in July 2025, when its communes gave their codes to others, has those of ``day``, or else of its last day.
    """
    if data.selection == (unit.id, day):
        return data
    geography = data.geography
    inside = list(geography.inside(unit))
    if unit.kind in ("province", "country") and len({u.code for u in inside}) < len(inside):
        last = unit.last if day is None else day.toordinal()
        inside = [u for u in inside if u == unit or u.exists_on(last)]
    above, listed = units_around(geography, inside)
    earlier = {u for u in geography.units_with_code(unit.code) if u.first < unit.first}
    former = _former_with_zones(data, inside)
    above, listed = above - earlier, (listed - earlier) | former | geography.all_above(former)
    uncounted = [u for u in inside if u.kind in ("province", "commune") and u.code.isdigit()]
    uncounted = [u for u in uncounted if u.id not in data.rows_by_unit["population"]]
    if len(listed) == len(geography.units) and (data.source == COUNTRY_SOURCE or not uncounted):
        return data
    ids = {u.id for u in (*inside, *above, *former)} | {NO_UNIT}
    tables = {name: data.rows(name, ids) for name in UNIT_TABLES if name != "documents"}
    tables |= carry_to(data, inside, tables)
    if data.source != COUNTRY_SOURCE:
        tables["population"] = with_country_people(tables["population"], uncounted)
    tables = {name: rows.reset_index(drop=True) for name, rows in tables.items()}
    areas = data.areas[data.areas["unit_id"].isin({u.id for u in listed})].reset_index(drop=True)
    successors = geography.rows_of_steps(listed, listed).reset_index(drop=True)
    selected = replace(
        data,
        **tables,
        areas=areas,
        successors=successors,
        geography=Geography(areas, successors, unit.last if unit.until else None),
    )
    if unit.kind == "district" and population_at(selected.geography, selected.population, unit.code) is None:
        return replace(selected, population=with_country_people(selected.population, [unit]))
    return selected
