"""Read a plan from its document: the tables of its figures, targets, losses, reports and tasks, and what is unclear."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.schema import table_columns, table_name
from bhyt_analysis.i18n.cards import HasCard, Rows
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.languages import lang as current_language
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.ingest.loader import load
from bhyt_analysis.ingest.template import write_rows
from bhyt_analysis.plans.document import PlanDocument
from bhyt_analysis.plans.duties import read_duties
from bhyt_analysis.plans.entries import Entries
from bhyt_analysis.plans.figures import FigureReader
from bhyt_analysis.plans.plan_context import PlanContext, plan_context
from bhyt_analysis.plans.read_document import read_document
from bhyt_analysis.plans.structure import RECIPIENTS
from bhyt_analysis.plans.tables_of_figures import read_tables

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
    >>> from bhyt_analysis.plans.document import Block
    >>> from bhyt_analysis.plans.structure import with_places
    >>> texts = ["KẾ HOẠCH BHYT năm 2022 của huyện Sơn Dương", "I. MỤC TIÊU", "Năm 2022 bao phủ BHYT đạt 90,6%."]
    >>> plan = plan_of(PlanDocument(Path("a.txt"), "text", with_places(map(Block, texts))), "Sơn Dương")
    >>> plan.targets[["area", "rate"]].values.tolist(), plan.remarks("en")["rule"].tolist()
    ([['076', 0.906]], ['below_upper_target'])
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
        return {t: pd.DataFrame(own, columns=list(table_columns(t)["column"])) for t, own in cells.items()}

    @cached_property
    def data(self) -> Dataset:
        """Return the tables of the plan as a dataset, read and checked as an input is."""
        if self.context.unit is None:
            raise BhytError(("error.plan_without_unit", {"file": self.document.path.name}))
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, f"{self.context.name}.xlsx")
            write_rows(file, {t: rows for t, rows in self.tables.items() if len(rows)}, "vi")
            return load(file)

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name not in PLAN_TABLES:
            raise AttributeError(name)
        rows: pd.DataFrame = getattr(self.data, name)
        return rows

    def card(self) -> tuple[str, Rows]:
        """Return what the document is and how much of it was read."""
        lang = current_language()
        counts = [(table_name(t, lang), format_number(len(self.tables[t]), lang)) for t in PLAN_TABLES[1:]]
        asked = (translate("plan.questions", lang), format_number(len(self.entries.questions), lang))
        return self.context.title_short, [*((label, n) for label, n in counts if n != "0"), asked]

    def remarks(self, lang: str | None = None) -> pd.DataFrame:
        """Return the findings on the plan at its numbers, errors first.

        Columns ``rule``, ``severity``, ``message``, ``document``, ``area``, ``figures`` as of `audit`, then
        ``locator``, ``fits`` (what would fit in place of the number), ``sentence``.
        """
        from bhyt_analysis.plans.review import remarks_table, review

        lang = check_lang(lang)
        return remarks_table(self, review(self, lang), lang)

    def annotate(self, out: str | Path, lang: str | None = None) -> None:
        """Write a copy of the Word file with a comment at each number that is remarked on."""
        from bhyt_analysis.plans.outputs import write_annotated
        from bhyt_analysis.plans.review import review

        lang = check_lang(lang)
        write_annotated(self, review(self, lang), out, lang)

    def extract(self, out: str | Path, lang: str | None = None) -> None:
        """Write the tables and the questions into a workbook, to be edited and read again as an input."""
        from bhyt_analysis.plans.outputs import write_extract

        write_extract(self, out, check_lang(lang))

    def questions(self, lang: str | None = None) -> pd.DataFrame:
        """Return what the document leaves unclear: ``locator``, ``number``, ``question``, ``sentence``."""
        lang = check_lang(lang)
        rows = [
            (q.locator, q.number, translate(f"plan.ask_{q.kind}", lang), q.sentence) for q in self.entries.questions
        ]
        return pd.DataFrame(rows, columns=["locator", "number", "question", "sentence"])


def read_plan(path: str | Path, area: str | None = None) -> Plan:
    """Read the figures, targets, losses, reports and tasks of a plan from its Word, PDF or text file.

    Parameters
    ----------
    path
        of a .docx, .pdf, .txt or .md file.
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
    >>> import tempfile
    >>> text = "KẾ HOẠCH BHYT trên địa bàn huyện Sơn Dương\\n\\nI. MỤC TIÊU\\n\\nBao phủ BHYT 90,6% năm 2022.\\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "ke_hoach.txt")
    ...     _ = file.write_text(text, encoding="utf-8")
    ...     plan = read_plan(file, area="Sơn Dương")
    >>> plan.tables["targets"][["area", "on", "rate"]].values.tolist()
    [['076', '2022-12-31', 0.906]]
    """
    return plan_of(read_document(Path(path)), area)


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


def zoning_decisions() -> dict[str, dt.date]:
    """Return the first day of each decision on zones of the country, by its number.

    Examples
    --------
    >>> str(zoning_decisions()["861"])
    '2021-06-04'
    """
    rows = load().decisions
    rows = rows[rows["area"] == "VN"]
    days = rows["since"].fillna(rows["issued"])
    return {d: day.date() for d, day in zip(rows["decision"], days, strict=True)}
