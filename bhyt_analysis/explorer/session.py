"""Hold the state of one running explorer: its history, its pinned scenarios and its widgets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import get_ident

import ipywidgets as ipw

from bhyt_analysis.explorer.controls import Control, Controls, show_errors
from bhyt_analysis.explorer.state import POLICY_FIELDS, State
from bhyt_analysis.explorer.views import Context, ViewGetter
from bhyt_analysis.explorer.widgets import MAX_PINS, Widgets
from bhyt_analysis.model.projection.scenario import Scenario


@dataclass(eq=False)
class Explorer:
    """Hold a running explorer.

    ``state`` is the requested state; ``history`` the states that were drawn, the latest last;
    ``pending_controls`` the controls that changed since the last drawing; ``suspended_threads`` the threads
    that set controls by program; ``schedule_draw`` requests a drawing.
    """

    context: Context
    get_view: ViewGetter
    state: State
    pins: list[State]
    controls: Controls
    widgets: Widgets
    bundled: dict[str, Scenario]
    box: ipw.VBox = field(default_factory=ipw.VBox)
    history: list[State] = field(default_factory=list)
    pending_controls: list[Control] = field(default_factory=list)
    suspended_threads: list[int] = field(default_factory=list)
    schedule_draw: Callable[[], None] = lambda: None

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
            self.pending_controls.append(control)
            self.request(state)

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
