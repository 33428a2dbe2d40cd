"""Read a plan from its document: the tables of its figures, targets, losses, reports and tasks, and what is unclear."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

import pandas as pd

from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.findings import Finding
from bhyt_analysis.domain.input_error import InputError
from bhyt_analysis.domain.schema import table_columns, table_name
from bhyt_analysis.i18n.cards import HasCard, Rows
from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.languages import lang as current_language
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.ingest.loader import examine_input, load
from bhyt_analysis.ingest.personal_text import hide_personal
from bhyt_analysis.ingest.template import HEADING, write_rows
from bhyt_analysis.plans.document import PlanDocument
from bhyt_analysis.plans.duties import read_duties
from bhyt_analysis.plans.entries import Entries, Entry
from bhyt_analysis.plans.figures import FigureReader
from bhyt_analysis.plans.mentions import numbers
from bhyt_analysis.plans.plan_context import PlanContext, plan_context
from bhyt_analysis.plans.read_document import read_document
from bhyt_analysis.plans.structure import RECIPIENTS
from bhyt_analysis.plans.tables_of_figures import read_tables

FIRST_ROW = HEADING + 1  # of a table in a sheet
CITED_TEXTS = (("actions", "task"), ("actions", "lead"), ("other_targets", "indicator"))  # as the document has them
_TOLD_AT = ("document", "area", "figure", "relation", "as_of", "locator")  # a row of an input each
EXAMPLE = "plan_example.txt"
PLAN_TABLES = ("documents", "published", "targets", "other_targets", "losses", "duties", "actions")


@dataclass(frozen=True, eq=False, repr=False)
class Plan(HasCard):
    """A plan as it was read; ``plan.published`` and the other tables are those of its dataset.

    Attributes
    ----------
    document
        the text of the file, paragraph by paragraph.
    context
        its unit, number, day and years.
    entries
        the rows of all tables with their places in the document, and the questions.
    tables
        the rows by table, as an input has them: ``documents``, ``published``, ``targets``, ``other_targets``,
        ``losses``, ``duties``, ``actions``.
    data
        the same as a checked `Dataset`, which `audit` takes.

    Examples
    --------
    >>> plan = read_plan()
    >>> len(plan.published), plan.targets["rate"].tolist()
    (25, [0.927, 0.935, 0.945])
    """

    document: PlanDocument
    context: PlanContext
    entries: Entries

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the rows of the plan by table, in the columns of the input."""
        context, rows = self.context, self.entries.rows
        cells: dict[str, list[dict[str, object]]] = {t: [e.cells for e in rows if e.table == t] for t in PLAN_TABLES}
        cells["documents"] = [
            {
                "document": context.name,
                "short": context.title_short,
                "title": context.title,
                "issuer": context.unit.name if context.unit else "",
                "number": context.number,
                "issued": str(context.issued or ""),
                "area": context.unit.code if context.unit else "",
            }
        ]
        tables = {t: pd.DataFrame(own, columns=list(table_columns(t)["column"])) for t, own in cells.items()}
        published = tables["published"]
        repeated = published.groupby(list(_TOLD_AT), dropna=False).cumcount()
        published["locator"] += repeated.map(lambda n: f" ({n + 1})" if n else "")  # two values at one place
        for table, column in CITED_TEXTS:
            tables[table][column] = tables[table][column].map(hide_personal)
        return tables

    @property
    def data(self) -> Dataset:
        """Return the tables of the plan as a dataset, read and checked as an input is; without `refused` rows."""
        return self._checked[0]

    @property
    def refused(self) -> list[tuple[Entry, Finding]]:
        """Return the entries that no input may have, such as a target above 100%, with what is wrong with them."""
        return self._checked[1]

    @cached_property
    def _checked(self) -> tuple[Dataset, list[tuple[Entry, Finding]]]:
        if self.context.unit is None:
            raise BhytError(("error.plan_without_unit", {"file": self.document.path.name}))
        tables, refused = dict(self.tables), list[tuple[Entry, Finding]]()
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, f"{self.context.name}.xlsx")
            while True:
                write_rows(file, {t: rows for t, rows in tables.items() if len(rows)}, "vi")
                reading = examine_input(file)
                if reading.data is not None:
                    own = reading.data.targets  # an input without targets is read with those published for its units
                    own = own[~own["file"].str.startswith("bundled/")]
                    return self._with_units_of_its_day(replace(reading.data, targets=own)), refused
                wrong = [f for f in reading.findings if f.severity == "error"]
                refused_before = len(refused)
                for table, rows in tables.items():
                    label = f"[{table_name(table, 'vi')}]"
                    own = {f.row - FIRST_ROW: f for f in wrong if f.row and label in (f.file or "")}
                    own = {rows.index[i]: f for i, f in own.items() if 0 <= i < len(rows)}
                    entries = [e for e in self.entries.rows if e.table == table]
                    refused += [(entries[i], f) for i, f in own.items() if table != "documents"]
                    tables[table] = rows.drop(index=list(own))
                if len(refused) == refused_before:  # it is not about a row of the plan
                    raise InputError(*reading.findings)

    def _with_units_of_its_day(self, data: Dataset) -> Dataset:
        """Return the rows as those of the units that there are on the day of the plan, of whatever day they are."""
        day, tables = self.context.day, {t: getattr(data, t) for t in PLAN_TABLES}
        days = {t: [pd.Timestamp(day)] * len(rows) for t, rows in tables.items()}
        ids = {t: data.geography.unit_ids(rows["area"], days[t]) for t, rows in tables.items()}
        return replace(data, **{t: rows.assign(unit_id=ids[t]) for t, rows in tables.items()}) if day else data

    @property
    def has_figures(self) -> bool:
        """Tell whether the document has a figure of health insurance, or a number that might be one."""
        if self.context.unit is None:
            return any(n.unit in ("people", "cards", "percent") for b in self.document.blocks for n in numbers(b.text))
        return any(e.table != "actions" for e in self.entries.rows) or bool(self.entries.questions)

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name not in PLAN_TABLES:
            raise AttributeError(name)
        rows: pd.DataFrame = getattr(self.data, name)
        return rows

    def card(self) -> tuple[str, Rows]:
        """Return what the document is and how much of it was read."""
        lang = current_language()
        counts = [(table_name(t, lang), format_number(len(self.tables[t]), lang)) for t in PLAN_TABLES[1:]]
        question_count = (translate("plan.questions", lang), format_number(len(self.entries.questions), lang))
        return self.context.title_short, [*((label, n) for label, n in counts if n != "0"), question_count]

    def remarks(self, lang: str | None = None) -> pd.DataFrame:
        """Return the findings on the plan at its numbers, errors first.

        Parameters
        ----------
        lang
            "vi" or "en"; None is the language of `bhyt_analysis.lang`.

        Returns
        -------
        DataFrame
            ``rule``, ``severity``, ``message``, ``document``, ``area``, ``figures`` as of `audit`, then ``locator``,
            ``fits`` (what would fit in place of the number) and ``sentence``.

        Raises
        ------
        BhytError
            for a document of which no unit is clear.

        Examples
        --------
        >>> plan = read_plan()
        >>> plan.remarks("en").query("severity == 'error'")[["rule", "fits"]].values.tolist()
        [['share_of_wrong_base', '9.0%'], ['shares_do_not_add', '9.0%'], ['list_count_off', '']]
        """
        from bhyt_analysis.plans.review import remarks_table, review

        lang = check_lang(lang)
        return remarks_table(self, review(self, lang), lang)

    def annotate(self, out: str | Path, lang: str | None = None) -> None:
        """Write a copy of the Word file with a comment at each number that is remarked on.

        Parameters
        ----------
        out
            the file of the copy, a .docx; the document itself is never written to.
        lang
            "vi" or "en"; None is the language of `bhyt_analysis.lang`.

        Raises
        ------
        BhytError
            for a plan that is no Word file, and an ``out`` that can't be written or is another file.

        Examples
        --------
        >>> plan = read_plan()
        >>> plan.annotate("ke_hoach_nhan_xet.docx")
        Traceback (most recent call last):
        bhyt_analysis.i18n.messages.BhytError: plan_example.txt: comments can be written into Word files (.docx) only
        """
        from bhyt_analysis.plans.outputs import write_annotated
        from bhyt_analysis.plans.review import review

        lang = check_lang(lang)
        write_annotated(self, review(self, lang), out, lang)

    def extract(self, out: str | Path, lang: str | None = None) -> None:
        """Write the tables and the questions into a workbook, to be edited and read again as an input.

        Parameters
        ----------
        out
            the workbook, an .xlsx.
        lang
            "vi" or "en"; None is the language of `bhyt_analysis.lang`.

        Raises
        ------
        BhytError
            for a document of which no unit is clear.

        Examples
        --------
        >>> plan = read_plan()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     plan.extract(f"{folder}/so_lieu.xlsx")
        ...     len(load(f"{folder}/so_lieu.xlsx").published)
        25
        """
        from bhyt_analysis.plans.outputs import write_extract

        write_extract(self, out, check_lang(lang))

    def questions(self, lang: str | None = None) -> pd.DataFrame:
        """Return what the document leaves unclear.

        Parameters
        ----------
        lang
            "vi" or "en"; None is the language of `bhyt_analysis.lang`.

        Returns
        -------
        DataFrame
            ``locator``, ``number``, ``question``, ``sentence``: a row for each question.

        Raises
        ------
        BhytError
            for a language that there is not.

        Examples
        --------
        >>> plan = read_plan()
        >>> len(plan.questions("en"))
        0
        """
        lang = check_lang(lang)
        rows = [
            (format_citation(q.locator, lang), q.number, translate(f"plan.ask_{q.kind}", lang), q.sentence)
            for q in self.entries.questions
        ]
        return pd.DataFrame(rows, columns=["locator", "number", "question", "sentence"])


