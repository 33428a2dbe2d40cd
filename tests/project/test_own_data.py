"""docs/own_data.md lists every table and column as the schema has them.

After a change of the schema: ``python -m tests.project.test_own_data`` writes the list anew.
"""

from bhyt_analysis.domain.dataset import TABLES
from bhyt_analysis.domain.schema import table_columns, table_name
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.ingest.cell_types import CHOICES

from ..conftest import ROOT

DOC = ROOT / "docs" / "own_data.md"
MARK = "<!-- The tables: written from the schema by tests/project/test_own_data.py -->\n"
NEEDED = {"yes": "yes", "column": "yes, may be blank", "": ""}


def described():
    """Return the tables of the schema as Markdown."""
    text = ""
    for table in TABLES:
        text += f"\n## `{table}` («{table_name(table, 'vi')}»): {translate(f'about.{table}', 'en')}\n\n"
        text += "| column | Vietnamese heading | type | needed | unit | meaning |\n|---|---|---|---|---|---|\n"
        for c in table_columns(table).to_dict("records"):
            kind = " or ".join(f"`{k}`" for k in CHOICES.get(c["type"], ())) or c["type"].replace("_", " ")
            cells = [f"`{c['column']}`", c["name_vi"], kind, NEEDED[c["required"]], c["unit"], c["meaning"]]
            text += f"| {' | '.join(cells)} |\n"
    return text


def test_the_document_lists_the_tables_of_the_schema():
    assert DOC.read_text("utf-8").split(MARK)[1] == described()


if __name__ == "__main__":
    DOC.write_text(DOC.read_text("utf-8").split(MARK)[0] + MARK + described(), encoding="utf-8", newline="\n")
