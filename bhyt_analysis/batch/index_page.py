"""The index page: every area with its headline figures, their status, and links."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bhyt_analysis.batch.manifest import is_complete, write_atomically
from bhyt_analysis.documents.formats import OFFICE
from bhyt_analysis.documents.html_page import read_template
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.geography import match_units, unit_name
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.tables.labels import status_name

TEMPLATE = Path(__file__).with_name("index.html.j2")
FIGURES = ("population", "coverage", "uninsured", "lost", "next_target", "next_to_add")
WEAK = ("estimated", "synthetic")


def write_index(out: Path, manifest: dict[str, Any], data: Dataset, lang: str = "vi") -> Path:
    """Write ``index.html`` from the manifest and each area's ``facts.json``; failed areas first."""
    ordered = sorted(manifest["areas"], key=is_complete)
    failed = sum(not is_complete(a) for a in ordered)
    columns = [("name", translate("column.name", lang)), ("parent", translate("index.parent", lang))]
    columns += [(k, _heading(k, out, ordered, lang)) for k in FIGURES] + [("result", translate("index.result", lang))]
    text = read_template(TEMPLATE).render(
        lang=lang,
        columns=columns,
        figures=FIGURES,
        numeric=set(FIGURES),
        rows=[_row(out, area, data, lang) for area in ordered],
        words={
            "title": translate("index.title", lang),
            "count": translate(
                "index.count_failed" if failed else "index.count", lang, done=len(ordered) - failed, failed=failed
            ),
            "search": translate("index.search", lang),
            "links": translate("index.links", lang),
        },
    )
    path = out / "index.html"
    write_atomically(path, text)
    return path


def _facts(out: Path, area: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the headline figures of an area that was made, by key."""
    facts = json.loads((out / area["slug"] / "facts.json").read_text(encoding="utf-8"))["facts"]
    return {fact["key"]: fact for fact in facts}


def _heading(key: str, out: Path, areas: list[dict[str, Any]], lang: str) -> str:
    """Return the heading of a figure; of losses the areas' own, which names the decision, where they have one."""
    if key != "lost":
        return translate(f"fact.{key}", lang)
    facts = [_facts(out, area).get(key) for area in areas if is_complete(area)]
    labels = {fact["label"] for fact in facts if fact}
    return labels.pop() if len(labels) == 1 else translate("index.lost", lang)


def _row(out: Path, area: dict[str, Any], data: Dataset, lang: str) -> dict[str, Any]:
    unit, slug = match_units(data.areas, area["area"]).iloc[0], area["slug"]
    code, name, parent = unit["code"], unit["name"], unit["parent"]
    above = unit_name(data.areas, parent) if parent else ""
    row = {"name": name, "parent": above, "find": normalise_name(f"{name} {above} {code}"), "error": area["error"]}
    row["result"] = translate("result.done" if is_complete(area) else f"result.{area['status']}", lang)
    if not is_complete(area):
        return row
    facts, cells = _facts(out, area), []
    for key in FIGURES:
        fact = facts.get(key)
        if fact is None:
            cells.append({"text": "–", "sort": "", "status": "", "weak": False})
        else:
            text = fact["text"].removesuffix(" " + translate("unit.people", lang))
            if key == "next_target":
                text = f"{text} ({fact['as_of'][:4]})"
            sort = fact["value"] if fact["value"] is not None else fact["low"]
            cells.append({"text": text, "sort": sort, "status": "" if key == "next_target" and fact["status"] == "published" else status_name(fact["status"], lang), "weak": fact["status"] in WEAK})  # fmt: skip
    office = [(f, f"{slug}/{slug}.{f}") for f in OFFICE if f"{slug}/{slug}.{f}" in area["files"]]
    return {**row, "cells": cells, "page": f"{slug}/{slug}.html", "files": [*office, ("ipynb", f"{slug}/{slug}.ipynb")]}
