"""Count the cards of a register of persons by unit, group and month.

A table with one row a person is counted at once; a card counts while it is valid. Names, days of birth and card
numbers are used for counting only: they are in no table, no message and no log. Large files are counted by duckdb
(``bhyt-analysis[register]``), or without it in chunks by pandas.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bhyt_analysis.domain.findings import Finding, Term
from bhyt_analysis.domain.schema import REGISTER, table_columns
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.ingest.cell_types import convert_column
from bhyt_analysis.ingest.table_detection import DetectedTable, detect_tables
from bhyt_analysis.ingest.workbook import TEXT_FILES, Sheet, detect_delimiter, file_label, read_csv_cells

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LARGE = 8_000_000  # bytes; a smaller CSV file is read like any other
HEAD = 65_536  # bytes from the start that must contain the heading
CHUNK = 500_000  # rows that pandas counts at a time
KEYS = ["area", "_within", "code", "as_of"]
VALID = {"valid_from": "since", "valid_until": "until"}  # days of a card, with the columns of the schema for their type
# A card's number begins with the letters of its group; the rest of it is not used.
CARD = r"^\s*[A-Za-z]{2}[ .-]?[0-9]"
NUMBER = r"^[0-9][0-9 .-]{7,}$"  # without letters: the social insurance number alone, which tells no group
NO_LETTERS = "#"  # the group of such a number


def count_persons(table: DetectedTable, findings: list[Finding]) -> pd.DataFrame:
    """Return the cards of a register as rows of the table ``cards``.

    The status is "derived": the counts are ours, from the register as their source.
    """
    cells = table.cells
    rows = _count_rows(cells, cells.index).reset_index()
    return _to_cards(table, rows, _count_repeated(cells), findings)


def _keys(columns: Iterable[str]) -> list[str]:
    """Return the keys by which rows are counted, with the days of validity that a register has."""
    return [*KEYS, *(day for day in VALID if day in columns)]


def _count_rows(cells: pd.DataFrame, numbers: pd.Index) -> pd.DataFrame:
    """Return the number of rows by their keys, and the number of the first of them."""
    keys = _keys(cells)
    rows = cells.assign(code=_group_codes(cells.get("group", cells.get("card"))), row=numbers)
    rows = rows.reindex(columns=[*keys, "row"], fill_value="")
    return rows.groupby(keys, sort=False, dropna=False)["row"].agg(count="size", row="min")


def _group_codes(cells: pd.Series) -> pd.Series:
    """Return the group's letters of card numbers; other texts are kept."""
    text = cells.astype("str").str.strip()
    text = text.mask(text.str.match(NUMBER), NO_LETTERS)
    return text.where(~text.str.match(CARD), text.str.strip().str[:2].str.upper())


def _count_repeated(cells: pd.DataFrame) -> int:
    """Return how many rows repeat the card number of another row of the same day."""
    keys = [k for k in ("card", "as_of") if k in cells]
    return int(cells[cells["card"] != ""].duplicated(keys).sum()) if "card" in cells else 0


def _to_cards(table: DetectedTable, rows: pd.DataFrame, repeated: int, findings: list[Finding]) -> pd.DataFrame:
    """Convert counts by the texts of cells to counts by unit, group and month, in the columns of ``cards``."""
    rows = rows[(rows[["area", "code"]] != "").any(axis=1)].set_index("row", drop=False).sort_index()
    schema = {c["column"]: c for c in table_columns("cards").to_dict("records")}
    if "as_of" not in table.cells:
        names = f"{schema['as_of']['name_vi']} / {schema['as_of']['name_en']}"
        place, present = (
            (table.label, table.heading_row, "as_of"),
            ", ".join([*table.unclear, *map(str, table.headings.values())]),
        )
        findings.append(Finding("missing_column", *place, value=present, expected=names))
    if (unclear := rows["code"] == NO_LETTERS).any():
        findings.append(Finding("register_no_group", table.label, count=int(rows.loc[unclear, "count"].sum())))
    rows = _valid_rows(table, rows[~unclear], schema["as_of"], findings)
    data = {}
    for key, column in (("area", "area"), ("code", "group"), ("as_of", "as_of")):
        required = "yes" if column in table.cells or key == "code" else ""
        data[column], new = convert_column(rows[key], {**schema[column], "required": required}, None)
        heading = "card" if column == "group" and "group" not in table.headings else column
        findings += [replace(f, file=table.label, column=heading) for f in new]
    if repeated:
        findings.append(Finding("register_repeated", table.label, count=repeated))
    findings.append(Finding("register_counted", table.label, count=int(rows["count"].sum())))
    data |= {"_within": rows["_within"].astype("str"), "cards": rows["count"], "row": rows["row"]}
    groups = pd.DataFrame(data).groupby(["area", "as_of", "group", "_within"], sort=False, dropna=False)
    cards = groups.agg(cards=("cards", "sum"), row=("row", "min")).reset_index().astype({"cards": "Int64"})
    return cards.assign(status="derived", source=table.label, file=table.label)[[*schema, "file", "row", "_within"]]


