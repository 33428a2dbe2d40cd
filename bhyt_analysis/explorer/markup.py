"""How does the explorer say its results: the headline, side by side, sortable, and what stands there without widgets?"""

from __future__ import annotations

import html
from collections.abc import Sequence

import pandas as pd

from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.model.finance.budget import PAYERS
from bhyt_analysis.tables import formatting
from bhyt_analysis.tables.labels import column_name, status_name, weakest_stamp

# The live page keeps its controls beside its results, each with a scroll bar of its own. What stands there for
# readers without widgets is hidden as soon as the widgets live; nbconvert's page has widgets, but no kernel.
STYLE = """<style>
.bhyt-app {color: #222; font-size: 14px; line-height: 1.4; max-width: 1500px}
.bhyt-app :is(.widget-label, .widget-html-content, .widget-readout, button, select, input, option) {font-size: 14px; line-height: 1.35}
.bhyt-app .widget-readout {min-width: 84px; text-align: right}
.bhyt-app .jupyter-button {height: auto; padding: 4px 10px}
.bhyt-app .widget-html-content {width: 100%}
.bhyt-app .jupyter-widgets {margin-left: 0; margin-right: 0; box-sizing: border-box}
.bhyt-app .widget-box {overflow: visible}
.bhyt-app .widget-hbox > * {margin-right: 6px}
.bhyt-app :is(.widget-vbox, .widget-box) > * {flex-shrink: 0}
.bhyt-app .bhyt-results {flex-shrink: 1}
.bhyt-app .widget-image {width: auto; max-width: 100%; align-self: flex-start}
.bhyt-app :is(.widget-inline-hbox, .widget-inline-vbox) {flex-wrap: wrap; height: auto; width: 100%}
.bhyt-app :is(.widget-inline-hbox, .widget-inline-vbox) > .widget-label {flex: 1 0 100%; width: 100%; max-width: none; height: auto; text-align: left; white-space: normal; font-weight: 600; margin: 2px 0 0}
.bhyt-app :is(.bhyt-controls, .bhyt-results) {height: max(430px, calc(100vh - 165px)); overflow: hidden auto; padding: 2px 10px 12px 2px}
body[data-voila] .bhyt-app :is(.bhyt-controls, .bhyt-results) {height: max(430px, calc(100vh - 75px))}
body[data-voila]:has(.bhyt-app) .jp-MarkdownCell {display: none}
.bhyt-app .bhyt-error {color: #9c1c00; font-weight: bold}
.bhyt-app .bhyt-error:empty {display: none}
.bhyt-app h2 {font-size: 19px; margin: 0}
.bhyt-app h3 {font-size: 15px; margin: 10px 0 2px}
.bhyt-app p {margin: 2px 0}
.bhyt-app :is(button, input, select, textarea, .noUi-handle):focus-visible {outline: 3px solid #E69F00 !important; outline-offset: 1px}
.bhyt-app .bhyt-cards {display: flex; flex-wrap: wrap; gap: 8px; margin: 4px 0}
.bhyt-app .bhyt-card {flex: 1 1 150px; border: 1px solid #888; border-left: 6px solid #0072B2; padding: 2px 8px; background: white}
.bhyt-app .bhyt-card b {font-size: 22px; line-height: 1.25; display: block; white-space: nowrap}
.bhyt-app .bhyt-card small {font-size: 13px; color: #444; display: block}
.bhyt-app .bhyt-stamp {display: inline-block; border: 2px solid #D55E00; color: #a34700; font-weight: bold; padding: 0 8px; margin: 2px 6px 2px 0}
.bhyt-app table.bhyt {border-collapse: collapse; font-size: 14px; background: white; margin: 4px 0}
.bhyt-app table.bhyt :is(td, th) {padding: 2px 10px; border-bottom: 1px solid #ccc; text-align: left; vertical-align: top}
.bhyt-app table.bhyt .n {text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap}
.bhyt-app table.bhyt {width: 100%}
.bhyt-app table.bhyt th.n {white-space: normal}
.bhyt-app table.bhyt th {border-bottom: 2px solid #222}
.bhyt-app table.bhyt caption {text-align: left; font-weight: bold; color: #a34700}
.bhyt-app .note {color: #555; font-size: 13px}
.bhyt-app details {color: #444; font-size: 13px; margin-bottom: 6px}
.bhyt-app img {max-width: 100%; height: auto}
.bhyt-app a.bhyt-file {display: inline-block; border: 1px solid #0072B2; padding: 1px 8px; margin: 2px 6px 2px 0; color: #005a8e; text-decoration: underline}
body:is(:not(.jp-Notebook), [data-voila]) :is(.jp-OutputArea, .jp-Cell-outputArea):has(.bhyt-app) .jp-OutputArea-child:has(> :is(.jp-RenderedImage, .jp-RenderedMarkdown)) {display: none}
body.jp-Notebook:not([data-voila]) .bhyt-app {display: none !important}
</style>"""


