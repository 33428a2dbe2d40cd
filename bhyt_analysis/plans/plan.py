"""Read a plan from its document: the tables of its figures, targets, losses, reports and tasks, and what is unclear."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.schema import table_columns
from bhyt_analysis.i18n.languages import check_lang
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


@dataclass(frozen=True, eq=False)
class Plan:
    """A plan as it was read.

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
    >>> from pathlib import Path
    >>> head = "KẾ HOẠCH\\nBHYT năm 2022 trên địa bàn huyện Sơn Dương\\n\\nI. MỤC TIÊU\\n\\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "ke_hoach.txt")
    ...     _ = file.write_text(head + "Đến hết năm 2022 đạt 90,6% dân số.\\n", encoding="utf-8")
    ...     plan = read_plan(file)
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
