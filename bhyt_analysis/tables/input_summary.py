"""Sum up what was read from an input, as an analyst checks it: units, days, groups, people, cards and coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import pandas as pd

from bhyt_analysis.domain.causes import LISTED
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.decisions import decisions_table
from bhyt_analysis.domain.findings import Finding
from bhyt_analysis.domain.geography import NO_UNIT, Unit
from bhyt_analysis.domain.population import population_at
from bhyt_analysis.domain.schema import choice_name, table_name
from bhyt_analysis.i18n.formats import format_date, format_number
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.messages import translate
from bhyt_analysis.i18n.unit_names import inline_name
from bhyt_analysis.law.groups import drop_nested_groups

NAMES_LISTED = 6
# The folders of the files of which an input takes units, targets and zones from the package.
COUNTRY, BUNDLED = "country/", "bundled/"
# Rules of findings on what was not read: columns, and sheets or files.
UNREAD = {"unknown_column": "columns", "no_heading": "columns", "hidden_sheet": "sheets", "unknown_file": "sheets"}


def input_summary(
    data: Dataset | None, tables: Mapping[str, pd.DataFrame], findings: Iterable[Finding], lang: str | None = None
) -> list[tuple[str, str]]:
    """Return what was read as pairs of a label and a text, at most ten.

    ``data`` is None for an input with errors; then ``tables`` has the rows that could be read, of which some cells may
    be missing, and neither the units above nor the coverage are known. Units that report below another unit with
    figures of the same day are not added up again.

    Examples
    --------
    >>> from bhyt_analysis.ingest import load
    >>> data = load()
    >>> dict(input_summary(data, {"cards": data.cards}, [], "en"))["Cards"]
    '49,505 on 30 June 2022'
    """
    lang = check_lang(lang)
    if data is not None:
        tables = {name: getattr(data, name) for name in tables}
    own = {
        name: rows[(rows["file"] != "") & ~rows["file"].str.startswith((COUNTRY, BUNDLED))]
        for name, rows in tables.items()
    }
    filled = {name: rows for name, rows in own.items() if len(rows)}
    if not filled:
        return []
    counts = [
        translate("read.rows", lang, table=table_name(name, lang), count=len(rows)) for name, rows in filled.items()
    ]
    lines = {"tables": "; ".join(counts)}
    if (cards := filled.get("cards")) is not None:
        lines["units"] = _units_text(data, tables, cards, lang)
        lines["days"] = _days_text(cards["as_of"], lang)
        lines["groups"] = _groups_text(cards["group"], lang) if (cards["group"] != "").any() else ""
        if data is not None:
            lines |= _coverage_texts(data, lang)
        elif (rows := drop_nested_groups(cards[cards["as_of"] == cards["as_of"].max()]))["cards"].notna().any():
            total = int(rows["cards"].sum())
            lines["cards"] = translate("read.cards_so_far", lang, count=total, day=cards["as_of"].max())
    elif "population" in filled:
        lines["units"] = _units_text(data, tables, filled["population"], lang)
        lines["days"] = _days_text(filled["population"]["as_of"], lang)
    if data is not None and len(targets := data.targets[data.targets["file"].str.startswith(BUNDLED)]):
        units = [data.geography.unit(i) for i in targets["unit_id"].unique() if i != NO_UNIT]
        names = [translate("read.country", lang) if u.kind == "country" else _name(u, lang) for u in units]
        lines["targets"] = translate("read.bundled_targets", lang, names=_listed(names))
    if data is not None and len(zones := data.zones[data.zones["file"].str.startswith(BUNDLED)]):
        decisions = decisions_table(data).drop_duplicates("decision").set_index("decision")["instrument"]
        names = [str(decisions.get(d, d)) for d in zones["decision"].unique()]
        count = zones["unit_id"].nunique()
        lines["zones"] = translate("read.bundled_zones", lang, count=count, names=_listed(names))
    lines["unread"] = _unread_text(findings, lang)
    return [(translate(f"read.{key}", lang), text) for key, text in lines.items() if text]


def _units_text(data: Dataset | None, tables: Mapping[str, pd.DataFrame], rows: pd.DataFrame, lang: str) -> str:
    """Return how many units have figures, by the unit above them where it is known."""
    if data is None:
        names = dict(zip(tables["areas"]["code"], tables["areas"]["name"], strict=True))
        units = [names[area] for area in rows["area"].unique() if area in names]  # another text may name a person
        if not units:
            return ""
        return translate("read.units_unknown", lang, count=len(units), names=_listed(units))
    last = rows.drop_duplicates("unit_id", keep="last")
    pairs = [(data.geography.unit(i), day) for i, day in zip(last["unit_id"], last["as_of"], strict=True)]
    by_parent = Counter((unit.kind, data.geography.parent(unit, day)) for unit, day in pairs)
    texts = []
    for (kind, above), count in by_parent.most_common(LISTED):
        text = translate("read.unit_count", lang, count=count, kind=choice_name("kind", kind, lang).lower())
        texts.append(text if above is None else translate("read.within", lang, units=text, name=_name(above, lang)))
    return "; ".join([*texts, *["…"] * (len(by_parent) > LISTED)])


def _name(unit: Unit, lang: str) -> str:
    return inline_name(unit.name, lang)


def _days_text(days: pd.Series, lang: str) -> str:
    unique = sorted(days.dropna().unique())
    if len(unique) < 2:
        return "".join(format_date(day, lang) for day in unique)
    return translate("read.day_range", lang, count=len(unique), first=unique[0], last=unique[-1])


def _groups_text(groups: pd.Series, lang: str) -> str:
    names = [choice_name("group", key, lang) for key in groups.unique() if key]
    return translate("read.group_count", lang, count=len(names), names=_listed(names, "; "))


def _listed(names: list[str], separator: str = ", ") -> str:
    return separator.join([*names[:NAMES_LISTED], *["…"] * (len(names) > NAMES_LISTED)])


def _coverage_texts(data: Dataset, lang: str) -> dict[str, str]:
    """Return the people, cards and coverage of the units that have cards on the last day."""
    day = data.cards["as_of"].max()
    rows = drop_nested_groups(data.cards[data.cards["as_of"] == day])
    units = [data.geography.unit(i) for i in rows["unit_id"].unique()]
    topmost = [u for u in units if not set(data.geography.lineage(u, day)[1:]) & (set(units) - {u})]
    total = int(rows.loc[rows["unit_id"].isin([u.id for u in topmost]), "cards"].sum())
    texts = {"cards": translate("read.card_count", lang, count=total, day=day)}
    counts = [population_at(data.geography, data.population, u.code, day) for u in topmost]
    if people := [count for count in counts if count is not None]:
        population = sum(count.people for count in people)
        dates = _days_text(pd.Series([count.as_of for count in people]), lang)
        texts = {"people": translate("read.people_count", lang, count=population, days=dates)} | texts
        if len(people) == len(counts) and population:
            texts["coverage"] = format_number(total / population, lang, 1, scale=100) + "%"
        else:
            missing = len(counts) - len(people)
            texts["coverage"] = translate("read.no_coverage", lang, count=missing)
    return texts


def _unread_text(findings: Iterable[Finding], lang: str) -> str:
    """Return how many columns and sheets were not read."""
    unread: dict[str, dict[str, None]] = {}
    for finding in findings:
        if kind := UNREAD.get(finding.rule):
            unread.setdefault(kind, {})[str(finding.value or finding.column or finding.file)] = None
    texts = (translate(f"read.unread_{k}", lang, count=len(n), names=_listed(list(n))) for k, n in unread.items())
    return "; ".join(texts)
