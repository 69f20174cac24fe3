"""The clock door. One stop event, made at the start, wakes everything that waits."""

from __future__ import annotations

import threading
import time


class SystemClock:
    """Real time; ``stop`` ends every pause at once."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        self.stop = stop or threading.Event()

    def monotonic(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    def pause(self, seconds: float) -> bool:
        return not self.stop.wait(max(seconds, 0.0))
