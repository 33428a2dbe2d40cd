"""What does the law say on a date, in an area, and what would a reform change?

One row of ``law.csv`` is one value in force from a date (``since``) to a date
(``until``, both inclusive; blank is onward), in an area (blank is nationwide),
from a cited text. A reform is a file of the same shape.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis.i18n.dates import DateLike, parse_date
from bhyt_analysis.i18n.messages import BhytError, nearest_choice
from bhyt_analysis.i18n.unit_names import normalise_name, strip_unit_word

FILE = Path(__file__).with_name("law.csv")

COLUMNS = ["parameter", "key", "area", "since", "until", "value", "unit", "reference", "status"]
OPTIONAL = ["checked", "note"]
STATUSES = ["confirmed", "secondary", "conflict", "proposal"]
ONWARD = dt.date.max
# Values that are a part of something: between 0 and 1.
SHARES = ("subsidy_share", "benefit_share", "household_factor", "contribution_rate", "employer_rate", "employee_rate")

# An area as the law meets it: one name or code, or the chain of units that a place
# lies in, the smallest first, each unit given by all the names it answers to.
Area = str | Sequence[str | Sequence[str]] | None


class LawError(BhytError):
    """A law file or a question to the law that can't be used; the message says why."""


def _chain(area: Area) -> list[set[str]]:
    """The area as sets of folded names, the smallest unit first."""
    if area is None or (isinstance(area, str) and not area.strip()):
        return []
    units = [area] if isinstance(area, str) else list(area)
    return [{normalise_name(strip_unit_word(n)) for n in ([u] if isinstance(u, str) else u)} for u in units]


def _read(path: Path) -> pd.DataFrame:
    """The rows of a law file, checked; every offence of the file is told at once."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise LawError(("error.no_such_file", {"file": path})) from None
    return _checked(path.name, content, None if path == FILE else _allowed()).copy()


def _allowed() -> tuple[tuple[str, ...], ...]:
    """Each parameter of the bundled law with its keys."""
    return tuple((p, *sorted(keys)) for p, keys in _known_keys().items())


@lru_cache(maxsize=8)  # the key is the whole content: another byte is another law
def _checked(name: str, content: bytes, allowed: tuple[tuple[str, ...], ...] | None, first: int = 2) -> pd.DataFrame:
    """The checked rows of a file, numbered from ``first``; ``allowed``: see `_allowed`, without it any."""
    try:
        raw = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise LawError(("error.not_utf8", {"file": name, "byte": error.start})) from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError):
        raise LawError(("error.not_a_table", {"file": name})) from None
    columns = ", ".join(COLUMNS)
    faults: list[tuple[str, dict[str, Any]]] = [
        ("error.missing_column", {"file": name, "column": c, "expected": columns}) for c in COLUMNS if c not in raw
    ]
    faults += [
        ("error.unknown_column", {"file": name, "column": c, "expected": columns})
        for c in raw
        if c not in COLUMNS + OPTIONAL
    ]
    if faults:
        raise LawError(*faults)
    table = raw.apply(lambda column: column.str.strip()).assign(row=range(first, len(raw) + first), file=name)
    own = ((p, *t["key"]) for p, t in table.groupby("parameter") if p)
    known = {p: set(keys) for p, *keys in (own if allowed is None else allowed)}
    for row in table.to_dict("records"):
        faults += [(key, {"file": name, "row": row["row"], **fields}) for key, fields in _faults(row, known)]
    if faults:
        raise LawError(*faults)
    table["value"] = table["value"].astype("float64")
    if above := _above_the_cap(table, name):
        raise LawError(*above)
    table["since"] = [parse_date(d) for d in table["since"]]
    table["until"] = [parse_date(d) if d else ONWARD for d in table["until"]]
    for column in OPTIONAL:
        if column not in table:
            table[column] = ""
    if overlaps := _overlaps(table, name):
        raise LawError(*overlaps)
    return table


def _faults(row: dict[str, Any], known: dict[str, set[str]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is wrong with one row of a law file."""
    if not row["reference"]:
        yield "error.law_no_reference", {}
    if row["parameter"] not in known:
        close = nearest_choice(row["parameter"], known) or ", ".join(sorted(known))
        yield "error.law_unknown_parameter", {"found": row["parameter"], "nearest": close}
    elif row["key"] not in (keys := known[row["parameter"]]):
        close = nearest_choice(row["key"], keys) or ", ".join(sorted(keys - {""})) or "–"
        yield "error.law_key", {"parameter": row["parameter"], "found": row["key"], "nearest": close}
    if row["status"] not in STATUSES:
        yield "error.bad_choice", {"column": "status", "found": row["status"], "expected": ", ".join(STATUSES)}
    try:
        value = float(row["value"])
        if not -1e15 < value < 1e15:
            raise ValueError
        if value < 0 or (row["parameter"] in SHARES and value > 1):
            yield "error.law_value", {"parameter": row["parameter"], "found": row["value"]}
    except ValueError:
        yield "error.not_a_number", {"column": "value", "found": row["value"]}
    days = []
    for column in ("since", "until") if row["until"] else ("since",):
        try:
            days.append(parse_date(row[column]))
        except BhytError:
            yield "error.not_a_date", {"column": column, "found": row[column]}
    if len(days) == 2 and days[1] < days[0]:
        yield "error.until_before_since", {"since": row["since"], "until": row["until"]}


