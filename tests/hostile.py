"""An input whose texts are markup, scripts, formulas and escape codes wherever a table holds a text."""

from itertools import cycle

import pandas as pd

from bhyt_analysis.i18n.safe_text import to_sheet
from bhyt_analysis.ingest.synthetic import write_country

FORMULA = "=cmd|'/c calc'!A1"
SCRIPT = "window.hacked=1"
# What a reader must see as it is written here; ingestion takes out only what is invisible.
TEXTS = (
    f"<img src=x onerror={SCRIPT}>",
    f"<script>{SCRIPT}</script>",
    f"[here](javascript:{SCRIPT})",
    "![picture](http://198.51.100.7/p.png)",
    f"<svg onload={SCRIPT}>",
    f"<a href=javascript:{SCRIPT}>link</a>",
    r"$\href{javascript:" + SCRIPT + r"}{x}$ or \(y\)",
    r"$\frac{a}{",
    "*thin* **fat** _low_ `code`",
    "a | b &lt; c ~~d~~",
    "# head",
    FORMULA,
    "@SUM(1+1)",
    "-2+3",
    "+1",
    "'quoted\" </textarea></style></title>",
    "{{7*7}} {0} %s",
    "mail a@b.example or ftp://b.example",
    "_under",
    "1. one",
    "--- > -->",
    "]]> & <!--",
)
NAME_WORDS = {"province": "Tỉnh", "district": "Huyện", "commune": "Xã"}
COLUMNS = ("source", "note", "instrument", "locator", "base", "document", "short", "title", "issuer", "number")


def _cell(text):
    """Return a text as a cell of a CSV file, with an override of its direction and an escape code in it."""
    return to_sheet(f"{text[:2]}\u202e\x1b{text[2:]}")


def _name(word, text):
    """Return the name of a unit; one that is a formula begins with it."""
    return _cell(text) if text in (FORMULA, "@SUM(1+1)", "-2+3") else f"{word} {_cell(text)}"


def write_hostile_input(folder):
    """Write the synthetic tables with a hostile text in every cell that holds a text; return the folder."""
    write_country(folder, 1, 7)
    for path in folder.glob("*.csv"):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        for column in set(COLUMNS) & set(table):
            table[column] = [_cell(text) for text, _ in zip(cycle(TEXTS), table.index, strict=False)]
        if path.stem == "areas":
            words = table["kind"].map(NAME_WORDS)
            table["name"] = [_name(word, text) for word, text in zip(words, cycle(TEXTS), strict=False)]
        if path.stem == "zones":
            table["decision"] = table["decision"].replace(table["decision"].iloc[-1], TEXTS[8])
        table.to_csv(path, index=False)
    published = [
        (TEXTS[0], "X001", "coverage", "80", "1", "percent", "=", TEXTS[1], "2021-12-31", TEXTS[6], TEXTS[2]),
        (TEXTS[3], "X001", "uninsured", "100", "0", "people", "=", TEXTS[1], "2021-12-31", TEXTS[4], TEXTS[3]),
    ]
    columns = [
        "document",
        "area",
        "figure",
        "value",
        "decimals",
        "unit",
        "relation",
        "base",
        "as_of",
        "locator",
        "note",
    ]
    pd.DataFrame(published, columns=columns).to_csv(folder / "published.csv", index=False)
    documents = [(d, t, t, t, t, "2021-01-01", "X001", t) for d, t in ((TEXTS[0], TEXTS[1]), (TEXTS[3], TEXTS[2]))]
    columns = ["document", "short", "title", "issuer", "number", "issued", "area", "note"]
    pd.DataFrame(documents, columns=columns).to_csv(folder / "documents.csv", index=False)
    return folder
