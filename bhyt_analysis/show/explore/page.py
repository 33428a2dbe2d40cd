"""How does the explorer say its results: the headline, side by side, sortable, and what stands there without widgets?"""

from __future__ import annotations

import html
from collections.abc import Sequence

import pandas as pd

from bhyt_analysis.model.budget import PAYERS
from bhyt_analysis.show import tables
from bhyt_analysis.show.labels import column_name, status_name, weakest_stamp
from bhyt_analysis.words import render, say

# The live page keeps its controls beside its results, each with a scroll bar of its own. What stands there for
# readers without widgets is hidden as soon as the widgets live; nbconvert's page has widgets, but no kernel.
STYLE = """<style>
.bhyt-app {color: #222; font-size: 14px; line-height: 1.4; max-width: 1500px}
.bhyt-app .widget-label, .bhyt-app .widget-html-content, .bhyt-app .widget-readout {font-size: 14px; line-height: 1.4; color: #222}
.bhyt-app .widget-readout {min-width: 92px; text-align: right}
.bhyt-controls, .bhyt-results {height: max(430px, calc(100vh - 190px)); overflow-y: auto; padding: 2px 8px 12px 2px}
.bhyt-app .bhyt-error {color: #9c1c00; font-weight: bold}
.bhyt-app .bhyt-error:empty {display: none}
.bhyt-app h2 {font-size: 19px; margin: 0}
.bhyt-app h3 {font-size: 15px; margin: 10px 0 2px}
.bhyt-app p {margin: 2px 0}
.bhyt-app :is(button, input, select, textarea, .noUi-handle):focus-visible {outline: 3px solid #E69F00 !important; outline-offset: 1px}
.bhyt-app .bhyt-cards {display: flex; flex-wrap: wrap; gap: 8px; margin: 4px 0}
.bhyt-app .bhyt-card {flex: 1 1 150px; border: 1px solid #888; border-left: 6px solid #0072B2; padding: 4px 10px; background: white}
.bhyt-app .bhyt-card b {font-size: 22px; line-height: 1.25; display: block; white-space: nowrap}
.bhyt-app .bhyt-card small {font-size: 13px; color: #444; display: block}
.bhyt-app .bhyt-stamp {display: inline-block; border: 2px solid #D55E00; color: #a34700; font-weight: bold; padding: 0 8px; margin: 2px 6px 2px 0}
.bhyt-app table.bhyt {border-collapse: collapse; font-size: 14px; background: white; margin: 4px 0}
.bhyt-app table.bhyt :is(td, th) {padding: 2px 10px; border-bottom: 1px solid #ccc; text-align: left; vertical-align: top}
.bhyt-app table.bhyt .n {text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap}
.bhyt-app table.bhyt th {border-bottom: 2px solid #222}
.bhyt-app table.bhyt caption {text-align: left; font-weight: bold; color: #a34700}
.bhyt-app .note {color: #555; font-size: 13px}
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


def stamps(statuses: Sequence[str], proposal: bool, lang: str) -> str:
    """The stamps that results must carry: a proposal, estimated or synthetic figures."""
    weak = weakest_stamp(list(statuses))
    tags = [t for t in ("proposal" if proposal else None, weak) if t]
    return "".join(f'<span class="bhyt-stamp">{escaped(say(f"stamp.{t}", lang))}</span>' for t in tags)


def headline(table: pd.DataFrame, chances: pd.DataFrame, title: str, lang: str) -> str:
    """Where the scenario stands on the day: cards for take-up, then both results and every payer in a table.

    ``table``: what `outlook` gives; ``chances``: what the function of that name gives.
    """
    rows = table.set_index("result")
    acting, still = rows.loc["behavioural"], rows.loc["static"]
    months = say("explore.year" if acting["months"] == 12 else "explore.months_of_year", lang, year=str(acting["year"]), months=int(acting["months"]))  # fmt: skip
    public = acting[["vnd_central", "vnd_province"]].sum(min_count=1)
    interval = render("{a:p1} – {b:p1}", lang, a=acting["rate_low"], b=acting["rate_high"])
    cards = [
        (say("explore.coverage_on", lang, on=acting["on"]), render("{v:p1}", lang, v=acting["rate"]), say("explore.interval", lang, interval=interval)),
        (say("explore.uninsured_on", lang, on=acting["on"]), render("{v:n}", lang, v=acting["uninsured"]), say("explore.of_people", lang, insured=acting["insured"], people=acting["people"])),
        (say("explore.public_cost", lang, months=months), render("{v:bn1} ", lang, v=public) + say("label.billions", lang), say("explore.of_province", lang, vnd=acting["vnd_province"])),
        _chance_card(chances, lang),
    ]  # fmt: skip
    told = "".join(f'<div class="bhyt-card">{escaped(a)}<b>{escaped(b)}</b><small>{escaped(c)}</small></div>' for a, b, c in cards)  # fmt: skip
    lines = [
        (say("fact.coverage", lang), *(render("{v:p1}", lang, v=r["rate"]) for r in (still, acting))),
        (say("fact.insured", lang), *(render("{v:n}", lang, v=r["insured"]) for r in (still, acting))),
        (say("fact.uninsured", lang), *(render("{v:n}", lang, v=r["uninsured"]) for r in (still, acting))),
        *((f"{say(f'payer.{p}', lang)}, {months} ({say('label.billions', lang)})", *(render("{v:bn2}", lang, v=r[f"vnd_{p}"]) for r in (still, acting))) for p in PAYERS if rows[f"vnd_{p}"].abs().sum() > 0),
    ]  # fmt: skip
    body = "".join(f'<tr><td>{escaped(a)}</td><td class="n">{b}</td><td class="n">{c}</td></tr>' for a, b, c in lines)
    head = f'<tr><th></th><th class="n">{escaped(say("explore.static", lang))}</th><th class="n">{escaped(say("explore.acting", lang))}</th></tr>'  # fmt: skip
    note = say("explore.note", lang, costed=acting["costed"])
    stamp = stamps(list(table["status"]), bool(table["proposal"].any()), lang)
    return f'<h2>{escaped(title)}</h2>{stamp}<div class="bhyt-cards">{told}</div><table class="bhyt"><thead>{head}</thead><tbody>{body}</tbody></table><p class="note">{escaped(note)}</p>'  # fmt: skip


def _chance_card(chances: pd.DataFrame, lang: str) -> tuple[str, str, str]:
    """The chance of the next target that the months reach; of the others in small."""
    known = chances[chances["chance"].notna()]
    if known.empty:
        return say("explore.chance", lang), "–", say("explore.no_target", lang)
    texts = [
        render("{r}{v:pe}, {d:date}: {c:p0}", lang, r=say(f"relation.{t.relation}", lang), v=t.rate, d=t.on, c=t.chance)
        for t in known.itertuples()
    ]
    first = known.iloc[0]
    return say("explore.chance", lang), render("{v:p0}", lang, v=first["chance"]), "; ".join(texts[:3])


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
    shown = tables.written(rows, lang)
    head = "".join(f'<th class="n">{escaped(n)}</th>' for n in rows["scenario"])
    lines = []
    for column in (c for c in rows if c not in ("scenario", "status")):
        cells = "".join(f'<td class="n">{escaped(v)}</td>' for v in shown[column_name(column, lang)])
        lines.append(f"<tr><td>{escaped(column_name(column, lang))}</td>{cells}</tr>")
    note = "; ".join(dict.fromkeys(status_name(s, lang) for s in rows["status"]))
    return f'<table class="bhyt"><thead><tr><th></th>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table><p class="note">{escaped(say("explore.against_first", lang))} {escaped(note)}.</p>'  # fmt: skip


def tab_separated(rows: pd.DataFrame, lang: str) -> str:
    """A table as text that can be pasted into a sheet."""
    plain = tables.plain(rows, lang)
    return "\n".join("\t".join(map(str, line)) for line in [plain.columns, *plain.to_numpy().tolist()])
