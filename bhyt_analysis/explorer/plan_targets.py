"""Read the targets of a plan for the explorer, and choose those of a unit; the document itself is not kept."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from bhyt_analysis.domain.area_view import AreaView
from bhyt_analysis.explorer.markup import escape_html, render_paragraphs
from bhyt_analysis.explorer.state import Row
from bhyt_analysis.i18n.formats import format_date
from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.i18n.text import printable
from bhyt_analysis.plans.entries import Entry
from bhyt_analysis.plans.outputs import cited
from bhyt_analysis.plans.plan import read_plan

MAX_ROWS = 40  # targets, and questions, on the page


@dataclass(frozen=True)
class PlanTarget:
    """A dated target of everybody: of the unit ``area``, or of "each" unit of a kind within another."""

    area: str
    within: str
    kind: str
    on: str
    relation: str
    rate: float
    sentence: str


@dataclass(frozen=True)
class PlanTargets:
    """The targets of a plan, how it is cited, and the sentences with a question: the key of its message, the text."""

    source: str
    rows: tuple[PlanTarget, ...]
    questions: tuple[tuple[str, str], ...]

    def of_unit(self, view: AreaView) -> tuple[Row, ...]:
        """Return the targets that bind a unit, as a scenario has them: its own, else each unit's, else the whole's."""
        above = [unit.code for unit in view.lineage]
        levels = [
            [r for r in self.rows if r.area == view.code],
            [r for r in self.rows if r.area == "each" and r.kind == view.kind and r.within in above],
            *([r for r in self.rows if r.area == code] for code in above[1:]),
        ]
        rows = next(filter(None, levels), [])
        return tuple({"on": r.on, "rate": r.rate, "relation": r.relation} for r in sorted(rows, key=lambda r: r.on))


def read_plan_targets(path: str | Path) -> PlanTargets:
    """Return the targets of a plan by its Word, PDF or text file; see `read_plan`."""
    plan = read_plan(path)
    rows = [_target(e) for e in plan.entries.rows if _is_dated(e)]
    questions = tuple((f"plan.ask_{q.kind}", cited(q.sentence)) for q in plan.entries.questions)
    return PlanTargets(plan.context.title_short, tuple(rows), questions)


def read_uploaded_targets(name: str, content: bytes) -> PlanTargets:
    """Return the targets of a plan that was sent to the page, from a file that exists only while it is read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (PureWindowsPath(printable(name)).name.lstrip(".")[-60:] or "van_ban.txt")
        path.write_bytes(content)
        return read_plan_targets(path)


def _is_dated(entry: Entry) -> bool:
    cells = entry.cells
    is_rate = entry.table == "targets" and cells["scope"] == "all" and cells["relation"] in ("=", ">=", ">")
    return is_rate and cells["rate"] is not None and str(cells["on"])[:4].isdigit()


def _target(entry: Entry) -> PlanTarget:
    texts = {c: str(entry.cells[c]) for c in ("area", "kind", "on", "relation")}
    return PlanTarget(
        **texts, within=str(entry.cells["of"]), rate=float(str(entry.cells["rate"])), sentence=cited(entry.sentence)
    )


def render_plan_targets(plan: PlanTargets | None, used: Iterable[Row], source: str, lang: str) -> str:
    """Render the targets in use with their plan, and what the plan that was opened has: targets and questions."""
    used = list(used)
    paragraphs = []
    if source:
        rates = "; ".join(f"{format_date(str(r['on']), lang)}: {_rate_text(r, lang)}" for r in used)
        paragraphs.append(translate("explore.plan_used", lang, source=source, targets=rates or "–"))
    if plan is None:
        return render_paragraphs(paragraphs)
    if not plan.rows:
        paragraphs.append(translate("explore.plan_without_targets", lang))
    elif not source:
        paragraphs.append(translate("explore.plan_of_others", lang))
    heads = [translate(f"explore.plan_{c}", lang) for c in ("day", "rate", "sentence")]
    rows = [(format_date(r.on, lang), _rate_text(vars(r), lang), r.sentence) for r in plan.rows[:MAX_ROWS]]
    items = [(translate(key, lang), sentence) for key, sentence in dict.fromkeys(plan.questions)][:MAX_ROWS]
    return (
        render_paragraphs(paragraphs)
        + (_table(heads, rows) if rows else "")
        + (_questions(translate("explore.plan_questions", lang, count=len(plan.questions)), items) if items else "")
    )


def _rate_text(row: Row, lang: str) -> str:
    return translate(f"relation.{row['relation']}", lang) + format_message("{v:pe}", lang, v=row["rate"])


def _table(heads: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    head = "".join(f'<th scope="col">{escape_html(text)}</th>' for text in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape_html(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<table class="bhyt-plan"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _questions(title: str, rows: Iterable[tuple[str, ...]]) -> str:
    items = "".join(f"<li>{escape_html(f'{question} «{sentence}»')}</li>" for question, sentence in rows)
    return f"<details><summary>{escape_html(title)}</summary><ul>{items}</ul></details>"
