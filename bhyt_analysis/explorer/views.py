"""Compute what the explorer shows of a state; a view is computed again only when its inputs have changed.

The views connect functions of the model and compute nothing of their own.
"""

from __future__ import annotations

import datetime as dt
import inspect
import io
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from PIL import Image

from bhyt_analysis import charts
from bhyt_analysis.charts.chart import Chart, render_image
from bhyt_analysis.domain.area_view import area_view
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.explorer.markup import render_headline, render_results, sort_communes
from bhyt_analysis.explorer.money import behavioural_costs, render_costs
from bhyt_analysis.explorer.state import DRAWS, LAW_FIELDS, State, in_force, to_scenario
from bhyt_analysis.explorer.text_input import parse_amounts, parse_rate
from bhyt_analysis.explorer.titles import scenario_title, short_group_name
from bhyt_analysis.explorer.zones import render_zone_changes, zone_changes
from bhyt_analysis.i18n.formats import format_date
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.coverage.coverage import coverage
from bhyt_analysis.model.projection import outlook as outlooks
from bhyt_analysis.model.projection import simulate as simulation
from bhyt_analysis.model.projection import uncertainty
from bhyt_analysis.model.projection.assumptions import draw_assumptions
from bhyt_analysis.model.projection.baseline import Baseline, build_baseline
from bhyt_analysis.model.projection.cohort import Floats
from bhyt_analysis.model.projection.compare import compare
from bhyt_analysis.model.projection.projection import Projection, apply_behaviour, apply_policy, first_dispute
from bhyt_analysis.model.reclassification.reclassify import COLUMNS, reclassify
from bhyt_analysis.model.targets.allocation import METHODS, allocate, communes_to_allocate
from bhyt_analysis.tables.explain import premium_steps
from bhyt_analysis.tables.formatting import to_html
from bhyt_analysis.tables.scenario_texts import reading_text

MAX_TILES = 60  # communes
LEAST_SPREAD = 0.01  # of shares that tiles can show

ViewGetter = Callable[[State, str], Any]
DrawChart = Callable[..., Chart]  # draws a chart of finished figures for a ``size``
Targets = list[dict[str, Any]]
Function = TypeVar("Function", bound=Callable[..., object])


@dataclass(frozen=True, eq=False)
class Context:
    """Hold what all states share: the data and the law."""

    data: Dataset
    law: Law
    today: dt.date = field(default_factory=dt.date.today)


@dataclass(frozen=True)
class View:
    """Define a view: its function, the fields of the state that it reads, and the views that are its arguments."""

    compute: Callable[..., Any]
    fields: tuple[str, ...]
    inputs: tuple[str, ...]


VIEWS: dict[str, View] = {}
CHARTS = ("path", "people", "payers", "tiles")  # of the page "scenario"
# Parts of a field, for views that read no more of it.
PARTIAL_FIELDS: dict[str, Callable[[State], object]] = {
    "other_titles": lambda state: dict(state.assumptions).get("other_titles"),
    "household_factor": lambda state: [r for r in state.law if r["parameter"] == "household_factor"],
}


def memoised_views(context: Context) -> ViewGetter:
    """Return a function of a state and the name of a view; it keeps the last result of each view.

    Examples
    --------
    >>> get_view = memoised_views(Context(bhyt.load(), bhyt.Law.read()))
    >>> state = State(area="219", decision="861", on="2021-12-31")
    >>> int(get_view(state, "outlook").set_index("result").at["static", "uninsured"])
    47910
    >>> get_view(state, "baseline") is get_view(replace(state, on="2022-12-31"), "baseline")
    True
    """
    cache: dict[str, tuple[list[object], object, object]] = {}  # by view: its key, its result, a token of the result

    def get_view(state: State, name: str) -> object:
        view = VIEWS[name]
        values = [get_view(state, i) for i in view.inputs]
        key = [PARTIAL_FIELDS[f](state) if f in PARTIAL_FIELDS else getattr(state, f) for f in view.fields]
        key += [cache[i][2] for i in view.inputs]
        if name not in cache or cache[name][0] != key:
            result, token = view.compute(context, state, *values), object()
            if name in cache and _is_same(result, cache[name][1]):  # views of an unchanged result stay valid
                _, result, token = cache[name]
            cache[name] = (key, result, token)
        return cache[name][1]

    return get_view


