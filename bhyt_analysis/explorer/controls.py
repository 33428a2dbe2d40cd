"""Define the controls of the explorer: what each shows of a state, and the state that another value gives."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import ipywidgets as ipw

from bhyt_analysis.domain.area_view import area_view
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.geography import NO_UNIT
from bhyt_analysis.explorer import state as states
from bhyt_analysis.explorer import zones
from bhyt_analysis.explorer.markup import render_error
from bhyt_analysis.explorer.state import State
from bhyt_analysis.explorer.text_input import parse_typed_day
from bhyt_analysis.explorer.views import Context, ViewGetter
from bhyt_analysis.i18n.formats import format_date
from bhyt_analysis.i18n.messages import BhytError, format_message, nearest_choice, translate
from bhyt_analysis.i18n.unit_names import normalise_name, strip_unit_word
from bhyt_analysis.ingest.personal_text import error_text
from bhyt_analysis.ingest.scenario_files import excerpt
from bhyt_analysis.law.groups import groups_flagged
from bhyt_analysis.model.coverage.coverage import areas_with_figures
from bhyt_analysis.model.projection.assumptions import assumptions
from bhyt_analysis.model.projection.cohort import SUPPORT_WINDOWS
from bhyt_analysis.model.targets.allocation import METHODS
from bhyt_analysis.tables.columns import column_name
from bhyt_analysis.tables.labels import group_name

FULL_WIDTH = "100%"
MAX_MATCHES = 200  # of a search
# The groups whose share of the premium, and those whose take-up an analyst may change.
SUPPORT_GROUPS = groups_flagged("adjustable")
TAKE_UP_GROUPS = tuple(name.removeprefix("take_up.") for name in assumptions().index if name.startswith("take_up."))
SORT_COLUMNS = ("area", "name", "population", "lost", "gained", "insured", "uninsured", "rate")

Options = Sequence[tuple[str, object]]  # label and value
Get = Callable[[State, ViewGetter], Any]
Put = Callable[[State, Any, ViewGetter], State]
GetOptions = Callable[[State, ViewGetter], Options]
NO_OPTIONS: Options = [("–", "")]


@dataclass(eq=False)
class Control:
    """Hold one control; it does not know the others, so that it can be tested without a browser."""

    label: str  # the key of a message
    widget: ipw.Widget
    get: Get
    put: Put
    options: GetOptions | None = None  # the choices in the language of the state
    pages: tuple[str, ...] = ()  # on which a change is seen; () is all
    error: ipw.HTML = field(default_factory=ipw.HTML)
    box: ipw.VBox = field(init=False)

    def __post_init__(self) -> None:
        self.widget.layout.width = FULL_WIDTH
        self.box = ipw.VBox([self.widget, self.error])

    def refresh(self, state: State, get_view: ViewGetter) -> None:
        """Show the state in its language; leave the value unchanged where the area has no figures."""
        self.widget.description = translate(self.label, state.lang)
        with suppress(BhytError):  # it is shown beside the area
            if self.options is not None:
                set_options(self.widget, self.options(state, get_view), self.get(state, get_view))
            elif self.widget.value != (value := self.get(state, get_view)):
                self.widget.value = value

    def show_error(self, text: str) -> None:
        """Show an error message below the control; "" removes it."""
        self.error.value = render_error(text)


@contextmanager
def show_errors(output: ipw.HTML, lang: str) -> Iterator[None]:
    """Show in a widget the error that the block raises; raise again one that no user can correct, for the log."""
    output.value = ""
    try:
        yield
    except BhytError as error:
        output.value = render_error(error.text(lang))
    except Exception as error:
        output.value = render_error(translate("explore.unexpected", lang, what=error_text(error)))
        raise


def set_options(widget: ipw.Widget, options: Options, value: object) -> None:
    """Set the options of a widget, where they differ, and its value; by default the first option, of a list none."""
    if tuple(widget.options) != tuple(options):
        widget.options = tuple(options)
    if value not in [v for _, v in options]:
        value = None if isinstance(widget, ipw.Select) else options[0][1]
    if widget.value != value:
        widget.value = value


def slider(label: str, values: Sequence[float], spec: str, get: Get, put: Put, get_rest: Get | None = None) -> Control:
    """Return a slider over values, labelled in the language of the state.

    Another value of the state is added, and the value at which the slider rests: it leaves the law as it is.
    """

    @cache
    def option(value: float, lang: str, rests: bool) -> tuple[str, float]:
        text = format_message("{v:" + spec + "}", lang, v=value)
        return translate("explore.keep_law", lang, value=text) if rests else text, value

    def options(state: State, get_view: ViewGetter) -> Options:
        rest = None if get_rest is None else get_rest(state, get_view)
        others = {get(state, get_view), *(() if rest is None else (rest,))}
        return [option(v, state.lang, v == rest) for v in sorted({*values, *others})]

    initial = [(str(v), v) for v in values]
    widget = ipw.SelectionSlider(options=initial, continuous_update=True, style={"description_width": "auto"})
    return Control(label, widget, get, put, options)


def dropdown(label: str, options: GetOptions, get: Get, put: Put) -> Control:
    """Return a list to choose from."""
    return Control(label, ipw.Dropdown(options=NO_OPTIONS), get, put, options)


def text_box(label: str, get: Get, put: Put, lines: int = 1) -> Control:
    """Return a box for text, which is read when the cursor leaves it."""
    text = {"continuous_update": False}
    return Control(label, ipw.Textarea(rows=lines, **text) if lines > 1 else ipw.Text(**text), get, put)


def field_control(control: Callable[..., Control], name: str, *arguments: object, **settings: object) -> Control:
    """Return a control of a field of the state that is shown and set as it is."""

    def put(state: State, value: Any, get_view: ViewGetter) -> State:
        return replace(state, **{name: value})

    return control(f"explore.{name}", *arguments, lambda s, _: getattr(s, name), put, **settings)


def search_areas(
    names: Sequence[tuple[str, str]], text: str, default: Sequence[str], counted: Collection[str] = ()
) -> list[tuple[str, str]]:
    """Return the units whose name, with or without accents, or code matches a text; for no text those of ``default``.

    Units of exactly this name or code are first, then those whose own name has the text; among them those ``counted``,
    whose insured are known.

    Examples
    --------
    >>> names = [("Xã Kiên Lao (Huyện Lục Ngạn)", "07552"), ("Huyện Lục Ngạn (Tỉnh Bắc Giang)", "219")]
    >>> search_areas(names, "luc ngan", [])[0][1], search_areas(names, "KIÊN lao", [])[0][1]
    ('219', '07552')
    >>> search_areas(names, "", ["219"])
    [('Huyện Lục Ngạn (Tỉnh Bắc Giang)', '219')]
    """
    pattern = normalise_name(text)
    if not pattern:
        return sorted((n for n in names if n[1] in default), key=lambda n: n[1] not in counted)

    def rank(name: tuple[str, str]) -> tuple[bool, bool, bool, int]:
        own = name[0].split(" (")[0]
        exact = pattern in (normalise_name(own), normalise_name(strip_unit_word(own)), normalise_name(name[1]))
        return not exact, pattern not in normalise_name(own), name[1] not in counted, len(name[1])

    matches = [n for n in names if pattern in normalise_name(n[0]) or normalise_name(n[1]) == pattern]
    return sorted(matches, key=rank)[:MAX_MATCHES]


def _own_name(full_name: str) -> str:
    """Return the normalised name of a unit, without that of the unit above."""
    return normalise_name(full_name.split(" (")[0])


def _counted_areas(data: Dataset) -> set[str]:
    """Return the codes of the units that have, or whose parts have, cards or a printed rate."""
    geography, rows = data.geography, data.rows_by_unit
    units = (geography.unit(i) for i in {*rows["cards"], *rows["published"]} - {NO_UNIT})
    return {geography.key(u) for unit in units for u in geography.lineage(unit)}


def area_control(context: Context, search: ipw.Text) -> Control:
    """Return the control of the unit, among those that match the text of ``search``; the chosen one stays."""
    geography = context.data.geography
    units = [u for u in geography.units.values() if u.kind != "country"]
    names = [(geography.full_name(u), geography.key(u)) for u in units]
    default, counted = areas_with_figures(context.data), _counted_areas(context.data)

    def options(state: State, get_view: ViewGetter) -> Options:
        matches = search_areas(names, search.value, default, counted)
        if not matches:
            nearest = nearest_choice(normalise_name(search.value), [_own_name(n) for n, _ in names])
            hint = next((n for n, _ in names if _own_name(n) == nearest), "expect.nothing")
            raise BhytError(("explore.not_found", {"found": excerpt(search.value), "nearest": hint}))
        return matches

    widget = ipw.Select(options=NO_OPTIONS, rows=5)
    return Control("explore.area", widget, lambda s, _: s.area, lambda s, v, _: states.move_to_area(s, v), options)


def decision_control(context: Context) -> Control:
    """Return the control of the decision, among those about communes of the area."""

    def options(state: State, get_view: ViewGetter) -> Options:
        view = area_view(context.data, state.area)
        code, data = view.code, view.data
        codes = {code, *data.geography.commune_codes(code)}
        decisions = {d for t in (data.zones, data.losses) for d in t.loc[t["area"].isin(codes), "decision"]}
        decisions |= {state.decision} - {""}
        labels = [(translate("explore.decision", state.lang, decision=d), d) for d in sorted(decisions)]
        return [(translate("explore.no_decision", state.lang), ""), *labels]

    return dropdown("explore.by_decision", options, lambda s, _: s.decision, lambda s, v, _: states.with_decision(s, v))


def zone_control(commune: ipw.Dropdown) -> Control:
    """Return the control of the zone of the commune that is chosen in ``commune``."""

    def options(state: State, get_view: ViewGetter) -> Options:
        choices = [(translate(f"zone.{z}", state.lang), z) for z in ("III", "II", "I", "none")]
        return [(translate("explore.as_decided", state.lang), ""), *choices]

    def put(state: State, zone: str, get_view: ViewGetter) -> State:
        return states.with_zone(state, commune.value, zone) if commune.value else state

    return dropdown("explore.zone", options, lambda s, _: states.commune_zone(s, commune.value), put)


def commune_zones(context: Context, state: State, get_view: ViewGetter) -> dict[str, str]:
    """Return the zone of each commune of the area under the decision and the moves of the state."""
    rows = get_view(state, "reclassification")
    return {code: zone for code, zone in zip(rows["area"], rows["zone_after"].fillna(""), strict=True) if zone}


def zone_pair_control(context: Context) -> Control:
    """Return the control that moves all communes of a zone to another one; it rests at its first option."""

    def options(state: State, get_view: ViewGetter) -> Options:
        decided = [(translate("explore.as_decided", state.lang), "decided")] if state.zones else []
        return [*NO_OPTIONS, *zones.zone_pairs(commune_zones(context, state, get_view), state.lang), *decided]

    def put(state: State, pair: str, get_view: ViewGetter) -> State:
        if pair in ("", "decided"):
            return replace(state, zones=()) if pair else state
        before, after = pair.split()
        present = commune_zones(context, state, get_view)
        return states.with_zones(state, {code: after for code, zone in present.items() if zone == before})

    return dropdown("explore.zone_pairs", options, lambda s, _: "", put)


def zone_lines_control(context: Context) -> Control:
    """Return the box of the communes in other zones, into which a list can be pasted."""

    def names(state: State) -> dict[str, str]:
        units = area_view(context.data, state.area).communes()
        return {unit.code: unit.name for unit in units}

    def get(state: State, get_view: ViewGetter) -> str:
        return zones.zone_lines(state.zones, names(state))

    def put(state: State, text: str, get_view: ViewGetter) -> State:
        return states.with_zones(replace(state, zones=()), zones.parse_zone_lines(text, names(state)))

    return text_box("explore.zone_lines", get, put, lines=4)


def commune_options(context: Context, state: State, get_view: ViewGetter) -> Options:
    """Return the communes whose zone is known or set by the state."""
    rows = get_view(state, "reclassification")
    codes = [str(r["area"]) for r in state.zones]
    rows = rows[(rows["zone_after"].fillna("") != "") | rows["area"].isin(codes)]
    columns = zip(rows["area"], rows["name"], rows["zone_after"], strict=True)
    options = [(f"{name} – {translate(f'zone.{zone}', state.lang)}", code) for code, name, zone in columns]
    geography, listed = area_view(context.data, state.area).geography, set(rows["area"])
    options += [(geography.full_name(geography.unit_at(code)), code) for code in codes if code not in listed]
    return [*NO_OPTIONS, *sorted(options)]


def province_name(context: Context, area: str) -> str:
    """Return the name of the province of a unit; of one outside provinces, that of its topmost unit."""
    units = area_view(context.data, area).lineage
    provinces = [u for u in units if u.kind == "province"]
    return [*provinces, *(u for u in reversed(units) if u.kind != "country")][0].name


def assumption_slider(name: str, values: Sequence[float], spec: str) -> Control:
    """Return a slider of the central value of an assumption."""

    def put(state: State, value: float, get_view: ViewGetter) -> State:
        return states.with_assumption(state, name, value)

    label = f"explore.{name.replace('.', '_')}"
    return slider(label, values, spec, lambda s, _: states.assumption_value(s, name), put)


def law_slider(label: str, parameter: str, key: str, values: Sequence[float], spec: str) -> Control:
    """Return a slider of a value of the law; at the value in force it leaves the law unchanged."""

    def in_force(state: State, get_view: ViewGetter) -> float:
        return float(get_view(state, "law_in_force").get((parameter, key), 0.0))

    def get(state: State, get_view: ViewGetter) -> float:
        changed = states.law_value(state, parameter, key)
        return in_force(state, get_view) if changed is None else changed

    def put(state: State, value: float, get_view: ViewGetter) -> State:
        new = None if abs(value - in_force(state, get_view)) < 1e-9 else value
        since = get_view(state, "change_date")
        changed = states.with_law(state, parameter, new, since, key, state.until)
        return changed if new is None else _show_effect(changed, since, get_view)

    return slider(f"explore.{label}", values, spec, get, put, in_force)


def _show_effect(state: State, since: str, get_view: ViewGetter) -> State:
    """Return a changed state at a month in which the change has effect; without figures of the insured as it is."""
    with suppress(BhytError):
        last = str(get_view(state, "reference").months[-1].date())
        return states.show_effect(state, since, last)
    return state


def top_up_slider(context: Context, group: str, values: Sequence[float]) -> Control:
    """Return a slider of what the province adds for a group."""

    def put(state: State, points: float, get_view: ViewGetter) -> State:
        since, province = get_view(state, "change_date"), province_name(context, state.area)
        changed = states.with_top_up(state, group, points, province, since, state.until)
        return _show_effect(changed, since, get_view) if points else changed

    return slider(
        f"explore.of.{group}", values, "p0", lambda s, _: states.top_up_points(s, group), put, lambda s, _: 0.0
    )


def month_control() -> Control:
    """Return the control of the month of the figures, among the projected months."""

    def options(state: State, get_view: ViewGetter) -> Options:
        projection = get_view(state, "projection")
        return [(f"{m:%m/%Y}", str(m.date())) for m in projection.months[projection.report_index :]]

    def get(state: State, get_view: ViewGetter) -> str:
        return str(get_view(state, "month").date())

    widget = ipw.SelectionSlider(options=NO_OPTIONS, style={"description_width": "auto"})
    return Control("explore.on", widget, get, lambda s, v, _: replace(s, on=v), options)


def date_box(name: str, put: Put, view: str = "") -> Control:
    """Return a box for a date of the state; a blank one shows the day of a ``view``, if there is one."""

    def get(state: State, get_view: ViewGetter) -> str:
        day = getattr(state, name) or (get_view(state, view) if view else "")
        return format_date(day, "vi") if day else ""

    return text_box(f"explore.{name}", get, put)


def _set_law_period(state: State, since: str, until: str, get_view: ViewGetter) -> State:
    """Move the changes of law and the top-ups to a period; "" of ``since`` is 1 January of next year."""
    state = replace(state, since=since, until=until)
    period = {"since": get_view(state, "change_date"), "until": until}
    law, top_ups = (states.to_rows({**row, **period} for row in rows) for rows in (state.law, state.top_ups))
    changed = replace(state, law=law, top_ups=top_ups)
    return _show_effect(changed, period["since"], get_view) if law or top_ups else changed


class Controls:
    """Hold all controls; ``search`` filters the areas, ``commune`` chooses the commune of the zone."""

    def __init__(self, context: Context, search: ipw.Text, commune: ipw.Dropdown) -> None:
        shares, rates = [i / 20 for i in range(21)], [i / 1000 for i in range(30, 61)]
        growth = [i / 1000 for i in range(-30, 31)]
        salaries = [float(vnd) for vnd in range(1_000_000, 4_000_001, 10_000)]
        self.area = area_control(context, search)
        self.decision = decision_control(context)
        self.support_window = field_control(dropdown, "support_window", _window_options)
        self.zone = zone_control(commune)
        self.zone_pair = zone_pair_control(context)
        self.zone_lines = zone_lines_control(context)
        self.month = month_control()
        self.outreach = assumption_slider("outreach", [0.0, 0.5, 1.0, 1.5, 2.0], "d1")
        self.take_up = {g: assumption_slider(f"take_up.{g}", shares, "p0") for g in TAKE_UP_GROUPS}
        self.growth = assumption_slider("population_growth", growth, "p1")
        self.support_shares = {g: law_slider(f"of.{g}", "subsidy_share", g, shares, "p0") for g in SUPPORT_GROUPS}
        self.top_ups = {g: top_up_slider(context, g, shares) for g in SUPPORT_GROUPS}
        self.base_salary = law_slider("base_salary", "base_salary", "", salaries, "n")
        self.contribution_rate = law_slider("contribution_rate", "contribution_rate", "", rates, "p1")
        self.start = date_box("start", lambda s, v, _: replace(s, start=parse_typed_day(v)))
        self.end = date_box("end", lambda s, v, _: replace(s, end=parse_typed_day(v)))
        self.since = date_box(
            "since", lambda s, v, get_view: _set_law_period(s, parse_typed_day(v), s.until, get_view), "change_date"
        )
        self.until = date_box("until", lambda s, v, get_view: _set_law_period(s, s.since, parse_typed_day(v), get_view))
        self.goal = field_control(text_box, "goal")
        self.method = field_control(dropdown, "method", _method_options)
        self.ratchet = field_control(Control, "ratchet", ipw.Checkbox(indent=False))
        self.amounts = field_control(text_box, "amounts", lines=4)
        self.name = text_box(
            "explore.name", lambda s, _: s.name, lambda s, v, _: replace(s, name=v.strip(), name_en="")
        )
        self.sort = field_control(dropdown, "sort", _sort_options)
        zone_controls = (self.zone, self.zone_pair, self.zone_lines)
        for control in (self.outreach, *self.take_up.values(), self.growth, *zone_controls):
            control.pages = ("scenario", "compare", "share")
        for control in (
            *self.support_shares.values(),
            *self.top_ups.values(),
            self.base_salary,
            self.contribution_rate,
        ):
            control.pages = ("scenario", "compare", "household", "share")

    def __iter__(self) -> Iterator[Control]:
        for value in vars(self).values():
            yield from value.values() if isinstance(value, dict) else [value]

    def sections(self) -> dict[str, list[Control]]:
        """Return the controls beside the results by section."""
        return {
            "outreach_and_day": [self.outreach, self.month],
            "zones": [self.zone_pair, self.zone_lines, self.zone],
            "take_up": list(self.take_up.values()),
            "shares": list(self.support_shares.values()),
            "top_ups": list(self.top_ups.values()),
            "premium": [self.base_salary, self.contribution_rate],
            "growth": [self.growth, self.start, self.end],
        }


def _window_options(state: State, get_view: ViewGetter) -> Options:
    """Return whose 36 months of support count, of which the law leaves two readings open; first as decided."""
    names = {window: window.replace(" ", "_") or "as_decided" for window in ("", *SUPPORT_WINDOWS)}
    return [(translate(f"explore.window.{name}", state.lang), window) for window, name in names.items()]


def _method_options(state: State, get_view: ViewGetter) -> Options:
    return [(translate(f"explore.method.{m}", state.lang), m) for m in METHODS]


def _sort_options(state: State, get_view: ViewGetter) -> Options:
    return [(column_name(c, state.lang), c) for c in SORT_COLUMNS]


def premium_groups(lang: str) -> Options:
    """Return the groups of the household calculator: those whose premium follows the base salary."""
    return [(group_name(key, lang), key) for key in groups_flagged("calculator")]
