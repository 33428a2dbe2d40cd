"""Hold a running explorer, draw its state on the selected page, and label its widgets in the language of the state."""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from threading import get_ident

import ipywidgets as ipw
import pandas as pd

from bhyt_analysis.charts.moving_fan import MovingFan
from bhyt_analysis.domain.area_view import area_view
from bhyt_analysis.explorer import controls as inputs
from bhyt_analysis.explorer import markup
from bhyt_analysis.explorer.controls import Control, Controls, set_options, show_errors
from bhyt_analysis.explorer.plan_targets import PlanTargets, render_plan_targets
from bhyt_analysis.explorer.schedule import PAUSE_SECONDS, STEP_SECONDS, Steps
from bhyt_analysis.explorer.state import (
    POLICY_FIELDS,
    State,
    to_link,
    to_scenario,
    to_toml,
    with_decision,
    with_plan_targets,
)
from bhyt_analysis.explorer.text_input import parse_typed_day
from bhyt_analysis.explorer.titles import scenario_title
from bhyt_analysis.explorer.uncounted import has_no_enrolment, render_uncounted
from bhyt_analysis.explorer.views import (
    CHARTS,
    Context,
    ViewGetter,
    compare_scenarios,
    premium_lines,
    screen_chart,
    screen_png,
)
from bhyt_analysis.explorer.widgets import MAX_PINS, PAGES, Widgets, show
from bhyt_analysis.i18n.messages import BhytError, has_message, translate
from bhyt_analysis.ingest.personal_text import error_text
from bhyt_analysis.ingest.scenario_files import localise_scenario
from bhyt_analysis.model.projection.scenario import Scenario
from bhyt_analysis.model.targets.allocation import METHODS
from bhyt_analysis.tables.formatting import to_html

PREVIEW_DRAWS = 50  # of the assumptions, while a slider moves
PREVIEW_CLASS = "bhyt-preview"  # of the page while it is previewed


