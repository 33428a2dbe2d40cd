"""What are the explorer's controls made of: a label, a control, and the sentence that says what is wrong with it?

A part reads one thing of a state and puts back a new state; it knows nothing of the
others, so that what it does can be tried without a browser.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets as ipw

from bhyt_analysis.domain.dataset import select_unit
from bhyt_analysis.domain.geography import communes, full_unit_name, lineage, unit_row
from bhyt_analysis.explorer import state as states
from bhyt_analysis.explorer.markup import error_html
from bhyt_analysis.explorer.state import State
from bhyt_analysis.explorer.views import GROUPS, TAKE_UP, Context
from bhyt_analysis.i18n.dates import parse_date
from bhyt_analysis.i18n.formats import format_date
from bhyt_analysis.i18n.languages import LANGUAGES
from bhyt_analysis.i18n.messages import BhytError, format_message, nearest_choice, translate
from bhyt_analysis.i18n.unit_names import normalise_name
from bhyt_analysis.law.groups import groups
from bhyt_analysis.model.coverage.coverage import areas_with_figures
from bhyt_analysis.model.targets.allocation import METHODS
from bhyt_analysis.tables.labels import group_name

ViewGetter = Callable[[State, str], Any]
Options = list[tuple[str, Any]]
WAIT = 0.15  # seconds without another move, then it is drawn
WIDE = "100%"


@dataclass(frozen=True, eq=False)
class Control:
    """One control: what of a state it shows, and the state that another value of it stands for.

    ``label``: a key of the words; ``options``: what can be chosen, in the state's language.
    """

    label: str
    control: Any
    get: Callable[[State, ViewGetter], Any]
    put: Callable[[State, Any, ViewGetter], State]
    options: Callable[[State, ViewGetter], Options] | None
    error: ipw.HTML
    box: ipw.VBox


def make_control(
    label: str,
    control: Any,
    get: Callable[[State, ViewGetter], Any],
    put: Callable[[State, Any, ViewGetter], State],
    options: Callable[[State, ViewGetter], Options] | None = None,
) -> Control:
    """A part with its place for a sentence below the control."""
    control.layout.width = WIDE
    error = ipw.HTML()
    return Control(label, control, get, put, options, error, ipw.VBox([control, error]))


def refresh(one: Control, state: State, look: ViewGetter) -> None:
    """Let a control show the state, in its language; what can't be told leaves it as it is."""
    one.control.description = translate(one.label, state.lang)
    try:
        if one.options is not None:
            options = one.options(state, look)
            value = one.get(state, look)
            if value not in [v for _, v in options]:
                value = options[0][1]
            if one.control.options != tuple(options):
                one.control.options = tuple(options)
        else:
            value = one.get(state, look)
        if one.control.value != value:
            one.control.value = value
    except BhytError:  # the area has no figures: it is said beside the area
        return


def show_error(one: Control, text: str) -> None:
    """A sentence beside a control; "" takes it away."""
    one.error.value = error_html(text)


def debounce(work: Callable[[], None], wait: float = WAIT) -> Callable[[], None]:
    """A function that asks for work: many quick calls end in one, of the last of them.

    The work is done in the loop in which this was made, whichever thread asks: JupyterLab may give the messages of
    widgets a thread of their own. Without a running loop (a script, papermill) it is done at once.
    """
    waiting: list[asyncio.TimerHandle] = []
    home = _loop()

    def later(loop: asyncio.AbstractEventLoop) -> None:
        for earlier in waiting:
            earlier.cancel()
        waiting[:] = [loop.call_later(wait, work)]

    def ask() -> None:
        loop = home if home is not None and home.is_running() else _loop()
        if loop is None:
            work()
        else:
            loop.call_soon_threadsafe(later, loop)

    return ask


