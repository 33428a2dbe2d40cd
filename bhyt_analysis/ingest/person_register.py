"""How many cards does a register of persons hold, by unit, group and month?

A table with one row a person is counted at once; a card counts while it is valid. Names, days of birth and card numbers go no further
than the counting: they are in no table, no message and no log. Large files are counted by duckdb
(``bhyt-analysis[register]``), or without it in pieces by pandas.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis.domain.findings import Finding
from bhyt_analysis.domain.schema import REGISTER, table_columns
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.ingest.cell_types import convert_column
from bhyt_analysis.ingest.table_detection import DetectedTable, detect_table
from bhyt_analysis.ingest.workbook import TEXT_FILES, Sheet, column_number, detect_delimiter, read_csv_cells

LARGE = 8_000_000  # bytes; a smaller CSV file is read like any other
HEAD = 65_536  # bytes in which the heading must stand
PIECE = 500_000  # rows that pandas counts at a time
KEYS = ["area", "_within", "code", "as_of"]
VALID = {"valid_from": "since", "valid_until": "until"}  # of a card; read as these columns of the schema are
# A card's number begins with the letters of its group; nothing else of it is looked at.
CARD = r"^\s*[A-Za-z]{2}[ .-]?[0-9]"


def count_persons(laid: DetectedTable, found: list[Finding]) -> pd.DataFrame:
    """The cards of a register that is laid out as cells: rows of the table ``cards``.

    The status is "derived": the counts are ours, from the register that is named as their source.
    """
    cells = laid.cells
    rows = _alike(cells, cells.index).reset_index()
    return _cards(laid, rows, _repeated(cells), found)


def _keys(columns: Iterable[str]) -> list[str]:
    """What rows are counted by: the days of a card too, where a register tells them."""
    return [*KEYS, *(day for day in VALID if day in columns)]


def _alike(cells: pd.DataFrame, numbers: pd.Index) -> pd.DataFrame:
    """How many rows say the same, and the number of the first of them."""
    keys = _keys(cells)
    told = cells.assign(code=_codes(cells.get("group", cells.get("card"))), row=numbers).reindex(
        columns=[*keys, "row"], fill_value=""
    )
    return told.groupby(keys, sort=False, dropna=False)["row"].agg(count="size", row="min")


def _codes(cells: pd.Series) -> pd.Series:
    """The group's letters of card numbers; what is none stays as it is."""
    text = cells.astype("str")
    return text.where(~text.str.match(CARD), text.str.strip().str[:2].str.upper())


def _repeated(cells: pd.DataFrame) -> int:
    """How many rows repeat the card number of another one of the same day."""
    keys = [k for k in ("card", "as_of") if k in cells]
    return int(cells[cells["card"] != ""].duplicated(keys).sum()) if "card" in cells else 0


def _cards(laid: DetectedTable, rows: pd.DataFrame, repeated: int, found: list[Finding]) -> pd.DataFrame:
    """Counts by what stands in the cells as counts by unit, group and month, in the columns of ``cards``."""
    told = rows[(rows[["area", "code"]] != "").any(axis=1)].set_index("row", drop=False).sort_index()
    spec = {c["column"]: c for c in table_columns("cards").to_dict("records")}
    if "as_of" not in laid.places:
        names = f"{spec['as_of']['name_vi']} / {spec['as_of']['name_en']}"
        headings = ", ".join(laid.places.values())
        found.append(Finding("missing_column", laid.label, laid.heading, "as_of", value=headings, expected=names))
    told = _valid(laid, told, spec["as_of"], found)
    out = {}
    for key, column in (("area", "area"), ("code", "group"), ("as_of", "as_of")):
        needed = {**spec[column], "required": "yes" if column in laid.places or key == "code" else ""}
        out[column], more = convert_column(told[key], needed, None)
        seen = "card" if column == "group" and "group" not in laid.places else column
        found += [replace(f, file=laid.label, column=seen) for f in more]
    if repeated:
        found.append(Finding("register_repeated", laid.label, count=repeated))
    found.append(Finding("register_counted", laid.label, count=int(told["count"].sum())))
    table = pd.DataFrame({**out, "_within": told["_within"].astype("str"), "cards": told["count"], "row": told["row"]})
    keys = ["area", "as_of", "group", "_within"]
    table = table.groupby(keys, sort=False, dropna=False).agg(cards=("cards", "sum"), row=("row", "min")).reset_index()
    table = table.assign(status="derived", source=laid.label, file=laid.label).astype({"cards": "Int64"})
    return table[[*spec, "file", "row", "_within"]]


