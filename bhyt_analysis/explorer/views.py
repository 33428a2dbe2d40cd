"""What is seen of a state: each view says what it reads, and is made anew only when that has changed.

The views glue the model's functions together and compute nothing of their own.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bhyt_analysis import charts
from bhyt_analysis.charts.chart import Chart, render_image
from bhyt_analysis.domain.dataset import Dataset, select_unit
from bhyt_analysis.domain.geography import lineage, unit_name
from bhyt_analysis.explorer.markup import both_results, communes_table, headline
from bhyt_analysis.explorer.state import State, scenario, zone_of
from bhyt_analysis.i18n.formats import format_number
from bhyt_analysis.i18n.messages import BhytError, format_message, has_message, translate
from bhyt_analysis.i18n.unit_names import inline_name
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.coverage.coverage import coverage
from bhyt_analysis.model.projection.assumptions import allowed_range, assumptions, draw_assumptions
from bhyt_analysis.model.projection.baseline import Baseline, build_baseline
from bhyt_analysis.model.projection.compare import compare
from bhyt_analysis.model.projection.outlook import (
    add_intervals,
    communes_at_baseline,
    communes_in_month,
    coverage_steps,
    outlook,
)
from bhyt_analysis.model.projection.projection import Projection, apply_behaviour, apply_policy
from bhyt_analysis.model.projection.simulate import (
    MONEY,
    check_reform_areas,
    projection_table,
    resolve_support_window,
    simulate,
)
from bhyt_analysis.model.projection.uncertainty import area_rates, target_probabilities, upcoming_targets
from bhyt_analysis.model.reclassification.reclassify import reclassify
from bhyt_analysis.model.targets.allocation import METHODS, allocate, communes_to_allocate
from bhyt_analysis.tables.explain import premium_steps
from bhyt_analysis.tables.formatting import to_html
from bhyt_analysis.tables.labels import column_name, group_name

DRAWS = 200  # of the assumptions: enough for an interval to the tenth of a point or so, and quick
MOST_TILES = 60  # communes
# Whose share of the premium an analyst may change.
GROUPS = (
    "near_poor", "student", "farm_average_income", "minority_left_2016_2020_list", "minority_left_later", "household",
)  # fmt: skip
TAKE_UP = ("household", "farm_average_income", "near_poor", "student")


@dataclass(frozen=True, eq=False)
class Context:
    """What all states are laid over: the data and the law."""

    data: Dataset
    law: Law


@dataclass(frozen=True)
class View:
    """What is made of which fields of the state and of which other views."""

    make: Callable[..., Any]
    reads: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


# Parts of a field, for views that read no more of it.
PARTS: dict[str, Callable[[State], Any]] = {
    "other_titles": lambda s: dict(s.assumed).get("other_titles"),
    "household_factor": lambda s: [r for r in s.law if dict(r)["parameter"] == "household_factor"],
}


def memoised_views(world: Context) -> Callable[[State, str], Any]:
    """A function of a state and the name of a view that gives what is seen; the last result of each view is kept.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> look = memoised_views(Context(load(), Law.read()))
    >>> state = State(area="219", decision="861", on="2021-12-31")
    >>> int(look(state, "outlook").set_index("result").at["static", "uninsured"])
    47910
    >>> look(state, "start") is look(dataclasses.replace(state, on="2022-12-31"), "start")
    True
    """
    last: dict[str, tuple[Any, Any, object]] = {}  # by view: what it was made from, the result, a mark of this making

    def look(state: State, name: str) -> Any:
        view = VIEWS[name]
        values = [look(state, before) for before in view.after]
        key = [PARTS[f](state) if f in PARTS else getattr(state, f) for f in view.reads]
        key += [last[before][2] for before in view.after]
        if name not in last or last[name][0] != key:
            made, mark = view.make(world, state, *values), object()
            if name in last and same(made, last[name][1]):  # what comes out as before makes nothing else anew
                _, made, mark = last[name]
            last[name] = (key, made, mark)
        return last[name][1]

    return look


def same(one: Any, other: Any) -> bool:
    """Whether two results say the same; of those that can't be compared, no."""
    if isinstance(one, pd.DataFrame | pd.Series):
        return isinstance(other, type(one)) and one.equals(other)
    return isinstance(one, str | list | pd.Timestamp) and type(one) is type(other) and bool(one == other)


# --- What a scenario does -------------------------------------------------------------------------