def _loop() -> asyncio.AbstractEventLoop | None:
    """The loop that runs in this thread."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


# --- Kinds of controls ----------------------------------------------------------------------------


def slider(label: str, values: Sequence[float], spec: str, get: Callable[[State, ViewGetter], float], put: Callable[[State, Any, ViewGetter], State]) -> Control:  # fmt: skip
    """A slider over some values, which it writes the way of the language; one that is not among them is let in."""

    written = {lang: [(format_message("{v:" + spec + "}", lang, v=v), v) for v in values] for lang in LANGUAGES}
    known = set(values)

    def options(state: State, look: ViewGetter) -> Options:
        value = get(state, look)
        if value in known:
            return written[state.lang]
        return sorted([*written[state.lang], (format_message("{v:" + spec + "}", state.lang, v=value), value)], key=lambda o: o[1])  # fmt: skip

    first = [(str(v), v) for v in values]
    return make_control(label, ipw.SelectionSlider(options=first, continuous_update=True, style={"description_width": "auto"}), get, put, options)  # fmt: skip


def choice(label: str, options: Callable[[State, ViewGetter], Options], get: Callable[[State, ViewGetter], Any], put: Callable[[State, Any, ViewGetter], State]) -> Control:  # fmt: skip
    """A list to choose from."""
    return make_control(label, ipw.Dropdown(options=[("–", "")]), get, put, options)


def typed(label: str, get: Callable[[State], str], put: Callable[[State, str, ViewGetter], State], long: bool = False) -> Control:  # fmt: skip
    """A line to type in; what is typed counts when it is left."""
    control = ipw.Textarea(continuous_update=False, rows=4) if long else ipw.Text(continuous_update=False)
    return make_control(label, control, lambda state, look: get(state), put)


def steps(first: float, last: float, step: float) -> list[float]:
    """Values from the first to the last, as decimals are written.

    Examples
    --------
    >>> steps(0.03, 0.032, 0.001)
    [0.03, 0.031, 0.032]
    """
    return [round(first + i * step, 6) for i in range(round((last - first) / step) + 1)]


# --- Where and by what ----------------------------------------------------------------------------


def names_of(world: Context) -> Options:
    """Every unit below the country, by its name with that of the unit above, and its code."""
    areas = world.data.areas.drop_duplicates("code")
    return [(full_unit_name(world.data.areas, c), c) for c, k in zip(areas["code"], areas["kind"], strict=True) if k != "country"]  # fmt: skip


def found(names: Options, typed_: str, first: Sequence[str]) -> Options:
    """The units whose name or code holds what was typed, with or without accents; before that those with figures.

    Examples
    --------
    >>> names = [("Huyện Lục Ngạn (Tỉnh Bắc Giang)", "219"), ("Xã Kiên Lao (Huyện Lục Ngạn)", "07552")]
    >>> found(names, "luc ngan", [])[0][1], found(names, "KIÊN lao", [])[0][1], found(names, "", ["219"])
    ('219', '07552', [('Huyện Lục Ngạn (Tỉnh Bắc Giang)', '219')])
    """
    wanted = normalise_name(typed_)
    if not wanted:
        return [n for n in names if n[1] in first]
    hits = [n for n in names if wanted in normalise_name(n[0]) or normalise_name(n[1]) == wanted]
    return sorted(hits, key=lambda n: (wanted not in normalise_name(n[0].split(" (")[0]), len(n[1])))[:200]


def area_part(world: Context, search: ipw.Text) -> Control:
    """The unit, among those that fit what is typed in ``search``."""
    names, first = names_of(world), areas_with_figures(world.data)

    def options(state: State, look: ViewGetter) -> Options:
        hits = found(names, search.value, first)
        if not hits:
            close = nearest_choice(normalise_name(search.value), [normalise_name(n.split(" (")[0]) for n, _ in names])
            hint = next(
                (n for n, _ in names if normalise_name(n.split(" (")[0]) == close),
                translate("expect.nothing", state.lang),
            )
            raise BhytError(("error.unknown_area", {"found": search.value, "nearest": hint}))
        return [*(n for n in names if n[1] == state.area), *(n for n in hits if n[1] != state.area)]

    def put(state: State, code: str, look: ViewGetter) -> State:
        return states.move_to_area(state, code)

    return make_control("explore.area", ipw.Select(options=[("–", "")], rows=4), lambda s, _: s.area, put, options)


def decision_part(world: Context) -> Control:
    """The decision whose communes leave, among those that speak of the area."""

    def options(state: State, look: ViewGetter) -> Options:
        code, data = select_unit(world.data, state.area)
        inside = {code, *communes(data.areas, code)}
        told = [t.loc[t["area"].isin(inside), "decision"] for t in (data.zones, data.losses)]
        known = sorted({*told[0], *told[1], *([state.decision] if state.decision else [])})
        named = [(translate("explore.decision", state.lang, decision=d), d) for d in known]
        return [(translate("explore.no_decision", state.lang), ""), *named]

    return choice("explore.by_decision", options, lambda s, _: s.decision, lambda s, v, _: states.decided(s, v))


def zone_parts(world: Context) -> tuple[ipw.Dropdown, Control, Callable[[State, ViewGetter], Options]]:
    """Which commune, and in which zone it is put; with what communes there are to choose from."""
    which = ipw.Dropdown(options=[("–", "")], layout={"width": WIDE})

    def there(state: State, look: ViewGetter) -> Options:
        rows = look(state, "moved")
        rows = rows[(rows["zone_after"].fillna("") != "") | rows["area"].isin([dict(r)["area"] for r in state.zones])]
        names = [(f"{n} – {translate(f'zone.{z}', state.lang)}", a) for a, n, z in zip(rows["area"], rows["name"], rows["zone_after"], strict=True)]  # fmt: skip
        own = [(full_unit_name(world.data.areas, a), a) for a in (str(dict(r)["area"]) for r in state.zones) if a not in set(rows["area"])]  # fmt: skip
        return [("–", ""), *sorted([*names, *own])]

    def options(state: State, look: ViewGetter) -> Options:
        return [(translate("explore.as_decided", state.lang), ""), *((translate(f"zone.{z}", state.lang), z) for z in ("III", "II", "I", "none"))]  # fmt: skip

    def put(state: State, zone: str, look: ViewGetter) -> State:
        return states.with_zone(state, which.value, zone) if which.value else state

    return which, choice("explore.zone", options, lambda s, _: states.zone_of(s, which.value), put), there


# --- What people do, and what the law says ---------------------------------------------------------


def assumption_part(name: str, values: Sequence[float], spec: str) -> Control:
    """A slider of one assumption's central value."""
    return slider(f"explore.{name.replace('.', '_')}", values, spec, lambda s, _: states.assumption(s, name), lambda s, v, _: states.with_assumption(s, name, v))  # fmt: skip


