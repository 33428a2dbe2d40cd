"""Write tables of results for readers and for Excel, with small groups hidden."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.i18n.formats import MINUS, format_date, format_number
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import format_message, has_message, translate
from bhyt_analysis.i18n.safe_text import to_html as escape_html
from bhyt_analysis.i18n.safe_text import to_sheet
from bhyt_analysis.i18n.unit_names import display_name
from bhyt_analysis.tables.columns import Column, find_column, followed_columns, table_columns
from bhyt_analysis.tables.disclosure import disclosure_rules
from bhyt_analysis.tables.estimates import round_estimates
from bhyt_analysis.tables.hidden_cells import hidden_cells
from bhyt_analysis.tables.internal_copy import is_internal
from bhyt_analysis.tables.labels import group_name, status_name, weakest_stamp
from bhyt_analysis.tables.totals import has_total

SMALL = int(disclosure_rules()["threshold"])  # people; smaller groups are hidden in what is shared
SMALL_MARK, OTHER_MARK = f"<{SMALL}", "…"  # in place of a small count, and of what would tell it
Cell = float | str | None
Value = Any  # in a cell of a result


@dataclass(frozen=True)
class TableColumn:
    """A column of a table. ``kind`` says how its cells are written: as a number in the format of a message,
    "date", "text", or "right" for text that is set to the right.
    """

    key: str
    heading: str
    kind: str

    @property
    def numeric(self) -> bool:
        """Return whether its cells are set to the right."""
        return self.kind not in ("text", "date")


@dataclass(frozen=True)
class TableSpec:
    """A table as every document shows it, with figures kept as figures.

    ``rows``: cells are numbers, texts (a day is "YYYY-MM-DD"; a hidden count is ``<5`` or ``…``), or None for what is
    not known. ``notes``: what is the same in every row, and that something is hidden. ``stamp``: the words that mark
    weak figures, or "".
    """

    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    stamp: str = ""
    total: bool = False  # whether the first row is the total of the others

    def to_dict(self) -> dict[str, object]:
        """Return the fields as JSON can hold them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> TableSpec:
        """Return the table that `to_dict` wrote, also after JSON has made lists of its tuples."""
        columns = tuple(TableColumn(**c) for c in fields["columns"])
        rows = tuple(tuple(row) for row in fields["rows"])
        return cls(columns, rows, tuple(fields["notes"]), fields["stamp"], fields.get("total", False))

    def formatted_rows(self, lang: str) -> list[list[str]]:
        """Return the cells as text."""
        return [[format_cell(v, c.kind, lang) for v, c in zip(row, self.columns, strict=True)] for row in self.rows]

    def drop(self, key: str) -> TableSpec:
        """Return the table without a column."""
        return self.select([i for i, c in enumerate(self.columns) if c.key != key])

    def select(self, positions: Sequence[int]) -> TableSpec:
        """Return the table with some of its columns, by position."""
        rows = tuple(tuple(row[i] for i in positions) for row in self.rows)
        return replace(self, columns=tuple(self.columns[i] for i in positions), rows=rows)

    def column(self, key: str) -> list[Cell]:
        """Return the cells of a column; a column that does not exist has None in each row."""
        position = next((i for i, c in enumerate(self.columns) if c.key == key), None)
        return [None if position is None else row[position] for row in self.rows]


PER_CENT = {"p1", "pe"}
OF_BASE = re.compile(r"% (số|dân số|chỉ tiêu|mức đóng|of)\b")  # in a heading that says of what its shares are
_LIKE_A_NUMBER = re.compile(r"\d[\d./-]*")  # of which a spreadsheet makes a number or a day
# Written once below the table where it is the same in every row.
WRITTEN_ONCE = ("population", "status", "instrument", "reference", "rate_reference", "source")


