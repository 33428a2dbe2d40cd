"""Choose what is hidden in the areas of a batch together: no figure of one may tell a small count of another.

While a batch runs, ``.bhyt/published`` has what each area publishes: an area that is reused after a run that was cut
short is protected with the others. The folder is deleted when all areas are protected.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bhyt_analysis.i18n.failures import name_file
from bhyt_analysis.tables.hidden_cells import HiddenCell, HiddenCells
from bhyt_analysis.tables.published_tables import FACTS, published_tables

if TYPE_CHECKING:
    from bhyt_analysis.tables.protection import Protection

FOLDER = Path(".bhyt", "published")


def keep_published(out: Path, slug: str, text: str) -> None:
    """Keep what an area publishes until all areas of the batch are protected."""
    path = out / FOLDER / f"{slug}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    with name_file(path):
        path.write_text(text, encoding="utf-8")


def kept_areas(out: Path) -> set[str]:
    """Return the areas of which it is kept what they publish."""
    return {path.stem for path in (out / FOLDER).glob("*.json")}


def is_unfinished(out: Path) -> bool:
    """Return whether areas are in the folder that are not protected yet."""
    return (out / FOLDER).is_dir()


def forget_published(out: Path) -> None:
    """Delete what was kept."""
    shutil.rmtree(out / FOLDER, ignore_errors=True)


def hidden_by_area(out: Path, slugs: Iterable[str]) -> dict[str, HiddenCells]:
    """Return what is hidden in those of the areas in which something is."""
    from bhyt_analysis.tables.protection import protect  # its libraries are slow to load, and workers need none

    paths = {slug: out / FOLDER / f"{slug}.json" for slug in slugs}
    read = {slug: json.loads(path.read_text(encoding="utf-8")) for slug, path in paths.items() if path.is_file()}
    areas = {slug: area for slug, area in read.items() if area}  # a notebook of one's own may publish none
    parents: dict[str, str] = {}
    for area in areas.values():
        parents |= area["parents"]
    tables = {slug: published_tables(area) for slug, area in areas.items()}
    protection = protect([table for own in tables.values() for table in own], parents)
    if not protection.pattern.hidden.any():
        return {}
    first, hidden = 0, {}
    for slug, own in tables.items():
        cells = _hidden_of_area(protection, range(first, first + len(own)), areas[slug])
        first += len(own)
        if cells.cells:
            hidden[slug] = cells
    return hidden


def _hidden_of_area(protection: Protection, positions: range, area: Mapping[str, Any]) -> HiddenCells:
    """Return what is hidden in the tables of an area, and which figures of its units nothing may print."""
    marks: dict[str, list[tuple[int, str, str]]] = {}
    facts: dict[str, str] = {}
    for position, table in zip(positions, area["tables"], strict=True):
        frame = protection.marks[position]
        for row, column in np.argwhere((frame != "").to_numpy()).tolist():
            name, mark = str(frame.columns[column]), str(frame.iat[row, column])
            if table["name"] == FACTS:
                facts[table["rows"][row][table["columns"].index("key")]] = mark
            else:
                marks.setdefault(table["name"], []).append((row, name, mark))
    cells, units = protection.cells.table, set(area["areas"].values()) | {area["area"]}
    is_secret = protection.pattern.hidden & ((cells["state"] == "printed") | cells["primary"]).to_numpy()
    secret = cells[is_secret & cells["area"].isin(units).to_numpy()]
    figures = [
        HiddenCell(c.column, c.area, c.group, float(c.value), float(c.half)) for c in secret.itertuples(index=False)
    ]
    return HiddenCells(marks, facts, figures, area["areas"], area["area"])
