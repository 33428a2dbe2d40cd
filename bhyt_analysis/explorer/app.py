"""The explorer: what is asked with controls, and at once what it means, in JupyterLab and as a page of Voilà.

``explore()`` shows it. The controls (`bhyt_analysis.explorer.controls`) change one immutable
state; what is seen (`bhyt_analysis.show.explore`) is made from that state. This room
only connects the two: who moves what, what is drawn anew, where a sentence stands.
"""

from __future__ import annotations

import os
import re
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import get_ident
from typing import Any

import ipywidgets as ipw
from IPython.display import Image, Markdown, display

from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.domain.geography import find_unit
from bhyt_analysis.explorer import state as states
from bhyt_analysis.explorer.controls import (
    WIDE,
    Control,
    ViewGetter,
    area_part,
    behaviour_parts,
    day_of_text,
    day_parts,
    debounce,
    decision_part,
    law_parts,
    on_part,
    payer_groups,
    refresh,
    show_error,
    target_parts,
    typed,
    zone_parts,
)
from bhyt_analysis.explorer.export import chart_files, links, table_files
from bhyt_analysis.explorer.markup import (
    STYLE,
    communes_table,
    described,
    error_html,
    escaped,
    side_by_side,
    tab_separated,
)
from bhyt_analysis.explorer.state import State
from bhyt_analysis.explorer.views import (
    DRAWN,
    Context,
    RenderedChart,
    called,
    compared,
    household,
    memoised_views,
    on_screen,
)
from bhyt_analysis.i18n.languages import LANGUAGES
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.ingest.loader import load
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.projection.scenario import Scenario
from bhyt_analysis.model.projection.simulate import projection_table
from bhyt_analysis.model.targets.allocation import METHODS
from bhyt_analysis.tables.formatting import to_html

INPUT = "BHYT_INPUT"  # the variable by which `bhyt explore INPUT` names it
MOST_PINS = 4
PAGES = ("scenario", "compare", "targets", "household", "share")
# The controls beside the results, by heading; the first stand open.
SECTIONS: dict[str, tuple[str, ...]] = {
    "outreach_and_day": ("outreach", "on"),
    "take_up": ("take_up_household", "take_up_farm_average_income", "take_up_near_poor", "take_up_student"),
    "shares": tuple(f"share_{g}" for g in ("near_poor", "student", "farm_average_income", "minority_left_2016_2020_list", "minority_left_later", "household")),
    "top_ups": tuple(f"top_up_{g}" for g in ("near_poor", "student", "farm_average_income", "minority_left_2016_2020_list", "minority_left_later", "household")),
    "premium": ("base_salary", "contribution_rate", "since", "until"),
    "growth": ("growth", "start", "end"),
}  # fmt: skip
OPEN = ("outreach_and_day",)


@dataclass(frozen=True, eq=False)
class Explorer:
    """The explorer as it stands: its state, its controls, and where its results are shown.

    ``past``: the states that were drawn, the present last; ``wanted``: what the controls
    ask (one state); ``touched``: the parts that moved since; ``outputs``: by name; ``quiet``:
    the threads that set controls themselves just now.
    """

    world: Context
    look: ViewGetter
    box: ipw.VBox
    parts: dict[str, Control]
    outputs: dict[str, Any]
    ask: Callable[[], None]
    past: list[State]
    wanted: list[State]
    pins: list[State] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    quiet: list[int] = field(default_factory=list)
    bundled: dict[str, Scenario] = field(default_factory=dict)

    @property
    def state(self) -> State:
        """What is asked now."""
        return self.wanted[0]


