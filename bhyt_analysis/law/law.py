"""Give the law in force on a date and in an area, also with reforms in place, and list what these change.

One row of ``law.csv`` is one value in force from a date (``since``) to a date (``until``, both inclusive; blank is
onward), in an area (blank is nationwide), from a cited text. A reform is a file of the same shape.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import namedtuple
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from bhyt_analysis.i18n import clock
from bhyt_analysis.i18n.cards import HasCard, Rows
from bhyt_analysis.i18n.dates import DateLike, parse_date
from bhyt_analysis.i18n.languages import lang
from bhyt_analysis.i18n.messages import format_message, nearest_choice, translate
from bhyt_analysis.i18n.unit_names import normalise_name, strip_unit_word, word_kinds
from bhyt_analysis.law.groups import groups
from bhyt_analysis.law.law_file import FILE, ONWARD, LawError, check_law_rows, known_keys, read_law_file

# One name or code, or the chain of units that a place belongs to, the smallest first, each unit by all its names.
Area = str | Sequence[str | Sequence[str]] | None
# What the card of the law in force shows: values, and groups with their State share.
CARD_PARAMETERS = ("base_salary", "contribution_rate", "employer_rate", "employee_rate", "household_factor")
CARD_GROUPS = ("near_poor", "student", "farm_average_income", "minority_left_later")
MONTH_COLUMNS = ["month", "parameter", "key", "value", "reference", "status"]
# A row of the law, by which a reform is compared.
LawRow = namedtuple("LawRow", "parameter key area since until unit reference status file row")
DIFF_COLUMNS = [
    "parameter", "key", "area", "since", "until", "before", "after", "unit", "reference", "status", "text",
]  # fmt: skip
# Parameters whose nationwide value is the least that holds in every area (Decree 146/2018/NĐ-CP art. 8(2), Decree
# 188/2025/NĐ-CP art. 6): a province can add to it, and its older row does not stop a rise of it.
MINIMUMS = ("subsidy_share",)
OPEN_COLUMNS = [
    "parameter",
    "key",
    "area",
    "since",
    "until",
    "value",
    "otherwise",
    "unit",
    "reference",
    "status",
    "note",
]


@dataclass(frozen=True, eq=False, repr=False)
class InForce(HasCard):
    """The law on one day in one area: ``today["base_salary"]``, ``today["subsidy_share"]``.

    Attributes
    ----------
    day
        the day.
    area
        the area, "" for the whole country.
    table
        one row a value in force, with its reference, status and area.

    Examples
    --------
    >>> today = bhyt.Law.read().at("2026-11-22")
    >>> today["base_salary"], float(today["subsidy_share"]["near_poor"])
    (2530000.0, 0.7)
    """

    day: dt.date
    area: str
    table: pd.DataFrame

    def __getitem__(self, parameter: str) -> float | pd.Series:
        """Return a number for a parameter without keys, else a Series by key; see `rows` for errors."""
        rows = self.rows(parameter)
        if len(rows) == 1 and rows["key"].iloc[0] == "":
            return float(rows["value"].iloc[0])
        return pd.Series(rows["value"].to_numpy(), index=pd.Index(rows["key"], name="key"), name=parameter)

    def card(self) -> tuple[str, Rows]:
        """Return the main values: what the premium is reckoned from, and the part of it that the State pays."""
        title = "card.in_force_in" if self.area else "card.in_force"
        values = {p: list(rows["value"]) for p, rows in self.table.groupby("parameter", sort=False)}
        rows = [(translate(f"parameter.{p}"), "; ".join(map(value_text, values.get(p, [])))) for p in CARD_PARAMETERS]
        shares = self.table[self.table["parameter"] == "subsidy_share"].set_index("key")["value"]
        names = groups()[f"name_{lang()}"]
        rows += [(str(names.get(key, key)), value_text(shares[key])) for key in CARD_GROUPS if key in shares]
        return translate(title, day=self.day, area=self.area), rows

    def number(self, parameter: str, key: str = "") -> float:
        """Return one value, by parameter and key.

        Parameters
        ----------
        parameter
            such as "subsidy_share".
        key
            such as "near_poor"; "" for a parameter without keys.

        Returns
        -------
        float
            VND a month, a share, months or days, as the parameter is.

        Raises
        ------
        LawError
            for one that is not in force, with the nearest that is.

        Examples
        --------
        >>> bhyt.Law.read().at("2026-11-22").number("subsidy_share", "near_poor")
        0.7
        """
        return float(self._row(parameter, key)["value"])

    def reference(self, parameter: str, key: str = "") -> str:
        """Return the cited text of one value in force.

        Parameters
        ----------
        parameter
            such as "subsidy_share".
        key
            such as "near_poor"; "" for a parameter without keys.

        Returns
        -------
        str
            The text of law with its article.

        Raises
        ------
        LawError
            for a value that is not in force, with the nearest that is.

        Examples
        --------
        >>> bhyt.Law.read().at("2021-07-01").reference("base_salary")
        'Decree 38/2019/NĐ-CP'
        """
        return str(self._row(parameter, key)["reference"])

    def _row(self, parameter: str, key: str) -> pd.Series:
        rows = self.rows(parameter)
        own = rows[rows["key"] == key]
        if own.empty:
            nearest = nearest_choice(key, rows["key"]) or ", ".join(rows["key"])
            fields = {"parameter": parameter, "key": key, "day": self.day, "nearest": nearest}
            raise LawError(("error.law_unknown_key", fields))
        return own.iloc[0]

    def rows(self, parameter: str) -> pd.DataFrame:
        """Return the rows of one parameter, one a key.

        Parameters
        ----------
        parameter
            such as "household_factor".

        Returns
        -------
        DataFrame
            Columns of ``law.csv``.

        Raises
        ------
        LawError
            for a parameter that there is not, with the nearest, and for one that is not in force on the day.

        Examples
        --------
        >>> bhyt.Law.read().at("2026-11-22").rows("household_factor")["value"].tolist()
        [1.0, 0.7, 0.6, 0.5, 0.4]
        """
        rows = self.table[self.table["parameter"] == parameter]
        if rows.empty:
            parameters = known_keys()
            if parameter in parameters:
                raise LawError(("error.law_not_in_force", {"parameter": parameter, "day": self.day}))
            nearest = nearest_choice(parameter, parameters) or ", ".join(sorted(parameters))
            raise LawError(("error.law_no_such_parameter", {"found": parameter, "nearest": nearest}))
        return rows


@dataclass(frozen=True, eq=False, repr=False)
class Law(HasCard):
    """The dated rows of the law, with any reforms in layers above them.

    Attributes
    ----------
    table
        the columns of ``law.csv``, with ``row`` and ``file``, and the ``layer`` of a reform.

    Examples
    --------
    >>> from bhyt_analysis.law import Law
    >>> law = Law.read()
    >>> law.at("2021-07-01")["base_salary"]
    1490000.0
    >>> law.at("2026-11-22")["base_salary"]
    2530000.0
    >>> float(law.at("2024-06-01", area="Quảng Ngãi")["subsidy_share"]["minority_left_2016_2020_list"])
    1.0
    """

    table: pd.DataFrame

    def card(self) -> tuple[str, Rows]:
        """Return how many values there are, over which days, and when they were checked."""
        table, reforms = self.table, self.table[self.table["layer"] > 0]
        checked = [day for day in table["checked"] if day]
        disputed = int((table["status"] == "conflict").sum())
        counts = {"count": len(table), "parameters": table["parameter"].nunique()}
        rows = [
            (translate("card.law_values"), translate("card.value_count", **counts)),
            (translate("card.period"), _period_text(min(table["since"]), max(table["until"])) if len(table) else ""),
            (translate("card.checked"), _period_text(min(checked), max(checked)) if checked else ""),
            (translate("card.own_areas"), "; ".join(sorted(set(table["area"]) - {""}))),
            (translate("card.disputed"), translate("card.row_count", count=disputed) if disputed else ""),
            (translate("card.reforms"), "; ".join(reforms["file"].unique())),
        ]
        return translate("card.law"), rows

    @classmethod
    def read(cls, path: str | Path | None = None) -> Law:
        """Read the bundled law, or a reform file of the same columns.

        Parameters
        ----------
        path
            of a reform file; None is the bundled law.

        Returns
        -------
        Law
            The checked rows.

        Raises
        ------
        LawError
            with every row that is wrong: no reference, not a date, not a number, twice the same, overlapping, an
            unknown parameter.

        Examples
        --------
        >>> len(bhyt.Law.read().table) > 80
        True
        """
        return cls(read_law_file(FILE if path is None else Path(path)).assign(layer=0))

    @classmethod
    def of(cls, rows: pd.DataFrame, name: str) -> Law:
        """Check rows of the law that are in no file, as a file is.

        Parameters
        ----------
        rows
            columns of ``law.csv``.
        name
            what errors call them.

        Returns
        -------
        Law
            The checked rows, for `|`.

        Raises
        ------
        LawError
            with every row that is wrong.

        Examples
        --------
        >>> row = {"parameter": "base_salary", "since": "2027-01-01", "value": 2600000, "status": "proposal"}
        >>> Law.of(pd.DataFrame([{**row, "reference": "what if"}]), "mine").at("2027-05-01")["base_salary"]
        2600000.0
        """
        return cls(check_law_rows(rows, name).assign(layer=0))

    def __or__(self, reform: Law) -> Law:
        """Return the law as a reform changes it.

        A row of the reform replaces what it covers: the same parameter, key and area on the days from ``since`` to
        ``until``. After these, the law that it covered resumes. Rows of smaller areas keep their precedence.
        """
        if not isinstance(reform, Law):
            return NotImplemented
        shift = int(self.table["layer"].max()) + 1 if len(self.table) else 0
        upper = reform.table.assign(layer=reform.table["layer"] + shift)
        return Law(pd.concat([self.table, upper], ignore_index=True))

    def at(self, day: DateLike, area: Area = None) -> InForce:
        """Return the values in force on a day, nationwide or in an area.

        The row of the smallest unit wins; within one area a reform wins over the law that it covers, then the later
        ``since``. Of ``subsidy_share`` the nationwide value is the least that is paid anywhere: a province's own share
        counts where it is higher.

        Parameters
        ----------
        day
            a day, as text or date.
        area
            a name or code, or the chain of units that a place belongs to, the smallest first (`AreaView.places`); None
            is the whole country.

        Returns
        -------
        InForce
            The values.

        Raises
        ------
        BhytError
            for what is no day.

        Examples
        --------
        >>> more = {"parameter": "subsidy_share", "key": "student", "since": "2027-01-01", "value": 0.6}
        >>> reform = Law.of(pd.DataFrame([{**more, "reference": "what if", "status": "proposal"}]), "mine")
        >>> [
        ...     float((Law.read() | reform).at(day, "Đắk Lắk").number("subsidy_share", "student"))
        ...     for day in ("2026-12-31", "2027-01-01")
        ... ]
        [0.55, 0.6]
        """
        return _in_force(self, parse_date(day), _hashable(area))

    def months(self, start: DateLike, end: DateLike, area: Area = None) -> pd.DataFrame:
        """Return the law month by month, for budgets: one row a month, parameter and key.

        The month's value is the one in force on its first day: contributions are due by the month.

        Parameters
        ----------
        start
            any day of the first month.
        end
            any day of the last month.
        area
            as of `at`.

        Returns
        -------
        DataFrame
            ``month`` (first day), ``parameter``, ``key``, ``value``, ``reference``, ``status``.

        Raises
        ------
        LawError
            where the last month is before the first.
        BhytError
            for what is no day.

        Examples
        --------
        >>> law = Law.read()
        >>> year = law.months("2023-01-01", "2023-12-31")
        >>> year[year["parameter"] == "base_salary"]["value"].tolist()[5:7]
        [1490000.0, 1800000.0]
        """
        first, last = parse_date(start), parse_date(end)
        if last < first:
            raise LawError(("error.months_backwards", {"first": first, "last": last}))
        months = pd.date_range(first.replace(day=1), last, freq="MS")
        return pd.concat([self.at(m, area).table.assign(month=m) for m in months], ignore_index=True)[MONTH_COLUMNS]

    def monthly(self, parameter: str, months: Sequence[DateLike], area: Area = None) -> pd.DataFrame:
        """Return one parameter month by month, one column a key; missing where nothing is in force.

        A month's value is that of its first day. The same rows win as in `at`.

        Parameters
        ----------
        parameter
            such as "subsidy_share".
        months
            any days of the months.
        area
            as of `at`.

        Returns
        -------
        DataFrame
            One row a month, one column a key; missing where nothing is in force.

        Raises
        ------
        BhytError
            for what is no day.

        Examples
        --------
        >>> shares = Law.read().monthly("subsidy_share", ["2025-06-30", "2025-07-31"])
        >>> shares["student"].tolist()
        [0.3, 0.5]
        """
        return _monthly(self, parameter, tuple(parse_date(m).replace(day=1) for m in months), _hashable(area)).copy()

    def areas_of(self, area: Area) -> tuple[str, ...]:
        """Return the areas with rows of their own that a place belongs to: places with the same have the same law.

        Parameters
        ----------
        area
            as of `at`.

        Returns
        -------
        tuple of str
            The areas, as ``law.csv`` writes them.

        Examples
        --------
        >>> Law.read().areas_of([("24", "Tỉnh Bắc Giang")]), Law.read().areas_of("Đắk Lắk")
        ((), ('Đắk Lắk',))
        """
        chain = _name_chain(area)
        return tuple(a for a in self.table["area"].drop_duplicates() if a and _distance(a, chain) is not None)

    def compare(self, reform: Law) -> pd.DataFrame:
        """Return what a reform changes, from when, in words; one row a changed value.

        Rows of the reform that change nothing are left out; the text names areas whose own row keeps precedence over
        the reform.

        Parameters
        ----------
        reform
            the law that comes on top.

        Returns
        -------
        DataFrame
            ``parameter``, ``key``, ``area``, ``since``, ``until`` (None is onward), ``before`` and ``after`` (missing
            where there was none), ``unit``, ``reference``, ``status``, ``text``.

        Examples
        --------
        >>> law = Law.read()
        >>> law.compare(law).empty
        True
        """
        combined = self | reform
        table = reform.table.sort_values(["parameter", "key", "area", "since"])
        rows = map(LawRow._make, table[list(LawRow._fields)].itertuples(index=False))
        return pd.DataFrame([change for row in rows for change in _changes(self, combined, row)], columns=DIFF_COLUMNS)

    def open_points(self, key: str | None = None, area: Area = None) -> pd.DataFrame:
        """Return the values on which the sources disagree (status ``conflict``), each with what holds if it does not.

        Parameters
        ----------
        key
            a group; None is all.
        area
            limits them to those of a place and nationwide ones; as of `at`.

        Returns
        -------
        DataFrame
            Columns of ``law.csv`` with ``until`` (None is onward) and ``otherwise``: what is in force without the
            value, or else that of a household member on its own, for a person without the title pays and is treated as
            one.

        Examples
        --------
        >>> points = Law.read().open_points("minority_left_2016_2020_list")
        >>> points[["parameter", "value", "otherwise"]].to_numpy().tolist()
        [['subsidy_share', 0.7, 0.0], ['benefit_share', 0.95, 0.8]]
        """
        rows = self.table[self.table["status"] == "conflict"]
        near = [_distance(a, _name_chain(area)) is not None for a in rows["area"]]
        rows = rows[np.array(near, dtype=bool) & ((rows["key"] == key) | (key is None))]
        settled, otherwise = self.settle(applies=False), []
        for row in rows.itertuples():
            values = settled.at(row.since, row.area or None).rows(row.parameter).set_index("key")["value"]
            otherwise.append(float(values.get(row.key, values.get("household", np.nan))))
        until = [None if u == ONWARD else u for u in rows["until"]]
        return rows.assign(otherwise=otherwise, until=until)[OPEN_COLUMNS].reset_index(drop=True)

    def settle(self, applies: bool) -> Law:
        """Return the law with the values on which the sources disagree in force, or without them.

        Parameters
        ----------
        applies
            whether the values in dispute are in force.

        Returns
        -------
        Law
            The law in that reading.

        Examples
        --------
        >>> law = Law.read()
        >>> key = "minority_left_2016_2020_list"
        >>> [key in law.settle(applies).at("2026-01-01")["subsidy_share"] for applies in (True, False)]
        [True, False]
        """
        if applies:
            return self
        # The rows stay, without a value: what is made from this reading is still in dispute.
        return Law(self.table.assign(value=self.table["value"].mask(self.table["status"] == "conflict")))

    def first_dispute(self, parameter: str, keys: Collection[str], area: Area = None) -> dt.date | None:
        """Return the first day on which the sources disagree about one of some values in an area.

        Parameters
        ----------
        parameter
            such as "subsidy_share".
        keys
            its keys that matter.
        area
            as of `at`.

        Returns
        -------
        date or None
            None where they agree.

        Examples
        --------
        >>> Law.read().first_dispute("subsidy_share", ["minority_left_2016_2020_list"])
        datetime.date(2025, 8, 15)
        """
        table, chain = self.table, _name_chain(area)
        chosen = (table["status"] == "conflict") & (table["parameter"] == parameter) & table["key"].isin(keys)
        near = [day for a, day in table.loc[chosen, ["area", "since"]].to_numpy() if _distance(a, chain) is not None]
        return min(near, default=None)

    def latest_change(self, today: DateLike | None = None) -> dt.date:
        """Return the last day, up to today, on which the law in force became another one.

        Proposals do not count; a value that ends changes the law the day after.

        Parameters
        ----------
        today
            the last day that counts; None is today.

        Returns
        -------
        date
            The day.

        Raises
        ------
        BhytError
            for what is no day.

        Examples
        --------
        >>> Law.read().latest_change("2026-11-22")
        datetime.date(2026, 11, 1)
        """
        limit = None if today is None else parse_date(today)
        rows = self.table[self.table["status"] != "proposal"]
        ends = [u + dt.timedelta(days=1) for u in rows["until"] if u != ONWARD]
        return max(d for d in {*rows["since"], *ends} if (clock.has_come(d) if limit is None else d <= limit))

    def sha256(self) -> str:
        """Return a fingerprint of every row, for manifests.

        Returns
        -------
        str
            64 hexadecimal digits.

        Examples
        --------
        >>> len(bhyt.Law.read().sha256())
        64
        """
        text = self.table.drop(columns=["row", "file"]).to_csv(index=False, lineterminator="\n")
        return hashlib.sha256(text.encode()).hexdigest()


AreaName = tuple[str, frozenset[str]]  # normalised without the word for its kind, and the kinds that the word can mean


@lru_cache(maxsize=65536)
def _area_name(text: str) -> AreaName:
    return normalise_name(strip_unit_word(text)), frozenset(word_kinds(text))


def _name_chain(area: Area) -> list[list[AreaName]]:
    """Return the area as the names of its units, the smallest unit first."""
    if area is None or (isinstance(area, str) and not area.strip()):
        return []
    units = [area] if isinstance(area, str) else list(area)
    return [[_area_name(n) for n in ([u] if isinstance(u, str) else u)] for u in units]


def _hashable(area: Area) -> Area:
    return area if area is None or isinstance(area, str) else tuple(u if isinstance(u, str) else tuple(u) for u in area)


@lru_cache(maxsize=64)
def _monthly(law: Law, parameter: str, days: tuple[dt.date, ...], area: Area) -> pd.DataFrame:
    firsts = np.array(days, dtype="datetime64[D]")
    rows = law.table.iloc[_weakest_first(law.table, law.table["parameter"] == parameter, area)]
    values: dict[str, np.ndarray] = {key: np.full(len(firsts), np.nan) for key in rows["key"]}
    least: dict[str, np.ndarray] = {key: np.full(len(firsts), np.nan) for key in rows["key"]}
    columns = (rows[name].tolist() for name in ("key", "area", "since", "until", "value"))
    for key, own_area, since, until, value in zip(*columns, strict=True):
        inside = (firsts >= np.datetime64(since)) & (firsts <= np.datetime64(until))
        values[key][inside] = value
        if not own_area:
            least[key][inside] = value
    if parameter in MINIMUMS:
        values = {key: np.fmax(own, least[key]) for key, own in values.items()}
    return pd.DataFrame(values, index=pd.DatetimeIndex(firsts, name="month"))


@lru_cache(maxsize=256)
def _in_force(law: Law, date: pd.Timestamp, area: Area) -> InForce:
    table = law.table
    rows = table.iloc[_weakest_first(table, (table["since"] <= date) & (table["until"] >= date), area)]
    rows = rows.assign(local=rows["area"] != "").drop_duplicates(["parameter", "key", "local"], keep="last")
    least = rows["value"].where(rows["parameter"].isin(MINIMUMS), 0.0)
    rows = rows.assign(least=least).sort_values(["least", "local"], kind="stable")
    rows = rows.drop_duplicates(["parameter", "key"], keep="last").sort_values(["layer", "row"], kind="stable")
    label = area if isinstance(area, str) else next(iter(area[0])) if area else ""
    return InForce(date, label, rows.drop(columns=["layer", "local", "least"]).reset_index(drop=True))


def _weakest_first(table: pd.DataFrame, chosen: pd.Series, area: Area) -> list[int]:
    """Return the positions of the chosen rows that hold in an area, each before those that replace it."""
    chain = _name_chain(area)
    positions = np.flatnonzero(chosen & table["value"].notna())  # a reading of the law may leave a row without a value
    areas, layers, days = (table[name].to_numpy()[positions].tolist() for name in ("area", "layer", "since"))
    distances = {name: d for name in set(areas) if (d := _distance(name, chain)) is not None}
    rows = zip(areas, layers, days, positions.tolist(), strict=True)
    return [i for *_, i in sorted((-distances[a], layer, day, i) for a, layer, day, i in rows if a in distances)]


def _distance(area: str, chain: list[list[AreaName]]) -> float | None:
    """Return the position of a row's area in the chain, its length for nationwide rows, None outside of it.

    Names agree without the words for their kinds, but not a province with a ward of the same name.
    """
    if not area:
        return float(len(chain))
    name, kinds = _area_name(area)
    for position, names in enumerate(chain):
        if any(name == other and (not (kinds and words) or kinds & words) for other, words in names):
            return float(position)
    return None


def _changes(law: Law, combined: Law, row: LawRow) -> Iterator[dict[str, object]]:
    """Yield the periods of a row of a reform in which it changes the law."""
    for since, until in _periods(_same_key(combined.table, row), row):
        old, new = (_same_key(rules.at(since, row.area or None).table, row) for rules in (law, combined))
        before, after = (float(rows["value"].iloc[0]) if len(rows) else None for rows in (old, new))
        # Only where this very row is the one in force, and not a later reform of it.
        if before == after or not ((new["file"] == row.file) & (new["row"] == row.row)).any():
            continue
        own = _areas_with_own_value(_same_key(law.table, row), row, since, until, after or 0.0)
        text = _text(row, since, until, before, after, own)
        period = {"since": since, "until": None if until == ONWARD else until}
        yield {**row._asdict(), **period, "before": before, "after": after, "text": text}


def _periods(table: pd.DataFrame, row: LawRow) -> Iterator[tuple[dt.date, dt.date]]:
    """Yield the periods of a row in which no other row of its parameter and key begins or ends."""
    ends = [u + dt.timedelta(days=1) for u in table["until"] if u != ONWARD]
    starts = sorted({row.since, *(d for d in [*table["since"], *ends] if row.since < d <= row.until)})
    yield from zip(starts, [*(s - dt.timedelta(days=1) for s in starts[1:]), row.until], strict=True)


def _same_key(table: pd.DataFrame, row: LawRow) -> pd.DataFrame:
    return table[(table["parameter"] == row.parameter) & (table["key"] == row.key)]


def _areas_with_own_value(table: pd.DataFrame, row: LawRow, since: dt.date, until: dt.date, value: float) -> list[str]:
    """Return the areas whose own row of the law has precedence over a nationwide reform in a period."""
    if row.area:
        return []
    own = table[(table["area"] != "") & (table["since"] <= until) & (table["until"] >= since)]
    if row.parameter in MINIMUMS:
        own = own[own["value"] > value]
    return sorted(set(own["area"]))


def value_text(value: float) -> str:
    """Return a value of the law: as per cent from 0 to 1, else as a number.

    Examples
    --------
    >>> value_text(0.045), value_text(2530000), value_text(1)
    ('4,5%', '2.530.000', '100%')
    """
    return format_message("{v:pe}" if 0 <= value <= 1 else "{v:n}", lang(), v=value)


def _period_text(since: DateLike, until: DateLike) -> str:
    if since == until:
        return translate("card.since_until", since=since, until=until).partition("–")[0].strip()
    return translate("card.since" if until == ONWARD else "card.since_until", since=since, until=until)


def _text(
    row: LawRow, since: dt.date, until: dt.date, before: float | None, after: float | None, own: list[str]
) -> str:
    key, place = f" of {row.key}" if row.key else "", f" in {row.area}" if row.area else ""
    change = f"new, {_number(after)}" if before is None else f"from {_number(before)} to {_number(after)}"
    period = f"from {since}" + ("" if until == ONWARD else f" to {until}")
    text = f"{row.parameter}{key}{place}: {change} ({row.unit}), {period}, by {row.reference}"
    if row.status == "proposal":
        text += "; a proposal, not in force"
    if own:
        text += f"; {', '.join(own)} keep their own value"
    return text


def _number(value: float | None) -> str:
    return "nothing" if value is None else f"{value:,.4f}".rstrip("0").rstrip(".")
