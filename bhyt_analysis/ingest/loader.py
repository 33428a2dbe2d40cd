"""Read a folder of CSV files or a workbook, and check its tables.

A file or sheet belongs to the table whose name it begins with, so ``cards.csv`` and ``cards_2021-07.csv`` are both
read as ``cards``; other sheets are recognised by their headings. A figure is read as the sheet means it, or a finding
asks about it: none is guessed. All findings of an input come at once, each with its file, row and column.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

import pandas as pd

from bhyt_analysis.domain.area_view import area_view
from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.domain.causes import causes_table
from bhyt_analysis.domain.country import country
from bhyt_analysis.domain.dataset import TABLES, Dataset
from bhyt_analysis.domain.findings import Finding, has_errors
from bhyt_analysis.domain.geography import Unit
from bhyt_analysis.domain.input_error import InputError
from bhyt_analysis.domain.partitions import is_partition, read_partition, write_partition
from bhyt_analysis.domain.result_table import result_table
from bhyt_analysis.domain.schema import REGISTER, table_columns
from bhyt_analysis.domain.user_cache import keep, kept_folder
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import BhytError
from bhyt_analysis.ingest.answers import Answers, read_answers
from bhyt_analysis.ingest.area_matching import Tables, Titles, resolve_areas
from bhyt_analysis.ingest.coercion import UNIT_HINTS, coerce_table
from bhyt_analysis.ingest.confidential import hide_cells_of, lists_persons, without_cells, without_cited_texts
from bhyt_analysis.ingest.headings import ColumnHeading
from bhyt_analysis.ingest.own_groups import lists_own_groups, read_own_groups, with_own_groups
from bhyt_analysis.ingest.person_register import count_large_register, count_persons
from bhyt_analysis.ingest.personal_text import hide_cited_numbers, hide_in_finding
from bhyt_analysis.ingest.table_detection import DetectedTable, detect_tables, is_template_page
from bhyt_analysis.ingest.unit_lists import complete_own_units, complete_unit_list, plain_codes
from bhyt_analysis.ingest.workbook import (
    file_label,
    first_names,
    list_input_files,
    read_sheets,
    report_unread_files,
    shared_path,
)
from bhyt_analysis.quality import checks

BUNDLED = "bundled"  # the name under which the checked bundled data are kept
BUNDLED_TABLES = ("targets", "zones")  # an input without them is read with the published rows of its units
Headings = dict[str, dict[str, ColumnHeading]]  # by label of the sheet and column


def load(
    path: str | Path | None = None,
    area: str | None = None,
    numbers: str | None = None,
    answers: str | Path | None = None,
) -> Dataset:
    """Read and check an input: a folder of CSV files and workbooks, one workbook, or the bundled data.

    Parameters
    ----------
    path
        of the folder or file (.xlsx, .xlsm, .xlsb, .xls, .ods, .csv, .tsv); without it the bundled data.
    area
        name or code of a unit, to keep only its rows and those of the units in it and above it.
    numbers
        "vi" if 1.234 in a text cell is one thousand two hundred and thirty-four, "en" if it is a decimal; by default
        the other cells of the column or sheet decide. It is never guessed.
    answers
        path of a file with answers to what the input leaves unclear, see `read_answers`.

    Returns
    -------
    Dataset
        The tables of the schema. Counts are nullable integers, rates float64, days datetime64, codes text.

    Raises
    ------
    InputError
        with one sentence for each cause: the first cell, how many are like it, and what to do.

    Examples
    --------
    >>> int(load().losses.set_index("area").at["219", "people"])
    46106
    """
    if is_partition(path):
        return read_partition(str(path))
    data = _load_bundled() if path is None else _load_checked(path, numbers, answers)
    return data if area is None else area_view(data, area).data


def _load_bundled() -> Dataset:
    """Return the bundled data, which are checked once for each version of the package and of themselves."""
    folder = kept_folder(BUNDLED)
    with suppress(OSError, ValueError, KeyError, TypeError):  # not there, or damaged
        return read_partition(folder)
    data = _load_checked(None)
    keep(BUNDLED, partial(write_partition, data=data))
    return data


def _load_checked(path: str | Path | None, numbers: str | None = None, answers: str | Path | None = None) -> Dataset:
    data, findings = read_input(path, numbers, answers)
    if data is None:
        raise InputError(*findings)
    return data


@dataclass(frozen=True)
class Reading:
    """What was read of an input: the dataset (None if there are errors), its tables so far, and all findings."""

    data: Dataset | None
    tables: Tables
    findings: list[Finding]


def read_input(
    path: str | Path | None = None, numbers: str | None = None, answers: str | Path | None = None
) -> tuple[Dataset | None, list[Finding]]:
    """Return the dataset (None if it has errors) and all findings; for ``numbers`` and ``answers`` see `load`."""
    reading = examine_input(path, numbers, answers)
    return reading.data, reading.findings


def examine_input(
    path: str | Path | None = None, numbers: str | None = None, answers: str | Path | None = None
) -> Reading:
    """Return all that can be read of an input and all findings; for ``numbers`` and ``answers`` see `load`.

    With errors the tables lack what is asked about, and there is no dataset.
    """
    answered = Answers() if answers is None else read_answers(answers)
    numbers = numbers or answered.numbers
    source = bundled_path("data") if path is None else Path(path)
    if not source.exists():
        raise BhytError(("error.no_such_file", {"file": source}))
    with without_cells():
        return _examine(source, path is not None, numbers, answered)


def _examine(source: Path, own: bool, numbers: str | None, answered: Answers) -> Reading:
    """Return what can be read of an existing input, which is the user's ``own`` or bundled; see `examine_input`."""
    findings, private = list[Finding](), set[str]()
    frames: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    headings, titles, names = Headings(), Titles(), dict[str, str]()
    if own:
        report_unread_files(source, findings)
    sha256 = fingerprint(source)
    for table, cards in _detected_tables(source, findings, answered, private):
        if table.name == REGISTER:
            frames["cards"].append(count_persons(table, findings) if cards is None else cards)
        else:
            table = complete_unit_list(table)
            frames[table.name].append(coerce_table(table, numbers, findings, answered.blanks))
        headings[table.label] = headings.get(table.label, {}) | table.headings
        titles[table.label] = table.titles
        names.setdefault(table.label, table.name)
    if not any(len(rows) for parts in frames.values() for rows in parts) and not has_errors(findings):
        findings.append(Finding("empty_input", file_label(source)))
    tables = {name: hide_cited_numbers(_concat(name, parts), findings) for name, parts in frames.items()}
    tables = {name: without_cited_texts(rows, private) for name, rows in tables.items()}
    if any(frames.values()):
        tables = _resolve_units(tables, titles, source, findings, headings)
        tables["population"] = _one_population(tables["population"], names, findings)
    for name, rows in tables.items():
        findings += _duplicates(name, rows)
    data, first_check = None, len(findings)
    if not has_errors(findings):  # each table is valid by itself: check them against each other
        data = Dataset(**tables, source=str(shared_path(source)), sha256=sha256)
        findings += checks.check_across_tables(data)
    else:
        findings += checks.check_circles(tables["areas"])
    counted = {label for label, name in names.items() if name == REGISTER}
    findings = [hide_in_finding(_with_heading(f, headings, names)) for f in findings]
    # All cells were understood before the checks, which cite units and counts and no cell, but for the names of units.
    unit_sheets = {str(f.file) for f in findings} if tables["areas"]["file"].isin(private).any() else private - counted
    read, checked = findings[:first_check], findings[first_check:]
    findings = [*hide_cells_of(read, private, counted), *hide_cells_of(checked, unit_sheets, counted)]
    if data is None or has_errors(findings):
        of_units = {name: rows[~rows["file"].isin(private)] for name, rows in tables.items()}
        return Reading(None, of_units, findings)  # the others may name persons
    data = replace(data, warnings=findings)
    return Reading(_with_bundled_rows(data) if own else data, tables, findings)