def _valid_rows(table: DetectedTable, rows: pd.DataFrame, day: dict[str, str], findings: list[Finding]) -> pd.DataFrame:
    """Return the counts of cards that are valid on their day (a blank end is open), and report the others."""
    if not (days := [d for d in VALID if d in rows]):
        return rows
    on, _ = convert_column(rows["as_of"], day, None)
    invalid = pd.Series(False, index=rows.index)
    for key in days:
        limit, new = convert_column(rows[key], {**day, "column": VALID[key], "required": ""}, None)
        findings += [replace(f, file=table.label, column=key) for f in new]
        invalid |= (limit > on) if key == "valid_from" else (limit < on)
    if invalid.any():
        findings.append(Finding("register_not_valid", table.label, count=int(rows.loc[invalid, "count"].sum())))
    return rows[~invalid]


# --- Files too large to be read as cells ---


@dataclass(frozen=True)
class LargeRegister:
    """A large CSV file or a Parquet file (``delimiter`` "") with its detected head and number of columns."""

    file: Path
    table: DetectedTable
    delimiter: str
    width: int

    @property
    def positions(self) -> dict[str, int]:
        """Return the numbers of the columns, from 1."""
        return {key: heading.number for key, heading in self.table.headings.items() if heading.number}

    @property
    def names(self) -> list[str]:
        """Return the names c1, c2, ... of all columns."""
        return [f"c{i}" for i in range(1, self.width + 1)]


def is_large_register(file: Path) -> bool:
    """Return whether a file has a register that is counted without being read as cells."""
    return _detect_register(file, []) is not None


def _detect_register(file: Path, findings: list[Finding]) -> LargeRegister | None:
    """Return the register in a large CSV file or a Parquet file, from its head; None for any other file."""
    parquet = file.suffix.lower() == ".parquet"
    if not parquet and (file.suffix.lower() not in TEXT_FILES or file.stat().st_size < LARGE):
        return None
    new: list[Finding] = []
    head = _parquet_head(file) if parquet else _csv_head(file)
    table = next(iter(detect_tables(head[0], new)), None) if head is not None else None
    if head is None or table is None or table.name != REGISTER:
        return None
    findings += new
    return LargeRegister(file, table, head[1], head[0].cells.shape[1])


def count_large_register(file: Path, findings: list[Finding]) -> tuple[DetectedTable, pd.DataFrame] | None:
    """Return the detected table of a large CSV file or a Parquet file, and its cards; None for any other file."""
    register = _detect_register(file, findings)
    if register is None:
        return None
    table, positions = register.table, register.positions
    keys = [key for key in _keys(table.cells) if key in table.cells and key not in positions]
    stated = {key: table.cells[key].iloc[0] for key in keys}
    try:
        rows, repeated = _count_file(register)
    except BhytError:
        raise
    except Exception as error:  # of the engine; its message may quote a row, and with it a name
        line = re.search(r"\bline:? (\d+)", str(error), re.IGNORECASE)
        damaged = Finding("not_a_table", table.label, value=Term("file_kind.damaged"))
        findings.append(Finding("csv_quotes", table.label, int(line[1])) if line else damaged)
        rows, repeated = pd.DataFrame({**dict.fromkeys(_keys(positions), ""), "count": 0, "row": 0}, index=[]), 0
    return table, _to_cards(table, rows.assign(**stated), repeated, findings)


def _csv_head(file: Path) -> tuple[Sheet, str] | None:
    """Return the first rows of a CSV file in UTF-8, and its delimiter."""
    with file.open("rb") as content:
        block = content.read(HEAD)
    text = block.rpartition(b"\n")[0].decode("utf-8-sig", "replace")
    if "\ufffd" in text or (cells := read_csv_cells(text.encode(), file_label(file), [])) is None:
        return None
    return Sheet(file_label(file), file.stem, cells, plain=True), detect_delimiter(text)


