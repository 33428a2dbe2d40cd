"""Write the files of a batch by hand, as the package writes them, from tables and the marks of their hidden cells."""

import json

import pandas as pd

from bhyt_analysis.tables.columns import find_column
from bhyt_analysis.tables.labels import group_name, is_group


def cell_text(name, value, mark=""):
    """Return a cell as a CSV file of a briefing has it: rates in per cent, with six digits."""
    if mark:
        return mark
    if isinstance(value, str):
        return group_name(value) if name in ("group", "subgroup") and is_group(value) else value
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if pd.isna(value):
        return ""
    if find_column(name).format in ("p1", "pe", "+pp1"):
        return f"{value * 100:g}"
    return f"{value:.0f}" if float(value).is_integer() else f"{value:g}"


def write_table(folder, slug, name, table, marks=None):
    """Write ``SLUG/tables/NAME.csv`` and return its path in the folder."""
    path = folder / slug / "tables" / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    heads = [find_column(c).label() + " (%)" * (find_column(c).format in ("p1", "pe")) for c in table]
    rows = [
        [cell_text(c, v, "" if marks is None else marks.iloc[i][c]) for c, v in zip(table, row, strict=True)]
        for i, row in enumerate(table.itertuples(index=False))
    ]
    pd.DataFrame(rows, columns=heads).to_csv(path, index=False, encoding="utf-8-sig")
    return f"{slug}/tables/{name}.csv"


def write_facts(folder, slug, code, name, facts, day="2024-12-31"):
    """Write ``SLUG/facts.json`` with figures by key and return its path in the folder."""
    path = folder / slug / "facts.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {"key": key, "label": find_column(key, "headline").label(), "value": None if isinstance(v, str) else v}
        | {"low": None, "high": None, "text": v if isinstance(v, str) else f"{v}", "as_of": day}
        for key, v in facts.items()
    ]
    content = {"area": code, "name": name, "lang": "vi", "facts": rows, "findings": []}
    path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    return f"{slug}/facts.json"
