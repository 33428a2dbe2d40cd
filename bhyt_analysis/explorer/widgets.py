"""Define the widgets of the explorer beside its controls, and arrange both on the page."""

from __future__ import annotations

from collections.abc import Iterator

import ipywidgets as ipw

from bhyt_analysis.explorer.controls import FULL_WIDTH, NO_OPTIONS, Controls, premium_groups
from bhyt_analysis.explorer.markup import STYLE, render_description, render_paragraphs
from bhyt_analysis.explorer.views import CHARTS, ScreenChart
from bhyt_analysis.plans.read_document import SUFFIXES

MAX_PINS = 4
PAGES = ("scenario", "compare", "targets", "household", "share")
OPEN_SECTION = "outreach_and_day"
AUTO, FULL = {"width": "auto"}, {"width": FULL_WIDTH}
WRAP = {"flex_flow": "row wrap"}


def show(widget: ipw.DOMWidget, visible: object) -> None:
    """Show or hide a widget."""
    widget.layout.display = None if visible else "none"


class Picture:
    """Hold a chart on the page and its description."""

    def __init__(self) -> None:
        self.image = ipw.Image(format="png", layout={"display": "none"})
        self.description = ipw.HTML()

    def show(self, chart: ScreenChart | None, lang: str, reason: str = "") -> None:
        """Show a chart with its description; for None the ``reason`` why there is none."""
        missing = render_paragraphs([reason] if reason else [])
        self.description.value = missing if chart is None else render_description(chart.alt, lang)
        if chart is not None and self.image.value != chart.png:  # equal bytes are not sent again
            self.image.value = chart.png
        show(self.image, chart)


class Download:
    """Hold the button that makes the files of a chart or table, and the links to them."""

    def __init__(self) -> None:
        self.button, self.links = ipw.Button(layout=AUTO), ipw.HTML()


class Widgets:
    """Hold the widgets that do not belong to a field of the state: outputs, buttons, pages, files, the calculator."""

    def __init__(self) -> None:
        self.search = ipw.Text(continuous_update=True, layout=FULL)
        self.commune = ipw.Dropdown(options=NO_OPTIONS, layout=FULL)
        # The bar at the top
        languages = [("Tiếng Việt", "vi"), ("English", "en")]
        self.page = ipw.ToggleButtons(options=PAGES, style={"button_width": "auto"})
        self.undo, self.reset, self.pin = (ipw.Button(layout=AUTO) for _ in range(3))
        self.lang = ipw.ToggleButtons(options=languages, style={"button_width": "auto"})
        self.drawer = ipw.ToggleButton(layout=AUTO)  # opens the controls on a narrow screen; its state is read by CSS
        # Results
        self.headline, self.results, self.money, self.zone_changes, self.communes = (ipw.HTML() for _ in range(5))
        self.comparison, self.allocation, self.premium, self.share = (ipw.HTML() for _ in range(4))
        self.pictures = {name: Picture() for name in (*CHARTS, "compare", "gaps")}
        self.downloads = {name: Download() for name in (*CHARTS, "communes", "compare")}
        self.unpin = [ipw.Button(layout={"display": "none", **AUTO}) for _ in range(MAX_PINS)]
        # The household calculator
        self.day = ipw.Text(value="", continuous_update=False)
        self.group = ipw.Dropdown(options=premium_groups("vi"))
        self.members = ipw.SelectionSlider(options=[(str(n), n) for n in range(1, 9)], value=4)
        self.premium_error = ipw.HTML()
        # Files and links
        self.bundled = ipw.Dropdown(options=NO_OPTIONS, layout={"width": "420px"})
        self.scenario_file = ipw.FileUpload(accept=".toml", multiple=False, layout=AUTO)
        self.zone_file = ipw.FileUpload(accept=".csv", multiple=False, layout=AUTO)
        self.plan_file = ipw.FileUpload(accept=",".join(SUFFIXES), multiple=False, layout=AUTO)
        self.plan_path = ipw.Text(continuous_update=False, layout=FULL)
        self.plan_reset = ipw.Button(layout=AUTO)
        self.plan_error, self.plan_targets = ipw.HTML(), ipw.HTML()
        self.link = ipw.Text(continuous_update=False, layout=FULL)
        self.file_error, self.zone_error, self.link_error = (ipw.HTML() for _ in range(3))
        # Filled by `arrange`: heading and controls by section, and the pages by name
        self.sections: dict[str, tuple[ipw.ToggleButton, ipw.VBox]] = {}
        self.page_boxes: dict[str, ipw.VBox] = {}

    def labelled(self) -> Iterator[tuple[str, ipw.Widget]]:
        """Yield the message key of each label, and its widget."""
        for key in ("undo", "reset", "pin", "drawer", "search", "commune", "bundled", "day", "group", "members"):
            yield key, getattr(self, key)
        yield from (("upload", self.scenario_file), ("own_zones", self.zone_file), ("paste", self.link))
        yield from (("plan", self.plan_file), ("plan_path", self.plan_path), ("plan_reset", self.plan_reset))
        yield from (("take", download.button) for download in self.downloads.values())