def _start(world: Context, state: State) -> Baseline:
    if not state.area:
        raise BhytError(("explore.no_area", {}))
    asked = scenario(state)
    return build_baseline(world.data, state.area, asked, asked.over(world.law))


def _laid(world: Context, state: State, start: Baseline) -> Projection:
    """What does not depend on how people behave."""
    asked = scenario(state)
    over = asked.over(world.law)
    check_reform_areas(over, world.data)
    return apply_policy(start, resolve_support_window(asked, world.data, start, over), over)


def _of(world: Context, state: State, laid: Projection) -> Projection:
    """The projection, under the name that charts show."""
    named = scenario(dataclasses.replace(state, name=called(state, "vi"), name_en=called(state, "en")))
    return apply_behaviour(laid, dataclasses.replace(named, support_window=laid.scenario.support_window))


def _months(world: Context, state: State, of: Projection) -> pd.DataFrame:
    return projection_table(of, by_group=False, lang=state.lang)


def _path(world: Context, state: State, of: Projection) -> Any:
    return area_rates(of, draw_assumptions(of.assumptions, DRAWS, of.scenario.seed))


def _whole(world: Context, state: State, of: Projection, months: pd.DataFrame, path: Any) -> pd.DataFrame:
    return add_intervals(months, of, path)


def _targets(world: Context, state: State, laid: Projection) -> list[dict[str, Any]]:
    return upcoming_targets(world.data, laid)


def _chances(world: Context, state: State, of: Projection, targets: list[dict[str, Any]], path: Any) -> pd.DataFrame:
    return target_probabilities(of, targets, DRAWS, path=path)


def _on(world: Context, state: State, laid: Projection) -> pd.Timestamp:
    """The month looked at: the one that is asked for, as far as the projection reaches; else the first December."""
    shown = laid.months[laid.report_index :]
    if not state.on:
        return next((m for m in shown[1:] if m.month == 12), shown[-1])
    return min(max(pd.Timestamp(state.on) + pd.offsets.MonthEnd(0), shown[0]), shown[-1])


def _outlook(world: Context, state: State, whole: pd.DataFrame, on: pd.Timestamp) -> pd.DataFrame:
    return outlook(whole, on)


def _steps(world: Context, state: State, of: Projection, months: pd.DataFrame, on: pd.Timestamp) -> pd.DataFrame:
    return coverage_steps(of, months, on)


def _moved(world: Context, state: State) -> pd.DataFrame:
    """Who loses and gains by the decision, commune by commune; nothing without one."""
    if not state.decision:
        return reclassify(world.data, world.data.zones["decision"].iloc[0], state.area).head(0) if len(world.data.zones) else pd.DataFrame(columns=["area", "zone_before", "zone_after", "population", "lost", "gained", "status"])  # fmt: skip
    return reclassify(scenario(state).within(world.data), state.decision, state.area)


def _at_start(world: Context, state: State, start: Baseline, moved: pd.DataFrame) -> pd.DataFrame:
    return communes_at_baseline(world.data, start, moved)


def _communes(world: Context, state: State, at_start: pd.DataFrame, of: Projection, on: pd.Timestamp) -> pd.DataFrame:
    return communes_in_month(at_start, of, on)


def _flips(world: Context, state: State, moved: pd.DataFrame) -> list[str]:
    """What each commune that the state moves loses and gains against the decision, in words."""
    if not state.zones:
        return []
    flipped = [str(dict(r)["area"]) for r in state.zones]
    as_decided = reclassify(world.data, state.decision, state.area).set_index("area")
    now = moved.set_index("area")
    told = []
    for code in flipped:
        before, after = ((t.loc[code] if code in t.index else pd.Series(dtype=object)) for t in (as_decided, now))
        fields = {
            "name": unit_name(world.data.areas, code), "before": translate(f"zone.{before.get('zone_after', '')}", state.lang),
            "after": translate(f"zone.{zone_of(state, code)}", state.lang),
        }  # fmt: skip
        fields |= {f"{column}_{when}": row.get(column, 0) for column in ("lost", "gained") for when, row in (("before", before), ("after", after))}  # fmt: skip
        told.append(translate("explore.flipped", state.lang, **fields))
    return told


def _headline(world: Context, state: State, of: Projection, told: pd.DataFrame, likely: pd.DataFrame) -> str:
    title = f"{area_context(world, state)}: {of.scenario.titled(state.lang)}"
    return headline(told, likely, title[:1].upper() + title[1:], state.lang)