def explore(
    area: str | None = None,
    scenario: str | Path | None = None,
    state: str | None = None,
    data: Dataset | str | Path | None = None,
    lang: str | None = None,
) -> None:
    """Show the explorer, and for readers without widgets a picture and how to start it.

    Parameters
    ----------
    area : name or code; by default the first that can be projected.
    scenario : a scenario file, or the name of a bundled one, to begin with.
    state : what the page "keep and share" gives: it restores all that was seen.
    data : a Dataset, folder or workbook; by default that of ``bhyt explore INPUT``, else the bundled data.
    lang : "vi" or "en".

    Raises
    ------
    BhytError
        for an area, a scenario or a state that can't be used.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> bhyt.explore("Lục Ngạn", scenario="decision_861_ordinary")  # doctest: +SKIP
    """
    own = os.environ.get(INPUT) if data is None else None
    world = Context(data if isinstance(data, Dataset) else load(data or own), Law.read())
    address = dict(urllib.parse.parse_qsl(os.environ.get("QUERY_STRING", "")))  # how Voilà tells of the page's address
    code = state or address.get("state")
    if code:
        first, *pins = states.from_link(code)
    else:  # the area and the scenario that the notebook names are of the bundled data
        first, pins = first_state(world, None if own else area, None if own else scenario), []
        told = lang or address.get("lang")
        first = states.replace_values(first, lang=told if told in LANGUAGES else "vi")
    app = explorer(world, first, pins)
    for shown in fallback(app):
        display(shown)
    display(app.box)


def first_state(world: Context, area: str | None, scenario: str | Path | None) -> State:
    """Where the explorer begins: the area that is named, else the first that can be projected."""
    begin = states.from_file(scenario) if scenario is not None else State()
    if area is not None:
        return states.replace_values(begin, area=find_unit(world.data.areas, area))
    told = [*world.data.cards["area"], *world.data.published["area"]]
    look = memoised_views(world)
    for code in (c for c in world.data.areas["code"] if c in set(told)):
        try:
            look(states.replace_values(begin, area=code), "start")
        except BhytError:
            continue
        return states.replace_values(begin, area=code)
    return begin


def fallback(app: Explorer) -> list[Any]:
    """What stands in the notebook for readers without widgets: the picture of the path, and how to start."""
    line = translate("explore.static_line", app.state.lang)
    try:
        seen = app.look(app.state, "picture_path")
    except BhytError as error:
        return [Markdown(f"{error.text(app.state.lang)}\n\n{line}")]
    return [Image(seen.png, alt=seen.alt), Markdown(f"{seen.alt}\n\n{line}")]


# --- Made once ------------------------------------------------------------------------------------


def explorer(world: Context, first: State, pins: Sequence[State] = ()) -> Explorer:
    """All of the explorer for a first state, drawn; `explore` shows it."""
    search = ipw.Text(continuous_update=True, layout={"width": WIDE})
    which, zone, _ = zone_parts(world)
    parts = {"area": area_part(world, search), "decision": decision_part(world), "zone": zone, "on": on_part()}
    parts |= behaviour_parts() | law_parts(world) | day_parts() | target_parts()
    parts["name"] = typed(
        "explore.name", lambda s: s.name, lambda s, v, _: states.replace_values(s, name=v.strip(), name_en="")
    )
    sort = ("area", "name", "population", "lost", "gained", "insured", "uninsured", "rate")
    parts["sort"] = _sorting(sort)
    outputs = _outputs() | {"search": search, "which": which}
    holder: list[Explorer] = []
    app = Explorer(
        world,
        memoised_views(world),
        ipw.VBox(),
        parts,
        outputs,
        debounce(lambda: draw(holder[0])),
        [],
        [first],
        list(pins),
    )
    holder.append(app)
    app.bundled.update({f.stem: Scenario.read(f) for f in sorted(bundled_path("scenarios").glob("*.toml"))})
    _lay_out(app)
    _connect(app)
    draw(app)
    return app


def _sorting(columns: Sequence[str]) -> Control:
    from bhyt_analysis.explorer.controls import choice
    from bhyt_analysis.tables.labels import column_name

    def options(state: State, look: ViewGetter) -> list[tuple[str, Any]]:
        return [(column_name(c, state.lang), c) for c in columns]

    return choice("explore.sort", options, lambda s, _: s.sort, lambda s, v, _: states.replace_values(s, sort=v))


