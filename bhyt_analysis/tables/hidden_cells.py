"""Keep hidden in the briefing of an area what the figures of its batch together would tell.

What is hidden is chosen for all tables of a batch at once (`bhyt_analysis.tables.protection`). Here it is applied to
one area: its tables get the marks, its charts are drawn without the figures, its texts lose the sentences that have
them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis.i18n.languages import LANGUAGES
from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.i18n.safe_text import plain_text
from bhyt_analysis.tables.columns import find_column, followed_columns
from bhyt_analysis.tables.disclosure import disclosure_rules

DRAWN = {"", "count", "change", "estimate", "rate", "interval", "money", "by_key"}  # classes of columns that are hidden
TOLERANCE = 1e-9  # of a figure
# A few persons in a sentence; "a household of 4 people" counts none in particular.
FEW = re.compile(
    rf"(?<!hộ )(?<!household of )(?<![\d.,\w−+-])([1-{disclosure_rules()['threshold'] - 1:.0f}])\s"
    r"(người(?! thứ)|thẻ|people|persons?|cards?)\b(?!/)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.,])[+−-]?\d[\d.,]*\d%?|(?<![\w.,])[+−-]?\d%?")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class HiddenCell:
    """A figure that is hidden: of an area and a group ("all": of everybody), off by ``half`` where it is rounded."""

    column: str
    area: str
    group: str
    value: float
    half: float = 0.0


@dataclass(frozen=True, eq=False)
class HiddenCells:
    """What is hidden in the briefing of an area.

    ``marks``: by the name of a table, the row, the column and the mark of each hidden cell. ``facts``: the marks of
    headline figures by key. ``cells``: hidden figures. ``areas``: the keys of units by their codes and names.
    ``area``: that of the unit itself.
    """

    marks: Mapping[str, Sequence[tuple[int, str, str]]] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    cells: Sequence[HiddenCell] = ()
    areas: Mapping[str, str] = field(default_factory=dict)
    area: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON can hold them."""
        return {f.name: getattr(self, f.name) for f in fields(self)} | {"cells": [asdict(c) for c in self.cells]}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> HiddenCells:
        """Return what `to_dict` wrote, also after JSON has made lists of its tuples."""
        cells = [HiddenCell(**cell) for cell in record["cells"]]
        return cls(**{**record, "cells": cells})

    def table_marks(self, name: str, table: pd.DataFrame) -> pd.DataFrame:
        """Return what is printed in place of each hidden cell of a table, "" where the cell is printed."""
        marks = np.full(table.shape, "", object)
        for row, column, mark in self.marks.get(name, ()):
            marks[row, table.columns.get_loc(column)] = mark
        return pd.DataFrame(marks, table.index, table.columns)

    def arrange(self, name: str, table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return a table and its marks with units that have a mark last, by code: their place would tell a figure."""
        marks = self.table_marks(name, table)
        units = next((c for c in ("area", "name") if c in table), None)
        if units is None:
            return table, marks
        keys = table[units].map(lambda unit: self.areas.get(str(unit), str(unit)))
        is_last = (marks != "").any(axis=1) & (keys != self.area)
        order = np.lexsort((keys.where(is_last, ""), is_last))
        return table.iloc[order], marks.iloc[order]

    def mask_hidden(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return rows that a chart draws, without the hidden figures: of the same value, unit and group.

        Examples
        --------
        >>> hidden = HiddenCells(cells=[HiddenCell("insured", "A", "all", 997.0)], areas={"A": "A", "B": "B"})
        >>> rows = pd.DataFrame({"area": ["A", "B"], "insured": [997, 997], "rate": [0.997, 0.5]})
        >>> hidden.mask_hidden(rows)[["insured", "rate"]].to_numpy().tolist()
        [[nan, nan], [997.0, 0.5]]
        """
        result = rows.attrs.get("result", "")
        columns = [
            str(c)
            for c in rows
            if pd.api.types.is_numeric_dtype(rows[c])
            and not pd.api.types.is_bool_dtype(rows[c])
            and find_column(str(c), result).disclosure in DRAWN
        ]
        masks = {c: self._mask(rows, c) for c in columns}
        for column in columns:
            if find_column(column, result).disclosure in ("count", "change"):
                for other in (o for o in columns if column in followed_columns(o, result)):
                    masks[other] |= masks[column]
        hidden = {c: rows[c].astype(float).mask(m) for c, m in masks.items() if m.any()}
        return rows.assign(**hidden) if hidden else rows

    def _mask(self, rows: pd.DataFrame, column: str) -> np.ndarray:
        """Return which values are those of hidden figures of the same unit and group, as far as the rows name them.

        Rows that name no unit are about the unit itself. A column may have another name than in a table, but zeros are
        too frequent to be compared across columns.
        """
        values = rows[column].to_numpy(float, na_value=np.nan)
        areas = next((rows[c] for c in ("area", "name") if c in rows), None)
        groups = next((rows[c] for c in ("group", "subgroup") if c in rows), None)
        own = None if areas is None else areas.map(lambda a: self.areas.get(str(a), "")).to_numpy()
        mask = np.zeros(len(rows), bool)
        for cell in self.cells:
            same = np.abs(np.abs(values) - abs(cell.value)) <= cell.half + TOLERANCE * max(1.0, abs(cell.value))
            if same.any() and (cell.value or cell.column == column):
                same &= cell.area == self.area if own is None else np.isin(own, [cell.area, ""])
                same &= True if groups is None else (groups == cell.group).to_numpy()
                mask |= same
        return mask

    @cached_property
    def _tokens(self) -> set[str]:
        """Return the hidden figures as texts write them, in both languages: without a sign, and changes with it."""
        threshold, texts = disclosure_rules()["threshold"], set()
        for cell in self.cells:
            disclosure, value = find_column(cell.column.partition(":")[0]).disclosure, abs(cell.value)
            specs = [(v, s) for v, s in ((cell.value, "+n"), (cell.value, "+pp1")) if disclosure != "count"]
            if disclosure in ("rate", "interval") or 0 < value < 1:
                specs += [(value, "p1"), (value, "pe")]
            elif value >= threshold:  # a few persons are looked for with their noun
                specs.append((value, "n"))
            if disclosure == "money" and value >= 1e8:
                specs.append((value, "bn1"))
            texts |= {format_message("{v:" + s + "}", lang, v=v) for v, s in specs for lang in LANGUAGES}
        return texts

    def shorten(self, text: str, lang: str | None = None) -> str:
        """Return a text without the sentences that have a hidden figure, and with a note on it.

        Examples
        --------
        >>> hidden = HiddenCells(cells=[HiddenCell("insured", "A", "all", 997.0)])
        >>> hidden.shorten("There are 1,000 people. Of them 997 have a card. The target is 95%.", "en")
        'There are 1,000 people. The target is 95%. Sentences with figures that are withheld were left out.'
        """
        lines = text.split("\n")
        kept = [" ".join(s for s in _SENTENCE.split(line) if not self._is_telling(s)) for line in lines]
        if kept == lines:
            return text
        return "\n".join(line for line in [*filter(None, kept)]) + _between(kept) + translate("label.shortened", lang)

    def _is_telling(self, sentence: str) -> bool:
        text = plain_text(sentence)
        numbers = {n.rstrip(".,") for n in _NUMBER.findall(text)}
        return bool(self._tokens & (numbers | {n.lstrip("+−-") for n in numbers})) or FEW.search(text) is not None


def _between(lines: Sequence[str]) -> str:
    """Return what is between a text and the note on it: a line for a list, else a blank."""
    kept = [line for line in lines if line]
    return "" if not kept else "\n" if len(lines) > 1 else " "


_hidden: ContextVar[HiddenCells | None] = ContextVar("hidden", default=None)


@contextmanager
def use_hidden(hidden: HiddenCells | None) -> Iterator[None]:
    """Leave hidden figures out of the charts that are drawn within; None hides by each table alone."""
    token = _hidden.set(hidden)
    try:
        yield
    finally:
        _hidden.reset(token)


def hidden_cells() -> HiddenCells | None:
    """Return what is hidden in what is made now; None where each table is protected alone."""
    return _hidden.get()
