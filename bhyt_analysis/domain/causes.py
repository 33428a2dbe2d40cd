"""Gather the findings on an input into their causes: one line for a mistake, however many cells have it.

Findings of one rule, column and value are one cause, over all rows, groups and sheets; so are all those of a column
with many different bad values. ``consequences.csv`` names the findings that another error explains.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from bhyt_analysis.domain.bundled import packaged_table
from bhyt_analysis.domain.findings import SEVERITIES, Finding, finding_message, rules
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.law.groups import is_group_key

MAX_VALUES = 4  # different values of one rule and column that are still causes of their own
LISTED = 3  # values, columns and sheets that a sentence lists
# Rules whose value only says where, or by how much a total is off.
NO_CAUSE = (
    "note_rows", "part_heads", "cumulative_rows", "village_rows", "total_off", "row_total_off", "rate_off", "twice",
    "insured_above_population",
)  # fmt: skip
OF_TABLE = ("lost_letters", "ambiguous_number", "scaled")  # rules of how a file was written, whatever the column
COLUMNS = ["rule", "severity", "message", "file", "row", "column", "count"]
Key = tuple[object, ...]


@dataclass(frozen=True)
class Cause:
    """One mistake: the findings of which it is the cause, in their order."""

    findings: Sequence[Finding]

    @property
    def first(self) -> Finding:
        """Return the first finding; its figure is that of all."""
        first = self.findings[0]
        return first if first.count is None else replace(first, count=self.count)

    @property
    def count(self) -> int:
        """Return the number of cells."""
        return sum(f.count or 1 for f in self.findings)

    def message(self, lang: str | None = None) -> str:
        """Return the sentence of the first finding, and how often and where else there are such."""
        lang = check_lang(lang)
        notes = [*self._extent(lang), *self._other_values(lang)]
        sentence = finding_message(self.first, lang)
        return f"{sentence.rstrip('.')} ({'; '.join(notes)})" if notes else sentence

    def _extent(self, lang: str) -> list[str]:
        """Return how many cells, in which other columns and sheets, and over which days."""
        first, notes = self.first, list[str]()
        if len(self.findings) == 1:
            return notes
        files = dict.fromkeys(f.file for f in self.findings if f.file)
        headings = dict.fromkeys(_heading(f, lang) for f in self.findings)
        is_of_columns = len(headings) == self.count  # each finding is another column of one row
        if first.row is not None and first.count is None and len(files) < self.count and not is_of_columns:
            notes.append(translate("cause.cells", lang, count=self.count))
        if len(headings) > 1:
            notes.append(translate("cause.columns", lang, names=_shortened(list(headings)[1:])))
        if len(files) > 1:
            kind = "sheets" if all("[" in file for file in files) else "files"
            names = _shortened([_sheet_name(file) for file in files])
            notes.append(translate(f"cause.{kind}", lang, count=len(files), names=names))
        days = [f.details["day"] for f in self.findings if isinstance(f.details.get("day"), pd.Timestamp)]
        if len(set(days)) > 1:
            notes.append(translate("cause.days", lang, first=min(days), last=max(days)))  # type: ignore[type-var]
        return notes

    def _other_values(self, lang: str) -> list[str]:
        """Return the most frequent of the other bad values."""
        values = Counter(f.value for f in self.findings if isinstance(f.value, str) and _quotes_value(f.rule))
        values.pop(self.first.value, None) if isinstance(self.first.value, str) else None
        if not values:
            return []
        texts = [f"“{value}”" + (f" ×{count}" if count > 1 else "") for value, count in values.most_common(LISTED)]
        more = len(values) - len(texts)
        names = ", ".join(texts)
        return [translate("cause.values_more" if more else "cause.values", lang, values=names, more=more)]


def causes(findings: Iterable[Finding]) -> list[Cause]:
    """Return the causes of findings, errors first, without those that another error explains.

    Examples
    --------
    >>> bad = [Finding("bad_cell", "a.xlsx [1]", row, "cards", value="x", expected="a number") for row in (5, 6, 9)]
    >>> [cause.message("en") for cause in causes(bad)]
    ['a.xlsx [1], row 5, column «Cards»: "x", expected a number (3 such cells)']
    """
    same: dict[Key, list[Finding]] = {}
    for finding in _joined_columns(_without_consequences(list(findings))):
        same.setdefault(_cause_key(finding), []).append(finding)
    similar: dict[Key, list[Key]] = {}
    for key in same:
        similar.setdefault(key[:2], []).append(key)
    gathered: dict[Key, list[Finding]] = {}
    for key, members in same.items():
        gathered.setdefault(key[:2] if len(similar[key[:2]]) > MAX_VALUES else key, []).extend(members)
    return sorted((Cause(f) for f in gathered.values()), key=lambda c: SEVERITIES.index(c.first.severity))


def causes_table(findings: Iterable[Finding], lang: str, every: bool = False) -> pd.DataFrame:
    """Return the causes as rows, or with ``every`` all findings: rule, severity, message, first place, count."""
    if every:
        listed = sorted((Cause([f]) for f in findings), key=lambda c: SEVERITIES.index(c.first.severity))
    else:
        listed = causes(findings)
    rows = []
    for cause in listed:
        first = cause.first
        column = first.column if isinstance(first.column, str) or first.column is None else first.column.key
        rows.append([first.rule, first.severity, cause.message(lang), first.file, first.row, column, cause.count])
    return pd.DataFrame(rows, columns=COLUMNS).astype({"row": "Int64", "count": "Int64"})


def _cause_key(finding: Finding) -> Key:
    """Return what findings of one cause have in common: the rule and column, then the value and what was expected."""
    column = str(finding.column)
    if is_group_key(column):
        column = "*"  # a column for each group of a wide table
    column = re.sub(r"^[A-Z]{1,3} (?=«)", "", column)  # the same heading in another column of another sheet
    if finding.rule in NO_CAUSE:
        return finding.rule, column, None, None
    if finding.rule in OF_TABLE:
        return finding.rule, "*", None, None
    if finding.rule == "unknown_figures":  # the same lower heading below each group
        return finding.rule, re.sub(r"^.* – |[«»]", "", column), None, str(finding.expected)
    if finding.rule == "other_measure":  # of all groups of a table in households, say
        return finding.rule, "*", None, str(finding.details.get("unit"))
    return finding.rule, column, finding.value, str(finding.expected)


def _joined_columns(findings: list[Finding]) -> list[Finding]:
    """Return the findings with all missing columns of a sheet as one."""
    by_sheet: dict[Key, Finding] = {}
    for number, finding in enumerate(findings):
        key = (finding.file,) if finding.rule == "missing_column" else (finding.file, number)
        if before := by_sheet.get(key):
            finding = replace(before, column=f"{before.column}, {finding.column}")
        by_sheet[key] = finding
    return list(by_sheet.values())


def _without_consequences(findings: list[Finding]) -> list[Finding]:
    """Return the findings that no other error explains."""
    table = packaged_table("domain/consequences.csv")
    explained_by_all = set(table.loc[table["cause"] == "*", "consequence"])
    places = {"row": _row, "column": _column, "file": _file, "areas": _table, "input": lambda _: ()}
    errors = [f for f in findings if f.severity == "error"]
    causes_at: dict[tuple[str, str], set[Key]] = {}
    for cause, within in set(zip(table["cause"], table["within"], strict=True)):
        same = [f for f in errors if (f.rule not in explained_by_all if cause == "*" else f.rule == cause)]
        causes_at[cause, within] = {places[within](f) for f in same}
    links: dict[str, list[tuple[str, str]]] = {}
    for row in table.to_dict("records"):
        links.setdefault(row["consequence"], []).append((row["cause"], row["within"]))

    def explained(finding: Finding) -> bool:
        for cause, within in links.get(finding.rule, ()):
            place = ("areas",) if within == "areas" else places[within](finding)
            if place in causes_at[cause, within]:
                return True
        return False

    return [f for f in findings if not explained(f)]


def _row(finding: Finding) -> Key:
    return finding.file, finding.row


def _column(finding: Finding) -> Key:
    return finding.file, str(finding.column)


def _file(finding: Finding) -> Key:
    return (finding.file,)


def _table(finding: Finding) -> Key:
    return (finding.table_key,)


def _quotes_value(rule: str) -> bool:
    """Tell whether the value of a rule's findings is what a cell says."""
    return '"{value' in str(rules().at[rule, "message_en"])


def _heading(finding: Finding, lang: str) -> str:
    """Return the heading of a finding's column, without its letter."""
    text = format_message("{column}", lang, column=finding.heading or finding.column or "")
    return re.sub(r"^[A-Z]{1,3} (?=«)", "", text)


def _sheet_name(file: str) -> str:
    """Return the sheet of a label such as ``book.xlsx [Sheet]``, or the label of a file."""
    match = re.search(r"\[(.*)\]$", file)
    return match[1] if match else file


def _shortened(names: list[str]) -> str:
    return ", ".join([*names[:LISTED], *["…"] * (len(names) > LISTED)])
