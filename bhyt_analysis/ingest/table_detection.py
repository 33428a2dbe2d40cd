"""Find the table in a sheet: its heading, the meaning of its columns, and the rows that are data.

People put titles above a table, merge cells, write headings over two rows, number the columns, add
totals and notes. Such rows are left out of the data, with a finding if they can hold a figure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bhyt_analysis.domain import schema
from bhyt_analysis.domain.findings import Finding, Term
from bhyt_analysis.i18n.languages import LANGUAGES
from bhyt_analysis.i18n.messages import has_message, nearest_choice, translate
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.ingest.columns import Layout, choose_columns
from bhyt_analysis.ingest.headings import (
    ColumnHeading,
    Heading,
    best_heading,
    clean_head,
    figure_keys,
    heading_from,
    heading_meaning,
)
from bhyt_analysis.ingest.personal_data import find_persons, staff_columns, uncountable_list, without_staff
from bhyt_analysis.ingest.row_kinds import split_rows
from bhyt_analysis.ingest.title_lines import (
    labelled_values,
    stated_date,
    stated_instrument,
    stated_status,
    stated_unit,
    stated_year,
    title_measure,
)
from bhyt_analysis.ingest.vietnamese_text import clean_text
from bhyt_analysis.ingest.workbook import Cell, Sheet, column_letter
from bhyt_analysis.law.groups import is_group_key

if TYPE_CHECKING:
    from bhyt_analysis.ingest.answers import Answers

FEW_GROUPS = 3  # that are no accident
NOTE_ROWS = 12  # below a table in which a line may say in what its figures are given
PEOPLE_BESIDE = {"_people": "people", "_households": "households"}  # columns of ``population`` beside cards
YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@dataclass(frozen=True)
class DetectedTable:
    """A table of a sheet, still as cells.

    ``cells`` has columns of the schema, in a wide table also groups; its index are the rows that the user sees.
    ``headings`` are by column, ``heading_row`` is their row; ``percent`` are the columns whose heading says per cent.
    ``totals`` precede the rows that they sum if ``totals_first``; ``titles`` are the texts above the table.
    ``reported`` are columns of which a finding already says that they are not read, ``unclear`` the headings that are
    not understood.
    """

    name: str
    label: str
    cells: pd.DataFrame
    headings: dict[str, ColumnHeading]
    heading_row: int
    totals: pd.DataFrame
    percent: frozenset[str] = frozenset()
    titles: tuple[str, ...] = ()
    totals_first: bool = False
    reported: frozenset[str] = frozenset()
    unclear: tuple[str, ...] = ()


def table_from_name(name: str) -> str | None:
    """Return the table of a file or sheet, by the beginning of its name in either language.

    Examples
    --------
    >>> table_from_name("cards_2021-07"), table_from_name("Dân số 2021"), table_from_name("Sheet1")
    ('cards', 'population', None)
    >>> table_from_name("khu_vuc"), table_from_name("khu-vuc-2026"), table_from_name("khu vuon")
    ('zones', 'zones', None)
    """
    folded = normalise_name(clean_text(name))
    return next((table for title, table in _tables_by_title() if title.match(folded)), None)


@lru_cache(maxsize=1)
def _tables_by_title() -> list[tuple[re.Pattern[str], str]]:
    """Return a pattern of the names of each table, the longest first."""
    more = schema.alternative_headings()
    titles = [(f"sheet.{t}", t) for t in _tables() if has_message(f"sheet.{t}")]
    tables = {normalise_name(translate(key, lang)): t for key, t in titles for lang in LANGUAGES}
    others = more[(more["table"] != "") & (more["column"] == "")]
    tables |= {normalise_name(r.heading): r.table for r in others.itertuples()} | {t: t for t in _tables()}
    names = sorted(tables, key=len, reverse=True)
    return [(re.compile(rf"{_file_name(title)}([_ .,(-].*)?\Z"), tables[title]) for title in names]


def _file_name(title: str) -> str:
    """Return the pattern of a title as names of files have it, also with underscores or hyphens for its spaces."""
    return "[ _-]".join(map(re.escape, title.split(" ")))


def _tables() -> list[str]:
    return list(dict.fromkeys(schema.schema()["table"]))


def is_template_page(name: str) -> bool:
    """Return whether a sheet is a page of the template without a table: its guide or its lists."""
    pages = (translate(f"template.{s}", lang) for s in ("guide", "lists") for lang in LANGUAGES)
    return normalise_name(name) in map(normalise_name, pages)


def detect_tables(
    sheet: Sheet, findings: list[Finding], by_headings: bool = True, answers: Answers | None = None
) -> list[DetectedTable]:
    """Return the tables of a sheet; none, with a finding, for a sheet without one.

    One sheet can hold several: cards beside the population of each unit, or a column for each month. A sheet whose
    name is no table's is recognised by its headings, unless ``by_headings`` is false, as for the CSV files of a folder:
    such a file may be a list for a scenario. ``answers`` say what its headings and words mean where they are unclear.
    """
    tables = _detect_tables(sheet, findings, by_headings, answers)
    return [answers.apply(table) for table in tables] if answers else tables


def _detect_tables(
    sheet: Sheet, findings: list[Finding], by_headings: bool, answers: Answers | None
) -> list[DetectedTable]:
    if is_template_page(sheet.name):
        return []
    name = table_from_name(sheet.name)
    persons = find_persons(sheet) if name != "areas" else None
    if persons and (columns := staff_columns(sheet, persons)):
        sheet, persons = without_staff(sheet, persons, columns, findings), None
    head = clean_head(sheet.cells)
    if persons and (persons.certain or not _has_table(sheet, head, name)):
        if persons.missing:
            findings.append(uncountable_list(sheet, persons))
            return []
        return _read_tables(schema.REGISTER, sheet, head, persons.heading, findings)
    if name is not None:  # without a recognised heading the first row is taken for it, and its errors are reported
        heading = best_heading(sheet, head, name) or heading_from(sheet, head, 0, name)
        return _read_tables(name, sheet, head, heading, findings, answers)
    tables = [t for t in _tables() if by_headings and t != schema.OWN_GROUPS]
    candidates = [(t, h) for t in tables if (h := best_heading(sheet, head, t))]
    candidates = [(t, h) for t, h in candidates if _is_complete(t, h)]
    if not candidates and (rows := _groups_in_rows(sheet)):
        findings.append(Finding("groups_in_rows", sheet.label, value=rows))
        return []
    if not candidates:
        hint = nearest_choice(normalise_name(sheet.name), _tables())
        findings.append(Finding("unknown_file", sheet.label, expected=hint or "cards, population, targets"))
        return []
    name, heading = max(candidates, key=lambda c: len({k for k in c[1].keys if k}))
    findings.append(Finding("table_by_headings", sheet.label, value=name))
    if name == "cards" and not _is_about_cards(sheet, head, heading):
        findings.append(Finding("cards_unclear", sheet.label, int(sheet.cells.index[heading.rows[0]])))
        return []
    return _read_tables(name, sheet, head, heading, findings, answers)


def _groups_in_rows(sheet: Sheet) -> str:
    """Return some groups that stand below each other in one of the first columns, or ""."""
    words = schema.group_keys_by_name()
    for column in list(sheet.cells)[:4]:
        texts = [v for v in sheet.cells[column] if type(v) is str and len(v) > 2 and normalise_name(v) in words]
        if len({words[normalise_name(v)] for v in texts}) >= FEW_GROUPS:
            return ", ".join(list(dict.fromkeys(texts))[:FEW_GROUPS])
    return ""


_CARDS = re.compile(r"\b(the|bhyt|bao hiem y te|tham gia|bao phu|cards?|insured|health insurance|coverage)\b")


def _is_about_cards(sheet: Sheet, head: np.ndarray, heading: Heading) -> bool:
    """Return whether a sheet of groups counts cards: some word says so, or a group has no other meaning.

    Poor and near-poor people beside a population may as well be counted as such.
    """
    texts = [sheet.label, *(v for row in head[: heading.rows[-1] + 1] for v in row if type(v) is str)]
    other = {key for key in heading.keys if is_group_key(key)} - {"poor", "near_poor", "household"}
    return bool(other) or any(_CARDS.search(normalise_name(text)) for text in texts)


# --- The heading ---


def _has_table(sheet: Sheet, head: np.ndarray, name: str | None) -> bool:
    """Return whether a sheet has the heading of a table, of the one that its name says or of any."""
    headings = ((t, best_heading(sheet, head, t)) for t in ([name] if name else _tables()))
    return any(h is not None and _is_complete(t, h) for t, h in headings)


def _is_complete(table: str, heading: Heading) -> bool:
    """Return whether a heading has the columns that define a table: the unit and all required figures."""
    keys, columns = set(heading.keys), schema.table_columns(table)
    required = columns[(columns["required"] != "") & ~columns["column"].isin(["status", "source", "as_of"])]["column"]
    if "_name" in keys:
        keys.add("area")
    if table == "areas" and any(key.startswith(("_within", "_province")) for key in keys):
        keys.add("parent")
    if sum(map(is_group_key, keys)) >= 2:
        keys |= {"group", *columns.loc[columns["type"] == "count", "column"]}
    return set(required) <= keys and len(keys) >= 3


# --- The tables below it ---


def _read_tables(
    name: str,
    sheet: Sheet,
    head: np.ndarray,
    heading: Heading,
    findings: list[Finding],
    answers: Answers | None = None,
) -> list[DetectedTable]:
    """Return the tables below a heading: one for each day that the heading names, and the population beside cards."""
    heading = answers.with_columns(heading) if answers else heading
    day = answers.day_of(sheet.label) if answers else ""
    body = sheet.cells.iloc[heading.rows[-1] + 1 :]
    titles = [[v for v in row if v != ""] for row in head[: heading.rows[0]]]
    measure, text = _stated_measure(sheet, body, titles, heading.texts)
    if measure == "scaled" and name != schema.REGISTER:
        findings.append(Finding("scaled", sheet.label, 1, Term("expect.title"), value=text))
        measure = ""
    if name == "cards":
        other, title = title_measure([*(str(v) for row in titles for v in row), sheet.name])
        if other:
            finding = Finding("title_measure", sheet.label, value=title, expected=Term("measure.cards"))
            findings.append(finding.with_parts(unit=Term(f"measure.{other}")))
            return []
    tables = []
    for layout in choose_columns(name, sheet, body, heading, measure, findings):
        table = _read_table(name, sheet, body, heading, layout, findings)
        table = _add_title_columns(table, sheet, titles, layout.day or day, findings)
        people = _people_beside(table)
        tables += [table, people] if people is not None else [table]
    return tables


def _stated_measure(
    sheet: Sheet, body: pd.DataFrame, titles: list[list[Cell]], headings: Sequence[str]
) -> tuple[str, str]:
    """Return the measure of all figures: by a line above, a note below, the name of the sheet or a column «ĐVT»."""
    below = body.iloc[-NOTE_ROWS:]
    lone = [v for row in below.to_numpy() if sum(c != "" for c in row) <= 2 for v in row if type(v) is str and v]
    columns = [i for i, text in enumerate(headings, 1) if heading_meaning(text, "cards") == "_unit"]
    stated = [f"{headings[i - 1]}: {v}" for i in columns for v in pd.unique(body[i]) if type(v) is str and v]
    stated.sort(key=lambda text: stated_unit([text])[0] in ("people", "cards"))  # one row in thousands is enough
    pairs = [f"{a} {b}" for row in titles for a, b in pairwise(row) if str(a).endswith(":")]
    return stated_unit([*stated, *pairs, *(str(v) for row in titles for v in row), *lone, sheet.name])


def _read_table(
    name: str, sheet: Sheet, body: pd.DataFrame, heading: Heading, layout: Layout, findings: list[Finding]
) -> DetectedTable:
    """Return the rows below a heading, without those that are no data."""
    columns = [i for i, key in enumerate(layout.keys) if key]
    keys = [layout.keys[i] for i in columns]
    headings = {layout.keys[i]: ColumnHeading(heading.texts[i], i + 1) for i in columns}
    findings += _merged_figures(body, sheet, name, layout)
    cells = _fill_merged(body, sheet, name, layout.keys).iloc[:, columns].set_axis(keys, axis=1)
    texts = tuple(str(v) for row in sheet.cells.iloc[: heading.rows[0]].to_numpy() for v in row if v != "")
    data, totals, totals_first = split_rows(sheet.label, body, cells, heading.texts, findings, texts, sheet.unended)
    percent = frozenset(layout.keys[i] for i in columns if "%" in heading.texts[i])
    heading_row = int(sheet.cells.index[heading.rows[-1]])
    return DetectedTable(
        name,
        sheet.label,
        data,
        headings,
        heading_row,
        totals,
        percent,
        texts,
        totals_first,
        layout.reported,
        layout.unclear,
    )


def _people_beside(table: DetectedTable) -> DetectedTable | None:
    """Return the population beside the cards of each unit as a table of its own."""
    people_columns = {key: column for key, column in PEOPLE_BESIDE.items() if key in table.cells}
    if "_people" not in people_columns:
        return None
    common = [c for c in ("area", "as_of", "status", "source", "_name", "_within", "_province") if c in table.cells]
    columns = {**dict(zip(common, common, strict=True)), **people_columns}
    headings = {new: table.headings[old] for old, new in columns.items() if old in table.headings}
    cells, totals = (
        t[[c for c in columns if c in t]].rename(columns=people_columns) for t in (table.cells, table.totals)
    )
    reported = frozenset(schema.table_columns("population")["column"])  # the cards' table says what is missing
    return replace(table, name="population", cells=cells, headings=headings, totals=totals, reported=reported)


def _merged_figures(body: pd.DataFrame, sheet: Sheet, table: str, layout: Layout) -> Iterable[Finding]:
    """Yield figures merged over several rows, which stand for all of them together."""
    for first, left, last, right in sheet.merged:
        key = layout.keys[left - 1] if left <= len(layout.keys) else ""
        if key in figure_keys(table) and last > first and first in body.index and type(body.at[first, left]) is float:
            cells = f"{column_letter(left)}{first}:{column_letter(right)}{last}"
            yield Finding("merged_figure", sheet.label, first, key, value=cells, table_key=table)


def _fill_merged(body: pd.DataFrame, sheet: Sheet, table: str, keys: Sequence[str]) -> pd.DataFrame:
    """Repeat cells merged over several rows in each row, but not figures, which count once."""
    figures = figure_keys(table)
    ranges = [r for r in sheet.merged if r[2] > r[0] and r[0] in body.index and r[1] <= len(keys)]
    ranges = [r for r in ranges if keys[r[1] - 1] and keys[r[1] - 1] not in figures]
    if not ranges:
        return body
    body = body.copy()
    for first, left, last, _ in ranges:
        body.loc[first:last, left] = [body.at[first, left]] * len(body.loc[first:last])
    return body


# --- Columns from the lines above the table ---


def _add_title_columns(
    table: DetectedTable, sheet: Sheet, titles: list[list[Cell]], day: str, findings: list[Finding]
) -> DetectedTable:
    """Return the table with the columns that its heading or a line above it fills, such as «Nguồn: BHXH huyện»."""
    values = labelled_values(titles, table.name)
    columns = schema.table_columns(table.name)
    required = ["as_of"] if table.name == schema.REGISTER else columns[columns["required"] != ""]["column"].tolist()
    if day and (day_column := next((c for c in ("as_of", "on") if c in required), "")):
        values[day_column] = day
    missing = [c for c in required if c not in {*table.cells, *values}]
    if "as_of" in missing:
        values, table = _with_stated_day(values, table, sheet, findings)
    if table.name == "targets":
        values |= _target_values(table, sheet, missing, findings)
    if "status" in missing and "source" in required:
        values["status"] = stated_status([*table.titles, sheet.name]) or "published"
        findings.append(Finding("status_assumed", table.label, value=Term(f"choice.status.{values['status']}")))
    if "source" in missing:
        values["source"] = table.label
        findings.append(Finding("source_is_file", table.label))
    values = {k: v for k, v in values.items() if k not in table.cells and not is_group_key(k)}
    return replace(table, cells=_with_years(table.cells.assign(**values)))


def _with_stated_day(
    values: dict[str, Cell], table: DetectedTable, sheet: Sheet, findings: list[Finding]
) -> tuple[dict[str, Cell], DetectedTable]:
    """Return the values with the day that the titles state; where they name other days only, a finding cites one."""
    if stated := stated_date(table.titles, sheet.name):
        findings.append(Finding("date_above", table.label, details={"day": pd.Timestamp(stated)}))
        return {**values, "as_of": stated}, table
    if not (lines := [t for t in table.titles if YEAR.search(t)]):
        return values, table
    findings.append(Finding("no_day", table.label, value=lines[0]))
    return values, replace(table, reported=table.reported | {"as_of"})


def _with_years(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells with the year beside them in the months without one: «3 | 2026» is March 2026."""
    if not {"_year", "as_of"} <= {*cells}:
        return cells

    def with_year(month: Cell, year: Cell) -> Cell:
        alone = re.fullmatch(r"(?i)(?:tháng |t)?(\d{1,2})(?:\.0)?", str(month).strip())
        years = re.fullmatch(r"((?:19|20)\d\d)(?:\.0)?", str(year).strip())
        return f"{alone[1]}/{years[1]}" if alone and years else month

    return cells.assign(as_of=list(map(with_year, cells["as_of"], cells["_year"])))


def _target_values(table: DetectedTable, sheet: Sheet, missing: list[str], findings: list[Finding]) -> dict[str, Cell]:
    """Return what the title and the heading of a list of targets say of all its rows."""
    heading = table.headings["rate"].text if "rate" in table.headings else ""
    texts = [*table.titles, sheet.name, heading]
    covers_all = any("bao phu" in normalise_name(text) for text in texts)
    stated = {
        "on": stated_year(texts),
        "scope": "all" if covers_all else "",
        "relation": "=",
        "instrument": stated_instrument(table.titles) or table.label,
    }
    values: dict[str, Cell] = {key: value for key, value in stated.items() if key in missing and value}
    if values:
        cited = "; ".join(stated[key] for key in ("on", "instrument") if key in values)
        findings.append(Finding("target_above", table.label, value=cited, details={"names": ", ".join(values)}))
    return values
