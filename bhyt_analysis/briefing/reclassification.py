"""Tell what a decision on zones did, as far as the figures show it."""

from __future__ import annotations

import pandas as pd

from bhyt_analysis import charts
from bhyt_analysis.briefing.briefing import Briefing
from bhyt_analysis.briefing.facts import Facts, certainty
from bhyt_analysis.briefing.items import Item, add_sentences, population_basis
from bhyt_analysis.domain.data_status import lowest_quality
from bhyt_analysis.domain.decisions import TOTALS, decisions_table
from bhyt_analysis.domain.population import population_at
from bhyt_analysis.i18n.formats import format_date
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.unit_names import display_name
from bhyt_analysis.model.coverage.coverage import coverage
from bhyt_analysis.model.coverage.headline import people_not_back
from bhyt_analysis.model.reclassification.reclassify import COLUMNS, loss_relation, loss_status_and_unit, reclassify
from bhyt_analysis.model.reclassification.take_up import observed_change, reenrolment, reenrolment_curve
from bhyt_analysis.tables.estimates import count_text
from bhyt_analysis.tables.totals import add_total

KEY = "decision"
MAX_NAMES = 10  # in a sentence
ZONES = ("III", "II", "I", "none")


def items(briefing: Briefing, table: pd.DataFrame) -> list[Item]:
    """Return who lost a state-paid card, in which communes, and how many must be insured again.

    ``table``: what `bhyt_analysis.unit_losses` gives. Without losses, the zones that the decision gives.
    """
    lang, decision = briefing.lang, briefing.decision_name
    intro = decision_text(briefing)
    table.attrs |= {"day": str(table["on"].min())[:10]} if len(table) else {}
    if table.empty:
        if zones := _zones(briefing):
            return [Item("decision", intro), zones]
        if not briefing.has_enrolment:
            return []
        missing = translate("text.no_decision", lang, name=briefing.name, decision=decision)
        return [Item("decision", f"{intro} {missing}".strip())]
    chosen = [_lost(briefing, table), *_before_and_after(briefing), *_reenrolled(briefing), *_slope(briefing, table)]
    return [Item("decision", intro), *add_sentences(chosen, ["reenrolled", "lost"], assessment(briefing.facts, lang))]


def assessment(facts: Facts, lang: str | None = None) -> list[str]:
    """Return sentences on how many of those who lost a card may not be back, and on how well that is known."""
    lang = check_lang(lang)
    sentences = certainty(facts, ("lost", "reenrolled"), lang)
    people = people_not_back(facts)
    if not people or not facts["reenrolled"].low:
        return sentences
    share = people / (facts["lost"].value or people)
    return [translate("text.not_back", lang, people=not_back_text(people, facts, lang), share=share), *sentences]


def not_back_text(people: int, facts: Facts, lang: str) -> str:
    """Return the result of `people_not_back` as texts print it: rounded where it is an estimate."""
    status = lowest_quality(facts["lost"].status, facts["reenrolled"].status)
    return count_text(people, lang, status)


def decision_text(briefing: Briefing) -> str:
    """Return what the decision is: its number and day, and the five years that it is for."""
    decisions = decisions_table(briefing.unit_data)
    rows = decisions[(decisions["decision"] == briefing.decision) & decisions[TOTALS].notna().any(axis=1)]
    issued, until = (pd.to_datetime(rows[column], errors="coerce").min() for column in ("issued", "until"))
    if rows.empty or pd.isna(issued) or pd.isna(until):
        return translate("text.decision_named", briefing.lang, decision=briefing.decision_name)
    # The date of a Vietnamese document has a zero before days under 10 and months 1 and 2 only.
    day = f"{issued:%d/%m/%Y}" if issued.month < 3 else f"{issued:%d}/{issued.month}/{issued.year}"
    date = day if briefing.lang == "vi" else format_date(issued, briefing.lang)
    last, instrument = until.year // 5 * 5, rows["instrument"].iloc[0]
    return translate("text.decision", briefing.lang, instrument=instrument, issued=date, first=last - 4, last=last)


def _zones(briefing: Briefing) -> Item | None:
    """Return the zones of the communes that the decision names; None where it names none of the unit."""
    data, code, lang = briefing.data_as_of, briefing.code, briefing.lang
    listed = data.zones.loc[data.zones["decision"] == briefing.decision, "area"]
    if not briefing.decision or not listed.isin(data.geography.commune_codes(code)).any():
        return None
    rows = reclassify(data, briefing.decision, code)
    rows.attrs["day"] = str(rows["on"].min())[:10]
    text = _zones_text(briefing, rows)
    if not briefing.has_enrolment and briefing.view.kind == "commune":
        return Item("zones", text)
    table = rows[["area", "name", "zone_before", "zone_after", "population", "status"]]
    unknown = [c for c in ("zone_before", "population") if not table[c].replace("", pd.NA).notna().any()]
    counted = rows[rows["lost"].notna() & rows["gained"].notna()]
    if counted.empty:
        without_cards = rows["before"].isna().all()
        texts = _unknown_texts(rows[(rows["unknown"] != "cards") | (not without_cards)], lang)
        text = " ".join([text, *([translate("text.zones_no_cards", lang)] if without_cards else []), *texts])
        if not briefing.has_enrolment:
            return Item("zones", text)
    else:  # of some communes, so that the sums are not the unit's
        table = rows[[*COLUMNS]]
        sums = {**counted[["lost", "kept", "gained"]].sum(), "count": len(counted)}
        text = " ".join([text, translate("text.zones_counted", lang, **sums), *_unknown_texts(rows, lang)])
    return Item("zones", text, table=table.drop(columns=unknown))


