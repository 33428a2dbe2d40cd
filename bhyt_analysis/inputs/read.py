"""From a folder of CSV files or a workbook to checked tables.

A file belongs to the table whose name it begins with, so ``cards.csv`` and
``cards_2021-07.csv`` are both read as ``cards``. Every mistake of the whole input is
found before the reading stops, and told with its file, row and column.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis.inputs import checks, findings, parts
from bhyt_analysis.inputs.dataset import TABLES, Dataset
from bhyt_analysis.inputs.findings import Finding
from bhyt_analysis.inputs.status import STATUSES
from bhyt_analysis.law import groups
from bhyt_analysis.names import fold
from bhyt_analysis.words import BhytError, nearest

SCHEMA = Path(__file__).with_name("tables.csv")
KINDS = ("country", "province", "district", "commune")
ZONES = ("III", "II", "I", "none")
UNITS = ("people", "cards")
RELATIONS = ("=", ">=", ">", "ratchet")
REPORTS = ("monthly", "quarterly", "half_yearly", "yearly")
DEADLINES = ("by", "before")
WHERE = ["file", "row", "column"]
UNREADABLE = {"not_utf8", "not_a_table", "empty_input"}  # rules of an input that can't be read at all


class InputError(BhytError):
    """An input that can't be used; ``findings`` lists every offence with its place."""

    def __init__(self, *found: Finding) -> None:
        self.sentences = found  # type: ignore[assignment]
        self.findings = list(found)
        ValueError.__init__(self, self.text("en"))

    @property
    def unreadable(self) -> bool:
        """Whether a file could not even be read."""
        return any(f["rule"] in UNREADABLE for f in self.findings)

    def text(self, lang: str = "vi") -> str:
        """The errors, one sentence a line."""
        rows = findings.table(self.findings, lang, WHERE)
        return "\n".join(rows.loc[rows["severity"] == "error", "message"])


@lru_cache(maxsize=1)
def schema() -> pd.DataFrame:
    """The columns of every table: table, column, type, required, key, unit, names, meaning."""
    return pd.read_csv(SCHEMA, dtype=str, keep_default_na=False, encoding="utf-8")


def bundled(name: str) -> Path:
    """The folder ``data``, ``notebooks`` or ``scenarios`` that comes with the package."""
    inside = Path(__file__).parents[1] / "bundled" / name
    return inside if inside.is_dir() else Path(__file__).parents[2] / name


def load(path: str | Path | None = None, area: str | None = None) -> Dataset:
    """Read and check an input: a folder of CSV files, an .xlsx workbook, or the bundled data.

    Parameters
    ----------
    path : of the folder or workbook; without it the bundled data.
    area : name or code of a unit, where only the rows that concern it are wanted: its own,
        and those of what lies in it and above it.

    Returns
    -------
    Dataset with ``areas``, ``successors``, ``population``, ``cards``, ``flows``, ``expiring``,
    ``zones``, ``decisions``, ``losses``, ``targets``, ``duties``, ``reports``, ``published`` and
    ``documents``. Counts are nullable
    integers, rates float64, days datetime64, codes text.

    Raises
    ------
    InputError
        with all errors at once, each naming its file, row and column.

    Examples
    --------
    >>> from bhyt_analysis.inputs import load
    >>> data = load()
    >>> int(data.losses.set_index("area").at["219", "people"])
    46106
    """
    if area is not None and (part := parts.ready(path, area)) is not None:
        return part
    data, found = read(path)
    if data is None:
        raise InputError(*found)
    return data if area is None else parts.Parts(data).of(area)


def read(path: str | Path | None = None) -> tuple[Dataset | None, list[Finding]]:
    """The dataset (None if it has errors) and everything that was found in it."""
    source = bundled("data") if path is None else Path(path)
    if not source.exists():
        raise BhytError(("error.no_such_file", {"file": source}))
    found: list[Finding] = []
    frames_of: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    sha256 = fingerprint(source)
    for name, label, raw in _raw_tables(source, found):
        frames_of[name].append(_typed(name, label, raw, found))
    if not any(frames_of.values()) and not found:
        found.append({"rule": "empty_input", "file": source.name})
    elif not frames_of["areas"] and not findings.has_errors(found):
        found.append({"rule": "missing_table", "file": source.name, "column": "areas"})
    tables = {name: _joined(name, frames) for name, frames in frames_of.items()}
    for name, table in tables.items():
        found += _twice(name, table)
    if not findings.has_errors(found):  # the tables are sound each by itself: check them against each other
        found += checks.across(tables)
    if findings.has_errors(found):
        return None, found
    return Dataset(**tables, source=str(source), sha256=sha256, warnings=found), found


