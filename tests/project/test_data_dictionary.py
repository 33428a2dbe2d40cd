"""docs/columns.md says what `bhyt_analysis/tables/columns.csv` says.

After a change of the file: ``python -m tests.project.test_data_dictionary`` writes the page anew.
"""

from bhyt_analysis.tables.columns import DISCLOSURES, registry

from ..conftest import ROOT

PAGE = ROOT / "docs" / "columns.md"
HEAD = """# Data dictionary

The columns of all tables that the library returns or a briefing shows. This page is made from
`bhyt_analysis/tables/columns.csv` by `python -m tests.project.test_data_dictionary`. From the same file come the
headings, the formats of numbers and what is hidden with a small count. A name means the same everywhere, unless a line
says *in* which results it means something else.

*Relation*: what holds between the cells of a row; `@` names another row: `@previous` the one above, `@month-1` the
unit's row of the month before, `@baseline` that of the scenario compared with, `@all` the sum of the rows, `@area` that
of the rows of the unit. A column with `?` is 0 in a table without it. *Adds over*: the columns over whose values it can
be summed, where these do not overlap. *Follows*: the columns with which its cells are hidden.

*Format* is that of numbers in sentences: `n` a whole number, `up` rounded up, `+` with its sign, `d1` with a decimal,
`p1` per cent with a decimal, `pe` with as many as it has, `pp1` percentage points; or of words.
"""
TITLES = {
    "count": "Counts of persons",
    "change": "Differences of counts",
    "estimate": "Planned and projected people",
    "population": "Population",
    "rate": "Rates",
    "interval": "Bounds",
    "money": "Money that follows counts",
    "by_key": "Figures by key",
    "text": "Sentences",
    "label": "Names, keys, days and documents",
    "status": "Quality",
    "none": "Other figures",
}


def dictionary():
    """Return the page: a table for each class of disclosure."""
    table, text = registry(), HEAD
    for disclosure, meaning in DISCLOSURES.items():
        rows = table[table["disclosure"] == disclosure]
        numbers = rows[["unit", "relation", "adds_over", "follows"]].ne("").any()
        extra = [c for c in ("unit", "format", "relation", "adds_over", "follows") if numbers.get(c, True)]
        heads = ["Column", "Tiếng Việt", "English", "Meaning", *(c.replace("_", " ").capitalize() for c in extra)]
        lines = [heads, ["---"] * len(heads)]
        for row in rows.to_dict("records"):
            own = ", ".join(f"`{name}`" for name in row["results"].split())
            name = f"`{row['column']}`" + (f" in {own}" if own else "")
            codes = [row[c] if c == "unit" else code(row[c]) for c in extra]
            lines.append([name, row["label_vi"], row["label_en"], row["meaning"], *codes])
        text += f"\n## {TITLES[disclosure]}\n\n`{disclosure}`: {meaning}\n\n"
        text += "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return text


def code(text):
    """Return a cell as code, with a line for each relation."""
    return "<br>".join(f"`{part}`" for part in text.split("; ")) if text else ""


def test_the_data_dictionary_is_made_from_the_registry():
    assert PAGE.read_text("utf-8") == dictionary()


if __name__ == "__main__":
    PAGE.write_text(dictionary(), encoding="utf-8", newline="\n")
