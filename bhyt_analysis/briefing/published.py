"""Exchange with the batch what an area publishes, and what of it is hidden because of all areas together."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bhyt_analysis.briefing.items import Item
from bhyt_analysis.i18n.failures import name_file
from bhyt_analysis.model.coverage.coverage import coverage
from bhyt_analysis.tables.cells import collect_cells
from bhyt_analysis.tables.columns import table_columns
from bhyt_analysis.tables.hidden_cells import HiddenCells
from bhyt_analysis.tables.published_tables import EXCHANGE, FACTS, describe_table, published_tables

if TYPE_CHECKING:
    from bhyt_analysis.briefing.briefing import Briefing


def read_hidden(out: str | Path | None) -> HiddenCells | None:
    """Return what the batch says is hidden in the area; None where no batch builds it, or before it has decided."""
    path = None if out is None else Path(out, EXCHANGE)
    if path is None or not path.is_file():
        return None
    fields = json.loads(path.read_text(encoding="utf-8")).get("hidden")
    return fields and HiddenCells.from_dict(fields)


def is_batch(briefing: Briefing) -> bool:
    """Return whether a batch builds the area, which protects it together with the others."""
    return briefing.out is not None and Path(briefing.out, EXCHANGE).is_file()


def write_published(briefing: Briefing) -> bool:
    """Write for the batch what the area publishes; return whether a batch asks for it."""
    if briefing.out is None or not is_batch(briefing):
        return False
    with name_file(path := Path(briefing.out, EXCHANGE)):
        path.write_text(json.dumps(describe_published(briefing), ensure_ascii=False), encoding="utf-8")
    return True


def describe_published(briefing: Briefing) -> dict[str, Any]:
    """Return the tables of a briefing, also what only its charts draw, with its units, as JSON can hold them."""
    geography, view = briefing.unit_data.geography, briefing.view
    units = {u.id: u for u in (*view.lineage, *geography.communes(view.unit))}.values()
    keys = {u.id: geography.key(u) for u in units}
    keys_by_code = {u.code: keys[u.id] for u in units}
    counts = Counter(u.name for u in units)
    above = [(u, geography.parent(u)) for u in units]
    items = [item for section in briefing.items.values() for item in section]
    tables = [(item.name, item.table) for item in items] + [(f"{item.name}:chart", item.chart_data) for item in items]
    counted = coverage(briefing.data_as_of, briefing.code, by=["commune"], as_of=briefing.as_of)
    own = next((f.as_of for k in ("insured", "reporting_insured") if (f := briefing.facts.get(k))), None)
    days = zip([*counted["area"], view.code], [*counted["as_of"], own], strict=True)
    return {
        "area": keys[view.unit.id],
        "areas": keys_by_code | {u.name: keys[u.id] for u in units if counts[u.name] == 1},
        "parents": {keys[u.id]: keys.get(p.id, geography.key(p)) for u, p in above if p is not None},
        "days": {keys_by_code.get(code, code): str(day)[:10] for code, day in days if pd.notna(day)},
        "tables": [describe_table(n, t) for n, t in [*tables, (FACTS, briefing.figures)] if t is not None and len(t)],
    }


def needs_protection(briefing: Briefing) -> bool:
    """Return whether a briefing has small counts: only a batch protects them from its other figures."""
    fields = describe_published(briefing)
    return bool(collect_cells(published_tables(fields), fields["parents"]).primary.any())


def shorten_item(item: Item, hidden: HiddenCells, lang: str) -> Item:
    """Return an item without the sentences, also those in cells of its table, that have hidden figures."""
    table = item.table
    if table is not None:
        texts = [name for name, column in table_columns(table).items() if column.disclosure == "text"]
        table = table.assign(**{c: [hidden.shorten(v, lang) for v in table[c]] for c in texts})
    return replace(item, text=hidden.shorten(item.text, lang), table=table)