def _both(world: Context, state: State, told: pd.DataFrame) -> str:
    return both_results(told, state.lang)


def _communes_table(world: Context, state: State, rows: pd.DataFrame) -> str:
    if len(rows) < 2:
        return ""
    return to_html(communes_table(rows, state.sort).drop(columns="area"), state.lang)


def _since(world: Context, state: State, start: Baseline) -> str:
    """From which day the sliders change the law: as asked, else from the first month after the figures."""
    return state.since or str((start.day + pd.offsets.MonthEnd(0) + pd.Timedelta(days=1)).date())


def _in_force(world: Context, state: State, start: Baseline, since: str) -> dict[tuple[str, str], float]:
    """The law there on that day, where the sliders stand untouched: values by parameter and key."""
    table = world.law.at(since, start.lineages[0]).table
    return dict(zip(zip(table["parameter"], table["key"], strict=True), table["value"], strict=True))


def _source(world: Context, state: State, start: Baseline) -> str:
    row = coverage(world.data, state.area, as_of=start.day).iloc[0]
    return "; ".join(s for s in (str(row["source"] or ""),) if s and s != "nan")


# --- Figures --------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class RenderedChart:
    """A figure on the screen: its picture (PNG) and what it says."""

    png: bytes
    alt: str


def on_screen(chart: Chart) -> RenderedChart:
    """The picture of a chart that was drawn for the screen."""
    out = io.BytesIO()
    render_image(chart).save(out, format="png", compress_level=1)
    return RenderedChart(out.getvalue(), chart.description.alt)


def area_context(world: Context, state: State) -> str:
    """The name of the area as it stands in a title."""
    code, data = select_unit(world.data, state.area)
    return inline_name(unit_name(data.areas, code), state.lang)


def draw_path(world: Context, state: State, whole: pd.DataFrame, targets: Any, source: str, size: str = "a4") -> Chart:
    """Coverage month by month with its band and the targets."""
    return charts.fan(whole, area_context(world, state), targets, state.lang, source, size=size)


def draw_people(world: Context, state: State, told: pd.DataFrame, whole: pd.DataFrame, source: str, size: str = "a4") -> Chart:  # fmt: skip
    """The people insured from the start to the day looked at."""
    proposed = ["proposal"] * bool(whole["proposal"].any())
    labels = [translate(f"explore.step_{r.step}", state.lang, on=r.on) for r in told.itertuples()]
    rows = told.assign(label=labels, status=[*told["status"][:-1], *(proposed or told["status"][-1:])])
    return charts.waterfall(
        rows, area_context(world, state), state.lang, source, title="chart.explored_people", size=size
    )


def draw_payers(world: Context, state: State, whole: pd.DataFrame, source: str, size: str = "a4") -> Chart | None:
    """What each payer bears year by year; None where the cost of nobody is known."""
    if not (whole.loc[whole["result"] == "behavioural", MONEY] > 0).to_numpy().any():
        return None
    return charts.payers(whole, area_context(world, state), state.lang, source, size=size)


def draw_tiles(world: Context, state: State, rows: pd.DataFrame, source: str, size: str = "a4") -> Chart | None:
    """The communes as tiles: their coverage where it is known, else who lost a card; None where neither is."""
    value = next((v for v in ("rate", "lost_share") if rows[v].notna().any()), None)
    if value is None or not 1 < len(rows) <= MOST_TILES:
        return None
    flipped = rows["area"].isin([dict(r)["area"] for r in state.zones])
    return charts.tiles(
        rows.assign(marked=flipped), area_context(world, state), state.lang, source, value=value, size=size
    )


DRAWN: dict[str, tuple[Callable[..., Chart | None], tuple[str, ...]]] = {
    "path": (draw_path, ("whole", "targets", "source")),
    "people": (draw_people, ("steps", "whole", "source")),
    "payers": (draw_payers, ("whole", "source")),
    "tiles": (draw_tiles, ("communes", "source")),
}


def _seen(draw: Callable[..., Chart | None]) -> Callable[..., RenderedChart | None]:
    def make(world: Context, state: State, *values: Any) -> RenderedChart | None:
        chart = draw(world, state, *values, size="screen")
        return None if chart is None else on_screen(chart)

    return make


# --- Targets, comparison, household ---------------------------------------------------------------


