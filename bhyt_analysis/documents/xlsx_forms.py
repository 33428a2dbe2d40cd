"""Define the columns and rows of each table that an office annexes to its plan, Biểu 01 to 07."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bhyt_analysis.documents.content import Content
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.safe_text import plain_text
from bhyt_analysis.law.groups import group_of_label, wider_groups
from bhyt_analysis.tables.columns import column_name, find_column
from bhyt_analysis.tables.formatting import TableSpec

Row = dict[str, object]
OPERATORS = {"+": operator.add, "-": operator.sub, "/": operator.truediv}


@dataclass(frozen=True)
class Field:
    """A column of an annex: a column of a table, or a formula of others.

    A formula for the workbook holds column letters as ``{insured}``, its row as ``{row}``, the one above as
    ``{above}`` and that of the total as ``{total}``.
    """

    key: str
    width: float = 12
    operation: str = ""  # on two other columns of the row: "insured / population"
    formula: str = ""  # where it is not that of the operation
    total: str = ""  # what the row of the total has: "sum", "formula" (the same as in the rows), or nothing
    heading_of: str = ""  # the column whose heading it has; left out, its own
    label: str = ""  # its heading, where it is that of a table

    @property
    def kind(self) -> str:
        """Return how its cells are written: as those of a `TableColumn`, or "order"."""
        return "order" if self.key == "order" else find_column(self.key).kind

    @property
    def template(self) -> str:
        """Return the formula of its cells; "" for a column of a table."""
        return self.formula or re.sub(r"\w+", r"{\g<0>}{row}", self.operation).replace(" ", "")

    def value(self, row: Row) -> float | None:
        """Return the figure of a row, which programs that do not compute show, too.

        It is None where a figure is hidden or missing, or a divisor is zero.
        """
        if not self.operation:
            return figure if isinstance(figure := row.get(self.key), int | float) else None
        first, sign, second = self.operation.split()
        a, b = row.get(first), row.get(second)
        if not isinstance(a, int | float) or not isinstance(b, int | float) or (sign == "/" and not b):
            return None
        return OPERATORS[sign](a, b)

    def heading(self, lang: str) -> str:
        """Return the heading of the column."""
        return self.label or column_name(self.heading_of or self.key, lang)


@dataclass(frozen=True)
class Annex:
    """One annex: its columns, its rows (``within``: part of the row above), the notes below, the stamp at its top."""

    fields: list[Field]
    rows: list[Row]
    notes: list[str]
    stamp: str = ""


ORDER = Field("order", 6)
AREA = [ORDER, Field("name", 26), Field("area", 10)]


def _records(table: TableSpec | None) -> list[Row]:
    if table is None:
        return []
    keys = [c.key for c in table.columns]
    return [
        dict(zip(keys, row, strict=True)) for row in table.rows[int(table.total) :]
    ]  # sums are formulas of their own


def _number(rows: list[Row]) -> list[Row]:
    return [{**row, "order": i} for i, row in enumerate(rows, 1)]


def _text(content: Content, name: str) -> list[str]:
    block = content.item(name, "text")
    return [plain_text(block.text).replace("\n", " ")] if block else []


def targets(content: Content, table: TableSpec) -> Annex:
    """Return Biểu 01: the target of each commune in people, its rate, and what it must add."""
    rows = _number(_records(table))
    fields = [*AREA, Field("population", total="sum"), Field("target_people", total="sum")]
    if "insured" in rows[0]:
        rate = Field("rate", operation="insured / population", total="formula")
        fields[-1:-1] = [Field("insured", total="sum"), rate]
        fields.append(Field("target_rate", operation="target_people / population", total="formula"))
        fields.append(Field("to_add", operation="target_people - insured", total="formula"))
    return Annex(fields, rows, [*_text(content, "allocation"), *table.notes], table.stamp)


def enrolment(content: Content, table: TableSpec) -> Annex:
    """Return Biểu 02: cards by group, each with its sub-groups, as shares of the insured."""
    parts, lang = _records(content.table("subgroups")), content.lang
    rows: list[Row] = []
    for i, group in enumerate(_records(table), 1):
        rows.append({**group, "order": i, "name": group["group"]})
        key = group_of_label(str(group["group"]))
        own = [p for p in parts if key in wider_groups(group_of_label(str(p["subgroup"])))]
        rows += [{**p, "order": "", "name": f"– {p['subgroup']}", "within": True} for p in own]
    counts = [r["insured"] for r in rows if not r.get("within")]
    rows = [{**r, "all_insured": sum(c for c in counts if isinstance(c, int | float))} for r in rows]
    fields = [ORDER, Field("name", 56, heading_of="group"), Field("insured", total="sum")]
    if not any(isinstance(c, str) for c in counts):  # none of them is hidden
        formula = "{insured}{row}/{insured}${total}"
        fields.append(Field("share_of_insured", 18, "insured / all_insured", formula, total="formula"))
    if "status" in rows[0]:
        fields.append(Field("status", 30))
    note = translate("annex_note.enrolment", lang) if any(r.get("within") for r in rows) else ""
    return Annex(fields, rows, [note, *table.notes], table.stamp)


def subsidies(content: Content, table: TableSpec) -> Annex:
    """Return Biểu 03: what the State pays in a year, people by premium by share."""
    state = "{insured}{row}*ROUND({premium}{row}*{subsidy_share}{row},0)"
    own = "{insured}{row}*{premium}{row}-{vnd_state}{row}"
    fields = [
        ORDER,
        Field("name", 46, heading_of="subgroup"),
        Field("insured", total="sum"),
        Field("premium", width=16),
        Field("subsidy_share", 14),
        Field("vnd_state", width=22, formula=state, total="sum"),
        Field("vnd_own", width=22, formula=own, total="sum"),
    ]
    rows = _number([{**r, "name": r["subgroup"]} for r in _records(table)])
    return Annex(fields, rows, [*_text(content, "subsidy"), *table.notes], table.stamp)


def progress(content: Content, table: TableSpec) -> Annex:
    """Return Biểu 04: the insured month by month, and how much of the first target they are."""
    rows, path = _records(table), content.table("path")
    goal = path.column("people_needed")[0] if path else None
    for i, row in enumerate(rows):
        row |= {"order": i + 1, "name": row["month"], "goal": goal, "before": rows[i - 1]["insured"] if i else None}
    change = Field("change", operation="insured - before", formula="{insured}{row}-{insured}{above}")
    fields = [ORDER, Field("month", 16), Field("insured"), change]
    if "population" in rows[0]:
        fields += [Field("population"), Field("rate", operation="insured / population")]
    else:
        fields.append(Field("rate"))
    if isinstance(goal, int | float):
        fields.append(Field("goal", 18))
        fields.append(Field("of_goal", operation="insured / goal"))
    return Annex(fields, rows, list(table.notes), table.stamp)


def impact(content: Content, table: TableSpec) -> Annex:
    """Return Biểu 05: the cards that ended by the decision, commune by commune."""
    keys = [c.key for c in table.columns]
    fields = [*AREA, *(Field(k, 13) for k in ("zone_before", "zone_after") if k in keys)]
    fields += [Field(k, total="sum") for k in ("population", "before", "lost", "kept", "gained") if k in keys]
    if "after" in keys:
        fields.append(Field("after", operation="kept + gained", total="formula"))
    elif "population" in keys:
        fields.append(Field("lost_share", operation="lost / population", total="formula"))
    return Annex(fields, _number(_records(table)), [*_text(content, "lost"), *table.notes], table.stamp)


def log(content: Content) -> Annex:
    """Return Biểu 06: what of the data contradicts itself or is missing."""
    rows = _records(content.table("audit"))
    fields = [ORDER, Field("severity", 18), Field("name", 26), Field("message", 90)]
    return Annex(fields, _number(rows), _text(content, "audit"))


TASK_WIDTHS = {"task": 48, "lead": 26, "with": 30, "due": 16, "people": 12, "done": 24, "brought": 14, "source": 40}


def tasks(content: Content) -> Annex:
    """Return Biểu 07: what is to be done, by whom, by when, with how many people, and what was done."""
    tables = [table for name in ("tasks", "plan_tasks") if (table := content.table(name))]
    labels = {c.key: c.heading for table in tables for c in table.columns if c.key != "order"}
    if not tables:
        return Annex([Field("needed_figures", 100)], [], [translate("annex_needs.tasks", content.lang)])
    rows = [{"people": "", **row} for table in tables for row in _records(table)]
    fields = [ORDER, *(Field(key, width, label=labels[key]) for key, width in TASK_WIDTHS.items() if key in labels)]
    return Annex(fields, _number(rows), list(dict.fromkeys(note for table in tables for note in table.notes)))


def annexes(content: Content) -> Iterator[tuple[str, Annex]]:
    """Yield each annex with its key; one without figures says which table would bring them."""
    names = {targets: "allocation", enrolment: "groups", subsidies: "subsidy", progress: "months", impact: "lost"}
    for build, name in names.items():
        key, table = build.__name__, content.table(name)
        column = Field("needed_figures", 100)
        empty = Annex([column], [], [translate(f"annex_needs.{key}", content.lang)])
        yield key, build(content, table) if table else empty
    yield "log", log(content)
    yield "tasks", tasks(content)