def _with_bundled_rows(data: Dataset) -> Dataset:
    """Return data without any targets, or zones, with those published for their units (`_published_rows`)."""
    for table in BUNDLED_TABLES:
        if not len(getattr(data, table)) and len(rows := _published_rows(data, table)):
            data = replace(data, **{table: rows})
    return data


def _published_rows(data: Dataset, table: str) -> pd.DataFrame:
    """Return the bundled rows of a table about the units of the data, which have those above them, too."""
    bundled, real = _bundled_units()
    units = [u for u in real if data.geography.same_units(u)]
    rows: pd.DataFrame = getattr(bundled, table)
    of_units = rows["unit_id"].isin([u.id for u in units])
    if "of" in rows:
        of_units |= rows["of"].isin([u.code for u in units])
    rows = rows[of_units].drop(columns="unit_id")
    return rows.assign(file=f"{BUNDLED}/" + rows["file"])


@lru_cache(maxsize=1)
def _bundled_units() -> tuple[Dataset, list[Unit]]:
    """Return the bundled data, for reading alone, and their real units: they have made-up ones, too."""
    data, real = _load_bundled(), country().geography
    return data, [u for u in data.geography.units.values() if real.same_units(u)]


def read_table(path: str | Path, name: str) -> pd.DataFrame:
    """Read one table from a CSV file of any name, such as a list of zones of the user's own.

    Raises InputError with every error of the file; the names of areas are not looked up.
    """
    file, findings = Path(path), list[Finding]()
    if not file.is_file():
        raise BhytError(("error.no_such_file", {"file": file}))
    with without_cells():
        return _read_table(file, name, findings)