def _above_the_cap(table: pd.DataFrame, name: str) -> list[tuple[str, dict[str, Any]]]:
    """Contribution rates above the most that the law allows (art. 13), unless the file itself raises that."""
    bundled = pd.read_csv(FILE, usecols=["parameter", "value"], encoding="utf-8")
    caps = pd.concat([bundled, table[["parameter", "value"]]]).query("parameter == 'contribution_rate_cap'")["value"]
    odd = table[(table["parameter"] == "contribution_rate") & (table["value"] > caps.max())]
    return [
        ("error.law_cap", {"file": name, "row": r.row, "found": r.value, "cap": caps.max()}) for r in odd.itertuples()
    ]


def _overlaps(table: pd.DataFrame, name: str) -> list[tuple[str, dict[str, Any]]]:
    """Two rows of one file must never answer for the same parameter, key, area and day."""
    faults: list[tuple[str, dict[str, Any]]] = []
    for place, rows in table.groupby(["parameter", "key", "area"], sort=False):
        ordered = rows.sort_values("since").to_dict("records")
        for first, second in pairwise(ordered):
            fields = {
                "file": name,
                "first": first["row"],
                "second": second["row"],
                "what": ", ".join(str(p) for p in place if p),
                "since": second["since"],
                "last": second["since"] - dt.timedelta(days=1),
            }
            if first["since"] == second["since"]:
                faults.append(("error.law_twice", fields))
            elif second["since"] <= first["until"]:
                faults.append(("error.law_overlap", fields))
    return faults


def _known_keys() -> dict[str, set[str]]:
    """The keys of each parameter of the bundled law; "" where a parameter has none."""
    rows = pd.read_csv(FILE, usecols=["parameter", "key"], dtype=str, keep_default_na=False, encoding="utf-8")
    return {str(p): set(t["key"]) for p, t in rows.groupby("parameter")}


