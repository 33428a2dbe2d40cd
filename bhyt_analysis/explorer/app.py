"""Show the explorer in JupyterLab and as a page of Voilà: build it and connect its widgets.

Controls (`controls`) change one immutable state (`state`); the results (`views`) are computed from that state
and drawn on pages (`pages`).
"""

from __future__ import annotations

import gc
import os
import re
import sys
import tempfile
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path, PureWindowsPath
from typing import Any

import ipywidgets as ipw
from IPython.display import Image, Markdown, display

from bhyt_analysis.domain.area_view import area_view, find_unit
from bhyt_analysis.domain.bundled import bundled_path
from bhyt_analysis.domain.dataset import Dataset
from bhyt_analysis.explorer import state as states
from bhyt_analysis.explorer.controls import Controls, show_errors
from bhyt_analysis.explorer.markup import render_error
from bhyt_analysis.explorer.pages import Explorer, download, draw, draw_in_steps, refresh_sections, show_search_error
from bhyt_analysis.explorer.plan_targets import PlanTargets, read_plan_targets, read_uploaded_targets
from bhyt_analysis.explorer.schedule import Schedule
from bhyt_analysis.explorer.state import State
from bhyt_analysis.explorer.views import Context, memoised_views
from bhyt_analysis.explorer.widgets import Widgets, arrange
from bhyt_analysis.explorer.zones import parse_zone_file
from bhyt_analysis.i18n.languages import LANGUAGES
from bhyt_analysis.i18n.languages import lang as chosen_lang
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.i18n.safe_text import to_markdown
from bhyt_analysis.i18n.text import printable
from bhyt_analysis.ingest.loader import load
from bhyt_analysis.ingest.personal_text import error_text, error_trace
from bhyt_analysis.ingest.scenario_files import parse_scenario, read_scenario
from bhyt_analysis.law.law import Law
from bhyt_analysis.model.coverage.coverage import areas_with_figures

# The environment variables in which `bhyt explore INPUT` passes its input, how it is read, and the reader's language.
INPUT, NUMBERS, ANSWERS, LANG = "BHYT_INPUT", "BHYT_NUMBERS", "BHYT_ANSWERS", "BHYT_LANG"
UploadedFile = Mapping[str, Any]  # a file of a `FileUpload`: its ``name`` and ``content``


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
    area
        name or code; by default the first that can be projected.
    scenario
        a scenario file or the name of a bundled one.
    state
        the code of the page "keep and share", which restores the whole explorer.
    data
        a Dataset, folder or workbook; by default that of ``bhyt explore INPUT``, else the bundled data.
    lang
        "vi" or "en"; by default that of the page's address or of ``bhyt explore``, else of `bhyt_analysis.lang`.

    Raises
    ------
    BhytError
        for an area, a scenario or a state that can't be used.

    Examples
    --------
    >>> bhyt.explore("Lục Ngạn", scenario="decision_861_ordinary")  # doctest: +SKIP
    """
    command_input = os.environ.get(INPUT) if data is None else None
    reading = {"numbers": os.environ.get(NUMBERS), "answers": os.environ.get(ANSWERS)} if command_input else {}
    context = Context(data if isinstance(data, Dataset) else load(data or command_input, **reading), Law.read())
    query = dict(urllib.parse.parse_qsl(os.environ.get("QUERY_STRING", "")))  # of the page's address, from Voilà
    language = lang or query.get("lang") or os.environ.get(LANG)
    language = language if language in LANGUAGES else chosen_lang()
    if state:
        first, *pins = states.from_link(state)
        show(build_explorer(context, first, pins))
        return
    app, refusal = _linked_explorer(context, query["state"], language) if "state" in query else (None, "")
    if app is None:
        if command_input:  # the area and the scenario of the notebook belong to the bundled data
            area = scenario = None
        app = build_explorer(context, replace(first_state(context, area, scenario), lang=language))
    show(app, refusal)


def show(app: Explorer, refusal: str = "") -> None:
    """Display an explorer, below the sentence that says why it is not that of the page's address, if it is not."""
    gc.collect()
    gc.freeze()  # what is made once is not looked through at each move
    display(*([ipw.HTML(render_error(refusal))] if refusal else []), *static_output(app), app.box)