def _outputs() -> dict[str, Any]:
    """Where results are shown: texts and tables as HTML, figures as pictures whose bytes are replaced."""
    pictures = ["picture_compare", "picture_gaps", *(f"picture_{n}" for n in DRAWN)]
    texts = [
        "headline", "both", "flips", "communes", "compared", "allocated", "household", "share", "loaded",
        *(f"files_{n}" for n in (*DRAWN, "communes", "compare")), *(f"words_{n}" for n in (*DRAWN, "compare", "gaps")), "household_error", "paste_error",
    ]  # fmt: skip
    made: dict[str, Any] = {name: ipw.Image(format="png", layout={"display": "none"}) for name in pictures}
    made |= {name: ipw.HTML() for name in texts}
    made |= {f"take_{n}": ipw.Button(layout={"width": "auto"}) for n in (*DRAWN, "communes", "compare")}
    made |= {name: ipw.Button(layout={"width": "auto"}) for name in ("undo", "reset", "pin")}
    made |= {f"unpin_{i}": ipw.Button(layout={"display": "none", "width": "auto"}) for i in range(MOST_PINS)}
    made |= {f"open_{s}": ipw.ToggleButton(value=s in OPEN, layout={"width": WIDE}) for s in SECTIONS}
    made |= {f"section_{s}": ipw.VBox() for s in SECTIONS}
    made |= {f"page_{p}": ipw.VBox() for p in PAGES}
    made |= {
        "pages": ipw.ToggleButtons(options=[(p, p) for p in PAGES], style={"button_width": "auto"}),
        "lang": ipw.ToggleButtons(options=[("Tiếng Việt", "vi"), ("English", "en")], style={"button_width": "auto"}),
        "upload": ipw.FileUpload(accept=".toml", multiple=False, layout={"width": "auto"}), "zones": ipw.FileUpload(accept=".csv", multiple=False, layout={"width": "auto"}),
        "bundled": ipw.Dropdown(options=[("–", "")], layout={"width": "420px"}),
        "paste": ipw.Text(continuous_update=False, layout={"width": WIDE}),
        "day": ipw.Text(value="", continuous_update=False), "group": ipw.Dropdown(options=payer_groups("vi")),
        "members": ipw.SelectionSlider(options=[(str(n), n) for n in range(1, 9)], value=4),
    }  # fmt: skip
    return made


def _lay_out(app: Explorer) -> None:
    """Which control and which result stands where."""
    out, parts = app.outputs, app.parts
    for name, inside in SECTIONS.items():
        out[f"section_{name}"].children = [parts[p].box for p in inside]
    folded = [w for s in SECTIONS for w in (out[f"open_{s}"], out[f"section_{s}"])]
    where = [out["search"], parts["area"].box, parts["decision"].box, out["which"], parts["zone"].box]
    left = ipw.VBox([*where, *folded], layout={"width": "330px", "flex": "0 0 330px"})
    figures = [
        w
        for n in DRAWN
        for w in (out[f"picture_{n}"], out[f"words_{n}"], ipw.HBox([out[f"take_{n}"], out[f"files_{n}"]]))
    ]
    communes = [parts["sort"].box, out["communes"], ipw.HBox([out["take_communes"], out["files_communes"]])]
    parts["sort"].box.layout.width = "330px"
    path, rest = figures[:3], figures[3:]
    out["page_scenario"].children = [out["headline"], out["flips"], *path, out["both"], *rest, *communes]
    unpin = ipw.HBox([out[f"unpin_{i}"] for i in range(MOST_PINS)], layout={"flex_flow": "row wrap"})
    taken = ipw.HBox([out["take_compare"], out["files_compare"]])
    out["page_compare"].children = [unpin, out["compared"], out["picture_compare"], out["words_compare"], taken]
    narrow = ipw.VBox([parts[p].box for p in ("goal", "method", "ratchet", "amounts")], layout={"width": "420px"})
    out["page_targets"].children = [narrow, out["allocated"], out["picture_gaps"], out["words_gaps"]]
    out["page_household"].children = [
        out["day"],
        out["group"],
        out["members"],
        out["household_error"],
        out["household"],
    ]
    out["page_share"].children = [
        parts["name"].box, out["share"], out["bundled"], ipw.HBox([out["upload"], out["zones"]]), out["loaded"],
        out["paste"], out["paste_error"],
    ]  # fmt: skip
    right = ipw.VBox([out[f"page_{p}"] for p in PAGES], layout={"flex": "1 1 auto", "min_width": "0"})
    left.add_class("bhyt-controls")
    right.add_class("bhyt-results")
    top = ipw.HBox([out["pages"], ipw.HBox([out[b] for b in ("undo", "reset", "pin")]), out["lang"]], layout={"flex_flow": "row wrap", "justify_content": "space-between"})  # fmt: skip
    app.box.add_class("bhyt-app")
    app.box.children = [ipw.HTML(STYLE), top, ipw.HBox([left, right])]