def arrange(widgets: Widgets, controls: Controls) -> list[ipw.Widget]:
    """Arrange the controls and the other widgets: the bar at the top, the controls beside the results."""
    for name, inside in controls.sections().items():
        toggle = ipw.ToggleButton(value=name == OPEN_SECTION, layout=FULL)
        boxes = [control.box for control in inside]
        if name == "zones":  # one commune: which, then its zone; a file of many
            boxes = [*boxes[:-1], widgets.zone_file, widgets.zone_error, widgets.commune, boxes[-1]]
        widgets.sections[name] = toggle, ipw.VBox(boxes)
    widgets.page_boxes.update({name: ipw.VBox(children) for name, children in _pages(widgets, controls).items()})
    decision = [controls.decision.box, controls.support_window.box]
    for control in (controls.since, controls.until):
        control.box.layout = {"width": "48%"}
    period = ipw.HBox([controls.since.box, controls.until.box])
    place = [period, widgets.search, controls.area.box, *decision]
    sections = [widget for section in widgets.sections.values() for widget in section]
    left = ipw.VBox([*place, *sections], layout={"width": "330px", "flex": "0 0 330px"})
    right = ipw.VBox(list(widgets.page_boxes.values()), layout={"flex": "1 1 auto", "min_width": "0"})
    left.add_class("bhyt-controls")
    right.add_class("bhyt-results")
    widgets.drawer.add_class("bhyt-drawer")
    buttons = ipw.HBox([widgets.undo, widgets.reset, widgets.pin, widgets.drawer], layout=WRAP)
    top = ipw.HBox([widgets.page, buttons, widgets.lang], layout={**WRAP, "justify_content": "space-between"})
    for page in widgets.page_boxes.values():
        page.add_class("bhyt-page")
    columns = ipw.HBox([left, right])
    columns.add_class("bhyt-columns")
    return [ipw.HTML(STYLE), top, columns]


def _pages(widgets: Widgets, controls: Controls) -> dict[str, list[ipw.Widget]]:
    """Return the widgets of each page from top to bottom."""
    downloads = {name: ipw.HBox([d.button, d.links]) for name, d in widgets.downloads.items()}
    figures = {
        name: ipw.VBox([p.image, p.description, *([downloads[name]] if name in downloads else [])])
        for name, p in widgets.pictures.items()
    }
    for figure in figures.values():
        figure.add_class("bhyt-figure")  # two beside each other where the screen is wide
    path, *charts = (figures[name] for name in CHARTS)
    widgets.results.add_class("bhyt-figure")
    results = [widgets.headline, widgets.zone_changes, path, widgets.results, widgets.money, *charts]
    later = [widgets.zone_changes, widgets.pictures["path"].description, widgets.money, *charts]
    for widget in (*later, controls.sort.box, widgets.communes):
        widget.add_class("bhyt-later")  # pale while the page is previewed
    controls.sort.box.layout.width = "330px"
    pins = ipw.HBox(widgets.unpin, layout=WRAP)
    targets = [controls.goal.box, controls.method.box, controls.ratchet.box, controls.amounts.box]
    plan = [ipw.HBox([widgets.plan_file, widgets.plan_reset], layout=WRAP), widgets.plan_path, widgets.plan_error]
    targets = [*plan, *targets]
    files = [widgets.bundled, widgets.scenario_file, widgets.file_error]
    return {
        "scenario": [*results, controls.sort.box, widgets.communes, downloads["communes"]],
        "compare": [pins, widgets.comparison, figures["compare"]],
        "targets": [
            ipw.VBox(targets, layout={"width": "420px"}),
            widgets.plan_targets,
            widgets.allocation,
            figures["gaps"],
        ],
        "household": [widgets.day, widgets.group, widgets.members, widgets.premium_error, widgets.premium],
        "share": [controls.name.box, widgets.share, *files, widgets.link, widgets.link_error],
    }
