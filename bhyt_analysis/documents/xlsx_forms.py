"""Which columns and rows has each table that an office annexes to its plan, Biểu 01 to 06?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import add, sub, truediv
from typing import Any, NamedTuple

from bhyt_analysis.documents.content import Content
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.law.groups import groups
from bhyt_analysis.tables.formatting import TableSpec

Value = Callable[[dict[str, Any]], float | None]  # what is worked out of a row


@dataclass(frozen=True)
class Field:
    """A column of an annex: a column of a table, or a formula of others.

    ``formula`` holds column letters as ``{insured}``, its row as ``{row}``, the one above as ``{above}``
    and that of the total as ``{total}``; ``value`` works out the same from a row, so that programs that do
    not compute show it, too. ``total`` says what stands in the first row: "sum", "formula" (the same as
    in the rows), or nothing.
    """

    key: str
    heading: str
    kind: str = "n"
    width: float = 12
    formula: str = ""
    value: Value | None = None
    total: str = ""


class Annex(NamedTuple):
    """One annex: its columns, its rows (``within``: a part of the row above), the notes below, the stamp on its face."""

    fields: list[Field]
    rows: list[dict[str, Any]]
    notes: list[str]
    stamp: str = ""


def _records(table: TableSpec) -> list[dict[str, Any]]:
    return [dict(zip((c.key for c in table.columns), row, strict=True)) for row in table.rows]


def _ordered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "order": i} for i, row in enumerate(rows, 1)]


def _heading(key: str, lang: str) -> str:
    return translate(f"column.{key}", lang)


def _first(lang: str, name: str = "name", width: float = 26) -> list[Field]:
    return [
        Field("order", translate("label.order", lang), "order", 6),
        Field("name", _heading(name, lang), "text", width),
    ]


def _of(work: Callable[[float, float], float], one: str, other: str) -> Value:
    """What is worked out of two figures of a row; nothing where one is hidden or not known, or the second is none."""

    def value(row: dict[str, Any]) -> float | None:
        a, b = row.get(one), row.get(other)
        if not isinstance(a, int | float) or not isinstance(b, int | float) or (work is truediv and not b):
            return None
        return work(a, b)

    return value


def _known(key: str) -> Value:
    """What the table already tells, as a number; nothing where it is hidden."""
    return lambda row: v if isinstance(v := row.get(key), int | float) else None


def _missing(content: Content, key: str) -> Annex:
    """An annex without figures: it says so, and which table would bring them."""
    needed = Field("name", translate("label.needed_figures", content.lang), "text", 100)
    return Annex([needed], [], [translate(f"annex_needs.{key}", content.lang)])


def _table(content: Content, name: str) -> TableSpec | None:
    block = content.item(name, "table")
    return block.table if block else None


def _text(content: Content, name: str) -> list[str]:
    block = content.item(name, "text")
    return [block.text.replace("**", "").replace("\n", " ")] if block else []


def targets(content: Content) -> Annex:
    """Biểu 01: the target of each commune in people, its rate, and what it must add."""
    table, lang = _table(content, "allocation"), content.lang
    if table is None:
        return _missing(content, "targets")
    rows = _ordered(_records(table))
    fields = [*_first(lang), Field("area", _heading("area", lang), "text", 10)]
    fields.append(Field("population", _heading("population", lang), total="sum"))
    if "insured" in rows[0]:
        fields += [
            Field("insured", _heading("insured", lang), total="sum"),
            Field("rate", _heading("rate", lang), "p1", formula="{insured}{row}/{population}{row}", value=_of(truediv, "insured", "population"), total="formula"),
            Field("target_people", _heading("target_people", lang), total="sum"),
            Field("target_rate", _heading("target_rate", lang), "p1", formula="{target_people}{row}/{population}{row}", value=_of(truediv, "target_people", "population"), total="formula"),
            Field("to_add", _heading("to_add", lang), formula="{target_people}{row}-{insured}{row}", value=_of(sub, "target_people", "insured"), total="formula"),
        ]  # fmt: skip
    else:
        fields.append(Field("target_people", _heading("target_people", lang), total="sum"))
    return Annex(fields, rows, [*_text(content, "allocation"), *table.notes], table.stamp)


def enrolment(content: Content) -> Annex:
    """Biểu 02: cards by group, each with its sub-groups, as shares of the insured."""
    by_group, subgroups, lang = _table(content, "groups"), _table(content, "subgroups"), content.lang
    if by_group is None:
        return _missing(content, "enrolment")
    parts = _records(subgroups) if subgroups else []
    group_of = _groups_of_parts(lang)
    rows: list[dict[str, Any]] = []
    for i, group in enumerate(_records(by_group), 1):
        rows.append({**group, "order": i, "name": group["group"]})
        own = [p for p in parts if group_of.get(p["subgroup"]) == group["group"] != p["subgroup"]]
        rows += [{**p, "order": "", "name": f"– {p['subgroup']}", "within": True} for p in own]
    whole = sum(r["insured"] for r in rows if not r.get("within") and isinstance(r["insured"], int | float))
    hidden = any(isinstance(r["insured"], str) for r in rows if not r.get("within"))
    fields = [*_first(lang, "group", 56), Field("insured", _heading("insured", lang), total="sum")]
    if not hidden:
        fields.append(Field("share_of_insured", _heading("share_of_insured", lang), "p1", 18, formula="{insured}{row}/{insured}${total}", value=lambda row: row["insured"] / whole if isinstance(row.get("insured"), int | float) else None, total="formula"))  # fmt: skip
    if "status" in rows[0]:
        fields.append(Field("status", _heading("status", lang), "text", 30))
    note = translate("annex_note.enrolment", lang) if any(r.get("within") for r in rows) else ""
    return Annex(fields, rows, [note, *by_group.notes], by_group.stamp)


def _groups_of_parts(lang: str) -> dict[str, str]:
    """The name of the group of each sub-group, by its name."""
    table = groups()
    name = table[f"name_{lang}"]
    return dict(zip(name, name[table["group"]], strict=True))


def subsidies(content: Content) -> Annex:
    """Biểu 03: what the State pays in a year, people by premium by share."""
    table, lang = _table(content, "subsidy"), content.lang
    if table is None:
        return _missing(content, "subsidies")
    rows = _ordered([{**r, "name": r["subgroup"]} for r in _records(table)])
    fields = [
        *_first(lang, "subgroup", 46),
        Field("insured", _heading("insured", lang), total="sum"),
        Field("premium", _heading("premium", lang), width=16),
        Field("subsidy_share", _heading("subsidy_share", lang), "pe", 14),
        Field("vnd_state", _heading("vnd_state", lang), width=22, formula="{insured}{row}*ROUND({premium}{row}*{subsidy_share}{row},0)", value=_known("vnd_state"), total="sum"),
        Field("vnd_own", _heading("vnd_own", lang), width=22, formula="{insured}{row}*{premium}{row}-{vnd_state}{row}", value=_known("vnd_own"), total="sum"),
    ]  # fmt: skip
    return Annex(fields, rows, [*_text(content, "subsidy"), *table.notes], table.stamp)


def progress(content: Content) -> Annex:
    """Biểu 04: the insured month by month, and how much of the first target they are."""
    table, lang = _table(content, "months"), content.lang
    if table is None:
        return _missing(content, "progress")
    rows = _records(table)
    path = _table(content, "path")
    goal = path.column("people_needed")[0] if path else None
    for i, row in enumerate(rows):
        row |= {"order": i + 1, "name": row["month"], "goal": goal, "before": rows[i - 1]["insured"] if i else None}
    fields = [
        Field("order", translate("label.order", lang), "order", 6),
        Field("month", _heading("month", lang), "date", 16),
        Field("insured", _heading("insured", lang)),
        Field("change", _heading("change", lang), formula="{insured}{row}-{insured}{above}", value=_of(sub, "insured", "before")),
    ]  # fmt: skip
    if "population" in rows[0]:
        fields.append(Field("population", _heading("population", lang)))
        fields.append(Field("rate", _heading("rate", lang), "p1", formula="{insured}{row}/{population}{row}", value=_of(truediv, "insured", "population")))  # fmt: skip
    else:
        fields.append(Field("rate", _heading("rate", lang), "p1"))
    if isinstance(goal, int | float):
        fields.append(Field("goal", translate("annex.goal", lang), width=18))
        fields.append(Field("of_goal", translate("annex.of_goal", lang), "p1", formula="{insured}{row}/{goal}{row}", value=_of(truediv, "insured", "goal")))  # fmt: skip
    return Annex(fields, rows, list(table.notes), table.stamp)


def impact(content: Content) -> Annex:
    """Biểu 05: the cards that ended by the decision, commune by commune."""
    table, lang = _table(content, "lost"), content.lang
    if table is None:
        return _missing(content, "impact")
    rows = _ordered(_records(table))
    fields = [*_first(lang), Field("area", _heading("area", lang), "text", 10)]
    fields += [Field(k, _heading(k, lang), "text", 13) for k in ("zone_before", "zone_after") if k in rows[0]]
    fields += [Field(k, _heading(k, lang), total="sum") for k in ("population", "before", "lost", "kept", "gained") if k in rows[0]]  # fmt: skip
    if "after" in rows[0]:
        fields.append(Field("after", _heading("after", lang), formula="{kept}{row}+{gained}{row}", value=_of(add, "kept", "gained"), total="formula"))  # fmt: skip
    elif "population" in rows[0]:
        fields.append(Field("share", translate("annex.lost_share", lang), "p1", formula="{lost}{row}/{population}{row}", value=_of(truediv, "lost", "population"), total="formula"))  # fmt: skip
    return Annex(fields, rows, [*_text(content, "lost"), *table.notes], table.stamp)


def log(content: Content) -> Annex:
    """Biểu 06: what of the data contradicts itself or is missing."""
    table, lang = _table(content, "audit"), content.lang
    needs = _table(content, "not_known")
    rows = _records(table) if table else []
    if needs is not None:
        rows += [{"severity": translate("label.needed_figures", lang), "name": r["sheet"], "message": r["columns"]} for r in _records(needs)]  # fmt: skip
    fields = [
        Field("order", translate("label.order", lang), "order", 6),
        Field("severity", _heading("severity", lang), "text", 18),
        Field("name", _heading("name", lang), "text", 26),
        Field("message", _heading("message", lang), "text", 90),
    ]
    return Annex(fields, _ordered(rows), _text(content, "audit"))


ANNEXES: dict[str, Callable[[Content], Annex]] = {
    "targets": targets,
    "enrolment": enrolment,
    "subsidies": subsidies,
    "progress": progress,
    "impact": impact,
    "log": log,
}
