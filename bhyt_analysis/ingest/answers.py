"""Read and write the answers of an analyst to what an input leaves unclear: headings, words, units, days, blanks.

An answers file is TOML: a question and its answer a line, in sections. `write_questions` adds what is still unclear; an
answer that is left blank stays a question.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bhyt_analysis.domain.findings import Finding, finding_message
from bhyt_analysis.domain.input_error import Fault, raise_faults
from bhyt_analysis.domain.schema import choice_name, group_keys_by_name, heading_vocabulary, schema
from bhyt_analysis.i18n.languages import LANGUAGES, check_lang
from bhyt_analysis.i18n.messages import nearest_choices, translate
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.ingest.columns import LEFT_OUT
from bhyt_analysis.ingest.headings import ColumnMeaning, Heading, figure_keys
from bhyt_analysis.ingest.table_detection import DetectedTable
from bhyt_analysis.ingest.toml_files import key_lines, parse_toml, read_toml_text
from bhyt_analysis.ingest.vietnamese_text import NO_FIGURE, clean_text, parse_day
from bhyt_analysis.ingest.workbook import Cell

UNIT_COLUMNS = ("area", "_name", "_within", "parent", "of")
# The section of an answers file that settles the findings of a rule.
SECTIONS = {
    "no_groups": "columns",
    "unknown_figures": "columns", "sum_column": "columns", "double_column": "columns", "other_measure": "columns",
    "only_hidden": "columns", "unit_unclear": "columns", "unit_below": "columns",
    "unknown_area": "units", "ambiguous_area": "units", "bad_choice": "words",
    "missing_column": "days", "no_day": "days", "blank_cell": "blanks", "no_figure": "blanks",
    "ambiguous_number": "numbers",
}  # fmt: skip


PARTS = ("columns", "words", "units", "days")  # sections of several answers
SINGLE = ("numbers", "blanks")  # answers of the whole input
# The answers that are a word of their own, in both languages.
WORDS = {"columns": (LEFT_OUT,), "numbers": LANGUAGES, "blanks": ("0", "unknown"), "words": (), "units": (), "days": ()}


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

    def with_columns(self, heading: Heading) -> Heading:
        """Return a heading with the answered meanings of its columns."""
        answered = (self.columns.get(question_key(text)) for text in heading.texts)
        columns = (ColumnMeaning(key) if key else c for key, c in zip(answered, heading.columns, strict=True))
        return replace(heading, columns=tuple(columns))

    def day_of(self, label: str) -> str:
        """Return the answered day of a sheet, or ""."""
        return self.days.get(question_key(label), "")

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
        if not value:
            return 0.0 if blanks == "0" else value
        if blanks and normalise_name(value) in _DASHES:
            return 0.0 if blanks == "0" else ""
        return texts.get(question_key(value), value)


_DASHES = {normalise_name(mark) for mark in NO_FIGURE}


def question_key(text: str) -> str:
    """Return a question without accents, case and spare blanks."""
    return normalise_name(clean_text(text))


def read_answers(file: str | Path) -> Answers:
    """Return the answers of a TOML file; blank ones are left out.

    ``numbers`` ("vi" or "en") and ``blanks`` ("0" or "not known") are for the whole input. The sections ``columns``,
    ``words``, ``units`` and ``days`` have a line for each heading, word, unit or sheet. An answer is the name or key of
    a column or group, or "leave out"; a choice; a code or name; a day. All may be in Vietnamese or English.

    Raises BhytError with every entry that is no answer: an unknown section, column or day.
    """
    faults: list[Fault] = []
    parts: dict[str, dict[str, str]] = {name: {} for name in (*PARTS, *SINGLE)}
    text = read_toml_text(Path(file))
    lines = key_lines(text)
    for section, question, answer in _entries(parse_toml(text, Path(file))):
        meaning = _meaning(section, answer) if (section in PARTS) == bool(question) else None
        if meaning is None and answer:
            expected: object = f"answer.{section}" if section in parts else ", ".join(parts)  # a key is worded later
            if section == "columns":
                expected = {lang: _expected_column(answer, lang) for lang in LANGUAGES}
            line = lines.get((section, question), lines.get((section,), 0))
            place = ("place.line", {"file": Path(file).name, "line": line}) if line else Path(file).name
            fields = {"file": place, "section": section, "question": question or section, "answer": answer}
            faults.append(("error.bad_answer", {**fields, "expected": expected}))
        elif meaning and section in parts:
            parts[section][question_key(question)] = meaning
    raise_faults(faults)
    columns, words, units, days = (parts[name] for name in PARTS)
    return Answers(columns, words, units, days, parts["numbers"].get("") or None, parts["blanks"].get("", ""))


def _entries(content: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    """Yield section, question and answer of each entry of a file; the question of a single answer is blank."""
    for section, entries in content.items():
        for question, answer in (entries if isinstance(entries, dict) else {"": entries}).items():
            yield section, question, clean_text(str(answer))


def _meaning(section: str, answer: str) -> str | None:
    """Return what an answer means in its section, or None."""
    words = {normalise_name(translate(f"answer.word.{k}", lang)): k for k in WORDS[section] for lang in LANGUAGES}
    if (key := words.get(normalise_name(answer))) or section in SINGLE:
        return key
    if section == "columns":
        tables = dict.fromkeys(schema()["table"])
        vocabularies = (group_keys_by_name(), *(heading_vocabulary(t) for t in tables))
        return next((m for v in vocabularies if (m := v.get(normalise_name(answer)))), None)
    if section == "days":
        try:
            return f"{parse_day(answer, 'last'):%d/%m/%Y}"
        except ValueError:
            return None
    return answer


def _expected_column(answer: str, lang: str) -> str:
    """Return what an answer to a heading can be: the groups of the nearest names, and where all are listed."""
    words = group_keys_by_name()
    nearest = list(dict.fromkeys(words[word] for word in nearest_choices(answer, words, 12)))[:3]
    names = " / ".join(choice_name("group", key, lang) for key in nearest)
    texts = [translate("answer.columns", lang), translate("answer.groups", lang)]
    return "; ".join([*texts, *([translate("expect.nearest", lang, names=names)] if names else [])])


def write_questions(file: str | Path, findings: Iterable[Finding], lang: str | None = None) -> int:
    """Write what findings leave unclear into an answers file; return how many questions are new.

    What is in the file stays as it is, comments too. A question whose text was hidden because it may name a person is
    left out.
    """
    lang = check_lang(lang)
    path = Path(file)
    text = read_toml_text(path) if path.exists() else f"# {translate('answer.title', lang)}\n"
    present = {(s, question_key(q)) for s, q, _ in _entries(parse_toml(text, path))}
    lines, count = text.splitlines(), 0
    order = ("", *SINGLE, *PARTS)
    for finding in sorted(findings, key=lambda f: order.index(SECTIONS.get(f.rule, ""))):
        section, question = SECTIONS.get(finding.rule, ""), _question(finding)
        if question is None or (section, question_key(question)) in present:
            continue
        present.add((section, question_key(question)))
        name = json.dumps(question, ensure_ascii=False) if question else section
        _insert(lines, section, [f"# {finding_message(finding, lang)}", f'{name} = ""'], lang)
        count += 1
    if count or not path.exists():  # also without questions: other commands are then called with the file
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return count


def _insert(lines: list[str], section: str, question: list[str], lang: str) -> None:
    """Put a question at the end of its section of a file, which is begun if it is missing."""
    headers = [i for i, line in enumerate(lines) if line.lstrip().startswith("[")] + [len(lines)]
    help_text = f"# {translate(f'answer.{section}', lang)}"
    if section in SINGLE:  # keys of the file itself come before its sections
        end, question = headers[0], ["", help_text, *question]
    else:
        own = next((i for i in headers[:-1] if re.match(rf"\s*\[\s*{section}\s*\]", lines[i])), None)
        if own is None:
            lines += ["", help_text, f"[{section}]", *question]
            return
        end = headers[headers.index(own) + 1]
    while end and (not lines[end - 1].strip() or (lines[end - 1].startswith("# ") and end < len(lines))):
        end -= 1  # before the blank lines and the comment of the next section
    lines[end:end] = question


def _question(finding: Finding) -> str | None:
    """Return the question of a finding: a heading, a cell or a sheet, "" for one of the whole input; None for none."""
    section, value = SECTIONS.get(finding.rule), finding.value if isinstance(finding.value, str) else ""
    columns = str(finding.column).split(", ")
    figures = {key for table in dict.fromkeys(schema()["table"]) for key in figure_keys(table)}
    match section:
        case "numbers" | "blanks":
            return "" if finding.rule != "blank_cell" or {*columns} & figures else None
        case "days":
            return str(finding.file) if finding.rule == "no_day" or "as_of" in columns else None
        case None:
            return None
        case _:
            return value if value and "…" not in value else None
