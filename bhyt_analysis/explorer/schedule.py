"""Schedule drawings in the event loop: what is visible first at once, the rest when the hand rests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress

PAUSE_SECONDS = 0.2  # after a preview, before the next one, or, without another change, the rest of the page
STEP_SECONDS = 0.005  # between the parts of a page, for events that have arrived meanwhile

Steps = Iterator[float]  # a drawing that pauses: the seconds until it goes on


class Schedule:
    """Draw what is requested: of several requests in a short time the first and the last.

    A drawing pauses where other events may be handled; a new one takes the place of what is left of it. It runs in the
    event loop in which the schedule was made, from whichever thread it is requested: JupyterLab may process messages of
    widgets in a thread of their own. Without a running loop (a script, papermill) everything is drawn at once.
    """

    def __init__(self, draw: Callable[[], None], draw_in_steps: Callable[[], Steps]) -> None:
        self.draw, self.draw_in_steps = draw, draw_in_steps
        self.main_loop = _running_loop()
        self.timer: asyncio.TimerHandle | None = None  # None when nothing is left to be drawn

    def __call__(self) -> None:
        """Request a drawing."""
        is_alive = self.main_loop is not None and self.main_loop.is_running()
        loop = self.main_loop if is_alive else _running_loop()
        if loop is None:
            self.draw()
        else:
            loop.call_soon_threadsafe(self._request, loop)

    def _request(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin a drawing when the present one would have gone on."""
        when = loop.time()
        if self.timer is not None:
            when = self.timer.when()
            self.timer.cancel()
        self.timer = loop.call_at(when, lambda: self._go_on(loop, self.draw_in_steps()))

    def _go_on(self, loop: asyncio.AbstractEventLoop, steps: Steps) -> None:
        self.timer = None
        for wait in steps:
            self.timer = loop.call_later(wait, self._go_on, loop, steps)
            return


def _running_loop() -> asyncio.AbstractEventLoop | None:
    with suppress(RuntimeError):
        return asyncio.get_running_loop()
    return None