def _is_same(result: object, other: object) -> bool:
    """Return whether two results are equal; False for types without a comparison."""
    if isinstance(result, pd.DataFrame | pd.Series):
        return isinstance(other, type(result)) and result.equals(other)
    return isinstance(result, str | list | pd.Timestamp) and type(result) is type(other) and bool(result == other)


def _view(*fields: str, name: str = "") -> Callable[[Function], Function]:
    """Register a function as a view; its parameters after context and state are the names of its inputs."""

    def register(compute: Function) -> Function:
        inputs = list(inspect.signature(compute).parameters)[2:]
        VIEWS[name or compute.__name__.removeprefix("_")] = View(compute, fields, tuple(inputs))
        return compute

    return register


def _model_view(name: str, function: Callable[..., object], *inputs: str) -> None:
    """Register a function of the model, whose arguments are other views, as a view."""
    VIEWS[name] = View(lambda _, state, *values: function(*values), (), inputs)


_view(name="data")(lambda context, _: context.data)


@_view("area", "decision", "zones", "start", "other_titles", "household_factor")
def _baseline(context: Context, state: State) -> Baseline:
    if not state.area:
        raise BhytError(("explore.no_area", {}))
    scenario = to_scenario(state)
    return build_baseline(context.data, state.area, scenario)


@_view("area", "seed", *LAW_FIELDS)
def _policy(context: Context, state: State, baseline: Baseline) -> Projection:
    """Project what does not depend on behaviour."""
    scenario = to_scenario(state)
    law = scenario.apply_to_law(context.law)
    simulation.check_reform_areas(law, context.data)
    return apply_policy(baseline, simulation.resolve_support_window(scenario, context.data, baseline, law), law)


@_view("name", "name_en", "assumptions")
def _projection(context: Context, state: State, policy: Projection) -> Projection:
    """Add the behaviour."""
    scenario = to_scenario(state)
    return apply_behaviour(policy, replace(scenario, support_window=policy.scenario.support_window))


@_view("lang", "targets_source")
def _tables(context: Context, state: State, projection: Projection) -> tuple[pd.DataFrame, ...]:
    """Return the months of the area, and those of its groups."""
    title = scenario_title(state, state.lang)
    return tuple(table.assign(scenario=title) for table in simulation.projection_tables(projection))


@_view()
def _area_months(context: Context, state: State, tables: tuple[pd.DataFrame, ...]) -> pd.DataFrame:
    return tables[0]


@_view()
def _costs(context: Context, state: State, tables: tuple[pd.DataFrame, ...]) -> pd.DataFrame:
    return behavioural_costs(tables[1])


@_view("draws")
def _rates(context: Context, state: State, projection: Projection) -> Floats:
    values = draw_assumptions(projection.assumptions, state.draws, projection.scenario.seed)
    return uncertainty.area_rates(projection, values)


@_view("on")
def _month(context: Context, state: State, policy: Projection) -> pd.Timestamp:
    """Return the month of the figures: that of the state within the projected months; else the first December."""
    months = policy.months[policy.report_index :]
    if not state.on:
        return next((m for m in months[1:] if m.month == 12), months[-1])
    return min(max(pd.Timestamp(state.on) + pd.offsets.MonthEnd(0), months[0]), months[-1])


@_view("since")
def _change_date(context: Context, state: State) -> str:
    """Return the day from which sliders change the law; by default 1 January of next year."""
    return state.since or f"{context.today.year + 1}-01-01"


@_view("area")
def _law_in_force(context: Context, state: State, change_date: str) -> dict[tuple[str, str], float]:
    """Return the values of the law in force by parameter and key: the initial positions of the sliders."""
    table = context.law.at(change_date, area_view(context.data, state.area).places() if state.area else None).table
    return dict(zip(zip(table["parameter"], table["key"], strict=True), table["value"], strict=True))