def _valid(laid: DetectedTable, told: pd.DataFrame, day: dict[str, str], found: list[Finding]) -> pd.DataFrame:
    """The counts of cards that are valid on the day they are counted for; a blank end is open. The rest are told."""
    if not (days := [d for d in VALID if d in told]):
        return told
    on, _ = convert_column(told["as_of"], day, None)
    off = pd.Series(False, index=told.index)
    for key in days:
        end, more = convert_column(told[key], {**day, "column": VALID[key], "required": ""}, None)
        found += [replace(f, file=laid.label, column=key) for f in more]
        off |= (end > on) if key == "valid_from" else (end < on)
    if off.any():
        found.append(Finding("register_not_valid", laid.label, count=int(told.loc[off, "count"].sum())))
    return told[~off]


# --- Files too large to be read as cells ---


def is_large_register(file: Path) -> bool:
    """Whether a file holds a register that is counted without being read as cells."""
    return _laid_out(file, []) is not None


def _laid_out(file: Path, found: list[Finding]) -> tuple[tuple[Sheet, str], DetectedTable] | None:
    """The head of a large CSV file or a Parquet file, and how the register in it is laid out."""
    parquet = file.suffix.lower() == ".parquet"
    if not parquet and (file.suffix.lower() not in TEXT_FILES or file.stat().st_size < LARGE):
        return None
    probe: list[Finding] = []
    head = _parquet_head(file) if parquet else _csv_head(file)
    laid = None if head is None else detect_table(head[0], probe)
    if head is None or laid is None or laid.name != REGISTER:
        return None
    found += probe
    return head, laid


def count_large_register(file: Path, found: list[Finding]) -> tuple[DetectedTable, pd.DataFrame] | None:
    """How the register in a large CSV file or a Parquet file is laid out, and its cards; None for any other file."""
    told = _laid_out(file, found)
    if told is None:
        return None
    head, laid = told
    places = {key: column_number(place.split()[0]) for key, place in laid.places.items() if "«" in place}
    fixed = {key: laid.cells[key].iloc[0] for key in _keys(laid.cells) if key in laid.cells and key not in places}
    try:
        rows, repeated = _count(file, laid.heading, head[1], places, head[0].cells.shape[1])
    except BhytError:
        raise
    except Exception as error:  # of the engine; its words may hold a row, and with it a name
        line = re.search(r"\bline:? (\d+)", str(error), re.IGNORECASE)
        found.append(Finding("not_a_table", laid.label, value=line[1] if line else "?"))
        rows, repeated = pd.DataFrame({**dict.fromkeys(_keys(places), ""), "count": 0, "row": 0}, index=[]), 0
    return laid, _cards(laid, rows.assign(**fixed), repeated, found)


def _csv_head(file: Path) -> tuple[Sheet, str] | None:
    """The first rows of a CSV file in UTF-8, and what parts its cells."""
    with file.open("rb") as content:
        block = content.read(HEAD)
    text = block.rpartition(b"\n")[0].decode("utf-8-sig", "replace")
    if "\ufffd" in text or (cells := read_csv_cells(text.encode(), file.name, [])) is None:
        return None
    return Sheet(file.name, file.stem, cells, plain=True), detect_delimiter(text)