@dataclass(eq=False)
class Explorer:
    """Hold a running explorer."""

    context: Context
    get_view: ViewGetter
    state: State  # the requested one
    pins: list[State]
    controls: Controls
    widgets: Widgets
    bundled: dict[str, Scenario]
    box: ipw.VBox = field(default_factory=ipw.VBox)
    history: list[State] = field(default_factory=list)  # the states that were drawn, the latest last
    pending_controls: list[Control] = field(default_factory=list)  # changed since the last drawing
    suspended_threads: list[int] = field(default_factory=list)  # they set controls by program
    schedule_draw: Callable[[], None] = lambda: None  # requests a drawing
    plan: PlanTargets | None = None  # the plan that was opened last
    moving_fan: MovingFan | None = None  # moves the path over the last full chart

    def request(self, state: State) -> None:
        """Request the drawing of a state; several requests in a short time draw only the last."""
        if state != self.state:
            self.state = state
            self.schedule_draw()

    def change(self, control: Control, value: object) -> None:
        """Request the state that the new value of a control gives, or show an error below the control."""
        with show_errors(control.error, self.state.lang):
            state = control.put(self.state, value, self.get_view)
            policy_changed = any(getattr(state, f) != getattr(self.state, f) for f in POLICY_FIELDS)
            if policy_changed and control is not self.controls.name:  # the name belongs to the former policy
                state = replace(state, name="", name_en="")
            if control is self.controls.area and self.plan is not None:
                state = self.with_plan(state)
            self.pending_controls.append(control)
            self.request(state)
            if control.pages and self.widgets.page.value not in control.pages:  # the view goes to where it has effect
                self.widgets.page.value = "scenario"

    def with_plan(self, state: State) -> State:
        """Return a state with the targets that the plan has for its unit, projected as far as they go."""
        assert self.plan is not None
        targets = self.plan.of_unit(area_view(self.context.data, state.area))
        with suppress(BhytError):  # of a unit whose insured are not known all targets stay
            months = self.get_view(state, "policy").months
            targets = tuple(t for t in targets if pd.Timestamp(str(t["on"])) > months[0])
            if targets and pd.Timestamp(str(targets[-1]["on"])) > months[-1]:
                state = replace(state, end=str(targets[-1]["on"]))
        return with_plan_targets(state, targets, self.plan.source)

    def undo(self) -> None:
        """Request the state that was drawn before the present one."""
        if self.state == self.history[-1] and len(self.history) > 1:
            self.history.pop()
        self.pending_controls.clear()
        self.request(self.history[-1])

    def pin(self) -> None:
        """Keep the scenario for the comparison, up to the maximum and each only once."""
        if len(self.pins) < MAX_PINS and self.state not in self.pins:
            self.pins.append(self.state)
            self.schedule_draw()

    def unpin(self, index: int) -> None:
        """Remove a scenario from the comparison."""
        if index < len(self.pins):
            del self.pins[index]
            self.schedule_draw()

    def compared_states(self, state: State) -> list[State]:
        """Return the pinned scenarios of the area of a state, and the state itself."""
        states = [p for p in self.pins if p.area == state.area]
        return states if state in states else [*states, state]

    def remember(self, state: State) -> None:
        """Add a state that is drawn to the history, once."""
        if not self.history or state != self.history[-1]:
            self.history.append(state)

    def refresh(self, control: Control) -> None:
        """Show the state in a control."""
        with self.suspended():
            control.refresh(self.state, self.get_view)

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Set widgets without handling it as input; input meanwhile arrives in another thread and is handled."""
        self.suspended_threads.append(get_ident())
        try:
            yield
        finally:
            self.suspended_threads.remove(get_ident())

    def is_suspended(self) -> bool:
        """Return whether this thread sets widgets by program."""
        return get_ident() in self.suspended_threads


def draw(app: Explorer) -> None:
    """Draw the requested state on the selected page; show an error beside the control that caused it."""
    for _ in draw_in_steps(app, with_preview=False):
        pass


def draw_in_steps(app: Explorer, with_preview: bool = True) -> Steps:
    """Draw like `draw`, with pauses: what is visible first at once, the rest when the hand rests.

    A new state is first previewed: of the page of scenarios the top from a few draws, all else pale. A drawing that is
    abandoned in a pause has changed nothing but what it has drawn.
    """
    state, page = app.state, app.widgets.page.value
    is_new = not app.history or state != app.history[-1]
    for control in app.pending_controls:
        control.show_error("")
    for download in app.widgets.downloads.values():
        download.links.value = ""  # files of another state
    try:
        is_uncounted = page == "scenario" and bool(_render_uncounted(app, state))
        parts = iter([_draw_uncounted] if is_uncounted else PAGE_PARTS[page])
        if is_new and with_preview:
            if page == "scenario" and not is_uncounted:  # its top is drawn again, from all draws
                _preview_top(app, replace(state, draws=PREVIEW_DRAWS))
            else:
                next(parts)(app, state)
            _select_page(app, page)
            app.box.add_class(PREVIEW_CLASS)
            yield PAUSE_SECONDS
            app.remember(state)
        for draw_part in parts:
            draw_part(app, state)
            _select_page(app, page)
            app.remember(state)
            yield STEP_SECONDS
    except BhytError as error:
        _show_failure(app, error.text(state.lang))
        _finish(app, state, page)
    except Exception as error:  # the page must not keep old figures silently: the error is shown, and logged
        _show_failure(app, translate("explore.unexpected", state.lang, what=error_text(error)))
        _finish(app, state, page)
        raise
    else:
        show_search_error(app)
        _finish(app, state, page)


def _select_page(app: Explorer, page: str) -> None:
    """Show the page that was drawn."""
    for name, box in app.widgets.page_boxes.items():
        show(box, name == page)


def _finish(app: Explorer, state: State, page: str) -> None:
    """Show the state in all widgets, unless the user has changed a control meanwhile: then it is drawn next."""
    if app.state == state:
        with app.suspended():
            refresh_widgets(app, state)
        _select_page(app, page)
        app.box.remove_class(PREVIEW_CLASS)
        app.pending_controls.clear()


def show_search_error(app: Explorer) -> None:
    """Show below the area whether the search found nothing; nothing else is wrong with the area."""
    control = app.controls.area
    with show_errors(control.error, app.state.lang):
        if control.options is not None:
            control.options(app.state, app.get_view)


def _show_failure(app: Explorer, text: str) -> None:
    """Show an error beside the control that changed last, and in place of results that are no longer valid."""
    _clear_results(app)
    app.widgets.headline.value = app.widgets.comparison.value = markup.render_error(text)
    # Last, so that no reader sees the error beside results that are no longer valid.
    (app.pending_controls[-1] if app.pending_controls else app.controls.area).show_error(text)


def _clear_results(app: Explorer) -> None:
    """Remove the results of another state."""
    widgets = app.widgets
    for output in (widgets.results, widgets.money, widgets.zone_changes, widgets.communes, widgets.allocation):
        output.value = ""
    for picture in widgets.pictures.values():
        picture.show(None, app.state.lang)
    for download in widgets.downloads.values():
        show(download.button, False)


def _render_uncounted(app: Explorer, state: State) -> str:
    """Render a unit whose insured are not known, whatever the decision; "" for others."""
    try:
        app.get_view(state, "baseline")
        return ""
    except BhytError:
        undecided = with_decision(state, "")
    try:
        app.get_view(undecided, "baseline")
        return ""
    except BhytError as error:
        if not has_no_enrolment(error):
            return ""
        day, places = app.get_view(state, "change_date"), area_view(app.context.data, state.area).places()
        law = to_scenario(state).apply_to_law(app.context.law).at(day, places)
        return render_uncounted(app.context.data, state.area, law, day, error.text(state.lang), state.lang)


def _preview_top(app: Explorer, state: State) -> None:
    """Draw the main figures and the path from a few draws: over the axes of the last path, where it fits there."""
    _draw_figures(app, state)
    draw_path = app.get_view(state, "chart_path")
    image = app.moving_fan.draw(*draw_path.args, **draw_path.keywords) if app.moving_fan else None
    if image is None:
        _draw_path(app, state)
    else:
        app.widgets.pictures["path"].image.value = screen_png(image)


def _draw_figures(app: Explorer, state: State) -> None:
    widgets = app.widgets
    widgets.headline.value, widgets.results.value = (app.get_view(state, view) for view in ("headline", "results"))


def _draw_path(app: Explorer, state: State) -> None:
    """Draw the path, and prepare its next previews."""
    _draw_chart(app, state, "path")
    path, draw_path = (app.get_view(state, f"{view}_path") for view in ("picture", "chart"))
    if app.moving_fan is None or app.moving_fan.chart is not path.chart:
        app.moving_fan = MovingFan(path.chart, PREVIEW_DRAWS, *draw_path.args, **draw_path.keywords)


def _draw_chart(app: Explorer, state: State, name: str) -> None:
    chart = app.get_view(state, f"picture_{name}")
    reason = translate(f"explore.no_{name}", state.lang) if has_message(f"explore.no_{name}") else ""
    app.widgets.pictures[name].show(chart, state.lang, reason)
    show(app.widgets.downloads[name].button, chart)


def _draw_notes(app: Explorer, state: State) -> None:
    app.widgets.money.value = app.get_view(state, "money")
    notes = markup.render_paragraphs(app.get_view(state, "reading_texts"))
    app.widgets.zone_changes.value = notes + app.get_view(state, "zone_changes")


def _draw_communes(app: Explorer, state: State) -> None:
    show(app.widgets.downloads["communes"].button, len(app.get_view(state, "communes")))
    app.widgets.communes.value = app.get_view(state, "communes_table")


def _draw_uncounted(app: Explorer, state: State) -> None:
    """Draw what is known of a unit whose insured are not."""
    _clear_results(app)
    app.widgets.headline.value = _render_uncounted(app, state)
    app.widgets.zone_changes.value = app.get_view(state, "zone_changes")


def _draw_comparison(app: Explorer, state: State) -> None:
    widgets, states = app.widgets, app.compared_states(state)
    show(widgets.downloads["compare"].button, len(states) > 1)
    if len(states) < 2:
        widgets.comparison.value = markup.render_paragraphs([translate("explore.pin_first", state.lang)])
        widgets.pictures["compare"].show(None, state.lang)
        return
    rows, chart = compare_scenarios(app.context, states, app.get_view(state, "month"), state.lang)
    other_areas = any(p.area != state.area for p in app.pins)
    notes = [translate("explore.other_areas", state.lang)] if other_areas else []
    widgets.comparison.value = markup.render_paragraphs(notes) + markup.render_comparison(rows, state.lang)
    widgets.pictures["compare"].show(screen_chart(chart), state.lang)


def _draw_targets(app: Explorer, state: State) -> None:
    """Draw the targets of the communes; show an error of the target beside it and leave the other results."""
    table, picture = "", None
    app.widgets.plan_targets.value = render_plan_targets(app.plan, state.targets, state.targets_source, state.lang)
    if uncounted := _render_uncounted(app, state):
        app.controls.goal.show_error("")
        app.widgets.allocation.value = uncounted
        app.widgets.pictures["gaps"].show(None, state.lang)
        return
    with show_errors(app.controls.goal.error, state.lang):
        table = _render_allocation(app.get_view(state, "allocation"), state.lang)
        picture = app.get_view(state, "picture_gaps")
    app.widgets.allocation.value = table
    app.widgets.pictures["gaps"].show(picture, state.lang)


def _render_allocation(rows: pd.DataFrame, lang: str) -> str:
    people = {"people": rows["target_people"].sum(), "add": rows["to_add"].sum()}
    texts = translate("explore.target_total", lang, **people), translate("explore.copy", lang)
    total, label = map(markup.escape_html, texts)
    text = html.escape(markup.to_tab_separated(rows, lang))
    return (
        f"<p><b>{total}</b></p>{to_html(rows.drop(columns='area'), lang)}"
        f"<button onclick=\"const t=this.nextElementSibling;t.select();document.execCommand('copy')\">{label}</button>"
        f'<textarea readonly rows="3" style="width:100%" aria-label="{label}">{text}</textarea>'
        f"{markup.render_links(markup.table_files(rows, 'targets', lang))}"
    )


def _draw_household(app: Explorer, state: State) -> None:
    widgets = app.widgets
    lines: list[str] = []
    with show_errors(widgets.premium_error, state.lang):
        day = parse_typed_day(widgets.day.value) or app.get_view(state, "change_date")
        lines = premium_lines(app.context, state, day, widgets.group.value, int(widgets.members.value))
    widgets.premium.value = markup.render_paragraphs(lines)


def _draw_share(app: Explorer, state: State) -> None:
    """Draw the file, the line of code and, in Voilà, the link that restore the state."""
    code, toml, lang = to_link([state, *app.pins]), to_toml(state), state.lang
    links, text = markup.render_links({"scenario.toml": toml.encode()}), markup.escape_html(toml)
    line = html.escape(f'bhyt.explore(state="{code}")')
    labels = {key: markup.escape_html(translate(f"explore.{key}", lang)) for key in ("file", "code", "link")}
    link = f'<p><a href="?state={code}">{labels["link"]}</a></p>' if "QUERY_STRING" in os.environ else ""
    app.widgets.share.value = (
        f"<h3>{labels['file']}</h3>{links}<pre>{text}</pre>"
        f"<h3>{labels['code']}</h3><textarea readonly rows='3' style='width:100%'>{line}</textarea>{link}"
    )


# What is drawn of each page, with a pause after each part.
PAGE_PARTS: dict[str, Sequence[Callable[[Explorer, State], None]]] = {
    "scenario": [
        _draw_figures,
        _draw_path,
        _draw_notes,
        *(partial(_draw_chart, name=name) for name in CHARTS[1:]),
        _draw_communes,
    ],
    "compare": [_draw_comparison],
    "targets": [_draw_targets],
    "household": [_draw_household],
    "share": [_draw_share],
}


def download(app: Explorer, name: str) -> None:
    """Show links to the files of a chart, at the size of paper, or of a table."""
    links = app.widgets.downloads[name].links
    with show_errors(links, app.state.lang):
        links.value = markup.render_links(_files(app, name))


def _files(app: Explorer, name: str) -> dict[str, bytes]:
    """Return the files of a chart or table by file name."""
    state, lang, get_view = app.state, app.state.lang, app.get_view
    if name == "communes":
        return markup.table_files(markup.sort_communes(get_view(state, "communes"), state.sort), name, lang)
    if name == "compare":
        rows, chart = compare_scenarios(app.context, app.compared_states(state), get_view(state, "month"), lang)
        return markup.chart_files(chart, name) | markup.table_files(rows, name, lang)
    files = markup.chart_files(get_view(state, f"chart_{name}")(), name)
    if name == "payers":
        files |= markup.table_files(get_view(state, "costs"), name, lang)
    if name == "path":
        months, groups = get_view(state, "tables")
        files |= markup.table_files(months, "months", lang) | markup.table_files(groups, "months_by_group", lang)
    return files


def refresh_widgets(app: Explorer, state: State) -> None:
    """Show the state in all controls, and label all widgets in its language."""
    widgets, lang = app.widgets, state.lang
    for control in app.controls:
        control.refresh(state, app.get_view)
    show(app.controls.amounts.box, METHODS[state.method] in ("cost_per_person", "capacity"))
    widgets.lang.value = lang
    for key, widget in widgets.labelled():
        widget.description = translate(f"explore.{key}", lang)
    widgets.search.placeholder = translate("index.search", lang)
    widgets.pin.description += f" ({len(app.pins)})" if app.pins else ""  # confirms the click
    widgets.undo.disabled, widgets.pin.disabled = len(app.history) < 2, len(app.pins) >= MAX_PINS
    for i, button in enumerate(widgets.unpin):
        show(button, i < len(app.pins))
        button.description = f"{'ABCD'[i]}. {scenario_title(app.pins[i], lang)}" if i < len(app.pins) else ""
        button.tooltip = translate("explore.unpin", lang)
    show(widgets.plan_reset, state.targets_source or app.plan)
    show(widgets.plan_path, "QUERY_STRING" not in os.environ)  # visitors of a page read no files of its server
    set_options(widgets.page, [(translate(f"explore.page.{p}", lang), p) for p in PAGES], widgets.page.value)
    set_options(widgets.group, inputs.premium_groups(lang), widgets.group.value)
    scenarios = [(localise_scenario(scenario, lang).name, name) for name, scenario in app.bundled.items()]
    set_options(widgets.bundled, [*inputs.NO_OPTIONS, *scenarios], "")
    options = inputs.NO_OPTIONS
    with suppress(BhytError):
        options = inputs.commune_options(app.context, state, app.get_view)
    set_options(widgets.commune, options, widgets.commune.value)
    widgets.commune.disabled = len(options) == 1
    refresh_sections(app)


def refresh_sections(app: Explorer) -> None:
    """Show the controls of the open sections."""
    for name, (toggle, controls) in app.widgets.sections.items():
        show(controls, toggle.value)
        toggle.description = ("▾ " if toggle.value else "▸ ") + translate(f"explore.section.{name}", app.state.lang)
