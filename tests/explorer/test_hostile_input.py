"""The explorer shows every text of an input as it is written: no widget holds markup but its own."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import gettempdir

import ipywidgets as ipw
import pytest
from bs4 import BeautifulSoup

import bhyt_analysis as bhyt
from bhyt_analysis.explorer import app as application
from bhyt_analysis.explorer.state import State
from bhyt_analysis.explorer.views import Context
from bhyt_analysis.explorer.widgets import PAGES
from bhyt_analysis.i18n.messages import BhytError

from ..hostile import TEXTS, write_hostile_input

OWN_TAGS = {
    "em",
    "p",
    "h2",
    "h3",
    "div",
    "span",
    "b",
    "small",
    "details",
    "summary",
    "button",
    "textarea",
    "a",
    "pre",
    "style",
}
OWN_TAGS |= {"pre", "style", "table", "caption", "thead", "tbody", "tr", "th", "td", "br"}


@pytest.fixture(scope="module")
def app(tmp_path_factory, law):
    data = bhyt.load(write_hostile_input(tmp_path_factory.mktemp("hostile") / "input"))
    state = State(area="X001", name=TEXTS[0])
    return application.build_explorer(Context(data, law), state)


def html_widgets(box):
    """Return all HTML widgets in a box."""
    children = [w for child in getattr(box, "children", ()) for w in html_widgets(child)]
    return [box, *children] if isinstance(box, ipw.HTML) else children


def test_no_widget_holds_markup_of_the_input(app):
    app.pins.append(replace(app.state, name=TEXTS[7]))
    visible = ""
    for page in PAGES:
        app.widgets.page.value = page
        application.draw(app)
        for name in app.widgets.downloads:
            if page == "scenario" and name != "compare":
                application.download(app, name)
        for widget in html_widgets(app.box):
            markup = BeautifulSoup(widget.value, "html.parser")
            tags = markup.find_all(True)
            assert {tag.name for tag in tags} <= OWN_TAGS
            handlers = [tag for tag in tags if any(name.startswith("on") for name in tag.attrs)]
            assert all(tag.name == "button" for tag in handlers)
            links = [tag.get("href", "data:") for tag in tags]
            assert all(link.startswith(("data:", "?state=")) for link in links)
            visible += " ".join(markup.get_text(" ").split())
    assert TEXTS[0] in visible
    assert "Xã # head" in visible


def test_the_output_without_widgets_is_text(app):
    words = application.static_output(app)[1]
    assert "&#60;script&#62;" in words.data
    assert not set("<$\\") & set(words.data.replace("<span>", "").replace("</span>", ""))


@pytest.mark.parametrize("name", ["../../zones.csv", "..\\zones.csv", "{folder}/zones.csv", ".."])
def test_an_uploaded_file_is_written_nowhere_else(app, tmp_path, name):
    content = b"area,zone\nX00101,III\n"
    uploaded = {"name": name.format(folder=tmp_path), "content": content}
    with suppress(BhytError):
        application._zone_file_state(app, [uploaded])
    assert list(tmp_path.iterdir()) == []
    assert not Path(gettempdir(), "zones.csv").exists()