def _parquet_head(file: Path) -> tuple[Sheet, str]:
    """The first rows of a Parquet file under the names of its columns."""
    told = _duckdb().execute("select * from read_parquet(?) limit 5", [str(file)])
    names = [str(about[0]) for about in told.description]
    rows = [names, *([str(v) if v is not None else "" for v in row] for row in told.fetchall())]
    return Sheet(
        file.name,
        file.stem,
        pd.DataFrame(rows, columns=range(1, len(names) + 1), index=range(1, len(rows) + 1), dtype=object),
        plain=True,
    ), ""


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError:
        raise BhytError(("error.no_duckdb", {})) from None
    base = duckdb.connect(":memory:", config={"memory_limit": "800MB"})
    base.execute("set enable_progress_bar = false")  # it would stand among what the command prints
    return base


def _count(file: Path, heading: int, mark: str, places: dict[str, int], width: int) -> tuple[pd.DataFrame, int]:
    """The rows by what stands in them: `_keys`, ``count`` and the first ``row``; how many repeat a card's number."""
    try:
        base = _duckdb()
    except BhytError:
        if not mark:
            raise
        return _count_in_pieces(file, heading, mark, places, width)
    names = [f"c{i}" for i in range(1, width + 1)]
    if mark:
        kinds = ", ".join(f"'{n}': 'VARCHAR'" for n in names)
        source = f"read_csv(?, header=false, auto_detect=false, null_padding=true, skip={heading}, delim='{mark}', quote='\"', escape='\"', columns={{{kinds}}})"
    else:
        source = f"(select * from read_parquet(?)) t({', '.join(names)})"
    at = {
        key: f"coalesce(trim(cast(c{places[key]} as varchar)), '')" if key in places else "''"
        for key in ("area", "_within", "as_of", "card", "group", *VALID)
    }
    keys = _keys(places)
    days = "".join(f" {at[day]} {day}," for day in keys if day in VALID)
    code = at["group" if "group" in places else "card"]
    code = f"case when regexp_matches({code}, '{CARD}') then upper(left({code}, 2)) else {code} end"
    # Read once: what is counted, and of a card and its day a hash, to see which stand twice.
    base.execute(
        f"create temp table persons as select {at['area']} area, {at['_within']} _within, {code} code,"
        f" {at['as_of']} as_of,{days} case when {at['card']} <> '' then hash({at['card']}, {at['as_of']}) end card,"
        f" {heading} + row_number() over () line from {source}",
        [str(file)],
    )
    told = base.execute(
        f'select {", ".join(keys)}, count(*) count, min(line) "row" from persons group by all order by "row"'
    ).fetchnumpy()
    rows = pd.DataFrame({k: np.asarray(v, dtype=object if k in keys else "int64") for k, v in told.items()})
    cards = np.sort(base.execute("select card from persons where card is not null").fetchnumpy()["card"])
    return rows, int((cards[1:] == cards[:-1]).sum())


def _count_in_pieces(
    file: Path, heading: int, mark: str, places: dict[str, int], width: int
) -> tuple[pd.DataFrame, int]:
    """The same by pandas, some rows at a time."""
    parts, numbers = [], []
    names = [f"c{i}" for i in range(1, width + 1)]
    pieces = pd.read_csv(
        file, sep=mark, header=None, skiprows=heading, names=names, usecols=[names[i - 1] for i in sorted(set(places.values()))],
        dtype=str, keep_default_na=False, chunksize=PIECE, encoding="utf-8-sig", index_col=False,
    )  # fmt: skip
    for piece in pieces:
        told = pd.DataFrame({key: piece[f"c{place}"].fillna("").str.strip() for key, place in places.items()})
        parts.append(_alike(told, piece.index + heading + 1))
        if "card" in told:
            some = told[told["card"] != ""]
            numbers.append(
                pd.util.hash_pandas_object(
                    some[["card", *(["as_of"] if "as_of" in some else [])]], index=False
                ).to_numpy()
            )
    rows = (
        pd.concat(parts)
        .groupby(_keys(places), sort=False)
        .agg(count=("count", "sum"), row=("row", "min"))
        .reset_index()
    )
    every = np.concatenate(numbers) if numbers else np.array([])
    return rows, len(every) - len(np.unique(every))