def _read_table(file: Path, name: str, findings: list[Finding]) -> pd.DataFrame:
    """Return one table of an existing file; see `read_table`."""
    sheets = list(read_sheets(file, findings))
    tables = (t for sheet in sheets for t in detect_tables(replace(sheet, name=name), findings))
    frames = [coerce_table(table, None, findings) for table in tables if table.name == name]
    rows = _concat(name, frames).drop(columns=list(UNIT_HINTS), errors="ignore")
    findings += _duplicates(name, rows)
    if has_errors(findings):
        private = {sheet.label for sheet in sheets if lists_persons(sheet)}
        raise InputError(*hide_cells_of([hide_in_finding(f) for f in findings], private, ()))
    return rows


def fingerprint(path: str | Path | None = None) -> str:
    """Return the SHA-256 of an input's files.

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


def _detected_tables(
    source: Path, findings: list[Finding], answers: Answers, private: set[str]
) -> Iterator[tuple[DetectedTable, pd.DataFrame | None]]:
    """Yield each table of the input, still as cells; of a large register with its counted cards.

    The labels of the sheets that may list persons are added to ``private``.
    """
    own_groups = dict[str, str]()
    for file in sorted(list_input_files(source), key=lambda file: not lists_own_groups(file.stem)):
        if (register := count_large_register(file, findings)) is not None:
            private.add(register[0].label)
            yield register
            continue
        empty, is_template = list[str](), False
        for sheet in sorted(read_sheets(file, findings), key=lambda sheet: not lists_own_groups(sheet.name)):
            if lists_own_groups(sheet.name):
                own_groups |= read_own_groups(sheet, findings)
                continue
            sheet = with_own_groups(sheet, own_groups)
            private |= {sheet.label} if lists_persons(sheet) else set()
            tables = detect_tables(sheet, findings, not (sheet.plain and source.is_dir()), answers)
            is_template |= is_template_page(sheet.name)
            empty += [sheet.name] if tables and not any(len(table.cells) for table in tables) else []
            yield from ((table, None) for table in tables if len(table.cells) or table.headings)
        if empty and not is_template:  # of the template's tables each office fills in those that it has
            findings.append(Finding("empty_tables", file_label(file), count=len(empty), value=first_names(empty)))


def _resolve_units(tables: Tables, titles: Titles, source: Path, findings: list[Finding], headings: Headings) -> Tables:
    """Return the tables with codes for names of units; units that the input lacks are those of the country."""
    if not any(len(table) and ("area" in table or name == "areas") for name, table in tables.items()):
        if not has_errors(findings):
            findings.append(Finding("missing_table", file_label(source), column="areas", value="areas"))
        return tables
    columns = {label: str(of_sheet["area"].text) for label, of_sheet in headings.items() if "area" in of_sheet}
    tables = complete_own_units(plain_codes(tables), findings)
    tables = resolve_areas(tables, titles, findings, columns)
    return {name: table.drop(columns=list(UNIT_HINTS), errors="ignore") for name, table in tables.items()}


def _one_population(population: pd.DataFrame, names: dict[str, str], findings: list[Finding]) -> pd.DataFrame:
    """Return the population without people beside cards of whom the table of the population has the same count."""
    in_cards = population["file"].map(names).eq("cards").to_numpy()
    if not in_cards.any() or in_cards.all():
        return population
    key = ["area", "as_of"]
    own = population[~in_cards].drop_duplicates(key).set_index(key)["people"]
    others = population[in_cards]
    count = own.reindex(pd.MultiIndex.from_frame(others[key])).set_axis(others.index)
    for row in others[(count != others["people"]).fillna(False)].itertuples():
        parts = {"value": int(row.people), "expected": int(count[row.Index])}
        findings.append(Finding.in_row("people_differ", row, "_people", **parts))
    return population.drop(others.index[count.notna()])


def _with_heading(finding: Finding, headings: Headings, names: dict[str, str]) -> Finding:
    """Return a finding with its table, the heading of its column as the user sees it, and its columns' letters."""
    columns = headings.get(finding.file or "", {})
    column = finding.column if isinstance(finding.column, str) else ""
    letters = " ".join(columns[c].letters for c in column.split(", ") if c in columns)
    heading = str(columns[column]) if column in columns else None
    return replace(finding, letters=letters, heading=heading, table_key=names.get(finding.file or "", ""))