# --- What happens when something moves ------------------------------------------------------------


def _connect(app: Explorer) -> None:
    """Every event ends in another state that is asked for."""
    out = app.outputs

    def on(widget: Any, work: Callable[[Any], None]) -> None:
        widget.observe(lambda change: None if get_ident() in app.quiet else work(change["new"]), "value")

    for name, one in app.parts.items():
        on(one.control, partial(moved, app, name))
    on(out["lang"], lambda lang: want(app, states.replace_values(app.state, lang=lang)))
    on(out["pages"], lambda _: app.ask())
    on(out["search"], lambda _: _searched(app))
    on(out["which"], lambda _: _quietly(app, lambda: refresh(app.parts["zone"], app.state, app.look)))
    for section in SECTIONS:
        on(out[f"open_{section}"], lambda _: _fold(app))
    for name in ("day", "group", "members"):
        on(out[name], lambda _: app.ask())
    on(out["upload"], lambda files: _loaded(app, lambda: states.from_toml(_text(files), app.state)))
    on(out["zones"], lambda files: _loaded(app, lambda: _own_zones(app, files)))
    on(out["bundled"], lambda name: _loaded(app, lambda: states.from_file(name, app.state)) if name else None)
    on(out["paste"], lambda text: _pasted(app, text))
    out["undo"].on_click(lambda _: undo(app))
    out["reset"].on_click(lambda _: want(app, states.in_force(app.state)))
    out["pin"].on_click(lambda _: pin(app))
    for i in range(MOST_PINS):
        out[f"unpin_{i}"].on_click(partial(_clicked, unpin, app, i))
    for name in (*DRAWN, "communes", "compare"):
        out[f"take_{name}"].on_click(partial(_clicked, take, app, name))


def _clicked(work: Callable[[Explorer, Any], None], app: Explorer, what: Any, _: Any) -> None:
    work(app, what)


def moved(app: Explorer, name: str, value: Any) -> None:
    """A control has moved: the state that it asks for is drawn soon, or a sentence beside it says why not."""
    one = app.parts[name]
    show_error(one, "")
    try:
        asked = one.put(app.state, value, app.look)
    except BhytError as error:
        show_error(one, error.text(app.state.lang))
        return
    if name != "name" and any(getattr(asked, f) != getattr(app.state, f) for f in states.POLICY):
        asked = states.replace_values(asked, name="", name_en="")  # it is another policy than the one of that name
    app.touched.append(name)
    want(app, asked)


def want(app: Explorer, state: State) -> None:
    """Ask for a state: many in a row end in one drawing of the last."""
    if state != app.state:
        app.wanted[0] = state
        app.ask()


def undo(app: Explorer) -> None:
    """Back to the state that was drawn before."""
    if app.state == app.past[-1] and len(app.past) > 1:
        app.past.pop()
    app.touched.clear()
    want(app, app.past[-1])


def pin(app: Explorer) -> None:
    """Keep the scenario to compare it; no more than four, and none twice."""
    if len(app.pins) < MOST_PINS and app.state not in app.pins:
        app.pins.append(app.state)
        app.ask()


def unpin(app: Explorer, place_: int) -> None:
    """Let one go."""
    if place_ < len(app.pins):
        del app.pins[place_]
        app.ask()


def _searched(app: Explorer) -> None:
    """Show the areas that fit what is typed; if it is the name of just one, take it."""
    one = app.parts["area"]
    try:
        hits = one.options(app.state, app.look) if one.options else []
    except BhytError as error:
        show_error(one, error.text(app.state.lang))
        return
    show_error(one, "")
    _quietly(app, lambda: refresh(one, app.state, app.look))
    others = [v for _, v in hits if v != app.state.area]
    if len(hits) <= 2 and len(others) == 1:
        moved(app, "area", others[0])


