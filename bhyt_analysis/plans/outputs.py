"""Write what was read of a plan and what was remarked on it: lines, a workbook, and the Word file with comments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from bhyt_analysis.domain.findings import SEVERITIES
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.ingest.personal_text import hide_personal
from bhyt_analysis.ingest.template import write_rows
from bhyt_analysis.plans.document import Comment
from bhyt_analysis.plans.plan import Plan
from bhyt_analysis.plans.review import Remark, comment_text

LONGEST_SENTENCE = 200  # characters that are cited of a sentence


def plan_notes(plan: Plan, lang: str) -> list[str]:
    """Return what the reader of a document should know of it: tracked changes, pages that are scans, no figure."""
    document, name = plan.document, plan.document.path.name
    notes = []
    if document.has_tracked_changes:
        notes.append(translate("plan.tracked_changes", lang, file=name))
    if document.scanned_pages:
        pages = ", ".join(map(str, document.scanned_pages))
        notes.append(translate("plan.scanned_pages", lang, file=name, pages=pages))
    if not plan.has_figures:
        notes.append(translate("plan.no_figures", lang, file=name))
    return notes


def remark_lines(remarks: Sequence[Remark], lang: str) -> list[str]:
    """Return the remarks as lines, errors first, each with its place, what would fit, and its sentence."""
    if not remarks:
        return [translate("cli.no_findings", lang)]
    lines = []
    for remark in sorted(remarks, key=lambda r: SEVERITIES.index(r.severity)):
        place = f" {remark.locator}" if remark.locator else ""
        head = f"{translate(f'severity.{remark.severity}', lang)} [{remark.rules[0]}]{place}:"
        fits = [translate("plan.fits", lang, value=remark.fits)] if remark.fits else []
        lines.append(f"{head} {'. '.join(m.rstrip('.') for m in (*remark.messages, *fits))}")
        if remark.sentence:
            lines.append(f"    «{cited(remark.sentence)}»")
    return lines


def cited(sentence: str) -> str:
    """Return a sentence as it is cited: without numbers of cards or persons, and not longer than a few lines."""
    text = hide_personal(" ".join(sentence.split()))
    return text if len(text) <= LONGEST_SENTENCE else f"{text[: LONGEST_SENTENCE - 1].rsplit(' ', 1)[0]} …"


def write_extract(plan: Plan, out: str | Path, lang: str) -> None:
    """Write the tables of a plan, and the questions, into a workbook that can be edited and read as an input."""
    tables = {table: rows for table, rows in plan.tables.items() if len(rows)}
    units = plan.data.geography.units.values()
    questions = plan.questions(lang)
    pages = {}
    if len(questions):
        names = {c: translate(f"plan.column_{c}", lang) for c in questions.columns}
        questions = questions.assign(sentence=questions["sentence"].map(cited))
        pages = {translate("plan.questions", lang): questions.rename(columns=names)}
    write_rows(out, {**tables, **pages}, lang, {u.code: u.name for u in units})


def write_annotated(plan: Plan, remarks: Iterable[Remark], out: str | Path, lang: str) -> None:
    """Write a copy of the Word file of a plan with a comment at each number remarked on, and a list at the end."""
    if plan.document.kind != "docx":
        raise BhytError(("error.annotate_word_only", {"file": plan.document.path.name}))
    from bhyt_analysis.plans.word_comments import write_commented_copy

    comments, closing = [], []
    for remark in remarks:
        text = comment_text(remark, lang)
        comments += [Comment(p.block, p.start, p.end, text) for p in remark.places]
        closing.append((remark.locator, text.replace("\n", "; ")))
    write_commented_copy(plan.document, comments, closing, Path(out), lang)