def _concat(name: str, frames: list[pd.DataFrame]) -> pd.DataFrame:
    if not frames:
        return _empty_table(name).copy()
    rows = pd.concat(frames, ignore_index=True)
    return rows.fillna({hint: "" for hint in UNIT_HINTS if hint in rows})  # of a sheet without it


@lru_cache(maxsize=len(TABLES))
def _empty_table(name: str) -> pd.DataFrame:
    columns = table_columns(name)["column"].tolist()
    return coerce_table(DetectedTable(name, "", pd.DataFrame(columns=columns), {}, 0, pd.DataFrame()), None, [])


def _duplicates(name: str, table: pd.DataFrame) -> list[Finding]:
    """Return a finding for each row that repeats the key of another."""
    columns = table_columns(name)[table_columns(name)["key"] == "yes"]
    key = columns["column"].tolist()
    table = table[table.duplicated(key, keep=False)]
    if table.empty:
        return []
    required = [c for c in columns.loc[columns["required"] != "", "column"] if c in table]
    blank = table[required].isna() | (table[required] == "")
    table = table[~blank.any(axis=1)]  # a blank one is reported by itself
    group = table.groupby(key, dropna=False, sort=False).ngroup()
    repeated = group.duplicated()
    firsts = table[~repeated].set_axis(group[~repeated])
    findings = []
    for number, row in zip(group[repeated], table[repeated].to_dict("records"), strict=True):
        same = firsts.loc[number]
        first = str(same["row"]) if same["file"] == row["file"] else f"{same['row']} ({same['file']})"
        findings.append(Finding("twice", row["file"], row["row"], ", ".join(key), value=first))
    return findings


@result_table
def check(
    data: Dataset | str | Path | None = None,
    lang: str | None = None,
    numbers: str | None = None,
    every: bool = False,
    answers: str | Path | None = None,
) -> pd.DataFrame:
    """Return the data-quality findings, one row for each cause; errors first.

    For a path it lists the errors, too, instead of raising them; a dataset has only warnings. What only follows from
    another error is not listed; every error says what to do.

    Parameters
    ----------
    data, numbers, answers
        as in `load`.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.
    every
        one row for each cell instead.

    Returns
    -------
    DataFrame
        ``rule``, ``severity``, ``message``, ``file`` (and sheet), ``row`` and ``column`` of the first cell, and
        ``count``, the number of cells.

    Raises
    ------
    BhytError
        for a path that there is not, and for another language.

    Examples
    --------
    >>> check()["severity"].tolist()
    []
    """
    lang = check_lang(lang)
    findings = data.warnings if isinstance(data, Dataset) else read_input(data, numbers, answers)[1]
    return causes_table(findings, lang, every)