@dataclass(frozen=True, eq=False)
class InForce:
    """The law on one day in one area: ``today["base_salary"]``, ``today["subsidy_share"]``.

    ``table`` holds one row a value in force, with its reference, status and area.
    """

    day: dt.date
    area: str
    table: pd.DataFrame

    def __getitem__(self, parameter: str) -> float | pd.Series:
        """A number for a parameter without keys, else a Series by key.

        Raises `LawError` for a parameter that is unknown or
        not in force on the day.
        """
        rows = self.rows(parameter)
        if len(rows) == 1 and rows["key"].iloc[0] == "":
            return float(rows["value"].iloc[0])
        return pd.Series(rows["value"].to_numpy(), index=pd.Index(rows["key"], name="key"), name=parameter)

    def number(self, parameter: str, key: str = "") -> float:
        """One value, by parameter and key; a `LawError` names the nearest known key."""
        rows = self.rows(parameter)
        found = rows.loc[rows["key"] == key, "value"]
        if found.empty:
            choices = ", ".join(rows["key"])
            fields = {
                "parameter": parameter,
                "key": key,
                "day": self.day,
                "nearest": nearest_choice(key, rows["key"]) or choices,
            }
            raise LawError(("error.law_unknown_key", fields))
        return float(found.iloc[0])

    def reference(self, parameter: str, key: str = "") -> str:
        """The cited text of one value in force."""
        self.number(parameter, key)
        rows = self.rows(parameter)
        return str(rows.loc[rows["key"] == key, "reference"].iloc[0])

    def rows(self, parameter: str) -> pd.DataFrame:
        """The rows of one parameter, one a key."""
        rows = self.table[self.table["parameter"] == parameter]
        if rows.empty:
            known = _known_keys()
            if parameter in known:
                raise LawError(("error.law_not_in_force", {"parameter": parameter, "day": self.day}))
            close = nearest_choice(parameter, known) or ", ".join(sorted(known))
            raise LawError(("error.law_no_such_parameter", {"found": parameter, "nearest": close}))
        return rows