@_view("area")
def _source(context: Context, state: State, baseline: Baseline) -> str:
    source = str(coverage(context.data, state.area, as_of=baseline.day)["source"].iloc[0] or "")
    return "" if source == "nan" else source


@_view("area", "decision", "support_window", "start", "end", "income", "targets", "seed")
def _reference(context: Context, state: State) -> Projection:
    """Project the same area, decision and days under the law in force; a list of one's own is no decision of it."""
    scenario = to_scenario(in_force(state))
    try:
        return simulation.project_area(context.data, state.area, scenario, context.law)
    except BhytError:
        undecided = replace(scenario, decision="", support_window="")
        return simulation.project_area(context.data, state.area, undecided, context.law)


@_view()
def _reference_chances(_: Context, state: State, reference: Projection, targets: Targets) -> pd.DataFrame:
    return uncertainty.target_probabilities(reference, targets, DRAWS, reference.scenario.seed)


@_view("lang", "targets_source")
def _headline(
    context: Context,
    state: State,
    projection: Projection,
    outlook: pd.DataFrame,
    probabilities: pd.DataFrame,
    reference_outlook: pd.DataFrame,
    reference_chances: pd.DataFrame,
) -> str:
    # ``projection`` is computed again when anything that the title names has changed.
    day = format_date(outlook["on"].iloc[0], state.lang)
    title = f"{area_title(context, state)}, {day}: {scenario_title(state, state.lang)}"
    reference = reference_outlook, reference_chances
    return render_headline(outlook, probabilities, *reference, title[:1].upper() + title[1:], state.lang)


@_view()
def _probabilities(_: Context, state: State, projection: Projection, targets: Targets, rates: Floats) -> pd.DataFrame:
    return uncertainty.target_probabilities(projection, targets, rates=rates)


_model_view("targets", uncertainty.upcoming_targets, "data", "policy")
_model_view("months", outlooks.add_intervals, "area_months", "projection", "rates")
_model_view("outlook", outlooks.outlook, "months", "month")
_model_view("steps", outlooks.coverage_steps, "projection", "area_months", "month")
_model_view("reference_tables", simulation.projection_tables, "reference")
_view(name="reference_costs")(lambda _, state, reference_tables: behavioural_costs(reference_tables[1]))
_view(name="reference_outlook")(lambda _, state, reference_tables, month: outlooks.outlook(reference_tables[0], month))


@_view("lang")
def _results(_: Context, state: State, outlook: pd.DataFrame, reference_outlook: pd.DataFrame) -> str:
    return render_results(outlook, reference_outlook, state.lang)


@_view("lang")
def _money(_: Context, state: State, costs: pd.DataFrame, reference_costs: pd.DataFrame, month: pd.Timestamp) -> str:
    return render_costs(costs, reference_costs, month.year, state.lang)


@_view("area", "decision", "zones")
def _reclassification(context: Context, state: State) -> pd.DataFrame:
    """Return who loses and gains by the decision, by commune; no rows without a decision."""
    if state.decision:
        return reclassify(to_scenario(state).apply_to_data(context.data), state.decision, state.area)
    if len(context.data.zones):
        return reclassify(context.data, context.data.zones["decision"].iloc[0], state.area).head(0)
    return pd.DataFrame(columns=COLUMNS)


@_view("lang", "area", "decision", "zones")
def _zone_changes(context: Context, state: State) -> str:
    """Describe who loses and who gains by the communes that the state moves, against the decision."""
    return render_zone_changes(*zone_changes(context.data, state), state.lang) if state.zones else ""


@_view()
def _readings(context: Context, state: State, projection: Projection) -> pd.DataFrame:
    return outlooks.other_reading(projection, context.law)