def _linked_explorer(context: Context, code: str, lang: str) -> tuple[Explorer | None, str]:
    """Return the explorer of a link, or the sentence that says why it can't be opened: the page opens without."""
    try:
        first, *pins = states.from_link(code)
        return build_explorer(context, first, pins), ""
    except BhytError as error:
        return None, error.text(lang)
    except Exception as error:  # also logged, as what a state may not cause
        print(error_trace(error), file=sys.stderr)
        return None, translate("explore.unexpected", lang, what=error_text(error))


def first_state(context: Context, area: str | None, scenario: str | Path | None) -> State:
    """Return the initial state: for the area, or by default for the first that can be projected, else with figures."""
    state = states.from_file(scenario) if scenario is not None else State()
    if area is not None:
        data, unit = context.data.result(find_unit, area)
        return replace(state, area=data.geography.key(unit))
    data, get_view = context.data, memoised_views(context)
    with_figures = {*data.rows_by_unit["cards"], *data.rows_by_unit["published"]}
    for unit in (u for u in data.geography.units.values() if u.id in with_figures):
        with suppress(BhytError):
            candidate = replace(state, area=data.geography.key(unit))
            get_view(candidate, "baseline")
            return candidate
    return replace(state, area=next(iter(areas_with_figures(data)), ""))


def static_output(app: Explorer) -> list[Image | Markdown]:
    """Return the output for readers without widgets: the picture of the path, and how to start the explorer."""
    how_to_start = translate("explore.static_line", app.state.lang)
    try:
        chart = app.get_view(app.state, "picture_path")
    except BhytError as error:
        return [Markdown(f"{to_markdown(error.text(app.state.lang))}\n\n{how_to_start}")]
    return [Image(chart.png, alt=chart.alt), Markdown(f"{to_markdown(chart.alt)}\n\n{how_to_start}")]


def build_explorer(context: Context, state: State, pins: Sequence[State] = ()) -> Explorer:
    """Build the explorer for an initial state and draw it; `explore` displays it."""
    widgets = Widgets()
    controls = Controls(context, widgets.search, widgets.commune)
    bundled = {file.stem: read_scenario(file) for file in sorted(bundled_path("scenarios").glob("*.toml"))}
    app = Explorer(context, memoised_views(context), state, list(pins), controls, widgets, bundled)
    app.schedule_draw = Schedule(lambda: draw(app), lambda: draw_in_steps(app))
    app.box.add_class("bhyt-app")
    app.box.children = arrange(widgets, controls)
    _connect(app)
    draw(app)
    return app


def _connect(app: Explorer) -> None:
    """Connect each widget to its handler; each event ends in the request of a state."""
    widgets = app.widgets
    for control in app.controls:
        _on_change(app, control.widget, partial(app.change, control))
    _on_change(app, widgets.lang, lambda lang: app.request(replace(app.state, lang=lang)))
    for widget in (widgets.page, widgets.day, widgets.group, widgets.members):
        _on_change(app, widget, lambda _: app.schedule_draw())
    for toggle, _ in widgets.sections.values():
        _on_change(app, toggle, lambda _: refresh_sections(app))
    _on_change(app, widgets.search, lambda _: _search_area(app))
    _on_change(app, widgets.commune, lambda _: app.refresh(app.controls.zone))
    _on_change(
        app,
        widgets.scenario_file,
        partial(_load, app, lambda files: states.from_toml(bytes(files[0]["content"]), app.state)),
    )
    _on_change(app, widgets.zone_file, partial(_load_zones, app))
    _on_change(app, widgets.bundled, partial(_load, app, lambda name: states.from_file(name, app.state)))
    _on_change(app, widgets.plan_file, partial(_load_plan_file, app))
    _on_change(app, widgets.plan_path, partial(_load_plan_path, app))
    _on_click(widgets.plan_reset, partial(_reset_plan, app))
    _on_change(app, widgets.link, lambda text: _load_link(app, text))
    _on_click(widgets.undo, app.undo)
    _on_click(widgets.reset, lambda: app.request(states.reset_to_law(app.state)))
    _on_click(widgets.pin, app.pin)
    for i, button in enumerate(widgets.unpin):
        _on_click(button, partial(app.unpin, i))
    for name, files in widgets.downloads.items():
        _on_click(files.button, partial(download, app, name))