def read_plan(path: str | Path | None = None, area: str | None = None) -> Plan:
    """Read the figures, targets, losses, reports and tasks of a plan from its Word, PDF or text file.

    Parameters
    ----------
    path
        of a .docx, .pdf, .txt or .md file; by default a bundled example with made-up figures.
    area
        name or code of the unit that the plan is of; by default that which its title or head names.

    Returns
    -------
    Plan
        Its tables, each row with its place in the document, and the questions that it leaves.

    Raises
    ------
    BhytError
        for a file that can't be read, or is a scan; for an area that there is not.

    Examples
    --------
    >>> read_plan().tables["targets"]["on"].tolist()
    ['2022-12-31', '2023-12-31', '2024-12-31']
    """
    return plan_of(read_document(Path(path or bundled_path("data") / EXAMPLE)), area)


def plan_of(document: PlanDocument, area: str | None = None) -> Plan:
    """Return what a document says; see `read_plan`."""
    context = plan_context(document, area)
    entries = Entries()
    reader = FigureReader(context, entries, zoning_decisions())
    blocks = document.blocks
    for i, block in enumerate(blocks):
        if block.cell is None and block.place != RECIPIENTS:
            reader.read(i, block)
    read_tables(reader, blocks)
    read_duties(reader, blocks)
    return Plan(document, context, entries)


@lru_cache(maxsize=1)
def bundled_data() -> Dataset:
    """Return the bundled data, the context of every plan: targets, decisions and figures of other documents.

    Examples
    --------
    >>> len(bundled_data().documents)
    5
    """
    return load()


def zoning_decisions() -> dict[str, dt.date]:
    """Return the first day of each decision on zones of the country, by its number.

    Examples
    --------
    >>> str(zoning_decisions()["861"])
    '2021-06-04'
    """
    rows = bundled_data().decisions
    rows = rows[rows["area"] == "VN"]
    days = rows["since"].fillna(rows["issued"])
    return {d: day.date() for d, day in zip(rows["decision"], days, strict=True)}