@_view("lang")
def _reading_texts(
    context: Context, state: State, projection: Projection, readings: pd.DataFrame, month: pd.Timestamp
) -> list[str]:
    """Describe the month in the other reading of the law, where the sources disagree by then."""
    rows = readings[readings["month"] == month].to_dict("records")
    return [reading_text(first_dispute(projection), row, state.lang) for row in rows]


@_view("lang", "sort")
def _communes_table(context: Context, state: State, communes: pd.DataFrame) -> str:
    if len(communes) < 2:
        return ""
    return to_html(sort_communes(communes, state.sort).drop(columns="area"), state.lang)


@_view("goal", "method", "ratchet", "amounts")
def _allocation(context: Context, state: State, allocation_input: pd.DataFrame) -> pd.DataFrame:
    """Return the target of each commune, with the chosen setting of the ratchet and with the other one."""
    if not state.goal.strip():
        raise BhytError(("explore.no_goal", {}))
    communes, rate, amount = allocation_input, parse_rate(state.goal), METHODS[state.method]
    if amount and amount not in communes:
        codes = communes["area"]
        communes = communes.assign(**{amount: codes.map(parse_amounts(state.amounts, list(codes)))})
    table = allocate(communes, rate, method=state.method, ratchet=state.ratchet)
    other = pd.Series(pd.NA, index=table.index, dtype="Int64")
    with suppress(BhytError):  # under the ratchet the target may be out of reach
        other = allocate(communes, rate, method=state.method, ratchet=not state.ratchet)["target_people"]
    table = table.assign(rate=table["insured"] / table["population"])
    columns = ["area", "name", "population", "insured", "rate", "target_people", "target_rate", "to_add"]
    alternative = {"without_ratchet" if state.ratchet else "with_ratchet": other}
    return table[columns].assign(**alternative, status=table["status"]).dropna(axis=1, how="all")


_model_view("baseline_communes", outlooks.communes_at_baseline, "data", "baseline", "reclassification")
_model_view("communes", outlooks.communes_in_month, "baseline_communes", "projection", "month")
_view("area", name="allocation_input")(lambda context, state: communes_to_allocate(context.data, state.area))


@dataclass(frozen=True, eq=False)
class ScreenChart:
    """Hold a chart of size "screen", its picture (PNG) and its alternative text."""

    chart: Chart
    png: bytes

    @property
    def alt(self) -> str:
        """Return the chart in words."""
        return self.chart.description.alt


def screen_chart(chart: Chart) -> ScreenChart:
    """Return the picture of a chart of size "screen"."""
    return ScreenChart(chart, screen_png(render_image(chart)))


def screen_png(image: Image.Image) -> bytes:
    """Return a picture as PNG; more compression takes longer for nearly the same size."""
    out = io.BytesIO()
    image.save(out, format="png", compress_level=1)
    return out.getvalue()


def area_title(context: Context, state: State) -> str:
    """Return the name of the area as titles write it."""
    return area_view(context.data, state.area).name(state.lang)


def _chart(*fields: str) -> Callable[[Function], Function]:
    """Register a function as the view ``chart_NAME``, and its picture on the screen as the view ``picture_NAME``."""

    def register(prepare: Function) -> Function:
        name = f"chart{prepare.__name__}"
        VIEWS[name.replace("chart", "picture")] = View(_picture, (), (name,))
        return _view("lang", *fields, name=name)(prepare)

    return register


def _picture(_: Context, state: State, draw: DrawChart | None) -> ScreenChart | None:
    return None if draw is None else screen_chart(draw(size="screen"))


@_chart("draws", "targets_source")
def _path(
    context: Context, state: State, months: pd.DataFrame, targets: Targets, source: str, policy: Projection
) -> DrawChart:
    """Draw coverage by month with its interval, the targets, and the ends of supports."""
    ends = {day: short_group_name(group, state.lang) for day, group in outlooks.support_ends(policy).items()}
    fields: dict[str, Any] = {"name": area_title(context, state), "targets": targets, "lang": state.lang}
    source = "; ".join(filter(None, (source, state.targets_source)))
    return partial(charts.fan, months, **fields, source=source, support_ends=ends, draws=state.draws)