def _unknown_texts(rows: pd.DataFrame, lang: str) -> list[str]:
    """Return a sentence for each kind of what is not known of communes, with their names."""
    kinds = rows[rows["unknown"] != ""].groupby("unknown", sort=False)["name"]
    return [
        translate(f"text.unknown_{kind}", lang, count=len(names), names=_some_names(names, lang))
        for kind, names in kinds
    ]


def _some_names(names: pd.Series, lang: str) -> str:
    """Return the first names, so that a sentence on a province stays readable."""
    texts = [display_name(name, lang) for name in names.head(MAX_NAMES)]
    return ", ".join(texts) + ("…" if len(names) > MAX_NAMES else "")


def _zones_text(briefing: Briefing, rows: pd.DataFrame) -> str:
    """Return how many communes are in each zone, or the zone of a commune."""
    geography, code, lang, on = briefing.data_as_of.geography, briefing.code, briefing.lang, rows["on"].min()
    counts = rows["zone_after"].value_counts().reindex(ZONES).dropna()
    names = {zone: translate(f"zone.{zone}", lang) for zone in ZONES}
    if briefing.view.kind == "commune":
        return translate("text.zone", lang, on=on, name=briefing.name, zone=names[counts.index[0]])
    zones = "; ".join(translate("text.zone_count", lang, zone=names[z], count=n) for z, n in counts.items())
    is_whole = briefing.view.unit.is_fully_listed and set(geography.commune_codes(code, on)) <= set(rows["area"])
    key = "text.zones" if is_whole else "text.zones_some"
    return translate(key, lang, on=on, name=briefing.name, count=len(rows), zones=zones)


def _lost(briefing: Briefing, table: pd.DataFrame) -> Item:
    """Return the cards that ended, commune by commune where that is known."""
    data, code, lang, name = briefing.data_as_of, briefing.code, briefing.lang, briefing.name
    total, method, source = table["lost"].sum(), table["method"].iloc[0], table["source"].iloc[0]
    fields = {"on": table["on"].min(), "lost": total, "name": name, "count": len(table)}
    if method == "zones":
        sums = table.loc[table["lost"].notna(), ["before", "kept", "gained"]].sum()
        uncounted = table.loc[table["lost"].isna() & (table["unknown"] == ""), "name"]
        text = " ".join([translate("text.lost_zones", lang, **fields, **sums), *_unknown_texts(table, lang)])
        if len(uncounted):
            text += " " + translate("text.lost_some", lang, count=len(uncounted), names=", ".join(uncounted))
        chart = charts.losses(table, name, lang, source) if total > 0 else None
        return Item("lost", text, chart, _with_total(briefing, table[COLUMNS]))
    unit = loss_status_and_unit(data, briefing.decision or "", code, table)[1]
    relation = translate(f"relation.{loss_relation(data, briefing.decision or '', code)}", lang)
    key = "text.lost_cards" if unit == "cards" else "text.lost_published"
    text = translate(key, lang, **fields, relation=relation)
    if method == "published":
        return Item("lost", text + " " + translate("text.lost_no_communes", lang))
    count = population_at(data.geography, data.population, table["area"].iloc[0], table["on"].iloc[0])
    share = total / table["population"].sum()
    text += " " + translate("text.lost_spread", lang, basis=population_basis(count, lang), share=share, **fields)
    columns = ["area", "name", "zone_after", "population", "lost", "status"]
    rows = _with_total(briefing, table[columns])
    return Item("lost", text, charts.losses(table, name, lang, source), rows)


def _with_total(briefing: Briefing, table: pd.DataFrame) -> pd.DataFrame:
    """Return the communes with their total first, where the losses of all of them are known."""
    if len(table) < 2 or table["lost"].isna().any():
        return table
    lost = briefing.facts.get("lost")
    total = add_total(table, briefing.code, briefing.view.unit.name, status=None if lost is None else lost.status)
    total.loc[0, "population"] = pd.NA  # of these communes, which are not all
    return total


