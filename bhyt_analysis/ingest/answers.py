"""Read and write the answers of an analyst to what an input leaves unclear: headings, words, units, days, blanks.

An answers file is TOML: a question and its answer a line, in sections. `write_questions` adds what is still unclear; an
answer that is left blank stays a question.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bhyt_analysis.domain.findings import Finding, finding_message
from bhyt_analysis.domain.input_error import Fault, raise_faults
from bhyt_analysis.domain.schema import group_keys_by_name, heading_vocabulary, schema
from bhyt_analysis.i18n.languages import LANGUAGES
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.ingest.headings import figure_keys
from bhyt_analysis.ingest.scenario_files import read_toml
from bhyt_analysis.ingest.table_detection import DetectedTable
from bhyt_analysis.ingest.vietnamese_text import NO_FIGURE, clean_text, parse_day
from bhyt_analysis.ingest.workbook import Cell

LEFT_OUT = "_left_out"  # the key of a column that the analyst leaves out
UNIT_COLUMNS = ("area", "_name", "_within", "parent", "of")
# The section of an answers file that settles the findings of a rule.
SECTIONS = {
    "unknown_figures": "columns", "sum_column": "columns", "double_column": "columns", "other_measure": "columns",
    "only_hidden": "columns", "unknown_area": "units", "ambiguous_area": "units", "bad_choice": "words",
    "missing_column": "days", "blank_cell": "blanks", "no_figure": "blanks", "ambiguous_number": "numbers",
}  # fmt: skip


@dataclass(frozen=True)
class Answers:
    """What an analyst has answered, each by its question as `question_key` gives it.

    ``columns`` are the columns, groups or `LEFT_OUT` of headings; ``words`` and ``units`` what a cell means; ``days``
    the day of a sheet. ``numbers`` is "vi" or "en", as for `load`; ``blanks`` is the figure of a blank cell or a dash:
    "0", "unknown", or "" for no answer.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    days: Mapping[str, str] = field(default_factory=dict)
    numbers: str | None = None
    blanks: str = ""

    def apply(self, table: DetectedTable) -> DetectedTable:
        """Return a detected table with the answers in the place of its cells."""
        cells, figures = table.cells, figure_keys(table.name)
        for column in cells:
            texts = self.units if column in UNIT_COLUMNS else self.words
            blanks = self.blanks if column in figures and column[0] != "_" else ""
            if texts or blanks:
                cells = cells.assign(**{column: [self._cell(v, texts, blanks) for v in cells[column]]})
        return replace(table, cells=cells)

    @staticmethod
    def _cell(value: Cell, texts: Mapping[str, str], blanks: str) -> Cell:
        if type(value) is not str:
            return value
        if blanks and normalise_name(value) in _DASHES:
            return 0.0 if blanks == "0" else ""
        return texts.get(question_key(value), value)


_DASHES = {normalise_name(mark) for mark in NO_FIGURE}


def question_key(text: str) -> str:
    """Return a question without accents, case and spare blanks."""
    return normalise_name(clean_text(text))


def read_answers(file: str | Path) -> Answers:
    """Return the answers of a file; blank ones are left out.

    Raises BhytError with every entry that is no answer: an unknown section, column or day.
    """
    faults: list[Fault] = []
    parts: dict[str, dict[str, str]] = {name: {} for name in ("columns", "words", "units", "days")}
    single = {"numbers": {lang: lang for lang in LANGUAGES}, "blanks": _answer_words("blanks")}
    values: dict[str, str] = {}
    for section, content in read_toml(Path(file)).items():
        entries = content if isinstance(content, dict) else {"": content}
        for question, answer in entries.items():
            text = clean_text(str(answer))
            if section in single and not question:
                meaning = single[section].get(normalise_name(text))
            else:
                meaning = _meaning(section, text) if section in parts and question else None
            if meaning is None and text:
                expected = translate(f"answer.{section}") if section in (*parts, *single) else ", ".join((*parts, *single))
                fields = {"file": Path(file).name, "section": section, "question": question or section, "answer": text}
                faults.append(("error.bad_answer", {**fields, "expected": expected}))
            elif meaning and section in parts:
                parts[section][question_key(question)] = meaning
            elif meaning:
                values[section] = meaning
    raise_faults(faults)
    return Answers(**parts, **values)


def _meaning(section: str, answer: str) -> str | None:
    """Return what an answer means in its section, or None."""
    if section == "columns":
        tables = dict.fromkeys(schema()["table"])
        words = (_answer_words("leave"), group_keys_by_name(), *(heading_vocabulary(t) for t in tables))
        return next((m for w in words if (m := w.get(normalise_name(answer)))), None)
    if section == "days":
        try:
            return f"{parse_day(answer, 'last'):%d/%m/%Y}"
        except ValueError:
            return None
    return answer


def _answer_words(kind: str) -> dict[str, str]:
    """Return the words of an answer in both languages: to leave a column out, or for a blank figure."""
    keys = ("0", "unknown") if kind == "blanks" else (LEFT_OUT,)
    names = {k: k if k == "0" else f"answer.word.{k.strip('_')}" for k in keys}
    words = {normalise_name(name if k == "0" else translate(name, lang)): k for k, name in names.items() for lang in LANGUAGES}
    return words | {k: k for k in keys}


def write_questions(file: str | Path, findings: Iterable[Finding], lang: str = "vi") -> int:
    """Write what findings leave unclear into an answers file, after the answers that it has; return how many questions.

    A question whose text was hidden because it may name a person is left out.
    """
    path = Path(file)
    content = read_toml(path) if path.exists() else {}
    texts: dict[str, dict[str, tuple[object, str]]] = {section: {} for section in dict.fromkeys(SECTIONS.values())}
    for section, entries in content.items():
        for question, answer in (entries if isinstance(entries, dict) else {"": entries}).items():
            texts.setdefault(section, {})[question] = (answer, "")
    count = 0
    for finding in findings:
        section, question = SECTIONS.get(finding.rule, ""), _question(finding)
        if section and question is not None and not any(question_key(q) == question_key(question) for q in texts[section]):
            texts[section][question] = ("", finding_message(finding, lang))
            count += 1
    path.write_text("\n".join(_lines(texts, lang)) + "\n", encoding="utf-8")
    return count


def _question(finding: Finding) -> str | None:
    """Return the question of a finding: a heading, a cell, a sheet, or "" for one question of the input."""
    section, value = SECTIONS.get(finding.rule, ""), str(finding.value or "")
    if section in ("numbers", "blanks"):
        return "" if finding.rule != "blank_cell" or str(finding.column) in _all_figures() else None
    if section == "days":
        return str(finding.file) if "as_of" in str(finding.column).split(", ") else None
    return value if value and "…" not in value else None


def _all_figures() -> set[str]:
    return {key for table in dict.fromkeys(schema()["table"]) for key in figure_keys(table)}


def _lines(texts: Mapping[str, Mapping[str, tuple[object, str]]], lang: str) -> Iterable[str]:
    """Yield the lines of an answers file: single answers first, then the sections, each with what it can be."""
    yield f"# {translate('answer.title', lang)}"
    for section, entries in sorted(texts.items(), key=lambda item: item[0] not in ("numbers", "blanks")):
        if not entries:
            continue
        yield from ("", f"# {translate(f'answer.{section}', lang)}")
        yield from () if "" in entries else (f"[{section}]",)
        for question, (answer, message) in entries.items():
            yield from (f"# {message}",) if message else ()
            yield f"{json.dumps(question, ensure_ascii=False) if question else section} = {json.dumps(answer, ensure_ascii=False)}"
