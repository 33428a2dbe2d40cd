"""Stop a batch in order when its process is asked to end: by Ctrl-C, by the system, by a terminal that closes."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # a system has some of them


class StopSignals:
    """Raise KeyboardInterrupt for Ctrl-C, and SystemExit with the status of shells (128 and the signal) for others.

    In the main thread only. A signal that the program handles or ignores itself stays so.
    """

    def __init__(self) -> None:
        self._received = 0
        self._is_deferred = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is threading.main_thread():
            for number in (getattr(signal, name) for name in NAMES if hasattr(signal, name)):
                if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                    self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def raise_received(self) -> None:
        """End the batch if a signal has come: Python drops the exception of one that comes as an object is deleted."""
        if self._received == signal.SIGINT:
            raise KeyboardInterrupt
        if self._received:
            raise SystemExit(128 + self._received)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Let a signal wait for the end of this block, in which the record of the batch is written."""
        self._is_deferred = True
        try:
            yield
        finally:
            self._is_deferred = False
        self.raise_received()

    def _handle(self, number: int, _: object) -> None:
        self._received = self._received or number
        if not self._is_deferred:
            self.raise_received()