def _before_and_after(briefing: Briefing) -> list[Item]:
    """Return the steps from before to after: counted where cards are, bounded where only the loss is."""
    data, code, lang, decision = briefing.data_as_of, briefing.code, briefing.lang, briefing.decision or ""
    change = observed_change(data, code, decision)
    text, table, population = "", None, None
    if len(change):
        first, last = change["before_as_of"].iloc[0], change["after_as_of"].iloc[0]
        state = change["group"] == "state_paid"
        fall, rise = int(change.loc[state, "change"].sum()), int(change.loc[~state, "change"].sum())
        before, after = change["before"].sum(), change["after"].sum()
        bars = {"before": (before, "level"), "state_fall": (fall, "change"), "other": (rise, "change")}
        start, end = first + pd.Timedelta(days=1), last
        text = translate("text.observed_change", lang, first=first, last=last, fall=-fall, rise=rise)
        change.attrs["insured_on"] = {"before": str(first.date()), "after": str(last.date())}
        table, status = change[["group", "before", "after", "change", "status"]], lowest_quality(change["status"])
        source = str(coverage(data, code)["source"].iloc[0])
    else:
        bounds = reenrolment(data, code, decision)
        if bounds.empty or bounds["low"].iloc[0] <= 0:
            return []
        row = bounds.iloc[0]
        population = float(row["population"])
        after = round((row["after_low"] + row["after_high"]) / 2 * population)
        bars = {"before_most": (round(row["before_high"] * population), "bound"), "lost": (-row["lost"], "change")}
        bars["back"] = (row["low_people"], "bound_change")
        start, end = None, row["as_of"]
        status, source = row["status"], _source_of_loss(briefing)
    rows = [(translate(f"bar.{key}", lang, on=start), *bar) for key, bar in bars.items()]
    rows.append((translate("bar.after", lang, on=end), after, "level"))
    steps = pd.DataFrame(rows, columns=["label", "people", "kind"]).assign(status=status)
    chart = charts.waterfall(steps, briefing.name, lang, source, population, decision=briefing.decision_name)
    return [Item("before_after", text, chart, table)]


def _source_of_loss(briefing: Briefing) -> str:
    own = briefing.data_as_of.losses.query("area == @briefing.code and decision == @briefing.decision")
    return str(own["source"].iloc[0])


def _reenrolled(briefing: Briefing) -> list[Item]:
    """Return how many of those who lost a card are insured again, as far as the figures show it."""
    data, code, lang = briefing.data_as_of, briefing.code, briefing.lang
    bounds = reenrolment(data, code, briefing.decision or "")
    if bounds.empty:
        return []
    row = bounds.iloc[0]
    table = bounds[["as_of", "population", "lost", "low", "high", "status"]]
    fields = {key: row[key] for key in ("low", "lost", "as_of", "population")}
    if pd.isna(row["largest_population"]):
        if row["low"] <= 0:
            return []
        uninsured = row["population"] - round(row["after_low"] * row["population"])
        text = translate("text.reenrolled_least", lang, people=row["low_people"], uninsured=uninsured, **fields)
        # Without a figure before, nothing says that not all of them came back.
        return [Item("reenrolled", text, table=table.assign(high=float("nan")))]
    count = population_at(data.geography, data.population, code, row["as_of"])
    fields |= {"basis": population_basis(count, lang), "high": row["high"], "most": row["largest_population"]}
    chart = charts.curve(reenrolment_curve(row), row, briefing.name, lang, _source_of_loss(briefing))
    return [Item("reenrolled", translate("text.reenrolled_between", lang, **fields), chart, table)]


def _slope(briefing: Briefing, table: pd.DataFrame) -> list[Item]:
    """Return the coverage of the communes before the decision and now, where both are counted."""
    data, code = briefing.data_as_of, briefing.code
    if table["method"].iloc[0] != "zones":
        return []
    months = coverage(data, code, by=["commune", "month"])
    on = table["on"].min()
    before, after = months[months["as_of"] < on], months[months["as_of"] >= on]
    if before.empty or after.empty:
        return []
    before, after = (t[t["as_of"] == t["as_of"].max()] for t in (before, after))
    before = before[["area", "name", "rate"]].assign(status=lowest_quality(before["status"], after["status"]))
    rates = after[["area", "rate"]].rename(columns={"rate": "after"})
    rows = before.rename(columns={"rate": "before"}).merge(rates, on="area")
    rows["concerned"] = rows["area"].isin(table.loc[(table["lost"] > 0) | (table["gained"] > 0), "area"])
    days = (months.loc[before.index[0], "as_of"], after["as_of"].iloc[0])
    source = str(coverage(data, code)["source"].iloc[0])
    chart = charts.slope(rows, briefing.name, days, briefing.lang, source, briefing.decision_name)
    columns = ["area", "name", "as_of", "population", "rate", "status"]
    chart_data = months.loc[months["as_of"].isin(days), columns]
    return [Item("slope", chart=chart, chart_data=chart_data)]