@_chart()
def _people(context: Context, state: State, steps: pd.DataFrame, area_months: pd.DataFrame, source: str) -> DrawChart:
    """Draw the change of the people insured from the start to the month of the figures."""
    end = ["proposal"] if area_months["proposal"].any() else steps["status"][-1:]
    labels = [translate(f"explore.step_{r.step}", state.lang, on=r.on) for r in steps.itertuples()]
    rows = steps.assign(label=labels, status=[*steps["status"][:-1], *end])
    name, title = area_title(context, state), "chart.explored_people"
    return partial(charts.waterfall, rows, name, state.lang, source, title=title)


@_chart()
def _payers(context: Context, state: State, area_months: pd.DataFrame, source: str) -> DrawChart | None:
    """Draw the money of each payer by year; None where no cost is known."""
    if not (area_months.loc[area_months["result"] == "behavioural", simulation.MONEY] > 0).to_numpy().any():
        return None
    return partial(charts.payers, area_months, area_title(context, state), state.lang, source)


@_chart("zones")
def _tiles(
    context: Context, state: State, communes: pd.DataFrame, source: str, month: pd.Timestamp
) -> DrawChart | None:
    """Draw the communes as tiles of coverage, else of those who lost a card; None where neither is known."""
    value = next((v for v in ("rate", "lost_share") if communes[v].notna().any()), None)
    if value is None or not 1 < len(communes) <= MAX_TILES:
        return None
    if value == "lost_share" and np.ptp(communes[value].dropna().astype(float)) < LEAST_SPREAD:
        value = "lost"  # a total that was spread by population is the same share everywhere
    rows = communes.assign(marked=communes["area"].isin([r["area"] for r in state.zones]))
    name = f"{area_title(context, state)}, {format_date(month, state.lang)}"
    return partial(charts.tiles, rows, name, state.lang, source, value=value)


@_chart()
def _gaps(context: Context, state: State, allocation: pd.DataFrame) -> DrawChart:
    return partial(charts.gaps, allocation, area_title(context, state), state.lang)


def compare_scenarios(
    context: Context, states: Sequence[State], month: pd.Timestamp, lang: str
) -> tuple[pd.DataFrame, Chart]:
    """Compare scenarios of one area in a month: a table of differences to the first, and a chart of their paths.

    Raise a `BhytError` where one of them can't be computed.
    """
    plans = []
    for letter, state in zip("ABCDEFGH", states, strict=False):
        plans.append(to_scenario(replace(state, name=f"{letter}. {scenario_title(state, lang)}")))
    months = simulation.simulate(context.data, states[0].area, plans, context.law, draws=0)
    rows = compare(months, on=month)
    money = ["vnd_central_more", "vnd_province_more", "vnd_household_more", "vnd_per_additional"]
    columns = ["scenario", "insured", "rate", "people", "points", *money, "status"]
    table = rows.loc[rows["result"] == "behavioural", columns].rename(columns={"people": "change"})
    chart = charts.scenarios(months, area_title(context, states[0]), lang, size="screen")
    return table.reset_index(drop=True), chart


def premium_lines(context: Context, state: State, day: str, group: str, members: int) -> list[str]:
    """Describe step by step what a household or person pays under the state's law on a day, and whether it is proposed.

    Examples
    --------
    >>> context = Context(bhyt.load(), bhyt.Law.read())
    >>> premium_lines(context, State(area="219", lang="en"), "2021-07-01", "household", 4)[-1]
    'A self-paying household of 4 pays 2,252,880 VND a year.'
    """
    units = area_view(context.data, state.area).places() if state.area else None
    law = to_scenario(state).apply_to_law(context.law).at(day, units)
    lines = premium_steps(law, group, members if group == "household" else 1, state.lang)
    proposals = set(law.table.loc[law.table["status"] == "proposal", "parameter"])
    if proposals & {"base_salary", "contribution_rate", "subsidy_share", "household_factor"}:
        lines = [*lines, translate("status.proposal", state.lang) + "."]
    return lines
