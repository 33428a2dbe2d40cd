"""Read and check files of dated law: the bundled ``law.csv`` and reforms of the same columns."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import pandas as pd

from bhyt_analysis.i18n.dates import parse_date
from bhyt_analysis.i18n.formats import without_separators
from bhyt_analysis.i18n.messages import BhytError, nearest_choice

FILE = Path(__file__).with_name("law.csv")
COLUMNS = ["parameter", "key", "area", "since", "until", "value", "unit", "reference", "status"]
OPTIONAL = ["checked", "note"]
STATUSES = ["confirmed", "secondary", "conflict", "proposal"]
ONWARD = dt.date.max
# Values that are a part of something: between 0 and 1.
SHARES = ("subsidy_share", "benefit_share", "household_factor", "contribution_rate", "employer_rate", "employee_rate")
AMOUNTS = {"base_salary": (500_000, 50_000_000)}  # VND: the least and the most that is plausible
MAX_BYTES = 20_000_000  # of a law file; the bundled one has less than 0.1 MB
Row = dict[str, str]
Fault = tuple[str, dict[str, object]]  # key of a message, and its fields
AllowedKeys = tuple[tuple[str, ...], ...]  # each parameter, followed by its keys


class LawError(BhytError):
    """A law file, or a look-up in the law, that can't be used; the message says why."""


def read_law_file(path: Path) -> pd.DataFrame:
    """Return the checked rows of a law file; raise `LawError` with all faults of the file."""
    if not path.is_file():  # a pipe or a device would never end
        raise LawError(("error.no_such_file", {"file": path}))
    if (size := path.stat().st_size) > MAX_BYTES:
        raise LawError(("error.too_large", {"file": path.name, "found": size / 1e6, "most": MAX_BYTES / 1e6}))
    content = path.read_bytes()
    return _parse(path.name, content, None if path == FILE else _allowed_keys()).copy()


