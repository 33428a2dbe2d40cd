"""Draw coverage and its groups against the targets."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bhyt_analysis.charts import chart as drawing
from bhyt_analysis.charts.chart import Chart, chart_function
from bhyt_analysis.charts.projection import DASHES, LINES, month_names, set_months
from bhyt_analysis.i18n.formats import format_date, format_number
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import BhytError, format_message, translate
from bhyt_analysis.i18n.shares import parse_share
from bhyt_analysis.i18n.unit_names import inline_name
from bhyt_analysis.law.groups import groups as legal_groups
from bhyt_analysis.tables.columns import column_name
from bhyt_analysis.tables.estimates import count_text, round_estimates
from bhyt_analysis.tables.formatting import hidden_marks, suppressed_cells
from bhyt_analysis.tables.labels import add_labels, group_name, unit_title


@chart_function
def bullet(rows: pd.DataFrame, lang: str | None = None, source: str = "", *, size: str = "a4") -> Chart:
    """Draw coverage as a bar with its targets as marks, one line an area or group.

    Parameters
    ----------
    rows
        ``name``, ``rate`` (share; where it is missing the chart says so), ``targets`` (list of (label, share)),
        ``status``.
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
    >>> rows = bhyt.coverage(bhyt.load(), "X001", by=["commune"]).head(4)
    >>> rows = rows.assign(targets=[[("Chỉ tiêu 2022: 93%", 0.93)]] * 4)
    >>> chart = bhyt.charts.bullet(rows, "vi", "bảng cards")
    """
    lang = check_lang(lang)
    rows = add_labels(rows, lang)
    targets = [sorted(t, key=lambda t: t[1]) for t in rows["targets"]]
    marks = [[(drawing.wrap_text(label, drawing.scale_width(3.4), 9), share) for label, share in t] for t in targets]
    name = rows["name"].iloc[0] if len(rows) == 1 else ""
    most = max(map(len, marks), default=0)
    line = 0.36 * max((label.count("\n") + 1 for t in marks for label, _ in t), default=1)
    height = 32 + (10 + 14.4 * line * most) * len(rows)
    sheet = drawing.new_chart(height, "chart.bullet", name, lang, rows["status"])
    axes, step = sheet.axes, 1.0 + line * most
    for i, row in enumerate(rows.to_dict("records")):
        y = i * step
        axes.barh(y, 100, 0.62, color=drawing.PALE, zorder=0)
        if pd.notna(row["rate"]):
            axes.barh(y, row["rate"] * 100, 0.34, color=drawing.hue("blue"), zorder=2)
            # At the end of the bar, or at its beginning where a target crosses the end.
            crosses_end = any(-12 < (share - row["rate"]) * 100 < 1 for _, share in marks[i])
            x, shift, side = (0, 4, "left") if crosses_end else (row["rate"] * 100, -4, "right")
            text = drawing.percent_label(row["rate"], lang, row["status"])
            sheet.label(text, (x, y), (shift, 0), side, fontsize=9.5, bold=True, color="white", zorder=4)
        else:
            axes.text(1.5, y, drawing.missing_label(lang), va="center", color=drawing.SOFT, style="italic")
        for n, (label, share) in enumerate(marks[i]):
            label_y = y + 0.5 + line * n
            axes.plot([share * 100] * 2, [y - 0.4, y + 0.4], color=drawing.BLACK, lw=1.6, zorder=3)
            axes.plot([share * 100] * 2, [y + 0.4, label_y], color=drawing.GREY, lw=0.8, zorder=1)
            sheet.label(label, (share * 100, label_y), (-4, 0), "right")
    axes.set_yticks(np.arange(len(rows)) * step, [""] if name else drawing.wrap_labels(rows["name"], 1.5))
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(rows) * step - 0.45, -0.55)
    sheet.set_axis("x", "axis.rate", (0, 100.3))
    coverage = column_name("coverage", lang)
    if not name:
        sheet.add_series(coverage, rows["rate"], "p1", drawing.hue("blue"))
        texts = (f"{n}: {label}" for n, t in zip(rows["name"], rows["targets"], strict=True) for label, _ in t)
        return sheet.finish(source, rows["name"], "bar", more="; ".join(dict.fromkeys(texts)))
    # One area is described with its targets as bars.
    names, shares = zip(("", rows["rate"].iloc[0]), *targets[0], strict=True)
    rate = shares[0] if rows["status"].iloc[0] == "published" else round(shares[0], 3)
    goals = [(i, _relation(label)) for i, label in enumerate(names[1:], 1)]
    sheet.add_series("", [rate, *shares[1:]], "pe", drawing.hue("blue"), goals=goals)
    return sheet.finish(source, [coverage, *(label.rsplit(":", 1)[0] for label in names[1:])], "bar")


def _relation(label: str) -> str:
    """Return the word before the rate in a target's label.

    Examples
    --------
    >>> _relation("Chỉ tiêu 2023: trên 99,0%"), _relation("Chỉ tiêu 2022: 90,6%")
    ('trên ', '')
    """
    word = label.rpartition(":")[2].strip().rpartition(" ")[0]
    return f"{word} " if word else ""


@chart_function
def groups(rows: pd.DataFrame, lang: str | None = None, source: str = "", *, size: str = "a4") -> Chart:
    """Draw the insured by group: bars in the order of the law, each with people and its share.

    Parameters
    ----------
    rows
        what `coverage` gives by group or subgroup.
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
    >>> rows = bhyt.coverage(bhyt.load(), "Sơn Dương", by=["group"])
    >>> chart = bhyt.charts.groups(rows, "vi", "kế hoạch của huyện Sơn Dương")
    """
    lang = check_lang(lang)
    key = "group" if "group" in rows else "subgroup"
    names = [group_name(g, lang) for g in rows[key]]
    labels = drawing.wrap_labels(names, 2.1)
    height, area = drawing.rows_height_mm(34, 9.5, labels), inline_name(str(rows["name"].iloc[0]), lang)
    sheet = drawing.new_chart(
        height, "chart.groups" if key == "group" else "chart.subgroups", area, lang, rows["status"]
    )
    marks = hidden_marks(rows)["insured"].to_numpy()
    hidden = marks != ""
    people = rows["insured"].astype(float).to_numpy()
    lengths = np.where(hidden, 0, people)
    sheet.axes.barh(range(len(rows)), lengths, 0.64, color=drawing.hue("blue"))
    for y, value in enumerate(people):
        spec = "{v:n}" if hidden.any() else "{v:n} ({s:p1})"  # shares would tell the sum of what is hidden
        text = marks[y] or format_message(spec, lang, v=value, s=value / people.sum())
        sheet.label(text, (lengths[y], y), (4, 0), fontsize=9.5)
    sheet.set_rows(labels)
    sheet.set_axis("x", "axis.people", (0, np.nanmax(people) * (2.4 if drawing.is_narrow() else 1.36)))
    sheet.add_series(column_name("insured", lang), people, "n", drawing.hue("blue"), hidden)
    return sheet.finish(source, names, "bar")


@chart_function
def group_mix(rows: pd.DataFrame, name: str, lang: str | None = None, source: str = "", *, size: str = "a4") -> Chart:
    """Draw what the insured of each unit, or of each month, are made up of: groups as parts of 100%.

    Parameters
    ----------
    rows
        what `coverage` gives by group, with "commune" for units or "month" for months.
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
    >>> rows = bhyt.coverage(bhyt.load(), "X001", by=["commune", "group"])
    >>> chart = bhyt.charts.group_mix(rows, "huyện Mẫu 01", "vi", "bảng cards")
    """
    lang = check_lang(lang)
    key = "area" if rows["area"].nunique() > 1 else "as_of"
    hidden = rows.groupby(key, group_keys=False)[rows.columns].apply(suppressed_cells)["insured"]
    order = [g for g in legal_groups().index if g in set(rows["group"])]
    shares, mask = (
        rows.assign(value=v).pivot(index=key, columns="group", values="value")[order] for v in (rows["insured"], hidden)
    )
    shares = shares.div(shares.sum(axis=1), axis=0).sort_values(order[0], ascending=key == "area").astype(float)
    mask = mask.reindex(shares.index).fillna(False).astype(bool)
    titles = add_labels(rows.drop_duplicates(key), lang).set_index(key)["name"]
    names = [titles[i] if key == "area" else format_date(i, lang) for i in shares.index]
    labels = drawing.wrap_labels(names, 1.7)
    height = drawing.rows_height_mm(76 if drawing.is_narrow() else 52, 6.2, labels)
    sheet = drawing.new_chart(height, "chart.group_mix", name, lang, rows["status"])
    sheet.stack_shares({group_name(g, lang): shares[g] for g in order}, list(mask.to_numpy().T))
    sheet.set_rows(labels)
    sheet.set_axis("x", "axis.of_insured", (0, 100))
    return sheet.finish(source, names, "stacked")


@chart_function
def target_gap(row: pd.Series, name: str, lang: str | None = None, source: str = "", *, size: str = "a4") -> Chart:
    """Draw the people of an area as a bar: those who are insured, and those who are missing for the target.

    Parameters
    ----------
    row
        of `bhyt_analysis.verdict`; ``insured`` and ``people_needed`` may be missing.
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
    >>> row = bhyt.verdict(bhyt.load(), "Sơn Dương").iloc[0]
    >>> chart = bhyt.charts.target_gap(row, "huyện Sơn Dương", "vi", "kế hoạch của huyện Sơn Dương")
    """
    lang = check_lang(lang)
    statuses = [s for s in [row["status"]] if isinstance(s, str)]
    sheet = drawing.new_chart(56, "chart.target_gap", name, lang, statuses)
    axes, population = sheet.axes, float(row["population"])
    insured, required = (float("nan") if pd.isna(row[c]) else float(row[c]) for c in ("insured", "people_needed"))
    axes.barh(0, population, 0.7, color=drawing.PALE, zorder=0)
    if pd.notna(insured):
        axes.barh(0, insured, 0.7, color=drawing.hue("blue"), zorder=2)
        axes.barh(
            0,
            max(required - insured, 0),
            0.7,
            left=insured,
            color=drawing.hue("orange"),
            hatch="//",
            ec="white",
            zorder=2,
        )
        text = count_text(insured, lang, row["status"])
        text += "" if pd.isna(row["rate"]) else f" ({drawing.percent_label(row['rate'], lang, _rate_status(row))})"
        sheet.label(text, (0, 0), (6, 0), fontsize=10, bold=True, color="white", zorder=4)
    else:
        sheet.label(drawing.missing_label(lang), (0, 0), (6, 0), color=drawing.SOFT, style="italic")
    more = []
    if pd.notna(required):
        relation = translate(f"relation.{row['target_relation']}", lang)
        goal = relation + drawing.percent_label(row["target_rate"], lang, "published")
        target = translate("chart.target_people", lang, target=goal, on=row["target_on"], people=required)
        axes.plot([required] * 2, [-0.5, 0.5], color=drawing.BLACK, lw=1.8, zorder=5)
        text = drawing.wrap_text(target, drawing.scale_width(5.4), 9.5, bold=True)
        sheet.label(text, (required, 0.53), (4, 0), "right", "bottom", fontsize=9.5, bold=True)
        more.append(target)
    if required > insured:
        text = translate("chart.missing_people", lang, people=count_text(required - insured, lang, row["status"]))
        sheet.label(
            text, ((required + insured) / 2, -0.5), (0, 0), "right", "top", fontsize=9.5, bold=True, color=drawing.BROWN
        )
        more.append(text)
    axes.set(ylim=(-0.95, 1.2 if drawing.is_narrow() else 0.95), yticks=[])
    sheet.set_axis("x", "axis.people", (0, population * 1.005), (0, population))
    axes.set_xlabel(translate("axis.people_of_area", lang, population=population))
    figures = {"insured": (insured, drawing.hue("blue")), "people_needed": (required, drawing.BLACK)}
    for column, (value, color) in {**figures, "population": (population, drawing.GREY)}.items():
        if pd.notna(value):
            sheet.add_series(column_name(column, lang), [value], "n", color)
    return sheet.finish(source, [name], more="; ".join(more))


def _rate_status(row: pd.Series) -> str:
    """Return "published" for a rate that was printed, from which the people are worked out."""
    return "published" if row["status"] == "estimated" else str(row["status"])


@chart_function
def path(steps: pd.DataFrame, name: str = "", lang: str | None = None, source: str = "", *, size: str = "a4") -> Chart:
    """Draw the targets year by year and the people to add at each; or, with no start, the people they mean.

    Parameters
    ----------
    steps
        what `target_steps` gives.
    name
        the name of the area, for the title; by default that of the rows.
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
    >>> steps = bhyt.target_steps(bhyt.load(), "Sơn Dương")
    >>> chart = bhyt.charts.path(steps, "huyện Sơn Dương", "vi", "kế hoạch của huyện Sơn Dương")
    """
    lang = check_lang(lang)
    steps, name = round_estimates(steps), unit_title(steps, name, lang)
    if len(steps) and steps["insured_now"].notna().all():
        return _path_from_now(steps, name, lang, source)
    sheet = drawing.new_chart(44 + 11 * len(steps), "chart.path_people", name, lang, steps["status"])
    population = float(steps["population"].iloc[0])
    for y, people in enumerate(steps["people_needed"]):
        sheet.axes.barh(y, population, 0.62, color=drawing.PALE)
        sheet.axes.barh(y, people, 0.4, color=drawing.hue("blue"))
        text = format_message("{v:n} ", lang, v=people) + translate("label.people", lang)
        sheet.label(text, (people, y), (-5, 0), "right", fontsize=9.5, bold=True, color="white")
    labels = [
        f"{r.on.year}: {translate(f'relation.{r.relation}', lang)}{drawing.percent_label(r.rate, lang, 'published')}"
        for r in steps.itertuples()
    ]
    text = f"{translate('label.population', lang)}: {format_number(population, lang)}"
    sheet.label(text, (population, 1), (0, 3), "right", "bottom", xycoords=drawing.TOP_EDGE)
    sheet.set_rows(labels)
    sheet.set_axis("x", "axis.people", (0, population * 1.02))
    sheet.add_series(column_name("people_needed", lang), steps["people_needed"], "n", drawing.hue("blue"))
    return sheet.finish(source, labels, "bar", more=text)


def _path_from_now(steps: pd.DataFrame, name: str, lang: str, source: str) -> Chart:
    """Draw the rate now and at each target as a line, each step with the people that it adds."""
    sheet = drawing.new_chart(88, "chart.path", name, lang, steps["status"])
    axes, narrow = sheet.axes, drawing.is_narrow()
    now = float(steps["insured_now"].iloc[0]) / float(steps["population"].iloc[0])
    is_counted = steps["status"].iloc[0] != "estimated"  # else a rate that is printed
    rates = np.array([now, *steps["rate"]]) * 100
    x = np.arange(len(rates))
    axes.plot(x, rates, "-", color=drawing.GREY, lw=1.2, zorder=1)
    axes.plot(x[:1], rates[:1], "o", color=drawing.BLACK, ms=8)
    axes.plot(x[1:], rates[1:], "D", color=drawing.hue("blue"), ms=7)
    relations = ["", *(translate(f"relation.{r}", lang) for r in steps["relation"])]
    for i, rate in enumerate(rates):
        text = relations[i] + drawing.percent_label(
            rate / 100, lang, "derived" if is_counted and not i else "published"
        )
        sheet.label(text, (i, rate), (0, -17), "center", "baseline", 9.5, bbox=drawing.white_box(0.5))
    people = translate("label.people", lang)
    additions = [format_message("{v:+n}", lang, v=n) if n else "" for n in steps["to_add"]]
    for i, text in enumerate(additions, start=1):
        if text:  # else the rate stays where the step before has brought it
            sheet.label(
                f"{text}\n{people}", (i, rates[i]), (0, 8), "center", "bottom", 9 if narrow else 9.5, not narrow
            )
    start, years = steps["now_as_of"].iloc[0], [str(d.year) for d in steps["on"]]
    labels = [f"{start:%m/%Y}" if narrow else format_date(start, lang), *years]
    goals = list(enumerate(relations[1:], 1))
    figures = [round(now, 3) if is_counted else now, *steps["rate"]]
    sheet.add_series(column_name("coverage", lang), figures, "pe", drawing.hue("blue"), goals=goals)
    span = max(rates.max() - rates.min(), 1.0)
    bottom, top = rates.min() - span * 0.28, rates.max() + span * 0.42
    axes.set(xlim=(-0.5, len(rates) - 0.5))
    axes.set_xticks(x, drawing.wrap_labels(labels, 4.5 / len(labels)))
    sheet.set_axis("y", "axis.rate", (bottom, top), (bottom, 100))
    steps_text = (f"{y} ({text} {people})" if text else y for y, text in zip(years, additions, strict=True))
    return sheet.finish(source, [labels[0], *steps_text], "line")


@chart_function
def by_month(
    rows: pd.DataFrame,
    name: str = "",
    lang: str | None = None,
    source: str = "",
    target: float | None = None,
    *,
    size: str = "a4",
) -> Chart:
    """Draw coverage month by month, a line for each unit; each line named at its end.

    Parameters
    ----------
    rows
        what `coverage` gives by month, of one unit or of a few.
    name
        for the title; by default that of the unit.
    lang
        "vi" or "en"; None is the language of `bhyt_analysis.lang`.
    source
        of the figures, for the line below the chart.
    target
        a share, drawn as a line.
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
    >>> rows = bhyt.coverage(bhyt.load(), "X001", by="month")
    >>> chart = bhyt.charts.by_month(rows, lang="vi", source="bảng cards", target=0.93)
    """
    lang = check_lang(lang)
    rows = add_labels(rows[rows["rate"].notna()], lang)
    if rows.empty:
        raise BhytError(("error.no_rates", {}))
    if rows.duplicated(["area", "as_of"]).any():
        raise BhytError(("error.several_rates", {}))
    units = rows["area"].drop_duplicates().tolist()
    sheet = drawing.new_chart(100, "chart.by_month", unit_title(rows, name, lang), lang, rows["status"])
    days = pd.Series(sorted(rows["as_of"].unique()))
    ends = []
    for i, area in enumerate(units):
        line = rows[rows["area"] == area].sort_values("as_of").set_index("as_of")
        color, dash = drawing.hue(LINES[i % len(LINES)]), DASHES[i % len(DASHES)]
        sheet.axes.plot(
            line.index, line["rate"] * 100, color=color, ls=dash, lw=1.8, marker="o" if len(line) < 3 else ""
        )
        label = drawing.percent_label(line["rate"].iloc[-1], lang)
        unit = str(line["name"].iloc[-1])
        ends.append((line["rate"].iloc[-1] * 100, label if len(units) == 1 else f"{unit}: {label}", color))
        sheet.add_series(unit, line["rate"].reindex(days), "p1", color)
    goal = ""
    if target is not None:
        share = float(parse_share(target))
        goal = f"{translate('label.target', lang)} {drawing.percent_label(share, lang, 'published')}"
        sheet.axes.axhline(share * 100, color=drawing.BLACK, lw=0.9, ls="--")
        ends.append((share * 100, goal, drawing.BLACK))
    sheet.label_line_ends(ends, drawing.scale_width(1.9))
    set_months(sheet.axes, days)
    sheet.set_axis("y", "axis.rate")
    axis = "; ".join(text for text in (sheet.axes.get_ylabel(), goal) if text)
    return sheet.finish(source, month_names(days), "line", axis=axis, over_time=True)
