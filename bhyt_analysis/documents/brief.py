"""Write the brief for a meeting, in Word on the page of Decree 30/2020: at most two pages."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from docx.document import Document as Report
from docx.shared import Mm, Pt
from PIL import Image

from bhyt_analysis.briefing.facts import fact_title
from bhyt_analysis.documents.column_widths import lay_out_table
from bhyt_analysis.documents.content import Block, Content
from bhyt_analysis.documents.word import PAGE_HEIGHT, WIDTH, add_line, add_pictures, add_table, add_title, new_report
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.safe_text import BULLET, plain_text
from bhyt_analysis.tables.columns import column_name
from bhyt_analysis.tables.formatting import TableSpec
from bhyt_analysis.tables.labels import status_name

MAX_PAGES = 2
SPARE = 10  # mm of a page: heights are estimates
LETTERS, LINE, AFTER, SMALL_LETTERS, SMALL_LINE = 77, 6.1, 2.2, 92, 4.6  # of a line; mm of a line, below a paragraph
BODY_SIZE = 13  # points
MAX_FIGURES, MAX_TASKS = 6, 5
MAX_TEXT = 420  # letters of a paragraph or task where space is short
# The headline figures of the table, those that matter most first.
FIGURES = (
    *("coverage", "insured", "uninsured", "reporting_communes", "next_target", "next_people", "next_to_add", "lost"),
    *("reenrolled", "lost_cost", "population", "last_target", "last_people"),
)
WEAK = ("estimated", "conflict", "synthetic")
TASK_PARTS = ("people", "lead", "with", "due")  # columns of the table of tasks that follow the task itself


@dataclass(frozen=True)
class _Plan:
    """How much of a briefing the brief says. ``chart``: the greatest height of its chart (mm)."""

    chart: float
    sentences: int
    tasks: int
    sources: int
    letters: int = 10_000  # of a paragraph


# From the fullest to the shortest: the first that fits the pages is written.
PLANS = (
    _Plan(115, 20, MAX_TASKS, 8),
    _Plan(95, 6, MAX_TASKS, 4),
    _Plan(85, 4, MAX_TASKS, 3),
    _Plan(85, 3, 4, 2, MAX_TEXT),
    _Plan(75, 1, 3, 1, MAX_TEXT // 2),
)
ONE_PAGE = (_Plan(85, 20, MAX_TASKS, 4), _Plan(75, 20, MAX_TASKS, 2))  # where all fits one page with a lower chart


@dataclass(frozen=True)
class Brief:
    """What a brief says, in the order of reading: the verdict, its chart, figures, proposals, sources."""

    verdict: tuple[str, ...]
    chart: Block | None
    figures: TableSpec | None
    proposals: tuple[str, ...]
    sources: str
    chart_height: float


def write_brief(content: Content, path: Path) -> None:
    """Write the brief of a briefing to ``path``."""
    brief = choose_brief(content)
    report = new_report(content, BODY_SIZE)
    add_title(report, content, translate("label.brief_title", content.lang))
    for line in brief.verdict:
        add_line(report, line)
    if brief.chart is not None:
        add_pictures(report, brief.chart, content.lang, brief.chart_height, follows=False)
    if brief.figures is not None:
        title = translate("label.brief_figures", content.lang)
        _add_heading(report, title)
        add_table(report, list(lay_out_table(brief.figures, content.lang, WIDTH)), title)
    if brief.proposals:
        _add_heading(report, translate("label.brief_proposals", content.lang))
    for i, line in enumerate(brief.proposals, 1):
        layout = add_line(report, f"{i}. {line}").paragraph_format
        layout.first_line_indent, layout.left_indent = Mm(-7), Mm(7)
        layout.keep_together = True
    if brief.sources:
        report.add_paragraph(brief.sources, "Note").paragraph_format.space_before = Pt(6)
    report.save(str(path))


def _add_heading(report: Report, text: str) -> None:
    layout = report.add_heading(text, 1).paragraph_format
    layout.space_before = Pt(6)


def choose_brief(content: Content) -> Brief:
    """Return what the brief says: as much as fits its pages."""
    for plan in (*ONE_PAGE, *PLANS):
        brief, pages = _brief(content, plan), 1 if plan in ONE_PAGE else MAX_PAGES
        if _height(content, brief) <= pages * (PAGE_HEIGHT - SPARE):
            break
    return brief


def _brief(content: Content, plan: _Plan) -> Brief:
    lines = [_shorten(line, plan.letters) for line in verdict_lines(content, plan.sentences)]
    chart = content.item("verdict", "chart")
    proposals = [_shorten(line, plan.letters) for line in proposal_lines(content)[: plan.tasks]]
    figures, sources = key_figures(content), _shorten(source_line(content, plan.sources), plan.letters)
    return Brief(tuple(lines), chart, figures, tuple(proposals), sources, plan.chart)


def verdict_lines(content: Content, sentences: int = 100) -> list[str]:
    """Return the verdict, and the first sentences of what it rests on; a briefing without one has its summary."""
    if verdict := content.item("verdict", "text"):
        details = content.item("verdict_details", "text")
        more = split_sentences(details.text)[:sentences] if details else []
        return [verdict.text, *([" ".join(more)] if more else [])]
    summary = content.item("summary", "text") or next(iter(content.of_kind("text")), None)
    return [line for line in summary.text.split("\n") if line.strip()][: max(1, sentences)] if summary else []


def split_sentences(text: str) -> list[str]:
    """Return the sentences of a text; an abbreviation, a number or a date does not end one.

    Examples
    --------
    >>> split_sentences("Có 49.505 người (76,3%). Còn thiếu 10.850 người.")
    ['Có 49.505 người (76,3%).', 'Còn thiếu 10.850 người.']
    """
    return [part.strip() for part in re.split(r"(?<=[^\W\d_]{2}[.!?])\s+|(?<=[)%\d”][.!?])\s+", text) if part.strip()]


def key_figures(content: Content) -> TableSpec | None:
    """Return the headline figures that matter most, in their order there, without sources."""
    table = content.table("headline")
    if table is None:
        return None
    facts = [str(fact) for fact in table.column("fact")]
    titles = [fact_title(key, content.lang, content.decision) for key in FIGURES]
    # Nothing is to be added where the target is reached: a negative figure says that less well than the verdict.
    negative = [i for i, value in enumerate(table.column("value")) if str(value).startswith(("−", "-"))]
    order = [*(facts.index(title) for title in titles if title in facts), *range(len(facts))]
    rows = [i for i in dict.fromkeys(order) if i not in negative][:MAX_FIGURES]
    chosen = table.select([i for i, c in enumerate(table.columns) if c.key != "source"])
    chosen = replace(chosen, rows=tuple(chosen.rows[i] for i in sorted(rows)))
    weak = {status_name(status, content.lang) for status in WEAK}
    statuses = [str(s) for s in chosen.column("status") if s]
    return replace(chosen, stamp="") if statuses and not weak & set(statuses) else chosen


def proposal_lines(content: Content) -> list[str]:
    """Return what is proposed: the first tasks with their people, bodies and dates, else the matters for decision."""
    if tasks := content.table("tasks"):
        return [_task_line(tasks, row, content.lang) for row in range(min(MAX_TASKS, len(tasks.rows)))]
    text = content.item("decisions", "text") or content.item("needed", "text")
    lines = text.text.split("\n") if text else []
    return [line.removeprefix(BULLET) for line in lines if line.startswith(BULLET)][:MAX_TASKS]


def _task_line(tasks: TableSpec, row: int, lang: str) -> str:
    """Return a task and what is known of it: "Vận động hộ gia đình (1.200 người). Chủ trì: UBND xã; thời hạn: ..."."""
    cells = dict(zip((c.key for c in tasks.columns), tasks.formatted_rows(lang)[row], strict=True))
    headings = {c.key: c.heading for c in tasks.columns}
    parts = [f"{headings[key]}: {cells[key]}" for key in TASK_PARTS if cells.get(key, "").strip(" –")]
    details = "; ".join(part if i == 0 else part[0].lower() + part[1:] for i, part in enumerate(parts))
    return f"{cells.get('task', '').rstrip('.')}." + (f" {details.rstrip('.')}." if details else "")


def source_line(content: Content, count: int) -> str:
    """Return the first sources of the headline figures and how well the figures are known, in one line."""
    lang = content.lang
    sources, statuses = list(figure_sources(content))[:count], []
    if table := content.table("sources") or content.table("headline"):
        statuses = list(dict.fromkeys(str(s) for s in table.column("status") if s))
    parts = [f"{translate('label.source', lang)}: {'; '.join(sources)}"] if sources else []
    parts += [f"{column_name('status', lang)}: {'; '.join(statuses)}"] if statuses else []
    return "".join(f"{part.rstrip('.')}. " for part in parts).strip()


def figure_sources(content: Content) -> Iterator[str]:
    """Yield the sources of the headline figures, each document once."""
    table = content.table("sources") or content.table("headline")
    cells = [str(cell or "") for cell in table.column("source")] if table else []
    yield from dict.fromkeys(part.strip() for cell in cells for part in cell.split(";") if part.strip())


def _shorten(text: str, letters: int) -> str:
    """Return a text of at most so many letters: as many whole sentences as fit, else words and "…"."""
    if len(text) <= letters:
        return text
    kept = ""
    for sentence in split_sentences(text):
        if len(kept) + 1 + len(sentence) > letters:
            break
        kept = f"{kept} {sentence}".strip()
    return kept or plain_text(text)[: letters - 1].rpartition(" ")[0].rstrip(",;:") + "…"


def _height(content: Content, brief: Brief) -> float:
    """Return about how high a brief is (mm)."""
    height = 30.0 + sum(2 + 5.2 * -(-len(b.text) // 70) for b in content.of_kind("warning"))
    height += sum(AFTER + LINE * -(-len(line) // LETTERS) for line in (*brief.verdict, *brief.proposals))
    if brief.chart is not None:
        width, pixels = Image.open(io.BytesIO(brief.chart.image)).size
        height += min(WIDTH * pixels / width, brief.chart_height) + 3
        height += PAGE_HEIGHT - height if height > PAGE_HEIGHT else 0
    if brief.figures is not None:
        layouts = lay_out_table(brief.figures, content.lang, WIDTH)
        height += 22 + sum(part.height for part in layouts) + 5 * len(brief.figures.notes)
    return height + 10 + AFTER + SMALL_LINE * -(-len(brief.sources) // SMALL_LETTERS)