def _text(files: Any) -> str:
    return bytes(files[0]["content"]).decode("utf-8-sig") if files else ""


def _own_zones(app: Explorer, files: Any) -> State:
    """The state with a list of zones of the user's own."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / str(files[0]["name"])
        path.write_bytes(bytes(files[0]["content"]))
        told = {"name": path.stem, "zones": path.name, "decision": app.state.decision}
        decision = Scenario.of({"name": path.stem, "zones": path.name}, Path(folder) / "x").decision
        asked = states.asked({**told, "decision": decision}, Path(folder) / "x", app.state)
    return states.replace_values(
        asked, name="", assumed=app.state.assumed, law=app.state.law, top_ups=app.state.top_ups
    )


def _loaded(app: Explorer, read: Callable[[], State]) -> None:
    """Another state from a file; a sentence where it can't be used."""
    try:
        want(app, read())
        app.outputs["loaded"].value = ""
    except (BhytError, UnicodeDecodeError) as error:
        text = error.text(app.state.lang) if isinstance(error, BhytError) else str(error)
        app.outputs["loaded"].value = error_html(text)


def _pasted(app: Explorer, text: str) -> None:
    """The state of a link or a line of code."""
    match = re.search(r"state=[\"']?([A-Za-z0-9_-]+)", text)
    try:
        found = states.from_link(match.group(1) if match else text.strip()) if text.strip() else []
    except BhytError as error:
        app.outputs["paste_error"].value = error_html(error.text(app.state.lang))
        return
    app.outputs["paste_error"].value = ""
    if found:
        app.pins[:] = found[1:]
        want(app, found[0])
        app.ask()


# --- Drawn anew -----------------------------------------------------------------------------------


def draw(app: Explorer) -> None:
    """Show the state that is asked for, on the page that is open; what can't be shown is said beside its control."""
    state, lang = app.state, app.state.lang
    page = app.outputs["pages"].value
    for name in app.touched:
        show_error(app.parts[name], "")
    try:
        app.look(state, "whole")
        _SHOWN[page](app, state)
    except BhytError as error:
        _wrong(app, error.text(lang))
    except Exception as error:  # a page must not stand still without a word: what went wrong is said, and logged
        _wrong(app, translate("explore.unexpected", lang, what=f"{type(error).__name__}: {error}"))
        raise
    else:
        show_error(app.parts["area"], "")
        if not app.past or state != app.past[-1]:
            app.past.append(state)
    finally:
        if app.state == state:  # else the controls are left as the user has moved them: they are drawn next
            _quietly(app, lambda: _relabel(app, state))
            app.touched.clear()


def _wrong(app: Explorer, text: str) -> None:
    """The sentence beside the control that was moved last, and in place of results that no longer hold."""
    show_error(app.parts[app.touched[-1] if app.touched else "area"], text)
    for name, shown in app.outputs.items():
        if name in ("headline", "both", "flips", "communes", "compared", "allocated"):
            shown.value = error_html(text) if name in ("headline", "compared") else ""
        elif name.startswith("picture_"):
            _show_picture(app, name.removeprefix("picture_"), None)
        elif name.startswith("take_"):
            shown.layout.display = "none"


def _quietly(app: Explorer, work: Callable[[], None]) -> None:
    """Set controls without taking it for a move of the user."""
    app.quiet.append(get_ident())  # what the user moves meanwhile comes in another thread, and counts
    try:
        work()
    finally:
        app.quiet.remove(get_ident())


