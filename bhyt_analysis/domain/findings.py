"""Describe what is wrong or unusual in data, with a sentence in either language.

One row of ``rules.csv`` is a rule with its severity and its sentence. A `Finding` holds the rule's id, the place in
the file or document, and the figures that the sentence names.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Protocol

import numpy as np
import pandas as pd

from bhyt_analysis.domain.bundled import packaged_table
from bhyt_analysis.domain.schema import choice_name, column_name, table_name
from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.i18n.unit_names import inline_name

SEVERITIES = ("error", "warning", "info")
COLUMNS_LISTED = 6  # columns of a sheet in a sentence


@dataclass(frozen=True)
class Phrase:
    """A part of a sentence that is worded in the reader's language."""

    key: str


class Term(Phrase):
    """A message of the package, such as ``unit.people``."""


class UnitName(Phrase):
    """The name of a unit inside a sentence."""


class GroupName(Phrase):
    """The name of a group of the insured, by its key."""


class Citation(Phrase):
    """A document and a place in it."""


Part = str | float | dt.date | Phrase | None


@dataclass(frozen=True)
class Listing(Phrase):
    """Several parts of a kind in one sentence, each worded by the message ``key``."""

    items: Sequence[Mapping[str, Part]]


@dataclass(frozen=True)
class Choices(Phrase):
    """The choices of a type ``key``: the nearest to what was written, and all of them where they are few."""

    nearest: Sequence[str] = ()
    listed: Sequence[str] = ()