def behaviour_parts() -> dict[str, Control]:
    """Outreach, take-up by destination, growth."""
    found_ = {"outreach": assumption_part("outreach", steps(0, 2, 0.5), "d1")}
    found_ |= {f"take_up_{k}": assumption_part(f"take_up.{k}", steps(0, 1, 0.05), "p0") for k in TAKE_UP}
    return {**found_, "growth": assumption_part("population_growth", steps(-0.03, 0.03, 0.001), "p1")}


def _law_part(label: str, parameter: str, key: str, values: Sequence[float], spec: str, stands: Callable[[State, ViewGetter], float]) -> Control:  # fmt: skip
    """A slider of a value of the law: untouched it stands where the law does, and there it leaves the law alone."""

    def get(state: State, look: ViewGetter) -> float:
        changed = states.law_value(state, parameter, key)
        return stands(state, look) if changed is None else changed

    def put(state: State, value: float, look: ViewGetter) -> State:
        given = None if abs(value - stands(state, look)) < 1e-9 else value
        return states.with_law(state, parameter, given, look(state, "since"), key, state.until)

    return slider(label, values, spec, get, put)


def law_parts(world: Context) -> dict[str, Control]:
    """Shares of the State and top-ups of the province by group, base salary, contribution rate."""

    def stands(parameter: str, key: str = "") -> Callable[[State, ViewGetter], float]:
        return lambda state, look: float(look(state, "in_force").get((parameter, key), 0.0))

    def top_up(group: str) -> Control:
        def put(state: State, points: float, look: ViewGetter) -> State:
            return states.with_top_up(state, group, points, province(world, state.area), look(state, "since"), state.until)  # fmt: skip

        return slider(f"explore.of.{group}", tenths, "p0", lambda s, _: states.top_up_of(s, group), put)

    tenths = steps(0, 1, 0.05)
    made = {
        f"share_{g}": _law_part(f"explore.of.{g}", "subsidy_share", g, tenths, "p0", stands("subsidy_share", g))
        for g in GROUPS
    }
    made |= {f"top_up_{g}": top_up(g) for g in GROUPS}
    made["base_salary"] = _law_part("explore.base_salary", "base_salary", "", steps(1e6, 4e6, 1e4), "n", stands("base_salary"))  # fmt: skip
    made["contribution_rate"] = _law_part("explore.contribution_rate", "contribution_rate", "", steps(0.03, 0.06, 0.001), "p1", stands("contribution_rate"))  # fmt: skip
    return made


