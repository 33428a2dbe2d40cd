"""What did a decision on zones do, as far as the figures tell? What a briefing says of it."""

from __future__ import annotations

import pandas as pd

from bhyt_analysis import charts
from bhyt_analysis.briefing.items import Item, Items, population_basis, unit_label
from bhyt_analysis.domain.data_status import lowest_quality
from bhyt_analysis.domain.dataset import Dataset, limit_to_date, select_unit
from bhyt_analysis.domain.geography import population_at
from bhyt_analysis.i18n.dates import DateLike
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.model.coverage.coverage import coverage
from bhyt_analysis.model.coverage.headline import DECISION
from bhyt_analysis.model.reclassification.reclassify import COLUMNS, loss_status_and_unit, unit_losses
from bhyt_analysis.model.reclassification.take_up import observed_change, reenrolment, reenrolment_curve


def what_the_decision_did(data: Dataset, area: str, as_of: DateLike | None = None, lang: str = "vi") -> Items:
    """Who lost a state-paid card, in which communes, and how many must be insured again."""
    code, data = select_unit(limit_to_date(data, as_of), area)
    intro = translate("text.decision_861", lang)
    table = unit_losses(data, DECISION, code)
    if table.empty:
        return [Item("decision", intro + " " + translate("text.no_decision", lang, name=unit_label(data, code, lang)))]
    items = [_lost(data, code, table, lang), *_before_and_after(data, code, lang)]
    items += _again(data, code, lang)
    items += _slope(data, code, table, lang)
    return [Item("decision", intro), *items]


def _lost(data: Dataset, code: str, table: pd.DataFrame, lang: str) -> Item:
    name, total, method = unit_label(data, code, lang), table["lost"].sum(), table["method"].iloc[0]
    words = {"on": table["on"].min(), "lost": total, "name": name, "count": len(table)}
    source = table["source"].iloc[0]
    if method == "zones":
        known = table[table["lost"].notna()]
        sums = {c: known[c].sum() for c in ("before", "kept", "gained")}
        unknown = table.loc[table["lost"].isna(), "name"]
        text = translate("text.lost_zones", lang, **words, **sums)
        if len(unknown):
            text += " " + translate(
                "text.lost_some", lang, **(words | {"count": len(unknown), "names": ", ".join(unknown)})
            )
        return Item("lost", text, charts.losses(table, name, lang, source), table[COLUMNS])
    text = translate(
        "text.lost_cards" if loss_status_and_unit(data, DECISION, code, table)[1] == "cards" else "text.lost_published",
        lang,
        **words,
    )
    if method == "published":
        return Item("lost", text + " " + translate("text.lost_no_communes", lang))
    count = population_at(data.areas, data.population, table["area"].iloc[0], table["on"].iloc[0])
    share = total / table["population"].sum()
    text += " " + translate("text.lost_spread", lang, basis=population_basis(count, lang), share=share, **words)
    columns = ["area", "name", "zone_after", "population", "lost", "status"]
    return Item("lost", text, charts.losses(table, name, lang, source), table[columns])


def _before_and_after(data: Dataset, code: str, lang: str) -> Items:
    """The waterfall from before to after: counted where cards are, bounded where only the loss is."""
    change = observed_change(data, code, DECISION)
    text, table, everybody = "", None, None
    if len(change):
        first, last = change["before_as_of"].iloc[0], change["after_as_of"].iloc[0]
        state = change["group"] == "state_paid"
        fall, rise = int(change.loc[state, "change"].sum()), int(change.loc[~state, "change"].sum())
        rows = [
            (translate("bar.before", lang, on=first + pd.Timedelta(days=1)), change["before"].sum(), "level"),
            (translate("bar.state_fall", lang), fall, "change"),
            (translate("bar.other", lang), rise, "change"),
            (translate("bar.after", lang, on=last), change["after"].sum(), "level"),
        ]
        text = translate("text.observed_change", lang, first=first, last=last, fall=-fall, rise=rise)
        table, status = change[["group", "before", "after", "change", "status"]], lowest_quality(change["status"])
        source = str(coverage(data, code)["source"].iloc[0])
    else:
        bounds = reenrolment(data, code, DECISION)
        if bounds.empty or bounds["low"].iloc[0] <= 0:
            return []
        row = bounds.iloc[0]
        everybody = float(row["population"])
        most = round(row["before_high"] * everybody)
        after = round((row["after_low"] + row["after_high"]) / 2 * everybody)
        rows = [
            (translate("bar.before_most", lang), most, "bound"),
            (translate("bar.lost", lang), -row["lost"], "change"),
            (translate("bar.back", lang), row["low_people"], "bound_change"),
            (translate("bar.after", lang, on=row["as_of"]), after, "level"),
        ]
        status, source = row["status"], _source_of_loss(data, code)
    steps = pd.DataFrame(rows, columns=["label", "people", "kind"]).assign(status=status)
    chart = charts.waterfall(steps, unit_label(data, code, lang), lang, source, everybody)
    return [Item("before_after", text, chart, table)]


def _source_of_loss(data: Dataset, code: str) -> str:
    rows = data.losses[(data.losses["area"] == code) & (data.losses["decision"] == DECISION)]
    return str(rows["source"].iloc[0])


def _again(data: Dataset, code: str, lang: str) -> Items:
    """How many of those who lost a card are insured again, as far as the figures tell."""
    bounds = reenrolment(data, code, DECISION)
    if bounds.empty:
        return []
    row = bounds.iloc[0]
    table = bounds[["as_of", "population", "lost", "low", "high", "status"]]
    words = {"low": row["low"], "lost": row["lost"], "as_of": row["as_of"], "population": row["population"]}
    if pd.isna(row["largest_population"]):
        if row["low"] <= 0:
            return []
        uninsured = row["population"] - round(row["after_low"] * row["population"])
        text = translate("text.reenrolled_least", lang, people=row["low_people"], uninsured=uninsured, **words)
        # Without a figure before, nothing says that not everybody came back.
        return [Item("reenrolled", text, table=table.assign(high=float("nan")))]
    count = population_at(data.areas, data.population, code, row["as_of"])
    text = translate("text.reenrolled_between", lang, basis=population_basis(count, lang), high=row["high"], most=row["largest_population"], **words)  # fmt: skip
    chart = charts.curve(reenrolment_curve(row), row, unit_label(data, code, lang), lang, _source_of_loss(data, code))
    return [Item("reenrolled", text, chart, table)]


def _slope(data: Dataset, code: str, table: pd.DataFrame, lang: str) -> Items:
    """Coverage of the communes before the decision and now, where both are counted."""
    if table["method"].iloc[0] != "zones":
        return []
    months = coverage(data, code, by=["commune", "month"])
    on = table["on"].min()
    before, after = months[months["as_of"] < on], months[months["as_of"] >= on]
    if before.empty or after.empty:
        return []
    before, after = (t[t["as_of"] == t["as_of"].max()] for t in (before, after))
    rows = (
        before[["area", "name", "rate"]]
        .assign(status=lowest_quality(before["status"], after["status"]))
        .merge(after[["area", "rate"]], on="area", suffixes=("_before", "_after"))
    )
    rows = rows.rename(columns={"rate_before": "before", "rate_after": "after"})
    moved = set(table.loc[(table["lost"] > 0) | (table["gained"] > 0), "area"])
    rows = rows.assign(concerned=rows["area"].isin(moved))
    days = (before["as_of"].iloc[0], after["as_of"].iloc[0])
    chart = charts.slope(rows, unit_label(data, code, lang), days, lang, str(coverage(data, code)["source"].iloc[0]))
    return [Item("slope", "", chart)]
