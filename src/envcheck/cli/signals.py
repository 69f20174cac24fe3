"""Ctrl-C and SIGTERM: once ends the run and cleans up, again within 5 s abandons the cleanup."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from envcheck.errors import Interrupted

ABANDON_WITHIN = 5.0  # seconds between two signals that together mean "really stop now"


class Interrupts:
    """Raises Interrupted in the main thread at the first signal; while cleaning, warns first."""

    def __init__(self, stop: threading.Event, say: Callable[[str], None]) -> None:
        self._stop = stop
        self._say = say
        self._cleaning = False
        self._warned_at = float("-inf")

    @contextmanager
    def heard(self) -> Iterator[None]:
        before = {
            number: signal.signal(number, self._handle)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def cleaning(self) -> Iterator[None]:
        """From here on a signal no longer ends us at once."""
        self._cleaning = True
        try:
            yield
        finally:
            self._cleaning = False

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self._stop.set()
        code = 128 + number
        now = time.monotonic()
        if self._cleaning and now - self._warned_at > ABANDON_WITHIN:
            self._warned_at = now
            self._say(
                "cleanup is still running; press again within 5 s to abandon it, "
                "then run `envcheck gc`"
            )
            return
        raise Interrupted("interrupted", exit_code=code)
