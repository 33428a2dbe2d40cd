"""Who has a card, and how far is it to the target? Coverage and its groups, against the targets."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from bhyt_analysis.charts.chart import (
    BLACK,
    BLUE,
    GREY,
    add_source_line,
    attach_description,
    chart_function,
    legend_columns,
    new_chart,
    percent_label,
    row_height_mm,
    scale_width,
    set_ticks,
    shades,
    wrap_legend_label,
    wrap_text,
)
from bhyt_analysis.charts.description import chart_series
from bhyt_analysis.i18n.formats import format_date, format_number
from bhyt_analysis.i18n.messages import format_message, translate
from bhyt_analysis.i18n.unit_names import inline_name
from bhyt_analysis.law.groups import groups as legal_groups
from bhyt_analysis.tables.formatting import SMALL, suppressed_cells
from bhyt_analysis.tables.labels import add_labels, group_name


@chart_function
def bullet(rows: pd.DataFrame, lang: str = "vi", source: str = "") -> Figure:
    """Coverage as a bar with its targets as marks, one line an area or group.

    ``rows``: ``name``, ``rate`` (share; a missing one is said and not drawn),
    ``targets`` (list of (label, share)), ``status``.

    Examples
    --------
    >>> rows = bhyt.coverage(bhyt.load(), "X001", by=["commune"]).head(4)
    >>> rows = rows.assign(targets=[[("Chỉ tiêu 2022: 93%", 0.93)]] * 4)
    >>> chart = bhyt.charts.bullet(rows, "vi", "bảng cards")
    """
    rows = add_labels(rows, lang)
    most = max((len(t) for t in rows["targets"]), default=0)
    name = rows["name"].iloc[0] if len(rows) == 1 else ""
    marks = [
        [(wrap_text(n, scale_width(3.4), 9), s) for n, s in sorted(t, key=lambda t: t[1])] for t in rows["targets"]
    ]
    line = 0.36 * max((n.count("\n") + 1 for t in marks for n, _ in t), default=1)
    height = 32 + (10 + 14.4 * line * most) * len(rows)
    figure, axes = new_chart(height, "chart.bullet", name, lang, rows["status"])
    step = 1.0 + line * most
    for i, row in enumerate(rows.to_dict("records")):
        y = i * step
        axes.barh(y, 100, 0.62, color="#EEEEEE", zorder=0)
        if pd.notna(row["rate"]):
            axes.barh(y, row["rate"] * 100, 0.34, color=BLUE, zorder=2)
            # At the end of the bar, or at its beginning where a target crosses the end.
            crossed = any(-12 < (share - row["rate"]) * 100 < 1 for _, share in marks[i])
            place, shift, side = (0, 4, "left") if crossed else (row["rate"] * 100, -4, "right")
            axes.annotate(percent_label(row["rate"], lang, row["status"]), (place, y), (shift, 0), textcoords="offset points", ha=side, va="center", color="white", fontweight="bold", zorder=4)  # fmt: skip
        else:
            axes.text(1.5, y, translate("label.no_value", lang), va="center", color="#555555", style="italic")
        for n, (label, share) in enumerate(marks[i]):
            below = y + 0.5 + line * n
            axes.plot([share * 100] * 2, [y - 0.4, y + 0.4], color=BLACK, lw=1.6, zorder=3)
            axes.plot([share * 100] * 2, [y + 0.4, below], color=GREY, lw=0.8, zorder=1)
            axes.annotate(label, (share * 100, below), (-4, 0), textcoords="offset points", ha="right", va="center", fontsize=9)  # fmt: skip
    axes.set(xlim=(0, 100.3), ylim=(len(rows) * step - 0.45, -0.55), xlabel=translate("axis.rate", lang))
    axes.set_yticks([i * step for i in range(len(rows))], ["" if name else wrap_text(n, scale_width(1.5)) for n in rows["name"]])  # fmt: skip
    axes.tick_params(axis="y", length=0)
    set_ticks(axes, lang)
    _tell_bullet(figure, rows, lang)
    return add_source_line(figure, source, rows["status"], lang)


def _tell_bullet(figure: Figure, rows: pd.DataFrame, lang: str) -> None:
    """One area is told with its targets as bars, several by their rates and, in words, their targets."""
    coverage, status = translate("fact.coverage", lang), rows["status"]
    if len(rows) == 1:
        targets = sorted(rows["targets"].iloc[0], key=lambda t: t[1])
        labels = [coverage, *(label.rsplit(":", 1)[0] for label, _ in targets)]
        goals = [(i, _relation(label)) for i, (label, _) in enumerate(targets, 1)]
        rate = rows["rate"].iloc[0]
        as_drawn = rate if status.iloc[0] == "published" else round(rate, 3)
        told = chart_series("", [as_drawn, *(share for _, share in targets)], "pe", BLUE, goals=goals)
        attach_description(figure, lang, labels, [told], "bar", translate("axis.rate", lang), status)
        return
    more = "; ".join(dict.fromkeys(f"{r['name']}: {n}" for r in rows.to_dict("records") for n, _ in r["targets"]))
    attach_description(figure, lang, list(rows["name"]), [chart_series(coverage, rows["rate"], "p1", BLUE)], "bar", translate("axis.rate", lang), status, more)  # fmt: skip


def _relation(label: str) -> str:
    """The word before the rate in a target's label.

    Examples
    --------
    >>> _relation("Chỉ tiêu 2023: trên 99,0%"), _relation("Chỉ tiêu 2022: 90,6%")
    ('trên ', '')
    """
    word = label.rpartition(":")[2].strip().rpartition(" ")[0]
    return f"{word} " if word else ""


@chart_function
def groups(rows: pd.DataFrame, lang: str = "vi", source: str = "") -> Figure:
    """The insured by group: bars in the order of the law, each with people and its share.

    ``rows``: what `coverage` gives by group or subgroup.

    Examples
    --------
    >>> rows = bhyt.coverage(bhyt.load(), "Sơn Dương", by=["group"])
    >>> chart = bhyt.charts.groups(rows, "vi", "kế hoạch của huyện Sơn Dương")
    """
    key = "group" if "group" in rows else "subgroup"
    title = "chart.groups" if key == "group" else "chart.subgroups"
    names = [group_name(g, lang) for g in rows[key]]
    labels = [wrap_text(name, scale_width(2.1)) for name in names]
    height = 34 + row_height_mm(9.5, labels) * len(rows)
    figure, axes = new_chart(height, title, inline_name(str(rows["name"].iloc[0]), lang), lang, rows["status"])
    hidden = suppressed_cells(rows)["insured"].to_numpy()
    people = rows["insured"].astype(float).to_numpy()
    total = people.sum()
    sns.barplot(x=np.where(hidden, 0, people), y=labels, ax=axes, color=BLUE, saturation=1, width=0.64, errorbar=None)
    for y, value in enumerate(people):
        text = f"<{SMALL}" if hidden[y] else format_message("{v:n} ({s:p1})", lang, v=value, s=value / total)
        axes.annotate(text, (0 if hidden[y] else value, y), (4, 0), textcoords="offset points", va="center", fontsize=9.5)  # fmt: skip
    room = 1.36 if legend_columns() > 1 else 2.4
    axes.set(xlim=(0, people.max() * room), xlabel=translate("axis.people", lang), ylabel="")
    axes.tick_params(axis="y", length=0)
    set_ticks(axes, lang)
    told = chart_series(translate("column.insured", lang), people, "n", BLUE, hidden)
    attach_description(figure, lang, names, [told], "bar", translate("axis.people", lang), rows["status"])
    return add_source_line(figure, source, rows["status"], lang)


@chart_function
def group_mix(rows: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """What the insured of each unit, or of each month, are made up of: groups as parts of 100%.

    ``rows``: what `coverage` gives by group, with "commune" for units or "month" for months.

    Examples
    --------
    >>> rows = bhyt.coverage(bhyt.load(), "X001", by=["commune", "group"])
    >>> chart = bhyt.charts.group_mix(rows, "huyện Mẫu 01", "vi", "bảng cards")
    """
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
    labels = [wrap_text(n, scale_width(1.7)) for n in names]
    height = (52 if legend_columns() > 1 else 76) + row_height_mm(6.2, labels) * len(rows[key].unique())
    figure, axes = new_chart(height, "chart.group_mix", name, lang, rows["status"])
    left, told = np.zeros(len(shares)), []
    for group, color in zip(order, shades(len(order)), strict=True):
        part = shares[group].fillna(0).to_numpy() * 100
        axes.barh(range(len(shares)), part, 0.7, left=left, color=color, edgecolor="white", lw=0.6, label=wrap_legend_label(group_name(group, lang)))  # fmt: skip
        for y, value in enumerate(part):
            if value >= (6 if legend_columns() > 1 else 13) and not mask[group].iloc[y]:
                axes.text(left[y] + value / 2, y, format_number(value, lang, 0), ha="center", va="center", fontsize=9, color="white" if color == BLUE else BLACK)  # fmt: skip
        left += part
        told.append(chart_series(group_name(group, lang), shares[group], "p1", color, mask[group]))
    axes.set_yticks(range(len(names)), labels)
    axes.set(xlim=(0, 100), ylim=(len(names) - 0.5, -0.5), xlabel=translate("axis.of_insured", lang))
    axes.tick_params(axis="y", length=0)
    set_ticks(axes, lang)
    axes.legend(
        loc="lower right", bbox_to_anchor=(1, 1), ncols=legend_columns(), frameon=False, fontsize=9, borderaxespad=0.2
    )
    attach_description(figure, lang, names, told, "stacked", translate("axis.of_insured", lang), rows["status"])
    return add_source_line(figure, source, rows["status"], lang)


@chart_function
def path(steps: pd.DataFrame, name: str, lang: str = "vi", source: str = "") -> Figure:
    """The targets year by year and the people to add at each; or, with no start, the people they mean.

    ``steps``: what `target_steps` gives.

    Examples
    --------
    >>> steps = bhyt.target_steps(bhyt.load(), "Sơn Dương")
    >>> chart = bhyt.charts.path(steps, "huyện Sơn Dương", "vi", "kế hoạch của huyện Sơn Dương")
    """
    if len(steps) and steps["insured_now"].notna().all():
        return _path_from_now(steps, name, lang, source)
    figure, axes = new_chart(44 + 11 * len(steps), "chart.path_people", name, lang, steps["status"])
    everybody = float(steps["population"].iloc[0])
    for y, row in enumerate(steps.to_dict("records")):
        axes.barh(y, everybody, 0.62, color="#EEEEEE")
        axes.barh(y, row["people_needed"], 0.4, color=BLUE)
        text = format_message("{v:n} ", lang, v=row["people_needed"]) + translate("label.people", lang)
        axes.annotate(text, (row["people_needed"], y), (-5, 0), textcoords="offset points", ha="right", va="center", color="white", fontweight="bold")  # fmt: skip
    labels = [
        f"{r.on.year}: {translate(f'relation.{r.relation}', lang)}{percent_label(r.rate, lang, 'published')}"
        for r in steps.itertuples()
    ]
    axes.set_yticks(range(len(steps)), labels)
    text = f"{translate('label.population', lang)}: {format_number(everybody, lang)}"
    axes.annotate(text, (everybody, 1), (0, 3), xycoords=("data", "axes fraction"), textcoords="offset points", ha="right", va="bottom", fontsize=9)  # fmt: skip
    axes.set(xlim=(0, everybody * 1.02), ylim=(len(steps) - 0.5, -0.5), xlabel=translate("axis.people", lang))
    axes.tick_params(axis="y", length=0)
    set_ticks(axes, lang)
    told = chart_series(translate("column.people_needed", lang), steps["people_needed"], "n", BLUE)
    attach_description(figure, lang, labels, [told], "bar", translate("axis.people", lang), steps["status"], text)
    return add_source_line(figure, source, steps["status"], lang)


def _path_from_now(steps: pd.DataFrame, name: str, lang: str, source: str) -> Figure:
    """The rate now and at each target as a line, each step with the people that it adds."""
    figure, axes = new_chart(88, "chart.path", name, lang, steps["status"])
    now = float(steps["insured_now"].iloc[0]) / float(steps["population"].iloc[0])
    rates = np.array([now, *steps["rate"]]) * 100
    x = np.arange(len(rates))
    axes.plot(x, rates, "-", color=GREY, lw=1.2, zorder=1)
    axes.plot(x[:1], rates[:1], "o", color=BLACK, ms=8)
    axes.plot(x[1:], rates[1:], "D", color=BLUE, ms=7)
    counted = steps["status"].iloc[0] != "estimated"  # else a rate that is printed
    for i, rate in enumerate(rates):
        text = percent_label(rate / 100, lang, "derived" if counted and not i else "published")
        if i:
            text = translate(f"relation.{steps['relation'].iloc[i - 1]}", lang) + text
        axes.annotate(text, (i, rate), (0, -17), textcoords="offset points", ha="center", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5})  # fmt: skip
    for i, add in enumerate(steps["to_add"], start=1):
        if add == 0:  # the rate stays where the step before has brought it
            continue
        text = format_message("{v:+n}", lang, v=add) + "\n" + translate("label.people", lang)
        axes.annotate(
            text,
            (i, rates[i]),
            (0, 8),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontweight="bold" if legend_columns() > 1 else "normal",
            fontsize=9.5 if legend_columns() > 1 else 9,
        )
    start = steps["now_as_of"].iloc[0]
    labels = [
        format_date(start, lang) if legend_columns() > 1 else f"{start:%m/%Y}",
        *(str(d.year) for d in steps["on"]),
    ]
    reached = [round(now, 3) if counted else now, *steps["rate"]]
    goals = [(i, translate(f"relation.{r}", lang)) for i, r in enumerate(steps["relation"], 1)]
    told = chart_series(translate("fact.coverage", lang), reached, "pe", BLUE, goals=goals)
    added = [
        format_message(" ({v:+n} ", lang, v=n) + translate("label.people", lang) + ")" if n else ""
        for n in steps["to_add"]
    ]
    categories = [labels[0], *(on + add for on, add in zip(labels[1:], added, strict=True))]
    attach_description(figure, lang, categories, [told], "line", translate("axis.rate", lang), steps["status"])
    labels = [wrap_text(label, scale_width(4.5) / len(labels)) for label in labels]
    span = max(rates.max() - rates.min(), 1.0)
    axes.set(xlim=(-0.5, len(rates) - 0.5), ylim=(rates.min() - span * 0.28, rates.max() + span * 0.42), ylabel=translate("axis.rate", lang))  # fmt: skip
    axes.set_xticks(x, labels)
    set_ticks(axes, lang, "y")
    axes.set_yticks([t for t in axes.get_yticks() if rates.min() - span * 0.28 <= t <= 100])
    return add_source_line(figure, source, steps["status"], lang)
