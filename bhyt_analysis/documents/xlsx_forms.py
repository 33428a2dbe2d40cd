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

    ``formula`` holds column letters as ``{insured}``, its row as ``{row}``, the one above as ``{above}``
    and that of the total as ``{total}``; ``value`` works out the same from a row, so that programs that do
    not compute show it, too. ``total`` says what the row of the total has: "sum", "formula" (the same as in the
    rows), or nothing.
    """

    key: str
    heading: str
    kind: str = "n"
    width: float = 12
    formula: str = ""
    value: Value | None = None
    total: str = ""


@dataclass(frozen=True)
class Annex:
    """One annex: its columns, its rows (``within``: part of the row above), the notes below, the stamp at its top."""

    fields: list[Field]
    rows: list[Row]
    notes: list[str]
    stamp: str = ""


def _records(table: TableSpec) -> list[Row]:
    return [dict(zip((c.key for c in table.columns), row, strict=True)) for row in table.rows]


def _number(rows: list[Row]) -> list[Row]:
    return [{**row, "order": i} for i, row in enumerate(rows, 1)]


def _column(
    key: str,
    lang: str,
    kind: str = "n",
    width: float = 12,
    formula: str = "",
    value: Value | None = None,
    total: str = "",
) -> Field:
    """Return a column under the heading of the package's tables."""
    return Field(key, translate(f"column.{key}", lang), kind, width, formula, value, total)


def _order(lang: str) -> Field:
    return Field("order", translate("label.order", lang), "order", 6)


def _first_columns(lang: str, name: str = "name", width: float = 26) -> list[Field]:
    return [_order(lang), Field("name", translate(f"column.{name}", lang), "text", width)]


def _result(
    key: str, heading: str, operation: Operation, first: str, second: str, width: float = 12, total: str = ""
) -> Field:
    """Return a column that is worked out of two others: a sum, a difference, or a share."""
    formula = f"{{{first}}}{{row}}{OPERATORS[operation]}{{{second}}}{{row}}"
    kind = "p1" if operation is truediv else "n"
    return Field(key, heading, kind, width, formula, _combine(operation, first, second), total)


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
    field = Field("name", translate("label.needed_figures", content.lang), "text", 100)
    return Annex([field], [], [translate(f"annex_needs.{key}", content.lang)])


def _text(content: Content, name: str) -> list[str]:
    block = content.item(name, "text")
    return [block.text.replace("**", "").replace("\n", " ")] if block else []


def targets(content: Content) -> Annex:
    """Return Biểu 01: the target of each commune in people, its rate, and what it must add."""
    table, lang = content.table("allocation"), content.lang
    if table is None:
        return _empty_annex(content, "targets")
    rows = _number(_records(table))
    fields = [*_first_columns(lang), _column("area", lang, "text", 10), _column("population", lang, total="sum")]
    people = _column("target_people", lang, total="sum")
    if "insured" in rows[0]:
        heading = {key: translate(f"column.{key}", lang) for key in ("rate", "target_rate", "to_add")}
        fields += [
            _column("insured", lang, total="sum"),
            _result("rate", heading["rate"], truediv, "insured", "population", total="formula"),
            people,
            _result("target_rate", heading["target_rate"], truediv, "target_people", "population", total="formula"),
            _result("to_add", heading["to_add"], sub, "target_people", "insured", total="formula"),
        ]
    else:
        fields.append(people)
    return Annex(fields, rows, [*_text(content, "allocation"), *table.notes], table.stamp)


def enrolment(content: Content) -> Annex:
    """Return Biểu 02: cards by group, each with its sub-groups, as shares of the insured."""
    by_group, subgroups, lang = content.table("groups"), content.table("subgroups"), content.lang
    if by_group is None:
        return _empty_annex(content, "enrolment")
    parts = _records(subgroups) if subgroups else []
    group_of = _group_names(lang)
    rows: list[Row] = []
    for i, group in enumerate(_records(by_group), 1):
        rows.append({**group, "order": i, "name": group["group"]})
        own = [p for p in parts if group_of.get(str(p["subgroup"])) == group["group"] != p["subgroup"]]
        rows += [{**p, "order": "", "name": f"– {p['subgroup']}", "within": True} for p in own]
    counts = [r["insured"] for r in rows if not r.get("within")]
    insured = sum(c for c in counts if isinstance(c, int | float))
    fields = [*_first_columns(lang, "group", 56), _column("insured", lang, total="sum")]
    if not any(isinstance(c, str) for c in counts):  # none of them is hidden

        def share(row: Row) -> float | None:
            count = row.get("insured")
            return count / insured if isinstance(count, int | float) else None

        fields.append(
            _column("share_of_insured", lang, "p1", 18, "{insured}{row}/{insured}${total}", share, total="formula")
        )
    if "status" in rows[0]:
        fields.append(_column("status", lang, "text", 30))
    note = translate("annex_note.enrolment", lang) if any(r.get("within") for r in rows) else ""
    return Annex(fields, rows, [note, *by_group.notes], by_group.stamp)