class TableRow(Protocol):
    """A row of a table: its place in the input, and its cells by column."""

    file: str
    row: int

    def __getattr__(self, column: str) -> Any: ...


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong or unusual: its rule, its place, and the figures of its sentence.

    ``file``, ``row`` and ``column`` (several are joined by commas) are the place in an input, ``table_key`` its table,
    ``heading`` the column as the user sees it, ``letters`` those of its columns in a sheet; ``document``, ``area``
    (code) and ``figures`` the place in published figures. ``details`` are further parts of the sentence, by their
    names in ``rules.csv``.

    Examples
    --------
    >>> finding = Finding("double_column", "cards.csv", 1, "cards")
    >>> finding.severity, finding_message(finding, "en")
    ('error', 'cards.csv, row 1: column «Cards» occurs twice')
    """

    rule: str
    file: str | None = None
    row: int | None = None
    column: str | Term | None = None
    heading: str | None = None
    letters: str = ""
    table_key: str = ""
    document: str | None = None
    area: str | None = None
    figures: str | None = None
    value: Part = None
    expected: Part = None
    count: int | None = None
    name: str | UnitName | None = None
    details: Mapping[str, Part] = field(default_factory=dict)

    @classmethod
    def in_row(cls, rule: str, row: TableRow, column: str, **parts: Part) -> Finding:
        """Return a finding about a row of a table that keeps its ``file`` and ``row``; see `with_parts`."""
        return cls(rule, row.file, int(row.row), column).with_parts(**parts)

    @classmethod
    def in_document(cls, rule: str, document: str, area: str, figures: str, **parts: Part) -> Finding:
        """Return a finding about published figures of a unit; see `with_parts`."""
        return cls(rule, document=document, area=area, figures=figures).with_parts(**parts)

    def with_parts(self, **parts: Part) -> Finding:
        """Return the finding with parts of its sentence: its own fields, and all others as ``details``."""
        own: dict[str, Any] = {f.name: parts.pop(f.name) for f in fields(self) if f.name in parts}
        return replace(self, **own, details={**self.details, **parts})

    @property
    def severity(self) -> str:
        """Return the severity of the rule: error, warning or info."""
        return str(rules().at[self.rule, "severity"])


def encode_part(part: object) -> object:
    """Return a finding, or a part of one, in the types of JSON: the ``default`` of `json.dumps`."""
    if isinstance(part, np.generic):
        return part.item()
    if isinstance(part, dt.date):
        return {"class": "Timestamp", "ts_input": None if pd.isna(part) else str(part)}
    return {"class": type(part).__name__, **vars(part)}


def decode_part(record: dict[str, Any]) -> object:
    """Return what `encode_part` has encoded, and other objects as they are: the ``object_hook`` of `json.loads`."""
    if "class" not in record:
        return record
    classes = {c.__name__: c for c in (*Phrase.__subclasses__(), Finding, pd.Timestamp)}
    return classes[record.pop("class")](**record)


def rules() -> pd.DataFrame:
    """Return the rules, indexed by id: ``used_by``, ``severity``, ``formula``, ``message_vi``, ``message_en``."""
    return packaged_table("domain/rules.csv", index="rule")


class _Key(str):
    """A part of a sentence that the format of its place words: ``{value:table}`` names the tables of these keys."""

    table: str
    lang: str

    def __new__(cls, text: str, table: str, lang: str) -> _Key:
        key = super().__new__(cls, text)
        key.table, key.lang = table, lang
        return key

    def __format__(self, spec: str) -> str:
        if spec == "first":  # of the columns of a sheet, such as B «Xã», C «Hộ nghèo»
            names = re.findall(r"[A-Z]{1,3} «.*?»(?=, |$)", self) or self.split(", ")
            return ", ".join([*names[:COLUMNS_LISTED], *["…"] * (len(names) > COLUMNS_LISTED)])
        if spec == "near":
            return translate("expect.near", self.lang, name=format(self, "columns")) if self else ""
        if spec not in ("table", "columns", "group", "unit"):
            return format(str(self), spec)
        return ", ".join(self._name(key, spec) for key in self.split(", "))

    def _name(self, key: str, spec: str) -> str:
        match spec:
            case "table":
                return f"«{table_name(key, self.lang)}»"
            case "columns":
                return f"«{name}»" if (name := column_name(self.table, key, self.lang)) else key
            case "group":
                return choice_name("group", key, self.lang)
            case _:
                name = choice_name("figure_unit", key, self.lang)
                return name if name in (key, name.upper()) else name.lower()


def finding_message(finding: Finding, lang: str | None = None) -> str:
    """Return the sentence of a finding."""
    lang = check_lang(lang)
    parts = {f.name: getattr(finding, f.name) for f in fields(finding) if f.name != "details"} | dict(finding.details)
    if isinstance(finding.column, str):
        parts["column"] = finding.heading or format(_Key(finding.column, finding.table_key, lang), "columns")
    worded = _worded(parts, lang)
    keys = {name: _Key(p, finding.table_key, lang) if isinstance(p, str) else p for name, p in worded.items()}
    text = format_message(str(rules().at[finding.rule, f"message_{lang}"]), lang, **keys)
    return re.sub(r"([.?!])[.?!]+$", r"\1", text)  # a question that ends on a full stop keeps one mark


def _worded(parts: Mapping[str, Part], lang: str) -> dict[str, Part]:
    """Return the parts with those that depend on the language as text."""
    return {key: _phrase_text(part, lang) if isinstance(part, Phrase) else part for key, part in parts.items()}


def _phrase_text(phrase: Phrase, lang: str) -> str:
    match phrase:
        case Listing(key, items):
            return "; ".join(translate(key, lang, **_worded(item, lang)) for item in items)
        case Choices(kind, nearest, listed):
            lists = {"expect.nearest": nearest, "expect.one_of": listed}
            texts = {key: " / ".join(choice_name(kind, c, lang) for c in keys) for key, keys in lists.items() if keys}
            first, *more = (translate(key, lang, names=names) for key, names in texts.items())
            return " ".join([first, *(text[0].upper() + text[1:] for text in more)])
        case UnitName(name):
            return inline_name(name, lang)
        case GroupName(key):
            return choice_name("group", key, lang)
        case Citation(locator):
            return format_citation(locator, lang)
        case _:
            return translate(phrase.key, lang)


def findings_table(findings: Iterable[Finding], lang: str, columns: list[str]) -> pd.DataFrame:
    """Return the findings as rows, errors first: rule, severity, message, and the fields in ``columns``."""
    rows = []
    for finding in findings:
        place = [v.key if isinstance(v, Term) else v for v in (getattr(finding, c) for c in columns)]
        rows.append([finding.rule, finding.severity, finding_message(finding, lang), *place])
    table = pd.DataFrame(rows, columns=["rule", "severity", "message", *columns])
    rank = table["severity"].map(SEVERITIES.index)
    return table.iloc[rank.argsort(kind="stable")].reset_index(drop=True)


def has_errors(findings: Iterable[Finding]) -> bool:
    """Tell whether any finding is an error."""
    return any(finding.severity == "error" for finding in findings)
