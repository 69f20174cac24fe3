"""Gives a view the time between events: a thread that ticks while nothing is said."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from envcheck.model.event import Event
from envcheck.model.record import Listener


class TickingView(Listener, Protocol):
    def tick(self, seconds: float) -> None:
        """Called about every so often with the seconds since the run began."""
        ...


class Pulse:
    """A listener that ticks another. One of its calls runs at a time."""

    def __init__(
        self, view: TickingView, every: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._view = view
        self._every = every
        self._monotonic = monotonic
        self._began = monotonic()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._beat, name="envcheck-view", daemon=True)
        self._thread.start()

    def hear(self, seconds: float, event: Event) -> None:
        """Raises what the view raised since, so that the recorder drops it."""
        with self._lock:
            if self._error is not None:
                raise self._error
            self._began = self._monotonic() - seconds
            self._view.hear(seconds, event)

    def close(self) -> None:
        self._over.set()
        self._thread.join(1.0)
        self._view.close()

    def _beat(self) -> None:
        while not self._over.wait(self._every):
            with self._lock:
                try:
                    self._view.tick(self._monotonic() - self._began)
                except Exception as error:  # noqa: BLE001  said again at the next event
                    self._error = error
                    return
