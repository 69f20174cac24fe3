"""The one clock, as everything that waits sees it."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    def monotonic(self) -> float: ...

    def wall(self) -> float:
        """Seconds since the epoch, for people; never used to measure."""
        ...

    def pause(self, seconds: float) -> bool:
        """Wait; False as soon as a stop was asked for."""
        ...