def _on_change(app: Explorer, widget: ipw.Widget, handle: Callable[[Any], None]) -> None:
    """Handle a new value that the user sets."""
    widget.observe(lambda change: None if app.is_suspended() else handle(change["new"]), "value")


def _on_click(button: ipw.Button, handle: Callable[[], None]) -> None:
    button.on_click(lambda _: handle())


def _search_area(app: Explorer) -> None:
    """Show the areas that match the text of the search; the user chooses."""
    show_search_error(app)
    app.refresh(app.controls.area)


def _zone_file_state(app: Explorer, files: Sequence[UploadedFile]) -> State:
    """Return the state with the user's own list of zones."""
    with tempfile.TemporaryDirectory() as folder:
        name = PureWindowsPath(printable(files[0]["name"])).name  # a visitor of a page may send any
        path = Path(folder) / (name.lstrip(".")[-60:] or "zones.csv")
        path.write_bytes(bytes(files[0]["content"]))
        record = {"name": path.stem, "zones": path.name}
        record["decision"] = parse_scenario(record, path).decision
        state = states.state_from_dict(record, path, app.state)
    return replace(state, name="", assumptions=app.state.assumptions, law=app.state.law, top_ups=app.state.top_ups)


def _load(app: Explorer, read: Callable[[Any], State], source: object) -> None:
    """Request the state of a file, or show why it can't be used."""
    with show_errors(app.widgets.file_error, app.state.lang):
        if source:
            app.request(read(source))


def _load_zones(app: Explorer, files: Sequence[UploadedFile]) -> None:
    """Request the state with the user's own list of zones, or show why it can't be used."""
    with show_errors(app.widgets.zone_error, app.state.lang):
        if files:
            communes = area_view(app.context.data, app.state.area).communes()
            listed = parse_zone_file(bytes(files[0]["content"]), {unit.code: unit.name for unit in communes})
            app.request(states.with_zones(app.state, listed) if listed else _zone_file_state(app, files))


def _load_plan_file(app: Explorer, files: Sequence[UploadedFile]) -> None:
    """Request the state with the targets of a plan that was sent, which is not kept, or show why it can't be read."""
    if files:
        name, content = str(files[0]["name"]), bytes(files[0]["content"])
        with app.suspended():
            app.widgets.plan_file.value = ()
        _use_plan(app, lambda: read_uploaded_targets(name, content))


def _load_plan_path(app: Explorer, path: str) -> None:
    """Request the state with the targets of a plan by its path; visitors of a page can't name files of its server."""
    if path.strip() and "QUERY_STRING" not in os.environ:
        _use_plan(app, lambda: read_plan_targets(Path(path.strip().strip("\"'")).expanduser()))


def _use_plan(app: Explorer, read: Callable[[], PlanTargets]) -> None:
    with show_errors(app.widgets.plan_error, app.state.lang):
        app.plan = read()
        app.request(app.with_plan(app.state))
        app.schedule_draw()


def _reset_plan(app: Explorer) -> None:
    """Request the state with the targets of the data again."""
    app.plan = None
    app.widgets.plan_error.value = ""
    with app.suspended():
        app.widgets.plan_path.value = ""
    if app.state.targets_source:
        app.request(states.with_plan_targets(app.state))
    app.schedule_draw()


def _load_link(app: Explorer, text: str) -> None:
    """Request the state of a link or a line of code, with its pinned scenarios."""
    match = re.search(r"state=[\"']?([A-Za-z0-9_-]+)", text)
    with show_errors(app.widgets.link_error, app.state.lang):
        loaded = states.from_link(match.group(1) if match else text.strip()) if text.strip() else []
        if loaded:
            app.pins[:] = loaded[1:]
            app.request(loaded[0])
            app.schedule_draw()
