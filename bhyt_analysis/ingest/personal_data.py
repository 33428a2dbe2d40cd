"""Find the lists of persons among the sheets of an input, and the columns that name the staff of an office."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bhyt_analysis.domain import schema
from bhyt_analysis.domain.findings import Finding, Listing, Part, Term
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.ingest.figures import figures
from bhyt_analysis.ingest.headings import (
    SEARCH_ROWS,
    ColumnMeaning,
    Heading,
    best_heading,
    clean_head,
    figure_keys,
    heading_from,
    one_row_heading,
)
from bhyt_analysis.ingest.personal_text import column_kind, is_person_name, number_kind
from bhyt_analysis.ingest.title_lines import stated_date
from bhyt_analysis.ingest.workbook import Cell, Sheet, column_letter

MONEY = re.compile(r"tien|\bdong\b|vnd|kinh phi|gia tri|ngan sach|so du|thu |chi ")
PERSONAL = frozenset({"_person", "_born", "_number"})  # by their heading alone; only a list of persons has them
HIDDEN = PERSONAL | {"_given", "_phone", "_address", "card"}
PHONE = re.compile(r"(?:\+?84|0)(?:2\d{9}|[35789]\d{8})")
PAPER = re.compile(r"\bthe\b|bhxh|bhyt|cccd|cmnd|cmt|dinh danh|can cuoc|giay to|\bso so\b")
NO_HOUSEHOLD = 10  # people or cards that are no longer those of one household


@dataclass(frozen=True)
class PersonList:
    """The personal columns of a sheet: its heading with their keys, and whether it can only be a list of persons."""

    heading: Heading
    certain: bool

    @property
    def missing(self) -> list[str]:
        """Return what is missing for counting: "unit", "group"."""
        keys = set(self.heading.keys)
        parts = {"unit": {"area", "_name", "_within", "_province"}, "group": {"card", "group"}}
        return [part for part, columns in parts.items() if not keys & columns]


def find_persons(sheet: Sheet) -> PersonList | None:
    """Return the list of persons in a sheet, whether it can be counted or not, by its headings and by its cells."""
    head = clean_head(sheet.cells)
    rows = (one_row_heading(head, row, schema.REGISTER) for row in range(len(head)))
    best = best_heading(sheet, head, schema.REGISTER)
    several = (h for h in (best, *rows) if h and sum(map(bool, h.texts)) > 1)  # «(họ tên)» below a signature is alone
    heading = next((h for h in several if HIDDEN & set(h.keys) - {"card"}), best)
    if heading is None:
        return _without_heading(sheet)
    body = sheet.cells.iloc[heading.rows[-1] + 1 :]
    keys = list(heading.keys)
    kinds = [_kind_below(body[c], t, keys[i]) for i, (c, t) in enumerate(zip(body, heading.texts, strict=True))]
    for i, kind in enumerate(kinds):
        if kind == "card" and "card" not in keys and keys[i] not in ("group", "area"):
            keys[i] = "card"
        elif kind and (not keys[i] or (keys[i] == "card" and kind != "card")):
            keys[i] = kind
        elif keys[i] in ("_number", "_person") and not kind and _are_figures(body.iloc[:, i], keys[i]):
            keys[i] = ""  # codes of units under «Mã BHXH», numbers of people under «Người tham gia»
    numbers = any(
        k in ("card", "_number") and o in ("card", "_number") for k, o in zip(kinds, heading.keys, strict=True)
    )
    persons = {"_person"} & set(heading.keys) & set(keys)  # by their heading
    certain = "card" in kinds or numbers or bool(persons) or {"_born", "card"} <= set(keys)
    return PersonList(heading.with_keys(keys), certain) if certain or PERSONAL & set(keys) else None


def _are_figures(cells: pd.Series, key: str) -> bool:
    """Return whether the cells below a heading of numbers of persons, or of names, are short codes or counts."""
    texts = [v if type(v) is str else f"{v}" for v in cells if v != ""]
    short = [t for t in texts if len(re.sub(r"\D", "", t)) < 8 and (key == "_number" or re.fullmatch(r"[\d., ]+", t))]
    return len(texts) > 0 and 2 * len(short) > len(texts)


def _kind_below(cells: pd.Series, heading: str, key: str) -> str:
    """Return the kind of the cells below a heading; figures of money, codes and names of units are none."""
    if MONEY.search(normalise_name(heading)) or key in ("_name", "_within", "_province", "as_of"):
        return ""
    return column_kind(cells)


def _without_heading(sheet: Sheet) -> PersonList | None:
    """Return the list of persons in a sheet whose headings are not understood, by its cells alone."""
    kinds = [column_kind(sheet.cells[c]) for c in sheet.cells]
    if not any(kinds):
        return None
    personal = [any(number_kind(v) or _is_name(v) for v in row) for row in sheet.cells.to_numpy()[:SEARCH_ROWS]]
    first = personal.index(True) if True in personal else 0
    if not first:
        columns = tuple(map(ColumnMeaning, kinds))
        return PersonList(Heading((-1,), ("",) * len(kinds), columns), "card" in kinds)
    heading = one_row_heading(clean_head(sheet.cells.iloc[:first]), -1, schema.REGISTER)
    money = [bool(MONEY.search(normalise_name(text))) for text in heading.texts]
    kinds = ["" if m and k == "_number" else k for k, m in zip(kinds, money, strict=True)]
    keys = tuple(k or key for k, key in zip(kinds, heading.keys, strict=True))
    heading = replace(heading.with_keys(keys), rows=(first - 1,))
    return PersonList(heading, "card" in kinds) if any(kinds) else None


def _is_name(value: Cell) -> bool:
    return type(value) is str and is_person_name(value)


def uncountable_list(sheet: Sheet, persons: PersonList) -> Finding:
    """Return the finding for a list of persons that lacks what is needed for counting."""
    titles = [str(v) for row in sheet.cells.to_numpy()[: max(persons.heading.rows[0], 0)] for v in row if v != ""]
    undated = "as_of" not in persons.heading.keys and stated_date([*titles, sheet.name]) is None
    missing = [*persons.missing, *(["day"] if undated else [])]
    parts: list[Mapping[str, Part]] = [{"name": Term(f"register.{part}")} for part in missing]
    return Finding("register_incomplete", sheet.label, expected=Listing("register.part", parts))


# --- Staff beside the figures of units ---


def without_staff(sheet: Sheet, persons: PersonList, columns: list[int], findings: list[Finding]) -> Sheet:
    """Return a sheet of figures without the columns that name the staff of its units; adds the finding."""
    cells = sheet.cells.copy()
    cells.iloc[persons.heading.rows[0] :, columns] = ""
    letters = ", ".join(column_letter(int(sheet.cells.columns[i])) for i in columns)
    findings.append(Finding("staff_left_out", sheet.label, count=len(columns), value=letters))
    return replace(sheet, cells=cells[(cells != "").any(axis=1)])


def staff_columns(sheet: Sheet, persons: PersonList) -> list[int]:
    """Return the positions of the columns that name the staff of units and their phones; none in a list of persons.

    A table with staff has each unit once a day, beside figures that are no single household's.
    """
    keys, first = persons.heading.keys, persons.heading.rows[0]
    body = sheet.cells.iloc[persons.heading.rows[-1] + 1 :]
    papers = [PAPER.search(normalise_name(text)) is not None for text in persons.heading.texts]
    phones = [k == "_number" and not papers[i] and _are_phones(body, i) for i, k in enumerate(keys)]
    columns = [i for i, k in enumerate(keys) if k in ("_person", "_phone") or phones[i]]
    others = {k for i, k in enumerate(keys) if i not in columns}
    units = [i for i, k in enumerate(keys) if k in ("area", "_name", "_within", "as_of")]
    of_household = any("chu ho" in normalise_name(text) for text in persons.heading.texts)
    if not columns or of_household or first < 0 or others & {"card", "_number", "_born", "_given"}:
        return []
    if not others & {"area", "_name"}:
        return []
    head = clean_head(sheet.cells)
    headings = {table: heading_from(sheet, head, first, table).keys for table in ("cards", "population")}
    positions = {i for t, names in headings.items() for i, k in enumerate(names) if k in figure_keys(t)} - {*columns}
    if not positions:
        return []
    highest = np.fmax.reduce([figures(body.iloc[:, i]) for i in positions])
    filled = ~np.isnan(highest)
    places = [tuple(row) for row in body.iloc[filled, units].to_numpy()]
    many = (highest >= NO_HOUSEHOLD).sum()
    return columns if 2 * many > len(places) > 0 and len({*places}) == len(places) else []


def _are_phones(body: pd.DataFrame, position: int) -> bool:
    """Return whether most cells of a column are numbers of phones; as numbers they have lost their zero."""
    cells = [f"0{v:.0f}" if isinstance(v, float) else str(v) for v in body.iloc[:, position] if v != ""]
    texts = [re.sub(r"[\s.\-\u00a0]", "", text) for text in cells]
    return 2 * sum(PHONE.fullmatch(text) is not None for text in texts) > len(texts)
