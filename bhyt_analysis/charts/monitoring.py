"""The charts of the monthly watch: the pace and where it leads, the funnel plot, cards that run out, the states."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bhyt_analysis.charts.chart import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    RED,
    SKY,
    add_source_line,
    attach_description,
    chart_function,
    legend_columns,
    new_chart,
    percent_label,
    row_height_mm,
    scale_width,
    set_ticks,
    wrap_text,
)
from bhyt_analysis.charts.description import chart_series
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.i18n.unit_names import inline_name
from bhyt_analysis.model.monitoring.funnel import control_limits
from bhyt_analysis.model.monitoring.monitor import ALERTS, EXPIRY_WINDOWS
from bhyt_analysis.model.monitoring.thresholds import threshold
from bhyt_analysis.tables.formatting import SMALL, suppressed_cells
from bhyt_analysis.tables.labels import add_labels

# The colour of each state, and a mark of its own for readers without colours.
LOOKS = {"green": (GREEN, "o"), "amber": (ORANGE, "^"), "red": (RED, "s"), "none": ("white", "D"), "grey": (GREY, "X")}
SHOWN_MONTHS = 18
MOST_LINES = 36  # of a table on one page


@chart_function
def pace(history: pd.DataFrame, row: pd.Series, lang: str = "vi", source: str = "") -> Figure:
    """Coverage month by month, what the target requires from here, and where the actual pace leads by the year's end.

    ``history``: the unit's rows of `bhyt_analysis.model.monitoring.monitor.monthly_counts`; ``row``: its row of `watch`.

    Examples
    --------
    >>> history, row = bhyt.monitoring.monthly_counts(bhyt.load(), "X001"), bhyt.monitor(bhyt.load(), "X001").iloc[0]
    >>> chart = bhyt.charts.pace(history[history["area"] == "X001"], row, "vi", "bảng cards")
    """
    statuses = _known([*history["status"], row["projected_status"]])
    figure, axes = new_chart(96, "chart.watch_pace", inline_name(str(row["name"]), lang), lang, statuses)
    past = history[history["month"] <= row["month"]].tail(SHOWN_MONTHS)
    axes.plot(past["as_of"], past["rate"] * 100, "o-", color=BLUE, lw=1.6, ms=4, zorder=4)
    now, rate = past["as_of"].iloc[-1], float(past["rate"].iloc[-1]) * 100
    ends: list[tuple[float, str, str]] = []
    if pd.notna(row["projected_rate_low"]) and now < row["year_end"]:
        x = [now, row["year_end"]]
        low, middle, high = (
            float(row[c]) * 100 for c in ("projected_rate_low", "projected_rate", "projected_rate_high")
        )
        axes.fill_between(x, [rate, low], [rate, high], color=SKY, alpha=0.5, lw=0)
        axes.plot(x, [rate, middle], color=BLUE, lw=1.6, ls="--")
        span = format_message("{a:p1}–{b:p1}", lang, a=low / 100, b=high / 100)
        ends.append(
            (middle, f"{translate('label.projected', lang)}: {percent_label(middle / 100, lang)} ({span})", BLUE)
        )
    if pd.notna(row["required_pace"]) and row["to_add"] > 0:
        ends += _required(axes, row, now, rate, lang)
    last = max(row["year_end"], row["target_on"]) if pd.notna(row["target_on"]) else row["year_end"]
    axes.set_xlim(past["as_of"].iloc[0] - pd.Timedelta(days=10), last + pd.Timedelta(days=6))
    axes.annotate(percent_label(rate / 100, lang), (now, rate), (0, 9), textcoords="offset points", ha="center", fontsize=9, fontweight="bold", color=BLUE, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6}, zorder=5)  # fmt: skip
    bottom, top = axes.get_ylim()
    axes.set_ylim(max(0.0, bottom - 1), min(102.0, top + 2))
    _at_the_end(axes, ends)
    ends_of = [
        past["as_of"].iloc[0],
        last,
    ]  # on a narrow sheet; else the last count, every fourth one before it, the end
    days = [*past["as_of"].iloc[::-1].iloc[::4], last] if legend_columns() > 1 else ends_of
    axes.set_xticks(days, [f"{d:%m/%Y}" for d in days])
    axes.set_ylabel(translate("axis.rate", lang))
    set_ticks(axes, lang, "y")
    told = [chart_series(translate("fact.coverage", lang), past["rate"], "p1")]
    attach_description(figure, lang, [f"{m:%m/%Y}" for m in past["month"]], told, "picture", translate("axis.rate", lang), statuses, "; ".join(text for _, text, _ in ends), True)  # fmt: skip
    return add_source_line(figure, source, statuses, lang, translate("note.watch_pace", lang))


def _known(statuses: list[object]) -> list[str]:
    return [s for s in dict.fromkeys(statuses) if isinstance(s, str)]


def _required(axes: Axes, row: pd.Series, now: pd.Timestamp, rate: float, lang: str) -> list[tuple[float, str, str]]:
    """The band of paths that are amber, up to the one that reaches the target."""
    target = float(row["people_needed"]) / float(row["population"]) * 100
    amber = rate + (target - rate) * threshold("amber_pace")
    x = [now, row["target_on"]]
    axes.fill_between(x, [rate, amber], [rate, target], color=ORANGE, alpha=0.3, lw=0)
    axes.plot(x, [rate, target], color=BLACK, lw=1.3, ls=":")
    axes.plot([row["target_on"]], [target], "D", color=BLACK, ms=7, zorder=5, clip_on=False)
    text = f"{translate('label.target', lang)}: {translate('relation.' + row['target_relation'], lang)}{percent_label(row['target_rate'], lang, 'published')}"
    band = translate("label.amber_band", lang, low=threshold("amber_pace"), required=row["required_pace"])
    return [(target, text, BLACK), ((amber + target) / 2 - 0.01, band, "#8A5A00")]


def _at_the_end(axes: Axes, ends: list[tuple[float, str, str]]) -> None:
    """Each line's words to the right of the chart, pushed apart where they would lie on each other."""
    low, high = axes.get_ylim()
    texts = [wrap_text(text, max(scale_width(1.45), 1.0), 9) for _, text, _ in ends]
    line = (high - low) * 9 * 1.35 / (axes.get_figure().get_figheight() * 72 * 0.62)  # type: ignore[union-attr]
    top = low
    for i in np.argsort([value for value, _, _ in ends], kind="stable"):
        height = (texts[i].count("\n") + 1.3) * line
        middle = max(ends[i][0], top + height / 2)
        top = middle + height / 2
        axes.annotate(texts[i], (1, ends[i][0]), xytext=(1.02, middle), xycoords=axes.get_yaxis_transform(), textcoords=axes.get_yaxis_transform(), va="center", color=ends[i][2], fontsize=9, fontweight="bold", annotation_clip=False)  # fmt: skip
    if top > high:
        axes.set_ylim(low, top)