@dataclass(frozen=True, eq=False)
class Law:
    """The dated rows of the law, with any reforms laid over them.

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

    @classmethod
    def read(cls, path: str | Path | None = None) -> Law:
        """The bundled law, or a reform file of the same columns.

        Raises `LawError` that lists every row which is wrong: no reference, not a
        date, not a number, twice the same, overlapping, an unknown parameter.
        """
        return cls(_read(FILE if path is None else Path(path)).assign(layer=0))

    @classmethod
    def of(cls, rows: pd.DataFrame, name: str) -> Law:
        """Rows of the columns of ``law.csv`` that stand in no file, checked as a file is; ``name`` is what errors call them.

        Examples
        --------
        >>> row = {"parameter": "base_salary", "since": "2027-01-01", "value": 2600000, "status": "proposal"}
        >>> Law.of(pd.DataFrame([{**row, "reference": "what if"}]), "mine").at("2027-05-01")["base_salary"]
        2600000.0
        """
        text = rows.reindex(columns=[*COLUMNS, *(c for c in rows if c not in COLUMNS)]).to_csv(index=False)
        return cls(_checked(name, text.encode(), _allowed(), first=1).assign(layer=0))

    def __or__(self, reform: Law) -> Law:
        """The law with a reform laid over it.

        A row of the reform replaces what it covers: the same parameter, key and area
        on the days from ``since`` to ``until``. When its ``until`` passes, the law that
        it covered resumes. Rows of smaller areas keep their precedence.
        """
        if not isinstance(reform, Law):
            return NotImplemented
        shift = int(self.table["layer"].max()) + 1 if len(self.table) else 0
        over = reform.table.assign(layer=reform.table["layer"] + shift)
        return Law(pd.concat([self.table, over], ignore_index=True))

    def at(self, day: DateLike, area: Area = None) -> InForce:
        """The values in force on a day, nationwide or in an area.

        ``area`` is a name or code, or the chain of units that a place lies in, the
        smallest first (what `bhyt_analysis.domain.geography.lineage` gives). The row of
        the smallest unit wins; within one area a reform over the law that it covers,
        then the later ``since``.
        """
        date, chain = parse_date(day), _chain(area)
        rows = self.table[[s <= date <= u for s, u in zip(self.table["since"], self.table["until"], strict=True)]]
        # How near the row's area is to the place: 0 is the smallest unit of the chain.
        nearness = [self._nearness(a, chain) for a in rows["area"]]
        rows = rows.assign(nearness=nearness).dropna(subset="nearness")
        rows = rows.sort_values(["nearness", "layer", "since"], ascending=[True, False, False], kind="stable")
        rows = rows.drop_duplicates(["parameter", "key"]).sort_values(["layer", "row"], kind="stable")
        label = area if isinstance(area, str) else (next(iter(area[0])) if chain and area else "")
        table = rows.drop(columns=["nearness", "layer"]).reset_index(drop=True)
        return InForce(date, str(label or ""), table)

    @staticmethod
    def _nearness(area: str, chain: list[set[str]]) -> float | None:
        if not area:
            return float(len(chain))
        return next((float(i) for i, names in enumerate(chain) if normalise_name(strip_unit_word(area)) in names), None)

    def months(self, start: DateLike, end: DateLike, area: Area = None) -> pd.DataFrame:
        """The law month by month, for budgets: one row a month, parameter and key.

        The month's value is the one in force on its first day: contributions are due
        by the month. Columns ``month`` (first day), ``parameter``, ``key``, ``value``,
        ``reference``, ``status``.

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
        parts = []
        for month in pd.date_range(first.replace(day=1), last, freq="MS"):
            rows = self.at(month, area).table[["parameter", "key", "value", "reference", "status"]]
            parts.append(rows.assign(month=month))
        return pd.concat(parts, ignore_index=True)[["month", "parameter", "key", "value", "reference", "status"]]

    def monthly(self, parameter: str, months: Sequence[DateLike], area: Area = None) -> pd.DataFrame:
        """One parameter month by month, one column a key; missing where nothing is in force.

        ``months`` are any days of the months; a month's value is that of its first day.
        The same rows win as in `at`.

        Examples
        --------
        >>> shares = Law.read().monthly("subsidy_share", ["2025-06-30", "2025-07-31"])
        >>> shares["student"].tolist()
        [0.3, 0.5]
        """
        firsts = np.array([parse_date(m).replace(day=1) for m in months], dtype="datetime64[D]")
        chain = _chain(area)
        rows = self.table[self.table["parameter"] == parameter].to_dict("records")
        near = [(n, row) for row in rows if (n := self._nearness(row["area"], chain)) is not None]
        near.sort(key=lambda pair: (-pair[0], pair[1]["layer"], pair[1]["since"]))
        values: dict[str, np.ndarray] = {row["key"]: np.full(len(firsts), np.nan) for _, row in near}
        for _, row in near:  # the weakest first: what is laid over it wins
            inside = (firsts >= np.datetime64(row["since"])) & (firsts <= np.datetime64(row["until"]))
            values[row["key"]][inside] = row["value"]
        return pd.DataFrame(values, index=pd.DatetimeIndex(firsts, name="month"))

    def areas_of(self, area: Area) -> tuple[str, ...]:
        """The areas of the law's own rows that a place lies in: places with the same ones have the same law.

        Examples
        --------
        >>> Law.read().areas_of([("24", "Tỉnh Bắc Giang")]), Law.read().areas_of("Đắk Lắk")
        ((), ('Đắk Lắk',))
        """
        chain = _chain(area)
        own = self.table["area"].drop_duplicates()
        return tuple(a for a in own if a and self._nearness(a, chain) is not None)

    def compare(self, reform: Law) -> pd.DataFrame:
        """What a reform changes, from when, in words; one row a changed value.

        Columns ``parameter``, ``key``, ``area``, ``since``, ``until`` (None is onward),
        ``before`` and ``after`` (value; missing where there was none), ``unit``,
        ``reference``, ``status``, ``text``. Rows of the reform that change nothing are
        left out; the text names areas whose own row keeps precedence over the reform.

        Examples
        --------
        >>> law = Law.read()
        >>> law.compare(law).empty
        True
        """
        combined, rows = self | reform, []
        for row in reform.table.sort_values(["parameter", "key", "area", "since"]).to_dict("records"):
            place = row["area"] or None
            same = self.table[(self.table["parameter"] == row["parameter"]) & (self.table["key"] == row["key"])]
            # The covered law, or a reform laid over this one, may change while it lasts: one line per stretch.
            cuts = {row["since"]}
            around = combined.table
            around = around[(around["parameter"] == row["parameter"]) & (around["key"] == row["key"])]
            for old in around.to_dict("records"):
                for cut in (old["since"], _next(old["until"])):
                    if cut is not None and row["since"] < cut <= row["until"]:
                        cuts.add(cut)
            starts = sorted(cuts)
            for start, following in zip(starts, [*starts[1:], None], strict=True):
                until = row["until"] if following is None else following - dt.timedelta(days=1)
                before = _value(self.at(start, place), row)
                rules = combined.at(start, place)
                after = _value(rules, row)
                if before == after or not _governs(rules, row):
                    continue
                keep = sorted(
                    {
                        a
                        for a, s, u in zip(same["area"], same["since"], same["until"], strict=True)
                        if a and a != row["area"] and not row["area"] and s <= until and u >= start
                    }
                )
                rows.append(
                    {
                        **{c: row[c] for c in ("parameter", "key", "area")},
                        "since": start,
                        "until": None if until == ONWARD else until,
                        "before": before,
                        "after": after,
                        **{c: row[c] for c in ("unit", "reference", "status")},
                        "text": _in_words(row, start, until, before, after, keep),
                    }
                )
        columns = [*COLUMNS[:5], "before", "after", "unit", "reference", "status", "text"]
        return pd.DataFrame(rows, columns=columns)

    def latest_change(self, today: DateLike | None = None) -> dt.date:
        """The last day, up to today, on which the law in force became another one.

        Proposals do not count; a value that ends changes the law the day after.

        Examples
        --------
        >>> Law.read().latest_change("2026-11-22")
        datetime.date(2026, 11, 1)
        """
        limit = dt.date.today() if today is None else parse_date(today)
        rows = self.table[self.table["status"] != "proposal"]
        ends = [u + dt.timedelta(days=1) for u in rows["until"] if u != ONWARD]
        return max(d for d in [*rows["since"], *ends] if d <= limit)

    def sha256(self) -> str:
        """A fingerprint of every row, for manifests."""
        text = self.table.drop(columns=["row", "file"]).to_csv(index=False, lineterminator="\n")
        return hashlib.sha256(text.encode()).hexdigest()