def _relabel(app: Explorer, state: State) -> None:
    """Every control shows the state, in its language."""
    out, lang = app.outputs, state.lang
    for one in app.parts.values():
        refresh(one, state, app.look)
    for name in ("undo", "reset", "pin"):
        out[name].description = translate(f"explore.{name}", lang)
    out["pin"].description += f" ({len(app.pins)})" if app.pins else ""  # a click has been heard
    out["undo"].disabled = len(app.past) < 2
    out["pin"].disabled = len(app.pins) >= MOST_PINS
    out["lang"].value = lang
    for name in (*DRAWN, "communes", "compare"):
        out[f"take_{name}"].description = translate("explore.take", lang)
        out[f"files_{name}"].value = ""  # of another state
    _set_options(out["pages"], [(translate(f"explore.page.{p}", lang), p) for p in PAGES], out["pages"].value)
    out["search"].description, out["search"].placeholder = (
        translate("explore.search", lang),
        translate("index.search", lang),
    )
    out["which"].description = translate("explore.commune", lang)
    _refresh_communes(app, state)
    for i in range(MOST_PINS):
        there = i < len(app.pins)
        out[f"unpin_{i}"].layout.display = None if there else "none"
        out[f"unpin_{i}"].description = f"{'ABCD'[i]}. {called(app.pins[i], lang)}" if there else ""
        out[f"unpin_{i}"].tooltip = translate("explore.unpin", lang)
    out["upload"].description, out["zones"].description = (
        translate("explore.upload", lang),
        translate("explore.own_zones", lang),
    )
    out["paste"].description, out["bundled"].description = (
        translate("explore.paste", lang),
        translate("explore.bundled", lang),
    )
    _set_options(out["bundled"], [("–", ""), *((s.titled(lang), name) for name, s in app.bundled.items())], "")
    out["day"].description, out["group"].description, out["members"].description = (translate(f"explore.{k}", lang) for k in ("day", "group", "members"))  # fmt: skip
    _set_options(out["group"], payer_groups(lang), out["group"].value)
    app.parts["amounts"].box.layout.display = (
        None if METHODS[state.method] in ("cost_per_person", "capacity") else "none"
    )
    _fold(app)


def _set_options(widget: Any, options: list[tuple[str, Any]], value: Any) -> None:
    """What can be chosen, where it is not the same; the choice stays if it can."""
    if tuple(widget.options) != tuple(options):
        widget.options = options
    value = value if value in [v for _, v in options] else options[0][1]
    if widget.value != value:
        widget.value = value


def _refresh_communes(app: Explorer, state: State) -> None:
    """The communes of which a zone is known, in the list from which one is moved."""
    which = app.outputs["which"]
    try:
        options = zone_parts(app.world)[2](state, app.look)
    except BhytError:
        options = [("–", "")]
    _set_options(which, options, which.value)
    which.disabled = len(options) == 1


def _fold(app: Explorer) -> None:
    """Which sections stand open, and which page."""
    out, lang = app.outputs, app.state.lang
    for name in SECTIONS:
        toggle = out[f"open_{name}"]
        out[f"section_{name}"].layout.display = None if toggle.value else "none"
        toggle.description = ("▾ " if toggle.value else "▸ ") + translate(f"explore.section.{name}", lang)
    for page in PAGES:
        out[f"page_{page}"].layout.display = None if page == out["pages"].value else "none"


def _show_picture(app: Explorer, name: str, seen: RenderedChart | None) -> None:
    """A figure in its place, with what it says: the bytes are replaced only when they are others."""
    widget = app.outputs[f"picture_{name}"]
    app.outputs[f"words_{name}"].value = "" if seen is None else described(seen.alt, app.state.lang)
    if seen is None:
        widget.layout.display = "none"
        return
    if widget.value != seen.png:
        widget.value = seen.png
    widget.layout.display = None


def _show_scenario(app: Explorer, state: State) -> None:
    out, look = app.outputs, app.look
    out["headline"].value, out["both"].value = look(state, "headline"), look(state, "both")
    told = look(state, "flips")
    out["flips"].value = "".join(f"<p>{escaped(t)}</p>" for t in told)
    for name in DRAWN:
        seen = look(state, f"picture_{name}")
        _show_picture(app, name, seen)
        out[f"take_{name}"].layout.display = None if seen else "none"
    out["take_communes"].layout.display = None
    out["communes"].value = look(state, "communes_table")


def _show_compare(app: Explorer, state: State) -> None:
    out, lang = app.outputs, state.lang
    here = [p for p in app.pins if p.area == state.area]
    shown = [*here, *([] if state in here else [state])]
    if len(shown) < 2:
        out["compared"].value = f"<p>{escaped(translate('explore.pin_first', lang))}</p>"
        out["take_compare"].layout.display = "none"
        _show_picture(app, "compare", None)
        return
    rows, figure = compared(app.world, shown, app.look(state, "on"), lang)
    other = f"<p>{escaped(translate('explore.other_areas', lang))}</p>" if len(here) < len(app.pins) else ""
    out["compared"].value = other + side_by_side(rows, lang)
    out["take_compare"].layout.display = None
    _show_picture(app, "compare", on_screen(figure))


