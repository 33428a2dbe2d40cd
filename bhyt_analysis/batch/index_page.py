"""Write the index page: every area with its headline figures, their status, and links."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bhyt_analysis.batch.build_record import AreaResult, write_atomically
from bhyt_analysis.documents.formats import listed_files
from bhyt_analysis.documents.html_page import read_template
from bhyt_analysis.domain.area_view import find_units
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.geography import Unit
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.tables.columns import column_name
from bhyt_analysis.tables.internal_copy import internal_stamp
from bhyt_analysis.tables.labels import status_name

Record = Mapping[str, Any]  # of facts.json
Facts = Mapping[str, Mapping[str, str]]
TEMPLATE = Path(__file__).with_name("index.html.j2")
FIGURES = ("next_to_add", "coverage", "next_target", "uninsured", "lost", "population")
SHORT = ("next_to_add", "next_target", "lost")  # figures whose name is shorter than on a page
WEAK = ("estimated", "conflict", "synthetic")


def write_index(
    out: Path, results: Sequence[AreaResult], data: Dataset, lang: str | None = None, disclosure: str = "on"
) -> Path:
    """Write ``index.html`` from the results and each area's ``facts.json``, failed areas first; return its path."""
    lang = check_lang(lang)
    ordered = sorted(results, key=lambda r: r.is_complete)
    records = {r.slug: _read_record(out, r) for r in ordered if r.is_complete}
    data, units = find_units(data, [r.area for r in ordered])
    names = [(unit, data.geography.parent(unit)) for unit in units]
    failed = len(ordered) - len(records)
    count = "index.count_failed" if failed else "index.count"
    words = {key: translate(f"index.{key}", lang) for key in ("title", "search", "links")}
    words["count"] = translate(count, lang, done=len(ordered) - failed, failed=failed)
    columns = {key: column_name(key, lang) for key in ("name", "parent", "outcome")}
    columns |= {k: translate(f"index.{k}", lang) if k in SHORT else column_name(k, lang, "headline") for k in FIGURES}
    text = read_template(TEMPLATE).render(
        lang=lang,
        internal=internal_stamp(lang) if disclosure == "off" else "",
        columns=list(columns.items()),
        figures=FIGURES,
        numeric=set(FIGURES),
        rows=[_row(r, records.get(r.slug, {}), *n, lang) for r, n in zip(ordered, names, strict=True)],
        words=words,
    )
    path = out / "index.html"
    write_atomically(path, text)
    return path


def _read_record(out: Path, result: AreaResult) -> Record:
    return dict(json.loads((out / result.slug / "facts.json").read_text(encoding="utf-8")))


def _facts(record: Record) -> Facts:
    return {fact["key"]: fact for fact in record.get("facts", ())}


def _row(result: AreaResult, record: Record, unit: Unit, above: Unit | None, lang: str) -> dict[str, object]:
    slug, code, name, parent_name = result.slug, unit.code, unit.name, "" if above is None else above.name
    status = translate("result.done" if result.is_complete else f"result.{result.status}", lang)
    row: dict[str, object] = {
        "name": name,
        "parent": parent_name,
        "find": normalise_name(f"{name} {parent_name} {code}"),
    }
    row |= {"error": result.error, "result": status}
    if not result.is_complete:
        return row
    facts, verdict = _facts(record), record.get("verdict")
    if verdict:
        row |= {"outcome": translate(f"outcome.{verdict['outcome']}", lang), "verdict": verdict["text"]}
    office = [(label, f"{slug}/{f}") for label, f in listed_files(slug, lang) if f"{slug}/{f}" in result.files]
    cells = [_cell(facts[key], lang) if key in facts else {"text": "–", "sort": ""} for key in FIGURES]
    return {**row, "cells": cells, "page": f"{slug}/{slug}.html", "files": [*office, ("ipynb", f"{slug}/{slug}.ipynb")]}


def _cell(fact: Mapping[str, str], lang: str) -> dict[str, object]:
    text = fact["text"].removesuffix(" " + translate("unit.people", lang))
    is_target, status = fact["key"] == "next_target", fact["status"]
    return {
        "text": f"{text} ({fact['as_of'][:4]})" if is_target else text,
        "sort": next((fact[k] for k in ("value", "low") if fact[k] is not None), ""),
        "status": "" if is_target and status == "published" else status_name(status, lang),
        "weak": status in WEAK,
    }
