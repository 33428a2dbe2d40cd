"""Draw the monthly monitoring: the pace and where it leads, the funnel plot, cards that run out, the states."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from bhyt_analysis.charts import chart as drawing
from bhyt_analysis.charts.chart import Chart, chart_function
from bhyt_analysis.charts.chart_settings import DEFAULT_COLOURS
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.i18n.unit_names import inline_name
from bhyt_analysis.model.monitoring.funnel import control_limits
from bhyt_analysis.model.monitoring.monitor import ALERTS, EXPIRY_WINDOWS
from bhyt_analysis.model.monitoring.thresholds import threshold
from bhyt_analysis.tables.columns import column_name
from bhyt_analysis.tables.formatting import hidden_marks
from bhyt_analysis.tables.labels import add_labels

# The colour of each state, and a mark of its own for readers without colours.
MARKS = {
    "green": (DEFAULT_COLOURS["green"], "o"),
    "amber": (DEFAULT_COLOURS["orange"], "^"),
    "red": (DEFAULT_COLOURS["red"], "s"),
    "none": ("white", "D"),
    "grey": (drawing.GREY, "X"),
}
MOST_MONTHS = 18
MOST_LINES = 36  # of a table on one page


@chart_function
def pace(
    history: pd.DataFrame, row: pd.Series, lang: str | None = None, source: str = "", *, size: str = "a4"
) -> Chart:
    """Draw coverage month by month, what the target requires from here, and where the actual pace leads.

    Parameters
    ----------
    history
        the unit's rows of `bhyt_analysis.model.monitoring.monitor.monthly_counts`.
    row
        its row of `monitor`.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.
    source
        of the figures, for the line below the chart.
    size
        "a4" (160 mm wide), "half" (80 mm), "slide" (300 by 150 mm) or "screen".

    Returns
    -------
    Chart
        The figure and its description, in words and figures.

    Raises
    ------
    BhytError
        for a size or a language that there is not.

    Examples
    --------
    >>> history, row = bhyt.monitoring.monthly_counts(bhyt.load(), "X001"), bhyt.monitor(bhyt.load(), "X001").iloc[0]
    >>> chart = bhyt.charts.pace(history[history["area"] == "X001"], row, "vi", "bảng cards")
    """
    lang = check_lang(lang)
    statuses = _texts([*history["status"], row["projected_status"]])
    height = 58 if drawing.is_narrow() else 96
    sheet = drawing.new_chart(height, "chart.watch_pace", inline_name(str(row["name"]), lang), lang, statuses)
    axes, past = sheet.axes, history[history["month"] <= row["month"]].tail(MOST_MONTHS)
    axes.plot(past["as_of"], past["rate"] * 100, "o-", color=drawing.hue("blue"), lw=1.6, ms=4, zorder=4)
    now, rate = past["as_of"].iloc[-1], float(past["rate"].iloc[-1]) * 100
    ends: list[tuple[float, str, str]] = []
    if pd.notna(row["projected_rate_low"]) and now < row["year_end"]:
        x = [now, row["year_end"]]
        middle, low, high = (float(row[f"projected_rate{c}"]) * 100 for c in ("", "_low", "_high"))
        axes.fill_between(x, [rate, low], [rate, high], color=drawing.hue("sky"), alpha=0.5, lw=0)
        axes.plot(x, [rate, middle], color=drawing.hue("blue"), lw=1.6, ls="--")
        span = format_message("{m:p1} ({a:p1}–{b:p1})", lang, m=middle / 100, a=low / 100, b=high / 100)
        ends.append((middle, f"{translate('label.projected', lang)}: {span}", drawing.hue("blue")))
    if pd.notna(row["required_pace"]) and row["to_add"] > 0:
        ends += _draw_required(sheet, row, now, rate)
    first, last = past["as_of"].iloc[0], max(d for d in (row["year_end"], row["target_on"]) if pd.notna(d))
    axes.set_xlim(first - pd.Timedelta(days=10), last + pd.Timedelta(days=6))
    look: drawing.Look = {"color": drawing.hue("blue"), "bbox": drawing.white_box(0.6), "zorder": 5}
    sheet.label(drawing.percent_label(rate / 100, lang), (now, rate), (0, 9), "center", "baseline", bold=True, **look)
    bottom, top = axes.get_ylim()
    sheet.set_axis("y", "axis.rate", (max(0.0, bottom - 1), min(102.0, top + 2)))
    sheet.label_line_ends(ends, max(drawing.scale_width(1.45), 1.0), 1.3, 0.62)
    # The first and last day on a narrow sheet; else the last count, every fourth one before it, the end.
    days = [first, last] if drawing.is_narrow() else [*past["as_of"].iloc[::-1].iloc[::4], last]
    axes.set_xticks(days, [f"{d:%m/%Y}" for d in days])
    sheet.add_series(column_name("coverage", lang), past["rate"], "p1")
    months, more = [f"{m:%m/%Y}" for m in past["month"]], "; ".join(text for _, text, _ in ends)
    return sheet.finish(source, months, note=translate("note.watch_pace", lang), more=more, over_time=True)


def _texts(statuses: list[object]) -> list[str]:
    """Return the different statuses that are not missing."""
    return [s for s in dict.fromkeys(statuses) if isinstance(s, str)]


def _draw_required(
    sheet: drawing.ChartSheet, row: pd.Series, now: pd.Timestamp, rate: float
) -> list[tuple[float, str, str]]:
    """Draw the band of paths that are amber, up to the one that reaches the target; return the texts of its ends."""
    axes, lang = sheet.axes, sheet.lang
    target = float(row["people_needed"]) / float(row["population"]) * 100
    amber = rate + (target - rate) * threshold("amber_pace")
    x = [now, row["target_on"]]
    axes.fill_between(x, [rate, amber], [rate, target], color=drawing.hue("orange"), alpha=0.3, lw=0)
    axes.plot(x, [rate, target], color=drawing.BLACK, lw=1.3, ls=":")
    axes.plot([row["target_on"]], [target], "D", color=drawing.BLACK, ms=7, zorder=5, clip_on=False)
    relation = translate("relation." + row["target_relation"], lang)
    text = (
        f"{translate('label.target', lang)}: {relation}{drawing.percent_label(row['target_rate'], lang, 'published')}"
    )
    band = translate("label.required_pace", lang, required=row["required_pace"])
    return [(target, text, drawing.BLACK), ((amber + target) / 2 - 0.01, band, drawing.BROWN)]


@chart_function
def funnel(rows: pd.DataFrame, name: str, lang: str | None = None, source: str = "", *, size: str = "a4") -> Chart:
    """Draw the coverage of the communes by their population, between the limits of chance.

    Parameters
    ----------
    rows
        what `bhyt_analysis.funnel` gives.
    name
        the name of the area, for the title.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.
    source
        of the figures, for the line below the chart.
    size
        "a4" (160 mm wide), "half" (80 mm), "slide" (300 by 150 mm) or "screen".

    Returns
    -------
    Chart
        The figure and its description, in words and figures.

    Raises
    ------
    BhytError
        for a size or a language that there is not.

    Examples
    --------
    >>> rows = bhyt.funnel(bhyt.monitor(bhyt.load(), "X001", "2021-05").iloc[1:])
    >>> chart = bhyt.charts.funnel(rows, "huyện Mẫu 01", "vi", "bảng cards")
    """
    lang = check_lang(lang)
    rows = add_labels(rows, lang)
    rows = rows[rows["place"] != ""]
    sheet = drawing.new_chart(104, "chart.watch_funnel", name, lang, rows["status"])
    axes, people = sheet.axes, rows["population"].to_numpy(float)
    grid = np.unique(np.linspace(max(people.min() * 0.6, 1), people.max() * 1.12, 200).astype(int))
    expected, spread = float(rows["expected"].iloc[0]), float(rows["spread"].iloc[0])
    for ring, dashes in (("inner", "--"), ("outer", "-")):
        edges = [edge * 100 for edge in control_limits(grid, expected, spread, ring)]
        for edge in edges:
            axes.plot(grid, edge, color=drawing.GREY, lw=1.2, ls=dashes)
        share = round(threshold(f"funnel_{ring}") * 100, 6)
        text = format_number(share, lang, 0 if share.is_integer() else 1) + "%"
        sheet.label(text, (grid[-1], edges[0][-1]), (3, 0), color=drawing.SOFT)
    axes.axhline(expected * 100, color=drawing.BLACK, lw=1)
    text = f"{translate('label.all_together', lang)}: {drawing.percent_label(expected, lang)}"
    sheet.label(text, (1, expected * 100), (-2, 3), "right", "baseline", xycoords=drawing.RIGHT_EDGE)
    rates = rows["insured"].to_numpy(float) / people * 100
    for kind, color, marker in (
        ("below", drawing.hue("red"), "v"),
        ("within", drawing.hue("blue"), "o"),
        ("above", drawing.hue("green"), "^"),
    ):
        chosen = rows["place"].str.startswith(kind).to_numpy()
        axes.plot(people[chosen], rates[chosen], marker, color=color, ms=6, ls="none")
    _name_extremes(sheet, rows.assign(rate=rates))
    right = grid[-1] + (grid[-1] - grid[0]) * 0.22
    sheet.set_axis("x", "label.population", (grid[0], right), (grid[0], grid[-1]))
    bottom, top = axes.get_ylim()
    sheet.set_axis("y", "axis.rate", (bottom, min(104.0, top + 2)), (bottom, 100))
    far = ", ".join(rows.loc[rows["place"].str.endswith("outer"), "name"])
    more = "; ".join([text, *([f"{translate('label.outside', lang)}: {far}"] if far else [])])
    sheet.add_series(column_name("coverage", lang), rates / 100, "p1", drawing.hue("blue"))
    note = translate("note.watch_funnel" if spread else "note.watch_funnel_chance", lang, spread=spread)
    return sheet.finish(source, rows["name"], note=note, more=more)


def _name_extremes(sheet: drawing.ChartSheet, rows: pd.DataFrame) -> None:
    """Name the units beyond the limits, or the lowest and highest where none is, clear of each other."""
    far = rows[rows["place"].str.endswith(("inner", "outer"))]
    rows, all_people = far if len(far) else rows.loc[[rows["rate"].idxmin(), rows["rate"].idxmax()]], rows["population"]
    bottom, top = sheet.axes.get_ylim()
    gap, width = (top - bottom) / 24, (all_people.max() - all_people.min()) / 5
    points: list[tuple[float, float]] = []
    for row in rows.sort_values("rate").itertuples():
        y = float(row.rate)
        while any(abs(y - other) < gap and abs(row.population - x) < width for x, other in points):
            y += gap / 2
        points.append((float(row.population), y))
        sheet.label(row.name, (row.population, row.rate), (7, (y - row.rate) / gap * 9))


@chart_function
def expiring_cards(
    rows: pd.DataFrame, name: str, lang: str | None = None, source: str = "", *, size: str = "a4"
) -> Chart:
    """Draw the cards that run out in 30, 31 to 60 and 61 to 90 days, one bar a unit, most first.

    Parameters
    ----------
    rows
        what `bhyt_analysis.monitoring.expiring_cards` gives, the units to be drawn. Counts under 5 are not drawn.
    name
        the name of the area, for the title.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.
    source
        of the figures, for the line below the chart.
    size
        "a4" (160 mm wide), "half" (80 mm), "slide" (300 by 150 mm) or "screen".

    Returns
    -------
    Chart
        The figure and its description, in words and figures.

    Raises
    ------
    BhytError
        for a size or a language that there is not.

    Examples
    --------
    >>> rows = bhyt.monitoring.expiring_cards(bhyt.load(), "X001", "2022-06").iloc[1:]
    >>> chart = bhyt.charts.expiring_cards(rows, "huyện Mẫu 01", "vi", "bảng expiring")
    """
    lang = check_lang(lang)
    rows = add_labels(rows, lang)
    days = [int(threshold(f"expiring_{w}")) for w in EXPIRY_WINDOWS]
    last = f"expiring_{days[-1]}"
    rows = rows[rows[last] > 0].sort_values(last)
    marks = hidden_marks(rows)
    hidden = marks != ""
    labels = drawing.wrap_labels(rows["name"], 2.6)
    sheet = drawing.new_chart(
        drawing.rows_height_mm(40, 5.6, labels), "chart.watch_expiring", name, lang, rows["status"]
    )
    left, looks = (
        np.zeros(len(rows)),
        ((drawing.hue("red"), ""), (drawing.hue("orange"), "//"), (drawing.hue("sky"), "..")),
    )
    for day, previous, (color, hatch) in zip(days, [-1, *days], looks, strict=False):
        column = f"expiring_{day}"
        right = np.where(hidden[column], left, rows[column].to_numpy(float))
        look: drawing.Look = {
            "label": translate("label.days", lang, first=previous + 1, last=day),
            "edgecolor": "white",
        }
        sheet.axes.barh(range(len(rows)), right - left, 0.64, left=left, color=color, hatch=hatch, **look)
        sheet.add_series(column_name(column, lang), rows[column], "n", color, hidden[column])
        left = right
    for y, (total, mark) in enumerate(zip(left, marks[last], strict=True)):
        sheet.label(mark or format_number(total, lang), (total, y), (4, 0))
    sheet.set_rows(labels, 0.7, upward=True)
    sheet.set_axis("x", "axis.cards", (0, max(left.max(initial=1) * 1.12, 1)))
    sheet.legend("left", 1 if drawing.is_narrow() else 3)
    return sheet.finish(source, rows["name"])


@chart_function
def states(rows: pd.DataFrame, name: str, lang: str | None = None, source: str = "", *, size: str = "a4") -> Chart:
    """Draw the units as lines of a table: coverage, share of the plan, pace, projection, state in colour and word.

    Parameters
    ----------
    rows
        what `bhyt_analysis.monitor` gives.
    name
        the name of the area, for the title.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.
    source
        of the figures, for the line below the chart.
    size
        "a4" (160 mm wide), "half" (80 mm), "slide" (300 by 150 mm) or "screen".

    Returns
    -------
    Chart
        The figure and its description, in words and figures.

    Raises
    ------
    BhytError
        for a size or a language that there is not.

    Examples
    --------
    >>> chart = bhyt.charts.states(bhyt.monitor(bhyt.load(), "X001"), "huyện Mẫu 01", "vi", "bảng cards")
    """
    lang = check_lang(lang)
    statuses = _texts([*rows["status"], *rows["projected_status"]])
    count, rows = len(rows), add_labels(_most_urgent(rows), lang)
    marks, narrow = hidden_marks(rows), drawing.is_narrow()
    columns = [("rate", "p1", 0.38), ("plan_share", "p1", 0.49), ("pace", "d2", 0.59), ("projected_rate", "p1", 0.705)]
    columns = [("rate", "p1", 0.5)] if narrow else columns
    inches = max(1.05, drawing.scale_width(1.85))
    labels = [drawing.wrap_text(unit, inches, 9.5, y == 0) for y, unit in enumerate(rows["name"])]
    sheet = drawing.new_chart(drawing.rows_height_mm(36, 6.4, labels), "chart.watch_states", name, lang, statuses)
    axes, right = sheet.axes, columns[-1][2] + 0.02
    axes.set(xlim=(0, 1), ylim=(len(rows) - 0.4, -1.9))
    axes.axis("off")
    for column, _, edge in columns:
        text = drawing.wrap_text(translate(f"head.{column}", lang), 0.62, 9)
        sheet.label(text, (edge, -0.75), ha="right", va="bottom", color=drawing.SOFT)
    sheet.label(column_name("alert", lang), (right + 0.01, -0.75), va="bottom", color=drawing.SOFT)
    axes.plot([0, 1], [-0.6, -0.6], color=drawing.GREY, lw=0.8)
    alerts = [translate(f"alert.{alert}", lang) for alert in rows["alert"]]
    for y, row in enumerate(rows.to_dict("records")):
        sheet.label(labels[y], (0, y), fontsize=9.5, bold=y == 0)
        for column, spec, edge in columns:
            text = marks[column].iloc[y] or format_message("{v:" + spec + "}", lang, v=row[column])
            sheet.label(text, (edge, y), ha="right", fontsize=9.5, bold=y == 0)
        color, marker = MARKS[row["alert"]]
        axes.add_patch(Rectangle((right, y - 0.4), 1 - right, 0.8, facecolor=color, alpha=0.18, lw=0))
        border = drawing.BLACK if row["alert"] == "none" else color
        axes.plot([right + 0.02], [y], marker, color=color, mec=border, ms=7)
        sheet.label(alerts[y], (right + (0.07 if narrow else 0.043), y), color=drawing.BLACK)
    sheet.add_series(column_name("coverage", lang), rows["rate"], "p1", hidden=marks["rate"] != "")
    more = "; ".join(f"{unit}: {alert}" for unit, alert in zip(rows["name"], alerts, strict=True))
    note = translate("note.watch_states", lang)
    if count > len(rows):
        note += ". " + translate("note.watch_some", lang, shown=len(rows), count=count)
    return sheet.finish(source, rows["name"], note=note, more=more)


def _most_urgent(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the unit itself, then the others, the most urgent first, as many as a page has lines for."""
    rest = rows.iloc[1:]
    rest = rest.assign(rank=rest["alert"].map(ALERTS.index)).sort_values(["rank", "pace"], kind="stable")
    return pd.concat([rows.head(1), rest.drop(columns="rank").head(MOST_LINES - 1)])