def _group_names(lang: str) -> dict[str, str]:
    """Return the name of the group of each sub-group, by its name."""
    table = groups()
    name = table[f"name_{lang}"]
    return dict(zip(name, name[table["group"]], strict=True))


def subsidies(content: Content) -> Annex:
    """Return Biểu 03: what the State pays in a year, people by premium by share."""
    table, lang = content.table("subsidy"), content.lang
    if table is None:
        return _empty_annex(content, "subsidies")
    rows = _number([{**r, "name": r["subgroup"]} for r in _records(table)])
    state = "{insured}{row}*ROUND({premium}{row}*{subsidy_share}{row},0)"
    own = "{insured}{row}*{premium}{row}-{vnd_state}{row}"
    fields = [
        *_first_columns(lang, "subgroup", 46),
        _column("insured", lang, total="sum"),
        _column("premium", lang, width=16),
        _column("subsidy_share", lang, "pe", 14),
        _column("vnd_state", lang, width=22, formula=state, value=_cell("vnd_state"), total="sum"),
        _column("vnd_own", lang, width=22, formula=own, value=_cell("vnd_own"), total="sum"),
    ]
    return Annex(fields, rows, [*_text(content, "subsidy"), *table.notes], table.stamp)


def progress(content: Content) -> Annex:
    """Return Biểu 04: the insured month by month, and how much of the first target they are."""
    table, lang = content.table("months"), content.lang
    if table is None:
        return _empty_annex(content, "progress")
    rows = _records(table)
    path = content.table("path")
    goal = path.column("people_needed")[0] if path else None
    for i, row in enumerate(rows):
        row |= {"order": i + 1, "name": row["month"], "goal": goal, "before": rows[i - 1]["insured"] if i else None}
    change = _combine(sub, "insured", "before")
    fields = [
        _order(lang),
        _column("month", lang, "date", 16),
        _column("insured", lang),
        _column("change", lang, formula="{insured}{row}-{insured}{above}", value=change),
    ]
    if "population" in rows[0]:
        fields.append(_column("population", lang))
        fields.append(_result("rate", translate("column.rate", lang), truediv, "insured", "population"))
    else:
        fields.append(_column("rate", lang, "p1"))
    if isinstance(goal, int | float):
        fields.append(Field("goal", translate("annex.goal", lang), width=18))
        fields.append(_result("of_goal", translate("annex.of_goal", lang), truediv, "insured", "goal"))
    return Annex(fields, rows, list(table.notes), table.stamp)


def impact(content: Content) -> Annex:
    """Return Biểu 05: the cards that ended by the decision, commune by commune."""
    table, lang = content.table("lost"), content.lang
    if table is None:
        return _empty_annex(content, "impact")
    rows = _number(_records(table))
    keys = [c.key for c in table.columns]
    fields = [*_first_columns(lang), _column("area", lang, "text", 10)]
    fields += [_column(k, lang, "text", 13) for k in ("zone_before", "zone_after") if k in keys]
    fields += [_column(k, lang, total="sum") for k in ("population", "before", "lost", "kept", "gained") if k in keys]
    if "after" in keys:
        fields.append(_result("after", translate("column.after", lang), add, "kept", "gained", total="formula"))
    elif "population" in keys:
        fields.append(
            _result("share", translate("annex.lost_share", lang), truediv, "lost", "population", total="formula")
        )
    return Annex(fields, rows, [*_text(content, "lost"), *table.notes], table.stamp)


def log(content: Content) -> Annex:
    """Return Biểu 06: what of the data contradicts itself or is missing."""
    table, lang = content.table("audit"), content.lang
    missing = content.table("not_known")
    rows = _records(table) if table else []
    label = translate("label.needed_figures", lang)
    rows += (
        [{"severity": label, "name": r["sheet"], "message": r["columns"]} for r in _records(missing)] if missing else []
    )
    widths = {"severity": 18, "name": 26, "message": 90}
    fields = [_order(lang), *(_column(key, lang, "text", width) for key, width in widths.items())]
    return Annex(fields, _number(rows), _text(content, "audit"))


ANNEXES: dict[str, Callable[[Content], Annex]] = {
    "targets": targets,
    "enrolment": enrolment,
    "subsidies": subsidies,
    "progress": progress,
    "impact": impact,
    "log": log,
}