def share_of_text(text: str) -> float:
    """A rate as people type it: 93%, 93,5, 0.93.

    Examples
    --------
    >>> share_of_text("93,5%"), share_of_text("0.93"), share_of_text("90")
    (0.935, 0.93, 0.9)
    >>> share_of_text("nhiều")
    Traceback (most recent call last):
    bhyt_analysis.i18n.messages.BhytError: “nhiều” is not a rate; write 93% or 0.93
    """
    plain = text.strip().removesuffix("%").strip().replace(",", ".")
    try:
        value = float(plain)
        if not 0 <= value <= 100:
            raise ValueError
    except ValueError:
        raise BhytError(("explore.not_a_rate", {"found": text})) from None
    return round(value / 100, 6) if "%" in text or value > 1 else value


def amounts_of_text(text: str, codes: Sequence[str]) -> dict[str, float]:
    """An amount for each commune from lines of code and number, as they are pasted from Excel.

    Examples
    --------
    >>> amounts_of_text("X00101\\t3\\nX00102; 2,5", ["X00101", "X00102"])
    {'X00101': 3.0, 'X00102': 2.5}
    """
    found: dict[str, float] = {}
    faults = []
    for line in text.splitlines():
        parts = line.replace(";", "\t").split("\t")
        if not line.strip():
            continue
        try:
            found[parts[0].strip()] = float(parts[1].strip().replace(",", "."))
        except (IndexError, ValueError):
            faults.append(("explore.not_an_amount", {"found": line.strip()}))
    if missing := [c for c in codes if c not in found]:
        faults.append(("explore.amount_missing", {"areas": ", ".join(missing)}))
    if faults:
        raise BhytError(*faults)
    return {c: found[c] for c in codes}


def _cards(world: Context, state: State) -> pd.DataFrame:
    return communes_to_allocate(world.data, state.area)


def _allocated(world: Context, state: State, cards: pd.DataFrame) -> pd.DataFrame:
    """What the target asks of each commune, with the ratchet as it is set and the other way."""
    if not state.goal.strip():
        raise BhytError(("explore.no_goal", {}))
    share = share_of_text(state.goal)
    if needed := METHODS[state.method] if METHODS[state.method] not in cards else "":
        cards = cards.assign(**{needed: cards["area"].map(amounts_of_text(state.amounts, list(cards["area"])))})
    table = allocate(cards, share, method=state.method, ratchet=state.ratchet)
    table = table.assign(rate=table["insured"] / table["population"])
    try:
        other = allocate(cards, share, method=state.method, ratchet=not state.ratchet)["target_people"]
    except BhytError:  # under the ratchet it may be out of reach
        other = pd.Series(pd.NA, index=table.index, dtype="Int64")
    columns = ["area", "name", "population", "insured", "rate", "target_people", "target_rate", "to_add"]
    return table[columns].assign(without_ratchet=other if state.ratchet else pd.NA, with_ratchet=pd.NA if state.ratchet else other, status=table["status"]).dropna(axis=1, how="all")  # fmt: skip


def _gaps(world: Context, state: State, allocated: pd.DataFrame) -> RenderedChart:
    return on_screen(charts.gaps(allocated, area_context(world, state), state.lang, size="screen"))


def compared(world: Context, states: Sequence[State], on: pd.Timestamp, lang: str) -> tuple[pd.DataFrame, Chart]:
    """Scenarios of one area side by side on a day, as differences to the first, and their paths in one chart.

    Raises
    ------
    BhytError
        where one of them can't be computed.
    """
    letters = "ABCDEFGH"
    plans = [
        scenario(dataclasses.replace(s, name=f"{a}. {called(s, 'vi')}", name_en=f"{a}. {called(s, 'en')}"))
        for a, s in zip(letters, states, strict=False)
    ]
    months = simulate(world.data, states[0].area, plans, world.law, draws=0, lang=lang)
    rows = compare(months, on=on, lang=lang)
    columns = ["scenario", "insured", "rate", "people", "points", "vnd_central_more", "vnd_province_more", "vnd_household_more", "vnd_per_additional", "status"]  # fmt: skip
    shown = rows.loc[rows["result"] == "behavioural", columns].rename(columns={"people": "change"})
    chart = charts.scenarios(months, area_context(world, states[0]), lang, size="screen")
    return shown.reset_index(drop=True), chart


