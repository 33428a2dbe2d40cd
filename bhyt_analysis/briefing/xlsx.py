"""The tables that an office annexes to its plan, as a workbook whose sums and rates a reader can check.

Biểu 01 to 06: targets by commune, enrolment by group, subsidies, months, the effect of the
decision, the log of the data. What is counted stands as a number, what is worked out of it
as a formula with its result, the total first. Names are text, whatever they begin with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from bhyt_analysis.briefing.content import Content, Table
from bhyt_analysis.words import say

FONT = "Times New Roman"
FORMATS = {"n": "#,##0", "+n": "#,##0", "d1": "#,##0.0", "p1": "0.0%", "pe": "0.0#%", "+pp1": "0.0"}
LOCALES = {"vi": "[$-42A]", "en": "[$-809]"}  # whose separators a program may use
HEAD = 5  # rows above the headings: number and name of the table, area, units, blank
ONE_PAGE = 26  # rows
LINE = 16.5  # points
BORDER = {"border": 1, "border_color": "#7F7F7F"}


@dataclass(frozen=True)
class Field:
    """A column of an annex: a column of a table, or a formula of others.

    ``formula`` holds column letters as ``{insured}`` and the row as ``{row}``; ``value`` works out
    the same from a row, so that programs that do not compute show it, too. ``total`` says what stands in
    the first row: "sum", "formula" (the same as in the rows), or nothing.
    """

    key: str
    heading: str
    kind: str = "n"
    width: float = 12
    formula: str = ""
    value: Callable[[dict[str, Any]], float | None] | None = None
    total: str = ""


def write_xlsx(content: Content, path: Path) -> None:
    """Write the annex tables of a briefing to ``path``; a table without figures says what it needs."""
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})  # fmt: skip
    book.set_properties({"title": f"{content.title}: {content.area}", "subject": say("label.reference", content.lang), "author": "bhyt_analysis"})  # fmt: skip
    looks = _looks(book, LOCALES[content.lang])
    for number_, (key, build) in enumerate(ANNEXES.items(), 1):
        fields, rows, notes = build(content)
        _sheet(book, looks, content, number_, key, fields, rows, notes)
    book.close()


def _looks(book: Any, locale: str) -> dict[str, Any]:
    """The formats of cells, by what they hold and whether they stand in the row of the total."""
    base = {"font_name": FONT, "font_size": 12, "valign": "vcenter"}
    looks = {
        "name": {**base, "bold": True, "font_size": 14, "align": "center"},
        "area": {**base, "bold": True, "align": "center"},
        "plain": {**base, "italic": True},
        "unit": {**base, "italic": True, "align": "right"},
        "note": {**base, "italic": True, "text_wrap": True, "valign": "top"},
        "stamp": {**base, "text_wrap": True, "bold": True, "font_color": "#B33A00", "align": "center"},
        "head": {**base, **BORDER, "bold": True, "text_wrap": True, "align": "center", "bg_color": "#E7EDF3"},
    }
    for total in (False, True):
        mark = {"bold": True, "bg_color": "#F3F3F3"} if total else {}
        for kind, style in {
            **{k: locale + f for k, f in FORMATS.items()},
            "text": "@",
            "date": "@",
            "order": "0",
        }.items():
            align = {"text": "left", "date": "center", "order": "center"}.get(kind, "right")
            looks[f"{kind}{total}"] = {**base, **BORDER, **mark, "num_format": style, "align": align, "text_wrap": kind == "text"}  # fmt: skip
    return {name: book.add_format(look) for name, look in looks.items()}


def _sheet(
    book: Any, looks: dict[str, Any], content: Content, order: int, key: str, fields: list[Field],
    rows: list[dict[str, Any]], notes: Sequence[str],
) -> None:  # fmt: skip
    lang = content.lang
    sheet = book.add_worksheet(f"{say('label.annex', lang)} {order:02d}")
    last = max(len(fields) - 1, 0)
    title = f"{say('label.annex', lang)} {order:02d}. {say(f'annex.{key}', lang)}"
    warning = "; ".join(b.text for b in content.of("warning"))
    wide = sum(f.width for f in fields)
    sheet.set_row(3, LINE * _lines(warning, wide * 0.9) if warning else 8)
    for row, (text, look) in enumerate([
        (say("label.reference", lang), "plain"), (title.upper() if lang == "vi" else title, "name"),
        (content.area[:1].upper() + content.area[1:], "area"),
        (warning, "stamp"),
    ]):  # fmt: skip
        if last and row:
            sheet.merge_range(row, 0, row, last, "", looks[look])
        sheet.write_string(row, 0, text, looks[look])
    sheet.write_string(HEAD - 1, last, say(f"annex_unit.{key}", lang), looks["unit"])
    for c, field in enumerate(fields):
        sheet.set_column(c, c, field.width)
        sheet.write_string(HEAD, c, field.heading, looks["head"])
    sheet.set_row(HEAD, 48)
    _rows(sheet, looks, lang, fields, rows)
    _notes(sheet, looks, HEAD + 2 + len(rows) + (1 if _has_total(fields) and rows else 0), last, fields, notes)
    _print(sheet, title, len(rows))


def _has_total(fields: list[Field]) -> bool:
    return any(f.total for f in fields)


def _rows(sheet: Any, looks: dict[str, Any], lang: str, fields: list[Field], rows: list[dict[str, Any]]) -> None:
    """The total first, where there is one, then the rows."""
    letters = {f.key: xl_col_to_name(c) for c, f in enumerate(fields)}
    first = HEAD + 1
    if rows and _has_total(fields):
        counted = [r for r in rows if not r.get("within")]
        totals: dict[str, Any] = {}
        for field in fields:
            cells = [r.get(field.key) for r in counted]
            whole = all(isinstance(v, int | float) for v in cells)
            totals[field.key] = sum(v for v in cells if isinstance(v, int | float)) if whole else None
        for c, field in enumerate(fields):
            look = looks[f"{field.kind}True"]
            place = (first, c)
            if field.key == "name":
                sheet.write_string(*place, say("label.total", lang), look)
            elif field.total == "sum" and totals[field.key] is not None:
                spans = ",".join(_spans([first + 2 + i for i, r in enumerate(rows) if not r.get("within")], letters[field.key]))  # fmt: skip
                sheet.write_formula(*place, f"=SUM({spans})", look, totals[field.key])
            elif field.total == "formula" and field.value is not None:
                _formula(sheet, place, field, letters, look, field.value(totals))
            else:
                sheet.write_blank(*place, None, look)
        first += 1
    for i, row in enumerate(rows):
        texts = [(str(row.get(f.key) or ""), f.width) for f in fields if f.kind == "text"]
        sheet.set_row(first + i, LINE * max([_lines(text, width) for text, width in texts], default=1))
        for c, field in enumerate(fields):
            _cell(sheet, (first + i, c), field, letters, looks[f"{field.kind}False"], row, lang)


def _lines(text: str, width: float) -> int:
    """How many lines a text takes in a column, whose width is in letters of a smaller font."""
    return 1 + int(len(text) / (width * 0.92))


def _spans(rows: list[int], letter: str) -> list[str]:
    """The cells of a column as few spans: B7:B9, B12."""
    spans: list[list[int]] = []
    for row in rows:
        if spans and spans[-1][1] == row - 1:
            spans[-1][1] = row
        else:
            spans.append([row, row])
    return [f"{letter}{a}:{letter}{b}" if a < b else f"{letter}{a}" for a, b in spans]


def _formula(sheet: Any, place: tuple[int, int], field: Field, letters: dict[str, str], look: Any, value: Any) -> None:
    """A formula with its result; where it has none, a blank."""
    if value is None:
        sheet.write_string(*place, "–", look)
        return
    sheet.write_formula(*place, "=" + field.formula.format(row=place[0] + 1, above=place[0], **letters), look, value)


def _cell(sheet: Any, place: tuple[int, int], field: Field, letters: dict[str, str], look: Any, row: dict[str, Any], lang: str) -> None:  # fmt: skip
    if field.value is not None:
        _formula(sheet, place, field, letters, look, field.value(row))
        return
    value = row.get(field.key)
    if isinstance(value, int | float):
        sheet.write_number(*place, value, look)
    elif field.kind == "date" and value:
        sheet.write_string(*place, f"{value[8:10]}/{value[5:7]}/{value[:4]}" if lang == "vi" else value, look)
    else:
        sheet.write_string(*place, "–" if value is None else str(value), look)


def _notes(sheet: Any, looks: dict[str, Any], row: int, last: int, fields: list[Field], notes: Sequence[str]) -> None:
    """What holds for the whole table, below it, with room for its lines."""
    wide = sum(f.width for f in fields) or 80
    for i, note in enumerate(filter(None, notes)):
        if last:
            sheet.merge_range(row + i, 0, row + i, last, "", looks["note"])
        sheet.write_string(row + i, 0, note, looks["note"])
        sheet.set_row(row + i, LINE * _lines(note, wide))


def _print(sheet: Any, title: str, rows: int) -> None:
    """A4 on its side, the headings on every page, as wide as the page; a short table on one."""
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.set_margins(left=0.6, right=0.6, top=0.7, bottom=0.6)
    sheet.repeat_rows(HEAD)
    sheet.fit_to_pages(1, 1 if rows <= ONE_PAGE else 0)
    sheet.set_footer(f"&C{title.replace('&', '&&')} – &P/&N")
    sheet.freeze_panes(HEAD + 1, 0)
    sheet.hide_gridlines(2)


# --- What stands in each annex --------------------------------------------------------------------

Annex = tuple[list[Field], list[dict[str, Any]], list[str]]


def _records(table: Table) -> list[dict[str, Any]]:
    return [dict(zip((c.key for c in table.columns), row, strict=True)) for row in table.rows]


def _ordered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "order": i} for i, row in enumerate(rows, 1)]


def _heading(key: str, lang: str) -> str:
    return say(f"column.{key}", lang)


def _first(lang: str, name: str = "name", width: float = 26) -> list[Field]:
    return [Field("order", say("label.order", lang), "order", 6), Field("name", _heading(name, lang), "text", width)]


def _ratio(part: str, whole: str) -> Callable[[dict[str, Any]], float | None]:
    """A share of two figures of a row; none where one is hidden or not known."""

    def value(row: dict[str, Any]) -> float | None:
        a, b = row.get(part), row.get(whole)
        return a / b if isinstance(a, int | float) and isinstance(b, int | float) and b else None

    return value


def _difference(more: str, less: str) -> Callable[[dict[str, Any]], float | None]:
    def value(row: dict[str, Any]) -> float | None:
        a, b = row.get(more), row.get(less)
        return a - b if isinstance(a, int | float) and isinstance(b, int | float) else None

    return value


def _missing(content: Content, key: str) -> Annex:
    """An annex without figures: it says so, and which table would bring them."""
    return [Field("name", say("label.needed_figures", content.lang), "text", 100)], [], [say(f"annex_needs.{key}", content.lang)]  # fmt: skip


def _table(content: Content, name: str) -> Table | None:
    block = content.item(name, "table")
    return block.table if block else None


def _text(content: Content, name: str) -> list[str]:
    block = content.item(name, "text")
    return [block.text.replace("**", "").replace("\n", " ")] if block else []


def _status(table: Table) -> list[str]:
    return [table.stamp, *table.notes]


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
            Field("rate", _heading("rate", lang), "p1", formula="{insured}{row}/{population}{row}", value=_ratio("insured", "population"), total="formula"),
            Field("target_people", _heading("target_people", lang), total="sum"),
            Field("target_rate", _heading("target_rate", lang), "p1", formula="{target_people}{row}/{population}{row}", value=_ratio("target_people", "population"), total="formula"),
            Field("to_add", _heading("to_add", lang), formula="{target_people}{row}-{insured}{row}", value=_difference("target_people", "insured"), total="formula"),
        ]  # fmt: skip
    else:
        fields.append(Field("target_people", _heading("target_people", lang), total="sum"))
    return fields, rows, [*_text(content, "allocation"), *_status(table)]


def enrolment(content: Content) -> Annex:
    """Biểu 02: cards by group and sub-group, as shares of the insured."""
    groups, subgroups, lang = _table(content, "groups"), _table(content, "subgroups"), content.lang
    if groups is None:
        return _missing(content, "enrolment")
    rows = [{**r, "name": r["group"]} for r in _records(groups)]
    if subgroups is not None:
        rows += [{**r, "name": r["subgroup"], "within": True} for r in _records(subgroups)]
    numbered = [{**r, "order": "" if r.get("within") else i} for i, r in enumerate(rows, 1)]
    whole = sum(r["insured"] for r in rows if not r.get("within") and isinstance(r["insured"], int | float))
    hidden = any(isinstance(r["insured"], str) for r in rows if not r.get("within"))
    fields = [*_first(lang, "group", 56), Field("insured", _heading("insured", lang), total="sum")]
    if not hidden:
        fields.append(Field("share_of_insured", _heading("share_of_insured", lang), "p1", 18, formula="{insured}{row}/{insured}$" + str(HEAD + 2), value=lambda row: row["insured"] / whole if isinstance(row.get("insured"), int | float) else None, total="formula"))  # fmt: skip
    if "status" in rows[0]:
        fields.append(Field("status", _heading("status", lang), "text", 30))
    return fields, numbered, [say("annex_note.enrolment", lang), *_status(groups)]


def subsidies(content: Content) -> Annex:
    """Biểu 03: what the State pays in a year, people by premium by share."""
    table, lang = _table(content, "subsidy"), content.lang
    if table is None:
        return _missing(content, "subsidies")
    rows = _ordered([{**r, "name": r["subgroup"]} for r in _records(table)])

    def state(row: dict[str, Any]) -> float | None:
        return row.get("vnd_state") if isinstance(row.get("vnd_state"), int | float) else None

    def own(row: dict[str, Any]) -> float | None:
        return row.get("vnd_own") if isinstance(row.get("vnd_own"), int | float) else None

    fields = [
        *_first(lang, "subgroup", 46),
        Field("insured", _heading("insured", lang), total="sum"),
        Field("premium", _heading("premium", lang), width=16),
        Field("subsidy_share", _heading("subsidy_share", lang), "pe", 14),
        Field("vnd_state", _heading("vnd_state", lang), width=22, formula="{insured}{row}*ROUND({premium}{row}*{subsidy_share}{row},0)", value=state, total="sum"),
        Field("vnd_own", _heading("vnd_own", lang), width=22, formula="{insured}{row}*{premium}{row}-{vnd_state}{row}", value=own, total="sum"),
    ]  # fmt: skip
    return fields, rows, [*_text(content, "subsidy"), *_status(table)]


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
        Field("order", say("label.order", lang), "order", 6),
        Field("month", _heading("month", lang), "date", 16),
        Field("insured", _heading("insured", lang)),
        Field("change", _heading("change", lang), formula="{insured}{row}-{insured}{above}", value=_difference("insured", "before")),
    ]  # fmt: skip
    if "population" in rows[0]:
        fields.append(Field("population", _heading("population", lang)))
        fields.append(Field("rate", _heading("rate", lang), "p1", formula="{insured}{row}/{population}{row}", value=_ratio("insured", "population")))  # fmt: skip
    else:
        fields.append(Field("rate", _heading("rate", lang), "p1"))
    if isinstance(goal, int | float):
        fields.append(Field("goal", say("annex.goal", lang), width=18))
        fields.append(Field("of_goal", say("annex.of_goal", lang), "p1", formula="{insured}{row}/{goal}{row}", value=_ratio("insured", "goal")))  # fmt: skip
    return fields, rows, _status(table)


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
        fields.append(Field("after", _heading("after", lang), formula="{kept}{row}+{gained}{row}", value=_sum("kept", "gained"), total="formula"))  # fmt: skip
    elif "population" in rows[0]:
        fields.append(Field("share", say("annex.lost_share", lang), "p1", formula="{lost}{row}/{population}{row}", value=_ratio("lost", "population"), total="formula"))  # fmt: skip
    return fields, rows, [*_text(content, "lost"), *_status(table)]


def _sum(one: str, other: str) -> Callable[[dict[str, Any]], float | None]:
    def value(row: dict[str, Any]) -> float | None:
        a, b = row.get(one), row.get(other)
        return a + b if isinstance(a, int | float) and isinstance(b, int | float) else None

    return value


def log(content: Content) -> Annex:
    """Biểu 06: what of the data contradicts itself or is missing."""
    table, lang = _table(content, "audit"), content.lang
    needs = _table(content, "not_known")
    rows = _records(table) if table else []
    if needs is not None:
        rows += [{"severity": say("label.needed_figures", lang), "name": r["sheet"], "message": r["columns"]} for r in _records(needs)]  # fmt: skip
    fields = [
        Field("order", say("label.order", lang), "order", 6),
        Field("severity", _heading("severity", lang), "text", 18),
        Field("name", _heading("name", lang), "text", 26),
        Field("message", _heading("message", lang), "text", 90),
    ]
    return fields, _ordered(rows), _text(content, "audit")


ANNEXES: dict[str, Callable[[Content], Annex]] = {
    "targets": targets,
    "enrolment": enrolment,
    "subsidies": subsidies,
    "progress": progress,
    "impact": impact,
    "log": log,
}