def _next(day: dt.date) -> dt.date | None:
    return None if day == ONWARD else day + dt.timedelta(days=1)


def _governs(law: InForce, row: dict) -> bool:
    """Whether this very row is the one in force, and not a reform laid over it."""
    found = law.table[(law.table["parameter"] == row["parameter"]) & (law.table["key"] == row["key"])]
    return len(found) > 0 and (found["file"].iloc[0], found["row"].iloc[0]) == (row["file"], row["row"])


def _value(law: InForce, row: dict) -> float | None:
    found = law.table[(law.table["parameter"] == row["parameter"]) & (law.table["key"] == row["key"])]
    return float(found["value"].iloc[0]) if len(found) else None


def _in_words(
    row: dict, since: dt.date, until: dt.date, before: float | None, after: float | None, keep: list[str]
) -> str:
    what = (
        row["parameter"] + (f" of {row['key']}" if row["key"] else "") + (f" in {row['area']}" if row["area"] else "")
    )
    span = f"from {since}" + ("" if until == ONWARD else f" to {until}")
    change = (
        f"from {_plain(before)} to {_plain(after)} ({row['unit']})"
        if before is not None
        else f"new, {_plain(after)} ({row['unit']})"
    )
    proposal = "; a proposal, not in force" if row["status"] == "proposal" else ""
    kept = f"; {', '.join(keep)} keep their own value" if keep else ""
    if kept and row["parameter"] == "subsidy_share":
        kept += ", though budgets and projections take the nationwide share where it is higher"
    return f"{what}: {change}, {span}, by {row['reference']}{proposal}{kept}"


def _plain(value: float | None) -> str:
    return "nothing" if value is None else f"{value:,.4f}".rstrip("0").rstrip(".")