def escaped(text: str) -> str:
    """Text for HTML; line ends stay."""
    return html.escape(text).replace("\n", "<br>")


def error_html(text: str) -> str:
    """A sentence that says what is wrong; read aloud by screen readers as it comes."""
    return f'<p class="bhyt-error" role="alert">{escaped(text)}</p>' if text else ""


def described(alt: str, lang: str) -> str:
    """What a picture says, for those who can't see it; folded for the others."""
    return f"<details><summary>{escaped(translate('explore.in_words', lang))}</summary>{escaped(alt)}</details>"


def stamps(statuses: Sequence[str], proposal: bool, lang: str) -> str:
    """The stamps that results must carry: a proposal, estimated or synthetic figures."""
    weak = weakest_stamp(list(statuses))
    tags = [t for t in ("proposal" if proposal else None, weak) if t]
    return "".join(f'<span class="bhyt-stamp">{escaped(translate(f"stamp.{t}", lang))}</span>' for t in tags)


def months_told(row: pd.Series, lang: str) -> str:
    """The year of an outlook, with the number of its months where they are not all."""
    key = "explore.year" if row["months"] == 12 else "explore.months_of_year"
    return translate(key, lang, year=str(row["year"]), months=int(row["months"]))


def headline(table: pd.DataFrame, chances: pd.DataFrame, title: str, lang: str) -> str:
    """Where the scenario stands on the day: coverage, people, public money and the chance of the target.

    ``table``: what `outlook` gives; ``chances``: what the function of that name gives.
    """
    rows = table.set_index("result")
    acting, still = rows.loc["behavioural"], rows.loc["static"]
    public = acting[["vnd_central", "vnd_province"]].sum(min_count=1)
    span = {"low": acting["rate_low"], "high": acting["rate_high"], "static": still["rate"]}
    people = {"people": acting["people"], "static": still["uninsured"]}
    cards = [
        (translate("explore.coverage_on", lang, on=acting["on"]), format_message("{v:p1}", lang, v=acting["rate"]), translate("explore.interval", lang, **span)),
        (translate("explore.uninsured_on", lang, on=acting["on"]), format_message("{v:n}", lang, v=acting["uninsured"]), translate("explore.of_people", lang, **people)),
        (translate("explore.public_cost", lang, months=months_told(acting, lang)), format_message("{v:bn2} ", lang, v=public) + translate("label.billions", lang), translate("explore.of_province", lang, vnd=acting["vnd_province"])),
        _chance_card(chances, lang),
    ]  # fmt: skip
    told = "".join(f'<div class="bhyt-card">{escaped(a)}<b>{escaped(b)}</b><small>{escaped(c)}</small></div>' for a, b, c in cards)  # fmt: skip
    stamp = stamps(list(table["status"]), bool(table["proposal"].any()), lang)
    return f'<h2>{escaped(title)}</h2>{stamp}<div class="bhyt-cards">{told}</div>'


