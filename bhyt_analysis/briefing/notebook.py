"""What a cell of a briefing notebook calls: show the items of a section, and keep their files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
from IPython.display import HTML, Image, Markdown, display

from bhyt_analysis import __version__, charts
from bhyt_analysis.briefing.headline import fact_text
from bhyt_analysis.briefing.items import Items
from bhyt_analysis.domain.dataset import Dataset, select_unit
from bhyt_analysis.domain.geography import communes, lineage, unit_name
from bhyt_analysis.i18n.citations import format_citation
from bhyt_analysis.i18n.dates import DateLike
from bhyt_analysis.i18n.messages import has_message, translate
from bhyt_analysis.i18n.unit_names import inline_name
from bhyt_analysis.law.law import Law
from bhyt_analysis.tables import formatting

SCREEN_WIDTH = 605  # CSS pixels of 160 mm
# Notebooks set every cell of a table to the right; only numbers belong there.
ALIGNED = "<style>table.bhyt :is(td, th):not(.n) {text-align: left}</style>"


def title(data: Dataset, area: str, lang: str = "vi") -> None:
    """Show the title of the briefing: its kind, the area and the unit above it; a synthetic one says so."""
    code, data = select_unit(data, area)
    names = [inline_name(unit_name(data.areas, c), lang) for c, *_ in lineage(data.areas, code)[:2] if c != "VN"]
    about = {"title": translate("label.page_title", lang), "area": ", ".join(names), "code": code, "lang": lang}
    _text(f"# {about['title']}: {about['area']}", about)
    if is_synthetic(data, code):
        _text(f"**{translate('stamp.synthetic_page', lang)}**", {"warning": "synthetic"})


def _text(markdown: str, about: dict[str, Any]) -> None:
    """Show a text, and keep what it is for the documents that are made from the notebook."""
    display(Markdown(markdown), metadata={"bhyt": about})


def heading(key: str, lang: str = "vi") -> None:
    """Show the heading of a section; that of the whole notebook where it is one."""
    level = "#" if has_message(f"notebook.{key}") else "##"
    display(Markdown(f"{level} {said(f'notebook.{key}' if level == '#' else f'section.{key}', lang)}"))


def said(key: str, lang: str = "vi") -> str:
    """A phrase of the table of words, such as the title of a chart."""
    return translate(key, lang)


def is_synthetic(data: Dataset, area: str) -> bool:
    """Whether any figure of the area was made up."""
    code, data = select_unit(data, area)
    inside = [code, *communes(data.areas, code)]
    tables = (data.cards, data.population, data.losses)
    return any((t.loc[t["area"].isin(inside), "status"] == "synthetic").any() for t in tables)


def section(key: str, items: Items, lang: str = "vi", out: str | Path | None = None) -> None:
    """Show a heading and its items; with ``out``, write their charts and tables there. Without items, nothing.

    Charts go to ``charts/NAME.png`` and ``.svg``, tables to ``tables/NAME.csv``.
    Without ``out`` nothing is written.
    """
    if not items:
        return
    _text(f"## {translate(f'section.{key}', lang)}", {"section": key})
    for item in items:
        if item.text:
            _text(item.text, {"text": item.name})
        if item.chart is not None:
            chart(item.chart, item.name, out)
        if item.table is not None and len(item.table):
            table(item.table, lang, item.name, out)


def chart(drawing: charts.Chart, name: str = "", out: str | Path | None = None) -> None:
    """Show a chart at the size it has on paper; with ``out``, write ``charts/NAME.png`` and ``.svg`` there.

    What is written is drawn once: the notebook shows the very picture of the file.
    """
    if out is None:
        picture = drawing._repr_png_()
    else:
        stem = _inside(out, "charts") / name
        charts.save(drawing, stem)
        picture = stem.with_suffix(".png").read_bytes()
    about = {"bhyt": {"chart": name, "told": drawing.description.to_dict()}} if name else None
    display(Image(picture, width=SCREEN_WIDTH, alt=drawing.description.alt), metadata=about)


def table(rows: pd.DataFrame, lang: str = "vi", name: str = "", out: str | Path | None = None) -> None:
    """Show a table in the language; with ``out``, write ``tables/NAME.csv`` there."""
    spec = formatting.table_spec(rows, lang)
    about = {"bhyt": {"table": name, "told": spec.to_dict()}}
    display(HTML(ALIGNED + formatting.spec_to_html(spec, lang)), metadata=about)
    if out is not None:
        formatting.save_csv(rows, _inside(out, "tables") / f"{name}.csv", lang)


def _inside(out: str | Path, name: str) -> Path:
    folder = Path(out) / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def facts(
    data: Dataset, law: Law, area: str, figures: pd.DataFrame, findings: pd.DataFrame, as_of: DateLike | None = None,
    lang: str = "vi", seed: int = 1, scenario: str | None = None,
) -> dict:  # fmt: skip
    """The headline figures with their status, the findings, and what they were made with.

    Parameters
    ----------
    figures, findings : what `headline` and `findings_of` give.

    Returns
    -------
    dict with ``area`` (code), ``name``, ``lang``, ``as_of``, ``scenario``, ``seed``, ``version``,
    ``law_sha256``, ``inputs_sha256``; ``facts``: a list of key, label, value, low, high,
    relation, unit, text, as_of, status, source; ``findings``: a list of rule, severity,
    name (of the unit), message.
    """
    code, data = select_unit(data, area)
    rows = []
    for row in figures.to_dict("records"):
        text = fact_text(row, lang)
        day = None if row["as_of"] is None or row["as_of"] != row["as_of"] else str(row["as_of"])[:10]
        whole = row["unit"] != "share"  # people and đồng are whole numbers
        plain = {k: None if pd.isna(row[k]) else (int(row[k]) if whole else row[k]) for k in ("value", "low", "high")}
        rows.append({"key": row["key"], "label": translate(f"fact.{row['key']}", lang), **plain, "relation": row["relation"], "unit": row["unit"], "text": text, "as_of": day, "status": row["status"], "source": format_citation(row["source"], lang)})  # fmt: skip
    return {
        "area": code,
        "name": unit_name(data.areas, code),
        "lang": lang,
        "as_of": None if as_of is None else str(as_of)[:10],
        "scenario": scenario,
        "seed": seed,
        "version": __version__,
        "law_sha256": law.sha256(),
        "inputs_sha256": data.sha256,
        "facts": rows,
        "findings": findings[["rule", "severity", "name", "message"]].to_dict("records"),
    }


def keep_facts(told: dict, out: str | Path | None = None) -> None:
    """Write what `facts` gives to ``facts.json`` in ``out``, and show what it was made with."""
    if out is not None:
        Path(out, "facts.json").write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    words = {"version": told["version"], "seed": told["seed"]}
    words |= {"inputs": told["inputs_sha256"][:8], "law": told["law_sha256"][:8]}
    _text(f"*{translate('label.made_with', told['lang'], **words)}*", {"made_with": told["version"]})
