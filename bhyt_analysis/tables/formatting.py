"""How does a table of results look to a reader, and how is it saved for Excel?"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.i18n.formats import format_date, format_number
from bhyt_analysis.i18n.messages import format_message, has_message, translate
from bhyt_analysis.i18n.unit_names import display_name
from bhyt_analysis.tables.labels import column_name, group_name, status_name, weakest_stamp

SMALL = 5  # people; smaller groups are hidden in what is shared
Cell = float | str | None


@dataclass(frozen=True)
class TableColumn:
    """A column of a table. ``kind`` says how its cells are written: as in `COLUMN_FORMATS`, "text", or "right" for
    text that is set to the right.
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

    ``rows``: cells are numbers, texts (a day is "YYYY-MM-DD"; a hidden count is ``<5`` or blank), or None for what
    is not known. ``notes``: what is the same in every row, and that something is hidden. ``stamp``: the words that
    mark weak figures, or "".
    """

    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    stamp: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON can hold them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> TableSpec:
        """Return the table that `to_dict` wrote, also after JSON has made lists of its tuples."""
        columns = tuple(TableColumn(**c) for c in fields["columns"])
        return cls(columns, tuple(tuple(row) for row in fields["rows"]), tuple(fields["notes"]), fields["stamp"])

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


# What a column holds decides how it is written.
COLUMN_FORMATS = {
    **dict.fromkeys(["insured", "uninsured", "population", "people_needed", "before", "lost", "kept", "gained", "after", "people", "members", "moved", "kept_other", "target_people", "broken", "insured_costed", "without_ratchet", "with_ratchet"], "n"),
    **dict.fromkeys(["vnd_state", "vnd_own"], "n"),
    **dict.fromkeys(["vnd_central", "vnd_province", "vnd_social_security_fund", "vnd_employer", "vnd_household", "vnd"], "n"),
    **dict.fromkeys(["vnd_public_more", "vnd_central_more", "vnd_province_more", "vnd_household_more", "person_years"], "+n"),
    "vnd_per_additional": "n",
    **dict.fromkeys(["to_add", "total_to_add", "change"], "+n"),
    **dict.fromkeys(["rate", "share_of_insured", "share_of_population", "low", "high", "target_rate", "rate_low", "rate_high", "rate_median", "rate_inner_low", "rate_inner_high", "chance", "back", "share", "rate_at_low", "rate_at_high", "lost_share"], "p1"),
    **dict.fromkeys(["published_rate", "contribution_rate", "subsidy_share"], "pe"),
    **dict.fromkeys(["base_salary", "premium", "subsidy", "own_payment"], "n"),
    "required_pace": "up",
    **dict.fromkeys(["projected", "projected_low", "projected_high", "expiring_30", "expiring_60", "expiring_90"], "n"),
    **dict.fromkeys(["change_month", "change_year", "actual_pace"], "+n"),
    **dict.fromkeys(["plan_share", "projected_rate", "projected_rate_low", "projected_rate_high", "rate_last_year", "expected", "inner_low", "inner_high", "outer_low", "outer_high", "spread"], "p1"),
    "pace": "d2",
    **dict.fromkeys(["target_on", "year_end", "received", "counted_on"], "date"),
    "points": "+pp1",
    "cost_bn": "d1",
    "as_of": "date",
    "on": "date",
    "month": "date",
}  # fmt: skip
PER_CENT = {"p1", "pe"}
# Counts of real people, and what would give a hidden count away.
PEOPLE_COLUMNS = ["insured", "uninsured", "before", "lost", "kept", "gained", "after", "change", "expiring_30", "expiring_60", "expiring_90"]  # fmt: skip
DERIVED_COLUMNS = {
    "insured": [
        "uninsured",
        "rate",
        "share_of_insured",
        "share_of_population",
        "plan_share",
        "to_add",
        "required_pace",
        "pace",
        "vnd_state",
        "vnd_own",
    ],
    "before": ["change"],
    "after": ["change"],
}


def suppressed_cells(table: pd.DataFrame) -> pd.DataFrame:
    """The table as text-free mask: True where a count of 1 to 4 people must be hidden.

    Where only one cell of a column is hidden it could be worked out from the total, so
    the next smallest is hidden too.

    Examples
    --------
    >>> t = pd.DataFrame({"group": list("abc"), "insured": [3, 40, 50]})
    >>> suppressed_cells(t)["insured"].tolist()
    [True, True, False]
    """
    mask = pd.DataFrame(False, index=table.index, columns=table.columns)
    for column in (c for c in PEOPLE_COLUMNS if c in table):
        counts = table[column].astype("Float64").abs()
        small = ((counts > 0) & (counts < SMALL)).fillna(False)
        rest = counts[~small & (counts > 0).fillna(False)]
        if small.sum() == 1 and len(rest):
            small = small | (table.index == rest.idxmin())
        mask[column] |= small.to_numpy(bool)
        for other in DERIVED_COLUMNS.get(column, []):
            if other in mask:
                mask[other] |= small.to_numpy(bool)
    return mask


def format_table(table: pd.DataFrame, lang: str = "vi") -> pd.DataFrame:
    """The table as a reader sees it: headings and cells in the language, small groups hidden.

    Examples
    --------
    >>> t = pd.DataFrame({"name": ["Huyện Sơn Dương"], "insured": [155163], "rate": [0.851]})
    >>> format_table(t).iloc[0].tolist(), format_table(t, "en").columns.tolist()
    (['Huyện Sơn Dương', '155.163', '85,1%'], ['Area', 'Insured', 'Rate'])
    """
    hidden = suppressed_cells(table)
    cells = {}
    for column in table:
        values = [_cell(column, v, lang) for v in table[column]]
        cells[column_name(column, lang)] = [
            f"<{SMALL}" if h and column in PEOPLE_COLUMNS else ("" if h else v)
            for h, v in zip(hidden[column], values, strict=True)
        ]
    return pd.DataFrame(cells, index=table.index)


def _cell(column: str, value: Any, lang: str) -> str:
    if column == "relation":
        return translate(f"relation.{value}", lang).strip() or str(value)
    if column == "name":
        return "" if pd.isna(value) else display_name(str(value), lang)
    if column == "part" or (column == "key" and has_message(f"part.{value}")):
        return translate(f"part.{value}", lang)
    if column in ("value", "central") and isinstance(value, float):
        return format_number(value, lang, 3)
    if column in ("group", "subgroup", "to", "key"):
        return group_name(str(value), lang)
    if column in ("result", "verdict", "payer", "figure", "alert", "state", "place", "what"):
        return translate(f"{column}.{value}", lang)
    if column == "kind":
        return translate(f"report.{value}", lang)
    if column == "target_level":
        return translate(f"level.{value}", lang) if has_message(f"level.{value}") else ""
    if column in ("basis", "reason"):
        return translate(str(value), lang)
    if column == "proposal":
        return translate("label.proposal", lang) if value else ""
    if column in ("status", "projected_status"):
        return status_name(str(value), lang) if value == value and value else ""
    if column.startswith("zone_"):
        return translate(f"zone.{value}", lang) if has_message(f"zone.{value}") else str(value)
    if column == "severity":
        return translate(f"severity.{value}", lang)
    if column in ("reference", "rate_reference", "source", "instrument"):
        return "" if pd.isna(value) else format_citation(str(value), lang)
    if column in COLUMN_FORMATS:
        kind = COLUMN_FORMATS[column]
        if kind == "date":
            return format_date(value, lang)
        return format_message("{v:" + kind + "}", lang, v=None if pd.isna(value) else value)
    return "" if pd.isna(value) else str(value)


def backtest_table(rows: pd.DataFrame, lang: str = "vi") -> pd.DataFrame:
    """The scorecard with figures of different units written side by side.

    ``rows``: what `bhyt_analysis.model.projection.backtest.backtest` gives.
    """

    def told(value: float, unit: str) -> str:
        return format_message("{v:p1}" if unit == "share" else "{v:n}", lang, v=None if pd.isna(value) else value)

    out = rows[["name", "figure", "on"]].copy()
    relations = [translate(f"relation.{r}", lang) if has_message(f"relation.{r}") else "" for r in rows["relation"]]
    out["published"] = [r + told(v, u) for r, v, u in zip(relations, rows["published"], rows["unit"], strict=True)]
    out["model"] = [told(v, u) for v, u in zip(rows["model"], rows["unit"], strict=True)]
    spans = zip(rows["low"], rows["high"], rows["unit"], strict=True)
    out["interval"] = ["" if pd.isna(low) else f"{told(low, u)} – {told(high, u)}" for low, high, u in spans]
    return out.assign(verdict=rows["verdict"], basis=rows["basis"], source=rows["source"])


# Said once below the table where it is the same in every row.
SAID_ONCE = ("population", "status", "instrument", "reference", "rate_reference", "source")


def table_spec(table: pd.DataFrame, lang: str = "vi") -> TableSpec:
    """Return a table as every document shows it, small groups hidden.

    Examples
    --------
    >>> spec = table_spec(pd.DataFrame({"name": ["Xã A", "Xã B"], "insured": [3, 40], "status": "derived"}), "en")
    >>> spec.rows, spec.notes[0]
    ((('A commune', '<5'), ('B commune', '<5')), 'Status: Derived from published figures')
    """
    hidden = suppressed_cells(table)
    once = [c for c in SAID_ONCE if c in table and len(table) > 1 and table[c].astype(str).nunique() == 1]
    notes = [f"{column_name(c, lang)}: {_cell(c, table[c].iloc[0], lang)}" for c in once]
    if hidden.to_numpy().any():
        notes.append(translate("label.suppressed", lang))
    stamp = weakest_stamp(table["status"]) if "status" in table else None
    all_alike = stamp and table["status"].nunique() == 1
    kept = [str(c) for c in table if c not in once]
    kinds = {c: COLUMN_FORMATS.get(c, "right" if c == "value" else "text") for c in kept}
    cells = []
    for column in kept:
        blank = f"<{SMALL}" if column in PEOPLE_COLUMNS else ""
        values = (_figure(column, kinds[column], v, lang) for v in table[column])
        cells.append([blank if h else v for h, v in zip(hidden[column], values, strict=True)])
    words = translate(f"stamp.{stamp}" if all_alike else f"stamp_some.{stamp}", lang) if stamp else ""
    columns = tuple(TableColumn(c, column_name(c, lang), kinds[c]) for c in kept)
    return TableSpec(columns, tuple(zip(*cells, strict=True)), tuple(notes), words)


def _figure(column: str, kind: str, value: Any, lang: str) -> Any:
    """What a cell holds: a number, a day, or a text."""
    if kind in ("text", "right"):
        return _cell(column, value, lang)
    if pd.isna(value):
        return None
    if kind == "date":
        return str(pd.Timestamp(value).date())
    return int(value) if float(value).is_integer() and kind.endswith("n") else float(value)


def format_cell(value: Any, kind: str, lang: str = "vi") -> str:
    """A cell of `table_spec` as it is written.

    Examples
    --------
    >>> format_cell(0.851, "p1"), format_cell("2021-12-31", "date"), format_cell("<5", "n"), format_cell(None, "n")
    ('85,1%', '31/12/2021', '<5', '–')
    """
    if isinstance(value, str) and kind != "date":
        return value
    return format_date(value, lang) if kind == "date" else format_message("{v:" + kind + "}", lang, v=value)


def to_html(table: pd.DataFrame, lang: str = "vi") -> str:
    """An HTML table: numbers right, text left, everything escaped.

    What is the same in every row (status, source, ...) stands once below it, and the
    stamp of estimated or synthetic figures above it.

    Examples
    --------
    >>> to_html(pd.DataFrame({"name": ["<b>"], "insured": [9]}), "en")
    '<table class="bhyt"><thead><tr><th>Area</th><th class="n">Insured</th></tr></thead><tbody><tr><td>&lt;b&gt;</td><td class="n">9</td></tr></tbody></table>'
    """
    return spec_to_html(table_spec(table, lang), lang)


def spec_to_html(spec: TableSpec, lang: str = "vi") -> str:
    """Return the HTML of a table."""
    classes = [{"text": "", "date": "d"}.get(c.kind, "n") for c in spec.columns]
    head = "".join(_tag("th", c.heading, k) for c, k in zip(spec.columns, classes, strict=True))
    cells = (zip(row, classes, strict=True) for row in spec.formatted_rows(lang))
    rows = "".join(f"<tr>{''.join(_tag('td', text, k) for text, k in row)}</tr>" for row in cells)
    title = f"<caption>{html.escape(spec.stamp)}</caption>" if spec.stamp else ""
    foot = "".join(f'<p class="note">{html.escape(n)}</p>' for n in spec.notes)
    return f'<table class="bhyt">{title}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{foot}'


def _tag(name: str, text: str, kind: str) -> str:
    return f'<{name} class="{kind}">{html.escape(text)}</{name}>' if kind else f"<{name}>{html.escape(text)}</{name}>"


def save_csv(table: pd.DataFrame, path: Path, lang: str = "vi") -> None:
    """A CSV file that Excel opens right: UTF-8 with BOM, its cells as in `spreadsheet_table`."""
    spreadsheet_table(table, lang).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def spreadsheet_table(table: pd.DataFrame, lang: str = "vi") -> pd.DataFrame:
    """The table as texts for a spreadsheet: plain numbers, headings in the language.

    Shares are in per cent; hidden counts are ``<5``; text that a spreadsheet would take
    for a formula is kept as text.

    Examples
    --------
    >>> spreadsheet_table(pd.DataFrame({"name": ["=1+1"], "insured": [1234], "rate": [0.851]}), "en").to_dict("records")
    [{'Area': "'=1+1", 'Insured': '1234', 'Rate (%)': '85.1'}]
    """
    hidden = suppressed_cells(table)
    out = {}
    for column in table:
        kind, heading = COLUMN_FORMATS.get(column), column_name(column, lang)
        if kind in PER_CENT:  # "Low (5%)" tells of draws: its unit is told all the same
            heading = f"{heading[:-1]}; %)" if heading.endswith(")") else f"{heading} (%)"
        values = [_plain(column, kind, v, lang) for v in table[column]]
        out[heading] = [
            f"<{SMALL}" if h and column in PEOPLE_COLUMNS else ("" if h else v)
            for h, v in zip(hidden[column], values, strict=True)
        ]
    return pd.DataFrame(out)


def _plain(column: str, kind: str | None, value: Any, lang: str) -> str:
    if pd.isna(value):
        return ""
    if kind == "date":
        return str(pd.Timestamp(value).date())
    if kind in PER_CENT:
        return f"{round(float(value) * 100, 6):g}"
    if kind == "+pp1":
        return f"{round(float(value) * 100, 4):g}"
    if kind is not None:
        return str(int(value)) if float(value).is_integer() else f"{round(float(value), 6):.6g}"
    text = _cell(column, value, lang)
    return "'" + text if text[:1] in tuple("=+-@\t") else text