def both_results(table: pd.DataFrame, lang: str) -> str:
    """The static result beside the behavioural one: coverage, people, and every payer's VND of the year.

    ``table``: what `outlook` gives.
    """
    rows = table.set_index("result")
    pair = [rows.loc[result] for result in ("static", "behavioural")]
    year = f"{months_told(pair[1], lang)} ({translate('label.billions', lang)})"
    lines = [
        (translate("fact.coverage", lang), *(format_message("{v:p1}", lang, v=r["rate"]) for r in pair)),
        (translate("fact.insured", lang), *(format_message("{v:n}", lang, v=r["insured"]) for r in pair)),
        (translate("fact.uninsured", lang), *(format_message("{v:n}", lang, v=r["uninsured"]) for r in pair)),
        *((f"{translate(f'payer.{p}', lang)}, {year}", *(format_message("{v:bn2}", lang, v=r[f"vnd_{p}"]) for r in pair)) for p in PAYERS if rows[f"vnd_{p}"].abs().sum() > 0),
    ]  # fmt: skip
    body = "".join(f'<tr><td>{escaped(a)}</td><td class="n">{b}</td><td class="n">{c}</td></tr>' for a, b, c in lines)
    head = "".join(f'<th class="n">{escaped(translate(f"explore.{r}", lang))}</th>' for r in ("static", "acting"))
    note = translate("explore.note", lang, costed=pair[1]["costed"])
    return f'<table class="bhyt"><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table><p class="note">{escaped(note)}</p>'  # fmt: skip


def _chance_card(chances: pd.DataFrame, lang: str) -> tuple[str, str, str]:
    """The chance of the next target that the months reach; of the others in small."""
    known = chances[chances["chance"].notna()]
    if known.empty:
        return translate("explore.chance", lang), "–", translate("explore.no_target", lang)
    texts = [
        format_message(
            "{r}{v:pe}, {d:date}: {c:p0}",
            lang,
            r=translate(f"relation.{t.relation}", lang),
            v=t.rate,
            d=t.on,
            c=t.chance,
        )
        for t in known.itertuples()
    ]
    first = known.iloc[0]
    return translate("explore.chance", lang), format_message("{v:p0}", lang, v=first["chance"]), "; ".join(texts[:3])


def communes_table(rows: pd.DataFrame, sort: str) -> pd.DataFrame:
    """The table of communes without what is known of none, sorted by a column: names from A, figures from the highest.

    Examples
    --------
    >>> rows = pd.DataFrame({"area": ["b", "a"], "name": ["B", "A"], "lost": [1, 2], "rate": [None, None]})
    >>> communes_table(rows, "lost").to_dict("list")
    {'area': ['a', 'b'], 'name': ['A', 'B'], 'lost': [2, 1]}
    """
    shown = rows.dropna(axis=1, how="all")
    shown = shown.drop(columns=[c for c in ("zone_before", "zone_after") if c in shown and (shown[c] == "").all()])
    if sort not in shown:
        sort = "area"
    up = sort in ("area", "name") or not pd.api.types.is_numeric_dtype(shown[sort])
    return shown.sort_values(sort, ascending=up, kind="stable").reset_index(drop=True)


def side_by_side(rows: pd.DataFrame, lang: str) -> str:
    """Scenarios as columns, what they give and change as lines.

    ``rows``: one row a scenario, as `views.compared` gives.
    """
    shown = formatting.format_table(rows, lang)
    head = "".join(f'<th class="n">{escaped(n)}</th>' for n in rows["scenario"])
    lines = []
    for column in (c for c in rows if c not in ("scenario", "status")):
        cells = "".join(f'<td class="n">{escaped(v)}</td>' for v in shown[column_name(column, lang)])
        lines.append(f"<tr><td>{escaped(column_name(column, lang))}</td>{cells}</tr>")
    note = "; ".join(dict.fromkeys(status_name(s, lang) for s in rows["status"]))
    return f'<table class="bhyt"><thead><tr><th></th>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table><p class="note">{escaped(translate("explore.against_first", lang))} {escaped(note)}.</p>'  # fmt: skip


def tab_separated(rows: pd.DataFrame, lang: str) -> str:
    """A table as text that can be pasted into a sheet."""
    plain = formatting.spreadsheet_table(rows, lang)
    return "\n".join("\t".join(map(str, line)) for line in [plain.columns, *plain.to_numpy().tolist()])