def _parquet_head(file: Path) -> tuple[Sheet, str]:
    """Return the first rows of a Parquet file below the names of its columns."""
    result = _duckdb().execute("select * from read_parquet(?) limit 5", [str(file)])
    names = [str(column[0]) for column in result.description]
    rows = [names, *([str(v) if v is not None else "" for v in row] for row in result.fetchall())]
    columns, index = range(1, len(names) + 1), range(1, len(rows) + 1)
    return Sheet(file_label(file), file.stem, pd.DataFrame(rows, index, columns, dtype=object), plain=True), ""


def _duckdb() -> DuckDBPyConnection:
    try:
        import duckdb
    except ImportError:
        raise BhytError(("error.no_duckdb", {})) from None
    connection = duckdb.connect(":memory:", config={"memory_limit": "800MB"})
    connection.execute("set enable_progress_bar = false")  # it would mix with the output of the command
    return connection


def _count_file(register: LargeRegister) -> tuple[pd.DataFrame, int]:
    """Return the number of rows by `_keys` with the first ``row`` of each, and how many repeat a card's number."""
    try:
        connection = _duckdb()
    except BhytError:
        if not register.delimiter:
            raise
        return _count_in_chunks(register)
    keys = _keys(register.positions)
    connection.execute(_persons_query(register), [str(register.file)])
    query = f'select {", ".join(keys)}, count(*) count, min(line) "row" from persons group by all order by "row"'
    counts = connection.execute(query).fetchnumpy()
    rows = pd.DataFrame({k: np.asarray(v, dtype=object if k in keys else "int64") for k, v in counts.items()})
    cards = np.sort(connection.execute("select card from persons where card is not null").fetchnumpy()["card"])
    return rows, int((cards[1:] == cards[:-1]).sum())


def _persons_query(register: LargeRegister) -> str:
    """Return the statement that reads a file once: the keys of each row, and a hash of its card and day."""
    positions, line = register.positions, register.table.heading_row
    if register.delimiter:
        types = ", ".join(f"'{name}': 'VARCHAR'" for name in register.names)
        source = (
            f"read_csv(?, header=false, auto_detect=false, null_padding=true, skip={line}, "
            f"delim='{register.delimiter}', quote='\"', escape='\"', columns={{{types}}})"
        )
    else:
        source = f"(select * from read_parquet(?)) t({', '.join(register.names)})"
    text = dict.fromkeys(("area", "_within", "as_of", "card", "group", *VALID), "''")
    text |= {key: f"coalesce(trim(cast(c{i} as varchar)), '')" for key, i in positions.items()}
    days = "".join(f" {text[day]} {day}," for day in _keys(positions) if day in VALID)
    code = text["group" if "group" in positions else "card"]
    letters = f"when regexp_matches({code}, '{CARD}') then upper(left({code}, 2))"
    code = f"case {letters} when regexp_matches({code}, '{NUMBER}') then '{NO_LETTERS}' else {code} end"
    return (
        f"create temp table persons as select {text['area']} area, {text['_within']} _within, {code} code,"
        f" {text['as_of']} as_of,{days}"
        f" case when {text['card']} <> '' then hash({text['card']}, {text['as_of']}) end card,"
        f" {line} + row_number() over () line from {source}"
    )


def _count_in_chunks(register: LargeRegister) -> tuple[pd.DataFrame, int]:
    """Return the same as `_count_file`, by pandas and some rows at a time."""
    parts, hashes = [], []
    positions, line = register.positions, register.table.heading_row
    columns = [f"c{i}" for i in sorted(set(positions.values()))]
    options = {"dtype": str, "keep_default_na": False, "encoding": "utf-8-sig", "index_col": False, "header": None}
    options |= {"sep": register.delimiter, "skiprows": line, "names": register.names, "usecols": columns}
    for chunk in pd.read_csv(register.file, chunksize=CHUNK, **options):
        cells = pd.DataFrame({key: chunk[f"c{i}"].fillna("").str.strip() for key, i in positions.items()})
        parts.append(_count_rows(cells, cells.index + line + 1))
        if "card" in cells:
            cards = cells.loc[cells["card"] != "", [k for k in ("card", "as_of") if k in cells]]
            hashes.append(pd.util.hash_pandas_object(cards, index=False).to_numpy())
    groups = pd.concat(parts).groupby(_keys(positions), sort=False)
    rows = groups.agg(count=("count", "sum"), row=("row", "min")).reset_index()
    every = np.concatenate(hashes) if hashes else np.array([])
    return rows, len(every) - len(np.unique(every))