def read_table(path: str | Path, name: str) -> pd.DataFrame:
    """One table from a CSV file of any name, such as a list of zones of the user's own.

    Raises InputError with every error of the file; the areas that it names are not looked up.
    """
    file, found = Path(path), list[Finding]()
    if not file.is_file():
        raise BhytError(("error.no_such_file", {"file": file}))
    raw = _csv(file.read_bytes(), file.name, found)
    table = _joined(name, [] if raw is None else [_typed(name, file.name, raw, found)])
    found += _twice(name, table)
    if findings.has_errors(found):
        raise InputError(*found)
    return table


def fingerprint(path: str | Path | None = None) -> str:
    """The fingerprint of an input's files, without reading them as tables.

    Examples
    --------
    >>> fingerprint() == load().sha256
    True
    """
    source = bundled("data") if path is None else Path(path)
    digest = hashlib.sha256()
    for file in sorted(source.glob("*.csv")) if source.is_dir() else [source]:
        digest.update((file.name.encode() + b"\0" if source.is_dir() else b"") + file.read_bytes())
    return digest.hexdigest()


def _raw_tables(source: Path, found: list[Finding]) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Each table of the input as text cells: its name, its label for messages, its rows."""
    if source.is_dir():
        for file in sorted(source.glob("*.csv")):
            name = _table_name(file.stem, file.name, found)
            if name and (raw := _csv(file.read_bytes(), file.name, found)) is not None:
                yield name, file.name, raw
        return
    try:
        sheets = pd.read_excel(source, sheet_name=None, header=None, dtype=object, engine="openpyxl")
    except Exception as error:  # openpyxl raises many kinds on a damaged file
        found.append({"rule": "not_a_table", "file": source.name, "found": str(error).splitlines()[0]})
        return
    for sheet, cells in sheets.items():
        label = f"{source.name} [{sheet}]"
        if (name := _table_name(str(sheet), label, found)) and len(cells):
            raw = cells.map(_cell_text)
            raw = raw[(raw != "").any(axis=1)]  # rows keep their number in the sheet
            if len(raw):
                yield name, label, raw.iloc[1:].set_axis(raw.iloc[0].tolist(), axis=1).set_axis(raw.index[1:] + 1)


def _cell_text(value: Any) -> str:
    """A workbook cell as the text that a CSV file would hold."""
    if value is None or value != value:
        return ""
    if isinstance(value, dt.datetime | dt.date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{value:.9f}".rstrip("0")
    return str(value)


def _table_name(stem: str, label: str, found: list[Finding]) -> str | None:
    """The table that a file or sheet belongs to, by the beginning of its name."""
    word = fold(stem)
    if name := next((t for t in TABLES if re.fullmatch(rf"{t}([_ .-].*)?", word)), None):
        return name
    found.append({"rule": "unknown_file", "file": label, "expected": nearest(word, TABLES) or ", ".join(TABLES)})
    return None


def _csv(content: bytes, label: str, found: list[Finding]) -> pd.DataFrame | None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found.append({"rule": "not_utf8", "file": label, "row": content[: error.start].count(b"\n") + 1})
        return None
    heading = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=heading.count)
    if '"' not in text and (quick := _plain_csv(content, delimiter)) is not None:
        return quick
    # The csv module and not pandas: it tells the true line of a row with breaks in a cell.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows, lines, start = [], [], 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(start)
            start = reader.line_num + 1
    except csv.Error as error:
        found.append(
            {"rule": "not_a_table", "file": label, "row": reader.line_num, "found": f"{reader.line_num}: {error}"}
        )
        return None
    if not rows:
        found.append({"rule": "not_a_table", "file": label, "found": "0"})
        return None
    width = len(rows[0])
    for row, line in zip(rows, lines, strict=True):
        if len(row) > width:
            found.append({"rule": "not_a_table", "file": label, "row": line, "found": f"{line}: {len(row)} > {width}"})
            return None
    cells = [row + [""] * (width - len(row)) for row in rows[1:]]
    return pd.DataFrame(cells, columns=rows[0], index=lines[1:], dtype=object)


def _plain_csv(content: bytes, delimiter: str) -> pd.DataFrame | None:
    """The same by pandas' quick reader, for a file without quotes, whose lines are its rows; None where it won't do."""
    try:
        rows = pd.read_csv(
            io.BytesIO(content), sep=delimiter, header=None, dtype=str, keep_default_na=False, skip_blank_lines=False,
            quoting=csv.QUOTE_NONE, index_col=False, encoding="utf-8-sig",
        )  # fmt: skip
    except (pd.errors.ParserError, pd.errors.EmptyDataError):
        return None
    rows = rows.fillna("").set_axis(range(1, len(rows) + 1))
    blank = (rows == "").all(axis=1) if (rows.iloc[:, 0] == "").any() else pd.Series(False, index=rows.index)
    if blank.iloc[0]:
        return None
    return rows[~blank].iloc[1:].set_axis(rows.iloc[0].tolist(), axis=1)


def _typed(name: str, label: str, raw: pd.DataFrame, found: list[Finding]) -> pd.DataFrame:
    """The rows with the columns and types of the schema; bad cells become findings."""
    columns = schema().query("table == @name")
    names = {
        fold(row[c]): row["column"] for row in columns.to_dict("records") for c in ("name_vi", "name_en", "column")
    }
    headings = [names.get(fold(str(h)), str(h).strip()) for h in raw.columns]
    known = columns["column"].tolist()
    for heading in headings:
        if heading and heading not in known:
            hint = nearest(fold(heading), names)
            found.append({"rule": "unknown_column", "file": label, "row": 1, "column": heading, "found": heading, "expected": names.get(hint, ", ".join(known))})  # fmt: skip
    double = {h for h in headings if h in known and headings.count(h) > 1}
    found += [{"rule": "double_column", "file": label, "row": 1, "column": h} for h in sorted(double)]
    raw = raw.set_axis(headings, axis=1).loc[:, ~pd.Index(headings).duplicated()]
    out: dict[str, Any] = {}
    for column in columns.to_dict("records"):
        heading = column["column"]
        if heading in raw:
            cells = raw[heading]
        else:
            if column["required"]:
                found.append({"rule": "missing_column", "file": label, "row": 1, "column": heading, "found": ", ".join(h for h in headings if h)})  # fmt: skip
            cells = pd.Series("", index=raw.index)
        out[heading] = _converted(cells, column, label, found, present=heading in raw)
    return pd.DataFrame(out, index=raw.index).assign(file=label, row=raw.index).reset_index(drop=True)


def _converted(cells: pd.Series, column: dict[str, str], label: str, found: list[Finding], present: bool) -> pd.Series:
    """One column in its type. What does not fit becomes missing and a finding."""
    kind, heading = column["type"], column["column"]
    convert, expected = CONVERTERS.get(kind, (str, "expect.text"))
    codes, told = pd.factorize(cells)  # each text is looked at once, however many rows it has
    texts = [str(t).strip() for t in told]
    values = [None if t == "" else _try(convert, t) for t in texts]
    blank, bad = (np.array([hit(t, v) for t, v in zip(texts, values, strict=True)], dtype=bool) for hit in (_is_blank, _is_bad))  # fmt: skip
    for position in np.flatnonzero(bad[codes]) if bad.any() else ():
        finding = {"file": label, "row": cells.index[position], "column": heading, "found": texts[codes[position]]}
        if kind in CHOICES:
            choices = CHOICES[kind]()
            hint = nearest(finding["found"], choices) or ", ".join(list(choices)[:8])
            found.append({"rule": "bad_choice", **finding, "expected": hint})
        else:
            found.append({"rule": "bad_cell", **finding, "expected": expected})
    if present and column["required"] == "yes" and blank.any():
        for line in cells.index[blank[codes]]:
            found.append({"rule": "blank_cell", "file": label, "row": line, "column": heading, "expected": expected})
    if kind in ("count", "change"):
        typed = pd.array(values, dtype="Int64")
    elif kind in ("share", "number"):
        typed = np.array([np.nan if v is None else v for v in values], dtype="float64")
    elif kind in ("date", "target_date"):
        typed = pd.to_datetime(pd.Series(values, dtype=object)).array
    else:
        typed = pd.array(["" if v is None or v != v else v for v in values], dtype="str")
    return pd.Series(typed.take(codes), index=cells.index)


def _is_blank(text: str, value: Any) -> bool:
    return text == ""


def _is_bad(text: str, value: Any) -> bool:
    return text != "" and value is None


def _try(convert: Callable[[str], Any], text: str) -> Any:
    try:
        return convert(text)
    except ValueError:
        return None


def _count(text: str) -> int:
    if not re.fullmatch(r"\d{1,12}", text):
        raise ValueError
    return int(text)


def _change(text: str) -> int:
    return -_count(text[1:]) if text[:1] in ("-", "−") else _count(text.removeprefix("+"))


def _number(text: str) -> float:
    if not re.fullmatch(r"-?\d{1,15}(\.\d{1,9})?", text):
        raise ValueError
    return float(text)


def _share(text: str) -> float:
    value = _number(text)
    if not 0 <= value <= 1:
        raise ValueError
    return value


def _date(text: str) -> pd.Timestamp:
    if found := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text):  # the way of the country: day first
        text = "{2}-{1:0>2}-{0:0>2}".format(*found.groups())
    return pd.Timestamp(dt.date.fromisoformat(text))


def _choice(choices: Callable[[], Any]) -> Callable[[str], str]:
    def convert(text: str) -> str:
        if text not in choices():
            raise ValueError
        return text

    return convert


CHOICES: dict[str, Callable[[], Any]] = {
    "kind": lambda: KINDS,
    "zone": lambda: ZONES,
    "status": lambda: STATUSES,
    "relation": lambda: RELATIONS,
    "unit": lambda: UNITS,
    "listed": lambda: ("all", "some"),
    "report_kind": lambda: REPORTS,
    "deadline": lambda: DEADLINES,
    "group": lambda: groups().index,
}
CONVERTERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "count": (_count, "expect.count"),
    "change": (_change, "expect.change"),
    "number": (_number, "expect.number"),
    "share": (_share, "expect.share"),
    "date": (_date, "expect.date"),
    "target_date": (lambda t: pd.NaT if t == "yearly" else _date(t), "expect.target_date"),
    **{kind: (_choice(choices), "expect.text") for kind, choices in CHOICES.items()},
}


def _joined(name: str, frames: list[pd.DataFrame]) -> pd.DataFrame:
    if not frames:
        empty = pd.DataFrame(columns=schema().query("table == @name")["column"].tolist())
        return _typed(name, "", empty, [])
    return pd.concat(frames, ignore_index=True)


def _twice(name: str, table: pd.DataFrame) -> list[Finding]:
    """Rows that answer for the same key."""
    key = schema().query("table == @name and key == 'yes'")["column"].tolist()
    group = table.groupby(key, dropna=False, sort=False).ngroup()
    again = table[group.duplicated(keep="first")]
    firsts = table[~group.duplicated(keep="first")].set_axis(group[~group.duplicated(keep="first")])
    found = []
    for number, row in zip(group[again.index], again.to_dict("records"), strict=True):
        same = firsts.loc[number]
        first = str(same["row"]) if same["file"] == row["file"] else f"{same['row']} ({same['file']})"
        found.append(
            {"rule": "twice", "file": row["file"], "row": row["row"], "column": ", ".join(key), "found": first}
        )
    return found


def check(data: Dataset | str | Path | None = None, lang: str = "vi") -> pd.DataFrame:
    """Data-quality findings: rule, severity, message, file, row, column; errors first.

    Takes a path (whose errors it lists instead of raising) or a dataset that was
    read without errors, of which the warnings remain.

    Examples
    --------
    >>> from bhyt_analysis.inputs import check
    >>> check()["severity"].tolist()
    []
    """
    found = data.warnings if isinstance(data, Dataset) else read(data)[1]
    return findings.table(found, lang, WHERE)