@chart_function
def funnel(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """Coverage of the communes by their population, between the limits that chance would keep.

    ``rows``: what `bhyt_analysis.model.monitoring.funnel.funnel` gives.

    Examples
    --------
    >>> rows = bhyt.funnel(bhyt.monitor(bhyt.load(), "X001", "2021-05").iloc[1:])
    >>> chart = bhyt.charts.funnel(rows, "huyện Mẫu 01", "vi", "bảng cards")
    """
    rows = add_labels(rows, lang)
    rows = rows[rows["place"] != ""]
    figure, axes = new_chart(104, "chart.watch_funnel", name, lang, rows["status"])
    people = rows["population"].to_numpy(float)
    grid = np.unique(np.linspace(max(people.min() * 0.6, 1), people.max() * 1.12, 200).astype(int))
    expected, spread = float(rows["expected"].iloc[0]), float(rows["spread"].iloc[0])
    for ring, style in (("inner", "--"), ("outer", "-")):
        for edge in control_limits(grid, expected, spread, ring):
            axes.plot(grid, edge * 100, color=GREY, lw=1.2, ls=style)
        share = round(threshold(f"funnel_{ring}") * 100, 6)
        text = format_number(share, lang, 0 if share.is_integer() else 1) + "%"
        low = control_limits(grid, expected, spread, ring)[0][-1] * 100
        axes.annotate(text, (grid[-1], low), (3, 0), textcoords="offset points", va="center", fontsize=9, color="#555555")  # fmt: skip
    axes.axhline(expected * 100, color=BLACK, lw=1)
    text = f"{translate('label.all_together', lang)}: {percent_label(expected, lang)}"
    axes.annotate(text, (1, expected * 100), (-2, 3), xycoords=("axes fraction", "data"), textcoords="offset points", ha="right", fontsize=9)  # fmt: skip
    rates = rows["insured"].to_numpy(float) / people * 100
    for kind, color, marker in (("below", RED, "v"), ("within", BLUE, "o"), ("above", GREEN, "^")):
        chosen = rows["place"].str.startswith(kind).to_numpy()
        axes.plot(people[chosen], rates[chosen], marker, color=color, ms=6, ls="none")
    _named(axes, rows.assign(rate=rates))
    axes.set(xlim=(grid[0], grid[-1] + (grid[-1] - grid[0]) * 0.22), xlabel=translate("label.population", lang), ylabel=translate("axis.rate", lang))  # fmt: skip
    axes.set_ylim(top=min(104.0, axes.get_ylim()[1] + 2))
    set_ticks(axes, lang)
    axes.set_xticks([t for t in axes.get_xticks() if grid[0] <= t <= grid[-1]])
    set_ticks(axes, lang, "y")
    axes.set_yticks([t for t in axes.get_yticks() if axes.get_ylim()[0] <= t <= 100])
    far = rows.loc[rows["place"].str.endswith("outer"), "name"]
    more = "; ".join([text, *(f"{translate('label.outside', lang)}: {n}" for n in [", ".join(far)] if n)])
    told = chart_series(translate("fact.coverage", lang), rates / 100, "p1", BLUE)
    attach_description(
        figure, lang, list(rows["name"]), [told], "picture", translate("axis.rate", lang), rows["status"], more
    )
    return add_source_line(
        figure,
        source,
        rows["status"],
        lang,
        translate("note.watch_funnel" if spread else "note.watch_funnel_chance", lang, spread=spread),
    )


def _named(axes: Axes, rows: pd.DataFrame) -> None:
    """The names of the units beyond the limits, or of the lowest and highest where none is, clear of each other."""
    far = rows[rows["place"].str.endswith(("inner", "outer"))]
    shown = far if len(far) else rows.loc[[rows["rate"].idxmin(), rows["rate"].idxmax()]]
    gap = (axes.get_ylim()[1] - axes.get_ylim()[0]) / 24
    taken: list[tuple[float, float]] = []
    width = (rows["population"].max() - rows["population"].min()) / 5
    for row in shown.sort_values("rate").itertuples():
        y = float(row.rate)
        while any(abs(y - other) < gap and abs(row.population - x) < width for x, other in taken):
            y += gap / 2
        taken.append((float(row.population), y))
        axes.annotate(row.name, (row.population, row.rate), xytext=(7, (y - row.rate) / gap * 9), textcoords="offset points", va="center", fontsize=9)  # fmt: skip


@chart_function
def expiring_cards(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """Cards that run out in 30, 31 to 60 and 61 to 90 days, one bar a unit, most first.

    ``rows``: what `bhyt_analysis.model.monitoring.monitor.expiring_cards` gives, the units to be drawn. Counts under 5 are not drawn.

    Examples
    --------
    >>> rows = bhyt.monitoring.expiring_cards(bhyt.load(), "X001", "2022-06").iloc[1:]
    >>> chart = bhyt.charts.expiring_cards(rows, "huyện Mẫu 01", "vi", "bảng expiring")
    """
    rows = add_labels(rows, lang)
    days = [int(threshold(f"expiring_{w}")) for w in EXPIRY_WINDOWS]
    last = f"expiring_{days[-1]}"
    rows = rows[rows[last] > 0].sort_values(last)
    hidden = suppressed_cells(rows)
    labels = [wrap_text(n, scale_width(2.6)) for n in rows["name"]]
    figure, axes = new_chart(
        40 + row_height_mm(5.6, labels) * len(rows), "chart.watch_expiring", name, lang, rows["status"]
    )
    left, told = np.zeros(len(rows)), []
    looks = ((RED, ""), (ORANGE, "//"), (SKY, ".."))
    for i, (window, (color, hatch)) in enumerate(zip(days, looks, strict=True)):
        column = f"expiring_{window}"
        until = np.where(hidden[column], left, rows[column].to_numpy(float))
        label = translate("label.days", lang, first=0 if i == 0 else days[i - 1] + 1, last=window)
        axes.barh(range(len(rows)), until - left, 0.64, left=left, color=color, hatch=hatch, edgecolor="white", label=label)  # fmt: skip
        told.append(chart_series(translate(f"column.{column}", lang), rows[column], "n", color, hidden[column]))
        left = until
    for y, (total, small) in enumerate(zip(left, hidden[last], strict=True)):
        text = f"<{SMALL}" if small else format_number(total, lang)
        axes.annotate(text, (total, y), (4, 0), textcoords="offset points", va="center", fontsize=9)
    axes.set(yticks=range(len(rows)), yticklabels=labels, xlim=(0, max(left.max(initial=1) * 1.12, 1)), ylim=(-0.7, len(rows) - 0.3), xlabel=translate("axis.cards", lang))  # fmt: skip
    axes.tick_params(axis="y", length=0)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False, ncols=3 if legend_columns() > 1 else 1, fontsize=9, borderaxespad=0.2)  # fmt: skip
    set_ticks(axes, lang)
    attach_description(figure, lang, list(rows["name"]), told, "picture", translate("axis.cards", lang), rows["status"])
    return add_source_line(figure, source, rows["status"], lang)


@chart_function
def states(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """The units as lines of a table: coverage, share of the plan, pace, projection, and the state in colour and word.

    ``rows``: what `bhyt_analysis.model.monitoring.monitor.monitor` gives.

    Examples
    --------
    >>> chart = bhyt.charts.states(bhyt.monitor(bhyt.load(), "X001"), "huyện Mẫu 01", "vi", "bảng cards")
    """
    statuses = _known([*rows["status"], *rows["projected_status"]])
    count, rows = len(rows), _most_urgent(rows)
    rows = add_labels(rows, lang)
    hidden = suppressed_cells(rows)
    columns = [("rate", "p1", 0.38), ("plan_share", "p1", 0.49), ("pace", "d2", 0.59), ("projected_rate", "p1", 0.705)]
    columns = columns if legend_columns() > 1 else [("rate", "p1", 0.5)]  # on a narrow sheet
    room = scale_width(1.85) if legend_columns() > 1 else 1.05
    labels = [wrap_text(unit, room, 9.5, y == 0) for y, unit in enumerate(rows["name"])]
    figure, axes = new_chart(36 + row_height_mm(6.4, labels) * len(rows), "chart.watch_states", name, lang, statuses)
    right = columns[-1][2] + 0.02
    axes.set(xlim=(0, 1), ylim=(len(rows) - 0.4, -1.9))
    axes.axis("off")
    for column, _, edge in columns:
        axes.text(edge, -0.75, wrap_text(translate(f"head.{column}", lang), 0.62, 9), ha="right", va="bottom", fontsize=9, color="#555555")  # fmt: skip
    axes.text(right + 0.01, -0.75, translate("column.alert", lang), va="bottom", fontsize=9, color="#555555")
    axes.plot([0, 1], [-0.6, -0.6], color=GREY, lw=0.8)
    for y, row in enumerate(rows.to_dict("records")):
        weight = "bold" if y == 0 else "normal"
        axes.text(0, y, labels[y], va="center", fontweight=weight)
        for column, spec, edge in columns:
            value = None if pd.isna(row[column]) or hidden[column].iloc[y] else row[column]
            axes.text(
                edge, y, format_message("{v:" + spec + "}", lang, v=value), ha="right", va="center", fontweight=weight
            )
        _state(axes, right, y, row["alert"], lang)
    states_of = "; ".join(f"{r['name']}: {translate('alert.' + r['alert'], lang)}" for r in rows.to_dict("records"))
    rates = chart_series(translate("fact.coverage", lang), rows["rate"], "p1", hidden=hidden["rate"])
    attach_description(figure, lang, list(rows["name"]), [rates], "picture", "", statuses, states_of)
    note = translate("note.watch_states", lang)
    if count > len(rows):
        note += ". " + translate("note.watch_some", lang, shown=len(rows), count=count)
    return add_source_line(figure, source, statuses, lang, note)


def _most_urgent(rows: pd.DataFrame) -> pd.DataFrame:
    """The unit itself, then the others, the most urgent first, as many as a page holds."""
    rest = rows.iloc[1:]
    rest = rest.assign(rank=rest["alert"].map(ALERTS.index)).sort_values(["rank", "pace"], kind="stable")
    return pd.concat([rows.head(1), rest.drop(columns="rank").head(MOST_LINES - 1)])


def _state(axes: Axes, left: float, y: int, state: str, lang: str) -> None:
    color, marker = LOOKS[state]
    axes.add_patch(Rectangle((left, y - 0.4), 1 - left, 0.8, facecolor=color, alpha=0.18, lw=0))
    axes.plot([left + 0.02], [y], marker, color=color, mec=BLACK if state == "none" else color, ms=7)
    axes.text(left + (0.043 if legend_columns() > 1 else 0.07), y, translate(f"alert.{state}", lang), va="center", fontsize=9, color=BLACK)  # fmt: skip