def province(world: Context, area: str) -> str:
    """The name of the province that a unit lies in; of one in no province, the topmost unit."""
    code, data = select_unit(world.data, area)
    chain = [c for c, *_ in lineage(data.areas, code)]
    kinds = {c: unit_row(data.areas, c)["kind"] for c in chain}
    found_ = next((c for c in chain if kinds[c] == "province"), None)
    found_ = found_ or next(c for c in reversed(chain) if kinds[c] != "country")
    return str(unit_row(data.areas, found_)["name"])


# --- When -----------------------------------------------------------------------------------------


def day_of_text(text: str) -> str:
    """A day as people type it (31/12/2021 or 2021-12-31), as ISO text; "" stays.

    Examples
    --------
    >>> day_of_text("1/7/2021"), day_of_text("2021-07-01"), day_of_text(" ")
    ('2021-07-01', '2021-07-01', '')
    """
    plain = text.strip()
    if match := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", plain):
        day, month, year = (int(g) for g in match.groups())
        try:
            return str(dt.date(year, month, day))
        except ValueError:
            raise BhytError(("error.not_a_day", {"found": text})) from None
    return str(parse_date(plain)) if plain else ""


def on_part() -> Control:
    """The month that is looked at, of those of the projection."""

    def options(state: State, look: ViewGetter) -> Options:
        of = look(state, "of")
        return [(f"{m:%m/%Y}", str(m.date())) for m in of.months[of.report_index :]]

    control = ipw.SelectionSlider(options=[("–", "")], style={"description_width": "auto"})
    return make_control("explore.on", control, lambda s, look: str(look(s, "on").date()), lambda s, v, _: states.replace_values(s, on=v), options)  # fmt: skip


def day_parts() -> dict[str, Control]:
    """The date range, and from when to when the sliders change the law."""

    def shown(field: str) -> Callable[[State], str]:
        return lambda s: format_date(getattr(s, field), "vi") if getattr(s, field) else ""

    def put(field: str) -> Callable[[State, str, ViewGetter], State]:
        return lambda s, v, _: states.replace_values(s, **{field: day_of_text(v)})

    made = {f: typed(f"explore.{f}", shown(f), put(f)) for f in ("start", "end")}

    def since(state: State, text: str, look: ViewGetter) -> State:
        asked = states.replace_values(state, since=day_of_text(text))
        return states.replace_values(states.dated(asked, look(asked, "since"), state.until), since=asked.since)

    made["since"] = typed("explore.since", shown("since"), since)
    made["until"] = typed("explore.until", shown("until"), lambda s, v, look: states.replace_values(states.dated(s, look(s, "since"), day_of_text(v)), since=s.since))  # fmt: skip
    return made


# --- Targets and the household ---------------------------------------------------------------------


def target_parts() -> dict[str, Control]:
    """The target of the area, the method, the ratchet, and amounts by commune where the method needs them."""

    def methods(state: State, look: ViewGetter) -> Options:
        return [(translate(f"explore.method.{m}", state.lang), m) for m in METHODS]

    ratchet = ipw.Checkbox(indent=False)
    return {
        "goal": typed("explore.goal", lambda s: s.goal, lambda s, v, _: states.replace_values(s, goal=v)),
        "method": choice("explore.method", methods, lambda s, _: s.method, lambda s, v, _: states.replace_values(s, method=v)),
        "ratchet": make_control("explore.ratchet", ratchet, lambda s, _: s.ratchet, lambda s, v, _: states.replace_values(s, ratchet=bool(v))),
        "amounts": typed("explore.amounts", lambda s: s.amounts, lambda s, v, _: states.replace_values(s, amounts=v), long=True),
    }  # fmt: skip


def payer_groups(lang: str) -> Options:
    """The groups whose premium follows the base salary, as the household calculator offers them."""
    table = groups()
    keys = ["household", *(k for k in table.index if k in {*GROUPS, "poor", "child_under_6", "village_staff_and_health_worker"} and k != "household")]  # fmt: skip
    return [(group_name(k, lang), k) for k in keys]