def check_law_rows(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the checked rows of a table that is in no file, numbered from 1; messages call it ``name``."""
    text = rows.reindex(columns=[*COLUMNS, *(c for c in rows if c not in COLUMNS)]).to_csv(index=False)
    return _parse(name, text.encode(), _allowed_keys(), first_row=1).copy()


def known_keys() -> dict[str, set[str]]:
    """Return the keys of each parameter of the bundled law; "" where a parameter has none."""
    rows = pd.read_csv(FILE, usecols=["parameter", "key"], dtype=str, keep_default_na=False, encoding="utf-8")
    return {str(p): set(t["key"]) for p, t in rows.groupby("parameter")}


def _allowed_keys() -> AllowedKeys:
    return tuple((p, *sorted(keys)) for p, keys in known_keys().items())


@lru_cache(maxsize=8)  # the key is the entire content: another byte is another law
def _parse(name: str, content: bytes, allowed: AllowedKeys | None, first_row: int = 2) -> pd.DataFrame:
    """Return the checked rows of a file; without ``allowed`` the file itself defines the keys."""
    try:
        raw = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise LawError(("error.not_utf8", {"file": name, "byte": error.start})) from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError):
        raise LawError(("error.not_a_table", {"file": name})) from None
    _raise_if_any(_column_faults(raw, name))
    table = raw.apply(lambda column: column.str.strip())
    table = table.assign(row=range(first_row, len(raw) + first_row), file=name)
    if allowed is None:
        allowed = tuple((str(p), *rows["key"]) for p, rows in table.groupby("parameter") if p)
    keys = {p: set(own) for p, *own in allowed}
    _raise_if_any(
        (key, {"file": name, "row": row["row"], **fields})
        for row in table.to_dict("records")
        for key, fields in _row_faults(row, keys)
    )
    table["value"] = table["value"].astype("float64")
    _raise_if_any(_rates_above_cap(table, name))
    table["since"] = [parse_date(d) for d in table["since"]]
    table["until"] = [parse_date(d) if d else ONWARD for d in table["until"]]
    table = table.assign(**{c: "" for c in OPTIONAL if c not in table})
    _raise_if_any(_overlaps(table, name))
    return table


def _raise_if_any(faults: Iterator[Fault]) -> None:
    if messages := list(faults):
        raise LawError(*messages)


def _column_faults(raw: pd.DataFrame, name: str) -> Iterator[Fault]:
    missing = [("error.missing_column", c) for c in COLUMNS if c not in raw]
    unknown = [("error.unknown_column", c) for c in raw if c not in COLUMNS + OPTIONAL]
    for key, column in [*missing, *unknown]:
        yield key, {"file": name, "column": column, "expected": ", ".join(COLUMNS)}


def _row_faults(row: Row, keys: dict[str, set[str]]) -> Iterator[Fault]:
    """Yield the faults of one row of a law file."""
    if not row["reference"]:
        yield "error.law_no_reference", {}
    parameter, key = row["parameter"], row["key"]
    if parameter not in keys:
        nearest = nearest_choice(parameter, keys) or ", ".join(sorted(keys))
        yield "error.law_unknown_parameter", {"found": parameter, "nearest": nearest}
    elif key not in keys[parameter]:
        nearest = nearest_choice(key, keys[parameter]) or ", ".join(sorted(keys[parameter] - {""})) or "–"
        yield "error.law_key", {"parameter": parameter, "found": key, "nearest": nearest}
    if row["status"] not in STATUSES:
        yield "error.bad_choice", {"column": "status", "found": row["status"], "expected": ", ".join(STATUSES)}
    yield from _value_faults(parameter, row["value"])
    yield from _period_faults(row)


def _value_faults(parameter: str, text: str) -> Iterator[Fault]:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    least, most = AMOUNTS.get(parameter, (0, 1e15))
    if not -1e15 < value < 1e15:
        plain = without_separators(text)
        key = "error.grouped_value" if plain else "error.not_a_number"
        yield key, {"column": "value", "found": text, "plain": plain}
    elif value < 0 or (parameter in SHARES and value > 1):
        yield "error.law_value", {"parameter": parameter, "found": text}
    elif not least <= value <= most:
        fields = {"parameter": parameter, "found": text, "least": least, "most": most}
        nearest = next((value * scale for scale in (1e3, 1e6, 1e-3) if least <= value * scale <= most), None)
        hint = "" if nearest is None else ("error.law_amount_nearest", {"nearest": f"{nearest:.0f}"})
        yield "error.law_amount", {**fields, "hint": hint}


def _period_faults(row: Row) -> Iterator[Fault]:
    days = []
    for column in ("since", "until") if row["until"] else ("since",):
        try:
            days.append(parse_date(row[column]))
        except BhytError:
            yield "error.not_a_date", {"column": column, "found": row[column]}
    if len(days) == 2 and days[1] < days[0]:
        yield "error.until_before_since", {"since": row["since"], "until": row["until"]}


def _rates_above_cap(table: pd.DataFrame, name: str) -> Iterator[Fault]:
    """Yield contribution rates above the highest that the law allows (art. 13), unless the file itself raises that."""
    bundled = pd.read_csv(FILE, usecols=["parameter", "value"], encoding="utf-8")
    caps = pd.concat([bundled, table[["parameter", "value"]]]).query("parameter == 'contribution_rate_cap'")["value"]
    for row in table[(table["parameter"] == "contribution_rate") & (table["value"] > caps.max())].itertuples():
        yield "error.law_cap", {"file": name, "row": row.row, "found": row.value, "cap": caps.max()}


def _overlaps(table: pd.DataFrame, name: str) -> Iterator[Fault]:
    """Yield two rows of one file that both hold for the same parameter, key, area and day."""
    for place, rows in table.groupby(["parameter", "key", "area"], sort=False):
        for first, second in pairwise(rows.sort_values("since").itertuples()):
            if second.since > first.until:
                continue
            fields: dict[str, object] = {"file": name, "first": first.row, "second": second.row}
            fields |= {"what": ", ".join(str(p) for p in place if p), "since": second.since}
            fields["last"] = second.since - dt.timedelta(days=1)
            yield "error.law_twice" if first.since == second.since else "error.law_overlap", fields