def household(world: Context, state: State, day: str, group: str, members: int) -> list[str]:
    """What a household or person pays on a day under the state's law, step by step; a proposal says so.

    Examples
    --------
    >>> from bhyt_analysis.ingest.loader import load
    >>> world = Context(load(), Law.read())
    >>> household(world, State(area="219", lang="en"), "2021-07-01", "household", 4)[-1]
    'A self-paying household of 4 pays 2,252,880 VND a year.'
    """
    where = lineage(world.data.areas, select_unit(world.data, state.area)[0]) if state.area else None
    law = scenario(state).over(world.law).at(day, where)
    lines = premium_steps(law, group, members if group == "household" else 1, state.lang)
    proposed = law.table.loc[law.table["status"] == "proposal", "parameter"]
    used = {"base_salary", "contribution_rate", "subsidy_share", "household_factor"}
    return [*lines, *([translate("status.proposal", state.lang) + "."] if used & set(proposed) else [])]


# --- In words -------------------------------------------------------------------------------------


def called(state: State, lang: str) -> str:
    """The name of a scenario: its own, or what it changes.

    Examples
    --------
    >>> called(State(decision="861", assumed=(("outreach", (2.0, 2.0, 2.0)),)), "en")
    'Decision 861; effort 2'
    >>> called(State(), "vi")
    'Luật hiện hành, không có gì thay đổi'
    """
    if state.name:
        return state.name_en if lang == "en" and state.name_en else state.name
    parts = [translate("explore.decision", lang, decision=state.decision)] if state.decision else []
    labels = assumptions()[f"name_{lang}"]
    for name, (_, value, _) in state.assumed:
        if name == "outreach":
            parts.append(
                translate(
                    "explore.outreach_of", lang, outreach=format_number(value, lang, 0 if value.is_integer() else 1)
                )
            )
        else:
            parts.append(
                f"{labels[name]} "
                + format_message("{v:p0}" if allowed_range(name) == (0, 1) else "{v:d1}", lang, v=value)
            )
    for row in (dict(r) for r in state.top_ups):
        parts.append(translate("explore.top_up_of", lang, group=_brief(row["group"], lang), points=row["points"]))
    for row in (dict(r) for r in state.law):
        key = f" ({_brief(row['key'], lang)})" if row.get("key") else ""
        told = format_message("{v:n}" if row["value"] > 1 else "{v:pe}", lang, v=row["value"])
        parts.append(f"{column_name(row['parameter'], lang).split(',')[0]}{key} {told}")
    parts += [translate("explore.zones_moved", lang, count=len(state.zones))] if state.zones else []
    return "; ".join(parts) or translate("label.law_in_force", lang)


def _brief(group: str, lang: str) -> str:
    return (
        translate(f"explore.brief.{group}", lang) if has_message(f"explore.brief.{group}") else group_name(group, lang)
    )


# What of a scenario the law and the days are, and what people do.
LAID = ("area", "decision", "support_window", "start", "end", "income", "law", "top_ups", "zones", "targets", "seed")
BEHAVIOUR = ("name", "name_en", "assumed")

VIEWS: dict[str, View] = {
    "start": View(_start, ("area", "decision", "zones", "start", "other_titles", "household_factor")),
    "laid": View(_laid, LAID, ("start",)),
    "of": View(_of, BEHAVIOUR, ("laid",)),
    "months": View(_months, ("lang",), ("of",)),
    "path": View(_path, (), ("of",)),
    "whole": View(_whole, (), ("of", "months", "path")),
    "targets": View(_targets, (), ("laid",)),
    "chances": View(_chances, (), ("of", "targets", "path")),
    "on": View(_on, ("on",), ("laid",)),
    "outlook": View(_outlook, (), ("whole", "on")),
    "headline": View(_headline, ("lang",), ("of", "outlook", "chances")),
    "both": View(_both, ("lang",), ("outlook",)),
    "steps": View(_steps, (), ("of", "months", "on")),
    "moved": View(_moved, ("area", "decision", "zones")),
    "flips": View(_flips, ("lang", "zones"), ("moved",)),
    "at_start": View(_at_start, (), ("start", "moved")),
    "communes": View(_communes, (), ("at_start", "of", "on")),
    "communes_table": View(_communes_table, ("lang", "sort"), ("communes",)),
    "since": View(_since, ("since",), ("start",)),
    "in_force": View(_in_force, (), ("start", "since")),
    "source": View(_source, ("area",), ("start",)),
    "cards": View(_cards, ("area",)),
    "allocated": View(_allocated, ("goal", "method", "ratchet", "amounts"), ("cards",)),
    "gaps": View(_gaps, ("lang",), ("allocated",)),
    **{f"picture_{name}": View(_seen(draw), ("lang", "zones"), after) for name, (draw, after) in DRAWN.items()},
}
