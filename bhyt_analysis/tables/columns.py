"""Look up what a column of a result holds: unit, format, headings, disclosure, and what it follows from.

``columns.csv`` has a row for each column of each public result. A row whose ``results`` names functions is for the
tables of these only, any other for all tables. docs/columns.md is made from it.

- ``format``: of numbers that of a message (`bhyt_analysis.i18n.messages.format_message`), after ``~`` where they are
  rounded in rows of estimates (`bhyt_analysis.tables.estimates`); ``date``; of words ``text``,
  ``name`` of a unit, ``group``, ``key``, ``citation``, ``status``, ``flag``, ``message`` (its key), ``message:TOPIC``
  (the rest of its key); ``value``, a number in the unit that its row names.
- ``disclosure``: one of `DISCLOSURES`; ``follows``: the columns with which its cells are hidden (`followed_columns`).
- ``adds_over``: the columns whose values it can be summed over: communes, groups, payers, months.
- ``relation``: equations and inequalities of the cells of a row, with ``;`` between them (`Relation`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import pandas as pd

from bhyt_analysis.domain.bundled import packaged_table
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.tables.labels import group_name, is_group

DISCLOSURES = {
    "count": "Number of persons, or of their cards: confidential where it is small.",
    "change": "Difference of two counts: not a number of persons itself, but tells one count from the other.",
    "estimate": "Number, rate or sum that a model or a plan derives from counts: no real persons, but close to them.",
    "population": "Number of people, or what follows from it alone: published elsewhere and known to everybody.",
    "rate": "Ratio of counts, or difference of such ratios.",
    "interval": "Bound of a count, an estimate or a rate.",
    "money": "Money that is a count times a known price.",
    "by_key": "That of the column which the key of the row names.",
    "text": "Sentence that can quote any figure.",
    "label": "Name, code, key, day or document.",
    "status": "How well a figure is known.",
    "none": "Says nothing about persons: law, assumptions, statistics of a method.",
}
ANY_GROUP = "any_group"  # in place of the columns that have the key of a group as their name
_NUMBER = re.compile(r"\+?(n|up|d|pe|pp|p|bn)\d?")
_TERM = re.compile(r"([+-]?) ?(\w+)(?:@([\w-]+))?(\?)?")


@dataclass(frozen=True)
class Term:
    """A column in a relation. ``sign``: 1 or -1. ``row``: where its cell is, "" is the same row.

    Other rows: ``previous``, the row above; ``month-1``, the unit's row of the month before, in whatever table;
    ``baseline``, that of the scenario which is compared with; ``all``, the sum of the rows; the name of a column, such
    as ``area``, the sum of the rows that are alike in it. ``optional``: 0 in a table without the column.
    """

    column: str
    sign: int = 1
    row: str = ""
    optional: bool = False


@dataclass(frozen=True)
class Relation:
    """What holds in each row: ``left`` is (``sign`` "=") or is at most ("<=") the sum of the terms.

    With a ``divisor``, there is one term, and ``left`` is the term over the divisor. Missing cells are in no relation.

    Examples
    --------
    >>> Relation.parse("after = kept + gained - moved?").terms[-1]
    Term(column='moved', sign=-1, row='', optional=True)
    >>> Relation.parse("share_of_insured = insured / insured@all").divisor
    Term(column='insured', sign=1, row='all', optional=False)
    """

    left: str
    sign: str
    terms: tuple[Term, ...]
    divisor: Term | None = None

    @classmethod
    def parse(cls, text: str) -> Relation:
        """Return the relation that a text of ``columns.csv`` states."""
        left, sign, right = re.split(r" (<?=) ", text)
        terms = [
            Term(column, -1 if minus == "-" else 1, row, optional == "?")
            for minus, column, row, optional in _TERM.findall(right)
        ]
        return cls(left, sign, (terms[0],), terms[1]) if "/" in right else cls(left, sign, tuple(terms))

    @property
    def columns(self) -> set[str]:
        """Return the columns without which it says nothing about a table."""
        terms = [*self.terms, *([self.divisor] if self.divisor else [])]
        return {self.left, *(term.column for term in terms if not term.optional)}


@dataclass(frozen=True)
class Column:
    """A row of ``columns.csv``; a column that is not in it has its name as label, and no disclosure."""

    name: str
    unit: str = ""
    format: str = "text"
    disclosure: str = ""
    follows: tuple[str, ...] = ()
    adds_over: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()
    label_vi: str = ""
    label_en: str = ""
    meaning: str = ""
    is_rounded: bool = False  # in rows of estimates

    @property
    def is_number(self) -> bool:
        """Return whether its cells are written as numbers."""
        return _NUMBER.fullmatch(self.format) is not None

    @property
    def kind(self) -> str:
        """Return the kind of a `TableColumn`: the format of numbers and days, "right" or "text"."""
        if self.is_number or self.format == "date":
            return self.format
        return "right" if self.format == "value" else "text"

    def label(self, lang: str | None = None) -> str:
        """Return the heading."""
        lang = check_lang(lang)
        return (self.label_vi if lang == "vi" else self.label_en) or self.name


def registry() -> pd.DataFrame:
    """Return ``columns.csv``, a row a column."""
    return packaged_table("tables/columns.csv")


@lru_cache(maxsize=1)
def _columns() -> dict[tuple[str, str], Column]:
    """Return the columns by name and result; those of all results have the result ""."""
    columns: dict[tuple[str, str], Column] = {}
    for row in registry().to_dict("records"):
        texts = filter(None, row["relation"].split("; "))
        column = Column(
            row["column"],
            follows=tuple(row["follows"].split()),
            adds_over=tuple(row["adds_over"].split()),
            relations=tuple(Relation.parse(text) for text in texts),
            format=row["format"].removeprefix("~"),
            is_rounded=row["format"].startswith("~"),
            **{key: row[key] for key in ("unit", "disclosure", "label_vi", "label_en", "meaning")},
        )
        columns |= {(column.name, result): column for result in row["results"].split() or [""]}
    return columns


def find_column(name: str, result: str = "") -> Column:
    """Return what a column holds in the tables of a function (their ``attrs["result"]``).

    Examples
    --------
    >>> find_column("people").disclosure, find_column("people", "compare").disclosure, find_column("near_poor").unit
    ('population', 'change', 'people')
    """
    columns = _columns()
    if column := columns.get((name, result)) or columns.get((name, "")):
        return column
    if is_group(name):
        group = columns.get((ANY_GROUP, result)) or columns[ANY_GROUP, ""]
        return replace(group, name=name, label_vi=group_name(name, "vi"), label_en=group_name(name, "en"))
    return Column(name)


@lru_cache(maxsize=1024)
def followed_columns(name: str, result: str = "") -> frozenset[str]:
    """Return the columns that a column follows, and those that these follow, whether or not a table has them.

    Examples
    --------
    >>> sorted(followed_columns("pace"))
    ['actual_pace', 'insured', 'required_pace', 'to_add']
    """
    direct = find_column(name, result).follows
    return frozenset(direct).union(*(followed_columns(other, result) for other in direct))


def column_name(name: str, lang: str | None = None, result: str = "") -> str:
    """Return the heading of a column; a column without one keeps its name."""
    return find_column(name, result).label(lang)


def short_column_name(name: str, lang: str | None = None) -> str:
    """Return the heading of a column without its unit or second name, for use within a sentence.

    Examples
    --------
    >>> short_column_name("subsidy_share", "en")
    'State share'
    """
    return re.split(r",| \(", column_name(name, lang), maxsplit=1)[0]


def table_columns(table: pd.DataFrame) -> dict[str, Column]:
    """Return what the columns of a table hold, in their order."""
    return {str(name): find_column(str(name), table.attrs.get("result", "")) for name in table}


def table_relations(table: pd.DataFrame) -> list[Relation]:
    """Return the relations between the columns of a table, with its columns of groups in place of ``any_group``.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> [r.left for r in table_relations(bhyt.reclassify(bhyt.load(), "861", "X001"))]
    ['before', 'after', 'kept_other']
    """
    columns = table_columns(table)
    own_groups = [name for name in columns if is_group(name) and (name, "") not in _columns()]
    names = {*columns, *([ANY_GROUP] if own_groups else [])}
    relations = (r for column in columns.values() for r in column.relations if r.columns <= names)
    return [replace(r, terms=tuple(_present_terms(r.terms, names, own_groups))) for r in relations]


def _present_terms(terms: tuple[Term, ...], names: set[str], own_groups: list[str]) -> Iterator[Term]:
    """Yield the terms of the columns that a table has."""
    for term in terms:
        if term.column == ANY_GROUP:
            yield from (replace(term, column=name) for name in own_groups)
        elif term.column in names:
            yield term
