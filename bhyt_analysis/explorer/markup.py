"""Render the explorer's results as HTML, and its charts and tables as links that hold their files."""

from __future__ import annotations

import base64
import html
import io
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from bhyt_analysis import charts
from bhyt_analysis.charts.chart import save_pictures
from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.i18n.safe_text import to_html
from bhyt_analysis.tables import formatting
from bhyt_analysis.tables.columns import column_name, table_columns
from bhyt_analysis.tables.labels import status_name, weakest_stamp

MIME_TYPES = {
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".csv": "text/csv",
    ".toml": "application/toml",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
NEARLY_ALL = 0.9  # of the insured, whose cost a sum must cover to be called the area's
STYLE = f"<style>\n{Path(__file__).with_name('style.css').read_text('utf-8')}</style>"


def escape_html(text: str) -> str:
    """Escape text for HTML elements and keep its line breaks; in attributes and text areas `html.escape` does it."""
    return to_html(text).replace("\n", "<br>")


def render_paragraphs(texts: Iterable[str]) -> str:
    """Render each text as a paragraph."""
    return "".join(f"<p>{escape_html(text)}</p>" for text in texts)


def render_error(text: str) -> str:
    """Render an error message that screen readers announce; "" for no error."""
    return f'<p class="bhyt-error" role="alert">{escape_html(text)}</p>' if text else ""


def render_description(alt: str, lang: str) -> str:
    """Render the alternative text of a chart, collapsed."""
    return f"<details><summary>{escape_html(translate('explore.in_words', lang))}</summary>{escape_html(alt)}</details>"


def year_label(row: pd.Series, lang: str) -> str:
    """Return the year of an outlook, with the number of its months unless it has all twelve."""
    key = "explore.year" if row["months"] == 12 else "explore.months_of_year"
    return translate(key, lang, year=str(row["year"]), months=int(row["months"]))


def render_headline(
    outlook: pd.DataFrame,
    probabilities: pd.DataFrame,
    reference: pd.DataFrame,
    reference_probabilities: pd.DataFrame,
    title: str,
    lang: str,
) -> str:
    """Render the main figures of a scenario, each with its difference to the law in force.

    The public money has a card only where its sum covers nearly all of the insured.
    """
    behavioural, static = (outlook.set_index("result").loc[result] for result in ("behavioural", "static"))
    before = reference.set_index("result").loc["behavioural"]
    day = behavioural["on"]
    interval = {key: behavioural[f"rate_{key}"] for key in ("low", "median", "high")} | {"static": static["rate"]}
    people = {"people": behavioural["people"], "static": static["uninsured"]}
    cards = [
        (
            translate("explore.coverage_on", lang, on=day),
            format_message("{v:p1}", lang, v=behavioural["rate"]),
            _against("{c:+pp1}", behavioural["rate"] - before["rate"], lang, "label.points"),
            translate("explore.interval", lang, **interval),
        ),
        (
            translate("explore.uninsured_on", lang, on=day),
            format_message("{v:n}", lang, v=behavioural["uninsured"]),
            _against("{c:+n}", behavioural["uninsured"] - before["uninsured"], lang, "label.people"),
            translate("explore.of_people", lang, **people),
        ),
        _probability_card(probabilities, reference_probabilities, day, lang),
    ]
    if behavioural["costed"] >= NEARLY_ALL:
        cards.insert(2, _money_card(behavioural, before, lang))
    tags = ["proposal" if outlook["proposal"].any() else None, weakest_stamp(list(outlook["status"]))]
    return f"<h2>{escape_html(title)}</h2>{_stamps(tags, lang)}{render_cards(cards)}"


def render_cards(cards: Iterable[Sequence[str]]) -> str:
    """Render cards of a label, a figure, its difference to the law in force, and a note."""
    body = ""
    for card in cards:
        label, figure, change, note = map(escape_html, card)
        body += f'<div class="bhyt-card">{label}<b>{figure}</b><em>{change}</em><small>{note}</small></div>'
    return f'<div class="bhyt-cards">{body}</div>'


def render_stamps(statuses: Sequence[str], lang: str) -> str:
    """Render the stamp of the weakest status, if it has one."""
    return _stamps([weakest_stamp(list(statuses))], lang)


def _stamps(tags: Iterable[str | None], lang: str) -> str:
    marks = [escape_html(translate(f"stamp.{tag}", lang)) for tag in tags if tag]
    return "".join(f'<span class="bhyt-stamp">{mark}</span>' for mark in marks)


def _against(template: str, change: float, lang: str, unit: str) -> str:
    """Return the difference of a figure to the law in force."""
    figure = f"{format_message(template, lang, c=change)} {translate(unit, lang)}"
    return translate("explore.against_law", lang, change=figure)


def _money_card(behavioural: pd.Series, before: pd.Series, lang: str) -> tuple[str, str, str, str]:
    """Return the card of the public money of a year."""
    public, public_before = (row[["vnd_central", "vnd_province"]].sum(min_count=1) for row in (behavioural, before))
    return (
        translate("explore.public_cost", lang, months=year_label(behavioural, lang)),
        translate("explore.about", lang, amount=format_message("{v:vnd}", lang, v=public)),
        translate("explore.against_law", lang, change=format_message("{v:+vnd}", lang, v=public - public_before)),
        translate("explore.of_province", lang, vnd=behavioural["vnd_province"], costed=behavioural["costed"]),
    )


def _probability_card(
    targets: pd.DataFrame, reference: pd.DataFrame, day: pd.Timestamp, lang: str
) -> tuple[str, str, str, str]:
    """Return the card of the next target from a day on, else the last; its note has up to three targets."""
    label, targets = translate("explore.chance", lang), targets[targets["chance"].notna()]
    if targets.empty:
        return label, "–", "", translate("explore.no_target", lang)
    ahead = targets[targets["on"] >= day]
    targets = ahead.head(3) if len(ahead) else targets.tail(1)
    texts = []
    for target in targets.itertuples():
        template = translate(f"relation.{target.relation}", lang) + "{v:pe}, {d:date}: {c:p0}"
        texts.append(format_message(template, lang, v=target.rate, d=target.on, c=target.chance))
    chance = targets["chance"].iloc[0]
    before = reference.loc[reference["on"] == targets["on"].iloc[0], "chance"].mean()
    change = _against("{c:+pp0}", chance - before, lang, "label.points")
    return label, format_message("{v:p0}", lang, v=chance), change, "; ".join(texts)


def render_results(outlook: pd.DataFrame, reference: pd.DataFrame, lang: str) -> str:
    """Render coverage and people: the static result, the behavioural one, the law in force, and the difference."""
    rows = outlook.set_index("result").loc[["static", "behavioural"]]
    before = reference.set_index("result").loc["behavioural"]
    lines = [(column_name(c, lang, "headline"), c, "{v:n}") for c in ("insured", "uninsured")]
    lines = [(column_name("coverage", lang), "rate", "{v:p1}"), *lines]
    body = []
    for label, column, form in lines:
        figures = [*rows[column], before[column]]
        change = rows.at["behavioural", column] - before[column]
        signed = "{v:+pp1}" if column == "rate" else "{v:+n}"
        body.append(
            (label, *(format_message(form, lang, v=v) for v in figures), format_message(signed, lang, v=change))
        )
    note = translate("explore.note", lang, costed=rows.at["behavioural", "costed"])
    heads = [translate(f"explore.{r}", lang) for r in ("static", "acting", "law_in_force", "difference")]
    return render_table(heads, body, note)


def render_comparison(rows: pd.DataFrame, lang: str) -> str:
    """Render the rows of `views.compare_scenarios`: scenarios as columns and their results as lines."""
    cells = formatting.format_table(rows, lang)
    labels = [column_name(c, lang) for c in rows if c not in ("scenario", "status")]
    statuses = "; ".join(dict.fromkeys(status_name(s, lang) for s in rows["status"]))
    note = f"{translate('explore.against_first', lang)} {statuses}."
    return render_table(rows["scenario"], [(label, *cells[label]) for label in labels], note)


def render_table(columns: Iterable[str], rows: Iterable[tuple[str, ...]], note: str) -> str:
    """Render a table with labels in its first column and figures in the others, and a note below."""
    head = "".join(f'<th class="n">{escape_html(c)}</th>' for c in columns)
    body = ""
    for label, *figures in rows:
        cells = "".join(f'<td class="n">{escape_html(f)}</td>' for f in figures)
        body += f"<tr><td>{escape_html(label)}</td>{cells}</tr>"
    table = f'<table class="bhyt"><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>'
    return table + (f'<p class="note">{escape_html(note)}</p>' if note else "")


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
    lines = [table.columns, *table.to_numpy().tolist()]
    return "\n".join("\t".join(" ".join(str(cell).split()) for cell in line) for line in lines)


def chart_files(chart: charts.Chart, name: str) -> dict[str, bytes]:
    """Return a chart as the batch writes it, PNG (300 dpi) and SVG, by file name."""
    with tempfile.TemporaryDirectory() as folder:
        stem = Path(folder) / name
        save_pictures(chart, stem)
        return {f"{name}{suffix}": stem.with_suffix(suffix).read_bytes() for suffix in (".png", ".svg")}


def table_files(rows: pd.DataFrame, name: str, lang: str) -> dict[str, bytes]:
    """Return a table as CSV with a byte order mark for Excel and as a workbook with numeric cells, by file name.

    Examples
    --------
    >>> files = table_files(pd.DataFrame({"name": ["Xã Đầu"], "insured": [900]}), "communes", "en")
    >>> files["communes.csv"].decode("utf-8-sig").split()
    ['Area,Insured', 'Đầu', 'commune,900']
    """
    import openpyxl

    book = openpyxl.Workbook()
    table, sheet = formatting.spreadsheet_table(rows, lang, for_text=False), book.active
    sheet.append(list(table.columns))
    numeric = [column.is_number for column in table_columns(rows).values()]
    for line in table.itertuples(index=False):
        sheet.append([_to_number(v) if n else v for v, n in zip(line, numeric, strict=True)])
    for cell in (cell for line in sheet.iter_rows() for cell in line if isinstance(cell.value, str)):
        cell.data_type = "s"  # a text, also where it looks like a formula
    sheet.freeze_panes = "A2"
    for column in sheet.columns:
        width = max(len(str(cell.value or "")) for cell in column) + 2
        sheet.column_dimensions[column[0].column_letter].width = min(60, width)
    out = io.BytesIO()
    book.save(out)
    return {f"{name}.csv": formatting.csv_bytes(rows, lang), f"{name}.xlsx": out.getvalue()}


def _to_number(text: str) -> float | str | None:
    """Return the number of a cell; the text of a suppressed count; None for a missing value."""
    try:
        return float(text)
    except ValueError:
        return text or None


def render_links(files: Mapping[str, bytes]) -> str:
    """Return links that hold the files themselves, so that they work in JupyterLab and in Voilà without a server.

    Examples
    --------
    >>> render_links({"a.csv": b"1"})
    '<a class="bhyt-file" download="a.csv" href="data:text/csv;base64,MQ==">a.csv</a>'
    """
    links = ""
    for name, content in files.items():
        source = f"data:{MIME_TYPES[Path(name).suffix]};base64,{base64.b64encode(content).decode()}"
        links += f'<a class="bhyt-file" download="{html.escape(name)}" href="{source}">{escape_html(name)}</a>'
    return links
