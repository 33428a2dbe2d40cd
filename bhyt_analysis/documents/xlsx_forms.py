"""Define the columns and rows of each table that an office annexes to its plan, Biểu 01 to 06."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import add, sub, truediv

from bhyt_analysis.documents.content import Content
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.law.groups import groups
from bhyt_analysis.tables.formatting import TableSpec

Row = dict[str, object]
Value = Callable[[Row], float | None]  # works out a figure of a row
Operation = Callable[[float, float], float]
OPERATORS: dict[Operation, str] = {add: "+", sub: "-", truediv: "/"}


@dataclass(frozen=True)
class Field:
    """A column of an annex: a column of a table, or a formula of others.

    ``label``: the message of its heading; left out, that of the package's column of the same key. ``formula`` holds
    column letters as ``{insured}``, its row as ``{row}``, the one above as ``{above}`` and that of the total as
    ``{total}``; ``value`` works out the same from a row, so that programs that do not compute show it, too. ``total``
    says what the row of the total has: "sum", "formula" (the same as in the rows), or nothing.
    """

    key: str
    kind: str = "n"
    width: float = 12
    formula: str = ""
    value: Value | None = None
    total: str = ""
    label: str = ""

    def heading(self, lang: str) -> str:
        """Return the heading of the column."""
        return translate(self.label or f"column.{self.key}", lang)


@dataclass(frozen=True)
class Annex:
    """One annex: its columns, its rows (``within``: part of the row above), the notes below, the stamp at its top."""

    fields: list[Field]
    rows: list[Row]
    notes: list[str]
    stamp: str = ""


ORDER = Field("order", "order", 6, label="label.order")
AREA = [ORDER, Field("name", "text", 26), Field("area", "text", 10)]


def _records(table: TableSpec | None) -> list[Row]:
    return [dict(zip((c.key for c in table.columns), row, strict=True)) for row in table.rows] if table else []


def _number(rows: list[Row]) -> list[Row]:
    return [{**row, "order": i} for i, row in enumerate(rows, 1)]


def _result(key: str, operation: Operation, first: str, second: str, total: str = "", label: str = "") -> Field:
    """Return a column that is worked out of two others: a sum, a difference, or a share."""
    formula = f"{{{first}}}{{row}}{OPERATORS[operation]}{{{second}}}{{row}}"
    kind = "p1" if operation is truediv else "n"
    return Field(key, kind, formula=formula, value=_combine(operation, first, second), total=total, label=label)


def _combine(operation: Operation, first: str, second: str) -> Value:
    """Return a function of a row; its result is None where a figure is hidden or missing, or a divisor is zero."""

    def value(row: Row) -> float | None:
        a, b = row.get(first), row.get(second)
        if not isinstance(a, int | float) or not isinstance(b, int | float) or (operation is truediv and not b):
            return None
        return operation(a, b)

    return value


def _cell(key: str) -> Value:
    """Return a function that gives a figure of the table; None where it is hidden."""
    return lambda row: v if isinstance(v := row.get(key), int | float) else None


def _empty_annex(content: Content, key: str) -> Annex:
    """Return an annex without figures, which says which table would bring them."""
    field = Field("name", "text", 100, label="label.needed_figures")
    return Annex([field], [], [translate(f"annex_needs.{key}", content.lang)])


def _text(content: Content, name: str) -> list[str]:
    block = content.item(name, "text")
    return [block.text.replace("**", "").replace("\n", " ")] if block else []


def targets(content: Content) -> Annex:
    """Return Biểu 01: the target of each commune in people, its rate, and what it must add."""
    table = content.table("allocation")
    if table is None:
        return _empty_annex(content, "targets")
    rows = _number(_records(table))
    fields = [*AREA, Field("population", total="sum"), Field("target_people", total="sum")]
    if "insured" in rows[0]:
        fields[-1:] = [
            Field("insured", total="sum"),
            _result("rate", truediv, "insured", "population", total="formula"),
            Field("target_people", total="sum"),
            _result("target_rate", truediv, "target_people", "population", total="formula"),
            _result("to_add", sub, "target_people", "insured", total="formula"),
        ]
    return Annex(fields, rows, [*_text(content, "allocation"), *table.notes], table.stamp)


def enrolment(content: Content) -> Annex:
    """Return Biểu 02: cards by group, each with its sub-groups, as shares of the insured."""
    by_group, lang = content.table("groups"), content.lang
    if by_group is None:
        return _empty_annex(content, "enrolment")
    parts, group_of = _records(content.table("subgroups")), _group_names(lang)
    rows: list[Row] = []
    for i, group in enumerate(_records(by_group), 1):
        rows.append({**group, "order": i, "name": group["group"]})
        own = [p for p in parts if group_of.get(str(p["subgroup"])) == group["group"] != p["subgroup"]]
        rows += [{**p, "order": "", "name": f"– {p['subgroup']}", "within": True} for p in own]
    counts = [r["insured"] for r in rows if not r.get("within")]
    insured = sum(c for c in counts if isinstance(c, int | float))
    fields = [ORDER, Field("name", "text", 56, label="column.group"), Field("insured", total="sum")]
    if not any(isinstance(c, str) for c in counts):  # none of them is hidden
        formula = "{insured}{row}/{insured}${total}"

        def share(row: Row) -> float | None:
            return count / insured if isinstance(count := row.get("insured"), int | float) else None

        fields.append(Field("share_of_insured", "p1", 18, formula, share, total="formula"))
    if "status" in rows[0]:
        fields.append(Field("status", "text", 30))
    note = translate("annex_note.enrolment", lang) if any(r.get("within") for r in rows) else ""
    return Annex(fields, rows, [note, *by_group.notes], by_group.stamp)


def _group_names(lang: str) -> dict[str, str]:
    """Return the name of the group of each sub-group, by its name."""
    table = groups()
    name = table[f"name_{lang}"]
    return dict(zip(name, name[table["group"]], strict=True))


def subsidies(content: Content) -> Annex:
    """Return Biểu 03: what the State pays in a year, people by premium by share."""
    table = content.table("subsidy")
    if table is None:
        return _empty_annex(content, "subsidies")
    state = "{insured}{row}*ROUND({premium}{row}*{subsidy_share}{row},0)"
    own = "{insured}{row}*{premium}{row}-{vnd_state}{row}"
    fields = [
        ORDER,
        Field("name", "text", 46, label="column.subgroup"),
        Field("insured", total="sum"),
        Field("premium", width=16),
        Field("subsidy_share", "pe", 14),
        Field("vnd_state", width=22, formula=state, value=_cell("vnd_state"), total="sum"),
        Field("vnd_own", width=22, formula=own, value=_cell("vnd_own"), total="sum"),
    ]
    rows = _number([{**r, "name": r["subgroup"]} for r in _records(table)])
    return Annex(fields, rows, [*_text(content, "subsidy"), *table.notes], table.stamp)


def progress(content: Content) -> Annex:
    """Return Biểu 04: the insured month by month, and how much of the first target they are."""
    table, path = content.table("months"), content.table("path")
    if table is None:
        return _empty_annex(content, "progress")
    rows, goal = _records(table), path.column("people_needed")[0] if path else None
    for i, row in enumerate(rows):
        row |= {"order": i + 1, "name": row["month"], "goal": goal, "before": rows[i - 1]["insured"] if i else None}
    change = Field("change", formula="{insured}{row}-{insured}{above}", value=_combine(sub, "insured", "before"))
    fields = [ORDER, Field("month", "date", 16), Field("insured"), change]
    if "population" in rows[0]:
        fields += [Field("population"), _result("rate", truediv, "insured", "population")]
    else:
        fields.append(Field("rate", "p1"))
    if isinstance(goal, int | float):
        fields.append(Field("goal", width=18, label="annex.goal"))
        fields.append(_result("of_goal", truediv, "insured", "goal", label="annex.of_goal"))
    return Annex(fields, rows, list(table.notes), table.stamp)


def impact(content: Content) -> Annex:
    """Return Biểu 05: the cards that ended by the decision, commune by commune."""
    table = content.table("lost")
    if table is None:
        return _empty_annex(content, "impact")
    keys = [c.key for c in table.columns]
    fields = [*AREA, *(Field(k, "text", 13) for k in ("zone_before", "zone_after") if k in keys)]
    fields += [Field(k, total="sum") for k in ("population", "before", "lost", "kept", "gained") if k in keys]
    if "after" in keys:
        fields.append(_result("after", add, "kept", "gained", total="formula"))
    elif "population" in keys:
        fields.append(_result("share", truediv, "lost", "population", total="formula", label="annex.lost_share"))
    return Annex(fields, _number(_records(table)), [*_text(content, "lost"), *table.notes], table.stamp)


def log(content: Content) -> Annex:
    """Return Biểu 06: what of the data contradicts itself or is missing."""
    label, missing = translate("label.needed_figures", content.lang), _records(content.table("not_known"))
    rows = _records(content.table("audit"))
    rows += [{"severity": label, "name": r["sheet"], "message": r["columns"]} for r in missing]
    fields = [ORDER, Field("severity", "text", 18), Field("name", "text", 26), Field("message", "text", 90)]
    return Annex(fields, _number(rows), _text(content, "audit"))


ANNEXES: dict[str, Callable[[Content], Annex]] = {
    "targets": targets,
    "enrolment": enrolment,
    "subsidies": subsidies,
    "progress": progress,
    "impact": impact,
    "log": log,
}
