"""From a folder of CSV files or a workbook to checked tables.

A file belongs to the table whose name it begins with, so ``cards.csv`` and
``cards_2021-07.csv`` are both read as ``cards``. Every mistake of the whole input is
found before the reading stops, and told with its file, row and column.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd

from bhyt_analysis.domain import partitions
from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.domain.dataset import TABLES, Dataset
from bhyt_analysis.domain.findings import Finding, findings_table, has_errors
from bhyt_analysis.domain.input_error import PLACE, InputError
from bhyt_analysis.domain.schema import REGISTER, table_columns
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.ingest.area_matching import build_gazetteer, is_known_name, resolve_areas
from bhyt_analysis.ingest.coercion import NAMED, coerce_table
from bhyt_analysis.ingest.person_register import count_large_register, count_persons
from bhyt_analysis.ingest.table_detection import DetectedTable, detect_table
from bhyt_analysis.ingest.workbook import list_input_files, read_sheets
from bhyt_analysis.quality import checks


def load(path: str | Path | None = None, area: str | None = None, numbers: str | None = None) -> Dataset:
    """Read and check an input: a folder of CSV files and workbooks, one workbook, or the bundled data.

    Parameters
    ----------
    path : of the folder or workbook (.xlsx, .xls, .ods); without it the bundled data.
    area : name or code of a unit, where only the rows that concern it are wanted: its own,
        and those of what lies in it and above it.
    numbers : "vi" where 1.234 in a text cell is one thousand two hundred and thirty-four, "en" where it is
        one and a bit; without it, what the other cells of the column or sheet tell. It is never guessed.

    Returns
    -------
    Dataset with ``areas``, ``successors``, ``population``, ``cards``, ``flows``, ``expiring``,
    ``zones``, ``decisions``, ``losses``, ``targets``, ``duties``, ``reports``, ``published`` and
    ``documents``. Counts are nullable integers, rates float64, days datetime64, codes text.

    Raises
    ------
    InputError
        with all errors at once, each naming its file, row and column.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> data = load()
    >>> int(data.losses.set_index("area").at["219", "people"])
    46106
    """
    if area is not None and (part := partitions.read_partition(path, area)) is not None:
        return part
    data, found = read_input(path, numbers)
    if data is None:
        raise InputError(*found)
    return data if area is None else partitions.AreaPartitions(data).of(area)


def read_input(path: str | Path | None = None, numbers: str | None = None) -> tuple[Dataset | None, list[Finding]]:
    """The dataset (None if it has errors) and everything that was found in it; for ``numbers`` see `load`."""
    source = bundled_path("data") if path is None else Path(path)
    if not source.exists():
        raise BhytError(("error.no_such_file", {"file": source}))
    found: list[Finding] = []
    frames: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    places, titles = dict[str, dict[str, str]](), dict[str, tuple[str, ...]]()
    sha256 = fingerprint(source)
    for laid, cards in _laid_out(source, found):
        if laid.name == REGISTER:
            frames["cards"].append(count_persons(laid, found) if cards is None else cards)
        else:
            frames[laid.name].append(coerce_table(laid, numbers, found))
        places[laid.label], titles[laid.label] = laid.places, laid.titles
    if not any(len(t) for some in frames.values() for t in some) and not has_errors(found):
        found.append(Finding("empty_input", source.name))
    tables = {name: _joined(name, some) for name, some in frames.items()}
    if any(frames.values()):
        tables = _with_units(tables, titles, source, found)
    for name, table in tables.items():
        found += _twice(name, table)
    if not has_errors(found):  # the tables are sound each by itself: check them against each other
        found += checks.check_across_tables(tables)
    elif set(tables["areas"]["file"]).isdisjoint(f.file for f in found if f.severity == "error"):
        found += checks.check_units(tables["areas"])
    found = [_placed(f, places) for f in found]
    if has_errors(found):
        return None, found
    return Dataset(**tables, source=str(source), sha256=sha256, warnings=found), found


def read_table(path: str | Path, name: str) -> pd.DataFrame:
    """One table from a CSV file of any name, such as a list of zones of the user's own.

    Raises InputError with every error of the file; the areas that it names are not looked up.
    """
    file, found = Path(path), list[Finding]()
    if not file.is_file():
        raise BhytError(("error.no_such_file", {"file": file}))
    laid = [detect_table(replace(sheet, name=name), found) for sheet in read_sheets(file, found)]
    frames = [coerce_table(one, None, found) for one in laid if one is not None]
    table = _joined(name, frames).drop(columns=list(NAMED), errors="ignore")
    found += _twice(name, table)
    if has_errors(found):
        raise InputError(*found)
    return table


def fingerprint(path: str | Path | None = None) -> str:
    """The fingerprint of an input's files, without reading them as tables.

    Examples
    --------
    >>> fingerprint() == load().sha256
    True
    """
    source = bundled_path("data") if path is None else Path(path)
    digest = hashlib.sha256()
    for file in list_input_files(source):
        digest.update(file.name.encode() + b"\0" if source.is_dir() else b"")
        with file.open("rb") as content:
            while block := content.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _laid_out(source: Path, found: list[Finding]) -> Iterator[tuple[DetectedTable, pd.DataFrame | None]]:
    """Each table of the input, still as cells; of a large register its cards are counted."""
    for file in list_input_files(source):
        if (register := count_large_register(file, found)) is not None:
            yield register
            continue
        for sheet in read_sheets(file, found):
            laid = detect_table(sheet, found, by_headings=not (sheet.plain and source.is_dir()))
            if laid is not None and (len(laid.cells) or laid.places):
                yield laid, None


def _with_units(
    tables: dict[str, pd.DataFrame], titles: dict[str, tuple[str, ...]], source: Path, found: list[Finding]
) -> dict[str, pd.DataFrame]:
    """The tables with codes for the names of units; without a table ``areas`` the bundled units are meant."""
    tables = dict(tables)
    if not len(tables["areas"]):
        if not _any_known(tables):
            if not has_errors(found):
                found.append(Finding("missing_table", source.name, column="areas"))
            return tables
        if not len(tables["successors"]):
            tables["successors"] = read_table(bundled_path("data") / "successors.csv", "successors")
    tables = resolve_areas(tables, titles, _bundled_areas, found)
    return {name: table.drop(columns=list(NAMED), errors="ignore") for name, table in tables.items()}


def _any_known(tables: dict[str, pd.DataFrame]) -> bool:
    """Whether a table speaks of a unit that is among the bundled ones."""
    units = build_gazetteer(_bundled_areas())
    return any(is_known_name(units, a) for t in tables.values() if "area" in t for a in pd.unique(t["area"]))


def _bundled_areas() -> pd.DataFrame:
    return read_table(bundled_path("data") / "areas.csv", "areas")


def _placed(finding: Finding, places: dict[str, dict[str, str]]) -> Finding:
    """A finding with the column as the user sees it, its letter and heading; and the letters of all its columns."""
    headings = places.get(finding.file or "", {})
    column = finding.column if isinstance(finding.column, str) else ""
    letters = " ".join(headings[c].partition(" ")[0] for c in column.split(", ") if c in headings)
    return replace(finding, letters=letters, heading=headings.get(column))


def _joined(name: str, frames: list[pd.DataFrame]) -> pd.DataFrame:
    if not frames:
        columns = table_columns(name)["column"].tolist()
        return coerce_table(DetectedTable(name, "", pd.DataFrame(columns=columns), {}, 0, pd.DataFrame()), None, [])
    return pd.concat(frames, ignore_index=True)


def _twice(name: str, table: pd.DataFrame) -> list[Finding]:
    """Rows that answer for the same key."""
    key = table_columns(name).query("key == 'yes'")["column"].tolist()
    group = table.groupby(key, dropna=False, sort=False).ngroup()
    again = table[group.duplicated(keep="first")]
    firsts = table[~group.duplicated(keep="first")].set_axis(group[~group.duplicated(keep="first")])
    found = []
    for number, row in zip(group[again.index], again.to_dict("records"), strict=True):
        same = firsts.loc[number]
        first = str(same["row"]) if same["file"] == row["file"] else f"{same['row']} ({same['file']})"
        found.append(Finding("twice", row["file"], row["row"], ", ".join(key), value=first))
    return found


def check(data: Dataset | str | Path | None = None, lang: str = "vi", numbers: str | None = None) -> pd.DataFrame:
    """Data-quality findings: rule, severity, message, file, row, column; errors first.

    Takes a path (whose errors it lists instead of raising) or a dataset that was
    read without errors, of which the warnings remain.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import check
    >>> check()["severity"].tolist()
    []
    """
    found = data.warnings if isinstance(data, Dataset) else read_input(data, numbers)[1]
    return findings_table(found, lang, PLACE)