def suppressed_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Return a mask of the table: True where a count of 1 to 4 people must be hidden; nowhere in an internal copy.

    Where only one cell of a column is hidden it could be worked out from the total, so the next smallest is hidden too.

    Examples
    --------
    >>> t = pd.DataFrame({"group": list("abc"), "insured": [3, 40, 50]})
    >>> suppressed_cells(t)["insured"].tolist()
    [True, True, False]
    """
    columns, result = table_columns(table), table.attrs.get("result", "")
    mask = pd.DataFrame(False, index=table.index, columns=table.columns)
    if is_internal():
        return mask
    if hidden_cells() is not None:  # what is hidden was left out
        return table.isna() & [column.disclosure not in ("label", "status", "none") for column in columns.values()]
    for name, counts in _counts(table, columns).items():
        small, positive = (counts > 0) & (counts < SMALL), counts > 0
        if small.sum() == 1 and (rest := positive & ~small).any():
            small[np.flatnonzero(rest)[counts[rest].argmin()]] = True
        if small.any():
            for other in (n for n in columns if n == name or name in followed_columns(n, result)):
                mask[other] |= small
    return mask


def _counts(table: pd.DataFrame, columns: Mapping[str, Column]) -> dict[str, np.ndarray]:
    """Return the columns of counts without their signs; a missing count is not a number."""
    names = [n for n, column in columns.items() if column.disclosure == "count"]
    return {name: np.abs(table[name].to_numpy("float64", na_value=np.nan)) for name in names}


def hidden_marks(table: pd.DataFrame) -> pd.DataFrame:
    """Return what is printed in place of each hidden cell of a table that is published alone; "" where it is printed.

    Small counts are ``<5``; what is hidden to protect them, or follows them, is ``…``: it can be any number.

    Examples
    --------
    >>> t = pd.DataFrame({"group": list("abc"), "insured": [3, 40, 50], "rate": [0.3, 0.4, 0.5]})
    >>> hidden_marks(t)[["insured", "rate"]].to_numpy().tolist()
    [['<5', '…'], ['…', '…'], ['', '']]
    """
    mask, marks = suppressed_cells(table), pd.DataFrame("", index=table.index, columns=table.columns)
    if not mask.to_numpy().any():
        return marks
    marks = marks.mask(mask, OTHER_MARK)
    for name, counts in _counts(table, table_columns(table)).items():
        marks.loc[mask[name].to_numpy() & (counts >= 1) & (counts <= SMALL - 1), name] = SMALL_MARK
    return marks


def _hide(column: Column, cells: Sequence[Cell], marks: pd.DataFrame) -> list[Cell]:
    return [mark or cell for mark, cell in zip(marks[column.name], cells, strict=True)]


def _notes_of_marks(marks: pd.DataFrame, lang: str) -> list[str]:
    """Return the note that says what the marks in a table mean."""
    texts = {SMALL_MARK: "label.suppressed", OTHER_MARK: "label.protected"}
    notes = [translate(key, lang) for mark, key in texts.items() if (marks == mark).to_numpy().any()]
    return [" ".join(notes)] if notes else []


def format_table(table: pd.DataFrame, lang: str | None = None) -> pd.DataFrame:
    """Return the table as a reader sees it: headings and cells in the language, small groups hidden.

    Parameters
    ----------
    table
        what a function of `bhyt_analysis` gives, or rows of its columns.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.

    Returns
    -------
    DataFrame
        Texts.

    Raises
    ------
    BhytError
        for another language.

    Examples
    --------
    >>> t = pd.DataFrame({"name": ["Huyện Sơn Dương"], "insured": [155163], "rate": [0.851]})
    >>> format_table(t).iloc[0].tolist(), format_table(t, "en").columns.tolist()
    (['Huyện Sơn Dương', '155.163', '85,1%'], ['Area', 'Insured', 'Rate (% of population)'])
    """
    lang = check_lang(lang)
    marks, table = hidden_marks(table), round_estimates(table)
    cells = {
        column.label(lang): _hide(column, [cell_text(column, v, lang) for v in table[name]], marks)
        for name, column in table_columns(table).items()
    }
    return pd.DataFrame(cells, index=table.index)


def cell_text(column: Column, value: Value, lang: str) -> str:
    """Return a cell of a column as a reader sees it.

    Examples
    --------
    >>> from bhyt_analysis.tables.columns import find_column
    >>> cell_text(find_column("rate"), 0.851, "vi"), cell_text(find_column("group"), "near_poor", "en")
    ('85,1%', 'Near-poor households')
    """
    kind, _, topic = column.format.partition(":")
    if kind == "date":
        return format_date(value, lang)
    if column.is_number:
        return _format_figure(value, kind, lang)
    if pd.isna(value):
        return ""
    if kind == "flag":
        return translate("label.proposal", lang) if value else ""
    if kind == "value" and isinstance(value, float):
        return format_number(value, lang, 3)
    return _word_text(kind, topic, str(value), lang)


def _word_text(kind: str, topic: str, text: str, lang: str) -> str:
    """Return a cell of words as a reader sees it; a key without a message stays as it is."""
    if kind == "key" and has_message(f"part.{text}"):
        kind, topic = "message", "part"
    if kind == "message":
        key = f"{topic}.{text}" if topic else text
        return (translate(key, lang).strip() if has_message(key) else "") or text
    writers = {"name": display_name, "group": group_name, "key": group_name, "citation": format_citation}
    if kind == "status":
        return status_name(text, lang) if text else ""
    return writers[kind](text, lang) if kind in writers else text


def _format_figure(value: Value, spec: str, lang: str) -> str:
    """Write a figure as a message does; a missing one as a message writes nothing."""
    return format_message("{v:" + spec + "}", lang, v=None if pd.isna(value) else value)


def backtest_table(rows: pd.DataFrame, lang: str | None = None) -> pd.DataFrame:
    """Return what `bhyt.backtest` gives with figures of different units written side by side.

    Parameters
    ----------
    rows
        what `bhyt_analysis.backtest` gives.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.

    Returns
    -------
    DataFrame
        Texts in the language, one row a published figure.

    Raises
    ------
    BhytError
        for another language.

    Examples
    --------
    >>> len(backtest_table(bhyt.backtest(draws=100), "en")) == len(bhyt.backtest(draws=100))
    True
    """
    lang = check_lang(lang)
    specs = rows["unit"].map(lambda unit: "p1" if unit == "share" else "n")
    published, model, low, high = (
        [_format_figure(v, spec, lang) for v, spec in zip(rows[c], specs, strict=True)]
        for c in ("published", "model", "low", "high")
    )
    relations = [translate(f"relation.{r}", lang) if has_message(f"relation.{r}") else "" for r in rows["relation"]]
    intervals = [f"{a} – {b}" for a, b in zip(low, high, strict=True)]
    return rows[["name", "figure", "on"]].assign(
        published=[relation + text for relation, text in zip(relations, published, strict=True)],
        model=model,
        interval=pd.Series(intervals, index=rows.index).where(rows["low"].notna(), ""),
        **rows[["verdict", "basis", "source"]],
    )


def table_spec(table: pd.DataFrame, lang: str | None = None, marks: pd.DataFrame | None = None) -> TableSpec:
    """Return a table as every document shows it, small groups hidden.

    Parameters
    ----------
    table
        what a function of `bhyt_analysis` gives, or rows of its columns.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.
    marks
        what is printed in place of hidden cells; None is for a table that is published alone.

    Returns
    -------
    TableSpec
        Columns, rows, notes and stamp, as documents write them.

    Raises
    ------
    BhytError
        for another language.

    Examples
    --------
    >>> spec = table_spec(pd.DataFrame({"name": ["Xã A", "Xã B"], "insured": [3, 40], "status": "derived"}), "en")
    >>> spec.rows, spec.notes[0]
    ((('A commune', '<5'), ('B commune', '…')), 'Status: Derived from published figures')
    """
    lang = check_lang(lang)
    by_name = table_columns(table)
    marks, table = hidden_marks(table) if marks is None else marks, round_estimates(table)
    once = [by_name[c] for c in WRITTEN_ONCE if c in table and len(table) > 1 and table[c].astype(str).nunique() == 1]
    notes = [f"{c.label(lang)}: {cell_text(c, table[c.name].iloc[0], lang)}" for c in once]
    notes += _notes_of_marks(marks, lang)
    stamp = weakest_stamp(table["status"]) if "status" in table else None
    all_alike = stamp and table["status"].nunique() == 1
    words = translate(f"stamp.{stamp}" if all_alike else f"stamp_some.{stamp}", lang) if stamp else ""
    columns: list[TableColumn] = []
    cells: list[Sequence[Cell]] = []
    if {"area", "name"} <= by_name.keys() and "order" not in by_name and len(table) > 1:  # a list of units
        columns.append(TableColumn("order", find_column("order").label(lang), "text"))
        first = 0 if has_total(table) else 1
        cells.append([str(number or "") for number in range(first, len(table) + first)])
    for column in (c for c in by_name.values() if c not in once):
        columns.append(TableColumn(column.name, column.label(lang), column.kind))
        cells.append(_hide(column, [_spec_cell(column, v, lang) for v in table[column.name]], marks))
    return TableSpec(tuple(columns), tuple(zip(*cells, strict=True)), tuple(notes), words, has_total(table))


def _spec_cell(column: Column, value: Value, lang: str) -> Cell:
    """Return what a cell of a `TableSpec` contains: a number, a day, or a text."""
    kind = column.kind
    if kind in ("text", "right"):
        return cell_text(column, value, lang)
    if pd.isna(value):
        return None
    if kind == "date":
        return str(pd.Timestamp(value).date())
    return int(value) if float(value).is_integer() and kind.endswith("n") else float(value)


def format_cell(value: Cell, kind: str, lang: str | None = None) -> str:
    """Write a cell of a `TableSpec`.

    Examples
    --------
    >>> format_cell(0.851, "p1"), format_cell("2021-12-31", "date"), format_cell("<5", "n"), format_cell(None, "n")
    ('85,1%', '31/12/2021', '<5', '–')
    """
    lang = check_lang(lang)
    if isinstance(value, str) and kind != "date":
        return value
    return format_date(value, lang) if kind == "date" else format_message("{v:" + kind + "}", lang, v=value)


def to_html(table: pd.DataFrame, lang: str | None = None) -> str:
    """Return an HTML table: numbers right, text left, everything escaped.

    What is the same in every row (status, source, ...) is written once below it, and the stamp of estimated or
    synthetic figures above it.

    Examples
    --------
    >>> to_html(pd.DataFrame({"name": ["<b>"], "insured": [9]}), "en").partition("<tbody>")[2]
    '<tr><td>&lt;b&gt;</td><td class="n">9</td></tr></tbody></table>'
    """
    return spec_to_html(table_spec(table, lang), lang)


def spec_to_html(spec: TableSpec, lang: str | None = None) -> str:
    """Return the HTML of a table."""
    lang = check_lang(lang)
    classes = [{"text": "", "date": "d"}.get(c.kind, "n") for c in spec.columns]
    head = "".join(_tag("th", c.heading, k) for c, k in zip(spec.columns, classes, strict=True))
    cells = (zip(row, classes, strict=True) for row in spec.formatted_rows(lang))
    marks = chain([' class="total"'] if spec.total else [], repeat(""))
    rows = "".join(
        f"<tr{mark}>{''.join(_tag('td', text, k) for text, k in row)}</tr>"
        for mark, row in zip(marks, cells, strict=False)
    )
    title = f"<caption>{escape_html(spec.stamp)}</caption>" if spec.stamp else ""
    foot = "".join(f'<p class="note">{escape_html(n)}</p>' for n in spec.notes)
    return f'<table class="bhyt">{title}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{foot}'


def _tag(name: str, text: str, kind: str) -> str:
    return f'<{name} class="{kind}">{escape_html(text)}</{name}>' if kind else f"<{name}>{escape_html(text)}</{name}>"


def csv_separator(lang: str) -> str:
    """Return what a CSV file in a language has between its cells: what Excel there expects beside its decimal point."""
    return ";" if lang == "vi" else ","


def csv_bytes(table: pd.DataFrame, lang: str | None = None, marks: pd.DataFrame | None = None) -> bytes:
    r"""Return a CSV file that Excel opens right: UTF-8 with BOM, its cells as in `spreadsheet_table`.

    Examples
    --------
    >>> rows = pd.DataFrame({"area": ["07582"], "rate": [0.851]})
    >>> csv_bytes(rows).decode("utf-8-sig").split("\r\n")
    ['Mã;Tỷ lệ (% dân số)', '\t07582;85,1', '']
    """
    lang = check_lang(lang)
    cells = spreadsheet_table(table, lang, marks=marks)
    return cells.to_csv(index=False, sep=csv_separator(lang), lineterminator="\r\n").encode("utf-8-sig")


def save_csv(table: pd.DataFrame, path: Path, lang: str | None = None, marks: pd.DataFrame | None = None) -> None:
    """Write a CSV file, as of `csv_bytes`."""
    path.write_bytes(csv_bytes(table, lang, marks))


def spreadsheet_table(
    table: pd.DataFrame, lang: str | None = None, for_text: bool = True, marks: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return the table as texts for a spreadsheet: figures without marks of thousands, headings in the language.

    Shares are in per cent; hidden counts are ``<5``. ``for_text``: for a CSV file or the clipboard, which are read in
    the reader's own settings. In Vietnamese figures then have a decimal comma and are rounded as on the page; in
    English, which programs read as well, they keep six digits. A text that looks like a formula gets an apostrophe
    (`bhyt_analysis.i18n.safe_text.to_sheet`), a text of digits, such as the code 07582 or the month 6/2022, an
    invisible tab, without which Excel makes a number or a day of it. ``marks``: as of `table_spec`.

    Examples
    --------
    >>> spreadsheet_table(pd.DataFrame({"name": ["=1+1"], "insured": [1234], "rate": [0.851]}), "en").to_dict("records")
    [{'Area': "'=1+1", 'Insured': '1234', 'Rate (% of population)': '85.1'}]
    """
    lang = check_lang(lang)
    marks, out = hidden_marks(table) if marks is None else marks, {}
    table, as_printed = round_estimates(table), for_text and lang == "vi"
    for name, column in table_columns(table).items():
        heading, is_word = column.label(lang), column.kind in ("text", "right")
        if column.format in PER_CENT and not OF_BASE.search(heading):
            heading = f"{heading[:-1]}; %)" if heading.endswith(")") else f"{heading} (%)"
        write = _desk_text if as_printed else _plain_text
        cells = [write(column, v, lang) for v in table[name]]
        cells = [_kept_as_text(to_sheet(text), column) for text in cells] if for_text and is_word else cells
        out[to_sheet(heading) if for_text else heading] = _hide(column, cells, marks)
    return pd.DataFrame(out)


def _kept_as_text(text: str, column: Column) -> str:
    """Return a text of digits with a tab before it; figures in the unit of their row stay figures."""
    is_word = column.kind == "text" and column.name != "order"
    return f"\t{text}" if is_word and _LIKE_A_NUMBER.fullmatch(text) else text


def _desk_text(column: Column, value: Value, lang: str) -> str:
    """Return a figure as the page prints it, without marks of thousands, per cent and plus."""
    if pd.isna(value) or not (column.is_number or (column.format == "value" and isinstance(value, float))):
        return _plain_text(column, value, lang)
    text = _format_figure(value, column.format, lang) if column.is_number else format_number(value, lang, 3)
    return text.replace(".", "").replace(MINUS, "-").strip("+%")


def _plain_text(column: Column, value: Value, lang: str) -> str:
    if pd.isna(value):
        return ""
    if column.format == "date":
        return str(pd.Timestamp(value).date())
    if column.format in PER_CENT:
        return f"{round(float(value) * 100, 6):g}"
    if column.format == "+pp1":
        return f"{round(float(value) * 100, 4):g}"
    if column.is_number:
        return str(int(value)) if float(value).is_integer() else f"{round(float(value), 6):.6g}"
    return cell_text(column, value, lang)
