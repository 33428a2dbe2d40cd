"""Render the explorer's results as HTML: headline, comparisons, errors and descriptions of charts."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.model.finance.budget import PAYERS
from bhyt_analysis.tables import formatting
from bhyt_analysis.tables.labels import column_name, status_name, weakest_stamp

STYLE = f"<style>\n{Path(__file__).with_name('style.css').read_text('utf-8')}</style>"


def escape_html(text: str) -> str:
    """Escape text for HTML and keep its line breaks."""
    return html.escape(text).replace("\n", "<br>")


def render_paragraphs(texts: Iterable[str]) -> str:
    """Render each text as a paragraph."""
    return "".join(f"<p>{escape_html(text)}</p>" for text in texts)


def render_error(text: str) -> str:
    """Render an error message that screen readers announce; "" for no error."""
    return f'<p class="bhyt-error" role="alert">{escape_html(text)}</p>' if text else ""


def render_description(alt: str, lang: str) -> str:
    """Render the alternative text of a chart, collapsed."""
    return f"<details><summary>{escape_html(translate('explore.in_words', lang))}</summary>{escape_html(alt)}</details>"


def render_stamps(statuses: Sequence[str], proposal: bool, lang: str) -> str:
    """Render the stamps that results must carry: a proposal, estimated or synthetic figures."""
    tags = ["proposal" if proposal else None, weakest_stamp(list(statuses))]
    return "".join(f'<span class="bhyt-stamp">{escape_html(translate(f"stamp.{t}", lang))}</span>' for t in tags if t)


def year_label(row: pd.Series, lang: str) -> str:
    """Return the year of an outlook, with the number of its months unless it has all twelve."""
    key = "explore.year" if row["months"] == 12 else "explore.months_of_year"
    return translate(key, lang, year=str(row["year"]), months=int(row["months"]))


def render_headline(outlook: pd.DataFrame, probabilities: pd.DataFrame, title: str, lang: str) -> str:
    """Render the main figures of a scenario: coverage, people, public money and the chance of the target.

    ``outlook`` and ``probabilities`` are the tables of `outlook` and `target_probabilities`.
    """
    rows = outlook.set_index("result")
    behavioural, static = rows.loc["behavioural"], rows.loc["static"]
    public = behavioural[["vnd_central", "vnd_province"]].sum(min_count=1)
    of_province = translate("explore.of_province", lang, vnd=behavioural["vnd_province"])
    interval = {"low": behavioural["rate_low"], "high": behavioural["rate_high"], "static": static["rate"]}
    people = {"people": behavioural["people"], "static": static["uninsured"]}
    day, year = behavioural["on"], year_label(behavioural, lang)
    coverage = format_message("{v:p1}", lang, v=behavioural["rate"])
    uninsured = format_message("{v:n}", lang, v=behavioural["uninsured"])
    cost = format_message("{v:bn2} ", lang, v=public) + translate("label.billions", lang)
    cards = [
        (translate("explore.coverage_on", lang, on=day), coverage, translate("explore.interval", lang, **interval)),
        (translate("explore.uninsured_on", lang, on=day), uninsured, translate("explore.of_people", lang, **people)),
        (translate("explore.public_cost", lang, months=year), cost, of_province),
        _probability_card(probabilities, lang),
    ]
    texts = ((escape_html(label), escape_html(figure), escape_html(note)) for label, figure, note in cards)
    body = "".join(f'<div class="bhyt-card">{a}<b>{b}</b><small>{c}</small></div>' for a, b, c in texts)
    stamps = render_stamps(list(outlook["status"]), bool(outlook["proposal"].any()), lang)
    return f'<h2>{escape_html(title)}</h2>{stamps}<div class="bhyt-cards">{body}</div>'


def _probability_card(probabilities: pd.DataFrame, lang: str) -> tuple[str, str, str]:
    """Return the card of the next target within the projected months, with up to three targets as its note."""
    label, targets = translate("explore.chance", lang), probabilities[probabilities["chance"].notna()]
    if targets.empty:
        return label, "–", translate("explore.no_target", lang)
    texts = []
    for target in targets.head(3).itertuples():
        template = translate(f"relation.{target.relation}", lang) + "{v:pe}, {d:date}: {c:p0}"
        texts.append(format_message(template, lang, v=target.rate, d=target.on, c=target.chance))
    return label, format_message("{v:p0}", lang, v=targets["chance"].iloc[0]), "; ".join(texts)


def render_results(outlook: pd.DataFrame, lang: str) -> str:
    """Render the static and the behavioural result side by side: coverage, people, VND of the year by payer.

    ``outlook`` is the table of `outlook`.
    """
    rows = outlook.set_index("result").loc[["static", "behavioural"]]
    year = f"{year_label(rows.loc['behavioural'], lang)} ({translate('label.billions', lang)})"
    lines = [(translate(f"fact.{c}", lang), c, f) for c, f in (("insured", "{v:n}"), ("uninsured", "{v:n}"))]
    lines = [(translate("fact.coverage", lang), "rate", "{v:p1}"), *lines]
    for payer in (p for p in PAYERS if rows[f"vnd_{p}"].abs().sum() > 0):
        lines.append((f"{translate(f'payer.{payer}', lang)}, {year}", f"vnd_{payer}", "{v:bn2}"))
    body = [(label, *(format_message(form, lang, v=v) for v in rows[column])) for label, column, form in lines]
    note = translate("explore.note", lang, costed=rows.at["behavioural", "costed"])
    return _table_html([translate(f"explore.{r}", lang) for r in ("static", "acting")], body, note)


def render_comparison(rows: pd.DataFrame, lang: str) -> str:
    """Render scenarios as columns and their results as lines.

    ``rows``: one row per scenario, as `views.compare_scenarios` returns.
    """
    cells = formatting.format_table(rows, lang)
    labels = [column_name(c, lang) for c in rows if c not in ("scenario", "status")]
    statuses = "; ".join(dict.fromkeys(status_name(s, lang) for s in rows["status"]))
    note = f"{translate('explore.against_first', lang)} {statuses}."
    return _table_html(rows["scenario"], [(label, *cells[label]) for label in labels], note)


def _table_html(columns: Iterable[str], rows: Iterable[tuple[str, ...]], note: str) -> str:
    """Return a table with labels in its first column and figures in the others, and a note below."""
    head = "".join(f'<th class="n">{escape_html(c)}</th>' for c in columns)
    body = ""
    for label, *figures in rows:
        cells = "".join(f'<td class="n">{escape_html(f)}</td>' for f in figures)
        body += f"<tr><td>{escape_html(label)}</td>{cells}</tr>"
    table = f'<table class="bhyt"><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'{table}<p class="note">{escape_html(note)}</p>'


def sort_communes(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Sort the table of communes, names ascending and figures descending, and drop its empty columns.

    Examples
    --------
    >>> rows = pd.DataFrame({"area": ["b", "a"], "name": ["B", "A"], "lost": [1, 2], "rate": [None, None]})
    >>> sort_communes(rows, "lost").to_dict("list")
    {'area': ['a', 'b'], 'name': ['A', 'B'], 'lost': [2, 1]}
    """
    table = rows.dropna(axis=1, how="all")
    table = table.drop(columns=[c for c in ("zone_before", "zone_after") if c in table and (table[c] == "").all()])
    if column not in table:
        column = "area"
    ascending = column in ("area", "name") or not pd.api.types.is_numeric_dtype(table[column])
    return table.sort_values(column, ascending=ascending, kind="stable").reset_index(drop=True)


def to_tab_separated(rows: pd.DataFrame, lang: str) -> str:
    """Return a table as text that can be pasted into a spreadsheet."""
    table = formatting.spreadsheet_table(rows, lang)
    return "\n".join("\t".join(map(str, line)) for line in [table.columns, *table.to_numpy().tolist()])