def _show_targets(app: Explorer, state: State) -> None:
    """The communes' numbers; what is wrong with the target stands beside it and leaves the rest alone."""
    out, lang = app.outputs, state.lang
    try:
        rows = app.look(state, "allocated")
    except BhytError as error:
        show_error(app.parts["goal"], error.text(lang))
        out["allocated"].value = ""
        _show_picture(app, "gaps", None)
        return
    show_error(app.parts["goal"], "")
    copy = f"<button onclick=\"const t=this.nextElementSibling;t.select();document.execCommand('copy')\">{escaped(translate('explore.copy', lang))}</button>"  # fmt: skip
    text = f'<textarea readonly rows="3" style="width:100%" aria-label="{escaped(translate("explore.copy", lang))}">{escaped(tab_separated(rows, lang))}</textarea>'  # fmt: skip
    total = translate("explore.target_total", lang, people=rows["target_people"].sum(), add=rows["to_add"].sum())
    files = links(table_files(rows, "targets", lang))
    out["allocated"].value = f"<p><b>{escaped(total)}</b></p>{to_html(rows.drop(columns='area'), lang)}{copy}{text}{files}"  # fmt: skip
    _show_picture(app, "gaps", app.look(state, "gaps"))


def _show_household(app: Explorer, state: State) -> None:
    out, lang = app.outputs, state.lang
    out["household_error"].value = ""
    try:
        day = day_of_text(out["day"].value) or str(app.look(state, "on").date())
        lines = household(app.world, state, day, out["group"].value, int(out["members"].value))
    except BhytError as error:
        out["household_error"].value, lines = error_html(error.text(lang)), []
    out["household"].value = "".join(f"<p>{escaped(line)}</p>" for line in lines)


def _show_share(app: Explorer, state: State) -> None:
    """The file, the line of code and, on a page of Voilà, the link that bring the state back."""
    out, lang = app.outputs, state.lang
    code = states.to_link([state, *app.pins])
    toml = states.to_toml(state)
    file = links({"scenario.toml": toml.encode()})
    line = f'bhyt.explore(state="{code}")'
    link = f'<p><a href="?state={code}">{escaped(translate("explore.link", lang))}</a></p>' if "QUERY_STRING" in os.environ else ""  # fmt: skip
    out["share"].value = (
        f"<h3>{escaped(translate('explore.file', lang))}</h3>{file}<pre>{escaped(toml)}</pre>"
        f"<h3>{escaped(translate('explore.code', lang))}</h3><textarea readonly rows='3' style='width:100%'>{escaped(line)}</textarea>{link}"
    )


_SHOWN = {
    "scenario": _show_scenario, "compare": _show_compare, "targets": _show_targets, "household": _show_household,
    "share": _show_share,
}  # fmt: skip


def take(app: Explorer, name: str) -> None:
    """The files of a figure (at the size of paper) or a table, as links beside it."""
    state, lang = app.state, app.state.lang
    try:
        if name == "communes":
            files = table_files(communes_table(app.look(state, "communes"), state.sort), "communes", lang)
        elif name == "compare":
            here = [p for p in app.pins if p.area == state.area]
            rows, figure = compared(
                app.world, [*here, *([] if state in here else [state])], app.look(state, "on"), lang
            )
            files = {**chart_files(figure, "compare"), **table_files(rows, "compare", lang)}
        else:
            draw_it, after = DRAWN[name]
            figure = draw_it(app.world, state, *(app.look(state, v) for v in after))  # type: ignore[assignment]
            files = chart_files(figure, name)
            if name == "path":
                months = projection_table(app.look(state, "of"), lang=lang)
                files |= table_files(months, "months", lang)
    except BhytError as error:
        app.outputs[f"files_{name}"].value = error_html(error.text(lang))
        return
    app.outputs[f"files_{name}"].value = links(files)
